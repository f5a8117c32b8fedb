//! What a node's store does (spec 04 §10, §16).

use serde_json::{Map, Value, json};
use session_core::{NetworkId, Prefix, UnixMillis};
use session_crypto::ed25519::SigningKey;
use session_node::{ExpiryMode, MemoryStore, MessageStore, NewMessage, Selection};
use session_storage::{
    Access, Expire, Message, MessageHash, Namespace, NewExpiry, RetrieveLimits, Signable, Signed,
    Subaccount, SubaccountKey, Touched,
};

use crate::case::{CaseError, Suite, list, text, unsigned};
use crate::storage::namespace_of;

pub(crate) const SUITES: &[(&str, Suite)] = &[("storage-db", |case| {
    storage_db(case, MemoryStore::default())
})];

/// Runs a case of the suite `storage-db` on an empty store.
///
/// # Errors
/// [`CaseError::Failed`] when the store fails.
///
/// # Panics
/// When the case is broken.
pub fn storage_db<S: MessageStore>(case: &Value, mut store: S) -> Result<Value, CaseError> {
    let results: Result<Vec<Value>, CaseError> = list(case, "ops")
        .iter()
        .map(|op| run(op, &mut store))
        .collect();
    Ok(json!({ "results": results? }))
}

fn account_key() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

/// The account that all cases are about. The cases give none.
fn account() -> NetworkId {
    let mut id = [Prefix::Group.byte(); NetworkId::LEN];
    id[1..].copy_from_slice(account_key().public().as_bytes());
    id.into()
}

fn run<S: MessageStore>(op: &Value, store: &mut S) -> Result<Value, CaseError> {
    let account = account();
    let failed = |error: S::Error| CaseError::Failed(format!("{error:?}"));
    let touched = |namespace, messages| touched_out(&Touched::new(namespace, messages));
    Ok(match text(op, "op") {
        "store" => {
            let message = NewMessage {
                account,
                namespace: namespace_of(op)?,
                message: Message::new(
                    hash(&op["hash"])?,
                    time(op, "timestamp"),
                    time(op, "expiry"),
                    op["hash"].to_string().into_bytes(),
                ),
            };
            let stored = store.put(&message).map_err(failed)?;
            json!({ "already": stored.already, "expiry": stored.expiry.as_millis() })
        }
        "retrieve" => {
            let last = match &op["last_hash"] {
                Value::Null => None,
                last => Some(hash(last)?),
            };
            let limits = RetrieveLimits::new(None, None);
            let page = store
                .retrieve(&account, namespace_of(op)?, last.as_ref(), &limits)
                .map_err(failed)?;
            hashes_out(page.messages.iter().map(|message| message.hash))
        }
        "get_expiries" => {
            let expiries = store.expiries(&account, &messages(op)?).map_err(failed)?;
            expiries_out(&expiries)
        }
        "delete" => {
            let messages = messages(op)?;
            let deleted = store
                .delete(&account, Selection::Hashes(&messages))
                .map_err(failed)?;
            let hashes = deleted.into_iter().map(|(_, hash)| hash).collect();
            touched_out(&Touched::of_hashes(hashes))
        }
        "delete_all" => {
            let namespace = one_or_all(op)?;
            let deleted = store.delete(&account, Selection::All(namespace));
            touched(namespace, deleted.map_err(failed)?)
        }
        "delete_before" => {
            let namespace = one_or_all(op)?;
            let deleted = store.delete(&account, Selection::Before(namespace, time(op, "before")));
            touched(namespace, deleted.map_err(failed)?)
        }
        "expire" => {
            let (request, now) = (expire(op)?, time(op, "now"));
            let changes: Vec<_> = request.changes(now).collect();
            let touched = store
                .expire(&account, &changes, request.effective_mode())
                .map_err(failed)?;
            let touched: Vec<_> = touched
                .iter()
                .map(|message| (message.hash, message.expiry, message.updated))
                .collect();
            let done = request.done(now, &touched);
            let mut out = json!({
                "updated": hashes_out(done.updated),
                "expiry": match done.expiry {
                    NewExpiry::One(time) => time.as_millis().into(),
                    NewExpiry::Each(times) => {
                        Value::from_iter(times.iter().map(|time| time.as_millis()))
                    }
                },
            });
            if let Some(unchanged) = done.unchanged {
                out["unchanged"] = expiries_out(&unchanged);
            }
            out
        }
        "expire_all" => {
            let namespace = one_or_all(op)?;
            let updated = store.expire_all(&account, namespace, time(op, "expiry"));
            touched(namespace, updated.map_err(failed)?)
        }
        "clean" => {
            while store.remove_expired(time(op, "now")).map_err(failed)? {}
            Value::Null
        }
        other => return Err(CaseError::Failed(format!("op {other}"))),
    })
}

/// The request, signed by the account, or by a subaccount that may not delete.
fn expire(op: &Value) -> Result<Signed<Expire>, CaseError> {
    let expiry = list(op, "expiry").iter().map(millis).collect();
    let mode = match (op["shorten"] == true, op["extend"] == true) {
        (false, false) => ExpiryMode::Set,
        (false, true) => ExpiryMode::Extend,
        _ => ExpiryMode::Shorten,
    };
    let request = Expire::new(account(), messages(op)?, expiry, mode)?;
    let account = account_key();
    if op["may_delete"] != false {
        return Ok(request.sign(&account)?);
    }
    let member = SigningKey::from_seed(&[2; 32]);
    let access = Access::READ | Access::WRITE;
    let subaccount = Subaccount::issue(&account, Prefix::Group, access, member.public());
    let key = SubaccountKey::new(member, account.public(), subaccount)?;
    Ok(request.sign(&key)?)
}

fn millis(value: &Value) -> UnixMillis {
    UnixMillis::from_millis(value.as_u64().expect("a time"))
}

fn time(op: &Value, field: &str) -> UnixMillis {
    UnixMillis::from_millis(unsigned(op, field))
}

fn hash(value: &Value) -> Result<MessageHash, CaseError> {
    Ok(value.as_str().unwrap_or_default().parse()?)
}

fn messages(op: &Value) -> Result<Vec<MessageHash>, CaseError> {
    list(op, "messages").iter().map(hash).collect()
}

fn one_or_all(op: &Value) -> Result<Option<Namespace>, CaseError> {
    match op["namespace"].as_str() {
        Some("all") => Ok(None),
        _ => namespace_of(op).map(Some),
    }
}

fn hashes_out(hashes: impl IntoIterator<Item = MessageHash>) -> Value {
    hashes.into_iter().map(|hash| hash.to_string()).collect()
}

fn expiries_out(expiries: &[(MessageHash, UnixMillis)]) -> Value {
    let expiries = expiries.iter();
    expiries
        .map(|(hash, expiry)| (hash.to_string(), expiry.as_millis()))
        .collect()
}

fn touched_out(touched: &Touched) -> Value {
    match touched {
        Touched::Hashes(hashes) => hashes_out(hashes.iter().copied()),
        Touched::ByNamespace(map) => {
            let entry = |(namespace, hashes): (&Namespace, &Vec<MessageHash>)| {
                (namespace.to_string(), hashes_out(hashes.iter().copied()))
            };
            Value::Object(map.iter().map(entry).collect::<Map<_, _>>())
        }
    }
}

//! Subscriptions on the wire, signed by a client and decided on by a node.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;
use core::time::Duration;

use session_bt::{DictReader, DictWriter, ListReader, ListWriter};
use session_core::{AccountId, NetworkId, Prefix, UnixMillis, hex};
use session_crypto::ed25519::{PublicKey, Signature};

use super::reply::{write_refusal, write_success};
use super::{MAX_SUBSCRIPTIONS, OtherSwarm, Refusal, Subscription};
use crate::value::Value;
use crate::{Access, Auth, Error, Namespace, Signer, Subaccount, Token};

/// How old a signature may be.
const MAX_AGE: Duration = Duration::from_secs(14 * 86_400);
/// How far it may be dated ahead.
const MAX_AHEAD: Duration = Duration::from_secs(86_400);

/// A signed subscription: the client's side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscribe {
    subscription: Subscription,
    /// Unix time in seconds.
    at: i64,
    auth: Auth,
}

impl Subscription {
    /// Signs for the account, at the time `at` of the node's clock. Nodes accept the signature
    /// for 14 days.
    ///
    /// # Errors
    /// [`Error::WrongKey`] when the key may not read for the account.
    pub fn sign<'k>(
        self,
        signer: impl Into<Signer<'k>>,
        at: UnixMillis,
    ) -> Result<Subscribe, Error> {
        // Seconds are a thousandth of 64 bits.
        let at = i64::try_from(at.as_secs()).unwrap_or(i64::MAX);
        let payload = payload(&self, at);
        let auth = Auth::sign(&self.pubkey, &payload, Some(Access::READ), signer.into())?;
        Ok(Subscribe {
            subscription: self,
            at,
            auth,
        })
    }
}

impl Subscribe {
    /// What is signed.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        payload(&self.subscription, self.at)
    }

    /// Appends the dict that is sent.
    pub fn write_bt(&self, out: &mut Vec<u8>) {
        self.write(DictWriter::new(out));
    }

    fn write(&self, mut dict: DictWriter<'_>) {
        // The keys ascend, so nothing here fails.
        let _ = self.write_fields(&mut dict);
    }

    fn write_fields(&self, dict: &mut DictWriter<'_>) -> Result<(), session_bt::Error> {
        if let Some(key) = &self.auth.pubkey_ed25519 {
            dict.bytes("P", key)?;
        }
        if let Some(Subaccount { token, signature }) = &self.auth.subaccount {
            dict.bytes("S", signature.as_bytes())?
                .bytes("T", token.as_bytes())?;
        }
        dict.int("d", self.subscription.want_data)?;
        let mut namespaces = dict.list("n")?;
        for namespace in self.subscription.namespaces() {
            namespaces.int(namespace.number());
        }
        namespaces.finish();
        if self.auth.pubkey_ed25519.is_none() {
            dict.bytes("p", self.subscription.pubkey.as_bytes())?;
        }
        dict.bytes("s", self.auth.signature.as_bytes())?
            .int("t", self.at)?;
        Ok(())
    }
}

/// Appends a list of subscriptions, which is answered by a list in the same order. Nodes here
/// take at most [`MAX_SUBSCRIPTIONS`].
pub fn write_list<'s>(subscriptions: impl IntoIterator<Item = &'s Subscribe>, out: &mut Vec<u8>) {
    let mut list = ListWriter::new(out);
    for subscription in subscriptions {
        subscription.write(list.dict());
    }
}

/// The text that a subscription's signature signs.
fn payload(subscription: &Subscription, at: i64) -> Vec<u8> {
    let mut text = String::from("MONITOR");
    hex::encode_append(subscription.pubkey.as_bytes(), &mut text);
    // Writing to a String cannot fail.
    let _ = write!(text, "{at}{}", u8::from(subscription.want_data));
    for (index, namespace) in subscription.namespaces().iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(text, "{comma}{namespace}");
    }
    text.into_bytes()
}

/// Answers the request in `body`, a dict or a list of them, and appends the reply to `out`. Each
/// subscription that passes every check is given to `subscribe`, whose error means
/// [`Refusal::WrongSwarm`]: another swarm, the one it names if it can, serves the account.
///
/// When the body as a whole is malformed, or a list of more than [`MAX_SUBSCRIPTIONS`], nothing
/// is subscribed to.
pub fn answer<'s>(
    body: &[u8],
    now: UnixMillis,
    out: &mut Vec<u8>,
    mut subscribe: impl FnMut(Subscription) -> Result<(), Option<OtherSwarm<'s>>>,
) {
    let mut decide = |dict: &[u8], reply: DictWriter<'_>| match read(dict, now) {
        Ok(subscription) => match subscribe(subscription) {
            Ok(()) => write_success(reply),
            Err(instead) => write_refusal(reply, Refusal::WrongSwarm, instead.as_ref()),
        },
        Err(refusal) => write_refusal(reply, refusal, None),
    };
    if body.first() == Some(&b'd') {
        return decide(body, DictWriter::new(out));
    }
    match items(body) {
        Ok(dicts) => {
            let mut list = ListWriter::new(out);
            for dict in dicts {
                decide(dict, list.dict());
            }
        }
        Err(refusal) => write_refusal(DictWriter::new(out), refusal, None),
    }
}

/// The items of a list, all of them or none.
fn items(body: &[u8]) -> Result<Vec<&[u8]>, Refusal> {
    let mut list = ListReader::new(body)?;
    let mut items = Vec::new();
    while let Some(item) = list.raw_opt()? {
        if items.len() == MAX_SUBSCRIPTIONS {
            return Err(Refusal::Arguments);
        }
        items.push(item);
    }
    list.finish()?;
    Ok(items)
}

/// Reads and verifies one subscription, by the checks of spec 04 §11 in their order: the fields in
/// the order of their keys, then the time, then the keys and signatures.
fn read(dict: &[u8], now: UnixMillis) -> Result<Subscription, Refusal> {
    let mut dict = DictReader::new(dict)?;
    let ed25519 = dict.bytes_opt("P")?.map(exactly::<32>).transpose()?;
    let subaccount = match dict.bytes_opt("S")?.map(exactly).transpose()? {
        Some(signature) => {
            let token = Token::from_bytes(exactly(dict.bytes("T")?)?);
            Some(Subaccount::new(token, Signature::from_bytes(signature)))
        }
        None => None,
    };
    let want_data = dict.int_opt("d")?.unwrap_or(false);
    let namespaces = read_namespaces(dict.raw("n")?)?;
    let pubkey = match (ed25519, dict.bytes_opt("p")?) {
        (None, Some(pubkey)) => Some(NetworkId::from(exactly::<33>(pubkey)?)),
        (Some(_), None) => None,
        _ => return Err(Refusal::Arguments),
    };
    let signature = Signature::from_slice(dict.bytes("s")?).map_err(|_| Refusal::Signature)?;
    let at: i64 = dict.int("t")?;
    dict.finish()?;

    if !is_current(at, now) {
        return Err(Refusal::Time);
    }
    let pubkey = match (pubkey, ed25519) {
        (Some(pubkey), _) => pubkey,
        (None, key) => account_of(&key.ok_or(Refusal::Arguments)?)?,
    };
    let subscription = Subscription {
        pubkey,
        want_data,
        namespaces,
    };
    let auth = Auth {
        pubkey_ed25519: ed25519,
        signature,
        subaccount,
    };
    // Revocation is not consulted.
    let payload = payload(&subscription, at);
    if auth.verifies(&pubkey, &payload, Some(Access::READ), |_| false) {
        Ok(subscription)
    } else {
        Err(Refusal::Signature)
    }
}

fn exactly<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Refusal> {
    bytes.try_into().map_err(|_| Refusal::Key)
}

/// Reads namespaces, at least one, up to the first that is not greater than the one before it.
fn read_namespaces(list: &[u8]) -> Result<Vec<Namespace>, Refusal> {
    let mut list = ListReader::new(list)?;
    let mut namespaces = Vec::new();
    while let Some(item) = list.raw_opt()? {
        let namespace = Value::Bt(item).namespace().ok_or(Refusal::Arguments)?;
        if namespaces.last().is_some_and(|last| namespace <= *last) {
            return Err(Refusal::Namespaces);
        }
        namespaces.push(namespace);
    }
    if namespaces.is_empty() {
        return Err(Refusal::Arguments);
    }
    Ok(namespaces)
}

fn is_current(at: i64, now: UnixMillis) -> bool {
    let now = i128::from(now.as_secs());
    let age = now.saturating_sub(i128::from(at));
    age <= i128::from(MAX_AGE.as_secs()) && age.saturating_neg() <= i128::from(MAX_AHEAD.as_secs())
}

/// The id of the 05 account with this Ed25519 key.
fn account_of(key: &[u8; 32]) -> Result<NetworkId, Refusal> {
    let key = PublicKey::from_bytes(key).and_then(|key| key.to_x25519());
    let key = key.map_err(|_| Refusal::Key)?;
    Ok(AccountId::new(Prefix::Standard, *key.as_bytes()).into())
}

//! Storage RPC: who signs for an account, message hashes, the monitor and framing (spec 04 §4.6,
//! §9, §11, §2).

use std::time::Duration;

use serde_json::{Value, json};
use session_core::{AccountId, Prefix, UnixMillis, base64};
use session_crypto::blake2b;
use session_crypto::blinding::MemberFactor;
use session_crypto::ed25519::{PublicKey, Signature, SigningKey};
use session_crypto::x25519;
use session_storage::framing::{Content, Response};
use session_storage::monitor::{Notification, Reply, Subscription, answer};
use session_storage::{
    Access, MemberAuth, MessageHash, Namespace, Subaccount, SubaccountKey, Token,
    sha512_message_hash,
};

use crate::case::{CaseError, Suite, array, bytes, hex, list, text, unhex, unsigned};
use crate::storage::{namespace_of, network_id};

pub(crate) const SUITES: &[(&str, Suite)] = &[
    ("storage-message-hash", message_hash),
    ("storage-subaccount", subaccount),
    ("storage-monitor", monitor),
    ("storage-framing", framing),
];

fn message_hash(case: &Value) -> Result<Value, CaseError> {
    let (pubkey, data) = (network_id(case)?, bytes(case, "data"));
    let namespace = namespace_of(case)?;
    let time = |field| UnixMillis::from_millis(unsigned(case, field));
    let hash = match text(case, "variant") {
        "current" => MessageHash::of(&pubkey, namespace, &data).to_string(),
        "timed" => {
            let (timestamp, expiry) = (time("timestamp"), time("expiry"));
            MessageHash::timed(&pubkey, namespace, timestamp, expiry, &data).to_string()
        }
        "sha512" => {
            let ttl = Duration::from_millis(unsigned(case, "ttl"));
            sha512_message_hash(&pubkey, time("timestamp"), ttl, &data)
        }
        variant => return Err(CaseError::Failed(format!("variant {variant}"))),
    };
    Ok(json!({ "hash": hash }))
}

fn access(case: &Value, field: &str) -> Result<Access, CaseError> {
    Ok(Access::from_bits(u8::try_from(unsigned(case, field))?))
}

fn subaccount(case: &Value) -> Result<Value, CaseError> {
    match text(case, "op") {
        "token" => {
            let group = SigningKey::from_seed(&array(case, "group_seed")?);
            let member: AccountId = text(case, "session_id").parse()?;
            let access = access(case, "flags")?;
            let auth = MemberAuth::issue(&group, &member, access)?;
            let key = x25519::PublicKey::from_bytes(*member.key_bytes());
            let domain = b"SessionGroupSubaccountMask";
            let mask: [u8; 32] = blake2b::hash_domain(domain, &[group.expose_seed()]);
            let token = Token::of_member(&group, &member, access)?;
            Ok(json!({
                "group_pubkey": AccountId::new(Prefix::Group, *group.public().as_bytes()).to_hex(),
                "mask": hex(mask),
                "blind_factor": hex(MemberFactor::of(&group, &key).expose_bytes()),
                "token": hex(token.as_bytes()),
                "token_sig": hex(group.sign(token.as_bytes()).as_bytes()),
                "auth_data": hex(auth.expose_bytes().as_slice()),
            }))
        }
        "sign" => {
            let auth = MemberAuth::from_slice(&bytes(case, "auth_data"))?;
            let member = SigningKey::from_seed(&array(case, "member_seed")?);
            // The cases do not name the group, which does not enter what is signed.
            let key = SubaccountKey::of_member(&member, member.public(), &auth);
            let signature = key.sign(&bytes(case, "message"));
            Ok(json!({
                "subaccount": base64::encode(key.token().as_bytes()),
                "subaccount_sig": base64::encode(key.subaccount().signature.as_bytes()),
                "signature": base64::encode(signature.as_bytes()),
            }))
        }
        "verify" => {
            let [prefix] = array(case, "prefix")?;
            let account = PublicKey::from_bytes(&array(case, "account_ed25519")?)?;
            let token = Token::from_bytes(array(case, "token")?);
            let signature = Signature::from_bytes(array(case, "token_sig")?);
            let key = Subaccount::new(token, signature).check(
                prefix,
                &account,
                access(case, "required_flags")?,
                case["revoked"] == true,
            )?;
            let signature = Signature::from_bytes(array(case, "signature")?);
            key.verify(&bytes(case, "message"), &signature)?;
            Ok(json!({ "valid": true }))
        }
        op => Err(CaseError::Failed(format!("op {op}"))),
    }
}

fn monitor(case: &Value) -> Result<Value, CaseError> {
    match text(case, "op") {
        "build" => {
            let key = SigningKey::from_seed(&array(case, "seed")?);
            let account = match text(case, "account") {
                "05" => AccountId::new(Prefix::Standard, *key.to_x25519().public().as_bytes()),
                _ => AccountId::new(Prefix::Group, *key.public().as_bytes()),
            };
            let namespaces = list(case, "namespaces")
                .iter()
                .map(|number| Ok(Namespace::new(i16::try_from(number.as_i64().unwrap())?)))
                .collect::<Result<Vec<_>, CaseError>>()?;
            let want_data = case["want_data"] == true;
            let subscription = Subscription::new(account.into(), namespaces, want_data)?;
            let at = UnixMillis::from_secs(unsigned(case, "t"));
            let subscribe = subscription.sign(&key, at)?;
            let mut dict = Vec::new();
            subscribe.write_bt(&mut dict);
            Ok(json!({
                "account_id": account.to_hex(),
                "payload": String::from_utf8(subscribe.payload())?,
                "bt": hex(dict),
            }))
        }
        "server" => {
            let now = UnixMillis::from_secs(unsigned(case, "now"));
            let mut reply = Vec::new();
            answer(&bytes(case, "bt"), now, &mut reply, |_| Ok(()));
            let code = match Reply::parse(&reply)? {
                Reply::Refused { refusal, .. } => refusal.unwrap().code(),
                _ => 0,
            };
            Ok(json!({ "errcode": code }))
        }
        "notify" => {
            let dict = bytes(case, "bt");
            let notification = Notification::parse(&dict)?;
            Ok(json!({
                "pubkey": notification.pubkey.to_hex(),
                "hash": notification.hash.as_str(),
                "namespace": notification.namespace.number(),
                "timestamp": notification.timestamp.as_millis(),
                "expiry": notification.expiry.as_millis(),
                "data": notification.data.map(hex),
            }))
        }
        op => Err(CaseError::Failed(format!("op {op}"))),
    }
}

fn framing(case: &Value) -> Result<Value, CaseError> {
    let (parts, body): (Vec<Vec<u8>>, _);
    let response = match text(case, "transport") {
        "omq" => {
            let part = |part: &Value| unhex(part.as_str().unwrap());
            parts = list(case, "parts").iter().map(part).collect();
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            Response::from_omq(&parts)?
        }
        _ => {
            body = bytes(case, "body");
            Response::from_quic(&body, case["is_error"] == true)?
        }
    };
    let (encoding, value) = match response.content {
        Content::Json(text) => ("json", serde_json::from_str(text)?),
        Content::Bt(bytes) => ("bt", hex(bytes).into()),
        Content::Raw(bytes) => ("raw", hex(bytes).into()),
    };
    let mut out = json!({ "status": response.status, "encoding": encoding });
    out[encoding] = value;
    Ok(out)
}

//! `envelope-community-*`, `-inbox-*`, `-config-*`, `-legacy-group-*`: what goes through community
//! servers, and what is left of old forms (spec 05 §5, §7, §9, §10).

use serde_json::{Value, json};
use session_core::{AccountId, Prefix, UnixMillis};
use session_crypto::{ed25519, x25519};
use session_envelope::legacy_config::{self, kind_of_namespace};
use session_envelope::pro::Claim;
use session_envelope::{Inbox, hazmat, legacy_group, open_post, padding};
use session_identity::Account;
use session_identity::blinding::ServerKey;

use crate::case::{CaseError, Suite, array, bytes, hex, optional_bytes, unsigned};
use crate::pro;

pub(crate) const SUITES: &[(&str, Suite)] = &[
    ("envelope-community-encode", encode),
    ("envelope-community-decode", decode),
    ("envelope-inbox-encrypt", encrypt),
    ("envelope-inbox-decrypt", decrypt),
    ("envelope-config-wrap", wrap),
    ("envelope-config-unwrap", unwrap),
    ("envelope-legacy-group-decode", legacy_group_decode),
];

fn encode(case: &Value) -> Result<Value, CaseError> {
    let mut wire = bytes(case, "content");
    match optional_bytes(case, "pro_rotating_seed") {
        Some(seed) => {
            let key = ed25519::SigningKey::from_secret(&seed)?;
            wire = hazmat::sign_post(&wire, &key)?;
        }
        None => padding::pad(&mut wire),
    }
    Ok(json!({"wire": hex(wire)}))
}

fn decode(case: &Value) -> Result<Value, CaseError> {
    let post = open_post(&bytes(case, "wire"))?;
    let time = post.envelope_time();
    Ok(json!({
        "has_envelope": time.is_some(),
        "envelope_timestamp": time.map(UnixMillis::as_millis),
        "content": hex(post.content().as_bytes()),
        "pro_sig": post.pro_signature().map(|signature| hex(signature.as_bytes())),
        "pro": pro_json(case, post.pro_claim())?,
    }))
}

/// What a verifier says of the claim, at `now`: seconds in format B, milliseconds in A.
fn pro_json(case: &Value, claim: Option<&Claim>) -> Result<Value, CaseError> {
    let Some(claim) = claim else {
        return Ok(Value::Null);
    };
    let now = pro::format(case, "pro_format").time(unsigned(case, "now"));
    let evaluation = pro::verifier(case)?.evaluate(claim, now)?;
    Ok(pro::evaluation(&evaluation))
}

fn account(case: &Value, field: &str) -> Result<Account, CaseError> {
    Ok(Account::from_secret(&bytes(case, field))?)
}

fn inbox(case: &Value, seed: &str) -> Result<Inbox, CaseError> {
    let server = ServerKey::from_slice(&bytes(case, "server_pubkey"))?;
    Ok(Inbox::new(&account(case, seed)?, &server))
}

fn id(case: &Value, field: &str) -> Result<AccountId, CaseError> {
    Ok(AccountId::try_from(bytes(case, field).as_slice())?)
}

fn encrypt(case: &Value) -> Result<Value, CaseError> {
    let (inbox, to) = (inbox(case, "sender_seed")?, id(case, "recipient_id")?);
    let message = bytes(case, "message");
    let sealed = hazmat::seal_inbox_message(&inbox, &to, &message, &array(case, "nonce")?)?;
    let own = match to.prefix() {
        Prefix::Blinded25 => inbox.id25(),
        _ => inbox.id15(),
    };
    Ok(json!({"sender_id": own.to_hex(), "ciphertext": hex(sealed)}))
}

fn decrypt(case: &Value) -> Result<Value, CaseError> {
    let inbox = inbox(case, "own_seed")?;
    let (sender, recipient) = (id(case, "sender_id")?, id(case, "recipient_id")?);
    let sealed = bytes(case, "ciphertext");
    let (message, _, sender) = hazmat::open_inbox_message(&inbox, &sender, &recipient, &sealed)?;
    Ok(json!({"message": hex(&*message), "sender_session_id": sender.to_hex()}))
}

fn kind(case: &Value) -> Result<legacy_config::Kind, CaseError> {
    let namespace = case["namespace"].as_i64().and_then(|n| n.try_into().ok());
    namespace
        .and_then(kind_of_namespace)
        .ok_or_else(|| CaseError::Failed("not the namespace of a user config".to_owned()))
}

fn wrap(case: &Value) -> Result<Value, CaseError> {
    let me = account(case, "seed")?;
    let seqno = case["seqno"].as_i64().expect("a number");
    let wire = legacy_config::wrap(&me, kind(case)?, seqno, &bytes(case, "data"))?;
    Ok(json!({"wire": hex(wire)}))
}

fn unwrap(case: &Value) -> Result<Value, CaseError> {
    let me = account(case, "seed")?;
    let config = legacy_config::unwrap(&me, kind(case)?, &bytes(case, "wire"))?;
    Ok(json!({"data": hex(&*config.data), "seqno": config.seqno}))
}

fn legacy_group_decode(case: &Value) -> Result<Value, CaseError> {
    let key = x25519::SecretKey::from_bytes(&array(case, "group_x25519_secret")?);
    // Whoever reads it: the message does not depend on that.
    let me = AccountId::new(Prefix::Standard, [0; 32]);
    let message = legacy_group::open(&me, [&key], &bytes(case, "wire"))?;
    let opened = message.opened();
    Ok(json!({
        "group_id": message.group().to_hex(),
        "timestamp": opened.timestamp().as_millis(),
        "sender_session_id": opened.sender().to_hex(),
        "content": hex(opened.content().as_bytes()),
    }))
}

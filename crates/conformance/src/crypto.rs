//! `identity-*`: keys, identifiers, conversions and signatures (spec 01 §2 to §5).

use serde_json::{Value, json};
use session_core::{AccountId, Prefix};
use session_crypto::{ed25519, x25519, xed25519};

use crate::case::{CaseError, Replay, Suite, array, bytes, hex, text};

pub(crate) const SUITES: &[(&str, Suite)] = &[
    ("identity-id-parse", id_parse),
    ("identity-ed25519-sign", ed25519_sign),
    ("identity-ed25519-verify", ed25519_verify),
    ("identity-ed-to-x", ed_to_x),
    ("identity-x-to-ed", x_to_ed),
    ("identity-xed25519-sign", xed25519_sign),
    ("identity-xed25519-verify", xed25519_verify),
];

fn id_parse(case: &Value) -> Result<Value, CaseError> {
    let id: AccountId = text(case, "text").parse()?;
    let kind = match id.prefix() {
        Prefix::Standard => "standard",
        Prefix::Group => "group",
        Prefix::Blinded15 => "blinded15",
        Prefix::Blinded25 => "blinded25",
        Prefix::Unblinded => "unblinded",
        Prefix::VersionBlinded => "version-blinded",
        Prefix::CommunitySystem => "community-system",
        _ => return Err(CaseError::Skipped("kind without a name here")),
    };
    Ok(json!({"kind": kind, "key": hex(id.key_bytes()), "canonical": id.to_hex()}))
}

fn ed25519_sign(case: &Value) -> Result<Value, CaseError> {
    let key = ed25519::SigningKey::from_secret(&bytes(case, "sk"))?;
    Ok(json!({"sig": hex(key.sign(&bytes(case, "msg")).as_bytes())}))
}

fn ed25519_verify(case: &Value) -> Result<Value, CaseError> {
    let key = ed25519::PublicKey::from_slice(&bytes(case, "pk"))?;
    let signature = ed25519::Signature::from_slice(&bytes(case, "sig"))?;
    key.verify(&bytes(case, "msg"), &signature)?;
    Ok(json!({"valid": true}))
}

fn ed_to_x(case: &Value) -> Result<Value, CaseError> {
    let key = ed25519::PublicKey::from_slice(&bytes(case, "ed25519_pk"))?.to_x25519()?;
    let id = AccountId::new(Prefix::Standard, *key.as_bytes());
    Ok(json!({"x25519_pk": hex(key.as_bytes()), "account_id": id.to_hex()}))
}

fn x_to_ed(case: &Value) -> Result<Value, CaseError> {
    let key = x25519::PublicKey::from_bytes(array(case, "x25519_pk")?).to_ed25519_positive()?;
    let mut negative = *key.as_bytes();
    negative[31] |= 0x80;
    Ok(json!({"ed25519_pk": hex(key.as_bytes()), "ed25519_pk_negative": hex(negative)}))
}

fn xed25519_sign(case: &Value) -> Result<Value, CaseError> {
    let key = x25519::SecretKey::from_bytes(&array(case, "x25519_sk")?);
    let random = bytes(case, "random");
    let signature = xed25519::sign(&key, &bytes(case, "msg"), &mut Replay(&random));
    Ok(json!({"x25519_pk": hex(key.public().as_bytes()), "sig": hex(signature.as_bytes())}))
}

fn xed25519_verify(case: &Value) -> Result<Value, CaseError> {
    let key = x25519::PublicKey::from_bytes(array(case, "x25519_pk")?);
    let signature = ed25519::Signature::from_slice(&bytes(case, "sig"))?;
    xed25519::verify(&key, &bytes(case, "msg"), &signature)?;
    Ok(json!({"valid": true}))
}

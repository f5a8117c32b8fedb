//! `identity-*`: seeds, recovery passwords and accounts (spec 01 §3, §6).

use serde_json::{Value, json};
use session_identity::mnemonic::{self, Language};
use session_identity::{Account, Seed};

use crate::case::{CaseError, Suite, bytes, hex, text};

pub(crate) const SUITES: &[(&str, Suite)] = &[
    ("identity-keys", keys),
    ("identity-mnemonic-encode", mnemonic_encode),
    ("identity-mnemonic-decode", mnemonic_decode),
    ("identity-recovery-password", recovery_password),
];

fn keys(case: &Value) -> Result<Value, CaseError> {
    let seed = Seed::from_bytes(&bytes(case, "seed"))?;
    let account = Account::from_seed(&seed);
    let public = account.signing_key().public().as_bytes();
    let seed32 = hex(seed.expose_bytes());
    Ok(json!({
        "ed25519_pk": hex(public),
        "ed25519_sk": seed32.clone() + &hex(public),
        "seed32": seed32,
        "x25519_sk": hex(account.x25519_key().expose_bytes()),
        "x25519_pk": hex(account.x25519_key().public().as_bytes()),
        "account_id": account.id().to_hex(),
    }))
}

fn language(case: &Value) -> Result<Language, CaseError> {
    match text(case, "lang") {
        "english" => Ok(Language::English),
        _ => Err(CaseError::Skipped("language")),
    }
}

fn mnemonic_encode(case: &Value) -> Result<Value, CaseError> {
    let checksum = case["checksum"].as_bool().unwrap();
    let words = mnemonic::encode(language(case)?, &bytes(case, "data"), checksum)?;
    Ok(json!({"words": *words}))
}

fn mnemonic_decode(case: &Value) -> Result<Value, CaseError> {
    let data = mnemonic::decode(language(case)?, text(case, "words"))?;
    Ok(json!({"data": hex(&*data)}))
}

fn recovery_password(case: &Value) -> Result<Value, CaseError> {
    language(case)?;
    let seed = Seed::from_mnemonic(text(case, "phrase"))?;
    Ok(json!({
        "seed32": hex(seed.expose_bytes()),
        "account_id": Account::from_seed(&seed).id().to_hex(),
        "canonical": *seed.to_mnemonic(),
    }))
}

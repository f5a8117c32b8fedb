//! `identity-*`: seeds, recovery passwords, accounts, Pro keys and names (spec 01 §3, §6, §10, §12).

use serde_json::{Value, json};
use session_core::UnixMillis;
use session_crypto::argon2id::NameRecordMemory;
use session_identity::mnemonic::{self, Language};
use session_identity::name::{Name, Record};
use session_identity::{Account, Seed, pro};

use crate::case::{CaseError, Suite, array, bytes, hex, optional_bytes, text, unsigned};

pub(crate) const SUITES: &[(&str, Suite)] = &[
    ("identity-keys", keys),
    ("identity-mnemonic-encode", mnemonic_encode),
    ("identity-mnemonic-decode", mnemonic_decode),
    ("identity-recovery-password", recovery_password),
    ("identity-pro-master", pro_master),
    ("identity-pro-rotating", pro_rotating),
    ("identity-name", name),
    ("identity-name-decrypt", name_decrypt),
];

fn keys(case: &Value) -> Result<Value, CaseError> {
    let seed = Seed::from_bytes(&bytes(case, "seed"))?;
    let account = Account::from_seed(&seed);
    let public = account.ed25519_key().as_bytes();
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
    // The vectors write English names as one lowercase word.
    let code = |language: &Language| {
        let name = language.english_name().to_lowercase();
        name.replace(" (", "_").replace(')', "")
    };
    let wanted = text(case, "lang");
    let mut languages = Language::ALL.iter().copied();
    languages
        .find(|language| code(language) == wanted)
        .ok_or_else(|| CaseError::Failed(format!("no language {wanted}")))
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
    let language = language(case)?;
    let seed = Seed::from_mnemonic(language, text(case, "phrase"))?;
    Ok(json!({
        "seed32": hex(seed.expose_bytes()),
        "account_id": Account::from_seed(&seed).id().to_hex(),
        "canonical": *seed.to_mnemonic(language),
    }))
}

fn pro_master(case: &Value) -> Result<Value, CaseError> {
    let account = Account::from_seed(&Seed::from(array::<32>(case, "seed32")?));
    let master = account.pro_master_key();
    Ok(json!({
        "master_seed": hex(master.key().expose_seed()),
        "master_pk": hex(master.key().public().as_bytes()),
    }))
}

fn pro_rotating(case: &Value) -> Result<Value, CaseError> {
    let master = pro::MasterKey::from_secret(&bytes(case, "master"))?;
    let rotating = master.rotating_key(UnixMillis::from_secs(unsigned(case, "unix_ts")));
    Ok(json!({
        "period_start": rotating.since().as_secs(),
        "rotating_seed": hex(rotating.key().expose_seed()),
        "rotating_pk": hex(rotating.key().public().as_bytes()),
    }))
}

fn name(case: &Value) -> Result<Value, CaseError> {
    let name = Name::new(text(case, "name"))?;
    Ok(json!({
        "normalized": name.as_str(),
        "name_hash": hex(name.hash()),
        "name_hash_b64": name.hash_base64(),
        "key": hex(name.record_key().expose_bytes()),
    }))
}

fn name_decrypt(case: &Value) -> Result<Value, CaseError> {
    let name = Name::new(text(case, "name"))?;
    let nonce = optional_bytes(case, "nonce");
    let record = Record::new(&bytes(case, "encrypted_value"), nonce.as_deref())?;
    // 256 MiB only where they are needed.
    let id = match record.nonce() {
        Some(_) => record.open(&name)?,
        None => record.open_any(&name, &mut NameRecordMemory::allocate()?)?,
    };
    Ok(json!({"account_id": id.to_hex()}))
}

//! `envelope-group-*`, `-multi-*`, `-push-*`, `-xchacha20` (spec 05 §6, §8, §12).

use serde_json::{Value, json};
use session_bt::{DictReader, ListReader};
use session_core::{AccountId, Prefix, UnixMillis};
use session_crypto::{SymmetricKey, ed25519, x25519};
use session_envelope::hazmat::{GroupData, ProSignature, encrypt_group_with, group_envelope};
use session_envelope::multi::{self, Domain};
use session_envelope::{GroupOpener, group, open_push, xchacha20};
use session_identity::Account;

use crate::case::{
    CaseError, Replay, Suite, array, bytes, hex, list, optional_bytes, text, unhex, unsigned,
};
use crate::envelope::opened_json;

pub(crate) const SUITES: &[(&str, Suite)] = &[
    ("envelope-group-encrypt", encrypt),
    ("envelope-group-decrypt", decrypt),
    ("envelope-group-encode", encode),
    ("envelope-group-decode", decode),
    ("envelope-multi-encrypt", multi_encrypt),
    ("envelope-multi-decrypt", multi_decrypt),
    ("envelope-push-decrypt", push_decrypt),
    ("envelope-xchacha20", xchacha20_helper),
];

fn sender(case: &Value) -> Result<Account, CaseError> {
    Ok(Account::from_secret(&bytes(case, "sender_seed"))?)
}

/// The id of a group that is given as its 32-byte key.
fn group_id(case: &Value) -> Result<AccountId, CaseError> {
    Ok(AccountId::new(Prefix::Group, array(case, "group_pubkey")?))
}

fn symmetric_key(case: &Value) -> Result<SymmetricKey, CaseError> {
    Ok(SymmetricKey::from_bytes(array(case, "key")?))
}

/// The plaintext, or the frame that it was compressed to: no two compressors agree.
fn data<'a>(plaintext: &'a [u8], frame: Option<&'a [u8]>) -> GroupData<'a> {
    frame.map_or(GroupData::Plain(plaintext), GroupData::Compressed)
}

fn encrypt(case: &Value) -> Result<Value, CaseError> {
    let (plaintext, frame) = (bytes(case, "plaintext"), optional_bytes(case, "zstd_frame"));
    let (from, group) = (sender(case)?, group_id(case)?);
    let key = group::key_from_bytes(&bytes(case, "group_key"))?;
    let padding = u16::try_from(unsigned(case, "padding"))?;
    let data = data(&plaintext, frame.as_deref());
    let nonce = array(case, "nonce")?;
    let ciphertext = encrypt_group_with(&from, &group, &key, data, padding, &nonce)?;
    Ok(json!({"ciphertext": hex(ciphertext)}))
}

/// The keys in front of the first that is none: the order in which they are tried decides whether
/// that one is an error.
fn group_keys(case: &Value) -> Vec<SymmetricKey> {
    let keys = list(case, "group_keys").iter();
    keys.map_while(|key| group::key_from_bytes(&unhex(key.as_str().unwrap())).ok())
        .collect()
}

fn decrypt(case: &Value) -> Result<Value, CaseError> {
    let (group, keys) = (group_id(case)?, group_keys(case));
    let mut opener = GroupOpener::new(&group, &keys)?;
    let ciphertext = bytes(case, "ciphertext");
    let decrypted = opener.decrypt(&ciphertext)?;
    Ok(json!({
        "key_index": decrypted.key_index,
        "sender_session_id": decrypted.sender.to_hex(),
        "plaintext": hex(decrypted.plaintext),
    }))
}

fn encode(case: &Value) -> Result<Value, CaseError> {
    let rotating;
    let pro_signature = match optional_bytes(case, "pro_rotating_seed") {
        Some(seed) => {
            rotating = ed25519::SigningKey::from_secret(&seed)?;
            ProSignature::By(&rotating)
        }
        None => {
            let decoy = array(case, "dummy_pro_sig")?;
            ProSignature::Given(ed25519::Signature::from_bytes(decoy))
        }
    };
    let sent = UnixMillis::from_millis(unsigned(case, "timestamp_ms"));
    let envelope = group_envelope(&bytes(case, "content"), sent, &pro_signature)?;
    let frame = optional_bytes(case, "zstd_frame");
    let wire = encrypt_group_with(
        &sender(case)?,
        &AccountId::try_from(&*bytes(case, "group_id"))?,
        &group::key_from_bytes(&bytes(case, "group_key"))?,
        data(&envelope, frame.as_deref()),
        group::PADDING,
        &array(case, "nonce")?,
    )?;
    Ok(json!({"envelope": hex(&*envelope), "wire": hex(wire)}))
}

fn decode(case: &Value) -> Result<Value, CaseError> {
    let (group, keys) = (group_id(case)?, group_keys(case));
    // Nobody in particular reads: only `Opened::check` asks who.
    let me = AccountId::new(Prefix::Standard, [0; 32]);
    let opened = GroupOpener::new(&group, &keys)?.open(&me, &bytes(case, "wire"))?;
    let key_index = opened.key_index().expect("a group has keys");
    opened_json(case, &opened, key_index)
}

fn multi_encrypt(case: &Value) -> Result<Value, CaseError> {
    let from = x25519::SecretKey::from_bytes(&array(case, "sender_x25519_secret")?);
    let messages = hex_list(case, "messages");
    let recipients = hex_list(case, "recipients");
    // The API takes pairs: there is always a message for each recipient.
    let messages = match &*messages {
        [one] => vec![one.clone(); recipients.len()],
        _ if messages.len() == recipients.len() => messages,
        _ => return Err(CaseError::Failed("message count".to_owned())),
    };
    let mut to = Vec::new();
    for (recipient, message) in recipients.iter().zip(&messages) {
        let key = <[u8; 32]>::try_from(recipient.as_slice())?;
        to.push((x25519::PublicKey::from_bytes(key), message.as_slice()));
    }
    let domain = Domain::new(text(case, "domain").as_bytes());
    let nonce = bytes(case, "nonce");
    let encoded = multi::encrypt(&from, &to, domain, 0, &mut Replay(&nonce))?;

    let mut items = ListReader::new(DictReader::new(&encoded)?.raw("e")?)?;
    let mut encrypted = Vec::new();
    while let Some(item) = items.bytes_opt()? {
        encrypted.push(hex(item));
    }
    Ok(json!({"encrypted": encrypted, "encoded": hex(&encoded)}))
}

fn hex_list(case: &Value, field: &str) -> Vec<Vec<u8>> {
    let items = list(case, field).iter();
    items.map(|item| unhex(item.as_str().unwrap())).collect()
}

fn multi_decrypt(case: &Value) -> Result<Value, CaseError> {
    let me = x25519::SecretKey::from_bytes(&array(case, "own_x25519_secret")?);
    let from = x25519::PublicKey::from_bytes(array(case, "sender_x25519_public")?);
    let domain = Domain::new(text(case, "domain").as_bytes());
    let message = multi::decrypt(&me, &from, domain, &bytes(case, "encoded"))?;
    Ok(json!({"message": hex(&*message)}))
}

fn push_decrypt(case: &Value) -> Result<Value, CaseError> {
    let plaintext = open_push(&symmetric_key(case)?, &bytes(case, "payload"))?;
    Ok(json!({"plaintext": hex(&*plaintext)}))
}

fn xchacha20_helper(case: &Value) -> Result<Value, CaseError> {
    let key = symmetric_key(case)?;
    if text(case, "op") == "encrypt" {
        let nonce = bytes(case, "nonce");
        let data = xchacha20::encrypt(&key, &bytes(case, "plaintext"), &mut Replay(&nonce))?;
        return Ok(json!({"data": hex(data)}));
    }
    let plaintext = xchacha20::decrypt(&key, &bytes(case, "data"))?;
    Ok(json!({"plaintext": hex(&*plaintext)}))
}

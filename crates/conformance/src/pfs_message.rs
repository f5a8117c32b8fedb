//! `v2-*`: messages (spec 06 §5 to §7).

use serde_json::{Value, json};
use session_bt::DictReader;
use session_core::AccountId;
use session_crypto::{ed25519, x25519};
use session_identity::Account;
use session_pfs::hazmat::{self, MessageSecrets};
use session_pfs::{Error, KeyIndicator, KeyPair, KeySeed, MessageSize, Opened, PublicKeys, Sender};

use crate::case::{CaseError, Replay, Suite, array, bytes, hex, list, optional_bytes, text, unhex};
use crate::pfs::{class, refused};

pub(crate) const SUITES: &[(&str, Suite)] = &[
    ("v2-message-kdf", message_kdf),
    ("v2-key-indicator", key_indicator),
    ("v2-inner", inner),
    ("v2-dm-size", size),
    ("v2-dm-encrypt", encrypt),
    ("v2-dm-encrypt-nopfs", encrypt_without_pfs),
    ("v2-dm-decrypt", decrypt),
];

/// Where messages are read, classes say only what to do with the bytes.
fn reading_class(error: Error) -> CaseError {
    match error {
        Error::NoKey => class(error),
        Error::Version { .. } => refused("unknown_version"),
        _ => refused("bad_format"),
    }
}

fn account(case: &Value, field: &str) -> Result<Account, CaseError> {
    Ok(Account::from_secret(&bytes(case, field))?)
}

fn recipient(case: &Value) -> Result<AccountId, CaseError> {
    let id = bytes(case, "recipient_session_id");
    AccountId::try_from(id.as_slice()).map_err(|_| refused("bad_session_id"))
}

fn rotating_key(case: &Value) -> Result<Option<ed25519::SigningKey>, CaseError> {
    let seed = optional_bytes(case, "pro_seed");
    let key = seed.map(|seed| ed25519::SigningKey::from_secret(&seed));
    Ok(key.transpose()?)
}

fn sender<'a>(account: &'a Account, pro: Option<&'a ed25519::SigningKey>) -> Sender<'a> {
    let sender = Sender::new(account);
    pro.map_or(sender, |key| sender.with_pro(key))
}

fn ephemeral(case: &Value) -> Result<x25519::SecretKey, CaseError> {
    let secret = array(case, "ephemeral_secret")?;
    Ok(x25519::SecretKey::from_bytes(&secret))
}

fn public(case: &Value, field: &str) -> Result<x25519::PublicKey, CaseError> {
    array(case, field).map(x25519::PublicKey::from_bytes)
}

fn message_kdf(case: &Value) -> Result<Value, CaseError> {
    let (shared, key, nonce) = hazmat::message_secrets(
        &array(case, "ss_mlkem")?,
        &array(case, "ss_x25519")?,
        &public(case, "ephemeral_public")?,
        &public(case, "account_x25519_public")?,
    );
    Ok(json!({
        "xwing_ss": hex(*shared),
        "key": hex(key.expose_bytes()),
        "nonce": hex(nonce),
    }))
}

fn key_indicator(case: &Value) -> Result<Value, CaseError> {
    const ZERO: [u8; KeyIndicator::LEN] = [0; KeyIndicator::LEN];
    match text(case, "op") {
        "mask" => {
            let (to, ephemeral) = (recipient(case)?, ephemeral(case)?);
            let mask = |indicator| {
                let indicator = KeyIndicator::from_bytes(indicator);
                hazmat::mask_indicator(&to, &ephemeral, indicator).map_err(class)
            };
            Ok(json!({
                "ephemeral_public": hex(ephemeral.public().as_bytes()),
                "kiss": hex(mask(ZERO)?),
                "ki": hex(mask(array(case, "mlkem_prefix")?)?),
            }))
        }
        "unmask" => {
            let me = account(case, "recipient_seed")?;
            let ephemeral = public(case, "ephemeral_public")?;
            let unmask = |masked| {
                let indicator = hazmat::unmask_indicator(&me, &ephemeral, masked).map_err(class)?;
                Ok::<_, CaseError>(hex(indicator.as_bytes()))
            };
            Ok(json!({
                "kiss": unmask(ZERO)?,
                "mlkem_prefix": unmask(array(case, "ki")?)?,
            }))
        }
        op => Err(CaseError::Failed(format!("unknown op {op}"))),
    }
}

fn inner(case: &Value) -> Result<Value, CaseError> {
    let to = recipient(case)?;
    match text(case, "op") {
        "encode" => {
            let from = account(case, "sender_seed")?;
            let pro = rotating_key(case)?;
            let from = sender(&from, pro.as_ref());
            let inner = hazmat::write_inner(from, &to, &bytes(case, "content")).map_err(class)?;
            let (_, signed) = DictReader::new(&inner)?
                .signature_opt("~")?
                .expect("it is signed");
            Ok(json!({
                "signed_hash": hex(hazmat::signed_hash(&to, signed)),
                "inner": hex(&inner),
            }))
        }
        "decode" => {
            let opened = hazmat::read_inner(&to, &bytes(case, "inner")).map_err(reading_class)?;
            let mut out = opened_json(&opened);
            out["sender_ed25519"] = json!(hex(opened.sender_key().as_bytes()));
            let pro = opened.pro_signature();
            out["pro_signed_len"] = json!(pro.map(|pro| pro.signed_bytes().len()));
            Ok(out)
        }
        op => Err(CaseError::Failed(format!("unknown op {op}"))),
    }
}

/// What all suites say that read messages.
fn opened_json(opened: &Opened) -> Value {
    let pro = opened.pro_signature();
    json!({
        "sender_session_id": opened.sender().to_hex(),
        "content": hex(opened.content()),
        "pro_signature": pro.map(|pro| hex(pro.signature().as_bytes())),
    })
}

fn size(case: &Value) -> Result<Value, CaseError> {
    let len = usize::try_from(crate::case::unsigned(case, "content_len"))?;
    let size = MessageSize::of(len, case["pro"] == json!(true));
    Ok(json!({
        "inner_len": size.inner(),
        "padded_len": size.padded(),
        "message_len": size.message(),
    }))
}

fn encrypt(case: &Value) -> Result<Value, CaseError> {
    let from = account(case, "sender_seed")?;
    let pro = rotating_key(case)?;
    let x25519 = public(case, "account_x25519_public")?;
    let mlkem = bytes(case, "account_mlkem_public");
    let keys = PublicKeys::new("account key", x25519, &mlkem).map_err(class)?;
    let randomness = [
        bytes(case, "ephemeral_secret"),
        bytes(case, "encaps_randomness"),
    ]
    .concat();
    let message = session_pfs::seal(
        sender(&from, pro.as_ref()),
        &recipient(case)?,
        &keys,
        &bytes(case, "content"),
        &mut Replay(&randomness),
    );
    Ok(json!({"message": hex(message.map_err(class)?)}))
}

fn encrypt_without_pfs(case: &Value) -> Result<Value, CaseError> {
    let from = account(case, "sender_seed")?;
    let pro = rotating_key(case)?;
    let (to, ephemeral) = (recipient(case)?, ephemeral(case)?);
    let message = hazmat::seal_without_pfs_with(
        sender(&from, pro.as_ref()),
        &to,
        &bytes(case, "content"),
        &ephemeral,
        array(case, "ki")?,
        array(case, "ciphertext")?,
    )
    .map_err(class)?;
    let secrets = hazmat::message_secrets_without_pfs(&to, &ephemeral);
    let (shared, key, nonce): MessageSecrets = secrets.map_err(class)?;
    Ok(json!({
        "shared": hex(*shared),
        "key": hex(key.expose_bytes()),
        "nonce": hex(nonce),
        "message": hex(message),
    }))
}

fn decrypt(case: &Value) -> Result<Value, CaseError> {
    let me = account(case, "recipient_seed")?;
    let mut keys = Vec::new();
    for seed in list(case, "account_key_seeds") {
        let seed = KeySeed::from_slice(&unhex(seed.as_str().expect("hex"))).map_err(class)?;
        keys.push(KeyPair::of_account_key(&seed));
    }
    let opened = session_pfs::open(&me, &keys, &bytes(case, "message")).map_err(reading_class)?;
    let mut out = opened_json(&opened);
    out["pfs"] = json!(opened.is_forward_secret());
    out["key_index"] = json!(opened.key_index());
    Ok(out)
}

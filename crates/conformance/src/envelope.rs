//! `envelope-*`: protobuf, padding and one-to-one messages (spec 05 §1 to §4, 05a).

use serde_json::{Map, Value, json};
use session_core::{AccountId, Prefix, UnixMillis};
use session_crypto::{ed25519, x25519};
use session_envelope::proto::{
    self, Field, Kind, Label, Message, Records, Schema, UnknownFields, Value as Wire,
};
use session_envelope::{Error, Opened, hazmat, open_one_to_one, padding};
use session_identity::Account;

use crate::case::{CaseError, Suite, array, bytes, hex, list, text, unhex, unsigned};
use crate::pro;

pub(crate) const SUITES: &[(&str, Suite)] = &[
    ("envelope-pad", pad),
    ("envelope-unpad", unpad),
    ("envelope-1to1-encrypt-det", encrypt_deterministic),
    ("envelope-1to1-seal", seal),
    ("envelope-1to1-decrypt", decrypt),
    ("envelope-1to1-encode", encode),
    ("envelope-1to1-decode", decode),
    ("envelope-protobuf", protobuf),
];

fn account(seed: &[u8]) -> Result<Account, CaseError> {
    Ok(Account::from_secret(seed)?)
}

/// A recipient of 33 bytes, or 32 without prefix.
fn recipient(case: &Value) -> Result<AccountId, CaseError> {
    let bytes = bytes(case, "recipient");
    match bytes.as_slice().try_into() {
        Ok(key) => Ok(AccountId::new(Prefix::Standard, key)),
        Err(_) => Ok(AccountId::try_from(bytes.as_slice())?),
    }
}

fn ephemeral(case: &Value) -> Result<x25519::SecretKey, CaseError> {
    Ok(x25519::SecretKey::from_bytes(&array(
        case,
        "ephemeral_secret",
    )?))
}

fn pad(case: &Value) -> Result<Value, CaseError> {
    let mut buffer = bytes(case, "payload");
    padding::pad(&mut buffer);
    Ok(json!({"padded": hex(buffer)}))
}

fn unpad(case: &Value) -> Result<Value, CaseError> {
    Ok(json!({"payload": hex(padding::unpad(&bytes(case, "padded")))}))
}

fn encrypt_deterministic(case: &Value) -> Result<Value, CaseError> {
    let (from, to) = (account(&bytes(case, "sender_seed"))?, recipient(case)?);
    let message = bytes(case, "message");
    let ciphertext = hazmat::seal_message_deterministic(&from, &to, &message)?;
    Ok(json!({
        "ephemeral_public": hex(&ciphertext[..x25519::PublicKey::LEN]),
        "ciphertext": hex(ciphertext),
    }))
}

fn seal(case: &Value) -> Result<Value, CaseError> {
    let (from, to) = (account(&bytes(case, "sender_seed"))?, recipient(case)?);
    let message = bytes(case, "message");
    let ciphertext = hazmat::seal_message(&from, &to, &message, &ephemeral(case)?)?;
    // The signature is inside the box, which only the recipient opens.
    let key = from.expose_signing_key();
    let signed = [&message, &key.public().as_bytes()[..], to.key_bytes()].concat();
    Ok(json!({
        "ciphertext": hex(ciphertext),
        "signature": hex(key.sign(&signed).as_bytes()),
    }))
}

fn decrypt(case: &Value) -> Result<Value, CaseError> {
    let me = account(&bytes(case, "recipient_seed"))?;
    let (message, key, sender) = hazmat::open_message(&me, &bytes(case, "ciphertext"))?;
    Ok(json!({
        "message": hex(&*message),
        "sender_ed25519": hex(key.as_bytes()),
        "sender_session_id": sender.to_hex(),
    }))
}

fn encode(case: &Value) -> Result<Value, CaseError> {
    let rotating;
    let pro_signature = if case["pro_rotating_seed"].is_null() {
        hazmat::ProSignature::Given(ed25519::Signature::from_bytes(array(
            case,
            "dummy_pro_sig",
        )?))
    } else {
        rotating = ed25519::SigningKey::from_secret(&bytes(case, "pro_rotating_seed"))?;
        hazmat::ProSignature::By(&rotating)
    };
    let wire = hazmat::seal_one_to_one_with(
        &account(&bytes(case, "sender_seed"))?,
        &recipient(case)?,
        &bytes(case, "content"),
        UnixMillis::from_millis(unsigned(case, "timestamp_ms")),
        &ephemeral(case)?,
        &pro_signature,
    )?;
    Ok(json!({"wire": hex(wire)}))
}

fn decode(case: &Value) -> Result<Value, CaseError> {
    let wire = bytes(case, "wire");
    let mut result = Err(CaseError::Failed("no key".to_owned()));
    for (index, seed) in list(case, "recipient_seeds").iter().enumerate() {
        match open_one_to_one(&account(&unhex(seed.as_str().unwrap()))?, &wire) {
            Ok(opened) => {
                result = Ok((index, opened));
                break;
            }
            Err(error) => result = Err(error.into()),
        }
    }
    let (key_index, opened) = result?;
    let mut out = opened_json(case, &opened, key_index)?;
    out["sender_ed25519"] = json!(hex(opened.sender_key().as_bytes()));
    Ok(out)
}

/// What all suites say that decode messages whose sender is certain.
pub(crate) fn opened_json(
    case: &Value,
    opened: &Opened,
    key_index: usize,
) -> Result<Value, CaseError> {
    let outside = opened.outside();
    let pro = opened.pro(&mut pro::verifier(case)?)?;
    Ok(json!({
        "timestamp": outside.timestamp.as_millis(),
        "source": outside.source.map(|id| id.to_hex()),
        "source_device": outside.source_device,
        "server_timestamp": outside.server_timestamp.map(UnixMillis::as_millis),
        "key_index": key_index,
        "sender_session_id": opened.sender().to_hex(),
        "content": hex(opened.content().as_bytes()),
        "pro": pro.as_ref().map(pro::evaluation),
    }))
}

fn protobuf(case: &Value) -> Result<Value, CaseError> {
    macro_rules! by_name {
        ($name:expr, $wire:expr; $($message:ident),*) => {
            match $name {
                $(name if name == proto::$message::SCHEMA.name() => {
                    message::<proto::$message>($wire)
                })*
                _ => Err(CaseError::Skipped("message type")),
            }
        };
    }
    by_name!(text(case, "message"), &bytes(case, "wire");
        AttachmentPointer, CallMessage, Content, DataExtractionNotification, DataMessage, Envelope,
        GroupUpdateDeleteMemberContentMessage, GroupUpdateInfoChangeMessage,
        GroupUpdateInviteMessage, GroupUpdateInviteResponseMessage,
        GroupUpdateMemberChangeMessage, GroupUpdateMemberLeftMessage,
        GroupUpdateMemberLeftNotificationMessage, GroupUpdateMessage, GroupUpdatePromoteMessage,
        KeyPair, LokiProfile, MessageRequestResponse, OpenGroupInvitation, Preview, ProMessage,
        ProProof, Quote, QuotedAttachment, Reaction, ReceiptMessage, SharedConfigMessage,
        TypingMessage, UnsendRequest, WebSocketMessage, WebSocketRequestMessage,
        WebSocketResponseMessage)
}

fn message<M: Message>(wire: &[u8]) -> Result<Value, CaseError> {
    let known = M::from_wire(wire)?.to_wire();
    let canonical = proto::canonical(M::SCHEMA, wire, UnknownFields::Keep)?;
    Ok(json!({
        "fields": fields(M::SCHEMA, &canonical)?,
        "reencoded": hex(&canonical),
        "reencoded_known": hex(known),
    }))
}

/// The fields of a message in canonical form, by name.
fn fields(schema: &Schema, canonical: &[u8]) -> Result<Value, Error> {
    let mut object = Map::new();
    for record in Records::new(canonical) {
        let record = record.expect("canonical form");
        let (name, value, repeated) = match schema.field_of(record.number, record.value)? {
            Some(field) => {
                let value = field_value(field, record.value)?;
                (field.name, value, field.label == Label::Repeated)
            }
            None => ("?", json!(hex(record.raw)), true),
        };
        if repeated {
            let items = object.entry(name).or_insert_with(|| json!([]));
            items.as_array_mut().unwrap().push(value);
        } else {
            object.insert(name.to_owned(), value);
        }
    }
    Ok(Value::Object(object))
}

fn field_value(field: &Field, value: Wire<'_>) -> Result<Value, Error> {
    Ok(match (field.kind, value) {
        (Kind::Bool, Wire::Varint(value)) => json!(value != 0),
        (Kind::Int64, Wire::Varint(value)) => number(value.cast_signed().into()),
        (_, Wire::Varint(value) | Wire::Fixed64(value)) => number(value.into()),
        (Kind::String, Wire::Bytes(bytes)) => json!(std::str::from_utf8(bytes).unwrap()),
        (Kind::Message(inner), Wire::Bytes(bytes)) => fields(inner, bytes)?,
        (_, Wire::Bytes(bytes)) => json!(hex(bytes)),
        (_, Wire::Fixed32(_) | Wire::Group) => unreachable!("no such field in the schema"),
    })
}

/// Integers are numbers up to 2^53 and text beyond.
fn number(value: i128) -> Value {
    const EXACT: i128 = 1 << 53;
    match i64::try_from(value) {
        Ok(value) if (-EXACT..=EXACT).contains(&value.into()) => json!(value),
        _ => json!(value.to_string()),
    }
}

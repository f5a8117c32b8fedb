//! `v2-device-*`, `v2-link-request`, `v2-sas`: what linked devices send each other, and the emoji
//! that their users compare (spec 07 §4 to §7, §10).

use serde_json::{Value, json};
use session_crypto::argon2id::LinkRequestMemory;
use session_crypto::sha3::sha3_256;
use session_crypto::x25519;
use session_identity::Account;
use session_pfs::sas::{Emoji, GroupSas, Sas};
use session_pfs::{
    AccountKey, DeviceEntry, DeviceId, DeviceInfo, DeviceRecord, Error, GroupId, GroupMessage,
    KeyPair, KeySeed, LinkRequest, Payload, hazmat,
};

use crate::case::{CaseError, Replay, Suite, array, bytes, hex, list, text, unhex, unsigned};
use crate::pfs::{class, refused};

pub(crate) const SUITES: &[(&str, Suite)] = &[
    ("v2-device-payload-size", payload_size),
    ("v2-device-encrypt", encrypt),
    ("v2-device-decrypt", decrypt),
    ("v2-device-outer", outer),
    ("v2-link-request", link_request),
    ("v2-sas", sas),
];

fn account(case: &Value) -> Result<Account, CaseError> {
    Ok(Account::from_secret(&bytes(case, "account_seed"))?)
}

fn x25519_key(case: &Value, field: &str) -> Result<x25519::PublicKey, CaseError> {
    Ok(x25519::PublicKey::from_bytes(array(case, field)?))
}

fn device_id(case: &Value, field: &str) -> Result<DeviceId, CaseError> {
    Ok(DeviceId::from_bytes(array(case, field)?))
}

fn seconds(object: &Value, field: &str) -> i64 {
    object[field].as_i64().expect("a time")
}

fn pairs(
    case: &Value,
    field: &str,
    expand: fn(&KeySeed) -> KeyPair,
) -> Result<Vec<KeyPair>, CaseError> {
    let seeds = list(case, field).iter();
    seeds
        .map(|seed| {
            Ok(expand(&KeySeed::from_slice(&unhex(
                seed.as_str().unwrap(),
            ))?))
        })
        .collect()
}

/// The record of a vector's device.
fn record(fields: &Value) -> Result<DeviceRecord, CaseError> {
    let keys = KeyPair::of_device_key(&KeySeed::from_bytes(array(fields, "device_seed")?)).public();
    let version = fields["version"].as_i64().expect("a version");
    let info = DeviceInfo::new(text(fields, "description"), text(fields, "type"), version);
    let (seqno, at) = (seconds(fields, "seqno"), seconds(fields, "timestamp"));
    let record = DeviceRecord::new(&keys, seqno, at, &info).map_err(class)?;
    let extra = fields["extra"].as_object().expect("a dict");
    if extra.is_empty() {
        return Ok(record);
    }
    // Unknown entries are what other code has written: ours only keeps them.
    let mut entries: Vec<(&[u8], Vec<u8>)> = Vec::new();
    let mut known = session_bt::DictReader::new(record.as_bytes())?;
    while let Some((key, value)) = known.next_entry()? {
        entries.push((key, value.to_vec()));
    }
    for (key, value) in extra {
        entries.push((key.as_bytes(), unhex(value.as_str().expect("hex"))));
    }
    entries.sort();
    let mut encoded = Vec::new();
    let mut dict = session_bt::DictWriter::new(&mut encoded);
    for (key, value) in &entries {
        dict.raw_bytes(key, value)?;
    }
    dict.finish();
    DeviceRecord::decode(&encoded).map_err(class)
}

/// What a message says of a device; nothing of one that is no member yet.
fn entry(device: &Value) -> Result<Option<DeviceEntry>, CaseError> {
    Ok(match text(device, "state") {
        "registered" => Some(DeviceEntry::Record(record(device)?)),
        "kicked" => Some(DeviceEntry::Removed(seconds(device, "at"))),
        "left" => Some(DeviceEntry::Left(seconds(device, "at"))),
        _ => None,
    })
}

fn payload_size(case: &Value) -> Result<Value, CaseError> {
    let len = usize::try_from(unsigned(case, "payload_len"))?;
    Ok(json!({"padded_len": hazmat::padded_payload_len(len)}))
}

/// The numbers of a list field.
fn numbers(case: &Value, field: &str) -> Vec<usize> {
    let numbers = list(case, field).iter();
    numbers
        .map(|number| usize::try_from(number.as_u64().expect("a number")).expect("a small one"))
        .collect()
}

fn encrypt(case: &Value) -> Result<Value, CaseError> {
    let mut devices = Vec::new();
    for device in list(case, "devices") {
        if let Some(entry) = entry(device)? {
            devices.push((device_id(device, "id")?, entry));
        }
    }
    devices.sort_by_key(|(id, _)| *id);
    let mut keys = Vec::new();
    for key in list(case, "account_keys") {
        let seed = KeySeed::from_bytes(array(key, "seed")?);
        let rotated = key["rotated"].as_i64();
        keys.push(AccountKey::new(seed, seconds(key, "created"), rotated));
    }
    let payload = Payload::new(devices, keys);

    // In the order in which the crate documents that it draws them.
    let strings = |field: &str| -> Vec<Vec<u8>> {
        let strings = list(case, field).iter();
        strings.map(|item| unhex(item.as_str().unwrap())).collect()
    };
    let drawn = [
        bytes(case, "ephemeral_secret"),
        strings("encaps_randomness").concat(),
        bytes(case, "key_base"),
        strings("dummy_keys").concat(),
        bytes(case, "kicked_fill"),
    ]
    .concat();
    let mut orders = [numbers(case, "slot_order"), numbers(case, "kicked_slots")].into_iter();
    let mut decoys = strings("dummy_ciphertexts").into_iter();
    let message = hazmat::seal_group_message_with(
        &account(case)?,
        &GroupId::from_bytes(array(case, "group_id")?),
        &payload,
        &mut Replay(&drawn),
        |_| orders.next().expect("two at most"),
        || {
            let decoy = decoys.next().expect("one for each slot");
            decoy.try_into().expect("a ciphertext")
        },
    )
    .map_err(class)?;
    let payload = hazmat::write_group_payload(&payload).map_err(class)?;
    Ok(json!({
        "padded_len": hazmat::padded_payload_len(payload.len()),
        "payload": hex(&*payload),
        "message": hex(message),
    }))
}

fn group_class(error: Error) -> CaseError {
    match error {
        Error::NotForUs { .. } => refused("not_recipient"),
        Error::Version { .. } => refused("unknown_type"),
        other => class(other),
    }
}

fn decrypt(case: &Value) -> Result<Value, CaseError> {
    let account = account(case)?;
    let keys = pairs(case, "device_key_seeds", KeyPair::of_device_key)?;
    let message = bytes(case, "message");
    let message = GroupMessage::read(&account, &message).map_err(group_class)?;
    let (slot, _, plaintext) = hazmat::open_group_payload(&message, &keys).map_err(group_class)?;
    let (key_index, payload) = message.open(&keys).map_err(group_class)?;
    let device = |(id, entry): &(DeviceId, DeviceEntry)| match entry {
        DeviceEntry::Record(record) => json!({
            "id": hex(id.as_bytes()),
            "state": "registered",
            "seqno": record.seqno(),
            "digest": hex(record.digest()),
        }),
        DeviceEntry::Removed(at) => json!({"id": hex(id.as_bytes()), "state": "kicked", "at": at}),
        DeviceEntry::Left(at) => json!({"id": hex(id.as_bytes()), "state": "left", "at": at}),
        other => json!(format!("{other:?}")),
    };
    let key = |key: &AccountKey| {
        json!({
            "seed": hex(key.seed.expose_bytes()),
            "created": key.created,
            "rotated": key.rotated,
        })
    };
    Ok(json!({
        "slot": slot,
        "key_index": key_index,
        "group_id": message.group_id(&account).map(|id| hex(id.as_bytes())),
        "link_x25519": message.link_x25519().map(|link| hex(link.as_bytes())),
        "payload_sha3_256": hex(sha3_256(&[&plaintext])),
        "devices": payload.devices.iter().map(device).collect::<Vec<_>>(),
        "account_keys": payload.keys.iter().map(key).collect::<Vec<_>>(),
    }))
}

fn outer(case: &Value) -> Result<Value, CaseError> {
    let account = account(case)?;
    match text(case, "op") {
        "group_id" => {
            let group = GroupId::from_bytes(array(case, "group_id")?);
            let ephemeral = x25519_key(case, "ephemeral_public")?;
            let sas = GroupSas::of(&group);
            Ok(json!({
                "encrypted": hex(hazmat::encrypted_group_id(&account, &ephemeral, &group)),
                "created_minutes": group.created().as_secs() / 60,
                "sas_seed": hex(sas.as_bytes()),
                "sas_indices": Sas::from_bytes(*sas.as_bytes()).indices(),
                "sas_short": sas.to_string(),
            }))
        }
        "kicked_entry" => {
            let ephemeral = x25519_key(case, "ephemeral_public")?;
            let device = device_id(case, "device_id")?;
            let entry = hazmat::removed_entry(&account, &ephemeral, &device);
            Ok(json!({"entry": hex(entry)}))
        }
        "kicked_contains" => {
            let device = device_id(case, "device_id")?;
            let message = bytes(case, "message");
            let named = hazmat::names_removed(&account, &message, &device).map_err(group_class)?;
            Ok(json!({"kicked": named}))
        }
        op => Err(CaseError::Failed(format!("unknown op {op}"))),
    }
}

fn memory() -> Result<LinkRequestMemory, CaseError> {
    Ok(LinkRequestMemory::allocate()?)
}

fn link_class(error: Error) -> CaseError {
    match error {
        Error::NotForUs { .. } => refused("not_for_us"),
        Error::Version { .. } => refused("malformed"),
        other => class(other),
    }
}

fn link_request(case: &Value) -> Result<Value, CaseError> {
    let account = account(case)?;
    match text(case, "op") {
        "build" => {
            let device = device_id(case, "device_id")?;
            let request =
                LinkRequest::new(&account, device, record(&case["record"])?).map_err(link_class)?;
            let link = x25519_key(case, "link_x25519")?;
            let secret = bytes(case, "ephemeral_secret");
            let message = request
                .seal(&account, &link, &mut Replay(&secret))
                .map_err(link_class)?;
            let sas = request.sas(&mut memory()?).map_err(link_class)?;
            Ok(json!({
                "plaintext": hex(request.as_bytes()),
                "message": hex(message),
                "sas_salt": hex(hazmat::link_sas_salt(request.as_bytes())),
                "sas_seed": hex(sas.as_bytes()),
                "sas_indices": sas.indices(),
                "sas_short": sas.to_string(),
            }))
        }
        "open" => {
            let keys = pairs(case, "account_key_seeds", KeyPair::of_account_key)?;
            let message = bytes(case, "message");
            let (request, key_index) =
                LinkRequest::open(&account, &keys, &message).map_err(link_class)?;
            let sas = request.sas(&mut memory()?).map_err(link_class)?;
            let record = request.record();
            let extra: serde_json::Map<_, _> = record
                .extra()
                .map(|(key, value)| (String::from_utf8_lossy(key).into_owned(), json!(hex(value))))
                .collect();
            Ok(json!({
                "device_id": hex(request.device().as_bytes()),
                "record": {
                    "seqno": record.seqno(),
                    "timestamp": record.at(),
                    "x25519": hex(record.x25519().as_bytes()),
                    "mlkem_sha3_256": hex(sha3_256(&[record.mlkem_bytes()])),
                    "description": record.info().description(),
                    "type": record.info().kind(),
                    "version": record.info().version(),
                    "extra": extra,
                    "digest": hex(record.digest()),
                },
                "key_index": key_index,
                "sas_indices": sas.indices(),
            }))
        }
        op => Err(CaseError::Failed(format!("unknown op {op}"))),
    }
}

fn sas(case: &Value) -> Result<Value, CaseError> {
    let shown = |indices: &[u8]| -> Result<_, CaseError> {
        let emoji = indices.iter().map(|index| Emoji::from_index(*index));
        emoji
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| refused("bad_index"))
            .map(|emoji| {
                let glyphs: Vec<_> = emoji.iter().map(Emoji::glyph).collect();
                let names: Vec<_> = emoji.iter().map(Emoji::name).collect();
                (glyphs, names)
            })
    };
    match text(case, "op") {
        "emoji" => {
            let indices = Sas::from_bytes(array(case, "seed")?).indices();
            let (emoji, names) = shown(&indices)?;
            Ok(json!({"indices": indices, "emoji": emoji, "names": names}))
        }
        "link_seed" => {
            let plaintext = bytes(case, "plaintext");
            let sas = hazmat::link_sas(&plaintext, &mut memory()?).map_err(class)?;
            Ok(json!({
                "salt": hex(hazmat::link_sas_salt(&plaintext)),
                "seed": hex(sas.as_bytes()),
                "indices": sas.indices(),
            }))
        }
        "table" => {
            let indices: Vec<u8> = numbers(case, "indices")
                .into_iter()
                .map(u8::try_from)
                .collect::<Result<_, _>>()?;
            let (emoji, names) = shown(&indices)?;
            Ok(json!({"emoji": emoji, "names": names}))
        }
        op => Err(CaseError::Failed(format!("unknown op {op}"))),
    }
}

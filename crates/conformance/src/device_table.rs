//! `v2-*`: account key lists, device records, the device table (spec 07 §3, §6, §9).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use session_bt::Value as Bt;
use session_core::UnixMillis;
use session_crypto::sha3::sha3_256;
use session_pfs::hazmat::{
    DeviceStanding, account_key_rotation_draw, merge_account_keys, merge_standing,
};
use session_pfs::{
    AccountKey, AccountKeys, DeviceId, DeviceInfo, DeviceRecord, DeviceState, KeyPair, KeySeed,
    PublicKeys,
};

use crate::case::{
    Accept, CaseError, Replay, Suite, array, bytes, hex, list, optional_bytes, text, unhex,
    unsigned,
};
use crate::pfs::{class, refused};

pub(crate) const SUITES: &[(&str, Suite)] = &[
    ("v2-account-key-list", account_key_list),
    ("v2-rotation-time", rotation_time),
    ("v2-device-record", device_record),
    ("v2-device-merge", device_merge),
];

/// Computed in doubles: a millisecond more or less is the same.
pub(crate) const ACCEPTED: &[(&str, &str, Accept)] =
    &[("v2-rotation-time", "due_ms", |case, _, due| {
        let (keys, device) = with_active_key(case)?;
        let devices = usize::try_from(unsigned(case, "devices")).expect("a small number");
        let computed = keys.rotation_due(&device, devices).expect("a key");
        match computed
            .as_millis()
            .abs_diff(due.as_u64().expect("a number"))
        {
            0 | 1 => Ok(()),
            by => Err(CaseError::Failed(format!("off by {by} ms"))),
        }
    })];

fn signed(object: &Value, field: &str) -> i64 {
    object[field].as_i64().expect("a number")
}

fn account_keys(entries: &[Value]) -> Result<Vec<AccountKey>, CaseError> {
    let key = |entry: &Value| {
        let seed = KeySeed::from_bytes(array(entry, "seed")?);
        Ok(AccountKey::new(
            seed,
            signed(entry, "created"),
            entry["rotated"].as_i64(),
        ))
    };
    entries.iter().map(key).collect()
}

fn account_key_list(case: &Value) -> Result<Value, CaseError> {
    let now = UnixMillis::from_secs(case["now"].as_u64().unwrap_or_default());
    let mut keys = AccountKeys::new();
    merge_account_keys(&mut keys, account_keys(list(case, "held"))?);
    match text(case, "op") {
        "merge" => merge_account_keys(&mut keys, account_keys(list(case, "incoming"))?),
        "rotate" => keys.rotate(now, &mut Replay(&bytes(case, "new_seed"))),
        "prune" => {
            keys.prune(now);
        }
        op => return Err(CaseError::Failed(format!("unknown op {op}"))),
    }
    let keys: Vec<_> = keys
        .iter()
        .map(|held| {
            let key = held.key();
            json!({
                "seed": hex(key.seed.expose_bytes()),
                "created": key.created,
                "rotated": key.rotated,
            })
        })
        .collect();
    Ok(json!({"keys": keys}))
}

/// The list of a device that learned of its only key when that was made.
fn with_active_key(case: &Value) -> Result<(AccountKeys, DeviceId), CaseError> {
    let seed = KeySeed::from_bytes(array(case, "active_seed")?);
    let key = AccountKey::new(seed, signed(case, "created"), None);
    let mut keys = AccountKeys::new();
    keys.merge(vec![key], UnixMillis::from_secs(unsigned(case, "created")));
    Ok((keys, DeviceId::from_bytes(array(case, "device_id")?)))
}

fn rotation_time(case: &Value) -> Result<Value, CaseError> {
    let (keys, device) = with_active_key(case)?;
    let active = keys.active().expect("a key");
    let draw = account_key_rotation_draw(&active.key().seed, &device);
    Ok(json!({"u": draw.to_string()}))
}

/// The extra entries of a record, as vectors write them.
fn extra(record: &DeviceRecord) -> Value {
    let entry = |(key, value): (&[u8], &[u8])| {
        let key = String::from_utf8(key.to_vec()).expect("keys of vectors are text");
        (key, Value::from(hex(value)))
    };
    record.extra().map(entry).collect::<Map<_, _>>().into()
}

/// A record that has extra entries: one's own records only keep those that were there before.
fn with_extra(record: &DeviceRecord, extra: &Value) -> DeviceRecord {
    let extra: Vec<(&str, Vec<u8>)> = extra
        .as_object()
        .expect("entries")
        .iter()
        .map(|(key, value)| (&**key, unhex(value.as_str().expect("hex"))))
        .collect();
    let Ok(Bt::Dict(mut entries)) = Bt::decode(record.as_bytes()) else {
        panic!("records are dicts");
    };
    for (key, value) in &extra {
        entries.push((key.as_bytes(), Bt::decode(value).expect("a value")));
    }
    entries.sort_by_key(|(key, _)| *key);
    let mut encoded = Vec::new();
    Bt::Dict(entries).encode(&mut encoded).expect("sorted");
    DeviceRecord::decode(&encoded).expect("a record")
}

/// The `record` objects of vectors, with the seed that their keys come from.
pub(crate) fn record_of(object: &Value) -> Result<DeviceRecord, CaseError> {
    let seed = KeySeed::from_bytes(array(object, "device_seed")?);
    let keys: PublicKeys = KeyPair::of_device_key(&seed).public();
    let (seqno, at) = (signed(object, "seqno"), signed(object, "timestamp"));
    let info = DeviceInfo::new(
        text(object, "description"),
        text(object, "type"),
        signed(object, "version"),
    );
    // The first one knows nothing but the extra entries.
    let before = DeviceRecord::new(&keys, 1, 0, &DeviceInfo::default()).map_err(class)?;
    with_extra(&before, &object["extra"])
        .with(&keys, seqno, at, &info)
        .map_err(class)
}

fn device_record(case: &Value) -> Result<Value, CaseError> {
    match text(case, "op") {
        "encode" => {
            let record = record_of(&case["record"])?;
            Ok(json!({
                "encoded": hex(record.as_bytes()),
                "digest": hex(record.digest()),
            }))
        }
        "decode" => {
            let record = DeviceRecord::decode(&bytes(case, "encoded")).map_err(class)?;
            Ok(json!({
                "seqno": record.seqno(),
                "timestamp": record.at(),
                "x25519": hex(record.x25519().as_bytes()),
                "mlkem_sha3_256": hex(sha3_256(&[record.mlkem_bytes()])),
                "description": record.info().description(),
                "type": record.info().kind(),
                "version": record.info().version(),
                "extra": extra(&record),
                "digest": hex(record.digest()),
            }))
        }
        op => Err(CaseError::Failed(format!("unknown op {op}"))),
    }
}

const STATES: [(&str, DeviceState); 5] = [
    ("unregistered", DeviceState::Unregistered),
    ("pending", DeviceState::Pending),
    ("registered", DeviceState::Registered),
    ("left", DeviceState::Left),
    ("kicked", DeviceState::Removed),
];

fn standing(row: &Value) -> Result<DeviceStanding, CaseError> {
    let state = STATES
        .iter()
        .find(|(name, _)| *name == text(row, "state"))
        .ok_or_else(|| refused("unknown state"))?
        .1;
    Ok(DeviceStanding {
        state,
        seqno: signed(row, "seqno"),
        digest: optional_bytes(row, "digest").map(|bytes| bytes.try_into().expect("8 bytes")),
        at: row["at"].as_i64(),
    })
}

fn row(id: &str, standing: &DeviceStanding) -> Value {
    let state = STATES.iter().find(|(_, state)| *state == standing.state);
    json!({
        "id": id,
        "state": state.map(|(name, _)| name),
        "seqno": standing.seqno,
        "digest": standing.digest.map(hex),
        "at": standing.at,
    })
}

fn device_merge(case: &Value) -> Result<Value, CaseError> {
    let (own, now) = (text(case, "self_id"), signed(case, "now"));
    // Hex sorts as the bytes do.
    let mut table = BTreeMap::new();
    for held in list(case, "held") {
        table.insert(text(held, "id"), standing(held)?);
    }
    let (mut restated, mut joined, mut gone) = (vec![], vec![], vec![]);
    let mut departed = false;
    for incoming in list(case, "incoming") {
        let id = text(incoming, "id");
        let held = table.get(id).copied();
        let Some((after, what)) = merge_standing(id == own, held, standing(incoming)?, now) else {
            continue;
        };
        table.insert(id, after);
        restated.extend(what.restated.then_some(id));
        joined.extend(what.joined.then_some(id));
        gone.extend(what.gone.then_some(id));
        departed |= what.departed;
    }
    let member = table
        .get(own)
        .is_some_and(|row| row.state == DeviceState::Registered);
    let rows: Vec<_> = table
        .iter()
        .map(|(id, standing)| row(id, standing))
        .collect();
    Ok(json!({
        "table": rows,
        "restated": restated,
        "joined": joined,
        "gone": gone,
        "rotate_account_key": departed && member,
    }))
}

//! `config-bt-*`: generic bt-encoding.

use serde_json::{Value, json};
use session_bt::{Integer, Value as Bt};

use crate::case::{self, CaseError, Suite, hex};

pub(crate) const SUITES: &[(&str, Suite)] =
    &[("config-bt-decode", decode), ("config-bt-encode", encode)];

fn decode(case: &Value) -> Result<Value, CaseError> {
    let encoded = case::bytes(case, "encoded");
    let value = Bt::decode(&encoded)?;
    let mut canonical = Vec::new();
    value.encode(&mut canonical)?;
    Ok(json!({"value": to_json(&value), "canonical": hex(canonical)}))
}

fn encode(case: &Value) -> Result<Value, CaseError> {
    // Owns the strings that the borrowed value points into.
    let mut arena = Vec::new();
    collect_strings(&case["value"], &mut arena);
    let value = from_json(&case["value"], &mut arena.iter());
    let mut encoded = Vec::new();
    value.encode(&mut encoded)?;
    Ok(json!({"encoded": hex(encoded)}))
}

/// Integers are numbers up to 2^53 and text beyond.
fn integer_to_json(integer: Integer) -> Value {
    const EXACT: i64 = 1 << 53;
    match integer.get::<i64>() {
        Some(value) if (-EXACT..=EXACT).contains(&value) => json!(value),
        _ => json!(integer.to_string()),
    }
}

fn to_json(value: &Bt<'_>) -> Value {
    match value {
        Bt::Int(integer) => json!({"i": integer_to_json(*integer)}),
        Bt::Bytes(bytes) => json!({"s": hex(bytes)}),
        Bt::List(items) => json!({"l": items.iter().map(to_json).collect::<Vec<_>>()}),
        Bt::Dict(entries) => {
            let entries: Vec<_> = entries
                .iter()
                .map(|(key, value)| json!([hex(key), to_json(value)]))
                .collect();
            json!({"d": entries})
        }
    }
}

/// The byte strings of a value in the order in which [`from_json`] needs them.
fn collect_strings(value: &Value, arena: &mut Vec<Vec<u8>>) {
    if value.get("s").is_some() {
        arena.push(case::bytes(value, "s"));
    } else if value.get("l").is_some() {
        case::list(value, "l")
            .iter()
            .for_each(|item| collect_strings(item, arena));
    } else if value.get("d").is_some() {
        for entry in case::list(value, "d") {
            arena.push(case::unhex(entry[0].as_str().unwrap_or_default()));
            collect_strings(&entry[1], arena);
        }
    }
}

fn from_json<'a>(value: &Value, strings: &mut std::slice::Iter<'a, Vec<u8>>) -> Bt<'a> {
    let next = |strings: &mut std::slice::Iter<'a, Vec<u8>>| {
        strings.next().map(Vec::as_slice).unwrap_or_default()
    };
    if let Some(integer) = value.get("i") {
        let text = integer.as_str().map_or(integer.to_string(), str::to_owned);
        Bt::Int(match text.parse::<i64>() {
            Ok(signed) => signed.into(),
            Err(_) => text
                .parse::<u64>()
                .expect("an integer of the bt range")
                .into(),
        })
    } else if value.get("s").is_some() {
        Bt::Bytes(next(strings))
    } else if value.get("l").is_some() {
        let items = case::list(value, "l");
        Bt::List(items.iter().map(|item| from_json(item, strings)).collect())
    } else {
        let entries = case::list(value, "d");
        let mut entries: Vec<_> = entries
            .iter()
            .map(|entry| (next(strings), from_json(&entry[1], strings)))
            .collect();
        entries.sort_by_key(|(key, _)| *key);
        Bt::Dict(entries)
    }
}

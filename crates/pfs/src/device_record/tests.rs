use alloc::format;
use alloc::string::ToString;
use alloc::vec;

use proptest::prelude::*;

use super::*;
use crate::{KeyPair, KeySeed};

const AT: i64 = 1_790_000_000;

fn keys(byte: u8) -> PublicKeys {
    KeyPair::of_device_key(&KeySeed::from_bytes([byte; 32])).public()
}

/// A record of entries that are encoded already, in this order.
fn raw(entries: &[(&[u8], Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::from(*b"d");
    for (key, value) in entries {
        out.extend(string(key));
        out.extend_from_slice(value);
    }
    out.push(b'e');
    out
}

fn string(bytes: &[u8]) -> Vec<u8> {
    [bytes.len().to_string().as_bytes(), b":", bytes].concat()
}

fn good() -> Vec<(&'static [u8], Vec<u8>)> {
    let keys = keys(1);
    vec![
        (b"#", b"i5e".to_vec()),
        (b"@", b"i1790000000e".to_vec()),
        (b"M", string(keys.mlkem().as_bytes())),
        (b"X", string(keys.x25519().as_bytes())),
        (b"d", string(b"Kitchen")),
        (b"t", string(b"d")),
        (b"v", b"i2025000e".to_vec()),
    ]
}

fn with_entry(key: &'static [u8], value: &[u8]) -> Vec<u8> {
    let mut entries = good();
    entries.retain(|(other, _)| *other != key);
    let at = entries.partition_point(|(other, _)| *other < key);
    entries.insert(at, (key, value.to_vec()));
    raw(&entries)
}

fn refused(bytes: &[u8]) {
    assert_eq!(
        DeviceRecord::decode(bytes).unwrap_err(),
        Error::Malformed {
            what: "device record"
        }
    );
}

#[test]
fn reads_what_the_wire_says() {
    let bytes = raw(&good());
    let record = DeviceRecord::decode(&bytes).unwrap();
    assert_eq!((record.seqno(), record.at()), (5, AT));
    assert_eq!(record.keys(), Some(&keys(1)));
    assert_eq!(record.x25519(), keys(1).x25519());
    assert_eq!(record.mlkem_bytes(), keys(1).mlkem().as_bytes());
    assert_eq!(record.info().description(), "Kitchen");
    assert_eq!(record.info().kind(), "d");
    assert_eq!(record.info().version_parts(), (2, 25, 0));
    assert_eq!(record.as_bytes(), bytes);
    assert_eq!(record.digest(), blake2b::hash::<8>(&[&bytes]));
    assert_eq!(record.extra().count(), 0);
}

#[test]
fn what_is_written_is_canonical() {
    let info = DeviceInfo::new("Kitchen", "d", 2_025_000);
    let record = DeviceRecord::new(&keys(1), 5, AT, &info).unwrap();
    assert_eq!(record.as_bytes(), raw(&good()));
    // Empty kind and version zero are left out, an empty description is not.
    let bare = DeviceRecord::new(&keys(1), 1, AT, &DeviceInfo::default()).unwrap();
    assert_eq!(bare.as_bytes().len(), 1258);
    assert!(bare.as_bytes().ends_with(b"1:d0:e"));
}

#[test]
fn optional_entries_may_be_absent() {
    let record = DeviceRecord::decode(&raw(&good()[..4])).unwrap();
    assert_eq!(*record.info(), DeviceInfo::default());
}

#[test]
fn required_entries_must_be_there() {
    for absent in 0..4 {
        let mut entries = good();
        entries.remove(absent);
        refused(&raw(&entries));
    }
}

#[test]
fn known_entries_have_a_type_and_a_length() {
    for (key, value) in [
        (&b"#"[..], &b"1:5"[..]),
        (b"#", b"i9223372036854775808e"),
        (b"@", b"le"),
        (b"M", b"i1e"),
        (b"M", &string(&[0; 1183])),
        (b"M", &string(&[0; 1185])),
        (b"X", &string(&[0; 31])),
        (b"X", &string(&[0; 33])),
        (b"d", b"i1e"),
        (b"t", b"de"),
        (b"v", b"1:1"),
    ] {
        refused(&with_entry(key, value));
    }
    assert!(DeviceRecord::decode(&with_entry(b"#", b"i9223372036854775807e")).is_ok());
}

#[test]
fn entries_are_ascending_and_nothing_follows() {
    let mut swapped = good();
    swapped.swap(0, 1);
    refused(&raw(&swapped));
    let mut twice = good();
    twice.insert(5, (b"d", string(b"Kitchen")));
    refused(&raw(&twice));
    // Also among entries that nobody knows.
    let mut unknown = good();
    unknown.extend([(&b"z"[..], b"i1e".to_vec()), (b"z", b"i1e".to_vec())]);
    refused(&raw(&unknown));
    refused(&[&raw(&good())[..], b"e"].concat());
    refused(&raw(&good())[..1200]);
    refused(b"");
    refused(b"le");
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| [vec![b'l'; depth], vec![b'e'; depth]].concat();
    assert!(DeviceRecord::decode(&with_entry(b"z", &nested(29))).is_ok());
    refused(&with_entry(b"z", &nested(30)));
}

#[test]
fn unusable_keys_are_no_error_but_none() {
    let low_order = DeviceRecord::decode(&with_entry(b"X", &string(&[0; 32]))).unwrap();
    assert_eq!(low_order.keys(), None);
    assert_eq!(low_order.x25519().as_bytes(), &[0; 32]);
    assert_eq!(low_order.mlkem_bytes(), keys(1).mlkem().as_bytes());
    let modulus = DeviceRecord::decode(&with_entry(b"M", &string(&[0xff; 1184]))).unwrap();
    assert_eq!(modulus.keys(), None);
    assert_eq!(modulus.mlkem_bytes(), &[0xff; 1184]);
}

#[test]
fn negative_numbers_are_read_and_not_written() {
    let record = DeviceRecord::decode(&with_entry(b"#", b"i-3e")).unwrap();
    assert_eq!((record.seqno(), record.next_seqno()), (-3, -2));
    let malformed = Error::Malformed {
        what: "device record",
    };
    let info = DeviceInfo::default();
    assert_eq!(DeviceRecord::new(&keys(1), 0, AT, &info), Err(malformed));
    assert_eq!(record.with(&keys(1), -2, AT, &info), Err(malformed));
    assert_eq!(record.with_seqno(0), Err(malformed));
    let last = record.with_seqno(i64::MAX).unwrap();
    assert_eq!(last.next_seqno(), i64::MAX);
}

#[test]
fn unknown_entries_stay_where_they_are() {
    let mut entries = good();
    entries.insert(0, (b"!", b"3:abc".to_vec()));
    entries.insert(5, (b"Z", b"i-5e".to_vec()));
    entries.push((b"x", b"d1:xi1ee".to_vec()));
    // No text, and no integer as this code would write it.
    entries.push((b"\xff", b"i007e".to_vec()));
    let record = DeviceRecord::decode(&raw(&entries)).unwrap();
    let extra: Vec<_> = record.extra().collect();
    assert_eq!(
        extra,
        [
            (&b"!"[..], &b"3:abc"[..]),
            (b"Z", b"i-5e"),
            (b"x", b"d1:xi1ee"),
            (b"\xff", b"i007e"),
        ]
    );
    let info = DeviceInfo::new("Study", "", 0);
    let next = record.with(&keys(2), 6, AT + 1, &info).unwrap();
    assert_eq!(next.extra().collect::<Vec<_>>(), extra);
    assert_eq!((next.seqno(), next.at()), (6, AT + 1));
    assert_eq!(next.keys(), Some(&keys(2)));
    assert_eq!(*next.info(), info);
    assert!(!next.has_keys_of(&record));

    // Under another number nothing else changes, whatever it is.
    entries.retain(|(key, _)| *key != b"d");
    let long = [&[0xff; 3], &[b'x'; 200][..]].concat();
    entries.insert(6, (b"d", string(&long)));
    let record = DeviceRecord::decode(&raw(&entries)).unwrap();
    assert_eq!(record.info().description().chars().count(), 203);
    entries[1].1 = b"i77e".to_vec();
    let renumbered = record.with_seqno(77).unwrap();
    assert_eq!(renumbered.as_bytes(), raw(&entries));
    assert!(renumbered.has_keys_of(&record));
}

#[test]
fn texts_are_cut_between_characters_when_written() {
    let name = "x".repeat(63) + "é";
    let info = DeviceInfo::new(&name, &"é".repeat(40), 0);
    assert_eq!(info.description(), "x".repeat(63));
    assert_eq!(info.kind(), "é".repeat(32));
    assert_eq!(
        DeviceInfo::new(&"x".repeat(64), "", 0).description().len(),
        64
    );
    // What was received may be longer; one's own next record is not.
    let long = string(&[b'x'; 100]);
    let received = DeviceRecord::decode(&with_entry(b"d", &long)).unwrap();
    assert_eq!(received.info().description().len(), 100);
    let written = received.with(&keys(1), 6, AT, received.info()).unwrap();
    assert_eq!(written.info().description().len(), 64);
}

#[test]
fn versions_are_packed() {
    assert_eq!(DeviceInfo::pack_version(2, 25, 7), 2_025_007);
    assert_eq!(DeviceInfo::pack_version(0, 1000, 12_345), 999_999);
    let most = DeviceInfo::pack_version(u32::MAX, u32::MAX, u32::MAX);
    assert_eq!(
        DeviceInfo::new("", "", most).version_parts(),
        (i64::from(u32::MAX), 999, 999)
    );
    assert_eq!(DeviceInfo::new("", "", -1).version_parts(), (0, 0, 0));
}

#[test]
fn display_forms_do_not_mislead() {
    let info = DeviceInfo::new(
        "a\u{202e}b\nc\u{7}\u{2066}d\u{2028}\u{feff}é👩\u{200d}🔧",
        "\0d",
        0,
    );
    assert_eq!(info.display_description(), "abcdé👩\u{200d}🔧");
    assert_eq!(info.display_kind(), "d");
    let long = string("é".repeat(500).as_bytes());
    let received = DeviceRecord::decode(&with_entry(b"d", &long)).unwrap();
    assert_eq!(received.info().display_description(), "é".repeat(64));
}

#[test]
fn debug_shows_neither_names_nor_keys() {
    let record = DeviceRecord::decode(&raw(&good())).unwrap();
    assert_eq!(
        format!("{record:?}"),
        "DeviceRecord { seqno: 5, at: 1790000000, .. }"
    );
    assert_eq!(
        format!("{:?}", record.info()),
        "DeviceInfo { version: 2025000, .. }"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn round_trip(
        key: u8,
        seqno in 1..=i64::MAX,
        at: i64,
        description in ".{0,80}",
        kind in "[a-z]{0,3}",
        version: i64,
    ) {
        let info = DeviceInfo::new(&description, &kind, version);
        let record = DeviceRecord::new(&keys(key), seqno, at, &info).unwrap();
        let read = DeviceRecord::decode(record.as_bytes()).unwrap();
        prop_assert_eq!(&read, &record);
        prop_assert_eq!((read.seqno(), read.at()), (seqno, at));
        prop_assert_eq!(read.info(), &info);
        prop_assert_eq!(read.keys(), Some(&keys(key)));
        prop_assert!(info.description().len() <= 64 && description.starts_with(info.description()));
        prop_assert_eq!(read.with(&keys(key), seqno, at, &info).unwrap(), record);
    }

    #[test]
    fn a_changed_byte_makes_another_record(at: prop::sample::Index, change in 1..=255_u8) {
        let mut bytes = raw(&good());
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        if let Ok(changed) = DeviceRecord::decode(&bytes) {
            prop_assert_eq!(changed.as_bytes(), &bytes);
            prop_assert_ne!(changed.digest(), DeviceRecord::decode(&raw(&good())).unwrap().digest());
        }
    }
}

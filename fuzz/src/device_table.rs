//! Device records, and what becomes of them in the table.

use std::sync::LazyLock;

use session_pfs::{
    DeviceEntry, DeviceId, DeviceInfo, DeviceRecord, DeviceState, DeviceTable, EntryMerged,
    KeyPair, KeySeed, PublicKeys,
};

use crate::bytes::Bytes;

const NOW: i64 = 1_790_000_000;

static KEYS: LazyLock<[PublicKeys; 2]> = LazyLock::new(|| {
    [1, 2].map(|byte| KeyPair::of_device_key(&KeySeed::from_bytes([byte; 32])).public())
});

/// Records as they come, tables as they are saved, and tables that anything is merged into.
pub fn device_table(data: &[u8]) {
    let mut bytes = Bytes(data);
    match bytes.byte() % 3 {
        0 => record(bytes.rest()),
        1 => saved(bytes.rest()),
        _ => merged(bytes),
    }
}

const NAMES: [&str; 4] = ["own", "other", "asks", "accepted"];

/// Made once, since checking the keys of a record takes time: by name, then by number.
static RECORDS: LazyLock<[[DeviceRecord; 8]; 4]> = LazyLock::new(|| {
    NAMES.map(|name| {
        let info = DeviceInfo::new(name, "d", 2_000_000);
        core::array::from_fn(|number| {
            let seqno = i64::try_from(number / 2 + 1).expect("small");
            DeviceRecord::new(&KEYS[number % 2], seqno, NOW, &info).expect("above zero")
        })
    })
});

fn a_record(name: &str, number: u8) -> DeviceRecord {
    let name = NAMES.iter().position(|known| *known == name);
    RECORDS[name.expect("a name")][usize::from(number % 8)].clone()
}

fn extra(record: &DeviceRecord) -> Vec<(&[u8], &[u8])> {
    record.extra().collect()
}

fn record(encoded: &[u8]) {
    let Ok(record) = DeviceRecord::decode(encoded) else {
        return;
    };
    assert_eq!(record.as_bytes(), encoded);
    assert_eq!(record.mlkem_bytes().len(), 1184);
    assert!(extra(&record).is_sorted_by_key(|(key, _)| *key));
    let shown = record.info().display_description();
    assert!(shown.chars().count() <= 64 && !shown.contains(char::is_control));

    let other = record.with_seqno(7).expect("a number above zero");
    assert_eq!((other.seqno(), other.at()), (7, record.at()));
    assert_eq!(other.info(), record.info());
    assert_eq!(other.keys(), record.keys());
    assert_eq!(extra(&other), extra(&record));
    assert_eq!(other == record, other.digest() == record.digest());

    let info = DeviceInfo::new("é", "", 0);
    let next = record.with(&KEYS[0], 8, NOW, &info);
    let next = next.expect("a number above zero");
    assert_eq!(extra(&next), extra(&record));
    assert_eq!((next.keys(), next.info()), (Some(&KEYS[0]), &info));
}

fn saved(bytes: &[u8]) {
    if let Ok(table) = DeviceTable::read(bytes) {
        check(&table);
        let mut out = Vec::new();
        table.write(&mut out);
        // Names that are no UTF-8 stay: the record is written as it was.
        assert_eq!(out, bytes);
    }
}

fn id(byte: u8) -> DeviceId {
    DeviceId::from_bytes([byte % 5; 32])
}

fn check(table: &DeviceTable) {
    assert!(table.rows().count() <= 2048);
    assert!(table.rows().is_sorted_by(|a, b| a.id() < b.id()));
    assert_eq!(table.row(table.own_id()), Some(table.own()));
    for row in table.rows() {
        assert_eq!(table.row(row.id()), Some(row));
        assert_eq!(row.state().is_gone(), row.removed_at().is_some());
        assert!(row.state().is_gone() || row.record().is_some());
    }
}

fn entry(bytes: &mut Bytes<'_>) -> DeviceEntry {
    let choice = bytes.byte();
    match choice & 3 {
        0 => DeviceEntry::Left(NOW - i64::from(choice)),
        1 => DeviceEntry::Removed(NOW - i64::from(choice)),
        2 => DeviceEntry::Removed(NOW + 1000 * i64::from(choice)),
        _ => DeviceEntry::Record(a_record("other", bytes.byte())),
    }
}

/// What a group message built from the table says.
fn told(table: &DeviceTable) -> Vec<(DeviceId, DeviceEntry)> {
    let entry = |row: &session_pfs::DeviceRow| match row.state() {
        DeviceState::Registered => Some(DeviceEntry::Record(row.record()?.clone())),
        DeviceState::Left => row.removed_at().map(DeviceEntry::Left),
        DeviceState::Removed => row.removed_at().map(DeviceEntry::Removed),
        _ => None,
    };
    table
        .rows()
        .filter_map(|row| Some((*row.id(), entry(row)?)))
        .collect()
}

fn merge(table: &mut DeviceTable, id: DeviceId, entry: DeviceEntry) {
    let before = table.clone();
    let what = table.merge(id, entry, NOW);
    assert_eq!(what.changed, *table != before);
    assert!(what.changed || what == EntryMerged::default());
    let (held, row) = (before.row(&id), table.row(&id));
    // Nothing is ever undone.
    assert!(held.map(|row| row.state()) <= row.map(|row| row.state()));
    let is_member = |row: Option<&session_pfs::DeviceRow>| {
        row.is_some_and(|row| row.state() == DeviceState::Registered)
    };
    let own = id == *table.own_id();
    assert_eq!(what.joined, !own && !is_member(held) && is_member(row));
    assert_eq!(what.gone, !own && is_member(held) && !is_member(row));
    check(table);
}

fn merged(mut bytes: Bytes<'_>) {
    let new = || DeviceTable::new(id(0), DeviceState::Registered, a_record("own", 3));
    let mut table = new();
    let mut entries = Vec::new();
    while !bytes.is_empty() && entries.len() < 16 {
        let (step, device) = (bytes.byte(), id(bytes.byte()));
        match step % 12 {
            0 => {
                let before = table.row(&device).cloned();
                let asked = a_record("asks", bytes.byte());
                let taken = table.request(device, asked);
                assert_eq!(taken, table.row(&device) != before.as_ref());
            }
            1 => {
                let accepted = table.accept(&device, a_record("accepted", bytes.byte()));
                let row = table.row(&device);
                assert!(!accepted || row.is_some_and(|row| row.state() == DeviceState::Registered));
            }
            2 => table.remove(&device, NOW),
            3 => {
                let owed = table.broadcast_owed();
                table.clear_broadcast(&owed);
                assert!(table.broadcast_owed().is_empty());
            }
            4 => {
                let mut out = Vec::new();
                table.write(&mut out);
                assert_eq!(DeviceTable::read(&out).as_ref(), Ok(&table));
            }
            _ => {
                let entry = entry(&mut bytes);
                merge(&mut table, device, entry.clone());
                entries.push((device, entry));
            }
        }
        check(&table);
    }
    // Two that read the same in opposite order agree, once each has heard of the other.
    let (mut a, mut b) = (new(), new());
    for (id, entry) in &entries {
        merge(&mut a, *id, entry.clone());
    }
    for (id, entry) in entries.iter().rev() {
        merge(&mut b, *id, entry.clone());
    }
    let (from_a, from_b) = (told(&a), told(&b));
    for (id, entry) in from_b {
        merge(&mut a, id, entry);
    }
    for (id, entry) in from_a {
        merge(&mut b, id, entry);
    }
    // This device's own record has no digest: of one number the first stays.
    let others = |table: &DeviceTable| -> Vec<_> {
        let mut told = told(table);
        told.retain(|(id, _)| id != table.own_id());
        told
    };
    assert_eq!(others(&a), others(&b));
    assert_eq!(a.own().state(), b.own().state());
}

/// A saved table, and steps.
#[must_use]
pub fn device_table_seeds() -> Vec<Vec<u8>> {
    let mut table = DeviceTable::new(id(0), DeviceState::Registered, a_record("own", 3));
    table.merge(id(2), DeviceEntry::Left(NOW), NOW);
    table.merge(id(3), DeviceEntry::Removed(NOW), NOW);
    table.merge(id(3), DeviceEntry::Record(a_record("other", 1)), NOW);
    let mut saved = Vec::from([1]);
    table.write(&mut saved);
    vec![
        saved,
        [&[2][..], &[11, 1, 3, 2, 0, 2, 1, 1, 2, 2, 4, 0, 3, 0]].concat(),
        [
            &[2][..],
            &[11, 1, 1, 11, 1, 3, 2, 11, 1, 0, 11, 2, 2, 11, 2, 3, 9],
        ]
        .concat(),
        [&[2][..], &[11, 0, 3, 5, 11, 0, 0, 11, 0, 3, 7, 4, 4]].concat(),
    ]
}

use alloc::vec;
use alloc::{format, string::String};

use proptest::prelude::*;

use super::*;
use crate::{DeviceInfo, Error, KeyPair, KeySeed, PublicKeys};

const NOW: i64 = 1_790_000_000;
const DAY: i64 = 24 * 3600;

fn id(byte: u8) -> DeviceId {
    DeviceId::from_bytes([byte; 32])
}

fn keys(byte: u8) -> PublicKeys {
    KeyPair::of_device_key(&KeySeed::from_bytes([byte; 32])).public()
}

fn named(keys_of: u8, seqno: i64, name: &str) -> DeviceRecord {
    let info = DeviceInfo::new(name, "d", 1);
    DeviceRecord::new(&keys(keys_of), seqno, NOW - 500, &info).unwrap()
}

fn record(seqno: i64) -> DeviceRecord {
    named(2, seqno, "")
}

/// Two records of one number, the later one second.
fn tied(seqno: i64) -> (DeviceRecord, DeviceRecord) {
    let (a, b) = (named(2, seqno, "a"), named(2, seqno, "b"));
    if a.digest() < b.digest() {
        (a, b)
    } else {
        (b, a)
    }
}

/// Device 1 in its group.
fn table() -> DeviceTable {
    DeviceTable::new(id(1), DeviceState::Registered, named(1, 7, "own"))
}

/// The same with device 2 as a member, whom nobody has to be told of.
fn table_of_two() -> DeviceTable {
    let mut table = table();
    table.merge(id(2), DeviceEntry::Record(record(4)), NOW);
    let told = table.broadcast_owed();
    table.clear_broadcast(&told);
    table
}

fn merge(table: &mut DeviceTable, device: u8, entry: DeviceEntry) -> EntryMerged {
    table.merge(id(device), entry, NOW)
}

fn take(table: &mut DeviceTable, record: &DeviceRecord) -> EntryMerged {
    merge(table, 2, DeviceEntry::Record(record.clone()))
}

fn two(table: &DeviceTable) -> (DeviceState, i64, Option<i64>) {
    let row = table.row(&id(2)).unwrap();
    (row.state(), row.seqno(), row.removed_at())
}

fn owed(table: &DeviceTable) -> Vec<DeviceId> {
    table.broadcast_owed().iter().map(|owed| owed.id).collect()
}

fn nothing() -> EntryMerged {
    EntryMerged::default()
}

fn changed() -> EntryMerged {
    EntryMerged {
        changed: true,
        ..nothing()
    }
}

fn joined() -> EntryMerged {
    EntryMerged {
        joined: true,
        ..changed()
    }
}

#[test]
fn a_record_of_an_unknown_device_joins() {
    let mut table = table();
    assert_eq!(take(&mut table, &record(1)), joined());
    assert_eq!(two(&table), (DeviceState::Registered, 1, None));
    assert_eq!(owed(&table), [id(2)]);
}

#[test]
fn a_pending_device_joins_whatever_the_number() {
    for seqno in [3, 4, 9] {
        let mut table = table();
        assert!(table.request(id(2), record(seqno)));
        assert_eq!(take(&mut table, &record(4)), joined());
        assert_eq!(two(&table), (DeviceState::Registered, 4, None));
        assert_eq!(owed(&table), [id(2)]);
    }
}

#[test]
fn a_later_record_replaces() {
    let mut table = table_of_two();
    assert_eq!(take(&mut table, &record(5)), changed());
    assert_eq!(two(&table).1, 5);
    assert_eq!(owed(&table), []);
    let replaced = EntryMerged {
        replaced: true,
        ..changed()
    };
    assert_eq!(take(&mut table, &named(3, 6, "")), replaced);
}

#[test]
fn an_earlier_record_does_not() {
    let mut table = table_of_two();
    for seqno in [3, 0, -1, i64::MIN] {
        let info = DeviceInfo::default();
        let mut bytes = DeviceRecord::new(&keys(2), 1, NOW, &info)
            .unwrap()
            .as_bytes()
            .to_vec();
        bytes.splice(4..7, format!("i{seqno}e").into_bytes());
        let record = DeviceRecord::decode(&bytes).unwrap();
        assert_eq!(record.seqno(), seqno);
        assert_eq!(take(&mut table, &record), nothing());
    }
    assert_eq!(two(&table).1, 4);
}

#[test]
fn of_one_number_the_digest_decides() {
    let (earlier, later) = tied(4);
    let mut table = table();
    take(&mut table, &earlier);
    assert_eq!(take(&mut table, &later), changed());
    assert_eq!(take(&mut table, &earlier), nothing());
    assert_eq!(take(&mut table, &later), nothing());
    assert_eq!(table.row(&id(2)).unwrap().record(), Some(&later));
}

#[test]
fn numbers_go_up_in_steps_that_leave_room() {
    let mut table = table_of_two();
    let held = table.row(&id(2)).unwrap().seqno();
    for beyond in [held + (1 << 32) + 1, i64::MAX] {
        assert_eq!(take(&mut table, &record(beyond)), nothing());
    }
    let (earlier, later) = tied(held + (1 << 32));
    assert_eq!(take(&mut table, &earlier), changed());
    assert_eq!(take(&mut table, &later), changed());
    assert_eq!(take(&mut table, &record(5)), nothing());
}

#[test]
fn records_that_leave_no_room_for_others_are_skipped() {
    let mut table = table_of_two();
    let long = |len: usize| {
        let mut bytes = record(9).as_bytes().to_vec();
        bytes.pop();
        let entry = format!("1:z{}:", len - bytes.len() - 8);
        bytes.extend(entry.as_bytes());
        bytes.resize(len - 1, b'x');
        bytes.push(b'e');
        DeviceRecord::decode(&bytes).unwrap()
    };
    assert_eq!(long(2049).as_bytes().len(), 2049);
    assert_eq!(take(&mut table, &long(2049)), nothing());
    assert_eq!(take(&mut table, &long(2048)), changed());
}

#[test]
fn ones_own_record_has_no_digest() {
    let mut table = table();
    for same_number in [named(1, 7, "a"), named(1, 7, "b"), named(1, 7, "c")] {
        let merged = merge(&mut table, 1, DeviceEntry::Record(same_number));
        assert_eq!(merged, nothing());
    }
    let later = named(1, 8, "a");
    let merged = merge(&mut table, 1, DeviceEntry::Record(later.clone()));
    assert_eq!(merged, changed());
    assert_eq!(table.own().record(), Some(&later));
    // That one came in a message.
    let merged = merge(&mut table, 1, DeviceEntry::Record(named(1, 8, "zz")));
    assert_eq!(merged.changed, named(1, 8, "zz").digest() > later.digest());
}

#[test]
fn this_device_itself_is_not_announced() {
    let mut table = DeviceTable::new(id(1), DeviceState::Pending, named(1, 7, ""));
    let merged = merge(&mut table, 1, DeviceEntry::Record(named(1, 7, "")));
    assert_eq!(merged, changed());
    assert_eq!(table.own().state(), DeviceState::Registered);
    let merged = merge(&mut table, 1, DeviceEntry::Removed(NOW - 1));
    assert_eq!(merged, changed());
    assert_eq!(table.own().state(), DeviceState::Removed);
    assert_eq!(table.registered().count(), 0);
}

#[test]
fn a_removal_keeps_what_is_known() {
    let mut table = table_of_two();
    let gone = EntryMerged {
        gone: true,
        ..changed()
    };
    assert_eq!(merge(&mut table, 2, DeviceEntry::Removed(NOW - 9)), gone);
    assert_eq!(two(&table), (DeviceState::Removed, 4, Some(NOW - 9)));
    assert!(table.row(&id(2)).unwrap().record().is_some());
    assert_eq!(owed(&table), [id(2)]);
}

#[test]
fn a_departure_rotates_the_account_key() {
    let mut table = table_of_two();
    let merged = merge(&mut table, 2, DeviceEntry::Left(NOW - 9));
    let departed = EntryMerged {
        departed: true,
        ..changed()
    };
    assert_eq!(
        merged,
        EntryMerged {
            gone: true,
            ..departed
        }
    );
    // Once.
    assert_eq!(merge(&mut table, 2, DeviceEntry::Left(NOW - 9)), nothing());
    assert_eq!(merge(&mut table, 2, DeviceEntry::Left(NOW - 8)), changed());
    // Of a device that nobody knows too.
    assert_eq!(merge(&mut table, 3, DeviceEntry::Left(NOW - 9)), departed);
}

#[test]
fn a_removal_of_an_unknown_device_is_kept() {
    let mut table = table();
    assert_eq!(merge(&mut table, 2, DeviceEntry::Removed(NOW)), changed());
    assert_eq!(two(&table), (DeviceState::Removed, 0, Some(NOW)));
    assert_eq!(table.row(&id(2)).unwrap().record(), None);
    assert_eq!(owed(&table), []);
}

#[test]
fn a_removal_of_a_pending_device_is_nobodys_loss() {
    let mut table = table();
    assert!(table.request(id(2), record(1)));
    assert_eq!(merge(&mut table, 2, DeviceEntry::Removed(NOW)), changed());
    assert_eq!(owed(&table), []);
}

#[test]
fn a_removal_beats_a_later_departure_and_never_the_reverse() {
    let mut table = table_of_two();
    merge(&mut table, 2, DeviceEntry::Left(NOW - 5));
    assert_eq!(
        merge(&mut table, 2, DeviceEntry::Removed(NOW - 500)),
        changed()
    );
    assert_eq!(two(&table).2, Some(NOW - 500));
    assert_eq!(merge(&mut table, 2, DeviceEntry::Left(NOW)), nothing());
}

#[test]
fn of_two_removals_the_later_counts() {
    let mut table = table();
    merge(&mut table, 2, DeviceEntry::Removed(NOW - 500));
    assert_eq!(
        merge(&mut table, 2, DeviceEntry::Removed(NOW - 400)),
        changed()
    );
    assert_eq!(
        merge(&mut table, 2, DeviceEntry::Removed(NOW - 450)),
        nothing()
    );
    assert_eq!(two(&table).2, Some(NOW - 400));
}

#[test]
fn removals_far_ahead_count_as_of_now() {
    let mut table = table();
    merge(&mut table, 2, DeviceEntry::Removed(NOW + DAY));
    assert_eq!(two(&table).2, Some(NOW + DAY));
    merge(&mut table, 3, DeviceEntry::Removed(NOW + DAY + 1));
    merge(&mut table, 4, DeviceEntry::Left(i64::MAX));
    for device in [3, 4] {
        assert_eq!(table.row(&id(device)).unwrap().removed_at(), Some(NOW));
    }
}

#[test]
fn a_record_of_a_device_that_is_gone_restates_its_removal() {
    for entry in [
        DeviceEntry::Removed(NOW - 500),
        DeviceEntry::Left(NOW - 500),
    ] {
        let mut table = table_of_two();
        merge(&mut table, 2, entry);
        table.clear_broadcast(&table.broadcast_owed());
        let state = two(&table).0;
        let restated = EntryMerged {
            restated: true,
            ..changed()
        };
        assert_eq!(take(&mut table, &record(99)), restated);
        assert_eq!(two(&table), (state, 4, Some(NOW)));
        assert_eq!(owed(&table), [id(2)]);
    }
}

#[test]
fn a_removal_is_restated_once_an_hour() {
    let mut table = table_of_two();
    merge(&mut table, 2, DeviceEntry::Removed(NOW - 500));
    let mut attempt = |now| {
        let merged = table.merge(id(2), DeviceEntry::Record(record(99)), now);
        (merged.restated, merged.changed, two(&table).2)
    };
    assert_eq!(attempt(NOW), (true, true, Some(NOW)));
    assert_eq!(attempt(NOW + 3599), (false, false, Some(NOW)));
    assert_eq!(attempt(NOW + 3600), (true, true, Some(NOW + 3600)));
    // A clock that was wrong.
    assert_eq!(attempt(NOW - 1), (true, true, Some(NOW - 1)));
    // Each device by itself, and after a restart too.
    merge(&mut table, 3, DeviceEntry::Removed(NOW - 500));
    assert!(merge(&mut table, 3, DeviceEntry::Record(record(1))).restated);
    let mut saved = Vec::new();
    table.write(&mut saved);
    let mut table = DeviceTable::read(&saved).unwrap();
    assert!(!merge(&mut table, 3, DeviceEntry::Record(record(1))).restated);
}

#[test]
fn records_with_unusable_keys_are_skipped() {
    let mut bytes = record(5).as_bytes().to_vec();
    let key = bytes.windows(5).position(|five| five == b"1:X32").unwrap() + 6;
    bytes[key..key + 32].fill(0);
    let poison = DeviceRecord::decode(&bytes).unwrap();
    assert_eq!(poison.keys(), None);
    let mut table = table_of_two();
    assert_eq!(take(&mut table, &poison), nothing());
    assert_eq!(
        merge(&mut table, 3, DeviceEntry::Record(poison.clone())),
        nothing()
    );
    assert!(!table.request(id(3), poison.clone()));
    table.accept(&id(2), poison);
    assert_eq!(two(&table).1, 4);
    assert_eq!(table.rows().count(), 2);
}

#[test]
fn requests_wait() {
    let mut table = table();
    assert!(table.request(id(2), record(3)));
    assert_eq!(two(&table), (DeviceState::Pending, 3, None));
    assert_eq!(owed(&table), []);
    assert_eq!(table.registered().count(), 1);
    // Seen again, an older one, a retry.
    assert!(!table.request(id(2), record(3)));
    assert!(!table.request(id(2), record(2)));
    assert!(table.request(id(2), record(4)));
    let (earlier, later) = tied(5);
    assert!(table.request(id(2), earlier.clone()));
    assert!(table.request(id(2), later));
    assert!(!table.request(id(2), earlier));
}

#[test]
fn members_this_device_and_spent_ids_do_not_ask() {
    let mut table = table_of_two();
    assert!(!table.request(id(2), record(9)));
    assert!(!table.request(id(1), named(1, 9, "")));
    merge(&mut table, 2, DeviceEntry::Left(NOW));
    assert!(!table.request(id(2), record(9)));
    assert_eq!(two(&table).1, 4);
}

#[test]
fn accepting_makes_a_member_or_another_record() {
    let mut table = table();
    table.request(id(2), record(3));
    table.accept(&id(2), record(3));
    assert_eq!(two(&table), (DeviceState::Registered, 3, None));
    assert_eq!(owed(&table), [id(2)]);
    table.accept(&id(2), named(3, 4, ""));
    assert_eq!(two(&table).1, 4);
    // The digest is that of the new record.
    assert_eq!(take(&mut table, &named(3, 4, "")), nothing());
    merge(&mut table, 2, DeviceEntry::Removed(NOW));
    table.accept(&id(2), record(5));
    table.accept(&id(3), record(5));
    table.accept(&id(1), record(8));
    assert_eq!(two(&table).0, DeviceState::Removed);
    assert_eq!(table.rows().count(), 2);
    assert_eq!(table.own().seqno(), 7);
}

#[test]
fn only_other_members_are_removed() {
    let mut table = table_of_two();
    table.request(id(3), named(3, 1, ""));
    for device in [1, 2, 3, 4] {
        table.remove(&id(device), NOW);
    }
    assert_eq!(two(&table), (DeviceState::Removed, 4, Some(NOW)));
    assert_eq!(owed(&table), [id(2)]);
    assert_eq!(table.own().state(), DeviceState::Registered);
    assert_eq!(table.row(&id(3)).unwrap().state(), DeviceState::Pending);
    table.remove(&id(2), NOW + 1);
    assert_eq!(two(&table).2, Some(NOW));
}

#[test]
fn the_own_row_has_a_time_exactly_when_it_is_gone() {
    let mut table = table();
    table.set_own(DeviceState::Registered, named(1, 8, ""), Some(NOW));
    assert_eq!(table.own().removed_at(), None);
    table.set_own(DeviceState::Left, named(1, 8, ""), Some(NOW));
    assert_eq!(table.own().removed_at(), Some(NOW));
    table.set_own(DeviceState::Removed, named(1, 8, ""), None);
    assert_eq!(table.own().removed_at(), Some(NOW - 500));
}

#[test]
fn what_changed_since_stays_owed() {
    let mut table = table_of_two();
    merge(&mut table, 3, DeviceEntry::Record(named(3, 1, "")));
    table.accept(&id(2), record(5));
    let told = table.broadcast_owed();
    assert_eq!(owed(&table), [id(2), id(3)]);
    assert!(table.row(&id(3)).unwrap().is_broadcast_owed());
    table.remove(&id(2), NOW);
    table.clear_broadcast(&told);
    assert_eq!(owed(&table), [id(2)]);
    table.clear_broadcast(&table.broadcast_owed());
    assert_eq!(owed(&table), []);
}

#[test]
fn rows_are_ascending_with_the_own_one_among_them() {
    let mut table = DeviceTable::new(id(5), DeviceState::Registered, named(1, 1, ""));
    for device in [9, 3, 7, 1, 5] {
        merge(&mut table, device, DeviceEntry::Removed(NOW - 1));
    }
    let ids: Vec<_> = table.rows().map(|row| *row.id()).collect();
    assert_eq!(ids, [1, 3, 5, 7, 9].map(id));
    assert_eq!(table.own_id(), &id(5));
    assert_eq!(table.row(&id(4)), None);
}

fn numbered(number: usize) -> DeviceId {
    let mut bytes = [9; 32];
    bytes[..8].copy_from_slice(&u64::try_from(number).unwrap().to_be_bytes());
    DeviceId::from_bytes(bytes)
}

#[test]
fn a_full_table_drops_the_oldest_removals_of_strangers() {
    let mut table = table_of_two();
    merge(&mut table, 2, DeviceEntry::Removed(1));
    let forged: Vec<usize> = (0..MAX_ROWS).collect();
    // Whatever the order.
    let backwards = forged.iter().rev().copied();
    for numbers in [forged.clone(), backwards.collect()] {
        let mut table = table.clone();
        for number in numbers {
            let at = NOW - i64::try_from(number).unwrap();
            table.merge(numbered(number), DeviceEntry::Removed(at), NOW);
        }
        assert_eq!(table.rows().count(), MAX_ROWS);
        assert!(table.row(&numbered(0)).is_some());
        assert!(table.row(&numbered(MAX_ROWS - 3)).is_some());
        assert!(table.row(&numbered(MAX_ROWS - 2)).is_none());
        // Devices that were members stay, members are still taken.
        assert!(table.row(&id(2)).is_some());
        assert!(merge(&mut table, 3, DeviceEntry::Record(record(1))).joined);
        assert!(table.request(id(4), record(1)));
        assert_eq!(table.rows().count(), MAX_ROWS);
    }
}

#[test]
fn a_table_full_of_members_takes_no_more() {
    let mut table = table();
    let entry = DeviceEntry::Record(record(1));
    for number in 0..MAX_ROWS {
        let merged = table.merge(numbered(number), entry.clone(), NOW);
        assert_eq!(merged.joined, number < MAX_ROWS - 1);
    }
    assert_eq!(merge(&mut table, 3, DeviceEntry::Removed(NOW)), nothing());
    assert!(!table.request(id(3), record(1)));
    assert_eq!(table.rows().count(), MAX_ROWS);
}

#[test]
fn the_oldest_request_makes_place() {
    let mut table = table();
    let asked = |at: usize| {
        let at = i64::try_from(at).unwrap();
        DeviceRecord::new(&keys(2), 1, NOW + at, &DeviceInfo::default()).unwrap()
    };
    for number in 0..=MAX_PENDING {
        assert!(table.request(numbered(number), asked(number)));
    }
    assert_eq!(table.rows().count(), MAX_PENDING + 1);
    assert!(table.row(&numbered(0)).is_none());
    assert!(table.row(&numbered(MAX_PENDING)).is_some());
    // A retry makes no place.
    let retry = asked(50).with_seqno(2).unwrap();
    assert!(table.request(numbered(1), retry));
    assert_eq!(table.rows().count(), MAX_PENDING + 1);
}

/// What the pinned bytes hold.
fn saved() -> (DeviceTable, Vec<u8>) {
    let mut table = table_of_two();
    merge(&mut table, 3, DeviceEntry::Left(NOW - 1));
    merge(&mut table, 2, DeviceEntry::Removed(NOW - 2));
    take(&mut table, &record(9));
    let mut out = Vec::new();
    table.write(&mut out);
    (table, out)
}

fn row_bytes(device: u8, head: &[u8], times: &[i64], record: Option<&DeviceRecord>) -> Vec<u8> {
    let mut out = [&[device; 32], head].concat();
    out.extend(times.iter().flat_map(|time| time.to_be_bytes()));
    if let Some(record) = record {
        out.extend(
            u32::try_from(record.as_bytes().len())
                .unwrap()
                .to_be_bytes(),
        );
        out.extend(record.as_bytes());
    }
    out
}

#[test]
fn saved_bytes_are_as_documented() {
    let (table, out) = saved();
    let pinned = [
        vec![1],
        vec![1; 32],
        vec![0, 3],
        row_bytes(1, &[2, 2 | 8], &[], Some(&named(1, 7, "own"))),
        row_bytes(2, &[4, 1 | 4 | 8], &[NOW, NOW], Some(&record(4))),
        row_bytes(3, &[3, 0], &[NOW - 1], None),
    ]
    .concat();
    assert!(out == pinned);
    assert_eq!(DeviceTable::read(&pinned), Ok(table));
}

#[test]
fn saved_bytes_that_were_never_written_are_refused() {
    let (_, out) = saved();
    let malformed = Err(Error::Malformed {
        what: "saved device table",
    });
    for end in 0..out.len() {
        assert_eq!(DeviceTable::read(&out[..end]), malformed, "{end}");
    }
    assert_eq!(DeviceTable::read(&[&out[..], &[0]].concat()), malformed);
    let with = |at: usize, byte: u8| {
        let mut out = out.clone();
        out[at] = byte;
        DeviceTable::read(&out)
    };
    let version = Err(Error::Version {
        what: "saved device table",
    });
    assert_eq!(with(0, 2), version);
    // Another owner, too many rows, no such state, no such flag, a member without record.
    for (at, byte) in [(1, 9), (33, 9), (35 + 32, 5), (35 + 33, 16), (35 + 33, 2)] {
        assert_eq!(with(at, byte), malformed, "{at} {byte}");
    }
    // Rows out of order.
    assert_eq!(with(35, 3), malformed);
}

#[test]
fn debug_shows_no_records() {
    let shown = format!("{:?}", table_of_two());
    assert!(!shown.contains("own\""), "{shown}");
    let shown: String = format!("{:?}", table().own());
    assert_eq!(
        shown,
        "DeviceRow { id: DeviceId(0101…), state: Registered, seqno: 7, removed_at: None, \
         broadcast: false, .. }"
    );
}

/// What a group message built from the table would say.
fn told(table: &DeviceTable) -> Vec<(DeviceId, DeviceEntry)> {
    let entry = |row: &DeviceRow| match row.state() {
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

type Entries = Vec<(DeviceId, DeviceEntry)>;

fn entries() -> impl Strategy<Value = Entries> {
    let records: Vec<DeviceRecord> = [("a", 1), ("b", 1), ("c", 2), ("d", 2), ("e", 3)]
        .into_iter()
        .map(|(name, seqno)| named(2, seqno, name))
        .collect();
    let entry = prop_oneof![
        3 => prop::sample::select(records).prop_map(DeviceEntry::Record),
        1 => (0..50_i64).prop_map(|ago| DeviceEntry::Removed(NOW - ago)),
        1 => (0..50_i64).prop_map(|ago| DeviceEntry::Left(NOW - ago)),
    ];
    // Device 9 is the own one of another table.
    let ids = prop::sample::select(vec![2, 3, 4, 9]).prop_map(id);
    prop::collection::vec((ids, entry), 0..24)
}

fn shuffled() -> impl Strategy<Value = (Entries, Entries)> {
    entries().prop_flat_map(|entries| (Just(entries.clone()).prop_shuffle(), Just(entries)))
}

fn merge_all(table: &mut DeviceTable, entries: &[(DeviceId, DeviceEntry)]) {
    for (id, entry) in entries {
        table.merge(*id, entry.clone(), NOW);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Only the time of a removal that was stated again depends on the order, and that is settled
    /// by the messages in which it is stated.
    #[test]
    fn any_order_converges((first, second) in shuffled()) {
        let (mut a, mut b) = (table(), table());
        merge_all(&mut a, &first);
        merge_all(&mut b, &second);
        let states = |table: &DeviceTable| -> Vec<_> {
            table.rows().map(|row| (*row.id(), row.state())).collect()
        };
        prop_assert_eq!(states(&a), states(&b));
        let (from_a, from_b) = (told(&a), told(&b));
        merge_all(&mut a, &from_b);
        merge_all(&mut b, &from_a);
        prop_assert_eq!(told(&a), told(&b));
    }

    #[test]
    fn merging_again_changes_nothing(entries in entries()) {
        let mut table = table();
        merge_all(&mut table, &entries);
        // Refused records are stated against once.
        merge_all(&mut table, &entries);
        let before = table.clone();
        for (id, entry) in &entries {
            prop_assert_eq!(table.merge(*id, entry.clone(), NOW), nothing());
        }
        prop_assert_eq!(table, before);
    }

    #[test]
    fn what_is_saved_comes_back(entries in entries()) {
        let mut table = table();
        merge_all(&mut table, &entries);
        let mut out = Vec::new();
        table.write(&mut out);
        prop_assert_eq!(DeviceTable::read(&out).unwrap(), table);
    }
}

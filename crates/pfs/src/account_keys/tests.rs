use alloc::format;

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::DeviceId;

const NOW: i64 = 1_790_000_000;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

fn at(secs: i64) -> UnixMillis {
    UnixMillis::from_secs(u64::try_from(secs).unwrap())
}

fn seed(byte: u8) -> KeySeed {
    KeySeed::from_bytes([byte; 32])
}

fn active(byte: u8, created: i64) -> AccountKey {
    AccountKey::new(seed(byte), created, None)
}

fn rotated(byte: u8, created: i64, rotated: i64) -> AccountKey {
    AccountKey::new(seed(byte), created, Some(rotated))
}

fn rng(byte: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([byte; 32])
}

fn of(keys: impl Into<Vec<AccountKey>>) -> AccountKeys {
    let mut list = AccountKeys::new();
    list.merge(keys.into(), at(NOW));
    list
}

fn told(keys: &AccountKeys) -> Vec<AccountKey> {
    keys.iter().map(|held| held.key().clone()).collect()
}

fn merge(keys: &mut AccountKeys, incoming: impl Into<Vec<AccountKey>>) -> KeysMerged {
    keys.merge(incoming.into(), at(NOW))
}

#[test]
fn the_first_key_becomes_active() {
    let mut keys = AccountKeys::new();
    assert!(keys.active().is_none());
    let merged = merge(&mut keys, [active(1, NOW)]);
    assert_eq!(
        merged,
        KeysMerged {
            added: 1,
            ahead: false,
            active_changed: true
        }
    );
    assert_eq!(keys.active().unwrap().key(), &active(1, NOW));
    // Expanded already.
    let pair = KeyPair::of_account_key(&seed(1));
    assert_eq!(keys.active().unwrap().pair().public(), pair.public());
}

#[test]
fn the_latest_stays_active_and_takes_the_place_of_the_others() {
    let mut keys = of([active(1, NOW - 5)]);
    assert!(merge(&mut keys, [active(2, NOW)]).active_changed);
    assert_eq!(told(&keys), [active(2, NOW), rotated(1, NOW - 5, NOW)]);
    // A late one.
    assert!(!merge(&mut keys, [active(3, NOW - 3)]).active_changed);
    assert_eq!(
        told(&keys),
        [
            active(2, NOW),
            rotated(3, NOW - 3, NOW),
            rotated(1, NOW - 5, NOW),
        ]
    );
}

#[test]
fn of_one_second_the_lowest_seed_stays_active() {
    for (first, second) in [(1, 2), (2, 1)] {
        let keys = of([active(first, NOW), active(second, NOW)]);
        assert_eq!(told(&keys), [active(1, NOW), rotated(2, NOW, NOW)]);
    }
}

#[test]
fn of_two_rotations_the_earlier_counts() {
    let mut keys = of([active(9, NOW), rotated(1, NOW - 20, NOW - 10)]);
    merge(&mut keys, [rotated(1, NOW - 20, NOW - 15)]);
    assert_eq!(told(&keys)[1], rotated(1, NOW - 20, NOW - 15));
    merge(&mut keys, [rotated(1, NOW - 20, NOW - 5)]);
    assert_eq!(told(&keys)[1], rotated(1, NOW - 20, NOW - 15));
    // Nor does it become active again, or another time its own.
    merge(&mut keys, [active(1, NOW + 7)]);
    assert_eq!(told(&keys)[1], rotated(1, NOW - 20, NOW - 15));
}

#[test]
fn learning_that_the_active_key_was_rotated_leaves_none() {
    let mut keys = of([active(1, NOW - 20)]);
    let merged = merge(&mut keys, [rotated(1, NOW - 20, NOW - 10)]);
    assert_eq!((merged.added, merged.active_changed), (0, true));
    assert!(keys.active().is_none());
    assert!(keys.publication_owed().is_none());
    assert_eq!(keys.rotation_due(&DeviceId::from_bytes([1; 32]), 1), None);
    // The next need for one makes one.
    keys.rotate(at(NOW), &mut rng(1));
    assert_eq!(keys.active().unwrap().key().created, NOW);
    assert_eq!(told(&keys)[1].rotated, Some(NOW - 10));
}

#[test]
fn rotation_takes_the_place_of_the_active_key() {
    let mut keys = of([active(1, NOW - 20)]);
    keys.rotate(at(NOW), &mut rng(1));
    let new = keys.active().unwrap();
    assert_eq!((new.key().created, new.key().rotated), (NOW, None));
    assert_eq!(new.key().seed, KeySeed::generate(&mut rng(1)));
    assert_eq!(told(&keys)[1], rotated(1, NOW - 20, NOW));
    // The clock may be behind, or stand still.
    let mut keys = of([active(1, NOW + 30)]);
    keys.rotate(at(NOW), &mut rng(1));
    keys.rotate(at(NOW), &mut rng(2));
    let created: Vec<_> = keys.iter().map(|held| held.key().created).collect();
    assert_eq!(created, [NOW + 32, NOW + 31, NOW + 30]);
}

#[test]
fn times_at_the_ends_of_the_range_are_times() {
    let mut keys = of([active(1, i64::MAX), rotated(2, i64::MIN, i64::MAX)]);
    keys.rotate(at(NOW), &mut rng(1));
    assert_eq!(
        keys.active().unwrap().key().seed,
        KeySeed::generate(&mut rng(1))
    );
    merge(&mut keys, [rotated(3, NOW, i64::MIN), active(4, i64::MIN)]);
    assert_eq!(keys.keys.len(), 4);
    assert_eq!(keys.next_deadline(), Some(at(NOW + 16 * DAY + 1)));
    assert!(keys.prune(UnixMillis::from_millis(u64::MAX)));
    assert_eq!(keys.keys.len(), 1);
}

#[test]
fn keys_are_erased_sixteen_days_after_rotation() {
    let mut keys = of([
        active(9, NOW - 100 * DAY),
        rotated(1, NOW - 20 * DAY, NOW - 16 * DAY),
    ]);
    assert_eq!(keys.next_deadline(), Some(at(NOW + 1)));
    assert!(!keys.prune(at(NOW)));
    assert_eq!(keys.keys.len(), 2);
    assert!(keys.prune(at(NOW + 1)));
    assert_eq!(told(&keys), [active(9, NOW - 100 * DAY)]);
    // The active one never is.
    assert_eq!(keys.next_deadline(), None);
    assert!(!keys.prune(at(NOW + 1000 * DAY)));
}

#[test]
fn nobody_can_put_erasure_off() {
    // Somebody forges a key from the far future, which takes the place of the true one.
    let mut keys = of([active(1, NOW - 20)]);
    merge(&mut keys, [active(9, NOW + 1000 * DAY)]);
    // That was now, and is what others are told.
    assert_eq!(told(&keys)[1], rotated(1, NOW - 20, NOW));
    let end = NOW + 16 * DAY;
    assert!(!keys.prune(at(end)));
    assert_eq!(keys.next_deadline(), Some(at(end + 1)));
    assert!(keys.prune(at(end + 1)));
    assert_eq!(told(&keys), [active(9, NOW + 1000 * DAY)]);
    // Nor by a clock that is a little ahead.
    let mut keys = of([active(1, NOW - 20)]);
    merge(&mut keys, [active(9, NOW + 600)]);
    assert_eq!(told(&keys)[1], rotated(1, NOW - 20, NOW + 600));
}

#[test]
fn erased_keys_do_not_come_back_and_are_known_as_old() {
    let mut keys = of([active(9, NOW), rotated(1, NOW - 20, NOW - 10)]);
    let published = keys.keys[1].pair.public();
    assert!(keys.prune(at(NOW + 16 * DAY)));
    let mut keys = AccountKeys::read(&written(&keys)).unwrap();
    // Another device believes that it was rotated later.
    let late = at(NOW + 16 * DAY);
    let merged = keys.merge([rotated(1, NOW - 20, NOW + 5 * DAY)].into(), late);
    assert_eq!(merged, KeysMerged::default());
    assert_eq!(told(&keys), [active(9, NOW)]);
    // A node that shows it as published is no alarm.
    let found = keys.found([published.clone()].into_iter());
    assert_eq!(found, OwnPublication::Old);
    assert_eq!(
        keys.found(
            [
                KeyPair::of_account_key(&seed(7)).public(),
                published.clone()
            ]
            .into_iter()
        ),
        OwnPublication::Foreign
    );
    // For 90 days.
    keys.prune(at(NOW + 106 * DAY));
    assert_eq!(keys.found([published].into_iter()), OwnPublication::Foreign);
}

#[test]
fn expired_keys_do_not_come_back() {
    let mut keys = of([active(9, NOW)]);
    let merged = merge(&mut keys, [rotated(1, NOW - 20 * DAY, NOW - 16 * DAY - 1)]);
    assert_eq!(merged, KeysMerged::default());
    // Nor one that others have not heard of being rotated.
    let mut keys = of([active(9, NOW - 17 * DAY)]);
    merge(&mut keys, [active(1, NOW - 18 * DAY)]);
    assert_eq!(told(&keys), [active(9, NOW - 17 * DAY)]);
    // A held one goes as soon as it is known to have expired.
    let mut keys = of([active(9, NOW), rotated(1, NOW - 20 * DAY, NOW - DAY)]);
    merge(&mut keys, [rotated(1, NOW - 20 * DAY, NOW - 17 * DAY)]);
    assert_eq!(told(&keys), [active(9, NOW)]);
}

#[test]
fn keys_dated_ahead_raise_an_alarm_and_open_messages() {
    let mut keys = of([active(1, NOW)]);
    assert!(!merge(&mut keys, [active(2, NOW + 600)]).ahead);
    assert!(merge(&mut keys, [active(3, NOW + 601)]).ahead);
    assert_eq!(keys.active().unwrap().key().seed, seed(3));
    // Once.
    assert!(!merge(&mut keys, [active(3, NOW + 601)]).ahead);
}

#[test]
fn a_key_dated_ahead_does_not_stop_the_timer() {
    let device = DeviceId::from_bytes([1; 32]);
    let keys = of([active(3, NOW + 1000 * DAY)]);
    let due = keys.rotation_due(&device, 1).unwrap();
    assert!(due >= at(NOW + 11 * HOUR) && due <= at(NOW + 13 * HOUR));
    // Nor after a restart.
    assert_eq!(restored(&keys).rotation_due(&device, 1), Some(due));
}

#[test]
fn rotation_is_due_from_eleven_to_thirteen_hours_after() {
    let keys = of([active(3, NOW - HOUR)]);
    let due = |device, devices| {
        let device = DeviceId::from_bytes([device; 32]);
        let due = keys.rotation_due(&device, devices).unwrap();
        due.as_millis() - at(NOW - HOUR).as_millis()
    };
    let (first, last) = (11 * 3_600_000, 13 * 3_600_000);
    for device in 0..50 {
        let mut before = first;
        // The more there are the longer each waits.
        for devices in [1, 2, 3, 10, 1000, usize::MAX] {
            let due = due(device, devices);
            assert!((before..=last).contains(&due), "{device} {devices}");
            before = due;
        }
        assert_eq!(due(device, 0), first);
    }
    assert_ne!(due(1, 1), due(2, 1));
}

#[test]
fn the_number_of_keys_is_bounded() {
    let forged = |number: i64| {
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        AccountKey::new(KeySeed::from_bytes(bytes), NOW - DAY, Some(NOW - number))
    };
    let count = i64::try_from(MAX_KEYS).unwrap();
    let mut keys = of([active(1, NOW)]);
    merge(&mut keys, (0..count + 9).map(forged).collect::<Vec<_>>());
    assert_eq!(keys.keys.len(), MAX_KEYS);
    assert_eq!(told(&keys)[0], active(1, NOW));
    assert_eq!(told(&keys)[MAX_KEYS - 1], forged(count - 2));
    keys.rotate(at(NOW), &mut rng(1));
    assert_eq!(keys.keys.len(), MAX_KEYS);
    assert_eq!(told(&keys)[1].seed, seed(1));
}

#[test]
fn only_keys_made_here_have_to_be_distributed() {
    let mut keys = of([active(1, NOW - 5)]);
    assert!(!keys.distribution_owed());
    keys.rotate(at(NOW), &mut rng(1));
    keys.rotate(at(NOW), &mut rng(2));
    let (second, first) = (
        KeySeed::generate(&mut rng(2)),
        KeySeed::generate(&mut rng(1)),
    );
    let owed = keys.undistributed();
    assert_eq!(owed, [second.clone(), first.clone()]);
    // Made while the message was on its way.
    keys.rotate(at(NOW), &mut rng(3));
    keys.mark_distributed(&owed);
    assert_eq!(keys.undistributed(), [KeySeed::generate(&mut rng(3))]);
    assert!(!keys.active().unwrap().is_distributed());
    // It comes back in another device's message.
    let active = keys.active().unwrap().key().clone();
    merge(&mut keys, [active]);
    assert!(!keys.distribution_owed());
}

#[test]
fn nothing_is_published_until_the_application_decides() {
    let mut keys = of([active(1, NOW)]);
    assert!(!keys.publishing());
    assert!(keys.publication_owed().is_none());
    keys.set_publishing(true);
    assert_eq!(keys.publication_owed().unwrap().key().seed, seed(1));
    keys.set_publishing(false);
    assert!(keys.publication_owed().is_none());
}

#[test]
fn keys_are_published_after_they_are_distributed() {
    let mut keys = AccountKeys::new();
    keys.set_publishing(true);
    keys.rotate(at(NOW), &mut rng(1));
    assert!(keys.publication_owed().is_none());
    let made = keys.undistributed();
    keys.mark_distributed(&made);
    assert!(keys.publication_owed().is_some());
    keys.mark_published(&made[0]);
    assert!(keys.active().unwrap().is_published());
    assert!(keys.publication_owed().is_none());
    // Of a key that is gone nothing is known.
    keys.mark_published(&seed(9));
    assert!(keys.publication_owed().is_none());
}

#[test]
fn what_is_found_in_ones_own_place_decides_what_is_owed() {
    let mut keys = of([active(2, NOW), rotated(1, NOW - 9, NOW)]);
    keys.set_publishing(true);
    let public = |byte| KeyPair::of_account_key(&seed(byte)).public();
    let mut found = |published: &[u8]| {
        let found = keys.found(published.iter().map(|byte| public(*byte)));
        (found, keys.publication_owed().is_some())
    };
    assert_eq!(found(&[2]), (OwnPublication::Held, false));
    assert_eq!(found(&[]), (OwnPublication::Absent, true));
    assert_eq!(found(&[2]), (OwnPublication::Held, false));
    assert_eq!(found(&[1]), (OwnPublication::Held, true));
    assert_eq!(found(&[1, 2]), (OwnPublication::Held, false));
    assert_eq!(found(&[9]), (OwnPublication::Foreign, true));
    // One that a node hides behind ours is an alarm too.
    assert_eq!(found(&[9, 2]), (OwnPublication::Foreign, false));
    assert_eq!(found(&[2, 9]), (OwnPublication::Foreign, true));
}

#[test]
fn clearing_forgets_keys_and_not_the_decision() {
    let mut keys = of([active(2, NOW)]);
    keys.set_publishing(true);
    keys.clear();
    assert_eq!(keys.iter().count(), 0);
    assert!(keys.publishing());
    assert_eq!(keys.pairs().count(), 0);
}

fn written(keys: &AccountKeys) -> Vec<u8> {
    let mut out = Vec::new();
    keys.write(&mut out);
    out
}

fn restored(keys: &AccountKeys) -> AccountKeys {
    AccountKeys::read(&written(keys)).unwrap()
}

#[test]
fn saved_bytes_are_as_documented() {
    let mut keys = of([rotated(1, 1, NOW - 1), active(2, 2)]);
    keys.set_publishing(true);
    keys.rotate(at(3 + NOW), &mut rng(1));
    keys.mark_published(&seed(2));
    let new = KeySeed::generate(&mut rng(1));
    let now = NOW.to_be_bytes();
    let later = (NOW + 3).to_be_bytes();
    let pinned = [
        &[1, 1, 0, 3][..],
        new.expose_bytes(),
        &later,
        &later,
        &[0],
        &[2; 32],
        &2_i64.to_be_bytes(),
        &now,
        &[1 | 2 | 4],
        &later,
        &[1; 32],
        &1_i64.to_be_bytes(),
        &now,
        &[1 | 4],
        &(NOW - 1).to_be_bytes(),
        &[0, 0],
    ]
    .concat();
    assert_eq!(written(&keys), pinned);
    assert_eq!(written(&AccountKeys::read(&pinned).unwrap()), pinned);
}

#[test]
fn writing_leaves_no_copies_of_secrets() {
    let forged = |number: u8| rotated(number, NOW, NOW);
    let keys = of((0..=255).map(forged).collect::<Vec<_>>());
    let info = allocation_counter::measure(|| drop(written(&keys)));
    assert_eq!(info.count_total, 1);
    assert!(written(&keys).len() <= 17_600);
}

#[test]
fn saved_bytes_that_were_never_written_are_refused() {
    let keys = of([active(2, NOW), rotated(1, NOW, NOW), rotated(3, NOW, NOW)]);
    let out = written(&keys);
    let what = "saved account keys";
    let read = |bytes: &[u8]| AccountKeys::read(bytes).map(drop);
    let malformed = Err(Error::Malformed { what });
    for end in 0..out.len() {
        assert_eq!(read(&out[..end]), malformed, "{end}");
    }
    assert_eq!(read(&[&out[..], &[0]].concat()), malformed);
    let with = |at: usize, byte: u8| {
        let mut out = out.clone();
        out[at] = byte;
        read(&out)
    };
    assert_eq!(with(0, 2), Err(Error::Version { what }));
    let first_flags = 4 + 48;
    // No such option, too many keys, no such flag, out of order.
    for (at, byte) in [(1, 2), (2, 1), (first_flags, 8), (first_flags + 1, 9)] {
        assert_eq!(with(at, byte), malformed, "{at} {byte}");
    }
    // Two active keys.
    let second_flags = first_flags + 1 + 48;
    let mut two = out.clone();
    two[second_flags] = 1;
    two.drain(second_flags + 1..second_flags + 9);
    assert_eq!(read(&two), malformed);
}

#[test]
fn debug_shows_no_seeds() {
    let shown = format!("{:?}", of([active(0xab, NOW)]));
    assert!(shown.contains("KeySeed(..)"));
    assert!(
        !shown.contains("abab") && !shown.contains("171, 171"),
        "{shown}"
    );
}

/// Devices that rotate, tell each other and read in any order.
#[derive(Clone, Debug)]
enum Step {
    Rotate {
        device: usize,
        after: i64,
    },
    Tell {
        device: usize,
    },
    Read {
        device: usize,
        message: prop::sample::Index,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..3_usize, 0..3_i64).prop_map(|(device, after)| Step::Rotate { device, after }),
        (0..3_usize).prop_map(|device| Step::Tell { device }),
        (0..3_usize, any::<prop::sample::Index>())
            .prop_map(|(device, message)| Step::Read { device, message }),
    ];
    prop::collection::vec(step, 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn devices_that_read_the_same_in_any_order_agree(
        steps in steps(),
        orders in prop::collection::vec(any::<prop::sample::Index>(), 40),
    ) {
        let mut devices = [AccountKeys::new(), AccountKeys::new(), AccountKeys::new()];
        let mut messages: Vec<Vec<AccountKey>> = Vec::new();
        let mut clock = NOW;
        let mut made = 0;
        for step in steps {
            match step {
                Step::Rotate { device, after } => {
                    clock += after;
                    made += 1;
                    devices[device].rotate(at(clock), &mut rng(made));
                }
                Step::Tell { device } => messages.push(told(&devices[device])),
                Step::Read { device, message } if !messages.is_empty() => {
                    devices[device].merge(message.get(&messages).clone(), at(clock));
                }
                Step::Read { .. } => {}
            }
        }
        messages.extend(devices.iter().map(told));
        let mut orders = orders.iter().cycle();
        // Times of rotation follow one message behind the keys.
        for _ in 0..2 {
            for device in &mut devices {
                let mut unread = messages.clone();
                while !unread.is_empty() {
                    let next = orders.next().unwrap().index(unread.len());
                    device.merge(unread.swap_remove(next), at(clock));
                }
            }
            messages = devices.iter().map(told).collect();
        }
        prop_assert_eq!(told(&devices[0]), told(&devices[1]));
        prop_assert_eq!(told(&devices[1]), told(&devices[2]));
        let active = devices[0].iter().filter(|held| held.key().rotated.is_none()).count();
        prop_assert_eq!(active, usize::from(made > 0));
        // Once more changes nothing.
        let before = told(&devices[0]);
        let merged = devices[0].merge(before.clone(), at(clock));
        prop_assert_eq!(merged, KeysMerged::default());
        prop_assert_eq!(told(&devices[0]), before);
    }

    #[test]
    fn what_is_saved_comes_back(
        entries in prop::collection::vec((0..6_u8, -9..9_i64, prop::option::of(-9..9_i64)), 0..8),
    ) {
        let keys: Vec<_> = entries
            .into_iter()
            .map(|(byte, created, rotated)| {
                AccountKey::new(seed(byte), NOW + created, rotated.map(|time| NOW + time))
            })
            .collect();
        let keys = of(keys);
        let read = restored(&keys);
        prop_assert_eq!(told(&read), told(&keys));
        prop_assert_eq!(written(&read), written(&keys));
    }
}

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use session_crypto::x25519::PublicKey;

use super::device_keys::{DeviceKeys, MAX_OLDER, ROTATION};
use super::seen::{MAX_GROUPS, MessageId, SeenGroups, SeenMessages};
use super::*;
use crate::{AccountKey, KeyPair, KeySeed, LinkRequest};

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

const NOW: UnixMillis = UnixMillis::from_secs(1_790_000_000);

fn at(millis: u64) -> UnixMillis {
    UnixMillis::from_millis(NOW.as_millis() + millis)
}

fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

fn account() -> Account {
    Account::from_secret(&[1; 32]).unwrap()
}

/// A device with a group of its own, which has been pushed.
fn member() -> Devices {
    let mut devices =
        Devices::new_account(account(), &DeviceInfo::new("a", "d", 1), NOW, &mut rng(1)).unwrap();
    fetch(&mut devices, &[], NOW);
    drain(&mut devices, NOW);
    devices
}

fn fetch(devices: &mut Devices, messages: &[Stored<'_>], now: UnixMillis) {
    devices
        .handle_messages(&[7; 32], messages, true, now, &mut rng(9))
        .unwrap();
}

/// Confirms every request, and gives what was said.
fn drain(devices: &mut Devices, now: UnixMillis) -> (Vec<Request>, Vec<Event>) {
    let (mut requests, mut events) = (Vec::new(), Vec::new());
    loop {
        match devices.poll_output(now) {
            Output::Request(request) => {
                devices
                    .handle_stored(request.id, Some(&["stored"]), now, &mut rng(8))
                    .unwrap();
                requests.push(request);
            }
            Output::Event(event) => events.push(event),
            Output::Wait(_) => return (requests, events),
            Output::Save | Output::Fetch(_) => {}
        }
    }
}

#[test]
fn device_keys_rotate_every_week() {
    let keys = DeviceKeys::generate(NOW, &mut rng(1));
    assert_eq!(keys.rotation_due(), NOW.saturating_add(ROTATION));
    assert_eq!(keys.prune_due(), None);
}

#[test]
fn a_suspect_device_key_rotates_at_once_but_not_twice_an_hour() {
    let mut keys = DeviceKeys::generate(NOW, &mut rng(1));
    keys.suspect = true;
    assert!(keys.rotation_due() <= NOW);
    keys.rotate(NOW, &mut rng(2));
    assert!(!keys.suspect);
    keys.suspect = true;
    assert_eq!(keys.rotation_due(), at(HOUR));
}

#[test]
fn older_device_keys_end_when_the_others_know_of_the_new_one() {
    let mut keys = DeviceKeys::generate(NOW, &mut rng(1));
    keys.rotate(at(DAY), &mut rng(2));
    assert_eq!(keys.pairs().count(), 2);
    // Nobody was told: 30 days.
    assert_eq!(keys.prune_due(), Some(at(31 * DAY)));
    assert!(!keys.prune(at(31 * DAY - 1)));
    // Told: two days.
    keys.pushed = Some(at(2 * DAY));
    assert_eq!(keys.prune_due(), Some(at(4 * DAY)));
    assert!(!keys.prune(at(4 * DAY - 1)));
    assert!(keys.prune(at(4 * DAY)));
    assert_eq!(keys.pairs().count(), 1);
    // Used by another: at once.
    keys.rotate(at(5 * DAY), &mut rng(3));
    assert_eq!(keys.pushed, None);
    assert!(keys.acknowledged());
    assert!(!keys.acknowledged());
    assert_eq!(keys.pairs().count(), 1);
}

#[test]
fn device_keys_that_nobody_hears_of_end_one_by_one() {
    let mut keys = DeviceKeys::generate(NOW, &mut rng(1));
    for day in 1..=4 {
        keys.rotate(at(7 * day * DAY), &mut rng(2));
    }
    assert_eq!(keys.prune_due(), Some(at(37 * DAY)));
    assert!(keys.prune(at(37 * DAY)));
    assert_eq!(keys.older.len(), 3);
    for hour in 0..100 {
        keys.rotate(at(40 * DAY + hour * HOUR), &mut rng(2));
    }
    assert_eq!(keys.older.len(), MAX_OLDER);
}

fn key(byte: u8) -> PublicKey {
    PublicKey::from_bytes([byte; 32])
}

#[test]
fn a_newer_message_brings_another_link_key_and_an_older_none() {
    let id = GroupId::from_bytes([1; 8]);
    let mut groups = SeenGroups::default();
    assert!(groups.upsert(id, key(1), at(DAY), at(9 * DAY), None));
    assert!(!groups.upsert(id, key(2), NOW, at(8 * DAY), None));
    assert_eq!(groups.get(&id).unwrap().link, key(1));
    groups.upsert(id, key(3), at(2 * DAY), at(8 * DAY), None);
    let seen = groups.get(&id).unwrap();
    assert_eq!((seen.link, seen.expires_at), (key(3), at(9 * DAY)));
    // A superseded one never comes back, whatever time a node gives it; but somebody lies.
    groups.upsert(id, key(1), at(3 * DAY), at(9 * DAY), None);
    let seen = groups.get(&id).unwrap();
    assert_eq!(seen.link, key(3));
    assert_eq!(seen.conflict_until, at(3 * DAY + 10 * MINUTE));
}

#[test]
fn two_link_keys_within_ten_minutes_contradict_each_other() {
    let id = GroupId::from_bytes([1; 8]);
    let mut groups = SeenGroups::default();
    groups.upsert(id, key(1), NOW, at(9 * DAY), None);
    groups.upsert(id, key(2), at(10 * MINUTE), at(9 * DAY), None);
    assert_eq!(groups.get(&id).unwrap().conflict_until, at(20 * MINUTE));
    let mut groups = SeenGroups::default();
    groups.upsert(id, key(1), NOW, at(9 * DAY), None);
    groups.upsert(id, key(2), at(10 * MINUTE + 1), at(9 * DAY), None);
    assert!(groups.get(&id).unwrap().conflict_until <= NOW);
}

#[test]
fn what_is_seen_is_bounded_and_ones_own_group_stays() {
    let own = GroupId::from_bytes([0; 8]);
    let mut groups = SeenGroups::default();
    for byte in 0..100 {
        let id = GroupId::from_bytes([byte; 8]);
        groups.upsert(id, key(1), NOW, at(DAY + u64::from(byte)), Some(&own));
    }
    assert_eq!(groups.0.len(), MAX_GROUPS);
    assert!(groups.get(&own).is_some());
    groups.prune(at(2 * DAY), Some(&own));
    assert_eq!(groups.0.len(), 1);

    let mut messages = SeenMessages::default();
    for number in 0..2000_u64 {
        messages.insert(MessageId::of(&number.to_be_bytes()), at(number), false);
    }
    assert_eq!(messages.0.len(), 1024);
    messages.prune(at(1500));
    assert_eq!(messages.0.len(), 499);
}

/// A link request to the member's group, from a device with these keys and this time.
fn request_of(devices: &Devices, device: u8, dated: UnixMillis) -> Vec<u8> {
    let keys = KeyPair::of_device_key(&KeySeed::from_bytes([device; 32])).public();
    let info = DeviceInfo::new("new", "a", 1);
    let record = DeviceRecord::new(&keys, 1, to_secs(dated), &info).unwrap();
    let id = DeviceId::from_bytes([device; 32]);
    let request = LinkRequest::new(&account(), id, record).unwrap();
    let active = devices.keys().active().unwrap();
    let link = active.pair().x25519().public();
    request.seal(&account(), link, &mut rng(device)).unwrap()
}

fn stored(data: &[u8], expires_at: UnixMillis) -> Stored<'_> {
    Stored {
        data,
        hash: "request",
        stored_at: NOW,
        expires_at,
    }
}

#[test]
fn link_requests_are_of_now_or_passed_over() {
    for (dated, heard) in [
        (at(5 * MINUTE), true),
        (at(5 * MINUTE + 1000), false),
        (NOW.saturating_sub(Duration::from_secs(14 * 60)), true),
        (NOW.saturating_sub(Duration::from_secs(15 * 60 + 1)), false),
    ] {
        let mut devices = member();
        let data = request_of(&devices, 5, dated);
        fetch(&mut devices, &[stored(&data, at(DAY))], NOW);
        assert_eq!(
            devices.link_requests().count(),
            usize::from(heard),
            "{dated}"
        );
    }
    // Nor those that the swarm had to forget.
    let mut devices = member();
    let data = request_of(&devices, 5, NOW);
    fetch(&mut devices, &[stored(&data, NOW)], NOW);
    assert_eq!(devices.link_requests().count(), 0);
}

#[test]
fn a_link_request_ends_at_its_deadline() {
    let mut devices = member();
    let data = request_of(&devices, 5, NOW);
    fetch(&mut devices, &[stored(&data, at(DAY))], NOW);
    let Some(Event::LinkRequested {
        device,
        sas,
        deadline,
        replacement: false,
    }) = devices.link_requests().next()
    else {
        panic!("a request");
    };
    // Whatever the member of the swarm says of it.
    assert_eq!(deadline, at(10 * MINUTE));
    // The same once more is no news.
    drain(&mut devices, NOW);
    fetch(&mut devices, &[stored(&data, at(DAY))], at(MINUTE));
    assert_eq!(drain(&mut devices, at(MINUTE)).1, []);

    let too_late = devices.accept(&device, &sas, deadline, &mut rng(3));
    assert_eq!(
        too_late,
        Err(Error::Unknown {
            what: "link request"
        })
    );
    devices.handle_timeout(deadline, &mut rng(3)).unwrap();
    assert_eq!(
        drain(&mut devices, deadline).1,
        [Event::LinkRequestOver { device }]
    );
}

#[test]
fn a_batch_costs_four_password_hashes_and_the_rest_is_passed_over() {
    let mut devices = member();
    let requests: Vec<_> = (10..16).map(|id| request_of(&devices, id, NOW)).collect();
    let batch: Vec<_> = requests.iter().map(|data| stored(data, at(DAY))).collect();
    fetch(&mut devices, &batch, NOW);
    assert_eq!(devices.link_requests().count(), 4);
    fetch(&mut devices, &batch, NOW);
    assert_eq!(devices.link_requests().count(), 6);
}

#[test]
fn wishes_out_of_season_are_refused() {
    let (id, group) = (DeviceId::from_bytes([3; 32]), GroupId::from_bytes([3; 8]));
    let sas = Sas::from_bytes([0; 16]);
    let state = |call| Err(Error::State { call });
    let unknown = |what| Err(Error::Unknown { what });
    let rng = &mut rng(2);
    let mut outside = Devices::new_device(account(), &DeviceInfo::default(), NOW, rng).unwrap();
    assert_eq!(outside.start_group(NOW, rng), state("start_group"));
    fetch(&mut outside, &[], NOW);
    assert_eq!(outside.accept(&id, &sas, NOW, rng), state("accept"));
    assert_eq!(outside.remove(&id, NOW, rng), state("remove"));
    assert_eq!(outside.confirm(&sas, NOW, rng), unknown("link request"));
    assert_eq!(outside.renew_identity(NOW, rng), state("renew_identity"));
    assert_eq!(outside.ignore(&id), unknown("link request"));
    assert_eq!(outside.dismiss(&group), unknown("group"));
    let asked = outside.request_link(&group, NOW, rng).map(drop);
    assert_eq!(asked, unknown("group"));

    let mut inside = member();
    let own = *inside.own_id();
    let group = *inside.group().unwrap();
    assert_eq!(inside.start_group(NOW, rng), state("start_group"));
    assert_eq!(inside.remove(&own, NOW, rng), state("remove"));
    assert_eq!(inside.remove(&id, NOW, rng), unknown("device"));
    let asked = inside.request_link(&group, NOW, rng).map(drop);
    assert_eq!(asked, state("request_link"));
    let nothing = inside.handle_stored(RequestId(77), None, NOW, rng);
    assert_eq!(nothing, unknown("request"));
}

#[test]
fn a_push_that_fails_is_tried_again_later_and_later_after_a_fetch() {
    let info = DeviceInfo::new("a", "d", 1);
    let mut devices = Devices::new_account(account(), &info, NOW, &mut rng(1)).unwrap();
    let (mut now, mut last) = (NOW, NOW);
    let (mut waits, mut fetched) = (Vec::new(), false);
    for _ in 0..100 {
        match devices.poll_output(now) {
            Output::Request(request) => {
                assert!(fetched);
                fetched = false;
                waits.push(now.as_millis() - last.as_millis());
                last = now;
                devices
                    .handle_stored(request.id, None, now, &mut rng(2))
                    .unwrap();
            }
            Output::Fetch(_) => {
                fetched = true;
                fetch(&mut devices, &[], now);
            }
            Output::Wait(at) => {
                now = at.unwrap();
                devices.handle_timeout(now, &mut rng(2)).unwrap();
            }
            _ => {}
        }
    }
    assert_eq!(waits[..4], [0, 30_000, 60_000, 120_000]);
    assert_eq!(waits[10..12], [HOUR, HOUR]);
}

#[test]
fn a_group_without_an_active_key_gets_one() {
    let mut devices = member();
    let active = devices.keys.active().unwrap().key();
    let rotated = AccountKey::new(active.seed.clone(), active.created, Some(to_secs(NOW)));
    devices.keys.merge([rotated].into(), NOW);
    assert!(devices.keys.active().is_none());
    fetch(&mut devices, &[], at(MINUTE));
    let (requests, events) = drain(&mut devices, at(MINUTE));
    assert_eq!(requests.len(), 1);
    assert!(events.contains(&Event::AccountKeyRotated));
    assert!(devices.keys.active().unwrap().is_distributed());
}

#[test]
fn a_request_that_is_never_answered_counts_as_failed() {
    let info = DeviceInfo::new("a", "d", 1);
    let mut devices = Devices::new_account(account(), &info, NOW, &mut rng(1)).unwrap();
    fetch(&mut devices, &[], NOW);
    let request = loop {
        if let Output::Request(request) = devices.poll_output(NOW) {
            break request;
        }
    };
    devices.handle_timeout(at(5 * MINUTE), &mut rng(2)).unwrap();
    let late = devices.handle_stored(request.id, Some(&["x"]), at(5 * MINUTE), &mut rng(2));
    assert_eq!(late, Err(Error::Unknown { what: "request" }));
    devices.handle_timeout(at(6 * MINUTE), &mut rng(2)).unwrap();
    fetch(&mut devices, &[], at(6 * MINUTE));
    let (requests, _) = drain(&mut devices, at(6 * MINUTE));
    assert_eq!(requests.len(), 1);
}

#[test]
fn debug_shows_no_secrets() {
    let devices = member();
    let shown = alloc::format!("{devices:?}");
    assert!(
        shown.contains("InGroup") && !shown.contains("seed"),
        "{shown}"
    );
}

#[test]
fn saved_bytes_that_were_never_written_are_refused() {
    let saved = member().save();
    let restore = |bytes: &[u8]| Devices::restore(account(), bytes, NOW).map(|_| ());
    assert_eq!(restore(&saved), Ok(()));
    let malformed = |result: Result<(), Error>| {
        assert!(matches!(
            result,
            Err(Error::Malformed { .. } | Error::Version { .. })
        ));
    };
    for len in 0..saved.len() {
        malformed(restore(&saved[..len]));
    }
    malformed(restore(&[&saved[..], &[0]].concat()));
    let mut other = saved.to_vec();
    other[0] = 2;
    assert_eq!(
        restore(&other),
        Err(Error::Version {
            what: "saved devices"
        })
    );
}

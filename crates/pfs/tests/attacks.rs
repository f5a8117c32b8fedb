//! Somebody who has the recovery password, and perhaps runs a member of the swarm, writes messages
//! of a group that they are not in (spec 07 §12). Group messages carry no proof of who wrote them:
//! what they say is taken, and must do no lasting harm.

#![cfg(feature = "hazmat")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod swarm;

use session_core::UnixMillis;
use session_pfs::devices::{Membership, Output, Stored};
use session_pfs::hazmat::seal_group_payload;
use session_pfs::{
    DeviceId, DeviceInfo, DeviceRecord, DeviceState, Error, GroupId, GroupMessage, KeyPair,
    KeySeed, PublicKeys,
};
use swarm::{DAY, HOUR, MINUTE, Phone, START, account, later, pair, rng, settle};

/// A payload that says nothing.
const EMPTY: &[u8] = b"de";

/// The key that the forger puts in the place of the account key.
fn forged_seed() -> KeySeed {
    KeySeed::from_bytes([9; 32])
}

/// What the forger writes to the group, for the devices with the keys `to`. The same `random` gives
/// the same ephemeral key.
fn forged(group: &GroupId, to: &[&PublicKeys], payload: &[u8], random: u8) -> Vec<u8> {
    let link = KeyPair::of_account_key(&forged_seed());
    sealed(group, &link, to, payload, random)
}

fn sealed(
    group: &GroupId,
    link: &KeyPair,
    to: &[&PublicKeys],
    payload: &[u8],
    random: u8,
) -> Vec<u8> {
    let to: Vec<_> = to.iter().copied().map(Some).collect();
    let link = link.x25519().public();
    seal_group_payload(&account(1), group, link, &to, payload, &mut rng(random)).unwrap()
}

/// The group has the forger's account key since `created`.
fn key_payload(created: i64) -> Vec<u8> {
    let head = format!("d1:Dde1:Kld1:ci{created}e1:s32:");
    [head.as_bytes(), forged_seed().expose_bytes(), b"eee"].concat()
}

/// The group has a device with this record, or, for an integer, it is gone since then.
fn device_payload(id: &DeviceId, entry: &[u8]) -> Vec<u8> {
    [b"d1:Dd32:", &id.as_bytes()[..], entry, b"e1:Klee"].concat()
}

fn own_keys(phone: &Phone) -> PublicKeys {
    let record = phone.devices.table().own().record().unwrap();
    record.keys().unwrap().clone()
}

fn group(phone: &Phone) -> GroupId {
    *phone.devices.group().unwrap()
}

/// The state of `of`'s row, as `phone` has it.
fn state(phone: &Phone, of: &Phone) -> DeviceState {
    let row = phone.devices.table().row(of.devices.own_id());
    row.unwrap().state()
}

/// One member of the swarm shows one message.
fn show(phone: &mut Phone, data: &[u8], now: UnixMillis) {
    let stored = Stored {
        data,
        hash: "forged",
        stored_at: now,
        expires_at: later(now, 30 * DAY),
    };
    phone
        .devices
        .handle_messages(&[1; 32], &[stored], true, now, &mut phone.rng)
        .unwrap();
}

/// A record that says `info`, with an entry of `len` bytes that nobody knows.
fn long_record(keys: u8, len: usize) -> Vec<u8> {
    let keys = KeyPair::of_device_key(&KeySeed::from_bytes([keys; 32])).public();
    let record = DeviceRecord::new(&keys, 1, 1_790_000_000, &DeviceInfo::default()).unwrap();
    let (end, known) = record.as_bytes().split_last().unwrap();
    let head = format!("1:z{len}:");
    [known, head.as_bytes(), &vec![b'x'; len], &[*end]].concat()
}

/// A message of the group that cannot be read is shown by one member, and all others are silent:
/// each fetch ends with the same suspicion, which asks for a fetch.
#[test]
fn a_suspicion_that_nobody_confirms_makes_no_busy_loop() {
    let (mut old, _, mut swarm) = pair();
    let now = later(START, HOUR);
    let data = forged(&group(&old), &[], EMPTY, 77);
    swarm.store(21, data, 30 * DAY, now);
    let shown = swarm.fetch(21, now);
    old.give(&shown, swarm.members[0], now);
    let mut fetches = 0;
    let rests = (0..100).any(|_| match old.devices.poll_output(now) {
        Output::Fetch(fetch) => {
            assert_eq!(fetch.not_from, [swarm.members[0]]);
            fetches += 1;
            old.give(&shown, swarm.members[0], now);
            false
        }
        Output::Wait(at) => at.is_some_and(|at| at >= later(now, MINUTE)),
        _ => false,
    });
    assert!(rests, "{fetches} fetches in one millisecond");
    assert_eq!(fetches, 1);
    assert_eq!(old.devices.membership(), Membership::InGroup);
}

/// A key that is dated ten years ahead takes the place of the true one, as of then: it would be
/// erased in ten years.
#[test]
fn a_forged_key_from_the_future_puts_no_erasure_off() {
    let (mut old, mut new, mut swarm) = pair();
    let mut now = later(START, HOUR);
    let created = i64::try_from(later(now, 3650 * DAY).as_secs()).unwrap();
    let keys = own_keys(&old);
    let data = forged(&group(&old), &[&keys], &key_payload(created), 77);
    let before = old.devices.keys().active().unwrap().key().seed.clone();
    show(&mut old, &data, now);
    let active = |phone: &Phone| phone.devices.keys().active().unwrap().key().seed.clone();
    assert!(active(&old) == forged_seed());

    let holds = |phone: &Phone, seed: &KeySeed| {
        phone
            .devices
            .keys()
            .iter()
            .any(|held| held.key().seed == *seed)
    };
    let mut later_key = None;
    for day in 0..40 {
        for _ in 0..6 {
            now = later(now, 4 * HOUR);
            old.sync(&mut swarm, now);
            // The other one is switched on one day in five.
            if day % 5 == 0 {
                new.sync(&mut swarm, now);
            }
        }
        if day == 6 {
            later_key = Some(active(&old));
        }
    }
    settle(&mut [&mut old, &mut new], &mut swarm, now);
    for seed in [before, later_key.unwrap()] {
        assert!(!holds(&old, &seed) && !holds(&new, &seed));
    }
}

/// Two devices with records of 60 KiB: whoever passes both on has no room left for a message.
#[test]
fn long_records_silence_nobody() {
    let (mut old, mut new, mut swarm) = pair();
    let now = later(START, HOUR);
    let keys = own_keys(&old);
    for device in [0x51, 0x52] {
        let id = DeviceId::from_bytes([device; 32]);
        let payload = device_payload(&id, &long_record(device, 60_000));
        let data = forged(&group(&old), &[&keys], &payload, device);
        show(&mut old, &data, now);
    }
    let info = DeviceInfo::new("renamed", "d", 1);
    old.devices.set_info(&info, now, &mut old.rng).unwrap();
    settle(&mut [&mut old, &mut new], &mut swarm, now);
    let row = new.devices.table().row(old.devices.own_id()).unwrap();
    assert_eq!(row.record().unwrap().info(), &info);
    assert_eq!(new.devices.table().registered().count(), 2);
}

/// The greatest number there is, for somebody's record: no record that its device writes afterwards
/// would be a later one, and all would encrypt to the key of then.
#[test]
fn the_greatest_number_of_all_freezes_no_device() {
    let (mut old, mut new, mut swarm) = pair();
    let mut now = later(START, HOUR);
    let (old_keys, new_keys) = (own_keys(&old), own_keys(&new));
    let info = DeviceInfo::default();
    let record = DeviceRecord::new(&new_keys, i64::MAX, 1_790_000_000, &info).unwrap();
    let payload = device_payload(new.devices.own_id(), record.as_bytes());
    let data = forged(&group(&old), &[&old_keys, &new_keys], &payload, 77);
    show(&mut old, &data, now);
    show(&mut new, &data, now);
    for _ in 0..20 {
        now = later(now, 12 * HOUR);
        old.sync(&mut swarm, now);
        new.sync(&mut swarm, now);
    }
    settle(&mut [&mut old, &mut new], &mut swarm, now);
    assert!(own_keys(&new) != new_keys, "device keys rotate every week");
    let row = old.devices.table().row(new.devices.own_id()).unwrap();
    assert!(row.record().unwrap().keys() == Some(&own_keys(&new)));
}

/// A relay shows its own link key as the group's to whoever wants to be linked. The group speaks
/// again, with the true key, which is known already: it looked like an old message.
#[test]
fn a_relay_does_not_hide_behind_a_known_link_key() {
    let (old, _, mut swarm) = pair();
    let mut now = later(START, MINUTE);
    let mut applicant = Phone::another(account(1), "third", 3, now);
    applicant.sync(&mut swarm, now);
    let group = group(&old);

    now = later(now, HOUR);
    show(&mut applicant, &forged(&group, &[], EMPTY, 77), now);
    now = later(now, MINUTE);
    let link = old.devices.keys().active().unwrap().pair();
    let keys = own_keys(&old);
    let genuine = sealed(&group, link, &[&keys], EMPTY, 78);
    show(&mut applicant, &genuine, now);
    let asked = applicant
        .devices
        .request_link(&group, now, &mut applicant.rng);
    let call = "request_link";
    assert_eq!(asked.unwrap_err(), Error::State { call });
}

/// The forger copies the ephemeral key of a true message into one of its own, and shows that first:
/// the true one looked like the same message once more.
#[test]
fn a_message_with_a_copied_ephemeral_key_hides_no_other() {
    let (mut old, new, _) = pair();
    // Not so much later than what was read last that it would be suspicious.
    let now = later(START, 2 * MINUTE);
    let group = group(&old);
    let keys = own_keys(&old);
    let gone = format!("i{}e", now.as_secs());
    let removal = device_payload(new.devices.own_id(), gone.as_bytes());
    let genuine = forged(&group, &[&keys], &removal, 80);
    let copied = forged(&group, &[], EMPTY, 80);
    let ephemeral = |data| {
        let message = GroupMessage::read(&account(1), data).unwrap();
        *message.ephemeral()
    };
    assert!(ephemeral(&genuine) == ephemeral(&copied));

    show(&mut old, &copied, now);
    assert_eq!(state(&old, &new), DeviceState::Registered);
    show(&mut old, &genuine, now);
    assert_eq!(state(&old, &new), DeviceState::Removed);
}

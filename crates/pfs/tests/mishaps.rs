//! What goes wrong without an enemy: clocks, sleep, lost answers, damaged or confused states (spec
//! 07 §6, §8.3).

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod swarm;

use rand_chacha::ChaCha20Rng;
use session_core::UnixMillis;
use session_pfs::devices::{Event, Membership, Output};
use session_pfs::{DeviceId, DeviceInfo, DeviceState, Devices, Error};
use swarm::{
    DAY, HOUR, MINUTE, Phone, START, Swarm, account, below, first, index, later, link, pair, rng,
    settle,
};

fn rename(phone: &mut Phone, name: &str, now: UnixMillis) -> DeviceInfo {
    let info = DeviceInfo::new(name, "d", 1);
    phone.devices.set_info(&info, now, &mut phone.rng).unwrap();
    info
}

/// A laptop is closed when a push has failed, and opened two hours later. What it would write upon
/// what it knew then, the others, who have new keys, could not read: they would take themselves for
/// displaced.
#[test]
fn who_wakes_up_looks_before_writing() {
    let (mut a, mut b, mut swarm) = pair();
    let mut now = later(START, HOUR);
    let mut c = Phone::another(account(1), "third", 3, now);
    link(&mut a, &mut c, &mut swarm, now);
    let mut d = Phone::another(account(1), "fourth", 4, now);
    link(&mut a, &mut d, &mut swarm, now);
    for _ in 0..8 {
        now = later(now, 15 * MINUTE);
        settle(&mut [&mut a, &mut b, &mut c, &mut d], &mut swarm, now);
    }
    // It has looked already, so that it writes at once.
    let info = rename(&mut c, "laptop", now);
    let shown = swarm.fetch(21, now);
    c.give(&shown, swarm.members[0], now);
    c.offline = true;
    c.run(&mut swarm, now);
    c.offline = false;

    a.devices
        .remove(d.devices.own_id(), now, &mut a.rng)
        .unwrap();
    for _ in 0..8 {
        now = later(now, 15 * MINUTE);
        settle(&mut [&mut a, &mut b], &mut swarm, now);
    }

    c.devices.handle_timeout(now, &mut c.rng).unwrap();
    let first = (0..100).find_map(|_| match c.devices.poll_output(now) {
        output @ (Output::Fetch(_) | Output::Request(_) | Output::Wait(_)) => Some(output),
        _ => None,
    });
    assert!(matches!(first, Some(Output::Fetch(_))));
    settle(&mut [&mut c, &mut a, &mut b], &mut swarm, now);
    for phone in [&a, &b, &c] {
        assert_eq!(phone.devices.membership(), Membership::InGroup);
        assert!(!phone.events.contains(&Event::Displaced));
        let row = phone.devices.table().row(c.devices.own_id()).unwrap();
        assert_eq!(row.record().unwrap().info(), &info);
    }
}

/// A push was stored, and the answer that gives its hash was lost.
#[test]
fn a_push_whose_answer_was_lost_is_deleted_in_the_end() {
    let (mut phone, mut swarm) = first();
    let mut now = later(START, HOUR);
    rename(&mut phone, "renamed", now);
    phone.answers_lost = true;
    phone.sync(&mut swarm, now);
    phone.answers_lost = false;
    for _ in 0..4 {
        now = later(now, 14 * HOUR);
        settle(&mut [&mut phone], &mut swarm, now);
    }
    assert_eq!(swarm.fetch(21, now).len(), 1);
}

/// The clock is ten years ahead for one call, which only asks what is to be done.
#[test]
fn a_clock_that_was_ahead_once_does_no_lasting_harm() {
    let (mut old, mut new, mut swarm) = pair();
    let mut now = later(START, HOUR);
    let _ = old.devices.poll_output(later(now, 3650 * DAY));
    for _ in 0..6 {
        now = later(now, 4 * HOUR);
        settle(&mut [&mut old, &mut new], &mut swarm, now);
    }
    let tomorrow = i64::try_from(later(now, DAY).as_secs()).unwrap();
    for phone in [&old, &new] {
        let mut keys = phone.devices.keys().iter();
        assert!(keys.all(|held| held.key().created < tomorrow));
        assert!(phone.wakes_at.is_some_and(|at| at <= later(now, DAY)));
        assert_eq!(phone.devices.membership(), Membership::InGroup);
    }
    // It has not stopped working, either.
    let rotated = old.devices.keys().iter().count();
    assert!(rotated > 1, "the account key rotates twice a day");
}

/// Otherwise the key would no longer be published after a restart.
#[test]
fn the_wish_to_publish_outlives_the_process() {
    let (mut phone, mut swarm) = first();
    phone.publish(START);
    phone.offline = true; // Nothing else is worth saving.
    phone.run(&mut swarm, START);
    phone.restart(account(1), START);
    assert!(phone.devices.keys().publishing());
}

/// With the state of one account a device would publish its keys as another's.
#[test]
fn the_state_of_another_account_is_not_restored() {
    let (_, new, _) = pair();
    let restored = Devices::restore(account(2), &new.saved, START);
    assert!(matches!(restored, Err(Error::NotForUs { .. })));
    assert!(Devices::restore(account(1), &new.saved, START).is_ok());
}

/// Bytes that differ in a few places from saved ones.
fn damaged(saved: &[u8], rng: &mut ChaCha20Rng) -> Vec<u8> {
    let mut bytes = saved.to_vec();
    for _ in 0..=below(rng, 3) {
        // Half of them where the lengths and flags are.
        let len = if below(rng, 2) == 0 { 80 } else { bytes.len() };
        let at = index(rng, len);
        bytes[at] = match below(rng, 4) {
            0 => 0xff,
            1 => 0,
            2 => bytes[at] ^ (1 << below(rng, 8)),
            _ => u8::try_from(below(rng, 256)).unwrap(),
        };
    }
    bytes
}

/// The state was damaged on the disk. It is refused, or what follows is odd but no panic, no error
/// and no loop.
#[test]
fn a_damaged_state_is_refused_or_can_be_lived_with() {
    let (old, _, swarm) = pair();
    let now = later(START, HOUR);
    let mut random = rng(7);
    let (mut restored, mut refused) = (0, 0);
    for _ in 0..200 {
        let bytes = damaged(&old.saved, &mut random);
        let Ok(devices) = Devices::restore(account(1), &bytes, START) else {
            refused += 1;
            continue;
        };
        restored += 1;
        let mut phone = Phone::with(devices, rng(3));
        phone.sync(&mut swarm.clone(), now);
    }
    assert!(restored >= 50 && refused >= 20, "{restored}, {refused}");
}

/// What one of the four does next, in a bad network.
fn live(phones: &mut [Phone; 4], swarm: &mut Swarm, now: UnixMillis, random: &mut ChaCha20Rng) {
    let (acting, other) = (index(random, 4), index(random, 4));
    let other = *phones[other].devices.own_id();
    let phone = &mut phones[acting];
    phone.devices.handle_timeout(now, &mut phone.rng).unwrap();
    match below(random, 60) {
        0..5 => {
            let name = format!("name {}", below(random, 1000));
            rename(phone, &name, now);
        }
        // Itself, and who is gone already, are refused.
        5 => drop(phone.devices.remove(&other, now, &mut phone.rng)),
        _ => {}
    }
    phone.offline = below(random, 3) == 0;
    phone.answers_lost = below(random, 8) == 0;
    phone.run(swarm, now);
    if !phone.offline {
        phone.sync(swarm, now);
    }
    (phone.offline, phone.answers_lost) = (false, false);
}

/// What all have to agree on: the account keys, and the devices. Of those that are gone only that
/// they are: what they said last is no concern of the others, who are not told.
type View = (
    Vec<(i64, Option<i64>)>,
    Vec<(DeviceId, DeviceState, Option<i64>, Option<Vec<u8>>)>,
);

fn view(phone: &Phone) -> View {
    let keys = phone.devices.keys().iter().map(|held| held.key());
    let keys = keys.map(|key| (key.created, key.rotated)).collect();
    let rows = phone.devices.table().rows();
    let rows = rows.filter(|row| row.state() >= DeviceState::Registered);
    let mut rows: Vec<_> = rows
        .map(|row| {
            let record = row.record().map(|record| record.as_bytes().to_vec());
            let member = row.state() == DeviceState::Registered;
            let record = record.filter(|_| member);
            (*row.id(), row.state(), row.removed_at(), record)
        })
        .collect();
    rows.sort_unstable_by_key(|row| *row.0.as_bytes());
    (keys, rows)
}

/// Four devices rename and remove each other for a week, in a network that loses requests and
/// answers. Once it is quiet all that are left agree, and none was ever taken for displaced.
#[test]
fn in_the_end_all_devices_agree() {
    let mut removals = 0;
    for seed in 0..9 {
        let mut random = rng(seed);
        let (mut old, mut swarm) = first();
        let mut now = START;
        let [second, third, fourth] = [40, 41, 42].map(|seed| {
            now = later(now, MINUTE);
            let mut new = Phone::another(account(1), "new", seed, now);
            link(&mut old, &mut new, &mut swarm, now);
            new
        });
        let mut phones = [old, second, third, fourth];
        for _ in 0..120 {
            now = later(now, below(&mut random, 3 * HOUR));
            live(&mut phones, &mut swarm, now, &mut random);
        }
        for _ in 0..24 {
            now = later(now, HOUR);
            for phone in &mut phones {
                phone.sync(&mut swarm, now);
            }
        }
        settle(&mut phones.each_mut(), &mut swarm, now);

        let mut members: Vec<_> = phones
            .iter()
            .filter(|phone| phone.devices.membership() == Membership::InGroup)
            .collect();
        removals += phones.len() - members.len();
        let displaced = |phone: &Phone| phone.events.contains(&Event::Displaced);
        assert!(!phones.iter().any(displaced), "seed {seed}");
        let last = members.pop().expect("somebody is left");
        let registered = last.devices.table().registered().count();
        assert_eq!(registered, members.len() + 1, "seed {seed}");
        for phone in members {
            assert!(view(phone) == view(last), "seed {seed}");
        }
        assert_eq!(swarm.fetch(21, now).len(), 1, "seed {seed}");
    }
    assert!(removals > 0);
}

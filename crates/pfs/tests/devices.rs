//! The group of linked devices over a swarm in memory (spec 07 §7, §8, §9).

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod swarm;

use session_core::UnixMillis;
use session_pfs::devices::{Event, Membership, Stored};
use session_pfs::{DeviceState, PublicKeys, read_publication, seal};
use swarm::{
    DAY, HOUR, MINUTE, Phone, START, Swarm, account, first, later, link, pair, rng, settle,
};

/// The seeds of all account keys, in order.
fn seeds(phone: &Phone) -> Vec<[u8; 32]> {
    let keys = phone.devices.keys().iter();
    keys.map(|held| *held.key().seed.expose_bytes()).collect()
}

fn members(phone: &Phone) -> usize {
    phone.devices.table().registered().count()
}

/// What a sender finds published.
fn published(swarm: &mut Swarm, now: UnixMillis) -> PublicKeys {
    let kept = swarm.fetch(-21, now);
    read_publication(&account(1).id(), &kept[0].data).unwrap()
}

#[test]
fn a_new_account_has_a_group_after_the_first_fetch() {
    let (mut phone, mut swarm) = first();
    let kept = swarm.fetch(21, START);
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].data.len(), 13_393);
    // Nothing more to say.
    phone.sync(&mut swarm, later(START, MINUTE));
    assert_eq!(swarm.recorded.len(), 1);
    assert!(phone.wakes_at.is_some());
}

#[test]
fn a_restored_account_makes_no_group_by_itself() {
    let mut swarm = Swarm::new();
    let mut phone = Phone::another(account(1), "new", 2, START);
    phone.sync(&mut swarm, START);
    assert_eq!(phone.devices.membership(), Membership::NoGroup);
    assert!(swarm.recorded.is_empty());
    phone.devices.start_group(START, &mut phone.rng).unwrap();
    phone.run(&mut swarm, START);
    assert_eq!(phone.devices.membership(), Membership::InGroup);
    assert_eq!(swarm.recorded.len(), 1);
}

#[test]
fn two_devices_link_and_share_the_account_keys() {
    let (old, new, _) = pair();
    assert_eq!(new.devices.membership(), Membership::InGroup);
    assert_eq!(new.devices.group(), old.devices.group());
    assert_eq!((members(&old), members(&new)), (2, 2));
    assert_eq!(seeds(&old), seeds(&new));
    assert!(new.events.contains(&Event::Joined {
        group: *old.devices.group().unwrap()
    }));
}

#[test]
fn an_admission_waits_for_the_user() {
    let (mut old, mut swarm) = first();
    let now = later(START, MINUTE);
    let mut new = Phone::another(account(1), "new", 2, now);
    new.sync(&mut swarm, now);
    assert_eq!(new.devices.membership(), Membership::GroupsVisible);
    let group = *old.devices.group().unwrap();
    let sas = new.devices.request_link(&group, now, &mut new.rng).unwrap();
    assert_eq!(new.devices.membership(), Membership::Waiting);
    new.run(&mut swarm, now);
    old.sync(&mut swarm, now);
    let device = *new.devices.own_id();
    // Other emoji than those shown accept nothing.
    let other = session_pfs::sas::Sas::from_bytes([9; 16]);
    assert!(
        old.devices
            .accept(&device, &other, now, &mut old.rng)
            .is_err()
    );
    old.devices
        .accept(&device, &sas, now, &mut old.rng)
        .unwrap();
    old.run(&mut swarm, now);

    new.sync(&mut swarm, now);
    assert!(new.events.contains(&Event::AdmissionHeld { group }));
    assert!(new.devices.keys().active().is_none());
    // Even after a restart.
    new.restart(account(1), now);
    new.devices.confirm(&sas, now, &mut new.rng).unwrap();
    new.run(&mut swarm, now);
    assert_eq!(new.devices.membership(), Membership::InGroup);
    assert_eq!(seeds(&old), seeds(&new));
}

#[test]
fn a_published_key_is_read_by_both() {
    let (mut old, mut new, mut swarm) = pair();
    let now = later(START, HOUR);
    assert!(swarm.fetch(-21, now).is_empty());
    old.publish(now);
    old.sync(&mut swarm, now);
    let keys = published(&mut swarm, now);
    let wire = seal(&account(9), &account(1).id(), &keys, b"hello", &mut rng(5)).unwrap();
    for phone in [&mut old, &mut new] {
        let opened = phone.devices.open(&wire).unwrap();
        assert_eq!(opened.content(), b"hello");
        assert!(opened.is_forward_secret());
    }
}

#[test]
fn one_device_rotates_for_all_and_old_keys_are_erased_in_time() {
    let (mut old, mut new, mut swarm) = pair();
    let keys = |phone: &Phone| phone.devices.keys().iter().count();
    let first_seeds = seeds(&old);
    let mut now = later(START, 10 * HOUR);
    settle(&mut [&mut old, &mut new], &mut swarm, now);
    assert_eq!(seeds(&old), first_seeds);
    now = later(START, 14 * HOUR);
    settle(&mut [&mut old, &mut new], &mut swarm, now);
    assert_eq!(seeds(&old), seeds(&new));
    assert_eq!(
        keys(&old),
        first_seeds.len() + 1,
        "one of them has rotated, once"
    );

    for _ in 0..40 {
        now = later(now, 14 * HOUR);
        settle(&mut [&mut old, &mut new], &mut swarm, now);
    }
    assert_eq!(seeds(&old), seeds(&new));
    assert!(
        !seeds(&old).contains(&first_seeds[0]),
        "erased after 16 days"
    );
    assert!(keys(&old) <= 34);
    // One message is all that is left in the swarm.
    assert_eq!(swarm.fetch(21, now).len(), 1);
}

#[test]
fn a_removed_device_reads_no_more() {
    let (mut old, mut new, mut swarm) = pair();
    let now = later(START, HOUR);
    let device = *new.devices.own_id();
    old.devices.remove(&device, now, &mut old.rng).unwrap();
    old.run(&mut swarm, now);
    new.sync(&mut swarm, now);
    assert_eq!(new.devices.membership(), Membership::Removed);
    assert!(new.events.contains(&Event::Removed));
    assert_ne!(seeds(&old)[0], seeds(&new)[0]);

    // It can come back as another device only.
    let group = *old.devices.group().unwrap();
    assert!(new.devices.request_link(&group, now, &mut new.rng).is_err());
    new.devices.renew_identity(now, &mut new.rng).unwrap();
    assert_ne!(*new.devices.own_id(), device);
    link(&mut old, &mut new, &mut swarm, later(now, MINUTE));
    settle(&mut [&mut old, &mut new], &mut swarm, later(now, MINUTE));
    assert_eq!(seeds(&old), seeds(&new));
    assert_eq!(
        old.devices.table().row(&device).unwrap().state(),
        DeviceState::Removed
    );
}

#[test]
fn a_removed_device_does_not_publish_its_key_again() {
    let (mut old, mut new, mut swarm) = pair();
    let now = later(START, HOUR);
    old.publish(now);
    new.publish(now);
    settle(&mut [&mut old, &mut new], &mut swarm, now);
    let now = later(now, 2 * HOUR);
    let device = *new.devices.own_id();
    old.devices.remove(&device, now, &mut old.rng).unwrap();
    old.run(&mut swarm, now);
    old.sync(&mut swarm, now);
    // It looks at the published key before it hears of its removal.
    new.sync(&mut swarm, now);
    assert_eq!(new.devices.membership(), Membership::Removed);
    let active = old.devices.keys().active().unwrap();
    assert_eq!(published(&mut swarm, now), active.pair().public());
}

#[test]
fn a_device_that_joins_another_group_tells_the_one_it_leaves() {
    let (mut old, mut new, mut swarm) = pair();
    let now = later(START, HOUR);
    let mut third = Phone::another(account(1), "third", 3, now);
    third.sync(&mut swarm, now);
    third.devices.start_group(now, &mut third.rng).unwrap();
    third.run(&mut swarm, now);
    new.sync(&mut swarm, now);
    let other = *third.devices.group().unwrap();
    assert!(new.events.contains(&Event::OtherGroup { group: other }));

    let sas = new.devices.request_link(&other, now, &mut new.rng).unwrap();
    new.run(&mut swarm, now);
    third.sync(&mut swarm, now);
    let device = *new.devices.own_id();
    third
        .devices
        .accept(&device, &sas, now, &mut third.rng)
        .unwrap();
    third.run(&mut swarm, now);
    new.devices.confirm(&sas, now, &mut new.rng).unwrap();
    new.sync(&mut swarm, now);
    assert_eq!(new.devices.group(), Some(&other));
    let before = seeds(&old)[0];
    old.sync(&mut swarm, now);
    assert_eq!(
        old.devices.table().row(&device).unwrap().state(),
        DeviceState::Left
    );
    assert_ne!(
        seeds(&old)[0],
        before,
        "a departure rotates the account key"
    );
    assert!(!seeds(&new).contains(&before), "keys never carry over");
}

#[test]
fn one_member_alone_displaces_nobody() {
    let (mut old, mut new, mut swarm) = pair();
    // The group goes on without a tombstone: `old` writes a state that `new` never was in.
    let now = later(START, HOUR);
    let (mut twin, _) = first();
    twin.restart(account(1), now);
    twin.rng = rng(77);
    let mut alone = Swarm::new();
    alone.next_hash = 100; // Hashes of its own.
    twin.devices.handle_timeout(now, &mut twin.rng).unwrap();
    twin.run(&mut alone, now);
    let info = session_pfs::DeviceInfo::new("other", "d", 1);
    twin.devices.set_info(&info, now, &mut twin.rng).unwrap();
    twin.run(&mut alone, now);
    let mut foreign = alone.fetch(21, now);
    foreign.retain(|kept| kept.data.len() > 2000);

    new.give(&foreign, swarm.members[0], now);
    assert_eq!(new.devices.membership(), Membership::InGroup);
    // The same member again is no second opinion.
    new.give(&foreign, swarm.members[0], now);
    assert_eq!(new.devices.membership(), Membership::InGroup);
    new.give(&foreign, swarm.members[1], now);
    assert_eq!(new.devices.membership(), Membership::Displaced);
    new.run(&mut swarm, now);
    assert!(new.events.contains(&Event::Displaced));
    // What can be read and is newer ends it.
    let now = later(now, HOUR);
    old.devices.set_info(&info, now, &mut old.rng).unwrap();
    old.run(&mut swarm, now);
    new.sync(&mut swarm, now);
    assert_eq!(new.devices.membership(), Membership::InGroup);
}

#[test]
fn a_crash_at_any_time_loses_nothing() {
    let (mut old, mut swarm) = first();
    let mut now = later(START, MINUTE);
    let mut new = Phone::another(account(1), "new", 2, now);
    link(&mut old, &mut new, &mut swarm, now);
    for step in 0..60 {
        now = later(now, 3 * HOUR);
        let (phone, other) = if step % 2 == 0 {
            (&mut old, &mut new)
        } else {
            (&mut new, &mut old)
        };
        // Everything that it asks for is lost, then it starts again.
        phone.offline = true;
        phone.sync(&mut swarm, now);
        phone.offline = false;
        phone.restart(account(1), now);
        other.sync(&mut swarm, now);
    }
    settle(&mut [&mut old, &mut new], &mut swarm, later(now, HOUR));
    assert_eq!(seeds(&old), seeds(&new));
    assert_eq!((members(&old), members(&new)), (2, 2));
}

#[test]
fn hostile_messages_are_passed_over() {
    let (mut old, mut swarm) = first();
    let kept = swarm.fetch(21, START);
    let before = old.devices.save();
    for data in [
        &b""[..],
        b"d",
        b"d0:1:Ge",
        b"d0:1:Xe",
        &[0; 76_801],
        &kept[0].data[1..],
    ] {
        let stored = Stored {
            data,
            hash: "x",
            stored_at: START,
            expires_at: later(START, DAY),
        };
        old.devices
            .handle_messages(&[1; 32], &[stored], true, START, &mut old.rng)
            .unwrap();
    }
    assert_eq!(*old.devices.save(), *before);
}

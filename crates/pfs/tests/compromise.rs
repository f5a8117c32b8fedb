//! Who can read what, after something was stolen (spec 06 §11, 07 §12): the promises of
//! `docs/threat-model.md`, each as a test.

#![cfg(feature = "hazmat")]
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
use session_pfs::devices::{Event, Membership, Stored};
use session_pfs::hazmat::{device_key_seeds, seal_group_payload};
use session_pfs::{
    DeviceState, Devices, Error, GroupMessage, KeyPair, KeySeed, PublicKeys, open,
    read_publication, seal, seal_without_pfs,
};
use swarm::{DAY, HOUR, MINUTE, Phone, START, Swarm, account, later, link, rng};

/// Two linked phones of account 1 whose key is published.
struct World {
    swarm: Swarm,
    old: Phone,
    new: Phone,
    now: UnixMillis,
    rng: ChaCha20Rng,
}

impl World {
    fn new() -> Self {
        let mut swarm = Swarm::new();
        let mut old = Phone::first(account(1), "old", 1, START);
        old.run(&mut swarm, START);
        let now = later(START, MINUTE);
        let mut new = Phone::another(account(1), "new", 2, now);
        link(&mut old, &mut new, &mut swarm, now);
        old.publish(now);
        new.publish(now);
        let mut world = Self {
            swarm,
            old,
            new,
            now,
            rng: rng(5),
        };
        world.live(10 * MINUTE, MINUTE);
        world
    }

    /// Both phones are online for `millis`, and fetch every `step`.
    fn live(&mut self, millis: u64, step: u64) {
        let end = later(self.now, millis);
        while self.now < end {
            self.now = later(self.now, step);
            self.old.sync(&mut self.swarm, self.now);
            self.new.sync(&mut self.swarm, self.now);
        }
    }

    fn published(&mut self) -> PublicKeys {
        let kept = self.swarm.fetch(-21, self.now);
        read_publication(&account(1).id(), &kept[0].data).unwrap()
    }

    /// A message from somebody who asks for the key now.
    fn message(&mut self) -> Vec<u8> {
        let keys = self.published();
        seal(&account(9), &account(1).id(), &keys, b"text", &mut self.rng).unwrap()
    }
}

fn reads(phone: &Phone, wire: &[u8]) -> bool {
    match phone.devices.open(wire) {
        Ok(opened) => opened.content() == b"text",
        Err(error) => {
            assert_eq!(error, Error::NoKey);
            false
        }
    }
}

/// A thief with a copy of what the phone had saved.
fn steal(phone: &Phone, now: UnixMillis) -> Phone {
    let devices = Devices::restore(account(1), &phone.saved, now).unwrap();
    Phone::with(devices, rng(66))
}

#[test]
fn who_gets_the_recovery_password_later_reads_no_v2_message() {
    let mut world = World::new();
    let wire = world.message();
    let seed_only: [&KeyPair; 0] = [];
    let opened = open(&account(1), seed_only, &wire);
    assert_eq!(opened.unwrap_err(), Error::NoKey);
    // But what is not forward-secret stays readable for ever.
    let fallback = seal_without_pfs(&account(9), &account(1).id(), b"text", &mut world.rng);
    let opened = open(&account(1), seed_only, &fallback.unwrap()).unwrap();
    assert!(!opened.is_forward_secret());
    // Nor does the password open what the devices tell each other.
    for (namespace, data) in &world.swarm.recorded {
        if let (21, Ok(message)) = (*namespace, GroupMessage::read(&account(1), data)) {
            assert!(matches!(
                message.open(seed_only),
                Err(Error::NotForUs { .. })
            ));
        }
    }
}

#[test]
fn a_device_stolen_now_reads_16_days_back_and_no_more() {
    let mut world = World::new();
    let mut messages = Vec::new();
    for _ in 0..60 {
        let wire = world.message();
        messages.push((world.now, wire));
        world.live(12 * HOUR, 4 * HOUR);
    }
    let thief = steal(&world.old, world.now);
    for (sent, wire) in &messages {
        let age = world.now.as_millis() - sent.as_millis();
        let read = reads(&thief, wire);
        // A key is in use for up to 13 hours (17 here, since the phones look every 4 hours), and
        // kept for 16 days more.
        if age > 16 * DAY + 18 * HOUR {
            assert!(!read, "a message of {} hours ago", age / HOUR);
        }
        if age < 16 * DAY {
            assert!(read, "a message of {} hours ago", age / HOUR);
        }
    }
}

#[test]
fn recorded_group_messages_do_not_outlive_the_device_keys() {
    let mut world = World::new();
    let wire = world.message();
    world.live(30 * DAY, 6 * HOUR);
    // The thief has everything that was ever stored, the password and the phone.
    let seeds = device_key_seeds(&world.old.devices);
    let pairs: Vec<KeyPair> = seeds.iter().map(KeyPair::of_device_key).collect();
    let mut account_keys: Vec<KeySeed> = Vec::new();
    for (namespace, data) in &world.swarm.recorded {
        if *namespace != 21 {
            continue;
        }
        let Ok(message) = GroupMessage::read(&account(1), data) else {
            continue;
        };
        if let Ok((_, payload)) = message.open(&pairs) {
            account_keys.extend(payload.keys.into_iter().map(|key| key.seed));
        }
    }
    assert!(!account_keys.is_empty(), "the present ones");
    let pairs: Vec<KeyPair> = account_keys.iter().map(KeyPair::of_account_key).collect();
    assert_eq!(
        open(&account(1), &pairs, &wire).unwrap_err(),
        Error::NoKey,
        "30 days: 7 that a device key is in use, 2 that it is still accepted, 16 of retention"
    );
}

#[test]
fn a_device_stolen_once_is_shut_out_by_removing_it() {
    let mut world = World::new();
    let before = world.message();
    let cached = world.published();
    let mut thief = steal(&world.new, world.now);
    assert!(reads(&thief, &before));

    let device = *world.new.devices.own_id();
    let now = world.now;
    world
        .old
        .devices
        .remove(&device, now, &mut world.old.rng)
        .unwrap();
    world.old.run(&mut world.swarm, now);
    world.old.sync(&mut world.swarm, later(now, MINUTE));
    thief.sync(&mut world.swarm, later(now, MINUTE));
    assert_eq!(thief.devices.membership(), Membership::Removed);

    // Whoever asks for the key from now on is safe; who has the old one cached, up to 48 hours,
    // is not (spec 06 R15).
    let after = world.message();
    assert!(reads(&world.old, &after));
    assert!(!reads(&thief, &after));
    let late = seal(
        &account(9),
        &account(1).id(),
        &cached,
        b"text",
        &mut world.rng,
    )
    .unwrap();
    assert!(reads(&thief, &late));
    assert!(reads(&world.old, &late));
}

/// The forged state: what a removed device would like the others to believe. It knows the public
/// device keys of all members.
fn forge(world: &mut World, victim: &PublicKeys, key: &KeySeed, now: UnixMillis) -> Vec<u8> {
    let group = *world.old.devices.group().unwrap();
    let mut payload = b"d1:Dde1:Kld1:ci".to_vec();
    payload.extend_from_slice(now.as_secs().to_string().as_bytes());
    payload.extend_from_slice(b"e1:s32:");
    payload.extend_from_slice(key.expose_bytes());
    payload.extend_from_slice(b"eee");
    let link = KeyPair::of_account_key(key);
    let to = [Some(victim)];
    let link = link.x25519().public();
    seal_group_payload(&account(1), &group, link, &to, &payload, &mut world.rng).unwrap()
}

fn give(phone: &mut Phone, data: &[u8], hash: &str, now: UnixMillis) {
    let stored = Stored {
        data,
        hash,
        stored_at: now,
        expires_at: later(now, 30 * DAY),
    };
    phone
        .devices
        .handle_messages(&[1; 32], &[stored], true, now, &mut phone.rng)
        .unwrap();
}

#[test]
fn a_removed_device_with_a_storage_node_cannot_bring_its_own_account_key() {
    let mut world = World::new();
    // What the removed device knew of the one that stays.
    let own = world.old.devices.table().own();
    let known = own.record().unwrap().keys().unwrap().clone();
    let forged_key = KeySeed::from_bytes([0xee; 32]);
    let holds = |world: &World| {
        let mut keys = world.old.devices.keys().iter();
        keys.any(|held| held.key().seed == forged_key)
    };

    let mut third = Phone::another(account(1), "third", 3, world.now);
    link(&mut world.new, &mut third, &mut world.swarm, world.now);
    world.live(2 * MINUTE, MINUTE);
    let device = *third.devices.own_id();
    let now = world.now;
    world
        .new
        .devices
        .remove(&device, now, &mut world.new.rng)
        .unwrap();
    world.new.run(&mut world.swarm, now);
    // Both that stay have new device keys, and their old ones end when the other is known to have
    // heard of it, or after two days (spec 07 D1).
    world.live(60 * HOUR, 6 * HOUR);

    let now = later(world.now, MINUTE);
    let forged = forge(&mut world, &known, &forged_key, now);
    give(&mut world.old, &forged, "forged", now);
    assert!(!holds(&world), "the key that it knew is erased");

    // Against who has not yet heard of the removal it works, and is told to the user.
    let mut world = World::new();
    let now = later(world.now, MINUTE);
    let row = world.old.devices.table().own();
    let known = row.record().unwrap().keys().unwrap().clone();
    let forged = forge(&mut world, &known, &forged_key, now);
    give(&mut world.old, &forged, "forged", now);
    world.old.run(&mut world.swarm, now);
    assert!(holds(&world));
    assert!(world.old.events.contains(&Event::AccountKeysAdded {
        count: 1,
        suspicious: false,
    }));
}

#[test]
fn a_foreign_published_key_is_told_and_replaced() {
    let mut world = World::new();
    let thief = KeyPair::of_account_key(&KeySeed::from_bytes([0xee; 32]));
    let message =
        session_pfs::write_publication(&account(1), &thief.public(), &mut world.rng).unwrap();
    let now = world.now;
    world.swarm.store(-21, message, 30 * DAY, now);
    world.live(2 * HOUR, 10 * MINUTE);
    assert!(world.old.events.contains(&Event::ForeignPublication));
    assert_ne!(world.published(), thief.public());
    let wire = world.message();
    assert!(reads(&world.old, &wire) && reads(&world.new, &wire));
}

#[test]
fn a_key_that_the_other_device_made_is_no_alarm() {
    let mut world = World::new();
    world.live(20 * DAY, 7 * HOUR);
    for phone in [&world.old, &world.new] {
        assert!(!phone.events.contains(&Event::ForeignPublication));
        assert_eq!(phone.devices.membership(), Membership::InGroup);
        let mut gone = phone.devices.table().rows();
        assert!(gone.all(|row| row.state() == DeviceState::Registered));
    }
}

#[test]
fn a_storage_node_that_shows_old_messages_again_changes_nothing() {
    let mut world = World::new();
    world.live(3 * DAY, 6 * HOUR);
    world.live(3 * MINUTE, MINUTE); // Nothing is new to either.
    let state = |phone: &Phone| {
        let keys = phone.devices.keys().iter();
        let keys: Vec<_> = keys.map(|held| held.key().clone()).collect();
        let rows: Vec<_> = phone.devices.table().rows().cloned().collect();
        (keys, rows, phone.devices.membership())
    };
    let before = state(&world.old);
    let now = later(world.now, MINUTE);
    let recorded = world.swarm.recorded.clone();
    for (index, (namespace, data)) in recorded.iter().enumerate() {
        if *namespace == 21 {
            for member in world.swarm.members {
                let stored = Stored {
                    data,
                    hash: &format!("replayed{index}"),
                    stored_at: now,
                    expires_at: later(now, 30 * DAY),
                };
                let phone = &mut world.old;
                phone
                    .devices
                    .handle_messages(&member, &[stored], true, now, &mut phone.rng)
                    .unwrap();
            }
        }
    }
    let after = state(&world.old);
    assert_eq!(after.2, before.2);
    assert!(after.0 == before.0, "keys {:?} {:?}", after.0, before.0);
    assert!(after.1 == before.1, "rows {:?} {:?}", after.1, before.1);
    let stored = world.swarm.recorded.len();
    world.old.run(&mut world.swarm, now);
    assert_eq!(
        world.swarm.recorded.len(),
        stored,
        "and is answered by nothing"
    );
}

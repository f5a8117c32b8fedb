//! An account's swarm in memory, and devices that use it: the smallest embedder there is.

#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "each test uses a part"
)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unreachable,
    clippy::unwrap_used
)]

use std::collections::BTreeMap;

use rand_chacha::ChaCha20Rng;
use session_core::UnixMillis;
use session_crypto::rand_core::{Rng, SeedableRng};
use session_identity::Account;
use session_pfs::devices::{Event, Membership, Output, Stored};
use session_pfs::{DeviceInfo, Devices};

pub const MINUTE: u64 = 60_000;
pub const HOUR: u64 = 60 * MINUTE;
pub const DAY: u64 = 24 * HOUR;

/// When the tests begin.
pub const START: UnixMillis = UnixMillis::from_secs(1_790_000_000);

pub fn later(time: UnixMillis, millis: u64) -> UnixMillis {
    UnixMillis::from_millis(time.as_millis() + millis)
}

/// A message in the swarm.
#[derive(Clone)]
pub struct Kept {
    pub hash: String,
    pub data: Vec<u8>,
    pub stored_at: UnixMillis,
    pub expires_at: UnixMillis,
}

/// What the members of the swarm store.
#[derive(Clone)]
pub struct Swarm {
    pub members: [[u8; 32]; 3],
    pub namespaces: BTreeMap<i16, Vec<Kept>>,
    /// Every message that was ever stored: what an observer has.
    pub recorded: Vec<(i16, Vec<u8>)>,
    pub next_hash: u64,
}

impl Swarm {
    pub fn new() -> Self {
        Self {
            members: [[1; 32], [2; 32], [3; 32]],
            namespaces: BTreeMap::new(),
            recorded: Vec::new(),
            next_hash: 0,
        }
    }

    pub fn store(&mut self, namespace: i16, data: Vec<u8>, ttl_ms: u64, now: UnixMillis) -> String {
        self.next_hash += 1;
        let hash = format!("hash{}", self.next_hash);
        let messages = self.namespaces.entry(namespace).or_default();
        if namespace == -21 {
            messages.clear(); // An outbox holds one message.
        }
        self.recorded.push((namespace, data.clone()));
        messages.push(Kept {
            hash: hash.clone(),
            data,
            stored_at: now,
            expires_at: later(now, ttl_ms),
        });
        hash
    }

    pub fn fetch(&mut self, namespace: i16, now: UnixMillis) -> Vec<Kept> {
        let messages = self.namespaces.entry(namespace).or_default();
        messages.retain(|kept| kept.expires_at > now);
        messages.clone()
    }

    pub fn delete(&mut self, hashes: &[String]) {
        for messages in self.namespaces.values_mut() {
            messages.retain(|kept| !hashes.contains(&kept.hash));
        }
    }
}

/// One device, with what it keeps.
pub struct Phone {
    pub devices: Devices,
    pub saved: Vec<u8>,
    pub events: Vec<Event>,
    pub wakes_at: Option<UnixMillis>,
    pub rng: ChaCha20Rng,
    /// Requests are lost instead of being carried out.
    pub offline: bool,
    /// Requests are carried out, and their answers are lost.
    pub answers_lost: bool,
}

/// A generator that gives the same every time.
pub fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

/// A number from 0 to `end`, without it.
pub fn below(rng: &mut ChaCha20Rng, end: u64) -> u64 {
    rng.next_u64() % end
}

/// An index of something with `len` elements.
pub fn index(rng: &mut ChaCha20Rng, len: usize) -> usize {
    usize::try_from(below(rng, u64::try_from(len).unwrap())).unwrap()
}

pub fn account(seed: u8) -> Account {
    Account::from_secret(&[seed; 32]).unwrap()
}

impl Phone {
    pub fn first(account: Account, name: &str, seed: u8, now: UnixMillis) -> Self {
        let mut rng = rng(seed);
        let info = DeviceInfo::new(name, "d", 1_002_003);
        let devices = Devices::new_account(account, &info, now, &mut rng).unwrap();
        Self::with(devices, rng)
    }

    pub fn another(account: Account, name: &str, seed: u8, now: UnixMillis) -> Self {
        let mut rng = rng(seed);
        let info = DeviceInfo::new(name, "a", 1_002_003);
        let devices = Devices::new_device(account, &info, now, &mut rng).unwrap();
        Self::with(devices, rng)
    }

    pub fn with(devices: Devices, rng: ChaCha20Rng) -> Self {
        Self {
            devices,
            saved: Vec::new(),
            events: Vec::new(),
            wakes_at: None,
            rng,
            offline: false,
            answers_lost: false,
        }
    }

    /// Starts again from what was kept.
    pub fn restart(&mut self, account: Account, now: UnixMillis) {
        self.devices = Devices::restore(account, &self.saved, now).unwrap();
    }

    /// Does what the machine asks for, until it waits.
    pub fn run(&mut self, swarm: &mut Swarm, now: UnixMillis) {
        for _ in 0..100 {
            match self.devices.poll_output(now) {
                Output::Save => self.saved = self.devices.save().to_vec(),
                Output::Request(request) => {
                    let hashes: Option<Vec<String>> = (!self.offline).then(|| {
                        let stores = request.stores.iter();
                        let hashes = stores.map(|store| {
                            let ttl = u64::try_from(store.ttl.as_millis()).unwrap();
                            swarm.store(store.namespace, store.data.clone(), ttl, now)
                        });
                        let hashes = hashes.collect();
                        swarm.delete(&request.delete);
                        hashes
                    });
                    let answered = hashes.as_ref().filter(|_| !self.answers_lost);
                    let hashes = answered
                        .map(|hashes| hashes.iter().map(String::as_str).collect::<Vec<_>>());
                    self.devices
                        .handle_stored(request.id, hashes.as_deref(), now, &mut self.rng)
                        .unwrap();
                }
                Output::Fetch(fetch) if !self.offline => {
                    let mut members = swarm.members.iter();
                    let member = members.find(|member| !fetch.not_from.contains(*member));
                    let member = *member.expect("a member that was not asked");
                    self.fetch(swarm, fetch.namespace, member, now);
                }
                Output::Fetch(_) => {}
                Output::Event(event) => self.events.push(event),
                Output::Wait(at) => {
                    assert!(
                        at.is_none_or(|at| at > now),
                        "a deadline in the past: {at:?}"
                    );
                    self.wakes_at = at;
                    return;
                }
                _ => unreachable!("all outputs are known"),
            }
        }
        panic!("the machine never rests");
    }

    fn fetch(&mut self, swarm: &mut Swarm, namespace: i16, member: [u8; 32], now: UnixMillis) {
        let kept = swarm.fetch(namespace, now);
        if namespace == -21 {
            let messages: Vec<&[u8]> = kept.iter().map(|kept| &kept.data[..]).collect();
            self.devices
                .handle_own_publication(&messages, now, &mut self.rng)
                .unwrap();
        } else {
            self.give(&kept, member, now);
        }
    }

    /// Hands over messages of namespace 21 as one member's complete answer.
    pub fn give(&mut self, kept: &[Kept], member: [u8; 32], now: UnixMillis) {
        let stored: Vec<Stored<'_>> = kept
            .iter()
            .map(|kept| Stored {
                data: &kept.data,
                hash: &kept.hash,
                stored_at: kept.stored_at,
                expires_at: kept.expires_at,
            })
            .collect();
        self.devices
            .handle_messages(&member, &stored, true, now, &mut self.rng)
            .unwrap();
    }

    /// Fetches namespace 21, and does what follows from it: what an app does every few seconds.
    pub fn sync(&mut self, swarm: &mut Swarm, now: UnixMillis) {
        self.devices.handle_timeout(now, &mut self.rng).unwrap();
        self.run(swarm, now);
        let member =
            swarm.members[usize::from(self.rng.next_u32().to_le_bytes()[0]) % swarm.members.len()];
        self.fetch(swarm, 21, member, now);
        self.run(swarm, now);
    }

    /// The user says that all devices of the account read version 2.
    pub fn publish(&mut self, now: UnixMillis) {
        self.devices
            .set_publishing(true, now, &mut self.rng)
            .unwrap();
    }

    pub fn take_events(&mut self) -> Vec<Event> {
        core::mem::take(&mut self.events)
    }
}

/// Links a new phone to the group of `member`, with the user's comparison on both sides.
pub fn link(member: &mut Phone, new: &mut Phone, swarm: &mut Swarm, now: UnixMillis) {
    new.sync(swarm, now);
    let group = *new.devices.groups().next().expect("a visible group").0;
    let shown = new.devices.request_link(&group, now, &mut new.rng).unwrap();
    new.run(swarm, now);

    member.sync(swarm, now);
    let request = member
        .take_events()
        .into_iter()
        .find_map(|event| match event {
            Event::LinkRequested { device, sas, .. } => Some((device, sas)),
            _ => None,
        });
    let (device, sas) = request.expect("a link request");
    assert_eq!(sas, shown, "the emoji differ");
    member
        .devices
        .accept(&device, &sas, now, &mut member.rng)
        .unwrap();
    member.run(swarm, now);

    new.devices.confirm(&shown, now, &mut new.rng).unwrap();
    new.sync(swarm, now);
    member.sync(swarm, now);
}

/// A phone with a group, and its swarm.
pub fn first() -> (Phone, Swarm) {
    let (mut swarm, mut phone) = (Swarm::new(), Phone::first(account(1), "old", 1, START));
    assert_eq!(phone.devices.membership(), Membership::Unknown);
    phone.run(&mut swarm, START);
    assert_eq!(phone.devices.membership(), Membership::InGroup);
    (phone, swarm)
}

/// Two linked phones.
pub fn pair() -> (Phone, Phone, Swarm) {
    let (mut old, mut swarm) = first();
    let now = later(START, MINUTE);
    let mut new = Phone::another(account(1), "new", 2, now);
    link(&mut old, &mut new, &mut swarm, now);
    settle(&mut [&mut old, &mut new], &mut swarm, now);
    (old, new, swarm)
}

/// Lets all fetch until nobody has anything to say.
pub fn settle(phones: &mut [&mut Phone], swarm: &mut Swarm, now: UnixMillis) {
    for _ in 0..10 {
        let before = swarm.recorded.len();
        for phone in phones.iter_mut() {
            phone.sync(swarm, now);
        }
        if swarm.recorded.len() == before {
            return;
        }
    }
    panic!("the devices never agree");
}

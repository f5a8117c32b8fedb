//! Linked devices whose users, clocks, swarm and neighbours do anything in any order.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use session_core::UnixMillis;
use session_crypto::rand_core::SeedableRng;
use session_identity::Account;
use session_pfs::devices::{Event, Membership, Output, RequestId, Stored};
use session_pfs::hazmat::seal_group_payload;
use session_pfs::{DeviceInfo, DeviceState, Devices, Error, GroupId, KeyPair, KeySeed};

use crate::bytes::Bytes;
use crate::network::start;

/// Steps of one input: each may cost some key exchanges.
const MAX_STEPS: usize = 48;

/// Devices of the account.
const PHONES: u8 = 3;

/// Messages that the swarm keeps, so that fetches stay short.
const MAX_KEPT: usize = 24;

const MEMBERS: [[u8; 32]; 3] = [[1; 32], [2; 32], [3; 32]];

/// Any sequence: no call fails without reason, nothing grows without bound, deadlines lie ahead,
/// what is saved comes back, and in the end the devices of a group agree.
pub fn pfs_state(data: &[u8]) {
    let mut bytes = Bytes(data);
    let mut world = World::new(bytes.byte());
    for _ in 0..MAX_STEPS {
        if bytes.is_empty() {
            break;
        }
        world.step(&mut bytes);
        world.check();
    }
    world.check_saved();
    world.agree();
    world.check_saved();
}

/// Sequences that get somewhere: linking, removal, another group, lost answers, forged messages.
pub fn pfs_state_seeds() -> Vec<Vec<u8>> {
    const SYNC: u8 = 0;
    const OFFLINE: u8 = 2;
    const WAIT: u8 = 3;
    let link = |member: u8, new: u8| {
        [
            [member, SYNC],
            [new, SYNC],
            [new, 4],
            [new, SYNC],
            [member, SYNC],
            [member, 5],
            [member, SYNC],
            [new, 6],
            [new, SYNC],
            [member, SYNC],
        ]
        .concat()
    };
    // 2^25 ms are nine hours.
    let wait = |index: u8| vec![index, WAIT, 25];
    let seeds = [
        link(0, 1),
        [
            link(0, 1),
            wait(0),
            wait(0),
            vec![0, SYNC, 1, SYNC, 0, SYNC],
        ]
        .concat(),
        [
            link(0, 1),
            link(1, 2),
            vec![0, 7, 2, 0, SYNC, 2, SYNC, 1, SYNC],
        ]
        .concat(),
        [
            link(0, 1),
            vec![0, 7, 1, 0, SYNC, 1, SYNC, 1, 9],
            link(0, 1),
        ]
        .concat(),
        [
            link(0, 1),
            vec![2, SYNC, 2, 8, 2, SYNC],
            link(2, 1),
            vec![0, SYNC],
        ]
        .concat(),
        [
            link(0, 1),
            vec![0, 10, 3, 0, OFFLINE, 0, 12, 0, SYNC, 1, SYNC],
        ]
        .concat(),
        [
            link(0, 1),
            vec![0, 10, 3, 0, OFFLINE, 0, 15, 1, 0, 15, 0, 0, SYNC],
        ]
        .concat(),
        [
            link(0, 1),
            vec![0, 11, 1, 0, SYNC, 1, SYNC, 1, 13, 1, 0, 9, 0, 0, 1, 1],
        ]
        .concat(),
        [
            link(0, 1),
            vec![0, 14, 7, 0, 1, 0, 9, 40, 1, 0, 9, 5, 0, SYNC, 1, SYNC],
        ]
        .concat(),
        [
            link(0, 1),
            vec![0, 14, 7, 1, 0, 10],
            b"d1:Dde1:Klee".to_vec(),
            vec![0, SYNC],
        ]
        .concat(),
    ];
    let with_rng = |seed: Vec<u8>| [vec![1], seed].concat();
    seeds.into_iter().map(with_rng).collect()
}

fn account() -> Account {
    Account::from_secret(&[1; 32]).expect("a seed")
}

struct Kept {
    hash: String,
    data: Vec<u8>,
    stored_at: UnixMillis,
    expires_at: UnixMillis,
}

struct Phone {
    devices: Devices,
    saved: Vec<u8>,
    /// Requests that were not answered yet.
    requests: Vec<RequestId>,
}

struct World {
    phones: Vec<Phone>,
    namespaces: BTreeMap<i16, Vec<Kept>>,
    next_hash: u64,
    now: UnixMillis,
    rng: ChaCha8Rng,
}

/// Errors that a user's wish may have, and nothing else.
fn wish<T>(result: Result<T, Error>) {
    if let Err(error) = result {
        assert!(
            matches!(
                error,
                Error::State { .. } | Error::Unknown { .. } | Error::NotForUs { .. }
            ),
            "{error:?}"
        );
    }
}

impl World {
    fn new(seed: u8) -> Self {
        let now = start().unix;
        let mut rng = ChaCha8Rng::from_seed([seed; 32]);
        let phones = (0..PHONES).map(|index| {
            let info = DeviceInfo::new("phone", "d", index.into());
            let devices = if index == 0 {
                Devices::new_account(account(), &info, now, &mut rng)
            } else {
                Devices::new_device(account(), &info, now, &mut rng)
            };
            let devices = devices.expect("a new device");
            Phone {
                saved: devices.save().to_vec(),
                devices,
                requests: Vec::new(),
            }
        });
        Self {
            phones: phones.collect(),
            namespaces: BTreeMap::new(),
            next_hash: 0,
            now,
            rng,
        }
    }

    fn step(&mut self, bytes: &mut Bytes<'_>) {
        let index = usize::from(bytes.byte() % PHONES);
        let now = self.now;
        match bytes.byte() % 16 {
            0 | 1 => self.sync(index, true),
            2 => self.sync(index, false),
            3 => {
                let millis = 1 << (bytes.byte() % 33);
                self.now = UnixMillis::from_millis(now.as_millis() + millis);
            }
            4 => self.call(index, |devices, now, rng| {
                let group = devices.groups().last().map(|(id, _)| *id);
                group.map_or(Ok(()), |group| {
                    devices.request_link(&group, now, rng).map(drop)
                })
            }),
            5 => self.call(index, |devices, now, rng| {
                let request = devices.link_requests().last();
                let Some(Event::LinkRequested { device, sas, .. }) = request else {
                    return Ok(());
                };
                devices.accept(&device, &sas, now, rng)
            }),
            6 => self.call(index, |devices, now, rng| {
                let own = devices.own_sas().map(|(sas, _)| *sas);
                own.map_or(Ok(()), |sas| devices.confirm(&sas, now, rng))
            }),
            7 => {
                let other = self.phones[usize::from(bytes.byte() % PHONES)]
                    .devices
                    .own_id();
                let other = *other;
                self.call(index, |devices, now, rng| devices.remove(&other, now, rng));
            }
            8 => self.call(index, |devices, now, rng| devices.start_group(now, rng)),
            9 => self.call(index, |devices, now, rng| devices.renew_identity(now, rng)),
            10 => {
                let info = DeviceInfo::new("other", "a", bytes.byte().into());
                self.call(index, |devices, now, rng| devices.set_info(&info, now, rng));
            }
            11 => {
                let publishing = bytes.flag();
                self.call(index, |devices, now, rng| {
                    devices.set_publishing(publishing, now, rng)
                });
            }
            12 => {
                // It stops, and begins with what it has saved.
                let phone = &mut self.phones[index];
                phone.devices = Devices::restore(account(), &phone.saved, now).expect("our own");
                phone.requests.clear();
            }
            13 => self.replay(index, bytes),
            14 => self.forge(index, bytes),
            _ => {
                let result = bytes.flag();
                let phone = &mut self.phones[index];
                if let Some(id) = phone.requests.pop() {
                    let hashes: Option<&[&str]> = result.then_some(&["late"]);
                    wish(phone.devices.handle_stored(id, hashes, now, &mut self.rng));
                }
            }
        }
    }

    fn call(
        &mut self,
        index: usize,
        call: impl FnOnce(&mut Devices, UnixMillis, &mut ChaCha8Rng) -> Result<(), Error>,
    ) {
        wish(call(
            &mut self.phones[index].devices,
            self.now,
            &mut self.rng,
        ));
    }

    /// Fetches, and does what follows from it; offline all requests stay unanswered.
    fn sync(&mut self, index: usize, online: bool) {
        let now = self.now;
        let devices = &mut self.phones[index].devices;
        devices
            .handle_timeout(now, &mut self.rng)
            .expect("a timeout");
        self.drain(index, online);
        if online {
            self.fetch(index, 21, MEMBERS[index]);
            self.drain(index, online);
        }
    }

    fn drain(&mut self, index: usize, online: bool) {
        let now = self.now;
        for _ in 0..256 {
            match self.phones[index].devices.poll_output(now) {
                Output::Save => {
                    let phone = &mut self.phones[index];
                    phone.saved = phone.devices.save().to_vec();
                }
                Output::Request(request) if online => {
                    assert!(!request.stores.is_empty() || !request.delete.is_empty());
                    let mut hashes = Vec::new();
                    for store in request.stores {
                        assert!(store.data.len() <= 76_800);
                        self.next_hash += 1;
                        let hash = format!("hash{}", self.next_hash);
                        let ttl = u64::try_from(store.ttl.as_millis()).expect("30 days");
                        let kept = self.namespaces.entry(store.namespace).or_default();
                        if store.namespace == -21 || kept.len() >= MAX_KEPT {
                            kept.clear();
                        }
                        kept.push(Kept {
                            hash: hash.clone(),
                            data: store.data,
                            stored_at: now,
                            expires_at: UnixMillis::from_millis(now.as_millis() + ttl),
                        });
                        hashes.push(hash);
                    }
                    for kept in self.namespaces.values_mut() {
                        kept.retain(|kept| !request.delete.contains(&kept.hash));
                    }
                    let hashes: Vec<&str> = hashes.iter().map(String::as_str).collect();
                    let devices = &mut self.phones[index].devices;
                    devices
                        .handle_stored(request.id, Some(&hashes), now, &mut self.rng)
                        .expect("a request of its own");
                }
                Output::Request(request) => {
                    let requests = &mut self.phones[index].requests;
                    requests.push(request.id);
                    if requests.len() > 8 {
                        requests.remove(0);
                    }
                }
                Output::Fetch(fetch) => {
                    let mut members = MEMBERS.iter();
                    let member = members.find(|member| !fetch.not_from.contains(*member));
                    if online {
                        let member = *member.expect("one that was not asked");
                        self.fetch(index, fetch.namespace, member);
                    }
                }
                Output::Event(_) => {}
                Output::Wait(at) => {
                    assert!(at.is_none_or(|at| at > now), "{at:?} is not after {now:?}");
                    return;
                }
                _ => unreachable!("all outputs are known"),
            }
        }
        panic!("the machine never rests");
    }

    fn fetch(&mut self, index: usize, namespace: i16, member: [u8; 32]) {
        let now = self.now;
        let kept = self.namespaces.entry(namespace).or_default();
        kept.retain(|kept| kept.expires_at > now);
        let devices = &mut self.phones[index].devices;
        if namespace == -21 {
            let messages: Vec<&[u8]> = kept.iter().map(|kept| &kept.data[..]).collect();
            devices
                .handle_own_publication(&messages, now, &mut self.rng)
                .expect("a publication");
            return;
        }
        let messages: Vec<Stored<'_>> = kept
            .iter()
            .map(|kept| Stored {
                data: &kept.data,
                hash: &kept.hash,
                stored_at: kept.stored_at,
                expires_at: kept.expires_at,
            })
            .collect();
        devices
            .handle_messages(&member, &messages, true, now, &mut self.rng)
            .expect("messages");
    }

    /// A member of the swarm shows any message with any times.
    fn replay(&mut self, index: usize, bytes: &mut Bytes<'_>) {
        let kept: Vec<&Kept> = self.namespaces.values().flatten().collect();
        let Some(kept) = bytes.pick(&kept) else {
            return;
        };
        let shift = u64::from(bytes.u16()) << 16;
        let mut data = kept.data.clone();
        if bytes.flag() {
            let at = usize::from(bytes.u16()) % data.len();
            data[at] ^= bytes.byte();
        }
        let stored = Stored {
            data: &data,
            hash: "replayed",
            stored_at: UnixMillis::from_millis(kept.stored_at.as_millis() + shift),
            expires_at: UnixMillis::from_millis(kept.expires_at.as_millis() + shift),
        };
        let member = MEMBERS[usize::from(bytes.byte() % 3)];
        let devices = &mut self.phones[index].devices;
        let last = bytes.flag();
        devices
            .handle_messages(&member, &[stored], last, self.now, &mut self.rng)
            .expect("messages");
    }

    /// A holder of the recovery password who knows this device's key writes a group message.
    fn forge(&mut self, index: usize, bytes: &mut Bytes<'_>) {
        let devices = &self.phones[index].devices;
        let own = devices.table().own().record().and_then(|own| own.keys());
        let group = devices.group().copied();
        let group = group.unwrap_or_else(|| GroupId::from_bytes(bytes.array()));
        let link = KeyPair::of_account_key(&KeySeed::from_bytes([bytes.byte(); 32]));
        let payload = if bytes.flag() {
            bytes.piece().to_vec()
        } else {
            // Another device, gone or taken over, and a key that is dated as it likes.
            let id = self.phones[usize::from(bytes.byte() % PHONES)]
                .devices
                .own_id();
            let mut payload = b"d1:Dd32:".to_vec();
            payload.extend(id.as_bytes());
            let at = i64::from(bytes.u16()) << bytes.byte() % 48;
            let at = if bytes.flag() { at } else { -at };
            let created = self.now.as_secs() + u64::from(bytes.u16());
            payload.extend(format!("i{at}ee1:Kld1:ci{created}e1:s32:").as_bytes());
            payload.extend([bytes.byte(); 32]);
            payload.extend(b"eee");
            payload
        };
        let sealed = seal_group_payload(
            &account(),
            &group,
            link.x25519().public(),
            &[own],
            &payload,
            &mut self.rng,
        );
        let Ok(data) = sealed else {
            return;
        };
        let stored = Stored {
            data: &data,
            hash: "forged",
            stored_at: self.now,
            expires_at: UnixMillis::from_millis(self.now.as_millis() + 1_000_000_000),
        };
        let devices = &mut self.phones[index].devices;
        devices
            .handle_messages(&MEMBERS[0], &[stored], true, self.now, &mut self.rng)
            .expect("messages");
    }

    fn check(&self) {
        for phone in &self.phones {
            let keys: Vec<_> = phone.devices.keys().iter().collect();
            let active = keys.iter().filter(|held| held.key().rotated.is_none());
            assert!(active.count() <= 1);
            assert!(keys.len() <= 128);
        }
    }

    /// Expands all keys: too slow for each step.
    fn check_saved(&self) {
        for phone in &self.phones {
            let saved = phone.devices.save();
            assert!(saved.len() < 1_000_000);
            let again = Devices::restore(account(), &saved, self.now).expect("our own");
            assert_eq!(*again.save(), *saved);
        }
    }

    /// Everybody is online for a while. Members of one group that know of each other then have the
    /// same keys, and open the same messages.
    fn agree(&mut self) {
        for _ in 0..6 {
            self.now = UnixMillis::from_millis(self.now.as_millis() + 4_000_000);
            for index in 0..self.phones.len() {
                self.sync(index, true);
            }
        }
        for index in 0..self.phones.len() {
            self.sync(index, true);
        }
        for [one, other] in [[0, 1], [0, 2], [1, 2]] {
            let (one, other) = (&self.phones[one].devices, &self.phones[other].devices);
            let knows = |one: &Devices, other: &Devices| {
                let row = one.table().row(other.own_id());
                let mutual = row.is_some_and(|row| {
                    row.state() == DeviceState::Registered
                        && row.record().map(|record| record.x25519())
                            == other.table().own().record().map(|record| record.x25519())
                });
                mutual && one.membership() == Membership::InGroup
            };
            if one.group() == other.group() && knows(one, other) && knows(other, one) {
                // Of old keys one may erase sooner what somebody has dated otherwise to the other.
                let active = |devices: &Devices| {
                    let active = devices.keys().active();
                    active.map(|held| *held.key().seed.expose_bytes())
                };
                assert_eq!(active(one), active(other));
            }
        }
    }
}

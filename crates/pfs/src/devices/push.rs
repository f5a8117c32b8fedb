//! What the swarm is owed: the group's state, the published key (spec 07 §8.3, 06 §8.4).

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use session_core::UnixMillis;
use session_crypto::rand_core::CryptoRng;
use session_crypto::x25519;

use super::seen::MessageId;
use super::{
    DEVICES_NAMESPACE, Devices, Event, Fetch, GROUP_TTL, Merged, Request, RequestId, Store,
};
use crate::publication::{PUBLICATION_NAMESPACE, PUBLICATION_TTL};
use crate::{Error, GroupId, KeySeed, OwedBroadcast, seal_group_message};

/// How long before the group's newest message expires it is pushed again.
const REFRESH_BEFORE: Duration = Duration::from_secs(3 * 86_400);

/// How long after a fetch what it showed is good enough to write upon it: others, meanwhile, may
/// have written too.
const FETCH_FRESH: Duration = Duration::from_secs(60);

/// After how long a fetch that was asked for and did not come is asked for again.
const FETCH_RETRY: Duration = Duration::from_secs(60);

/// How often the own published key is looked at (spec 06 R12).
const OWN_KEY_INTERVAL: Duration = Duration::from_secs(3_600);

/// After how long a request that was not answered counts as failed.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(300);

/// Waiting times after failures.
const RETRY_FIRST: Duration = Duration::from_secs(30);
const RETRY_MAX: Duration = Duration::from_secs(3_600);

/// Hashes of merged messages that are remembered to be deleted: those beyond expire by themselves.
pub(super) const MAX_MERGED: usize = 1024;

/// A request that was given out and not answered.
pub(super) struct Flight {
    pub(super) id: RequestId,
    /// When it was given out, once it was.
    given_at: Option<UnixMillis>,
    what: InFlight,
}

impl Flight {
    /// When it counts as failed.
    pub(super) fn ends_at(&self) -> Option<UnixMillis> {
        Some(self.given_at?.saturating_add(REQUEST_TIMEOUT))
    }
}

/// What a request was for.
pub(super) enum InFlight {
    Push(Push),
    Publication(KeySeed),
    /// A link request, by its time.
    Link(i64),
    Leave,
}

/// What a push carries: only this is settled when it arrives.
pub(super) struct Push {
    group: GroupId,
    seqno: i64,
    broadcast: Vec<OwedBroadcast>,
    keys: Vec<KeySeed>,
    deleted: Vec<String>,
    /// The device key that it tells.
    device_key: x25519::PublicKey,
}

/// What is to be asked or told, and when. Not saved: after a restart all is asked again.
#[derive(Default)]
pub(super) struct Owed {
    /// When a fetch was completed last, if one was since the start.
    pub(super) fetched_at: Option<UnixMillis>,
    /// A fetch has to come before the next push.
    pub(super) fetch: bool,
    /// When the fetch was asked for.
    asked_at: Option<UnixMillis>,
    /// The suspicion for which another member was asked at once.
    second_opinion: Option<MessageId>,
    /// When the own published key was asked for, and when it is next.
    own_key_at: Option<UnixMillis>,
    /// Failures in a row, and when to try again.
    push_retry: Retry,
    leave_retry: Retry,
    publish_retry: Retry,
    /// A sign that the group goes on without this device.
    pub(super) suspicion: Option<Suspicion>,
}

/// A message of the own group that cannot be read, and who has shown it.
pub(super) struct Suspicion {
    pub(super) message: MessageId,
    pub(super) stored_at: UnixMillis,
    pub(super) members: Vec<[u8; 32]>,
}

#[derive(Default)]
struct Retry {
    failures: u32,
    at: Option<UnixMillis>,
}

impl Retry {
    /// Whether it may be tried: once the waiting time is over, that is forgotten.
    fn is_due(&mut self, now: UnixMillis) -> bool {
        if self.at.is_some_and(|at| at <= now) {
            self.at = None;
        }
        self.at.is_none()
    }

    fn failed(&mut self, now: UnixMillis) {
        let wait = RETRY_FIRST.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        self.at = Some(now.saturating_add(wait.min(RETRY_MAX)));
    }
}

impl Devices {
    /// The result of a [`Request`]: the hashes of its stores in their order, or `None` when it
    /// failed or its fate is not known.
    ///
    /// # Errors
    /// [`Error::Unknown`] when there is no such request.
    pub fn handle_stored<R: CryptoRng + ?Sized>(
        &mut self,
        id: RequestId,
        hashes: Option<&[&str]>,
        now: UnixMillis,
        rng: &mut R,
    ) -> Result<(), Error> {
        let now = self.advance(now);
        let mut flights = self.outputs.in_flight.iter();
        let index = flights.position(|flight| flight.id == id);
        let index = index.ok_or(Error::Unknown { what: "request" })?;
        let flight = self.outputs.in_flight.swap_remove(index);
        match (flight.what, hashes) {
            (InFlight::Push(push), Some(hashes)) => self.pushed(push, hashes.first(), now),
            (InFlight::Push(_), None) => {
                // By the time that it is tried again others may have written.
                self.owed.push_retry.failed(now);
                self.owed.fetch = true;
            }
            (InFlight::Publication(seed), Some(_)) => {
                self.owed.publish_retry = Retry::default();
                self.keys.mark_published(&seed);
                self.changed();
                self.emit(Event::Published);
            }
            (InFlight::Publication(_), None) => self.owed.publish_retry.failed(now),
            (InFlight::Link(at), Some(_)) => self.link_stored(at, now),
            // Perhaps it did arrive: it stays what can be answered, until its time is over.
            (InFlight::Link(_), None) => {}
            (InFlight::Leave, Some(_)) => {
                self.owed.leave_retry = Retry::default();
                self.leaving = None;
                self.changed();
            }
            (InFlight::Leave, None) => self.owed.leave_retry.failed(now),
        }
        self.settle(rng)
    }

    fn pushed(&mut self, push: Push, hash: Option<&&str>, now: UnixMillis) {
        self.owed.push_retry = Retry::default();
        if self.group != Some(push.group) {
            return; // Left in the meantime.
        }
        self.pushed_seqno = self.pushed_seqno.max(push.seqno);
        self.table.clear_broadcast(&push.broadcast);
        self.keys.mark_distributed(&push.keys);
        self.merged
            .retain(|merged| !push.deleted.contains(&merged.hash));
        if let Some(hash) = hash {
            self.remember_merged(hash, now.saturating_add(GROUP_TTL));
        }
        if *self.device_keys.active.pair.x25519().public() == push.device_key {
            self.device_keys.pushed.get_or_insert(now);
        }
        self.read_at = self.read_at.max(Some(now));
        self.see_own_group(now);
        self.changed();
    }

    pub(super) fn remember_merged(&mut self, hash: &str, expires_at: UnixMillis) {
        if self.merged.len() < MAX_MERGED && self.merged.iter().all(|it| it.hash != hash) {
            self.merged.push(Merged {
                hash: hash.into(),
                expires_at,
            });
        }
    }

    /// The end of every call that changes something: pushes and publishes what is owed.
    pub(super) fn settle<R: CryptoRng + ?Sized>(&mut self, rng: &mut R) -> Result<(), Error> {
        let now = self.now;
        self.settle_leaving(now);
        let may_push = self.owed.push_retry.is_due(now) && !self.is_push_in_flight();
        if may_push && self.is_push_owed(now) {
            let fresh = |at: UnixMillis| at.saturating_add(FETCH_FRESH) >= now;
            if self.owed.fetched_at.is_some_and(fresh) {
                self.push(now, rng)?;
            } else {
                self.owed.fetch = true;
            }
        }
        // Not before the group was looked at: a device that was removed does not know it yet, and
        // would take the place of the others' new key.
        let may_publish = self.owed.publish_retry.is_due(now)
            && self.is_member()
            && !self.wants_first_fetch()
            && !self.owed.fetch
            && !self.is_in_flight(|what| matches!(what, InFlight::Publication(_)));
        if may_publish && let Some((seed, data)) = self.keys.publication(&self.account, rng) {
            let store = Store {
                namespace: PUBLICATION_NAMESPACE,
                data,
                ttl: PUBLICATION_TTL,
            };
            self.request(InFlight::Publication(seed), Vec::from([store]), Vec::new());
        }
        Ok(())
    }

    /// The last message to a group that was left.
    fn settle_leaving(&mut self, now: UnixMillis) {
        let may = self.owed.leave_retry.is_due(now)
            && !self.is_in_flight(|what| matches!(what, InFlight::Leave));
        let Some(leaving) = self.leaving.as_ref().filter(|_| may) else {
            return;
        };
        let store = leaving.message.as_ref().map(|data| Store {
            namespace: DEVICES_NAMESPACE,
            data: data.clone(),
            ttl: GROUP_TTL,
        });
        let delete = leaving.delete.clone();
        self.request(InFlight::Leave, store.into_iter().collect(), delete);
    }

    fn is_push_in_flight(&self) -> bool {
        self.is_in_flight(|what| matches!(what, InFlight::Push(_)))
    }

    fn is_in_flight(&self, which: impl Fn(&InFlight) -> bool) -> bool {
        self.outputs
            .in_flight
            .iter()
            .any(|flight| which(&flight.what))
    }

    fn is_push_owed(&self, now: UnixMillis) -> bool {
        self.is_member()
            && !self.wants_first_fetch()
            && !self.owed.fetch
            && (self.table.own().seqno() > self.pushed_seqno
                || !self.table.broadcast_owed().is_empty()
                || self.keys.distribution_owed()
                || self.keys.active().is_none()
                || self.refresh_due().is_some_and(|due| due <= now))
    }

    /// When the group has to be pushed again lest it vanish.
    fn refresh_due(&self) -> Option<UnixMillis> {
        let group = self.groups.get(self.group.as_ref()?)?;
        Some(group.expires_at.saturating_sub(REFRESH_BEFORE))
    }

    fn push<R: CryptoRng + ?Sized>(&mut self, now: UnixMillis, rng: &mut R) -> Result<(), Error> {
        if self.keys.prune(now) {
            self.changed();
        }
        let group = self.group.ok_or(Error::Internal("member of no group"))?;
        if self.keys.active().is_none() {
            // All keys that came were rotated ones (spec 07 §6).
            self.rotate_account_key(now, rng);
        }
        let sealed = seal_group_message(&self.account, &group, &self.table, &self.keys, rng);
        let data = match sealed {
            // Somebody has registered more devices than a message has room for. The user has to
            // remove some; nothing else waits for that.
            Err(Error::Length { .. }) => {
                self.owed.push_retry.failed(now);
                return Ok(());
            }
            sealed => sealed?,
        };
        let seen_until = now.saturating_add(GROUP_TTL);
        self.messages.insert(MessageId::of(&data), seen_until, true);
        let deleted: Vec<_> = self
            .merged
            .iter()
            .map(|merged| merged.hash.clone())
            .collect();
        let push = Push {
            group,
            seqno: self.table.own().seqno(),
            broadcast: self.table.broadcast_owed(),
            keys: self.keys.undistributed(),
            deleted: deleted.clone(),
            device_key: *self.device_keys.active.pair.x25519().public(),
        };
        let store = Store {
            namespace: DEVICES_NAMESPACE,
            data,
            ttl: GROUP_TTL,
        };
        self.request(InFlight::Push(push), Vec::from([store]), deleted);
        self.changed();
        Ok(())
    }

    pub(super) fn request(&mut self, what: InFlight, stores: Vec<Store>, delete: Vec<String>) {
        let id = RequestId(self.outputs.next_id);
        self.outputs.next_id = self.outputs.next_id.saturating_add(1);
        self.outputs.in_flight.push(Flight {
            id,
            given_at: None,
            what,
        });
        self.outputs
            .requests
            .push_back(Request { id, stores, delete });
    }

    /// The next request to be given out.
    pub(super) fn next_request(&mut self, now: UnixMillis) -> Option<Request> {
        let request = self.outputs.requests.pop_front()?;
        let mut flights = self.outputs.in_flight.iter_mut();
        if let Some(flight) = flights.find(|flight| flight.id == request.id) {
            flight.given_at = Some(now);
        }
        Some(request)
    }

    /// What should be fetched now.
    pub(super) fn next_fetch(&mut self, now: UnixMillis) -> Option<Fetch> {
        if self.wants_fetch() && self.fetch_due() <= now {
            self.owed.asked_at = Some(now);
            let suspicion = self.owed.suspicion.as_ref();
            return Some(Fetch {
                namespace: DEVICES_NAMESPACE,
                not_from: suspicion.map_or_else(Vec::new, |found| found.members.clone()),
            });
        }
        if self.own_key_due().is_some_and(|due| due <= now) {
            self.owed.own_key_at = Some(now.saturating_add(FETCH_RETRY));
            return Some(Fetch {
                namespace: PUBLICATION_NAMESPACE,
                not_from: Vec::new(),
            });
        }
        None
    }

    pub(super) fn wants_fetch(&self) -> bool {
        self.wants_first_fetch() || self.owed.fetch || self.owed.suspicion.is_some()
    }

    /// Nothing was fetched since the start.
    pub(super) const fn wants_first_fetch(&self) -> bool {
        self.owed.fetched_at.is_none()
    }

    fn fetch_due(&self) -> UnixMillis {
        let asked = self.owed.asked_at;
        asked.map_or_else(UnixMillis::default, |at| at.saturating_add(FETCH_RETRY))
    }

    fn own_key_due(&self) -> Option<UnixMillis> {
        let polls = self.is_member() && self.keys.publishing() && !self.wants_first_fetch();
        polls.then(|| self.owed.own_key_at.unwrap_or_default())
    }

    /// A fetch is complete. Another member, for a second opinion, is asked no sooner than after a
    /// minute, since there may be none.
    pub(super) fn fetch_done(&mut self, now: UnixMillis) {
        self.owed.fetched_at = Some(now);
        self.owed.fetch = false;
        self.owed.asked_at = match &self.owed.suspicion {
            Some(suspicion) if self.owed.second_opinion == Some(suspicion.message) => Some(now),
            Some(suspicion) => {
                self.owed.second_opinion = Some(suspicion.message);
                None
            }
            None => None,
        };
    }

    /// The own published key was looked at.
    pub(super) fn own_key_seen(&mut self, now: UnixMillis) {
        self.owed.own_key_at = Some(now.saturating_add(OWN_KEY_INTERVAL));
    }

    /// The clock was ahead: what was to happen at times that it showed happens from now on.
    pub(super) fn forget_times(&mut self, now: UnixMillis) {
        self.owed.fetched_at = self.owed.fetched_at.map(|at| at.min(now));
        self.owed.asked_at = None;
        self.owed.own_key_at = None;
        self.owed.push_retry.at = None;
        self.owed.publish_retry.at = None;
        self.owed.leave_retry.at = None;
        for flight in &mut self.outputs.in_flight {
            flight.given_at = flight.given_at.min(Some(now));
        }
    }

    /// When something of this module is due.
    pub(super) fn push_deadline(&self) -> Option<UnixMillis> {
        let fetch = self.wants_fetch().then(|| self.fetch_due());
        // A push that is on its way, or waits for a fetch or a retry, has that one's time.
        let idle = self.is_member()
            && !self.wants_fetch()
            && self.owed.push_retry.at.is_none()
            && !self.is_push_in_flight();
        let refresh = self.refresh_due().filter(|_| idle);
        let owed = &self.owed;
        let retries = [
            owed.push_retry.at,
            owed.publish_retry.at,
            owed.leave_retry.at,
        ];
        let retries = retries.into_iter().flatten();
        let due = retries.chain(fetch).chain(self.own_key_due());
        due.chain(refresh).min()
    }
}

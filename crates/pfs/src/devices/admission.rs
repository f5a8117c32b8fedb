//! Being taken into a group: the device that asks (spec 07 §7.5).

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use session_core::UnixMillis;
use session_crypto::argon2id::LinkRequestMemory;
use session_crypto::rand_core::CryptoRng;
use session_crypto::x25519;

use super::incoming::Origin;
use super::push::InFlight;
use super::{DEVICES_NAMESPACE, Devices, Event, GROUP_TTL, LINK_TTL, Store};
use crate::sas::Sas;
use crate::unix_secs::to_secs;
use crate::{
    DeviceEntry, DeviceRecord, DeviceState, Error, GroupId, GroupMessage, LinkRequest, Payload,
};

/// Requests of one's own that are remembered.
pub(super) const MAX_OWN_REQUESTS: usize = 32;

/// How long an answer to a request is recognised: as long as it can be in the swarm.
const ANSWER_TIME: Duration = Duration::from_secs(LINK_TTL.as_secs() + GROUP_TTL.as_secs());

/// A link request of this device.
pub(super) struct OwnRequest {
    pub(super) group: GroupId,
    /// The record's time in Unix seconds, which names the request.
    pub(super) at: i64,
    /// The device key that the record carried.
    pub(super) key: x25519::PublicKey,
    pub(super) sas: Sas,
    /// The user has said that the emoji were equal.
    pub(super) confirmed: bool,
    /// Until when the request can be accepted, and until when the answer is recognised.
    pub(super) pending_until: UnixMillis,
    pub(super) until: UnixMillis,
    pub(super) held: Option<HeldAdmission>,
}

/// A group message that takes this device in.
pub(super) struct HeldAdmission {
    pub(super) data: Vec<u8>,
    pub(super) hash: String,
    pub(super) stored_at: UnixMillis,
    pub(super) expires_at: UnixMillis,
}

impl Devices {
    /// Asks a group to take this device in. The user compares what this returns with what a device
    /// of the group shows, accepts there, and confirms here with [`confirm`](Self::confirm).
    /// Asking again replaces the request and its emoji.
    ///
    /// # Errors
    /// [`Error::Unknown`] when the group is not visible; [`Error::State`] when this device is in
    /// it, was removed or displaced and has to [`renew_identity`](Self::renew_identity), or while
    /// the group's messages contradict each other, which may be somebody who relays requests:
    /// try again after ten minutes (spec 07 D2). [`Error::OutOfMemory`].
    pub fn request_link<R: CryptoRng + ?Sized>(
        &mut self,
        group: &GroupId,
        now: UnixMillis,
        rng: &mut R,
    ) -> Result<Sas, Error> {
        const NOT_NOW: Error = Error::State {
            call: "request_link",
        };
        let now = self.advance(now);
        let state = self.table.own().state();
        if state >= DeviceState::Left || self.displaced_at.is_some() {
            return Err(NOT_NOW);
        }
        if state == DeviceState::Registered && self.group.as_ref() == Some(group) {
            return Err(NOT_NOW);
        }
        let seen = self.groups.get(group).filter(|seen| seen.expires_at > now);
        let seen = seen.ok_or(Error::Unknown { what: "group" })?;
        if seen.conflict_until > now {
            return Err(NOT_NOW);
        }
        let link = seen.link;

        // Strictly ascending, since it names the request.
        let last = self.own_requests.iter().map(|own| own.at).max();
        let at = to_secs(now).max(last.map_or(i64::MIN, |at| at.saturating_add(1)));
        let request_state = state.max(DeviceState::Pending);
        self.renew_own_record(request_state, at, None)?;
        let record = self.own_record()?.clone();
        let request = LinkRequest::new(&self.account, *self.table.own_id(), record)?;
        let sas = request.sas(&mut memory()?)?;
        let data = request.seal(&self.account, &link, rng)?;

        self.own_requests.iter_mut().for_each(|own| own.held = None);
        if self.own_requests.len() >= MAX_OWN_REQUESTS {
            self.own_requests.remove(0);
        }
        self.own_requests.push(OwnRequest {
            group: *group,
            at,
            key: *self.device_keys.active.pair.x25519().public(),
            sas,
            confirmed: false,
            pending_until: now.saturating_add(LINK_TTL),
            until: now.saturating_add(ANSWER_TIME),
            held: None,
        });
        let store = Store {
            namespace: DEVICES_NAMESPACE,
            data,
            ttl: LINK_TTL,
        };
        self.request(InFlight::Link(at), Vec::from([store]), Vec::new());
        self.changed();
        self.settle(rng)?;
        Ok(sas)
    }

    pub(super) fn link_stored(&mut self, at: i64, now: UnixMillis) {
        if let Some(own) = self.own_requests.iter_mut().find(|own| own.at == at) {
            own.pending_until = now.saturating_add(LINK_TTL);
            own.until = now.saturating_add(ANSWER_TIME);
            self.changed();
        }
    }

    /// The clock was ahead: requests end no later than if they were made now.
    pub(super) fn requests_clock_went_back(&mut self, now: UnixMillis) {
        for own in &mut self.own_requests {
            own.pending_until = own.pending_until.min(now.saturating_add(LINK_TTL));
            own.until = own.until.min(now.saturating_add(ANSWER_TIME));
        }
        for request in &mut self.requests {
            request.deadline = request.deadline.min(now.saturating_add(LINK_TTL));
        }
    }

    /// Forgets requests that nothing can answer any more, and stops waiting for those that nobody
    /// can accept any more.
    pub(super) fn expire_own_requests(&mut self, now: UnixMillis) {
        let before = self.own_requests.len();
        self.own_requests.retain(|own| own.until > now);
        if self.own_requests.len() < before {
            self.changed();
        }
        self.end_waiting();
    }

    fn end_waiting(&mut self) {
        let waits = self
            .own_requests
            .iter()
            .any(|own| own.pending_until > self.now);
        if self.table.own().state() == DeviceState::Pending
            && !waits
            && let Ok(record) = self.own_record().cloned()
        {
            self.table.set_own(DeviceState::Unregistered, record, None);
            self.changed();
        }
    }

    /// When a request of one's own ends.
    pub(super) fn own_request_deadline(&self) -> Option<UnixMillis> {
        let pending = self.table.own().state() == DeviceState::Pending;
        let pending = self.own_requests.iter().filter(|_| pending);
        let pending = pending
            .map(|own| own.pending_until)
            .filter(|until| *until > self.now)
            .max();
        let over = self.own_requests.iter().map(|own| own.until).min();
        pending.into_iter().chain(over).min()
    }

    /// The user says that these emoji, which [`request_link`](Self::request_link) gave, are those
    /// that a device of the group shows. Never call this by itself (spec 07 §7.5).
    ///
    /// # Errors
    /// [`Error::Unknown`] when they are not those of the newest request; [`Error::NotForUs`] when
    /// the answer that was kept can no longer be read: ask again.
    pub fn confirm<R: CryptoRng + ?Sized>(
        &mut self,
        sas: &Sas,
        now: UnixMillis,
        rng: &mut R,
    ) -> Result<(), Error> {
        let now = self.advance(now);
        let own = self.own_requests.last_mut().filter(|own| own.sas == *sas);
        let own = own.ok_or(Error::Unknown {
            what: "link request",
        })?;
        own.confirmed = true;
        let held = own.held.take();
        self.changed();
        if let Some(held) = held {
            let message = GroupMessage::read(&self.account, &held.data)?;
            let (key_index, payload) = message.open(self.device_keys.pairs())?;
            let origin = Origin {
                group: message.group_id(&self.account),
                hash: &held.hash,
                stored_at: held.stored_at,
                expires_at: held.expires_at,
                key_index,
            };
            self.admit(payload, &origin, &held.data, now, rng)?;
        }
        self.settle(rng)
    }

    /// A readable message of a group that this device is not in.
    pub(super) fn admit<R: CryptoRng + ?Sized>(
        &mut self,
        payload: Payload,
        origin: &Origin<'_>,
        data: &[u8],
        now: UnixMillis,
        rng: &mut R,
    ) -> Result<(), Error> {
        let Some(group) = origin.group else {
            return Ok(());
        };
        let own_id = self.table.own_id();
        let mut entries = payload.devices.iter();
        let Some((_, DeviceEntry::Record(record))) = entries.find(|(id, _)| id == own_id) else {
            return Ok(());
        };
        let answers = |own: &OwnRequest, record: &DeviceRecord| {
            own.group == group && own.at == record.at() && own.key == *record.x25519()
        };
        let Some(index) = self
            .own_requests
            .iter()
            .position(|own| answers(own, record))
        else {
            return Ok(());
        };
        let newest = index.saturating_add(1) == self.own_requests.len();
        let Some(own) = self.own_requests.get_mut(index) else {
            return Ok(());
        };
        if own.confirmed {
            return self.join(group, payload, origin, now, rng);
        }
        if newest {
            own.held = Some(HeldAdmission {
                data: data.to_vec(),
                hash: origin.hash.into(),
                stored_at: origin.stored_at,
                expires_at: origin.expires_at,
            });
            self.changed();
            self.emit(Event::AdmissionHeld { group });
        }
        Ok(())
    }

    fn join<R: CryptoRng + ?Sized>(
        &mut self,
        group: GroupId,
        payload: Payload,
        origin: &Origin<'_>,
        now: UnixMillis,
        rng: &mut R,
    ) -> Result<(), Error> {
        if self.table.own().state() == DeviceState::Registered {
            self.leave(now, rng)?;
        } else {
            self.forget_group()?;
        }
        self.group = Some(group);
        self.pushed_seqno = 0;
        self.emit(Event::Joined { group });
        // Whoever has read the request knows this device's key: a relay too (spec 07 D1, D2).
        self.device_keys.suspect = true;
        self.merge(payload, origin, now, rng)
    }
}

/// What the password hash works in.
pub(super) fn memory() -> Result<LinkRequestMemory, Error> {
    LinkRequestMemory::allocate().map_err(|_| Error::OutOfMemory)
}

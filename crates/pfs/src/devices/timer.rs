//! What time brings (spec 07 §9).

use alloc::vec::Vec;
use core::time::Duration;

use session_core::UnixMillis;
use session_crypto::rand_core::CryptoRng;

use super::push::Flight;
use super::{Devices, Event, RequestId};
use crate::{Error, MAX_MESSAGE_LEN, OwnPublication};

/// Least time between rotations that a foreign published key brings about.
const FOREIGN_INTERVAL: Duration = Duration::from_secs(3_600);

/// Published messages that are kept for a second look: there is one, unless a node sends more.
const MAX_FOREIGN: usize = 8;

impl Devices {
    /// Does what is due. Call it at the time that [`Output::Wait`](super::Output::Wait) gave; at
    /// any other time it does no harm.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn handle_timeout<R: CryptoRng + ?Sized>(
        &mut self,
        now: UnixMillis,
        rng: &mut R,
    ) -> Result<(), Error> {
        let now = self.advance(now);
        let late: Vec<RequestId> = self
            .outputs
            .in_flight
            .iter()
            .filter(|flight| flight.ends_at().is_some_and(|end| end <= now))
            .map(|flight| flight.id)
            .collect();
        for id in late {
            self.handle_stored(id, None, now, rng)?;
        }
        let erased = self.keys.prune(now) | self.device_keys.prune(now);
        if erased {
            self.changed();
        }
        self.groups.prune(now, self.group.as_ref());
        self.messages.prune(now);
        self.merged.retain(|merged| merged.expires_at > now);
        self.expire_requests(now);
        self.expire_own_requests(now);
        if self.is_member() && self.account_rotation_due().is_some_and(|due| due <= now) {
            // Another device may have rotated already: look first (spec 07 §9.1).
            self.owed.fetch = true;
        }
        if self.is_member() && self.device_keys.rotation_due() <= now {
            self.rotate_device_key(now, rng)?;
            self.changed_here();
        }
        self.settle(rng)
    }

    /// When the account key is to be rotated by this device.
    pub(super) fn account_rotation_due(&self) -> Option<UnixMillis> {
        let members = self.table.registered().count();
        self.keys.rotation_due(self.table.own_id(), members)
    }

    /// When something is due.
    pub(super) fn next_deadline(&self) -> Option<UnixMillis> {
        let member = self.is_member();
        let rotation = self
            .account_rotation_due()
            .filter(|_| member && !self.wants_fetch());
        let device_key = member.then(|| self.device_keys.rotation_due());
        let flights = self.outputs.in_flight.iter();
        flights
            .filter_map(Flight::ends_at)
            .chain(rotation)
            .chain(device_key)
            .chain(self.device_keys.prune_due())
            .chain(self.keys.next_deadline())
            .chain(self.request_deadline())
            .chain(self.own_request_deadline())
            .chain(self.push_deadline())
            .min()
    }

    /// Messages of namespace -21 of the own account, where its key is published (spec 06 §8.4,
    /// R12).
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn handle_own_publication<R: CryptoRng + ?Sized>(
        &mut self,
        messages: &[&[u8]],
        now: UnixMillis,
        rng: &mut R,
    ) -> Result<(), Error> {
        let now = self.advance(now);
        self.own_key_seen(now);
        let found = self
            .keys
            .handle_own_publication(&self.account, messages.iter().copied(), now);
        self.foreign.clear();
        if found == OwnPublication::Foreign {
            // Perhaps another device has made it: fetch what it wrote to the group first.
            let valid = messages.iter().filter(|it| it.len() <= MAX_MESSAGE_LEN);
            self.foreign = valid.take(MAX_FOREIGN).map(|it| it.to_vec()).collect();
            self.owed.fetch = true;
        }
        self.changed();
        self.settle(rng)
    }

    /// After a fetch: is a published key still nobody's?
    pub(super) fn look_at_foreign<R: CryptoRng + ?Sized>(&mut self, now: UnixMillis, rng: &mut R) {
        if self.foreign.is_empty() {
            return;
        }
        let messages = core::mem::take(&mut self.foreign);
        let messages = messages.iter().map(Vec::as_slice);
        let found = self
            .keys
            .handle_own_publication(&self.account, messages, now);
        let again = |last: UnixMillis| last.saturating_add(FOREIGN_INTERVAL) <= now;
        if found == OwnPublication::Foreign && self.foreign_at.is_none_or(again) {
            self.foreign_at = Some(now);
            self.emit(Event::ForeignPublication);
            if self.is_member() {
                self.rotate_account_key(now, rng);
            }
        }
    }
}

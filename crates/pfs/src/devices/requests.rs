//! Taking others into the group: a member that is asked (spec 07 §7.4).

use alloc::vec::Vec;
use core::time::Duration;

use session_core::UnixMillis;
use session_crypto::rand_core::CryptoRng;

use super::admission::memory;
use super::{Devices, Event, LINK_TTL, Stored};
use crate::sas::Sas;
use crate::unix_secs::from_secs;
use crate::{DeviceId, DeviceRecord, DeviceState, Error, LinkRequest};

/// Requests that are kept at once, the newest.
pub(super) const MAX_REQUESTS: usize = 16;

/// How far behind the clock a request may be dated (spec 07 D13).
const MAX_AGE: Duration = Duration::from_secs(15 * 60);

/// How far ahead of the clock a request may be dated (spec 07 D13).
const MAX_AHEAD: Duration = Duration::from_secs(5 * 60);

const UNKNOWN: Error = Error::Unknown {
    what: "link request",
};

/// Requests that are remembered once they are over. Each took a password hash.
const MAX_HEARD: usize = 256;

/// A request that was shown, and need not be again. Not saved: after a quarter of an hour it is too
/// old anyway.
pub(super) struct Heard {
    device: DeviceId,
    /// The record's time in Unix seconds, which names the request.
    at: i64,
    until: UnixMillis,
}

/// A request that waits for the user.
pub(super) struct ReceivedRequest {
    pub(super) device: DeviceId,
    pub(super) record: DeviceRecord,
    pub(super) sas: Sas,
    pub(super) deadline: UnixMillis,
    pub(super) replacement: bool,
}

impl ReceivedRequest {
    fn event(&self) -> Event {
        Event::LinkRequested {
            device: self.device,
            sas: self.sas,
            deadline: self.deadline,
            replacement: self.replacement,
        }
    }
}

impl Devices {
    pub(super) fn take_request(
        &mut self,
        stored: &Stored<'_>,
        sas_left: &mut usize,
        now: UnixMillis,
    ) {
        if !self.is_member() || *sas_left == 0 {
            return;
        }
        let opened = LinkRequest::open(&self.account, self.keys.pairs(), stored.data);
        let Ok((request, _)) = opened else {
            return;
        };
        let (device, record) = (*request.device(), request.record());
        let dated = from_secs(record.at());
        let timely = dated <= now.saturating_add(MAX_AHEAD) && dated.saturating_add(MAX_AGE) >= now;
        if device == *self.table.own_id() || !timely || record.keys().is_none() {
            return;
        }
        let deadline = [
            stored.expires_at,
            now.saturating_add(LINK_TTL),
            dated.saturating_add(MAX_AGE),
        ];
        let deadline = deadline.into_iter().min().unwrap_or(now);
        if deadline <= now {
            return;
        }
        let row = self.table.row(&device);
        let replacement = match row.map(|row| (row.state(), row.record())) {
            Some((DeviceState::Registered, Some(held))) if record.at() > held.at() => true,
            None | Some((DeviceState::Unregistered | DeviceState::Pending, _)) => false,
            _ => return,
        };
        // A repeated request costs no hash, whatever the user has said to it.
        let known = |heard: &Heard| heard.device == device && heard.at >= record.at();
        if self.heard.iter().any(known) {
            return;
        }
        *sas_left = sas_left.saturating_sub(1);
        // Without 16 MiB to compute the emoji in there is nothing to show: it may come again.
        let Ok(sas) = memory().and_then(|mut memory| request.sas(&mut memory)) else {
            return;
        };
        self.heard.retain(|heard| heard.device != device);
        if self.heard.len() >= MAX_HEARD {
            self.heard.remove(0);
        }
        self.heard.push(Heard {
            device,
            at: record.at(),
            until: dated.saturating_add(MAX_AGE),
        });
        if !replacement && !self.table.request(device, record.clone()) {
            return;
        }
        self.forget_request(&device);
        if self.requests.len() >= MAX_REQUESTS {
            let oldest = self.requests.remove(0);
            self.emit(Event::LinkRequestOver {
                device: oldest.device,
            });
        }
        let request = ReceivedRequest {
            device,
            record: record.clone(),
            sas,
            deadline,
            replacement,
        };
        self.emit(request.event());
        self.requests.push(request);
        self.changed();
    }

    /// Link requests that wait for the user, each as the [`Event::LinkRequested`] that told of it:
    /// draw prompts from this, since a request may have been replaced by a newer one (spec 07
    /// D14).
    pub fn link_requests(&self) -> impl Iterator<Item = Event> {
        self.requests.iter().map(ReceivedRequest::event)
    }

    /// Takes a device into the group: the user has compared `sas`, which both screens showed.
    ///
    /// # Errors
    /// [`Error::Unknown`] when no request of the device with these emoji waits, or it is past its
    /// deadline; [`Error::State`] when this device is no member.
    pub fn accept<R: CryptoRng + ?Sized>(
        &mut self,
        device: &DeviceId,
        sas: &Sas,
        now: UnixMillis,
        rng: &mut R,
    ) -> Result<(), Error> {
        let now = self.advance(now);
        if !self.is_member() {
            return Err(Error::State { call: "accept" });
        }
        let waiting = |known: &ReceivedRequest| {
            known.device == *device && known.sas == *sas && known.deadline > now
        };
        let index = self.requests.iter().position(waiting);
        let index = index.ok_or(UNKNOWN)?;
        let request = self.requests.remove(index);
        if request.replacement {
            let held = self.table.row(device).map_or(0, |row| row.seqno());
            let seqno = held.max(request.record.seqno()).saturating_add(1);
            let record = request.record.with_seqno(seqno)?;
            if !self.table.accept(device, record) {
                return Err(UNKNOWN);
            }
            self.emit(Event::DeviceReplaced { device: *device });
            self.rotate_account_key(now, rng);
            self.device_keys.suspect = true;
            self.rotate_suspect_key(now, rng)?;
        } else {
            if !self.table.accept(device, request.record) {
                return Err(UNKNOWN);
            }
            self.emit(Event::DeviceJoined { device: *device });
        }
        self.changed_here();
        self.settle(rng)
    }

    /// Does not take a device in. It can ask again.
    ///
    /// # Errors
    /// [`Error::Unknown`].
    pub fn ignore(&mut self, device: &DeviceId) -> Result<(), Error> {
        if self.forget_request(device) {
            Ok(())
        } else {
            Err(UNKNOWN)
        }
    }

    /// Whether there was one.
    pub(super) fn forget_request(&mut self, device: &DeviceId) -> bool {
        let before = self.requests.len();
        self.requests.retain(|request| request.device != *device);
        if self.requests.len() == before {
            return false;
        }
        self.changed();
        self.emit(Event::LinkRequestOver { device: *device });
        true
    }

    /// Forgets requests that another device has answered.
    pub(super) fn forget_answered(&mut self) {
        let mut over = Vec::new();
        for request in &self.requests {
            let row = self.table.row(&request.device);
            let answered = row.is_some_and(|row| match row.state() {
                DeviceState::Registered => {
                    !request.replacement
                        || row
                            .record()
                            .is_some_and(|held| held.has_keys_of(&request.record))
                }
                state => state >= DeviceState::Left,
            });
            if answered {
                over.push(request.device);
            }
        }
        for device in over {
            self.forget_request(&device);
        }
    }

    /// Forgets requests past their deadline.
    pub(super) fn expire_requests(&mut self, now: UnixMillis) {
        self.heard.retain(|heard| heard.until > now);
        let over = self.requests.iter().filter(|known| known.deadline <= now);
        let over: Vec<_> = over.map(|known| known.device).collect();
        for device in over {
            self.forget_request(&device);
        }
    }

    /// When the first request is past its deadline.
    pub(super) fn request_deadline(&self) -> Option<UnixMillis> {
        self.requests.iter().map(|request| request.deadline).min()
    }
}

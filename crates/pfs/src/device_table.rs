//! Every device that is known, and how what messages say of them comes together (spec 07 §6).

mod row;
pub(crate) mod rule;
mod state;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::iter;

pub use row::{DeviceEntry, DeviceRow, DeviceState};
use rule::Standing;

use crate::{DeviceId, DeviceRecord};

/// Most rows of a table. One message has space for about 1,800 removals, so only somebody who
/// forges messages fills it. When it is full, removals of devices of which nothing else is known
/// make place, the oldest first; if there are none, new devices are not taken.
const MAX_ROWS: usize = 2048;

/// Most rows of devices that ask to be linked: a new request takes the place of the oldest one.
const MAX_PENDING: usize = 32;

/// Longest record that is taken, in bytes. They are passed on in every message: with two of 60 KiB
/// nobody could write one any more.
const MAX_RECORD_LEN: usize = 2048;

/// How much greater than the number that is held a record's may be. A device counts by ones; with
/// the greatest number of all, which somebody forges, it could never say anything again.
const MAX_SEQNO_STEP: i64 = 1 << 32;

/// How long a removal is not stated again after it was, in seconds (spec 07 D7).
const RESTATE_PAUSE: i64 = 3600;

/// What merging one entry did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntryMerged {
    /// Anything was changed.
    pub changed: bool,
    /// Another device is a member now and was not before.
    pub joined: bool,
    /// Another device was a member and is not any more.
    pub gone: bool,
    /// A member's record was replaced by one with other keys.
    pub replaced: bool,
    /// A record of a device that is gone: its removal was stated again.
    pub restated: bool,
    /// A departure that was not known: the account key has to be rotated, if this device is a
    /// member once all entries of the message are merged.
    pub departed: bool,
}

/// A row that the others have to be told of, as it was when a message was built:
/// [`DeviceTable::clear_broadcast`] takes it back. A change since then keeps the row owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwedBroadcast {
    id: DeviceId,
    standing: Standing,
}

/// The devices of an account as this device knows them, one row for each. Rows of devices that are
/// gone stay: without them an old record would bring the device back.
///
/// Holds the public device keys, which are secret towards everybody outside the group. At most
/// 2,048 rows.
///
/// ```
/// # use session_pfs::*;
/// # let keys = |byte| KeyPair::of_device_key(&KeySeed::from_bytes([byte; 32])).public();
/// # let info = DeviceInfo::default();
/// let (own, other) = (DeviceId::from_bytes([1; 32]), DeviceId::from_bytes([2; 32]));
/// let record = DeviceRecord::new(&keys(1), 1, 1_790_000_000, &info)?;
/// let mut table = DeviceTable::new(own, DeviceState::Registered, record);
///
/// let record = DeviceRecord::new(&keys(2), 1, 1_790_000_000, &info)?;
/// let merged = table.merge(other, DeviceEntry::Record(record.clone()), 1_790_000_060);
/// assert!(merged.joined);
/// table.merge(other, DeviceEntry::Removed(1_790_000_100), 1_790_000_100);
/// // The id is spent.
/// let merged = table.merge(other, DeviceEntry::Record(record), 1_790_000_200);
/// assert!(merged.restated);
/// assert_eq!(table.registered().count(), 1);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceTable {
    own: DeviceRow,
    /// Ascending by id, without `own`.
    others: Vec<DeviceRow>,
}

impl DeviceTable {
    /// A table that knows only this device, whose record is `record`.
    #[must_use]
    pub fn new(own: DeviceId, state: DeviceState, record: DeviceRecord) -> Self {
        let mut table = Self {
            own: DeviceRow::new(own, state),
            others: Vec::new(),
        };
        table.set_own(state, record, None);
        table
    }

    /// This device's id.
    #[must_use]
    pub const fn own_id(&self) -> &DeviceId {
        &self.own.id
    }

    /// This device's row.
    #[must_use]
    pub const fn own(&self) -> &DeviceRow {
        &self.own
    }

    /// All rows, ascending by id.
    pub fn rows(&self) -> impl Iterator<Item = &DeviceRow> {
        let before = self.others.partition_point(|row| row.id < self.own.id);
        let (before, behind) = self
            .others
            .split_at_checked(before)
            .unwrap_or((&self.others, &[]));
        before.iter().chain(iter::once(&self.own)).chain(behind)
    }

    /// The row of a device.
    #[must_use]
    pub fn row(&self, id: &DeviceId) -> Option<&DeviceRow> {
        if *id == self.own.id {
            return Some(&self.own);
        }
        self.others.get(self.position(id).ok()?)
    }

    fn row_mut(&mut self, id: &DeviceId) -> Option<&mut DeviceRow> {
        if *id == self.own.id {
            return Some(&mut self.own);
        }
        self.other_mut(id)
    }

    fn other_mut(&mut self, id: &DeviceId) -> Option<&mut DeviceRow> {
        let at = self.position(id).ok()?;
        self.others.get_mut(at)
    }

    fn position(&self, id: &DeviceId) -> Result<usize, usize> {
        self.others.binary_search_by(|row| row.id.cmp(id))
    }

    /// The members, ascending by id, this device included when it is one.
    pub fn registered(&self) -> impl Iterator<Item = &DeviceRow> {
        self.rows()
            .filter(|row| row.state == DeviceState::Registered)
    }

    /// Merges what a group message says of the device `id` (spec 07 §6). `now` in Unix seconds.
    ///
    /// Beyond that rule: a record whose keys cannot be encrypted to is skipped (D9), and so is one
    /// longer than 2,048 bytes or with a number more than 2^32 above what is held; a removal is
    /// stated again at most once an hour, and removals dated more than a day ahead count as of now
    /// (D7).
    pub fn merge(&mut self, id: DeviceId, entry: DeviceEntry, now: i64) -> EntryMerged {
        let (incoming, record) = match entry {
            DeviceEntry::Record(record) if !self.is_sound(&id, &record) => {
                return EntryMerged::default();
            }
            DeviceEntry::Record(record) => {
                let standing = of_record(DeviceState::Registered, &record);
                (standing, Some(Box::new(record)))
            }
            DeviceEntry::Removed(at) => (Standing::gone(DeviceState::Removed, at), None),
            DeviceEntry::Left(at) => (Standing::gone(DeviceState::Left, at), None),
        };
        let held = self.row(&id).map(DeviceRow::standing);
        let Some(change) = rule::merge(id == self.own.id, held, incoming, now) else {
            return EntryMerged::default();
        };
        let Some(row) = self.row_or_insert(id, &change.after) else {
            return EntryMerged::default();
        };
        let mut what = change.what;
        if what.restated {
            // A clock that went back does not count.
            let paused = row
                .restated_at
                .is_some_and(|last| (last..last.saturating_add(RESTATE_PAUSE)).contains(&now));
            if paused {
                return EntryMerged::default();
            }
            row.restated_at = Some(now);
        }
        if let Some(record) = record.filter(|_| change.takes_record) {
            what.replaced = row.state == DeviceState::Registered
                && row.record().is_some_and(|held| !held.has_keys_of(&record));
            row.record = Some(record);
            row.made_here = false;
        }
        row.state = change.after.state;
        row.gone_at = change.after.at;
        row.broadcast |= change.broadcast;
        what
    }

    /// Takes the record of a link request, of a device that has no row or asked before (spec 07
    /// §7.4). `false` when it changes nothing: it is not later than the one that is held, the
    /// device is a member, gone or this one, or a key cannot be encrypted to.
    ///
    /// At most 32 devices wait; a further one takes the place of the one that asked first.
    pub fn request(&mut self, id: DeviceId, record: DeviceRecord) -> bool {
        let incoming = of_record(DeviceState::Pending, &record);
        let held = self.row(&id).map(DeviceRow::standing);
        let refused =
            held.is_some_and(|held| held.state.is_gone() || !incoming.is_later_record_than(&held));
        if refused || id == self.own.id || !self.is_sound(&id, &record) {
            return false;
        }
        if held.is_none() {
            self.bound_requests();
        }
        let Some(row) = self.row_or_insert(id, &incoming) else {
            return false;
        };
        row.record = Some(Box::new(record));
        true
    }

    /// Makes another device that asked to be linked a member, or gives a member another record
    /// (spec 07 §7.4), and owes it to the others. `false`, and nothing happens, when the device is
    /// gone or unknown, or a key of the record cannot be encrypted to.
    pub fn accept(&mut self, id: &DeviceId, record: DeviceRecord) -> bool {
        let alive = |row: &&mut DeviceRow| !row.state.is_gone() && record.keys().is_some();
        let Some(row) = self.other_mut(id).filter(alive) else {
            return false;
        };
        row.state = DeviceState::Registered;
        row.record = Some(Box::new(record));
        row.made_here = false;
        row.broadcast = true;
        true
    }

    /// Whether a record can be encrypted to, and passed on, and its device can go on from it.
    fn is_sound(&self, id: &DeviceId, record: &DeviceRecord) -> bool {
        let held = self.row(id).map_or(0, DeviceRow::seqno).max(0);
        record.keys().is_some()
            && record.as_bytes().len() <= MAX_RECORD_LEN
            && record.seqno() <= held.saturating_add(MAX_SEQNO_STEP)
    }

    /// Removes another device that is a member, at this time in Unix seconds, and owes it to the others. Nothing happens
    /// to other devices.
    pub fn remove(&mut self, id: &DeviceId, at: i64) {
        let member = |row: &&mut DeviceRow| row.state == DeviceState::Registered;
        if let Some(row) = self.other_mut(id).filter(member) {
            row.state = DeviceState::Removed;
            row.gone_at = Some(at);
            row.broadcast = true;
        }
    }

    /// Changes this device's own row. `at`, in Unix seconds, is the time of its removal or
    /// departure: without one the record's time counts; in other states it is ignored.
    pub fn set_own(&mut self, state: DeviceState, record: DeviceRecord, at: Option<i64>) {
        self.own.state = state;
        self.own.gone_at = state.is_gone().then(|| at.unwrap_or(record.at()));
        self.own.record = Some(Box::new(record));
        self.own.made_here = true;
    }

    /// The rows that the others have to be told of, ascending by id: keep this beside the message
    /// that is built from the table.
    #[must_use]
    pub fn broadcast_owed(&self) -> Vec<OwedBroadcast> {
        self.rows()
            .filter(|row| row.broadcast)
            .map(|row| OwedBroadcast {
                id: row.id,
                standing: row.standing(),
            })
            .collect()
    }

    /// A message that was built when [`broadcast_owed`](Self::broadcast_owed) said this is stored:
    /// rows that have not changed since are not owed any more.
    pub fn clear_broadcast(&mut self, told: &[OwedBroadcast]) {
        for OwedBroadcast { id, standing } in told {
            if let Some(row) = self.row_mut(id).filter(|row| row.standing() == *standing) {
                row.broadcast = false;
            }
        }
    }

    /// The row of a device, made when there is none and place for it.
    fn row_or_insert(&mut self, id: DeviceId, standing: &Standing) -> Option<&mut DeviceRow> {
        if id != self.own.id && self.position(&id).is_err() {
            if self.others.len().saturating_add(1) >= MAX_ROWS && !self.make_place(&id, standing) {
                return None;
            }
            let at = self.position(&id).unwrap_or_else(|at| at);
            self.others.insert(at, DeviceRow::new(id, standing.state));
        }
        self.row_mut(&id)
    }

    /// Drops the oldest removal of a device of which nothing else is known. Not for one that is
    /// older itself, so that the newest ones stay whatever their order.
    fn make_place(&mut self, id: &DeviceId, standing: &Standing) -> bool {
        let oldest = self
            .others
            .iter()
            .enumerate()
            .filter(|(_, row)| row.record.is_none())
            .min_by_key(|(_, row)| (row.gone_at, row.id));
        let Some((at, oldest)) = oldest else {
            return false;
        };
        if standing.at.is_some() && (standing.at, id) < (oldest.gone_at, &oldest.id) {
            return false;
        }
        self.others.remove(at);
        true
    }

    /// Makes place for one more device that asks to be linked.
    fn bound_requests(&mut self) {
        let waiting = |row: &&DeviceRow| row.state == DeviceState::Pending;
        if self.others.iter().filter(waiting).count() < MAX_PENDING {
            return;
        }
        let asked = |row: &&DeviceRow| row.record().map(DeviceRecord::at);
        let first = self.others.iter().filter(waiting).min_by_key(asked);
        if let Some(id) = first.map(|row| row.id) {
            self.others.retain(|row| row.id != id);
        }
    }
}

fn of_record(state: DeviceState, record: &DeviceRecord) -> Standing {
    Standing {
        state,
        seqno: record.seqno(),
        digest: Some(record.digest()),
        at: None,
    }
}

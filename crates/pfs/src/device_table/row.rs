//! One device in the table, and what messages say of one.

use alloc::boxed::Box;
use core::fmt;

use super::rule::Standing;
use crate::{DeviceId, DeviceRecord};

/// What a device is to the group. A later one in this order is never undone by an earlier one
/// (spec 07 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DeviceState {
    /// Outside any group: this device only.
    Unregistered,
    /// Asked to be linked.
    Pending,
    /// Member.
    Registered,
    /// Left by itself.
    Left,
    /// Was removed.
    Removed,
}

impl DeviceState {
    /// Whether the device has left or was removed: its id is spent.
    #[must_use]
    pub const fn is_gone(self) -> bool {
        matches!(self, Self::Left | Self::Removed)
    }
}

/// What a group message says of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeviceEntry {
    /// A member.
    Record(DeviceRecord),
    /// Removed at this time, in Unix seconds, above zero.
    Removed(i64),
    /// Left at this time, in Unix seconds, above zero.
    Left(i64),
}

/// A device that is known: a member, this device itself, one that asks to be linked, or one that is
/// gone.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceRow {
    pub(super) id: DeviceId,
    pub(super) state: DeviceState,
    /// Boxed, because most rows may be of devices of which only the removal is known.
    pub(super) record: Option<Box<DeviceRecord>>,
    /// The record was made here: no digest of it counts (spec 07 §6).
    pub(super) made_here: bool,
    /// When it was removed or left: in these two states, and only then.
    pub(super) gone_at: Option<i64>,
    pub(super) broadcast: bool,
    /// When its removal was last stated again, in Unix seconds.
    pub(super) restated_at: Option<i64>,
}

impl DeviceRow {
    /// A row of which nothing is known yet.
    pub(super) const fn new(id: DeviceId, state: DeviceState) -> Self {
        Self {
            id,
            state,
            record: None,
            made_here: false,
            gone_at: None,
            broadcast: false,
            restated_at: None,
        }
    }

    /// The device's id.
    #[must_use]
    pub const fn id(&self) -> &DeviceId {
        &self.id
    }

    /// What the device is to the group.
    #[must_use]
    pub const fn state(&self) -> DeviceState {
        self.state
    }

    /// The record that counts, of a device that is gone the last one; `None` when only its removal
    /// or departure is known.
    #[must_use]
    pub fn record(&self) -> Option<&DeviceRecord> {
        self.record.as_deref()
    }

    /// When it was removed or left, in Unix seconds; `None` in other states.
    #[must_use]
    pub const fn removed_at(&self) -> Option<i64> {
        self.gone_at
    }

    /// The number of the record; zero without one.
    #[must_use]
    pub fn seqno(&self) -> i64 {
        self.record().map_or(0, DeviceRecord::seqno)
    }

    /// What this device knows and the others may not: see [`DeviceTable::broadcast_owed`].
    ///
    /// [`DeviceTable::broadcast_owed`]: crate::DeviceTable::broadcast_owed
    #[must_use]
    pub const fn is_broadcast_owed(&self) -> bool {
        self.broadcast
    }

    pub(super) fn standing(&self) -> Standing {
        let digest = || self.record().map(DeviceRecord::digest);
        Standing {
            state: self.state,
            seqno: self.seqno(),
            digest: if self.made_here { None } else { digest() },
            at: self.gone_at,
        }
    }
}

impl fmt::Debug for DeviceRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceRow")
            .field("id", &self.id)
            .field("state", &self.state)
            .field("seqno", &self.seqno())
            .field("removed_at", &self.gone_at)
            .field("broadcast", &self.broadcast)
            .finish_non_exhaustive()
    }
}

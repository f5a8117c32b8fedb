//! stub
use crate::{DeviceId, DeviceRecord};
use alloc::vec::Vec;

/// stub
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DeviceState {
    /// Only this device itself, outside any group.
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

/// stub: one row
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRow {
    id: DeviceId,
    state: DeviceState,
    record: Option<DeviceRecord>,
    at: Option<i64>,
    broadcast: bool,
}

impl DeviceRow {
    /// stub
    pub fn id(&self) -> &DeviceId {
        &self.id
    }
    /// stub
    pub fn state(&self) -> DeviceState {
        self.state
    }
    /// stub
    pub fn record(&self) -> Option<&DeviceRecord> {
        self.record.as_ref()
    }
    /// stub
    pub fn removed_at(&self) -> Option<i64> {
        self.at
    }
    /// stub
    pub fn seqno(&self) -> i64 {
        todo!()
    }
}

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
    /// A departure that was not known: the account key has to be rotated.
    pub departed: bool,
}

/// stub
#[derive(Clone, Debug)]
pub struct DeviceTable {
    own: DeviceId,
    rows: Vec<DeviceRow>,
}

impl DeviceTable {
    /// stub: own row only
    pub fn new(_own: DeviceId, _state: DeviceState, _record: DeviceRecord) -> Self {
        todo!()
    }
    /// stub
    pub fn own_id(&self) -> &DeviceId {
        &self.own
    }
    /// stub
    pub fn own(&self) -> &DeviceRow {
        todo!()
    }
    /// stub: ascending by id
    pub fn rows(&self) -> &[DeviceRow] {
        &self.rows
    }
    /// stub
    pub fn row(&self, _: &DeviceId) -> Option<&DeviceRow> {
        todo!()
    }
    /// stub: ascending by id
    pub fn registered(&self) -> impl Iterator<Item = &DeviceRow> {
        self.rows.iter()
    }
    /// stub: spec 07 §6; `now` in Unix seconds
    pub fn merge(&mut self, _: DeviceId, _: DeviceEntry, _now: i64) -> EntryMerged {
        todo!()
    }
    /// stub: a link request: upsert at rank pending by the same rule; false when not greater
    pub fn request(&mut self, _: DeviceId, _: DeviceRecord) -> bool {
        todo!()
    }
    /// stub: pending -> registered, flags broadcast; or replaces a registered one's record
    pub fn accept(&mut self, _: &DeviceId, _: DeviceRecord) {
        todo!()
    }
    /// stub: registered -> removed at, flags broadcast
    pub fn remove(&mut self, _: &DeviceId, _at: i64) {
        todo!()
    }
    /// stub: changes the own row; no digest
    pub fn set_own(&mut self, _: DeviceState, _: DeviceRecord, _at: Option<i64>) {
        todo!()
    }
    /// stub: ids of rows to be broadcast
    pub fn broadcast_owed(&self) -> Vec<DeviceId> {
        todo!()
    }
    /// stub
    pub fn clear_broadcast(&mut self, _: &[DeviceId]) {
        todo!()
    }
    /// stub
    pub fn write(&self, _: &mut Vec<u8>) {
        todo!()
    }
    /// stub
    pub fn read(_: &[u8]) -> Result<Self, crate::Error> {
        todo!()
    }
}

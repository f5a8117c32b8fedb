use alloc::vec::Vec;

use crate::account_keys::rotation;
use crate::device_table::rule::{self, Standing};
use crate::{AccountKey, AccountKeys, DeviceId, DeviceState, EntryMerged, KeySeed};

/// What a device draws for an account key: what [`AccountKeys::rotation_due`] computes with, as a
/// fraction of 2^64 (spec 07 §9.1).
///
/// [`AccountKeys::rotation_due`]: crate::AccountKeys::rotation_due
#[must_use]
pub fn account_key_rotation_draw(active: &KeySeed, device: &DeviceId) -> u64 {
    rotation::draw(active, device)
}

/// What the merge rule looks at, of a row or of what a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(
    clippy::exhaustive_structs,
    reason = "known-answer tests build it; the rule has these inputs"
)]
pub struct DeviceStanding {
    /// What the device is to the group.
    pub state: DeviceState,
    /// The number of its record; zero without one.
    pub seqno: i64,
    /// The digest of its record, where it counts.
    pub digest: Option<[u8; 8]>,
    /// When it was removed or left, in Unix seconds; in these states only.
    pub at: Option<i64>,
}

/// The rule of [`DeviceTable::merge`], without the records: what the row is after, and what was
/// done; `None` when nothing changes (spec 07 §6).
///
/// [`DeviceTable::merge`]: crate::DeviceTable::merge
#[must_use]
pub fn merge_standing(
    own: bool,
    held: Option<DeviceStanding>,
    incoming: DeviceStanding,
    now: i64,
) -> Option<(DeviceStanding, EntryMerged)> {
    let into = |DeviceStanding {
                    state,
                    seqno,
                    digest,
                    at,
                }| Standing {
        state,
        seqno,
        digest,
        at,
    };
    let change = rule::merge(own, held.map(into), into(incoming), now)?;
    let Standing {
        state,
        seqno,
        digest,
        at,
    } = change.after;
    Some((
        DeviceStanding {
            state,
            seqno,
            digest,
            at,
        },
        change.what,
    ))
}

/// Merges account keys by the rule alone (spec 07 §6), without erasing those whose time is over.
pub fn merge_account_keys(keys: &mut AccountKeys, incoming: Vec<AccountKey>) {
    keys.merge_all(incoming, i64::MIN);
}

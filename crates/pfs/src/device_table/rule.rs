//! What decides when two devices say different things of a third (spec 07 §6). Every device
//! follows the same rule, so that all end with the same table whatever they read first.

use core::cmp::Ordering;

use super::{DeviceState, EntryMerged};

/// How far ahead of the clock a removal may be dated, in seconds (spec 07 D7).
const MAX_AHEAD: i64 = 24 * 3600;

/// What the rule looks at: of a row, or of what a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) state: DeviceState,
    /// Zero without a record.
    pub(crate) seqno: i64,
    /// `None` without a record, and for a record that was made here.
    pub(crate) digest: Option<[u8; 8]>,
    /// Unix seconds of a removal or departure, and only of those.
    pub(crate) at: Option<i64>,
}

impl Standing {
    /// A removal or departure of which nothing else is known.
    pub(crate) const fn gone(state: DeviceState, at: i64) -> Self {
        Self {
            state,
            seqno: 0,
            digest: None,
            at: Some(at),
        }
    }

    /// Whether a record takes the place of the held one. Where the comparison comes to a digest
    /// that is not there, it does not.
    pub(crate) fn is_later_record_than(&self, held: &Self) -> bool {
        match (self.state, self.seqno).cmp(&(held.state, held.seqno)) {
            Ordering::Equal => match (self.digest, held.digest) {
                (Some(own), Some(held)) => own > held,
                _ => false,
            },
            order => order == Ordering::Greater,
        }
    }
}

/// What a message changes in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) after: Standing,
    /// The row takes the record of the message.
    pub(crate) takes_record: bool,
    /// The others have to be told.
    pub(crate) broadcast: bool,
    pub(crate) what: EntryMerged,
}

/// What `incoming` changes: a record, with the state of a member, or a removal or departure. `None`
/// when nothing. `now` in Unix seconds; `own` says that the row is this device's own.
pub(crate) fn merge(
    own: bool,
    held: Option<Standing>,
    incoming: Standing,
    now: i64,
) -> Option<Change> {
    match incoming.at {
        Some(at) => merge_gone(own, held, incoming.state, at, now),
        None => merge_record(own, held, incoming, now),
    }
}

fn merge_gone(
    own: bool,
    held: Option<Standing>,
    state: DeviceState,
    at: i64,
    now: i64,
) -> Option<Change> {
    let at = if at > now.saturating_add(MAX_AHEAD) {
        now
    } else {
        at
    };
    let held_state = held.map(|held| held.state);
    if held.is_some_and(|held| (state, Some(at)) <= (held.state, held.at)) {
        return None;
    }
    let was_member = held_state == Some(DeviceState::Registered);
    Some(Change {
        after: match held {
            Some(held) => Standing {
                state,
                at: Some(at),
                ..held
            },
            None => Standing::gone(state, at),
        },
        takes_record: false,
        broadcast: was_member,
        what: EntryMerged {
            changed: true,
            gone: was_member && !own,
            departed: state == DeviceState::Left && held_state < Some(DeviceState::Left),
            ..EntryMerged::default()
        },
    })
}

fn merge_record(own: bool, held: Option<Standing>, incoming: Standing, now: i64) -> Option<Change> {
    if let Some(held) = held.filter(|held| held.state.is_gone()) {
        return Some(Change {
            after: Standing {
                at: Some(now),
                ..held
            },
            takes_record: false,
            broadcast: true,
            what: EntryMerged {
                changed: true,
                restated: true,
                ..EntryMerged::default()
            },
        });
    }
    if held.is_some_and(|held| !incoming.is_later_record_than(&held)) {
        return None;
    }
    let joined = held.is_none_or(|held| held.state < DeviceState::Registered);
    Some(Change {
        after: incoming,
        takes_record: true,
        broadcast: joined,
        what: EntryMerged {
            changed: true,
            joined: joined && !own,
            ..EntryMerged::default()
        },
    })
}

//! What the machine gives back.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use session_core::UnixMillis;

use crate::sas::Sas;
use crate::{DeviceId, GroupId};

/// What [`Devices::poll_output`](crate::Devices::poll_output) gives.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Output {
    /// The state has changed: keep what [`save`](crate::Devices::save) gives before going on. What
    /// follows must not be sent when that fails, or a crash in between loses keys.
    Save,
    /// Send this to the account's own swarm, and give the result to
    /// [`handle_stored`](crate::Devices::handle_stored).
    Request(Request),
    /// Fetch a namespace of the account's own swarm, and give what comes to
    /// [`handle_messages`](crate::Devices::handle_messages) or
    /// [`handle_own_publication`](crate::Devices::handle_own_publication). Comes again when it
    /// takes long.
    Fetch(Fetch),
    /// Something happened that the user or the app should know.
    Event(Event),
    /// Nothing now; call [`handle_timeout`](crate::Devices::handle_timeout) at this time. Always
    /// last.
    Wait(Option<UnixMillis>),
}

/// Names a [`Request`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub(super) u64);

/// One ordered sequence for the account's own swarm: all stores, then the deletion. A step that
/// fails ends it (spec 07 D18).
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// Which request.
    pub id: RequestId,
    /// Messages to store, in this order.
    pub stores: Vec<Store>,
    /// Hashes of messages to delete afterwards; may be empty.
    pub delete: Vec<String>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("id", &self.id)
            .field("stores", &self.stores)
            .field("delete", &self.delete.len())
            .finish()
    }
}

/// A message to store in the account's own swarm, with the account's signature.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Store {
    /// The namespace: 21 of devices, or -21 of the published account key.
    pub namespace: i16,
    /// The message.
    pub data: Vec<u8>,
    /// How long to keep it.
    pub ttl: Duration,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("namespace", &self.namespace)
            .field("data_len", &self.data.len())
            .field("ttl", &self.ttl)
            .finish()
    }
}

/// What to fetch from the account's own swarm.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fetch {
    /// The namespace: 21 of devices, or -21 of the published account key.
    pub namespace: i16,
    /// Members of the swarm, by their Ed25519 keys, that have been asked: ask another one, for all
    /// messages.
    pub not_from: Vec<[u8; 32]>,
}

/// A message of namespace 21, as a member of the swarm gave it.
#[derive(Clone, Copy)]
#[allow(clippy::exhaustive_structs, reason = "callers build it")]
pub struct Stored<'m> {
    /// The message.
    pub data: &'m [u8],
    /// Its hash, by which it can be deleted.
    pub hash: &'m str,
    /// When it was stored, by the member's word.
    pub stored_at: UnixMillis,
    /// When it expires, by the member's word.
    pub expires_at: UnixMillis,
}

impl fmt::Debug for Stored<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored")
            .field("data_len", &self.data.len())
            .field("stored_at", &self.stored_at)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Something to tell the user or the app. All of it is what other holders of the recovery password
/// say, and may be forged by them (spec 07 D1, D12): show it, and never erase anything because of
/// it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A device asks to be linked: show its emoji, and call
    /// [`accept`](crate::Devices::accept) when the user has compared them.
    LinkRequested {
        /// The device.
        device: DeviceId,
        /// What has to be equal on both screens. Not to be shown past the deadline, nor when
        /// another request of the device has come.
        sas: Sas,
        /// Until when it can be accepted.
        deadline: UnixMillis,
        /// It is a member already and asks to be taken in again with new keys.
        replacement: bool,
    },
    /// A link request was accepted by another device, or is too old: take its emoji off the screen.
    LinkRequestOver {
        /// The device.
        device: DeviceId,
    },
    /// A group has taken this device in, but the user has not yet confirmed that the emoji were
    /// equal: [`confirm`](crate::Devices::confirm).
    AdmissionHeld {
        /// The group.
        group: GroupId,
    },
    /// This device is a member now. Show the list of devices for review (spec 07 D2).
    Joined {
        /// The group.
        group: GroupId,
    },
    /// Another device has joined the group.
    DeviceJoined {
        /// The device.
        device: DeviceId,
    },
    /// Another device was removed from the group, or left it.
    DeviceGone {
        /// The device.
        device: DeviceId,
    },
    /// Another device has other keys than before.
    DeviceReplaced {
        /// The device.
        device: DeviceId,
    },
    /// Somebody else has changed this device's own record: a copy of this device from a backup, or
    /// a forgery.
    OwnRecordReplaced,
    /// This device was removed from its group.
    Removed,
    /// The group goes on without this device, though nobody removed it: two members of the swarm
    /// show a message that it cannot read.
    Displaced,
    /// There is a group of this account that this device is not in.
    OtherGroup {
        /// The group.
        group: GroupId,
    },
    /// Account keys that were not made here have come. Messages that could not be opened may open
    /// now: [`UnopenedMessages::retry`](crate::UnopenedMessages::retry).
    AccountKeysAdded {
        /// How many.
        count: usize,
        /// One is dated ahead of the clock, or came with a change of this device's own record: it
        /// may be a forgery that is to read along (spec 07 D1).
        suspicious: bool,
    },
    /// This device has made a new account key.
    AccountKeyRotated,
    /// The published account key is one that no device of the group has: somebody else may be
    /// reading new messages. The key was rotated, and is published again (spec 06 R12).
    ForeignPublication,
    /// The account key was published.
    Published,
}

/// Whether this device belongs to a group (spec 07 §8.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Membership {
    /// Nothing has been fetched since the start: offer nothing.
    Unknown,
    /// A member.
    InGroup,
    /// A member, but nothing of the group is left in the swarm, and another group is there: warn,
    /// and offer to join that one.
    CutOff,
    /// The group goes on without this device: warn, and offer to renew its identity.
    Displaced,
    /// Removed: tell, and offer to renew its identity.
    Removed,
    /// Asked to be linked: show the emoji.
    Waiting,
    /// Outside, and there is a group: offer to join it.
    GroupsVisible,
    /// Outside, and there is none: offer to start one, or to bring an old device online.
    NoGroup,
}

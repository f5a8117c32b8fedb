//! Where messages are kept.

use alloc::vec::Vec;

use session_core::UnixMillis;
use session_storage::{Authorized, Message, MessageHash, Retrieve, Store};

/// A database of messages. Calls are synchronous: a node answers a request by what the store says.
///
/// Implementations follow spec 04 §10: messages of a mailbox keep the order in which they
/// arrived; storing a known hash leaves data and place alone and only raises the expiry; a public
/// outbox holds one message, replaced only by one with a greater timestamp (§3.2).
pub trait MessageStore {
    /// What can go wrong. The node only tells its peers that the query failed.
    type Error;

    /// Stores a message under `hash`.
    ///
    /// # Errors
    /// When the message could not be stored, for example because the store is full.
    fn put(
        &mut self,
        request: &Authorized<Store<'_>>,
        hash: MessageHash,
    ) -> Result<Stored, Self::Error>;

    /// Messages of one mailbox after `request.last_hash`, or from the beginning when that is
    /// absent or unknown, as many as the request's limits allow.
    ///
    /// # Errors
    /// When the messages could not be read.
    fn retrieve(&self, request: &Authorized<Retrieve>) -> Result<Retrieved<'_>, Self::Error>;

    /// Forgets every message whose expiry is not after `now`.
    ///
    /// # Errors
    /// When the store could not be changed.
    fn remove_expired(&mut self, now: UnixMillis) -> Result<(), Self::Error>;
}

/// What came of storing a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "implementors build it")]
pub struct Stored {
    /// The expiry that the message has now; 0 when a newer one of an outbox was kept instead.
    pub expiry: UnixMillis,
    /// Whether the message, or that newer one, was there before.
    pub already: bool,
}

/// A page of messages.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "implementors build it")]
pub struct Retrieved<'a> {
    /// The messages, in order of arrival.
    pub messages: Vec<Message<'a>>,
    /// Whether a limit left messages out.
    pub more: bool,
}

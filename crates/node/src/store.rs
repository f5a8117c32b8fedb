//! Where messages are kept.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use session_core::{NetworkId, UnixMillis};
use session_storage::{ExpiryMode, Message, MessageHash, Namespace, RetrieveLimits, Token};

/// A database of messages. Calls are synchronous: a node answers a request by what the store says.
///
/// Every call that changes something is atomic and durable: when it returns, the change is there
/// for good, also after a crash; when it fails, nothing has changed. Checks of signatures, times
/// and sizes are the node's business and have been made. Stores do not look at the clock: what
/// has expired is there until [`remove_expired`](Self::remove_expired).
///
/// Times that are to be kept are below 2^63: nodes give no others. Those to compare with can be any.
///
/// A message is known by its mailbox and its hash. Two mailboxes of an account can have the same
/// hash, as their numbers run into the hashed data without a separator (spec 04 §9): a call that
/// names hashes means both messages.
///
/// Rules are those of spec 04 §10. The feature `store-tests` brings a test-suite for them.
pub trait MessageStore {
    /// What can go wrong. The node only tells others that the query failed.
    type Error: fmt::Debug;

    /// Stores a message (spec 04 §3.2, §10).
    ///
    /// A hash that the account knows in this namespace leaves data and place as they are and only
    /// raises the expiry. A public outbox holds one message, which only one with a greater
    /// timestamp replaces.
    ///
    /// # Errors
    /// When the message could not be stored, for example because the store is full.
    fn put(&mut self, message: &NewMessage<'_>) -> Result<Stored, Self::Error>;

    /// Stores messages as [`put`](Self::put) does, one after another, and says how many were
    /// taken: the first one that cannot be stored ends it, and those before it stay.
    ///
    /// A store for which each change has a price of its own, as a database that waits for the disk,
    /// makes one change of it.
    ///
    /// # Errors
    /// When none could be stored.
    fn put_all(&mut self, messages: &[NewMessage<'_>]) -> Result<usize, Self::Error> {
        let mut taken: usize = 0;
        for message in messages {
            match self.put(message) {
                Ok(_) => taken = taken.saturating_add(1),
                Err(error) if taken == 0 => return Err(error),
                Err(_) => break,
            }
        }
        Ok(taken)
    }

    /// Messages of one mailbox after `last_hash`, or from the beginning when that is absent or
    /// unknown there, in order of arrival, as many as `limits` allow.
    ///
    /// # Errors
    /// When the messages could not be read.
    fn retrieve(
        &self,
        account: &NetworkId,
        namespace: Namespace,
        last_hash: Option<&MessageHash>,
        limits: &RetrieveLimits,
    ) -> Result<Retrieved<'_>, Self::Error>;

    /// When those of the messages expire that are there, whatever their namespace; ascending by
    /// hash, each once. Of two with the same hash the later expiry counts.
    ///
    /// # Errors
    /// When they could not be read.
    fn expiries(
        &self,
        account: &NetworkId,
        hashes: &[MessageHash],
    ) -> Result<Vec<(MessageHash, UnixMillis)>, Self::Error>;

    /// Deletes messages of an account and says which ones were there, ascending by namespace and
    /// then hash.
    ///
    /// # Errors
    /// When the store could not be changed.
    fn delete(
        &mut self,
        account: &NetworkId,
        which: Selection<'_>,
    ) -> Result<Vec<(Namespace, MessageHash)>, Self::Error>;

    /// Gives messages another expiry, whatever their namespace. The answer has every message that
    /// is there once, ascending by hash; of a repeated hash only the last change is made.
    ///
    /// # Errors
    /// When the store could not be changed.
    fn expire(
        &mut self,
        account: &NetworkId,
        changes: &[(MessageHash, UnixMillis)],
        mode: ExpiryMode,
    ) -> Result<Vec<Expiry>, Self::Error>;

    /// Lowers to `expiry` the expiry of every message, in one namespace or all, that expires
    /// later, and says which ones these were, ascending by namespace and then hash.
    ///
    /// # Errors
    /// When the store could not be changed.
    fn expire_all(
        &mut self,
        account: &NetworkId,
        namespace: Option<Namespace>,
        expiry: UnixMillis,
    ) -> Result<Vec<(Namespace, MessageHash)>, Self::Error>;

    /// Revokes tokens, or refreshes the time of those that are revoked already, never to an
    /// earlier one. Of more than [`MAX_REVOKED`](session_storage::MAX_REVOKED) the oldest go,
    /// among equals the least in bytes: members of a swarm keep the same ones, whatever came
    /// first.
    ///
    /// Unlike in deployed servers this does not need a stored message (spec 04 §6.9).
    ///
    /// # Errors
    /// When the store could not be changed.
    fn revoke(
        &mut self,
        account: &NetworkId,
        tokens: &[Token],
        at: UnixMillis,
    ) -> Result<(), Self::Error>;

    /// Takes back those revocations of these tokens that are not later than `at`, and says how
    /// many there were. One that arrives late must not undo what was decided after it.
    ///
    /// # Errors
    /// When the store could not be changed.
    fn unrevoke(
        &mut self,
        account: &NetworkId,
        tokens: &[Token],
        at: UnixMillis,
    ) -> Result<usize, Self::Error>;

    /// The revoked tokens of an account, ascending.
    ///
    /// # Errors
    /// When they could not be read.
    fn revoked(&self, account: &NetworkId) -> Result<Vec<Token>, Self::Error>;

    /// Whether a token is revoked.
    ///
    /// # Errors
    /// When that could not be read.
    fn is_revoked(&self, account: &NetworkId, token: &Token) -> Result<bool, Self::Error>;

    /// Forgets messages whose expiry is not after `now`, and then the revocations of accounts that
    /// have no message left and whose latest revocation is [`REVOCATION_LIFE`] old. Says whether
    /// there is more to forget: a store may do as much as it does in a moment, and is called
    /// again soon.
    ///
    /// # Errors
    /// When the store could not be changed.
    fn remove_expired(&mut self, now: UnixMillis) -> Result<bool, Self::Error>;

    /// Goes through all messages, a piece at a time: those after `after`, one at least if there
    /// is one, then as many as have no more than `max_bytes` together by
    /// [`NewMessage::counted_len`]. Messages that come or go meanwhile may be seen or not.
    ///
    /// # Errors
    /// When the messages could not be read.
    fn scan(&self, after: Option<Place>, max_bytes: usize) -> Result<Scanned<'_>, Self::Error>;
}

/// How long revocations outlive an account's last message: as long as any message that was there
/// when they were made.
pub const REVOCATION_LIFE: core::time::Duration = core::time::Duration::from_secs(30 * 86_400);

/// A message to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "stores take it apart")]
pub struct NewMessage<'a> {
    /// Whose it is.
    pub account: NetworkId,
    /// In which mailbox.
    pub namespace: Namespace,
    /// The message.
    pub message: Message<'a>,
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

/// Some messages of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "stores must know every case")]
pub enum Selection<'a> {
    /// Those with these hashes, in whatever namespace.
    Hashes(&'a [MessageHash]),
    /// Those made at this time or before, in one namespace or in all.
    Before(Option<Namespace>, UnixMillis),
    /// All, in one namespace or in all.
    All(Option<Namespace>),
}

/// The expiry of a message after [`MessageStore::expire`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "implementors build it")]
pub struct Expiry {
    /// Which message.
    pub hash: MessageHash,
    /// When it expires now; of two with this hash, the later expiry.
    pub expiry: UnixMillis,
    /// Whether the mode [allowed](ExpiryMode::allows) the change; of two with this hash, for one
    /// of them at least.
    pub updated: bool,
}

impl Expiry {
    /// Appends the expiry of one more message to an answer whose last item may be another message
    /// with this hash: what [`MessageStore::expire`] says of the two.
    pub fn add_to(self, answer: &mut Vec<Self>) {
        match answer.last_mut().filter(|last| last.hash == self.hash) {
            Some(last) => {
                last.expiry = last.expiry.max(self.expiry);
                last.updated |= self.updated;
            }
            None => answer.push(self),
        }
    }
}

/// Where a scan has come to. Stores decide what the number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_structs, reason = "implementors build it")]
pub struct Place(pub u64);

/// A piece of all messages.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "implementors build it")]
pub struct Scanned<'a> {
    /// The messages.
    pub messages: Vec<NewMessage<'a>>,
    /// Where to go on; `None` when there is nothing more.
    pub next: Option<Place>,
}

impl<'a> NewMessage<'a> {
    /// What it counts in a [`scan`](MessageStore::scan): its data, and 200 bytes for what goes with
    /// it, without which messages of no data would come in pieces of any length.
    #[must_use]
    pub fn counted_len(&self) -> usize {
        self.message.data.len().saturating_add(200)
    }

    /// The same message, its data borrowed.
    #[must_use]
    pub fn borrowed(&self) -> NewMessage<'_> {
        NewMessage {
            account: self.account,
            namespace: self.namespace,
            message: Message::new(
                self.message.hash,
                self.message.timestamp,
                self.message.expiry,
                Cow::Borrowed(&*self.message.data),
            ),
        }
    }
}

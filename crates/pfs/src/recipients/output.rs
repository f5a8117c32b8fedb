//! What goes into the machine and what comes out.

use alloc::vec::Vec;

use session_core::{AccountId, UnixMillis};

use crate::PublicKeys;

/// The name of one request to the swarm, never used again by the same machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FetchId(pub(super) u64);

/// The Ed25519 key of a service node, which names it. Only compared.
pub type Member = [u8; 32];

/// What the swarm answered.
#[derive(Clone, Copy)]
#[allow(
    clippy::exhaustive_enums,
    reason = "callers build it; there are an answer and none"
)]
pub enum Fetched<'a> {
    /// The messages of [`PUBLICATION_NAMESPACE`](crate::PUBLICATION_NAMESPACE), maybe none, each
    /// with the time at which it was stored.
    Messages(&'a [(&'a [u8], UnixMillis)]),
    /// There was no answer, or one that has no list of messages.
    Failed,
}

impl core::fmt::Debug for Fetched<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Messages(messages) => write!(f, "Messages({})", messages.len()),
            Self::Failed => f.write_str("Failed"),
        }
    }
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// Retrieve the messages of [`PUBLICATION_NAMESPACE`](crate::PUBLICATION_NAMESPACE) of
    /// `account`, without a signature, and hand what comes to
    /// [`handle_fetched`](crate::RecipientKeys::handle_fetched).
    Fetch {
        /// Names the request.
        id: FetchId,
        /// Whose keys.
        account: AccountId,
        /// Members of the swarm that were asked already: a second opinion is wanted. Ask another
        /// one.
        avoid: Vec<Member>,
    },
    /// Encrypt this message now and send it.
    Send {
        /// The number that [`send`](crate::RecipientKeys::send) was called with.
        message: u64,
        /// The recipient.
        to: AccountId,
        /// How to encrypt it.
        how: Protocol,
    },
    /// Something to tell the user, or to log.
    Event {
        /// The contact.
        account: AccountId,
        /// What happened.
        event: Event,
    },
    /// What is known has changed: keep the bytes of [`save`](crate::RecipientKeys::save).
    Save,
    /// Nothing more for now. Call [`handle_timeout`](crate::RecipientKeys::handle_timeout) at this
    /// time, if there is one.
    Wait(Option<UnixMillis>),
}

/// How a message is encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// v2 to these keys: [`seal`](crate::seal).
    V2(PublicKeys),
    /// v2 to the Account ID alone: [`seal_without_pfs`](crate::seal_without_pfs).
    V2WithoutPfs,
    /// v1, as in crate `session-envelope`.
    V1,
}

/// What happened to a contact's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Event {
    /// They are others than before, or the first. Ordinary: keys change once or twice a day.
    NewKeys,
    /// Two members of the swarm agree that the contact, who had keys within 30 days, publishes none
    /// any more. Said once, until there are keys again.
    KeysLost,
    /// A member of the swarm gave keys that are older than others of the same contact. They are
    /// not used unless a second one agrees. Said once for each time that the swarm is asked.
    RolledBack,
    /// Messages to the contact, who had keys within 30 days, go out without forward secrecy from
    /// now on, because the swarm gives none. Tell the user. Said before the first such message,
    /// and not again until there were keys.
    Downgraded,
    /// As [`Downgraded`](Self::Downgraded), but the messages wait for keys:
    /// [`Config::never_below_pfs`](super::Config::never_below_pfs).
    Held,
}

//! What goes into and comes out of a client.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use session_core::{AccountId, UnixMillis};
use session_envelope::Content;
use session_storage::MessageHash;
use session_swarm::NodeRecord;

use crate::Failure;

/// Names a request, until its response is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub(crate) u64);

/// Names a message that was given to [`Client::send`](crate::Client::send).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageRef(pub(crate) u64);

/// What the client wants done or has to say.
#[derive(Clone, Debug)]
#[must_use]
#[non_exhaustive]
pub enum Output {
    /// Send this.
    Transmit(Transmit),
    /// Something happened.
    Event(Event),
    /// Nothing now; call `handle_timeout` when the monotonic clock shows this time. Always last.
    Wait(Option<Duration>),
}

/// A request to send. Give the response, or why there is none, to `handle_reply`.
#[derive(Clone)]
#[non_exhaustive]
pub struct Transmit {
    /// Which request.
    pub id: RequestId,
    /// Where to.
    pub target: Target,
    /// The body to post.
    pub body: Vec<u8>,
}

impl fmt::Debug for Transmit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transmit")
            .field("id", &self.id)
            .field("target", &self.target)
            .field("body_len", &self.body.len())
            .finish()
    }
}

/// The receiver of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// A seed, by its number: post to its `/json_rpc`, with its certificate pinned (spec 03 §8).
    Seed(usize),
    /// The first node of a path: post to its `/onion_req/v2`, any certificate (spec 02 §3.4).
    Guard(NodeRecord),
}

/// An HTTP response, or the like.
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(
    clippy::exhaustive_structs,
    reason = "callers build it from what they received"
)]
pub struct Response<'a> {
    /// Status code.
    pub status: u16,
    /// The body.
    pub body: &'a [u8],
}

impl fmt::Debug for Response<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({}, {} bytes)", self.status, self.body.len())
    }
}

/// Why there is no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportFailure {
    /// No answer in time.
    Timeout,
    /// No connection, or it was lost. Do not report it while the device has no network at all:
    /// nodes would be blamed for it.
    Connection,
}

/// Something that an app wants to know.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// There is a node list; requests go out from now on.
    NodeList {
        /// How many nodes it has.
        nodes: usize,
    },
    /// The network has the message.
    Sent {
        /// Which message.
        message: MessageRef,
        /// The hash under which it is stored.
        hash: MessageHash,
        /// How many nodes confirmed it with their signature.
        copies: usize,
    },
    /// The message was given up.
    SendFailed {
        /// Which message.
        message: MessageRef,
        /// Why.
        failure: Failure,
    },
    /// The mailbox could not be read. It is tried again after the poll interval. With
    /// [`Kind::ResyncClock`](crate::Kind::ResyncClock) nodes have been asked what the time is.
    PollFailed {
        /// Why.
        failure: Failure,
    },
    /// A message for this account.
    Received(Box<Received>),
    /// Something in the mailbox that is not a message for this account, or breaks a rule.
    /// Anybody can store such a thing; it is reported once and not asked for again.
    Unreadable {
        /// Under which hash it is stored.
        hash: MessageHash,
        /// What is wrong with it.
        reason: session_envelope::Error,
    },
}

/// A message that was decrypted and whose sender is authenticated.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Received {
    /// Who wrote it.
    pub sender: AccountId,
    /// When it was written, as the sender says.
    pub sent: UnixMillis,
    /// What it says.
    pub content: Content,
    /// The hash under which it is stored.
    pub hash: MessageHash,
}

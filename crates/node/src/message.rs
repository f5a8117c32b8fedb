//! What goes into and comes out of a node.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use session_storage::DaemonEndpoint;
use session_swarm::NodeKey;

/// Names a request that was given to the node, until its [`Answer`] comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub(crate) u64);

/// Names a request that the node sends, until its reply is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub(crate) u64);

/// What the node wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum Output {
    /// Give this to whoever holds the ticket.
    Answer(Answer),
    /// Send this to another node.
    Transmit(Transmit),
    /// Ask the network's daemon, and give its answer to `handle_daemon_reply`.
    Daemon(DaemonQuestion),
    /// Send this to a client over a connection that it keeps open.
    Notify(Notify),
    /// Nothing now; call `handle_timeout` when the monotonic clock shows this time. Always last.
    Wait(Option<Duration>),
}

/// The end of a request.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// Which request.
    pub ticket: Ticket,
    /// Status code; the HTTP status, or the first part of an OMQ reply.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("ticket", &self.ticket)
            .field("status", &self.status)
            .field("body_len", &self.body.len())
            .finish()
    }
}

/// A request to another node. Answer with `handle_reply`, also when it fails.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transmit {
    /// Which request.
    pub id: RequestId,
    /// The node; its address is in the node list.
    pub to: NodeKey,
    /// What to send.
    pub request: PeerRequest,
}

/// A request from one node to another (spec 02 §5.3, spec 03 §11).
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerRequest {
    /// `sn.onion_request`: one part, a bt dict with the next layer.
    Onion(Vec<u8>),
    /// `sn.storage_cc`: a request that a client made to one member of the swarm.
    Forward {
        /// First part: the method.
        method: String,
        /// Second part: its parameters, a bt dict.
        params: Vec<u8>,
    },
    /// `sn.data`: one part, messages that the other node is to keep from now on. Answered by an
    /// empty body.
    Data(Vec<u8>),
}

impl fmt::Debug for PeerRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Onion(message) => write!(f, "Onion({} bytes)", message.len()),
            Self::Data(messages) => write!(f, "Data({} bytes)", messages.len()),
            Self::Forward { method, params } => {
                write!(f, "Forward({method}, {} bytes)", params.len())
            }
        }
    }
}

/// Another node's answer: the parts of an OMQ reply, where a single part means status 200.
#[derive(Clone, PartialEq, Eq)]
#[allow(
    clippy::exhaustive_structs,
    reason = "callers build it from what they received"
)]
pub struct PeerReply {
    /// Status code.
    pub status: u16,
    /// The body, or for a status other than 200 the reason.
    pub body: Vec<u8>,
}

impl fmt::Debug for PeerReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerReply({}, {} bytes)", self.status, self.body.len())
    }
}

/// Why there is no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportFailure {
    /// No answer in time.
    Timeout,
    /// No connection, or it was lost.
    Connection,
}

/// A question to the network's daemon (spec 04 §6.15). Answer with `handle_daemon_reply`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DaemonQuestion {
    /// Which question.
    pub id: RequestId,
    /// What is asked for. A list of nodes can also be written from the one that the node has:
    /// `session_swarm::node_list_json`.
    pub endpoint: DaemonEndpoint,
    /// Parameters, the text of one JSON value.
    pub params: Option<String>,
}

/// Why the daemon gives no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DaemonFailure {
    /// It refuses, with this text, which goes to the client.
    Refused(String),
    /// It cannot be reached or does not answer.
    NoAnswer,
}

/// Names a connection that a client keeps open, by a number of the caller's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_structs, reason = "callers choose it")]
pub struct ConnectionId(pub u64);

/// Something that a client has subscribed to (spec 04 §11).
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notify {
    /// Over which connection.
    pub connection: ConnectionId,
    /// Which command.
    pub command: NotifyCommand,
    /// The bt dict to send.
    pub body: Vec<u8>,
}

/// What a client is notified of. The commands' names differ between OMQ and QUIC: see
/// [`session_storage::monitor`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotifyCommand {
    /// A new message.
    Message,
    /// The end of a subscription, because the account is in another swarm now.
    Ended,
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notify")
            .field("connection", &self.connection)
            .field("command", &self.command)
            .field("body_len", &self.body.len())
            .finish()
    }
}

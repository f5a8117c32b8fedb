//! What travels between the parties, and what may happen to it.

use session_client::{RequestId as ClientRequest, TransportFailure as ClientFailure};
use session_node::{PeerReply, PeerRequest, RequestId as NodeRequest, TransportFailure};

use crate::ClientId;

/// A party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoint {
    /// A client.
    Client(ClientId),
    /// A node, by its index in the node list.
    Node(usize),
    /// The seed.
    Seed,
}

/// A direction in which a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The sender.
    pub from: Endpoint,
    /// The receiver.
    pub to: Endpoint,
    /// Whether it is an answer to a request the other way.
    pub is_reply: bool,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrives after the link's latency.
    Deliver,
    /// It never arrives.
    Drop,
    /// It arrives twice.
    Duplicate,
}

/// A message under way.
#[derive(Clone, Debug)]
pub(crate) enum Wire {
    /// `POST /json_rpc` at a seed.
    NodeList { client: ClientId, id: ClientRequest },
    /// `POST /onion_req/v2` at a node.
    Onion {
        client: ClientId,
        id: ClientRequest,
        node: usize,
        body: Vec<u8>,
    },
    /// The response to either.
    Response {
        client: ClientId,
        id: ClientRequest,
        response: Result<(u16, Vec<u8>), ClientFailure>,
    },
    /// A request between nodes.
    Peer {
        from: usize,
        id: NodeRequest,
        node: usize,
        request: PeerRequest,
    },
    /// The reply to it.
    PeerReply {
        node: usize,
        id: NodeRequest,
        reply: Result<PeerReply, TransportFailure>,
    },
}

impl Wire {
    /// The bytes that an adversary on the link can change.
    pub(crate) fn bytes(&mut self) -> Option<&mut Vec<u8>> {
        match self {
            Self::Onion { body, .. }
            | Self::Response {
                response: Ok((_, body)),
                ..
            }
            | Self::PeerReply {
                reply: Ok(PeerReply { body, .. }),
                ..
            } => Some(body),
            Self::Peer {
                request:
                    PeerRequest::Onion(body)
                    | PeerRequest::Forward { params: body, .. }
                    | PeerRequest::Data(body),
                ..
            } => Some(body),
            _ => None,
        }
    }
}

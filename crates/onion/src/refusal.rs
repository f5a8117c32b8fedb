//! What nodes answer in plain, when there is nobody to encrypt to or nothing to say it under
//! (spec 02 §5).
//!
//! These texts are a protocol: clients find nodes' keys in them and act on that. So they stand here
//! once, for whoever writes a node.

use alloc::borrow::Cow;
use alloc::format;

use session_core::hex;

use crate::Error;

/// Statuses that nodes pass on to each other; any other becomes 500 (spec 02 §5.3).
const PASSED_ON: [u16; 13] = [
    200, 400, 401, 403, 404, 406, 410, 413, 421, 429, 502, 503, 504,
];

/// A status and a text, neither encrypted nor authentic.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The status.
    pub status: u16,
    /// The body.
    pub text: Cow<'static, str>,
}

impl Refusal {
    fn new(status: u16, text: impl Into<Cow<'static, str>>) -> Self {
        let text = text.into();
        Self { status, text }
    }

    /// To a request that [`Layer::parse_outer`](crate::Layer::parse_outer) does not read, or that
    /// is too long.
    #[must_use]
    pub fn of_request(error: &Error) -> Self {
        match error {
            Error::TooLong { .. } => Self::new(413, "Request body too large"),
            error => Self::new(400, format!("Error parsing onion request: {error}")),
        }
    }

    /// To a node whose message [`Layer::parse_relay`](crate::Layer::parse_relay) does not read, or
    /// that has passed too many nodes.
    #[must_use]
    pub fn of_relayed(error: &Error) -> Self {
        match error {
            Error::TooManyHops => Self::new(400, "onion request max path length exceeded"),
            error => Self::new(400, format!("Invalid internal onion request: {error}")),
        }
    }

    /// To a layer that [`peel`](crate::peel) does not decrypt.
    #[must_use]
    pub fn of_layer() -> Self {
        Self::new(400, "Invalid ciphertext")
    }

    /// The next node is not in the list.
    #[must_use]
    pub fn next_node_not_found(next: &[u8; 32]) -> Self {
        Self::new(502, format!("Next node not found: {}", hex::encode(next)))
    }

    /// The next node is in the list but cannot be reached.
    #[must_use]
    pub fn next_node_unreachable(next: &[u8; 32]) -> Self {
        let next = hex::encode(next);
        Self::new(502, format!("Next node is currently unreachable: {next}"))
    }

    /// The next node has not answered in time.
    #[must_use]
    pub fn timed_out() -> Self {
        Self::new(504, "Request time out")
    }

    /// The next node's answer is none.
    #[must_use]
    pub fn invalid_response() -> Self {
        Self::new(500, "Invalid response from snode")
    }

    /// This node, in the middle of a path, is in no swarm or has not caught up.
    #[must_use]
    pub fn not_ready(own: &[u8; 32]) -> Self {
        Self::new(503, format!("Snode not ready: {}", hex::encode(own)))
    }

    /// This node, at the entry, is not ready.
    #[must_use]
    pub fn entry_not_ready(reason: &str) -> Self {
        Self::new(503, format!("Service node is not ready: {reason}\n"))
    }

    /// This node has too much to do.
    #[must_use]
    pub fn busy() -> Self {
        Self::new(503, "Server busy, try again later")
    }
}

/// The status under which a node passes on the answer of the next one.
#[must_use]
pub fn relayed_status(status: u16) -> u16 {
    if PASSED_ON.contains(&status) {
        status
    } else {
        500
    }
}

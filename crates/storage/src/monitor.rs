//! Being told of new messages as they arrive (spec 04 §11).
//!
//! A client signs a [`Subscription`] and sends it over a direct connection, as `monitor.messages`
//! over OMQ or `monitor` over QUIC. The node [`answer`]s, and from then on sends a
//! [`Notification`] for each new message, until [`LIFETIME`] is over, the connection closes, or
//! the account moves to another swarm ([`Ended`]).
//!
//! Notifications are hints: subscribed to several members of a swarm a client gets several, and
//! after a reconnect it has to retrieve what it missed.

mod notification;
mod reply;
mod request;

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::time::Duration;

use session_core::NetworkId;

pub use notification::{Ended, Notification};
pub use reply::{Reply, parse_replies};
pub use request::{Subscribe, answer, write_list};

use crate::{Error, Namespace};

/// How long a subscription lives unless it is repeated.
pub const LIFETIME: Duration = Duration::from_secs(65 * 60);

/// Most subscriptions that are taken in one request. A limit of this crate: each costs the node
/// one or two verifications of a signature.
pub const MAX_SUBSCRIPTIONS: usize = 1024;

/// What is subscribed to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Subscription {
    /// The account.
    pub pubkey: NetworkId,
    /// Whether notifications bring the message's data.
    pub want_data: bool,
    /// Ascending, at least one.
    namespaces: Vec<Namespace>,
}

impl Subscription {
    /// A subscription to some namespaces of an account, in any order.
    ///
    /// # Errors
    /// [`Error::Malformed`] when there is no namespace.
    pub fn new(
        pubkey: NetworkId,
        namespaces: impl Into<Vec<Namespace>>,
        want_data: bool,
    ) -> Result<Self, Error> {
        let mut namespaces = namespaces.into();
        namespaces.sort_unstable();
        namespaces.dedup();
        if namespaces.is_empty() {
            return Err(Error::Malformed {
                what: "list of namespaces",
            });
        }
        Ok(Self {
            pubkey,
            want_data,
            namespaces,
        })
    }

    /// The namespaces, ascending.
    #[must_use]
    pub fn namespaces(&self) -> &[Namespace] {
        &self.namespaces
    }

    /// Whether new messages of this namespace are notified.
    #[must_use]
    pub fn covers(&self, namespace: Namespace) -> bool {
        self.namespaces.binary_search(&namespace).is_ok()
    }

    /// Adds what a later subscription of the same account and connection asks for.
    pub fn merge(&mut self, later: Self) {
        self.namespaces.extend(later.namespaces);
        self.namespaces.sort_unstable();
        self.namespaces.dedup();
        self.want_data |= later.want_data;
    }
}

/// Why a node refuses a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A field is missing or of another type, the account is named twice or not at all, or there
    /// is no namespace.
    #[error("invalid arguments")]
    Arguments,
    /// A key or token has an impossible length, or the account's key is no valid point.
    #[error("invalid account key or subaccount token")]
    Key,
    /// The namespaces are not strictly ascending.
    #[error("invalid namespaces: not strictly ascending")]
    Namespaces,
    /// Signed more than 14 days ago, or more than a day ahead.
    #[error("invalid signature timestamp")]
    Time,
    /// The signature does not verify, or the token does not allow to read.
    #[error("signature verification failed")]
    Signature,
    /// Another swarm serves the account.
    #[error("account does not belong to this swarm")]
    WrongSwarm,
}

impl Refusal {
    /// The `errcode`.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Arguments => 1,
            Self::Key => 2,
            Self::Namespaces => 3,
            Self::Time => 4,
            Self::Signature => 5,
            Self::WrongSwarm => 6,
        }
    }

    /// The refusal with this `errcode`.
    const fn from_code(code: i64) -> Option<Self> {
        Some(match code {
            1 => Self::Arguments,
            2 => Self::Key,
            3 => Self::Namespaces,
            4 => Self::Time,
            5 => Self::Signature,
            6 => Self::WrongSwarm,
            _ => return None,
        })
    }
}

impl From<session_bt::Error> for Refusal {
    fn from(_: session_bt::Error) -> Self {
        Self::Arguments
    }
}

/// The swarm that serves an account instead, as two bt values with the content of spec 03 §7.2.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    clippy::exhaustive_structs,
    reason = "nodes build it; the protocol has these two fields"
)]
pub struct OtherSwarm<'a> {
    /// The list of its members.
    pub snodes: Cow<'a, [u8]>,
    /// Its id.
    pub swarm: Cow<'a, [u8]>,
}

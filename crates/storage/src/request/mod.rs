//! One struct for each method, for both sides.

mod batch;
mod daemon;
mod delete;
mod expire;
mod get_expiries;
mod get_swarm;
mod if_else;
mod info;
mod mailbox;
mod retrieve;
mod revocation;
mod store;

pub use batch::{Batch, Order};
pub use daemon::{DaemonEndpoint, DaemonRequest};
pub use delete::Delete;
pub use expire::{Expire, ExpiryMode};
pub use get_expiries::GetExpiries;
pub use get_swarm::GetSwarm;
pub use if_else::{Condition, IfElse, NetworkState};
pub use info::{ActiveNodes, Info};
pub use mailbox::{DeleteAll, DeleteBefore, ExpireAll};
pub use retrieve::Retrieve;
pub use revocation::{GetRevoked, Revoke, Unrevoke};
pub use store::Store;

pub(crate) use store::ttl_allowed;

use alloc::vec::Vec;

use session_core::NetworkId;

use crate::endpoint::{Endpoint, sealed};
use crate::params::{Params, required};
use crate::value::Value;
use crate::write::ObjectWriter;
use crate::{Rejection, Signed};

/// Declares [`Request`], its conversions, and what is done alike for all variants.
macro_rules! requests {
    ($($(#[$doc:meta])* $variant:ident($type:ty),)*) => {
        /// A request of any method, as it was parsed or as a part of a [`Batch`].
        ///
        /// A parsed request is not yet authorized: a node that carries it out must call
        /// [`Store::authorize`], [`Retrieve::authorize`] or [`Signed::authorize`] first.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Request<'a> {
            $($(#[$doc])* $variant($type),)*
        }

        $(impl<'a> From<$type> for Request<'a> {
            fn from(request: $type) -> Self {
                Self::$variant(request)
            }
        })*

        impl sealed::Fields for Request<'_> {
            fn write_fields(&self, out: &mut ObjectWriter<'_>) {
                match self {
                    $(Self::$variant(request) => request.write_fields(out),)*
                }
            }

            fn data_len(&self) -> usize {
                match self {
                    $(Self::$variant(request) => request.data_len(),)*
                }
            }
        }

        impl Endpoint for Request<'_> {
            fn method(&self) -> &'static str {
                match self {
                    $(Self::$variant(request) => request.method(),)*
                }
            }
        }
    };
}

requests! {
    /// Store a message.
    Store(Store<'a>),
    /// Fetch messages.
    Retrieve(Retrieve),
    /// Delete messages by hash.
    Delete(Signed<Delete>),
    /// Delete all messages.
    DeleteAll(Signed<DeleteAll>),
    /// Delete messages by time.
    DeleteBefore(Signed<DeleteBefore>),
    /// Change when messages expire.
    Expire(Signed<Expire>),
    /// Make all messages expire earlier.
    ExpireAll(Signed<ExpireAll>),
    /// When messages expire.
    GetExpiries(Signed<GetExpiries>),
    /// Revoke subaccounts.
    Revoke(Signed<Revoke>),
    /// Take revocations back.
    Unrevoke(Signed<Unrevoke>),
    /// Which subaccounts are revoked.
    GetRevoked(Signed<GetRevoked>),
    /// Which nodes serve an account. Every node answers, nobody signs.
    GetSwarm(GetSwarm),
    /// Version and clock of the node. Every node answers, nobody signs.
    Info(Info),
    /// All nodes that are in a swarm. Every node answers, nobody signs.
    ActiveNodes(ActiveNodes),
    /// A question to the daemon. Every node answers, nobody signs.
    Daemon(DaemonRequest<'a>),
    /// Several requests.
    Batch(Batch<'a>),
    /// One of two requests.
    IfElse(IfElse<'a>),
}

impl Request<'_> {
    /// The account that the request is about. `None` for what concerns no account, and for what is
    /// made of other requests.
    #[must_use]
    pub fn account(&self) -> Option<&NetworkId> {
        match self {
            Self::Store(request) => Some(&request.pubkey),
            Self::Retrieve(request) => Some(&request.pubkey),
            Self::Delete(request) => Some(&request.pubkey),
            Self::DeleteAll(request) => Some(&request.pubkey),
            Self::DeleteBefore(request) => Some(&request.pubkey),
            Self::Expire(request) => Some(&request.pubkey),
            Self::ExpireAll(request) => Some(&request.pubkey),
            Self::GetExpiries(request) => Some(&request.pubkey),
            Self::Revoke(request) => Some(&request.pubkey),
            Self::Unrevoke(request) => Some(&request.pubkey),
            Self::GetRevoked(request) => Some(&request.pubkey),
            Self::GetSwarm(request) => Some(&request.pubkey),
            Self::Info(_)
            | Self::ActiveNodes(_)
            | Self::Daemon(_)
            | Self::Batch(_)
            | Self::IfElse(_) => None,
        }
    }

    /// The same request, which owns its data.
    #[must_use]
    pub fn into_owned(self) -> Request<'static> {
        match self {
            Self::Store(request) => Request::Store(request.into_owned()),
            Self::Daemon(request) => Request::Daemon(request.into_owned()),
            Self::Batch(request) => Request::Batch(request.into_owned()),
            Self::IfElse(request) => Request::IfElse(request.into_owned()),
            Self::Retrieve(request) => Request::Retrieve(request),
            Self::Delete(request) => Request::Delete(request),
            Self::DeleteAll(request) => Request::DeleteAll(request),
            Self::DeleteBefore(request) => Request::DeleteBefore(request),
            Self::Expire(request) => Request::Expire(request),
            Self::ExpireAll(request) => Request::ExpireAll(request),
            Self::GetExpiries(request) => Request::GetExpiries(request),
            Self::Revoke(request) => Request::Revoke(request),
            Self::Unrevoke(request) => Request::Unrevoke(request),
            Self::GetRevoked(request) => Request::GetRevoked(request),
            Self::GetSwarm(request) => Request::GetSwarm(request),
            Self::Info(request) => Request::Info(request),
            Self::ActiveNodes(request) => Request::ActiveNodes(request),
        }
    }

    /// Whether the receiving node forwards it to the other members of the swarm and answers with
    /// an item of each (spec 03 §11).
    #[must_use]
    pub const fn is_recursive(&self) -> bool {
        matches!(
            self,
            Self::Store(_)
                | Self::Delete(_)
                | Self::DeleteAll(_)
                | Self::DeleteBefore(_)
                | Self::Expire(_)
                | Self::ExpireAll(_)
                | Self::Revoke(_)
                | Self::Unrevoke(_)
        )
    }

    /// Whether it is made of other requests.
    pub(crate) const fn is_composite(&self) -> bool {
        matches!(self, Self::Batch(_) | Self::IfElse(_))
    }

    /// Writes it as a part of another request.
    fn write_nested(&self, out: &mut ObjectWriter<'_>) {
        use sealed::Fields as _;
        out.text("method", self.method());
        out.object("params", |params| self.write_fields(params));
    }
}

/// The list `messages`, or a single one in place of the list.
fn read_messages<'a, T>(
    params: &Params<'a>,
    read: impl FnMut(Value<'a>) -> Option<T>,
) -> Result<Vec<T>, Rejection> {
    required("messages", params.messages, |value| value.list(read))
}

/// A list without elements.
const fn empty(field: &'static str) -> Rejection {
    Rejection::Invalid { field }
}

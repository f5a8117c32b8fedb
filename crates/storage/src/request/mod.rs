//! One struct for each endpoint, for both sides.

mod get_swarm;
mod info;
mod retrieve;
mod store;

pub use get_swarm::GetSwarm;
pub use info::Info;
pub use retrieve::Retrieve;
pub use store::Store;

pub(crate) use store::ttl_allowed;

/// A parsed request. Not yet authorized: a node that carries it out must call
/// [`Store::authorize`] or [`Retrieve::authorize`] first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request<'a> {
    /// Store a message.
    Store(Store<'a>),
    /// Fetch messages.
    Retrieve(Retrieve),
    /// Which nodes serve an account. Every node answers, nobody signs.
    GetSwarm(GetSwarm),
    /// Version and clock of the node. Every node answers, nobody signs.
    Info(Info),
}

impl Request<'_> {
    /// Whether the receiving node forwards it to the other members of the swarm and answers with
    /// an item of each (spec 03 §11).
    #[must_use]
    pub const fn is_recursive(&self) -> bool {
        matches!(self, Self::Store(_))
    }
}

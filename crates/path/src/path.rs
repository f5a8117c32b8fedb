//! One path.

use alloc::vec::Vec;

use session_core::UnixMillis;
use session_swarm::{NodeKey, NodeRecord};

use crate::{Category, Policy, Strikes};

/// Accusations that are taken from one path in its life.
const MAX_ACCUSED: usize = 16;

/// Names a path for as long as its [`Paths`](crate::Paths) lives. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathId(pub(crate) u64);

/// A chain of nodes that requests go through.
///
/// Its nodes never change: one that is repaired is another path with another id, since requests
/// that are under way went through the old nodes.
#[derive(Clone, Debug)]
pub struct Path {
    id: PathId,
    category: Category,
    /// Not all the same as in the pool: addresses are, other data may be older.
    nodes: Vec<NodeRecord>,
    since: UnixMillis,
    pub(crate) active_requests: u32,
    pub(crate) strikes: u8,
    /// Requests that failed in a way that nobody vouches for, less those that were answered.
    pub(crate) losses: u8,
    /// Whom accusations were noted against.
    accused: Vec<NodeKey>,
}

impl Path {
    pub(crate) const fn new(
        id: PathId,
        category: Category,
        nodes: Vec<NodeRecord>,
        since: UnixMillis,
    ) -> Self {
        Self {
            id,
            category,
            nodes,
            since,
            active_requests: 0,
            strikes: 0,
            losses: 0,
            accused: Vec::new(),
        }
    }

    /// The same path with some other nodes: as old, and with the failures so far, which may be the
    /// fault of a node that stays.
    pub(crate) fn repaired(&self, id: PathId, nodes: Vec<NodeRecord>) -> Self {
        Self {
            id,
            nodes,
            active_requests: 0,
            ..self.clone()
        }
    }

    /// The name under which to report how a request went.
    #[must_use]
    pub const fn id(&self) -> PathId {
        self.id
    }

    /// What the path is used for.
    #[must_use]
    pub const fn category(&self) -> Category {
        self.category
    }

    /// The nodes, the guard first. Different nodes, as many as [`Policy::hops`].
    #[must_use]
    pub fn nodes(&self) -> &[NodeRecord] {
        &self.nodes
    }

    /// When the path was built. A repaired path is as old as it was before.
    #[must_use]
    pub const fn since(&self) -> UnixMillis {
        self.since
    }

    /// Requests given to the path that were not reported on yet.
    #[must_use]
    pub const fn active_requests(&self) -> u32 {
        self.active_requests
    }

    /// Strikes so far.
    #[must_use]
    pub const fn strikes(&self) -> u8 {
        self.strikes
    }

    /// Whether a node is in the path.
    #[must_use]
    pub fn contains(&self, key: &NodeKey) -> bool {
        self.nodes.iter().any(|node| node.key == *key)
    }

    pub(crate) fn guard(&self) -> Option<NodeKey> {
        self.nodes.first().map(|node| node.key)
    }

    /// The nodes after the guard.
    pub(crate) fn inner_nodes(&self) -> impl Iterator<Item = &NodeRecord> {
        self.nodes.iter().skip(1)
    }

    /// The node that would have to tell us that `node` fails: the one before it, or the last for a
    /// destination.
    pub(crate) fn node_before(&self, node: &NodeKey) -> Option<NodeKey> {
        let place = self.nodes.iter().position(|other| other.key == *node);
        let before = place.unwrap_or(self.nodes.len()).checked_sub(1)?;
        self.nodes.get(before).map(|node| node.key)
    }

    /// Notes in `accusations` that something on the path speaks against `node`: against every node
    /// once, and against the guard never.
    pub(crate) fn accuse(&mut self, node: NodeKey, accusations: &mut Strikes, now: UnixMillis) {
        if self.guard() != Some(node)
            && self.accused.len() < MAX_ACCUSED
            && !self.accused.contains(&node)
        {
            self.accused.push(node);
            accusations.strike(node, now);
        }
    }

    /// Whether the path is due for a new one. A time that lies ahead, because the clock was set
    /// back, is as far away as one that lies behind.
    pub(crate) fn is_old(&self, policy: &Policy, now: UnixMillis) -> bool {
        self.since.abs_diff(now) >= policy.rotation
    }

    /// Replaces the nodes by records that `newer` gives for the same keys.
    pub(crate) fn refresh<'a>(&mut self, newer: impl Fn(&NodeKey) -> Option<&'a NodeRecord>) {
        for node in &mut self.nodes {
            if let Some(record) = newer(&node.key).filter(|record| record.ip == node.ip) {
                *node = *record;
            }
        }
    }
}

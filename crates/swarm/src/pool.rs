//! The nodes that a client or node believes in, and the swarms that they form.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use session_core::NetworkId;

use crate::{Error, NodeKey, NodeList, NodeRecord, Ring, SwarmId, position};

/// A node list that can be asked: which node has this key, which swarm holds this account.
///
/// Immutable: a refresh makes a new pool, and a failed refresh leaves the old one (spec 03 §9).
#[derive(Clone, Debug, Default)]
pub struct Pool {
    /// By swarm id, within a swarm in list order; nodes without swarm last.
    nodes: Vec<NodeRecord>,
    /// Indices into `nodes`, by key.
    by_key: Vec<usize>,
    ring: Ring,
    /// Where the members of each swarm of the ring begin in `nodes`, and where those of the last
    /// one end.
    starts: Vec<usize>,
}

impl Pool {
    /// A pool of these nodes. If a key occurs more than once, its first record counts.
    #[must_use]
    pub fn new(mut nodes: Vec<NodeRecord>) -> Self {
        let mut seen = BTreeSet::new();
        nodes.retain(|node| seen.insert(node.key));
        // Stable, so the members of a swarm stay in list order.
        nodes.sort_by_key(|node| node.swarm_id);
        let mut by_key: Vec<_> = (0..nodes.len()).collect();
        let key = |index: usize| nodes.get(index).map(|node| &node.key);
        by_key.sort_unstable_by(|a, b| key(*a).cmp(&key(*b)));
        let ring: Ring = nodes.iter().map(|node| node.swarm_id).collect();
        let ids = ring.ids().iter().chain([&SwarmId::INVALID]);
        let starts = ids
            .map(|id| nodes.partition_point(|node| node.swarm_id < *id))
            .collect();
        Self {
            nodes,
            by_key,
            ring,
            starts,
        }
    }

    /// The nodes that at least `min_presence` of the answers name (spec 03 §9).
    ///
    /// An answer counts once for a key however often it names it. Only keys are agreed on: the
    /// record comes from the first answer that has the key, so give the answers in a random order. A `min_presence` of 0 means 1; a seed's answer is trusted
    /// alone, answers of ordinary nodes should agree two out of three.
    ///
    /// # Errors
    /// [`Error::PoolTooSmall`] with fewer than `min_size` nodes, or none.
    pub fn agree(
        answers: &[NodeList],
        min_presence: usize,
        min_size: usize,
    ) -> Result<Self, Error> {
        let mut named: Vec<_> = answers
            .iter()
            .enumerate()
            .flat_map(|(answer, list)| list.nodes.iter().map(move |node| (answer, node)))
            .collect();
        // Stable: within a key the answers stay in order.
        named.sort_by_key(|(_, node)| node.key);
        let nodes: Vec<_> = named
            .chunk_by(|(_, a), (_, b)| a.key == b.key)
            .filter(|same| same.chunk_by(|(a, _), (b, _)| a == b).count() >= min_presence)
            .filter_map(|same| same.first().map(|(_, node)| **node))
            .collect();
        let needed = min_size.max(1);
        if nodes.len() < needed {
            return Err(Error::PoolTooSmall {
                needed,
                got: nodes.len(),
            });
        }
        Ok(Self::new(nodes))
    }

    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are no nodes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// All nodes, swarm by swarm in ascending order of ids, those without a swarm last.
    #[must_use]
    pub fn nodes(&self) -> &[NodeRecord] {
        &self.nodes
    }

    /// All nodes in ascending order of keys.
    pub fn iter_by_key(&self) -> impl Iterator<Item = &NodeRecord> {
        self.by_key
            .iter()
            .filter_map(|&index| self.nodes.get(index))
    }

    /// The node with this key. O(log n).
    #[must_use]
    pub fn get(&self, key: &NodeKey) -> Option<&NodeRecord> {
        let found = self
            .by_key
            .binary_search_by_key(&Some(*key), |&index| {
                self.nodes.get(index).map(|node| node.key)
            })
            .ok()?;
        self.nodes.get(*self.by_key.get(found)?)
    }

    /// The swarm ids of the nodes, for questions about the ring.
    #[must_use]
    pub fn ring(&self) -> &Ring {
        &self.ring
    }

    /// The swarm with this id; `None` if no node is in it. O(log n).
    #[must_use]
    pub fn swarm(&self, id: SwarmId) -> Option<Swarm<'_>> {
        self.swarm_at(self.ring.ids().binary_search(&id).ok()?)
    }

    /// The swarm that holds the messages of an account (spec 03 §3, §4); `None` if no node is in
    /// any swarm. As fast as [`Ring::nearest`].
    #[must_use]
    pub fn swarm_of(&self, id: &NetworkId) -> Option<Swarm<'_>> {
        self.swarm_at(self.ring.index_of(position(id))?)
    }

    /// All swarms in ascending order of ids (spec 03 §6).
    pub fn swarms(&self) -> impl Iterator<Item = Swarm<'_>> {
        (0..self.ring.ids().len()).filter_map(|index| self.swarm_at(index))
    }

    /// The swarm at this place in the ring.
    fn swarm_at(&self, index: usize) -> Option<Swarm<'_>> {
        let id = *self.ring.ids().get(index)?;
        let start = *self.starts.get(index)?;
        let end = *self.starts.get(index.checked_add(1)?)?;
        let members = self.nodes.get(start..end)?;
        Some(Swarm { id, members })
    }

    /// The nodes of the pool among `keys`, each once, in ascending order of keys.
    ///
    /// For the keys that a 421 reply names (spec 03 §10.3): unknown ones are dropped, and
    /// addresses come from the pool.
    #[must_use]
    pub fn known(&self, keys: &[NodeKey]) -> Vec<&NodeRecord> {
        let mut nodes: Vec<_> = keys.iter().filter_map(|key| self.get(key)).collect();
        nodes.sort_unstable_by_key(|node| node.key);
        nodes.dedup_by_key(|node| node.key);
        nodes
    }
}

/// Some nodes that hold the same accounts.
#[derive(Clone, Copy, Debug)]
pub struct Swarm<'a> {
    id: SwarmId,
    members: &'a [NodeRecord],
}

impl<'a> Swarm<'a> {
    /// The id of the swarm.
    #[must_use]
    pub const fn id(&self) -> SwarmId {
        self.id
    }

    /// The members, at least one, in the order of the node list. The order has no meaning:
    /// choose among them at random.
    #[must_use]
    pub const fn members(&self) -> &'a [NodeRecord] {
        self.members
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "tests may overflow")]
mod tests {
    use super::*;
    use crate::node::tests::any_record;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn node(key: u8, swarm: u64) -> NodeRecord {
        let mut node = NodeRecord::new([key; 32].into(), [9, 9, 9, key].into(), 1, 1);
        node.swarm_id = SwarmId::new(swarm);
        node
    }

    fn list(nodes: &[NodeRecord]) -> NodeList {
        NodeList {
            nodes: nodes.to_vec(),
            ..NodeList::default()
        }
    }

    prop_compose! {
        /// Few keys and few swarms, so that they repeat.
        fn few_nodes()(pairs in vec((0u8..20, 0u64..4), 0..30)) -> Vec<NodeRecord> {
            pairs.into_iter().map(|(key, swarm)| node(key, swarm.wrapping_sub(1))).collect()
        }
    }

    proptest! {
        #[test]
        fn every_node_is_found_by_key_and_in_its_swarm(nodes in few_nodes()) {
            let pool = Pool::new(nodes.clone());
            for node in &nodes {
                let first = nodes.iter().find(|other| other.key == node.key);
                prop_assert_eq!(pool.get(&node.key), first);
            }
            prop_assert!(pool.iter_by_key().is_sorted_by(|a, b| a.key < b.key));
            prop_assert_eq!(pool.iter_by_key().count(), pool.len());
            for swarm in pool.swarms() {
                prop_assert!(swarm.id().is_valid());
                prop_assert!(swarm.members().iter().all(|node| node.swarm_id == swarm.id()));
            }
            let grouped: usize = pool.swarms().map(|swarm| swarm.members().len()).sum();
            let invalid = pool.nodes().iter().filter(|node| !node.swarm_id.is_valid()).count();
            prop_assert_eq!(grouped + invalid, pool.len());
        }

        #[test]
        fn an_account_is_in_the_swarm_nearest_to_it(
            nodes in vec(any_record(), 0..8), id: [u8; 32], prefix: u8,
        ) {
            let mut bytes = [prefix; 33];
            bytes[1..].copy_from_slice(&id);
            let id = NetworkId::from(bytes);
            let pool = Pool::new(nodes);
            let nearest = pool.ring().nearest(position(&id));
            prop_assert_eq!(pool.swarm_of(&id).map(|swarm| swarm.id()), nearest);
        }

        /// A key is kept if and only if enough answers have it; the order of answers only decides
        /// whose record counts.
        #[test]
        fn agreement_counts_answers(
            answers in vec(few_nodes(), 0..4), min_presence in 0usize..5,
        ) {
            let mut answers: Vec<_> = answers.iter().map(|nodes| list(nodes)).collect();
            let presence = |key: NodeKey| {
                let has = |answer: &&NodeList| answer.nodes.iter().any(|node| node.key == key);
                answers.iter().filter(has).count()
            };
            let expected: Vec<NodeKey> = (0..20)
                .map(|key| [key; 32].into())
                .filter(|&key| presence(key) >= min_presence.max(1))
                .collect();
            let keys = |answers: &[NodeList]| match Pool::agree(answers, min_presence, 0) {
                Ok(pool) => pool.iter_by_key().map(|node| node.key).collect(),
                Err(_) => Vec::new(),
            };
            prop_assert_eq!(&keys(&answers), &expected);
            answers.reverse();
            prop_assert_eq!(&keys(&answers), &expected);
        }
    }

    #[test]
    fn members_keep_the_order_of_the_list() {
        let pool = Pool::new([node(9, 5), node(3, 1), node(1, 5), node(9, 1)].into());
        let swarm = pool.swarm(SwarmId::new(5)).unwrap();
        assert_eq!(swarm.members(), [node(9, 5), node(1, 5)]);
        assert!(pool.swarm(SwarmId::new(2)).is_none());
    }

    #[test]
    fn nodes_without_swarm_form_none() {
        let pool = Pool::new([node(1, u64::MAX)].into());
        assert!(pool.swarm(SwarmId::INVALID).is_none());
        assert!(pool.swarm_of(&NetworkId::from([0xff; 33])).is_none());
        assert_eq!((pool.len(), pool.swarms().count()), (1, 0));
    }

    #[test]
    fn the_first_answer_with_the_key_gives_the_record() {
        let answers = [list(&[]), list(&[node(1, 7)]), list(&[node(1, 8)])];
        let pool = Pool::agree(&answers, 2, 1).unwrap();
        assert_eq!(pool.nodes(), [node(1, 7)]);
    }

    #[test]
    fn a_pool_below_its_minimum_is_refused() {
        let answers = [list(&[node(1, 1), node(1, 1), node(2, 1)])];
        let agree = |min_presence, min_size| Pool::agree(&answers, min_presence, min_size);
        let small = |needed, got| Some(Error::PoolTooSmall { needed, got });
        assert_eq!(agree(1, 2).unwrap().len(), 2);
        assert_eq!(agree(1, 3).err(), small(3, 2));
        assert_eq!(agree(2, 0).err(), small(1, 0));
        assert_eq!(Pool::agree(&[], 0, 0).err(), small(1, 0));
    }

    #[test]
    fn only_known_keys_are_followed_once_each() {
        let pool = Pool::new([node(1, 1), node(2, 1), node(3, 2)].into());
        let keys = [[3; 32], [4; 32], [1; 32], [3; 32]].map(NodeKey::from);
        assert_eq!(pool.known(&keys), [&node(1, 1), &node(3, 2)]);
    }
}

//! The steps of an update (spec 03 §12.3).

use alloc::vec::Vec;

use super::order::{Entry, entries, sort};
use super::{Assignment, Mt19937_64, new_swarm_id};
use crate::SwarmId;

/// A swarm with fewer members gets some of others', or is dissolved.
const MIN: usize = 5;
/// Members of a new swarm.
const NEW: usize = 7;
/// Members beyond these may be taken for a new swarm.
const BASE: usize = 5;
/// How many such members for every swarm there are besides those for a new one.
const MARGIN: usize = 2;

/// How many hundredths of the swarms, by size, are small enough to get a new node.
const FILL: usize = 25;
/// The same for the nodes of a dissolved swarm.
const DECOMMISSIONED: usize = 0;
/// How many hundredths of the swarms are too small to be taken from.
const STEAL: usize = 75;

impl<K> Assignment<K> {
    /// Assigns the nodes that are in no swarm and evens out the others, as the daemon does.
    ///
    /// Takes the members in the order they are in; [`apply_block`](Self::apply_block) lists them
    /// by key first, which is what blocks do. Without nodes it does nothing. Where the daemon
    /// would fail, with fewer than 5 nodes in several swarms, one swarm is left.
    ///
    /// Every node that is assigned costs a sort of all swarms by size.
    pub fn update(&mut self, seed: u64) {
        let unassigned = core::mem::take(&mut self.unassigned);
        if self.swarms.is_empty() {
            if unassigned.is_empty() {
                return;
            }
            self.swarms.push((new_swarm_id([]), Vec::new()));
        }
        let mut update = Update {
            swarms: &mut self.swarms,
            random: Mt19937_64::new(seed),
        };
        update.assign(unassigned, FILL);
        update.steal();
        update.grow();
        update.dissolve();
    }
}

struct Update<'a, K> {
    /// At least one.
    swarms: &'a mut Vec<(SwarmId, Vec<K>)>,
    random: Mt19937_64,
}

impl<K> Update<'_, K> {
    /// Puts each of the nodes into one of the smallest swarms.
    fn assign(&mut self, nodes: Vec<K>, percentile: usize) {
        for node in nodes {
            let by_size = self.by_size();
            let limit = size_at(&by_size, percentile);
            let small = by_size.partition_point(|entry| entry.size <= limit);
            if let Some(chosen) = by_size.get(self.draw(small)) {
                self.put(chosen.rank, node);
            }
            self.grow();
        }
    }

    /// Fills small swarms with members of the largest.
    fn steal(&mut self) {
        let by_size = self.by_size();
        let limit = size_at(&by_size, STEAL).saturating_sub(1).max(MIN);
        for poor in by_size.iter().take_while(|entry| entry.size < MIN) {
            while let Some(missing) = self.missing(poor.rank) {
                let rich = self.sizes().filter(|size| *size > limit);
                let excess = rich.fold(0, |sum: usize, size| {
                    sum.saturating_add(size.saturating_sub(MIN))
                });
                if excess < missing {
                    return;
                }
                let Some(node) = self.take_from_above(limit) else {
                    return;
                };
                self.put(poor.rank, node);
            }
        }
    }

    /// Makes new swarms while there are enough nodes for them.
    fn grow(&mut self) {
        if self.sizes().any(|size| size < MIN) {
            return;
        }
        while self.excess() >= self.swarms.len().saturating_mul(MARGIN).saturating_add(NEW) {
            let nodes = (0..NEW)
                .filter_map(|_| self.take_from_above(BASE))
                .collect();
            let id = new_swarm_id(self.swarms.iter().map(|(id, _)| *id));
            let at = self.swarms.partition_point(|(other, _)| *other < id);
            self.swarms.insert(at, (id, nodes));
        }
    }

    /// Gives the nodes of small swarms to the others.
    fn dissolve(&mut self) {
        while self.swarms.len() > 1 {
            let Some(rank) = self.sizes().position(|size| size < MIN) else {
                return;
            };
            let (_, nodes) = self.swarms.remove(rank);
            self.assign(nodes, DECOMMISSIONED);
        }
    }

    fn sizes(&self) -> impl Iterator<Item = usize> {
        self.swarms.iter().map(|(_, nodes)| nodes.len())
    }

    fn by_size(&self) -> Vec<Entry> {
        let mut by_size = entries(self.sizes());
        sort(&mut by_size);
        by_size
    }

    fn put(&mut self, rank: usize, node: K) {
        if let Some((_, nodes)) = self.swarms.get_mut(rank) {
            nodes.push(node);
        }
    }

    /// How many members the swarm lacks, if any.
    fn missing(&self, rank: usize) -> Option<usize> {
        let (_, nodes) = self.swarms.get(rank)?;
        MIN.checked_sub(nodes.len()).filter(|missing| *missing > 0)
    }

    /// How many members all swarms have beyond [`BASE`].
    fn excess(&self) -> usize {
        self.sizes().map(|size| size.saturating_sub(BASE)).sum()
    }

    /// Takes one of the members of all swarms with more than `limit`.
    fn take_from_above(&mut self, limit: usize) -> Option<K> {
        let count = self.sizes().filter(|size| *size > limit).sum();
        let mut at = self.draw(count);
        for (_, nodes) in self
            .swarms
            .iter_mut()
            .filter(|(_, nodes)| nodes.len() > limit)
        {
            match at.checked_sub(nodes.len()) {
                Some(rest) => at = rest,
                None => return Some(nodes.remove(at)),
            }
        }
        None
    }

    /// An index below `count`; 0 if there is none.
    fn draw(&mut self, count: usize) -> usize {
        let drawn = u64::try_from(count).map(|count| self.random.uniform(count));
        drawn
            .ok()
            .and_then(|index| index.try_into().ok())
            .unwrap_or_default()
    }
}

/// The size below which so many hundredths of the swarms are.
fn size_at(by_size: &[Entry], percentile: usize) -> usize {
    let last = by_size.len().saturating_sub(1);
    let at = last.saturating_mul(percentile) / 100;
    by_size.get(at).map_or(0, |entry| entry.size)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "tests may overflow")]
mod tests {
    use super::*;
    use proptest::collection::{btree_set, vec as many};
    use proptest::prelude::*;

    fn sizes<K>(network: &Assignment<K>) -> Vec<usize> {
        network.swarms().map(|(_, nodes)| nodes.len()).collect()
    }

    fn nodes(network: &Assignment<u16>) -> Vec<u16> {
        let nodes = network
            .swarms()
            .flat_map(|(_, nodes)| nodes.iter().copied());
        let mut nodes: Vec<_> = nodes.collect();
        nodes.sort_unstable();
        nodes
    }

    /// What holds after every update: no node is lost or doubled, no swarm is too small, and there
    /// are not enough nodes for one more.
    fn is_sound(network: &Assignment<u16>, mut expected: Vec<u16>) -> Result<(), TestCaseError> {
        expected.sort_unstable();
        prop_assert_eq!(nodes(network), expected);
        prop_assert!(network.unassigned.is_empty());
        prop_assert!(network.swarms().is_sorted_by(|(a, _), (b, _)| a < b));
        prop_assert!(network.swarms().all(|(id, _)| id.is_valid()));
        let sizes = sizes(network);
        prop_assert!(sizes.len() <= 1 || sizes.iter().all(|size| *size >= MIN));
        let excess: usize = sizes.iter().map(|size| size.saturating_sub(BASE)).sum();
        prop_assert!(excess < NEW + MARGIN * sizes.len());
        Ok(())
    }

    proptest! {
        #[test]
        fn blocks_leave_sound_swarms(
            blocks in many((any::<u64>(), btree_set(0u16..400, 0..120)), 1..8),
        ) {
            let mut network = Assignment::default();
            let mut present = Vec::new();
            for (seed, flipped) in blocks {
                // Present ones leave, others come.
                let (removed, added): (Vec<_>, Vec<_>) =
                    flipped.into_iter().partition(|node| present.contains(node));
                present.retain(|node| !removed.contains(node));
                present.extend(&added);
                network.apply_block(seed, &removed, added);
                is_sound(&network, present.clone())?;
            }
        }

        /// Also from states that no network gets into.
        #[test]
        fn any_state_becomes_sound(
            swarms in many(prop_oneof![0u64..30, any::<u64>()], 0..200), seed: u64,
        ) {
            let swarms: Vec<_> = (0u16..).zip(swarms).collect();
            let node = |&(node, id): &(u16, u64)| (SwarmId::new(id), node);
            let mut network: Assignment<u16> = swarms.iter().map(node).collect();
            network.update(seed);
            is_sound(&network, swarms.into_iter().map(|(node, _)| node).collect())?;
        }
    }

    fn network(sizes: &[u64], unassigned: u64) -> Assignment<u64> {
        let mut next = 0..;
        let mut node = |id| (id, next.next().unwrap());
        let mut nodes = Vec::new();
        for (id, &size) in (0..).map(SwarmId::new).zip(sizes) {
            nodes.extend((0..size).map(|_| node(id)));
        }
        nodes.extend((0..unassigned).map(|_| node(SwarmId::INVALID)));
        nodes.into_iter().collect()
    }

    /// The sizes afterwards, in ascending order.
    fn updated(sizes_before: &[u64], unassigned: u64) -> Vec<usize> {
        let mut network = network(sizes_before, unassigned);
        network.update(1);
        let mut sizes = sizes(&network);
        sizes.sort_unstable();
        sizes
    }

    #[test]
    fn the_first_nodes_share_a_swarm() {
        assert!(updated(&[], 0).is_empty());
        assert_eq!(updated(&[], 13), [13]);
        assert_eq!(updated(&[], 14), [7, 7]);
    }

    #[test]
    fn small_swarms_get_new_nodes() {
        assert_eq!(updated(&[7, 5, 7, 7], 1), [6, 7, 7, 7]);
    }

    #[test]
    fn large_swarms_give_while_they_can() {
        assert_eq!(updated(&[7, 4, 7, 7], 0), [5, 6, 7, 7]);
        assert_eq!(updated(&[6, 6, 1, 6, 6], 0), [5; 5]);
        let short = updated(&[6, 6, 1, 6], 0);
        assert_eq!(short.len(), 3, "four are missing, three to spare");
    }

    #[test]
    fn what_cannot_be_filled_is_dissolved() {
        assert_eq!(updated(&[5, 4, 5], 0), [7, 7]);
    }

    #[test]
    fn one_swarm_is_left_where_the_daemon_fails() {
        assert_eq!(updated(&[1, 2], 0), [3]);
        assert_eq!(updated(&[1; 4], 0), [4]);
        assert_eq!(updated(&[2], 0), [2]);
    }
}

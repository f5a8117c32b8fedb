//! Which nodes failed lately (spec 02 §8.6).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

use session_core::UnixMillis;
use session_swarm::NodeKey;

/// Strikes kept of one node: as many as the highest threshold, so that no more are needed.
const MAX_PER_NODE: usize = u8::MAX as usize;

/// Nodes with strikes that are kept; beyond that the one struck longest ago is forgotten.
pub(crate) const MAX_NODES: usize = 4096;

/// Times of failures, by node.
#[derive(Clone, Debug)]
pub struct Strikes {
    threshold: u8,
    expiry: Duration,
    max_nodes: usize,
    /// Ascending for every node, also where the clock was set back.
    times: BTreeMap<NodeKey, Vec<UnixMillis>>,
}

impl Strikes {
    /// No strikes. A node is struck out at `threshold` strikes no older than `expiry`.
    #[must_use]
    pub const fn new(threshold: u8, expiry: Duration) -> Self {
        Self::bounded(threshold, expiry, MAX_NODES)
    }

    /// As [`new`](Self::new), but keeps the strikes of at most `max_nodes` nodes.
    pub(crate) const fn bounded(threshold: u8, expiry: Duration, max_nodes: usize) -> Self {
        Self {
            threshold,
            expiry,
            max_nodes,
            times: BTreeMap::new(),
        }
    }

    /// Gives a node one strike.
    pub fn strike(&mut self, node: NodeKey, now: UnixMillis) {
        self.add(node, 1, now);
    }

    /// Gives a node as many strikes as put it out.
    pub fn strike_out(&mut self, node: NodeKey, now: UnixMillis) {
        self.add(node, self.needed(), now);
    }

    /// How many strikes of a node count at `now`.
    #[must_use]
    pub fn active(&self, node: &NodeKey, now: UnixMillis) -> usize {
        let times = self.times.get(node).map_or(&[][..], Vec::as_slice);
        times
            .iter()
            .filter(|&&time| is_active(time, self.expiry, now))
            .count()
    }

    /// Whether a node has at least the threshold of strikes, and at least one.
    #[must_use]
    pub fn is_struck_out(&self, node: &NodeKey, now: UnixMillis) -> bool {
        self.active(node, now) >= usize::from(self.needed())
    }

    /// Forgets the nodes whose strikes do not count any more.
    pub(crate) fn expire(&mut self, now: UnixMillis) {
        let expiry = self.expiry;
        self.times
            .retain(|_, times| times.iter().any(|&time| is_active(time, expiry, now)));
    }

    /// Strikes that put a node out.
    pub(crate) fn needed(&self) -> u8 {
        self.threshold.max(1)
    }

    /// The nodes with their newest strikes, as many as are needed to put a node out; ascending by
    /// key.
    pub(crate) fn newest(&self) -> impl ExactSizeIterator<Item = (&NodeKey, &[UnixMillis])> {
        let needed = usize::from(self.needed());
        self.times.iter().map(move |(node, times)| {
            let start = times.len().saturating_sub(needed);
            (node, times.get(start..).unwrap_or_default())
        })
    }

    /// Takes a strike that was given at `time`, if it still counts.
    pub(crate) fn recall(&mut self, node: NodeKey, time: UnixMillis, now: UnixMillis) {
        if is_active(time, self.expiry, now) {
            self.add(node, 1, time);
        }
    }

    fn add(&mut self, node: NodeKey, count: u8, now: UnixMillis) {
        if !self.times.contains_key(&node) && self.times.len() >= self.max_nodes {
            let oldest = self.times.iter().min_by_key(|(_, times)| times.last());
            if let Some(oldest) = oldest.map(|(node, _)| *node) {
                self.times.remove(&oldest);
            }
        }
        let times = self.times.entry(node).or_default();
        times.retain(|&time| is_active(time, self.expiry, now));
        times.extend(core::iter::repeat_n(now, count.into()));
        times.sort_unstable();
        let surplus = times.len().saturating_sub(MAX_PER_NODE);
        times.drain(..surplus);
    }
}

/// Whether a strike given at `time` still counts. A time that lies ahead, because the clock was set
/// back, is as far away as one that lies behind.
fn is_active(time: UnixMillis, expiry: Duration, now: UnixMillis) -> bool {
    time.abs_diff(now) < expiry
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPIRY: Duration = Duration::from_secs(10);

    fn at(secs: u64) -> UnixMillis {
        UnixMillis::from_secs(secs)
    }

    fn key(number: u32) -> NodeKey {
        let mut key = [0; 32];
        key[..4].copy_from_slice(&number.to_be_bytes());
        key.into()
    }

    #[test]
    fn strikes_add_up_and_expire() {
        let mut strikes = Strikes::new(2, EXPIRY);
        strikes.strike(key(1), at(100));
        assert!(!strikes.is_struck_out(&key(1), at(100)));
        strikes.strike(key(1), at(105));
        assert!(strikes.is_struck_out(&key(1), at(109)));
        assert!(
            !strikes.is_struck_out(&key(1), at(110)),
            "the first one expired"
        );
        assert_eq!(strikes.active(&key(1), at(114)), 1);
        assert_eq!(strikes.active(&key(1), at(115)), 0);
        assert_eq!(strikes.active(&key(2), at(100)), 0);
    }

    #[test]
    fn a_clock_that_ran_ahead_strikes_nobody_for_longer() {
        let mut strikes = Strikes::new(1, EXPIRY);
        strikes.strike(key(1), at(1000));
        strikes.strike(key(2), at(105));
        assert!(!strikes.is_struck_out(&key(1), at(100)));
        assert!(strikes.is_struck_out(&key(2), at(100)));
    }

    #[test]
    fn striking_out_takes_one_call() {
        for threshold in [0, 1, 3, 255] {
            let mut strikes = Strikes::new(threshold, EXPIRY);
            assert!(!strikes.is_struck_out(&key(1), at(1)), "{threshold}");
            strikes.strike_out(key(1), at(1));
            assert!(strikes.is_struck_out(&key(1), at(1)), "{threshold}");
        }
    }

    #[test]
    fn the_newest_strikes_are_those_that_last_longest() {
        let mut strikes = Strikes::new(2, EXPIRY);
        for secs in [104, 105, 100] {
            strikes.strike(key(1), at(secs)); // The clock is set back.
        }
        let newest: Vec<_> = strikes.newest().map(|(_, times)| times.to_vec()).collect();
        assert_eq!(newest, [[at(104), at(105)]]);
    }

    #[test]
    fn memory_is_bounded() {
        let mut strikes = Strikes::new(255, EXPIRY);
        for _ in 0..3 {
            strikes.strike_out(key(0), at(1));
        }
        assert_eq!(strikes.active(&key(0), at(1)), MAX_PER_NODE);
        for number in 1..=u32::try_from(MAX_NODES).unwrap() {
            strikes.strike(key(number), at(2));
        }
        assert_eq!(strikes.times.len(), MAX_NODES);
        assert_eq!(strikes.active(&key(0), at(2)), 0, "struck longest ago");
        strikes.strike(key(1), at(12));
        strikes.expire(at(12));
        assert_eq!(strikes.times.len(), 1);
    }
}

//! How the network forms its swarms (spec 03 §12): what every daemon computes from the chain,
//! again and again with the same result.
//!
//! ```
//! use session_swarm::assignment::Assignment;
//!
//! let mut network = Assignment::default();
//! network.apply_block(7, &[], 1..=14);
//! let sizes: Vec<_> = network.swarms().map(|(id, nodes)| (id.get(), nodes.len())).collect();
//! assert_eq!(sizes, [(0, 7), (u64::MAX / 2, 7)]);
//! // Five nodes leave. Nine are too few for two swarms of five, so one is dissolved.
//! network.apply_block(8, &[1, 2, 3, 4, 5], []);
//! assert_eq!(network.swarms().len(), 1);
//! ```

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::SwarmId;

mod new_id;
mod order;
mod random;
mod update;

pub use new_id::new_swarm_id;
pub use order::ranks_by_size;
pub use random::Mt19937_64;

/// Which nodes are in which swarm.
///
/// `K` names a node; its order must be that of the public keys. A [`NodeKey`](crate::NodeKey)
/// does, and so does any stand-in, in simulations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment<K> {
    /// Ascending by id; the order of members matters.
    swarms: Vec<(SwarmId, Vec<K>)>,
    unassigned: Vec<K>,
}

impl<K> Default for Assignment<K> {
    fn default() -> Self {
        Self {
            swarms: Vec::new(),
            unassigned: Vec::new(),
        }
    }
}

/// Groups nodes by the swarm they are in; those in [`SwarmId::INVALID`] are assigned with the next
/// block. Within a swarm they stay in the order given: ascending, to replay what daemons do.
impl<K> FromIterator<(SwarmId, K)> for Assignment<K> {
    fn from_iter<I: IntoIterator<Item = (SwarmId, K)>>(nodes: I) -> Self {
        let mut swarms = BTreeMap::<SwarmId, Vec<K>>::new();
        for (id, node) in nodes {
            swarms.entry(id).or_default().push(node);
        }
        Self {
            unassigned: swarms.remove(&SwarmId::INVALID).unwrap_or_default(),
            swarms: swarms.into_iter().collect(),
        }
    }
}

impl<K> Assignment<K> {
    /// The swarms in ascending order of ids, with their members.
    ///
    /// After an update the members are in the order that it left, which the next block does not
    /// take over: daemons list them by key again.
    #[must_use]
    pub fn swarms(&self) -> impl ExactSizeIterator<Item = (SwarmId, &[K])> {
        self.swarms
            .iter()
            .map(|(id, nodes)| (*id, nodes.as_slice()))
    }
}

impl<K: Ord> Assignment<K> {
    /// What a block does that changes the nodes: `removed` ones leave their swarms, `added` ones
    /// come, and the swarms are [updated](Self::update).
    ///
    /// A decommissioned node is removed, and added when it comes back. For blocks that change no
    /// active node daemons do nothing; do not call this for them. An added node must not be in a
    /// swarm already.
    pub fn apply_block(&mut self, seed: u64, removed: &[K], added: impl IntoIterator<Item = K>) {
        let removed: BTreeSet<&K> = removed.iter().collect();
        for (_, nodes) in &mut self.swarms {
            nodes.retain(|node| !removed.contains(node));
            nodes.sort_unstable();
        }
        self.swarms.retain(|(_, nodes)| !nodes.is_empty());
        self.unassigned.retain(|node| !removed.contains(node));
        self.unassigned.extend(added);
        self.unassigned.sort_unstable();
        self.update(seed);
    }
}

/// The seed of the update that a block brings: the first 8 bytes of its hash, little-endian as on
/// every deployed host.
#[must_use]
pub const fn seed_of_block(hash: &[u8; 32]) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *hash;
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

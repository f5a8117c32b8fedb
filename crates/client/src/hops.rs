//! Nodes as encryption peers, converted once.

use alloc::collections::BTreeMap;

use session_crypto::ed25519;
use session_onion::Hop;
use session_swarm::{NodeKey, NodeRecord};

/// Remembers conversions, which cost a scalar multiplication each. Bounded by the node list,
/// which clears it when it changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hops(BTreeMap<NodeKey, Hop>);

impl Hops {
    /// The node as a hop; `None` when its key is no key, or the list gives an X25519 key that is
    /// another one (spec 02 §3.2).
    pub(crate) fn get(&mut self, node: &NodeRecord) -> Option<Hop> {
        if let Some(hop) = self.0.get(&node.key) {
            return Some(*hop);
        }
        let key = ed25519::PublicKey::from_bytes(node.key.as_bytes()).ok()?;
        let hop = Hop::new(&key).ok()?;
        if node
            .x25519
            .is_some_and(|listed| listed != *hop.x25519().as_bytes())
        {
            return None;
        }
        self.0.insert(node.key, hop);
        Some(hop)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

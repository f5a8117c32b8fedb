//! Which nodes of the pool may be taken (spec 02 §8.2).

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use session_swarm::{NodeKey, NodeRecord};

/// Nodes that are not to be taken any more, and with subnet diversity their /24s.
///
/// Made for the few nodes of a few paths: look-ups are linear.
#[derive(Clone, Debug)]
pub struct Taken {
    keys: Vec<NodeKey>,
    /// `None` without subnet diversity.
    subnets: Option<Vec<[u8; 3]>>,
}

impl Taken {
    /// Nothing taken yet.
    #[must_use]
    pub const fn new(subnet_diversity: bool) -> Self {
        Self {
            keys: Vec::new(),
            subnets: if subnet_diversity {
                Some(Vec::new())
            } else {
                None
            },
        }
    }

    /// Takes a node, and its /24.
    pub fn add(&mut self, node: &NodeRecord) {
        self.add_key(node.key);
        if let Some(subnets) = &mut self.subnets {
            subnets.push(subnet(node.ip));
        }
    }

    /// Takes a key alone: a node that must not be used, but does not see traffic either.
    pub fn add_key(&mut self, key: NodeKey) {
        self.keys.push(key);
    }

    /// Whether the node, or one in its /24, was taken.
    #[must_use]
    pub fn contains(&self, node: &NodeRecord) -> bool {
        self.keys.contains(&node.key)
            || self
                .subnets
                .as_ref()
                .is_some_and(|subnets| subnets.contains(&subnet(node.ip)))
    }
}

/// The /24 of an address.
fn subnet(ip: Ipv4Addr) -> [u8; 3] {
    let [a, b, c, _] = ip.octets();
    [a, b, c]
}

/// Takes the first `count` nodes of `candidates` that are neither taken nor struck out. Gives
/// fewer if there are no more.
///
/// The order of `candidates` decides, so it must be random: for a path that nobody can predict
/// shuffle the pool. The scan of the spec starts at a random node instead, which favours nodes
/// behind a run of unusable ones.
pub fn select_nodes<'a>(
    candidates: impl IntoIterator<Item = &'a NodeRecord>,
    count: usize,
    taken: &mut Taken,
    struck_out: impl Fn(&NodeKey) -> bool,
) -> Vec<NodeRecord> {
    candidates
        .into_iter()
        .filter(|node| {
            let usable = !taken.contains(node) && !struck_out(&node.key);
            if usable {
                taken.add(node);
            }
            usable
        })
        .take(count)
        .copied()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(key: u8, ip: [u8; 4]) -> NodeRecord {
        NodeRecord::new([key; 32].into(), ip.into(), 1, 1)
    }

    fn pool() -> [NodeRecord; 4] {
        [
            node(1, [9, 1, 0, 1]),
            node(2, [9, 1, 0, 2]),
            node(3, [9, 1, 1, 1]),
            node(4, [9, 1, 2, 1]),
        ]
    }

    fn keys(nodes: &[NodeRecord]) -> Vec<u8> {
        nodes.iter().map(|node| node.key.as_bytes()[0]).collect()
    }

    #[test]
    fn one_node_of_a_subnet() {
        let select = |diversity, count| {
            keys(&select_nodes(
                &pool(),
                count,
                &mut Taken::new(diversity),
                |_| false,
            ))
        };
        assert_eq!(select(true, 2), [1, 3]);
        assert_eq!(select(true, 9), [1, 3, 4]);
        assert_eq!(select(false, 3), [1, 2, 3]);
        assert!(select(true, 0).is_empty());
    }

    #[test]
    fn taken_and_struck_out_nodes_are_passed_over() {
        let mut taken = Taken::new(true);
        taken.add_key([1; 32].into());
        taken.add(&node(9, [9, 1, 2, 200]));
        let nodes = select_nodes(&pool(), 9, &mut taken, |key| *key == [3; 32].into());
        assert_eq!(keys(&nodes), [2], "a key alone blocks no subnet");
        assert!(select_nodes(&pool(), 9, &mut taken, |key| *key == [3; 32].into()).is_empty());
    }

    #[test]
    fn what_is_not_given_is_not_taken() {
        let mut taken = Taken::new(true);
        assert_eq!(keys(&select_nodes(&pool(), 1, &mut taken, |_| false)), [1]);
        assert_eq!(keys(&select_nodes(&pool(), 1, &mut taken, |_| false)), [3]);
    }
}

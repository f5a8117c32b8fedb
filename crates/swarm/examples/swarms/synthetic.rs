//! A network that does not exist, formed in the way real ones are.

use core::net::Ipv4Addr;

use session_swarm::assignment::{Assignment, Mt19937_64};
use session_swarm::{NodeKey, NodeList, NodeRecord};

/// Blocks that change the network, and fewer than how many nodes come and go with each.
const BLOCKS: u64 = 150;
const COME: u64 = 31;
const GO: u64 = 26;

/// The same list every time.
pub(crate) fn list() -> NodeList {
    let mut random = Mt19937_64::new(2024);
    let mut network = Assignment::default();
    for block in 0..BLOCKS {
        let present: Vec<NodeKey> = network
            .swarms()
            .flat_map(|(_, nodes)| nodes)
            .copied()
            .collect();
        let gone: Vec<NodeKey> = (0..random.uniform(GO))
            .filter_map(|_| {
                let count = u64::try_from(present.len()).ok()?;
                let index = usize::try_from(random.uniform(count)).ok()?;
                present.get(index).copied()
            })
            .collect();
        let come: Vec<NodeKey> = (0..random.uniform(COME))
            .map(|_| key(&mut random))
            .collect();
        network.apply_block(block, &gone, come);
    }
    let mut list = NodeList::default();
    // Addresses that belong to nobody: 198.18/15 is for measurements.
    let mut address = u32::from(Ipv4Addr::new(198, 18, 0, 0));
    for (id, nodes) in network.swarms() {
        for key in nodes {
            address = address.wrapping_add(1);
            let mut node = NodeRecord::new(*key, address.into(), 22021, 22020);
            node.swarm_id = id;
            node.version = [2, 11, 4];
            list.nodes.push(node);
        }
    }
    list
}

fn key(random: &mut Mt19937_64) -> NodeKey {
    let mut key = [0; 32];
    let (words, _) = key.as_chunks_mut::<8>();
    words.fill_with(|| random.next_u64().to_be_bytes());
    key.into()
}

//! Keys and node list of a small network.

use std::net::Ipv4Addr;

use rand_core::CryptoRng;
use session_crypto::ed25519::SigningKey;
use session_swarm::{NodeRecord, SwarmId, node_list_json};

/// A network's nodes: keys, and the records under which they are listed.
#[derive(Clone, Debug)]
pub struct Testnet {
    /// The identity keys.
    pub keys: Vec<SigningKey>,
    /// The records, in the same order.
    pub records: Vec<NodeRecord>,
}

impl Testnet {
    /// Makes `nodes` nodes in `swarms` swarms of nearly equal size, with the addresses that
    /// `address` gives: IPv4 address and port.
    pub fn new<R: CryptoRng + ?Sized>(
        nodes: usize,
        swarms: usize,
        address: impl Fn(usize) -> (Ipv4Addr, u16),
        rng: &mut R,
    ) -> Self {
        let keys: Vec<SigningKey> = (0..nodes).map(|_| SigningKey::generate(rng)).collect();
        let records = keys
            .iter()
            .enumerate()
            .map(|(index, key)| {
                let (ip, port) = address(index);
                let public = (*key.public().as_bytes()).into();
                let mut record = NodeRecord::new(public, ip, port, port);
                record.swarm_id = swarm_id(index % swarms, swarms);
                record.version = [2, 11, 3];
                record.x25519 = Some(*key.to_x25519().public().as_bytes());
                record
            })
            .collect();
        Self { keys, records }
    }

    /// What a seed answers to a client (spec 03 §8).
    #[must_use]
    pub fn seed_answer(records: &[NodeRecord]) -> String {
        let list = node_list_json(records);
        format!(r#"{{"jsonrpc":"2.0","id":0,"result":{list}}}"#)
    }
}

/// Evenly spread over the whole range.
fn swarm_id(index: usize, swarms: usize) -> SwarmId {
    let share = u64::MAX / u64::try_from(swarms).expect("a small number");
    SwarmId::new(share * u64::try_from(index).expect("a small number"))
}

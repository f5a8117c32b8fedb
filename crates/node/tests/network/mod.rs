//! Six real nodes in two swarms, accounts of either swarm, and requests for them.
//!
//! Nodes 0, 2 and 4 form [`HOME`], nodes 1, 3 and 5 form [`AWAY`]. Tests carry messages by hand.

#![allow(dead_code, reason = "each test file uses a part of it")]

use core::time::Duration;

use rand_chacha::ChaCha20Rng;
use session_core::{NetworkId, Now, UnixMillis};
use session_crypto::ed25519::SigningKey;
use session_crypto::rand_core::SeedableRng;
use session_node::{
    Answer, Config, MemoryStore, Node, Output, PeerReply, PeerRequest, Ticket, Transmit,
};
use session_onion::{EncType, Hop, ReplyKey, build};
use session_storage::{Endpoint as _, Namespace, Retrieve, Store};
use session_swarm::{NodeKey, NodeRecord, Pool, SwarmId};

pub(crate) const START: UnixMillis = UnixMillis::from_secs(1_800_000_000);
pub(crate) const HOME: SwarmId = SwarmId::new(0);
pub(crate) const AWAY: SwarmId = SwarmId::new(1 << 63);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// Both clocks, some seconds after the start.
pub(crate) fn at(seconds: u64) -> Now {
    Now {
        monotonic: Duration::from_secs(seconds),
        unix: START.saturating_add(Duration::from_secs(seconds)),
    }
}

/// What a node had to say when it was asked until it wanted to wait.
#[derive(Debug, Default)]
pub(crate) struct Drained {
    pub(crate) answers: Vec<Answer>,
    pub(crate) transmits: Vec<Transmit>,
    pub(crate) wait: Option<Duration>,
}

impl Drained {
    /// The only output: an answer to this ticket.
    pub(crate) fn answer_to(self, ticket: Ticket) -> (u16, Vec<u8>) {
        assert!(self.transmits.is_empty(), "nothing is sent");
        let [answer] = self.answers.try_into().expect("one answer");
        assert_eq!(answer.ticket, ticket);
        (answer.status, answer.body)
    }
}

/// How a client's request reaches a node.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    Direct,
    Onion,
}

pub(crate) struct Network {
    pub(crate) keys: Vec<SigningKey>,
    pub(crate) records: Vec<NodeRecord>,
    pub(crate) nodes: Vec<Node<MemoryStore>>,
    pub(crate) rng: ChaCha20Rng,
    pub(crate) now: Now,
}

impl Network {
    pub(crate) fn new() -> Self {
        Self::with(Config::default(), usize::MAX)
    }

    pub(crate) fn with(config: Config, store_bytes: usize) -> Self {
        let mut rng = ChaCha20Rng::from_seed([9; 32]);
        let keys: Vec<_> = (0..6).map(|_| SigningKey::generate(&mut rng)).collect();
        let records: Vec<_> = (0..6).map(|index| record(&keys[index], index)).collect();
        let nodes = keys
            .iter()
            .map(|key| {
                let store = MemoryStore::with_capacity(store_bytes);
                let mut node = Node::new(key.clone(), store, config);
                node.handle_node_list(Pool::new(records.clone()), at(0));
                node
            })
            .collect();
        Self {
            keys,
            records,
            nodes,
            rng,
            now: at(0),
        }
    }

    pub(crate) fn key(&self, node: usize) -> NodeKey {
        self.records[node].key
    }

    pub(crate) fn hop(&self, node: usize) -> Hop {
        Hop::new(self.keys[node].public()).unwrap()
    }

    pub(crate) fn drain(&mut self, node: usize) -> Drained {
        drain(&mut self.nodes[node])
    }

    /// An account whose messages are in `swarm`.
    pub(crate) fn account(&mut self, swarm: SwarmId) -> (SigningKey, NetworkId) {
        let pool = Pool::new(self.records.clone());
        loop {
            let key = SigningKey::generate(&mut self.rng);
            let mut id = [5; 33];
            id[1..].copy_from_slice(key.to_x25519().public().as_bytes());
            let id = NetworkId::from(id);
            if pool.swarm_of(&id).unwrap().id() == swarm {
                return (key, id);
            }
        }
    }

    /// Gives a request to node 0.
    pub(crate) fn give(&mut self, way: Way, payload: &[u8]) -> (Ticket, Option<ReplyKey>) {
        match way {
            Way::Direct => {
                let ticket = self.nodes[0].handle_storage_rpc(payload, self.now, &mut self.rng);
                (ticket, None)
            }
            Way::Onion => {
                let (body, reply) = self.onion(&[], 0, payload);
                let ticket = self.nodes[0].handle_onion(body, self.now, &mut self.rng);
                (ticket, Some(reply))
            }
        }
    }

    /// Asks node 0, which answers by itself: status and text.
    pub(crate) fn ask(&mut self, way: Way, payload: &[u8]) -> (u16, String) {
        let (ticket, reply) = self.give(way, payload);
        let (status, body) = self.drain(0).answer_to(ticket);
        read(status, &body, reply)
    }

    /// Stores at node 0 while the other members of its swarm do their part: status and text.
    pub(crate) fn store(&mut self, way: Way, store: &Store<'_>) -> (u16, String) {
        let (ticket, reply) = self.give(way, &store_json(store));
        let drained = self.drain(0);
        assert!(drained.answers.is_empty());
        for transmit in drained.transmits {
            let answer = self.carry(0, transmit.to, transmit.request);
            self.nodes[0].handle_reply(transmit.id, Ok(answer), self.now, &mut self.rng);
        }
        let (status, body) = self.drain(0).answer_to(ticket);
        read(status, &body, reply)
    }

    /// Carries a request from one node to another, which answers by itself.
    pub(crate) fn carry(&mut self, from: usize, to: NodeKey, request: PeerRequest) -> PeerReply {
        let from = self.key(from);
        let to = (0..6).find(|node| self.key(*node) == to).unwrap();
        let ticket = self.nodes[to].handle_peer(&from, request, self.now, &mut self.rng);
        let (status, body) = self.drain(to).answer_to(ticket);
        PeerReply { status, body }
    }

    /// An onion request through `path` to `destination`.
    pub(crate) fn onion(
        &mut self,
        path: &[usize],
        destination: usize,
        payload: &[u8],
    ) -> (Vec<u8>, ReplyKey) {
        let path: Vec<_> = path.iter().map(|node| self.hop(*node)).collect();
        let destination = self.hop(destination);
        let enc = EncType::XChaCha20;
        let request = build(&path, &destination, payload, enc, &mut self.rng).unwrap();
        (request.body, request.reply)
    }

    /// Posts an onion request to node 0, which answers by itself: status and text.
    pub(crate) fn post(&mut self, body: Vec<u8>) -> (u16, String) {
        let ticket = self.nodes[0].handle_onion(body, self.now, &mut self.rng);
        let (status, body) = self.drain(0).answer_to(ticket);
        read(status, &body, None)
    }

    /// What a relay of node `from` sends on, as node `from` itself makes it.
    pub(crate) fn relayed(&mut self, from: usize, body: Vec<u8>) -> (Ticket, Transmit) {
        let ticket = self.nodes[from].handle_onion(body, self.now, &mut self.rng);
        let drained = self.drain(from);
        assert!(drained.answers.is_empty());
        let [transmit] = drained.transmits.try_into().expect("one transmit");
        (ticket, transmit)
    }
}

/// The record of a node, at an address of its own.
pub(crate) fn record(key: &SigningKey, index: usize) -> NodeRecord {
    let host = u8::try_from(index).unwrap() + 1;
    let key = (*key.public().as_bytes()).into();
    let mut record = NodeRecord::new(key, [9, 9, host, 1].into(), 22021, 20200);
    record.swarm_id = if index.is_multiple_of(2) { HOME } else { AWAY };
    record
}

pub(crate) fn drain(node: &mut Node<MemoryStore>) -> Drained {
    let mut drained = Drained::default();
    loop {
        match node.poll_output() {
            Output::Answer(answer) => drained.answers.push(answer),
            Output::Transmit(transmit) => drained.transmits.push(transmit),
            Output::Wait(wait) => {
                drained.wait = wait;
                return drained;
            }
            _ => panic!("an output that tests do not know"),
        }
    }
}

/// Status and text of an answer, sealed or not.
pub(crate) fn read(status: u16, body: &[u8], reply: Option<ReplyKey>) -> (u16, String) {
    match reply {
        None => (status, String::from_utf8(body.to_vec()).unwrap()),
        Some(key) => {
            assert_eq!(status, 200, "the true status is inside");
            let reply = key.open(body).expect("sealed for the client");
            (reply.status, reply.body.as_str().to_owned())
        }
    }
}

pub(crate) fn text(data: &'static [u8], to: NetworkId, now: Now) -> Store<'static> {
    Store::new(to, Namespace::DIRECT, data, now.unix, HOUR).unwrap()
}

pub(crate) fn store_json(store: &Store<'_>) -> Vec<u8> {
    let mut json = String::new();
    store.write_json(&mut json);
    json.into_bytes()
}

pub(crate) fn retrieve_json(retrieve: &Retrieve) -> Vec<u8> {
    let mut json = String::new();
    retrieve.write_json(&mut json);
    json.into_bytes()
}

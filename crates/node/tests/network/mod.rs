//! Six real nodes in two swarms, accounts of either swarm, and requests for them.
//!
//! Nodes 0, 2 and 4 form [`HOME`], nodes 1, 3 and 5 form [`AWAY`]. Tests carry messages by hand.

#![allow(dead_code, reason = "each test file uses a part of it")]

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use rand_chacha::ChaCha20Rng;
use session_core::{NetworkId, Now, UnixMillis};
use session_crypto::ed25519::SigningKey;
use session_crypto::rand_core::SeedableRng;
use session_node::{
    Answer, Config, DaemonQuestion, MemoryStore, MessageStore, Node, Notify, Output, PeerReply,
    PeerRequest, RequestId, Ticket, Transmit, TransportFailure,
};
use session_onion::{EncType, Hop, ReplyKey, build};
use session_storage::{Endpoint, MessageHash, Namespace, Retrieve, Store};
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
    pub(crate) questions: Vec<DaemonQuestion>,
    pub(crate) notifies: Vec<Notify>,
    pub(crate) wait: Option<Duration>,
}

impl Drained {
    /// The only output: an answer to this ticket.
    pub(crate) fn answer_to(self, ticket: Ticket) -> (u16, Vec<u8>) {
        assert!(self.transmits.is_empty(), "nothing is sent");
        assert!(self.questions.is_empty() && self.notifies.is_empty());
        let [answer] = self.answers.try_into().expect("one answer");
        assert_eq!(answer.ticket, ticket);
        (answer.status, answer.body)
    }

    fn is_empty(&self) -> bool {
        self.answers.is_empty()
            && self.transmits.is_empty()
            && self.questions.is_empty()
            && self.notifies.is_empty()
    }
}

/// How a client's request reaches a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// `POST /storage_rpc/v1`.
    Direct,
    /// The same in an onion request.
    Onion,
    /// OMQ or QUIC with parameters in JSON.
    Json,
    /// OMQ or QUIC with parameters in bt.
    Bt,
}

impl Way {
    pub(crate) const ALL: [Self; 4] = [Self::Direct, Self::Onion, Self::Json, Self::Bt];
}

/// A message as a node holds it.
pub(crate) type Held = (NetworkId, Namespace, MessageHash, UnixMillis, Vec<u8>);

pub(crate) struct Network {
    pub(crate) keys: Vec<SigningKey>,
    pub(crate) records: Vec<NodeRecord>,
    pub(crate) nodes: Vec<Node<MemoryStore>>,
    pub(crate) rng: ChaCha20Rng,
    pub(crate) now: Now,
    /// Nodes to which no connection is made.
    pub(crate) down: BTreeSet<usize>,
    /// Answers to clients, by node.
    pub(crate) answers: Vec<(usize, Answer)>,
    pub(crate) questions: Vec<(usize, DaemonQuestion)>,
    pub(crate) notifies: Vec<(usize, Notify)>,
    /// Every request from node to node that was delivered or not.
    pub(crate) sent: Vec<(usize, usize, PeerRequest)>,
    /// For whom a node works: the other node and its number of the request.
    asked: BTreeMap<(usize, Ticket), (usize, RequestId)>,
}

impl Network {
    pub(crate) fn new() -> Self {
        Self::with(Config::default(), usize::MAX)
    }

    pub(crate) fn with(config: Config, store_bytes: usize) -> Self {
        Self::of(&[HOME, AWAY, HOME, AWAY, HOME, AWAY], config, store_bytes)
    }

    /// A node for each swarm that is named.
    pub(crate) fn of(swarms: &[SwarmId], config: Config, store_bytes: usize) -> Self {
        let mut rng = ChaCha20Rng::from_seed([9; 32]);
        let keys: Vec<_> = swarms
            .iter()
            .map(|_| SigningKey::generate(&mut rng))
            .collect();
        let records: Vec<_> = (0..)
            .zip(&keys)
            .zip(swarms)
            .map(|((index, key), swarm)| record(key, index, *swarm))
            .collect();
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
            down: BTreeSet::new(),
            answers: Vec::new(),
            questions: Vec::new(),
            notifies: Vec::new(),
            sent: Vec::new(),
            asked: BTreeMap::new(),
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

    /// A group whose messages are in `swarm`.
    pub(crate) fn group(&mut self, swarm: SwarmId) -> (SigningKey, NetworkId) {
        let pool = Pool::new(self.records.clone());
        loop {
            let key = SigningKey::generate(&mut self.rng);
            let mut id = [3; 33];
            id[1..].copy_from_slice(key.public().as_bytes());
            let id = NetworkId::from(id);
            if pool.swarm_of(&id).unwrap().id() == swarm {
                return (key, id);
            }
        }
    }

    /// The keys of some nodes, as clients need them to judge replies.
    pub(crate) fn members(&self, nodes: &[usize]) -> Vec<[u8; 32]> {
        let keys = nodes.iter().map(|node| *self.key(*node).as_bytes());
        keys.collect()
    }

    /// Gives a request to a node.
    pub(crate) fn send(
        &mut self,
        node: usize,
        way: Way,
        request: &dyn Endpoint,
    ) -> (Ticket, Option<ReplyKey>) {
        let mut json = String::new();
        request.write_json(&mut json);
        let method = request.method();
        let params = match way {
            Way::Direct | Way::Onion => return self.give_to(node, way, json.as_bytes()),
            Way::Json => {
                let start = format!(r#"{{"method":"{method}","params":"#);
                let params = json.strip_prefix(&start).unwrap();
                params.strip_suffix('}').unwrap().as_bytes().to_vec()
            }
            Way::Bt => {
                let mut bt = Vec::new();
                request.write_bt(&mut bt);
                bt
            }
        };
        let target = &mut self.nodes[node];
        let ticket = target.handle_storage_method(method, &params, self.now, &mut self.rng);
        (ticket, None)
    }

    /// Asks a node, lets all nodes do their part, and gives status and body.
    pub(crate) fn request(
        &mut self,
        node: usize,
        way: Way,
        request: &dyn Endpoint,
    ) -> (u16, Vec<u8>) {
        let (ticket, reply) = self.send(node, way, request);
        self.settle();
        let (status, body) = self.answer_of(node, ticket).expect("an answer");
        open(status, body, reply)
    }

    /// Takes the answer to a client away.
    pub(crate) fn answer_of(&mut self, node: usize, ticket: Ticket) -> Option<(u16, Vec<u8>)> {
        let is_it = |(from, answer): &(usize, Answer)| *from == node && answer.ticket == ticket;
        let index = self.answers.iter().position(is_it)?;
        let (_, answer) = self.answers.remove(index);
        Some((answer.status, answer.body))
    }

    /// Carries messages between the nodes until none has anything to say.
    pub(crate) fn settle(&mut self) {
        for _ in 0..10_000 {
            let mut quiet = true;
            for node in 0..self.nodes.len() {
                let drained = self.drain(node);
                quiet &= drained.is_empty();
                self.take(node, drained);
            }
            if quiet {
                return;
            }
        }
        panic!("the nodes never come to rest");
    }

    fn take(&mut self, node: usize, drained: Drained) {
        let now = self.now;
        for answer in drained.answers {
            match self.asked.remove(&(node, answer.ticket)) {
                Some((from, id)) => {
                    let (status, body) = (answer.status, answer.body);
                    let reply = Ok(PeerReply { status, body });
                    self.nodes[from].handle_reply(id, reply, now, &mut self.rng);
                }
                None => self.answers.push((node, answer)),
            }
        }
        for Transmit {
            id, to, request, ..
        } in drained.transmits
        {
            let to = self.index(&to);
            self.sent.push((node, to, request.clone()));
            if self.down.contains(&to) {
                let failure = Err(TransportFailure::Connection);
                self.nodes[node].handle_reply(id, failure, now, &mut self.rng);
            } else {
                let from = self.key(node);
                let ticket = self.nodes[to].handle_peer(&from, request, now, &mut self.rng);
                self.asked.insert((to, ticket), (node, id));
            }
        }
        let of_node = |question| (node, question);
        self.questions
            .extend(drained.questions.into_iter().map(of_node));
        let of_node = |notify| (node, notify);
        self.notifies
            .extend(drained.notifies.into_iter().map(of_node));
    }

    /// Lets time pass until so many seconds after the start, every deadline being kept.
    pub(crate) fn run_to(&mut self, seconds: u64) {
        let end = at(seconds);
        for _ in 0..10_000 {
            self.settle();
            let waits: Vec<_> = (0..self.nodes.len())
                .map(|node| self.drain(node).wait.expect("cleaning is always due"))
                .collect();
            let next = *waits.iter().min().unwrap();
            if next > end.monotonic {
                self.now = end;
                return;
            }
            let monotonic = next.max(self.now.monotonic);
            self.now = Now {
                monotonic,
                unix: START.saturating_add(monotonic),
            };
            for (node, wait) in waits.into_iter().enumerate() {
                if wait <= monotonic {
                    self.nodes[node].handle_timeout(self.now, &mut self.rng);
                    let drained = self.drain(node);
                    assert!(drained.wait > Some(monotonic), "a deadline in the past");
                    self.take(node, drained);
                }
            }
        }
        panic!("the time stands still");
    }

    /// Gives all nodes the list as it is in `records`.
    pub(crate) fn spread_list(&mut self) {
        let pool = Pool::new(self.records.clone());
        for node in &mut self.nodes {
            node.handle_node_list(pool.clone(), self.now);
        }
    }

    /// All messages of a node.
    pub(crate) fn held(&self, node: usize) -> Vec<Held> {
        let scanned = self.nodes[node].store().scan(None, usize::MAX).unwrap();
        let held = scanned.messages.into_iter().map(|new| {
            let message = new.message;
            let data = message.data.into_owned();
            (
                new.account,
                new.namespace,
                message.hash,
                message.expiry,
                data,
            )
        });
        let mut held: Vec<_> = held.collect();
        held.sort();
        held
    }

    fn index(&self, key: &NodeKey) -> usize {
        let mut nodes = 0..self.nodes.len();
        nodes.find(|node| self.key(*node) == *key).unwrap()
    }

    /// Gives a request to node 0.
    pub(crate) fn give(&mut self, way: Way, payload: &[u8]) -> (Ticket, Option<ReplyKey>) {
        self.give_to(0, way, payload)
    }

    fn give_to(&mut self, node: usize, way: Way, payload: &[u8]) -> (Ticket, Option<ReplyKey>) {
        let now = self.now;
        match way {
            Way::Direct => {
                let ticket = self.nodes[node].handle_storage_rpc(payload, now, &mut self.rng);
                (ticket, None)
            }
            Way::Onion => {
                let (body, reply) = self.onion(&[], node, payload);
                let ticket = self.nodes[node].handle_onion(body, now, &mut self.rng);
                (ticket, Some(reply))
            }
            Way::Json | Way::Bt => panic!("these have no body of their own"),
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
        let to = self.index(&to);
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
pub(crate) fn record(key: &SigningKey, index: u8, swarm: SwarmId) -> NodeRecord {
    let x25519 = *key.to_x25519().public().as_bytes();
    let key = (*key.public().as_bytes()).into();
    let mut record = NodeRecord::new(key, [9, 9, index + 1, 1].into(), 22021, 20200);
    record.swarm_id = swarm;
    record.x25519 = Some(x25519);
    record
}

pub(crate) fn drain(node: &mut Node<MemoryStore>) -> Drained {
    let mut drained = Drained::default();
    loop {
        match node.poll_output() {
            Output::Answer(answer) => drained.answers.push(answer),
            Output::Transmit(transmit) => drained.transmits.push(transmit),
            Output::Daemon(question) => drained.questions.push(question),
            Output::Notify(notify) => drained.notifies.push(notify),
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
    let (status, body) = open(status, body.to_vec(), reply);
    (status, String::from_utf8(body).unwrap())
}

/// Status and body of an answer, sealed or not.
pub(crate) fn open(status: u16, body: Vec<u8>, reply: Option<ReplyKey>) -> (u16, Vec<u8>) {
    match reply {
        None => (status, body),
        Some(key) => {
            assert_eq!(status, 200, "the true status is inside");
            let reply = key.open(&body).expect("sealed for the client");
            (reply.status, reply.body.as_str().as_bytes().to_vec())
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

//! A client, real nodes, and somebody who carries every message between them by hand.

#![allow(dead_code, reason = "each test file uses a part of it")]

use core::time::Duration;
use std::collections::{HashMap, VecDeque};

use rand_chacha::ChaCha20Rng;
use session_client::{
    Client, Config, Event, MessageRef, Output, RequestId, Response, Target, Transmit,
    TransportFailure,
};
use session_core::{AccountId, Network as Kind, NetworkId, Now, UnixMillis};
use session_crypto::ed25519::SigningKey;
use session_crypto::rand_core::SeedableRng;
use session_envelope::Content;
use session_identity::Account;
use session_node::{Config as NodeConfig, MemoryStore, Node, Output as NodeOutput, PeerReply};
use session_onion::{Action, Layer, ReplyBody, ReplyFormat, ReplySealer, peel};
use session_storage::{
    Collector, Failure, Form, NodeState, Recursive as _, Request, Stored, parse_json, peer_answer,
};
use session_swarm::{NodeRecord, Pool, SwarmId, members_json, node_list_json};

pub(crate) const START: UnixMillis = UnixMillis::from_secs(1_800_000_000);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);
/// Swarms of four nodes each.
pub(crate) const SWARM: usize = 4;
pub(crate) const NODES: usize = 3 * SWARM;

/// A config for these nodes that polls once an hour.
pub(crate) fn config() -> Config {
    Config::testnet(3, NODES).with_poll_interval(HOUR)
}

/// A request of the client as its destination sees it.
pub(crate) struct Arrived {
    pub(crate) transmit: Transmit,
    pub(crate) member: usize,
    pub(crate) payload: Vec<u8>,
    destination: ReplySealer,
    last_relay: ReplySealer,
}

pub(crate) struct Network {
    pub(crate) keys: Vec<SigningKey>,
    pub(crate) records: Vec<NodeRecord>,
    pub(crate) nodes: Vec<Node<MemoryStore>>,
    pub(crate) account: Account,
    pub(crate) friend: Account,
    pub(crate) client: Client,
    pub(crate) transmits: VecDeque<Transmit>,
    pub(crate) events: Vec<Event>,
    pub(crate) wait: Option<Duration>,
    pub(crate) rng: ChaCha20Rng,
    pub(crate) now: Now,
}

impl Network {
    /// A client that has just started.
    pub(crate) fn new(config: Config) -> Self {
        let mut rng = ChaCha20Rng::from_seed([3; 32]);
        let keys: Vec<_> = (0..NODES).map(|_| SigningKey::generate(&mut rng)).collect();
        let records: Vec<_> = keys.iter().enumerate().map(record).collect();
        let nodes = keys
            .iter()
            .map(|key| {
                let store = MemoryStore::default();
                let mut node = Node::new(key.clone(), store, NodeConfig::default());
                node.handle_node_list(Pool::new(records.clone()), Now::default());
                node
            })
            .collect();
        let account = Account::generate(&mut rng);
        let friend = Account::generate(&mut rng);
        let now = Now {
            monotonic: Duration::from_secs(1000),
            unix: START,
        };
        let client = Client::new(account.clone(), config, now, &mut rng);
        let mut network = Self {
            keys,
            records,
            nodes,
            account,
            friend,
            client,
            transmits: VecDeque::new(),
            events: Vec::new(),
            wait: None,
            rng,
            now,
        };
        network.drain();
        network
    }

    /// A client with a node list, that has found its mailbox empty, and has nothing to do.
    pub(crate) fn ready(config: Config) -> Self {
        let mut network = Self::new(config);
        network.answer_seed();
        let poll = network.next();
        network.answer_honestly(&poll);
        assert!(network.transmits.is_empty());
        network.events.clear();
        network
    }

    pub(crate) fn drain(&mut self) {
        loop {
            match self.client.poll_output() {
                Output::Transmit(transmit) => self.transmits.push_back(transmit),
                Output::Event(event) => self.events.push(event),
                Output::Wait(wait) => {
                    self.wait = wait;
                    return;
                }
                _ => panic!("an output that tests do not know"),
            }
        }
    }

    pub(crate) fn answer(&mut self, id: RequestId, reply: Result<(u16, &[u8]), TransportFailure>) {
        let reply = reply.map(|(status, body)| Response { status, body });
        self.client.handle_reply(id, reply, self.now, &mut self.rng);
        self.drain();
    }

    /// Answers the request to a seed, which is the only one, with the true list.
    pub(crate) fn answer_seed(&mut self) {
        let [transmit] = self
            .transmits
            .drain(..)
            .collect::<Vec<_>>()
            .try_into()
            .unwrap();
        assert!(matches!(transmit.target, Target::Seed(_)));
        let list = seed_json(&self.records);
        self.answer(transmit.id, Ok((200, list.as_bytes())));
    }

    /// Lets time pass, and tells the client.
    pub(crate) fn pass(&mut self, time: Duration) {
        self.now.monotonic += time;
        self.now.unix = self.now.unix.saturating_add(time);
        self.client.handle_timeout(self.now, &mut self.rng);
        self.drain();
    }

    /// Lets time pass until the client wants to be called; how long.
    pub(crate) fn pass_to_deadline(&mut self) -> Duration {
        let deadline = self.wait.expect("a deadline");
        assert!(
            deadline > self.now.monotonic,
            "a deadline in the past spins"
        );
        let time = deadline - self.now.monotonic;
        self.pass(time);
        time
    }

    pub(crate) fn send(&mut self, text: &str) -> MessageRef {
        let (to, content) = (self.friend.id(), Content::text(text));
        let sent = self.client.send(to, &content, self.now, &mut self.rng);
        self.drain();
        sent.unwrap()
    }

    /// The client's next onion request. Time passes if need be, but nothing may time out.
    pub(crate) fn next(&mut self) -> Arrived {
        if self.transmits.is_empty() {
            assert!(self.pass_to_deadline() <= Duration::from_secs(5), "a retry");
        }
        let transmit = self.transmits.pop_front().expect("a request");
        self.open(transmit)
    }

    /// Peels all layers of a request.
    pub(crate) fn open(&self, transmit: Transmit) -> Arrived {
        let Target::Guard(guard) = transmit.target else {
            panic!("a request to a seed");
        };
        let mut node = self.index(guard.key.as_bytes());
        let mut message = transmit.body.clone();
        let mut last_relay = None;
        let mut at_entry = true;
        loop {
            let layer = match at_entry {
                true => Layer::parse_outer(&mut message),
                false => Layer::parse_relay(&mut message),
            };
            let peeled = peel(&self.keys[node].to_x25519(), layer.unwrap()).unwrap();
            match peeled.action {
                Action::Relay(relay) => {
                    last_relay = Some(peeled.reply);
                    node = self.index(&relay.next);
                    at_entry = false;
                    message = relay.encode();
                }
                Action::Final(request) => {
                    return Arrived {
                        member: node,
                        payload: request.payload.to_vec(),
                        destination: peeled.reply,
                        last_relay: last_relay.expect("paths have relays"),
                        transmit,
                    };
                }
                action => panic!("not for a node: {action:?}"),
            }
        }
    }

    pub(crate) fn index(&self, key: &[u8; 32]) -> usize {
        self.keys
            .iter()
            .position(|node| node.public().as_bytes() == key)
            .unwrap()
    }

    /// The destination answers this.
    pub(crate) fn answer_sealed(&mut self, request: &Arrived, status: u16, body: &str) {
        self.answer_sealed_by(&request.destination.clone(), request, status, body);
    }

    /// The last relay answers this in its place.
    pub(crate) fn answer_from_relay(&mut self, request: &Arrived, status: u16, body: &str) {
        self.answer_sealed_by(&request.last_relay.clone(), request, status, body);
    }

    fn answer_sealed_by(&mut self, by: &ReplySealer, to: &Arrived, status: u16, body: &str) {
        let (body, format) = (ReplyBody::Json(body), ReplyFormat::default());
        let sealed = by.seal(status, body, format, &mut self.rng).unwrap();
        self.answer(to.transmit.id, Ok((200, &sealed)));
    }

    /// What the real nodes answer.
    pub(crate) fn answer_honestly(&mut self, request: &Arrived) {
        let (status, body) = self.carry(&request.transmit);
        self.answer(request.transmit.id, Ok((status, &body)));
    }

    /// Carries a request through the real nodes and back: status and body of the guard's answer.
    pub(crate) fn carry(&mut self, transmit: &Transmit) -> (u16, Vec<u8>) {
        let Target::Guard(guard) = transmit.target else {
            panic!("a request to a seed");
        };
        let guard = self.index(guard.key.as_bytes());
        let body = transmit.body.clone();
        let ticket = self.nodes[guard].handle_onion(body, self.now, &mut self.rng);
        let mut owed = HashMap::new();
        let mut node = guard;
        for _ in 0..10_000 {
            match self.nodes[node].poll_output() {
                NodeOutput::Transmit(transmit) => {
                    let to = self.index(transmit.to.as_bytes());
                    let from = self.nodes[node].own_key();
                    let (request, now) = (transmit.request, self.now);
                    let ticket = self.nodes[to].handle_peer(&from, request, now, &mut self.rng);
                    owed.insert((to, ticket), (node, transmit.id));
                }
                NodeOutput::Answer(answer) => match owed.remove(&(node, answer.ticket)) {
                    Some((to, id)) => {
                        let (status, body) = (answer.status, answer.body);
                        let reply = Ok(PeerReply { status, body });
                        self.nodes[to].handle_reply(id, reply, self.now, &mut self.rng);
                    }
                    None => {
                        assert_eq!((node, answer.ticket), (guard, ticket));
                        return (answer.status, answer.body);
                    }
                },
                _ => node = (node + 1) % NODES,
            }
        }
        panic!("no answer");
    }

    /// The nodes of an account's swarm.
    pub(crate) fn swarm(&self, account: AccountId) -> Vec<usize> {
        let pool = Pool::new(self.records.clone());
        let swarm = pool.swarm_of(&NetworkId::from(account)).unwrap();
        let keys = swarm
            .members()
            .iter()
            .map(|node| self.index(node.key.as_bytes()));
        keys.collect()
    }

    /// A swarm that is not the account's.
    pub(crate) fn other_swarm(&self, account: AccountId) -> Vec<usize> {
        let own = self.swarm(account);
        let id = self.records[(own[0] + 1) % NODES].swarm_id;
        (0..NODES)
            .filter(|node| self.records[*node].swarm_id == id)
            .collect()
    }

    /// What a member answers when `stored` confirm the message and `failed` do not.
    pub(crate) fn confirmation(
        &self,
        request: &Arrived,
        stored: &[usize],
        failed: &[usize],
    ) -> String {
        let Ok(Request::Store(store)) = parse_json(&request.payload, Kind::Testnet) else {
            panic!("not a store");
        };
        let key = |node: &usize| *self.records[*node].key.as_bytes();
        let mut collector = Collector::new(&store, Form::Json);
        for node in stored {
            let done = Stored {
                hash: store.hash(),
                expiry: store.expiry,
                already: false,
            };
            let item = store.confirm(done, Kind::Mainnet, &self.keys[*node]);
            collector.add_peer(key(node), &peer_answer(&Ok(item)));
        }
        for node in failed {
            collector.add_failure(key(node), &Failure::timed_out());
        }
        let (_, body) = collector.finish(&NodeState::new(self.now.unix, [21, 0]));
        String::from_utf8(body.into_bytes()).unwrap()
    }

    /// The body of a 421 that names these nodes.
    pub(crate) fn members_json(&self, nodes: &[usize]) -> String {
        let records: Vec<_> = nodes.iter().map(|node| self.records[*node]).collect();
        members_json(SwarmId::new(1), &records, self.now.unix, [21, 0])
    }
}

/// The record of a node, in a /24 of its own.
fn record((index, key): (usize, &SigningKey)) -> NodeRecord {
    let host = u8::try_from(index).unwrap();
    let public = (*key.public().as_bytes()).into();
    let mut record = NodeRecord::new(public, [10, 0, host, 1].into(), 22021, 20200);
    let swarms = u64::try_from(NODES / SWARM).unwrap();
    record.swarm_id = SwarmId::new(u64::MAX / swarms * (u64::from(host) % swarms));
    record
}

pub(crate) fn seed_json(records: &[NodeRecord]) -> String {
    let list = node_list_json(records);
    format!(r#"{{"jsonrpc":"2.0","id":0,"result":{list}}}"#)
}

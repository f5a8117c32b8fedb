//! The network: a heap of timed messages between real state machines.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::net::Ipv4Addr;
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use session_client::{
    Client, Config, Event, MessageRef, Output, Received, Response, Target,
    TransportFailure as ClientFailure,
};
use session_core::{AccountId, NetworkId, Now, UnixMillis};
use session_envelope::Content;
use session_identity::Account;
use session_node::{
    Config as NodeConfig, DaemonFailure, MemoryStore, Node, Output as NodeOutput, PeerReply,
    Ticket, TransportFailure,
};
use session_storage::DaemonEndpoint;
use session_swarm::{NodeRecord, Pool, node_list_json};

use crate::wire::Wire;
use crate::{Endpoint, Fate, Link, Testnet};

/// Names a client of the simulation.
pub type ClientId = usize;

type Adversary = Box<dyn FnMut(Link, &mut Vec<u8>) -> Fate>;

/// Clients, nodes, and what is under way between them.
pub struct Simulation {
    now: Duration,
    started: UnixMillis,
    rng: ChaCha20Rng,
    nodes: Vec<SimulatedNode>,
    clients: Vec<SimulatedClient>,
    /// What the seed tells clients; nodes may know better.
    seed_list: Vec<NodeRecord>,
    queue: BTreeMap<(Duration, u64), Wire>,
    next_message: u64,
    latency: Duration,
    /// Lost messages in a thousand.
    loss: u32,
    adversary: Adversary,
}

struct SimulatedNode {
    node: Node<MemoryStore>,
    alive: bool,
    tickets: HashMap<Ticket, ReturnAddress>,
}

enum ReturnAddress {
    Client(ClientId, session_client::RequestId),
    Node(usize, session_node::RequestId),
}

struct SimulatedClient {
    client: Client,
    events: Vec<Event>,
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulation")
            .field("now", &self.now)
            .field("nodes", &self.nodes.len())
            .field("clients", &self.clients.len())
            .field("queue", &self.queue.len())
            .finish_non_exhaustive()
    }
}

impl Simulation {
    /// A network of `nodes` nodes in `swarms` swarms, every node in a subnet of its own. Messages
    /// take 20 ms; none is lost.
    ///
    /// # Panics
    /// With more than 65,536 nodes, or no swarm.
    #[must_use]
    pub fn new(nodes: usize, swarms: usize, seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let address = |index: usize| {
            let [.., high, low] = u32::try_from(index).expect("a small number").to_be_bytes();
            (Ipv4Addr::new(10, high, low, 1), 22021)
        };
        let testnet = Testnet::new(nodes, swarms, address, &mut rng);
        let pool = Pool::new(testnet.records.clone());
        let nodes = testnet
            .keys
            .into_iter()
            .map(|key| {
                let mut node = Node::new(key, MemoryStore::default(), NodeConfig::default());
                node.handle_node_list(pool.clone(), Now::default());
                SimulatedNode {
                    node,
                    alive: true,
                    tickets: HashMap::new(),
                }
            })
            .collect();
        Self {
            now: Duration::ZERO,
            started: UnixMillis::from_secs(1_800_000_000),
            rng,
            nodes,
            clients: Vec::new(),
            seed_list: testnet.records,
            queue: BTreeMap::new(),
            next_message: 0,
            latency: Duration::from_millis(20),
            loss: 0,
            adversary: Box::new(|_, _| Fate::Deliver),
        }
    }

    /// Loses this many of a thousand messages.
    #[must_use]
    pub const fn with_loss(mut self, per_mille: u32) -> Self {
        self.loss = per_mille;
        self
    }

    /// Lets `adversary` see every message and decide on it.
    pub fn set_adversary(&mut self, adversary: impl FnMut(Link, &mut Vec<u8>) -> Fate + 'static) {
        self.adversary = Box::new(adversary);
    }

    /// The time that the clocks show.
    #[must_use]
    pub fn now(&self) -> Now {
        Now {
            monotonic: self.now,
            unix: self.started.saturating_add(self.now),
        }
    }

    /// The configuration that suits a client of this network.
    #[must_use]
    pub fn client_config(&self) -> Config {
        Config::testnet(1, self.nodes.len().min(8))
    }

    /// Adds a client with a new account.
    pub fn add_client(&mut self, config: Config) -> ClientId {
        let account = Account::generate(&mut self.rng);
        let now = self.now();
        let client = Client::new(account, config, now, &mut self.rng);
        self.clients.push(SimulatedClient {
            client,
            events: Vec::new(),
        });
        let id = self.clients.len() - 1;
        self.drain_client(id);
        id
    }

    /// A client's account.
    #[must_use]
    pub fn account(&self, client: ClientId) -> AccountId {
        self.clients[client].client.account_id()
    }

    /// A client, for display.
    #[must_use]
    pub fn client(&self, client: ClientId) -> &Client {
        &self.clients[client].client
    }

    /// A node, for display.
    #[must_use]
    pub fn node(&self, node: usize) -> &Node<MemoryStore> {
        &self.nodes[node].node
    }

    /// Sends a text.
    ///
    /// # Panics
    /// When the client refuses.
    pub fn send(&mut self, from: ClientId, to: AccountId, text: &str) -> MessageRef {
        let now = self.now();
        let content = Content::text(text);
        let message = self.clients[from]
            .client
            .send(to, &content, now, &mut self.rng)
            .expect("the client takes the message");
        self.drain_client(from);
        message
    }

    /// Everything that a client has reported.
    #[must_use]
    pub fn events(&self, client: ClientId) -> &[Event] {
        &self.clients[client].events
    }

    /// The messages that a client has received: sender and text.
    #[must_use]
    pub fn received(&self, client: ClientId) -> Vec<(AccountId, String)> {
        let text = |received: &Received| received.content.body().unwrap_or_default().to_owned();
        self.events(client)
            .iter()
            .filter_map(|event| match event {
                Event::Received(received) => Some((received.sender, text(received))),
                _ => None,
            })
            .collect()
    }

    /// How many messages of a client the network has confirmed.
    #[must_use]
    pub fn sent(&self, client: ClientId) -> usize {
        let is_sent = |event: &&Event| matches!(event, Event::Sent { .. });
        self.events(client).iter().filter(is_sent).count()
    }

    /// The nodes that hold an account's messages.
    #[must_use]
    pub fn swarm_of(&self, account: AccountId) -> Vec<usize> {
        let pool = Pool::new(self.records());
        let swarm = pool.swarm_of(&NetworkId::from(account));
        let members = swarm.map(|swarm| swarm.members()).unwrap_or_default();
        (0..self.nodes.len())
            .filter(|&node| members.iter().any(|member| member.key == self.key(node)))
            .collect()
    }

    /// The true node list.
    #[must_use]
    pub fn records(&self) -> Vec<NodeRecord> {
        self.seed_list.clone()
    }

    /// Makes nodes and seed disagree: the nodes know `records`, clients hear the present list.
    pub fn set_node_lists(&mut self, records: &[NodeRecord]) {
        let pool = Pool::new(records.to_vec());
        let now = self.now();
        for index in 0..self.nodes.len() {
            let node = &mut self.nodes[index].node;
            node.handle_node_list(pool.clone(), now);
            self.drain_node(index);
        }
    }

    /// Changes the swarms: nodes know at once, clients when the seed or a node tells them.
    pub fn change_swarms(&mut self, records: Vec<NodeRecord>) {
        self.set_node_lists(&records);
        self.seed_list = records;
    }

    /// Stops a node for good: connections to it fail.
    pub fn kill(&mut self, node: usize) {
        self.nodes[node].alive = false;
    }

    /// Lets time pass.
    pub fn run_for(&mut self, duration: Duration) {
        let end = self.now + duration;
        self.run(end, |_| false);
    }

    /// Lets time pass until `done`, at most for `limit`. Whether it is done.
    pub fn run_until(&mut self, limit: Duration, done: impl FnMut(&Self) -> bool) -> bool {
        let end = self.now + limit;
        self.run(end, done)
    }

    fn run(&mut self, end: Duration, mut done: impl FnMut(&Self) -> bool) -> bool {
        loop {
            if done(self) {
                return true;
            }
            let message = self.queue.keys().next().map(|(at, _)| *at);
            let Some(next) = message.into_iter().chain(self.next_deadline()).min() else {
                return false;
            };
            if next > end {
                self.now = end;
                return false;
            }
            self.now = self.now.max(next);
            if message == Some(next) {
                if let Some((_, wire)) = self.queue.pop_first() {
                    self.deliver(wire);
                }
            } else {
                self.fire_timers();
            }
        }
    }

    fn next_deadline(&mut self) -> Option<Duration> {
        let clients =
            self.clients
                .iter_mut()
                .filter_map(|client| match client.client.poll_output() {
                    Output::Wait(deadline) => deadline,
                    output => panic!("a client was not drained: {output:?}"),
                });
        let nodes = self
            .nodes
            .iter_mut()
            .filter(|node| node.alive)
            .filter_map(|node| match node.node.poll_output() {
                NodeOutput::Wait(deadline) => deadline,
                output => panic!("a node was not drained: {output:?}"),
            });
        clients.chain(nodes).min()
    }

    fn fire_timers(&mut self) {
        let now = self.now();
        for id in 0..self.clients.len() {
            self.clients[id].client.handle_timeout(now, &mut self.rng);
            self.drain_client(id);
        }
        for index in 0..self.nodes.len() {
            if self.nodes[index].alive {
                self.nodes[index].node.handle_timeout(now, &mut self.rng);
                self.drain_node(index);
            }
        }
    }

    /// Puts a message on a link.
    fn post(&mut self, link: Link, mut wire: Wire) {
        if self.rng.next_u32() % 1000 < self.loss {
            return;
        }
        let fate = match wire.bytes() {
            Some(bytes) => (self.adversary)(link, bytes),
            None => (self.adversary)(link, &mut Vec::new()),
        };
        let copies = match fate {
            Fate::Drop => 0,
            Fate::Deliver => 1,
            Fate::Duplicate => 2,
        };
        for _ in 0..copies {
            self.next_message += 1;
            let at = self.now + self.latency;
            self.queue.insert((at, self.next_message), wire.clone());
        }
    }

    fn deliver(&mut self, wire: Wire) {
        let now = self.now();
        match wire {
            Wire::NodeList { client, id } => {
                let body = Testnet::seed_answer(&self.seed_list).into_bytes();
                let response = Ok((200, body));
                let to_client = Link {
                    from: Endpoint::Seed,
                    to: Endpoint::Client(client),
                    is_reply: true,
                };
                self.post(
                    to_client,
                    Wire::Response {
                        client,
                        id,
                        response,
                    },
                );
            }
            Wire::Onion {
                client,
                id,
                node,
                body,
            } => {
                let target = &mut self.nodes[node];
                if target.alive {
                    let ticket = target.node.handle_onion(body, now, &mut self.rng);
                    target
                        .tickets
                        .insert(ticket, ReturnAddress::Client(client, id));
                    self.drain_node(node);
                } else {
                    let response = Err(ClientFailure::Connection);
                    self.respond_to_client(node, client, id, response);
                }
            }
            Wire::Response {
                client,
                id,
                response,
            } => {
                let response = match &response {
                    Ok((status, body)) => Ok(Response {
                        status: *status,
                        body,
                    }),
                    Err(failure) => Err(*failure),
                };
                let target = &mut self.clients[client].client;
                target.handle_reply(id, response, now, &mut self.rng);
                self.drain_client(client);
            }
            Wire::Peer {
                from,
                id,
                node,
                request,
            } => {
                let key = self.key(from);
                let target = &mut self.nodes[node];
                if target.alive {
                    let ticket = target.node.handle_peer(&key, request, now, &mut self.rng);
                    target.tickets.insert(ticket, ReturnAddress::Node(from, id));
                    self.drain_node(node);
                } else {
                    self.reply_to_node(node, from, id, Err(TransportFailure::Connection));
                }
            }
            Wire::PeerReply { node, id, reply } => {
                let target = &mut self.nodes[node];
                if target.alive {
                    target.node.handle_reply(id, reply, now, &mut self.rng);
                    self.drain_node(node);
                }
            }
        }
    }

    fn key(&self, node: usize) -> session_swarm::NodeKey {
        self.nodes[node].node.own_key()
    }

    fn respond_to_client(
        &mut self,
        node: usize,
        client: ClientId,
        id: session_client::RequestId,
        response: Result<(u16, Vec<u8>), ClientFailure>,
    ) {
        let link = Link {
            from: Endpoint::Node(node),
            to: Endpoint::Client(client),
            is_reply: true,
        };
        self.post(
            link,
            Wire::Response {
                client,
                id,
                response,
            },
        );
    }

    fn reply_to_node(
        &mut self,
        from: usize,
        node: usize,
        id: session_node::RequestId,
        reply: Result<PeerReply, TransportFailure>,
    ) {
        let link = Link {
            from: Endpoint::Node(from),
            to: Endpoint::Node(node),
            is_reply: true,
        };
        self.post(link, Wire::PeerReply { node, id, reply });
    }

    fn index_of(&self, key: &session_swarm::NodeKey) -> usize {
        self.nodes
            .iter()
            .position(|node| node.node.own_key() == *key)
            .expect("only listed nodes are addressed")
    }

    fn drain_client(&mut self, id: ClientId) {
        loop {
            match self.clients[id].client.poll_output() {
                Output::Transmit(request) => {
                    let (to, wire) = match request.target {
                        Target::Guard(record) => {
                            let node = self.index_of(&record.key);
                            let wire = Wire::Onion {
                                client: id,
                                id: request.id,
                                node,
                                body: request.body,
                            };
                            (Endpoint::Node(node), wire)
                        }
                        _ => {
                            let wire = Wire::NodeList {
                                client: id,
                                id: request.id,
                            };
                            (Endpoint::Seed, wire)
                        }
                    };
                    let link = Link {
                        from: Endpoint::Client(id),
                        to,
                        is_reply: false,
                    };
                    self.post(link, wire);
                }
                Output::Event(event) => self.clients[id].events.push(event),
                _ => return,
            }
        }
    }

    fn drain_node(&mut self, index: usize) {
        loop {
            match self.nodes[index].node.poll_output() {
                NodeOutput::Answer(answer) => {
                    match self.nodes[index].tickets.remove(&answer.ticket) {
                        Some(ReturnAddress::Client(client, id)) => {
                            let response = Ok((answer.status, answer.body));
                            self.respond_to_client(index, client, id, response);
                        }
                        Some(ReturnAddress::Node(node, id)) => {
                            let reply = PeerReply {
                                status: answer.status,
                                body: answer.body,
                            };
                            self.reply_to_node(index, node, id, Ok(reply));
                        }
                        None => panic!("a node answered twice"),
                    }
                }
                NodeOutput::Transmit(request) => {
                    let node = self.index_of(&request.to);
                    let link = Link {
                        from: Endpoint::Node(index),
                        to: Endpoint::Node(node),
                        is_reply: false,
                    };
                    let wire = Wire::Peer {
                        from: index,
                        id: request.id,
                        node,
                        request: request.request,
                    };
                    self.post(link, wire);
                }
                NodeOutput::Daemon(question) => {
                    // Nobody here asks for more than the list, which every node has.
                    let list = node_list_json(&self.seed_list);
                    let answer = match question.endpoint {
                        DaemonEndpoint::GetServiceNodes => Ok(list.as_str()),
                        _ => Err(DaemonFailure::NoAnswer),
                    };
                    let now = self.now();
                    let node = &mut self.nodes[index].node;
                    node.handle_daemon_reply(question.id, answer, now, &mut self.rng);
                }
                // Clients here keep no connection to a node open.
                NodeOutput::Notify(_) => {}
                _ => return,
            }
        }
    }
}

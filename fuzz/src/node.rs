//! A service node, and clients and peers that say what the fuzzer wants.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use session_bt::ListWriter;
use session_core::{Network, Now};
use session_crypto::x25519::SecretKey;
use session_node::{
    Answer, Config, ConnectionId, DaemonFailure, DaemonQuestion, MemoryStore, Node, Notify,
    NotifyCommand, Output, PeerReply, PeerRequest, RequestId, Ticket, Transmit, TransportFailure,
};
use session_onion::hazmat::{LayerSecret, seal_layer};
use session_onion::{EncType, Hop, ReplyKey, build};
use session_storage::monitor::{Ended, Notification, Reply, Subscription};
use session_storage::{Endpoint, MessageHash, ReplyBody, Request, parse_forwarded, peer_answer};

use crate::answers::{check, check_peer_answer, daemon_answer};
use crate::bytes::Bytes;
use crate::confirmations::{Kind, recursive};
use crate::network::{MEMBERS, Member, member, moved_pool, pool, rng, start};
use crate::requests::{any, composite, namespace, owner, store};
use crate::storage_request::METHODS;

const STORE_BYTES: usize = 16 * 1024;
const MAX_SUBSCRIPTIONS: usize = 4;
/// As long as any request waits.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Any sequence of requests, replies and times. Every request is answered once, and by what was
/// asked for; what waits and what is stored is bounded, deadlines lie ahead, and nobody is
/// notified who has gone.
pub fn node_inputs(data: &[u8]) {
    let mut bytes = Bytes(data);
    let mut harness = Harness::new(8);
    for _ in 0..200 {
        if bytes.is_empty() {
            break;
        }
        harness.step(&mut bytes);
    }
    harness.let_everything_end();
}

/// What a ticket was given for.
enum Asked {
    /// Something that is perhaps no request.
    Anything,
    /// This, directly.
    Request(Request<'static>),
    /// This, in an onion request to the node itself.
    Onion(Box<(Request<'static>, ReplyKey)>),
    /// This, by another member.
    Forward(Request<'static>),
}

pub(crate) struct Harness {
    node: Node<MemoryStore>,
    max_pending: usize,
    now: Now,
    rng: ChaCha8Rng,
    /// Everything that the node ever asked for; replies may come twice and late.
    requests: Vec<Transmit>,
    questions: Vec<DaemonQuestion>,
    /// What it has asked for since the last deadline.
    under_way: BTreeSet<RequestId>,
    deadline: Option<Duration>,
    unanswered: BTreeMap<Ticket, Asked>,
    connections: BTreeSet<ConnectionId>,
}

impl Harness {
    pub(crate) fn new(max_pending: usize) -> Self {
        let mut config = Config::default()
            .with_network(Network::Testnet)
            .with_max_pending(max_pending);
        config.max_retry_bytes = 1024;
        config.max_subscriptions = MAX_SUBSCRIPTIONS;
        let store = MemoryStore::with_capacity(STORE_BYTES);
        let mut node = Node::new(MEMBERS[0].key.clone(), store, config);
        node.handle_node_list(pool(0), start());
        Self {
            node,
            max_pending,
            now: start(),
            rng: rng(),
            requests: Vec::new(),
            questions: Vec::new(),
            under_way: BTreeSet::new(),
            deadline: None,
            unanswered: BTreeMap::new(),
            connections: BTreeSet::new(),
        }
    }

    fn step(&mut self, bytes: &mut Bytes<'_>) {
        let (now, rng) = (self.now, &mut self.rng);
        match bytes.byte() % 20 {
            0 => {
                let ticket = self.node.handle_onion(bytes.piece().to_vec(), now, rng);
                self.asked(ticket, Asked::Anything);
            }
            1 => {
                let ticket = self.node.handle_onion(onion_layer(bytes, rng), now, rng);
                self.asked(ticket, Asked::Anything);
            }
            2 => {
                let ticket = self.node.handle_storage_rpc(bytes.piece(), now, rng);
                self.asked(ticket, Asked::Anything);
            }
            3 => {
                let method = METHODS[usize::from(bytes.byte()) % METHODS.len()];
                let params = bytes.piece();
                let ticket = self.node.handle_storage_method(method, params, now, rng);
                self.asked(ticket, Asked::Anything);
            }
            4..=7 => {
                if let Some(request) = any(bytes, now.unix) {
                    self.ask(request, bytes);
                }
            }
            8 => self.peer(bytes),
            9 => self.forward(bytes),
            10 => self.push(bytes),
            11 => self.monitor(bytes),
            12 => {
                let connection = ConnectionId(u64::from(bytes.byte() % 4));
                self.node.handle_disconnect(connection);
                self.connections.remove(&connection);
            }
            13 => self.wait(bytes),
            14 => {
                let by = Duration::from_secs(60 * u64::from(bytes.u16()));
                self.now.unix = self.now.unix.saturating_add(by);
                self.timeout();
            }
            15 => {
                let pool = moved_pool(bytes.u16(), bytes.u16());
                self.node.handle_node_list(pool, now);
                self.drain();
            }
            16 => self
                .node
                .handle_block(u64::from(bytes.byte()), [bytes.u16(), 0]),
            17 => self.daemon_reply(bytes),
            _ => self.reply(bytes),
        }
    }

    /// A composite request, something that its parts wait for, or time that passes.
    pub(crate) fn composite_step(&mut self, bytes: &mut Bytes<'_>) {
        match bytes.byte() % 8 {
            0 | 1 => {
                if let Some(request) = composite(bytes, self.now.unix, 0) {
                    self.ask(request, bytes);
                }
            }
            2 => self.wait(bytes),
            3 => self
                .node
                .handle_block(u64::from(bytes.byte()), [bytes.u16(), 0]),
            4 | 5 => self.daemon_reply(bytes),
            _ => self.reply(bytes),
        }
    }

    fn asked(&mut self, ticket: Ticket, asked: Asked) {
        let given = self.unanswered.insert(ticket, asked);
        assert!(given.is_none(), "a ticket is given twice");
        self.drain();
    }

    /// Gives the node a request, on one of the ways that there are.
    fn ask(&mut self, request: Request<'static>, bytes: &mut Bytes<'_>) {
        let (now, rng) = (self.now, &mut self.rng);
        let (mut json, mut bt) = (String::new(), Vec::new());
        request.write_json(&mut json);
        request.write_bt(&mut bt);
        let ticket = match bytes.byte() % 8 {
            hops @ 0..=3 => {
                let (body, reply) = onion_request(hops, &json, rng);
                let ticket = self.node.handle_onion(body, now, rng);
                let asked = match hops {
                    0 => Asked::Onion((request, reply).into()),
                    _ => Asked::Anything,
                };
                return self.asked(ticket, asked);
            }
            4 => {
                let (_, params) = json.split_once(r#""params":"#).expect("as written");
                let params = params.strip_suffix('}').expect("as written").as_bytes();
                let method = request.method();
                self.node.handle_storage_method(method, params, now, rng)
            }
            5 | 6 => {
                let method = request.method();
                self.node.handle_storage_method(method, &bt, now, rng)
            }
            _ => self.node.handle_storage_rpc(json.as_bytes(), now, rng),
        };
        self.asked(ticket, Asked::Request(request));
    }

    /// Anything from another node.
    fn peer(&mut self, bytes: &mut Bytes<'_>) {
        let from = &MEMBERS[usize::from(bytes.byte()) % MEMBERS.len()];
        let request = match bytes.byte() % 4 {
            0 => PeerRequest::Onion(bytes.piece().to_vec()),
            1 => PeerRequest::Onion(relayed_layer(bytes, &mut self.rng)),
            2 => PeerRequest::Forward {
                method: METHODS[usize::from(bytes.byte()) % METHODS.len()].to_owned(),
                params: bytes.piece().to_vec(),
            },
            _ => PeerRequest::Data(bytes.piece().to_vec()),
        };
        let (key, now) = (&from.record.key, self.now);
        let ticket = self.node.handle_peer(key, request, now, &mut self.rng);
        self.asked(ticket, Asked::Anything);
    }

    /// A request that another member has accepted.
    fn forward(&mut self, bytes: &mut Bytes<'_>) {
        let Some(request) = any(bytes, self.now.unix).filter(Request::is_recursive) else {
            return;
        };
        let mut params = Vec::new();
        request.write_bt(&mut params);
        let method = request.method().to_owned();
        let forward = PeerRequest::Forward { method, params };
        let (from, now) = (&MEMBERS[3].record.key, self.now);
        let ticket = self.node.handle_peer(from, forward, now, &mut self.rng);
        self.asked(ticket, Asked::Forward(request));
    }

    /// Messages that the node is to keep.
    fn push(&mut self, bytes: &mut Bytes<'_>) {
        let mut body = vec![bytes.byte() ^ 1];
        let mut list = ListWriter::new(&mut body);
        for _ in 0..bytes.byte() % 4 {
            let owner = owner(bytes);
            let Some(store) = store(bytes, owner, self.now.unix) else {
                continue;
            };
            let mut record = list.list();
            record
                .bytes(store.pubkey.as_bytes())
                .bytes(store.hash().as_str().as_bytes())
                .int(store.timestamp.as_millis())
                .int(store.expiry.as_millis())
                .bytes(&store.data);
            if bytes.byte() < 192 {
                record.int(store.namespace.number());
            }
        }
        drop(list);
        let (from, now) = (&MEMBERS[3].record.key, self.now);
        let request = PeerRequest::Data(body);
        let ticket = self.node.handle_peer(from, request, now, &mut self.rng);
        self.asked(ticket, Asked::Anything);
    }

    fn monitor(&mut self, bytes: &mut Bytes<'_>) {
        let connection = ConnectionId(u64::from(bytes.byte() % 4));
        self.connections.insert(connection);
        let owner = owner(bytes);
        if bytes.byte() >= 192 {
            let _ = self
                .node
                .handle_monitor(connection, bytes.piece(), self.now);
            return self.drain();
        }
        let namespaces: Vec<_> = (0..=bytes.byte() % 4).map(|_| namespace(bytes)).collect();
        let subscription = Subscription::new(owner.id, namespaces, bytes.flag());
        let mut body = Vec::new();
        let subscription = subscription.expect("there are namespaces");
        let signed = subscription.sign(&owner.key, self.now.unix);
        signed.expect("the owner's key").write_bt(&mut body);
        let answer = self.node.handle_monitor(connection, &body, self.now);
        Reply::parse(&answer).expect("an answer");
        self.drain();
    }

    fn wait(&mut self, bytes: &mut Bytes<'_>) {
        self.now.monotonic += Duration::from_millis(bytes.u16().into());
        self.timeout();
    }

    fn timeout(&mut self) {
        self.under_way.clear();
        self.node.handle_timeout(self.now, &mut self.rng);
        self.drain();
        let deadline = self.deadline.expect("there is always something to do");
        assert!(deadline > self.now.monotonic, "a deadline that has passed");
        assert!(self.node.store().len() * 640 <= STORE_BYTES);
    }

    /// Replies to one of the newest requests.
    fn reply(&mut self, bytes: &mut Bytes<'_>) {
        let back = usize::from(bytes.byte());
        let Some(index) = self.requests.len().checked_sub(1 + back % 16) else {
            return;
        };
        let Transmit {
            id, to, request, ..
        } = &self.requests[index];
        let reply = match bytes.byte() % 8 {
            0 => Err(TransportFailure::Connection),
            1 => Ok((bytes.u16(), bytes.piece().to_vec())),
            2 => Ok((200, bytes.piece().to_vec())),
            _ => {
                let member = member(to).expect("a node of the list");
                Ok((200, honest_reply(member, request, bytes)))
            }
        };
        let reply = reply.map(|(status, body)| PeerReply { status, body });
        self.under_way.remove(id);
        self.node.handle_reply(*id, reply, self.now, &mut self.rng);
        self.drain();
    }

    /// Answers one of the newest questions to the daemon, or gives its answer to another request.
    fn daemon_reply(&mut self, bytes: &mut Bytes<'_>) {
        let back = usize::from(bytes.byte()) % 16;
        let text = String::from_utf8_lossy(bytes.piece());
        let newest = self.questions.len().checked_sub(1 + back);
        let question = newest.and_then(|index| self.questions.get(index));
        let Some(question) = question else {
            if let Some(request) = self.requests.last() {
                let (id, now) = (request.id, self.now);
                let reply = Err(DaemonFailure::NoAnswer);
                self.node.handle_daemon_reply(id, reply, now, &mut self.rng);
            }
            return self.drain();
        };
        let answer;
        let reply = match bytes.byte() % 8 {
            0 => Err(DaemonFailure::NoAnswer),
            1 => Err(DaemonFailure::Refused(text.into_owned())),
            // Never JSON.
            2 => {
                answer = format!("x{text}");
                Ok(&*answer)
            }
            _ => {
                answer = daemon_answer(question.params.as_deref());
                Ok(&*answer)
            }
        };
        let (id, now) = (question.id, self.now);
        self.under_way.remove(&id);
        self.node.handle_daemon_reply(id, reply, now, &mut self.rng);
        self.drain();
    }

    /// Takes all outputs. One call of the node causes few.
    fn drain(&mut self) {
        for _ in 0..1000 {
            match self.node.poll_output() {
                Output::Answer(answer) => self.answered(&answer),
                Output::Transmit(request) => {
                    assert_ne!(request.to, self.node.own_key());
                    assert!(self.under_way.insert(request.id), "an id is used twice");
                    self.requests.push(request);
                }
                Output::Daemon(question) => {
                    assert!(self.under_way.insert(question.id), "an id is used twice");
                    self.questions.push(question);
                }
                Output::Notify(notify) => self.notified(&notify),
                Output::Wait(deadline) => {
                    self.deadline = deadline;
                    assert!(self.under_way.len() <= self.max_pending);
                    assert!(self.unanswered.len() <= self.max_pending);
                    return;
                }
                _ => {}
            }
        }
        panic!("the node does not come to rest");
    }

    fn answered(&mut self, answer: &Answer) {
        let Answer { status, body, .. } = answer;
        let asked = self.unanswered.remove(&answer.ticket);
        let asked = asked.expect("an answer for each ticket, once");
        assert!((100..600).contains(status), "status {status}");
        match asked {
            Asked::Anything => {}
            // The node is in no swarm.
            _ if *status == 503 => {}
            // The peer is in none.
            Asked::Forward(_) if *status == 403 && body == b"FORBIDDEN_SN" => {}
            Asked::Request(request) => check(&request, *status, ReplyBody::from(body)),
            Asked::Onion(asked) => {
                let (request, key) = *asked;
                assert_eq!(*status, 200, "the true status is inside");
                let reply = key.open(body).expect("sealed for the client");
                check(&request, reply.status, ReplyBody::from(reply.body.as_str()));
            }
            Asked::Forward(request) => check_peer_answer(&request, *status, body),
        }
    }

    fn notified(&mut self, notify: &Notify) {
        assert!(self.connections.contains(&notify.connection));
        match notify.command {
            NotifyCommand::Message => {
                let Notification {
                    pubkey,
                    hash,
                    namespace,
                    data,
                    ..
                } = Notification::parse(&notify.body).expect("a notification");
                if let Some(data) = data {
                    assert_eq!(hash, MessageHash::of(&pubkey, namespace, data));
                }
            }
            NotifyCommand::Ended => {
                let ended = Ended::parse(&notify.body).expect("an end");
                assert!(ended.instead.is_some());
            }
            _ => {}
        }
    }

    /// When no peer replies, every client is answered all the same: even a sequence, of which one
    /// part after another waits.
    pub(crate) fn let_everything_end(&mut self) {
        for _ in 0..20 {
            if self.unanswered.is_empty() {
                break;
            }
            self.now.monotonic += LONGEST_WAIT;
            self.timeout();
        }
        assert!(self.unanswered.is_empty(), "a request is never answered");
    }
}

/// What a member answers that does as it is told.
fn honest_reply(member: &Member, request: &PeerRequest, bytes: &mut Bytes<'_>) -> Vec<u8> {
    let PeerRequest::Forward { method, params } = request else {
        return Vec::new();
    };
    let request = parse_forwarded(method, params, Network::Testnet).expect("a node's request");
    fn confirm<K: Kind>(request: &K, member: &Member, bytes: &mut Bytes<'_>) -> Vec<u8> {
        let done = request.done(bytes);
        peer_answer(&Ok(request.confirm(done, Network::Testnet, &member.key)))
    }
    recursive!(&request, request => confirm(request, member, bytes), _ => Vec::new())
}

/// A layer for the node that holds the fuzzer's bytes.
fn onion_layer(bytes: &mut Bytes<'_>, rng: &mut ChaCha8Rng) -> Vec<u8> {
    let client = SecretKey::from_bytes(&[4; 32]);
    let node = MEMBERS[0].key.to_x25519();
    let secret = LayerSecret::for_client(&client, node.public()).expect("a good key");
    let layer = seal_layer(&secret, EncType::XChaCha20, bytes.piece(), rng).expect("short");
    let mut body = u32::try_from(layer.len())
        .expect("short")
        .to_le_bytes()
        .to_vec();
    body.extend_from_slice(&layer);
    let key = data_encoding::HEXLOWER.encode(client.public().as_bytes());
    let metadata = format!(r#"{{"ephemeral_key":"{key}","enc_type":"xchacha20"}}"#);
    body.extend_from_slice(metadata.as_bytes());
    body
}

/// The same as another node sends it on.
fn relayed_layer(bytes: &mut Bytes<'_>, rng: &mut ChaCha8Rng) -> Vec<u8> {
    let client = SecretKey::from_bytes(&[4; 32]);
    let node = MEMBERS[0].key.to_x25519();
    let secret = LayerSecret::for_client(&client, node.public()).expect("a good key");
    let layer = seal_layer(&secret, EncType::AesGcm, bytes.piece(), rng).expect("short");
    let mut message = Vec::new();
    let mut dict = session_bt::DictWriter::new(&mut message);
    dict.bytes("data", &layer)
        .and_then(|dict| dict.bytes("ephemeral_key", client.public().as_bytes()))
        .and_then(|dict| dict.int("hop_no", i64::from(bytes.byte()) - 2))
        .expect("keys ascend");
    dict.finish();
    message
}

/// An onion request through the node to another one, or to itself.
fn onion_request(hops: u8, payload: &str, rng: &mut ChaCha8Rng) -> (Vec<u8>, ReplyKey) {
    let hop = |index: usize| Hop::new(MEMBERS[index].key.public()).expect("a good key");
    let path: Vec<Hop> = (0..usize::from(hops)).map(hop).collect();
    let destination = hop(path.len());
    let payload = payload.as_bytes();
    let request = build(&path, &destination, payload, EncType::AesGcm, rng).expect("short");
    (request.body, request.reply)
}

//! A service node, and clients and peers that say what the fuzzer wants.

use std::collections::BTreeSet;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use session_core::{Network, NetworkId, Now, UnixMillis};
use session_crypto::x25519::SecretKey;
use session_node::{
    Answer, Config, MemoryStore, Node, Output, PeerReply, PeerRequest, Ticket, Transmit,
    TransportFailure,
};
use session_onion::hazmat::{LayerSecret, seal_layer};
use session_onion::{EncType, Hop, build};
use session_storage::{Namespace, Retrieve, Store, StoreItem};

use crate::bytes::Bytes;
use crate::network::{ACCOUNTS, MEMBERS, member, pool, rng, start};

const MAX_PENDING: usize = 8;

/// Any sequence of requests, replies and times. Every request is answered once, what waits is
/// bounded, and deadlines lie ahead.
pub fn node_inputs(data: &[u8]) {
    let mut bytes = Bytes(data);
    let mut harness = Harness::new();
    for _ in 0..200 {
        if bytes.is_empty() {
            break;
        }
        harness.step(&mut bytes);
    }
    harness.let_everything_end();
}

struct Harness {
    node: Node<MemoryStore>,
    now: Now,
    rng: ChaCha8Rng,
    /// Everything that the node ever asked for; replies may come twice and late.
    requests: Vec<Transmit>,
    deadline: Option<Duration>,
    unanswered: BTreeSet<Ticket>,
}

impl Harness {
    fn new() -> Self {
        let config = Config::default()
            .with_network(Network::Testnet)
            .with_max_pending(MAX_PENDING);
        let store = MemoryStore::with_capacity(8 * 1024);
        let mut node = Node::new(MEMBERS[0].key.clone(), store, config);
        node.handle_node_list(pool(0), start());
        Self {
            node,
            now: start(),
            rng: rng(),
            requests: Vec::new(),
            deadline: None,
            unanswered: BTreeSet::new(),
        }
    }

    fn step(&mut self, bytes: &mut Bytes<'_>) {
        let (now, rng) = (self.now, &mut self.rng);
        let ticket = match bytes.byte() % 11 {
            0 => self.node.handle_onion(bytes.piece().to_vec(), now, rng),
            1 => self.node.handle_onion(onion_layer(bytes, rng), now, rng),
            2 => self
                .node
                .handle_onion(onion_request(bytes, now.unix, rng), now, rng),
            3 => self.node.handle_storage_rpc(bytes.piece(), now, rng),
            4 => self
                .node
                .handle_storage_rpc(rpc(bytes, now.unix).as_bytes(), now, rng),
            5 => {
                let Some(peer) = bytes.pick(&MEMBERS) else {
                    return;
                };
                let request = peer_request(bytes, now.unix, rng);
                self.node.handle_peer(&peer.record.key, request, now, rng)
            }
            6 => {
                let by = Duration::from_millis(bytes.u16().into());
                self.now.monotonic += by;
                return self.timeout();
            }
            7 => {
                let by = Duration::from_secs(60 * u64::from(bytes.u16()));
                self.now.unix = self.now.unix.saturating_add(by);
                return self.timeout();
            }
            8 => return self.node.handle_node_list(pool(bytes.u16()), now),
            _ => return self.reply(bytes),
        };
        assert!(self.unanswered.insert(ticket), "a ticket is given twice");
        self.drain();
    }

    fn timeout(&mut self) {
        self.node.handle_timeout(self.now, &mut self.rng);
        self.drain();
        assert!(
            self.deadline
                .is_some_and(|deadline| deadline > self.now.monotonic)
        );
        let (size, cost) = (self.node.store().len(), 128);
        assert!(size * cost <= 8 * 1024);
    }

    /// Replies to one of the newest requests.
    fn reply(&mut self, bytes: &mut Bytes<'_>) {
        let back = usize::from(bytes.byte());
        let Some(index) = self.requests.len().checked_sub(1 + back % 16) else {
            return;
        };
        let Transmit { id, to, .. } = &self.requests[index];
        let reply = match bytes.byte() % 4 {
            0 => Err(TransportFailure::Connection),
            1 => Ok((bytes.u16(), bytes.piece().to_vec())),
            2 => Ok((200, bytes.piece().to_vec())),
            _ => {
                let hash = store(bytes, self.now.unix).hash();
                let key = &member(to).expect("a node of the list").key;
                let item = StoreItem::sign(hash, self.now.unix, bytes.flag(), key);
                let mut dict = Vec::new();
                StoreItem::write_bt(&Ok(item), &mut dict);
                Ok((200, dict))
            }
        };
        let reply = reply.map(|(status, body)| PeerReply { status, body });
        self.node.handle_reply(*id, reply, self.now, &mut self.rng);
        self.drain();
    }

    /// Takes all outputs. One call of the node causes few.
    fn drain(&mut self) {
        for _ in 0..100 {
            match self.node.poll_output() {
                Output::Answer(Answer { ticket, status, .. }) => {
                    assert!(
                        self.unanswered.remove(&ticket),
                        "a request is answered twice"
                    );
                    assert!((100..600).contains(&status), "status {status}");
                }
                Output::Transmit(request) => {
                    assert_ne!(request.to, self.node.own_key());
                    self.requests.push(request);
                }
                Output::Wait(deadline) => {
                    self.deadline = deadline;
                    assert!(self.unanswered.len() <= MAX_PENDING);
                    return;
                }
                _ => {}
            }
        }
        panic!("the node does not come to rest");
    }

    /// When no peer replies, every client is answered all the same.
    fn let_everything_end(&mut self) {
        self.now.monotonic += Duration::from_secs(60);
        self.timeout();
        assert!(self.unanswered.is_empty());
    }
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

/// An onion request through the node to another one, or to itself.
fn onion_request(bytes: &mut Bytes<'_>, unix: UnixMillis, rng: &mut ChaCha8Rng) -> Vec<u8> {
    let hop = |index: usize| Hop::new(MEMBERS[index].key.public()).expect("a good key");
    let path: Vec<Hop> = (0..usize::from(bytes.byte() & 3)).map(hop).collect();
    let destination = hop(path.len() % MEMBERS.len());
    let payload = rpc(bytes, unix);
    build(
        &path,
        &destination,
        payload.as_bytes(),
        EncType::AesGcm,
        rng,
    )
    .expect("short")
    .body
}

fn store(bytes: &mut Bytes<'_>, unix: UnixMillis) -> Store<'static> {
    // Some accounts are in the node's swarm, some are not.
    let mut id = [5; 33];
    id[1] = bytes.byte();
    let namespace = Namespace::new(i16::from(bytes.byte()) - 100);
    let data = bytes.piece().to_vec();
    Store::new(
        NetworkId::from(id),
        namespace,
        data,
        unix,
        Duration::from_secs(60),
    )
    .expect("a short message, for a minute")
}

/// A well-formed request to the storage, of the right time.
fn rpc(bytes: &mut Bytes<'_>, unix: UnixMillis) -> String {
    let mut json = String::new();
    match bytes.byte() % 4 {
        0 => store(bytes, unix).write_json(&mut json),
        1 => {
            let account = &ACCOUNTS[usize::from(bytes.byte() % 3)];
            let namespace = Namespace::new(i16::from(bytes.byte()));
            let mut retrieve = Retrieve::new(account.id().into(), namespace);
            retrieve.max_count = Some(i32::from(bytes.byte()) - 5);
            let retrieve = retrieve
                .sign(account.expose_signing_key(), unix)
                .expect("the account's key");
            retrieve.write_json(&mut json);
        }
        2 => {
            let account = &ACCOUNTS[usize::from(bytes.byte() % 3)];
            let namespace = Namespace::new(i16::from(bytes.byte()));
            let data = bytes.piece().to_vec();
            let ttl = Duration::from_secs(u64::from(bytes.u16()));
            let Ok(store) = Store::new(account.id().into(), namespace, data, unix, ttl) else {
                return json;
            };
            let store = store
                .sign(account.expose_signing_key(), unix)
                .expect("the account's key");
            store.write_json(&mut json);
        }
        _ => json.push_str(r#"{"method":"info","params":{}}"#),
    }
    json
}

fn peer_request(bytes: &mut Bytes<'_>, unix: UnixMillis, rng: &mut ChaCha8Rng) -> PeerRequest {
    let forward = |params| PeerRequest::Forward {
        method: Store::METHOD.to_owned(),
        params,
    };
    match bytes.byte() % 4 {
        0 => PeerRequest::Onion(bytes.piece().to_vec()),
        1 => {
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
            PeerRequest::Onion(message)
        }
        2 => forward(bytes.piece().to_vec()),
        _ => {
            let mut params = Vec::new();
            store(bytes, unix).write_bt(&mut params);
            forward(params)
        }
    }
}

//! Gives the requests that nodes of storage server 2.8.0 were recorded with (`captures/`) to a
//! network of our nodes, in their order and at their time, and compares the answers.
//!
//! Our nodes have keys of their own, as captures have no Ed25519 secrets; keys stand in the
//! comparison under the nodes' names, and signatures and the clock as what they are. Everything
//! else must be equal, but for [`DIFFERENCES`].

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use conformance::case::{hex, list, text, unsigned};
use data_encoding::BASE64;
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};
use session_core::{NetworkId, Now, UnixMillis};
use session_crypto::ed25519::SigningKey;
use session_crypto::rand_core::SeedableRng;
use session_node::{
    Config, DaemonQuestion, MemoryStore, Node, Output, PeerReply, Transmit, TransportFailure,
};
use session_storage::{DaemonEndpoint, MessageHash, Namespace};
use session_swarm::{NodeRecord, Pool, SwarmId};

/// Captures of one network, in the order of their recording.
const NETWORKS: [&[&str]; 3] = [
    &[
        "info-swarm-xchacha20",
        "store-retrieve-xchacha20",
        "batch-xchacha20",
        "expire-xchacha20",
        "delete-xchacha20",
        "subaccount-xchacha20",
        "errors-xchacha20",
    ],
    &[
        "info-swarm-aes-gcm",
        "store-retrieve-aes-gcm",
        "batch-aes-gcm",
        "expire-aes-gcm",
        "delete-aes-gcm",
        "subaccount-aes-gcm",
        "errors-aes-gcm",
    ],
    &["failed-member-xchacha20"],
];

/// An answer: status and body, a body of JSON as such.
type Answer = (u64, Value);

/// What our nodes answer otherwise: the exchange, why, and how the recorded answer has to be
/// changed, given the exchange.
struct Difference {
    exchange: &'static str,
    reason: &'static str,
    change: fn(&mut Answer, &Value),
}

const DIFFERENCES: &[Difference] = &[
    Difference {
        exchange: "outbox-replace-only-message",
        reason: "2.8.0 cannot replace the only message of an account (spec 04 §3.2)",
        change: |(_, body), exchange| {
            let request: Value = serde_json::from_str(text(exchange, "payload")).unwrap();
            let params = &request["params"];
            let expiry = unsigned(params, "timestamp") + unsigned(params, "ttl");
            let hash = hash_of(params);
            for item in items(body) {
                let t = item.as_object_mut().unwrap().remove("t");
                *item = json!({ "expiry": expiry, "hash": hash, "signature": "present" });
                if let Some(t) = t {
                    item["t"] = t;
                }
            }
            body["hash"] = hash.into();
        },
    },
    Difference {
        exchange: "expire-clamped",
        reason: "each node takes its own clock, and that of ours is the client's",
        change: |(_, body), exchange| {
            for item in items(body) {
                let month = unsigned(exchange, "at_ms") + 30 * DAY;
                assert!(unsigned(item, "expiry").abs_diff(month) < 100);
                item["expiry"] = month.into();
            }
        },
    },
    Difference {
        exchange: "store-after-lost-revoke",
        reason: "2.8.0 forgets revocations of accounts without messages (spec 04 §6.9)",
        change: |answer, _| *answer = (401, "store signature verification failed".into()),
    },
    Difference {
        exchange: "retrieve-subaccount",
        reason: "the message that was refused before is not there",
        change: |(_, body), _| {
            body["messages"].as_array_mut().unwrap().remove(0);
        },
    },
    Difference {
        exchange: "newer-method",
        reason: "2.8.0 does not know revoked_subaccounts",
        change: |answer, _| {
            let body = json!({ "hf": [20, 1], "revoked_subaccounts": [], "t": "present" });
            *answer = (200, body);
        },
    },
];

/// A day in milliseconds.
const DAY: u64 = 86_400_000;

/// The items of the members.
fn items(body: &mut Value) -> impl Iterator<Item = &mut Value> {
    body["swarm"].as_object_mut().unwrap().values_mut()
}

fn capture(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("captures/{name}.json"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A capture's nodes as ours.
struct Network {
    nodes: BTreeMap<String, Node<MemoryStore>>,
    running: BTreeSet<String>,
    /// Names by key, ours and those of the recording.
    names: BTreeMap<String, String>,
    rng: ChaCha20Rng,
    start: u64,
}

impl Network {
    fn new(capture: &Value) -> Self {
        let mut network = Self {
            nodes: BTreeMap::new(),
            running: BTreeSet::new(),
            names: BTreeMap::new(),
            rng: ChaCha20Rng::from_seed([5; 32]),
            start: unsigned(&list(capture, "exchanges")[0], "at_ms"),
        };
        let mut config = Config::default();
        config.version = [2, 8, 0];
        let mut records = Vec::new();
        for (index, (name, node)) in (0..).zip(capture["nodes"].as_object().unwrap()) {
            let key = SigningKey::generate(&mut network.rng);
            let id = (*key.public().as_bytes()).into();
            let mut record =
                NodeRecord::new(id, [127, 0, 0, 1].into(), 22100 + index, 22300 + index);
            let swarm = u64::from_str_radix(text(node, "swarm"), 16).unwrap();
            record.swarm_id = SwarmId::new(swarm);
            record.x25519 = Some(*key.to_x25519().public().as_bytes());
            records.push(record);
            if node["running"] == true {
                network.running.insert(name.clone());
            }
            let recorded = text(node, "ed25519_public").to_owned();
            network.names.insert(recorded, name.clone());
            let ours = hex(key.public().as_bytes());
            network.names.insert(ours, name.clone());
            let node = Node::new(key, MemoryStore::default(), config);
            network.nodes.insert(name.clone(), node);
        }
        let pool = Pool::new(records);
        let now = network.now(network.start);
        for node in network.nodes.values_mut() {
            node.handle_node_list(pool.clone(), now);
            node.handle_block(100_000, [20, 1]);
        }
        network
    }

    fn now(&self, at_ms: u64) -> Now {
        Now {
            monotonic: Duration::from_millis(at_ms - self.start),
            unix: UnixMillis::from_millis(at_ms),
        }
    }

    /// The answer of a node, for which others do their part. The daemon knows `daemon`.
    fn ask(&mut self, node: &str, payload: &str, at_ms: u64, daemon: &Value) -> (u64, String) {
        let now = self.now(at_ms);
        for node in self.nodes.values_mut() {
            node.handle_timeout(now, &mut self.rng);
        }
        let entry = self.nodes.get_mut(node).unwrap();
        let ticket = entry.handle_storage_rpc(payload.as_bytes(), now, &mut self.rng);
        let from = entry.own_key();
        loop {
            let entry = self.nodes.get_mut(node).unwrap();
            match entry.poll_output() {
                Output::Answer(answer) if answer.ticket == ticket => {
                    let body = String::from_utf8(answer.body).unwrap();
                    return (u64::from(answer.status), body);
                }
                Output::Transmit(Transmit {
                    id, to, request, ..
                }) => {
                    let name = self.names[&to.to_hex()].clone();
                    let reply = if self.running.contains(&name) {
                        let member = self.nodes.get_mut(&name).unwrap();
                        member.handle_peer(&from, request, now, &mut self.rng);
                        let Output::Answer(answer) = member.poll_output() else {
                            panic!("{name} does not answer at once");
                        };
                        Ok(PeerReply {
                            status: answer.status,
                            body: answer.body,
                        })
                    } else {
                        Err(TransportFailure::Timeout)
                    };
                    let entry = self.nodes.get_mut(node).unwrap();
                    entry.handle_reply(id, reply, now, &mut self.rng);
                }
                Output::Daemon(DaemonQuestion {
                    id,
                    endpoint,
                    params,
                    ..
                }) => {
                    assert_eq!(endpoint, DaemonEndpoint::GetServiceNodes);
                    let asked: Value = serde_json::from_str(payload).unwrap();
                    let params: Value = serde_json::from_str(&params.unwrap()).unwrap();
                    assert_eq!(params, asked["params"]["params"]);
                    let answer = daemon["result"].to_string();
                    let entry = self.nodes.get_mut(node).unwrap();
                    entry.handle_daemon_reply(id, Ok(&answer), now, &mut self.rng);
                }
                output => panic!("{output:?}"),
            }
        }
    }

    /// A body without what differs from run to run.
    fn normalized(&self, body: &Value) -> Value {
        match body {
            Value::Object(fields) => {
                let mut fields = fields
                    .iter()
                    // Deprecated, and not written by ours (spec 03 §7.2).
                    .filter(|(key, _)| *key != "address")
                    .map(|(key, value)| {
                        // Of members, names instead of keys.
                        let name = self.names.get(key).unwrap_or(key).clone();
                        (name, self.normalized_field(key, value))
                    })
                    .collect::<serde_json::Map<_, _>>();
                // The clock of `info`, once more.
                if fields.contains_key("version") {
                    fields["timestamp"] = "present".into();
                }
                fields.into()
            }
            Value::Array(items) => {
                let mut items: Vec<_> = items.iter().map(|item| self.normalized(item)).collect();
                // Nodes are listed by their keys, which differ.
                if items.iter().all(|item| item["port_omq"].is_u64()) {
                    items.sort_by_key(|item| item["port_omq"].as_u64());
                }
                items.into()
            }
            other => other.clone(),
        }
    }

    fn normalized_field(&self, key: &str, value: &Value) -> Value {
        match key {
            "t" => assert!(value.is_u64()),
            // An empty message is `=` there.
            "data" if value == "=" => return "".into(),
            "signature" => assert_eq!(value.as_str().unwrap().len(), 88),
            "pubkey_x25519" => assert_eq!(value.as_str().unwrap().len(), 64),
            "pubkey_ed25519" | "pubkey_legacy" => {
                return self.names[value.as_str().unwrap()].as_str().into();
            }
            // What came from another member has gone through bt, where it is a number; a reader
            // accepts both (spec 04 §7.2).
            "already" | "failed" | "query_failure" | "timeout" => {
                return (value == true || value == 1).into();
            }
            // As it came from the daemon.
            "result" if value["service_node_states"].is_array() => return value.clone(),
            _ => return self.normalized(value),
        }
        "present".into()
    }

    fn answer(&self, status: u64, body: &str) -> Answer {
        let Ok(body) = serde_json::from_str::<Value>(body) else {
            return (status, body.into());
        };
        (status, self.normalized(&body))
    }
}

/// The hash of the message that a store brings.
fn hash_of(params: &Value) -> String {
    let pubkey = NetworkId::parse(text(params, "pubkey"), session_core::Network::Mainnet).unwrap();
    let namespace = params["namespace"].as_i64().unwrap().try_into().unwrap();
    let data = BASE64.decode(text(params, "data").as_bytes()).unwrap();
    let hash = MessageHash::of(&pubkey, Namespace::new(namespace), &data);
    hash.as_str().to_owned()
}

/// For reading, without long data.
fn shown((status, body): &Answer) -> String {
    format!("{status} {:.1000}", body.to_string())
}

#[test]
fn our_nodes_answer_as_recorded() {
    let mut replayed = 0;
    let mut differences = BTreeSet::new();
    let mut failures = Vec::new();
    for names in NETWORKS {
        let mut network = Network::new(&capture(names[0]));
        for name in names {
            let capture = capture(name);
            for exchange in list(&capture, "exchanges") {
                let id = text(exchange, "id");
                let recorded: Value =
                    serde_json::from_str(text(exchange, "reply_plaintext")).unwrap();
                let recorded = match &recorded["body"] {
                    Value::String(body) => body.clone(),
                    body => body.to_string(),
                };
                let daemon = serde_json::from_str(&recorded).unwrap_or(Value::Null);
                let mut expected = network.answer(unsigned(exchange, "status"), &recorded);
                let (node, payload) = (text(exchange, "destination"), text(exchange, "payload"));
                let at_ms = unsigned(exchange, "at_ms");
                let (status, body) = network.ask(node, payload, at_ms, &daemon);
                let ours = network.answer(status, &body);
                for difference in DIFFERENCES.iter().filter(|known| known.exchange == id) {
                    let before = expected.clone();
                    (difference.change)(&mut expected, exchange);
                    assert_ne!(before, expected, "{id}: {}", difference.reason);
                    differences.insert(id.to_owned());
                }
                if ours != expected {
                    let (ours, expected) = (shown(&ours), shown(&expected));
                    failures.push(format!("{name} {id}:\n{ours}\n{expected}"));
                }
                replayed += 1;
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(differences.len(), DIFFERENCES.len());
    assert_eq!(replayed, 147);
}

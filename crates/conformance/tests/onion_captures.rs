//! Replays recorded exchanges with nodes of storage server 2.8.0 (`captures/`) at the onion layer:
//! what we build, what we would do at each node, and what we make of each reply.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::path::Path;

use conformance::case::{Replay, array, bytes, hex, list, text, unhex, unsigned};
use serde_json::Value;
use session_crypto::ed25519;
use session_crypto::x25519::{PublicKey, SecretKey};
use session_onion::hazmat::{LayerSecret, reply_key};
use session_onion::{
    Action, EncType, Hop, Layer, Peeled, Refusal, Relay, ReplyBody, ReplyFormat, Route, SealedBy,
    peel,
};

/// All captures, by name.
fn captures() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let read = |path: std::path::PathBuf| {
        let capture = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        (
            path.file_stem().unwrap().to_str().unwrap().to_owned(),
            capture,
        )
    };
    files.map(read).collect()
}

/// What becomes of a request on its way through the recorded nodes.
enum End {
    /// Somebody refuses it in plain.
    Refused(Refusal),
    /// The last node complains under its own layer.
    Complaint(&'static str, Peeled<'static>),
    /// It arrives with this payload.
    Arrived(Vec<u8>),
    /// It leaves the network, or goes to a node that does not run.
    Elsewhere,
}

fn secret_of(nodes: &Value, name: &str) -> SecretKey {
    SecretKey::from_bytes(&array(&nodes[name], "x25519_secret").unwrap())
}

/// The node that a layer is for.
fn next<'a>(nodes: &'a Value, relay: &Relay<'_>) -> Option<&'a str> {
    let mut nodes = nodes.as_object().unwrap().iter();
    nodes
        .find(|(_, node)| text(node, "ed25519_public") == hex(relay.next))
        .map(|(name, _)| name.as_str())
}

/// Carries a request from node to node as they would.
fn travel(nodes: &Value, entry: &str, body: Vec<u8>) -> End {
    let mut at = entry.to_owned();
    let mut message = body;
    let mut is_entry = true;
    loop {
        // The last message lives as long as what is said about it.
        let bytes: &'static mut [u8] = Vec::leak(std::mem::take(&mut message));
        let layer = if is_entry {
            match Layer::parse_outer(bytes) {
                Ok(layer) => layer,
                Err(error) => return End::Refused(Refusal::of_request(&error)),
            }
        } else {
            let layer = Layer::parse_relay(bytes);
            match layer.and_then(|layer| layer.check_hop_limit().map(|()| layer)) {
                Ok(layer) => layer,
                Err(error) => return End::Refused(Refusal::of_relayed(&error)),
            }
        };
        is_entry = false;
        let Ok(peeled) = peel(&secret_of(nodes, &at), layer) else {
            return End::Refused(Refusal::of_layer());
        };
        match &peeled.action {
            Action::Relay(relay) => match next(nodes, relay) {
                None => return End::Refused(Refusal::next_node_not_found(&relay.next)),
                Some(name) if nodes[name]["running"] == false => return End::Elsewhere,
                Some(name) => {
                    at = name.to_owned();
                    message = relay.encode();
                }
            },
            Action::Final(request) => return End::Arrived(request.payload.to_vec()),
            Action::Proxy(proxy) => {
                return match proxy.target.url() {
                    Ok(_) => End::Elsewhere,
                    Err(_) => End::Complaint("Invalid url", peeled),
                };
            }
            _ => return End::Complaint("Invalid json", peeled),
        }
    }
}

fn client_layer(exchange: &Value, place: usize, peer: &Value) -> LayerSecret {
    let secret = list(exchange, "ephemeral_secrets")[place].as_str().unwrap();
    let secret = SecretKey::from_bytes(&unhex(secret).try_into().unwrap());
    let peer = PublicKey::from_bytes(array(peer, "x25519_public").unwrap());
    LayerSecret::for_client(&secret, &peer).unwrap()
}

fn reply_bytes(exchange: &Value) -> Vec<u8> {
    match text(exchange, "reply_encoding") {
        "hex" => bytes(exchange, "reply"),
        _ => text(exchange, "reply").as_bytes().to_vec(),
    }
}

#[test]
fn requests_and_replies_are_those_that_were_recorded() {
    let (mut built, mut answered) = (0, 0);
    for (name, capture) in captures() {
        let nodes = &capture["nodes"];
        for exchange in list(&capture, "exchanges") {
            let Some(payload) = exchange["payload"].as_str() else {
                continue;
            };
            let id = format!("{name} {}", exchange["id"]);
            let enc_type = EncType::parse(text(exchange, "enc_type")).unwrap();
            let path = list(exchange, "path")
                .iter()
                .map(|node| node.as_str().unwrap());
            let path: Vec<&str> = path.collect();
            let destination = &nodes[text(exchange, "destination")];
            let request = bytes(exchange, "request");

            if exchange["final_meta"] == serde_json::json!({"headers": ""}) {
                let hop = |node: &Value| {
                    let key = array(node, "ed25519_public").unwrap();
                    Hop::new(&ed25519::PublicKey::from_bytes(&key).unwrap()).unwrap()
                };
                let hops: Vec<Hop> = path.iter().map(|name| hop(&nodes[*name])).collect();
                let parts = list(exchange, "ephemeral_secrets")
                    .iter()
                    .zip(list(exchange, "nonces"))
                    .flat_map(|(secret, nonce)| [secret, nonce]);
                let drawn: Vec<u8> = parts
                    .flat_map(|part| unhex(part.as_str().unwrap()))
                    .collect();
                let body = Route::new(&hops)
                    .with_enc_type(enc_type)
                    .build(&hop(destination), payload.as_bytes(), &mut Replay(&drawn))
                    .unwrap()
                    .body;
                assert_eq!(hex(body), hex(&request), "{id}");
                built += 1;
            }
            match travel(nodes, path[0], request) {
                End::Arrived(arrived) => assert_eq!(arrived, payload.as_bytes(), "{id}"),
                _ => panic!("{id} does not arrive"),
            }

            assert_eq!(unsigned(exchange, "http_status"), 200, "{id}");
            let key = reply_key(enc_type, client_layer(exchange, 0, destination), None);
            let reply = key.open(&reply_bytes(exchange)).unwrap();
            let plaintext: Value = serde_json::from_str(text(exchange, "reply_plaintext")).unwrap();
            assert_eq!(
                u64::from(reply.status),
                unsigned(exchange, "status"),
                "{id}"
            );
            match &plaintext["body"] {
                Value::String(body) => assert_eq!(reply.body.as_str(), body, "{id}"),
                body => {
                    let got: Value = serde_json::from_str(reply.body.as_str()).unwrap();
                    assert_eq!(&got, body, "{id}");
                }
            }
            answered += 1;
        }
    }
    assert!(
        built >= 60 && answered >= built,
        "{built} built, {answered} answered"
    );
}

#[test]
fn damaged_requests_come_to_the_recorded_ends() {
    let mut ends = 0;
    for (name, capture) in captures() {
        if !name.starts_with("onion-errors") {
            continue;
        }
        let nodes = &capture["nodes"];
        for exchange in list(&capture, "exchanges") {
            let id = format!("{name} {}", text(exchange, "id"));
            let status = unsigned(exchange, "http_status");
            let entry = list(exchange, "path")[0].as_str().unwrap();
            let reply = text(exchange, "reply");
            match travel(nodes, entry, bytes(exchange, "request")) {
                End::Refused(refusal) => {
                    assert_eq!(u64::from(refusal.status), status, "{id}");
                    // What follows says what was wrong, in the words of a library.
                    let ours = refusal.text.strip_prefix("Error parsing onion request: ");
                    match ours {
                        Some(_) => {
                            assert!(reply.starts_with("Error parsing onion request: "), "{id}")
                        }
                        None => assert_eq!(refusal.text, reply, "{id}"),
                    }
                }
                End::Complaint(_, _) if id.ends_with("proxy-port-70000") => {
                    // 2.8.0 cuts the port to 16 bits; we refuse it (spec 02 §2.4).
                    assert_eq!(status, 502);
                }
                End::Complaint(ours, peeled) => {
                    let plaintext = text(exchange, "complaint_plaintext");
                    assert_eq!(
                        plaintext,
                        format!(r#"{{"body":"{ours}","status":400}}"#),
                        "{id}"
                    );
                    let relay = &nodes[text(exchange, "complaint_by")];
                    let enc_type = EncType::parse(text(exchange, "enc_type")).unwrap();
                    // The destination of these is a server, or nobody: some key.
                    let nobody = client_layer(exchange, 0, &nodes["n0"]);
                    let last_hop = client_layer(exchange, 1, relay);
                    let key = reply_key(enc_type, nobody, Some(last_hop));
                    let format = ReplyFormat::default();
                    let nonce = [7; 24];
                    let sealed = peeled
                        .reply
                        .seal(400, ReplyBody::Text(ours), format, &mut Replay(&nonce))
                        .unwrap();
                    for reply in [reply.as_bytes(), &sealed] {
                        let reply = key.open(reply).unwrap();
                        assert_eq!(reply.sealed_by, SealedBy::LastHop, "{id}");
                        assert_eq!((reply.status, reply.body.as_str()), (400, ours), "{id}");
                    }
                }
                End::Arrived(_) => assert_eq!(status, 200, "{id}"),
                End::Elsewhere => assert!(matches!(status, 502 | 504), "{id}"),
            }
            ends += 1;
        }
    }
    assert_eq!(ends, 30);
}

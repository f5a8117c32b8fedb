//! Onion requests at a node: framing, peeling, and what is told to the client only.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod network;

use network::{Network, at};
use session_core::hex;
use session_crypto::x25519::SecretKey;
use session_onion::hazmat::{LayerSecret, reply_key, seal_layer};
use session_onion::{EncType, ReplyKey};

const ENC: EncType = EncType::XChaCha20;
const INFO: &[u8] = br#"{"method":"info","params":{}}"#;

fn frame(blob: &[u8], metadata: &str) -> Vec<u8> {
    let len = u32::try_from(blob.len()).unwrap().to_le_bytes();
    [&len, blob, metadata.as_bytes()].concat()
}

/// A request whose only layer, for node 0, holds `plaintext`.
fn entry(network: &mut Network, plaintext: &[u8]) -> (Vec<u8>, ReplyKey) {
    let ephemeral = SecretKey::generate(&mut network.rng);
    let secret = LayerSecret::for_client(&ephemeral, network.hop(0).x25519()).unwrap();
    let ciphertext = seal_layer(&secret, ENC, plaintext, &mut network.rng).unwrap();
    let key = hex::encode(ephemeral.public().as_bytes());
    let metadata = format!(r#"{{"enc_type":"xchacha20","ephemeral_key":"{key}"}}"#);
    (frame(&ciphertext, &metadata), reply_key(ENC, secret, None))
}

#[test]
fn a_body_that_is_no_request_is_a_parse_error() {
    let mut network = Network::new();
    let key = "00".repeat(32);
    for body in [
        Vec::new(),
        vec![0; 3],
        vec![255; 100],
        frame(b"blob", ""),
        frame(b"blob", "{}"),
        frame(b"blob", r#"{"ephemeral_key":"00"}"#),
        frame(
            b"blob",
            &format!(r#"{{"ephemeral_key":"{key}","enc_type":"aes-cbc"}}"#),
        ),
        frame(
            b"blob",
            &format!(r#"{{"ephemeral_key":"{key}","hop_no":"1"}}"#),
        ),
    ] {
        let (status, text) = network.post(body);
        assert_eq!(status, 400);
        assert!(text.starts_with("Error parsing onion request: "), "{text}");
    }
}

#[test]
fn a_layer_for_somebody_else_or_damaged_is_invalid_ciphertext() {
    let mut network = Network::new();
    let expected = (400, "Invalid ciphertext".to_owned());
    let (foreign, _) = network.onion(&[], 1, INFO);
    assert_eq!(network.post(foreign), expected);
    let (body, _) = network.onion(&[], 0, INFO);
    for at in [4, 30, 60] {
        let mut damaged = body.clone();
        damaged[at] ^= 1;
        assert_eq!(network.post(damaged), expected);
    }
    // A key that makes the shared secret zero, and a ciphertext that is too short.
    for key in ["00".repeat(32), "11".repeat(32)] {
        let metadata = format!(r#"{{"enc_type":"gcm","ephemeral_key":"{key}"}}"#);
        assert_eq!(network.post(frame(b"short", &metadata)), expected);
    }
    // The same at a relay's successor.
    let (body, _) = network.onion(&[0], 1, INFO);
    let (_, transmit) = network.relayed(0, body);
    let misled = network.carry(0, network.key(2), transmit.request);
    assert_eq!(
        (misled.status, &*misled.body),
        (400, &b"Invalid ciphertext"[..])
    );
}

#[test]
fn faults_inside_an_authentic_layer_are_told_to_the_client_only() {
    let mut network = Network::new();
    let unlisted = r#"{"host":"example.org","target":"/oxen/v4/other"}"#;
    let escape = r#"{"host":"a/b","target":"/oxen/v4/lsrpc"}"#;
    let query = r#"{"host":"a","target":"/oxen/v4/lsrpc?x/lsrpc"}"#;
    let protocol = r#"{"host":"a","protocol":"ftp","target":"/oxen/v4/lsrpc"}"#;
    let port = r#"{"host":"a","port":70000,"target":"/oxen/v4/lsrpc"}"#;
    let relay = r#"{"destination":"00","ephemeral_key":"00"}"#;
    for (metadata, text) in [
        ("", "Invalid json"),
        ("[]", "Invalid json"),
        ("{}", "Invalid json"),
        (relay, "Invalid json"),
        (port, "Invalid json"),
        (unlisted, "Invalid url"),
        (escape, "Invalid url"),
        (query, "Invalid url"),
        (protocol, "Invalid url"),
    ] {
        let (body, reply) = entry(&mut network, &frame(b"blob", metadata));
        let (status, body) = network.post(body);
        assert_eq!(status, 200, "sealed");
        let reply = reply.open(body.as_bytes()).expect("base64 and sealed");
        assert_eq!(
            (reply.status, reply.body.as_str()),
            (400, text),
            "{metadata}"
        );
    }
    let allowed = r#"{"host":"example.org","target":"/oxen/v4/lsrpc"}"#;
    let (body, _) = entry(&mut network, &frame(b"blob", allowed));
    assert_eq!(network.post(body).0, 502, "this node is no proxy");
}

#[test]
fn the_client_chooses_the_form_of_the_reply() {
    let mut network = Network::new();
    let metadata = r#"{"headers":"","json":true,"base64":false}"#;
    let (body, reply) = entry(&mut network, &frame(INFO, metadata));
    let ticket = network.nodes[0].handle_onion(body, at(0), &mut network.rng);
    let (status, raw) = network.drain(0).answer_to(ticket);
    assert_eq!(status, 200);
    assert!(core::str::from_utf8(&raw).is_err(), "raw bytes, not base64");
    let reply = reply.open(&raw).unwrap();
    assert!(matches!(reply.body, session_onion::ReplyText::Json(_)));
}

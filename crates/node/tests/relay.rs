//! Onion requests between nodes: relaying, and the texts that clients match on.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod network;

use network::{Network, Way, at, drain};
use session_bt::{DictReader, DictWriter};
use session_core::hex;
use session_crypto::ed25519::SigningKey;
use session_node::{Config, PeerReply, PeerRequest, TransportFailure};
use session_onion::{EncType, MAX_HOP_NO};
use session_swarm::{Pool, SwarmId};

const ENC: EncType = EncType::XChaCha20;
const INFO: &[u8] = br#"{"method":"info","params":{}}"#;

/// The same request with another hop number.
fn with_hop_no(request: &PeerRequest, hop_no: i64) -> PeerRequest {
    let PeerRequest::Onion(message) = request else {
        panic!("not an onion");
    };
    let mut dict = DictReader::new(message).unwrap();
    let (data, enc) = (dict.bytes("data").unwrap(), dict.bytes("enc_type").unwrap());
    let key = dict.bytes("ephemeral_key").unwrap();
    let mut out = Vec::new();
    let mut dict = DictWriter::new(&mut out);
    dict.bytes("data", data)
        .unwrap()
        .bytes("enc_type", enc)
        .unwrap();
    dict.bytes("ephemeral_key", key)
        .unwrap()
        .int("hop_no", hop_no)
        .unwrap();
    dict.finish();
    PeerRequest::Onion(out)
}

fn hop_no(request: &PeerRequest) -> i64 {
    let PeerRequest::Onion(message) = request else {
        panic!("not an onion");
    };
    let mut dict = DictReader::new(message).unwrap();
    dict.int("hop_no").unwrap()
}

#[test]
fn an_onion_through_three_relays_reaches_its_destination_and_the_reply_is_passed_on_unchanged() {
    let mut network = Network::new();
    let (body, reply) = network.onion(&[0, 1, 2], 3, INFO);
    let (_, first) = network.relayed(0, body);
    assert_eq!((first.to, hop_no(&first.request)), (network.key(1), 1));
    let mut under_way = Vec::new();
    let mut transmit = first;
    for (from, to) in [(0, 1), (1, 2)] {
        let sender = network.key(from);
        let now = network.now;
        let request = transmit.request.clone();
        let ticket = network.nodes[to].handle_peer(&sender, request, now, &mut network.rng);
        let [next] = network
            .drain(to)
            .transmits
            .try_into()
            .expect("one transmit");
        under_way.push((from, transmit.id, ticket));
        transmit = next;
    }
    assert_eq!(
        (transmit.to, hop_no(&transmit.request)),
        (network.key(3), 3)
    );
    let sealed = network.carry(2, transmit.to, transmit.request);
    network.nodes[2].handle_reply(transmit.id, Ok(sealed.clone()), at(0), &mut network.rng);
    for (node, id, ticket) in under_way.into_iter().rev() {
        let (status, body) = network.drain(node + 1).answer_to(ticket);
        assert_eq!((status, &body), (200, &sealed.body));
        let answer = PeerReply { status, body };
        network.nodes[node].handle_reply(id, Ok(answer), at(0), &mut network.rng);
    }
    let [answer] = network.drain(0).answers.try_into().unwrap();
    assert_eq!((answer.status, &answer.body), (200, &sealed.body));
    assert_eq!(reply.open(&answer.body).unwrap().status, 200);
}

#[test]
fn a_message_of_a_peer_that_is_no_layer_is_an_internal_error() {
    let mut network = Network::new();
    for message in [
        &b""[..],
        b"de",
        b"le",
        b"d4:data1:xe",
        b"d13:ephemeral_key2:xye",
    ] {
        let reply = network.carry(1, network.key(0), PeerRequest::Onion(message.to_vec()));
        let text = String::from_utf8(reply.body).unwrap();
        assert_eq!(reply.status, 400);
        assert!(
            text.starts_with("Invalid internal onion request: "),
            "{text}"
        );
    }
}

#[test]
fn fifteen_hops_pass_and_the_sixteenth_does_not() {
    let mut network = Network::new();
    let (body, reply) = network.onion(&[0], 1, INFO);
    let (_, transmit) = network.relayed(0, body);
    let limit = i64::from(MAX_HOP_NO);
    assert_eq!(limit, 15);
    for hops in [i64::MIN, 0, 1, limit] {
        let request = with_hop_no(&transmit.request, hops);
        let answer = network.carry(0, transmit.to, request);
        assert_eq!(answer.status, 200, "{hops}");
        assert!(reply.open(&answer.body).is_ok());
    }
    for hops in [limit + 1, i64::MAX] {
        let request = with_hop_no(&transmit.request, hops);
        let answer = network.carry(0, transmit.to, request);
        let text = "onion request max path length exceeded";
        assert_eq!((answer.status, &*answer.body), (400, text.as_bytes()));
    }
}

#[test]
fn a_relay_that_does_not_know_the_next_node_names_it() {
    let mut network = Network::new();
    let unknown = SigningKey::generate(&mut network.rng);
    let hop = session_onion::Hop::new(unknown.public()).unwrap();
    let path = [network.hop(0)];
    let request = session_onion::build(&path, &hop, INFO, ENC, &mut network.rng).unwrap();
    let (status, text) = network.post(request.body);
    let name = hex::encode(unknown.public().as_bytes());
    assert_eq!(
        (status, text),
        (502, format!("Next node not found: {name}"))
    );
}

#[test]
fn a_relay_tells_unreachable_from_silent() {
    let mut network = Network::new();
    let unreachable = format!("Next node is currently unreachable: {}", network.key(1));
    for (failure, expected) in [
        (TransportFailure::Connection, (502, unreachable)),
        (
            TransportFailure::Timeout,
            (504, "Request time out".to_owned()),
        ),
    ] {
        let (body, _) = network.onion(&[0], 1, INFO);
        let (ticket, transmit) = network.relayed(0, body);
        network.nodes[0].handle_reply(transmit.id, Err(failure), at(0), &mut network.rng);
        let (status, text) = network.drain(0).answer_to(ticket);
        assert_eq!((status, String::from_utf8(text).unwrap()), expected);
    }
}

/// Spec 02 §5.3.
#[test]
fn statuses_that_nodes_do_not_pass_on_become_500_with_the_body_unchanged() {
    let mut network = Network::new();
    let passed = [
        200, 400, 401, 403, 404, 406, 410, 413, 421, 429, 502, 503, 504,
    ];
    for status in (0..1000).chain([u16::MAX]) {
        let (body, _) = network.onion(&[0], 1, b"");
        let (ticket, transmit) = network.relayed(0, body);
        let body = b"whatever".to_vec();
        let reply = Ok(PeerReply { status, body });
        network.nodes[0].handle_reply(transmit.id, reply, at(0), &mut network.rng);
        let expected = if passed.contains(&status) {
            status
        } else {
            500
        };
        let answer = network.drain(0).answer_to(ticket);
        assert_eq!(answer, (expected, b"whatever".to_vec()), "{status}");
    }
}

#[test]
fn nodes_without_swarm_and_strangers_are_forbidden() {
    let mut network = Network::new();
    let (body, _) = network.onion(&[0], 1, INFO);
    let (_, transmit) = network.relayed(0, body);
    let stranger = SigningKey::generate(&mut network.rng);
    let stranger = (*stranger.public().as_bytes()).into();
    let mut records = network.records.clone();
    records[0].swarm_id = SwarmId::INVALID;
    network.nodes[1].handle_node_list(Pool::new(records), at(0));
    for (from, status) in [
        (stranger, 403),
        (network.key(0), 403),
        (network.key(2), 200),
    ] {
        let request = transmit.request.clone();
        let ticket = network.nodes[1].handle_peer(&from, request, at(0), &mut network.rng);
        let answer = drain(&mut network.nodes[1]).answer_to(ticket);
        assert_eq!(answer.0, status);
        assert_eq!(answer.1 == b"FORBIDDEN_SN", status == 403);
    }
}

#[test]
fn a_node_that_lost_its_swarm_names_itself_to_its_peers() {
    let mut network = Network::new();
    let (body, _) = network.onion(&[0], 1, INFO);
    let (_, transmit) = network.relayed(0, body);
    let mut records = network.records.clone();
    records[1].swarm_id = SwarmId::INVALID;
    network.nodes[1].handle_node_list(Pool::new(records), at(0));
    let answer = network.carry(0, transmit.to, transmit.request);
    let text = format!("Snode not ready: {}", network.key(1));
    assert_eq!((answer.status, answer.body), (503, text.into_bytes()));
}

#[test]
fn a_busy_node_refuses_to_relay_but_still_answers_by_itself() {
    let mut network = Network::with(Config::default().with_max_pending(2), usize::MAX);
    let mut relays = Vec::new();
    for _ in 0..2 {
        let (body, _) = network.onion(&[0], 1, INFO);
        relays.push(network.relayed(0, body));
    }
    let (body, _) = network.onion(&[0], 1, INFO);
    let busy = (503, "Server busy, try again later".to_owned());
    assert_eq!(network.post(body.clone()), busy);
    assert_eq!(network.ask(Way::Onion, INFO).0, 200);
    let (ticket, transmit) = relays.remove(0);
    let failure = Err(TransportFailure::Timeout);
    network.nodes[0].handle_reply(transmit.id, failure, at(0), &mut network.rng);
    assert_eq!(network.drain(0).answer_to(ticket).0, 504);
    network.relayed(0, body);
}

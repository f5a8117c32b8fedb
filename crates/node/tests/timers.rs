//! Deadlines, expiry, and input that nobody asked for.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod network;

use core::time::Duration;

use network::{HOME, Network, Way, at, store_json, text};
use proptest::collection::vec;
use proptest::prelude::*;
use session_node::{ConnectionId, PeerReply, PeerRequest, TransportFailure};

const INFO: &[u8] = br#"{"method":"info","params":{}}"#;

#[test]
fn after_a_timeout_call_the_next_deadline_is_in_the_future() {
    let mut network = Network::new();
    let (_, account) = network.account(HOME);
    let store = store_json(&text(b"hello", account, network.now));
    network.give(Way::Direct, &store);
    let (body, _) = network.onion(&[0], 1, INFO);
    network.nodes[0].handle_onion(body, at(0), &mut network.rng);
    network.drain(0);
    for second in [0, 1, 4, 5, 6, 10, 29, 30, 31, 1000, u64::MAX / 2] {
        network.nodes[0].handle_timeout(at(second), &mut network.rng);
        let wait = network
            .drain(0)
            .wait
            .expect("cleaning is always due some time");
        assert!(wait > Duration::from_secs(second), "{second} s: {wait:?}");
    }
}

#[test]
fn the_node_sleeps_no_longer_than_its_earliest_deadline() {
    let mut network = Network::new();
    network.nodes[0].handle_timeout(at(0), &mut network.rng);
    assert_eq!(
        network.drain(0).wait,
        Some(Duration::from_secs(10)),
        "cleaning"
    );
    let (body, _) = network.onion(&[0], 1, INFO);
    let (relay, _) = network.relayed(0, body);
    let (_, account) = network.account(HOME);
    network.now = at(1);
    let store = store_json(&text(b"hello", account, network.now));
    let (store, _) = network.give(Way::Direct, &store);
    assert_eq!(
        network.drain(0).wait,
        Some(Duration::from_secs(6)),
        "copies"
    );
    network.nodes[0].handle_timeout(at(6), &mut network.rng);
    assert_eq!(network.drain(0).answer_to(store).0, 200);
    network.nodes[0].handle_timeout(at(29), &mut network.rng);
    let drained = network.drain(0);
    assert_eq!(
        (drained.wait, drained.answers.len()),
        (Some(Duration::from_secs(30)), 0)
    );
    network.nodes[0].handle_timeout(at(30), &mut network.rng);
    let answer = network.drain(0).answer_to(relay);
    assert_eq!(answer, (504, b"Request time out".to_vec()));
}

#[test]
fn expired_messages_are_removed_at_the_next_cleaning() {
    let mut network = Network::new();
    let (_, account) = network.account(HOME);
    let mut short = text(b"short", account, network.now);
    short.expiry = at(20).unix;
    let long = text(b"long", account, network.now);
    network.store(Way::Direct, &short);
    network.store(Way::Direct, &long);
    network.nodes[0].handle_timeout(at(19), &mut network.rng);
    assert_eq!(network.nodes[0].store().len(), 2);
    network.nodes[0].handle_timeout(at(20), &mut network.rng);
    assert_eq!(network.nodes[0].store().len(), 2, "cleaned a second ago");
    network.nodes[0].handle_timeout(at(29), &mut network.rng);
    assert_eq!(network.nodes[0].store().len(), 1);
    network.nodes[0].handle_timeout(at(4000), &mut network.rng);
    assert!(network.nodes[0].store().is_empty());
}

#[test]
fn replies_that_are_late_repeated_or_unknown_change_nothing() {
    let mut network = Network::new();
    let (body, _) = network.onion(&[0], 1, INFO);
    let (ticket, transmit) = network.relayed(0, body);
    // An id of another node, which this one has not used yet or uses for something else.
    let (body, _) = network.onion(&[1, 0], 2, INFO);
    for _ in 0..5 {
        network.nodes[1].handle_onion(body.clone(), at(0), &mut network.rng);
    }
    let foreign = network.drain(1).transmits.pop().unwrap();
    let reply = || {
        let (status, body) = (200, b"reply".to_vec());
        Ok(PeerReply { status, body })
    };
    network.nodes[0].handle_reply(foreign.id, reply(), at(0), &mut network.rng);
    assert!(network.drain(0).answers.is_empty());
    network.nodes[0].handle_reply(transmit.id, reply(), at(0), &mut network.rng);
    assert_eq!(network.drain(0).answer_to(ticket).0, 200);
    let failure = Err(TransportFailure::Timeout);
    network.nodes[0].handle_reply(transmit.id, reply(), at(0), &mut network.rng);
    network.nodes[0].handle_reply(transmit.id, failure, at(0), &mut network.rng);
    network.nodes[0].handle_timeout(at(100), &mut network.rng);
    assert!(network.drain(0).answers.is_empty());
}

#[test]
fn two_requests_without_a_drain_between_them_get_both_their_answers() {
    let mut network = Network::new();
    let first = network.nodes[0].handle_storage_rpc(INFO, at(0), &mut network.rng);
    let second = network.nodes[0].handle_storage_rpc(INFO, at(0), &mut network.rng);
    let answers = network.drain(0).answers;
    let tickets: Vec<_> = answers.iter().map(|answer| answer.ticket).collect();
    assert_eq!(tickets, [first, second]);
}

#[test]
fn secrets_and_contents_are_not_printed() {
    let mut network = Network::new();
    let (_, account) = network.account(HOME);
    let store = text(b"hello", account, network.now);
    network.give(Way::Direct, &store_json(&store));
    let drained = network.drain(0);
    let printed = format!("{drained:?} {:?}", network.nodes[0]);
    assert!(!printed.contains(&account.to_hex()) && !printed.contains("hello"));
    assert!(!printed.contains(store.hash().as_str()));
}

fn peer_requests() -> impl Strategy<Value = PeerRequest> {
    let onion = vec(any::<u8>(), 0..200).prop_map(PeerRequest::Onion);
    let method = prop::sample::select(
        &[
            "store",
            "expire",
            "revoke_subaccount",
            "retrieve",
            "batch",
            "",
        ][..],
    );
    let forward = (method, vec(any::<u8>(), 0..200)).prop_map(|(method, params)| {
        let method = method.to_owned();
        PeerRequest::Forward { method, params }
    });
    let data = vec(any::<u8>(), 0..200).prop_map(|mut data| {
        // Mostly of the version that is known.
        if let Some(version) = data.first_mut().filter(|version| **version > 50) {
            *version = 1;
        }
        PeerRequest::Data(data)
    });
    prop_oneof![onion, forward, data]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// No panic, and one answer for every ticket: nobody who asks is left waiting.
    #[test]
    fn any_bytes_get_exactly_one_answer(
        body in vec(any::<u8>(), 0..300), request in peer_requests(),
    ) {
        let mut network = Network::new();
        let ticket = network.nodes[0].handle_onion(body.clone(), at(0), &mut network.rng);
        prop_assert_eq!(network.drain(0).answer_to(ticket).0, 400);
        let ticket = network.nodes[0].handle_storage_rpc(&body, at(0), &mut network.rng);
        prop_assert_eq!(network.drain(0).answer_to(ticket).0, 400);
        for start in ["", "d", "{"] {
            let body = [start.as_bytes(), &body].concat();
            let node = &mut network.nodes[0];
            let ticket = node.handle_storage_method("store", &body, at(0), &mut network.rng);
            prop_assert_eq!(network.drain(0).answer_to(ticket).0, 400);
            let node = &mut network.nodes[0];
            prop_assert!(!node.handle_monitor(ConnectionId(1), &body, at(0)).is_empty());
        }
        let reply = network.carry(1, network.key(0), request);
        prop_assert_eq!(reply.status, 400);
    }

    /// A damaged request is refused or means the same; the node never acts on half of it.
    #[test]
    fn a_damaged_onion_gets_one_answer_and_is_never_relayed(at_byte: usize, bit in 0u8..8) {
        let mut network = Network::new();
        let (mut body, _) = network.onion(&[0], 1, INFO);
        // The metadata behind the last `}` of the blob is not authenticated: leave it out.
        let len = u32::from_le_bytes(body[..4].try_into().unwrap());
        let end = 4 + usize::try_from(len).unwrap();
        body[at_byte % end] ^= 1 << bit;
        let ticket = network.nodes[0].handle_onion(body, at(0), &mut network.rng);
        prop_assert_eq!(network.drain(0).answer_to(ticket).0, 400);
    }

    #[test]
    fn any_reply_of_a_peer_is_survived(status: u16, body in vec(any::<u8>(), 0..100)) {
        let mut network = Network::new();
        let (_, account) = network.account(HOME);
        let store = store_json(&text(b"hello", account, network.now));
        let (ticket, _) = network.give(Way::Direct, &store);
        for transmit in network.drain(0).transmits {
            let reply = Ok(PeerReply { status, body: body.clone() });
            network.nodes[0].handle_reply(transmit.id, reply, at(0), &mut network.rng);
        }
        prop_assert_eq!(network.drain(0).answer_to(ticket).0, 200, "its own copy is safe");
    }
}

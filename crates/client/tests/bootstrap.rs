//! How a client gets its node list, and what it does while it has none.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod network;

use core::time::Duration;

use network::{HOUR, NODES, Network, config, seed_json};
use proptest::prelude::*;
use session_client::{Config, Error, Event, Target, TransportFailure};
use session_core::Network as Kind;
use session_envelope::Content;
use session_swarm::SwarmId;

/// Answers the seed; how long the client waits before it asks again.
fn fail(network: &mut Network, reply: Result<(u16, &[u8]), TransportFailure>) -> Duration {
    let request = network.transmits.pop_front().expect("asks a seed");
    assert!(matches!(request.target, Target::Seed(0..3)));
    network.answer(request.id, reply);
    assert!(network.transmits.is_empty() && network.events.is_empty());
    network.pass_to_deadline()
}

#[test]
fn a_seed_is_asked_again_and_again_at_growing_intervals() {
    let mut network = Network::new(config());
    let waits: Vec<_> = (0..8)
        .map(|_| fail(&mut network, Err(TransportFailure::Connection)).as_millis())
        .collect();
    assert_eq!(waits, [200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
    network.answer_seed();
    assert!(matches!(
        network.events[..],
        [Event::NodeList { nodes: NODES }]
    ));
}

#[test]
fn a_seed_that_does_not_answer_is_given_up_after_the_timeout() {
    let mut network = Network::new(config());
    let first = network.transmits.pop_front().unwrap();
    assert_eq!(network.pass_to_deadline(), config().request_timeout);
    assert!(network.transmits.is_empty(), "not asked again at once");
    network.pass_to_deadline();
    assert_eq!(network.transmits.len(), 1);
    // The late answer is to a question that is no longer asked.
    let list = seed_json(&network.records);
    network.answer(first.id, Ok((200, list.as_bytes())));
    assert!(network.client.pool().is_empty());
    network.answer_seed();
    assert_eq!(network.client.pool().len(), NODES);
}

#[test]
fn a_seed_answer_that_is_no_good_list_is_refused() {
    let mut network = Network::new(config());
    let list = seed_json(&network.records);
    let few = seed_json(&network.records[1..]);
    let mut swarmless = network.records.clone();
    swarmless
        .iter_mut()
        .for_each(|node| node.swarm_id = SwarmId::INVALID);
    let swarmless = seed_json(&swarmless);
    let mut repeated = network.records.clone();
    repeated[0] = repeated[1];
    let repeated = seed_json(&repeated);
    for (status, body) in [
        (200, "garbage"),
        (200, ""),
        (200, "{}"),
        (200, "[]"),
        (200, &list[..list.len() - 1]),
        (200, &few),
        (200, &swarmless),
        (200, &repeated),
        (500, &list),
        (404, &list),
    ] {
        fail(&mut network, Ok((status, body.as_bytes())));
        assert!(network.client.pool().is_empty(), "{status} {body:.40}");
    }
    network.answer_seed();
    assert_eq!(network.client.pool().len(), NODES);
}

#[test]
fn on_mainnet_nodes_with_private_addresses_are_not_believed() {
    let mut config = config();
    config.network = Kind::Mainnet;
    config.min_pool = NODES - 1;
    let mut network = Network::new(config);
    let mut records = network.records.clone();
    fail(&mut network, Ok((200, seed_json(&records).as_bytes())));
    for (host, record) in (0..).zip(&mut records) {
        record.ip = [9, 9, host, 1].into();
    }
    let public = records.clone();
    records[0].ip = [127, 0, 0, 1].into();
    records[1].ip = [192, 168, 0, 1].into();
    fail(&mut network, Ok((200, seed_json(&records).as_bytes())));
    records[1] = public[1];
    network.records = records;
    network.answer_seed();
    assert_eq!(network.client.pool().len(), NODES - 1);
    assert!(network.client.pool().get(&public[0].key).is_none());
}

#[test]
fn a_refresh_that_fails_leaves_the_old_list() {
    let config = config().with_poll_interval(10 * HOUR);
    let mut network = Network::ready(config);
    network.pass(config.pool_expiry);
    fail(&mut network, Ok((200, b"garbage")));
    let few = seed_json(&network.records[..3]);
    fail(&mut network, Ok((200, few.as_bytes())));
    assert_eq!(network.client.pool().len(), NODES);
    network.send("still works");
    network.transmits.pop_front().unwrap();
    let request = network.next();
    network.answer_honestly(&request);
    assert!(matches!(network.events[..], [Event::Sent { .. }]));
}

#[test]
fn messages_wait_for_the_node_list_in_their_order() {
    let mut network = Network::new(config());
    let sent = [network.send("one"), network.send("two")];
    assert_eq!(network.transmits.len(), 1, "the seed only");
    network.answer_seed();
    let mut confirmed = Vec::new();
    // The third is the first look into the mailbox.
    for _ in 0..3 {
        let request = network.next();
        network.answer_honestly(&request);
    }
    for event in &network.events {
        if let Event::Sent { message, .. } = event {
            confirmed.push(*message);
        }
    }
    assert_eq!(confirmed, sent);
}

#[test]
fn a_queue_that_is_full_refuses_and_loses_nothing() {
    let mut config = config();
    config.max_queue = 2;
    let mut network = Network::new(config);
    network.send("one");
    network.send("two");
    let (to, content) = (network.friend.id(), Content::text("three"));
    let refused = network
        .client
        .send(to, &content, network.now, &mut network.rng);
    assert_eq!(refused, Err(Error::QueueFull { limit: 2 }));
    network.answer_seed();
    assert_eq!(
        network.client.requests_under_way(),
        3,
        "two messages and a poll"
    );
}

/// README: all queues are bounded by `Config`.
#[test]
fn messages_under_way_count_against_the_queue() {
    let mut config = config();
    config.max_queue = 10;
    let mut network = Network::ready(config);
    let (to, content) = (network.friend.id(), Content::text("flood"));
    let refused = (0..100).find(|_| {
        let sent = network
            .client
            .send(to, &content, network.now, &mut network.rng);
        sent.is_err()
    });
    assert!(
        refused.is_some(),
        "{} requests in the air",
        network.client.requests_under_way()
    );
}

#[test]
fn a_message_that_is_too_long_is_refused_and_costs_nothing() {
    let mut network = Network::ready(config());
    let (to, content) = (network.friend.id(), Content::text("x".repeat(76_800)));
    let refused = network
        .client
        .send(to, &content, network.now, &mut network.rng);
    assert!(matches!(refused, Err(Error::Envelope(_))), "{refused:?}");
    network.drain();
    assert!(network.transmits.is_empty() && network.events.is_empty());
    assert_eq!(network.client.requests_under_way(), 0);
}

#[test]
fn the_defaults_are_those_of_the_public_network() {
    let config = Config::default();
    assert_eq!(
        (config.network, config.seeds, config.min_pool),
        (Kind::Mainnet, 3, 12)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_seed_answer_makes_a_client_panic_or_believe(
        status: u16, body: Vec<u8>, cut: usize,
    ) {
        let mut network = Network::new(config());
        fail(&mut network, Ok((status, &body)));
        let list = seed_json(&network.records);
        fail(&mut network, Ok((200, &list.as_bytes()[..cut % list.len()])));
        prop_assert!(network.client.pool().is_empty());
    }
}

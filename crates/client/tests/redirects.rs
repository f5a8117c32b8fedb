//! A swarm that says that it is the wrong one.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod network;

use core::time::Duration;

use network::{Arrived, NODES, Network, config};
use session_client::{Event, Target, TransportFailure};

const MINUTE: Duration = Duration::from_secs(60);

/// A client whose node list is old enough to be renewed on the word of a node, with one message
/// under way, seen at its destination.
fn sending() -> (Network, Arrived) {
    let mut network = Network::ready(config());
    network.pass(MINUTE);
    network.send("hello");
    let request = network.next();
    (network, request)
}

/// Whether a seed is asked for a new node list now; forgets what is asked.
fn asks_seed(network: &mut Network) -> bool {
    let is_seed = |target| matches!(target, Target::Seed(_));
    network
        .transmits
        .drain(..)
        .any(|transmit| is_seed(transmit.target))
}

#[test]
fn a_421_leads_to_the_right_swarm() {
    let (mut network, request) = sending();
    let right = network.other_swarm(network.friend.id());
    network.answer_sealed(&request, 421, &network.members_json(&right));
    let again = network.next();
    assert!(right.contains(&again.member));
    let body = network.confirmation(&again, &right, &[]);
    network.answer_sealed(&again, 200, &body);
    assert!(matches!(
        network.events[..],
        [Event::Sent {
            copies: network::SWARM,
            ..
        }]
    ));
    // The next message goes there at once, one to somebody else does not.
    network.send("more");
    assert!(right.contains(&network.next().member));
}

#[test]
fn a_421_moves_no_other_account() {
    let (mut network, request) = sending();
    let own = network.swarm(network.account.id());
    let elsewhere = network.other_swarm(network.account.id());
    network.answer_sealed(&request, 421, &network.members_json(&elsewhere));
    let to = network.account.id();
    let content = session_envelope::Content::text("note to self");
    for _ in 0..5 {
        network
            .client
            .send(to, &content, network.now, &mut network.rng)
            .unwrap();
        network.drain();
        assert!(own.contains(&network.next().member));
    }
}

#[test]
fn a_second_421_asks_a_seed_for_a_new_node_list() {
    let (mut network, request) = sending();
    let right = network.other_swarm(network.friend.id());
    let body = network.members_json(&right);
    network.answer_sealed(&request, 421, &body);
    assert!(!asks_seed(&mut network), "the first is followed");
    let again = network.next();
    network.answer_sealed(&again, 421, &body);
    assert!(asks_seed(&mut network));
    assert!(network.events.is_empty(), "the message is not given up");
}

#[test]
fn a_new_node_list_ends_redirects() {
    let (mut network, request) = sending();
    let right = network.other_swarm(network.friend.id());
    let body = network.members_json(&right);
    network.answer_sealed(&request, 421, &body);
    let again = network.next();
    network.answer_sealed(&again, 421, &body);
    network.answer_seed();
    let request = network.next();
    assert!(network.swarm(network.friend.id()).contains(&request.member));
}

#[test]
fn a_421_that_helps_nobody_asks_a_seed_at_once() {
    for body in ["garbage", "{}", r#"{"snodes":[]}"#] {
        let (mut network, request) = sending();
        network.answer_sealed(&request, 421, body);
        assert!(asks_seed(&mut network), "{body}");
    }
    // Real keys of nodes that are in no list.
    let stranger = Network::ready(config()).records[0].key.to_hex();
    let (mut network, request) = sending();
    let unknown = network
        .members_json(&[0])
        .replace(&stranger, &"ab".repeat(32));
    network.answer_sealed(&request, 421, &unknown);
    assert!(asks_seed(&mut network));
}

#[test]
fn addresses_in_a_421_are_not_believed() {
    let (mut network, request) = sending();
    let right = network.other_swarm(network.friend.id());
    let body = network
        .members_json(&right)
        .replace(r#""ip":"10."#, r#""ip":"66."#);
    assert!(body.contains(r#""ip":"66."#));
    network.answer_sealed(&request, 421, &body);
    for _ in 0..20 {
        network.send("more");
    }
    for transmit in network.transmits.drain(..) {
        if let Target::Guard(guard) = transmit.target {
            assert_eq!(guard.ip.octets()[0], 10);
        }
    }
    assert_eq!(network.client.pool().len(), NODES);
    assert!(
        network
            .client
            .pool()
            .nodes()
            .iter()
            .all(|node| node.ip.octets()[0] == 10)
    );
}

/// Spec 02 §8.8: the retry never goes to the node that refused.
#[test]
fn a_node_that_refuses_and_names_itself_is_not_asked_again() {
    let (mut network, request) = sending();
    let itself = network.members_json(&[request.member]);
    network.answer_sealed(&request, 421, &itself);
    network
        .transmits
        .retain(|transmit| matches!(transmit.target, Target::Guard(_)));
    assert_ne!(network.next().member, request.member);
}

/// Spec 03 §10.3 rule 6: fewer than three usable members call for a new node list.
#[test]
fn a_421_that_names_too_few_members_asks_a_seed() {
    let (mut network, request) = sending();
    let right = network.other_swarm(network.friend.id());
    network.answer_sealed(&request, 421, &network.members_json(&right[..2]));
    assert!(asks_seed(&mut network));
}

/// Answers every onion request for 50 s with a 421 that names no other node, and every request to
/// a seed with `list`. How often a seed was asked.
fn seeds_asked_by(network: &mut Network, list: Option<&[u8]>) -> usize {
    let mut asked = 0;
    let end = network.now.monotonic + Duration::from_secs(50);
    while network.now.monotonic < end {
        let Some(transmit) = network.transmits.pop_front() else {
            network.pass(Duration::from_millis(100));
            continue;
        };
        if matches!(transmit.target, Target::Seed(_)) {
            asked += 1;
            let answer = list
                .map(|list| (200, list))
                .ok_or(TransportFailure::Connection);
            network.answer(transmit.id, answer);
        } else {
            let request = network.open(transmit);
            network.answer_sealed(&request, 421, r#"{"snodes":[]}"#);
        }
    }
    asked
}

/// Spec 03 §10.3 rule 6: at most one refresh a minute on the word of nodes.
#[test]
fn a_liar_cannot_make_a_client_ask_seeds_all_the_time() {
    let mut network = Network::ready(config());
    network.pass(MINUTE);
    for _ in 0..20 {
        network.send("hello");
    }
    let list = network::seed_json(&network.records);
    assert_eq!(seeds_asked_by(&mut network, Some(list.as_bytes())), 1);
}

/// Seeds that fail are asked at growing intervals, 15 times in 50 s, whatever nodes say.
#[test]
fn a_liar_cannot_shorten_the_intervals_at_which_dead_seeds_are_asked() {
    let mut network = Network::ready(config());
    network.pass(MINUTE);
    for _ in 0..20 {
        network.send("hello");
    }
    let asked = seeds_asked_by(&mut network, None);
    assert!(asked <= 15, "{asked} requests to dead seeds in 50 s");
}

#[test]
fn a_young_node_list_is_not_renewed_on_the_word_of_a_node() {
    let mut network = Network::ready(config());
    network.send("hello");
    let request = network.next();
    network.answer_sealed(&request, 421, r#"{"snodes":[]}"#);
    assert!(!asks_seed(&mut network));
    network.pass(MINUTE - Duration::from_millis(1));
    assert!(!asks_seed(&mut network));
    network.pass(Duration::from_millis(1));
    assert!(asks_seed(&mut network), "but when it is a minute old");
}

/// One member that refuses must not be able to name an accomplice for everything that follows.
#[test]
fn a_421_that_names_too_few_members_moves_no_other_request() {
    let (mut network, request) = sending();
    let accomplice = network.other_swarm(network.friend.id())[0];
    network.answer_sealed(&request, 421, &network.members_json(&[accomplice]));
    let swarm = network.swarm(network.friend.id());
    for _ in 0..5 {
        network.send("another");
    }
    let mut to_the_swarm = 0;
    while let Some(transmit) = network.transmits.pop_front() {
        if matches!(transmit.target, Target::Guard(_)) {
            let next = network.open(transmit);
            to_the_swarm += usize::from(swarm.contains(&next.member));
        }
    }
    assert_eq!(to_the_swarm, 5);
}

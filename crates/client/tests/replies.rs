//! Replies that nobody waits for, clocks that jump, and calls in any order.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod network;

use core::time::Duration;

use network::{Network, START, config};
use session_client::{Event, TransportFailure};
use session_core::{Network as Kind, UnixMillis};
use session_storage::{Request, parse_json};

fn timestamp(payload: &[u8]) -> UnixMillis {
    let Ok(Request::Store(store)) = parse_json(payload, Kind::Testnet) else {
        panic!("not a store");
    };
    store.timestamp
}

#[test]
fn a_reply_counts_once_and_unknown_ones_not_at_all() {
    let mut network = Network::ready(config());
    // An id that this client has not used yet.
    let mut other = Network::ready(config());
    for _ in 0..5 {
        other.send("elsewhere");
    }
    let foreign = other.transmits.pop_back().unwrap();
    network.send("hello");
    let request = network.next();
    let (status, body) = network.carry(&request.transmit);
    network.answer(foreign.id, Ok((status, &body)));
    network.answer(foreign.id, Err(TransportFailure::Connection));
    assert!(network.events.is_empty());
    for _ in 0..3 {
        network.answer(request.transmit.id, Ok((status, &body)));
        network.answer(request.transmit.id, Err(TransportFailure::Timeout));
    }
    assert!(matches!(network.events[..], [Event::Sent { .. }]));
    assert!(network.transmits.is_empty());
}

#[test]
fn a_reply_after_the_timeout_is_ignored_and_the_retry_counts() {
    let mut network = Network::ready(config());
    network.send("hello");
    let first = network.next();
    assert_eq!(network.pass_to_deadline(), config().request_timeout);
    assert_eq!(network.client.requests_under_way(), 0);
    network.answer_honestly(&first);
    assert!(network.events.is_empty(), "too late");
    let second = network.next();
    network.answer_honestly(&second);
    assert!(matches!(network.events[..], [Event::Sent { .. }]));
    assert_ne!(
        first.transmit.body, second.transmit.body,
        "never the same bytes twice"
    );
    assert_eq!(first.payload, second.payload, "but the same request");
}

#[test]
fn a_monotonic_clock_that_goes_back_is_held() {
    let mut network = Network::ready(config());
    network.send("hello");
    let _ = network.next();
    let deadline = network.wait;
    let truth = network.now;
    network.now.monotonic = Duration::ZERO;
    network.client.handle_timeout(network.now, &mut network.rng);
    network.drain();
    assert_eq!(network.wait, deadline, "deadlines do not move");
    network.send("again");
    let _ = network.next();
    assert_eq!(network.wait, deadline, "nor are new ones in the past");
    network.now = truth;
    network.pass(config().request_timeout);
    assert_eq!(
        network.client.requests_under_way(),
        0,
        "both have timed out by true time"
    );
    assert!(network.wait.unwrap() > network.now.monotonic);
}

#[test]
fn messages_never_share_a_timestamp() {
    let mut network = Network::ready(config());
    network.send("one");
    network.send("one");
    network.now.unix = START.saturating_sub(Duration::from_secs(5));
    network.send("one");
    network.now.unix = START.saturating_add(Duration::from_secs(5));
    network.send("one");
    let times: Vec<_> = (0..4).map(|_| timestamp(&network.next().payload)).collect();
    assert!(times.is_sorted_by(|a, b| a < b), "{times:?}");
    let milli = |millis| START.saturating_add(Duration::from_millis(millis));
    assert_eq!(times, [milli(0), milli(1), milli(2), milli(5000)]);
}

#[test]
fn two_calls_without_a_drain_between_them_are_both_carried_out() {
    let mut network = Network::ready(config());
    let content = session_envelope::Content::text("hello");
    let to = network.friend.id();
    for _ in 0..2 {
        network
            .client
            .send(to, &content, network.now, &mut network.rng)
            .unwrap();
        network.client.handle_timeout(network.now, &mut network.rng);
    }
    network.drain();
    let (one, two) = (network.next(), network.next());
    let replies = [&one, &two].map(|request| network.carry(&request.transmit));
    for (request, (status, body)) in [&one, &two].into_iter().zip(&replies) {
        let reply = session_client::Response {
            status: *status,
            body,
        };
        let id = request.transmit.id;
        network
            .client
            .handle_reply(id, Ok(reply), network.now, &mut network.rng);
    }
    network.drain();
    assert!(matches!(
        network.events[..],
        [Event::Sent { .. }, Event::Sent { .. }]
    ));
}

#[test]
fn after_a_timeout_call_the_next_deadline_is_in_the_future() {
    let mut network = Network::ready(config());
    network.send("hello");
    network.transmits.clear();
    for _ in 0..100 {
        // Nobody answers anything, seeds included.
        network.pass_to_deadline();
        network.transmits.clear();
    }
    let failures = network
        .events
        .iter()
        .filter(|event| matches!(event, Event::SendFailed { .. }));
    assert_eq!(failures.count(), 1);
}

#[test]
fn contents_and_ids_are_not_printed() {
    let mut network = Network::ready(config());
    network.send("a secret text");
    let printed = format!("{:?} {:?}", network.client, network.transmits);
    let id = network.account.id().to_hex();
    assert!(!printed.contains("secret") && !printed.contains(&id[2..]));
}

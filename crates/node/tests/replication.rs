//! Copies of a store at the other members of the swarm, and what the client hears of them.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod network;

use core::time::Duration;

use network::{AWAY, HOME, HOUR, Network, START, Way, at, drain, read, store_json, text};
use session_crypto::ed25519::SigningKey;
use session_node::{Config, PeerReply, PeerRequest, Ticket, Transmit, TransportFailure};
use session_onion::ReplyKey;
use session_storage::{
    Endpoint as _, Failure, Namespace, Recursive as _, Store, Stored, SwarmReply, Verdict,
};

type Asked = (Ticket, Option<ReplyKey>, Vec<Transmit>, Store<'static>);

/// A store given to node 0, which now waits for its peers.
fn asked(network: &mut Network, way: Way) -> Asked {
    let (_, account) = network.account(HOME);
    let store = text(b"hello", account, network.now);
    let (ticket, reply) = network.give(way, &store_json(&store));
    let drained = network.drain(0);
    assert!(
        drained.answers.is_empty(),
        "no answer before all have spoken"
    );
    (ticket, reply, drained.transmits, store)
}

fn verdicts(network: &Network, store: &Store<'_>, body: &str) -> SwarmReply<Stored> {
    let members: Vec<_> = [0, 2, 4].map(|node| *network.key(node).as_bytes()).into();
    store.read_reply(body.as_bytes(), &members).unwrap()
}

fn refused(code: u16, reason: &str) -> Verdict<Stored> {
    Verdict::Failed(Failure::refused(code, reason))
}

#[test]
fn every_other_member_is_asked_once_and_the_answer_waits_for_the_last() {
    for way in [Way::Direct, Way::Onion] {
        let mut network = Network::new();
        let (ticket, reply, transmits, store) = asked(&mut network, way);
        let mut asked: Vec<_> = transmits.iter().map(|transmit| transmit.to).collect();
        asked.sort();
        let mut others = vec![network.key(2), network.key(4)];
        others.sort();
        assert_eq!(asked, others);
        let last = transmits.len() - 1;
        for (index, transmit) in transmits.into_iter().enumerate() {
            let done = network.carry(0, transmit.to, transmit.request);
            assert!(network.drain(0).answers.is_empty(), "{index} of {last}");
            network.nodes[0].handle_reply(transmit.id, Ok(done), at(1), &mut network.rng);
        }
        let (status, body) = network.drain(0).answer_to(ticket);
        let (status, body) = read(status, &body, reply);
        assert_eq!(
            (status, verdicts(&network, &store, &body).done().count()),
            (200, 3)
        );
    }
}

#[test]
fn a_member_that_fails_is_shown_as_failed_and_the_others_count() {
    let says = |status, body: &[u8]| {
        Ok(PeerReply {
            status,
            body: body.to_vec(),
        })
    };
    for (reply, expected) in [
        (
            Err(TransportFailure::Timeout),
            Verdict::Failed(Failure::timed_out()),
        ),
        (
            Err(TransportFailure::Connection),
            Verdict::Failed(Failure::timed_out()),
        ),
        (
            says(200, b"what?"),
            Verdict::Failed(Failure::bad_peer_response()),
        ),
        (
            says(200, b""),
            Verdict::Failed(Failure::bad_peer_response()),
        ),
        (
            says(200, b"de"),
            Verdict::Failed(Failure::bad_peer_response()),
        ),
        (says(406, b"clock"), refused(406, "clock")),
        (says(500, b"\xff"), refused(500, "\u{fffd}")),
    ] {
        let mut network = Network::new();
        let (ticket, _, transmits, store) = asked(&mut network, Way::Direct);
        for transmit in transmits {
            let reply = if transmit.to == network.key(2) {
                reply.clone()
            } else {
                Ok(network.carry(0, transmit.to, transmit.request))
            };
            network.nodes[0].handle_reply(transmit.id, reply, at(0), &mut network.rng);
        }
        let (status, body) = network.drain(0).answer_to(ticket);
        let reply = verdicts(&network, &store, core::str::from_utf8(&body).unwrap());
        assert_eq!((status, reply.done().count()), (200, 2));
        assert_eq!(reply.nodes[network.key(2).as_bytes()], expected);
    }
}

#[test]
fn a_silent_swarm_does_not_hold_the_answer_longer_than_five_seconds() {
    let mut network = Network::new();
    let (ticket, _, transmits, store) = asked(&mut network, Way::Direct);
    network.nodes[0].handle_timeout(at(4), &mut network.rng);
    let waiting = network.drain(0);
    assert!(waiting.answers.is_empty());
    assert_eq!(waiting.wait, Some(Duration::from_secs(5)));
    network.nodes[0].handle_timeout(at(5), &mut network.rng);
    let (status, body) = network.drain(0).answer_to(ticket);
    let reply = verdicts(&network, &store, core::str::from_utf8(&body).unwrap());
    assert_eq!(
        (status, reply.done().count(), reply.nodes.len()),
        (200, 1, 3)
    );
    // Too late: nothing more is said.
    for transmit in transmits {
        let late = network.carry(0, transmit.to, transmit.request);
        network.nodes[0].handle_reply(transmit.id, Ok(late), at(6), &mut network.rng);
    }
    assert!(network.drain(0).answers.is_empty());
}

#[test]
fn a_store_that_no_member_could_keep_is_a_500() {
    let mut network = Network::with(Config::default(), 0);
    let (_, account) = network.account(HOME);
    let store = text(b"hello", account, network.now);
    let (status, body) = network.store(Way::Direct, &store);
    let reply = verdicts(&network, &store, &body);
    assert_eq!(
        (status, reply.done().count(), reply.nodes.len()),
        (500, 0, 3)
    );
    for verdict in reply.nodes.values() {
        assert_eq!(*verdict, Verdict::Failed(Failure::query_failed()));
    }
}

#[test]
fn a_forwarded_store_is_checked_again_and_never_forwarded() {
    let mut network = Network::new();
    let (_, account) = network.account(HOME);
    let (_, elsewhere) = network.account(AWAY);
    let good = text(b"hello", account, network.now);
    let wrong_swarm = text(b"hello", elsewhere, network.now);
    let mut expired = good.clone();
    expired.timestamp = START.saturating_sub(HOUR);
    expired.expiry = START.saturating_sub(Duration::from_secs(11));
    let mut short = good.clone();
    short.expiry = START;
    let unsigned = Store::new(account, Namespace::new(2), b"x", START, HOUR).unwrap();
    for (store, status) in [
        (good, 200),
        (wrong_swarm, 421),
        (expired, 406),
        (short, 403),
        (unsigned, 401),
    ] {
        let mut params = Vec::new();
        store.write_bt(&mut params);
        let method = Store::METHOD.to_owned();
        // `carry` insists on exactly one answer and no transmit.
        let key = network.key(2);
        let reply = network.carry(0, key, PeerRequest::Forward { method, params });
        assert_eq!(reply.status, status);
    }
    assert_eq!(network.nodes[2].store().len(), 1);
}

#[test]
fn what_is_not_a_store_is_not_forwarded() {
    let mut network = Network::new();
    for (method, params) in [
        ("info", &b"de"[..]),
        ("get_swarm", b"de"),
        ("retrieve", b"de"),
        ("nope", b"de"),
        ("store", b""),
        ("store", b"{}"),
    ] {
        let (method, params) = (method.to_owned(), params.to_vec());
        let key = network.key(2);
        let reply = network.carry(0, key, PeerRequest::Forward { method, params });
        assert_eq!(reply.status, 400);
    }
}

#[test]
fn a_stranger_cannot_forward() {
    let mut network = Network::new();
    let (_, account) = network.account(HOME);
    let mut params = Vec::new();
    text(b"hello", account, network.now).write_bt(&mut params);
    let stranger = SigningKey::generate(&mut network.rng);
    let stranger = (*stranger.public().as_bytes()).into();
    let method = Store::METHOD.to_owned();
    let request = PeerRequest::Forward { method, params };
    let ticket = network.nodes[0].handle_peer(&stranger, request, at(0), &mut network.rng);
    let answer = drain(&mut network.nodes[0]).answer_to(ticket);
    assert_eq!(answer, (403, b"FORBIDDEN_SN".to_vec()));
    assert!(network.nodes[0].store().is_empty());
}

#[test]
fn a_reply_counts_once_whatever_is_repeated() {
    let mut network = Network::new();
    let (ticket, _, transmits, store) = asked(&mut network, Way::Direct);
    let [first, second] = transmits.try_into().unwrap();
    let done = network.carry(0, first.to, first.request);
    for _ in 0..3 {
        network.nodes[0].handle_reply(first.id, Ok(done.clone()), at(0), &mut network.rng);
    }
    assert!(
        network.drain(0).answers.is_empty(),
        "the second has not spoken"
    );
    let failure = Err(TransportFailure::Connection);
    network.nodes[0].handle_reply(second.id, failure, at(0), &mut network.rng);
    let (_, body) = network.drain(0).answer_to(ticket);
    let reply = verdicts(&network, &store, core::str::from_utf8(&body).unwrap());
    assert_eq!((reply.done().count(), reply.nodes.len()), (2, 3));
    network.nodes[0].handle_reply(second.id, Ok(done), at(0), &mut network.rng);
    assert!(network.drain(0).answers.is_empty());
}

#[test]
fn a_busy_node_stores_by_itself_and_says_so() {
    let mut network = Network::with(Config::default().with_max_pending(1), usize::MAX);
    let (ticket, _, transmits, store) = asked(&mut network, Way::Direct);
    let [only] = transmits.try_into().expect("one of two fits");
    let done = network.carry(0, only.to, only.request);
    network.nodes[0].handle_reply(only.id, Ok(done), at(0), &mut network.rng);
    let (status, body) = network.drain(0).answer_to(ticket);
    let reply = verdicts(&network, &store, core::str::from_utf8(&body).unwrap());
    assert_eq!(
        (status, reply.done().count(), reply.nodes.len()),
        (200, 2, 3)
    );
}

#[test]
fn two_stores_at_once_are_not_confused() {
    let mut network = Network::new();
    let one = asked(&mut network, Way::Direct);
    let two = asked(&mut network, Way::Onion);
    let replies = [one.2, two.2].concat();
    for transmit in replies.into_iter().rev() {
        let done = network.carry(0, transmit.to, transmit.request);
        network.nodes[0].handle_reply(transmit.id, Ok(done), at(0), &mut network.rng);
    }
    let answers = network.drain(0).answers;
    for (ticket, reply, store) in [(one.0, one.1, one.3), (two.0, two.1, two.3)] {
        let answer = answers
            .iter()
            .find(|answer| answer.ticket == ticket)
            .unwrap();
        let (_, body) = read(answer.status, &answer.body, reply);
        assert_eq!(verdicts(&network, &store, &body).done().count(), 3);
    }
}

//! The mailbox: every message once, and nothing that a node made up.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod network;

use core::time::Duration;
use std::collections::BTreeMap;

use network::{Arrived, HOUR, Network, START, config};
use proptest::prelude::*;
use rand_chacha::rand_core::Rng;
use session_client::{Config, Event};
use session_core::{Network as Kind, NetworkId, UnixMillis};
use session_envelope::{Content, seal_one_to_one};
use session_storage::{
    Context, Form, InfoReply, Message, MessageHash, Namespace, NodeState, Request, Retrieve,
    RetrieveReply, parse_json,
};

const INTERVAL: Duration = Duration::from_secs(5);

fn polling() -> Config {
    config().with_poll_interval(INTERVAL)
}

/// The next look into the mailbox, when its time has come.
/// The next poll. Questions for the time are refused.
fn next_poll(network: &mut Network) -> (Arrived, Retrieve) {
    loop {
        let request = network.next();
        match parse_json(&request.payload, Kind::Testnet) {
            Ok(Request::Retrieve(retrieve)) => return (request, retrieve),
            Ok(Request::Info(_)) => network.answer_sealed(&request, 400, ""),
            other => panic!("not a poll: {other:?}"),
        }
    }
}

/// Answers the next question for the time, by clocks that are `ahead`.
fn tell_time(network: &mut Network, ahead: Duration) {
    let question = network.next();
    let asked = parse_json(&question.payload, Kind::Testnet);
    assert!(matches!(asked, Ok(Request::Info(_))));
    let state = NodeState::new(network.now.unix.saturating_add(ahead), [21, 0]);
    let body = InfoReply::write(Form::Json, [2, 11, 3], &state).into_bytes();
    network.answer_sealed(&question, 200, &String::from_utf8(body).unwrap());
}

/// A text from the friend, as nodes store it.
fn letter(network: &mut Network, text: &str) -> Message<'static> {
    let (friend, me) = (network.friend.clone(), network.account.id());
    let content = Content::text(text);
    // Senders use distinct milliseconds (spec 05 §11.2).
    let sent = START.saturating_add(Duration::from_millis(network.rng.next_u32().into()));
    let wire = seal_one_to_one(&friend, &me, &content, sent, &mut network.rng).unwrap();
    let mut message = stored(network, wire);
    message.timestamp = sent;
    message
}

fn stored(network: &Network, data: Vec<u8>) -> Message<'static> {
    let id = NetworkId::from(network.account.id());
    let hash = MessageHash::of(&id, Namespace::DIRECT, &data);
    Message::new(hash, START, START.saturating_add(HOUR), data)
}

fn page(messages: &[Message<'_>], more: bool, now: UnixMillis) -> String {
    let state = NodeState::new(now, [21, 0]);
    let body = RetrieveReply::write(Form::Json, messages, more, &state);
    String::from_utf8(body.into_bytes()).unwrap()
}

fn texts(network: &Network) -> Vec<&str> {
    let received = network.events.iter().filter_map(|event| match event {
        Event::Received(received) => Some(received),
        _ => None,
    });
    received
        .filter_map(|message| message.content.body())
        .collect()
}

#[test]
fn a_message_that_every_member_has_is_received_once() {
    let mut network = Network::ready(polling());
    let messages = [letter(&mut network, "one"), letter(&mut network, "two")];
    for _ in 0..20 {
        let (poll, _) = next_poll(&mut network);
        network.answer_sealed(&poll, 200, &page(&messages, false, START));
    }
    assert_eq!(texts(&network), ["one", "two"]);
    let [Event::Received(first), Event::Received(_)] = &network.events[..] else {
        panic!("{:?}", network.events);
    };
    let sent = messages[0].timestamp;
    assert_eq!((first.sender, first.sent), (network.friend.id(), sent));
    assert_eq!(first.hash, messages[0].hash);
}

#[test]
fn polls_are_signed_by_the_account_and_reach_its_own_swarm() {
    let mut network = Network::ready(polling());
    let swarm = network.swarm(network.account.id());
    for _ in 0..5 {
        let (poll, retrieve) = next_poll(&mut network);
        assert!(swarm.contains(&poll.member));
        assert_eq!(retrieve.namespace, Namespace::DIRECT);
        retrieve
            .authorize(&Context::new(network.now.unix, true), |_| false)
            .unwrap();
        network.answer_honestly(&poll);
    }
    assert!(network.events.is_empty());
}

#[test]
fn reading_goes_on_after_the_last_message_of_the_same_node() {
    let mut network = Network::ready(polling());
    let mut positions = BTreeMap::new();
    for round in 0..30 {
        let (poll, retrieve) = next_poll(&mut network);
        let position = positions.get(&poll.member).copied();
        assert_eq!(
            retrieve.last_hash, position,
            "round {round}, node {}",
            poll.member
        );
        let message = letter(&mut network, &round.to_string());
        positions.insert(poll.member, message.hash);
        network.answer_sealed(&poll, 200, &page(&[message], false, START));
    }
    assert_eq!(texts(&network).len(), 30);
    assert_eq!(positions.len(), network::SWARM, "members take turns");
}

#[test]
fn a_message_under_a_wrong_hash_is_ignored_and_moves_no_position() {
    let mut network = Network::ready(polling());
    let mut forged = letter(&mut network, "forged");
    forged.hash = letter(&mut network, "other").hash;
    for _ in 0..10 {
        let (poll, retrieve) = next_poll(&mut network);
        assert_eq!(retrieve.last_hash, None);
        network.answer_sealed(
            &poll,
            200,
            &page(core::slice::from_ref(&forged), false, START),
        );
    }
    assert!(network.events.is_empty());
}

#[test]
fn what_cannot_be_read_is_reported_once_and_hides_nothing() {
    let mut network = Network::ready(polling());
    let for_another = {
        let (from, to) = (network.account.clone(), network.friend.id());
        seal_one_to_one(&from, &to, &Content::text("x"), START, &mut network.rng).unwrap()
    };
    let good = letter(&mut network, "good");
    // The middle is inside the sealed box; nobody authenticates the fields around it.
    let mut damaged = letter(&mut network, "damaged").data.into_owned();
    let inside = damaged.len() / 2;
    damaged[inside] ^= 1;
    let messages = [
        stored(&network, Vec::new()),
        stored(&network, b"spam".to_vec()),
        stored(&network, for_another),
        stored(&network, damaged),
        good,
    ];
    for _ in 0..10 {
        let (poll, _) = next_poll(&mut network);
        network.answer_sealed(&poll, 200, &page(&messages, false, START));
    }
    assert_eq!(texts(&network), ["good"]);
    let unreadable: Vec<_> = network
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Unreadable { hash, .. } => Some(*hash),
            _ => None,
        })
        .collect();
    let expected: Vec<_> = messages[..4].iter().map(|message| message.hash).collect();
    assert_eq!(unreadable, expected);
}

/// A node can change what stands around the sealed box, which gives the message another hash.
/// Senders use distinct milliseconds, so sender and time tell messages apart (spec 05 §11.2, 5).
#[test]
fn a_message_in_another_wrapping_is_the_same_message() {
    let mut network = Network::ready(polling());
    let first = letter(&mut network, "pay me 5");
    let mut wrapping = first.data.clone().into_owned();
    let last = wrapping.len() - 1;
    wrapping[last] ^= 1;
    let second = stored(&network, wrapping);
    assert_ne!(first.hash, second.hash);
    let (poll, _) = next_poll(&mut network);
    network.answer_sealed(&poll, 200, &page(&[first, second], false, START));
    assert_eq!(texts(&network), ["pay me 5"]);
}

#[test]
fn a_full_page_is_followed_by_the_next_at_once() {
    let mut network = Network::ready(polling());
    let (poll, _) = next_poll(&mut network);
    let before = network.now;
    let message = letter(&mut network, "one");
    network.answer_sealed(&poll, 200, &page(&[message], true, START));
    let (poll, _) = next_poll(&mut network);
    assert_eq!(network.now, before, "at once");
    let message = letter(&mut network, "two");
    network.answer_sealed(&poll, 200, &page(&[message], false, START));
    assert_eq!(network.wait, Some(before.monotonic + INTERVAL));
}

/// Otherwise one bad member keeps the client asking for ever.
#[test]
fn a_page_that_brings_nothing_new_is_not_followed_at_once() {
    let mut network = Network::ready(polling());
    let mut forged = letter(&mut network, "forged");
    forged.hash = letter(&mut network, "other").hash;
    let old = letter(&mut network, "old");
    for message in [forged, old] {
        // Until each member has said it once, it may be news.
        for _ in 0..40 {
            if network.transmits.is_empty() {
                break;
            }
            let (poll, _) = next_poll(&mut network);
            network.answer_sealed(
                &poll,
                200,
                &page(core::slice::from_ref(&message), true, START),
            );
        }
        assert!(
            network.transmits.is_empty(),
            "asks at once for the 40th time"
        );
        if let Some(deadline) = network.wait {
            network.pass(deadline.saturating_sub(network.now.monotonic));
        }
    }
}

#[test]
fn old_pages_in_turn_are_not_followed_at_once() {
    let mut network = Network::ready(polling());
    let old = [letter(&mut network, "one"), letter(&mut network, "two")];
    let (poll, _) = next_poll(&mut network);
    network.answer_sealed(&poll, 200, &page(&old, false, START));
    for message in old.iter().cycle().take(6) {
        let (poll, _) = next_poll(&mut network);
        network.answer_sealed(
            &poll,
            200,
            &page(core::slice::from_ref(message), true, START),
        );
        assert!(network.transmits.is_empty(), "nothing new was said");
    }
}

#[test]
fn a_member_that_answers_nonsense_is_passed_over() {
    for (status, body) in [(200, "garbage"), (200, "{}"), (500, ""), (503, "\"busy\"")] {
        let mut network = Network::ready(polling());
        let (poll, _) = next_poll(&mut network);
        network.answer_sealed(&poll, status, body);
        let (again, _) = next_poll(&mut network);
        assert_ne!(again.member, poll.member);
        let message = letter(&mut network, "hello");
        network.answer_sealed(&again, 200, &page(&[message], false, START));
        assert_eq!(texts(&network), ["hello"]);
    }
}

#[test]
fn polling_goes_on_whatever_happened() {
    for status in [400, 401, 406, 421, 500] {
        let mut network = Network::ready(polling());
        for _ in 0..20 {
            let (poll, _) = next_poll(&mut network);
            network.answer_sealed(&poll, status, "{}");
            if status == 421 {
                // The seeds are silent as well.
                let is_guard = |target| matches!(target, session_client::Target::Guard(_));
                network
                    .transmits
                    .retain(|transmit| is_guard(transmit.target));
            }
        }
        let told = |event: &Event| match event {
            Event::PollFailed { failure } => failure.status == Some(status),
            _ => false,
        };
        assert!(network.events.iter().any(told), "the app hears of {status}");
        let message = letter(&mut network, "after all");
        let (poll, _) = next_poll(&mut network);
        network.answer_sealed(&poll, 200, &page(&[message], false, START));
        assert_eq!(texts(&network), ["after all"]);
    }
}

#[test]
fn a_clock_that_is_off_is_corrected_by_what_nodes_say() {
    let ahead = Duration::from_secs(600);
    let mut network = Network::ready(polling());
    let signed_at = |retrieve: Retrieve| retrieve.signed.unwrap().at;
    // One node has confirmed the clock before, so more than one has to contradict.
    let mut refused = 0;
    let poll = loop {
        let (poll, retrieve) = next_poll(&mut network);
        if signed_at(retrieve) == network.now.unix.saturating_add(ahead) {
            break poll;
        }
        refused += 1;
        assert!(refused < 20, "the clock is never corrected");
        network.answer_sealed(&poll, 406, "retrieve timestamp too far from current time");
        tell_time(&mut network, ahead);
    };
    assert!(refused > 1);
    let nodes_time = network.now.unix.saturating_add(ahead);
    network.answer_sealed(&poll, 200, &page(&[], false, nodes_time));
    // Somebody sets the clock right. It may as well have slept: nodes have to say it.
    network.now.unix = network.now.unix.saturating_add(ahead);
    for refused in 0.. {
        let (poll, retrieve) = next_poll(&mut network);
        if signed_at(retrieve) == network.now.unix {
            break;
        }
        assert!(refused < 20, "the clock is never corrected");
        network.answer_sealed(&poll, 406, "retrieve timestamp too far from current time");
        tell_time(&mut network, Duration::ZERO);
    }
}

#[test]
fn what_was_said_of_a_clock_that_is_set_back_is_void() {
    let mut network = Network::ready(polling());
    let behind = Duration::from_secs(600);
    let mut signed_at = network.now.unix;
    while signed_at == network.now.unix {
        let (poll, retrieve) = next_poll(&mut network);
        signed_at = retrieve.signed.unwrap().at;
        let t = network.now.unix.saturating_sub(behind);
        network.answer_sealed(&poll, 200, &page(&[], false, t));
    }
    assert_eq!(signed_at, network.now.unix.saturating_sub(behind));
    network.now.unix = network.now.unix.saturating_sub(behind);
    let (_, retrieve) = next_poll(&mut network);
    assert_eq!(retrieve.signed.unwrap().at, network.now.unix);
}

#[test]
fn one_node_that_lies_about_the_time_does_not_move_the_clock() {
    let mut network = Network::ready(polling());
    let mut honest = std::collections::BTreeSet::new();
    while honest.len() < 2 {
        let (poll, _) = next_poll(&mut network);
        honest.insert(poll.member);
        let now = network.now.unix;
        network.answer_sealed(&poll, 200, &page(&[], false, now));
    }
    loop {
        let (poll, _) = next_poll(&mut network);
        let lies = !honest.contains(&poll.member);
        let ahead = Duration::from_secs(if lies { 86_400 } else { 0 });
        let t = network.now.unix.saturating_add(ahead);
        network.answer_sealed(&poll, 200, &page(&[], false, t));
        if lies {
            break;
        }
    }
    let (_, retrieve) = next_poll(&mut network);
    assert_eq!(retrieve.signed.unwrap().at, network.now.unix);
}

#[test]
fn a_421_moves_the_mailbox_until_the_next_node_list() {
    let mut network = Network::ready(polling());
    let right = network.other_swarm(network.account.id());
    let (poll, _) = next_poll(&mut network);
    network.answer_sealed(&poll, 421, &network.members_json(&right));
    for _ in 0..10 {
        let (poll, _) = next_poll(&mut network);
        assert!(right.contains(&poll.member));
        network.answer_sealed(&poll, 200, &page(&[], false, START));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_answer_of_a_member_becomes_a_message(status: u16, body: String) {
        let mut network = Network::ready(polling());
        let (poll, _) = next_poll(&mut network);
        network.answer_sealed(&poll, status, &body);
        let is_failure = |event: &Event| matches!(event, Event::PollFailed { .. });
        prop_assert!(network.events.iter().all(is_failure));
    }

    /// One flipped bit on the way back never reaches the app.
    #[test]
    fn a_damaged_reply_is_no_reply(at: usize, bit in 0u8..8) {
        let mut network = Network::ready(polling());
        network.send("hello");
        let request = network.next();
        let (status, mut body) = network.carry(&request.transmit);
        let at = at % body.len();
        body[at] ^= 1 << bit;
        network.answer(request.transmit.id, Ok((status, &body)));
        // Padding bits of base64 say nothing.
        if at < body.len() - 3 {
            prop_assert!(network.events.is_empty());
        }
    }
}

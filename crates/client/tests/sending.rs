//! Sending: whom a client believes that its message was stored, and when it tries again.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod network;

use std::collections::BTreeSet;

use network::{Arrived, Network, SWARM, config};
use session_client::{Event, Kind, TransportFailure};
use session_storage::{Form, InfoReply, NodeState, Request, parse_json};

/// A client with one message under way, seen at its destination.
fn sending() -> (Network, Arrived) {
    let mut network = Network::ready(config());
    network.send("hello");
    let request = network.next();
    (network, request)
}

/// The only event: the message was given up.
fn failure(network: &Network) -> (Kind, Option<u16>) {
    match &network.events[..] {
        [Event::SendFailed { failure, .. }] => (failure.kind, failure.status),
        events => panic!("{events:?}"),
    }
}

/// Nothing has happened yet but that the request failed: the next attempt works.
fn still_works(network: &mut Network) {
    assert!(network.events.is_empty(), "{:?}", network.events);
    let again = network.next();
    assert!(network.swarm(network.friend.id()).contains(&again.member));
    network.answer_honestly(&again);
    assert!(matches!(
        network.events[..],
        [Event::Sent { copies: SWARM, .. }]
    ));
    assert!(network.transmits.is_empty(), "nothing else is asked");
}

#[test]
fn a_message_is_reported_as_sent_once_with_all_its_copies() {
    let mut network = Network::ready(config());
    let sent = network.send("hello");
    let request = network.next();
    network.answer_honestly(&request);
    let [
        Event::Sent {
            message, copies, ..
        },
    ] = network.events[..]
    else {
        panic!("{:?}", network.events);
    };
    assert_eq!((message, copies), (sent, SWARM));
    for node in network.swarm(network.friend.id()) {
        assert_eq!(network.nodes[node].store().len(), 1);
    }
    assert_eq!(network.client.requests_under_way(), 0);
}

#[test]
fn half_of_the_members_are_enough_and_less_is_not() {
    let (mut network, request) = sending();
    let swarm = network.swarm(network.friend.id());
    let body = network.confirmation(&request, &swarm[..2], &swarm[2..]);
    network.answer_sealed(&request, 200, &body);
    assert!(matches!(
        network.events[..],
        [Event::Sent { copies: 2, .. }]
    ));

    let (mut network, request) = sending();
    let body = network.confirmation(&request, &swarm[..1], &swarm[1..]);
    network.answer_sealed(&request, 200, &body);
    still_works(&mut network);
}

#[test]
fn confirmations_that_no_member_signed_are_not_believed() {
    let (network, request) = sending();
    let swarm = network.swarm(network.friend.id());
    let strangers = network.other_swarm(network.friend.id());
    let good = network.confirmation(&request, &swarm, &[]);
    let stolen = good.replace(r#""signature":""#, r#""signature":"AAAA"#);
    let strange = network.confirmation(&request, &strangers, &[]);
    let empty = network.confirmation(&request, &[], &[]);
    let mut other = Network::ready(config());
    other.send("another text");
    let another = other.next();
    let replayed = network.confirmation(&another, &swarm, &[]);
    for body in [&stolen, &strange, &empty, &replayed, "", "{}", "garbage"] {
        let (mut network, request) = sending();
        network.answer_sealed(&request, 200, body);
        still_works(&mut network);
    }
    let (mut network, request) = sending();
    network.answer_sealed(&request, 200, &good);
    assert!(matches!(
        network.events[..],
        [Event::Sent { copies: SWARM, .. }]
    ));
}

/// Spec 04 §8: a client must ignore items whose key is not a member of the swarm.
#[test]
fn items_of_strangers_do_not_count_against_the_members() {
    let (mut network, request) = sending();
    let mut signers = network.swarm(network.friend.id());
    signers.extend(network.other_swarm(network.friend.id()));
    let spare = (0..network::NODES).find(|node| !signers.contains(node));
    signers.extend(spare);
    let body = network.confirmation(&request, &signers, &[]);
    network.answer_sealed(&request, 200, &body);
    assert!(matches!(
        network.events[..],
        [Event::Sent { copies: SWARM, .. }]
    ));
}

#[test]
fn refusals_for_good_give_up_at_once() {
    for status in [400, 401, 403, 404, 410, 413] {
        let (mut network, request) = sending();
        network.answer_sealed(&request, status, "\"refused\"");
        assert_eq!(failure(&network), (Kind::Permanent, Some(status)));
        assert!(network.transmits.is_empty());
    }
}

/// One member that calls the clock wrong does not stop a message; a clock that is wrong is set
/// right before the next try.
#[test]
fn a_refused_clock_is_asked_for_and_the_message_sent_again() {
    for (status, ahead) in [(406, 0), (425, 0), (406, 3600)] {
        let (mut network, request) = sending();
        let ahead = core::time::Duration::from_secs(ahead);
        network.answer_sealed(&request, status, "\"Timestamp error: check your clock\"");
        while network.events.is_empty() {
            let request = network.next();
            let now = network.now.unix.saturating_add(ahead);
            let payload = request.payload.clone();
            match parse_json(&payload, session_core::Network::Testnet).unwrap() {
                Request::Info(_) => {
                    let state = NodeState::new(now, [21, 0]);
                    let body = InfoReply::write(Form::Json, [2, 11, 3], &state);
                    let body = String::from_utf8(body.into_bytes()).unwrap();
                    network.answer_sealed(&request, 200, &body);
                }
                Request::Store(store) => match store.timestamp.abs_diff(now).as_secs() {
                    0..=10 => {
                        let swarm = network.swarm(network.friend.id());
                        let body = network.confirmation(&request, &swarm, &[]);
                        network.answer_sealed(&request, 200, &body);
                    }
                    _ => network.answer_sealed(&request, status, "\"Timestamp error\""),
                },
                other => panic!("{other:?}"),
            }
        }
        assert!(
            matches!(network.events[..], [Event::Sent { .. }]),
            "{ahead:?}"
        );
    }
}

#[test]
fn a_clock_that_nobody_likes_is_told_to_the_app() {
    let (mut network, request) = sending();
    network.answer_sealed(&request, 406, "\"Timestamp error: check your clock\"");
    while network.events.is_empty() {
        let request = network.next();
        network.answer_sealed(&request, 406, "\"Timestamp error: check your clock\"");
    }
    assert_eq!(failure(&network), (Kind::ResyncClock, Some(406)));
}

#[test]
fn a_member_in_trouble_is_replaced_by_another() {
    for status in [429, 500, 502, 503, 504] {
        let (mut network, request) = sending();
        network.answer_sealed(&request, status, "\"trouble\"");
        assert!(network.events.is_empty());
        let again = network.next();
        assert_ne!(again.member, request.member);
        network.answer_honestly(&again);
        assert!(matches!(network.events[..], [Event::Sent { .. }]));
    }
}

#[test]
fn after_the_last_attempt_a_message_fails_exactly_once() {
    for sealed in [true, false] {
        let (mut network, mut request) = sending();
        let mut members = vec![request.member];
        let max = usize::try_from(config().max_attempts).unwrap();
        for attempt in 1.. {
            if sealed {
                network.answer_sealed(&request, 500, "\"trouble\"");
            } else {
                let id = request.transmit.id;
                network.answer(id, Err(TransportFailure::Connection));
            }
            if !network.events.is_empty() {
                assert_eq!(attempt, max);
                break;
            }
            request = network.next();
            members.push(request.member);
        }
        let (kind, status) = failure(&network);
        let expected = match sealed {
            true => (Kind::OtherMember, Some(500)),
            false => (Kind::OtherPath, None),
        };
        assert_eq!((kind, status), expected);
        let first: BTreeSet<_> = members[..SWARM].iter().collect();
        assert_eq!(first.len(), SWARM, "each member once before any twice");
        network.pass(config().request_timeout);
        assert_eq!(network.events.len(), 1);
        assert!(network.transmits.is_empty());
    }
}

fn struck_out(network: &Network, member: usize) -> bool {
    let key = &network.records[member].key;
    let strikes = network.client.paths().strikes();
    strikes.is_struck_out(key, network.now.unix)
}

#[test]
fn a_member_is_struck_out_only_for_what_it_says_of_itself() {
    let text = "\"oxend returned unparsable data\"";
    for (status, is_struck) in [(502, true), (500, false), (200, false)] {
        let (mut network, request) = sending();
        network.answer_sealed(&request, status, text);
        let struck = struck_out(&network, request.member);
        assert_eq!(struck, is_struck, "{status}");
    }
    // The same, from anybody on the way.
    let (mut network, request) = sending();
    network.answer(request.transmit.id, Ok((502, text.as_bytes())));
    assert!(!struck_out(&network, request.member));
    let (mut network, request) = sending();
    network.answer_from_relay(&request, 502, text);
    assert!(!struck_out(&network, request.member));
}

#[test]
fn what_nodes_on_the_way_say_in_plain_is_not_about_the_request() {
    for status in [400, 401, 403, 404, 406, 413, 421, 425, 500, 502, 503, 504] {
        let (mut network, request) = sending();
        let lie = network.members_json(&network.other_swarm(network.friend.id()));
        let id = request.transmit.id;
        network.answer(id, Ok((status, lie.as_bytes())));
        still_works(&mut network);
    }
}

#[test]
fn what_the_last_relay_seals_is_not_about_the_request() {
    for status in [200, 400, 401, 403, 406, 421, 500] {
        let (mut network, request) = sending();
        let body = match status {
            200 => network.confirmation(&request, &network.swarm(network.friend.id()), &[]),
            _ => network.members_json(&network.other_swarm(network.friend.id())),
        };
        network.answer_from_relay(&request, status, &body);
        still_works(&mut network);
    }
}

#[test]
fn a_reply_that_nobody_sealed_is_not_about_the_request() {
    for body in [
        &b""[..],
        b"garbage",
        br#"{"status":200,"body":""}"#,
        b"AAAA",
    ] {
        let (mut network, request) = sending();
        network.answer(request.transmit.id, Ok((200, body)));
        still_works(&mut network);
    }
    // A true reply, to another request.
    let (mut network, request) = sending();
    network.send("another");
    let other = network.next();
    let (status, body) = network.carry(&other.transmit);
    network.answer(request.transmit.id, Ok((status, &body)));
    assert!(network.events.is_empty());
}

/// The time that the recipient of the next message would see, unsealed.
fn time_of_next_message(network: &mut Network) -> u64 {
    network.send("hello");
    let request = network.next();
    let body: serde_json::Value = serde_json::from_slice(&request.payload).unwrap();
    body["params"]["timestamp"].as_u64().unwrap()
}

/// `Now::unix` may jump: one wrong reading must not date all later messages.
#[test]
fn a_clock_that_was_ahead_for_a_moment_does_no_lasting_harm() {
    let mut network = Network::ready(config());
    let right = network.now.unix;
    network.now.unix = right.saturating_add(network::HOUR * 24 * 365);
    assert_eq!(
        time_of_next_message(&mut network),
        network.now.unix.as_millis()
    );
    network.now.unix = right;
    let first = time_of_next_message(&mut network);
    assert_eq!(first, right.as_millis());
    assert_eq!(
        time_of_next_message(&mut network),
        first + 1,
        "but times still differ"
    );
}

//! Questions that a node passes on to its daemon.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod network;

use core::time::Duration;

use network::{HOME, Network, Way, at, open};
use session_node::{Config, DaemonFailure, PeerReply, RequestId, Ticket};
use session_onion::ReplyKey;
use session_storage::{Batch, BatchReply, DaemonEndpoint, DaemonReply, DaemonRequest, Info, Order};

/// A question asked at node 0, which now waits for its daemon.
fn asked(network: &mut Network, way: Way) -> (Ticket, Option<ReplyKey>, RequestId) {
    let params = Some(r#"{"limit":3,"fields":{"height":true}}"#);
    let request = DaemonRequest::new(DaemonEndpoint::GetServiceNodes, params).unwrap();
    let (ticket, reply) = network.send(0, way, &request);
    let drained = network.drain(0);
    assert!(drained.answers.is_empty() && drained.transmits.is_empty());
    assert_eq!(drained.wait, Some(Duration::ZERO), "cleaning");
    let [question] = drained.questions.try_into().unwrap();
    assert_eq!(question.endpoint, DaemonEndpoint::GetServiceNodes);
    assert_eq!(question.params.as_deref(), params, "{way:?}");
    (ticket, reply, question.id)
}

/// What the client hears when the daemon says this.
fn heard(way: Way, says: Result<&str, DaemonFailure>) -> (u16, Vec<u8>) {
    let mut network = Network::new();
    let (ticket, reply, id) = asked(&mut network, way);
    network.nodes[0].handle_daemon_reply(id, says, at(1), &mut network.rng);
    let (status, body) = network.drain(0).answer_to(ticket);
    open(status, body, reply)
}

#[test]
fn the_daemons_answer_is_passed_on() {
    for way in Way::ALL {
        for answer in [r#"{"height":1}"#, r#""text""#, "[]", "7"] {
            let (status, body) = heard(way, Ok(answer));
            let reply = DaemonReply::parse(&body).unwrap();
            assert_eq!((status, reply.result), (200, answer), "{way:?}");
        }
    }
}

/// Spec 04 §6.15.
#[test]
fn what_the_daemon_cannot_say_has_its_status() {
    for way in Way::ALL {
        for (says, status, text) in [
            (Ok(""), 502, "oxend returned unparsable data"),
            (Ok("{"), 502, "oxend returned unparsable data"),
            (Ok("{} {}"), 502, "oxend returned unparsable data"),
            (
                Err(DaemonFailure::Refused("no such name".into())),
                400,
                "no such name",
            ),
            (Err(DaemonFailure::NoAnswer), 504, "oxend did not answer"),
        ] {
            assert_eq!(heard(way, says), (status, text.as_bytes().to_vec()));
        }
    }
}

#[test]
fn a_silent_daemon_is_waited_for_ten_seconds() {
    let mut network = Network::new();
    let (ticket, _, id) = asked(&mut network, Way::Direct);
    network.nodes[0].handle_timeout(at(9), &mut network.rng);
    let drained = network.drain(0);
    assert!(drained.answers.is_empty());
    assert_eq!(drained.wait, Some(Duration::from_secs(10)));
    network.nodes[0].handle_timeout(at(10), &mut network.rng);
    assert_eq!(network.drain(0).answer_to(ticket).0, 504);
    // Too late.
    network.nodes[0].handle_daemon_reply(id, Ok("{}"), at(11), &mut network.rng);
    assert!(network.drain(0).answers.is_empty());
}

#[test]
fn answers_with_the_number_of_something_else_change_nothing() {
    let mut network = Network::new();
    let (_, account) = network.account(HOME);
    let store = network::text(b"hello", account, network.now);
    let (store_ticket, _) = network.send(0, Way::Direct, &store);
    let transmits = network.drain(0).transmits;
    let (ticket, _, id) = asked(&mut network, Way::Direct);
    // The daemon's answer to a question that was another node's request.
    for transmit in &transmits {
        network.nodes[0].handle_daemon_reply(transmit.id, Ok("{}"), at(1), &mut network.rng);
    }
    // A node's reply to a request that was a question to the daemon.
    let (status, body) = (200, b"de".to_vec());
    let reply = Ok(PeerReply { status, body });
    network.nodes[0].handle_reply(id, reply, at(1), &mut network.rng);
    assert!(network.drain(0).answers.is_empty());

    network.nodes[0].handle_daemon_reply(id, Ok("{}"), at(1), &mut network.rng);
    assert_eq!(network.drain(0).answer_to(ticket).0, 200);
    network.nodes[0].handle_daemon_reply(id, Ok("{}"), at(1), &mut network.rng);
    for transmit in transmits {
        let done = network.carry(0, transmit.to, transmit.request);
        network.nodes[0].handle_reply(transmit.id, Ok(done), at(1), &mut network.rng);
    }
    assert_eq!(network.drain(0).answer_to(store_ticket).0, 200);
}

#[test]
fn only_two_questions_are_passed_on() {
    for (endpoint, expected) in [
        ("get_service_nodes", None),
        ("ons_resolve", None),
        ("get_info", Some(400)),
        ("", Some(400)),
    ] {
        let mut network = Network::new();
        let body = format!(
            r#"{{"method":"oxend_request","params":{{"endpoint":"{endpoint}","params":[1]}}}}"#
        );
        network.give(Way::Direct, body.as_bytes());
        let drained = network.drain(0);
        let status = drained.answers.first().map(|answer| answer.status);
        assert_eq!(status, expected);
        assert_eq!(drained.questions.len(), usize::from(expected.is_none()));
    }
}

#[test]
fn a_question_may_be_a_part_of_a_sequence() {
    for way in Way::ALL {
        let mut network = Network::new();
        let question = DaemonRequest::new(DaemonEndpoint::OnsResolve, None).unwrap();
        let requests = vec![Info.into(), question.into(), Info.into()];
        let sequence = Batch::new(Order::Sequence, requests).unwrap();
        for (says, expected) in [
            (Ok("{}"), vec![200, 200, 200]),
            (Err(DaemonFailure::NoAnswer), vec![200, 504]),
        ] {
            let (ticket, reply) = network.send(0, way, &sequence);
            let [question] = network.drain(0).questions.try_into().unwrap();
            assert_eq!(question.params, None);
            network.nodes[0].handle_daemon_reply(question.id, says, at(1), &mut network.rng);
            let (status, body) = network.drain(0).answer_to(ticket);
            let (status, body) = open(status, body, reply);
            let reply = BatchReply::parse(&body).unwrap();
            let statuses: Vec<_> = reply.results.iter().map(|result| result.status).collect();
            assert_eq!((status, statuses), (200, expected));
        }
    }
}

#[test]
fn a_busy_node_asks_no_more() {
    let config = Config::default().with_max_pending(1);
    let mut network = Network::with(config, usize::MAX);
    let (ticket, _, id) = asked(&mut network, Way::Direct);
    let again = DaemonRequest::new(DaemonEndpoint::OnsResolve, None).unwrap();
    let (status, text) = network.request(0, Way::Direct, &again);
    assert_eq!((status, &*text), (503, &b"Service node is busy"[..]));
    network.nodes[0].handle_daemon_reply(id, Ok("{}"), at(1), &mut network.rng);
    assert_eq!(network.drain(0).answer_to(ticket).0, 200);
    asked(&mut network, Way::Direct);
}

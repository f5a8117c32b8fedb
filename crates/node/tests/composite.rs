//! Batches, sequences and conditional requests.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod network;

use network::{AWAY, HOME, HOUR, Network, START, Way, at};
use session_core::NetworkId;
use session_crypto::ed25519::SigningKey;
use session_node::{Config, PeerReply, TransportFailure};
use session_storage::{
    Batch, BatchReply, Condition, Delete, IfElse, IfElseReply, Info, InfoReply, MessageHash,
    Namespace, Order, Recursive, Request, Retrieve, RetrieveReply, Signable, Store,
};

const SWARM: [usize; 3] = [0, 2, 4];

fn store(account: NetworkId, data: &[u8]) -> Store<'static> {
    Store::new(account, Namespace::DIRECT, data.to_vec(), START, HOUR).unwrap()
}

fn retrieve(account: NetworkId, key: &SigningKey) -> Request<'static> {
    let retrieve = Retrieve::new(account, Namespace::DIRECT);
    retrieve.sign(key, START).unwrap().into()
}

/// Deletes what is not there, which is demanded.
fn impossible(account: NetworkId, key: &SigningKey) -> Request<'static> {
    let hash = MessageHash::of(&account, Namespace::DIRECT, b"unknown");
    let mut delete = Delete::new(account, vec![hash]).unwrap();
    delete.required = true;
    delete.sign(key).unwrap().into()
}

fn statuses(body: &[u8]) -> Vec<u16> {
    let reply = BatchReply::parse(body).unwrap();
    reply.results.iter().map(|result| result.status).collect()
}

#[test]
fn a_batch_is_carried_out_whole_and_answered_in_order() {
    for way in Way::ALL {
        let mut network = Network::new();
        let (key, account) = network.account(HOME);
        let (_, elsewhere) = network.account(AWAY);
        let message = store(account, b"hello");
        let unsigned = Retrieve::new(account, Namespace::DIRECT);
        let requests = vec![
            Info.into(),
            message.clone().into(),
            impossible(account, &key),
            store(elsewhere, b"hello").into(),
            unsigned.into(),
            retrieve(account, &key),
        ];
        let batch = Batch::new(Order::Any, requests).unwrap();
        let (status, body) = network.request(0, way, &batch);
        assert_eq!(status, 200);
        let reply = BatchReply::parse(&body).unwrap();
        assert_eq!(statuses(&body), [200, 200, 404, 421, 401, 200]);
        assert!(InfoReply::parse(reply.results[0].body).is_ok());
        let stored = message.read_reply(reply.results[1].body, &network.members(&SWARM));
        assert_eq!(stored.unwrap().done().count(), 3);
        let text = reply.results[4].body.text().unwrap();
        assert_eq!(text, "retrieve: request signature required");
        let page = RetrieveReply::parse(reply.results[5].body).unwrap();
        let data: Vec<_> = page.messages.iter().map(|message| &*message.data).collect();
        assert_eq!(data, [b"hello"]);
    }
}

/// Spec 04 §5.2: raw going in, base64 coming out.
#[test]
fn parts_of_a_bt_batch_are_answered_in_base64() {
    let mut network = Network::new();
    let (key, account) = network.account(HOME);
    let data = [0xff; 10];
    let batch = vec![store(account, &data).into(), retrieve(account, &key)];
    let sequence = Batch::new(Order::Sequence, batch).unwrap();
    let (_, body) = network.request(0, Way::Bt, &sequence);
    let base64 = format!("16:{}", session_core::base64::encode(&data));
    let found = |needle: &[u8]| body.windows(needle.len()).any(|window| window == needle);
    assert!(body.starts_with(b"d7:resultsld4:bodyd4:hash43:"));
    assert!(found(base64.as_bytes()) && !found(&data));
    assert!(found(b"9:signature88:"));
    // Alone it is raw.
    let (_, body) = network.request(0, Way::Bt, &retrieve(account, &key));
    assert!(body.windows(10).any(|window| window == data));
}

#[test]
fn a_batch_waits_for_the_slowest_part_and_keeps_the_order() {
    let mut network = Network::new();
    let (key, account) = network.account(HOME);
    let requests = vec![
        store(account, b"one").into(),
        Info.into(),
        store(account, b"two").into(),
        retrieve(account, &key),
    ];
    let batch = Batch::new(Order::Any, requests).unwrap();
    let (ticket, _) = network.send(0, Way::Direct, &batch);
    let drained = network.drain(0);
    assert!(drained.answers.is_empty());
    assert_eq!(drained.transmits.len(), 4);
    // The last answers come first; one is lost, one unreadable.
    for (index, transmit) in drained.transmits.into_iter().enumerate().rev() {
        assert!(network.drain(0).answers.is_empty(), "{index} is missing");
        let reply = match index {
            3 => Err(TransportFailure::Timeout),
            0 => Ok(PeerReply {
                status: 200,
                body: b"le".to_vec(),
            }),
            _ => Ok(network.carry(0, transmit.to, transmit.request)),
        };
        network.nodes[0].handle_reply(transmit.id, reply, at(1), &mut network.rng);
    }
    let (status, body) = network.drain(0).answer_to(ticket);
    assert_eq!(status, 200);
    assert_eq!(statuses(&body), [200; 4]);
    let reply = BatchReply::parse(&body).unwrap();
    for (index, data) in [(0, &b"one"[..]), (2, b"two")] {
        let store = store(account, data);
        let members = network.members(&SWARM);
        let stored = store.read_reply(reply.results[index].body, &members);
        assert_eq!(stored.unwrap().done().count(), 2);
    }
}

#[test]
fn a_sequence_stops_after_the_first_failure() {
    for way in Way::ALL {
        let mut network = Network::new();
        let (key, account) = network.account(HOME);
        let requests = vec![
            store(account, b"one").into(),
            retrieve(account, &key),
            impossible(account, &key),
            store(account, b"two").into(),
        ];
        let sequence = Batch::new(Order::Sequence, requests.clone()).unwrap();
        let (status, body) = network.request(0, way, &sequence);
        assert_eq!(status, 200);
        assert_eq!(statuses(&body), [200, 200, 404]);
        for node in SWARM {
            assert_eq!(network.held(node).len(), 1);
        }
        // Each part sees what the one before it has done.
        let reply = BatchReply::parse(&body).unwrap();
        let page = RetrieveReply::parse(reply.results[1].body).unwrap();
        assert_eq!(page.messages.len(), 1);
        // The same at once is done to the end.
        let batch = Batch::new(Order::Any, requests).unwrap();
        let (_, body) = network.request(0, way, &batch);
        assert_eq!(statuses(&body), [200, 200, 404, 200]);
    }
}

#[test]
fn a_part_of_a_sequence_begins_when_the_one_before_it_is_done() {
    let mut network = Network::new();
    let (_, account) = network.account(HOME);
    let requests = (0..20u8).map(|n| store(account, &[n]).into()).collect();
    let sequence = Batch::new(Order::Sequence, requests).unwrap();
    let (ticket, reply) = network.send(0, Way::Onion, &sequence);
    for part in 0..20 {
        let drained = network.drain(0);
        assert!(drained.answers.is_empty());
        assert_eq!(drained.transmits.len(), 2, "one part at a time");
        assert_eq!(network.held(0).len(), part + 1);
        for transmit in drained.transmits {
            let done = network.carry(0, transmit.to, transmit.request);
            network.nodes[0].handle_reply(transmit.id, Ok(done), at(1), &mut network.rng);
        }
    }
    let (status, body) = network.drain(0).answer_to(ticket);
    let (_, body) = network::open(status, body, reply);
    assert_eq!(statuses(&body), [200; 20]);
}

/// Twenty parts that every member fails: each waits five seconds at most.
#[test]
fn a_silent_swarm_ends_a_sequence_after_its_time() {
    let mut network = Network::new();
    let (_, account) = network.account(HOME);
    let requests = (0..3u8).map(|n| store(account, &[n]).into()).collect();
    let sequence = Batch::new(Order::Sequence, requests).unwrap();
    let (ticket, _) = network.send(0, Way::Direct, &sequence);
    for second in [5, 10, 15] {
        assert!(network.drain(0).answers.is_empty());
        network.nodes[0].handle_timeout(at(second), &mut network.rng);
    }
    let drained = network.drain(0);
    let [answer] = &drained.answers[..] else {
        panic!("no answer");
    };
    assert_eq!(answer.ticket, ticket);
    assert_eq!(statuses(&answer.body), [200; 3]);
}

#[test]
fn one_bad_part_spoils_the_whole_before_anything_is_done() {
    let mut network = Network::new();
    let (_, account) = network.account(HOME);
    let good = String::from_utf8(network::store_json(&store(account, b"x"))).unwrap();
    let info = r#"{"method":"info","params":{}}"#;
    for (method, parts) in [
        ("batch", vec![&*good, r#"{"method":"nope","params":{}}"#]),
        ("batch", vec![&good, r#"{"method":"store","params":{}}"#]),
        ("sequence", vec![&good, "7"]),
        (
            "batch",
            vec![
                &good,
                r#"{"method":"batch","params":{"requests":[{"method":"info","params":{}}]}}"#,
            ],
        ),
        ("sequence", vec![]),
        ("batch", vec![info; 21]),
    ] {
        let parts = parts.join(",");
        let body = format!(r#"{{"method":"{method}","params":{{"requests":[{parts}]}}}}"#);
        assert_eq!(network.ask(Way::Direct, body.as_bytes()).0, 400, "{body}");
    }
    assert_eq!(network.held(0), []);
}

fn condition(height: i64) -> Condition {
    let mut condition = Condition::default();
    condition.height_at_least = Some(height);
    condition
}

#[test]
fn a_condition_chooses_the_branch() {
    for way in Way::ALL {
        let mut network = Network::new();
        let (key, account) = network.account(HOME);
        network.nodes[0].handle_block(1000, [22, 1]);
        for (height, expected) in [(1000, Some(200)), (1001, None)] {
            let then = Some(store(account, b"hello").into());
            let request = IfElse::new(condition(height), then, None).unwrap();
            let (status, body) = network.request(0, way, &request);
            let reply = IfElseReply::parse(&body).unwrap();
            let state = reply.state.unwrap();
            assert_eq!((status, reply.condition), (200, expected.is_some()));
            assert_eq!((state.height, state.hard_fork), (1000, [22, 1]));
            assert_eq!(state.version, Config::default().version);
            assert_eq!(reply.result.map(|result| result.status), expected);
        }
        // The other branch, a sequence in a condition in a condition.
        let parts = vec![impossible(account, &key), Info.into()];
        let sequence = Batch::new(Order::Sequence, parts).unwrap();
        let inner = IfElse::new(condition(1), Some(sequence.into()), None).unwrap();
        let outer = IfElse::new(condition(2000), None, Some(inner.into())).unwrap();
        let (_, body) = network.request(0, way, &outer);
        let reply = IfElseReply::parse(&body).unwrap();
        assert!(!reply.condition);
        let inner = reply.result.unwrap();
        assert_eq!(inner.status, 200, "{way:?}");
        let inner = IfElseReply::parse(inner.body).unwrap();
        let batch = BatchReply::parse(inner.result.unwrap().body).unwrap();
        let statuses: Vec<_> = batch.results.iter().map(|result| result.status).collect();
        assert_eq!((inner.condition, statuses), (true, vec![404]));
    }
}

/// A refusal in a branch is a text.
#[test]
fn a_branch_may_be_refused() {
    for way in Way::ALL {
        let mut network = Network::new();
        let (_, account) = network.account(HOME);
        let unsigned = Retrieve::new(account, Namespace::DIRECT);
        let request = IfElse::new(condition(0), Some(unsigned.into()), None).unwrap();
        let (status, body) = network.request(0, way, &request);
        let result = IfElseReply::parse(&body).unwrap().result.unwrap();
        assert_eq!((status, result.status), (200, 401));
        let text = result.body.text().unwrap();
        assert_eq!(text, "retrieve: request signature required");
    }
}

#[test]
fn conditions_nest_to_a_depth_and_no_further() {
    let mut network = Network::new();
    let mut request: Request<'_> = Info.into();
    let mut json = String::from(r#"{"method":"info","params":{}}"#);
    for depth in 1..=20 {
        request = IfElse::new(condition(0), Some(request), None)
            .unwrap()
            .into();
        json = format!(
            r#"{{"method":"ifelse","params":{{"if":{{"height_at_least":0}},"then":{json}}}}}"#
        );
        let expected = if depth <= 16 { 200 } else { 400 };
        for way in Way::ALL {
            assert_eq!(network.request(0, way, &request).0, expected, "{depth}");
        }
        assert_eq!(network.ask(Way::Direct, json.as_bytes()).0, expected);
    }
}

/// Some of the parts find no room for their copies: these count as not answered, and nothing
/// hangs.
#[test]
fn a_batch_that_fills_the_node_is_answered_all_the_same() {
    for max_pending in 0..7 {
        let config = Config::default().with_max_pending(max_pending);
        let mut network = Network::with(config, usize::MAX);
        let (_, account) = network.account(HOME);
        let stores: Vec<_> = (0..3u8).map(|n| store(account, &[n])).collect();
        for order in [Order::Any, Order::Sequence] {
            let parts = stores.iter().cloned().map(Request::from).collect();
            let batch = Batch::new(order, parts).unwrap();
            let (status, body) = network.request(0, Way::Direct, &batch);
            assert_eq!((status, statuses(&body)), (200, vec![200; 3]));
            let reply = BatchReply::parse(&body).unwrap();
            let members = network.members(&SWARM);
            let mut done = Vec::new();
            for (store, result) in stores.iter().zip(&reply.results) {
                let reply = store.read_reply(result.body, &members).unwrap();
                assert_eq!(reply.nodes.len(), 3, "all are named");
                done.push(reply.done().count());
            }
            let total: usize = done.iter().sum();
            let expected = match order {
                Order::Any => 3 + max_pending.min(6),
                Order::Sequence => 3 + 3 * max_pending.min(2),
            };
            assert_eq!(total, expected, "{order:?} {max_pending}: {done:?}");
        }
    }
}

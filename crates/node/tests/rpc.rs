//! The storage RPC of a node: every method and every refusal, asked directly and through an onion.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod network;

use core::time::Duration;

use network::{AWAY, HOME, HOUR, Network, START, Way, at, drain, retrieve_json, store_json, text};
use session_core::hex;
use session_node::{Config, MemoryStore, Node};
use session_storage::{
    Endpoint as _, GetSwarm, InfoReply, MAX_BODY_LEN, MAX_DATA_LEN, Namespace, Recursive as _,
    Retrieve, RetrieveReply, Store, Verdict,
};
use session_swarm::{NodeKey, Pool, parse_members};

const WAYS: [Way; 2] = [Way::Direct, Way::Onion];

fn keys(network: &Network, nodes: [usize; 3]) -> Vec<NodeKey> {
    let mut keys: Vec<_> = nodes.iter().map(|node| network.key(*node)).collect();
    keys.sort();
    keys
}

fn named(body: &str) -> Vec<NodeKey> {
    let members = parse_members(body.as_bytes()).unwrap();
    let mut keys: Vec<_> = members.list.nodes.iter().map(|node| node.key).collect();
    keys.sort();
    keys
}

#[test]
fn info_tells_version_clock_and_hard_fork() {
    for way in WAYS {
        let mut network = Network::new();
        network.now = at(77);
        let (status, body) = network.ask(way, br#"{"method":"info","params":{}}"#);
        let info = InfoReply::parse(body.as_bytes()).unwrap();
        assert_eq!((status, info.timestamp), (200, at(77).unix));
        assert_eq!(info.version, Some(Config::default().version));
        assert_eq!(info.hard_fork, Some(Config::default().hard_fork));
    }
}

#[test]
fn get_swarm_names_the_right_members_for_every_account() {
    for way in WAYS {
        let mut network = Network::new();
        for (swarm, members) in [(HOME, [0, 2, 4]), (AWAY, [1, 3, 5])] {
            let (_, account) = network.account(swarm);
            let mut json = String::new();
            GetSwarm::new(account).write_json(&mut json);
            for json in [
                json.clone(),
                json.replace("get_swarm", "get_snodes_for_pubkey"),
            ] {
                let (status, body) = network.ask(way, json.as_bytes());
                assert_eq!(status, 200);
                assert_eq!(named(&body), keys(&network, members));
                assert_eq!(parse_members(body.as_bytes()).unwrap().swarm_id, swarm);
            }
        }
    }
}

#[test]
fn what_is_stored_is_retrieved_by_its_owner_from_every_member() {
    for way in WAYS {
        let mut network = Network::new();
        let (key, account) = network.account(HOME);
        let store = text(b"hello", account, network.now);
        let (status, body) = network.store(way, &store);
        assert_eq!(status, 200);
        let members: Vec<_> = [0, 2, 4].map(|node| *network.key(node).as_bytes()).into();
        let reply = store.read_reply(body.as_bytes(), &members).unwrap();
        assert_eq!((reply.done().count(), reply.nodes.len()), (3, 3));
        assert_eq!(reply.now, Some(START));

        let retrieve = Retrieve::new(account, Namespace::DIRECT)
            .sign(&key, START)
            .unwrap();
        let (status, body) = network.ask(way, &retrieve_json(&retrieve));
        let page = RetrieveReply::parse(body.as_bytes()).unwrap();
        assert_eq!((status, page.more, page.messages.len()), (200, false, 1));
        let message = &page.messages[0];
        assert_eq!(
            (&*message.data, message.hash),
            (&b"hello"[..], store.hash())
        );
        assert_eq!(
            (message.timestamp, message.expiry),
            (START, START.saturating_add(HOUR))
        );
        for node in 0..6 {
            let expected = usize::from(node % 2 == 0);
            assert_eq!(network.nodes[node].store().len(), expected, "node {node}");
        }
    }
}

#[test]
fn a_message_stored_twice_is_there_once_and_says_already() {
    let mut network = Network::new();
    let (_, account) = network.account(HOME);
    let store = text(b"hello", account, network.now);
    network.store(Way::Direct, &store);
    let (status, body) = network.store(Way::Direct, &store);
    let members: Vec<_> = [0, 2, 4].map(|node| *network.key(node).as_bytes()).into();
    let reply = store.read_reply(body.as_bytes(), &members).unwrap();
    assert_eq!((status, reply.done().count()), (200, 3));
    for verdict in reply.nodes.values() {
        assert!(matches!(verdict, Verdict::Done(item) if item.already));
    }
    assert_eq!(network.nodes[0].store().len(), 1);
}

#[test]
fn malformed_requests_are_refused_with_400_and_the_known_texts() {
    for way in WAYS {
        let mut network = Network::new();
        for (body, text) in [
            (&b"nonsense"[..], "invalid json"),
            (b"", "invalid json"),
            (b"\xff", "invalid json"),
            (br#"{"params":{}}"#, "invalid json: no `method` field"),
            (
                br#"{"method":1,"params":{}}"#,
                "invalid json: no `method` field",
            ),
            (br#"{"method":"info"}"#, "invalid json: no `params` field"),
            (
                br#"{"method":"info","params":[]}"#,
                "invalid json: no `params` field",
            ),
            (br#"{"method":"Info","params":{}}"#, "no method Info"),
            (br#"{"method":"nope","params":{}}"#, "no method nope"),
        ] {
            let answer = network.ask(way, body);
            assert_eq!(answer, (400, text.to_owned()));
        }
        let (status, text) = network.ask(way, br#"{"method":"store","params":{}}"#);
        assert_eq!(status, 400);
        assert!(text.starts_with("invalid request: "), "{text}");
    }
}

#[test]
fn a_mailbox_is_read_by_its_owner_only() {
    for way in WAYS {
        let mut network = Network::new();
        let (key, account) = network.account(HOME);
        let unsigned = Retrieve::new(account, Namespace::DIRECT);
        let (status, _) = network.ask(way, &retrieve_json(&unsigned));
        assert_eq!(status, 401, "unsigned");
        // The signature of another mailbox.
        let other = Retrieve::new(account, Namespace::new(2))
            .sign(&key, START)
            .unwrap();
        let mut forged = unsigned;
        forged.signed = other.signed;
        let (status, _) = network.ask(way, &retrieve_json(&forged));
        assert_eq!(status, 401, "forged");
        // An old signature, and one from the future.
        for (seconds, expected) in [(60, 200), (61, 406)] {
            let at = Duration::from_secs(seconds);
            for at in [START.saturating_sub(at), START.saturating_add(at)] {
                let signed = unsigned.sign(&key, at).unwrap();
                let (status, _) = network.ask(way, &retrieve_json(&signed));
                assert_eq!(status, expected, "{seconds} s off");
            }
        }
    }
}

#[test]
fn stores_out_of_the_rules_are_refused_and_reach_no_peer() {
    for way in WAYS {
        let mut network = Network::new();
        let (key, account) = network.account(HOME);
        let store = |namespace| Store::new(account, namespace, b"x", START, HOUR).unwrap();

        let mut short = store(Namespace::DIRECT);
        short.expiry = START.saturating_add(Duration::from_millis(9_999));
        let mut early = store(Namespace::DIRECT);
        early.timestamp = START.saturating_add(Duration::from_millis(10_001));
        let mut late = store(Namespace::DIRECT);
        late.timestamp = START.saturating_sub(HOUR);
        late.expiry = START.saturating_sub(Duration::from_millis(10_001));
        let private = store(Namespace::new(2));
        let mut stale = private.clone().sign(&key, START).unwrap();
        stale.signed.as_mut().unwrap().at = START.saturating_sub(Duration::from_millis(60_001));
        let mut moved = private.clone().sign(&key, START).unwrap();
        moved.namespace = Namespace::new(3);
        for (name, store, status) in [
            ("ttl", short, 403),
            ("early", early, 406),
            ("late", late, 406),
            ("unsigned", private, 401),
            ("stale", stale, 406),
            ("moved", moved, 401),
        ] {
            assert_eq!(network.ask(way, &store_json(&store)).0, status, "{name}");
        }
        assert!(network.nodes[0].store().is_empty());
    }
}

#[test]
fn a_body_or_message_that_is_too_long_is_refused() {
    let mut network = Network::new();
    let mut body = br#"{"method":"info","params":{}}"#.to_vec();
    body.resize(MAX_BODY_LEN, b' ');
    assert_eq!(network.ask(Way::Direct, &body).0, 200);
    body.push(b' ');
    assert_eq!(network.ask(Way::Direct, &body).0, 413);

    let ticket = network.nodes[0].handle_onion(body, network.now, &mut network.rng);
    let answer = network.drain(0).answer_to(ticket);
    assert_eq!(answer, (413, b"Request body too large".to_vec()));

    for way in WAYS {
        let (_, account) = network.account(HOME);
        let mut store = text(b"", account, network.now);
        store.data = vec![7; MAX_DATA_LEN + 1].into();
        assert_eq!(network.ask(way, &store_json(&store)).0, 400);
        store.data = vec![7; MAX_DATA_LEN].into();
        assert_eq!(network.store(way, &store).0, 200);
    }
}

#[test]
fn the_wrong_swarm_is_refused_with_421_and_the_right_members() {
    for way in WAYS {
        let mut network = Network::new();
        let (key, account) = network.account(AWAY);
        let store = store_json(&text(b"hello", account, network.now));
        let retrieve = Retrieve::new(account, Namespace::DIRECT);
        let retrieve = retrieve_json(&retrieve.sign(&key, START).unwrap());
        for request in [store, retrieve] {
            let (status, body) = network.ask(way, &request);
            assert_eq!(status, 421);
            assert_eq!(named(&body), keys(&network, [1, 3, 5]));
            assert!(body.contains(r#""t":1800000000000"#) && body.contains(r#""hf":["#));
        }
        assert!(network.nodes[0].store().is_empty());
    }
}

/// Spec 02 §5.1: an entry node that knows no swarm of its own is not ready.
#[test]
fn onions_get_503_until_a_node_list_names_the_node() {
    let mut network = Network::new();
    let others = Pool::new(network.records[1..].to_vec());
    let mut swarmless = network.records.clone();
    swarmless[0].swarm_id = session_swarm::SwarmId::INVALID;
    for pool in [Pool::default(), others, Pool::new(swarmless)] {
        let mut node = Node::new(
            network.keys[0].clone(),
            MemoryStore::default(),
            Config::default(),
        );
        node.handle_node_list(pool, network.now);
        let (body, _) = network.onion(&[], 0, br#"{"method":"info","params":{}}"#);
        let ticket = node.handle_onion(body, network.now, &mut network.rng);
        let (status, body) = drain(&mut node).answer_to(ticket);
        assert_eq!(status, 503);
        assert!(body.starts_with(b"Service node is not ready: "));
    }
}

/// Spec 04 §2.1: node not ready, 503, the text contains `Snode not ready`.
#[test]
fn direct_requests_get_503_until_a_node_list_names_the_node() {
    let mut network = Network::new();
    let (_, account) = network.account(HOME);
    let store = store_json(&text(b"hello", account, network.now));
    let mut node = Node::new(
        network.keys[0].clone(),
        MemoryStore::default(),
        Config::default(),
    );
    let ticket = node.handle_storage_rpc(&store, network.now, &mut network.rng);
    let (status, body) = drain(&mut node).answer_to(ticket);
    let body = String::from_utf8(body).unwrap();
    assert_eq!(status, 503, "{body}");
    let own = hex::encode(network.keys[0].public().as_bytes());
    assert!(
        body.contains("Snode not ready") && body.contains(&own),
        "{body}"
    );
}

//! Messages that other nodes push: what is taken, and what is refused.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod network;

use network::{AWAY, HOME, HOUR, Network, START, at, drain};
use session_bt::ListWriter;
use session_core::NetworkId;
use session_crypto::ed25519::SigningKey;
use session_node::{Config, PeerReply, PeerRequest};
use session_storage::{MessageHash, Namespace};
use session_swarm::SwarmId;

const DIRECT: Namespace = Namespace::DIRECT;

/// Nodes 0 and 1 are HOME, 2 and 3 AWAY, and 4 is in none.
fn network() -> Network {
    let swarms = [HOME, HOME, AWAY, AWAY, SwarmId::INVALID];
    Network::of(&swarms, Config::default(), usize::MAX)
}

/// Account, hash, timestamp, expiry, data, and perhaps a namespace.
type Record<'a> = (&'a [u8], &'a str, u64, u64, &'a [u8], Option<i64>);

/// The body of a push with these records.
fn body(records: &[Record<'_>]) -> Vec<u8> {
    let mut out = vec![1];
    let mut list = ListWriter::new(&mut out);
    for (account, hash, timestamp, expiry, data, namespace) in records {
        let mut record = list.list();
        record
            .bytes(account)
            .bytes(hash.as_bytes())
            .int(*timestamp)
            .int(*expiry)
            .bytes(data);
        if let Some(namespace) = namespace {
            record.int(*namespace);
        }
    }
    drop(list);
    out
}

fn push(network: &mut Network, body: Vec<u8>) -> PeerReply {
    let to = network.key(0);
    network.carry(2, to, PeerRequest::Data(body))
}

#[test]
fn only_what_a_node_could_have_taken_from_a_client_is_taken() {
    let mut network = network();
    let (_, account) = network.account(HOME);
    let (_, far) = network.account(AWAY);
    let hash = |account: &NetworkId, namespace, data: &[u8]| {
        let hash = MessageHash::of(account, Namespace::new(namespace), data);
        hash.as_str().to_owned()
    };
    let good = hash(&account, 0, b"data");
    let now = START.as_millis();
    let month = now + 30 * 86_400_000;
    let long = vec![0; 76_801];
    let id = account.as_bytes().as_slice();
    let mut count = 0;
    for (name, record, taken) in [
        ("good", (id, &*good, now, month, &b"data"[..], Some(0)), 1),
        (
            "too long",
            (id, &hash(&account, 0, b"l"), now, month + 1, b"l", Some(0)),
            0,
        ),
        (
            "expired",
            (id, &hash(&account, 0, b"e"), now, now, b"e", Some(0)),
            0,
        ),
        (
            "of the future",
            (
                id,
                &hash(&account, 0, b"f"),
                now + 60_001,
                month,
                b"f",
                Some(0),
            ),
            0,
        ),
        (
            "just now",
            (
                id,
                &hash(&account, 0, b"n"),
                now + 60_000,
                month,
                b"n",
                Some(0),
            ),
            1,
        ),
        (
            "other data",
            (id, &hash(&account, 0, b"o"), now, month, b"p", Some(0)),
            0,
        ),
        ("namespace", (id, &good, now, month, b"data", Some(2)), 0),
        (
            "old form",
            (id, &hash(&account, 0, b"old"), now, month, b"old", None),
            1,
        ),
        (
            "old, 2",
            (id, &hash(&account, 2, b"two"), now, month, b"two", None),
            0,
        ),
        (
            "in 2",
            (id, &hash(&account, 2, b"2"), now, month, b"2", Some(2)),
            1,
        ),
        (
            "far",
            (
                far.as_bytes(),
                &hash(&far, 0, b"x"),
                now,
                month,
                b"x",
                Some(0),
            ),
            0,
        ),
        (
            "short id",
            (&id[1..], &good, now, month, b"data", Some(0)),
            0,
        ),
        ("no hash", (id, "hash", now, month, b"data", Some(0)), 0),
        (
            "too much",
            (id, &hash(&account, 0, &long), now, month, &long, Some(0)),
            0,
        ),
        (
            "most",
            (
                id,
                &hash(&account, 0, &long[1..]),
                now,
                month,
                &long[1..],
                Some(0),
            ),
            1,
        ),
    ] {
        let reply = push(&mut network, body(&[record]));
        let status = if name == "far" { 421 } else { 200 };
        assert_eq!(reply.status, status, "{name}");
        count += taken;
        assert_eq!(network.held(0).len(), count, "{name}");
    }
    assert_eq!(network.sent, [], "a push is not forwarded");
    // A later expiry counts, an earlier one does not.
    let far = START.saturating_add(HOUR * 24 * 30);
    for expiry in [now + 1000, month] {
        push(
            &mut network,
            body(&[(id, &good, now, expiry, b"data", Some(0))]),
        );
    }
    let held = network.held(0);
    assert!(held.iter().all(|held| held.3 == far));
    assert_eq!(held.len(), count);
}

/// Spec 03 §11: the outbox rule holds for pushed messages, too.
#[test]
fn a_pushed_outbox_message_replaces_only_an_older_one() {
    let mut network = network();
    let (_, account) = network.account(HOME);
    let now = START.as_millis();
    let month = now + 30 * 86_400_000;
    for (made, data, expected) in [
        (now, &b"first"[..], b"first".as_slice()),
        (now - 1, b"older", b"first"),
        (now, b"equal", b"first"),
        (now + 1, b"newer", b"newer"),
    ] {
        let hash = MessageHash::of(&account, Namespace::ACCOUNT_KEYS, data);
        let record = (
            account.as_bytes().as_slice(),
            hash.as_str(),
            made,
            month,
            data,
            Some(-21),
        );
        push(&mut network, body(&[record]));
        let [(.., held)] = network.held(0).try_into().unwrap();
        assert_eq!(held, expected);
    }
}

#[test]
fn malformed_pushes_are_refused_whole() {
    let mut network = network();
    let (_, account) = network.account(HOME);
    let hash = MessageHash::of(&account, DIRECT, b"data");
    let now = START.as_millis();
    let id = account.as_bytes().as_slice();
    let record = (
        id,
        hash.as_str(),
        now,
        now + 3_600_000,
        &b"data"[..],
        Some(0),
    );
    let good = body(&[record, record]);
    for end in 0..good.len() {
        let reply = push(&mut network, good[..end].to_vec());
        assert_eq!(reply.status, 400, "cut at {end}");
    }
    let mut version = good.clone();
    version[0] = 2;
    let trailing = [&good[..], b"x"].concat();
    for bad in [
        version,
        trailing,
        b"\x01de".to_vec(),
        b"\x01lli1eee".to_vec(),
    ] {
        assert_eq!(push(&mut network, bad).status, 400);
    }
    assert_eq!(network.held(0), [], "nor any part of it");
    assert_eq!(push(&mut network, b"\x01le".to_vec()).status, 200);
    assert_eq!(push(&mut network, good).status, 200);
    assert_eq!(network.held(0).len(), 1);
}

#[test]
fn strangers_do_not_push() {
    let mut network = network();
    let (_, account) = network.account(HOME);
    let hash = MessageHash::of(&account, DIRECT, b"data");
    let now = START.as_millis();
    let id = account.as_bytes().as_slice();
    let body = body(&[(id, hash.as_str(), now, now + 3_600_000, b"data", Some(0))]);
    let stranger = SigningKey::from_seed(&[77; 32]);
    let stranger = (*stranger.public().as_bytes()).into();
    // A node that is in no swarm is one, too.
    for from in [stranger, network.key(4)] {
        let request = PeerRequest::Data(body.clone());
        let ticket = network.nodes[0].handle_peer(&from, request, at(0), &mut network.rng);
        let answer = drain(&mut network.nodes[0]).answer_to(ticket);
        assert_eq!(answer, (403, b"FORBIDDEN_SN".to_vec()));
    }
    assert_eq!(network.held(0), []);
}

/// A node that is not in a swarm yet keeps nothing.
#[test]
fn who_is_in_no_swarm_takes_nothing() {
    let mut network = network();
    let (_, account) = network.account(HOME);
    let hash = MessageHash::of(&account, DIRECT, b"data");
    let now = START.as_millis();
    let id = account.as_bytes().as_slice();
    let body = body(&[(id, hash.as_str(), now, now + 3_600_000, b"data", Some(0))]);
    let to = network.key(4);
    network.carry(0, to, PeerRequest::Data(body));
    assert_eq!(network.held(4), []);
}

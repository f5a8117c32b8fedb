//! Copies that a member has missed, and what members forward to one another.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod network;

use network::{AWAY, HOME, HOUR, Network, START, Way, at, text};
use session_core::{NetworkId, UnixMillis};
use session_crypto::ed25519::SigningKey;
use session_node::{Config, ExpiryMode, MessageStore, PeerReply, PeerRequest};
use session_storage::{
    Delete, DeleteAll, DeleteBefore, Endpoint, Expire, ExpireAll, Failure, Namespace, Recursive,
    Revoke, Signable, Store, Stored, Token, Unrevoke, Verdict, peer_answer,
};

/// How often something was sent to node 2.
fn sent_to_2(network: &Network) -> usize {
    network.sent.iter().filter(|(_, to, _)| *to == 2).count()
}

fn store(network: &mut Network, account: NetworkId, text: &'static [u8]) {
    let store = network::text(text, account, network.now);
    let (status, _) = network.request(0, Way::Direct, &store);
    assert_eq!(status, 200);
}

#[test]
fn a_member_that_was_down_gets_what_it_missed() {
    let mut network = Network::new();
    let (key, account) = network.account(HOME);
    store(&mut network, account, b"before");
    network.down = [2].into();
    store(&mut network, account, b"missed");
    let delete = Delete::new(account, vec![text(b"before", account, at(0)).hash()]).unwrap();
    network.request(4, Way::Bt, &delete.sign(&key).unwrap());
    assert_ne!(network.held(2), network.held(0));
    network.run_to(12);
    network.down.clear();
    network.run_to(14);
    assert_ne!(network.held(2), network.held(0), "5 and 10 s after");
    network.run_to(16);
    assert_eq!(network.held(2), network.held(0));
    assert_eq!(network.held(0).len(), 1);
    // It has it, and hears no more of it.
    let sent = sent_to_2(&network);
    network.run_to(3000);
    assert_eq!(sent_to_2(&network), sent);
}

#[test]
fn a_member_that_stays_away_is_asked_less_and_less_and_then_no_more() {
    let mut network = Network::new();
    let (_, account) = network.account(HOME);
    network.down = [2].into();
    store(&mut network, account, b"hello");
    let mut times = Vec::new();
    let mut sent = sent_to_2(&network);
    for second in 1..3000 {
        network.run_to(second);
        if sent_to_2(&network) > sent {
            sent += 1;
            times.push(second);
        }
    }
    // After 5, 10, 20, .. seconds.
    assert_eq!(times, [5, 15, 35, 75, 155, 315, 635, 1275]);
    network.down.clear();
    network.run_to(20_000);
    assert_eq!(sent_to_2(&network), sent);
}

#[test]
fn a_member_that_answers_is_not_asked_again_whatever_it_says() {
    for (status, body) in [(200, &b"what?"[..]), (406, b"clock"), (500, b"")] {
        let mut network = Network::new();
        let (_, account) = network.account(HOME);
        let store = text(b"hello", account, network.now);
        network.send(0, Way::Direct, &store);
        for transmit in network.drain(0).transmits {
            let body = body.to_vec();
            let reply = Ok(PeerReply { status, body });
            network.nodes[0].handle_reply(transmit.id, reply, at(0), &mut network.rng);
        }
        network.run_to(3000);
        assert_eq!(network.sent.len(), 0);
    }
}

#[test]
fn who_leaves_the_swarm_is_not_asked_again() {
    let mut network = Network::new();
    let (_, account) = network.account(HOME);
    network.down = [2].into();
    store(&mut network, account, b"hello");
    network.run_to(6);
    let sent = sent_to_2(&network);
    network.records[2].swarm_id = AWAY;
    network.spread_list();
    network.down.clear();
    network.run_to(3000);
    assert_eq!(sent_to_2(&network), sent);
}

#[test]
fn copies_wait_up_to_a_number_of_bytes() {
    let mut config = Config::default();
    config.max_retry_bytes = 25_000;
    let mut network = Network::with(config, usize::MAX);
    let (_, account) = network.account(HOME);
    let store = |network: &mut Network, letter| {
        let (data, made) = (vec![letter; 10_000], network.now.unix);
        let store = Store::new(account, Namespace::DIRECT, data, made, HOUR).unwrap();
        assert_eq!(network.request(0, Way::Direct, &store).0, 200);
    };
    let held = |network: &Network| {
        let mut held: Vec<_> = network.held(2).iter().map(|held| held.4[0]).collect();
        held.sort();
        held
    };
    network.down = [2].into();
    for letter in [b'a', b'b', b'c'] {
        store(&mut network, letter);
    }
    network.down.clear();
    network.run_to(6);
    assert_eq!(held(&network), b"ab");
    // There is room again.
    network.down = [2].into();
    store(&mut network, b'd');
    network.down.clear();
    network.run_to(12);
    assert_eq!(held(&network), b"abd");
}

/// What found no place among the requests under way is made up for later.
#[test]
fn a_busy_node_sends_its_copies_later() {
    let config = Config::default().with_max_pending(1);
    let mut network = Network::with(config, usize::MAX);
    let (_, account) = network.account(HOME);
    store(&mut network, account, b"one");
    store(&mut network, account, b"two");
    assert!([2, 4].into_iter().any(|node| network.held(node).is_empty()));
    network.run_to(100);
    for node in [2, 4] {
        assert_eq!(network.held(node), network.held(0));
    }
}

/// However much it has missed, there is room for what clients ask.
#[test]
fn a_member_that_is_away_does_not_make_the_others_busy() {
    let config = Config::default().with_max_pending(4);
    let mut network = Network::with(config, usize::MAX);
    let (_, account) = network.account(HOME);
    network.down = [2].into();
    for letter in b'a'..=b'j' {
        let store = Store::new(account, Namespace::DIRECT, vec![letter], START, HOUR).unwrap();
        network.request(0, Way::Direct, &store);
    }
    network.nodes[0].handle_timeout(at(6), &mut network.rng);
    assert_eq!(network.drain(0).transmits.len(), 2, "nobody answers these");
    let store = text(b"hello", account, at(6));
    network.now = at(6);
    network.send(0, Way::Direct, &store);
    assert_eq!(network.drain(0).transmits.len(), 2);
    network.down.clear();
    network.run_to(3000);
    assert_eq!(network.held(2).len(), 11);
}

/// Requests of every method that is forwarded, at a time that they carry.
fn forwardable(
    key: &SigningKey,
    account: NetworkId,
    at: UnixMillis,
) -> Vec<(&'static str, Vec<u8>)> {
    let hash = session_storage::MessageHash::of(&account, Namespace::DIRECT, b"");
    let expire = Expire::new(account, vec![hash], vec![at], ExpiryMode::Set).unwrap();
    let profile = Namespace::USER_PROFILE;
    let store = Store::new(account, profile, b"x", at, HOUR).unwrap();
    let bt = |request: &dyn Endpoint| {
        let mut params = Vec::new();
        request.write_bt(&mut params);
        (request.method(), params)
    };
    vec![
        bt(&store.sign(key, at).unwrap()),
        bt(&DeleteAll::new(account, None, at).sign(key).unwrap()),
        bt(&DeleteBefore::new(account, None, at).sign(key).unwrap()),
        bt(&expire.sign(key).unwrap()),
        bt(&ExpireAll::new(account, None, at).sign(key).unwrap()),
        bt(&Revoke::new(account, vec![], at).unwrap().sign(key).unwrap()),
        bt(&Unrevoke::new(account, vec![], at).sign(key).unwrap()),
    ]
}

/// Spec 04 §4.5: delete_all and expire_all are given 70 s, all others what clients have.
#[test]
fn forwarded_requests_have_the_windows_of_members() {
    let ms = |offset: i64| UnixMillis::from_millis(START.as_millis().wrapping_add_signed(offset));
    for (offset, expected) in [
        (-70_001, [406, 406, 200, 401, 406, 406, 406]),
        (-70_000, [406, 200, 200, 401, 200, 406, 406]),
        (-60_001, [406, 200, 200, 401, 200, 406, 406]),
        (-60_000, [200, 200, 200, 200, 200, 200, 200]),
        (60_000, [406, 200, 200, 200, 200, 200, 200]),
        (60_001, [406, 200, 401, 200, 200, 406, 406]),
        (70_000, [406, 200, 401, 200, 200, 406, 406]),
        (70_001, [406, 406, 401, 200, 200, 406, 406]),
    ] {
        let mut network = Network::new();
        let (key, account) = network.group(HOME);
        let to = network.key(2);
        for ((method, params), expected) in forwardable(&key, account, ms(offset))
            .into_iter()
            .zip(expected)
        {
            let request = PeerRequest::Forward {
                method: method.to_owned(),
                params,
            };
            let reply = network.carry(0, to, request);
            assert_eq!(reply.status, expected, "{method} {offset}");
        }
        assert_eq!(network.sent.len(), 0);
    }
}

/// Spec 04 §5.3: what a client demanded of the answer stays between the two.
#[test]
fn that_a_deletion_is_required_is_not_forwarded() {
    let mut network = Network::new();
    let (key, account) = network.account(HOME);
    let hash = text(b"hello", account, network.now).hash();
    let mut delete = Delete::new(account, vec![hash]).unwrap();
    delete.required = true;
    network.request(0, Way::Json, &delete.sign(&key).unwrap());
    assert_eq!(network.sent.len(), 2);
    for (_, _, request) in &network.sent {
        let PeerRequest::Forward { method, params } = request else {
            panic!("not forwarded");
        };
        assert_eq!(method, "delete");
        let found = |needle: &[u8]| params.windows(needle.len()).any(|window| window == needle);
        assert!(found(b"8:messages") && !found(b"required"));
    }
}

/// All members get the same bytes, however the client has asked.
#[test]
fn what_is_forwarded_is_canonical() {
    let mut sent = Vec::new();
    for way in Way::ALL {
        let mut network = Network::new();
        let (key, account) = network.account(HOME);
        let store = Store::new(account, Namespace::USER_PROFILE, b"x", START, HOUR).unwrap();
        network.request(0, way, &store.sign(&key, START).unwrap());
        for (_, _, request) in network.sent {
            sent.push(request);
        }
    }
    assert_eq!(sent.len(), 8);
    assert!(sent.iter().all(|request| *request == sent[0]));
}

/// A member signs for something else than was asked: its words are passed on, and the client sees
/// through them.
#[test]
fn a_member_that_lies_is_found_out_by_the_client() {
    let mut network = Network::new();
    let (_, account) = network.account(HOME);
    let store = text(b"hello", account, network.now);
    let other = text(b"other", account, network.now);
    let lies: [(usize, Vec<u8>, Verdict<Stored>); 2] = {
        let done = |store: &Store<'_>| Stored {
            hash: store.hash(),
            expiry: store.expiry,
            already: false,
        };
        let confirm = |store: &Store<'_>, node: usize| {
            let network_kind = session_core::Network::Mainnet;
            store.confirm(done(store), network_kind, &network.keys[node])
        };
        [
            // Something else, and in the name of another node.
            (
                2,
                peer_answer(&Ok(confirm(&other, 2))),
                Verdict::Other(done(&other)),
            ),
            (
                4,
                peer_answer(&Ok(confirm(&store, 2))),
                Verdict::BadSignature,
            ),
        ]
    };
    let (ticket, _) = network.send(0, Way::Direct, &store);
    for transmit in network.drain(0).transmits {
        let (_, lie, _) = lies
            .iter()
            .find(|(node, ..)| network.key(*node) == transmit.to)
            .unwrap();
        let (status, body) = (200, lie.clone());
        let reply = Ok(PeerReply { status, body });
        network.nodes[0].handle_reply(transmit.id, reply, at(0), &mut network.rng);
    }
    let (status, body) = network.drain(0).answer_to(ticket);
    let reply = store
        .read_reply(&body, &network.members(&[0, 2, 4]))
        .unwrap();
    assert_eq!((status, reply.done().count()), (200, 1));
    for (node, _, verdict) in lies {
        assert_eq!(reply.nodes[network.key(node).as_bytes()], verdict);
    }
}

/// Megabytes of answer do not become megabytes of reply.
#[test]
fn a_member_that_babbles_is_cut_short() {
    let nested = [vec![b'd'; 1], b"6:failedi1e6:reason".to_vec()].concat();
    let reason = [
        nested,
        b"2000000:".to_vec(),
        vec![b'x'; 2_000_000],
        b"e".to_vec(),
    ]
    .concat();
    for (status, body) in [
        (200, reason),
        (200, vec![b'l'; 2_000_000]),
        (500, vec![b'x'; 2_000_000]),
        (500, vec![0xff; 2_000_000]),
    ] {
        let mut network = Network::new();
        let (_, account) = network.account(HOME);
        let store = text(b"hello", account, network.now);
        let (ticket, _) = network.send(0, Way::Direct, &store);
        for transmit in network.drain(0).transmits {
            let body = body.clone();
            let reply = Ok(PeerReply { status, body });
            network.nodes[0].handle_reply(transmit.id, reply, at(0), &mut network.rng);
        }
        let (status, body) = network.drain(0).answer_to(ticket);
        assert!(body.len() < 4000, "{} bytes", body.len());
        let reply = store
            .read_reply(&body, &network.members(&[0, 2, 4]))
            .unwrap();
        assert_eq!((status, reply.done().count()), (200, 1));
        let failed = |verdict: &&Verdict<_>| matches!(verdict, Verdict::Failed(Failure { .. }));
        assert_eq!(reply.nodes.values().filter(failed).count(), 2);
    }
}

/// Otherwise a removed member would be let in again at every node that missed the first of the two.
#[test]
fn a_late_unrevoke_does_not_undo_a_later_revoke() {
    let mut network = Network::new();
    let (key, account) = network.group(HOME);
    let token = Token::from_bytes([3; 36]);
    let later = UnixMillis::from_millis(START.as_millis() + 1);
    let mut params = Vec::new();
    let unrevoke = Unrevoke::new(account, vec![token], START);
    unrevoke.sign(&key).unwrap().write_bt(&mut params);
    let revoke = Revoke::new(account, vec![token], later).unwrap();
    let revoke = revoke.sign(&key).unwrap();
    assert_eq!(network.request(0, Way::Direct, &revoke).0, 200);
    let method = "unrevoke_subaccount".to_owned();
    let late = PeerRequest::Forward { method, params };
    let to = network.key(2);
    assert_eq!(network.carry(0, to, late).status, 200);
    let revoked = network.nodes[2].store().revoked(&account).unwrap();
    assert_eq!(revoked, [token]);
}

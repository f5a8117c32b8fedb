//! Subscriptions to new messages.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod network;

use network::{AWAY, HOME, HOUR, Network, START, Way, at, text};
use session_core::{AccountId, NetworkId, Prefix};
use session_crypto::ed25519::SigningKey;
use session_node::{Config, ConnectionId, ExpiryMode, NotifyCommand};
use session_storage::monitor::{
    Ended, Notification, Refusal, Reply, Subscription, parse_replies, write_list,
};
use session_storage::{
    Access, Expire, MemberAuth, Namespace, Revoke, Signable, Signer, Store, SubaccountKey,
};
use session_swarm::{Pool, SwarmId};

const DIRECT: Namespace = Namespace::DIRECT;
const PROFILE: Namespace = Namespace::USER_PROFILE;
const PHONE: ConnectionId = ConnectionId(7);
const LAPTOP: ConnectionId = ConnectionId(3);

fn request<'k>(
    account: NetworkId,
    namespaces: &[Namespace],
    want_data: bool,
    signer: impl Into<Signer<'k>>,
) -> Vec<u8> {
    let subscription = Subscription::new(account, namespaces, want_data).unwrap();
    let mut bt = Vec::new();
    subscription.sign(signer, START).unwrap().write_bt(&mut bt);
    bt
}

/// Subscribes at node 0.
fn subscribe(network: &mut Network, connection: ConnectionId, request: &[u8]) {
    let answer = network.nodes[0].handle_monitor(connection, request, network.now);
    assert_eq!(Reply::parse(&answer), Ok(Reply::Subscribed));
}

/// Stores through node 2.
fn store(network: &mut Network, account: NetworkId, text: &'static [u8]) {
    let store = network::text(text, account, network.now);
    assert_eq!(network.request(2, Way::Direct, &store).0, 200);
}

/// Who was told of which message, with the data if it came along.
fn told(network: &mut Network) -> Vec<(ConnectionId, String, Option<Vec<u8>>)> {
    let notifies = core::mem::take(&mut network.notifies);
    let mut told: Vec<_> = notifies
        .into_iter()
        .map(|(node, notify)| {
            assert_eq!((node, notify.command), (0, NotifyCommand::Message));
            let body = Notification::parse(&notify.body).unwrap();
            let data = body.data.map(<[u8]>::to_vec);
            (notify.connection, body.hash.as_str().to_owned(), data)
        })
        .collect();
    told.sort();
    told
}

#[test]
fn a_new_message_is_told_once_with_or_without_its_data() {
    let mut network = Network::new();
    let (key, account) = network.account(HOME);
    subscribe(
        &mut network,
        PHONE,
        &request(account, &[DIRECT], false, &key),
    );
    subscribe(
        &mut network,
        LAPTOP,
        &request(account, &[DIRECT], true, &key),
    );
    let message = text(b"hello", account, network.now);
    let hash = message.hash();
    store(&mut network, account, b"hello");

    let all = network.notifies.clone();
    let body = Notification::parse(&all[0].1.body).unwrap();
    assert_eq!((body.pubkey, body.namespace), (account, DIRECT));
    assert_eq!((body.timestamp, body.expiry), (START, message.expiry));
    let hello = Some(b"hello".to_vec());
    let expected = [
        (LAPTOP, hash.to_string(), hello),
        (PHONE, hash.to_string(), None),
    ];
    assert_eq!(told(&mut network), expected);

    // Neither a duplicate nor another expiry is new; nor is a message for others.
    network.now = at(5);
    let again = text(b"hello", account, network.now);
    network.request(0, Way::Direct, &again);
    let later = START.saturating_add(HOUR * 5);
    let expire = Expire::new(account, vec![hash], vec![later], ExpiryMode::Set).unwrap();
    network.request(0, Way::Direct, &expire.sign(&key).unwrap());
    let (_, other) = network.account(HOME);
    store(&mut network, other, b"hello");
    let private = Store::new(account, PROFILE, b"x", network.now.unix, HOUR).unwrap();
    let private = private.sign(&key, network.now.unix).unwrap();
    network.request(0, Way::Direct, &private);
    assert_eq!(told(&mut network), []);
}

/// A message that the store does not take is no message.
#[test]
fn what_could_not_be_stored_is_not_told() {
    let mut network = Network::with(Config::default(), 0);
    let (key, account) = network.account(HOME);
    subscribe(
        &mut network,
        PHONE,
        &request(account, &[DIRECT], false, &key),
    );
    let store = text(b"hello", account, network.now);
    network.request(0, Way::Direct, &store);
    assert_eq!(told(&mut network), []);
}

#[test]
fn groups_and_their_members_subscribe() {
    let mut network = Network::new();
    let (key, account) = network.group(HOME);
    let messages = Namespace::GROUP_MESSAGES;
    let member = |access| {
        let member = SigningKey::from_seed(&[8; 32]);
        let id = AccountId::new(Prefix::Standard, *member.to_x25519().public().as_bytes());
        let auth = MemberAuth::issue(&key, &id, access).unwrap();
        SubaccountKey::of_member(&member, key.public(), &auth)
    };
    let (reader, writer) = (member(Access::READ), member(Access::WRITE));
    let revoke = Revoke::new(account, vec![*reader.token()], START).unwrap();
    network.request(0, Way::Direct, &revoke.sign(&key).unwrap());
    subscribe(
        &mut network,
        PHONE,
        &request(account, &[messages], true, &key),
    );
    // Revocation is not looked at: spec 04 §11.
    subscribe(
        &mut network,
        LAPTOP,
        &request(account, &[messages], true, &reader),
    );
    let store = Store::new(account, messages, b"hi", START, HOUR).unwrap();
    let store = store.sign(&writer, START).unwrap();
    assert_eq!(network.request(4, Way::Bt, &store).0, 200);
    let connections: Vec<_> = told(&mut network).into_iter().map(|told| told.0).collect();
    assert_eq!(connections, [LAPTOP, PHONE]);
    let subscription = Subscription::new(account, [messages], true).unwrap();
    assert!(subscription.sign(&writer, START).is_err(), "may not read");
}

#[test]
fn a_repeated_subscription_adds_to_the_first_and_lives_longer() {
    let mut network = Network::new();
    let (key, account) = network.account(HOME);
    subscribe(
        &mut network,
        PHONE,
        &request(account, &[PROFILE], true, &key),
    );
    network.run_to(3000);
    subscribe(
        &mut network,
        PHONE,
        &request(account, &[DIRECT], false, &key),
    );
    network.run_to(5000);
    store(&mut network, account, b"one");
    let private = Store::new(account, PROFILE, b"two", network.now.unix, HOUR).unwrap();
    let private = private.sign(&key, network.now.unix).unwrap();
    network.request(0, Way::Direct, &private);
    let mut data: Vec<_> = told(&mut network).into_iter().map(|told| told.2).collect();
    data.sort();
    assert_eq!(data, [Some(b"one".to_vec()), Some(b"two".to_vec())]);
}

#[test]
fn a_subscription_ends_after_sixty_five_minutes() {
    let mut network = Network::new();
    let (key, account) = network.account(HOME);
    subscribe(
        &mut network,
        PHONE,
        &request(account, &[DIRECT], false, &key),
    );
    network.run_to(65 * 60 - 1);
    store(&mut network, account, b"in time");
    assert_eq!(told(&mut network).len(), 1);
    // Also when nothing has called since.
    network.now = at(65 * 60);
    store(&mut network, account, b"too late");
    assert_eq!(told(&mut network), []);
}

#[test]
fn a_subscription_ends_with_its_connection() {
    let mut network = Network::new();
    let (key, account) = network.account(HOME);
    let (other_key, other) = network.account(HOME);
    for connection in [PHONE, LAPTOP] {
        for (key, account) in [(&key, account), (&other_key, other)] {
            subscribe(
                &mut network,
                connection,
                &request(account, &[DIRECT], false, key),
            );
        }
    }
    network.nodes[0].handle_disconnect(PHONE);
    network.nodes[0].handle_disconnect(ConnectionId(99));
    store(&mut network, account, b"hello");
    store(&mut network, other, b"hello");
    let connections: Vec<_> = told(&mut network).into_iter().map(|told| told.0).collect();
    assert_eq!(connections, [LAPTOP, LAPTOP]);
}

#[test]
fn another_swarms_account_is_refused_with_its_members() {
    let mut network = Network::new();
    let (key, account) = network.account(AWAY);
    let request = request(account, &[DIRECT], false, &key);
    let answer = network.nodes[0].handle_monitor(PHONE, &request, at(0));
    let Ok(Reply::Refused { refusal, instead }) = Reply::parse(&answer) else {
        panic!("not refused");
    };
    assert_eq!(refusal, Some(Refusal::WrongSwarm));
    let instead = instead.unwrap();
    assert_eq!(&*instead.swarm, b"16:8000000000000000");
    for node in [1, 3, 5] {
        let key = format!("14:pubkey_ed2551964:{}", network.key(node).to_hex());
        let found = instead
            .snodes
            .windows(key.len())
            .any(|w| w == key.as_bytes());
        assert!(found, "node {node}");
    }
}

#[test]
fn a_list_is_answered_one_by_one() {
    let mut network = Network::new();
    let (key, account) = network.account(HOME);
    let (far_key, far) = network.account(AWAY);
    let sign = |account, key: &SigningKey| {
        let subscription = Subscription::new(account, [DIRECT], false).unwrap();
        subscription.sign(key, START).unwrap()
    };
    let requests = [
        sign(account, &key),
        sign(far, &far_key),
        sign(account, &key),
    ];
    let mut list = Vec::new();
    write_list(&requests, &mut list);
    let answer = network.nodes[0].handle_monitor(PHONE, &list, at(0));
    let replies = parse_replies(&answer, 3).unwrap();
    assert_eq!(
        (&replies[0], &replies[2]),
        (&Reply::Subscribed, &Reply::Subscribed)
    );
    assert!(matches!(
        replies[1],
        Reply::Refused {
            refusal: Some(Refusal::WrongSwarm),
            ..
        }
    ));
    store(&mut network, account, b"hello");
    assert_eq!(told(&mut network).len(), 1, "once for one connection");
}

#[test]
fn bad_requests_subscribe_nothing() {
    let mut network = Network::new();
    let (key, account) = network.account(HOME);
    let good = request(account, &[DIRECT], false, &key);
    // The key of `d` is known by its place: without it the meaning is the same.
    let d = good.windows(3).position(|window| window == b"1:d").unwrap() + 2;
    for at in (0..good.len()).filter(|at| *at != d) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        let answer = network.nodes[0].handle_monitor(PHONE, &bad, network.now);
        assert_ne!(Reply::parse(&answer), Ok(Reply::Subscribed), "byte {at}");
        let answer = network.nodes[0].handle_monitor(PHONE, &good[..at], network.now);
        assert!(!answer.is_empty());
    }
    store(&mut network, account, b"hello");
    assert_eq!(told(&mut network), []);
}

#[test]
fn when_an_account_moves_its_subscription_ends_and_says_where_to() {
    let mut network = Network::new();
    let (key, account) = network.account(HOME);
    // Node 5 founds a swarm where the account is, and another account stays.
    let position = session_swarm::position(&account);
    let mut records = network.records.clone();
    records[5].swarm_id = SwarmId::new(position);
    let pool = Pool::new(records.clone());
    let (stays_key, stays) = loop {
        let (key, stays) = network.account(HOME);
        if pool.swarm_of(&stays).unwrap().id() == HOME {
            break (key, stays);
        }
    };
    subscribe(
        &mut network,
        PHONE,
        &request(account, &[DIRECT], false, &key),
    );
    subscribe(
        &mut network,
        LAPTOP,
        &request(stays, &[DIRECT], false, &stays_key),
    );
    network.records = records;
    network.spread_list();
    network.settle();
    let [(node, notify)] = &core::mem::take(&mut network.notifies)[..] else {
        panic!("one ends");
    };
    assert_eq!((*node, notify.connection), (0, PHONE));
    assert_eq!(notify.command, NotifyCommand::Ended);
    let ended = Ended::parse(&notify.body).unwrap();
    assert_eq!(ended.pubkey, account);
    let swarm = format!("{position:x}");
    let swarm = format!("{}:{swarm}", swarm.len());
    assert_eq!(&*ended.instead.unwrap().swarm, swarm.as_bytes());
    store(&mut network, stays, b"hello");
    assert_eq!(told(&mut network).len(), 1);
    // The account is not served any more, and nothing is told of it.
    let answer = network.nodes[0].handle_monitor(
        PHONE,
        &request(account, &[DIRECT], false, &key),
        network.now,
    );
    assert_ne!(Reply::parse(&answer), Ok(Reply::Subscribed));
}

/// Nobody else's swarm changes by it.
#[test]
fn who_leaves_its_swarm_ends_its_subscriptions() {
    let mut network = Network::new();
    let (key, account) = network.account(HOME);
    subscribe(
        &mut network,
        PHONE,
        &request(account, &[DIRECT], false, &key),
    );
    network.records[0].swarm_id = SwarmId::INVALID;
    network.spread_list();
    network.settle();
    let [(0, notify)] = &network.notifies[..] else {
        panic!("one ends");
    };
    assert_eq!(notify.command, NotifyCommand::Ended);
    let ended = Ended::parse(&notify.body).unwrap();
    assert_eq!(&*ended.instead.unwrap().swarm, b"1:0");
}

/// Who was forgotten is not told of a move either.
#[test]
fn what_has_ended_does_not_end_again() {
    let mut network = Network::new();
    let (key, account) = network.account(HOME);
    let request = request(account, &[DIRECT], false, &key);
    subscribe(&mut network, PHONE, &request);
    network.run_to(65 * 60 + 10);
    network.records[0].swarm_id = SwarmId::INVALID;
    network.spread_list();
    network.settle();
    assert_eq!(network.notifies, []);
}

#[test]
fn a_node_without_a_list_takes_no_subscription() {
    let mut network = Network::new();
    let (key, account) = network.account(HOME);
    network.nodes[0].handle_node_list(Pool::default(), network.now);
    let request = request(account, &[DIRECT], false, &key);
    let answer = network.nodes[0].handle_monitor(PHONE, &request, network.now);
    let refusal = Some(Refusal::WrongSwarm);
    assert!(
        matches!(Reply::parse(&answer), Ok(Reply::Refused { refusal: got, .. }) if got == refusal)
    );
}

#[test]
fn those_that_end_first_make_room() {
    for max in [1, 2, 4] {
        let mut config = Config::default();
        config.max_subscriptions = max;
        let mut network = Network::with(config, usize::MAX);
        let (key, account) = network.account(HOME);
        for number in 0..5 {
            network.now = at(number);
            let request = request(account, &[DIRECT], false, &key);
            subscribe(&mut network, ConnectionId(number), &request);
            // A repetition takes no room.
            subscribe(&mut network, ConnectionId(number), &request);
        }
        store(&mut network, account, b"hello");
        let connections: Vec<_> = told(&mut network)
            .into_iter()
            .map(|told| told.0.0)
            .collect();
        let expected: Vec<_> = (0..5).skip(5 - max).collect();
        assert_eq!(connections, expected);
    }
}

//! What every method is refused for, in every way in which it can be asked.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod network;

use network::{AWAY, HOME, HOUR, Network, START, Way};
use session_core::{NetworkId, UnixMillis};
use session_crypto::ed25519::SigningKey;
use session_node::ExpiryMode;
use session_storage::{
    Delete, DeleteAll, DeleteBefore, Endpoint, Expire, ExpireAll, GetExpiries, GetRevoked,
    GetSwarm, MessageHash, Namespace, Request, Retrieve, Revoke, Signable, Store, Unrevoke,
};

const PROFILE: Namespace = Namespace::USER_PROFILE;

/// One request of every method that asks who serves the account.
fn of_every_method(key: &SigningKey, account: NetworkId, at: UnixMillis) -> Vec<Request<'static>> {
    let hash = MessageHash::of(&account, PROFILE, b"");
    let expire = Expire::new(account, vec![hash], vec![at], ExpiryMode::Set);
    vec![
        Store::new(account, PROFILE, b"", at, HOUR)
            .unwrap()
            .sign(key, at)
            .unwrap()
            .into(),
        Retrieve::new(account, PROFILE)
            .sign(key, at)
            .unwrap()
            .into(),
        Delete::new(account, vec![hash])
            .unwrap()
            .sign(key)
            .unwrap()
            .into(),
        DeleteAll::new(account, None, at).sign(key).unwrap().into(),
        DeleteBefore::new(account, None, at)
            .sign(key)
            .unwrap()
            .into(),
        expire.unwrap().sign(key).unwrap().into(),
        ExpireAll::new(account, None, at).sign(key).unwrap().into(),
        GetExpiries::new(account, &[hash], at)
            .unwrap()
            .sign(key)
            .unwrap()
            .into(),
        Revoke::new(account, vec![], at)
            .unwrap()
            .sign(key)
            .unwrap()
            .into(),
        Unrevoke::new(account, vec![], at).sign(key).unwrap().into(),
        GetRevoked::new(account, at).sign(key).unwrap().into(),
    ]
}

#[test]
fn the_wrong_swarm_is_told_by_every_method_as_get_swarm_does() {
    for way in Way::ALL {
        let mut network = Network::new();
        let (key, account) = network.group(AWAY);
        let swarm = GetSwarm::new(account);
        let (status, members) = network.request(0, way, &swarm);
        assert_eq!(status, 200);
        if way == Way::Bt {
            assert!(members.starts_with(b"d2:hfli21ei0ee6:snodesl"));
            let record = b"4:port5:2202110:port_httpsi22021e8:port_omqi20200e9:port_quici20200e";
            let found = members.windows(record.len()).filter(|at| at == record);
            assert_eq!(found.count(), 3);
        }
        for request in of_every_method(&key, account, START) {
            let answer = network.request(0, way, &request);
            assert_eq!(answer, (421, members.clone()), "{}", request.method());
        }
        assert_eq!(network.sent.len(), 0);
    }
}

#[test]
fn old_requests_are_refused_in_the_words_of_deployed_nodes() {
    for way in Way::ALL {
        let mut network = Network::new();
        let (key, account) = network.group(HOME);
        let old = UnixMillis::from_millis(START.as_millis() - 60_001);
        for request in of_every_method(&key, account, old) {
            let method = request.method();
            let (status, body) = network.request(0, way, &request);
            let text = String::from_utf8_lossy(&body).into_owned();
            let expected = match method {
                // These hold for ever, or tell the time up to which they count.
                "delete" | "delete_before" => {
                    assert_eq!(status, 200);
                    continue;
                }
                "store" => (406, "store signature timestamp too far from current time"),
                "expire" => (401, "expire: timestamp should be >= current time"),
                "expire_all" => (406, "expire_all: timestamp should be >= current time"),
                _ => {
                    let too_far = format!("{method} timestamp too far from current time");
                    assert_eq!((status, text), (406, too_far));
                    continue;
                }
            };
            assert_eq!((status, &*text), expected);
        }
    }
}

#[test]
fn a_signature_of_somebody_else_is_refused_and_nothing_is_forwarded() {
    for way in Way::ALL {
        let mut network = Network::new();
        let (_, account) = network.group(HOME);
        let (stranger, foreign) = network.group(HOME);
        let id = |account: &NetworkId| account.as_bytes().to_vec();
        for request in of_every_method(&stranger, foreign, START) {
            // The stranger's signature under the account's name, in every form.
            let (method, network) = (request.method(), &mut network);
            let (status, body) = if way == Way::Bt {
                let mut bt = Vec::new();
                request.write_bt(&mut bt);
                let at = find(&bt, &id(&foreign));
                bt[at..at + 33].copy_from_slice(&id(&account));
                let node = &mut network.nodes[0];
                let ticket = node.handle_storage_method(method, &bt, network.now, &mut network.rng);
                network.settle();
                network.answer_of(0, ticket).unwrap()
            } else {
                let mut json = String::new();
                request.write_json(&mut json);
                let json = json.replace(&foreign.to_hex(), &account.to_hex());
                let (ticket, reply) = network.give(Way::Onion, json.as_bytes());
                network.settle();
                let (status, body) = network.answer_of(0, ticket).unwrap();
                network::open(status, body, reply)
            };
            let text = String::from_utf8(body).unwrap();
            let expected = format!("{method} signature verification failed");
            assert_eq!((status, text), (401, expected));
        }
        assert_eq!(network.sent.len(), 0);
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> usize {
    let mut windows = haystack.windows(needle.len());
    windows.position(|window| window == needle).unwrap()
}

//! Requests: what a client writes is what a node reads, and nothing else is accepted.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

use core::time::Duration;

use proptest::prelude::*;
use session_core::{Network, NetworkId, UnixMillis, base64, hex};
use session_crypto::ed25519::SigningKey;
use session_storage::{
    Context, GetSwarm, Info, MAX_BODY_LEN, MAX_DATA_LEN, MessageHash, Namespace, Rejection,
    Request, Retrieve, Store, parse_bt, parse_forwarded, parse_json,
};

const NOW: UnixMillis = UnixMillis::from_secs(1_800_000_000);
const TTL: Duration = Duration::from_secs(3600);

fn key() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

/// The account of [`key`], as a person or as a group.
fn account(standard: bool) -> NetworkId {
    let key = key();
    let (prefix, key) = if standard {
        (5, *key.to_x25519().public().as_bytes())
    } else {
        (3, *key.public().as_bytes())
    };
    let mut id = [prefix; 33];
    id[1..].copy_from_slice(&key);
    id.into()
}

fn store(namespace: Namespace) -> Store<'static> {
    Store::new(account(true), namespace, b"data", NOW, TTL).unwrap()
}

fn json(body: &str) -> Result<Request<'_>, Rejection> {
    parse_json(body.as_bytes(), Network::Mainnet)
}

/// The rejection of a `store` whose parameters are `params` after a valid account.
fn store_error(params: &str) -> Rejection {
    let pubkey = account(true).to_hex();
    let body = format!(r#"{{"method":"store","params":{{"pubkey":"{pubkey}",{params}}}}}"#);
    json(&body).unwrap_err()
}

proptest! {
    #[test]
    fn stores_survive_json_and_bt(
        number: i16,
        data in proptest::collection::vec(any::<u8>(), 0..300),
        made in 1_000_000_000u64..1 << 50,
        ttl in 10_000u64..=1_209_600_000,
        signed: bool,
        standard: bool,
    ) {
        let made = UnixMillis::from_millis(made);
        let mut store = Store::new(
            account(standard),
            Namespace::new(number),
            data,
            made,
            Duration::from_millis(ttl),
        )
        .unwrap();
        if signed {
            store = store.sign(&key(), NOW).unwrap();
        }
        let (mut text, mut bytes) = (String::new(), Vec::new());
        store.write_json(&mut text);
        store.write_bt(&mut bytes);
        let expected = Ok(Request::Store(store));
        prop_assert_eq!(&json(&text), &expected);
        prop_assert_eq!(&parse_bt("store", &bytes, Network::Mainnet), &expected);
        prop_assert_eq!(&parse_forwarded("store", &bytes, Network::Mainnet), &expected);
    }

    #[test]
    fn retrieves_survive_json(
        number: i16,
        max_count: Option<i32>,
        max_size: Option<i32>,
        after: Option<[u8; 4]>,
        standard: bool,
    ) {
        let mut retrieve = Retrieve::new(account(standard), Namespace::new(number));
        retrieve.max_count = max_count;
        retrieve.max_size = max_size;
        retrieve.last_hash =
            after.map(|data| MessageHash::of(&retrieve.pubkey, retrieve.namespace, &data));
        let retrieve = retrieve.sign(&key(), NOW).unwrap();
        let mut text = String::new();
        retrieve.write_json(&mut text);
        prop_assert_eq!(json(&text), Ok(Request::Retrieve(retrieve)));
    }

    #[test]
    fn any_bytes_give_a_request_or_a_rejection(bytes: Vec<u8>, text in r#"[{}\[\]":,a-z0-9]{0,60}"#) {
        for input in [bytes.as_slice(), text.as_bytes()] {
            prop_assert!(parse_json(input, Network::Testnet).is_err());
            for method in ["store", "retrieve", "get_swarm"] {
                prop_assert!(parse_bt(method, input, Network::Testnet).is_err());
            }
        }
    }

    #[test]
    fn a_changed_signed_request_is_refused_or_the_same(at: prop::sample::Index, flip in 1u8..) {
        let store = store(Namespace::GROUP_KEYS).sign(&key(), NOW).unwrap();
        let mut bytes = Vec::new();
        store.write_bt(&mut bytes);
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        let Ok(Request::Store(changed)) = parse_bt("store", &bytes, Network::Mainnet) else {
            return Ok(());
        };
        // The signature covers neither data nor the message's own times (spec 04 §4.2), and in a
        // public inbox nothing is verified.
        let open = !changed.namespace.store_needs_signature();
        let same = (changed.pubkey, changed.namespace, changed.signed)
            == (store.pubkey, store.namespace, store.signed);
        let authorized = changed.authorize(&Context::new(NOW, true)).is_ok();
        prop_assert!(open || same || !authorized);
    }

    #[test]
    fn truncated_requests_are_refused(at: prop::sample::Index) {
        let store = store(Namespace::GROUP_KEYS).sign(&key(), NOW).unwrap();
        let (mut text, mut bytes) = (String::new(), Vec::new());
        store.write_json(&mut text);
        store.write_bt(&mut bytes);
        prop_assert!(json(&text[..at.index(text.len())]).is_err());
        let bytes = &bytes[..at.index(bytes.len())];
        prop_assert!(parse_bt("store", bytes, Network::Mainnet).is_err());
    }
}

#[test]
fn requests_without_signature_survive_json() {
    let mut text = String::new();
    GetSwarm::new(account(true)).write_json(&mut text);
    assert_eq!(
        json(&text),
        Ok(Request::GetSwarm(GetSwarm::new(account(true))))
    );
    text.clear();
    Info.write_json(&mut text);
    assert_eq!(json(&text), Ok(Request::Info(Info)));
    text.clear();
    Retrieve::new(account(true), Namespace::ACCOUNT_KEYS).write_json(&mut text);
    assert!(matches!(json(&text), Ok(Request::Retrieve(_))));
}

#[test]
fn framing_errors_by_name() {
    let no = |field| Err(Rejection::NoField { field });
    assert_eq!(json("{"), Err(Rejection::InvalidJson));
    assert_eq!(json("[]"), no("method"));
    assert_eq!(json(r#"["info",{}]"#), no("method"));
    assert_eq!(json("5"), no("method"));
    assert_eq!(json(r#"{"method":5,"params":{}}"#), no("method"));
    assert_eq!(json(r#"{"method":"info"}"#), no("params"));
    assert_eq!(json(r#"{"method":"info","params":null}"#), no("params"));
    assert_eq!(json(r#"{"method":"info","params":[]}"#), no("params"));
    assert_eq!(
        json(r#"{"method":"info","method":"info","params":{}}"#),
        Err(Rejection::InvalidJson)
    );
    let long = format!(r#"{{"method":"{}","params":{{}}}}"#, "é".repeat(100));
    let rejection = json(&long).unwrap_err();
    assert_eq!(
        rejection.to_string(),
        format!("no method {}", "é".repeat(64))
    );
    assert_eq!(rejection.status(), 400);
    let large = vec![b' '; MAX_BODY_LEN + 1];
    let rejection = parse_json(&large, Network::Mainnet).unwrap_err();
    assert_eq!((rejection.status(), rejection), (413, Rejection::TooLarge));
    assert_eq!(
        parse_bt("info", &large, Network::Mainnet),
        Err(Rejection::TooLarge)
    );
    assert_eq!(
        parse_bt("info", b"li1ee", Network::Mainnet),
        Err(Rejection::Malformed)
    );
    assert_eq!(
        parse_bt("info", b"de-", Network::Mainnet),
        Err(Rejection::Malformed)
    );
}

#[test]
fn depth_does_not_overflow_the_stack() {
    let deep = "[".repeat(1_000_000);
    assert_eq!(json(&deep), Err(Rejection::InvalidJson));
    let unknown = format!(
        r#"{{"method":"info","params":{{"x":{deep}{}}}}}"#,
        "]".repeat(1_000_000)
    );
    assert_eq!(json(&unknown), Ok(Request::Info(Info)));
}

#[test]
fn parameter_errors_by_name() {
    let invalid = |field| Rejection::Invalid { field };
    let base = r#""timestamp":1800000000000,"data":"YQ==""#;
    let with = |more: &str| store_error(&format!("{base},{more}"));
    assert_eq!(store_error(base), Rejection::Missing { field: "expiry" });
    assert_eq!(
        with(r#""ttl":10000,"expiry":1800000010000"#),
        Rejection::Exclusive {
            first: "ttl",
            second: "expiry"
        }
    );
    assert_eq!(with(r#""ttl":18446744073709551615"#), invalid("ttl"));
    assert_eq!(with(r#""expiry":5"#), invalid("expiry"));
    assert_eq!(with(r#""ttl":10000,"namespace":"0""#), invalid("namespace"));
    assert_eq!(
        with(r#""ttl":10000,"sig_timestamp":5"#),
        invalid("sig_timestamp")
    );
    assert_eq!(
        with(r#""ttl":10000,"signature":"AAAA""#),
        invalid("signature")
    );
    assert_eq!(with(r#""ttl":10000,"ttl":10000"#), Rejection::Malformed);
    assert_eq!(
        store_error(r#""data":"YQ==","ttl":10000"#),
        Rejection::Missing { field: "timestamp" }
    );
    let pubkey = account(true).to_hex();
    assert_eq!(
        with(&format!(r#""ttl":10000,"pubKey":"{pubkey}""#)),
        Rejection::Exclusive {
            first: "pubkey",
            second: "pubKey"
        }
    );
    let signature = base64::encode(&[0; 64]);
    assert_eq!(
        with(&format!(
            r#""ttl":10000,"signature":"{signature}","subaccount":"token""#
        )),
        Rejection::Subaccount
    );
    let long = base64::encode(&[0; MAX_DATA_LEN + 1]);
    assert_eq!(
        store_error(&format!(
            r#""timestamp":1800000000000,"ttl":10000,"data":"{long}""#
        )),
        invalid("data")
    );
    let group = account(false).to_hex();
    let ed25519 = hex::encode(&[1; 32]);
    let body = format!(
        r#"{{"method":"retrieve","params":{{"pubkey":"{group}","timestamp":1800000000000,
        "signature":"{signature}","pubkey_ed25519":"{ed25519}"}}}}"#
    );
    assert_eq!(json(&body), Err(invalid("pubkey_ed25519")));
}

#[test]
fn only_recursive_methods_are_forwarded() {
    let mut dict = Vec::from(*b"d6:pubkey33:");
    dict.extend_from_slice(account(true).as_bytes());
    dict.push(b'e');
    assert!(parse_bt("get_swarm", &dict, Network::Mainnet).is_ok());
    let rejection = parse_forwarded("get_swarm", &dict, Network::Mainnet).unwrap_err();
    assert_eq!(
        (rejection.status(), rejection),
        (400, Rejection::NotForwardable)
    );
}

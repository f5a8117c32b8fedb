//! Requests: what a client writes is what a node reads, and what was changed on the way is
//! refused or means the same.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

mod samples;

use proptest::prelude::*;
use samples::*;
use session_core::{Network, NetworkId};
use session_storage::*;

fn json(body: &str) -> Result<Request<'_>, Rejection> {
    parse_json(body.as_bytes(), Network::Mainnet)
}

fn bt<'a>(method: &str, params: &'a [u8]) -> Result<Request<'a>, Rejection> {
    parse_bt(method, params, Network::Mainnet)
}

/// Whether a request comes back in every form that it has.
fn survives(request: &Request<'_>) -> Result<(), TestCaseError> {
    let (text, bytes) = (json_of(request), bt_of(request));
    let (name, expected) = (request.method(), Ok(request.clone()));
    prop_assert_eq!(&json(&text), &expected);
    prop_assert_eq!(&bt(name, &bytes), &expected);
    let params = text
        .strip_prefix(&format!(r#"{{"method":"{name}","params":"#))
        .and_then(|rest| rest.strip_suffix('}'));
    let params = params.unwrap().as_bytes();
    let read = parse_json_params(name, params, Network::Mainnet);
    prop_assert_eq!(&read, &expected);
    prop_assert_eq!(read.unwrap().into_owned(), request.clone());
    let forwarded = parse_forwarded(name, &bytes, Network::Mainnet);
    if request.is_recursive() {
        prop_assert_eq!(forwarded, expected);
    } else {
        prop_assert_eq!(forwarded, Err(Rejection::NotForwardable));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Every method, signed by every kind of key, alone and within batches and conditions.
    #[test]
    fn every_request_survives_every_form(parts in parts(), party in 0usize..5) {
        let by = &Party::all()[party];
        for method in all_methods() {
            if by.can(method) {
                let request = parts.request(method, by).unwrap();
                prop_assert_eq!(request.method(), *method);
                survives(&request)?;
            }
        }
    }

    #[test]
    fn unsigned_requests_survive_every_form(parts in parts(), by in 0usize..2) {
        let account = Party::all()[by].account;
        let at = session_core::UnixMillis::from_millis(parts.at);
        let namespace = Namespace::new(parts.namespace);
        let store = Store::new(account, namespace, parts.data, at, seconds(60)).unwrap();
        survives(&store.into())?;
        // Elsewhere the parser demands a signature, except where the namespace is left out.
        for namespace in [Namespace::DIRECT, Namespace::LEGACY_GROUP, Namespace::ACCOUNT_KEYS] {
            survives(&Retrieve::new(account, namespace).into())?;
        }
    }

    /// A node that takes a changed request does what was signed, for whom it was signed.
    #[test]
    fn what_was_changed_is_refused_or_means_the_same(
        party in 0usize..5,
        mode in modes(),
        at: prop::sample::Index,
        flip in 1u8..,
        as_json: bool,
    ) {
        let by = &Party::all()[party];
        let parts = Parts { mode, ..Parts::default() };
        for method in signed_methods() {
            if by.can(method) {
                let request = parts.request(method, by).unwrap();
                let mut bytes = match as_json {
                    true => json_of(&request).into_bytes(),
                    false => bt_of(&request),
                };
                let at = at.index(bytes.len());
                bytes[at] ^= flip;
                let changed = match as_json {
                    true => parse_json(&bytes, Network::Mainnet),
                    false => bt(method, &bytes),
                };
                if let Ok(changed) = changed {
                    is_refused_or_the_same(&request, &changed)?;
                }
            }
        }
    }

    #[test]
    fn any_bytes_give_a_request_or_a_rejection(
        bytes: Vec<u8>,
        text in r#"[{}\[\]":,a-z0-9]{0,60}"#,
        dict in r#"d([0-9]:[a-z]{1,4}|[0-9i:edl]){0,20}e?"#,
    ) {
        for input in [bytes.as_slice(), text.as_bytes(), dict.as_bytes()] {
            prop_assert!(parse_json(input, Network::Testnet).is_err());
            for method in METHODS {
                let _ = parse_bt(method, input, Network::Testnet);
                let _ = parse_json_params(method, input, Network::Testnet);
                let _ = parse_forwarded(method, input, Network::Testnet);
            }
        }
    }

    /// Nearer to real requests than arbitrary bytes: real ones with damage.
    #[test]
    fn damaged_requests_do_not_panic(
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        method in prop::sample::select(all_methods()),
        other in prop::sample::select(&METHODS[..]),
    ) {
        let by = Party::group();
        let request = Parts::default().request(method, &by).unwrap();
        let (mut text, mut bytes) = (json_of(&request).into_bytes(), bt_of(&request));
        for (at, byte) in damage {
            let (in_text, in_bytes) = (at.index(text.len()), at.index(bytes.len()));
            text[in_text] = byte;
            bytes[in_bytes] = byte;
        }
        let _ = parse_json(&text, Network::Mainnet);
        for method in [method, other] {
            let _ = bt(method, &bytes);
        }
    }
}

fn is_refused_or_the_same(
    request: &Request<'_>,
    changed: &Request<'_>,
) -> Result<(), TestCaseError> {
    let unverified = match changed {
        // In a public inbox nothing is verified (spec 04 §4.4).
        Request::Store(store) => !store.namespace.store_needs_signature(),
        // One changed byte cannot take away all that demands a signature.
        Request::Retrieve(retrieve) => retrieve.signed.is_none(),
        _ => false,
    };
    prop_assert!(!unverified || matches!(changed, Request::Store(_)));
    if unverified || decide(changed.clone(), &Context::new(NOW, true), |_| false).is_err() {
        return Ok(());
    }
    let ((payload, auth), (same, same_auth)) =
        (signed_part(request).unwrap(), signed_part(changed).unwrap());
    prop_assert_eq!(payload, same);
    prop_assert_eq!(auth, same_auth);
    // The account is bound by its key, the prefix only by a token (spec 04 §4.2).
    let key = |request: &Request<'_>| request.account().map(NetworkId::key_bytes);
    prop_assert_eq!(key(request), key(changed));
    if auth.subaccount.is_some() {
        prop_assert_eq!(request.account(), changed.account());
    }
    Ok(())
}

#[test]
fn what_is_cut_short_is_refused() {
    for by in Party::all() {
        for method in all_methods().iter().filter(|method| by.can(method)) {
            let request = Parts::default().request(method, &by).unwrap();
            let (text, bytes) = (json_of(&request), bt_of(&request));
            // Each cut is a parse of the whole: a few hundred suffice for the long ones.
            for cut in (0..text.len()).step_by(text.len() / 300 + 1) {
                assert_eq!(json(&text[..cut]), Err(Rejection::InvalidJson));
            }
            for cut in (0..bytes.len()).step_by(bytes.len() / 300 + 1) {
                assert!(bt(method, &bytes[..cut]).is_err(), "{method} {cut}");
            }
        }
    }
}

#[test]
fn what_follows_a_request_is_refused() {
    for method in all_methods() {
        let request = Parts::default().request(method, &Party::group()).unwrap();
        let (text, mut bytes) = (json_of(&request) + "5", bt_of(&request));
        bytes.extend_from_slice(b"i5e");
        assert_eq!(json(&text), Err(Rejection::InvalidJson));
        assert_eq!(bt(method, &bytes), Err(Rejection::Malformed));
    }
}

#[test]
fn only_recursive_methods_are_forwarded() {
    let recursive: Vec<_> = all_methods()
        .iter()
        .map(|method| Parts::default().request(method, &Party::group()).unwrap())
        .filter(Request::is_recursive)
        .map(|request| request.method())
        .collect();
    let expected = [
        "store",
        "delete",
        "delete_all",
        "delete_before",
        "expire",
        "expire_all",
        "revoke_subaccount",
        "unrevoke_subaccount",
    ];
    assert_eq!(recursive, expected);
}

#[test]
fn what_stays_between_client_and_node_is_not_forwarded() {
    let parts = Parts {
        required: true,
        ..Parts::default()
    };
    let request = parts.request("delete", &Party::group()).unwrap();
    let Request::Delete(delete) = request.clone() else {
        panic!("not a delete");
    };
    let forwarded = Request::from(delete.forwarded());
    let plain = Parts::default().request("delete", &Party::group()).unwrap();
    assert_eq!(bt_of(&forwarded), bt_of(&plain));
    assert_ne!(bt_of(&request), bt_of(&plain));
}

#[test]
fn other_names_and_forms_are_read() {
    let id = person().to_hex();
    for method in ["get_swarm", "get_snodes_for_pubkey"] {
        for field in ["pubkey", "pubKey"] {
            let body = format!(r#"{{"method":"{method}","params":{{"{field}":"{id}"}}}}"#);
            assert_eq!(json(&body), Ok(GetSwarm::new(person()).into()));
        }
    }
    // Hex in place of raw bytes.
    let dict = format!("d6:pubkey66:{id}e");
    assert_eq!(
        bt("get_swarm", dict.as_bytes()),
        Ok(GetSwarm::new(person()).into())
    );

    let by = Party::group();
    for (method, parts) in [
        (
            "delete",
            Parts {
                messages: vec![hash(b"a")],
                ..Parts::default()
            },
        ),
        (
            "expire",
            Parts {
                messages: vec![hash(b"a")],
                ..Parts::default()
            },
        ),
        (
            "get_expiries",
            Parts {
                messages: vec![hash(b"a")],
                ..Parts::default()
            },
        ),
        (
            "revoke_subaccount",
            Parts {
                tokens: vec![Token::from_bytes([3; 36])],
                ..Parts::default()
            },
        ),
        (
            "unrevoke_subaccount",
            Parts {
                tokens: vec![Token::from_bytes([3; 36])],
                ..Parts::default()
            },
        ),
    ] {
        // A single element in place of the list.
        let request = parts.request(method, &by).unwrap();
        let text = json_of(&request);
        let single = text.replacen("[\"", "\"", 1).replacen("\"]", "\"", 1);
        assert_ne!(single, text);
        assert_eq!(json(&single), Ok(request));
    }
    // Names may be written with escapes; null is absent; what is not known is ignored.
    let request = Parts::default().request("delete_all", &by).unwrap();
    let text = json_of(&request);
    for (from, to) in [
        ("\"namespace\"", "\"n\\u0061mespace\""),
        ("{\"namespace\"", "{\"subaccount\":null,\"namespace\""),
        ("{\"namespace\"", "{\"subaccount\":\"\",\"namespace\""),
        ("{\"namespace\"", "{\"x\":{\"pubkey\":5},\"namespace\""),
        ("{\"namespace\"", " { \"namespace\""),
    ] {
        let other = text.replacen(from, to, 1);
        assert_ne!(other, text);
        assert_eq!(json(&other), Ok(request.clone()), "{other}");
    }
}

//! Why requests are refused, by name: at the frame, and field by field.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

mod samples;

use samples::*;
use session_core::{Network, base64, hex};
use session_storage::*;

fn json(body: &str) -> Result<Request<'_>, Rejection> {
    parse_json(body.as_bytes(), Network::Mainnet)
}

/// The rejection of these parameters of a method.
fn refused(method: &str, params: &str) -> Rejection {
    let read = parse_json_params(method, params.as_bytes(), Network::Mainnet);
    read.unwrap_err()
}

const fn missing(field: &'static str) -> Rejection {
    Rejection::Missing { field }
}

const fn invalid(field: &'static str) -> Rejection {
    Rejection::Invalid { field }
}

#[test]
fn frames() {
    let no = |field| Err(Rejection::NoField { field });
    assert_eq!(json(""), Err(Rejection::InvalidJson));
    assert_eq!(json("{"), Err(Rejection::InvalidJson));
    for body in [
        "[]",
        r#"["info",{}]"#,
        "5",
        "null",
        r#"{"method":5,"params":{}}"#,
    ] {
        assert_eq!(json(body), no("method"), "{body}");
    }
    for params in [
        "",
        r#","params":null"#,
        r#","params":[]"#,
        r#","params":"{}""#,
    ] {
        let body = format!(r#"{{"method":"info"{params}}}"#);
        assert_eq!(json(&body), no("params"), "{body}");
    }
    for (method, body) in [
        ("info", "li1ee"),
        ("info", "de-"),
        ("store", ""),
        ("batch", "d"),
    ] {
        let read = parse_bt(method, body.as_bytes(), Network::Mainnet);
        assert_eq!(read, Err(Rejection::Malformed), "{body}");
    }
    assert_eq!(refused("info", "{"), Rejection::InvalidBody);
    assert_eq!(refused("info", "[]"), Rejection::Malformed);
    assert_eq!(
        refused("store", r#"{"ttl":1,"ttl":1}"#),
        Rejection::Malformed
    );
}

#[test]
fn unknown_methods_are_quoted_up_to_a_length() {
    for method in ["Info", "info ", "", "monitor", "get_stats"] {
        let body = format!(r#"{{"method":"{method}","params":{{}}}}"#);
        let rejection = json(&body).unwrap_err();
        assert_eq!(rejection.to_string(), format!("no method {method}"));
        let params = parse_json_params(method, b"{}", Network::Mainnet);
        assert_eq!(params, Err(rejection.clone()));
        assert_eq!(parse_bt(method, b"de", Network::Mainnet), Err(rejection));
    }
    let long = format!(r#"{{"method":"{}","params":{{}}}}"#, "é".repeat(100));
    let rejection = json(&long).unwrap_err();
    assert_eq!(
        rejection.to_string(),
        format!("no method {}", "é".repeat(64))
    );
}

/// A signed request with one field replaced by some value, or left out.
fn with(method: &str, by: &Party, field: &str, value: Option<&str>) -> Result<(), Rejection> {
    let request = Parts {
        required: true,
        ..Parts::default()
    };
    let request = request.request(method, by).unwrap();
    let text = json_of(&request);
    let mut request: serde_json::Map<_, _> = serde_json::from_str(&text).unwrap();
    let params = request["params"].as_object_mut().unwrap();
    params.remove(field);
    if let Some(value) = value {
        params.insert(field.to_owned(), serde_json::from_str(value).unwrap());
    }
    let params = serde_json::to_string(params).unwrap();
    parse_json_params(method, params.as_bytes(), Network::Mainnet).map(drop)
}

#[test]
fn fields_that_must_be_there() {
    for (method, fields) in [
        ("store", &["pubkey", "timestamp", "expiry", "data"][..]),
        ("retrieve", &["pubkey", "timestamp", "signature"]),
        ("delete", &["pubkey", "messages", "signature"]),
        ("delete_all", &["pubkey", "timestamp", "signature"]),
        ("delete_before", &["pubkey", "before", "signature"]),
        ("expire", &["pubkey", "messages", "expiry", "signature"]),
        ("expire_all", &["pubkey", "expiry", "signature"]),
        (
            "get_expiries",
            &["pubkey", "messages", "timestamp", "signature"],
        ),
        (
            "revoke_subaccount",
            &["pubkey", "revoke", "timestamp", "signature"],
        ),
        (
            "unrevoke_subaccount",
            &["pubkey", "unrevoke", "timestamp", "signature"],
        ),
        ("revoked_subaccounts", &["pubkey", "timestamp", "signature"]),
        ("get_swarm", &["pubkey"]),
        ("oxend_request", &["endpoint"]),
        ("batch", &["requests"]),
        ("sequence", &["requests"]),
        ("ifelse", &["if"]),
    ] {
        let by = Party::group();
        for field in fields {
            let absent = with(method, &by, field, None);
            assert_eq!(absent, Err(missing(field)), "{method}");
            // Null is absent.
            let null = with(method, &by, field, Some("null"));
            assert_eq!(null, Err(missing(field)), "{method}");
        }
    }
    for method in ["store", "retrieve", "delete_all", "expire", "get_expiries"] {
        let by = Party::group_token(EVERYTHING);
        let absent = with(method, &by, "subaccount_sig", None);
        assert_eq!(absent, Err(missing("subaccount_sig")), "{method}");
    }
}

#[test]
fn fields_of_the_wrong_form() {
    let (text, short) = ("\"x\"", "\"AAAA\"");
    let seconds = "1800000000";
    for (method, field, bad) in [
        ("store", "timestamp", &["-1", "1.0", "\"+1\"", "true"][..]),
        ("store", "expiry", &["999999999", text, "1e12", "-1"]),
        ("store", "data", &["5", "\"A\"", "\"A===\"", "\"-_==\""]),
        (
            "store",
            "namespace",
            &["32768", "-32769", "\"all\"", "\"0\"", "1.0"],
        ),
        ("store", "sig_timestamp", &["5", text]),
        ("store", "signature", &[short, "5", "[]"]),
        ("retrieve", "namespace", &["32768", "\"all\""]),
        ("retrieve", "last_hash", &[text, "5"]),
        ("retrieve", "max_count", &["2147483648", "\"5\"", "1.0"]),
        ("retrieve", "max_size", &["-2147483649", "true"]),
        ("retrieve", "timestamp", &["999999999", "\"1800000000000\""]),
        ("delete", "messages", &["[]", text, "[5]", "{}", "[null]"]),
        ("delete", "required", &["1", "\"true\"", "[]"]),
        ("delete_all", "namespace", &["32768", "\"ALL\"", "[0]"]),
        ("delete_all", "timestamp", &["5", text]),
        ("delete_before", "before", &["5", text]),
        ("expire", "messages", &["[]", text, "5"]),
        (
            "expire",
            "expiry",
            &["[]", "[1,2,3]", text, "-1", "[1.0,1]"],
        ),
        ("expire", "extend", &["1", text]),
        ("expire", "shorten", &["0", "[]"]),
        ("expire_all", "expiry", &["5", text]),
        ("get_expiries", "messages", &["[]", "5", "[5]"]),
        ("get_expiries", "timestamp", &["5", text]),
        ("revoke_subaccount", "revoke", &[text, "[5]", "{}"]),
        ("unrevoke_subaccount", "unrevoke", &[text, "[5]", short]),
        ("revoked_subaccounts", "signature", &[short, "{}"]),
        ("oxend_request", "endpoint", &["5", "[]"]),
        ("batch", "requests", &["[]", "[5]", "[[]]"]),
        ("ifelse", "if", &["5", "[]", text]),
    ] {
        for value in bad {
            let got = with(method, &Party::group(), field, Some(value));
            assert_eq!(got, Err(invalid(field)), "{method} {field} {value}");
        }
    }
    for method in ["get_swarm", "store", "delete"] {
        for value in ["5", text, "\"\"", "[]"] {
            let got = with(method, &Party::group(), "pubkey", Some(value));
            assert_eq!(got, Err(Rejection::Account), "{method} {value}");
        }
    }
    let by = Party::group_token(EVERYTHING);
    for (field, bad) in [
        ("subaccount", &[text, short, "5", "[]"][..]),
        ("subaccount_sig", &[short, "5"]),
    ] {
        for value in bad {
            let got = with("retrieve", &by, field, Some(value));
            assert_eq!(got, Err(invalid(field)), "{value}");
        }
    }
    // Beside the account only with prefix 05, and only a key.
    let key = format!("\"{}\"", hex::encode(&[1; 32]));
    let beside = |by: &Party, value| with("delete", by, "pubkey_ed25519", Some(value));
    assert_eq!(
        beside(&Party::group(), &key),
        Err(invalid("pubkey_ed25519"))
    );
    assert_eq!(beside(&Party::person(), &key), Ok(()));
    assert_eq!(
        beside(&Party::person(), text),
        Err(invalid("pubkey_ed25519"))
    );
    // Where these have other rules.
    let store = |field, value| with("store", &Party::group(), field, Some(value));
    assert_eq!(store("timestamp", "\"5\""), Ok(()));
    let expire = with("expire", &Party::group(), "expiry", Some(seconds));
    assert_eq!(expire, Ok(()));
    assert_eq!(
        with("expire", &Party::group(), "expiry", Some("[1,2]")),
        Ok(())
    );
}

#[test]
fn data_has_a_greatest_length() {
    let with_data = |len| {
        let data = format!("\"{}\"", base64::encode(&vec![0; len]));
        with("store", &Party::group(), "data", Some(&data))
    };
    assert_eq!(with_data(MAX_DATA_LEN), Ok(()));
    assert_eq!(with_data(MAX_DATA_LEN + 1), Err(invalid("data")));
}

#[test]
fn fields_that_exclude_each_other() {
    let id = group().to_hex();
    let exclusive = |first, second| Rejection::Exclusive { first, second };
    for method in ["store", "retrieve", "get_swarm"] {
        let both = format!(r#"{{"pubkey":"{id}","pubKey":"{id}"}}"#);
        assert_eq!(refused(method, &both), exclusive("pubkey", "pubKey"));
    }
    // Other methods know one name only.
    let other = format!(r#"{{"pubKey":"{id}"}}"#);
    assert_eq!(refused("delete_all", &other), missing("pubkey"));
    let times = format!(r#"{{"pubkey":"{id}","timestamp":1,"ttl":10000,"expiry":1800000000000}}"#);
    assert_eq!(refused("store", &times), exclusive("ttl", "expiry"));
    let hash = hash(b"a");
    let hashes = format!(r#"{{"pubkey":"{id}","last_hash":"{hash}","lastHash":"{hash}"}}"#);
    assert_eq!(
        refused("retrieve", &hashes),
        exclusive("last_hash", "lastHash")
    );
    let modes = format!(
        r#"{{"pubkey":"{id}","messages":"{hash}","expiry":1,"shorten":true,"extend":true}}"#
    );
    assert_eq!(refused("expire", &modes), exclusive("shorten", "extend"));
    // One of them false is no contradiction.
    for (extend, shorten) in [("true", "false"), ("false", "true"), ("false", "false")] {
        let signature = base64::encode(&[0; 64]);
        let params = format!(
            r#"{{"pubkey":"{id}","messages":"{hash}","expiry":1,"shorten":{shorten},
            "extend":{extend},"signature":"{signature}"}}"#
        );
        let read = parse_json_params("expire", params.as_bytes(), Network::Mainnet);
        assert!(read.is_ok(), "{params}");
    }
    let long = r#"{"pubkey":"ID","timestamp":1,"ttl":18446744073709551615}"#.replace("ID", &id);
    assert_eq!(refused("store", &long), invalid("ttl"));
}

#[test]
fn conditions_and_branches() {
    let info = r#"{"method":"info","params":{}}"#;
    for condition in [
        "{}",
        r#"{"x":5}"#,
        r#"{"v_before":[]}"#,
        r#"{"hf_before":null}"#,
    ] {
        let params = format!(r#"{{"if":{condition},"then":{info}}}"#);
        assert_eq!(
            refused("ifelse", &params),
            Rejection::NoCondition,
            "{params}"
        );
    }
    for (field, value) in [
        ("v_before", "\"x\""),
        ("v_at_least", "[1,2,\"x\"]"),
        ("hf_before", "[1,[2]]"),
        ("hf_at_least", "1.5"),
        ("height_before", "[5]"),
        ("height_at_least", "true"),
    ] {
        let params = format!(r#"{{"if":{{"{field}":{value}}},"then":{info}}}"#);
        assert_eq!(refused("ifelse", &params), invalid(field));
    }
    let bare = r#"{"if":{"v_before":[1]}}"#;
    assert_eq!(refused("ifelse", bare), Rejection::NoBranch);
    // Both branches are read, whichever will be taken.
    let bad = format!(r#"{{"if":{{"v_before":1}},"then":{info},"else":{{"method":"info"}}}}"#);
    assert_eq!(refused("ifelse", &bad), missing("params"));
    for nested in ["5", "[]", "null", "\"info\""] {
        let params = format!(r#"{{"if":{{"v_before":1}},"then":{nested}}}"#);
        let expected = match nested {
            "null" => Rejection::NoBranch,
            _ => invalid("requests"),
        };
        assert_eq!(refused("ifelse", &params), expected, "{nested}");
    }
    let unknown = r#"{"requests":[{"method":"x","params":{}}]}"#;
    let name = "x".into();
    assert_eq!(refused("batch", unknown), Rejection::NoMethod { name });

    let read = |condition: Condition| IfElse::new(condition, Some(Info.into()), None);
    let empty = |what| Error::Empty { what };
    assert_eq!(read(Condition::default()), Err(empty("condition")));
    let none = IfElse::new(Parts::default().condition, None, None);
    assert_eq!(none, Err(empty("branches")));
}

#[test]
fn the_daemon_is_asked_two_things_only() {
    for (params, rejection) in [
        (r#"{"endpoint":"get_info"}"#, Rejection::DaemonEndpoint),
        (r#"{"endpoint":""}"#, Rejection::DaemonEndpoint),
    ] {
        assert_eq!(refused("oxend_request", params), rejection);
    }
    for (dict, rejection) in [
        ("d8:endpoint8:get_infoe", Rejection::DaemonEndpoint),
        ("d8:endpoint11:ons_resolve6:params1:{e", invalid("params")),
        ("d8:endpoint11:ons_resolve6:paramsdee", invalid("params")),
        ("d8:endpoint11:ons_resolve6:params3:5 5e", invalid("params")),
    ] {
        let read = parse_bt("oxend_request", dict.as_bytes(), Network::Mainnet);
        assert_eq!(read, Err(rejection), "{dict}");
    }
    let malformed = Error::Malformed {
        what: "daemon parameters",
    };
    for params in ["", "{", "5 5", "x"] {
        let made = DaemonRequest::new(DaemonEndpoint::OnsResolve, Some(params));
        assert_eq!(made, Err(malformed), "{params}");
    }
}

#[test]
fn clients_cannot_ask_for_nothing() {
    let empty = Error::Empty { what: "messages" };
    assert_eq!(Delete::new(group(), Vec::new()), Err(empty));
    assert_eq!(GetExpiries::new(group(), &[], NOW), Err(empty));
    let expire = |messages: usize, times| {
        let messages = vec![hash(b"a"); messages];
        Expire::new(group(), messages, vec![NOW; times], ExpiryMode::Set).map(drop)
    };
    assert_eq!(expire(0, 1), Err(empty));
    let count = |expected, got| {
        Err(Error::Count {
            what: "expiries",
            expected,
            got,
        })
    };
    assert_eq!(expire(1, 0), count(1, 0));
    assert_eq!(expire(3, 2), count(3, 2));
    assert_eq!(expire(3, 1), Ok(()));
    assert_eq!(expire(3, 3), Ok(()));
}

#[test]
fn only_recursive_methods_are_forwarded() {
    let mut dict = Vec::from(*b"d6:pubkey33:");
    dict.extend_from_slice(person().as_bytes());
    dict.push(b'e');
    assert!(parse_bt("get_swarm", &dict, Network::Mainnet).is_ok());
    let forwarded = parse_forwarded("get_swarm", &dict, Network::Mainnet);
    assert_eq!(forwarded, Err(Rejection::NotForwardable));
    let empty = parse_forwarded("store", b"de", Network::Mainnet);
    assert_eq!(empty, Err(missing("pubkey")));
}

/// The texts are not stable, but these are what deployed nodes say.
#[test]
fn texts_and_codes() {
    for (rejection, status, text) in [
        (Rejection::InvalidJson, 400, "invalid json"),
        (
            Rejection::NoField { field: "method" },
            400,
            "invalid json: no `method` field",
        ),
        (
            missing("pubkey"),
            400,
            "invalid request: Required field 'pubkey' missing",
        ),
        (
            Rejection::InvalidBody,
            400,
            "invalid body: expected json or bt_dict",
        ),
        (
            Rejection::Account,
            400,
            "invalid request: Pubkey must be 66 hex digits/33 bytes long",
        ),
        (Rejection::Ttl, 403, "Provided expiry/TTL is not valid."),
        (Rejection::Clock, 406, "Timestamp error: check your clock"),
        (
            Rejection::Signature { method: "store" },
            401,
            "store signature verification failed",
        ),
        (
            Rejection::RequestClock {
                method: "delete_all",
            },
            406,
            "delete_all timestamp too far from current time",
        ),
        (
            Rejection::SignatureClock,
            406,
            "store signature timestamp too far from current time",
        ),
        (
            Rejection::BeforeClock,
            401,
            "delete_before timestamp too far in the future",
        ),
        (
            Rejection::ExpireClock,
            401,
            "expire: timestamp should be >= current time",
        ),
        (
            Rejection::ExpireAllClock,
            406,
            "expire_all: timestamp should be >= current time",
        ),
        (
            Rejection::Unsigned { method: "retrieve" },
            401,
            "retrieve: request signature required",
        ),
        (
            Rejection::UnsignedStore {
                namespace: Namespace::new(5),
            },
            401,
            "store: signature required to store to namespace 5",
        ),
        (
            Rejection::ShortenAccess,
            400,
            "expire: shorten parameter cannot be used with this subaccount token (missing delete access)",
        ),
        (Rejection::TooLarge, 413, "request too large"),
        (Rejection::WrongSwarm, 421, "wrong swarm"),
        (
            Rejection::Nested,
            400,
            "invalid request: batch requests cannot be nested",
        ),
        (
            Rejection::NotForwardable,
            400,
            "invalid request: not a recursive method",
        ),
        (
            Rejection::TooManyRequests,
            400,
            "invalid request: too many requests, at most 20 are allowed",
        ),
        (
            Rejection::TooManyTokens,
            400,
            "invalid request: too many tokens, at most 50 are allowed",
        ),
    ] {
        assert_eq!(
            (rejection.status(), rejection.to_string()),
            (status, text.to_owned())
        );
    }
}

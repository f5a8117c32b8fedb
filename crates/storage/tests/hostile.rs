//! Input made to exhaust a node or client: depth, length, number, repetition.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

mod samples;

use allocation_counter::measure;
use samples::*;
use session_core::{Network, base64, hex};
use session_storage::*;

fn json(body: &str) -> Result<Request<'_>, Rejection> {
    parse_json(body.as_bytes(), Network::Mainnet)
}

fn bt<'a>(method: &str, params: &'a [u8]) -> Result<Request<'a>, Rejection> {
    parse_bt(method, params, Network::Mainnet)
}

fn condition() -> Condition {
    Parts::default().condition
}

/// Conditional requests in one another, around `inner`.
fn nested(depth: usize, inner: Request<'static>) -> Request<'static> {
    (0..depth).fold(inner, |inner, _| {
        IfElse::new(condition(), None, Some(inner)).unwrap().into()
    })
}

#[test]
fn conditional_requests_nest_up_to_a_limit() {
    let batch = || Batch::new(Order::Any, vec![Info.into()]).unwrap().into();
    for inner in [Info.into(), batch()] {
        let deepest = nested(MAX_CONDITIONS, inner);
        assert_eq!(json(&json_of(&deepest)), Ok(deepest.clone()));
        assert_eq!(bt("ifelse", &bt_of(&deepest)), Ok(deepest.clone()));
        let deeper = nested(1, deepest);
        assert_eq!(json(&json_of(&deeper)), Err(Rejection::Nested));
        assert_eq!(bt("ifelse", &bt_of(&deeper)), Err(Rejection::Nested));
    }
}

#[test]
fn batches_hold_nothing_that_holds_requests() {
    let composites = [
        Batch::new(Order::Any, vec![Info.into()]).unwrap().into(),
        Batch::new(Order::Sequence, vec![Info.into()])
            .unwrap()
            .into(),
        nested(1, Info.into()),
    ];
    for inner in composites {
        for order in [Order::Any, Order::Sequence] {
            let made = Batch::new(order, vec![Info.into(), inner.clone()]);
            assert_eq!(made, Err(Error::Nested));
        }
        for method in ["batch", "sequence"] {
            let text = json_of(&inner);
            let around = format!(r#"{{"method":"{method}","params":{{"requests":[{text}]}}}}"#);
            assert_eq!(json(&around), Err(Rejection::Nested), "{around}");
            // Also in a branch.
            let around = format!(
                r#"{{"method":"ifelse","params":{{"if":{{"v_before":3}},"then":{around}}}}}"#
            );
            assert_eq!(json(&around), Err(Rejection::Nested), "{around}");
            let mut dict = b"d8:requestsld6:method".to_vec();
            dict.extend_from_slice(
                format!("{}:{}", inner.method().len(), inner.method()).as_bytes(),
            );
            dict.extend_from_slice(b"6:params");
            dict.extend_from_slice(&bt_of(&inner));
            dict.extend_from_slice(b"eee");
            assert_eq!(bt(method, &dict), Err(Rejection::Nested));
        }
    }
}

#[test]
fn batches_have_a_greatest_length() {
    let requests = |count| vec![Request::from(Info); count];
    assert_eq!(
        Batch::new(Order::Any, requests(0)),
        Err(Error::Empty { what: "requests" })
    );
    assert_eq!(
        Batch::new(Order::Any, requests(21)),
        Err(Error::TooLong {
            what: "requests",
            limit: 20,
            got: 21
        })
    );
    let full = Request::from(Batch::new(Order::Sequence, requests(20)).unwrap());
    let (text, dict) = (json_of(&full), bt_of(&full));
    assert_eq!(json(&text), Ok(full.clone()));
    assert_eq!(bt("sequence", &dict), Ok(full));
    let more = text.replacen('[', r#"[{"method":"info","params":{}},"#, 1);
    assert_eq!(json(&more), Err(Rejection::TooManyRequests));
    let dict = String::from_utf8(dict).unwrap();
    let more = dict.replacen("8:requestsl", "8:requestsld6:method4:info6:paramsdee", 1);
    assert_eq!(
        bt("sequence", more.as_bytes()),
        Err(Rejection::TooManyRequests)
    );
    // What comes before the limit is looked at first.
    let bad = text.replacen('[', "[{},", 1);
    assert_eq!(json(&bad), Err(Rejection::Missing { field: "method" }));
}

#[test]
fn so_many_tokens_are_revoked_at_once() {
    let tokens = |count| vec![Token::from_bytes([3; 36]); count];
    assert_eq!(
        Revoke::new(group(), tokens(51), NOW),
        Err(Error::TooLong {
            what: "tokens",
            limit: 50,
            got: 51
        })
    );
    let by = Party::group();
    let parts = |count| Parts {
        tokens: tokens(count),
        ..Parts::default()
    };
    let full = parts(50).request("revoke_subaccount", &by).unwrap();
    let (text, dict) = (json_of(&full), bt_of(&full));
    assert_eq!(json(&text), Ok(full.clone()));
    let one = format!("\"{}\"", base64::encode(&[3; 36]));
    let more = text.replacen(&one, &format!("{one},{one}"), 1);
    assert_eq!(json(&more), Err(Rejection::TooManyTokens));
    let mut more = dict.clone();
    let at = dict.windows(3).position(|part| part == b"36:").unwrap();
    more.splice(at..at, [&b"36:"[..], &[3; 36]].concat());
    assert_eq!(
        bt("revoke_subaccount", &more),
        Err(Rejection::TooManyTokens)
    );
    // Taking back has no limit.
    let many = parts(500).request("unrevoke_subaccount", &by).unwrap();
    assert_eq!(json(&json_of(&many)), Ok(many.clone()));
    assert_eq!(bt("unrevoke_subaccount", &bt_of(&many)), Ok(many));
}

#[test]
fn repeated_names_are_refused_at_every_depth() {
    let request = nested(1, Batch::new(Order::Any, vec![Info.into()]).unwrap().into());
    let text = json_of(&request);
    for (name, value) in [
        ("method", "\"info\""),
        ("params", "{}"),
        ("if", "{}"),
        ("hf_at_least", "null"),
        ("else", "{}"),
        ("requests", "[]"),
    ] {
        for (at, _) in text.match_indices(&format!("\"{name}\":")) {
            let mut repeated = text.clone();
            repeated.insert_str(at, &format!("\"{name}\":{value},"));
            let rejection = json(&repeated).unwrap_err();
            assert_eq!(rejection.status(), 400, "{repeated}");
            // Also with a name that only reads the same.
            let escaped = format!("\\u{:04x}{}", name.as_bytes()[0], &name[1..]);
            let repeated = repeated.replacen(&format!("\"{name}\""), &format!("\"{escaped}\""), 1);
            assert_eq!(json(&repeated), Err(rejection), "{repeated}");
        }
    }
    let dict = String::from_utf8(bt_of(&request)).unwrap();
    for key in ["4:else", "2:if", "11:hf_at_least", "8:requests"] {
        let repeated = dict.replacen(key, &format!("{key}le{key}"), 1);
        let rejection = bt("ifelse", repeated.as_bytes()).unwrap_err();
        assert_eq!(rejection.status(), 400, "{repeated}");
    }
}

/// Wherever a value of any kind may stand.
#[test]
fn depth_does_not_overflow_the_stack() {
    const DEPTH: usize = 50_000;
    let id = group().to_hex();
    let arrays = format!("{}{}", "[".repeat(DEPTH), "]".repeat(DEPTH));
    let objects = format!("{}1{}", r#"{"x":"#.repeat(DEPTH), "}".repeat(DEPTH));
    let requests = r#"{"method":"ifelse","params":{"if":{"v_before":1},"then":"#;
    let requests = format!(
        "{}1{}",
        requests.repeat(DEPTH / 10),
        "}}".repeat(DEPTH / 10)
    );
    let lists = format!("{}{}", "l".repeat(DEPTH), "e".repeat(DEPTH));
    let dicts = format!("{}le{}", "d1:x".repeat(DEPTH), "e".repeat(DEPTH));
    assert_eq!(json(&"[".repeat(DEPTH)), Err(Rejection::InvalidJson));
    for deep in [&arrays, &objects, &requests] {
        let unknown = format!(r#"{{"method":"info","params":{{"x":{deep}}}}}"#);
        assert_eq!(json(&unknown), Ok(Info.into()));
        for (method, field) in [
            ("batch", "requests"),
            ("ifelse", "if"),
            ("ifelse", "then"),
            ("delete", "messages"),
            ("expire", "expiry"),
            ("get_expiries", "messages"),
            ("revoke_subaccount", "revoke"),
            ("store", "data"),
            ("retrieve", "last_hash"),
            ("delete_all", "namespace"),
            ("get_swarm", "pubkey"),
        ] {
            for value in [deep.clone(), format!("[{deep}]")] {
                let others = match field {
                    "pubkey" => String::new(),
                    "then" => r#""if":{"v_before":1},"#.to_owned(),
                    _ => format!(r#""pubkey":"{id}","timestamp":1800000000000,"ttl":10000,"#),
                };
                let body =
                    format!(r#"{{"method":"{method}","params":{{{others}"{field}":{value}}}}}"#);
                assert_eq!(json(&body).unwrap_err().status(), 400, "{method} {field}");
            }
        }
        reads_nothing(deep.as_bytes());
    }
    for deep in [&lists, &dicts] {
        let dict = format!("d1:x{deep}e");
        assert_eq!(bt("info", dict.as_bytes()), Err(Rejection::Malformed));
        reads_nothing(deep.as_bytes());
    }
    // The daemon's parameters are passed on unread, however deep.
    let params = format!(r#"{{"endpoint":"ons_resolve","params":{arrays}}}"#);
    let read = parse_json_params("oxend_request", params.as_bytes(), Network::Mainnet);
    let Ok(Request::Daemon(daemon)) = read else {
        panic!("refused");
    };
    assert_eq!(daemon.params(), Some(arrays.as_str()));
    let params = format!(
        "d8:endpoint11:ons_resolve6:params{}:{arrays}e",
        arrays.len()
    );
    assert!(bt("oxend_request", params.as_bytes()).is_ok());
}

/// No reply has anything in it, however the value is wrapped.
fn reads_nothing(value: &[u8]) {
    let wrapped = |before: &str, after: &str| [before.as_bytes(), value, after.as_bytes()].concat();
    let nodes = [[1; 32]];
    for body in [
        value.to_vec(),
        wrapped(r#"{"swarm":"#, "}"),
        wrapped(r#"{"results":"#, "}"),
        wrapped(r#"{"results":["#, "]}"),
        wrapped(r#"{"results":[{"code":200,"body":5},"#, "]}"),
        wrapped("d5:swarm", "e"),
        wrapped("d7:results", "e"),
    ] {
        assert!(BatchReply::parse(&body).is_err());
        assert!(IfElseReply::parse(&body).is_err());
        assert!(RetrieveReply::parse(&body).is_err());
        assert!(ExpiriesReply::parse(&body).is_err());
        assert!(RevokedReply::parse(&body).is_err());
        assert!(InfoReply::parse(&body).is_err());
        assert!(DaemonReply::parse(&body).is_err());
        if let Ok(reply) = hash(b"").read_reply(&body, &nodes) {
            assert_eq!(reply.done().count(), 0);
        }
    }
}

#[test]
fn bodies_have_a_greatest_length() {
    let large = vec![b' '; MAX_BODY_LEN + 1];
    let network = Network::Mainnet;
    assert_eq!(parse_json(&large, network), Err(Rejection::TooLarge));
    for method in METHODS.into_iter().chain(["unknown"]) {
        let refused = Err(Rejection::TooLarge);
        assert_eq!(parse_json_params(method, &large, network), refused);
        assert_eq!(parse_bt(method, &large, network), refused);
        assert_eq!(parse_forwarded(method, &large, network), refused);
    }
    let mut fits = br#"{"method":"info","params":{}}"#.to_vec();
    fits.resize(MAX_BODY_LEN, b' ');
    assert_eq!(parse_json(&fits, network), Ok(Info.into()));
}

/// A mebibyte of a list of such elements, between `open` and `close`.
fn filled(open: &str, element: &str, close: &str) -> Vec<u8> {
    let elements = element.repeat(1024 * 1024 / element.len());
    let elements = elements.trim_end_matches(',');
    [open, elements, close].concat().into_bytes()
}

/// What a reader holds of a body is a small multiple of it, whatever the body is made of. The
/// vectors that grow while they are filled take twice what is in them, and their old half.
fn costs_little(what: &str, body: &[u8], read: impl FnOnce(&[u8])) {
    let counted = measure(|| read(body));
    let limit = 6 * body.len() as u64;
    assert!(
        counted.bytes_max < limit,
        "{what}: {} of {limit}",
        counted.bytes_max
    );
}

#[test]
fn tiny_elements_of_requests_cost_little_memory() {
    let (id, message) = (group().to_hex(), hash(b"a"));
    let signature = base64::encode(&[0; 64]);
    let message = format!("\"{message}\",");
    let token = format!("\"{}\",", base64::encode(&[3; 36]));
    for (method, field, element, fits) in [
        ("get_expiries", "messages", "\"\",", true),
        ("delete", "messages", &message, true),
        ("unrevoke_subaccount", "unrevoke", &token, true),
        ("revoke_subaccount", "revoke", &token, false),
        ("expire", "expiry", "0,", false),
        ("delete_all", "namespace", "0,", false),
        ("batch", "requests", "{},", false),
    ] {
        let times = if field == "expiry" {
            format!(r#""messages":{message}"#)
        } else {
            r#""expiry":1800000000000,"#.to_owned()
        };
        let open = format!(
            r#"{{"pubkey":"{id}","signature":"{signature}",{times}"timestamp":1800000000000,"{field}":["#
        );
        costs_little(method, &filled(&open, element, "]}"), |body| {
            let read = parse_json_params(method, body, Network::Mainnet);
            assert_eq!(read.is_ok(), fits, "{method}");
        });
    }
    let open = r#"{"then":{"method":"info","params":{}},"if":{"v_before":["#;
    costs_little("version", &filled(open, "0,", "]}}"), |body| {
        assert!(parse_json_params("ifelse", body, Network::Mainnet).is_ok());
    });
    let rest = format!("e6:pubkey66:{id}9:signature64:{}", "s".repeat(64));
    for (method, open, element, close, fits) in [
        (
            "get_expiries",
            "d8:messagesl",
            "0:",
            "9:timestampi1800000000000ee",
            true,
        ),
        ("expire", "d6:expiryl", "i0e", "e", false),
    ] {
        let body = filled(open, element, &format!("{rest}{close}"));
        costs_little(method, &body, |body| {
            assert_eq!(
                parse_bt(method, body, Network::Mainnet).is_ok(),
                fits,
                "{method}"
            );
        });
    }
}

/// Of a request in both branches of conditional ones, or of batches of small requests, a node
/// would hold many times their length.
#[test]
fn conditional_requests_do_not_multiply() {
    let both = |inner: Request<'static>| {
        IfElse::new(condition(), Some(inner.clone()), Some(inner))
            .unwrap()
            .into()
    };
    let batch = Batch::new(Order::Any, vec![Info.into(); MAX_BATCH]).unwrap();
    for leaf in [Info.into(), Request::from(batch)] {
        // 1, 3, 7, 15 conditional requests, then 31.
        let widest = (0..4).fold(leaf, |inner, _| both(inner));
        assert_eq!(json(&json_of(&widest)), Ok(widest.clone()));
        let wider = both(widest);
        assert_eq!(json(&json_of(&wider)), Err(Rejection::Nested));
        assert_eq!(bt("ifelse", &bt_of(&wider)), Err(Rejection::Nested));
    }
}

/// Each conditional request is read once more than the one that it stands in: of long ones only a
/// few are read.
#[test]
fn long_conditional_requests_do_not_nest_deep() {
    let padding = "x".repeat(MAX_BODY_LEN / 2);
    let nested = |levels: usize| {
        let start = r#"{"method":"ifelse","params":{"if":{"height_before":1},"then":"#;
        let info = format!(r#"{{"method":"info","params":{{"padding":"{padding}"}}}}"#);
        format!("{}{info}{}", start.repeat(levels), "}}".repeat(levels))
    };
    for (levels, read) in [(1, true), (3, true), (4, false), (16, false)] {
        let request = nested(levels);
        assert_eq!(json(&request).is_ok(), read, "{levels}");
    }
}

#[test]
fn tiny_elements_of_replies_cost_little_memory() {
    let key = hex::encode(&[1; 32]);
    let signature = base64::encode(&[0; 64]);
    let message = format!("\"{}\",", hash(b"a"));
    let token = format!("\"{}\",", base64::encode(&[3; 36]));
    costs_little("results", &filled(r#"{"results":["#, "0,", "]}"), |body| {
        assert!(BatchReply::parse(body).is_err());
    });
    let result = r#"{"code":1,"body":1},"#;
    costs_little(
        "results",
        &filled(r#"{"results":["#, result, "]}"),
        |body| {
            assert!(BatchReply::parse(body).is_err());
        },
    );
    costs_little(
        "messages",
        &filled(r#"{"messages":["#, "0,", "]}"),
        |body| {
            assert!(RetrieveReply::parse(body).unwrap().unreadable > 100_000);
        },
    );
    costs_little(
        "hf",
        &filled(r#"{"timestamp":1,"hf":["#, "0,", "]}"),
        |body| {
            assert_eq!(InfoReply::parse(body).unwrap().hard_fork, None);
        },
    );
    let tokens = filled(r#"{"revoked_subaccounts":["#, &token, "]}");
    costs_little("tokens", &tokens, |body| {
        assert!(RevokedReply::parse(body).is_ok())
    });

    let item = |open: &str, element: &str, close: &str| {
        let open = format!(r#"{{"swarm":{{"{key}":{{"signature":"{signature}",{open}"#);
        filled(&open, element, &format!("{close}}}}}}}"))
    };
    let expire = Expire::new(group(), vec![hash(b"a")], vec![NOW], ExpiryMode::Set).unwrap();
    let delete = DeleteAll::new(group(), None, NOW);
    costs_little("deleted", &item(r#""deleted":["#, &message, "]"), |body| {
        let reply = delete.read_reply(body, &[[1; 32]]).unwrap();
        assert_eq!(reply.nodes[&[1; 32]], Verdict::BadSignature);
    });
    let times = item(r#""updated":[],"expiry":["#, "0,", "]");
    costs_little("times", &times, |body| {
        let reply = expire.read_reply(body, &[[1; 32]]).unwrap();
        assert_eq!(reply.nodes[&[1; 32]], Verdict::Malformed);
    });
    let namespaces = (i16::MIN..=i16::MAX).map(|number| format!("\"{number}\":[],"));
    let namespaces = item(r#""deleted":{"#, &namespaces.collect::<String>(), "}");
    costs_little("namespaces", &namespaces, |body| {
        let reply = delete.read_reply(body, &[[1; 32]]).unwrap();
        assert_eq!(reply.nodes[&[1; 32]], Verdict::BadSignature);
    });
    let nodes = (0..15_000).map(|number| format!("\"{number:064x}\":0,"));
    let nodes = filled(r#"{"swarm":{"#, &nodes.collect::<String>(), "}}");
    costs_little("nodes", &nodes, |body| {
        assert_eq!(expire.read_reply(body, &[]).unwrap().nodes.len(), 15_000);
    });
}

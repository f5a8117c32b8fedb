//! What is said to servers and by them, in both forms: exact bytes, round trips, hostile lists.

#![allow(clippy::arithmetic_side_effects, clippy::unwrap_used)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use session_onion::{Error, v3, v4};

/// Texts with what JSON escapes, and all of Unicode.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[\"\\\\/\u{0}-\u{1f}\u{7f}\u{2028}é😀]{0,12}",
        Just(String::new()),
    ]
}

fn headers() -> impl Strategy<Value = BTreeMap<String, String>> {
    proptest::collection::btree_map(text(), text(), 0..5)
}

fn body() -> impl Strategy<Value = Option<Vec<u8>>> {
    proptest::option::of(proptest::collection::vec(any::<u8>(), 0..300))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn v4_requests_come_back(
        method in text(), path in text(), headers in headers(), body in body(),
    ) {
        let endpoint = format!("/{path}");
        let mut request = v4::Request::new(&method, &endpoint);
        for (name, value) in &headers {
            request = request.with_header(name, value);
        }
        request.body = body.as_deref();
        let encoded = request.encode();
        let decoded = v4::Request::decode(&encoded).unwrap();
        prop_assert_eq!(&decoded, &request);
        prop_assert_eq!(decoded.encode(), encoded);
    }

    #[test]
    fn v4_responses_come_back(code: u16, headers in headers(), body in body()) {
        let mut response = v4::Response::new(code, b"");
        for (name, value) in &headers {
            response = response.with_header(name, value);
        }
        response.body = body.as_deref();
        let encoded = response.encode();
        let decoded = v4::Response::decode(&encoded).unwrap();
        // There are always two strings.
        response.body = Some(body.as_deref().unwrap_or_default());
        prop_assert_eq!(&decoded, &response);
        prop_assert_eq!(decoded.encode(), encoded);
    }

    #[test]
    fn v3_requests_come_back(
        method in text(), endpoint in text(), headers in headers(),
        body in proptest::option::of(text()),
    ) {
        let mut request = v3::Request::new(&method, &endpoint);
        for (name, value) in &headers {
            request = request.with_header(name, value);
        }
        request.body = body.as_deref().map(Into::into);
        let encoded = request.encode();
        let decoded = v3::Request::decode(&encoded).unwrap();
        prop_assert_eq!(&decoded, &request);
        prop_assert_eq!(decoded.encode(), encoded);
    }

    #[test]
    fn cut_and_prolonged_messages_are_refused(
        path in text(), headers in headers(), body in body(), at: prop::sample::Index, more: u8,
    ) {
        let endpoint = format!("/{path}");
        let mut request = v4::Request::new("GET", &endpoint);
        let mut response = v4::Response::new(200, b"");
        for (name, value) in &headers {
            request = request.with_header(name, value);
            response = response.with_header(name, value);
        }
        request.body = body.as_deref();
        response.body = body.as_deref();
        for encoded in [request.encode(), response.encode()] {
            let cut = &encoded[..at.index(encoded.len())];
            prop_assert_eq!(v4::Request::decode(cut), Err(Error::ServerForm));
            prop_assert_eq!(v4::Response::decode(cut), Err(Error::ServerForm));
            let longer = [&encoded[..], &[more]].concat();
            prop_assert_eq!(v4::Request::decode(&longer), Err(Error::ServerForm));
            prop_assert_eq!(v4::Response::decode(&longer), Err(Error::ServerForm));
        }
        let encoded = v3::Request::new("GET", &endpoint).encode();
        let cut = &encoded[..at.index(encoded.len())];
        prop_assert_eq!(v3::Request::decode(cut), Err(Error::ServerForm));
    }

    #[test]
    fn any_bytes_are_an_error(bytes: Vec<u8>, metadata: String) {
        prop_assert_eq!(v4::Request::decode(&bytes), Err(Error::ServerForm));
        prop_assert_eq!(v4::Response::decode(&bytes), Err(Error::ServerForm));
        prop_assert_eq!(v3::Request::decode(&bytes), Err(Error::ServerForm));
        let listed = list([metadata.as_bytes(), &bytes]);
        prop_assert_eq!(v4::Request::decode(&listed), Err(Error::ServerForm));
        prop_assert_eq!(v4::Response::decode(&listed), Err(Error::ServerForm));
    }

    #[test]
    fn changed_bytes_do_not_panic(at: prop::sample::Index, to: u8) {
        let request = v4::Request::new("GET", "/x").with_json("{\"a\":\"\\u0000\"}");
        let response = v4::Response::new(200, b"x")
        .with_header("ETag", "1")
        .with_header("Content-Length", "1")
        .with_header("etag", "2");
    let metadata = r#"{"code":200,"headers":{"etag":"2"}}"#;
    assert_eq!(response.encode(), list([metadata.as_bytes(), b"x"]));

    let response = v4::Response::bad_request();
        let v3 = v3::Request::new("POST", "/x").with_header("a", "b").with_body("{}");
        for mut encoded in [request.encode(), response.encode(), v3.encode()] {
            let at = at.index(encoded.len());
            encoded[at] = to;
            let _ = v4::Request::decode(&encoded);
            let _ = v4::Response::decode(&encoded);
            let _ = v3::Request::decode(&encoded);
        }
    }
}

fn list<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let parts = parts.into_iter().map(|part| {
        let len = part.len().to_string();
        [len.as_bytes(), b":", part].concat()
    });
    let parts: Vec<Vec<u8>> = parts.collect();
    [b"l".as_slice(), &parts.concat(), b"e"].concat()
}

#[test]
fn the_bytes_are_canonical() {
    let request = v4::Request::new("GET", "room?x=1&y=\"")
        .with_header("B", "")
        .with_header("C", "")
        .with_header("b", "\n\u{1}\u{7f}é");
    let metadata = "{\"endpoint\":\"/room?x=1&y=\\\"\",\"headers\":{\"C\":\"\",\"b\":\"\\n\\u0001\u{7f}é\"},\
         \"method\":\"GET\"}";
    assert_eq!(request.encode(), list([metadata.as_bytes()]));
    let with_body = request.with_body(b"\0e\xff");
    let expected = list([metadata.as_bytes(), b"\0e\xff"]);
    assert_eq!(with_body.encode(), expected);

    let request = v4::Request::new("POST", "/").with_json("[]");
    let metadata =
        r#"{"endpoint":"/","headers":{"Content-Type":"application/json"},"method":"POST"}"#;
    assert_eq!(request.encode(), list([metadata.as_bytes(), b"[]"]));

    let response = v4::Response::bad_request();
    let metadata = r#"{"code":400,"headers":{"content-type":"text/plain; charset=utf-8"}}"#;
    let body = b"Invalid v4 onion request";
    assert_eq!(response.encode(), list([metadata.as_bytes(), body]));

    let request = v3::Request::new("DELETE", "x")
        .with_header("h", "1")
        .with_body("\"\\");
    let json = r#"{"body":"\"\\","endpoint":"x","headers":{"h":"1"},"method":"DELETE"}"#;
    assert_eq!(request.encode(), json.as_bytes());
    let bare = r#"{"endpoint":"x","headers":{},"method":"GET"}"#;
    assert_eq!(v3::Request::new("GET", "x").encode(), bare.as_bytes());
}

#[test]
fn no_body_is_not_an_empty_body() {
    let absent = v4::Request::new("GET", "/");
    let empty = absent.clone().with_body(b"");
    assert_ne!(absent.encode(), empty.encode());
    assert!(empty.encode().ends_with(b"}0:e"));
    assert_eq!(v4::Request::decode(&absent.encode()).unwrap().body, None);
    assert_eq!(
        v4::Request::decode(&empty.encode()).unwrap().body,
        Some(&b""[..])
    );

    let empty = v4::Response::new(200, b"");
    assert_eq!(
        v4::Response::decode(&empty.encode()).unwrap().body,
        Some(&b""[..])
    );
    let absent = list([&b"{\"code\":200}"[..]]);
    assert_eq!(v4::Response::decode(&absent).unwrap().body, None);

    for method in ["GET", "HEAD", "DELETE", "OPTIONS"] {
        let absent = v3::Request::new(method, "/");
        for (body, expected) in [("null", Ok(absent.clone())), ("", Err(Error::ServerForm))] {
            let payload = absent.clone().with_body(body).encode();
            assert_eq!(v3::Request::decode(&payload), expected, "{method} {body}");
        }
    }

    let absent = v3::Request::new("POST", "/");
    let empty = absent.clone().with_body("");
    assert_eq!(v3::Request::decode(&absent.encode()).unwrap().body, None);
    let decoded = empty.encode();
    assert_eq!(
        v3::Request::decode(&decoded).unwrap().body.as_deref(),
        Some("")
    );
}

#[test]
fn lists_of_one_or_two_strings_and_nothing_else() {
    let meta = br#"{"code":200,"endpoint":"/","method":"GET"}"#.as_slice();
    let one = list([meta]);
    let two = list([meta, b"x"]);
    assert!(v4::Request::decode(&one).is_ok() && v4::Request::decode(&two).is_ok());
    assert!(v4::Response::decode(&one).is_ok() && v4::Response::decode(&two).is_ok());

    let open = &two[..two.len() - 1];
    let head = [b"l42:", meta].concat();
    let with = |tail: &[u8]| [&head[..], tail].concat();
    let bad = [
        b"".to_vec(),
        b"l".to_vec(),
        b"le".to_vec(),
        b"d1:a1:be".to_vec(),
        meta.to_vec(),
        list([meta, b"x", b""]),
        list([b"".as_slice(), meta]),
        open.to_vec(),
        [b" ", &two[..]].concat(),
        [&two[..], b"e"].concat(),
        [&two[..], &two[..]].concat(),
        with(b"x"),
        with(b"xe"),
        with(b"i1ee"),
        with(b"lee"),
        with(b"dee"),
        with(b"1:"),
        with(b"1:e"),
        with(b"2:xe"),
        with(b"-1:xe"),
        with(b"+1:xe"),
        with(b" 1:xe"),
        with(b"1x:e"),
        with(b":e"),
        with(b"4294967296:xe"),
        with(b"18446744073709551615:xe"),
        with(b"18446744073709551617:xe"),
        with(b"99999999999999999999999999999999:xe"),
        with("٣:abce".as_bytes()),
        [b"l", &vec![b'9'; 5000][..], b":e"].concat(),
        b"l18446744073709551612:{}e".to_vec(),
        vec![b'l'; 5000],
        [b"l2:{}", &vec![b'l'; 5000][..], &vec![b'e'; 5001]].concat(),
    ];
    assert_eq!(meta.len(), 42);
    for bytes in &bad {
        let shown = String::from_utf8_lossy(bytes);
        let request = v4::Request::decode(bytes);
        assert_eq!(request, Err(Error::ServerForm), "{shown:.80}");
        let response = v4::Response::decode(bytes);
        assert_eq!(response, Err(Error::ServerForm), "{shown:.80}");
    }
}

#[test]
fn metadata_is_one_json_object() {
    let fill = "\"endpoint\":\"/\",\"method\":\"GET\",\"code\":200";
    let decode = |metadata: &[u8]| {
        let list = list([metadata]);
        let request = v4::Request::decode(&list).map(|_| ());
        assert_eq!(request.is_ok(), v4::Response::decode(&list).is_ok());
        request
    };
    for good in [
        format!("{{{fill}}}"),
        format!(" {{ {fill} }}\r\n\t"),
        format!("\u{feff}{{{fill}}}"),
        format!(r#"{{"x":[[[{{"y":null}}]]],"code":1,"method":"","endpoint":"",{fill}}}"#),
        // What is skipped may be of any depth, since skipping does not recurse.
        format!(r#"{{"x":{}{},{fill}}}"#, "[".repeat(5000), "]".repeat(5000)),
    ] {
        assert_eq!(decode(good.as_bytes()), Ok(()), "{good}");
    }
    for bad in [
        format!("{{{fill}}}x"),
        format!("{{{fill}}}{{}}"),
        format!("{{{fill},}}"),
        format!("{{'a':1,{fill}}}"),
        format!("[{{{fill}}}]"),
        "[\"/\",\"GET\"]".to_owned(),
        "null".to_owned(),
        String::new(),
        format!(r#"{{"x":{}{},{fill}}}"#, "[".repeat(5000), "]".repeat(4999)),
        format!(
            r#"{{"headers":{}{},{fill}}}"#,
            r#"{"a":"#.repeat(2000),
            "}".repeat(2000)
        ),
        format!(
            r#"{{"headers":{}1{},{fill}}}"#,
            r#"{"a":"#.repeat(2000),
            "}".repeat(2000)
        ),
        format!(r#"{{"headers":null,{fill}}}"#),
        format!(r#"{{"headers":[],{fill}}}"#),
        format!(r#"{{"headers":[["a","b"]],{fill}}}"#),
        format!(r#"{{"headers":"","x":1,{fill}}}"#),
        format!(r#"{{"headers":{{"a":1}},{fill}}}"#),
        format!(r#"{{"headers":{{"a":null}},{fill}}}"#),
        format!(r#"{{"headers":{{"a":["b"]}},{fill}}}"#),
        format!(r#"{{"headers":{{"a":"\ud800"}},{fill}}}"#),
    ] {
        assert_eq!(decode(bad.as_bytes()), Err(Error::ServerForm), "{bad:.80}");
    }
    let not_utf8 = [format!("{{{fill},\"x\":\"").as_bytes(), b"\xff\"}"].concat();
    assert_eq!(decode(&not_utf8), Err(Error::ServerForm));
}

#[test]
fn equal_headers_give_the_last() {
    let list = list([&br#"{"code":200,"headers":{"a":"1","A":"2","a":"3"}}"#[..]]);
    let response = v4::Response::decode(&list).unwrap();
    assert_eq!(response.headers.len(), 2);
    assert_eq!(response.headers.get("a").map(AsRef::as_ref), Some("3"));
}

#[test]
fn header_names_are_found_in_either_case() {
    let v4 = v4::Request::new("GET", "/")
        .with_header("Content-Type", "a")
        .with_header("é", "b");
    let v3 = v3::Request::new("GET", "/")
        .with_header("content-type", "a")
        .with_header("é", "b");
    let reply = v4::Response::new(200, b"")
        .with_header("CONTENT-TYPE", "a")
        .with_header("é", "b");
    for (name, value) in [
        ("content-type", Some("a")),
        ("Content-TYPE", Some("a")),
        ("é", Some("b")),
        ("É", None),
        ("content", None),
        ("", None),
    ] {
        assert_eq!(
            [v4.header(name), v3.header(name), reply.header(name)],
            [value; 3],
            "{name}"
        );
    }
}

#[test]
fn codes_are_integers() {
    let code = |code: &str| {
        let list = list([format!(r#"{{"code":{code}}}"#).as_bytes()]);
        v4::Response::decode(&list).map(|response| response.code)
    };
    assert_eq!(code("0"), Ok(0));
    assert_eq!(code("65535"), Ok(65_535));
    for bad in [
        "65536", "-1", "200.0", "2e2", "\"200\"", "null", "true", "[200]", "{}",
    ] {
        assert_eq!(code(bad), Err(Error::ServerForm), "{bad}");
    }
    let absent = list([&br#"{"headers":{}}"#[..]]);
    assert_eq!(v4::Response::decode(&absent), Err(Error::ServerForm));
}

/// What `decode` documents: one error, whatever is wrong with the payload.
#[test]
fn payloads_with_missing_or_wrong_members_are_of_the_wrong_form() {
    for metadata in [
        "{}",
        r#"{"endpoint":"/"}"#,
        r#"{"method":"GET"}"#,
        r#"{"endpoint":"x","method":"GET"}"#,
        r#"{"endpoint":"","method":"GET"}"#,
        r#"{"endpoint":1,"method":"GET"}"#,
        r#"{"endpoint":null,"method":"GET"}"#,
        r#"{"endpoint":"/","method":["GET"]}"#,
    ] {
        let list = list([metadata.as_bytes()]);
        let request = v4::Request::decode(&list);
        assert_eq!(request, Err(Error::ServerForm), "{metadata}");
    }
    for json in [
        "{}",
        r#"{"endpoint":"/"}"#,
        r#"{"method":"GET"}"#,
        r#"{"endpoint":"/","method":1}"#,
        r#"{"endpoint":"/","method":"GET","body":null}"#,
        r#"{"endpoint":"/","method":"GET","body":{}}"#,
        r#"{"endpoint":"/","method":"GET","headers":[]}"#,
        r#"{"endpoint":"/","method":"GET"}x"#,
        r#" {"endpoint":"/","method":"GET"}"#,
        r#"["/","GET"]"#,
    ] {
        let request = v3::Request::decode(json.as_bytes());
        assert_eq!(request, Err(Error::ServerForm), "{json}");
    }
}

#[test]
fn debug_shows_no_content() {
    let shown = format!(
        "{:?} {:?} {:?}",
        v4::Request::new("GET", "/hush")
            .with_header("hush", "hush")
            .with_body(b"hush"),
        v4::Response::new(200, b"hush").with_header("hush", "hush"),
        v3::Request::new("GET", "/hush")
            .with_header("hush", "hush")
            .with_body("hush"),
    );
    assert!(
        !shown.contains("hush") && !shown.contains("104, 117"),
        "{shown}"
    );
    assert!(shown.contains("GET") && shown.contains("200"));
}

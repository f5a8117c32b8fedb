//! Framing: what one side writes the other reads, and what is whole in part only is raw.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use proptest::prelude::*;
use session_core::Network::Mainnet;
use session_storage::framing::{Content, Response, omq_method, omq_name, parse_omq, parse_quic};
use session_storage::{Body, Error, Form, Info, Rejection, Request, status};

fn quic(response: &Response<'_>) -> (Vec<u8>, bool) {
    let mut out = Vec::new();
    let is_error = response.write_quic(&mut out);
    (out, is_error)
}

#[test]
fn only_what_is_whole_has_an_encoding() {
    for json in ["{}", " [1, {\"a\": null}]\n", "[]"] {
        assert_eq!(Content::of(json.as_bytes()), Content::Json(json));
    }
    for bt in [&b"de"[..], b"le", b"d1:ali1eee"] {
        assert_eq!(Content::of(bt), Content::Bt(bt));
    }
    for raw in [
        &b""[..],
        b"{",
        b"{}x",
        b"\"text\"",
        b"1",
        b"null",
        b"d",
        b"dex",
        b"lee",
        // Behind the fault the rest would be a list.
        b"ld1:ae",
        b"d1:be1:ae",
        b"d1:ai1e1:ai1ee",
        b"i1e",
        b"1:a",
        b"[\xff]",
        b"[\"\xff\"]",
    ] {
        assert_eq!(Content::of(raw), Content::Raw(raw), "{raw:?}");
    }
    let deep = "[".repeat(100_000);
    assert_eq!(Content::of(deep.as_bytes()), Content::Raw(deep.as_bytes()));
}

#[test]
fn omq_replies_have_one_part_or_two() {
    let text = |status| Response {
        status,
        content: Content::Raw(b"text"),
    };
    assert_eq!(Response::from_omq(&[b"text"]), Ok(text(200)));
    assert_eq!(Response::from_omq(&[b"421", b"text"]), Ok(text(421)));
    assert_eq!(text(200).omq_code(), None);
    assert_eq!(text(421).omq_code().as_deref(), Some("421"));
    let malformed = Err(Error::Malformed { what: "OMQ reply" });
    let faults: [&[&[u8]]; 7] = [
        &[],
        &[b"200", b"x", b"y"],
        &[b"", b"x"],
        &[b"+21", b"x"],
        &[b"20", b"x"],
        &[b"65536", b"x"],
        &[b"4\xff1", b"x"],
    ];
    for parts in faults {
        assert_eq!(Response::from_omq(parts), malformed, "{parts:?}");
    }
}

#[test]
fn quic_errors_without_a_status_are_the_streams() {
    let malformed = Err(Error::Malformed { what: "QUIC reply" });
    for body in [
        &b""[..],
        b"Invalid endpoint 'x'",
        b"503 Service Unavailable",
        b"503\n\n",
        b"50 x\n\n",
        b"5030 x\n\n",
        b"+03 x\n\n",
    ] {
        assert_eq!(Response::from_quic(body, true), malformed, "{body:?}");
    }
    let read = Response::from_quic(b"503 \n\n\n\n", true).unwrap();
    assert_eq!((read.status, read.content), (503, Content::Raw(b"\n\n")));
}

#[test]
fn the_status_is_the_outer_one_in_errors_and_the_inner_one_else() {
    for inner in [&b"[404,{}]"[..], b"[404, {}]", b"li404edee"] {
        let read = Response::from_quic(inner, false).unwrap();
        assert_eq!(read.status, 404);
        let structured = matches!(read.content, Content::Json("{}") | Content::Bt(b"de"));
        assert!(structured, "{:?}", read.content);
        let outer = [b"500 x\n\n", inner].concat();
        let outer = Response::from_quic(&outer, true).unwrap();
        assert_eq!((outer.status, outer.content), (500, read.content));
    }
    // Not a pair of an integer and a body.
    for body in [
        &b"[404]"[..],
        b"[404,{},{}]",
        b"[404.0,{}]",
        b"[\"404\",{}]",
        b"[-1,{}]",
        b"[65536,{}]",
        b"li404ee",
        b"li404edei0ee",
        b"l3:404dee",
        b"li-1edee",
    ] {
        let read = Response::from_quic(body, false).unwrap();
        assert_eq!(
            (read.status, read.content),
            (200, Content::of(body)),
            "{body:?}"
        );
    }
    let text = Response::from_quic(b"[200,\"text\"]", false).unwrap();
    assert_eq!(text.content, Content::Raw(b"\"text\""));
}

#[test]
fn requests_have_parameters_of_one_encoding() {
    assert_eq!(omq_method(&omq_name("store")), Some("store"));
    assert_eq!(omq_method("snode.ping"), None);
    let info = |form| Ok((Request::Info(Info), form));
    for parts in [&[][..], &[&b""[..]], &[b"{}"]] {
        assert_eq!(parse_omq("info", parts, Mainnet), info(Form::Json));
    }
    assert_eq!(parse_omq("info", &[b"de"], Mainnet), info(Form::Bt));
    let parts = parse_omq("info", &[b"{}", b"{}"], Mainnet).unwrap_err();
    assert_eq!(parts, Rejection::Parts { got: 2 });
    assert_eq!(
        (parts.status(), parts.to_string().as_str()),
        (400, "Invalid request: expected 1 message parts, received 2")
    );
    for body in [&b"le"[..], b"x", b"{", b"\xff"] {
        let fault = parse_quic("info", body, Mainnet).unwrap_err();
        assert_eq!(fault.to_string(), "invalid body: expected json or bt_dict");
    }
    for body in [&b"[]"[..], b"1", b"d", b"dex", b"\"{}\""] {
        let fault = parse_quic("info", body, Mainnet).unwrap_err();
        assert_eq!(fault.status(), 400, "{body:?}");
    }
}

#[test]
fn what_nodes_answer_is_framed_as_it_is() {
    for body in [
        Body::Text("text".into()),
        Body::Json("{}".into()),
        Body::Bt(b"de".into()),
        Body::Raw(b"\xff".into()),
    ] {
        let content = Content::from(&body);
        assert_eq!(content, Content::of(&body.clone().into_bytes()));
    }
}

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<String>().prop_map(|text| format!("{{\"a\":{text:?}}}").into_bytes()),
        any::<Vec<u8>>().prop_map(|bytes| {
            [format!("d1:a{}:", bytes.len()).as_bytes(), &bytes, b"e"].concat()
        }),
        any::<Vec<u8>>(),
    ]
}

proptest! {
    #[test]
    fn replies_are_read_as_written(status in 100u16..1000, body in bodies()) {
        let response = Response { status, content: Content::of(&body) };
        let code = response.omq_code();
        let mut parts: Vec<&[u8]> = code.iter().map(String::as_bytes).collect();
        parts.push(response.content.as_bytes());
        prop_assert_eq!(Response::from_omq(&parts), Ok(response));

        let (written, is_error) = quic(&response);
        prop_assert_eq!(is_error, status != status::OK);
        prop_assert_eq!(Response::from_quic(&written, is_error), Ok(response));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>, is_error: bool) {
        let _ = Response::from_quic(&bytes, is_error);
        let _ = parse_quic("store", &bytes, Mainnet);
        prop_assert_eq!(Content::of(&bytes).as_bytes(), &bytes[..]);
    }
}

//! What an entry node says in plain over QUIC, and what a batch says as a whole.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use session_onion::{EntryError, uniform_batch_error};

#[test]
fn entry_errors_by_line() {
    let parsed = |text| EntryError::parse(text).map(|e| (e.status, e.reason, e.message));
    for (text, expected) in [
        (
            "502 Bad Gateway\n\nNext node not found: x",
            (502, "Bad Gateway", "Next node not found: x"),
        ),
        ("200 \n\n", (200, "", "")),
        ("000 x\n\ny", (0, "x", "y")),
        ("999  a b \n\n\n\ny", (999, " a b ", "\n\ny")),
        ("504 a\r\n\nb", (504, "a\r", "b")),
        ("429 Zu viele 😀\n\n\0", (429, "Zu viele 😀", "\0")),
    ] {
        assert_eq!(parsed(text), Some(expected), "{text:?}");
    }
    for text in [
        "",
        "\n\n",
        "502",
        "502 Bad Gateway",
        "502 Bad Gateway\n",
        "502 Bad Gateway\nmessage\n\n",
        "502\n\nx",
        "502\tBad\n\nx",
        " 502 Bad\n\nx",
        "5021 Bad\n\nx",
        "-50 Bad\n\nx",
        "0x1 Bad\n\nx",
        "٥٠٢ Bad\n\nx",
        "é2 Bad\n\nx",
        "502 Bad\r\n\r\nx",
        "Invalid endpoint '502 x\n'\n\n",
        "An error occurred while processing the request",
    ] {
        assert_eq!(parsed(text), None, "{text:?}");
    }
    assert!(EntryError::parse("504 x\n\n").unwrap().is_timeout());
    assert!(!EntryError::parse("505 x\n\n").unwrap().is_timeout());
    assert!(
        !EntryError::parse("503 x\n\n504 x\n\n")
            .unwrap()
            .is_timeout()
    );
}

#[test]
fn batches_by_code() {
    for (body, expected) in [
        (r#"{"results":[{"code":421}]}"#, Some(421)),
        (
            r#" {"x":[{"code":1}],"results":[{"body":{"code":2},"code":0},{"code":0}]} "#,
            Some(0),
        ),
        (r#"{"results":[{"code":199}]}"#, Some(199)),
        (r#"{"results":[{"code":300},{"code":300}]}"#, Some(300)),
        (r#"{"results":[{"code":200}]}"#, None),
        (
            r#"{"results":[{"code":406},{"code":406},{"code":421}]}"#,
            None,
        ),
        (r#"{"results":[{"code":406},{"code":200}]}"#, None),
        (r#"{"results":[{"code":406},{}]}"#, None),
        (r#"{"results":[{"code":406},null]}"#, None),
        (r#"{"results":[{"code":"406"}]}"#, None),
        (r#"{"results":[{"code":406.0}]}"#, None),
        (r#"{"results":[{"code":-406}]}"#, None),
        (r#"{"results":[{"code":65942}]}"#, None),
        (r#"{"results":{"code":406}}"#, None),
        (r#"{"results":[]}"#, None),
        (r#"{"results":null}"#, None),
        (r#"{"results":[{"code":406}]}x"#, None),
        (r#"{"results":[{"code":406}]"#, None),
        (r#"{"Results":[{"code":406}]}"#, None),
        ("", None),
        ("null", None),
        ("\"results\"", None),
    ] {
        assert_eq!(uniform_batch_error(body), expected, "{body}");
    }
    let deep = format!(r#"{{"x":{},"results":[{{"code":421}}]}}"#, "[".repeat(5000));
    assert_eq!(uniform_batch_error(&deep), None);
}

/// Arrays that stand where the rule wants objects name no code.
#[test]
fn only_objects_are_batches() {
    for body in [r#"[[{"code":421}]]"#, r#"{"results":[[421]]}"#, "[[[421]]]"] {
        assert_eq!(uniform_batch_error(body), None, "{body}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn hostile_texts_do_not_panic(text: String, reason: String, status in 0u16..1000) {
        let _ = uniform_batch_error(&text);
        let parsed = EntryError::parse(&text);
        prop_assert!(parsed.is_none_or(|e| e.status < 1000 && !e.reason.contains('\n')));
        let line = reason.replace('\n', "");
        let whole = format!("{status:03} {line}\n\n{text}");
        let parsed = EntryError::parse(&whole).unwrap();
        prop_assert_eq!((parsed.status, parsed.reason), (status, line.as_str()));
        prop_assert_eq!(parsed.message, text.as_str());
        prop_assert_eq!(parsed.is_timeout(), status == 504);
    }
}

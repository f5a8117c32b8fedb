//! Hostile layers and messages, and how much memory they can take.

#![allow(clippy::arithmetic_side_effects, clippy::panic, clippy::unwrap_used)]

mod nodes;

use allocation_counter::measure;
use nodes::{TYPES, frame, rng, seal_as_client};
use proptest::prelude::*;
use session_core::hex;
use session_crypto::x25519::SecretKey;
use session_onion::{Action, EncType, Error, Layer, MAX_HOP_NO, peel, uniform_batch_error, v3, v4};

const KEY: &str = "0900000000000000000000000000000000000000000000000000000000000000";

/// A body for an entry node around a layer that is authentic, whatever is in it.
fn sealed_for(node: &SecretKey, enc_type: EncType, plaintext: &[u8]) -> Vec<u8> {
    let mut rng = rng(1);
    let ephemeral = SecretKey::generate(&mut rng);
    let sealed = seal_as_client(enc_type, &ephemeral, node.public(), plaintext, &mut rng);
    let key = hex::encode(ephemeral.public().as_bytes());
    let name = enc_type.name();
    frame(
        &sealed,
        &format!(r#"{{"enc_type":"{name}","ephemeral_key":"{key}"}}"#),
    )
}

/// What a node does with an authentic layer around this frame.
fn act<T>(plaintext: &[u8], read: impl FnOnce(Action<'_>) -> T) -> T {
    let node = SecretKey::from_bytes(&[5; 32]);
    let mut body = sealed_for(&node, EncType::XChaCha20, plaintext);
    let layer = Layer::parse_outer(&mut body).unwrap();
    read(peel(&node, layer).unwrap().action)
}

fn invalid(plaintext: &[u8]) -> Option<Error> {
    act(plaintext, |action| match action {
        Action::Invalid(error) => Some(error),
        _ => None,
    })
}

fn classify(metadata: &str) -> String {
    act(&frame(b"blob", metadata), |action| match action {
        Action::Relay(relay) => {
            assert_eq!(relay.ciphertext, b"blob");
            format!("relay {}", relay.enc_type.name())
        }
        Action::Final(request) => {
            assert_eq!(request.payload, b"blob");
            let options = request.options;
            format!("final {} {}", options.json, options.base64)
        }
        Action::Proxy(proxy) => {
            assert_eq!(proxy.body, frame(b"blob", metadata), "the whole frame");
            let target = proxy.target;
            format!("proxy {} {}", target.protocol, target.port)
        }
        Action::Invalid(error) => error.to_string(),
        other => panic!("{other:?}"),
    })
}

#[test]
fn classes_go_by_keys_in_order() {
    let all = r#""host":"h","target":"t","destination":"d""#;
    for (metadata, expected) in [
        (format!(r#"{{{all},"headers":null}}"#), "final false true"),
        (
            format!(r#"{{{all},"headers":{{}},"json":true,"base64":false}}"#),
            "final true false",
        ),
        (format!("{{{all}}}"), "proxy https 443"),
        (format!(r#"{{{all},"protocol":"http"}}"#), "proxy http 443"),
        (
            format!(r#"{{{all},"protocol":"gopher","port":0}}"#),
            "proxy gopher 0",
        ),
        (
            format!(r#"{{{all},"port":65535,"enc_type":"?"}}"#),
            "proxy https 65535",
        ),
        (
            format!(r#"{{"destination":"{KEY}","ephemeral_key":"{KEY}"}}"#),
            "relay aes-gcm",
        ),
        (
            format!(r#"{{"destination":"{KEY}","ephemeral_key":"{KEY}","enc_type":"xchacha20"}}"#),
            "relay xchacha20",
        ),
        (
            r#"{"headers":1,"json":1}"#.into(),
            "metadata: json is not a bool",
        ),
        (
            r#"{"headers":1,"base64":null}"#.into(),
            "metadata: base64 is not a bool",
        ),
        (
            r#"{"host":null,"target":"t"}"#.into(),
            "metadata: host is not a string",
        ),
        (r#"{"host":"h"}"#.into(), "metadata: missing target"),
        (
            format!(r#"{{{all},"port":65536}}"#),
            "metadata: port is not a port number",
        ),
        (
            format!(r#"{{{all},"port":-1}}"#),
            "metadata: port is not a port number",
        ),
        (
            format!(r#"{{{all},"port":"443"}}"#),
            "metadata: port is not a port number",
        ),
        (
            format!(r#"{{{all},"port":443.5}}"#),
            "metadata: port is not a port number",
        ),
        (
            format!(r#"{{{all},"protocol":1}}"#),
            "metadata: protocol is not a string",
        ),
        ("{}".into(), "metadata: missing destination"),
        (
            format!(r#"{{"destination":"{KEY}"}}"#),
            "metadata: missing ephemeral_key",
        ),
        (
            format!(r#"{{"destination":"{KEY}0","ephemeral_key":"{KEY}"}}"#),
            "metadata: destination is not 64 hex digits",
        ),
        (
            format!(r#"{{"destination":"{KEY}","ephemeral_key":"{KEY}","enc_type":"cbc"}}"#),
            "unknown enc_type",
        ),
        ("[]".into(), "metadata: not one JSON object"),
        (r#"["h"]"#.into(), "metadata: not one JSON object"),
        (String::new(), "metadata: not one JSON object"),
        ("{".repeat(5000), "metadata: not one JSON object"),
    ] {
        assert_eq!(classify(&metadata), expected, "{metadata:.100}");
    }
}

#[test]
fn authentic_layers_without_a_frame_are_invalid() {
    for plaintext in [
        &b""[..],
        b"abc",
        b"\x01\0\0\0",
        b"\xff\xff\xff\xff{}",
        b"\0\0\0\x80{}",
    ] {
        assert_eq!(invalid(plaintext), Some(Error::Frame));
    }
    assert_eq!(invalid(b"\x02\0\0\0{}"), Some(Error::NotJson));
}

#[test]
fn hop_numbers_are_numbers() {
    let read = |hop_no: &str| {
        let metadata = format!(r#"{{"ephemeral_key":"{KEY}","hop_no":{hop_no}}}"#);
        let mut body = frame(b"", &metadata);
        Layer::parse_outer(&mut body).map(|layer| (layer.hop_no, layer.check_hop_limit().is_ok()))
    };
    for (text, expected, passes) in [
        ("0", 0, true),
        ("-7", 0, true),
        ("-1e300", 0, true),
        ("15", MAX_HOP_NO, true),
        ("16", 16, false),
        ("15.9", 15, true),
        ("4294967295", u32::MAX, false),
        ("4294967296", u32::MAX, false),
        ("18446744073709551616", u32::MAX, false),
        ("1e300", u32::MAX, false),
    ] {
        assert_eq!(read(text), Ok((expected, passes)), "{text}");
    }
    for text in ["\"1\"", "null", "true", "[1]", "{}"] {
        let expected = Error::Metadata {
            key: "hop_no",
            expected: "a number",
        };
        assert_eq!(read(text), Err(expected), "{text}");
    }
}

#[test]
fn relay_messages_by_key() {
    let parse = |entries: &[&[u8]]| {
        let mut message = [b"d", entries.concat().as_slice(), b"e"].concat();
        Layer::parse_relay(&mut message).map(|layer| {
            let ciphertext = layer.ciphertext.to_vec();
            (ciphertext, layer.enc_type, layer.hop_no)
        })
    };
    let (data, key) = (
        b"4:data3:\0e\xff".as_slice(),
        [&b"13:ephemeral_key32:"[..], &[9; 32]],
    );
    let key = key.concat();
    let bytes = b"\0e\xff".to_vec();
    let gcm = |hop_no| Ok((bytes.clone(), EncType::AesGcm, hop_no));
    assert_eq!(parse(&[data, &key]), gcm(1));
    assert_eq!(parse(&[data, &key, b"6:hop_noi0e"]), gcm(1));
    assert_eq!(parse(&[data, &key, b"6:hop_noi-9e"]), gcm(1));
    assert_eq!(parse(&[data, &key, b"6:hop_noi16e"]), gcm(16));
    assert_eq!(parse(&[data, &key, b"6:hop_noi4294967296e"]), gcm(u32::MAX));
    assert_eq!(parse(&[b"1:a1:b", data, b"1:ei1e", &key, b"1:zle"]), gcm(1));
    for name in [b"9:xchacha20".as_slice(), b"18:xchacha20-poly1305"] {
        let enc_type = [b"8:enc_type", name].concat();
        let parsed = parse(&[data, &enc_type, &key]);
        assert_eq!(parsed, Ok((bytes.clone(), EncType::XChaCha20, 1)));
    }

    let short = [b"13:ephemeral_key31:", &[9; 31][..]].concat();
    assert!(matches!(
        parse(&[data, &short]),
        Err(Error::Metadata {
            key: "ephemeral_key",
            ..
        })
    ));
    assert_eq!(
        parse(&[data, b"8:enc_type1:\xff", &key]),
        Err(Error::UnknownEncType)
    );
    for entries in [
        &[][..],
        &[data],
        &[&key],
        &[&key, data],
        &[data, data, &key],
        &[data, &key, b"6:hop_no1:1"],
        &[data, &key, b"6:hop_noi9223372036854775808e"],
        &[data, b"8:enc_typei1e", &key],
        &[b"4:datai1e", &key],
        &[b"4:data99999999999999999999:", &key],
    ] {
        let parsed = parse(entries);
        assert!(matches!(parsed, Err(Error::RelayMessage(_))), "{parsed:?}");
    }
}

#[test]
fn peak_memory_is_a_small_multiple_of_what_came_in() {
    // Many members, many headers of few bytes, deep nesting, long strings of escapes.
    let many = |item: &str, count: usize| vec![item; count].join(",");
    let headers: Vec<String> = (0..4000).map(|n| format!(r#""{n:x}":"""#)).collect();
    let fill = r#""code":200,"endpoint":"/","method":"GET""#;
    let texts = [
        format!(r#"{{"x":[{}],{fill}}}"#, many("[]", 10_000)),
        format!(r#"{{{},{fill}}}"#, many(r#""a":0"#, 5_000)),
        format!(r#"{{{},{fill}}}"#, many(r#""headers":{}"#, 3_000)),
        format!(r#"{{"headers":{{{}}},{fill}}}"#, headers.join(",")),
        format!(
            r#"{{"headers":{{"a":"{}"}},{fill}}}"#,
            r"\u0041".repeat(5_000)
        ),
        format!(r#"{{"x":"{}",{fill}}}"#, r"\n".repeat(15_000)),
        format!(r#"{{"results":[{}]}}"#, many(r#"{"code":421}"#, 3_000)),
        "[".repeat(30_000),
        format!(
            r#"{{"x":{}{},{fill}}}"#,
            "[".repeat(15_000),
            "]".repeat(15_000)
        ),
        "{\"headers\":".repeat(3_000),
    ];
    for text in texts {
        let list = format!("l{}:{text}e", text.len()).into_bytes();
        let batch = || {
            let _ = uniform_batch_error(&text);
        };
        let measured = [
            ("v4 request", measure(|| drop(v4::Request::decode(&list)))),
            ("v4 response", measure(|| drop(v4::Response::decode(&list)))),
            (
                "v3 request",
                measure(|| drop(v3::Request::decode(text.as_bytes()))),
            ),
            ("batch", measure(batch)),
            ("outer", {
                let mut body = frame(b"", &text);
                measure(|| drop(Layer::parse_outer(&mut body)))
            }),
        ];
        for (what, counted) in measured {
            // Most for headers of no more than a few bytes each, at about 11.
            let limit = 12 * text.len() as u64;
            assert!(
                counted.bytes_max <= limit,
                "{what}: {} bytes for {} of {text:.40}",
                counted.bytes_max,
                text.len()
            );
        }
    }
}

#[test]
fn huge_length_fields_allocate_nothing() {
    let metadata = format!(r#"{{"ephemeral_key":"{KEY}"}}"#);
    for len in [u32::MAX, u32::MAX - 3, 0x8000_0000, 100_000] {
        let mut body = [&len.to_le_bytes(), metadata.as_bytes()].concat();
        let counted = measure(|| {
            assert_eq!(Layer::parse_outer(&mut body).err(), Some(Error::Frame));
            assert_eq!(Layer::parse_at_server(&mut body).err(), Some(Error::Frame));
        });
        assert_eq!(counted.count_total, 0);
    }
    let mut message = b"d4:data99999999:xe".to_vec();
    let list = b"l99999999:xe";
    let counted = measure(|| {
        assert!(Layer::parse_relay(&mut message).is_err());
        assert_eq!(v4::Response::decode(list), Err(Error::ServerForm));
    });
    assert_eq!(counted.count_total, 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn authentic_layers_of_any_bytes_do_not_panic(
        bytes: Vec<u8>, metadata: String, gcm: bool,
    ) {
        let node = SecretKey::from_bytes(&[6; 32]);
        for plaintext in [bytes.clone(), frame(&bytes, &metadata)] {
            let mut body = sealed_for(&node, TYPES[usize::from(gcm)], &plaintext);
            let layer = Layer::parse_outer(&mut body).unwrap();
            let action = peel(&node, layer).unwrap().action;
            prop_assert!(matches!(action, Action::Invalid(_)), "{:?}", action);
        }
    }
}

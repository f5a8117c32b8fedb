//! Answers of nodes: the four forms, every escape, and what is no answer.

#![allow(clippy::arithmetic_side_effects, clippy::panic, clippy::unwrap_used)]

mod nodes;

use nodes::{TYPES, carry_to_node, rng, seal_by_hand};
use proptest::prelude::*;
use session_core::base64;
use session_crypto::x25519::{PublicKey, SecretKey};
use session_onion::{
    EncType, Error, ReplyBody, ReplyFormat, ReplyKey, ReplySealer, ReplyText, SealedBy, build, size,
};

struct Asked {
    node: SecretKey,
    client: PublicKey,
    sealer: ReplySealer,
    key: ReplyKey,
}

impl Asked {
    fn new(hops: usize, enc_type: EncType) -> Self {
        let mut rng = rng(1);
        let (mut secrets, nodes) = nodes::nodes(hops + 1, &mut rng);
        let (end, path) = nodes.split_last().unwrap();
        let request = build(path, end, b"{}", enc_type, &mut rng).unwrap();
        let (_, mut arrival) = carry_to_node(&secrets, request.body);
        Self {
            node: secrets.pop().unwrap(),
            client: arrival.ephemeral_keys.pop().unwrap(),
            sealer: arrival.sealers.pop().unwrap(),
            key: request.reply,
        }
    }

    /// What opening gives when the node has sealed this.
    fn open(&self, enc_type: EncType, plaintext: &str) -> Result<(u16, ReplyText), Error> {
        let plaintext = plaintext.as_bytes();
        let sealed = seal_by_hand(enc_type, &self.node, &self.client, plaintext, &mut rng(2));
        let reply = self.key.open(&sealed)?;
        assert_eq!(reply.sealed_by, SealedBy::Destination);
        assert_eq!(reply.enc_type, enc_type);
        Ok((reply.status, reply.body))
    }
}

const FORMATS: [ReplyFormat; 4] = [
    ReplyFormat {
        json: false,
        base64: false,
    },
    ReplyFormat {
        json: false,
        base64: true,
    },
    ReplyFormat {
        json: true,
        base64: false,
    },
    ReplyFormat {
        json: true,
        base64: true,
    },
];

/// All characters that JSON escapes, some that it may, and some that it need not.
fn every_escape() -> String {
    let controls = (0..0x20u8).map(char::from);
    controls
        .chain("\"\\/\u{7f}\u{80}\u{2028}\u{2029}\u{feff}\u{fffd}\u{ffff}é😀{}[]:,".chars())
        .collect()
}

#[test]
fn text_comes_back_as_it_was() {
    let long = "x\0\u{1f}\"\\".repeat(800);
    for enc_type in TYPES {
        let asked = Asked::new(2, enc_type);
        for format in FORMATS {
            for text in [
                "",
                "Invalid json",
                "{\"a\":1}",
                "null",
                &every_escape(),
                &long,
            ] {
                let body = ReplyBody::Text(text);
                let sealed = asked.sealer.seal(400, body, format, &mut rng(3)).unwrap();
                let quoted = serde_json::to_string(text).unwrap();
                let inner_len = 19 + 3 + quoted.len();
                if format.base64 {
                    assert_eq!(sealed.len(), size::node_reply(inner_len, enc_type));
                } else {
                    assert_eq!(sealed.len(), enc_type.overhead() + inner_len);
                }
                let reply = asked.key.open(&sealed).unwrap();
                assert_eq!(reply.status, 400);
                assert_eq!(reply.body, ReplyText::Text(text.into()));
                assert_eq!(reply.sealed_by, SealedBy::Destination);
                assert_eq!(reply.enc_type, enc_type);
            }
        }
    }
}

#[test]
fn json_comes_back_as_a_value_only_when_asked_for() {
    let asked = Asked::new(0, EncType::XChaCha20);
    for json in [
        "{}",
        "[1,{\"a\":null}]",
        "null",
        "true",
        "-1.5e3",
        r#"{"status":500}"#,
    ] {
        for format in FORMATS {
            let body = ReplyBody::Json(json);
            let sealed = asked.sealer.seal(200, body, format, &mut rng(4)).unwrap();
            let reply = asked.key.open(&sealed).unwrap();
            let expected = if format.json {
                ReplyText::Json(json.into())
            } else {
                ReplyText::Text(json.into())
            };
            assert_eq!((reply.status, reply.body), (200, expected));
        }
    }
    // A JSON string is a string either way; without the flag it is the string's JSON.
    let text = "\"\\u0041\\n\"";
    let [as_text, as_json] = [false, true].map(|json| {
        let format = ReplyFormat { json, base64: true };
        let sealed = asked
            .sealer
            .seal(200, ReplyBody::Json(text), format, &mut rng(5));
        asked.key.open(&sealed.unwrap()).unwrap().body
    });
    assert_eq!(as_text, ReplyText::Text(text.into()));
    assert_eq!(as_json, ReplyText::Text("A\n".into()));
}

#[test]
fn the_forms_that_nodes_have_had() {
    for enc_type in TYPES {
        let asked = Asked::new(1, enc_type);
        let plaintext = br#"{"body":"ok!!","status":200}"#;
        // Lengths that need no, one and two characters of padding.
        for spaces in 0..3 {
            let plaintext = [plaintext.as_slice(), &vec![b' '; spaces]].concat();
            let sealed = seal_by_hand(
                enc_type,
                &asked.node,
                &asked.client,
                &plaintext,
                &mut rng(6),
            );
            let (padded, unpadded) = (base64::encode(&sealed), base64::encode_unpadded(&sealed));
            let escaped = padded.replace('/', "\\/");
            for form in [
                padded.clone(),
                unpadded.clone(),
                format!("{padded}\n"),
                format!(" {unpadded}\r\n"),
                format!(r#"{{"result":"{padded}"}}"#),
                format!(r#" {{"t":[1],"result":"{escaped}","x":null}} "#),
                format!(r#"{{"result":"{unpadded}"}}"#),
            ] {
                let reply = asked.key.open(form.as_bytes()).unwrap();
                assert_eq!((reply.status, reply.body.as_str()), (200, "ok!!"), "{form}");
            }
            assert!(asked.key.open(&sealed).is_ok(), "raw");
            for form in [
                format!(r#"{{"result":["{padded}"]}}"#),
                format!(r#"["{padded}"]"#),
                format!("\"{padded}\""),
                format!("{padded}{padded}"),
                format!("x{padded}"),
            ] {
                assert_eq!(
                    asked.key.open(form.as_bytes()),
                    Err(Error::Decrypt),
                    "{form}"
                );
            }
        }
    }
}

#[test]
fn answers_in_aes_gcm_are_read_whatever_was_asked_for() {
    let plaintext = r#"{"body":"x","status":200}"#;
    let [xchacha, gcm] = TYPES.map(|enc_type| Asked::new(1, enc_type));
    assert!(xchacha.open(EncType::AesGcm, plaintext).is_ok());
    assert!(xchacha.open(EncType::XChaCha20, plaintext).is_ok());
    assert!(gcm.open(EncType::AesGcm, plaintext).is_ok());
    assert_eq!(gcm.open(EncType::XChaCha20, plaintext), Err(Error::Decrypt));
}

#[test]
fn a_reply_has_an_integer_status_and_a_body() {
    let asked = Asked::new(1, EncType::XChaCha20);
    let open = |plaintext: &str| asked.open(EncType::XChaCha20, plaintext);
    let text = |text: &str| ReplyText::Text(text.into());
    let accepted = [
        (r#"{"body":"x","status":200}"#, 200, text("x")),
        (r#" { "status" : 0 , "body" : "" } "#, 0, text("")),
        (r#"{"status_code":421,"body":"x"}"#, 421, text("x")),
        (
            r#"{"status":65535,"body":"\u0000\ud83d\ude00"}"#,
            65_535,
            text("\0😀"),
        ),
        (
            r#"{"status":1,"status":2,"body":"a","body":"b"}"#,
            2,
            text("b"),
        ),
        ("\u{feff}{\"status\":200,\"body\":\"x\"}", 200, text("x")),
        (
            r#"{"status":200,"body":null}"#,
            200,
            ReplyText::Json("null".into()),
        ),
        (
            r#"{"status":200,"body":{"a":[ 1 ]}}"#,
            200,
            ReplyText::Json(r#"{"a":[ 1 ]}"#.into()),
        ),
    ];
    for (plaintext, status, body) in accepted {
        assert_eq!(open(plaintext), Ok((status, body)), "{plaintext}");
    }
    for plaintext in [
        "",
        "null",
        "[]",
        "[200,\"x\"]",
        "{}",
        r#"{"body":"x"}"#,
        r#"{"status":200}"#,
        r#"{"status":"200","body":"x"}"#,
        r#"{"status":200.0,"body":"x"}"#,
        r#"{"status":2e2,"body":"x"}"#,
        r#"{"status":-1,"body":"x"}"#,
        r#"{"status":65536,"body":"x"}"#,
        r#"{"status":null,"body":"x"}"#,
        r#"{"status":true,"body":"x"}"#,
        r#"{"status":200,"body":"x"}x"#,
        r#"{"status":200,"body":"x""#,
        r#"{"status":200,"body":"\ud800"#,
        r#"{"method":"info","params":{}}"#,
        "l12:{\"code\":200}e",
    ] {
        assert_eq!(open(plaintext), Err(Error::ReplyForm), "{plaintext}");
    }
    let deep = format!(r#"{{"status":200,"body":{}"#, "[".repeat(4000));
    assert_eq!(open(&deep), Err(Error::ReplyForm));
}

#[test]
fn a_destination_speaks_for_itself_and_relays_do_not_for_it() {
    for enc_type in TYPES {
        let mut rng = rng(7);
        let (secrets, hops) = nodes::nodes(3, &mut rng);
        let request = build(&hops[..2], &hops[2], b"{}", enc_type, &mut rng).unwrap();
        let (_, arrival) = carry_to_node(&secrets, request.body);
        let say = |place: usize| {
            let sealer: &ReplySealer = &arrival.sealers[place];
            let body = ReplyBody::Text("Invalid json");
            sealer.seal(421, body, ReplyFormat::default(), &mut nodes::rng(8))
        };
        let opened = |place| {
            let reply = request.reply.open(&say(place).unwrap())?;
            Ok((reply.status, reply.sealed_by))
        };
        assert_eq!(opened(2), Ok((421, SealedBy::Destination)));
        assert_eq!(opened(1), Ok((421, SealedBy::LastHop)));
        assert_eq!(opened(0), Err(Error::Decrypt));
    }
}

#[test]
fn debug_shows_no_content() {
    let asked = Asked::new(1, EncType::XChaCha20);
    let body = ReplyBody::Text("hush-hush");
    let sealed = asked
        .sealer
        .seal(200, body, FORMATS[1], &mut rng(9))
        .unwrap();
    let reply = asked.key.open(&sealed).unwrap();
    let shown = format!(
        "{reply:?} {:?} {:?} {:?}",
        reply.body, asked.key, asked.sealer
    );
    assert!(!shown.contains("hush"), "{shown}");
    assert!(shown.contains("SharedSecret(..)"), "{shown}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_changed_or_cut_reply_is_refused(
        text: String, gcm: bool, at: prop::sample::Index, flip in 1u8..,
    ) {
        let asked = Asked::new(1, TYPES[usize::from(gcm)]);
        let sealed = asked
            .sealer
            .seal(200, ReplyBody::Text(&text), FORMATS[0], &mut rng(10))
            .unwrap();
        let at = at.index(sealed.len());
        let mut changed = sealed.clone();
        changed[at] ^= flip;
        prop_assert_eq!(asked.key.open(&changed), Err(Error::Decrypt));
        prop_assert_eq!(asked.key.open(&sealed[..at]), Err(Error::Decrypt));
        prop_assert_eq!(asked.key.open(&sealed[1 + at..]), Err(Error::Decrypt));
        let longer = [&sealed[..], &[flip]].concat();
        prop_assert_eq!(asked.key.open(&longer), Err(Error::Decrypt));
    }

    #[test]
    fn no_plaintext_panics(plaintext: String) {
        let asked = Asked::new(0, EncType::AesGcm);
        let opened = asked.open(EncType::AesGcm, &plaintext);
        prop_assert_eq!(opened, Err(Error::ReplyForm));
    }
}

//! Authentication of community requests (spec 01 §9).

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used
)]

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use session_crypto::blake2b;
use session_identity::blinding::ServerKey;
use session_identity::community_auth::{
    CLOCK_WINDOW_SECS, HeaderTexts, Headers, NONCE, PUBKEY, SIGNATURE, Signer, TIMESTAMP,
    signed_bytes,
};
use session_identity::session_core::{AccountId, Prefix, UnixMillis, base64, hex};
use session_identity::{Account, Error, Request, Seed};

const SERVER: ServerKey = ServerKey::from_bytes([0xab; 32]);
const NOW: UnixMillis = UnixMillis::from_secs(1_700_000_000);

fn account() -> Account {
    Account::from_seed(&Seed::from([1; 32]))
}

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([2; 32])
}

fn get(path: &str) -> Request<'_> {
    Request::new("GET", path, b"").unwrap()
}

/// The values as they are sent.
fn values(headers: &Headers) -> [String; 4] {
    headers.to_texts().map(|(_, value)| value)
}

fn texts(values: &[String; 4]) -> HeaderTexts<'_> {
    let [pubkey, nonce, timestamp, signature] = values;
    HeaderTexts {
        pubkey: Some(pubkey),
        nonce: Some(nonce),
        timestamp: Some(timestamp),
        signature: Some(signature),
    }
}

fn parse(values: &[String; 4]) -> Result<Option<Headers>, Error> {
    Headers::parse(&texts(values))
}

fn signed_at(at: UnixMillis) -> Headers {
    let pair = account().blind15(&SERVER);
    Headers::sign(
        &get("/rooms"),
        Signer::Blinded(&pair),
        &SERVER,
        at,
        &mut rng(),
    )
}

fn method() -> impl Strategy<Value = String> {
    "[A-Z]{1,7}"
}

fn path() -> impl Strategy<Value = String> {
    "/\\PC{0,30}".prop_filter("no bare question mark", |path| {
        !matches!(path.split_once('?'), Some((_, "")))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn signed_requests_verify(
        seed: [u8; 32], server: [u8; 32], secs in 0..u64::MAX / 1000,
        method in method(), path in path(), body: Vec<u8>, random: [u8; 32],
    ) {
        let account = Account::from_seed(&Seed::from(seed));
        let server = ServerKey::from_bytes(server);
        let pair = account.blind15(&server);
        let request = Request::new(&method, &path, &body).unwrap();
        let now = UnixMillis::from_secs(secs);
        let mut rng = ChaCha20Rng::from_seed(random);

        let mut sign = |signer| Headers::sign(&request, signer, &server, now, &mut rng);
        let blinded = sign(Signer::Blinded(&pair));
        let unblinded = sign(Signer::Unblinded(&account));
        prop_assert_ne!(blinded.nonce(), unblinded.nonce());
        let unblinded_id = AccountId::new(Prefix::Unblinded, *account.ed25519_key().as_bytes());
        for (headers, user, sent_id) in [
            (blinded, pair.id(), pair.id()),
            (unblinded, account.id(), unblinded_id),
        ] {
            let received = parse(&values(&headers)).unwrap().unwrap();
            prop_assert_eq!(received, headers);
            prop_assert_eq!(received.verify(&request, &server, now, false), Ok(user));
            let nonce = base64::encode(headers.nonce());
            let [pubkey, sent_nonce, timestamp, signature] = headers.to_texts();
            prop_assert_eq!(pubkey, ("X-SOGS-Pubkey", sent_id.to_string()));
            prop_assert_eq!(sent_nonce, ("X-SOGS-Nonce", nonce));
            prop_assert_eq!(timestamp, ("X-SOGS-Timestamp", secs.to_string()));
            prop_assert_eq!((signature.0, signature.1.len()), ("X-SOGS-Signature", 88));
        }
        prop_assert_eq!(blinded.verify(&request, &server, now, true), Ok(pair.id()));
        prop_assert_eq!(
            unblinded.verify(&request, &server, now, true),
            Err(Error::BlindingRequired)
        );
    }

    #[test]
    fn every_signed_part_is_covered(
        method in method(), path in path(), body: Vec<u8>,
        other_method in method(), other_path in path(), other_body: Vec<u8>,
    ) {
        let account = account();
        let pair = account.blind15(&SERVER);
        let request = Request::new(&method, &path, &body).unwrap();
        for signer in [Signer::Blinded(&pair), Signer::Unblinded(&account)] {
            let headers = Headers::sign(&request, signer, &SERVER, NOW, &mut rng());
            for other in [
                Request::new(&other_method, &path, &body).unwrap(),
                Request::new(&method, &other_path, &body).unwrap(),
                Request::new(&method, &path, &other_body).unwrap(),
            ] {
                let verdict = headers.verify(&other, &SERVER, NOW, false);
                prop_assert_eq!(verdict.is_ok(), other == request);
            }
            let elsewhere = ServerKey::from_bytes([0xac; 32]);
            prop_assert_eq!(
                headers.verify(&request, &elsewhere, NOW, false),
                Err(Error::Signature)
            );
        }
    }

    #[test]
    fn every_header_is_covered(bit: prop::sample::Index, field in 0usize..4) {
        let headers = signed_at(NOW);
        let mut values = values(&headers);
        if field == 2 {
            values[2] = (NOW.as_secs() + 1).to_string();
        } else {
            let mut bytes = if field == 0 {
                hex::decode("x", &values[0])
            } else {
                base64::decode("x", &values[field])
            }
            .unwrap();
            // The prefix has a test of its own.
            let first = if field == 0 { 8 } else { 0 };
            let bit = first + bit.index(8 * bytes.len() - first);
            bytes[bit / 8] ^= 1 << (bit % 8);
            values[field] = hex::encode(&bytes);
        }
        let changed = parse(&values).unwrap().unwrap();
        let verdict = changed.verify(&get("/rooms"), &SERVER, NOW, false);
        let expected: &[Error] = if field == 0 {
            &[Error::Signature, Error::InvalidPoint]
        } else {
            &[Error::Signature]
        };
        prop_assert!(expected.iter().any(|error| verdict == Err(*error)), "{:?}", verdict);
    }

    #[test]
    fn any_text_is_a_verdict(
        pubkey in prop::option::of(text()), nonce in prop::option::of(text()),
        timestamp in prop::option::of(text()), signature in prop::option::of(text()),
    ) {
        let texts = HeaderTexts {
            pubkey: pubkey.as_deref(),
            nonce: nonce.as_deref(),
            timestamp: timestamp.as_deref(),
            signature: signature.as_deref(),
        };
        let anonymous = [&pubkey, &nonce, &timestamp, &signature] == [&None; 4];
        match Headers::parse(&texts) {
            Ok(None) => prop_assert!(anonymous),
            Ok(Some(headers)) => {
                prop_assert!(headers.verify(&get("/"), &SERVER, NOW, false).is_err());
            }
            Err(_) => prop_assert!(!anonymous),
        }
    }

    #[test]
    fn any_request_is_taken_or_refused(method in "\\PC{0,6}", path in "\\PC{0,10}") {
        let upper = !method.is_empty() && method.chars().all(|c| c.is_ascii_uppercase());
        let query = path.split_once('?').is_none_or(|(_, query)| !query.is_empty());
        let expected = match (upper, path.starts_with('/') && query) {
            (false, _) => Err(Error::Method),
            (true, false) => Err(Error::Path),
            (true, true) => Ok(()),
        };
        prop_assert_eq!(Request::new(&method, &path, b"").map(|_| ()), expected);
    }
}

/// Texts that are often of a length, or of an alphabet, that a header has.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,40}",
        "15[0-9a-f]{64}",
        "00[0-9a-f]{64}",
        "F[QRST][A-Za-z0-9+/]{42}",
        "[0-9a-f]{32}",
        "[A-Za-z0-9+/]{22}(==)?",
        "[0-9a-f]{128}",
        "[A-Za-z0-9+/]{86}(==)?",
        "[0-9]{1,22}",
    ]
}

#[test]
fn signed_bytes_are_those_of_the_specification() {
    let nonce = [7; 16];
    let prefix = [&SERVER.as_bytes()[..], &nonce].concat();
    let request = Request::new("POST", "/room/é?q=%20", b"body").unwrap();
    let body_hash: [u8; 64] = blake2b::hash(&[b"body"]);
    let expected = [
        &prefix[..],
        "1700000000POST/room/é?q=%20".as_bytes(),
        &body_hash,
    ];
    assert_eq!(
        signed_bytes(&request, &SERVER, &nonce, NOW),
        expected.concat()
    );
    let expected = [&prefix[..], b"1700000000GET/rooms"].concat();
    assert_eq!(
        signed_bytes(&get("/rooms"), &SERVER, &nonce, NOW),
        expected,
        "no bytes are no body"
    );
}

#[test]
fn all_forms_of_the_texts_are_read() {
    let headers = signed_at(NOW);
    let [pubkey, nonce, timestamp, signature] = values(&headers);
    let forms = |bytes: Vec<u8>| {
        [
            hex::encode(&bytes),
            hex::encode(&bytes).to_uppercase(),
            base64::encode(&bytes),
            base64::encode_unpadded(&bytes),
        ]
    };
    let pubkeys = forms(hex::decode("x", &pubkey).unwrap());
    let nonces = forms(base64::decode("x", &nonce).unwrap());
    let signatures = forms(base64::decode("x", &signature).unwrap());
    for pubkey in &pubkeys {
        for nonce in &nonces {
            for signature in &signatures {
                let values = [pubkey, nonce, &timestamp, signature].map(String::clone);
                assert_eq!(parse(&values), Ok(Some(headers)));
            }
        }
    }
}

#[test]
fn headers_are_all_there_or_none() {
    assert_eq!(Headers::parse(&HeaderTexts::default()), Ok(None));
    let values = values(&signed_at(NOW));
    let all = texts(&values);
    let refused = |header| Err(Error::MissingHeader { header });
    for gone in [None, Some("")] {
        for (texts, header) in [
            (
                HeaderTexts {
                    pubkey: gone,
                    ..all
                },
                PUBKEY,
            ),
            (HeaderTexts { nonce: gone, ..all }, NONCE),
            (
                HeaderTexts {
                    timestamp: gone,
                    ..all
                },
                TIMESTAMP,
            ),
            (
                HeaderTexts {
                    signature: gone,
                    ..all
                },
                SIGNATURE,
            ),
        ] {
            assert_eq!(Headers::parse(&texts), refused(header));
        }
        let alone = HeaderTexts {
            timestamp: Some("1"),
            nonce: gone,
            ..HeaderTexts::default()
        };
        assert_eq!(Headers::parse(&alone), refused(PUBKEY));
    }
    let empty = HeaderTexts {
        pubkey: Some(""),
        ..HeaderTexts::default()
    };
    assert_eq!(
        Headers::parse(&empty),
        refused(PUBKEY),
        "that is not anonymous"
    );
}

#[test]
fn malformed_headers_are_named() {
    let good = values(&signed_at(NOW));
    let [pubkey, nonce, _, signature] = &good;
    let cut = |text: &str| text[..text.len() - 1].to_owned();
    let bad_texts = [
        vec![
            cut(pubkey),
            format!("{pubkey}0"),
            format!("{pubkey}00"),
            format!("{}zz", &pubkey[..64]),
            format!("0x{}", &pubkey[2..66]),
            hex::encode(&[0x15; 32]),
            base64::encode(&[0x15; 32]),
            base64::encode(&[0x15; 34]),
        ],
        vec![
            cut(nonce),
            format!("{nonce}="),
            format!(" {nonce}"),
            hex::encode(&[1; 15]),
            hex::encode(&[1; 17]),
            base64::encode(&[1; 15]),
            base64::encode(&[1; 17]),
            "g".repeat(32),
        ],
        vec![
            "soon".to_owned(),
            "-1".to_owned(),
            "1.5".to_owned(),
            " 1700000000".to_owned(),
            "1700000000 ".to_owned(),
            "0x10".to_owned(),
            "1_700_000_000".to_owned(),
            "18446744073709551616".to_owned(),
            "١".to_owned(),
        ],
        vec![
            cut(signature),
            format!("{signature}A"),
            hex::encode(&[1; 63]),
            hex::encode(&[1; 65]),
            base64::encode(&[1; 63]),
            base64::encode(&[1; 65]),
            "-".repeat(86),
            "g".repeat(128),
        ],
    ];
    for (field, header) in [PUBKEY, NONCE, TIMESTAMP, SIGNATURE].iter().enumerate() {
        for bad in &bad_texts[field] {
            let mut values = good.clone();
            values[field].clone_from(bad);
            assert_eq!(parse(&values), Err(Error::HeaderForm { header }), "{bad}");
        }
    }
}

#[test]
fn other_kinds_of_ids_do_not_sign() {
    let account = account();
    let mut values = values(&signed_at(NOW));
    for id in [
        account.id(),
        account.blind25(&SERVER).id(),
        account.version_check_key().id(),
        AccountId::new(Prefix::Group, *account.ed25519_key().as_bytes()),
        AccountId::new(Prefix::CommunitySystem, [1; 32]),
    ] {
        for text in [id.to_hex(), base64::encode(&id.to_bytes())] {
            values[0] = text;
            let got = id.prefix().byte();
            assert_eq!(
                parse(&values),
                Err(Error::WrongPrefix {
                    expected: 0x15,
                    got
                })
            );
        }
    }
    // No known prefix.
    values[0] = "99".repeat(33);
    assert!(matches!(
        parse(&values),
        Err(Error::WrongPrefix { got: 0x99, .. })
    ));
    // The two known ones are not interchangeable.
    let key = account.blind15(&SERVER).id();
    values[0] = AccountId::new(Prefix::Unblinded, *key.key_bytes()).to_hex();
    let headers = parse(&values).unwrap().unwrap();
    assert_ne!(
        headers.verify(&get("/rooms"), &SERVER, NOW, false),
        Ok(key),
        "the blinded id"
    );
}

#[test]
fn keys_that_are_no_valid_points_are_refused() {
    let mut values = values(&signed_at(NOW));
    // The base point plus the point of order 2; order 4; order 1; not canonical.
    let mixed = format!("95{}", "99".repeat(31));
    for key in [
        mixed,
        "00".repeat(32),
        format!("01{}", "00".repeat(31)),
        "ff".repeat(32),
    ] {
        for prefix in ["00", "15"] {
            values[0] = format!("{prefix}{key}");
            let headers = parse(&values).unwrap().unwrap();
            // First of all errors, also where the server wants blinding or the time is off.
            assert_eq!(
                headers.verify(&get("/rooms"), &SERVER, UnixMillis::default(), true),
                Err(Error::InvalidPoint)
            );
        }
    }
}

#[test]
fn errors_come_in_the_order_of_the_specification() {
    let account = account();
    let headers = Headers::sign(
        &get("/rooms"),
        Signer::Unblinded(&account),
        &SERVER,
        NOW,
        &mut rng(),
    );
    let verify = |path, now, require| headers.verify(&get(path), &SERVER, now, require);
    let later = UnixMillis::from_secs(NOW.as_secs() + CLOCK_WINDOW_SECS + 1);
    assert_eq!(verify("/other", later, true), Err(Error::BlindingRequired));
    assert_eq!(verify("/other", later, false), Err(Error::Clock));
    assert_eq!(verify("/other", NOW, false), Err(Error::Signature));
    assert_eq!(verify("/rooms", NOW, false), Ok(account.id()));
}

#[test]
fn the_clock_may_be_a_day_off() {
    assert_eq!(CLOCK_WINDOW_SECS, 86_400);
    let verify = |headers: &Headers, now| headers.verify(&get("/rooms"), &SERVER, now, true);
    let user = account().blind15(&SERVER).id();
    let headers = signed_at(NOW);
    let secs = NOW.as_secs();
    for (now, expected) in [
        (secs - 86_401, Err(Error::Clock)),
        (secs - 86_400, Ok(user)),
        (secs + 86_400, Ok(user)),
        (secs + 86_401, Err(Error::Clock)),
        (0, Err(Error::Clock)),
        (u64::MAX, Err(Error::Clock)),
    ] {
        let now = UnixMillis::from_secs(now);
        assert_eq!(verify(&headers, now), expected, "{now}");
    }
    // Both count whole seconds: a fraction of one does not matter.
    let now = UnixMillis::from_millis((secs + 86_400) * 1000 + 999);
    assert_eq!(verify(&headers, now), Ok(user));

    let epoch = signed_at(UnixMillis::default());
    assert_eq!(verify(&epoch, UnixMillis::from_secs(86_400)), Ok(user));
    assert_eq!(
        verify(&epoch, UnixMillis::from_secs(86_401)),
        Err(Error::Clock)
    );
    let end = UnixMillis::from_secs(u64::MAX);
    let last = signed_at(end);
    assert_eq!(verify(&last, end), Ok(user));
    assert_eq!(verify(&last, UnixMillis::default()), Err(Error::Clock));
}

/// The header has whole seconds, and so has what is signed.
#[test]
fn fractions_of_a_second_are_not_kept() {
    let headers = signed_at(UnixMillis::from_millis(NOW.as_millis() + 999));
    assert_eq!(headers, signed_at(NOW));
    assert_eq!(parse(&values(&headers)), Ok(Some(headers)));
}

/// A time is signed as its canonical decimal text: what the header says has to be that.
#[test]
fn a_time_has_one_text() {
    let good = values(&signed_at(NOW));
    // The last is one second beyond the end of the range.
    for text in ["+1700000000", "01700000000", "18446744073709552"] {
        let mut values = good.clone();
        text.clone_into(&mut values[2]);
        let refused = Error::HeaderForm { header: TIMESTAMP };
        assert_eq!(parse(&values), Err(refused), "{text}");
    }
}

#[test]
fn methods_and_paths() {
    let new = |method, path| Request::new(method, path, b"").map(|_| ());
    for method in ["", "get", "Get", "GET ", "G1", "GÉT", "\0"] {
        assert_eq!(new(method, "/"), Err(Error::Method), "{method:?}");
    }
    for path in ["", "rooms", "?", "/?", "/rooms?", " /", "http://a/b"] {
        assert_eq!(new("GET", path), Err(Error::Path), "{path:?}");
    }
    for path in ["/", "/rooms?a", "/rooms?a?", "/rooms??", "//", "/é ü"] {
        assert_eq!(new("GET", path), Ok(()), "{path:?}");
    }
    // Where the time ends and the method begins, and where that ends, is clear.
    let bytes =
        |secs, path| signed_bytes(&get(path), &SERVER, &[0; 16], UnixMillis::from_secs(secs));
    assert_ne!(bytes(1, "/1"), bytes(11, "/"));
}

#[test]
fn logs_do_not_show_the_request() {
    let request = Request::new("GET", "/room/secret", b"body").unwrap();
    assert_eq!(
        format!("{request:?}"),
        "Request { method: \"GET\", path_len: 12, body_len: 4 }"
    );
}

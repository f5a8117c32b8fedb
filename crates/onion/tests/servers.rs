//! Requests to servers and their answers: from the client through the nodes and back.

#![allow(clippy::arithmetic_side_effects, clippy::panic, clippy::unwrap_used)]

mod nodes;

use nodes::{End, TYPES, carry_to_server, rng, seal_by_hand, unframe};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use session_core::base64;
use session_crypto::x25519::{PublicKey, SecretKey};
use session_onion::{
    Destination, EncType, Endpoint, Error, FromServer, Hop, Layer, MAX_REQUEST_LEN, Protocol,
    ReplyBody, ReplyFormat, ReplyKey, ReplySealer, Route, SealedBy, Server, ServerSealer, build,
    peel_at_server, v3, v4,
};

/// A request that has reached a server.
struct Served {
    payload: Vec<u8>,
    sealer: ServerSealer,
    ephemeral_key: PublicKey,
    /// The layer for the server, as the last node has it.
    blob: Vec<u8>,
    sealers: Vec<ReplySealer>,
    hop_keys: Vec<PublicKey>,
    url: Option<String>,
    reply_key: ReplyKey,
}

struct World {
    secrets: Vec<SecretKey>,
    hops: Vec<Hop>,
    server: SecretKey,
    rng: ChaCha20Rng,
}

impl World {
    fn new(hops: usize, seed: u8) -> Self {
        let mut rng = rng(seed);
        let (secrets, hops) = nodes::nodes(hops, &mut rng);
        Self {
            secrets,
            hops,
            server: SecretKey::generate(&mut rng),
            rng,
        }
    }

    fn address(&self, endpoint: Endpoint) -> Server<'static> {
        Server::new(*self.server.public(), Protocol::Https, "chat.example.org")
            .unwrap()
            .with_endpoint(endpoint)
    }

    fn serve(&mut self, endpoint: Endpoint, payload: &[u8], enc_type: EncType) -> Served {
        let address = self.address(endpoint);
        let request = build(&self.hops, &address, payload, enc_type, &mut self.rng).unwrap();
        let (mut body, arrival) = carry_to_server(&self.secrets, request.body);
        let blob = unframe(&body).0.to_vec();
        let layer = Layer::parse_at_server(&mut body).unwrap();
        assert_eq!(layer.enc_type, enc_type);
        let ephemeral_key = layer.ephemeral_key;
        let served = peel_at_server(&self.server, layer).unwrap();
        let End::Server { target, .. } = arrival.end else {
            panic!("not for a server");
        };
        Served {
            payload: served.payload.to_vec(),
            sealer: served.reply,
            ephemeral_key,
            blob,
            sealers: arrival.sealers,
            hop_keys: arrival.ephemeral_keys,
            url: target.map(|target| target.url().unwrap()),
            reply_key: request.reply,
        }
    }
}

fn complaint(sealer: &ReplySealer, text: &str) -> Vec<u8> {
    let body = ReplyBody::Text(text);
    let sealed = sealer.seal(400, body, ReplyFormat::default(), &mut rng(99));
    sealed.unwrap()
}

fn enc_type() -> impl Strategy<Value = EncType> {
    prop_oneof![Just(EncType::XChaCha20), Just(EncType::AesGcm)]
}

/// Bytes with many zeros, 0xff and what bencoding and JSON are made of.
fn binary() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(0), Just(0xff), Just(b'e'), Just(b'"'), any::<u8>()];
    proptest::collection::vec(byte, 0..600)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn v4_goes_there_and_back(
        seed: u8, hops in 0usize..5, enc in enc_type(), body in binary(), value: String,
        code: u16, answer in proptest::option::of(binary()),
    ) {
        let mut world = World::new(hops, seed);
        let request = v4::Request::new("POST", "/room/x?limit=5")
            .with_header("X-SOGS-Nonce", value.as_str())
            .with_body(&body);
        let served = world.serve(Endpoint::V4, &request.encode(), enc);
        prop_assert_eq!(v4::Request::decode(&served.payload), Ok(request));
        let url = (hops > 0).then(|| "https://chat.example.org/oxen/v4/lsrpc".to_owned());
        prop_assert_eq!(served.url, url);

        let mut response = v4::Response::new(code, b"").with_header("x-reply", value.as_str());
        response.body = answer.as_deref();
        let encoded = response.encode();
        let mut sealed = served.sealer.seal_v4(&encoded, &mut world.rng).unwrap();
        prop_assert_eq!(sealed.len(), enc.overhead() + encoded.len());
        // There are always two strings.
        response.body = Some(answer.as_deref().unwrap_or_default());
        let opened = served.reply_key.open_v4(&mut sealed);
        prop_assert_eq!(opened, Ok(FromServer::Server(response)));
    }

    #[test]
    fn v3_goes_there_and_back(
        seed: u8, hops in 0usize..5, enc in enc_type(), body: String, loki: bool, answer: String,
    ) {
        let mut world = World::new(hops, seed);
        let request = v3::Request::new("PUT", "files/1")
            .with_header("Authorization", body.as_str())
            .with_body(body.as_str());
        let endpoint = if loki { Endpoint::LokiV3 } else { Endpoint::V3 };
        let served = world.serve(endpoint, &request.encode(), enc);
        prop_assert_eq!(v3::Request::decode(&served.payload), Ok(request));
        if let Some(url) = served.url {
            prop_assert_eq!(url, format!("https://chat.example.org{}", endpoint.target()));
        }

        let answer = serde_json::to_string(&answer).unwrap();
        let failure = r#"{"status_code":404}"#;
        for (json, status) in [(answer.as_str(), None), (failure, Some(404))] {
            let sealed = served.sealer.seal_v3(json, &mut world.rng).unwrap();
            let opened = served.reply_key.open_v3(&sealed).unwrap();
            let FromServer::Server(response) = opened else { panic!("{opened:?}") };
            prop_assert_eq!((response.status, response.body.as_str()), (status, json));
        }
    }

    #[test]
    fn a_changed_request_is_refused_or_the_same(
        seed: u8, enc in enc_type(), at: prop::sample::Index, flip in 1u8..,
    ) {
        let mut world = World::new(0, seed);
        let address = world.address(Endpoint::V4);
        let request = build(&[], &address, b"l2:{}e", enc, &mut world.rng).unwrap();
        let mut body = request.body;
        let blob = 4..4 + unframe(&body).0.len();
        let at = at.index(body.len());
        body[at] ^= flip;
        let served = Layer::parse_at_server(&mut body)
            .and_then(|layer| peel_at_server(&world.server, layer));
        match served {
            // In the metadata the case of a hex digit means nothing, and with aes-gcm the high
            // bit of the key does not (spec 02 §1.2).
            Ok(served) if !blob.contains(&at) => prop_assert_eq!(served.payload, b"l2:{}e"),
            Ok(_) => prop_assert!(false, "a changed ciphertext was accepted"),
            Err(error) => prop_assert!(!blob.contains(&at) || error == Error::Decrypt),
        }
    }

    #[test]
    fn a_changed_reply_is_refused(
        seed: u8, hops in 0usize..2, enc in enc_type(), at: prop::sample::Index, flip in 1u8..,
    ) {
        let mut world = World::new(hops, seed);
        let served = world.serve(Endpoint::V4, b"l2:{}e", enc);
        let response = v4::Response::new(200, b"\0\xff").encode();
        let mut raw = served.sealer.seal_v4(&response, &mut world.rng).unwrap();
        let at_raw = at.index(raw.len());
        raw[at_raw] ^= flip;
        prop_assert_eq!(served.reply_key.open_v4(&mut raw), Err(Error::Decrypt));

        let served = world.serve(Endpoint::V3, b"{}", enc);
        let mut text = served.sealer.seal_v3("[1,2]", &mut world.rng).unwrap();
        let at_text = at.index(text.len());
        text[at_text] ^= flip;
        match served.reply_key.open_v3(&text) {
            // Spare bits of the last character, and white space in place of padding.
            Ok(FromServer::Server(response)) => {
                prop_assert!(at_text + 3 >= text.len());
                prop_assert_eq!(response.body, "[1,2]");
            }
            other => prop_assert_eq!(other, Err(Error::Decrypt)),
        }
    }

    #[test]
    fn no_bytes_of_others_open(seed: u8, hops in 0usize..2, mut bytes in binary()) {
        let mut world = World::new(hops, seed);
        let mut key = |endpoint| world.serve(endpoint, b"l2:{}e", EncType::XChaCha20).reply_key;
        let (v4, v3) = (key(Endpoint::V4), key(Endpoint::V3));
        prop_assert_eq!(v3.open_v3(&bytes), Err(Error::Decrypt));
        let text = base64::encode(&bytes);
        prop_assert_eq!(v3.open_v3(text.as_bytes()), Err(Error::Decrypt));
        prop_assert_eq!(v4.open_v4(&mut bytes), Err(Error::Decrypt));
    }
}

#[test]
fn what_an_entry_node_writes_never_opens() {
    let mut world = World::new(1, 1);
    let mut key = |endpoint| {
        let served = world.serve(endpoint, b"l2:{}e", EncType::XChaCha20);
        served.reply_key
    };
    let (v4, v3) = (key(Endpoint::V4), key(Endpoint::V3));
    for text in [
        "",
        "Invalid ciphertext",
        "Snode not ready: 0000000000000000000000000000000000000000000000000000000000000000",
        "Service node is not ready: syncing\n",
        "onion request max path length exceeded",
        r#"{"body":"x","status":200}"#,
        r#"{"status_code":421}"#,
        r#"{"result":"x"}"#,
        r#"{"result":null}"#,
        r#"l12:{"code":200}1:xe"#,
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ] {
        let mut bytes = text.as_bytes().to_vec();
        assert_eq!(v3.open_v3(&bytes), Err(Error::Decrypt), "{text}");
        assert_eq!(v4.open_v4(&mut bytes), Err(Error::Decrypt), "{text}");
        // Asked in another form than the request had, no bytes are worth a look.
        assert_eq!(v4.open(&bytes), Err(Error::ReplyForm));
        assert_eq!(v4.open_v3(&bytes), Err(Error::ServerForm));
        assert_eq!(v3.open_v4(&mut bytes), Err(Error::ServerForm));
    }
}

#[test]
fn answers_in_aes_gcm_are_read_whatever_was_asked_for() {
    for hops in [0, 2] {
        for asked in TYPES {
            let mut world = World::new(hops, 2);
            let served = world.serve(Endpoint::V4, b"l2:{}e", asked);
            let mut seal = |enc_type, plaintext: &[u8]| {
                let client = &served.ephemeral_key;
                seal_by_hand(enc_type, &world.server, client, plaintext, &mut world.rng)
            };
            let response = v4::Response::new(201, b"\0old server");
            let mut sealed = seal(EncType::AesGcm, &response.encode());
            let opened = served.reply_key.open_v4(&mut sealed);
            assert_eq!(opened, Ok(FromServer::Server(response.clone())));

            // Not the other way round: who asks in aes-gcm is answered in it.
            let mut sealed = seal(EncType::XChaCha20, &response.encode());
            let opened = served.reply_key.open_v4(&mut sealed);
            match asked {
                EncType::XChaCha20 => assert_eq!(opened, Ok(FromServer::Server(response))),
                EncType::AesGcm => assert_eq!(opened, Err(Error::Decrypt)),
            }

            let served = world.serve(Endpoint::V3, b"{}", asked);
            let (server, client) = (&world.server, &served.ephemeral_key);
            let json = b"{\"status_code\":404}";
            let sealed = seal_by_hand(EncType::AesGcm, server, client, json, &mut world.rng);
            let opened = served.reply_key.open_v3(base64::encode(&sealed).as_bytes());
            assert!(matches!(opened, Ok(FromServer::Server(reply)) if reply.status == Some(404)));
        }
    }
}

#[test]
fn the_last_hop_speaks_for_itself() {
    for enc_type in TYPES {
        let mut world = World::new(3, 3);
        let served = world.serve(Endpoint::V4, b"l2:{}e", enc_type);
        let key = &served.reply_key;
        let mut sealed = complaint(&served.sealers[2], "Invalid url");
        assert!(sealed.is_ascii(), "base64");
        let in_v4 = match key.open_v4(&mut sealed).unwrap() {
            FromServer::LastHop(reply) => reply,
            FromServer::Server(response) => panic!("{response:?}"),
        };
        let served_v3 = world.serve(Endpoint::V3, b"{}", enc_type);
        let sealed = complaint(&served_v3.sealers[2], "Invalid url");
        match served_v3.reply_key.open_v3(&sealed).unwrap() {
            FromServer::LastHop(in_v3) => assert_eq!(in_v3, in_v4),
            FromServer::Server(response) => panic!("{response:?}"),
        }
        assert_eq!((in_v4.status, in_v4.body.as_str()), (400, "Invalid url"));
        assert_eq!(in_v4.sealed_by, SealedBy::LastHop);
        assert_eq!(in_v4.enc_type, enc_type);

        // Nodes before it have no voice, nor has the last node of another request.
        let stranger = world.serve(Endpoint::V4, b"l2:{}e", enc_type);
        for sealer in [&served.sealers[0], &served.sealers[1], &stranger.sealers[2]] {
            let mut sealed = complaint(sealer, "Invalid url");
            assert_eq!(served_v3.reply_key.open_v3(&sealed), Err(Error::Decrypt));
            assert_eq!(key.open_v4(&mut sealed), Err(Error::Decrypt));
        }
    }
}

#[test]
fn the_last_hop_cannot_speak_for_the_server() {
    for enc_type in TYPES {
        let mut world = World::new(2, 4);
        let served = world.serve(Endpoint::V4, b"l2:{}e", enc_type);
        let forged = v4::Response::new(200, b"forged").encode();
        let (hop, client) = (&world.secrets[1], &served.hop_keys[1]);
        let mut response = seal_by_hand(enc_type, hop, client, &forged, &mut world.rng);
        let opened = served.reply_key.open_v4(&mut response);
        assert_eq!(opened, Err(Error::Decrypt));
        let served = world.serve(Endpoint::V3, b"{}", enc_type);
        let (hop, client) = (&world.secrets[1], &served.hop_keys[1]);
        let response = seal_by_hand(enc_type, hop, client, b"[\"forged\"]", &mut world.rng);
        let opened = served
            .reply_key
            .open_v3(base64::encode(&response).as_bytes());
        assert_eq!(opened, Err(Error::Decrypt));
    }
}

#[test]
fn a_server_does_not_read_complaints_of_itself() {
    // What a node would answer in JSON is no v4 list.
    let mut world = World::new(1, 5);
    let served = world.serve(Endpoint::V4, b"l2:{}e", EncType::XChaCha20);
    let json = br#"{"body":"x","status":200}"#;
    let mut sealed = served.sealer.seal_v4(json, &mut world.rng).unwrap();
    let opened = served.reply_key.open_v4(&mut sealed);
    assert_eq!(opened, Err(Error::ServerForm));
    let served = world.serve(Endpoint::V3, b"{}", EncType::XChaCha20);
    let sealed = served.sealer.seal_v3("not JSON", &mut world.rng).unwrap();
    let opened = served.reply_key.open_v3(&sealed);
    assert_eq!(opened, Err(Error::ServerForm));
}

#[test]
fn a_v4_request_sent_back_is_no_reply() {
    for enc_type in TYPES {
        let mut world = World::new(2, 6);
        let payload = v4::Request::new("GET", "/capabilities").encode();
        let mut served = world.serve(Endpoint::V4, &payload, enc_type);
        let opened = served.reply_key.open_v4(&mut served.blob);
        assert!(opened.is_err(), "{opened:?}");
    }
}

/// The last hop has the client's own ciphertext for the server, which decrypts under the key of
/// the answer. In v3, any JSON is an answer, so the content alone does not tell (spec 02 §6.4.3).
#[test]
fn a_v3_request_sent_back_is_no_reply() {
    for enc_type in TYPES {
        let mut world = World::new(2, 7);
        let payload = v3::Request::new("GET", "/capabilities").encode();
        let served = world.serve(Endpoint::V3, &payload, enc_type);
        for reflected in [base64::encode(&served.blob).into_bytes(), served.blob] {
            let opened = served.reply_key.open_v3(&reflected);
            assert!(opened.is_err(), "{opened:?}");
        }
    }
}

/// A node can send back the last hop's layer too, which decrypts under the key of its complaints.
#[test]
fn the_last_hops_layer_sent_back_is_no_complaint() {
    for enc_type in TYPES {
        let mut world = World::new(1, 16);
        let mut sent_to = |endpoint| {
            let address = world.address(endpoint);
            build(&world.hops, &address, b"{}", enc_type, &mut world.rng).unwrap()
        };
        let (v4, v3) = (sent_to(Endpoint::V4), sent_to(Endpoint::V3));
        let mut reflected = unframe(&v4.body).0.to_vec();
        assert_eq!(v4.reply.open_v4(&mut reflected), Err(Error::Decrypt));
        let text = base64::encode(unframe(&v3.body).0);
        assert_eq!(v3.reply.open_v3(text.as_bytes()), Err(Error::Decrypt));

        let (end, path) = world.hops.split_last().unwrap();
        let path = [path, &[*end]].concat();
        let to_node = build(&path, end, b"{}", enc_type, &mut world.rng).unwrap();
        let text = base64::encode(unframe(&to_node.body).0);
        assert_eq!(to_node.reply.open(text.as_bytes()), Err(Error::Decrypt));
    }
}

#[test]
fn only_the_server_and_only_this_request() {
    let mut world = World::new(1, 8);
    let one = world.serve(Endpoint::V4, b"l2:{}e", EncType::XChaCha20);
    let two = world.serve(Endpoint::V4, b"l2:{}e", EncType::XChaCha20);
    assert_ne!(one.blob, two.blob, "fresh keys and nonces");
    let response = v4::Response::new(200, b"").encode();
    let mut sealed = one.sealer.seal_v4(&response, &mut world.rng).unwrap();
    let opened = two.reply_key.open_v4(&mut sealed);
    assert_eq!(opened, Err(Error::Decrypt));
    assert!(
        one.reply_key.open_v4(&mut sealed).is_ok(),
        "bytes unchanged"
    );

    let address = world.address(Endpoint::V4);
    let enc_type = EncType::XChaCha20;
    let mut request = build(&[], &address, b"l2:{}e", enc_type, &mut world.rng).unwrap();
    let stranger = SecretKey::generate(&mut world.rng);
    let layer = Layer::parse_at_server(&mut request.body).unwrap();
    assert_eq!(peel_at_server(&stranger, layer).err(), Some(Error::Decrypt));
    let layer = Layer::parse_at_server(&mut request.body).unwrap();
    assert!(peel_at_server(&world.server, layer).is_ok());
}

#[test]
fn servers_ignore_what_is_for_nodes() {
    let mut world = World::new(0, 9);
    let address = world.address(Endpoint::V4);
    let enc_type = EncType::AesGcm;
    let request = build(&[], &address, b"l2:{}e", enc_type, &mut world.rng).unwrap();
    let (blob, metadata) = unframe(&request.body);
    let key = metadata.split('"').nth(7).unwrap();
    assert_eq!(key.len(), 64);
    // `enc_type` absent is aes-gcm; `hop_no`, `port` and the like may be anything.
    let mut body = nodes::frame(
        blob,
        &format!(r#" {{"hop_no":"x","port":[],"headers":1,"ephemeral_key":"{key}"}} "#),
    );
    let layer = Layer::parse_at_server(&mut body).unwrap();
    let served = peel_at_server(&world.server, layer).unwrap();
    assert_eq!(served.payload, b"l2:{}e");

    let error = |metadata: &str| {
        let mut body = nodes::frame(blob, metadata);
        Layer::parse_at_server(&mut body).err()
    };
    assert_eq!(
        error("{}"),
        Some(Error::Missing {
            key: "ephemeral_key"
        })
    );
    assert_eq!(error(""), Some(Error::NotJson));
    assert_eq!(
        error(&format!(r#"{{"enc_type":"cbc","ephemeral_key":"{key}"}}"#)),
        Some(Error::UnknownEncType)
    );
    let mut too_long = vec![0; MAX_REQUEST_LEN + 1];
    assert_eq!(
        Layer::parse_at_server(&mut too_long).err(),
        Some(Error::TooLong {
            len: MAX_REQUEST_LEN + 1,
            max: MAX_REQUEST_LEN,
        })
    );
}

#[test]
fn appended_requests_stand_behind_what_was_there() {
    let mut world = World::new(2, 14);
    let address = world.address(Endpoint::V4);
    let mut route = Route::new(&world.hops);
    let mut out = b"before".to_vec();
    let first = route.append(&address, b"one", &mut out, &mut world.rng);
    let middle = out.len();
    let second = route.append(&address, b"two", &mut out, &mut world.rng);
    let len = Destination::from(&address).request_len(2, 3, EncType::XChaCha20);
    assert_eq!((middle, out.len()), (6 + len, 6 + 2 * len));
    assert!(out.starts_with(b"before"));

    let parts = [
        (&out[6..middle], b"one", first),
        (&out[middle..], b"two", second),
    ];
    for (request, payload, reply_key) in parts {
        let (mut body, _) = carry_to_server(&world.secrets, request.to_vec());
        let layer = Layer::parse_at_server(&mut body).unwrap();
        let served = peel_at_server(&world.server, layer).unwrap();
        assert_eq!(served.payload, payload);
        let response = v4::Response::new(200, payload);
        let mut sealed = served
            .reply
            .seal_v4(&response.encode(), &mut world.rng)
            .unwrap();
        let opened = reply_key.unwrap().open_v4(&mut sealed).unwrap();
        assert_eq!(opened, FromServer::Server(response));
    }
}

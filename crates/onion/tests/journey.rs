//! Whole requests through real layers, and what hostile bytes come to.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use session_crypto::ed25519::SigningKey;
use session_onion::{
    Action, EncType, Error, Hop, Layer, MAX_REQUEST_LEN, Peeled, ReplyBody, ReplyFormat, ReplyKey,
    SealedBy, build, peel, size,
};

fn nodes(count: usize, rng: &mut ChaCha20Rng) -> Vec<(SigningKey, Hop)> {
    (0..count)
        .map(|_| {
            let key = SigningKey::generate(rng);
            let hop = Hop::new(key.public()).unwrap();
            (key, hop)
        })
        .collect()
}

struct Journey {
    payload: Vec<u8>,
    options: ReplyFormat,
    destination: session_onion::ReplySealer,
    last_relay: Option<session_onion::ReplySealer>,
    reply_key: ReplyKey,
}

/// Builds a request through all but the last node, and peels it at each of them.
fn travel(nodes: &[(SigningKey, Hop)], payload: &[u8], enc: EncType, seed: [u8; 32]) -> Journey {
    let mut rng = ChaCha20Rng::from_seed(seed);
    let path: Vec<Hop> = nodes[..nodes.len() - 1]
        .iter()
        .map(|(_, hop)| *hop)
        .collect();
    let destination = &nodes[nodes.len() - 1].1;
    let request = build(&path, destination, payload, enc, &mut rng).unwrap();
    assert_eq!(
        request.body.len(),
        size::to_node(path.len(), payload.len(), enc)
    );
    assert_eq!(
        request.body.len(),
        request.body.capacity(),
        "one exact allocation"
    );

    let mut message = request.body;
    let mut last_relay = None;
    for (at, (key, _)) in nodes.iter().enumerate() {
        let mut layer_bytes = message;
        let layer = if at == 0 {
            Layer::parse_outer(&mut layer_bytes).unwrap()
        } else {
            Layer::parse_relay(&mut layer_bytes).unwrap()
        };
        assert_eq!(layer.hop_no, u32::try_from(at).unwrap());
        assert_eq!(layer.enc_type, enc);
        let Peeled { reply, action, .. } = peel(&key.to_x25519(), layer).unwrap();
        match action {
            Action::Relay(relay) => {
                assert_eq!(&relay.next, nodes[at + 1].1.ed25519());
                last_relay = Some(reply);
                message = relay.encode();
            }
            Action::Final(end) => {
                assert_eq!(at, nodes.len() - 1);
                return Journey {
                    payload: end.payload.to_vec(),
                    options: end.options,
                    destination: reply,
                    last_relay,
                    reply_key: request.reply,
                };
            }
            other => panic!("{other:?}"),
        }
    }
    panic!("no final layer")
}

fn enc_type() -> impl Strategy<Value = EncType> {
    prop_oneof![Just(EncType::XChaCha20), Just(EncType::AesGcm)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn requests_arrive_and_answers_return(
        seed: [u8; 32], hops in 1usize..6, payload: Vec<u8>, enc in enc_type(), text: String,
        status: u16,
    ) {
        let mut rng = ChaCha20Rng::from_seed(seed);
        let nodes = nodes(hops, &mut rng);
        // Other randomness: nodes do not draw what clients drew.
        let journey = travel(&nodes, &payload, enc, seed.map(|byte| !byte));
        prop_assert_eq!(&journey.payload, &payload);
        let mut raw = journey.options;
        raw.base64 = false;
        for format in [journey.options, raw] {
            let sealed = journey
                .destination
                .seal(status, ReplyBody::Text(&text), format, &mut rng)
                .unwrap();
            let reply = journey.reply_key.open(&sealed).unwrap();
            prop_assert_eq!((reply.status, reply.body.as_str()), (status, text.as_str()));
            prop_assert_eq!(reply.sealed_by, SealedBy::Destination);
        }
    }

    #[test]
    fn a_changed_layer_is_refused(seed: [u8; 32], flip: usize, enc in enc_type()) {
        let mut rng = ChaCha20Rng::from_seed(seed);
        let nodes = nodes(2, &mut rng);
        let request = build(&[nodes[0].1], &nodes[1].1, b"{}", enc, &mut rng).unwrap();
        let mut body = request.body;
        let blob = u32::from_le_bytes(body[..4].try_into().unwrap()) as usize;
        body[4 + flip % blob] ^= 1;
        let layer = Layer::parse_outer(&mut body).unwrap();
        prop_assert_eq!(peel(&nodes[0].0.to_x25519(), layer).err(), Some(Error::Decrypt));
    }

    #[test]
    fn hostile_bytes_are_errors(mut bytes: Vec<u8>, key: [u8; 32]) {
        let node = SigningKey::from_seed(&key).to_x25519();
        let mut framed = u32::try_from(bytes.len()).unwrap().to_le_bytes().to_vec();
        framed.extend_from_slice(&bytes);
        framed.extend_from_slice(br#"{"ephemeral_key":""#);
        framed.extend_from_slice(&[b'9'; 64]);
        framed.extend_from_slice(br#"","enc_type":"xchacha20"}"#);
        let layer = Layer::parse_outer(&mut framed).unwrap();
        prop_assert_eq!(peel(&node, layer).err(), Some(Error::Decrypt));
        prop_assert!(Layer::parse_relay(&mut bytes).is_err());
        if let Ok(layer) = Layer::parse_outer(&mut bytes) {
            prop_assert!(peel(&node, layer).is_err());
        }
    }
}

#[test]
fn the_last_relay_can_complain_and_nobody_else() {
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    let nodes = nodes(4, &mut rng);
    let journey = travel(&nodes, b"{}", EncType::XChaCha20, [2; 32]);
    let complain = |sealer: &session_onion::ReplySealer, rng: &mut ChaCha20Rng| {
        let body = ReplyBody::Text("Invalid url");
        sealer.seal(400, body, ReplyFormat::default(), rng).unwrap()
    };
    let complaint = complain(journey.last_relay.as_ref().unwrap(), &mut rng);
    let reply = journey.reply_key.open(&complaint).unwrap();
    assert_eq!((reply.status, reply.sealed_by), (400, SealedBy::LastHop));

    // A node of another path has none of the keys.
    let other = travel(&nodes, b"{}", EncType::XChaCha20, [3; 32]);
    let forged = complain(&other.destination, &mut rng);
    assert_eq!(journey.reply_key.open(&forged), Err(Error::Decrypt));
    assert_eq!(
        journey.reply_key.open(b"Snode not ready: 00"),
        Err(Error::Decrypt)
    );
    assert_eq!(journey.reply_key.open(b""), Err(Error::Decrypt));
}

#[test]
fn a_request_sent_back_is_no_reply() {
    // Both directions share the key, so the last relay can reflect the destination's layer.
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    let node = nodes(1, &mut rng).remove(0);
    let request = build(&[], &node.1, b"{}", EncType::XChaCha20, &mut rng).unwrap();
    let blob = u32::from_le_bytes(request.body[..4].try_into().unwrap()) as usize;
    let reflected = request.body[4..4 + blob].to_vec();
    assert_eq!(request.reply.open(&reflected), Err(Error::Decrypt));
}

#[test]
fn keys_outside_the_prime_order_subgroup_are_no_hops() {
    // A valid point plus one of small order, from suite identity-ed-to-x.
    let bytes = session_core::hex::decode_array(
        "key",
        "ec166f65f97616e6ac80ea0afc025ff7290518c526f52da17ff2bcf85fbbc013",
    )
    .unwrap();
    let key = session_crypto::ed25519::PublicKey::from_bytes(&bytes).unwrap();
    assert_eq!(Hop::new(&key), Err(Error::InvalidKey));
}

#[test]
fn limits_and_framing_errors_by_name() {
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    let node = nodes(1, &mut rng).remove(0).1;
    let room = MAX_REQUEST_LEN - size::to_node(0, 0, EncType::AesGcm);
    assert!(build(&[], &node, &vec![0; room], EncType::AesGcm, &mut rng).is_ok());
    assert!(matches!(
        build(&[], &node, &vec![0; room + 1], EncType::AesGcm, &mut rng),
        Err(Error::TooLong {
            max: MAX_REQUEST_LEN,
            ..
        })
    ));
    let outer = |bytes: &[u8]| Layer::parse_outer(&mut bytes.to_vec()).err();
    assert_eq!(outer(&[0; 3]), Some(Error::Frame));
    assert_eq!(outer(&[0xff; 8]), Some(Error::Frame));
    assert_eq!(outer(b"\0\0\0\0[]"), Some(Error::NotJson));
    assert_eq!(
        outer(b"\0\0\0\0{}"),
        Some(Error::Missing {
            key: "ephemeral_key"
        })
    );
    assert!(matches!(
        outer(b"\0\0\0\0{\"ephemeral_key\":1}"),
        Some(Error::Metadata {
            key: "ephemeral_key",
            ..
        })
    ));
    let deep = [b"\0\0\0\0".as_slice(), &vec![b'['; 100_000]].concat();
    assert_eq!(outer(&deep), Some(Error::NotJson));
    let relay = |bytes: &[u8]| Layer::parse_relay(&mut bytes.to_vec()).err();
    assert!(matches!(relay(b"le"), Some(Error::RelayMessage(_))));
    let mut message = b"d4:data1:x8:enc_type7:aes-cbc13:ephemeral_key32:".to_vec();
    message.extend_from_slice(&[9; 32]);
    message.push(b'e');
    assert_eq!(relay(&message), Some(Error::UnknownEncType));
}

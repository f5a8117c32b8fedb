//! Requests to servers and their replies, and messages between nodes.

use std::sync::LazyLock;

use session_crypto::x25519::SecretKey;
use session_onion::hazmat::{LayerSecret, classify, open_layer, reply_key, seal_layer};
use session_onion::{
    Action, EncType, EntryError, Error, FromServer, Layer, peel_at_server, uniform_batch_error, v3,
    v4,
};

use crate::bytes::Bytes;
use crate::network::rng;

static CLIENT: LazyLock<SecretKey> = LazyLock::new(|| SecretKey::from_bytes(&[1; 32]));
static SERVER: LazyLock<SecretKey> = LazyLock::new(|| SecretKey::from_bytes(&[3; 32]));

/// What both ends of a request to a server read: lists and JSON as the server gets them, replies
/// as the client gets them, sealed by the harness and not.
pub fn v4_frame(data: &[u8]) {
    if let Ok(request) = v4::Request::decode(data) {
        assert!(request.endpoint.starts_with('/'));
        let again = request.encode();
        assert_eq!(v4::Request::decode(&again), Ok(request));
    }
    if let Ok(response) = v4::Response::decode(data) {
        let again = response.encode();
        let again = v4::Response::decode(&again).expect("as written");
        assert_eq!(
            (again.code, &again.headers),
            (response.code, &response.headers)
        );
        assert_eq!(again.body, Some(response.body.unwrap_or_default()));
    }
    if let Ok(request) = v3::Request::decode(data) {
        let again = request.encode();
        assert_eq!(v3::Request::decode(&again), Ok(request));
    }
    if let Ok(text) = std::str::from_utf8(data) {
        if let Some(error) = EntryError::parse(text) {
            assert!(error.status <= 999 && text.ends_with(error.message));
        }
        if let Some(code) = uniform_batch_error(text) {
            assert!(!(200..300).contains(&code));
        }
    }

    // What is posted to the server, as it is: nobody could have sealed it but by chance.
    let mut posted = data.to_vec();
    if let Ok(layer) = Layer::parse_at_server(&mut posted) {
        assert!(peel_at_server(&SERVER, layer).is_err());
    }
    // The same bytes as an authentic payload, and as the server's answer.
    for enc_type in [EncType::XChaCha20, EncType::AesGcm] {
        let secret = LayerSecret::for_client(&CLIENT, SERVER.public()).expect("a good key");
        let mut sealed = seal_layer(&secret, enc_type, data, &mut rng()).expect("short");
        let layer = Layer::new(&mut sealed, *CLIENT.public(), enc_type, 0);
        let request = peel_at_server(&SERVER, layer).expect("an authentic layer");
        assert_eq!(request.payload, data);

        let key = reply_key(EncType::XChaCha20, secret, None);
        let mut reply = request.reply.seal_v4(data, &mut rng()).expect("short");
        let response = v4::Response::decode(data).map(FromServer::Server);
        assert_eq!(key.open_v4(&mut reply), response);
        let text = String::from_utf8_lossy(data);
        let reply = request.reply.seal_v3(&text, &mut rng()).expect("short");
        match key.open_v3(&reply) {
            Ok(FromServer::Server(response)) => assert_eq!(response.body, text),
            other => assert_eq!(other, Err(Error::ServerForm)),
        }
    }
}

/// The dict between two nodes: any bytes, and any fields written and read again.
pub fn relay_dict(data: &[u8]) {
    let mut message = data.to_vec();
    if let Ok(layer) = Layer::parse_relay(&mut message) {
        assert!(layer.hop_no >= 1 && layer.ciphertext.len() < data.len());
        let enc_type = layer.enc_type;
        let secret = LayerSecret::for_client(&CLIENT, SERVER.public()).expect("a good key");
        assert!(open_layer(&secret, enc_type, layer.ciphertext).is_err());
    }

    let mut bytes = Bytes(data);
    let (hop_no, key) = (u32::from(bytes.u16()), bytes.array::<32>());
    let enc_type = if bytes.flag() { "gcm" } else { "xchacha20" };
    let ciphertext = bytes.rest();
    let metadata = format!(
        r#"{{"destination":"{}","enc_type":"{enc_type}","ephemeral_key":"{}"}}"#,
        "ab".repeat(32),
        session_core::hex::encode(&key),
    );
    let len = u32::try_from(ciphertext.len())
        .expect("short")
        .to_le_bytes();
    let frame = [&len, ciphertext, metadata.as_bytes()].concat();
    let Action::Relay(relay) = classify(&frame, hop_no) else {
        panic!("a relay layer");
    };
    let mut message = relay.encode();
    let layer = Layer::parse_relay(&mut message).expect("as written");
    assert_eq!((&*layer.ciphertext, layer.hop_no), (ciphertext, hop_no + 1));
    assert_eq!(layer.ephemeral_key.as_bytes(), &key);
    assert_eq!(Ok(layer.enc_type), EncType::parse(enc_type));
}

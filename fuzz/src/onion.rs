//! Layers of requests, and replies to them.

use std::sync::LazyLock;

use session_crypto::x25519::SecretKey;
use session_onion::hazmat::{LayerSecret, reply_key, seal_layer};
use session_onion::{Action, EncType, Layer, ReplyBody, ReplyFormat, SealedBy, peel};

use crate::bytes::Bytes;
use crate::network::rng;

static CLIENT: LazyLock<SecretKey> = LazyLock::new(|| SecretKey::from_bytes(&[1; 32]));
static NODE: LazyLock<SecretKey> = LazyLock::new(|| SecretKey::from_bytes(&[2; 32]));

fn secret() -> LayerSecret {
    LayerSecret::for_client(&CLIENT, NODE.public()).expect("a good key")
}

fn enc_type(choices: u8) -> EncType {
    if choices & 1 == 0 {
        EncType::XChaCha20
    } else {
        EncType::AesGcm
    }
}

/// The two outer forms of a layer that was not decrypted yet.
pub fn onion_layer(data: &[u8]) {
    let mut copy = data.to_vec();
    if let Ok(layer) = Layer::parse_outer(&mut copy) {
        assert!(data[4..].starts_with(layer.ciphertext));
        // Nobody could have sealed it for this key but by chance.
        assert!(peel(&NODE, layer).is_err());
    }
    let mut copy = data.to_vec();
    if let Ok(layer) = Layer::parse_relay(&mut copy) {
        assert!(layer.hop_no >= 1);
        assert_eq!(layer.check_hop_limit().is_ok(), layer.hop_no <= 15);
        assert!(layer.ciphertext.len() < data.len());
    }
}

/// The content of a layer, which the harness seals: whatever it is, it is peeled, and whatever
/// the node says to the client can be opened.
pub fn onion_peel(data: &[u8]) {
    let mut bytes = Bytes(data);
    let choices = bytes.byte();
    let enc_type = enc_type(choices);
    let hop_no = u32::from(choices >> 1);
    let plaintext = bytes.rest();

    let mut sealed = seal_layer(&secret(), enc_type, plaintext, &mut rng()).expect("short");
    let layer = Layer::new(&mut sealed, *CLIENT.public(), enc_type, hop_no);
    let peeled = peel(&NODE, layer).expect("an authentic layer");
    let mut format = ReplyFormat::default();
    match &peeled.action {
        Action::Relay(relay) => {
            let mut message = relay.encode();
            let layer = Layer::parse_relay(&mut message).expect("as written");
            assert_eq!(layer.ciphertext, relay.ciphertext);
            assert_eq!(layer.ephemeral_key, relay.ephemeral_key);
            assert_eq!(layer.enc_type, relay.enc_type);
            assert_eq!(layer.hop_no, hop_no + 1);
        }
        Action::Final(request) => {
            assert!(plaintext[4..].starts_with(request.payload));
            format = request.options;
        }
        Action::Proxy(proxy) => {
            assert_eq!(proxy.body, plaintext);
            if let Ok(url) = proxy.target.url() {
                assert!(url.starts_with("http://") || url.starts_with("https://"));
                let (host, target) = (&proxy.target.host, &proxy.target.target);
                assert!(url.ends_with("/lsrpc") && !url.contains('?'));
                let authority = url
                    .strip_suffix(target.as_str())
                    .expect("the path, as it is");
                assert!(authority.contains(host.as_str()) && !host.contains(['/', '#', '@']));
            }
        }
        _ => {}
    }
    let text = String::from_utf8_lossy(plaintext);
    let reply = peeled
        .reply
        .seal(200, ReplyBody::Text(&text), format, &mut rng())
        .expect("text");
    let opened = reply_key(enc_type, secret(), None)
        .open(&reply)
        .expect("as sealed");
    assert_eq!((opened.status, opened.body.as_str()), (200, &*text));
    assert_eq!(
        (opened.sealed_by, opened.enc_type),
        (SealedBy::Destination, enc_type)
    );
}

/// The content of a reply, which the harness seals, in its three outer forms; and bytes that
/// nobody sealed.
pub fn onion_reply(data: &[u8]) {
    let mut bytes = Bytes(data);
    let choices = bytes.byte();
    let (asked, used) = (enc_type(choices), enc_type(choices >> 1));
    let last_hop = LayerSecret::for_client(&CLIENT, CLIENT.public()).expect("a good key");
    let by_last_hop = choices & 4 != 0;
    let sealer = if by_last_hop { &last_hop } else { &secret() };
    let content = bytes.rest();

    let sealed = seal_layer(sealer, used, content, &mut rng()).expect("short");
    let base64 = session_core::base64::encode(&sealed);
    let json = format!(r#"{{"result":"{base64}"}}"#);
    let key = reply_key(asked, secret(), Some(last_hop));
    let opened = key.open(&sealed);
    assert_eq!(opened, key.open(base64.as_bytes()));
    assert_eq!(opened, key.open(json.as_bytes()));
    match opened {
        Ok(reply) => {
            assert_eq!(reply.enc_type, used);
            assert_eq!(reply.sealed_by == SealedBy::LastHop, by_last_hop);
        }
        Err(error) => {
            // AES-GCM is always tried for a destination. What a last hop sealed and is no complaint
            // can be its own layer, sent back: nobody's.
            let readable = !by_last_hop && (used == asked || used == EncType::AesGcm);
            assert_eq!(error == session_onion::Error::Decrypt, !readable);
        }
    }
    assert_eq!(key.open(content), Err(session_onion::Error::Decrypt));
}

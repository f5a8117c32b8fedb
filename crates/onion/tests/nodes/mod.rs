//! Nodes with their secrets, and requests that are carried through them.

#![allow(dead_code, reason = "each test file needs a part of it")]

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{CryptoRng, SeedableRng};
use session_crypto::ed25519::SigningKey;
use session_crypto::x25519::{PublicKey, SecretKey};
use session_crypto::{SymmetricKey, aes256gcm, blake2b, hkdf, xchacha20poly1305};
use session_onion::{Action, EncType, Hop, Layer, ProxyTarget, ReplyFormat, ReplySealer, peel};

pub(crate) const TYPES: [EncType; 2] = [EncType::XChaCha20, EncType::AesGcm];

pub(crate) fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

/// As many nodes as were asked for: what each keeps, and what clients know of each.
pub(crate) fn nodes<R: CryptoRng>(count: usize, rng: &mut R) -> (Vec<SecretKey>, Vec<Hop>) {
    (0..count)
        .map(|_| {
            let key = SigningKey::generate(rng);
            (key.to_x25519(), Hop::new(key.public()).unwrap())
        })
        .unzip()
}

/// What came out at the last of the nodes that peeled.
pub(crate) enum End {
    Node {
        payload: Vec<u8>,
        options: ReplyFormat,
    },
    /// The target is absent when no node was passed.
    Server {
        target: Option<ProxyTarget>,
        body: Vec<u8>,
    },
}

pub(crate) struct Arrival {
    /// The client's key in each layer that a node peeled, entry node first.
    pub(crate) ephemeral_keys: Vec<PublicKey>,
    /// What each of these nodes could answer with.
    pub(crate) sealers: Vec<ReplySealer>,
    pub(crate) end: End,
}

/// Peels a request at each node in turn.
pub(crate) fn carry(nodes: &[SecretKey], mut message: Vec<u8>) -> Arrival {
    let (mut ephemeral_keys, mut sealers) = (Vec::new(), Vec::new());
    for (place, node) in nodes.iter().enumerate() {
        let layer = if place == 0 {
            Layer::parse_outer(&mut message).unwrap()
        } else {
            Layer::parse_relay(&mut message).unwrap()
        };
        assert_eq!(usize::try_from(layer.hop_no), Ok(place));
        ephemeral_keys.push(layer.ephemeral_key);
        let peeled = peel(node, layer).unwrap();
        sealers.push(peeled.reply);
        let end = match peeled.action {
            Action::Relay(relay) => {
                let next = relay.encode();
                message = next;
                continue;
            }
            Action::Final(request) => End::Node {
                payload: request.payload.to_vec(),
                options: request.options,
            },
            Action::Proxy(proxy) => End::Server {
                target: Some(proxy.target),
                body: proxy.body.to_vec(),
            },
            other => panic!("{other:?}"),
        };
        assert_eq!(place, nodes.len() - 1, "the last node ends it");
        return Arrival {
            ephemeral_keys,
            sealers,
            end,
        };
    }
    assert!(nodes.is_empty(), "the last node does not relay");
    Arrival {
        ephemeral_keys,
        sealers,
        end: End::Server {
            target: None,
            body: message,
        },
    }
}

/// The request to a node that the path and this node, the last, have carried.
pub(crate) fn carry_to_node(nodes: &[SecretKey], message: Vec<u8>) -> (Vec<u8>, Arrival) {
    let arrival = carry(nodes, message);
    let End::Node { payload, .. } = &arrival.end else {
        panic!("not for a node");
    };
    (payload.clone(), arrival)
}

/// The server's end of a request.
pub(crate) fn carry_to_server(nodes: &[SecretKey], message: Vec<u8>) -> (Vec<u8>, Arrival) {
    let arrival = carry(nodes, message);
    let End::Server { body, .. } = &arrival.end else {
        panic!("not for a server");
    };
    (body.clone(), arrival)
}

/// A layer's encryption as spec 02 §1 has it, on the side that has the long-term key.
pub(crate) fn seal_by_hand<R: CryptoRng>(
    enc_type: EncType,
    secret: &SecretKey,
    client: &PublicKey,
    plaintext: &[u8],
    rng: &mut R,
) -> Vec<u8> {
    let shared = secret.diffie_hellman(client).unwrap();
    seal_with(
        enc_type,
        shared.expose_bytes(),
        client,
        secret.public(),
        plaintext,
        rng,
    )
}

/// The same on the client's side.
pub(crate) fn seal_as_client<R: CryptoRng>(
    enc_type: EncType,
    ephemeral: &SecretKey,
    server: &PublicKey,
    plaintext: &[u8],
    rng: &mut R,
) -> Vec<u8> {
    let shared = ephemeral.diffie_hellman(server).unwrap();
    seal_with(
        enc_type,
        shared.expose_bytes(),
        ephemeral.public(),
        server,
        plaintext,
        rng,
    )
}

fn seal_with<R: CryptoRng>(
    enc_type: EncType,
    shared: &[u8; 32],
    client: &PublicKey,
    server: &PublicKey,
    plaintext: &[u8],
    rng: &mut R,
) -> Vec<u8> {
    let mut body = plaintext.to_vec();
    match enc_type {
        EncType::XChaCha20 => {
            let hash = blake2b::hash(&[shared, client.as_bytes(), server.as_bytes()]);
            let mut nonce = [0; 24];
            rng.fill_bytes(&mut nonce);
            let key = SymmetricKey::from_bytes(hash);
            let tag = xchacha20poly1305::seal_in_place(&key, &nonce, &mut body).unwrap();
            [nonce.as_slice(), &body, &tag].concat()
        }
        EncType::AesGcm => {
            let key = hkdf::extract(b"LOKI", shared);
            let mut nonce = [0; 12];
            rng.fill_bytes(&mut nonce);
            let tag = aes256gcm::seal_in_place(&key, &nonce, &mut body).unwrap();
            [nonce.as_slice(), &body, &tag].concat()
        }
    }
}

/// `blob` in a frame with `metadata`.
pub(crate) fn frame(blob: &[u8], metadata: &str) -> Vec<u8> {
    let len = u32::try_from(blob.len()).unwrap().to_le_bytes();
    [&len, blob, metadata.as_bytes()].concat()
}

/// The blob and the metadata of a frame.
pub(crate) fn unframe(frame: &[u8]) -> (&[u8], &str) {
    let (len, rest) = frame.split_first_chunk().unwrap();
    let len = usize::try_from(u32::from_le_bytes(*len)).unwrap();
    let (blob, metadata) = rest.split_at(len);
    (blob, core::str::from_utf8(metadata).unwrap())
}

//! Building requests: one allocation of the final size, the payload written once, the layers
//! sealed in place from the inside outwards (spec 02 §3, §11).

use alloc::vec::Vec;
use core::fmt;

use session_core::hex;
use session_crypto::rand_core::CryptoRng;
use session_crypto::x25519::{PublicKey, SecretKey};

use crate::hop::LayerSecret;
use crate::layer::FRAME_LEN;
use crate::{EncType, Error, Hop, ReplyKey};

/// The longest request that nodes accept, in bytes (spec 02 §5.5).
pub const MAX_REQUEST_LEN: usize = 10_485_760;

const FINAL_METADATA: &[u8] = br#"{"headers":""}"#;

/// A request, and the key to its answer.
#[non_exhaustive]
pub struct Request {
    /// The bytes to post to the entry node's `/onion_req/v2`. Never send them a second time:
    /// build anew for a retry.
    pub body: Vec<u8>,
    /// Opens the answer.
    pub reply: ReplyKey,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("body_len", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Builds a request that passes `path`, entry node first, to `destination`, where `payload` is
/// the storage RPC's JSON.
///
/// Any number of path nodes can be built, none too; three is the network's default, and nodes
/// refuse a request that more than [`MAX_HOP_NO`](crate::MAX_HOP_NO) + 1 of them would handle.
/// Whether they are distinct is the caller's policy.
///
/// # Errors
/// [`Error::TooLong`]. A [`Hop`] cannot hold a key that encryption would refuse.
pub fn build<R: CryptoRng + ?Sized>(
    path: &[Hop],
    destination: &Hop,
    payload: &[u8],
    enc_type: EncType,
    rng: &mut R,
) -> Result<Request, Error> {
    let len = request_len(path.len(), payload.len(), enc_type);
    if len > MAX_REQUEST_LEN {
        return Err(Error::TooLong {
            len,
            max: MAX_REQUEST_LEN,
        });
    }
    let mut body = Vec::with_capacity(len);
    // Each layer stands behind a length and a nonce; the payload behind one more length.
    let layer_prefix = FRAME_LEN.saturating_add(enc_type.nonce_len());
    let mut blob_at = path
        .len()
        .saturating_mul(layer_prefix)
        .saturating_add(FRAME_LEN);
    let payload_at = blob_at.saturating_add(layer_prefix);
    body.resize(payload_at, 0);
    body.extend_from_slice(payload);
    put_len(&mut body, payload_at);
    body.extend_from_slice(FINAL_METADATA);

    // Outwards: the destination's layer first, the entry node's last.
    let (ephemeral_key, destination_secret) =
        seal_layer(&mut body, blob_at, destination, enc_type, rng)?;
    let mut last_hop = None;
    let mut inner = (destination, ephemeral_key);
    for hop in path.iter().rev() {
        put_relay_metadata(&mut body, inner.0, &inner.1, enc_type);
        blob_at = blob_at.saturating_sub(layer_prefix);
        let (ephemeral_key, secret) = seal_layer(&mut body, blob_at, hop, enc_type, rng)?;
        last_hop.get_or_insert(secret);
        inner = (hop, ephemeral_key);
    }
    put_outer_metadata(&mut body, &inner.1, enc_type);
    debug_assert_eq!(body.len(), len, "the size is known in advance");
    Ok(Request {
        body,
        reply: ReplyKey::new(enc_type, destination_secret, last_hop),
    })
}

/// Length in bytes of a request with `hops` path nodes and a node destination, saturating
/// (spec 02 §7).
#[must_use]
pub const fn request_len(hops: usize, payload_len: usize, enc_type: EncType) -> usize {
    let per_layer = enc_type.overhead().saturating_add(enc_type.name().len());
    payload_len
        .saturating_add(120)
        .saturating_add(per_layer)
        .saturating_add(hops.saturating_mul(per_layer.saturating_add(183)))
}

/// Encrypts the frame that follows the nonce at `blob_at` to the end, with a fresh key, and
/// writes the length of the result in front of it.
fn seal_layer<R: CryptoRng + ?Sized>(
    body: &mut Vec<u8>,
    blob_at: usize,
    hop: &Hop,
    enc_type: EncType,
    rng: &mut R,
) -> Result<(PublicKey, LayerSecret), Error> {
    let ephemeral = SecretKey::generate(rng);
    let secret = LayerSecret::for_client(&ephemeral, hop.x25519())?;
    enc_type.seal(&secret.key(enc_type), body, blob_at, rng)?;
    put_len(body, blob_at);
    Ok((*ephemeral.public(), secret))
}

/// Writes the length of everything from `blob_at` into the field in front of it.
fn put_len(body: &mut [u8], blob_at: usize) {
    // At most MAX_REQUEST_LEN, which fits.
    let len = u32::try_from(body.len().saturating_sub(blob_at)).unwrap_or(u32::MAX);
    if let Some(field) = body.get_mut(blob_at.saturating_sub(FRAME_LEN)..blob_at) {
        field.copy_from_slice(&len.to_le_bytes());
    }
}

fn put_relay_metadata(body: &mut Vec<u8>, next: &Hop, ephemeral_key: &PublicKey, enc: EncType) {
    body.extend_from_slice(br#"{"destination":""#);
    body.extend_from_slice(&hex::encode_key(next.ed25519()));
    body.extend_from_slice(br#"","enc_type":""#);
    put_enc_type_and_key(body, ephemeral_key, enc);
}

fn put_outer_metadata(body: &mut Vec<u8>, ephemeral_key: &PublicKey, enc: EncType) {
    body.extend_from_slice(br#"{"enc_type":""#);
    put_enc_type_and_key(body, ephemeral_key, enc);
}

fn put_enc_type_and_key(body: &mut Vec<u8>, ephemeral_key: &PublicKey, enc: EncType) {
    body.extend_from_slice(enc.name().as_bytes());
    body.extend_from_slice(br#"","ephemeral_key":""#);
    body.extend_from_slice(&hex::encode_key(ephemeral_key.as_bytes()));
    body.extend_from_slice(br#""}"#);
}

//! libsodium's sealed box: anonymous encryption to an X25519 key (spec 05 §3).
//!
//! Layout: ephemeral public key (32 bytes), tag (16), ciphertext.

use alloc::vec::Vec;

use poly1305::Poly1305;
use poly1305::universal_hash::KeyInit;
use rand_core::CryptoRng;
use salsa20::cipher::consts::U10;
use salsa20::cipher::{KeyIvInit, StreamCipher};
use salsa20::{XSalsa20, hsalsa};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::x25519::{PublicKey, SecretKey, SharedSecret};
use crate::{Error, TAG_LEN, blake2b};

/// Bytes that sealing adds: the ephemeral public key and the tag.
pub const OVERHEAD: usize = PublicKey::LEN + TAG_LEN;

/// Appends `message`, sealed to `to`, to `out`. Only the holder of the secret key can open it;
/// it does not say who sealed it.
///
/// # Errors
/// [`Error::LowOrder`] for a recipient key of low order; `out` is unchanged then.
pub fn seal<R: CryptoRng + ?Sized>(
    to: &PublicKey,
    message: &[u8],
    out: &mut Vec<u8>,
    rng: &mut R,
) -> Result<(), Error> {
    seal_with_ephemeral(&SecretKey::generate(rng), to, message, out)
}

pub(crate) fn seal_with_ephemeral(
    ephemeral: &SecretKey,
    to: &PublicKey,
    message: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let shared = ephemeral.diffie_hellman(to)?;
    let (mut stream, tag_key) = keys(&shared, ephemeral.public(), to);
    out.reserve(message.len().saturating_add(OVERHEAD));
    out.extend_from_slice(ephemeral.public().as_bytes());
    let tag_at = out.len();
    out.extend_from_slice(&[0; TAG_LEN]);
    let body_at = out.len();
    out.extend_from_slice(message);
    let body = out.get_mut(body_at..).unwrap_or_default();
    stream.apply_keystream(body);
    let tag = tag(&tag_key, body);
    if let Some(place) = out.get_mut(tag_at..body_at) {
        place.copy_from_slice(&tag);
    }
    Ok(())
}

/// Opens a sealed box in place and returns the message, a part of `sealed`.
///
/// # Errors
/// [`Error::Length`] below [`OVERHEAD`] bytes, [`Error::LowOrder`] for an ephemeral key of low
/// order, [`Error::Decrypt`].
pub fn open_in_place<'a>(key: &SecretKey, sealed: &'a mut [u8]) -> Result<&'a mut [u8], Error> {
    let got = sealed.len();
    let too_short = Error::Length {
        what: "sealed box",
        expected: OVERHEAD,
        got,
    };
    let (ephemeral, rest) = sealed.split_first_chunk_mut::<32>().ok_or(too_short)?;
    let (expected, body) = rest.split_first_chunk_mut::<TAG_LEN>().ok_or(too_short)?;
    let ephemeral = PublicKey::from_bytes(*ephemeral);
    let shared = key.diffie_hellman(&ephemeral)?;
    let (mut stream, tag_key) = keys(&shared, &ephemeral, key.public());
    if !bool::from(tag(&tag_key, body).ct_eq(expected)) {
        return Err(Error::Decrypt);
    }
    stream.apply_keystream(body);
    Ok(body)
}

/// The stream cipher, ready for the first message byte, and the Poly1305 key, which is the
/// stream's first 32 bytes.
fn keys(
    shared: &SharedSecret,
    ephemeral: &PublicKey,
    recipient: &PublicKey,
) -> (XSalsa20, Zeroizing<[u8; 32]>) {
    let nonce: [u8; 24] = blake2b::hash(&[ephemeral.as_bytes(), recipient.as_bytes()]);
    let key: Zeroizing<[u8; 32]> =
        Zeroizing::new(hsalsa::<U10>(shared.expose_bytes().into(), &[0; 16].into()).into());
    let mut stream = XSalsa20::new((&*key).into(), (&nonce).into());
    let mut tag_key = Zeroizing::new([0; 32]);
    stream.apply_keystream(tag_key.as_mut());
    (stream, tag_key)
}

fn tag(key: &[u8; 32], body: &[u8]) -> [u8; TAG_LEN] {
    Poly1305::new(key.into()).compute_unpadded(body).into()
}

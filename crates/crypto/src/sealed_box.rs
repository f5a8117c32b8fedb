//! libsodium's sealed box: anonymous encryption to an X25519 key (spec 05 §3).
//!
//! Layout: ephemeral public key (32 bytes), tag (16), ciphertext.

use alloc::vec::Vec;

use rand_core::CryptoRng;
use salsa20::cipher::consts::U10;
use salsa20::hsalsa;

use crate::x25519::{PublicKey, SecretKey, SharedSecret};
use crate::{Error, SymmetricKey, TAG_LEN, blake2b, ed25519, secretbox};

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

/// As [`seal`], with the ephemeral pair that libsodium derives from a seed
/// (`crypto_box_seed_keypair`): the same every time.
///
/// The seed must be secret, and another one for every other message and recipient; a hash of a
/// secret and of both is. A seed that is used twice reveals how the messages differ.
///
/// # Errors
/// As [`seal`].
pub fn seal_from_seed(
    seed: &[u8; 32],
    to: &PublicKey,
    message: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    // The first half of SHA-512, clamped, is what an Ed25519 seed becomes as well.
    let ephemeral = ed25519::SigningKey::from_seed(seed).to_x25519();
    seal_with_ephemeral(&ephemeral, to, message, out)
}

pub(crate) fn seal_with_ephemeral(
    ephemeral: &SecretKey,
    to: &PublicKey,
    message: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let shared = ephemeral.diffie_hellman(to)?;
    let (key, nonce) = derive(&shared, ephemeral.public(), to);
    out.reserve(message.len().saturating_add(OVERHEAD));
    out.extend_from_slice(ephemeral.public().as_bytes());
    let tag_at = out.len();
    out.extend_from_slice(&[0; TAG_LEN]);
    let body_at = out.len();
    out.extend_from_slice(message);
    let body = out.get_mut(body_at..).unwrap_or_default();
    let tag = secretbox::seal_in_place(&key, &nonce, body);
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
    let (tag, body) = rest.split_first_chunk_mut::<TAG_LEN>().ok_or(too_short)?;
    let ephemeral = PublicKey::from_bytes(*ephemeral);
    let shared = key.diffie_hellman(&ephemeral)?;
    let (key, nonce) = derive(&shared, &ephemeral, key.public());
    secretbox::open_in_place(&key, &nonce, body, tag)?;
    Ok(body)
}

/// The key and the nonce of the secret box inside.
fn derive(
    shared: &SharedSecret,
    ephemeral: &PublicKey,
    recipient: &PublicKey,
) -> (SymmetricKey, [u8; secretbox::NONCE_LEN]) {
    let key = hsalsa::<U10>(shared.expose_bytes().into(), &[0; 16].into()).into();
    let nonce = blake2b::hash(&[ephemeral.as_bytes(), recipient.as_bytes()]);
    (SymmetricKey::from_bytes(key), nonce)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeded_boxes_are_deterministic_and_open() {
        let key = SecretKey::from_bytes(&[1; 32]);
        let seal = |seed| {
            let mut sealed = Vec::new();
            seal_from_seed(&[seed; 32], key.public(), b"message", &mut sealed).unwrap();
            sealed
        };
        let mut sealed = seal(2);
        assert_eq!(sealed, seal(2));
        assert_ne!(sealed[..32], seal(3)[..32]);
        assert_eq!(open_in_place(&key, &mut sealed).unwrap(), b"message");

        let zero = PublicKey::from_bytes([0; 32]);
        let mut out = Vec::new();
        let refused = seal_from_seed(&[2; 32], &zero, b"message", &mut out);
        assert_eq!((refused, out), (Err(Error::LowOrder), Vec::new()));
    }
}

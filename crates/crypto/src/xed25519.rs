//! Signatures by an X25519 key, verified with its public half (spec 01 §5.3).
//!
//! An X25519 key does not say which of two Ed25519 keys it stands for. The signer takes the one
//! with sign bit 0, whichever it had, and so does the verifier: the signature is an ordinary
//! Ed25519 signature by that key.

use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::{Scalar, clamp_integer};
use rand_core::CryptoRng;
use subtle::{Choice, ConditionallyNegatable, ConditionallySelectable};
use zeroize::Zeroizing;

use crate::ed25519::{Signature, sign_with_nonce};
use crate::{Error, blake2b, x25519};

/// Signs `message`. Draws 64 bytes from `rng` for the nonce, which hashes the key and the message
/// too: a broken generator does not reveal the key.
#[must_use]
pub fn sign<R: CryptoRng + ?Sized>(
    key: &x25519::SecretKey,
    message: &[u8],
    rng: &mut R,
) -> Signature {
    let mut random = Zeroizing::new([0; 64]);
    rng.fill_bytes(random.as_mut());

    let clamped = Zeroizing::new(clamp_integer(*key.expose_bytes()));
    let mut secret = Zeroizing::new(Scalar::from_bytes_mod_order(*clamped));
    let mut public = EdwardsPoint::mul_base(&secret).compress().to_bytes();
    let negative = Choice::from(public[31] >> 7);
    public[31] &= 0x7f;
    secret.conditional_negate(negative);
    // The hash takes the clamped bytes unreduced, unless the key had to be negated.
    let hashed = Zeroizing::new(<[u8; 32]>::conditional_select(
        &clamped,
        secret.as_bytes(),
        negative,
    ));

    let parts: [&[u8]; 3] = [hashed.as_ref(), message, random.as_ref()];
    let wide = Zeroizing::new(blake2b::hash_personal(b"xed25519signatur", &parts));
    let nonce = Zeroizing::new(Scalar::from_bytes_mod_order_wide(&wide));
    sign_with_nonce(&secret, &public, &nonce, message)
}

/// Verifies a signature by the holder of the secret half of `key`.
///
/// # Errors
/// [`Error::InvalidPoint`] for a key that stands for no Ed25519 key, [`Error::Signature`].
pub fn verify(key: &x25519::PublicKey, message: &[u8], signature: &Signature) -> Result<(), Error> {
    key.to_ed25519_positive()?.verify(message, signature)
}

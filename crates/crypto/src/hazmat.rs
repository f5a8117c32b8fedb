//! Deterministic entry points and raw secrets, for known-answer tests and fuzzing.
//!
//! An ephemeral key that is used twice links or breaks the messages made with it. May change in
//! any release before 1.0.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::x25519::{PublicKey, SecretKey};
use crate::{Error, blinding, mlkem768, sealed_box};

/// [`sealed_box::seal`] with a chosen ephemeral key.
///
/// # Errors
/// [`Error::LowOrder`] for a recipient key of low order.
pub fn seal_with_ephemeral(
    ephemeral: &SecretKey,
    to: &PublicKey,
    message: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    sealed_box::seal_with_ephemeral(ephemeral, to, message, out)
}

/// The secret scalar of a blinded key, little-endian. It is no seed: an API that hashes or clamps
/// it does something else.
#[must_use]
pub fn blinded_scalar(key: &blinding::SigningKey) -> &[u8; 32] {
    key.expose_scalar()
}

/// [`EncapsulationKey::encapsulate`](mlkem768::EncapsulationKey::encapsulate) with chosen
/// randomness.
#[must_use]
pub fn encapsulate_with(
    key: &mlkem768::EncapsulationKey,
    randomness: &[u8; 32],
) -> ([u8; mlkem768::CIPHERTEXT_LEN], mlkem768::SharedSecret) {
    key.encapsulate_with(randomness)
}

/// The secret key in the expanded form of FIPS 203, which other libraries store.
#[must_use]
pub fn expanded_decapsulation_key(key: &mlkem768::DecapsulationKey) -> Zeroizing<[u8; 2400]> {
    key.expanded()
}

/// The seed that the key was made from: `d`, then `z`.
#[must_use]
pub fn mlkem_seed(key: &mlkem768::DecapsulationKey) -> Zeroizing<[u8; 64]> {
    key.seed()
}

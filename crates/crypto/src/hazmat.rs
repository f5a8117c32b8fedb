//! Deterministic entry points and raw secrets, for known-answer tests and fuzzing.
//!
//! An ephemeral key that is used twice links or breaks the messages made with it. May change in
//! any release before 1.0.

use alloc::vec::Vec;

use crate::x25519::{PublicKey, SecretKey};
use crate::{Error, blinding, sealed_box};

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

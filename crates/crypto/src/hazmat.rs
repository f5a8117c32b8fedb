//! Deterministic entry points, for known-answer tests and fuzzing.
//!
//! An ephemeral key that is used twice links or breaks the messages made with it. May change in
//! any release before 1.0.

use alloc::vec::Vec;

use crate::x25519::{PublicKey, SecretKey};
use crate::{Error, sealed_box};

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

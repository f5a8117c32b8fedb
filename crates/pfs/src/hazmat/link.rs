//! Link requests.

use session_crypto::argon2id::LinkRequestMemory;

use crate::Error;
use crate::sas::{self, Sas};

/// The salt of [`link_sas`].
#[must_use]
pub fn link_sas_salt(plaintext: &[u8]) -> [u8; 16] {
    sas::salt(plaintext)
}

/// [`LinkRequest::sas`](crate::LinkRequest::sas) of bytes that nobody signed.
///
/// # Errors
/// None that depends on the input.
pub fn link_sas(plaintext: &[u8], memory: &mut LinkRequestMemory) -> Result<Sas, Error> {
    Sas::of_plaintext(plaintext, memory)
}

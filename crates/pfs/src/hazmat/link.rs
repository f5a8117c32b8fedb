//! Link requests.

use alloc::vec::Vec;

use session_crypto::argon2id::LinkRequestMemory;
use session_crypto::rand_core::CryptoRng;
use session_crypto::x25519;
use session_identity::Account;

use crate::sas::{self, Sas};
use crate::{Error, link_request};

/// [`LinkRequest::seal`](crate::LinkRequest::seal) of bytes that need not be a request.
///
/// # Errors
/// [`Error::LowOrder`].
pub fn seal_link_plaintext<R: CryptoRng + ?Sized>(
    account: &Account,
    link: &x25519::PublicKey,
    plaintext: &[u8],
    rng: &mut R,
) -> Result<Vec<u8>, Error> {
    link_request::seal(account, link, plaintext, rng)
}

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

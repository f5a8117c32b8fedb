//! libsodium's secret box: XSalsa20-Poly1305, in place (spec 01 §12.3, spec 05 §3).
//!
//! The older relative of [`xchacha20poly1305`](crate::xchacha20poly1305): same lengths, other
//! cipher.

use poly1305::Poly1305;
use poly1305::universal_hash::KeyInit;
use salsa20::XSalsa20;
use salsa20::cipher::{KeyIvInit, StreamCipher};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{Error, SymmetricKey, TAG_LEN};

/// Length of the nonce in bytes.
pub const NONCE_LEN: usize = 24;

/// Encrypts `buffer` in place and returns the tag. A nonce must never be used twice with one key.
#[must_use]
pub fn seal_in_place(
    key: &SymmetricKey,
    nonce: &[u8; NONCE_LEN],
    buffer: &mut [u8],
) -> [u8; TAG_LEN] {
    let (mut stream, authenticator) = start(key, nonce);
    stream.apply_keystream(buffer);
    authenticator.compute_unpadded(buffer).into()
}

/// Checks the tag and then decrypts `buffer` in place. No plaintext is released when the tag is
/// wrong.
///
/// # Errors
/// [`Error::Decrypt`].
pub fn open_in_place(
    key: &SymmetricKey,
    nonce: &[u8; NONCE_LEN],
    buffer: &mut [u8],
    tag: &[u8; TAG_LEN],
) -> Result<(), Error> {
    let (mut stream, authenticator) = start(key, nonce);
    let expected: [u8; TAG_LEN] = authenticator.compute_unpadded(buffer).into();
    if !bool::from(expected.ct_eq(tag)) {
        return Err(Error::Decrypt);
    }
    stream.apply_keystream(buffer);
    Ok(())
}

/// The stream cipher, ready for the first message byte, and the authenticator, whose key is the
/// stream's first 32 bytes.
fn start(key: &SymmetricKey, nonce: &[u8; NONCE_LEN]) -> (XSalsa20, Poly1305) {
    let mut stream = XSalsa20::new(key.expose_bytes().into(), nonce.into());
    let mut tag_key = Zeroizing::new([0; 32]);
    stream.apply_keystream(tag_key.as_mut());
    (stream, Poly1305::new((&*tag_key).into()))
}

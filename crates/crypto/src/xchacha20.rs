//! XChaCha20 without a tag, for short texts that something else authenticates (spec 07 §5.1).

use chacha20::XChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};

use crate::SymmetricKey;

/// Length of the nonce in bytes.
pub const NONCE_LEN: usize = 24;

/// Adds the key stream, from its first block, to `buffer`: encrypts and decrypts. A nonce must
/// never be used twice with one key, and whoever changes the ciphertext changes the text.
pub fn apply<const N: usize>(key: &SymmetricKey, nonce: &[u8; NONCE_LEN], buffer: &mut [u8; N]) {
    XChaCha20::new(key.expose_bytes().into(), nonce.into()).apply_keystream(buffer);
}

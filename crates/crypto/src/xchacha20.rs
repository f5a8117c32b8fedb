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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xchacha20poly1305;

    /// The AEAD takes its one-time key from block 0 and encrypts from block 1.
    #[test]
    fn is_the_stream_of_the_aead_from_block_0() {
        let (key, nonce) = (SymmetricKey::from_bytes([7; 32]), [9; NONCE_LEN]);
        let mut stream = [0; 96];
        apply(&key, &nonce, &mut stream);
        let mut sealed = [0; 32];
        xchacha20poly1305::seal_in_place(&key, &nonce, &mut sealed).unwrap();
        assert_eq!(stream[64..], sealed);
        apply(&key, &nonce, &mut stream);
        assert_eq!(stream, [0; 96]);
    }
}

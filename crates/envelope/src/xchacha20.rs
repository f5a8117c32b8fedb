//! XChaCha20-Poly1305 with the nonce in front: nonce (24 bytes), ciphertext, tag (16 bytes)
//! (spec 05 §12). Push payloads and group messages have this form.

use alloc::vec::Vec;

use session_crypto::rand_core::CryptoRng;
use session_crypto::{SymmetricKey, TAG_LEN, xchacha20poly1305};
use zeroize::Zeroizing;

use crate::Error;

/// Length of the nonce in bytes.
pub const NONCE_LEN: usize = xchacha20poly1305::NONCE_LEN;

/// Bytes that encryption adds: nonce and tag.
pub const OVERHEAD: usize = NONCE_LEN + TAG_LEN;

/// Encrypts with a random nonce.
///
/// ```
/// use session_envelope::session_crypto::SymmetricKey;
/// use session_envelope::xchacha20;
/// # use session_crypto::rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::from_seed([7; 32]); // use your system's RNG
///
/// let key = SymmetricKey::from_bytes([1; 32]);
/// let data = xchacha20::encrypt(&key, b"hello", &mut rng)?;
/// assert_eq!(data.len(), 5 + xchacha20::OVERHEAD);
/// assert_eq!(**xchacha20::decrypt(&key, &data)?, *b"hello");
/// # Ok::<(), session_envelope::Error>(())
/// ```
///
/// # Errors
/// [`Error::Internal`] beyond the cipher's limit, which is above 60 GiB.
pub fn encrypt<R: CryptoRng + ?Sized>(
    key: &SymmetricKey,
    plaintext: &[u8],
    rng: &mut R,
) -> Result<Vec<u8>, Error> {
    let mut wire = Vec::with_capacity(plaintext.len().saturating_add(OVERHEAD));
    wire.extend_from_slice(&nonce(rng));
    wire.extend_from_slice(plaintext);
    encrypt_behind_nonce(key, &mut wire)?;
    Ok(wire)
}

/// Decrypts what [`encrypt`] made.
///
/// # Errors
/// [`Error::Length`] below [`OVERHEAD`] bytes, [`Error::Decrypt`].
pub fn decrypt(key: &SymmetricKey, data: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let parts = Parts::split(data)?;
    let mut plaintext = Zeroizing::new(parts.ciphertext.to_vec());
    parts.decrypt(key, &mut plaintext)?;
    Ok(plaintext)
}

/// A new nonce.
pub(crate) fn nonce<R: CryptoRng + ?Sized>(rng: &mut R) -> [u8; NONCE_LEN] {
    let mut nonce = [0; NONCE_LEN];
    rng.fill_bytes(&mut nonce);
    nonce
}

/// Encrypts what follows the nonce in `wire`, and appends the tag.
pub(crate) fn encrypt_behind_nonce(key: &SymmetricKey, wire: &mut Vec<u8>) -> Result<(), Error> {
    let (nonce, plaintext) = wire
        .split_first_chunk_mut()
        .ok_or(Error::Internal("no nonce"))?;
    let tag = xchacha20poly1305::seal_in_place(key, nonce, plaintext)
        .map_err(|_| Error::Internal("plaintext too long for the cipher"))?;
    wire.extend_from_slice(&tag);
    Ok(())
}

/// The parts of encrypted data.
pub(crate) struct Parts<'a> {
    nonce: &'a [u8; NONCE_LEN],
    pub(crate) ciphertext: &'a [u8],
    tag: &'a [u8; TAG_LEN],
}

impl<'a> Parts<'a> {
    pub(crate) fn split(data: &'a [u8]) -> Result<Self, Error> {
        data.split_first_chunk()
            .and_then(|(nonce, rest)| {
                let (ciphertext, tag) = rest.split_last_chunk()?;
                Some(Self {
                    nonce,
                    ciphertext,
                    tag,
                })
            })
            .ok_or(Error::Length {
                what: "encrypted data",
                expected: OVERHEAD,
                got: data.len(),
            })
    }

    /// Decrypts `buffer`, a copy of the ciphertext. It stays as it is when the tag is wrong, so
    /// that another key can be tried.
    pub(crate) fn decrypt(&self, key: &SymmetricKey, buffer: &mut [u8]) -> Result<(), Error> {
        xchacha20poly1305::open_in_place(key, self.nonce, buffer, self.tag)
            .map_err(|_| Error::Decrypt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand_chacha::ChaCha20Rng;
    use session_crypto::rand_core::SeedableRng;

    proptest! {
        #[test]
        fn what_is_encrypted_decrypts(plaintext: Vec<u8>, key: [u8; 32], at: usize, mask in 1u8..) {
            let mut rng = ChaCha20Rng::from_seed([9; 32]);
            let key = SymmetricKey::from_bytes(key);
            let mut data = encrypt(&key, &plaintext, &mut rng).unwrap();
            prop_assert_eq!(data.capacity(), plaintext.len() + OVERHEAD);
            prop_assert_eq!(&**decrypt(&key, &data).unwrap(), &*plaintext);
            let at = at % data.len();
            data[at] ^= mask;
            prop_assert_eq!(decrypt(&key, &data), Err(Error::Decrypt));
        }
    }

    #[test]
    fn short_data_is_refused() {
        let key = SymmetricKey::from_bytes([1; 32]);
        let decrypted = |len| decrypt(&key, &[0; OVERHEAD][..len]);
        assert_eq!(
            decrypted(OVERHEAD - 1),
            Err(Error::Length {
                what: "encrypted data",
                expected: OVERHEAD,
                got: OVERHEAD - 1
            })
        );
        assert_eq!(decrypted(OVERHEAD), Err(Error::Decrypt));
    }
}

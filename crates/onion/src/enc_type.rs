//! The two hop types (spec 02 §1).

use alloc::vec::Vec;
use session_crypto::rand_core::CryptoRng;
use session_crypto::{SymmetricKey, TAG_LEN, aes256gcm, xchacha20poly1305};

use crate::Error;

/// How a layer is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(
    clippy::exhaustive_enums,
    reason = "the network has these two and adds none"
)]
pub enum EncType {
    /// XChaCha20-Poly1305 under a BLAKE2b key; what new clients emit.
    #[default]
    XChaCha20,
    /// AES-256-GCM under an HMAC-SHA-256 key; what absent means on the wire.
    AesGcm,
}

impl EncType {
    /// What is meant when the wire says nothing.
    pub(crate) const WHEN_ABSENT: Self = Self::AesGcm;

    /// The canonical spelling.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::XChaCha20 => "xchacha20",
            Self::AesGcm => "aes-gcm",
        }
    }

    /// Reads any accepted spelling (spec 02 §1.1).
    ///
    /// # Errors
    /// [`Error::UnknownEncType`].
    pub fn parse(name: &str) -> Result<Self, Error> {
        match name {
            "xchacha20" | "xchacha20-poly1305" => Ok(Self::XChaCha20),
            "aes-gcm" | "gcm" => Ok(Self::AesGcm),
            _ => Err(Error::UnknownEncType),
        }
    }

    /// Length in bytes of the nonce in front of a ciphertext.
    pub(crate) const fn nonce_len(self) -> usize {
        match self {
            Self::XChaCha20 => xchacha20poly1305::NONCE_LEN,
            Self::AesGcm => aes256gcm::NONCE_LEN,
        }
    }

    /// Bytes that encryption adds: nonce and tag.
    #[must_use]
    pub const fn overhead(self) -> usize {
        self.nonce_len().saturating_add(TAG_LEN)
    }

    /// Encrypts in place what `out` holds from `start`, behind room for the nonce, with a nonce
    /// from `rng`, and appends the tag.
    pub(crate) fn seal<R: CryptoRng + ?Sized>(
        self,
        key: &SymmetricKey,
        out: &mut Vec<u8>,
        start: usize,
        rng: &mut R,
    ) -> Result<(), Error> {
        let region = out.get_mut(start..).unwrap_or_default();
        let tag = match self {
            Self::XChaCha20 => {
                let (nonce, body) = region.split_first_chunk_mut().ok_or(Error::Frame)?;
                rng.fill_bytes(nonce);
                xchacha20poly1305::seal_in_place(key, nonce, body)
            }
            Self::AesGcm => {
                let (nonce, body) = region.split_first_chunk_mut().ok_or(Error::Frame)?;
                rng.fill_bytes(nonce);
                aes256gcm::seal_in_place(key, nonce, body)
            }
        };
        // The ciphers' limits are far above any length that gets here.
        out.extend_from_slice(&tag.map_err(|_| Error::Frame)?);
        Ok(())
    }

    /// The plaintext in what [`open`](Self::open) has decrypted in place.
    pub(crate) fn plaintext(self, region: &[u8]) -> &[u8] {
        let end = region.len().saturating_sub(TAG_LEN);
        region.get(self.nonce_len()..end).unwrap_or_default()
    }

    /// Decrypts `nonce ‖ ciphertext ‖ tag` in place and returns the plaintext, a part of it. On
    /// failure the bytes are as before.
    pub(crate) fn open<'a>(
        self,
        key: &SymmetricKey,
        region: &'a mut [u8],
    ) -> Result<&'a mut [u8], Error> {
        let (region, tag) = region.split_last_chunk_mut().ok_or(Error::Decrypt)?;
        match self {
            Self::XChaCha20 => {
                let (nonce, body) = region.split_first_chunk_mut().ok_or(Error::Decrypt)?;
                xchacha20poly1305::open_in_place(key, nonce, body, tag).map(|()| body)
            }
            Self::AesGcm => {
                let (nonce, body) = region.split_first_chunk_mut().ok_or(Error::Decrypt)?;
                aes256gcm::open_in_place(key, nonce, body, tag).map(|()| body)
            }
        }
        .map_err(|_| Error::Decrypt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_are_exact() {
        for (name, enc_type) in [
            ("xchacha20", EncType::XChaCha20),
            ("xchacha20-poly1305", EncType::XChaCha20),
            ("aes-gcm", EncType::AesGcm),
            ("gcm", EncType::AesGcm),
        ] {
            assert_eq!(EncType::parse(name), Ok(enc_type));
        }
        for name in ["", "aes-cbc", "cbc", "XChaCha20", "xchacha20 ", "none"] {
            assert_eq!(EncType::parse(name), Err(Error::UnknownEncType), "{name}");
        }
        assert_eq!(
            (EncType::XChaCha20.overhead(), EncType::AesGcm.overhead()),
            (40, 28)
        );
    }
}

//! The two AEADs of the network, in place and without associated data.

/// Length in bytes of the tag of both AEADs.
pub const TAG_LEN: usize = 16;

macro_rules! aead {
    ($(#[$doc:meta])* $name:ident, $library:ident::$cipher:ident, $nonce_len:literal) => {
        $(#[$doc])*
        pub mod $name {
            use $library::$cipher as Cipher;
            use $library::aead::{AeadInOut, KeyInit};

            use super::TAG_LEN;
            use crate::{Error, SymmetricKey};

            /// Length of the nonce in bytes.
            pub const NONCE_LEN: usize = $nonce_len;

            /// Encrypts `buffer` in place and returns the tag. A nonce must never be used twice
            /// with one key.
            ///
            /// # Errors
            /// [`Error::TooLong`] beyond the cipher's limit, which is above 60 GiB.
            pub fn seal_in_place(
                key: &SymmetricKey,
                nonce: &[u8; NONCE_LEN],
                buffer: &mut [u8],
            ) -> Result<[u8; TAG_LEN], Error> {
                Cipher::new(key.expose_bytes().into())
                    .encrypt_inout_detached(nonce.into(), &[], buffer.into())
                    .map(Into::into)
                    .map_err(|_| Error::TooLong)
            }

            /// Checks the tag and then decrypts `buffer` in place. No plaintext is released when
            /// the tag is wrong.
            ///
            /// # Errors
            /// [`Error::Decrypt`].
            pub fn open_in_place(
                key: &SymmetricKey,
                nonce: &[u8; NONCE_LEN],
                buffer: &mut [u8],
                tag: &[u8; TAG_LEN],
            ) -> Result<(), Error> {
                Cipher::new(key.expose_bytes().into())
                    .decrypt_inout_detached(nonce.into(), &[], buffer.into(), tag.into())
                    .map_err(|_| Error::Decrypt)
            }
        }
    };
}

aead!(
    /// XChaCha20-Poly1305 with a 24-byte nonce.
    xchacha20poly1305,
    chacha20poly1305::XChaCha20Poly1305,
    24
);

aead!(
    /// AES-256-GCM with a 12-byte nonce.
    aes256gcm,
    aes_gcm::Aes256Gcm,
    12
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, SymmetricKey};
    use alloc::vec::Vec;
    use proptest::prelude::*;

    macro_rules! round_trip {
        ($name:ident) => {
            proptest! {
                #[test]
                fn $name(key: [u8; 32], nonce: [u8; $name::NONCE_LEN], plain: Vec<u8>, flip: usize) {
                    let key = SymmetricKey::from_bytes(key);
                    let mut buffer = plain.clone();
                    let mut tag = $name::seal_in_place(&key, &nonce, &mut buffer).unwrap();
                    let mut opened = buffer.clone();
                    $name::open_in_place(&key, &nonce, &mut opened, &tag).unwrap();
                    prop_assert_eq!(&opened, &plain);

                    let at = flip % (buffer.len() + TAG_LEN);
                    match buffer.get_mut(at) {
                        Some(byte) => *byte ^= 1,
                        None => tag[at - buffer.len()] ^= 1,
                    }
                    prop_assert_eq!(
                        $name::open_in_place(&key, &nonce, &mut buffer, &tag),
                        Err(Error::Decrypt)
                    );
                }
            }
        };
    }

    round_trip!(xchacha20poly1305);
    round_trip!(aes256gcm);
}

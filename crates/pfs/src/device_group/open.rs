//! Opening a message (spec 07 §5.3).

use alloc::vec::Vec;

use session_crypto::{SymmetricKey, xchacha20poly1305};
use zeroize::Zeroizing;

use super::slot::{Slot, payload_nonce, split};
use super::{GroupMessage, NAME};
use crate::{Error, KeyPair, padding};

/// So many device keys are tried on a message. With rotation every week and after every change of
/// the group, and erasure after 30 days at the latest (spec 07 D1), a device holds a few.
const MAX_DEVICE_KEYS: usize = 32;

/// A payload, and how it was found.
pub(crate) struct Unsealed {
    /// Index of the slot that opened.
    #[cfg_attr(
        not(any(test, feature = "hazmat")),
        allow(dead_code, reason = "for vectors")
    )]
    pub(crate) slot: usize,
    /// Index of the device key that opened it.
    pub(crate) key: usize,
    /// Without padding.
    pub(crate) payload: Zeroizing<Vec<u8>>,
}

impl GroupMessage<'_> {
    pub(crate) fn unseal<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k KeyPair>,
    ) -> Result<Unsealed, Error> {
        let keys: Vec<&KeyPair> = keys.into_iter().take(MAX_DEVICE_KEYS).collect();
        let refused = Error::NotForUs { what: NAME };
        let (text, tag) = self.payload.split_last_chunk().ok_or(refused)?;
        // Copied for the first slot that may be ours, and as it was after a wrong key.
        let mut payload = Zeroizing::new(Vec::new());
        for (at, (ciphertext, entry)) in self.ciphertexts.iter().zip(self.entries).enumerate() {
            let (index, wrapped) = split(entry);
            for (number, pair) in keys.iter().enumerate() {
                let slot = Slot {
                    ephemeral: &self.ephemeral,
                    ciphertext,
                    x25519: pair.x25519().public(),
                    mlkem: pair.mlkem().public(),
                };
                if slot.index(&wrapped) != index {
                    continue;
                }
                let Ok(agreed) = pair.x25519().diffie_hellman(&self.ephemeral) else {
                    continue;
                };
                let encapsulated = pair.mlkem().decapsulate(ciphertext);
                let mut key = Zeroizing::new(wrapped);
                slot.wrap(&agreed, &encapsulated, self.payload, &mut key);
                let key = SymmetricKey::from_bytes(*key);
                let nonce = payload_nonce(&self.ephemeral, self.ciphertexts.as_flattened());
                if payload.is_empty() {
                    payload.extend_from_slice(text);
                }
                if xchacha20poly1305::open_in_place(&key, &nonce, &mut payload, tag).is_ok() {
                    padding::strip(&mut payload);
                    return Ok(Unsealed {
                        slot: at,
                        key: number,
                        payload,
                    });
                }
            }
        }
        Err(refused)
    }
}

//! What a message holds for each device: the payload's key, wrapped (spec 07 §5.1).

use session_crypto::mlkem768::{CIPHERTEXT_LEN, EncapsulationKey, SharedSecret};
use session_crypto::xchacha20::NONCE_LEN;
use session_crypto::{SymmetricKey, blake2b, x25519, xchacha20};

/// Length of the hint in bytes.
const INDEX_LEN: usize = 2;

/// Length of a wrapped key in bytes.
const KEY_LEN: usize = SymmetricKey::LEN;

/// Length of an entry of `K` in bytes: hint, wrapped key.
pub(super) const ENTRY_LEN: usize = INDEX_LEN + KEY_LEN;

/// One slot of a message, and the device key that it is, or may be, for.
pub(super) struct Slot<'s> {
    /// The message's X25519 key.
    pub(super) ephemeral: &'s x25519::PublicKey,
    /// The slot's entry in `C`.
    pub(super) ciphertext: &'s [u8; CIPHERTEXT_LEN],
    /// The device's X25519 key.
    pub(super) x25519: &'s x25519::PublicKey,
    /// The device's ML-KEM key.
    pub(super) mlkem: &'s EncapsulationKey,
}

impl Slot<'_> {
    /// What the slot of this device begins with. Nobody vouches for it: one in 65,536 of other
    /// slots has it too.
    pub(super) fn index(&self, wrapped: &[u8; KEY_LEN]) -> [u8; INDEX_LEN] {
        blake2b::hash_personal(
            b"SessionDevKeyIdx",
            &[
                self.ephemeral.as_bytes(),
                self.x25519.as_bytes(),
                self.mlkem.as_bytes(),
                self.ciphertext,
                wrapped,
            ],
        )
    }

    /// Wraps the payload's key, or unwraps it, in place. No tag tells whether it is the right one:
    /// only the payload's does (spec 07 D4).
    pub(super) fn wrap(
        &self,
        agreed: &x25519::SharedSecret,
        encapsulated: &SharedSecret,
        payload: &[u8],
        key: &mut [u8; KEY_LEN],
    ) {
        let wrapping = SymmetricKey::from_bytes(blake2b::hash_personal(
            b"SessionDevKeyKey",
            &[
                agreed.expose_bytes(),
                self.ephemeral.as_bytes(),
                self.x25519.as_bytes(),
                encapsulated.expose_bytes(),
                self.mlkem.as_bytes(),
            ],
        ));
        let nonce: [u8; NONCE_LEN] = blake2b::hash_keyed_personal(
            self.ephemeral.as_bytes(),
            b"SessionDevKNonce",
            &[self.ciphertext, payload],
        );
        xchacha20::apply(&wrapping, &nonce, key);
    }
}

/// Hint and wrapped key of an entry.
pub(super) fn split(entry: &[u8; ENTRY_LEN]) -> ([u8; INDEX_LEN], [u8; KEY_LEN]) {
    let [first, second, key @ ..] = *entry;
    ([first, second], key)
}

/// The nonce that the payload is encrypted with.
pub(super) fn payload_nonce(ephemeral: &x25519::PublicKey, ciphertexts: &[u8]) -> [u8; NONCE_LEN] {
    blake2b::hash_keyed_personal(ephemeral.as_bytes(), b"SessionDevDNonce", &[ciphertexts])
}

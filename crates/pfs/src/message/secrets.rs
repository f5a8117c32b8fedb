//! From shared secrets to the key of one message (spec 06 §5.2, §6).

use session_crypto::sha3::{sha3_256, shake256};
use session_crypto::{SymmetricKey, TAG_LEN, blake2b, mlkem768, x25519, xchacha20poly1305};
use zeroize::Zeroizing;

use crate::Error;

use xchacha20poly1305::NONCE_LEN;

/// The label of X-Wing, `\.//^\`.
const XWING_LABEL: &[u8] = br"\.//^\";

/// Hides the indicator of an account key, or shows it again: `dh` is of ephemeral and long-term key.
pub(crate) fn mask(
    dh: &x25519::SharedSecret,
    ephemeral: &x25519::PublicKey,
    recipient: &x25519::PublicKey,
    indicator: [u8; 2],
) -> [u8; 2] {
    mask_as(b"Session-Msg-KISS", dh, ephemeral, recipient, indicator)
}

/// As [`mask`], for the purpose that `personal` names.
pub(crate) fn mask_as(
    personal: &[u8; 16],
    dh: &x25519::SharedSecret,
    ephemeral: &x25519::PublicKey,
    recipient: &x25519::PublicKey,
    indicator: [u8; 2],
) -> [u8; 2] {
    let kiss: [u8; 2] = blake2b::hash_keyed_personal(
        dh.expose_bytes(),
        personal,
        &[ephemeral.as_bytes(), recipient.as_bytes()],
    );
    let ([a, b], [c, d]) = (kiss, indicator);
    [a ^ c, b ^ d]
}

/// The combiner of X-Wing (draft-connolly-cfrg-xwing-kem).
pub(crate) fn combine(
    mlkem: &[u8; 32],
    x25519: &[u8; 32],
    ephemeral: &x25519::PublicKey,
    account_key: &x25519::PublicKey,
) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(sha3_256(&[
        mlkem,
        x25519,
        ephemeral.as_bytes(),
        account_key.as_bytes(),
        XWING_LABEL,
    ]))
}

/// What stands in place of the combined secret where the recipient has no account key.
pub(crate) fn shared_without_pfs(
    dh: &x25519::SharedSecret,
    recipient: &x25519::PublicKey,
    ephemeral: &x25519::PublicKey,
) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(sha3_256(&[
        dh.expose_bytes(),
        recipient.as_bytes(),
        ephemeral.as_bytes(),
        b"SessionV2NonPFS",
    ]))
}

/// Key and nonce of one message.
pub(crate) struct MessageKey {
    pub(crate) key: SymmetricKey,
    pub(crate) nonce: [u8; NONCE_LEN],
}

impl MessageKey {
    pub(crate) fn forward_secret(
        mlkem: &mlkem768::SharedSecret,
        x25519: &x25519::SharedSecret,
        ephemeral: &x25519::PublicKey,
        account_key: &x25519::PublicKey,
    ) -> Self {
        let (mlkem, x25519) = (mlkem.expose_bytes(), x25519.expose_bytes());
        Self::of_combined(&combine(mlkem, x25519, ephemeral, account_key))
    }

    pub(crate) fn without_pfs(
        dh: &x25519::SharedSecret,
        recipient: &x25519::PublicKey,
        ephemeral: &x25519::PublicKey,
    ) -> Self {
        Self::of_shared_without_pfs(&shared_without_pfs(dh, recipient, ephemeral))
    }

    pub(crate) fn of_combined(shared: &[u8; 32]) -> Self {
        Self::expand(b"SessionV2MessageSS", shared)
    }

    pub(crate) fn of_shared_without_pfs(shared: &[u8; 32]) -> Self {
        Self::expand(b"SessionV2NonPFSSS", shared)
    }

    fn expand(domain: &[u8], shared: &[u8; 32]) -> Self {
        Self::from_bytes(&shake256(&[domain, shared]))
    }

    /// Takes the key, then the nonce.
    pub(crate) fn from_bytes(bytes: &[u8; SymmetricKey::LEN + NONCE_LEN]) -> Self {
        let mut key = Zeroizing::new([0; SymmetricKey::LEN]);
        let mut nonce = [0; NONCE_LEN];
        let (first, rest) = bytes.split_at(key.len());
        key.copy_from_slice(first);
        nonce.copy_from_slice(rest);
        let key = SymmetricKey::from_bytes(*key);
        Self { key, nonce }
    }

    /// Encrypts in place.
    pub(crate) fn seal(&self, buffer: &mut [u8]) -> Result<[u8; TAG_LEN], Error> {
        xchacha20poly1305::seal_in_place(&self.key, &self.nonce, buffer)
            .map_err(|_| Error::Internal("message too long for the cipher"))
    }

    /// Decrypts in place, unless the tag is wrong.
    pub(crate) fn open(&self, buffer: &mut [u8], tag: &[u8; TAG_LEN]) -> bool {
        xchacha20poly1305::open_in_place(&self.key, &self.nonce, buffer, tag).is_ok()
    }
}

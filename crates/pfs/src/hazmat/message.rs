//! Messages and their layers.

use alloc::vec::Vec;

use session_core::AccountId;
use session_crypto::rand_core::CryptoRng;
use session_crypto::{SymmetricKey, mlkem768, x25519, xchacha20poly1305};
use session_identity::Account;
use zeroize::Zeroizing;

use crate::message::outer::{OVERHEAD, Outer, recipient_dh};
use crate::message::secrets::{self, MessageKey};
use crate::message::{WHAT, check_len, inner, recipient_key, seal_with, unmask};
use crate::{Error, KeyIndicator, MessageSize, Opened, PublicKeys, Sender};

/// What one message is encrypted with: combined shared secret, key and nonce.
pub type MessageSecrets = (
    Zeroizing<[u8; 32]>,
    SymmetricKey,
    [u8; xchacha20poly1305::NONCE_LEN],
);

/// The secrets of a forward-secret message, from the shared secrets of ML-KEM and X25519 (spec 06
/// §5.2).
#[must_use]
pub fn message_secrets(
    mlkem: &[u8; 32],
    x25519: &[u8; 32],
    ephemeral: &x25519::PublicKey,
    account_key: &x25519::PublicKey,
) -> MessageSecrets {
    let shared = secrets::combine(mlkem, x25519, ephemeral, account_key);
    let MessageKey { key, nonce } = MessageKey::of_combined(&shared);
    (shared, key, nonce)
}

/// The secrets of a message that is not forward-secret (spec 06 §6).
///
/// # Errors
/// [`Error::Recipient`], [`Error::LowOrder`].
pub fn message_secrets_without_pfs(
    to: &AccountId,
    ephemeral: &x25519::SecretKey,
) -> Result<MessageSecrets, Error> {
    let to = recipient_key(to)?;
    let dh = recipient_dh(ephemeral, &to)?;
    let shared = secrets::shared_without_pfs(&dh, &to, ephemeral.public());
    let MessageKey { key, nonce } = MessageKey::of_shared_without_pfs(&shared);
    Ok((shared, key, nonce))
}

/// The indicator of the recipient's key as a message shows it (spec 06 §5.2).
///
/// # Errors
/// [`Error::Recipient`], [`Error::LowOrder`].
pub fn mask_indicator(
    to: &AccountId,
    ephemeral: &x25519::SecretKey,
    indicator: KeyIndicator,
) -> Result<[u8; KeyIndicator::LEN], Error> {
    let to = recipient_key(to)?;
    let dh = recipient_dh(ephemeral, &to)?;
    let indicator = *indicator.as_bytes();
    Ok(secrets::mask(&dh, ephemeral.public(), &to, indicator))
}

/// The indicator of one's own key in a message that shows `masked` (spec 06 §5.5).
///
/// # Errors
/// [`Error::LowOrder`].
pub fn unmask_indicator(
    me: &Account,
    ephemeral: &x25519::PublicKey,
    masked: [u8; KeyIndicator::LEN],
) -> Result<KeyIndicator, Error> {
    let (indicator, _dh) = unmask(me, ephemeral, masked)?;
    Ok(indicator)
}

/// What the sender signs: the 64-byte hash of the dict up to the signature, bound to the recipient
/// (spec 06 §5.3).
#[must_use]
pub fn signed_hash(to: &AccountId, signed: &[u8]) -> [u8; 64] {
    inner::signed_hash(to, signed)
}

/// The dict inside a message, without padding (spec 06 §5.3).
///
/// # Errors
/// [`Error::Internal`] never.
pub fn write_inner<'a>(
    from: impl Into<Sender<'a>>,
    to: &AccountId,
    content: &[u8],
) -> Result<Vec<u8>, Error> {
    let from = from.into();
    let size = MessageSize::of(content.len(), from.pro().is_some());
    let mut out = Vec::with_capacity(size.inner());
    inner::write_inner(from, to, content, &mut out)?;
    Ok(out)
}

/// Verifies the dict inside a message to `to`, padded or not.
///
/// # Errors
/// [`Error::Malformed`], [`Error::Signature`].
pub fn read_inner(to: &AccountId, inner: &[u8]) -> Result<Opened, Error> {
    Opened::read(to, Zeroizing::new(inner.to_vec()), None)
}

/// [`seal_without_pfs`](crate::seal_without_pfs()) with a chosen ephemeral key, indicator and filler.
///
/// # Errors
/// [`Error::Recipient`], [`Error::Length`], [`Error::LowOrder`].
pub fn seal_without_pfs_with<'a>(
    from: impl Into<Sender<'a>>,
    to: &AccountId,
    content: &[u8],
    ephemeral: &x25519::SecretKey,
    indicator: [u8; KeyIndicator::LEN],
    filler: [u8; mlkem768::CIPHERTEXT_LEN],
) -> Result<Vec<u8>, Error> {
    seal_with(from.into(), to, content, |to| {
        Outer::without_pfs_with(to, ephemeral, indicator, filler)
    })
}

/// Encrypts bytes that need not be a signed dict: to an account key, or without forward secrecy.
/// They are padded to the shortest message only.
///
/// # Errors
/// [`Error::Recipient`], [`Error::LowOrder`]; [`Error::Length`] for what would be more than
/// [`MAX_MESSAGE_LEN`](crate::MAX_MESSAGE_LEN) bytes.
pub fn seal_inner<R: CryptoRng + ?Sized>(
    to: &AccountId,
    keys: Option<&PublicKeys>,
    inner: &[u8],
    rng: &mut R,
) -> Result<Vec<u8>, Error> {
    let to = recipient_key(to)?;
    let padded_len = MessageSize::of(0, false).padded().max(inner.len());
    let len = padded_len.saturating_add(OVERHEAD);
    check_len(WHAT, len)?;
    let outer = match keys {
        Some(keys) => Outer::forward_secret(&to, keys, rng)?,
        None => Outer::without_pfs(&to, rng)?,
    };
    outer.wrap(padded_len, |out| {
        out.extend_from_slice(inner);
        Ok(())
    })
}

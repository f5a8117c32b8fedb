//! Deterministic entry points and inner layers, for known-answer tests and fuzzing.
//!
//! An ephemeral key that is used twice links the messages made with it and reveals their
//! difference. May change in any release before 1.0.

use alloc::vec::Vec;

use session_core::{AccountId, UnixMillis};
use session_crypto::hazmat::seal_with_ephemeral;
use session_crypto::{SymmetricKey, ed25519, x25519};
use session_identity::Account;
use zeroize::Zeroizing;

pub use crate::pro_signature::ProSignature;

use crate::community::{self, refuse_signed};
use crate::group::{self, Payload};
use crate::one_to_one::{self, recipient_key, signed, write_wire};
use crate::xchacha20::NONCE_LEN;
use crate::{Content, Error, Inbox, legacy_config};

/// [`seal_one_to_one`](crate::seal_one_to_one) of bytes that need not be a message, with a chosen
/// ephemeral key.
///
/// # Errors
/// [`Error::Recipient`].
pub fn seal_one_to_one_with(
    from: &Account,
    to: &AccountId,
    content: &[u8],
    sent: UnixMillis,
    ephemeral: &x25519::SecretKey,
    pro_signature: &ProSignature<'_>,
) -> Result<Vec<u8>, Error> {
    write_wire(
        from,
        to,
        Zeroizing::new(content.to_vec()),
        sent,
        |to, inner, out| seal_with_ephemeral(ephemeral, to, inner, out),
        pro_signature,
    )
}

/// Signs and seals bytes without padding or envelope (spec 05 §3).
///
/// # Errors
/// [`Error::Recipient`].
pub fn seal_message(
    from: &Account,
    to: &AccountId,
    message: &[u8],
    ephemeral: &x25519::SecretKey,
) -> Result<Vec<u8>, Error> {
    let to = recipient_key(to)?;
    let inner = signed(from, &to, message);
    let mut out = Vec::new();
    seal_with_ephemeral(ephemeral, &to, &inner, &mut out).map_err(|_| Error::Recipient)?;
    Ok(out)
}

/// Opens what [`seal_message`] made: message, sender's key and id (spec 05 §3.1).
///
/// # Errors
/// [`Error::Length`], [`Error::Decrypt`], [`Error::Signature`].
pub fn open_message(
    me: &Account,
    sealed: &[u8],
) -> Result<(Zeroizing<Vec<u8>>, ed25519::PublicKey, AccountId), Error> {
    one_to_one::open_message(me.x25519_key(), sealed)
}

/// As [`seal_message`], with the ephemeral key that sender, recipient and message decide (spec 05
/// §3.2): equal messages to one recipient give equal ciphertexts.
///
/// # Errors
/// [`Error::Recipient`].
pub fn seal_message_deterministic(
    from: &Account,
    to: &AccountId,
    message: &[u8],
) -> Result<Vec<u8>, Error> {
    legacy_config::seal_deterministic(from, &recipient_key(to)?, message)
}

/// [`seal_post`](crate::seal_post) of a message that is complete, signed by a rotating key
/// whatever it says (spec 05 §1.1).
///
/// # Errors
/// [`Error::Malformed`], [`Error::Missing`], [`Error::Text`], [`Error::ProSignatures`].
pub fn sign_post(content: &[u8], rotating_key: &ed25519::SigningKey) -> Result<Vec<u8>, Error> {
    refuse_signed(&Content::from_bytes(content.to_vec())?)?;
    let post = community::signed_post(content, rotating_key)?;
    Ok(post.to_vec())
}

/// [`Inbox::seal`] of bytes that need not be a message, without padding, with a chosen nonce.
///
/// # Errors
/// [`Error::Recipient`].
pub fn seal_inbox_message(
    inbox: &Inbox,
    to: &AccountId,
    message: &[u8],
    nonce: &[u8; NONCE_LEN],
) -> Result<Vec<u8>, Error> {
    inbox.seal_message(to, message, nonce)
}

/// Opens what [`seal_inbox_message`] made: message, sender's key and id (spec 05 §7.3).
///
/// # Errors
/// [`Error::Length`], [`Error::Recipient`], [`Error::Sender`], [`Error::Version`],
/// [`Error::Decrypt`].
pub fn open_inbox_message(
    inbox: &Inbox,
    sender: &AccountId,
    recipient: &AccountId,
    sealed: &[u8],
) -> Result<(Zeroizing<Vec<u8>>, ed25519::PublicKey, AccountId), Error> {
    inbox.open_message(sender, recipient, sealed)
}

/// The envelope that [`seal_group`](crate::seal_group) encrypts, around bytes that need not be a
/// message.
///
/// # Errors
/// Never: other envelopes have content that can fail.
pub fn group_envelope(
    content: &[u8],
    sent: UnixMillis,
    pro_signature: &ProSignature<'_>,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    group::write_envelope(content, sent, pro_signature)
}

/// What stands in a group message.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum GroupData<'a> {
    /// A plaintext, which is not compressed, however long it is.
    Plain(&'a [u8]),
    /// What is said to be zstd frames.
    Compressed(&'a [u8]),
}

/// [`group::encrypt`] of these data, with a chosen nonce.
///
/// # Errors
/// [`Error::Recipient`]; [`Error::Length`] for a plaintext that is too long.
pub fn encrypt_group_with(
    from: &Account,
    group: &AccountId,
    key: &SymmetricKey,
    data: GroupData<'_>,
    padding: u16,
    nonce: &[u8; NONCE_LEN],
) -> Result<Vec<u8>, Error> {
    let group = group::group_key(group)?;
    let payload = match data {
        GroupData::Plain(data) => {
            group::check_len(data.len())?;
            Payload::plain(Zeroizing::new(data.to_vec()))
        }
        GroupData::Compressed(data) => Payload::frame(Zeroizing::new(data.to_vec())),
    };
    group::write_ciphertext(from, group, key, payload, padding, nonce)
}

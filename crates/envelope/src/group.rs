//! Messages of groups (spec 05 §1.1, §4, §6).
//!
//! All members share a key. Inside the encryption, the author signs with its own; so a member
//! cannot write in another's name, and who only knows the group's id can read and write nothing.
//! The cipher does not commit to its key: which key opens a message proves nothing.

mod cipher;

use alloc::vec::Vec;
use core::fmt;

use session_core::{AccountId, Prefix, UnixMillis};
use session_crypto::rand_core::CryptoRng;
use session_crypto::{SymmetricKey, ed25519};
use zeroize::Zeroizing;

use self::cipher::{Buffers, SIGNED_TAIL_LEN};
use crate::envelope::{self, EnvelopeWriter, Outside};
use crate::one_to_one::check_wire_len;
use crate::opened::{Inside, Opened};
use crate::pro_signature::ProSignature;
use crate::proto::{Envelope, EnvelopeType, Message, sift};
use crate::{Content, Error, Sender, xchacha20};

#[cfg(feature = "hazmat")]
pub(crate) use self::cipher::check_len;
pub use self::cipher::encrypt;
pub(crate) use self::cipher::{Payload, write_ciphertext};

/// The longest plaintext of a group message, in bytes, before compression.
pub const MAX_PLAINTEXT_LEN: usize = 1_000_000;

/// Messages grow to a multiple of this many bytes.
pub const PADDING: u16 = 256;

/// A group's key in its stored form: 32 bytes, or 64 of which the first half counts.
///
/// # Errors
/// [`Error::Length`] for other lengths.
pub fn key_from_bytes(bytes: &[u8]) -> Result<SymmetricKey, Error> {
    let wrong = Error::Length {
        what: "group key",
        expected: SymmetricKey::LEN,
        got: bytes.len(),
    };
    let (key, rest) = bytes.split_first_chunk().ok_or(wrong)?;
    match rest.len() {
        0 | SymmetricKey::LEN => Ok(SymmetricKey::from_bytes(*key)),
        _ => Err(wrong),
    }
}

/// Seals a message for a group, ready to be stored in the group's swarm. `key` is the newest of
/// the group's keys. `sent` is the network's time, and goes into the message as its signed time;
/// of one account no two messages may have the same.
///
/// ```
/// use session_core::{AccountId, Prefix, UnixMillis};
/// use session_envelope::session_crypto::SymmetricKey;
/// use session_envelope::{Content, open_group, seal_group};
/// use session_identity::Account;
/// # use session_crypto::rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::from_seed([7; 32]); // use your system's RNG
///
/// let (alice, bob) = (Account::generate(&mut rng), Account::generate(&mut rng));
/// let group = AccountId::new(Prefix::Group, [3; 32]);
/// let keys = [[2; 32], [1; 32]].map(SymmetricKey::from_bytes);
/// let now = UnixMillis::from_millis(1_755_166_437_229);
/// let wire = seal_group(&alice, &group, &keys[0], &Content::text("hello"), now, &mut rng)?;
///
/// let opened = open_group(&bob.id(), &group, &keys, &wire)?;
/// opened.check()?;
/// assert_eq!(opened.sender(), alice.id());
/// assert_eq!(opened.content().body(), Some("hello"));
/// assert_eq!(opened.key_index(), Some(0));
/// # Ok::<(), session_envelope::Error>(())
/// ```
///
/// # Errors
/// [`Error::Recipient`] when `group` has not prefix 03; [`Error::Timestamp`] for a time of zero,
/// which every receiver drops, and for another than the one that a group update is signed for;
/// [`Error::TextTooLong`] and [`Error::TooMany`] for what peers would drop; [`Error::Length`] for
/// more than a swarm stores, [`MAX_WIRE_LEN`](crate::MAX_WIRE_LEN) bytes.
pub fn seal_group<'a, R: CryptoRng + ?Sized>(
    from: impl Into<Sender<'a>>,
    group: &AccountId,
    key: &SymmetricKey,
    content: &Content,
    sent: UnixMillis,
    rng: &mut R,
) -> Result<Vec<u8>, Error> {
    let from = from.into();
    let group = group_key(group)?;
    let (content, pro) = content.to_send(sent, from.pro())?;
    let pro = ProSignature::of(pro, rng);
    let payload = Payload::compressed(write_envelope(&content, sent, &pro)?)?;
    let nonce = xchacha20::nonce(rng);
    let wire = write_ciphertext(from.account(), group, key, payload, PADDING, &nonce)?;
    check_wire_len(&wire)?;
    Ok(wire)
}

/// Writes an envelope with room for a signed tail.
pub(crate) fn write_envelope(
    content: &[u8],
    sent: UnixMillis,
    pro: &ProSignature<'_>,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let writer = EnvelopeWriter {
        kind: EnvelopeType::ClosedGroupMessage,
        sent,
        content_len: content.len(),
    };
    let capacity = writer.len().saturating_add(SIGNED_TAIL_LEN);
    let mut envelope = Zeroizing::new(Vec::with_capacity(capacity));
    writer.write(&mut envelope, pro, |envelope| {
        envelope.extend_from_slice(content);
        Ok(())
    })?;
    Ok(envelope)
}

/// The Ed25519 key of a group's id, not known to be a point.
pub(crate) fn group_key(id: &AccountId) -> Result<&[u8; 32], Error> {
    id.require(Prefix::Group).map_err(|_| Error::Recipient)?;
    Ok(id.key_bytes())
}

/// Opens a message from a group's swarm. `keys` are the group's, the likeliest first: a pending
/// one, then from the newest to the oldest.
///
/// That the author is a member is not checked: whoever has the key is believed to be one. For many
/// messages see [`GroupOpener`].
///
/// # Errors
/// As [`GroupOpener::new`] and [`GroupOpener::open`].
pub fn open_group(
    me: &AccountId,
    group: &AccountId,
    keys: &[SymmetricKey],
    wire: &[u8],
) -> Result<Opened, Error> {
    GroupOpener::new(group, keys)?.open(me, wire)
}

/// Opens the messages of a group one after another in the same buffers, which are zeroized on drop.
pub struct GroupOpener<'a> {
    group: &'a [u8; 32],
    keys: &'a [SymmetricKey],
    buffers: Buffers,
}

impl<'a> GroupOpener<'a> {
    /// Opens what was encrypted with one of `keys`, which are tried in their order.
    ///
    /// # Errors
    /// [`Error::Recipient`] when `group` has not prefix 03.
    pub fn new(group: &'a AccountId, keys: &'a [SymmetricKey]) -> Result<Self, Error> {
        Ok(Self {
            group: group_key(group)?,
            keys,
            buffers: Buffers::default(),
        })
    }

    /// Opens a message, as [`open_group`].
    ///
    /// The author is certain; what the message claims is not checked before [`Opened::check`].
    ///
    /// # Errors
    /// As [`decrypt`](Self::decrypt); [`Error::Malformed`], [`Error::Missing`] and [`Error::Text`]
    /// for any layer; [`Error::Source`], [`Error::Length`]; [`Error::Timestamp`] for a Pro message
    /// without signed time.
    pub fn open(&mut self, me: &AccountId, wire: &[u8]) -> Result<Opened, Error> {
        let decrypted = self.decrypt(wire)?;
        let envelope = sift(Envelope::SCHEMA, decrypted.plaintext)?;
        let content = envelope::content(&envelope)?;
        let inside = Inside {
            sender: decrypted.sender,
            sender_key: decrypted.sender_key,
            content: Content::from_bytes(content.to_vec())?,
        };
        let opened = Opened::new(me, inside, Outside::read(&envelope)?, None)?;
        Ok(opened.with_key_index(decrypted.key_index))
    }

    /// Undoes [`encrypt`] (spec 05 §6.2): for what is no message but has the same encryption.
    ///
    /// # Errors
    /// [`Error::Decrypt`] when no key fits. What only who has a key can bring about:
    /// [`Error::Encoding`], [`Error::Version`], [`Error::Missing`] and [`Error::Length`] for what is
    /// inside, [`Error::Signature`]. [`Error::Length`] also for ciphertexts that are too short.
    pub fn decrypt(&mut self, ciphertext: &[u8]) -> Result<Decrypted<'_>, Error> {
        cipher::decrypt(self.group, self.keys, ciphertext, &mut self.buffers)
    }
}

/// Shows neither keys nor the last plaintext.
impl fmt::Debug for GroupOpener<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupOpener")
            .field("keys", &self.keys.len())
            .finish_non_exhaustive()
    }
}

/// What was encrypted to a group, and by whom.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decrypted<'a> {
    /// The plaintext, in the buffer of the opener.
    pub plaintext: &'a [u8],
    /// Who signed it.
    pub sender: AccountId,
    /// The Ed25519 key that signed, which converts to the key in `sender`.
    pub sender_key: ed25519::PublicKey,
    /// Which of the keys it was encrypted with.
    pub key_index: usize,
}

/// Shows no plaintext.
impl fmt::Debug for Decrypted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decrypted")
            .field("sender", &self.sender)
            .field("key_index", &self.key_index)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

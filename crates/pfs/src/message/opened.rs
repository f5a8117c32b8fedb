//! What comes out of a message.

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use session_bt::DictReader;
use session_core::AccountId;
use session_crypto::{blake2b, ed25519};
use session_identity::conversion::account_id;
use zeroize::Zeroizing;

use super::WHAT;
use super::inner::{field, signed_hash};
use crate::error::Named;
use crate::{Error, MAX_DEPTH, padding};

/// A message whose sender is certain. What it says is zeroized on drop and not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Opened {
    fields: Fields,
    /// The signed dict, of which the fields are parts.
    dict: Zeroizing<Vec<u8>>,
    key_index: Option<usize>,
}

/// Where things are in a dict that was verified.
#[derive(Clone, PartialEq, Eq)]
struct Fields {
    sender: AccountId,
    sender_key: ed25519::PublicKey,
    content: Range<usize>,
    /// How much of the dict the sender signed.
    signed_len: usize,
    /// The signature, and how much of the dict it is over.
    pro: Option<(ed25519::Signature, usize)>,
}

impl Opened {
    /// Verifies a dict, with its padding, that was sent to `to`.
    pub(crate) fn read(
        to: &AccountId,
        mut padded: Zeroizing<Vec<u8>>,
        key_index: Option<usize>,
    ) -> Result<Self, Error> {
        padding::strip(&mut padded);
        Ok(Self {
            fields: Fields::read(to, &padded)?,
            dict: padded,
            key_index,
        })
    }

    /// Who sent the message: authenticated.
    #[must_use]
    pub const fn sender(&self) -> AccountId {
        self.fields.sender
    }

    /// The sender's Ed25519 key, which converts to the key in [`sender`](Self::sender).
    #[must_use]
    pub const fn sender_key(&self) -> &ed25519::PublicKey {
        &self.fields.sender_key
    }

    /// What the sender signed for this recipient: a serialized `Content`, of any bytes.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        self.dict
            .get(self.fields.content.clone())
            .unwrap_or_default()
    }

    /// As [`content`](Self::content), given away without a copy.
    #[must_use]
    pub fn into_content(self) -> Zeroizing<Vec<u8>> {
        let Range { start, end } = self.fields.content;
        let mut bytes = self.dict;
        bytes.truncate(end);
        bytes.drain(..start.min(end));
        bytes
    }

    /// Which of the keys that were given opened the message, counted from 0. `None` for a message
    /// that is not forward-secret.
    #[must_use]
    pub const fn key_index(&self) -> Option<usize> {
        self.key_index
    }

    /// Whether the message is safe from whoever gets the account's long-term key later. A sender
    /// who used to send such messages and no longer does may have been deceived: tell the user
    /// (spec 06 R10).
    #[must_use]
    pub const fn is_forward_secret(&self) -> bool {
        self.key_index.is_some()
    }

    /// The signature by the rotating key of Session Pro, if there is one. Not verified: the proof
    /// that names the key is in the content. One that does not verify takes away Pro, not the
    /// message (spec 06 R6).
    #[must_use]
    pub fn pro_signature(&self) -> Option<ProSignature<'_>> {
        let (signature, signed_len) = self.fields.pro.as_ref()?;
        let signed = self.dict.get(..*signed_len)?;
        Some(ProSignature { signature, signed })
    }

    /// The same 32 bytes for every copy of a message, and others for every other message: BLAKE2b
    /// of what the sender signed, sender and content included.
    ///
    /// Whoever saw a message inside can seal it again to the same recipient, and it has another
    /// hash in the swarm then. Keep this value for as long as a message may live there, 14 days,
    /// and longer if messages are fetched late (spec 06 R5).
    #[must_use]
    pub fn replay_id(&self) -> [u8; 32] {
        let signed = self.dict.get(..self.fields.signed_len);
        blake2b::hash(&[signed.unwrap_or_default()])
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened")
            .field("sender", &self.fields.sender)
            .field("key_index", &self.key_index)
            .finish_non_exhaustive()
    }
}

impl Fields {
    fn read(to: &AccountId, dict: &[u8]) -> Result<Self, Error> {
        let malformed = Error::Malformed { what: WHAT };
        let forged = Error::Signature { what: WHAT };
        let mut reader = DictReader::with_max_depth(dict, MAX_DEPTH).named(WHAT)?;
        let key = reader.bytes(field::SENDER).named(WHAT)?;
        let key = key.try_into().map_err(|_| malformed)?;
        let content_len = reader.bytes(field::CONTENT).named(WHAT)?.len();
        // The string ends where its entry does.
        let end = reader.consumed().len();
        let content = end.saturating_sub(content_len)..end;
        let (signature, signed) = reader
            .signature_opt(field::SIGNATURE)
            .named(WHAT)?
            .ok_or(malformed)?;
        let signature = ed25519::Signature::from_slice(signature).map_err(|_| malformed)?;
        let pro = match reader.signature_opt(field::PRO_SIGNATURE).named(WHAT)? {
            Some((signature, signed)) => {
                let signature = ed25519::Signature::from_slice(signature).map_err(|_| malformed)?;
                Some((signature, signed.len()))
            }
            None => None,
        };
        reader.finish().named(WHAT)?;

        let sender_key = ed25519::PublicKey::from_bytes(key).map_err(|_| forged)?;
        sender_key
            .verify(&signed_hash(to, signed), &signature)
            .map_err(|_| forged)?;
        // A key of mixed order verifies and is another account's: refused here (spec 06 R3).
        let sender = account_id(&sender_key).map_err(|_| forged)?;
        Ok(Self {
            sender,
            sender_key,
            content,
            signed_len: signed.len(),
            pro,
        })
    }
}

/// A signature by the rotating key of Session Pro, with the bytes that it has to be over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ProSignature<'a> {
    signature: &'a ed25519::Signature,
    signed: &'a [u8],
}

impl<'a> ProSignature<'a> {
    /// The signature.
    #[must_use]
    pub const fn signature(&self) -> &'a ed25519::Signature {
        self.signature
    }

    /// What it is over: the inside of the message up to it (spec 06 §5.3).
    #[must_use]
    pub const fn signed_bytes(&self) -> &'a [u8] {
        self.signed
    }
}

impl fmt::Debug for ProSignature<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProSignature")
            .field("signature", self.signature)
            .finish_non_exhaustive()
    }
}

//! Posts in communities, which their servers read (spec 05 §5).

use alloc::vec::Vec;
use core::mem;

use prost::encoding::{WireType, encode_key, encode_varint};
use session_core::UnixMillis;
use session_crypto::ed25519;
use zeroize::Zeroizing;

use crate::content::Member;
use crate::pro::{Claim, Credential};
use crate::proto::{
    self, Envelope, Message, UnknownFields, canonical, last_bytes, last_varint, sift, varint_len,
    without_field,
};
use crate::rules::check_posted_time;
use crate::{Content, Error, padding, pro_signature};

/// The field of a message that holds the signature of a rotating key.
const SIGNATURE_FIELD: u32 = 17;

/// Length in bytes of that field: tag, length, signature.
const SIGNATURE_FIELD_LEN: usize = 2 + 1 + ed25519::Signature::LEN;

/// The field of an envelope that names its source.
const SOURCE_FIELD: u32 = 2;

/// Makes the `data` of a post: the padded message, in clear. `sent` is the network's time, and
/// goes into the message as its signed time.
///
/// A post says nothing about who made it: the server is told that, and the account's (blinded) key
/// signs these bytes beside them. The credential adds the signature of its rotating key when the
/// message or the profile uses Pro. Unlike a message to a person it shows who has Pro.
///
/// ```
/// use session_core::UnixMillis;
/// use session_envelope::{Content, open_post, seal_post};
///
/// let now = UnixMillis::from_millis(1_755_166_437_229);
/// let data = seal_post(&Content::text("hello"), now, None)?;
///
/// let post = open_post(&data)?;
/// post.check(now)?; // the time that the server gives for the post
/// assert_eq!(post.content().body(), Some("hello"));
/// # Ok::<(), session_envelope::Error>(())
/// ```
///
/// # Errors
/// [`Error::Timestamp`] for a time of zero; [`Error::TextTooLong`] and [`Error::TooMany`] for what
/// peers would drop; [`Error::ProSignatures`] for a
/// message that was received with such a signature and is passed on.
pub fn seal_post(
    content: &Content,
    sent: UnixMillis,
    pro: Option<&Credential>,
) -> Result<Vec<u8>, Error> {
    to_post(content, sent, pro).map(|mut post| mem::take(&mut *post))
}

/// The message as it is posted, or sealed to an inbox.
pub(crate) fn to_post(
    content: &Content,
    sent: UnixMillis,
    pro: Option<&Credential>,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    refuse_signed(content)?;
    let (bytes, pro) = content.to_send(sent, pro)?;
    match pro {
        Some(credential) => signed_post(&bytes, credential.rotating_key()),
        None => Ok(padded(&bytes)),
    }
}

/// Signs a message that is not signed yet, and pads it.
pub(crate) fn signed_post(
    content: &[u8],
    rotating_key: &ed25519::SigningKey,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let signature = rotating_key.sign(&padded(content));
    let len = content.len().saturating_add(SIGNATURE_FIELD_LEN);
    let mut bytes = Zeroizing::new(Vec::with_capacity(len));
    bytes.extend_from_slice(content);
    encode_key(SIGNATURE_FIELD, WireType::LengthDelimited, &mut *bytes);
    encode_varint(varint_len(ed25519::Signature::LEN), &mut *bytes);
    bytes.extend_from_slice(signature.as_bytes());
    // Puts the field in front of unknown ones, where peers write it.
    let bytes = canonical(proto::Content::SCHEMA, &bytes, UnknownFields::Keep);
    Ok(padded(&Zeroizing::new(bytes?)))
}

/// Refuses a message that has the signature of a rotating key.
pub(crate) fn refuse_signed(content: &Content) -> Result<(), Error> {
    match content.proto().pro_sig_for_community_message_only {
        Some(_) => Err(Error::ProSignatures),
        None => Ok(()),
    }
}

fn padded(message: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut buffer = Vec::with_capacity(padding::padded_len(message.len()));
    buffer.extend_from_slice(message);
    padding::pad(&mut buffer);
    Zeroizing::new(buffer)
}

/// A post as the server passes it on.
///
/// It has no sender: that is the id which the server reports beside it, and whose signature over
/// the bytes of the post the caller must have verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    content: Content,
    envelope_time: Option<UnixMillis>,
    pro_signature: Option<ed25519::Signature>,
    pro_claim: Option<Claim>,
}

/// Reads the `data` of a post: a message, or an envelope around one, in clear.
///
/// What the message claims is not checked before [`Post::check`].
///
/// # Errors
/// [`Error::Malformed`], [`Error::Missing`] and [`Error::Text`] for the message; [`Error::Source`]
/// for an envelope whose source has an impossible length; [`Error::ProSignatures`]; for Session
/// Pro also [`Error::Length`].
pub fn open_post(data: &[u8]) -> Result<Post, Error> {
    // No message reads as an envelope: the first field of the one is text, of the other a number
    // that must be there.
    let without_source;
    let envelope = match sift(Envelope::SCHEMA, data) {
        Ok(envelope) => envelope,
        // The only text in an envelope is its source, which here may be the 33 bytes of an id.
        Err(Error::Text { .. }) => {
            without_source = without_field(data, SOURCE_FIELD);
            sift(Envelope::SCHEMA, &without_source)?
        }
        Err(_) => return Post::new(data, None),
    };
    // Text of 66 digits, or the bytes that it stands for; nobody looks at it.
    if !matches!(
        last_bytes(data, SOURCE_FIELD).map_or(0, <[u8]>::len),
        0 | 33 | 66
    ) {
        return Err(Error::Source);
    }
    Post::new(
        last_bytes(&envelope, 8).unwrap_or_default(),
        Some(&envelope),
    )
}

impl Post {
    /// Reads a padded message, which may have come in an envelope (spec 05 §5.1, 3 to 7).
    pub(crate) fn new(body: &[u8], envelope: Option<&[u8]>) -> Result<Self, Error> {
        let content = Content::from_bytes(padding::unpad(body).to_vec())?;
        let outside = envelope.and_then(|envelope| last_bytes(envelope, 11));
        if outside.is_some() {
            refuse_signed(&content)?;
        }
        let inside = content
            .proto()
            .pro_sig_for_community_message_only
            .as_deref();
        let pro_signature = outside.or(inside).map(pro_signature::read).transpose()?;
        let pro_claim = match (pro_signature, &content.proto().pro_message) {
            (Some(signature), Some(message)) => Some(if envelope.is_some() {
                Claim::new(message, signature, body)?
            } else {
                Claim::new(message, signature, &padded(&unsigned(content.as_bytes())))?
            }),
            _ => None,
        };
        Ok(Self {
            content,
            envelope_time: envelope
                .and_then(|envelope| last_varint(envelope, 5))
                .map(UnixMillis::from_millis),
            pro_signature,
            pro_claim,
        })
    }

    /// What was posted. Its bytes are as they were received, without padding.
    #[must_use]
    pub const fn content(&self) -> &Content {
        &self.content
    }

    /// As [`content`](Self::content), given away.
    #[must_use]
    pub fn into_content(self) -> Content {
        self.content
    }

    /// The time of the envelope, if the post came in one. Nobody vouches for it: the time of a
    /// post is the one that the server gives.
    #[must_use]
    pub const fn envelope_time(&self) -> Option<UnixMillis> {
        self.envelope_time
    }

    /// The signature of a rotating key or a decoy, from the envelope or the message.
    #[must_use]
    pub const fn pro_signature(&self) -> Option<&ed25519::Signature> {
        self.pro_signature.as_ref()
    }

    /// The Session Pro features that the post claims, to be evaluated at the time that the server
    /// gives (spec 12 §4.3).
    ///
    /// They are bound to the message and not to whoever posted it: others can post it again.
    #[must_use]
    pub const fn pro_claim(&self) -> Option<&Claim> {
        self.pro_claim.as_ref()
    }

    /// The checks that receivers owe (spec 05 §5.2, §11.2): drop the post when they fail. `posted`
    /// is the time that the server gives, its seconds times 1000, rounded down.
    ///
    /// # Errors
    /// [`Error::Missing`] and [`Error::ControlMessage`] when the post is no visible message, or not
    /// only that; [`Error::NotFromSelf`] for a sync
    /// copy, which no post is; [`Error::Timestamp`] for a signed time more than six hours from
    /// `posted`. Old clients sign no time.
    pub fn check(&self, posted: UnixMillis) -> Result<(), Error> {
        if self.content.proto().data_message.is_none() {
            return Err(Error::Missing {
                message: "Content",
                field: "dataMessage",
            });
        }
        let mut members = self.content.members();
        if !members.all(|member| matches!(member, Member::Visible(_))) {
            return Err(Error::ControlMessage);
        }
        if self.content.sync_target().is_some() {
            return Err(Error::NotFromSelf);
        }
        check_posted_time(self.content.sig_timestamp(), posted)
    }
}

/// A message without the signature of a rotating key: what that signature is over, but for the
/// padding. All else stays byte for byte, since the signer's library may know more fields, and
/// write them otherwise.
fn unsigned(content: &[u8]) -> Zeroizing<Vec<u8>> {
    without_field(content, SIGNATURE_FIELD)
}

#[cfg(test)]
pub(crate) mod tests;

//! The message itself: what both ends read after all layers are off (spec 05 §11).
//!
//! [`Content::kind`] says what a message is, in types that borrow from it. Messages are made by the
//! constructors of [`Content`], those about groups in [`group_update`](crate::group_update).

use alloc::vec::Vec;
use core::fmt;

use prost::Message as _;
use session_core::{AccountId, UnixMillis};
use zeroize::{Zeroize, Zeroizing};

use crate::group_update::is_signed;
use crate::pro::{Credential, MessageFeatures, ProfileFeatures, TEXT_LIMIT};
use crate::proto::{self, Message, UnknownFields, append_canonical, without_field};
use crate::{Error, one_to_one, padding};

/// The field of a message that holds its Session Pro features.
const PRO_MESSAGE_FIELD: u32 = 16;

/// What sealing appends at most.
const SPARE: usize = padding::MAX_ADDED + one_to_one::INNER_OVERHEAD;

/// Shows the types only: what people write does not belong in logs.
macro_rules! redacted {
    ($($name:ident<'_>),*) => {$(
        impl core::fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )*};
}
pub(crate) use redacted;

mod attachment;
mod author;
mod call;
mod data_extraction;
mod expiration;
mod file_url;
mod invitation;
mod member;
mod preview;
mod profile;
mod quote;
mod reaction;
mod receipt;
mod request_response;
mod typing;
mod unsend;
mod visible;

pub use attachment::{Attachment, Encryption, MAX_ATTACHMENTS};
pub use author::Author;
pub use call::{Call, CallType, IceCandidate};
pub use data_extraction::DataExtraction;
pub use expiration::Expiration;
pub use file_url::FileUrl;
pub use invitation::Invitation;
pub use member::Member;
pub use preview::Preview;
pub use profile::{Picture, Profile};
pub use quote::Quote;
pub use reaction::{Reaction, ReactionAction};
pub use receipt::Receipt;
pub use request_response::RequestResponse;
pub use typing::{Typing, TypingAction};
pub use unsend::Unsend;
pub use visible::Visible;

pub(crate) use expiration::whole_seconds;

/// A message: its bytes, and what they say.
///
/// Fields that this version does not know stay in the bytes, also through the `with_` methods.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    bytes: Zeroizing<Vec<u8>>,
    message: proto::Content,
}

impl Content {
    /// Takes a message that was put together by hand.
    ///
    /// # Errors
    /// [`Error::Missing`] when it lacks a field without which peers would drop it.
    pub fn from_proto(message: proto::Content) -> Result<Self, Error> {
        // Read again, since bytes do not hold all that a struct can, such as unknown enum values.
        Self::from_bytes(message.to_wire())
    }

    /// Reads the bytes of a message, without padding. No bytes are a message without content.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::Missing`], [`Error::Text`].
    pub fn from_bytes(bytes: impl Into<Zeroizing<Vec<u8>>>) -> Result<Self, Error> {
        let bytes = bytes.into();
        let message = proto::Content::from_wire(&bytes)?;
        Ok(Self { bytes, message })
    }

    /// A message that has all its required fields.
    pub(crate) fn made(message: proto::Content) -> Self {
        let bytes = Zeroizing::new(message.to_wire());
        Self { bytes, message }
    }

    pub(crate) fn of_data(data: proto::DataMessage) -> Self {
        Self::made(proto::Content {
            data_message: Some(data),
            ..Default::default()
        })
    }

    /// The bytes, exactly as they were received.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// All that the message says.
    #[must_use]
    pub const fn proto(&self) -> &proto::Content {
        &self.message
    }

    /// The time that the sender signed. `None` from old clients, which leave it out or zero.
    #[must_use]
    pub fn sig_timestamp(&self) -> Option<UnixMillis> {
        let millis = self.message.sig_timestamp.filter(|millis| *millis != 0)?;
        Some(UnixMillis::from_millis(millis))
    }

    /// In a copy to oneself: the id of the conversation that the message belongs to.
    #[must_use]
    pub fn sync_target(&self) -> Option<&str> {
        self.message.data_message.as_ref()?.sync_target.as_deref()
    }

    /// The features that the profile is said to use: a claim, which nobody has verified.
    #[must_use]
    pub fn claimed_profile_features(&self) -> ProfileFeatures {
        let pro = self.message.pro_message.as_ref();
        ProfileFeatures::from_bits(pro.map_or(0, proto::ProMessage::profile_bitset))
    }

    /// The features that the message is said to use: a claim, which nobody has verified.
    #[must_use]
    pub fn claimed_message_features(&self) -> MessageFeatures {
        let pro = self.message.pro_message.as_ref();
        MessageFeatures::from_bits(pro.map_or(0, proto::ProMessage::msg_bitset))
    }

    /// The copy for one's own other devices of a message sent to `conversation`. Only data
    /// messages name their conversation: others stay as they are.
    #[must_use]
    pub fn with_sync_target(self, conversation: &AccountId) -> Self {
        if self.message.data_message.is_none() {
            return self;
        }
        self.with_data(proto::DataMessage {
            sync_target: Some(conversation.to_hex()),
            ..Default::default()
        })
    }

    fn with_data(self, data: proto::DataMessage) -> Self {
        self.merge(&proto::Content {
            data_message: Some(data),
            ..Default::default()
        })
    }

    /// Sets what `patch` has set: protobuf merges a message with what is appended to it.
    fn merge(mut self, patch: &proto::Content) -> Self {
        let bytes = appended(&self.bytes, patch);
        let added = bytes.get(self.bytes.len()..).unwrap_or_default();
        // prost reads what it wrote; were it not so, the bytes would still be right.
        let _ = self.message.merge(added);
        self.bytes = bytes;
        self
    }

    /// The bytes to send, canonical, with the time of sending and what Session Pro adds; and the
    /// credential, when the rotating key has to sign. There is room for padding, key and signature
    /// behind the bytes, since a vector that grows leaves copies behind.
    pub(crate) fn to_send<'p>(
        &self,
        sent: UnixMillis,
        pro: Option<&'p Credential>,
    ) -> Result<(Zeroizing<Vec<u8>>, Option<&'p Credential>), Error> {
        if sent.as_millis() == 0 || self.bound_time().is_some_and(|time| time != sent) {
            return Err(Error::Timestamp);
        }
        self.check_attachments()?;
        // Not longer in bytes, not longer in code points: most texts are not counted.
        let code_points = match self.body() {
            Some(body) if body.len() > TEXT_LIMIT => body.chars().count(),
            _ => 0,
        };
        let features = MessageFeatures::of_text(code_points)?;
        if pro.is_none() && !features.is_empty() {
            return Err(Error::TextTooLong {
                limit: TEXT_LIMIT,
                got: code_points,
            });
        }
        let pro_message = pro.and_then(|credential| credential.message(features));
        let pro = pro.filter(|_| pro_message.is_some());
        let typing_message = self.message.typing_message.as_ref();
        // What a message claims belongs to who made it: one that is passed on claims nothing.
        let without_claim;
        let own: &[u8] = match self.message.pro_message {
            None => &self.bytes,
            Some(_) => {
                without_claim = without_field(&self.bytes, PRO_MESSAGE_FIELD);
                &without_claim
            }
        };
        let patch = proto::Content {
            sig_timestamp: Some(sent.as_millis()),
            // Two copies of one time.
            typing_message: typing_message.map(|_| proto::TypingMessage {
                timestamp: Some(sent.as_millis()),
                action: None,
            }),
            pro_message,
            ..Default::default()
        };
        let bytes = appended(own, &patch);
        let capacity = bytes.len().saturating_add(SPARE);
        let mut canonical = Zeroizing::new(Vec::with_capacity(capacity));
        let schema = proto::Content::SCHEMA;
        append_canonical(schema, &bytes, UnknownFields::Keep, &mut canonical)?;
        Ok((canonical, pro))
    }

    /// The only time at which the message can be sent, if a signature inside is over it.
    fn bound_time(&self) -> Option<UnixMillis> {
        let data = self.message.data_message.as_ref()?;
        let update = data.group_update_message.as_ref()?;
        is_signed(update).then(|| self.sig_timestamp())?
    }

    fn check_attachments(&self) -> Result<(), Error> {
        let data = self.message.data_message.as_ref();
        match data.map_or(0, |data| data.attachments.len()) {
            got if got > MAX_ATTACHMENTS => Err(Error::TooMany {
                what: "attachments",
                limit: MAX_ATTACHMENTS,
                got,
            }),
            _ => Ok(()),
        }
    }

    /// The one field whose loss would cost more than the message: a group's seed.
    fn seed_of_group(&mut self) -> Option<&mut Vec<u8>> {
        let data = self.message.data_message.as_mut()?;
        let update = data.group_update_message.as_mut()?;
        update
            .promote_message
            .as_mut()?
            .group_identity_seed
            .as_mut()
    }
}

/// The bytes of a message, and behind them what changes it.
fn appended(bytes: &[u8], patch: &proto::Content) -> Zeroizing<Vec<u8>> {
    let len = bytes.len().saturating_add(patch.encoded_len());
    // Exact, since a vector that grows leaves copies behind.
    let mut appended = Zeroizing::new(Vec::with_capacity(len));
    appended.extend_from_slice(bytes);
    // Fails only for buffers that cannot grow.
    let _ = patch.encode(&mut *appended);
    appended
}

impl Drop for Content {
    fn drop(&mut self) {
        if let Some(seed) = self.seed_of_group() {
            seed.zeroize();
        }
    }
}

/// Shows the type only: what people write does not belong in logs.
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Content(..)")
    }
}

#[cfg(test)]
mod tests;

//! The message itself: what both ends read after all layers are off (spec 05 §11).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use prost::Message as _;
use session_core::{AccountId, UnixMillis};
use zeroize::Zeroizing;

use crate::pro::{Credential, MessageFeatures, TEXT_LIMIT};
use crate::proto::{self, ExpirationType, Message, UnknownFields, append_canonical};
use crate::{Error, one_to_one, padding};

/// What sealing appends at most.
const SPARE: usize = padding::STEP + one_to_one::INNER_OVERHEAD;

/// When a message disappears (spec 05 §11.1). The wire counts in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expiration {
    /// So long after it was read.
    AfterRead(Duration),
    /// So long after it was sent.
    AfterSend(Duration),
}

/// A message: its bytes, and what they say.
///
/// Fields that this version does not know stay in the bytes, also through the `with_` methods.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    bytes: Zeroizing<Vec<u8>>,
    message: proto::Content,
}

impl Content {
    /// A visible message with this text and nothing else.
    #[must_use]
    pub fn text(body: impl Into<String>) -> Self {
        let data = proto::DataMessage {
            body: Some(body.into()),
            ..Default::default()
        };
        Self::empty().with_data(data)
    }

    /// Takes a message that was put together by hand.
    ///
    /// # Errors
    /// [`Error::Missing`] when it lacks a field without which peers would drop it.
    pub fn from_proto(message: proto::Content) -> Result<Self, Error> {
        let bytes = Zeroizing::new(message.to_wire());
        proto::sift(proto::Content::SCHEMA, &bytes)?;
        Ok(Self { bytes, message })
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

    fn empty() -> Self {
        Self {
            bytes: Zeroizing::default(),
            message: proto::Content::default(),
        }
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

    /// The text of a visible message.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.message.data_message.as_ref()?.body.as_deref()
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

    /// When the message disappears, if it does.
    #[must_use]
    pub fn expiration(&self) -> Option<Expiration> {
        let seconds = self
            .message
            .expiration_timer
            .filter(|seconds| *seconds != 0)?;
        let timer = Duration::from_secs(seconds.into());
        match self.message.expiration_type() {
            ExpirationType::DeleteAfterRead => Some(Expiration::AfterRead(timer)),
            ExpirationType::DeleteAfterSend => Some(Expiration::AfterSend(timer)),
            ExpirationType::Unknown => None,
        }
    }

    /// The copy for one's own other devices of a message sent to `conversation`.
    #[must_use]
    pub fn with_sync_target(self, conversation: &AccountId) -> Self {
        self.with_data(proto::DataMessage {
            sync_target: Some(conversation.to_hex()),
            ..Default::default()
        })
    }

    /// The same message, disappearing. Parts of a second are dropped, and the timer ends at
    /// `u32::MAX` seconds.
    #[must_use]
    pub fn with_expiration(self, expiration: Expiration) -> Self {
        let (kind, timer) = match expiration {
            Expiration::AfterRead(timer) => (ExpirationType::DeleteAfterRead, timer),
            Expiration::AfterSend(timer) => (ExpirationType::DeleteAfterSend, timer),
        };
        self.merge(&proto::Content {
            expiration_type: Some(kind.into()),
            expiration_timer: Some(u32::try_from(timer.as_secs()).unwrap_or(u32::MAX)),
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
        let bytes = self.appended(patch);
        let added = bytes.get(self.bytes.len()..).unwrap_or_default();
        // prost reads what it wrote; were it not so, the bytes would still be right.
        let _ = self.message.merge(added);
        self.bytes = bytes;
        self
    }

    fn appended(&self, patch: &proto::Content) -> Zeroizing<Vec<u8>> {
        let len = self.bytes.len().saturating_add(patch.encoded_len());
        // Exact, since a vector that grows leaves copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(len));
        bytes.extend_from_slice(&self.bytes);
        // Fails only for buffers that cannot grow.
        let _ = patch.encode(&mut *bytes);
        bytes
    }

    /// The bytes to send, canonical, with the time of sending and what Session Pro adds; and the
    /// credential, when the rotating key has to sign. There is room for padding, key and signature
    /// behind the bytes, since a vector that grows leaves copies behind.
    pub(crate) fn to_send<'p>(
        &self,
        sent: UnixMillis,
        pro: Option<&'p Credential>,
    ) -> Result<(Zeroizing<Vec<u8>>, Option<&'p Credential>), Error> {
        if sent.as_millis() == 0 {
            return Err(Error::Timestamp);
        }
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
        let bytes = self.appended(&proto::Content {
            sig_timestamp: Some(sent.as_millis()),
            pro_message,
            ..Default::default()
        });
        let capacity = bytes.len().saturating_add(SPARE);
        let mut canonical = Zeroizing::new(Vec::with_capacity(capacity));
        let schema = proto::Content::SCHEMA;
        append_canonical(schema, &bytes, UnknownFields::Keep, &mut canonical)?;
        Ok((canonical, pro))
    }
}

/// Shows the type only: what people write does not belong in logs.
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Content(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;
    use session_core::Prefix;

    const SENT: UnixMillis = UnixMillis::from_millis(1_755_166_437_229);

    #[test]
    fn what_is_set_is_read() {
        let friend = AccountId::new(Prefix::Standard, [7; 32]);
        let expiration = Expiration::AfterSend(Duration::from_secs(60));
        let content = Content::text("hi")
            .with_sync_target(&friend)
            .with_expiration(expiration);
        let received = Content::from_bytes(content.to_send(SENT, None).unwrap().0).unwrap();
        for content in [&content, &received] {
            assert_eq!(content.body(), Some("hi"));
            assert_eq!(content.sync_target(), Some(&*friend.to_string()));
            assert_eq!(content.expiration(), Some(expiration));
        }
        assert_eq!(content.sig_timestamp(), None);
        assert_eq!(received.sig_timestamp(), Some(SENT));
        assert_eq!(received.proto().to_wire(), received.as_bytes());
    }

    #[test]
    fn unknown_fields_survive_changes_at_any_depth() {
        // Field 7 of Content, then field 999 of DataMessage.
        let bytes = [0x3a, 1, 9, 0x0a, 7, 0x0a, 1, b'a', 0xba, 0x3e, 1, 8];
        let content = Content::from_bytes(bytes.to_vec()).unwrap();
        assert_eq!(content.as_bytes(), bytes);
        assert_eq!(content.body(), Some("a"));
        let changed = content.merge(Content::text("b").proto());
        assert_eq!(changed.body(), Some("b"));
        let sent = changed.to_send(UnixMillis::from_millis(5), None).unwrap().0;
        assert_eq!(
            **sent,
            [
                0x0a, 7, 0x0a, 1, b'b', 0xba, 0x3e, 1, 8, 0x78, 5, 0x3a, 1, 9
            ]
        );
    }

    #[test]
    fn timers_that_are_off() {
        let with = |kind, timer| {
            let message = proto::Content {
                expiration_type: kind,
                expiration_timer: timer,
                ..Default::default()
            };
            Content::from_proto(message).unwrap().expiration()
        };
        assert_eq!(with(None, Some(5)), None);
        assert_eq!(with(Some(0), Some(5)), None);
        assert_eq!(with(Some(1), None), None);
        assert_eq!(with(Some(1), Some(0)), None);
        let timer = Duration::from_secs(5);
        assert_eq!(with(Some(1), Some(5)), Some(Expiration::AfterRead(timer)));
        let longest = Content::text("").with_expiration(Expiration::AfterRead(Duration::MAX));
        assert_eq!(longest.proto().expiration_timer, Some(u32::MAX));
    }

    #[test]
    fn a_time_of_zero_is_none() {
        let message = proto::Content {
            sig_timestamp: Some(0),
            ..Default::default()
        };
        assert_eq!(Content::from_proto(message).unwrap().sig_timestamp(), None);
    }

    #[test]
    fn incomplete_messages_are_not_made() {
        let data = proto::DataMessage {
            quote: Some(proto::Quote::default()),
            ..Default::default()
        };
        let message = proto::Content {
            data_message: Some(data),
            ..Default::default()
        };
        assert_eq!(
            Content::from_proto(message),
            Err(Error::Missing {
                message: "DataMessage.Quote",
                field: "id"
            })
        );
    }

    #[test]
    fn debug_is_redacted() {
        let content = Content::text("secret");
        assert_eq!(format!("{content:?}"), "Content(..)");
        assert_eq!(format!("{:?}", content.proto()), "Content(..)");
    }
}

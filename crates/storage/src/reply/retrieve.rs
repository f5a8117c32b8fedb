//! The reply to `retrieve` (spec 04 §6.2).

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use session_core::UnixMillis;

use super::{NodeState, ReplyBody, numbers};
use crate::params::fields;
use crate::value::Value;
use crate::{Body, Error, Form, MessageHash};

/// A stored message.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message<'a> {
    /// What names it. A client should compare with [`MessageHash::of`], as replies are unsigned.
    pub hash: MessageHash,
    /// When it was made, as its sender said.
    pub timestamp: UnixMillis,
    /// When the node forgets it.
    pub expiry: UnixMillis,
    /// The message, at most [`MAX_DATA_LEN`](crate::MAX_DATA_LEN) bytes.
    pub data: Cow<'a, [u8]>,
}

impl<'a> Message<'a> {
    /// A message.
    pub fn new(
        hash: MessageHash,
        timestamp: UnixMillis,
        expiry: UnixMillis,
        data: impl Into<Cow<'a, [u8]>>,
    ) -> Self {
        Self {
            hash,
            timestamp,
            expiry,
            data: data.into(),
        }
    }
}

/// Names the length of the data instead of showing it.
impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("hash", &self.hash)
            .field("timestamp", &self.timestamp)
            .field("expiry", &self.expiry)
            .field("data_len", &self.data.len())
            .finish()
    }
}

/// Messages of a mailbox, in the order in which they reached the node.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetrieveReply {
    /// The messages.
    pub messages: Vec<Message<'static>>,
    /// How many more there were that lack a field or are too long. They are left out, since one
    /// bad message must not hide the others of a mailbox to which everybody may write.
    pub unreadable: usize,
    /// Whether a limit left messages out: ask again at once, after the last one of these.
    pub more: bool,
    /// The node's clock, if it was given.
    pub now: Option<UnixMillis>,
    /// The network's hard fork, major and minor, if it was given.
    pub hard_fork: Option<[u16; 2]>,
}

fields! {
    Fields {
        "hf" => hf,
        "messages" => messages,
        "more" => more,
        "t" => t,
    }
}

fields! {
    MessageFields {
        "data" => data,
        "expiration" => expiration,
        "hash" => hash,
        "timestamp" => timestamp,
    }
}

/// Reads one message; `None` when a field is missing or mistyped.
fn read_message(item: Value<'_>) -> Option<Message<'static>> {
    let fields = MessageFields::read(item)?;
    let data = fields.data?;
    // So storage server 2.8.0 writes an empty message as text.
    let is_empty = !matches!(data, Value::Bt(_)) && data.text().as_deref() == Some("=");
    let data = if is_empty {
        Vec::new()
    } else {
        data.data()?.into_owned()
    };
    Some(Message {
        hash: fields.hash?.hash()?,
        timestamp: fields.timestamp?.millis()?,
        expiry: fields.expiration?.millis()?,
        data: data.into(),
    })
}

impl RetrieveReply {
    /// The reply of a node.
    #[must_use]
    pub fn write<'a>(
        form: Form,
        messages: impl IntoIterator<Item = &'a Message<'a>>,
        more: bool,
        state: &NodeState,
    ) -> Body {
        Body::object(form, |out| {
            state.write_hf(out);
            out.objects("messages", messages, |message, out| {
                out.base64("data", &message.data)
                    .time("expiration", message.expiry)
                    .text("hash", message.hash.as_str())
                    .time("timestamp", message.timestamp);
            })
            .boolean("more", more);
            state.write_t(out);
        })
    }

    /// Reads a reply. Nothing in it is signed: see [`Message::hash`].
    ///
    /// # Errors
    /// [`Error::TooLong`]; [`Error::Malformed`] when it is no object with a list of `messages`.
    pub fn parse<'a>(body: impl Into<ReplyBody<'a>>) -> Result<Self, Error> {
        const WHAT: &str = "retrieve reply";
        let malformed = Error::Malformed { what: WHAT };
        let fields = Fields::read(body.into().object(WHAT)?).ok_or(malformed)?;
        let mut reply = Self {
            messages: Vec::new(),
            unreadable: 0,
            more: fields.more.and_then(Value::boolean).unwrap_or(false),
            now: fields.t.and_then(Value::millis),
            hard_fork: numbers(fields.hf),
        };
        let list = fields.messages.filter(Value::is_list).ok_or(malformed)?;
        list.each(|item| {
            match read_message(item) {
                Some(message) => reply.messages.push(message),
                None => reply.unreadable = reply.unreadable.saturating_add(1),
            }
            Some(())
        })
        .ok_or(malformed)?;
        Ok(reply)
    }
}

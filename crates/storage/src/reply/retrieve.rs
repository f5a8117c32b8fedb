//! The reply to `retrieve` (spec 04 §6.2).

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use session_core::UnixMillis;

use super::{NodeState, read, read_object};
use crate::json::ObjectWriter;
use crate::value::Value;
use crate::{Error, MessageHash};

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

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Fields<'a> {
    messages: Messages,
    more: Option<Value<'a>>,
    t: Option<Value<'a>>,
    hf: Option<Value<'a>>,
}

/// Messages read from JSON. A type of its own, so that `serde` stays out of the public API.
#[derive(Default)]
struct Messages {
    read: Vec<Message<'static>>,
    unreadable: usize,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct MessageFields<'a> {
    hash: Value<'a>,
    timestamp: Value<'a>,
    expiration: Value<'a>,
    data: Value<'a>,
}

/// Reads one message; `None` when a field is missing or mistyped.
fn read_message(item: Value<'_>) -> Option<Message<'static>> {
    let fields: MessageFields<'_> = serde_json::from_str(item.object()?).ok()?;
    let data = match fields.data {
        // So storage server 2.8.0 writes an empty message.
        Value::Json("\"=\"") => Vec::new(),
        data => data.data()?.into_owned(),
    };
    Some(Message {
        hash: fields.hash.hash()?,
        timestamp: fields.timestamp.millis()?,
        expiry: fields.expiration.millis()?,
        data: data.into(),
    })
}

impl<'de> Deserialize<'de> for Messages {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Self::default())
    }
}

impl<'de> Visitor<'de> for Messages {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of messages")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Self, A::Error> {
        while let Some(item) = items.next_element::<Value<'de>>()? {
            match read_message(item) {
                Some(message) => self.read.push(message),
                None => self.unreadable = self.unreadable.saturating_add(1),
            }
        }
        Ok(self)
    }
}

impl RetrieveReply {
    /// Appends the reply of a node.
    pub fn write_json<'a>(
        out: &mut String,
        messages: impl IntoIterator<Item = &'a Message<'a>>,
        more: bool,
        state: &NodeState,
    ) {
        let mut object = ObjectWriter::new(out);
        object
            .objects("messages", messages, |message, object| {
                object
                    .token("hash", message.hash.as_str())
                    .literal("timestamp", message.timestamp)
                    .literal("expiration", message.expiry)
                    .base64("data", &message.data);
            })
            .literal("more", more);
        state.write_json(&mut object);
    }

    /// Reads a reply. Nothing in it is signed: see [`Message::hash`].
    ///
    /// # Errors
    /// [`Error::TooLong`]; [`Error::Malformed`] when it is no object with a list of `messages`.
    pub fn parse(body: &[u8]) -> Result<Self, Error> {
        let fields: Fields<'_> = read_object("retrieve reply", body)?;
        Ok(Self {
            messages: fields.messages.read,
            unreadable: fields.messages.unreadable,
            more: fields.more.and_then(Value::boolean).unwrap_or(false),
            now: fields.t.and_then(Value::millis),
            hard_fork: read(fields.hf),
        })
    }
}

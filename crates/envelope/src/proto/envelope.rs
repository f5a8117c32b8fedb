//! The outer layers of a message (spec 05a §3).

use alloc::string::String;
use alloc::vec::Vec;

use super::schema::{Kind, optional, repeated, required};
use super::{Message, message};

message! {
    /// The outermost layer of a one-to-one message.
    WebSocketMessage "WebSocketMessage" {
        /// Not checked by readers.
        #[prost(enumeration = "WebSocketType", optional, tag = "1")]
        kind: Option<i32> => optional(1, "type", Kind::Enum(WebSocketType::is_valid)),
        /// The request, which is always sent.
        #[prost(message, optional, tag = "2")]
        request: Option<WebSocketRequestMessage> =>
            optional(2, "request", Kind::Message(WebSocketRequestMessage::SCHEMA)),
        /// Never sent.
        #[prost(message, optional, tag = "3")]
        response: Option<WebSocketResponseMessage> =>
            optional(3, "response", Kind::Message(WebSocketResponseMessage::SCHEMA)),
    }
}

message! {
    /// The half of a [`WebSocketMessage`] that carries an [`Envelope`].
    WebSocketRequestMessage "WebSocketRequestMessage" {
        /// Sent empty.
        #[prost(string, optional, tag = "1")]
        verb: Option<String> => optional(1, "verb", Kind::String),
        /// Sent empty.
        #[prost(string, optional, tag = "2")]
        path: Option<String> => optional(2, "path", Kind::String),
        /// A serialized [`Envelope`].
        #[prost(bytes = "vec", optional, tag = "3")]
        body: Option<Vec<u8>> => optional(3, "body", Kind::Bytes),
        /// Sent as 0.
        #[prost(uint64, optional, tag = "4")]
        request_id: Option<u64> => optional(4, "requestId", Kind::Uint64),
        /// Never sent.
        #[prost(string, repeated, tag = "5")]
        headers: Vec<String> => repeated(5, "headers", Kind::String),
    }
}

message! {
    /// Never sent.
    WebSocketResponseMessage "WebSocketResponseMessage" {
        /// Unused.
        #[prost(uint64, optional, tag = "1")]
        request_id: Option<u64> => optional(1, "requestId", Kind::Uint64),
        /// Unused.
        #[prost(uint32, optional, tag = "2")]
        status: Option<u32> => optional(2, "status", Kind::Uint32),
        /// Unused.
        #[prost(string, optional, tag = "3")]
        message: Option<String> => optional(3, "message", Kind::String),
        /// Unused.
        #[prost(bytes = "vec", optional, tag = "4")]
        body: Option<Vec<u8>> => optional(4, "body", Kind::Bytes),
        /// Unused.
        #[prost(string, repeated, tag = "5")]
        headers: Vec<String> => repeated(5, "headers", Kind::String),
    }
}

message! {
    /// What a swarm stores for one message, outside all authentication.
    Envelope "Envelope" {
        /// Set by senders, not used for dispatch.
        #[prost(enumeration = "EnvelopeType", optional, tag = "1")]
        kind: Option<i32> => required(1, "type", Kind::Enum(EnvelopeType::is_valid)),
        /// Unauthenticated; absent, empty or 66 hex digits.
        #[prost(string, optional, tag = "2")]
        source: Option<String> => optional(2, "source", Kind::String),
        /// Time of the message, ms.
        #[prost(uint64, optional, tag = "5")]
        timestamp: Option<u64> => required(5, "timestamp", Kind::Uint64),
        /// Sent as 1.
        #[prost(uint32, optional, tag = "7")]
        source_device: Option<u32> => optional(7, "sourceDevice", Kind::Uint32),
        /// Sealed box (one-to-one) or [`Content`](super::Content) (group, community).
        #[prost(bytes = "vec", optional, tag = "8")]
        content: Option<Vec<u8>> => optional(8, "content", Kind::Bytes),
        /// Never sent.
        #[prost(uint64, optional, tag = "10")]
        server_timestamp: Option<u64> => optional(10, "serverTimestamp", Kind::Uint64),
        /// 64 bytes, real or decoy.
        #[prost(bytes = "vec", optional, tag = "11")]
        pro_sig: Option<Vec<u8>> => optional(11, "proSig", Kind::Bytes),
    }
}

/// Kind of a [`WebSocketMessage`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, prost::Enumeration)]
#[non_exhaustive]
#[repr(i32)]
pub enum WebSocketType {
    /// Not said.
    Unknown = 0,
    /// Request.
    Request = 1,
    /// Response.
    Response = 2,
}

/// Kind of an [`Envelope`]; any other makes it unreadable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, prost::Enumeration)]
#[non_exhaustive]
#[repr(i32)]
pub enum EnvelopeType {
    /// One-to-one.
    SessionMessage = 6,
    /// Group.
    ClosedGroupMessage = 7,
}

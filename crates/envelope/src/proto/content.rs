//! A message and its kinds, but for visible messages (spec 05a §3).

use alloc::string::String;
use alloc::vec::Vec;

use super::data_message::{DataMessage, LokiProfile};
use super::schema::{Kind, optional, repeated, required};
use super::{Message, message};

message! {
    /// One message: exactly one of its members, and what applies to all.
    Content "Content" {
        /// A visible message or group update.
        #[prost(message, optional, tag = "1")]
        data_message: Option<DataMessage> =>
            optional(1, "dataMessage", Kind::Message(DataMessage::SCHEMA)),
        /// Call signalling.
        #[prost(message, optional, tag = "3")]
        call_message: Option<CallMessage> =>
            optional(3, "callMessage", Kind::Message(CallMessage::SCHEMA)),
        /// Read receipts.
        #[prost(message, optional, tag = "5")]
        receipt_message: Option<ReceiptMessage> =>
            optional(5, "receiptMessage", Kind::Message(ReceiptMessage::SCHEMA)),
        /// Typing indicator.
        #[prost(message, optional, tag = "6")]
        typing_message: Option<TypingMessage> =>
            optional(6, "typingMessage", Kind::Message(TypingMessage::SCHEMA)),
        /// Screenshot or saved media.
        #[prost(message, optional, tag = "8")]
        data_extraction_notification: Option<DataExtractionNotification> =>
            optional(8, "dataExtractionNotification",
                Kind::Message(DataExtractionNotification::SCHEMA)),
        /// Deletion of a message.
        #[prost(message, optional, tag = "9")]
        unsend_request: Option<UnsendRequest> =>
            optional(9, "unsendRequest", Kind::Message(UnsendRequest::SCHEMA)),
        /// Acceptance of a message request.
        #[prost(message, optional, tag = "10")]
        message_request_response: Option<MessageRequestResponse> =>
            optional(10, "messageRequestResponse", Kind::Message(MessageRequestResponse::SCHEMA)),
        /// Retired except inside the legacy config wrapper.
        #[prost(message, optional, tag = "11")]
        shared_config_message: Option<SharedConfigMessage> =>
            optional(11, "sharedConfigMessage", Kind::Message(SharedConfigMessage::SCHEMA)),
        /// When the timer starts.
        #[prost(enumeration = "ExpirationType", optional, tag = "12")]
        expiration_type: Option<i32> =>
            optional(12, "expirationType", Kind::Enum(ExpirationType::is_valid)),
        /// Seconds.
        #[prost(uint32, optional, tag = "13")]
        expiration_timer: Option<u32> => optional(13, "expirationTimer", Kind::Uint32),
        /// Time of the message, ms; equal to that of the [`Envelope`](super::Envelope).
        #[prost(uint64, optional, tag = "15")]
        sig_timestamp: Option<u64> => optional(15, "sigTimestamp", Kind::Uint64),
        /// Session Pro features.
        #[prost(message, optional, tag = "16")]
        pro_message: Option<ProMessage> =>
            optional(16, "proMessage", Kind::Message(ProMessage::SCHEMA)),
        /// 64 bytes; community and community inbox only.
        #[prost(bytes = "vec", optional, tag = "17")]
        pro_sig_for_community_message_only: Option<Vec<u8>> =>
            optional(17, "proSigForCommunityMessageOnly", Kind::Bytes),
    }
}

message! {
    /// Signalling of a call.
    CallMessage "CallMessage" {
        /// Step of the call.
        #[prost(enumeration = "CallType", optional, tag = "1")]
        kind: Option<i32> => required(1, "type", Kind::Enum(CallType::is_valid)),
        /// Session descriptions or candidates.
        #[prost(string, repeated, tag = "2")]
        sdps: Vec<String> => repeated(2, "sdps", Kind::String),
        /// Parallel to `sdps`; unpacked on the wire.
        #[prost(uint32, repeated, packed = "false", tag = "3")]
        sdp_m_line_indexes: Vec<u32> => repeated(3, "sdpMLineIndexes", Kind::Uint32),
        /// Parallel to `sdps`.
        #[prost(string, repeated, tag = "4")]
        sdp_mids: Vec<String> => repeated(4, "sdpMids", Kind::String),
        /// One per call.
        #[prost(string, optional, tag = "5")]
        uuid: Option<String> => required(5, "uuid", Kind::String),
    }
}

message! {
    /// The sender started or stopped typing.
    TypingMessage "TypingMessage" {
        /// Time of the message, ms.
        #[prost(uint64, optional, tag = "1")]
        timestamp: Option<u64> => required(1, "timestamp", Kind::Uint64),
        /// Started or stopped.
        #[prost(enumeration = "TypingAction", optional, tag = "2")]
        action: Option<i32> => required(2, "action", Kind::Enum(TypingAction::is_valid)),
    }
}

message! {
    /// Asks to delete a message.
    UnsendRequest "UnsendRequest" {
        /// Time of the message to delete, ms.
        #[prost(uint64, optional, tag = "1")]
        timestamp: Option<u64> => required(1, "timestamp", Kind::Uint64),
        /// Id of its author.
        #[prost(string, optional, tag = "2")]
        author: Option<String> => required(2, "author", Kind::String),
    }
}

message! {
    /// Accepts a message request.
    MessageRequestResponse "MessageRequestResponse" {
        /// Always true; clients ignore false.
        #[prost(bool, optional, tag = "1")]
        is_approved: Option<bool> => required(1, "isApproved", Kind::Bool),
        /// Key of the profile picture, 32 bytes.
        #[prost(bytes = "vec", optional, tag = "2")]
        profile_key: Option<Vec<u8>> => optional(2, "profileKey", Kind::Bytes),
        /// Profile of the one who accepts.
        #[prost(message, optional, tag = "3")]
        profile: Option<LokiProfile> => optional(3, "profile", Kind::Message(LokiProfile::SCHEMA)),
    }
}

message! {
    /// The recipient took a screenshot or saved media.
    DataExtractionNotification "DataExtractionNotification" {
        /// Screenshot or saved media.
        #[prost(enumeration = "DataExtractionType", optional, tag = "1")]
        kind: Option<i32> => required(1, "type", Kind::Enum(DataExtractionType::is_valid)),
        /// Time of the media message, ms.
        #[prost(uint64, optional, tag = "2")]
        timestamp: Option<u64> => optional(2, "timestamp", Kind::Uint64),
    }
}

message! {
    /// Messages that were read.
    ReceiptMessage "ReceiptMessage" {
        /// Always read.
        #[prost(enumeration = "ReceiptType", optional, tag = "1")]
        kind: Option<i32> => required(1, "type", Kind::Enum(ReceiptType::is_valid)),
        /// Times of the messages, ms; unpacked on the wire.
        #[prost(uint64, repeated, packed = "false", tag = "2")]
        timestamp: Vec<u64> => repeated(2, "timestamp", Kind::Uint64),
    }
}

message! {
    /// A config message in the legacy wrapper.
    SharedConfigMessage "SharedConfigMessage" {
        /// Which config.
        #[prost(enumeration = "SharedConfigKind", optional, tag = "1")]
        kind: Option<i32> => required(1, "kind", Kind::Enum(SharedConfigKind::is_valid)),
        /// Sequence number; may be negative.
        #[prost(int64, optional, tag = "2")]
        seqno: Option<i64> => required(2, "seqno", Kind::Int64),
        /// The config message.
        #[prost(bytes = "vec", optional, tag = "3")]
        data: Option<Vec<u8>> => required(3, "data", Kind::Bytes),
    }
}

message! {
    /// Session Pro features that the message uses.
    ProMessage "ProMessage" {
        /// Proof of the subscription.
        #[prost(message, optional, tag = "1")]
        proof: Option<ProProof> => optional(1, "proof", Kind::Message(ProProof::SCHEMA)),
        /// Features of the profile.
        #[prost(uint64, optional, tag = "2")]
        profile_bitset: Option<u64> => optional(2, "profileBitset", Kind::Uint64),
        /// Features of the message.
        #[prost(uint64, optional, tag = "3")]
        msg_bitset: Option<u64> => optional(3, "msgBitset", Kind::Uint64),
    }
}

message! {
    /// Proof of a Session Pro subscription.
    ProProof "ProProof" {
        /// Format A only, value 0.
        #[prost(uint32, optional, tag = "1")]
        version: Option<u32> => optional(1, "version", Kind::Uint32),
        /// 32 bytes.
        #[prost(bytes = "vec", optional, tag = "2")]
        revocation_tag: Option<Vec<u8>> => optional(2, "revocationTag", Kind::Bytes),
        /// 32 bytes.
        #[prost(bytes = "vec", optional, tag = "3")]
        rotating_public_key: Option<Vec<u8>> => optional(3, "rotatingPublicKey", Kind::Bytes),
        /// Seconds; milliseconds in format A.
        #[prost(uint64, optional, tag = "4")]
        expiry_unix_ts: Option<u64> => optional(4, "expiryUnixTs", Kind::Uint64),
        /// 64 bytes.
        #[prost(bytes = "vec", optional, tag = "5")]
        sig: Option<Vec<u8>> => optional(5, "sig", Kind::Bytes),
    }
}

message! {
    /// Keys of a legacy closed group; declared but no longer used.
    KeyPair "KeyPair" {
        /// X25519 public key.
        #[prost(bytes = "vec", optional, tag = "1")]
        public_key: Option<Vec<u8>> => required(1, "publicKey", Kind::Bytes),
        /// X25519 secret key.
        #[prost(bytes = "vec", optional, tag = "2")]
        private_key: Option<Vec<u8>> => required(2, "privateKey", Kind::Bytes),
    }
}

/// When a disappearing message starts to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, prost::Enumeration)]
#[non_exhaustive]
#[repr(i32)]
pub enum ExpirationType {
    /// Not said.
    Unknown = 0,
    /// When it is read.
    DeleteAfterRead = 1,
    /// When it is sent.
    DeleteAfterSend = 2,
}

/// Step of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, prost::Enumeration)]
#[non_exhaustive]
#[repr(i32)]
pub enum CallType {
    /// Offer.
    Offer = 1,
    /// Answer.
    Answer = 2,
    /// Provisional answer.
    ProvisionalAnswer = 3,
    /// Candidates.
    IceCandidates = 4,
    /// End.
    EndCall = 5,
    /// Rings before the offer.
    PreOffer = 6,
}

/// What a [`TypingMessage`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, prost::Enumeration)]
#[non_exhaustive]
#[repr(i32)]
pub enum TypingAction {
    /// Began typing.
    Started = 0,
    /// Stopped typing.
    Stopped = 1,
}

/// What a [`DataExtractionNotification`] tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, prost::Enumeration)]
#[non_exhaustive]
#[repr(i32)]
pub enum DataExtractionType {
    /// Screenshot.
    Screenshot = 1,
    /// Saved media.
    MediaSaved = 2,
}

/// Kind of a [`ReceiptMessage`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, prost::Enumeration)]
#[non_exhaustive]
#[repr(i32)]
pub enum ReceiptType {
    /// Never sent.
    Delivery = 0,
    /// Read.
    Read = 1,
}

/// Which config a [`SharedConfigMessage`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, prost::Enumeration)]
#[non_exhaustive]
#[repr(i32)]
pub enum SharedConfigKind {
    /// Own profile.
    UserProfile = 1,
    /// Contacts.
    Contacts = 2,
    /// Conversation state.
    ConvoInfoVolatile = 3,
    /// Groups and communities.
    UserGroups = 4,
}

//! Visible messages (spec 05a §3).

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::group_update::GroupUpdateMessage;
use super::schema::{Kind, optional, repeated, required};
use super::{Message, message};

message! {
    /// A visible message, or a group update.
    DataMessage "DataMessage" {
        /// Text, at most 2 000 code points (10 000 with Pro).
        #[prost(string, optional, tag = "1")]
        body: Option<String> => optional(1, "body", Kind::String),
        /// Attachments, at most 32.
        #[prost(message, repeated, tag = "2")]
        attachments: Vec<AttachmentPointer> =>
            repeated(2, "attachments", Kind::Message(AttachmentPointer::SCHEMA)),
        /// Bit 2: expiration timer update.
        #[prost(uint32, optional, tag = "4")]
        flags: Option<u32> => optional(4, "flags", Kind::Uint32),
        /// Key of the profile picture, 32 bytes.
        #[prost(bytes = "vec", optional, tag = "6")]
        profile_key: Option<Vec<u8>> => optional(6, "profileKey", Kind::Bytes),
        /// Unused.
        #[prost(uint64, optional, tag = "7")]
        timestamp: Option<u64> => optional(7, "timestamp", Kind::Uint64),
        /// The message that this one answers.
        #[prost(message, optional, tag = "8")]
        quote: Option<Quote> => optional(8, "quote", Kind::Message(Quote::SCHEMA)),
        /// Link previews; only the first is used.
        #[prost(message, repeated, tag = "10")]
        preview: Vec<Preview> => repeated(10, "preview", Kind::Message(Preview::SCHEMA)),
        /// A reaction.
        #[prost(message, optional, tag = "11")]
        reaction: Option<Reaction> => optional(11, "reaction", Kind::Message(Reaction::SCHEMA)),
        /// Profile of the sender.
        #[prost(message, optional, tag = "101")]
        profile: Option<LokiProfile> =>
            optional(101, "profile", Kind::Message(LokiProfile::SCHEMA)),
        /// Invitation to a community.
        #[prost(message, optional, tag = "102")]
        open_group_invitation: Option<OpenGroupInvitation> =>
            optional(102, "openGroupInvitation", Kind::Message(OpenGroupInvitation::SCHEMA)),
        /// Id of the conversation, only in copies to oneself.
        #[prost(string, optional, tag = "105")]
        sync_target: Option<String> => optional(105, "syncTarget", Kind::String),
        /// In community posts: the sender refuses inbox messages.
        #[prost(bool, optional, tag = "106")]
        blocks_community_message_requests: Option<bool> =>
            optional(106, "blocksCommunityMessageRequests", Kind::Bool),
        /// A change of a group.
        #[prost(message, optional, tag = "120")]
        group_update_message: Option<GroupUpdateMessage> =>
            optional(120, "groupUpdateMessage", Kind::Message(GroupUpdateMessage::SCHEMA)),
    }
}

message! {
    /// Name and picture of the sender.
    LokiProfile "LokiProfile" {
        /// Name.
        #[prost(string, optional, tag = "1")]
        display_name: Option<String> => optional(1, "displayName", Kind::String),
        /// URL of the picture.
        #[prost(string, optional, tag = "2")]
        profile_picture: Option<String> => optional(2, "profilePicture", Kind::String),
        /// Time of the last change, seconds.
        #[prost(uint64, optional, tag = "3")]
        last_update_seconds: Option<u64> => optional(3, "lastUpdateSeconds", Kind::Uint64),
    }
}

message! {
    /// The message that this one answers.
    Quote "DataMessage.Quote" {
        /// Time of the quoted message, ms.
        #[prost(uint64, optional, tag = "1")]
        id: Option<u64> => required(1, "id", Kind::Uint64),
        /// Its author.
        #[prost(string, optional, tag = "2")]
        author: Option<String> => required(2, "author", Kind::String),
        /// No longer sent.
        #[prost(string, optional, tag = "3")]
        text: Option<String> => optional(3, "text", Kind::String),
        /// No longer sent.
        #[prost(message, repeated, tag = "4")]
        attachments: Vec<QuotedAttachment> =>
            repeated(4, "attachments", Kind::Message(QuotedAttachment::SCHEMA)),
    }
}

message! {
    /// An attachment of a quoted message; no longer sent.
    QuotedAttachment "DataMessage.Quote.QuotedAttachment" {
        /// MIME type.
        #[prost(string, optional, tag = "1")]
        content_type: Option<String> => optional(1, "contentType", Kind::String),
        /// File name.
        #[prost(string, optional, tag = "2")]
        file_name: Option<String> => optional(2, "fileName", Kind::String),
        /// Small picture.
        #[prost(message, boxed, optional, tag = "3")]
        thumbnail: Option<Box<AttachmentPointer>> =>
            optional(3, "thumbnail", Kind::Message(AttachmentPointer::SCHEMA)),
        /// Bit 1: voice message.
        #[prost(uint32, optional, tag = "4")]
        flags: Option<u32> => optional(4, "flags", Kind::Uint32),
    }
}

message! {
    /// What a link leads to.
    Preview "DataMessage.Preview" {
        /// The link.
        #[prost(string, optional, tag = "1")]
        url: Option<String> => required(1, "url", Kind::String),
        /// Title of the page.
        #[prost(string, optional, tag = "2")]
        title: Option<String> => optional(2, "title", Kind::String),
        /// Picture of the page.
        #[prost(message, boxed, optional, tag = "3")]
        image: Option<Box<AttachmentPointer>> =>
            optional(3, "image", Kind::Message(AttachmentPointer::SCHEMA)),
    }
}

message! {
    /// An emoji put to a message, or taken away.
    Reaction "DataMessage.Reaction" {
        /// Time of the target, ms.
        #[prost(uint64, optional, tag = "1")]
        id: Option<u64> => required(1, "id", Kind::Uint64),
        /// Author of the target.
        #[prost(string, optional, tag = "2")]
        author: Option<String> => required(2, "author", Kind::String),
        /// The emoji.
        #[prost(string, optional, tag = "3")]
        emoji: Option<String> => optional(3, "emoji", Kind::String),
        /// Put or taken away.
        #[prost(enumeration = "ReactionAction", optional, tag = "4")]
        action: Option<i32> => required(4, "action", Kind::Enum(ReactionAction::is_valid)),
    }
}

message! {
    /// An invitation to a community.
    OpenGroupInvitation "DataMessage.OpenGroupInvitation" {
        /// Room URL with public key.
        #[prost(string, optional, tag = "1")]
        url: Option<String> => required(1, "url", Kind::String),
        /// Name of the room.
        #[prost(string, optional, tag = "3")]
        name: Option<String> => required(3, "name", Kind::String),
    }
}

message! {
    /// Where an attachment is, and how to decrypt it.
    AttachmentPointer "AttachmentPointer" {
        /// Deprecated but required: number at the end of the URL, or 0.
        #[prost(fixed64, optional, tag = "1")]
        id: Option<u64> => required(1, "id", Kind::Fixed64),
        /// MIME type.
        #[prost(string, optional, tag = "2")]
        content_type: Option<String> => optional(2, "contentType", Kind::String),
        /// 64 bytes (legacy) or 32 bytes (deterministic).
        #[prost(bytes = "vec", optional, tag = "3")]
        key: Option<Vec<u8>> => optional(3, "key", Kind::Bytes),
        /// Size of the plaintext, bytes.
        #[prost(uint32, optional, tag = "4")]
        size: Option<u32> => optional(4, "size", Kind::Uint32),
        /// Never sent.
        #[prost(bytes = "vec", optional, tag = "5")]
        thumbnail: Option<Vec<u8>> => optional(5, "thumbnail", Kind::Bytes),
        /// 32 bytes, legacy scheme only.
        #[prost(bytes = "vec", optional, tag = "6")]
        digest: Option<Vec<u8>> => optional(6, "digest", Kind::Bytes),
        /// File name.
        #[prost(string, optional, tag = "7")]
        file_name: Option<String> => optional(7, "fileName", Kind::String),
        /// Bit 1: voice message.
        #[prost(uint32, optional, tag = "8")]
        flags: Option<u32> => optional(8, "flags", Kind::Uint32),
        /// Pixels; 0 is unknown.
        #[prost(uint32, optional, tag = "9")]
        width: Option<u32> => optional(9, "width", Kind::Uint32),
        /// Pixels; 0 is unknown.
        #[prost(uint32, optional, tag = "10")]
        height: Option<u32> => optional(10, "height", Kind::Uint32),
        /// Caption.
        #[prost(string, optional, tag = "11")]
        caption: Option<String> => optional(11, "caption", Kind::String),
        /// Where the encrypted file is.
        #[prost(string, optional, tag = "101")]
        url: Option<String> => optional(101, "url", Kind::String),
    }
}

/// What a [`Reaction`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, prost::Enumeration)]
#[non_exhaustive]
#[repr(i32)]
pub enum ReactionAction {
    /// Put.
    React = 0,
    /// Taken away.
    Remove = 1,
}

//! Changes of groups (spec 05a §3).

use alloc::string::String;
use alloc::vec::Vec;

use super::schema::{Kind, optional, repeated, required};
use super::{Message, message};

message! {
    /// A change of a group: one of its members.
    GroupUpdateMessage "GroupUpdateMessage" {
        /// Invitation.
        #[prost(message, optional, tag = "1")]
        invite_message: Option<GroupUpdateInviteMessage> =>
            optional(1, "inviteMessage", Kind::Message(GroupUpdateInviteMessage::SCHEMA)),
        /// Change of name, picture or timer.
        #[prost(message, optional, tag = "2")]
        info_change_message: Option<GroupUpdateInfoChangeMessage> =>
            optional(2, "infoChangeMessage", Kind::Message(GroupUpdateInfoChangeMessage::SCHEMA)),
        /// Change of members.
        #[prost(message, optional, tag = "3")]
        member_change_message: Option<GroupUpdateMemberChangeMessage> =>
            optional(3, "memberChangeMessage",
                Kind::Message(GroupUpdateMemberChangeMessage::SCHEMA)),
        /// Promotion to admin.
        #[prost(message, optional, tag = "4")]
        promote_message: Option<GroupUpdatePromoteMessage> =>
            optional(4, "promoteMessage", Kind::Message(GroupUpdatePromoteMessage::SCHEMA)),
        /// The author leaves.
        #[prost(message, optional, tag = "5")]
        member_left_message: Option<GroupUpdateMemberLeftMessage> =>
            optional(5, "memberLeftMessage", Kind::Message(GroupUpdateMemberLeftMessage::SCHEMA)),
        /// Answer to an invitation.
        #[prost(message, optional, tag = "6")]
        invite_response: Option<GroupUpdateInviteResponseMessage> =>
            optional(6, "inviteResponse", Kind::Message(GroupUpdateInviteResponseMessage::SCHEMA)),
        /// Deletion of messages.
        #[prost(message, optional, tag = "7")]
        delete_member_content: Option<GroupUpdateDeleteMemberContentMessage> =>
            optional(7, "deleteMemberContent",
                Kind::Message(GroupUpdateDeleteMemberContentMessage::SCHEMA)),
        /// The author has left.
        #[prost(message, optional, tag = "8")]
        member_left_notification_message: Option<GroupUpdateMemberLeftNotificationMessage> =>
            optional(8, "memberLeftNotificationMessage",
                Kind::Message(GroupUpdateMemberLeftNotificationMessage::SCHEMA)),
    }
}

message! {
    /// Invites into a group; travels one-to-one.
    GroupUpdateInviteMessage "GroupUpdateInviteMessage" {
        /// Id of the group: 66 hex, prefix 03.
        #[prost(string, optional, tag = "1")]
        group_session_id: Option<String> => required(1, "groupSessionId", Kind::String),
        /// Name of the group.
        #[prost(string, optional, tag = "2")]
        name: Option<String> => required(2, "name", Kind::String),
        /// Subaccount credentials, 100 bytes.
        #[prost(bytes = "vec", optional, tag = "3")]
        member_auth_data: Option<Vec<u8>> => required(3, "memberAuthData", Kind::Bytes),
        /// 64 bytes.
        #[prost(bytes = "vec", optional, tag = "4")]
        admin_signature: Option<Vec<u8>> => required(4, "adminSignature", Kind::Bytes),
    }
}

message! {
    /// Makes an admin; travels one-to-one.
    GroupUpdatePromoteMessage "GroupUpdatePromoteMessage" {
        /// Seed of the group key, 32 bytes: secret.
        #[prost(bytes = "vec", optional, tag = "1")]
        group_identity_seed: Option<Vec<u8>> => required(1, "groupIdentitySeed", Kind::Bytes),
        /// Name of the group.
        #[prost(string, optional, tag = "2")]
        name: Option<String> => required(2, "name", Kind::String),
    }
}

message! {
    /// Name, picture or timer of the group changed.
    GroupUpdateInfoChangeMessage "GroupUpdateInfoChangeMessage" {
        /// What changed.
        #[prost(enumeration = "GroupInfoChange", optional, tag = "1")]
        kind: Option<i32> => required(1, "type", Kind::Enum(GroupInfoChange::is_valid)),
        /// New name.
        #[prost(string, optional, tag = "2")]
        updated_name: Option<String> => optional(2, "updatedName", Kind::String),
        /// New timer, seconds.
        #[prost(uint32, optional, tag = "3")]
        updated_expiration: Option<u32> => optional(3, "updatedExpiration", Kind::Uint32),
        /// 64 bytes.
        #[prost(bytes = "vec", optional, tag = "4")]
        admin_signature: Option<Vec<u8>> => required(4, "adminSignature", Kind::Bytes),
    }
}

message! {
    /// Members were added, removed or promoted.
    GroupUpdateMemberChangeMessage "GroupUpdateMemberChangeMessage" {
        /// What happened to the members.
        #[prost(enumeration = "GroupMemberChange", optional, tag = "1")]
        kind: Option<i32> => required(1, "type", Kind::Enum(GroupMemberChange::is_valid)),
        /// The members; not covered by the signature.
        #[prost(string, repeated, tag = "2")]
        member_session_ids: Vec<String> => repeated(2, "memberSessionIds", Kind::String),
        /// Whether new members can read older messages.
        #[prost(bool, optional, tag = "3")]
        history_shared: Option<bool> => optional(3, "historyShared", Kind::Bool),
        /// 64 bytes.
        #[prost(bytes = "vec", optional, tag = "4")]
        admin_signature: Option<Vec<u8>> => required(4, "adminSignature", Kind::Bytes),
    }
}

message! {
    /// The author leaves; its presence is the information.
    GroupUpdateMemberLeftMessage "GroupUpdateMemberLeftMessage" {

    }
}

message! {
    /// The author has left; its presence is the information.
    GroupUpdateMemberLeftNotificationMessage "GroupUpdateMemberLeftNotificationMessage" {

    }
}

message! {
    /// Accepts an invitation.
    GroupUpdateInviteResponseMessage "GroupUpdateInviteResponseMessage" {
        /// Must be true.
        #[prost(bool, optional, tag = "1")]
        is_approved: Option<bool> => required(1, "isApproved", Kind::Bool),
    }
}

message! {
    /// Asks to delete messages of members.
    GroupUpdateDeleteMemberContentMessage "GroupUpdateDeleteMemberContentMessage" {
        /// Members whose messages go.
        #[prost(string, repeated, tag = "1")]
        member_session_ids: Vec<String> => repeated(1, "memberSessionIds", Kind::String),
        /// Single messages, by storage hash.
        #[prost(string, repeated, tag = "2")]
        message_hashes: Vec<String> => repeated(2, "messageHashes", Kind::String),
        /// 64 bytes; absent when a non-admin sends it.
        #[prost(bytes = "vec", optional, tag = "3")]
        admin_signature: Option<Vec<u8>> => optional(3, "adminSignature", Kind::Bytes),
    }
}

/// What changed about a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, prost::Enumeration)]
#[non_exhaustive]
#[repr(i32)]
pub enum GroupInfoChange {
    /// Its name.
    Name = 1,
    /// Its picture.
    Avatar = 2,
    /// Its timer.
    DisappearingMessages = 3,
}

/// What happened to members of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, prost::Enumeration)]
#[non_exhaustive]
#[repr(i32)]
pub enum GroupMemberChange {
    /// Added.
    Added = 1,
    /// Removed.
    Removed = 2,
    /// Made admin.
    Promoted = 3,
}

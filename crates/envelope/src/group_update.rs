//! What groups tell their members, and the admins' signatures (spec 05 §11.4).
//!
//! Admins sign with the group's Ed25519 key, over texts that end in or contain the time of the
//! message. A message that is made here is therefore bound to its time of sending: sealing it for
//! another one fails. When it is read, the time comes from the message, never from the caller.
//!
//! ```
//! use session_core::{AccountId, Prefix, UnixMillis};
//! use session_crypto::ed25519::SigningKey;
//! use session_envelope::Content;
//! use session_envelope::content::Member;
//! use session_envelope::group_update::{GroupUpdate, Info};
//!
//! let key = SigningKey::from_seed(&[7; 32]); // yours comes from the group's creation
//! let group = AccountId::new(Prefix::Group, *key.public().as_bytes());
//! let sent = UnixMillis::from_millis(1_758_068_785_391);
//! let content = Content::group_info_change(&key, Info::Name("Climbers"), sent);
//!
//! let Some(Member::GroupUpdate(GroupUpdate::InfoChange(change))) = content.kind() else {
//!     panic!("made as one");
//! };
//! change.verify(&group)?;
//! assert_eq!(change.info(), Info::Name("Climbers"));
//! # Ok::<(), session_envelope::Error>(())
//! ```

mod delete_content;
mod info_change;
mod invite;
mod member_change;
mod promote;
mod statement;

use session_core::UnixMillis;

pub use crate::proto::{GroupInfoChange, GroupMemberChange};
pub use delete_content::{DeleteContent, Deletion};
pub use info_change::{Info, InfoChange};
pub use invite::{AUTH_DATA_LEN, Invite};
pub use member_change::MemberChange;
pub use promote::Promote;
pub use statement::Statement;

use crate::Content;
use crate::proto;

/// A change of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GroupUpdate<'a> {
    /// Invites into a group; comes from a person, not through the group.
    Invite(Invite<'a>),
    /// Name, picture or timer changed.
    InfoChange(InfoChange<'a>),
    /// Members were added, removed or promoted.
    MemberChange(MemberChange<'a>),
    /// Makes an admin; comes from a person, not through the group.
    Promote(Promote<'a>),
    /// The author leaves: an admin is to remove them.
    MemberLeft,
    /// The author answers an invitation.
    InviteResponse {
        /// Whether it is accepted. Clients ignore refusals.
        is_approved: bool,
    },
    /// Messages are to be deleted.
    DeleteContent(DeleteContent<'a>),
    /// The author has left, for display.
    MemberLeftNotification,
}

impl<'a> GroupUpdate<'a> {
    /// All updates of a message of this time, in the order of the schema.
    pub(crate) fn read(
        update: &'a proto::GroupUpdateMessage,
        sent: Option<UnixMillis>,
    ) -> impl Iterator<Item = Self> {
        let invite = update.invite_message.as_ref();
        let info = update.info_change_message.as_ref();
        let members = update.member_change_message.as_ref();
        let promote = update.promote_message.as_ref();
        let left = update.member_left_message.as_ref();
        let response = update.invite_response.as_ref();
        let delete = update.delete_member_content.as_ref();
        let notification = update.member_left_notification_message.as_ref();
        [
            invite.map(|message| Self::Invite(Invite { message, sent })),
            info.map(|message| Self::InfoChange(InfoChange { message, sent })),
            members.map(|message| Self::MemberChange(MemberChange { message, sent })),
            promote.map(|message| Self::Promote(Promote(message))),
            left.map(|_| Self::MemberLeft),
            response.map(|message| Self::InviteResponse {
                is_approved: message.is_approved(),
            }),
            delete.map(|message| Self::DeleteContent(DeleteContent { message, sent })),
            notification.map(|_| Self::MemberLeftNotification),
        ]
        .into_iter()
        .flatten()
    }
}

/// Whether an admin's signature is over the time of the message.
pub(crate) fn is_signed(update: &proto::GroupUpdateMessage) -> bool {
    let delete = update.delete_member_content.as_ref();
    update.invite_message.is_some()
        || update.info_change_message.is_some()
        || update.member_change_message.is_some()
        || delete.is_some_and(|delete| delete.admin_signature.is_some())
}

impl Content {
    /// Tells the group's admins that one leaves.
    #[must_use]
    pub fn group_member_left() -> Self {
        Self::of_group_update(proto::GroupUpdateMessage {
            member_left_message: Some(proto::GroupUpdateMemberLeftMessage {}),
            ..Default::default()
        })
    }

    /// Tells the group's members that one has left.
    #[must_use]
    pub fn group_member_left_notification() -> Self {
        Self::of_group_update(proto::GroupUpdateMessage {
            member_left_notification_message: Some(
                proto::GroupUpdateMemberLeftNotificationMessage {},
            ),
            ..Default::default()
        })
    }

    /// Tells the group that one accepts the invitation.
    #[must_use]
    pub fn group_invite_accepted() -> Self {
        Self::of_group_update(proto::GroupUpdateMessage {
            invite_response: Some(proto::GroupUpdateInviteResponseMessage {
                is_approved: Some(true),
            }),
            ..Default::default()
        })
    }

    /// A group update that no signature binds to a time.
    fn of_group_update(update: proto::GroupUpdateMessage) -> Self {
        Self::made(of_group_update(update))
    }

    /// A group update that is signed for this time.
    fn of_signed_group_update(update: proto::GroupUpdateMessage, sent: UnixMillis) -> Self {
        Self::made(proto::Content {
            sig_timestamp: Some(sent.as_millis()),
            ..of_group_update(update)
        })
    }
}

fn of_group_update(update: proto::GroupUpdateMessage) -> proto::Content {
    proto::Content {
        data_message: Some(proto::DataMessage {
            group_update_message: Some(update),
            ..Default::default()
        }),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests;

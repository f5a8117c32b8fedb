//! Changes of members.

use alloc::string::String;

use session_core::{AccountId, Prefix, UnixMillis};
use session_crypto::ed25519::SigningKey;

use super::{GroupMemberChange, Statement};
use crate::{Content, Error, proto};

/// Says that members came, went or rose. For display: the truth is in the group's config.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberChange<'a> {
    pub(super) message: &'a proto::GroupUpdateMemberChangeMessage,
    pub(super) sent: Option<UnixMillis>,
}

impl<'a> MemberChange<'a> {
    /// Verifies that an admin of the group says so. The signature is over the kind of change
    /// only, not over the members.
    ///
    /// # Errors
    /// [`Error::GroupId`], [`Error::Signature`]; [`Error::Timestamp`] for a message without time.
    pub fn verify(self, group: &AccountId) -> Result<(), Error> {
        let signature = self.message.admin_signature();
        Statement::MemberChange(self.kind()).verify_in(group, self.sent, signature)
    }

    /// What happened to the members.
    #[must_use]
    pub fn kind(self) -> GroupMemberChange {
        self.message.kind()
    }

    /// The members. What is no id of a person is left out.
    pub fn members(self) -> impl Iterator<Item = AccountId> + use<'a> {
        people(&self.message.member_session_ids)
    }

    /// Whether members that were added can read older messages.
    #[must_use]
    pub fn history_shared(self) -> bool {
        self.message.history_shared()
    }
}

/// The texts that are ids of people.
pub(super) fn people(ids: &[String]) -> impl Iterator<Item = AccountId> {
    ids.iter()
        .filter_map(|id| id.parse::<AccountId>().ok()?.require(Prefix::Standard).ok())
}

impl Content {
    /// Tells a group what happened to members. To be sent at `sent` and no other time.
    /// `history_shared` is only for members that are added.
    #[must_use]
    pub fn group_member_change(
        group: &SigningKey,
        kind: GroupMemberChange,
        members: &[AccountId],
        history_shared: bool,
        sent: UnixMillis,
    ) -> Self {
        let signature = Statement::MemberChange(kind).sign(group, sent);
        let change = proto::GroupUpdateMemberChangeMessage {
            kind: Some(kind.into()),
            member_session_ids: members.iter().map(AccountId::to_hex).collect(),
            history_shared: (kind == GroupMemberChange::Added).then_some(history_shared),
            admin_signature: Some(signature.as_bytes().to_vec()),
        };
        let update = proto::GroupUpdateMessage {
            member_change_message: Some(change),
            ..Default::default()
        };
        Self::of_signed_group_update(update, sent)
    }
}

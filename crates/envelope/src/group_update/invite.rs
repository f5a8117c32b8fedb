//! Invitations.

use alloc::string::ToString;

use session_core::{AccountId, UnixMillis};
use session_crypto::ed25519::SigningKey;

use super::Statement;
use super::statement::group_id;
use crate::error::sized;
use crate::{Content, Error, proto};

/// Length in bytes of a member's credentials: those of a subaccount of the group.
pub const AUTH_DATA_LEN: usize = 100;

/// Invites the recipient into a group. Nothing of it counts before [`verify`](Self::verify).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invite<'a> {
    pub(super) message: &'a proto::GroupUpdateInviteMessage,
    pub(super) sent: Option<UnixMillis>,
}

impl<'a> Invite<'a> {
    /// Verifies that an admin of the group invites `me`, and gives the group's id.
    ///
    /// # Errors
    /// [`Error::GroupId`], [`Error::Signature`]; [`Error::Timestamp`] for a message without time.
    pub fn verify(self, me: &AccountId) -> Result<AccountId, Error> {
        let group: AccountId = (self.message.group_session_id())
            .parse()
            .map_err(|_| Error::GroupId)?;
        let signature = self.message.admin_signature();
        Statement::Invite(me).verify_in(&group, self.sent, signature)?;
        Ok(group)
    }

    /// The group's name.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.message.name()
    }

    /// The credentials with which the group's swarm lets the invitee in. The signature of the
    /// invitation is not over them; they have one of their own.
    ///
    /// # Errors
    /// [`Error::Length`].
    pub fn auth_data(self) -> Result<&'a [u8; AUTH_DATA_LEN], Error> {
        sized("group credentials", self.message.member_auth_data())
    }
}

impl Content {
    /// Invites an account into a group. To be sent to that account, at `sent` and no other time.
    #[must_use]
    pub fn group_invite(
        group: &SigningKey,
        invitee: &AccountId,
        name: &str,
        auth_data: &[u8; AUTH_DATA_LEN],
        sent: UnixMillis,
    ) -> Self {
        let signature = Statement::Invite(invitee).sign(group, sent);
        let invite = proto::GroupUpdateInviteMessage {
            group_session_id: Some(group_id(group.public()).to_hex()),
            name: Some(name.to_string()),
            member_auth_data: Some(auth_data.to_vec()),
            admin_signature: Some(signature.as_bytes().to_vec()),
        };
        let update = proto::GroupUpdateMessage {
            invite_message: Some(invite),
            ..Default::default()
        };
        Self::of_signed_group_update(update, sent)
    }
}

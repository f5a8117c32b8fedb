//! Deletion of messages in a group.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use session_core::{AccountId, UnixMillis};
use session_crypto::ed25519::SigningKey;

use super::Statement;
use super::member_change::people;
use crate::{Content, Error, proto};

/// Asks a group to delete messages. What of it is to be obeyed says
/// [`authorize`](Self::authorize).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeleteContent<'a> {
    pub(super) message: &'a proto::GroupUpdateDeleteMemberContentMessage,
    pub(super) sent: Option<UnixMillis>,
}

impl<'a> DeleteContent<'a> {
    /// What `sender`, the authenticated author of this message, may delete: with an admin's
    /// signature all that is listed, without one messages of their own.
    ///
    /// # Errors
    /// When there is a signature: [`Error::GroupId`], [`Error::Signature`]. Always:
    /// [`Error::Timestamp`] for a message without time.
    pub fn authorize(self, group: &AccountId, sender: &AccountId) -> Result<Deletion<'a>, Error> {
        let (members, hashes) = (
            &*self.message.member_session_ids,
            &*self.message.message_hashes,
        );
        let before = self.sent.ok_or(Error::Timestamp)?;
        let scope = match self.message.admin_signature.as_deref() {
            Some(signature) => {
                let statement = Statement::DeleteContent { members, hashes };
                statement.verify_in(group, self.sent, signature)?;
                Scope::Admin { members }
            }
            None => Scope::Own(*sender),
        };
        Ok(Deletion {
            scope,
            hashes,
            before,
        })
    }
}

/// Which messages of a group to delete.
#[derive(Clone, PartialEq, Eq)]
pub struct Deletion<'a> {
    scope: Scope<'a>,
    hashes: &'a [String],
    before: UnixMillis,
}

#[derive(Clone, PartialEq, Eq)]
enum Scope<'a> {
    Own(AccountId),
    Admin { members: &'a [String] },
}

impl<'a> Deletion<'a> {
    /// Whether to delete the message that `author` sent at `sent` and that the swarm stores under
    /// `hash`. Only messages that were sent before the request can be.
    #[must_use]
    pub fn covers(&self, author: &AccountId, sent: UnixMillis, hash: &str) -> bool {
        let is_listed = || self.hashes.iter().any(|listed| listed == hash);
        sent < self.before
            && match &self.scope {
                Scope::Own(sender) => sender == author && is_listed(),
                Scope::Admin { .. } => self.members().any(|id| id == *author) || is_listed(),
            }
    }

    /// Whether an admin signed it.
    #[must_use]
    pub const fn is_by_admin(&self) -> bool {
        matches!(self.scope, Scope::Admin { .. })
    }

    /// The members all of whose messages go: none without an admin's signature.
    pub fn members(&self) -> impl Iterator<Item = AccountId> + use<'a> {
        people(match self.scope {
            Scope::Own(_) => &[],
            Scope::Admin { members } => members,
        })
    }

    /// Storage hashes of single messages. Without an admin's signature they go only if they are
    /// the sender's.
    #[must_use]
    pub fn hashes(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        self.hashes.iter().map(|hash| &**hash)
    }

    /// Messages from this time on stay.
    #[must_use]
    pub const fn before(&self) -> UnixMillis {
        self.before
    }
}

/// Shows who deletes, not what.
impl core::fmt::Debug for Deletion<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Deletion")
            .field("is_by_admin", &self.is_by_admin())
            .field("before", &self.before)
            .finish_non_exhaustive()
    }
}

impl Content {
    /// Asks a group to delete messages of one's own, by storage hash.
    #[must_use]
    pub fn group_delete_own(hashes: &[&str]) -> Self {
        Self::of_group_update(of_delete(&[], hashes, |_| None))
    }

    /// Asks a group, as an admin, to delete all messages of some members, and single messages by
    /// storage hash. To be sent at `sent` and no other time.
    #[must_use]
    pub fn group_delete_content(
        group: &SigningKey,
        members: &[AccountId],
        hashes: &[&str],
        sent: UnixMillis,
    ) -> Self {
        let update = of_delete(members, hashes, |statement| {
            Some(statement.sign(group, sent).as_bytes().to_vec())
        });
        Self::of_signed_group_update(update, sent)
    }
}

fn of_delete(
    members: &[AccountId],
    hashes: &[&str],
    sign: impl FnOnce(Statement<'_>) -> Option<Vec<u8>>,
) -> proto::GroupUpdateMessage {
    let member_session_ids: Vec<_> = members.iter().map(AccountId::to_hex).collect();
    let message_hashes: Vec<_> = hashes.iter().map(ToString::to_string).collect();
    let admin_signature = sign(Statement::DeleteContent {
        members: &member_session_ids,
        hashes: &message_hashes,
    });
    proto::GroupUpdateMessage {
        delete_member_content: Some(proto::GroupUpdateDeleteMemberContentMessage {
            member_session_ids,
            message_hashes,
            admin_signature,
        }),
        ..Default::default()
    }
}

//! The texts that admins sign.

use alloc::format;
use alloc::string::{String, ToString};

use session_core::{AccountId, Prefix, UnixMillis};
use session_crypto::ed25519::{PublicKey, Signature, SigningKey};

use super::{GroupInfoChange, GroupMemberChange};
use crate::Error;

/// What the group's key vouches for in a group update. Nothing else in it is signed: not the name
/// in an invitation, not the members in a change of members.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Statement<'a> {
    /// This account is invited.
    Invite(&'a AccountId),
    /// This of the group changed.
    InfoChange(GroupInfoChange),
    /// This happened to members.
    MemberChange(GroupMemberChange),
    /// Messages are to be deleted.
    DeleteContent {
        /// Ids of the members whose messages go, as the message has them.
        members: &'a [String],
        /// Storage hashes of single messages.
        hashes: &'a [String],
    },
}

/// Shows the type only.
impl core::fmt::Debug for Statement<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Statement(..)")
    }
}

impl Statement<'_> {
    /// The signed text in a message of this time: ASCII, without separators.
    #[must_use]
    pub fn text(&self, sent: UnixMillis) -> String {
        match self {
            Self::Invite(invitee) => format!("INVITE{invitee}{sent}"),
            Self::InfoChange(kind) => format!("INFO_CHANGE{}{sent}", i32::from(*kind)),
            Self::MemberChange(kind) => format!("MEMBER_CHANGE{}{sent}", i32::from(*kind)),
            Self::DeleteContent { members, hashes } => {
                let sent = sent.to_string();
                let prefix = ["DELETE_CONTENT", &sent].into_iter();
                let listed = members.iter().chain(*hashes).map(|text| &**text);
                prefix.chain(listed).collect()
            }
        }
    }

    /// Signs with the group's key.
    #[must_use]
    pub fn sign(&self, group: &SigningKey, sent: UnixMillis) -> Signature {
        group.sign(self.text(sent).as_bytes())
    }

    /// Verifies under the key in the group's id.
    ///
    /// # Errors
    /// [`Error::GroupId`], [`Error::Signature`].
    pub fn verify(
        &self,
        group: &AccountId,
        sent: UnixMillis,
        signature: &Signature,
    ) -> Result<(), Error> {
        let group = group.require(Prefix::Group).map_err(|_| Error::GroupId)?;
        let key = PublicKey::from_bytes(group.key_bytes()).map_err(|_| Error::GroupId)?;
        key.verify(self.text(sent).as_bytes(), signature)
            .map_err(|_| Error::Signature)
    }

    /// Verifies what a message has beside the statement.
    pub(super) fn verify_in(
        &self,
        group: &AccountId,
        sent: Option<UnixMillis>,
        signature: &[u8],
    ) -> Result<(), Error> {
        let sent = sent.ok_or(Error::Timestamp)?;
        let signature = Signature::from_slice(signature).map_err(|_| Error::Signature)?;
        self.verify(group, sent, &signature)
    }
}

/// The id of the group with this key.
pub(super) fn group_id(key: &PublicKey) -> AccountId {
    AccountId::new(Prefix::Group, *key.as_bytes())
}

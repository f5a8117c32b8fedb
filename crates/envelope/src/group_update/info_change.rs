//! Changes of a group's name, picture or timer.

use alloc::string::ToString;
use core::time::Duration;

use session_core::{AccountId, UnixMillis};
use session_crypto::ed25519::SigningKey;

use super::{GroupInfoChange, Statement};
use crate::content::{redacted, whole_seconds};
use crate::{Content, Error, proto};

/// Says that the group changed. For display: the truth is in the group's config.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InfoChange<'a> {
    pub(super) message: &'a proto::GroupUpdateInfoChangeMessage,
    pub(super) sent: Option<UnixMillis>,
}

/// What changed about a group.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Info<'a> {
    /// Its name is now this.
    Name(&'a str),
    /// Its picture.
    Picture,
    /// Its timer is now this, in whole seconds; zero turns it off.
    Timer(Duration),
}

redacted!(Info<'_>);

impl<'a> InfoChange<'a> {
    /// Verifies that an admin of the group says so. The signature is over the kind of change
    /// only, not over the name or timer.
    ///
    /// # Errors
    /// [`Error::GroupId`], [`Error::Signature`]; [`Error::Timestamp`] for a message without time.
    pub fn verify(self, group: &AccountId) -> Result<(), Error> {
        let signature = self.message.admin_signature();
        Statement::InfoChange(self.message.kind()).verify_in(group, self.sent, signature)
    }

    /// What changed.
    #[must_use]
    pub fn info(self) -> Info<'a> {
        match self.message.kind() {
            GroupInfoChange::Name => Info::Name(self.message.updated_name()),
            GroupInfoChange::Avatar => Info::Picture,
            GroupInfoChange::DisappearingMessages => {
                let seconds = self.message.updated_expiration();
                Info::Timer(Duration::from_secs(seconds.into()))
            }
        }
    }
}

impl Content {
    /// Tells a group what changed. To be sent at `sent` and no other time. Parts of a second are
    /// dropped from a timer, and it ends at `u32::MAX` seconds.
    #[must_use]
    pub fn group_info_change(group: &SigningKey, info: Info<'_>, sent: UnixMillis) -> Self {
        let (kind, name, timer) = match info {
            Info::Name(name) => (GroupInfoChange::Name, Some(name), None),
            Info::Picture => (GroupInfoChange::Avatar, None, None),
            Info::Timer(timer) => (GroupInfoChange::DisappearingMessages, None, Some(timer)),
        };
        let signature = Statement::InfoChange(kind).sign(group, sent);
        let change = proto::GroupUpdateInfoChangeMessage {
            kind: Some(kind.into()),
            updated_name: name.map(ToString::to_string),
            updated_expiration: timer.map(whole_seconds),
            admin_signature: Some(signature.as_bytes().to_vec()),
        };
        let update = proto::GroupUpdateMessage {
            info_change_message: Some(change),
            ..Default::default()
        };
        Self::of_signed_group_update(update, sent)
    }
}

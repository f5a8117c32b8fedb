//! Promotions.

use alloc::string::ToString;

use session_core::AccountId;
use session_crypto::ed25519::SigningKey;

use super::statement::group_id;
use crate::error::sized;
use crate::{Content, Error, proto};

/// Makes the recipient an admin: carries the group's secret. Only its sender vouches for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promote<'a>(pub(super) &'a proto::GroupUpdatePromoteMessage);

impl<'a> Promote<'a> {
    /// The group's key. Keep it as the group's, if the group is the one that was meant.
    ///
    /// # Errors
    /// [`Error::Length`] for a seed that has not 32 bytes.
    pub fn group_key(self) -> Result<SigningKey, Error> {
        let seed = sized("group seed", self.0.group_identity_seed())?;
        Ok(SigningKey::from_seed(seed))
    }

    /// The group that the seed belongs to: derived, since the message does not name it.
    ///
    /// # Errors
    /// As [`group_key`](Self::group_key).
    pub fn group_id(self) -> Result<AccountId, Error> {
        Ok(group_id(self.group_key()?.public()))
    }

    /// The group's name.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.0.name()
    }
}

impl Content {
    /// Makes an account an admin. To be sent to that account only: it carries the group's seed.
    #[must_use]
    pub fn group_promote(group: &SigningKey, name: &str) -> Self {
        let promote = proto::GroupUpdatePromoteMessage {
            group_identity_seed: Some(group.expose_seed().to_vec()),
            name: Some(name.to_string()),
        };
        Self::of_group_update(proto::GroupUpdateMessage {
            promote_message: Some(promote),
            ..Default::default()
        })
    }
}

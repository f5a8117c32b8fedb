//! Legacy: messages of closed groups whose ids begin with 05 (spec 05 §10). Apps stopped to send
//! them in 2025; this reads what is left.

use session_core::{AccountId, Prefix};
use session_crypto::x25519;

use crate::one_to_one::open_wire;
use crate::{Error, Opened};

/// A message of a legacy closed group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegacyGroupMessage {
    group: AccountId,
    opened: Opened,
}

impl LegacyGroupMessage {
    /// The group, by its id with prefix 05. Nobody vouches for it: compare it with the group whose
    /// keys were used.
    #[must_use]
    pub const fn group(&self) -> AccountId {
        self.group
    }

    /// The message and its sender, who is certain. That it was meant for the group is certain too:
    /// the sender has signed the group's key.
    #[must_use]
    pub const fn opened(&self) -> &Opened {
        &self.opened
    }

    /// As [`opened`](Self::opened), given away.
    #[must_use]
    pub fn into_opened(self) -> Opened {
        self.opened
    }
}

/// Opens a message of a legacy closed group with the group's key pairs, tried in order. `me` is
/// one's own id, which tells own messages from others'.
///
/// # Errors
/// As [`open_one_to_one`](crate::open_one_to_one), from the last of the keys; [`Error::Source`]
/// when the envelope does not name a group.
pub fn open<'k>(
    me: &AccountId,
    group_keys: impl IntoIterator<Item = &'k x25519::SecretKey>,
    wire: &[u8],
) -> Result<LegacyGroupMessage, Error> {
    let opened = open_wire(me, group_keys, wire)?;
    let source = opened.outside().source.ok_or(Error::Source)?;
    let group = AccountId::try_from(source)
        .and_then(|group| group.require(Prefix::Standard))
        .map_err(|_| Error::Source)?;
    Ok(LegacyGroupMessage { group, opened })
}

#[cfg(test)]
mod tests;

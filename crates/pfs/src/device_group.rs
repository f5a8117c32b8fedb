//! Messages by which the devices of an account tell each other what they know (spec 07 §4, §5).
//!
//! The account's key signs them. That shows that the account's seed made them, which removed
//! devices have too: a member's device key opens them, and who knows the public half of that, which
//! nobody else is to see, is taken for a member. See the specification's D1 for what this is worth.

mod open;
mod outer;
mod payload;
mod seal;
mod size;
mod slot;
#[cfg(test)]
mod tests;

use core::fmt;

use session_crypto::mlkem768::CIPHERTEXT_LEN;
use session_crypto::x25519;
use session_identity::Account;

use crate::message::check_len;
use crate::{DeviceId, Error, GroupId, KeyPair};

pub use outer::MessageKind;
pub use payload::Payload;
pub use seal::seal_group_message;

pub(crate) use outer::{Outer, group_id};
#[cfg(feature = "hazmat")]
pub(crate) use {
    outer::removed_entry,
    payload::{Contents, buffer},
    seal::{Plan, permutation},
    size::padded_len,
};

const NAME: &str = "group message";
const MALFORMED: Error = Error::Malformed { what: NAME };

/// A group message whose signature is verified.
///
/// ```
/// use session_pfs::{AccountKeys, DeviceId, DeviceInfo, DeviceRecord, DeviceState, DeviceTable};
/// use session_pfs::{GroupId, GroupMessage, KeyPair, KeySeed, seal_group_message};
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # use session_pfs::{session_core::UnixMillis, session_identity::Account};
/// # fn main() -> Result<(), session_pfs::Error> {
/// # let mut rng = ChaCha20Rng::from_seed([1; 32]);
/// # let account = Account::generate(&mut rng);
/// # let now = UnixMillis::from_secs(1_790_000_000);
/// // A group of one device.
/// let group = GroupId::generate(now, &mut rng);
/// let device = KeyPair::of_device_key(&KeySeed::generate(&mut rng));
/// let info = DeviceInfo::new("Kitchen", "d", 0);
/// let record = DeviceRecord::new(&device.public(), 1, 1_790_000_000, &info)?;
/// let id = DeviceId::generate(&mut rng);
/// let table = DeviceTable::new(id, DeviceState::Registered, record);
/// let mut keys = AccountKeys::new();
/// keys.rotate(now, &mut rng);
/// let stored = seal_group_message(&account, &group, &table, &keys, &mut rng)?;
///
/// let message = GroupMessage::read(&account, &stored)?;
/// assert_eq!(message.group_id(&account), Some(group));
/// let (key, payload) = message.open([&device])?;
/// assert_eq!(key, 0);
/// assert_eq!(payload.devices[0].0, id);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct GroupMessage<'m> {
    outer: Outer<'m>,
    ciphertexts: &'m [[u8; CIPHERTEXT_LEN]],
    entries: &'m [[u8; slot::ENTRY_LEN]],
    payload: &'m [u8],
    ephemeral: x25519::PublicKey,
}

impl<'m> GroupMessage<'m> {
    /// Parses a message and verifies that the account's key signed it. The signature has to be the
    /// last field and the message has to end where `bytes` do.
    ///
    /// # Errors
    /// [`Error::Version`] for another type of message; [`Error::Length`] beyond 76,800 bytes;
    /// [`Error::Signature`]; [`Error::Malformed`].
    pub fn read(account: &Account, bytes: &'m [u8]) -> Result<Self, Error> {
        check_len(NAME, bytes.len())?;
        let mut outer = Outer::parse(bytes)?;
        let (Some(ciphertexts), Some(entries), Some(payload)) =
            (outer.ciphertexts, outer.keys, outer.payload)
        else {
            return Err(MALFORMED);
        };
        // Who names a group says how to be linked to it.
        if outer.group.is_some() && outer.link.is_none() {
            return Err(MALFORMED);
        }
        outer.verify(account.ed25519_key())?;
        let (ciphertexts, []) = ciphertexts.as_chunks() else {
            return Err(MALFORMED);
        };
        let (entries, []) = entries.as_chunks() else {
            return Err(MALFORMED);
        };
        if ciphertexts.len() != entries.len() || payload.len() <= session_crypto::TAG_LEN {
            return Err(MALFORMED);
        }
        Ok(Self {
            ephemeral: outer.ephemeral,
            outer,
            ciphertexts,
            entries,
            payload,
        })
    }

    /// The message's own key. An honest writer never uses one twice; another holder of the
    /// account's key can sign another message with it.
    #[must_use]
    pub const fn ephemeral(&self) -> &x25519::PublicKey {
        &self.ephemeral
    }

    /// What link requests to the group are encrypted to; `None` in messages of an old kind that
    /// name no group either.
    #[must_use]
    pub const fn link_x25519(&self) -> Option<&x25519::PublicKey> {
        self.outer.link.as_ref()
    }

    /// The group, if the message names one. Any device of the account can read it, member or not.
    #[must_use]
    pub fn group_id(&self, account: &Account) -> Option<GroupId> {
        let id = self.outer.group?;
        let id = group_id(account, &self.ephemeral, id);
        Some(GroupId::from_bytes(id))
    }

    /// Whether the message says that `device` was removed, to a device that cannot open it. Any
    /// device of the account could have written so: warn the user and stop, erase nothing (spec 07
    /// D10).
    #[must_use]
    pub fn names_removed(&self, account: &Account, device: &DeviceId) -> bool {
        self.outer.names_removed(account, device)
    }

    /// Decrypts the payload. `keys` are this device's keys, the newest first; the first 32 are
    /// tried. Returns the index of the one that did it.
    ///
    /// # Errors
    /// [`Error::NotForUs`] when no key opens any slot, whatever the reason; [`Error::Malformed`]
    /// when what was inside is no payload.
    pub fn open<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k KeyPair>,
    ) -> Result<(usize, Payload), Error> {
        let unsealed = self.unseal(keys)?;
        Ok((unsealed.key, Payload::parse(&unsealed.payload)?))
    }
}

impl fmt::Debug for GroupMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupMessage")
            .field("ephemeral", &self.ephemeral)
            .field("slots", &self.ciphertexts.len())
            .finish_non_exhaustive()
    }
}

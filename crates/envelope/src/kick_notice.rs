//! Notices to members who were removed from a group (spec 05 §8).

use alloc::string::ToString;
use alloc::vec::Vec;

use session_core::AccountId;
use session_crypto::rand_core::CryptoRng;
use session_crypto::{ed25519, x25519};
use session_identity::Account;

use crate::Error;
use crate::group::group_key;
use crate::multi::{self, Domain};
use crate::one_to_one::recipient_key;

/// Tells members that they were removed from a group. It is stored in the namespace -11 of the
/// group's swarm, which they can still read; others cannot read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KickNotice {
    generation: u64,
}

impl KickNotice {
    /// Seals the notice for these members with the key of the group. `generation` is that of the
    /// group's current keys.
    ///
    /// # Errors
    /// [`Error::Recipient`] for a member whose id has not prefix 05 or has a key of low order.
    pub fn seal<R: CryptoRng + ?Sized>(
        group: &ed25519::SigningKey,
        members: &[AccountId],
        generation: u64,
        rng: &mut R,
    ) -> Result<Vec<u8>, Error> {
        let generation = generation.to_string();
        let mut keys = Vec::with_capacity(members.len());
        for member in members {
            keys.push(recipient_key(member)?);
        }
        let message = |key: &x25519::PublicKey| [key.as_bytes(), generation.as_bytes()].concat();
        let messages: Vec<_> = keys.iter().map(message).collect();
        let messages = messages.iter().map(Vec::as_slice);
        let to: Vec<_> = keys.iter().copied().zip(messages).collect();
        multi::encrypt(&group.to_x25519(), &to, Domain::KICKED, 0, rng)
    }

    /// Opens a notice: oneself was removed from the group. `current_generation` is that of the
    /// newest keys of the group that one has.
    ///
    /// # Errors
    /// [`Error::Recipient`] when `group` is not the id of a group; [`Error::Decrypt`] when the
    /// notice is for others; [`Error::Outdated`] when the group has got newer keys since, so that
    /// one is a member again; [`Error::Encoding`] and [`Error::Length`]. In all these cases one
    /// was not removed.
    pub fn open(
        me: &Account,
        group: &AccountId,
        current_generation: u64,
        encoded: &[u8],
    ) -> Result<Self, Error> {
        let group = ed25519::PublicKey::from_bytes(group_key(group)?)
            .and_then(|key| key.to_x25519())
            .map_err(|_| Error::Recipient)?;
        let me = me.x25519_key();
        let message = multi::decrypt(me, &group, Domain::KICKED, encoded)?;
        let generation = message
            .strip_prefix(me.public().as_bytes())
            .and_then(decimal)
            .ok_or(Error::Encoding {
                what: "kick notice",
            })?;
        if generation < current_generation {
            return Err(Error::Outdated);
        }
        Ok(Self { generation })
    }

    /// The generation of the group's keys when the notice was made.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.generation
    }
}

/// Digits and nothing else, not even a sign.
fn decimal(text: &[u8]) -> Option<u64> {
    if !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    core::str::from_utf8(text).ok()?.parse().ok()
}

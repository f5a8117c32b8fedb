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
use crate::one_to_one::{check_wire_len, recipient_key};

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
    /// [`Error::Recipient`] for a member whose id has not prefix 05 or has a key of low order;
    /// [`Error::Length`] for more members than fit into what a swarm stores,
    /// [`MAX_WIRE_LEN`](crate::MAX_WIRE_LEN) bytes: make several notices.
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
        let notice = multi::encrypt(&group.to_x25519(), &to, Domain::KICKED, 0, rng)?;
        check_wire_len(&notice)?;
        Ok(notice)
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

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use rand_chacha::ChaCha20Rng;
    use session_core::Prefix;
    use session_crypto::rand_core::SeedableRng;
    use session_identity::Seed;

    fn rng() -> ChaCha20Rng {
        ChaCha20Rng::from_seed([9; 32])
    }

    fn account(byte: u8) -> Account {
        Account::from_seed(&Seed::from([byte; 32]))
    }

    fn group() -> (ed25519::SigningKey, AccountId) {
        let key = ed25519::SigningKey::from_seed(&[3; 32]);
        let id = AccountId::new(Prefix::Group, *key.public().as_bytes());
        (key, id)
    }

    /// A message in the domain of notices.
    fn open(message: &[u8]) -> Result<u64, Error> {
        let (key, id) = group();
        let me = account(1);
        let to = [(*me.x25519_key().public(), message)];
        let encoded = multi::encrypt(&key.to_x25519(), &to, Domain::KICKED, 0, &mut rng()).unwrap();
        KickNotice::open(&me, &id, 5, &encoded).map(|notice| notice.generation())
    }

    #[test]
    fn members_learn_that_they_were_removed() {
        let (key, id) = group();
        let members = [account(1).id(), account(2).id()];
        let encoded = KickNotice::seal(&key, &members, 19, &mut rng()).unwrap();
        for me in [account(1), account(2)] {
            let open = |current| KickNotice::open(&me, &id, current, &encoded);
            assert_eq!(open(0).map(|notice| notice.generation()), Ok(19));
            assert_eq!(open(19), Ok(KickNotice { generation: 19 }));
            assert_eq!(open(20), Err(Error::Outdated));
        }
        let open = |id: &AccountId| KickNotice::open(&account(3), id, 0, &encoded);
        assert_eq!(open(&id), Err(Error::Decrypt));
        assert_eq!(open(&members[0]), Err(Error::Recipient));
        let no_key = AccountId::new(Prefix::Group, [0; 32]);
        assert_eq!(open(&no_key), Err(Error::Recipient));
    }

    #[test]
    fn notices_fit_into_a_swarm() {
        let (key, _) = group();
        let seal = |count| KickNotice::seal(&key, &vec![account(1).id(); count], 1, &mut rng());
        assert!(seal(1_000).is_ok());
        assert!(matches!(
            seal(2_000),
            Err(Error::Length {
                what: "message",
                ..
            })
        ));
    }

    #[test]
    fn notices_name_the_member_and_a_number() {
        let me = account(1).x25519_key().public().as_bytes().to_vec();
        let notice = |generation: &[u8]| open(&[&me, generation].concat());
        assert_eq!(notice(b"5"), Ok(5));
        assert_eq!(notice(b"007"), Ok(7));
        assert_eq!(notice(b"18446744073709551615"), Ok(u64::MAX));
        let malformed = Err(Error::Encoding {
            what: "kick notice",
        });
        for generation in [
            &b""[..],
            b"+7",
            b"-7",
            b"7 ",
            b"18446744073709551616",
            b"\xff",
        ] {
            assert_eq!(notice(generation), malformed, "{generation:?}");
        }
        let another = account(2).x25519_key().public().as_bytes().to_vec();
        assert_eq!(open(&[&another, &b"7"[..]].concat()), malformed);
    }

    #[test]
    fn only_people_are_removed() {
        let (key, id) = group();
        let seal = |member| KickNotice::seal(&key, &[member], 1, &mut rng());
        assert_eq!(seal(id), Err(Error::Recipient));
        let no_key = AccountId::new(Prefix::Standard, [0; 32]);
        assert_eq!(seal(no_key), Err(Error::Recipient));
    }
}

//! The ids under which an account appears on community servers (spec 01 §8).
//!
//! A blinded id hides the Account ID from a reader who does not know the server's key; it is no
//! anonymity. Whoever knows that key turns an id of form 15 back into the Account ID
//! ([`unblind15_id`]), and tests any Account ID against an id of form 25 ([`matches()`]).

use core::fmt;
use core::str::FromStr;

use session_core::{AccountId, Prefix, hex};
use session_crypto::blinding::{Factor, SigningKey};
use session_crypto::ed25519::{PublicKey, Signature};
use session_crypto::x25519;
use zeroize::ZeroizeOnDrop;

use crate::conversion::{ed25519_key, x25519_key};
use crate::{Account, Error};

/// The 32-byte X25519 key of a community server, from the URL by which one joins it. Here it is
/// hashed only, and never used as a point: any 32 bytes will do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerKey([u8; Self::LEN]);

impl ServerKey {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// Takes the bytes of a key.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// Takes the bytes of a key from a slice.
    ///
    /// # Errors
    /// [`Error::ServerKeyLength`].
    pub fn from_slice(bytes: &[u8]) -> Result<Self, Error> {
        let got = bytes.len();
        let bytes = bytes.try_into();
        bytes.map(Self).map_err(|_| Error::ServerKeyLength { got })
    }

    /// The bytes of the key.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    fn factor15(&self) -> Factor {
        Factor::of_server(&self.0)
    }

    fn factor25(&self, account: &x25519::PublicKey) -> Factor {
        Factor::of_account(account, &self.0)
    }
}

impl FromStr for ServerKey {
    type Err = Error;

    /// Exactly 64 hexadecimal digits of either case.
    fn from_str(text: &str) -> Result<Self, Error> {
        let bytes = hex::decode_array("server key", text);
        bytes.map(Self).map_err(|_| Error::ServerKeyText)
    }
}

/// 64 lowercase hexadecimal digits.
impl fmt::Display for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

/// Shortened: which servers somebody uses must not reach logs.
impl fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, ..] = self.0;
        write!(f, "ServerKey({first:02x}{second:02x}…)")
    }
}

macro_rules! blinded {
    ($(#[$doc:meta])* $name:ident, $prefix:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(SigningKey);

        impl $name {
            /// The id that others on the server see.
            #[must_use]
            pub fn id(&self) -> AccountId {
                AccountId::new(Prefix::$prefix, *self.0.public().as_bytes())
            }

            /// The pair itself. Its signatures verify under the key in [`id`](Self::id).
            #[must_use]
            pub const fn key(&self) -> &SigningKey {
                &self.0
            }

            /// Signs, deterministically. Whatever is signed, the nonce is never one that the
            /// account's own key uses.
            #[must_use]
            pub fn sign(&self, message: &[u8]) -> Signature {
                self.0.sign(message)
            }
        }

        /// Shows the shortened id only.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.id().short())
            }
        }

        impl ZeroizeOnDrop for $name {}
    };
}

blinded!(
    /// An account's key pair of form 15 on one server: author and authentication id there
    /// (spec 01 §8.2). Zeroized on drop.
    Blinded15,
    Blinded15
);

blinded!(
    /// An account's key pair of form 25 on one server (spec 01 §8.3). Zeroized on drop.
    ///
    /// No known server lets it authenticate, so it cannot sign
    /// [community requests](crate::community_auth).
    Blinded25,
    Blinded25
);

impl Account {
    /// The account's key pair of form 15 on a server. It costs a base point product: keep it.
    #[must_use]
    pub fn blind15(&self, server: &ServerKey) -> Blinded15 {
        let key = self.expose_signing_key();
        Blinded15(SigningKey::form15(key, server.as_bytes()))
    }

    /// The account's key pair of form 25 on a server. It costs a base point product: keep it.
    #[must_use]
    pub fn blind25(&self, server: &ServerKey) -> Blinded25 {
        let (key, account) = (self.expose_signing_key(), self.x25519_key().public());
        Blinded25(SigningKey::form25(key, account, server.as_bytes()))
    }
}

/// The two ids of form 15 that an Account ID can have on a server. One is the true id; the
/// Account ID alone does not tell which (spec 01 §8.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blinded15Ids {
    from_positive: AccountId,
    other: AccountId,
}

impl Blinded15Ids {
    /// Computes both ids.
    ///
    /// # Errors
    /// [`Error::WrongPrefix`] unless the Account ID has prefix 05; [`Error::InvalidPoint`].
    pub fn new(account: &AccountId, server: &ServerKey) -> Result<Self, Error> {
        let key = x25519_key(account)?;
        let blinded = server.factor15().blind_account(&key);
        let from_positive = blinded15_id_of(&blinded.map_err(|_| Error::InvalidPoint)?);
        Ok(Self {
            from_positive,
            other: with_flipped_sign(&from_positive),
        })
    }

    /// The id computed from the account's positive alternative. Its own sign bit is 0 or 1.
    #[must_use]
    pub const fn from_positive(&self) -> &AccountId {
        &self.from_positive
    }

    /// The other id.
    #[must_use]
    pub const fn other(&self) -> &AccountId {
        &self.other
    }

    /// The one of the two with sign bit 0: by this community servers look users up.
    #[must_use]
    pub const fn abs(&self) -> &AccountId {
        if self.from_positive.key_bytes()[31] & 0x80 == 0 {
            &self.from_positive
        } else {
            &self.other
        }
    }

    /// Whether `id` is one of the two.
    #[must_use]
    pub fn contains(&self, id: &AccountId) -> bool {
        [&self.from_positive, &self.other].contains(&id)
    }
}

/// The id of form 15 of an account whose Ed25519 key is known.
///
/// # Errors
/// [`Error::InvalidPoint`] for a key outside the prime-order subgroup.
pub fn blind15_id(key: &PublicKey, server: &ServerKey) -> Result<AccountId, Error> {
    let blinded = server.factor15().blind(key);
    blinded
        .map(|key| blinded15_id_of(&key))
        .map_err(|_| Error::InvalidPoint)
}

/// The id of form 25 of an account. There is only one (spec 01 §8.3).
///
/// # Errors
/// [`Error::WrongPrefix`] unless the Account ID has prefix 05; [`Error::InvalidPoint`].
pub fn blind25_id(account: &AccountId, server: &ServerKey) -> Result<AccountId, Error> {
    let key = x25519_key(account)?;
    let blinded = server.factor25(&key).blind_account(&key);
    blinded
        .map(|key| AccountId::new(Prefix::Blinded25, *key.as_bytes()))
        .map_err(|_| Error::InvalidPoint)
}

/// Whether a blinded id of either form belongs to an account (spec 01 §8.4).
///
/// # Errors
/// [`Error::WrongPrefix`] when `account` has not prefix 05 or `blinded` is no blinded id;
/// [`Error::InvalidPoint`] for an account that no blinded id can belong to.
pub fn matches(
    account: &AccountId,
    blinded: &AccountId,
    server: &ServerKey,
) -> Result<bool, Error> {
    match blinded.prefix() {
        Prefix::Blinded15 => Ok(Blinded15Ids::new(account, server)?.contains(blinded)),
        Prefix::Blinded25 => Ok(blind25_id(account, server)? == *blinded),
        other => Err(Error::WrongPrefix {
            expected: Prefix::Blinded15.byte(),
            got: other.byte(),
        }),
    }
}

/// The Ed25519 key of the account behind an id of form 15 (spec 01 §8.5). Of the id with the
/// other sign bit it is the negative.
///
/// # Errors
/// [`Error::WrongPrefix`] for another kind of id, [`Error::InvalidPoint`].
pub fn unblind15(blinded: &AccountId, server: &ServerKey) -> Result<PublicKey, Error> {
    let key = ed25519_key(blinded, Prefix::Blinded15)?;
    let key = server.factor15().unblind(&key);
    key.map_err(|_| Error::InvalidPoint)
}

/// The Account ID behind an id of form 15: one product, where apps try every contact. Anybody who
/// knows the server's key can do the same.
///
/// # Errors
/// [`Error::WrongPrefix`] for another kind of id, [`Error::InvalidPoint`].
pub fn unblind15_id(blinded: &AccountId, server: &ServerKey) -> Result<AccountId, Error> {
    let key = ed25519_key(blinded, Prefix::Blinded15)?;
    let account = server.factor15().unblind_account(&key);
    account
        .map(|key| AccountId::new(Prefix::Standard, *key.as_bytes()))
        .map_err(|_| Error::InvalidPoint)
}

fn blinded15_id_of(key: &PublicKey) -> AccountId {
    AccountId::new(Prefix::Blinded15, *key.as_bytes())
}

fn with_flipped_sign(id: &AccountId) -> AccountId {
    let mut key = *id.key_bytes();
    key[31] ^= 0x80;
    AccountId::new(id.prefix(), key)
}

//! The keys of Session Pro that derive from an account (spec 01 §10).

use alloc::string::ToString;
use core::fmt;

use session_core::UnixMillis;
use session_crypto::blake2b;
use session_crypto::ed25519::SigningKey;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::account::signing_key_from_secret;
use crate::{Account, Error};

/// How long a derived rotating key is the one to take, in seconds: a week, counted from 1970 UTC.
pub const ROTATION_SECS: u64 = 604_800;

/// The Pro master key pair of an account, which signs requests for proofs. Zeroized on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey(SigningKey);

impl Account {
    /// The account's Pro master key.
    #[must_use]
    pub fn pro_master_key(&self) -> MasterKey {
        MasterKey(self.expose_signing_key().subkey(b"SessionProRandom"))
    }
}

impl MasterKey {
    /// Takes the seed of a master key, or the 64-byte form.
    ///
    /// # Errors
    /// [`Error::SecretKeyLength`], [`Error::PublicHalfMismatch`].
    pub fn from_secret(secret: &[u8]) -> Result<Self, Error> {
        signing_key_from_secret(secret).map(Self)
    }

    /// The pair itself.
    #[must_use]
    pub const fn key(&self) -> &SigningKey {
        &self.0
    }

    /// The rotating key of the week that `at` falls in: all devices of the account derive the
    /// same one without talking.
    ///
    /// It is the key to name in a *new* proof. Which key a message is signed with, the current
    /// proof says: it may be an older one, or one that an app has made at random.
    #[must_use]
    pub fn rotating_key(&self, at: UnixMillis) -> RotatingKey {
        let seconds = at.as_secs();
        let start = seconds.saturating_sub(seconds % ROTATION_SECS);
        let digits = start.to_string();
        let parts: [&[u8]; 2] = [self.0.expose_seed(), digits.as_bytes()];
        let seed = Zeroizing::new(blake2b::hash_personal(b"ProRotatingSeed_", &parts));
        RotatingKey {
            key: SigningKey::from_seed(&seed),
            since: UnixMillis::from_secs(start),
        }
    }
}

/// A derived rotating key pair. Zeroized on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct RotatingKey {
    key: SigningKey,
    since: UnixMillis,
}

impl RotatingKey {
    /// The pair itself.
    #[must_use]
    pub const fn key(&self) -> &SigningKey {
        &self.key
    }

    /// The start of the week that it belongs to.
    #[must_use]
    pub const fn since(&self) -> UnixMillis {
        self.since
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

impl fmt::Debug for RotatingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RotatingKey(..)")
    }
}

impl ZeroizeOnDrop for MasterKey {}
impl ZeroizeOnDrop for RotatingKey {}

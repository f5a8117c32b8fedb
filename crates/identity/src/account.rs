//! The long-term keys of a person (spec 01 §3.2).

use core::fmt;

use session_core::{AccountId, Prefix};
use session_crypto::rand_core::CryptoRng;
use session_crypto::{ed25519, x25519};
use zeroize::ZeroizeOnDrop;

use crate::{Error, Seed};

/// An account: an Ed25519 pair that signs, the X25519 pair of the same scalar that receives, and
/// the Account ID that names the latter. Secrets are zeroized on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    signing_key: ed25519::SigningKey,
    x25519_key: x25519::SecretKey,
}

impl Account {
    /// Derives the keys of a seed.
    #[must_use]
    pub fn from_seed(seed: &Seed) -> Self {
        Self::from_signing_key(ed25519::SigningKey::from_seed(seed.expose_bytes()))
    }

    fn from_signing_key(signing_key: ed25519::SigningKey) -> Self {
        let x25519_key = signing_key.to_x25519();
        Self {
            signing_key,
            x25519_key,
        }
    }

    /// Takes the account's Ed25519 secret key: the 32-byte seed, or the 64 bytes that apps store,
    /// seed and public half.
    ///
    /// # Errors
    /// [`Error::SecretKeyLength`], [`Error::PublicHalfMismatch`].
    pub fn from_secret(secret: &[u8]) -> Result<Self, Error> {
        signing_key_from_secret(secret).map(Self::from_signing_key)
    }

    /// Makes a new account with a 16-byte seed. Show the user its recovery password:
    /// `account.seed().to_mnemonic(Language::English)`.
    #[must_use]
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        Self::from_seed(&Seed::generate(rng))
    }

    /// The Account ID, prefix `05`.
    #[must_use]
    pub const fn id(&self) -> AccountId {
        AccountId::new(Prefix::Standard, *self.x25519_key.public().as_bytes())
    }

    /// The public half of the key that signs. Others know the Account ID only, unless this is
    /// told to them.
    #[must_use]
    pub const fn ed25519_key(&self) -> &ed25519::PublicKey {
        self.signing_key.public()
    }

    /// The key that signs requests and messages, for code that lays out the signed bytes itself.
    ///
    /// An account has no method that signs any bytes, on purpose. Some apps blind with a nonce
    /// that is also the nonce of a plain signature over a blinded key followed by a message
    /// (spec 01 §8.2). Who gets this key to sign bytes of such a form, and sees a signature that
    /// another device of the account made in a community, can compute the account's secret. Do
    /// not sign what somebody else has chosen.
    #[must_use]
    pub const fn expose_signing_key(&self) -> &ed25519::SigningKey {
        &self.signing_key
    }

    /// The key that messages are sealed to.
    #[must_use]
    pub const fn x25519_key(&self) -> &x25519::SecretKey {
        &self.x25519_key
    }

    /// The seed that the account was made of.
    #[must_use]
    pub fn seed(&self) -> Seed {
        Seed::from(*self.signing_key.expose_seed())
    }
}

/// A signing key from 32 or 64 bytes.
pub(crate) fn signing_key_from_secret(secret: &[u8]) -> Result<ed25519::SigningKey, Error> {
    ed25519::SigningKey::from_secret(secret).map_err(|error| match error {
        session_crypto::Error::PublicHalfMismatch => Error::PublicHalfMismatch,
        _ => Error::SecretKeyLength { got: secret.len() },
    })
}

/// Shows the shortened Account ID only.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account({})", self.id().short())
    }
}

impl ZeroizeOnDrop for Account {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    #[test]
    fn published_account() {
        let seed = Seed::from_hex("7728d972721b98816a328c46c1995135").unwrap();
        let account = Account::from_seed(&seed);
        assert_eq!(
            account.id().to_string(),
            "056c3d9682f167135d4c86b0af24e7aca98949380fa825e01455e788fe3df1d05c"
        );
        assert_eq!(account.seed(), seed);
        assert_eq!(format!("{account:?}"), "Account(056c…d05c)");
    }

    #[test]
    fn both_pairs_belong_together() {
        let account = Account::from_seed(&Seed::from([3; 32]));
        let converted = account.ed25519_key().to_x25519().unwrap();
        assert_eq!(&converted, account.x25519_key().public());
    }

    #[test]
    fn secrets_are_zeroized_on_drop() {
        const fn check<T: ZeroizeOnDrop>() {}
        check::<Account>();
        check::<Seed>();
        // `Account` only says so: these do it.
        check::<ed25519::SigningKey>();
        check::<x25519::SecretKey>();
    }
}

//! The long-term keys of a person (spec 01 §3.2).

use core::fmt;

use session_core::{AccountId, Prefix};
use session_crypto::rand_core::CryptoRng;
use session_crypto::{ed25519, x25519};
use zeroize::ZeroizeOnDrop;

use crate::Seed;

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
        let signing_key = ed25519::SigningKey::from_seed(seed.expose_bytes());
        let x25519_key = signing_key.to_x25519();
        Self {
            signing_key,
            x25519_key,
        }
    }

    /// Makes a new account with a 16-byte seed. Show the user its recovery password:
    /// `account.seed().to_mnemonic()`.
    #[must_use]
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        Self::from_seed(&Seed::generate(rng))
    }

    /// The Account ID, prefix `05`.
    #[must_use]
    pub const fn id(&self) -> AccountId {
        AccountId::new(Prefix::Standard, *self.x25519_key.public().as_bytes())
    }

    /// The key that signs requests and messages.
    ///
    /// Sign nothing with it that somebody else has chosen: the bytes could be a request.
    #[must_use]
    pub const fn signing_key(&self) -> &ed25519::SigningKey {
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
        let converted = account.signing_key().public().to_x25519().unwrap();
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

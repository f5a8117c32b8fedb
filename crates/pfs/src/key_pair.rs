//! What an account key or a device key is expanded to.

use core::fmt;

use session_crypto::sha3::shake256;
use session_crypto::{mlkem768, x25519};
use zeroize::Zeroizing;

use crate::{KeyIndicator, KeySeed, PublicKeys};

/// The X25519 and the ML-KEM-768 pair of one seed (spec 06 §3). Expanding costs about as much as
/// opening a message: keep it. Secrets are zeroized on drop.
#[derive(Clone)]
pub struct KeyPair {
    x25519: x25519::SecretKey,
    mlkem: mlkem768::DecapsulationKey,
}

impl KeyPair {
    /// Expands the seed of an account key, which all devices of an account share.
    #[must_use]
    pub fn of_account_key(seed: &KeySeed) -> Self {
        Self::expand(b"SessionAccountKeys", seed)
    }

    /// Expands the seed of a device key, which never leaves its device.
    #[must_use]
    pub fn of_device_key(seed: &KeySeed) -> Self {
        Self::expand(b"SessionDeviceKeys", seed)
    }

    fn expand(domain: &[u8], seed: &KeySeed) -> Self {
        let bytes = shake256::<96>(&[domain, seed.expose_bytes()]);
        let mut x25519 = Zeroizing::new([0; x25519::SecretKey::LEN]);
        let mut mlkem = Zeroizing::new([0; mlkem768::DecapsulationKey::SEED_LEN]);
        let (first, rest) = bytes.split_at(x25519.len());
        x25519.copy_from_slice(first);
        mlkem.copy_from_slice(rest);
        Self {
            x25519: x25519::SecretKey::from_bytes(&x25519),
            mlkem: mlkem768::DecapsulationKey::from_seed(&mlkem),
        }
    }

    /// The X25519 pair.
    #[must_use]
    pub const fn x25519(&self) -> &x25519::SecretKey {
        &self.x25519
    }

    /// The ML-KEM-768 pair.
    #[must_use]
    pub const fn mlkem(&self) -> &mlkem768::DecapsulationKey {
        &self.mlkem
    }

    /// Both public halves.
    #[must_use]
    pub fn public(&self) -> PublicKeys {
        PublicKeys::from_own(*self.x25519.public(), self.mlkem.public().clone())
    }

    /// What messages for this key are marked with.
    #[must_use]
    pub const fn indicator(&self) -> KeyIndicator {
        KeyIndicator::of(self.mlkem.public())
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyPair").field(&self.indicator()).finish()
    }
}

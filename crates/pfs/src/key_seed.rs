//! The secret that a key pair is expanded from.

use core::fmt;

use session_crypto::rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::Error;

/// The 32 random bytes of an account key or of a device key (spec 06 §3, 07 §3). Zeroized on drop,
/// compared in constant time.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct KeySeed([u8; Self::LEN]);

impl KeySeed {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// Makes a fresh seed from 32 bytes of `rng`.
    #[must_use]
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut seed = Self([0; Self::LEN]);
        rng.fill_bytes(&mut seed.0);
        seed
    }

    /// Takes the bytes of a seed.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// Takes the bytes of a seed from a slice.
    ///
    /// # Errors
    /// [`Error::Length`].
    pub fn from_slice(bytes: &[u8]) -> Result<Self, Error> {
        bytes.try_into().map(Self).map_err(|_| Error::Length {
            what: "key seed",
            expected: Self::LEN,
            got: bytes.len(),
        })
    }

    /// The bytes of the seed.
    #[must_use]
    pub const fn expose_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl PartialEq for KeySeed {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for KeySeed {}

impl fmt::Debug for KeySeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySeed(..)")
    }
}

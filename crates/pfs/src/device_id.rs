//! The name of one installation.

use core::fmt;

use session_crypto::rand_core::CryptoRng;

use crate::Error;

/// 32 random bytes, made once for an installation and never used again after its removal (spec 07
/// §3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId([u8; Self::LEN]);

impl DeviceId {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// Makes a new id from 32 bytes of `rng`.
    #[must_use]
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut id = [0; Self::LEN];
        rng.fill_bytes(&mut id);
        Self(id)
    }

    /// Takes the bytes of an id.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// Takes the bytes of an id from a slice.
    ///
    /// # Errors
    /// [`Error::Length`].
    pub fn from_slice(bytes: &[u8]) -> Result<Self, Error> {
        bytes.try_into().map(Self).map_err(|_| Error::Length {
            what: "device id",
            expected: Self::LEN,
            got: bytes.len(),
        })
    }

    /// The bytes of the id.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, ..] = self.0;
        write!(f, "DeviceId({first:02x}{second:02x}…)")
    }
}

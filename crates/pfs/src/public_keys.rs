//! The public halves of an account key or of a device key.

use core::fmt;

use session_crypto::{mlkem768, x25519};

use crate::Error;

/// An X25519 and an ML-KEM-768 public key that messages can be encrypted to: neither of low order
/// nor beyond the modulus (spec 06 R1, R2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKeys {
    x25519: x25519::PublicKey,
    mlkem: mlkem768::EncapsulationKey,
}

impl PublicKeys {
    /// Checks two keys, the second of 1,184 bytes. `what` names them in errors.
    ///
    /// # Errors
    /// [`Error::LowOrder`], [`Error::Length`], [`Error::MlKemKey`].
    pub fn new(what: &'static str, x25519: x25519::PublicKey, mlkem: &[u8]) -> Result<Self, Error> {
        let mlkem = mlkem768::EncapsulationKey::from_slice(mlkem).map_err(|error| match error {
            session_crypto::Error::Length { expected, got, .. } => Error::Length {
                what,
                expected,
                got,
            },
            _ => Error::MlKemKey { what },
        })?;
        if x25519.is_low_order() {
            return Err(Error::LowOrder { what });
        }
        Ok(Self { x25519, mlkem })
    }

    /// The public halves of a pair, which need no check.
    pub(crate) const fn from_own(
        x25519: x25519::PublicKey,
        mlkem: mlkem768::EncapsulationKey,
    ) -> Self {
        Self { x25519, mlkem }
    }

    /// The X25519 key.
    #[must_use]
    pub const fn x25519(&self) -> &x25519::PublicKey {
        &self.x25519
    }

    /// The ML-KEM-768 key.
    #[must_use]
    pub const fn mlkem(&self) -> &mlkem768::EncapsulationKey {
        &self.mlkem
    }

    /// What messages for these keys are marked with.
    #[must_use]
    pub const fn indicator(&self) -> KeyIndicator {
        KeyIndicator::of(&self.mlkem)
    }
}

/// The first two bytes of an ML-KEM public key: a hint which of one's keys a message is for (spec
/// 06 §3). Nobody vouches for it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyIndicator([u8; Self::LEN]);

impl KeyIndicator {
    /// Length in bytes.
    pub const LEN: usize = 2;

    pub(crate) const fn of(key: &mlkem768::EncapsulationKey) -> Self {
        let [first, second, ..] = *key.as_bytes();
        Self([first, second])
    }

    /// Takes the two bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// The two bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Debug for KeyIndicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second] = self.0;
        write!(f, "KeyIndicator({first:02x}{second:02x})")
    }
}

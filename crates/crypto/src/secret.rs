//! Secret bytes that are not curve keys.

use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A 32-byte symmetric key. Zeroized on drop, compared in constant time.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SymmetricKey([u8; Self::LEN]);

impl SymmetricKey {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// Takes the bytes of a key.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// The bytes of the key.
    #[must_use]
    pub const fn expose_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl PartialEq for SymmetricKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SymmetricKey {}

impl fmt::Debug for SymmetricKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SymmetricKey(..)")
    }
}

/// The types that hold our keys do erase themselves: this fails to compile without the `zeroize`
/// features that the workspace manifest turns on.
const _: () = {
    const fn erases_itself<T: ZeroizeOnDrop>() {}
    erases_itself::<ed25519_dalek::SigningKey>();
    erases_itself::<x25519_dalek::StaticSecret>();
};

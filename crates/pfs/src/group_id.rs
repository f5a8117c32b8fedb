//! The name of a device group.

use core::fmt;

use session_core::UnixMillis;
use session_crypto::rand_core::CryptoRng;

/// Minutes since the epoch at the group's creation, 4 bytes little-endian, and 4 random bytes; the
/// same for the group's whole life (spec 07 §5.4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId([u8; Self::LEN]);

impl GroupId {
    /// Length in bytes.
    pub const LEN: usize = 8;

    /// The id of a group that is created now. Draws 4 bytes from `rng`.
    #[must_use]
    pub fn generate<R: CryptoRng + ?Sized>(now: UnixMillis, rng: &mut R) -> Self {
        let minutes = u32::try_from(now.as_secs() / 60).unwrap_or(u32::MAX);
        let [a, b, c, d] = minutes.to_le_bytes();
        let mut random = [0; 4];
        rng.fill_bytes(&mut random);
        let [e, f, g, h] = random;
        Self([a, b, c, d, e, f, g, h])
    }

    /// Takes the bytes of an id.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// The bytes of the id.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// When the group was created, to the minute, by what its id says.
    #[must_use]
    pub fn created(&self) -> UnixMillis {
        let [a, b, c, d, ..] = self.0;
        UnixMillis::from_secs(u64::from(u32::from_le_bytes([a, b, c, d])).saturating_mul(60))
    }
}

impl fmt::Debug for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [.., first, second, _, _] = self.0;
        write!(f, "GroupId({first:02x}{second:02x}…)")
    }
}

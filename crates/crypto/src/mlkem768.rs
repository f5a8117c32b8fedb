//! ML-KEM-768, the key encapsulation of FIPS 203 in its final form (spec 06 §2).

use alloc::boxed::Box;
use core::fmt;

use ml_kem::kem::{Decapsulate, KeyExport};
use ml_kem::{MlKem768, ml_kem_768};
use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::Error;

/// Length of a ciphertext in bytes.
pub const CIPHERTEXT_LEN: usize = 1088;

/// A key that anybody can encapsulate to. Its coefficients are below the modulus (FIPS 203 §7.2).
#[derive(Clone)]
pub struct EncapsulationKey {
    key: ml_kem_768::EncapsulationKey,
    bytes: Box<[u8; Self::LEN]>,
}

impl EncapsulationKey {
    /// Length in bytes.
    pub const LEN: usize = 1184;

    /// Decodes a key.
    ///
    /// # Errors
    /// [`Error::MlKemKey`] when a coefficient is not below the modulus.
    pub fn from_bytes(bytes: &[u8; Self::LEN]) -> Result<Self, Error> {
        let key = ml_kem_768::EncapsulationKey::new(bytes.into()).map_err(|_| Error::MlKemKey)?;
        Ok(Self {
            key,
            bytes: Box::new(*bytes),
        })
    }

    /// Decodes a key from a slice.
    ///
    /// # Errors
    /// [`Error::Length`], [`Error::MlKemKey`].
    pub fn from_slice(bytes: &[u8]) -> Result<Self, Error> {
        let bytes = bytes.try_into().map_err(|_| Error::Length {
            what: "ML-KEM-768 public key",
            expected: Self::LEN,
            got: bytes.len(),
        })?;
        Self::from_bytes(bytes)
    }

    /// The bytes of the key.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.bytes
    }

    /// Makes a shared secret for the key's holder, and the ciphertext that carries it there. Draws
    /// 32 bytes from `rng`.
    #[must_use]
    pub fn encapsulate<R: CryptoRng + ?Sized>(
        &self,
        rng: &mut R,
    ) -> ([u8; CIPHERTEXT_LEN], SharedSecret) {
        let mut randomness = Zeroizing::new([0; 32]);
        rng.fill_bytes(randomness.as_mut());
        self.encapsulate_with(&randomness)
    }

    /// As [`encapsulate`](Self::encapsulate), with the random bytes given.
    pub(crate) fn encapsulate_with(
        &self,
        randomness: &[u8; 32],
    ) -> ([u8; CIPHERTEXT_LEN], SharedSecret) {
        let (ciphertext, mut shared) = self.key.encapsulate_deterministic(randomness.into());
        let secret = SharedSecret(shared.into());
        shared.zeroize();
        (ciphertext.into(), secret)
    }
}

impl PartialEq for EncapsulationKey {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for EncapsulationKey {}

impl fmt::Debug for EncapsulationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, ..] = *self.bytes;
        write!(f, "mlkem768::EncapsulationKey({first:02x}{second:02x}…)")
    }
}

/// A ciphertext that nobody can open: of a key that is made from 64 bytes of `rng`, encapsulated to
/// with 32 more and thrown away. Stands where a ciphertext would be, to hide that there is none:
/// random bytes can be told from one (spec 06 R9).
#[must_use]
pub fn decoy_ciphertext<R: CryptoRng + ?Sized>(rng: &mut R) -> [u8; CIPHERTEXT_LEN] {
    let mut seed = Zeroizing::new([0; DecapsulationKey::SEED_LEN]);
    rng.fill_bytes(seed.as_mut());
    DecapsulationKey::from_seed(&seed)
        .public()
        .encapsulate(rng)
        .0
}

/// A key pair, expanded from its seed: making one costs more than half a decapsulation. Zeroized
/// on drop.
#[derive(Clone)]
pub struct DecapsulationKey {
    key: ml_kem_768::DecapsulationKey,
    public: EncapsulationKey,
}

impl DecapsulationKey {
    /// Length in bytes of the seed: `d`, then `z` of FIPS 203.
    pub const SEED_LEN: usize = 64;

    /// Derives the pair of a seed (FIPS 203, `ML-KEM.KeyGen_internal`).
    #[must_use]
    pub fn from_seed(seed: &[u8; Self::SEED_LEN]) -> Self {
        let mut seed = Zeroizing::new(ml_kem::Seed::from(*seed));
        let key = ml_kem_768::DecapsulationKey::from_seed(*seed);
        seed.zeroize();
        let public = EncapsulationKey {
            key: key.encapsulation_key().clone(),
            bytes: Box::new(key.encapsulation_key().to_bytes().into()),
        };
        Self { key, public }
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> &EncapsulationKey {
        &self.public
    }

    /// The shared secret in `ciphertext`. One that was not made for this key, or was changed,
    /// gives a secret that nobody else has: only what is decrypted with it tells (implicit
    /// rejection).
    #[must_use]
    pub fn decapsulate(&self, ciphertext: &[u8; CIPHERTEXT_LEN]) -> SharedSecret {
        let mut shared = self.key.decapsulate(ciphertext.into());
        let secret = SharedSecret(shared.into());
        shared.zeroize();
        secret
    }

    /// `d`, then `z`.
    #[cfg(feature = "hazmat")]
    pub(crate) fn seed(&self) -> Zeroizing<[u8; Self::SEED_LEN]> {
        // Only keys in the expanded form have none, and there is no way to read that.
        let seed = self.key.to_seed().unwrap_or_default();
        Zeroizing::new(seed.into())
    }

    /// The 2,400 bytes of FIPS 203.
    #[cfg(feature = "hazmat")]
    pub(crate) fn expanded(&self) -> Zeroizing<[u8; 2400]> {
        #[allow(deprecated, reason = "vectors name the hash of this form")]
        let bytes = ml_kem::ExpandedKeyEncoding::to_expanded_bytes(&self.key);
        Zeroizing::new(bytes.into())
    }
}

impl fmt::Debug for DecapsulationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("mlkem768::DecapsulationKey(..)")
    }
}

impl ZeroizeOnDrop for DecapsulationKey {}

/// The library's key does erase itself.
const _: () = {
    const fn erases_itself<T: ZeroizeOnDrop>() {}
    erases_itself::<ml_kem::DecapsulationKey<MlKem768>>();
};

/// The result of an encapsulation: hash it before use. Zeroized on drop.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SharedSecret([u8; 32]);

impl SharedSecret {
    /// The 32 bytes.
    #[must_use]
    pub const fn expose_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("mlkem768::SharedSecret(..)")
    }
}

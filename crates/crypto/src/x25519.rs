//! X25519 key pairs and Diffie-Hellman (spec 01 §4.3).

use core::fmt;

use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{Error, ed25519};

/// A public key, as the 32 bytes that were sent or received.
///
/// Any bytes are accepted here and kept as they are, since key derivations hash them (spec 02
/// §1.2); a key of low order is refused by [`SecretKey::diffie_hellman`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; Self::LEN]);

impl PublicKey {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// Takes the bytes of a key.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// The bytes of the key.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// Whether every Diffie-Hellman with this key is refused: the order of its point divides 8.
    #[must_use]
    pub fn is_low_order(&self) -> bool {
        // Clamped, this is 2^254: zero only for such a point.
        let secret = x25519_dalek::StaticSecret::from([0; 32]);
        let key = x25519_dalek::PublicKey::from(self.0);
        !secret.diffie_hellman(&key).was_contributory()
    }

    /// The Ed25519 key with sign bit 0 that this key converts from (spec 01 §4.2). The account's
    /// true key is this one or its negative; never take it for the account's key.
    ///
    /// # Errors
    /// [`Error::InvalidPoint`] when there is none in the prime-order subgroup.
    pub fn to_ed25519_positive(&self) -> Result<ed25519::PublicKey, Error> {
        ed25519::PublicKey::from_prime_order(ed25519::positive_point(&self.0)?)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, ..] = self.0;
        write!(f, "x25519::PublicKey({first:02x}{second:02x}…)")
    }
}

/// A key pair. Zeroized on drop.
///
/// The secret bytes are kept as given; X25519 clamps them when it uses them.
#[derive(Clone)]
pub struct SecretKey {
    secret: x25519_dalek::StaticSecret,
    public: PublicKey,
}

impl SecretKey {
    /// Length in bytes of the secret half.
    pub const LEN: usize = 32;

    /// Makes a fresh pair from 32 random bytes.
    #[must_use]
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut bytes = Zeroizing::new([0; Self::LEN]);
        rng.fill_bytes(bytes.as_mut());
        Self::from_bytes(&bytes)
    }

    /// Takes the secret bytes and computes the public half.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; Self::LEN]) -> Self {
        let secret = x25519_dalek::StaticSecret::from(*bytes);
        let public = PublicKey(x25519_dalek::PublicKey::from(&secret).to_bytes());
        Self { secret, public }
    }

    /// As [`from_bytes`](Self::from_bytes), with a public half that is already known.
    pub(crate) fn with_public(bytes: &[u8; Self::LEN], public: PublicKey) -> Self {
        Self {
            secret: x25519_dalek::StaticSecret::from(*bytes),
            public,
        }
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The secret bytes.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8; Self::LEN] {
        self.secret.as_bytes()
    }

    /// The shared secret with `peer`.
    ///
    /// # Errors
    /// [`Error::LowOrder`] when it would be all zero.
    pub fn diffie_hellman(&self, peer: &PublicKey) -> Result<SharedSecret, Error> {
        let shared = self
            .secret
            .diffie_hellman(&x25519_dalek::PublicKey::from(peer.0));
        if shared.was_contributory() {
            Ok(SharedSecret(shared.to_bytes()))
        } else {
            Err(Error::LowOrder)
        }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("x25519::SecretKey(..)")
    }
}

impl PartialEq for SecretKey {
    fn eq(&self, other: &Self) -> bool {
        self.expose_bytes().ct_eq(other.expose_bytes()).into()
    }
}

impl Eq for SecretKey {}

impl ZeroizeOnDrop for SecretKey {}

/// The result of a Diffie-Hellman: hash it before use. Zeroized on drop.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SharedSecret([u8; 32]);

impl SharedSecret {
    pub(crate) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn expose_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret(..)")
    }
}

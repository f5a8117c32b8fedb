//! Ed25519 as libsodium accepts it (spec 01 §5), and its conversions to X25519 (§4).

use alloc::boxed::Box;
use core::fmt;

use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::montgomery::MontgomeryPoint;
use curve25519_dalek::scalar::{Scalar, clamp_integer};
use curve25519_dalek::traits::IsIdentity;
use ed25519_dalek::Signer;
use rand_core::CryptoRng;
use sha2::{Digest, Sha512};
use subtle::{Choice, ConstantTimeEq};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::{Error, blake2b, x25519};

/// A signature. Its 64 bytes mean nothing until they are verified.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signature([u8; Self::LEN]);

impl Signature {
    /// Length in bytes.
    pub const LEN: usize = 64;

    /// Takes the bytes of a signature.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// Takes the bytes of a signature from a slice.
    ///
    /// # Errors
    /// [`Error::Length`].
    pub fn from_slice(bytes: &[u8]) -> Result<Self, Error> {
        bytes.try_into().map(Self).map_err(|_| Error::Length {
            what: "Ed25519 signature",
            expected: Self::LEN,
            got: bytes.len(),
        })
    }

    /// The bytes of the signature.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, ..] = self.0;
        write!(f, "ed25519::Signature({first:02x}{second:02x}…)")
    }
}

/// What looks like a signature by an unknown key and verifies under none: a random point of the
/// prime-order subgroup and a random scalar. Stands where a signature would be, to hide that there
/// is none (spec 05 §1.3).
#[must_use]
pub fn decoy_signature<R: CryptoRng + ?Sized>(rng: &mut R) -> Signature {
    let mut scalar = || {
        let mut wide = Zeroizing::new([0; 64]);
        rng.fill_bytes(wide.as_mut());
        Scalar::from_bytes_mod_order_wide(&wide)
    };
    let point = EdwardsPoint::mul_base(&scalar()).compress();
    let decoy = ed25519_dalek::Signature::from_components(point.to_bytes(), scalar().to_bytes());
    Signature(decoy.to_bytes())
}

/// A public key that is canonical, on the curve and not of small order.
///
/// It need not be in the prime-order subgroup: verification does not ask for that, conversion
/// does ([`to_x25519`](Self::to_x25519)).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(ed25519_dalek::VerifyingKey);

impl PublicKey {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// Decodes a key.
    ///
    /// # Errors
    /// [`Error::InvalidPoint`].
    pub fn from_bytes(bytes: &[u8; Self::LEN]) -> Result<Self, Error> {
        let key =
            ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| Error::InvalidPoint)?;
        // Points with x = 0 and the sign bit set are not canonical either; they are weak.
        if !is_canonical_y(bytes) || key.is_weak() {
            return Err(Error::InvalidPoint);
        }
        Ok(Self(key))
    }

    /// Decodes a key from a slice.
    ///
    /// # Errors
    /// [`Error::Length`], [`Error::InvalidPoint`].
    pub fn from_slice(bytes: &[u8]) -> Result<Self, Error> {
        let bytes = bytes.try_into().map_err(|_| Error::Length {
            what: "Ed25519 public key",
            expected: Self::LEN,
            got: bytes.len(),
        })?;
        Self::from_bytes(bytes)
    }

    /// The key of a point of the prime-order subgroup, unless it is the identity.
    pub(crate) fn from_prime_order(point: EdwardsPoint) -> Result<Self, Error> {
        if point.is_identity() {
            return Err(Error::InvalidPoint);
        }
        Ok(Self(point.into()))
    }

    /// The public half of a secret scalar, which must not be zero.
    pub(crate) fn of_scalar(secret: &Scalar) -> Self {
        Self(EdwardsPoint::mul_base(secret).into())
    }

    /// The key as a point, if that is in the prime-order subgroup.
    pub(crate) fn prime_order_point(&self) -> Result<EdwardsPoint, Error> {
        require_prime_order(self.0.to_edwards())
    }

    /// The bytes of the key.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; Self::LEN] {
        self.0.as_bytes()
    }

    /// The sign bit: set for the negative of what [`positive_point`] gives.
    pub(crate) fn sign_bit(&self) -> Choice {
        Choice::from(self.as_bytes()[31] >> 7)
    }

    /// Verifies by libsodium's rules (spec 01 §5.2): `S < L`, `R` canonical and not of small
    /// order, cofactorless equation.
    ///
    /// # Errors
    /// [`Error::Signature`].
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), Error> {
        // Compares the 32 bytes of R, so that it has to be canonical.
        let signature = ed25519_dalek::Signature::from_bytes(signature.as_bytes());
        self.0
            .verify_strict(message, &signature)
            .map_err(|_| Error::Signature)
    }

    /// The X25519 key that this key converts to (spec 01 §4.1).
    ///
    /// # Errors
    /// [`Error::InvalidPoint`] when the key is not in the prime-order subgroup.
    pub fn to_x25519(&self) -> Result<x25519::PublicKey, Error> {
        self.prime_order_point()?;
        Ok(self.to_montgomery())
    }

    /// The conversion, for a key that is known to be in the prime-order subgroup.
    pub(crate) fn to_montgomery(self) -> x25519::PublicKey {
        x25519::PublicKey::from_bytes(self.0.to_montgomery().to_bytes())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, ..] = self.as_bytes();
        write!(f, "ed25519::PublicKey({first:02x}{second:02x}…)")
    }
}

/// The point with sign bit 0 of a Montgomery u-coordinate, the "positive alternative", checked
/// (spec 01 §4.2).
pub(crate) fn positive_point(u: &[u8; 32]) -> Result<EdwardsPoint, Error> {
    let point = MontgomeryPoint(*u).to_edwards(0);
    point
        .ok_or(Error::InvalidPoint)
        .and_then(require_prime_order)
}

fn require_prime_order(point: EdwardsPoint) -> Result<EdwardsPoint, Error> {
    if point.is_torsion_free() {
        Ok(point)
    } else {
        Err(Error::InvalidPoint)
    }
}

/// Whether the y-coordinate is below 2^255 - 19.
fn is_canonical_y(bytes: &[u8; 32]) -> bool {
    let [low, middle @ .., high] = bytes;
    *low < 0xed || (high & 0x7f) != 0x7f || middle.iter().any(|byte| *byte != 0xff)
}

/// A signing key: seed and public key. Boxed, so that moving it leaves no copy behind; zeroized
/// on drop.
#[derive(Clone)]
pub struct SigningKey {
    key: Box<ed25519_dalek::SigningKey>,
    public: PublicKey,
}

impl SigningKey {
    /// Length in bytes of the seed.
    pub const SEED_LEN: usize = 32;

    /// Makes a fresh key.
    #[must_use]
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut seed = Zeroizing::new([0; Self::SEED_LEN]);
        rng.fill_bytes(seed.as_mut());
        Self::from_seed(&seed)
    }

    /// Derives the key of a seed (spec 01 §3.2).
    #[must_use]
    pub fn from_seed(seed: &[u8; Self::SEED_LEN]) -> Self {
        let key = Box::new(ed25519_dalek::SigningKey::from_bytes(seed));
        let public = PublicKey(key.verifying_key());
        Self { key, public }
    }

    /// Takes a seed, or libsodium's 64-byte form: seed and public key.
    ///
    /// # Errors
    /// [`Error::Length`]; [`Error::PublicHalfMismatch`], because two signatures of one message
    /// under different public halves would reveal the key (spec 01 §3.2).
    pub fn from_secret(secret: &[u8]) -> Result<Self, Error> {
        let (seed, public) = match secret.len() {
            32 => (secret, None),
            64 => secret
                .split_at_checked(32)
                .map_or((secret, None), |(seed, public)| (seed, Some(public))),
            got => {
                return Err(Error::Length {
                    what: "Ed25519 secret key",
                    expected: 64,
                    got,
                });
            }
        };
        let seed = Zeroizing::new(<[u8; 32]>::try_from(seed).map_err(|_| Error::Length {
            what: "Ed25519 seed",
            expected: 32,
            got: seed.len(),
        })?);
        let key = Self::from_seed(&seed);
        if public.is_some_and(|public| public != key.public.as_bytes()) {
            return Err(Error::PublicHalfMismatch);
        }
        Ok(key)
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The 32-byte seed.
    #[must_use]
    pub fn expose_seed(&self) -> &[u8; Self::SEED_LEN] {
        self.key.as_bytes()
    }

    /// Signs by RFC 8032, deterministically.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.key.sign(message).to_bytes())
    }

    /// The key pair derived from this one's seed for the purpose that `domain` names: the Ed25519
    /// pair of BLAKE2b(seed, 32 bytes, key `domain`) (spec 01 §10).
    #[must_use]
    pub fn subkey<const K: usize>(&self, domain: &[u8; K]) -> Self {
        let seed = Zeroizing::new(blake2b::hash_domain(domain, &[self.expose_seed()]));
        Self::from_seed(&seed)
    }

    /// The secret scalar, reduced.
    pub(crate) fn scalar(&self) -> Zeroizing<Scalar> {
        Zeroizing::new(self.key.to_scalar())
    }

    /// The X25519 pair with the same scalar (spec 01 §3.2).
    #[must_use]
    pub fn to_x25519(&self) -> x25519::SecretKey {
        let scalar = Zeroizing::new(self.key.to_scalar_bytes());
        let clamped = Zeroizing::new(clamp_integer(*scalar));
        x25519::SecretKey::with_public(&clamped, self.public.to_montgomery())
    }
}

/// The Schnorr equation of Ed25519, for keys that are no seed: `R = rB`, `S = r + H(R, A, M)s`.
///
/// The nonce must be secret, and another one for every other `public` and `message`: two
/// signatures with one nonce give the secret away.
pub(crate) fn sign_with_nonce(
    secret: &Scalar,
    public: &[u8; 32],
    nonce: &Scalar,
    message: &[u8],
) -> Signature {
    let r = EdwardsPoint::mul_base(nonce).compress();
    let mut hash = Sha512::new();
    hash.update(r.as_bytes());
    hash.update(public);
    hash.update(message);
    let challenge = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
    #[allow(clippy::arithmetic_side_effects, reason = "modulo the group order")]
    let s = nonce + challenge * secret;
    Signature(ed25519_dalek::Signature::from_components(r.to_bytes(), s.to_bytes()).to_bytes())
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ed25519::SigningKey(..)")
    }
}

impl PartialEq for SigningKey {
    fn eq(&self, other: &Self) -> bool {
        self.expose_seed().ct_eq(other.expose_seed()).into()
    }
}

impl Eq for SigningKey {}

impl ZeroizeOnDrop for SigningKey {}

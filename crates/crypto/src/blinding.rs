//! Ed25519 keys multiplied by a factor, so that one account has another key on every community
//! server (spec 01 §8).
//!
//! There are two forms, named by the prefix of their ids. In form 15 the [`Factor`] is the same
//! for all users of a server; in form 25 each user has another.
//!
//! A blinded secret is a plain scalar and not a seed, so [`SigningKey`] signs by a nonce rule of
//! its own. Only the rules that never repeat a nonce of the unblinded key are produced here.

use alloc::boxed::Box;
use core::fmt;

use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use sha2::{Digest, Sha512};
use subtle::{Choice, ConditionallyNegatable, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::ed25519::{self, PublicKey, Signature, positive_point, sign_with_nonce};
use crate::{Error, blake2b, x25519};

/// What keys are multiplied with on one server. Not secret: whoever knows the server's key, and
/// in form 25 the account, can compute it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Factor(Scalar);

/// Redacted: it tells which server somebody uses.
impl fmt::Debug for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Factor(..)")
    }
}

impl Factor {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// The factor of form 15, from the server's 32-byte key, which is hashed and never used as a
    /// point.
    #[must_use]
    pub fn of_server(server: &[u8; 32]) -> Self {
        Self::hash(&[server])
    }

    /// The factor of form 25, from an account's X25519 key and the server's 32-byte key.
    #[must_use]
    pub fn of_account(account: &x25519::PublicKey, server: &[u8; 32]) -> Self {
        Self::hash(&[&[0x05], account.as_bytes(), server])
    }

    fn hash(parts: &[&[u8]]) -> Self {
        Self(Scalar::from_bytes_mod_order_wide(&blake2b::hash(parts)))
    }

    /// The factor as a little-endian number below the group order.
    #[must_use]
    pub const fn to_bytes(&self) -> [u8; Self::LEN] {
        self.0.to_bytes()
    }

    /// Multiplies a key: with the account's Ed25519 key and the factor of form 15 this is the
    /// blinded key.
    ///
    /// # Errors
    /// [`Error::InvalidPoint`] for a key outside the prime-order subgroup.
    pub fn blind(&self, key: &PublicKey) -> Result<PublicKey, Error> {
        self.times(&key.prime_order_point()?)
    }

    /// Multiplies the key with sign bit 0 that belongs to an account. In form 25 this is the
    /// blinded key, in form 15 the blinded key or its negative.
    ///
    /// # Errors
    /// [`Error::InvalidPoint`] for an account key that no Ed25519 key belongs to.
    pub fn blind_account(&self, account: &x25519::PublicKey) -> Result<PublicKey, Error> {
        self.times(&positive_point(account.as_bytes())?)
    }

    /// Divides a key by the factor: the inverse of [`blind`](Self::blind).
    ///
    /// # Errors
    /// [`Error::InvalidPoint`] for a key outside the prime-order subgroup.
    pub fn unblind(&self, key: &PublicKey) -> Result<PublicKey, Error> {
        Self(self.0.invert()).times(&key.prime_order_point()?)
    }

    /// The X25519 key of the account whose blinded key this is. It is the same for a key and its
    /// negative.
    ///
    /// # Errors
    /// [`Error::InvalidPoint`] for a key outside the prime-order subgroup.
    pub fn unblind_account(&self, key: &PublicKey) -> Result<x25519::PublicKey, Error> {
        self.unblind(key).map(PublicKey::to_montgomery)
    }

    #[allow(clippy::arithmetic_side_effects, reason = "in the group")]
    fn times(&self, point: &EdwardsPoint) -> Result<PublicKey, Error> {
        PublicKey::from_prime_order(point * self.0)
    }
}

/// The hash that a signature's nonce comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NonceRule {
    Sha512,
    Blake2b,
}

/// A blinded key pair. Zeroized on drop.
#[derive(Clone)]
pub struct SigningKey {
    secret: Box<Secret>,
    nonce_rule: NonceRule,
    factor: Factor,
    public: PublicKey,
}

#[derive(Clone, Zeroize, ZeroizeOnDrop)]
struct Secret {
    scalar: Scalar,
    nonce_key: [u8; 32],
}

impl SigningKey {
    /// The pair of form 15 on the server with this 32-byte key (spec 01 §8.2).
    #[must_use]
    pub fn form15(key: &ed25519::SigningKey, server: &[u8; 32]) -> Self {
        let mut hash = Sha512::new();
        hash.update(key.expose_seed());
        // Without the public half this would be the nonce key of plain signatures: one of those,
        // over chosen bytes, would give the account's secret away.
        hash.update(key.public().as_bytes());
        let wide = Zeroizing::new(<[u8; 64]>::from(hash.finalize()));
        let nonce_key = wide.last_chunk().unwrap_or(&[0; 32]);
        Self::new(key, Factor::of_server(server), nonce_key, NonceRule::Sha512)
    }

    /// The pair of form 25 on the server with this 32-byte key (spec 01 §8.3). `account` must be
    /// the X25519 key that `key` converts to.
    #[must_use]
    pub fn form25(
        key: &ed25519::SigningKey,
        account: &x25519::PublicKey,
        server: &[u8; 32],
    ) -> Self {
        // The blinded key is that of the account's positive alternative.
        let mut factor = Factor::of_account(account, server);
        factor.0.conditional_negate(is_negative(key.public()));
        let nonce_key = Zeroizing::new(blake2b::hash_domain(
            b"SessCommBlind25_seed",
            &[key.expose_seed()],
        ));
        Self::new(key, factor, &nonce_key, NonceRule::Blake2b)
    }

    fn new(
        key: &ed25519::SigningKey,
        factor: Factor,
        nonce_key: &[u8; 32],
        nonce_rule: NonceRule,
    ) -> Self {
        // Computed where it stays: what is built on the stack leaves a copy there.
        let mut secret = Box::new(Secret {
            scalar: factor.0,
            nonce_key: [0; 32],
        });
        #[allow(clippy::arithmetic_side_effects, reason = "modulo the group order")]
        {
            secret.scalar *= &*key.scalar();
        }
        secret.nonce_key.copy_from_slice(nonce_key);
        let public = PublicKey::of_scalar(&secret.scalar);
        Self {
            secret,
            nonce_rule,
            factor,
            public,
        }
    }

    /// The public half: the key in the blinded id.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// What the account's key was multiplied with: in form 25 the negative of the account's
    /// [`Factor`] when the account's Ed25519 key has sign bit 1.
    #[must_use]
    pub const fn factor(&self) -> &Factor {
        &self.factor
    }

    /// Signs, deterministically. The signature is an ordinary one of Ed25519 and verifies under
    /// [`public`](Self::public).
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Signature {
        let parts: [&[u8]; 3] = [&self.secret.nonce_key, self.public.as_bytes(), message];
        let wide = Zeroizing::new(match self.nonce_rule {
            NonceRule::Sha512 => {
                let mut hash = Sha512::new();
                parts.iter().for_each(|part| hash.update(part));
                hash.finalize().into()
            }
            NonceRule::Blake2b => blake2b::hash_domain(b"SessCommBlind25_sig", &parts),
        });
        // Erased in place: moved into a wrapper, it would leave a copy behind.
        let mut nonce = Scalar::from_bytes_mod_order_wide(&wide);
        let public = self.public.as_bytes();
        let signature = sign_with_nonce(&self.secret.scalar, public, &nonce, message);
        nonce.zeroize();
        signature
    }

    /// The secret scalar, little-endian.
    #[cfg(feature = "hazmat")]
    pub(crate) fn expose_scalar(&self) -> &[u8; 32] {
        self.secret.scalar.as_bytes()
    }
}

fn is_negative(key: &PublicKey) -> Choice {
    Choice::from(key.as_bytes()[31] >> 7)
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("blinding::SigningKey(..)")
    }
}

impl PartialEq for SigningKey {
    fn eq(&self, other: &Self) -> bool {
        let (own, others) = (&self.secret, &other.secret);
        let same = own.scalar.ct_eq(&others.scalar) & own.nonce_key.ct_eq(&others.nonce_key);
        bool::from(same) && self.nonce_rule == other.nonce_rule
    }
}

impl Eq for SigningKey {}

impl ZeroizeOnDrop for SigningKey {}

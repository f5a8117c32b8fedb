//! Ed25519 keys multiplied by a factor, so that one account has another key on every community
//! server (spec 01 §8) and in every group (spec 04 §4.6).
//!
//! On servers there are two forms, named by the prefix of their ids. In form 15 the [`Factor`] is
//! the same for all users of a server; in form 25 each user has another. In groups the
//! [`MemberFactor`] is a secret of the group and the member.
//!
//! On one server two blinded ids agree on keys with their [`AgreementKey`]s (spec 05 §7.1).
//!
//! A blinded secret is a plain scalar and not a seed, so [`SigningKey`] and [`MemberKey`] sign by
//! nonce rules of their own. Only rules that never repeat a nonce of the unblinded key are
//! produced here.

use core::fmt;

use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use subtle::{Choice, ConditionallyNegatable};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::ed25519::{self, PublicKey, Signature, positive_point};
use crate::{Error, blake2b, sha512, x25519};

mod agreement;
mod member;
mod pair;

pub use agreement::AgreementKey;
pub use member::{MemberFactor, MemberKey};
use pair::{NonceRule, Pair};

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

/// A blinded key pair. Zeroized on drop.
#[derive(Clone)]
pub struct SigningKey {
    pair: Pair,
    factor: Factor,
}

impl SigningKey {
    /// The pair of form 15 on the server with this 32-byte key (spec 01 §8.2).
    #[must_use]
    pub fn form15(key: &ed25519::SigningKey, server: &[u8; 32]) -> Self {
        // Without the public half this would be the nonce key of plain signatures: one of those,
        // over chosen bytes, would give the account's secret away.
        let wide = Zeroizing::new(sha512::hash(&[key.expose_seed(), key.public().as_bytes()]));
        let nonce_key = wide.last_chunk().unwrap_or(&[0; 32]);
        Self::new(key, Factor::of_server(server), nonce_key, NonceRule::Form15)
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
        factor.0.conditional_negate(key.public().sign_bit());
        let nonce_key = Zeroizing::new(blake2b::hash_domain(
            b"SessCommBlind25_seed",
            &[key.expose_seed()],
        ));
        Self::new(key, factor, &nonce_key, NonceRule::Form25)
    }

    fn new(
        key: &ed25519::SigningKey,
        factor: Factor,
        nonce_key: &[u8; 32],
        nonce_rule: NonceRule,
    ) -> Self {
        let pair = Pair::new(key, &factor.0, Choice::from(0), nonce_key, nonce_rule);
        Self { pair, factor }
    }

    /// The public half: the key in the blinded id.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        self.pair.public()
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
        self.pair.sign(message)
    }

    /// The secret scalar, little-endian.
    #[cfg(feature = "hazmat")]
    pub(crate) fn expose_scalar(&self) -> &[u8; 32] {
        self.pair.scalar().as_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("blinding::SigningKey(..)")
    }
}

impl PartialEq for SigningKey {
    fn eq(&self, other: &Self) -> bool {
        self.pair == other.pair
    }
}

impl Eq for SigningKey {}

impl ZeroizeOnDrop for SigningKey {}

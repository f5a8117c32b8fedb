//! The keys that members of a group sign with (spec 04 §4.6).

use alloc::boxed::Box;
use core::fmt;

use curve25519_dalek::scalar::Scalar;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::pair::{NonceRule, Pair};
use crate::ed25519::{self, PublicKey, Signature, positive_point};
use crate::{Error, blake2b, x25519};

/// What a group multiplies the key of one member with. Secret: it tells which member a
/// [`MemberKey`] belongs to. Never zero; zeroized on drop.
#[derive(Clone)]
pub struct MemberFactor(Box<Scalar>);

impl MemberFactor {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// The factor for the member with this X25519 key, which the group's secret key decides.
    #[must_use]
    pub fn of(group: &ed25519::SigningKey, member: &x25519::PublicKey) -> Self {
        let mask: Zeroizing<[u8; 32]> = Zeroizing::new(blake2b::hash_domain(
            b"SessionGroupSubaccountMask",
            &[group.expose_seed()],
        ));
        let wide: Zeroizing<[u8; 64]> = Zeroizing::new(blake2b::hash_domain(
            &mask,
            &[
                &[0x05],
                member.as_bytes(),
                &[0x03],
                group.public().as_bytes(),
            ],
        ));
        // Erased in place: moved into the box, it leaves a copy behind.
        let mut scalar = Scalar::from_bytes_mod_order_wide(&wide);
        let factor = Self(Box::new(scalar));
        scalar.zeroize();
        factor
    }

    /// Reads a factor as a little-endian number.
    ///
    /// # Errors
    /// [`Error::InvalidScalar`] for zero, and for a number that is not below the group order.
    pub fn from_bytes(bytes: &[u8; Self::LEN]) -> Result<Self, Error> {
        let scalar = Scalar::from_canonical_bytes(*bytes);
        let scalar = Option::<Scalar>::from(scalar).map(Box::new).map(Self);
        let factor = scalar.ok_or(Error::InvalidScalar)?;
        if bool::from(factor.0.ct_eq(&Scalar::ZERO)) {
            return Err(Error::InvalidScalar);
        }
        Ok(factor)
    }

    /// The factor as a little-endian number below the group order.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8; Self::LEN] {
        self.0.as_bytes()
    }

    /// The public key of the member with this X25519 key: what the group writes into a token.
    ///
    /// # Errors
    /// [`Error::InvalidPoint`] for a key that no Ed25519 key belongs to.
    #[allow(clippy::arithmetic_side_effects, reason = "in the group")]
    pub fn public_key(&self, member: &x25519::PublicKey) -> Result<PublicKey, Error> {
        let factor: &Scalar = &self.0;
        PublicKey::from_prime_order(positive_point(member.as_bytes())? * factor)
    }
}

impl Drop for MemberFactor {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for MemberFactor {}

impl fmt::Debug for MemberFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("blinding::MemberFactor(..)")
    }
}

impl PartialEq for MemberFactor {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for MemberFactor {}

/// A member's own key in one group. Zeroized on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct MemberKey(Pair);

impl MemberKey {
    /// The pair of the account with this key, in the group that gave it this factor.
    #[must_use]
    pub fn new(key: &ed25519::SigningKey, factor: &MemberFactor) -> Self {
        let nonce_key = Zeroizing::new(blake2b::hash_domain(
            b"SubaccountSeed",
            &[key.expose_seed()],
        ));
        // The group knows the account's X25519 key only, and takes the sign to be positive.
        let negate = key.public().sign_bit();
        Self(Pair::new(
            key,
            &factor.0,
            negate,
            &nonce_key,
            NonceRule::Member,
        ))
    }

    /// The public half: the key in the member's token.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        self.0.public()
    }

    /// Signs, deterministically. The signature is an ordinary one of Ed25519 and verifies under
    /// [`public`](Self::public).
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Signature {
        self.0.sign(message)
    }
}

impl fmt::Debug for MemberKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("blinding::MemberKey(..)")
    }
}

impl ZeroizeOnDrop for MemberKey {}

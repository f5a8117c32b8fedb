//! The key that two blinded ids on one server share (spec 05 §7.1).

use alloc::boxed::Box;
use core::fmt;

use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::IsIdentity;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::SigningKey;
use super::pair::NonceRule;
use crate::ed25519::PublicKey;
use crate::{Error, SymmetricKey, blake2b};

/// What an account agrees on keys with, under one blinded id. Both sides must use ids of the same
/// form. Zeroized on drop.
#[derive(Clone)]
pub struct AgreementKey {
    scalar: Box<Scalar>,
    public: PublicKey,
}

impl AgreementKey {
    /// The key for the blinded id of this pair. It costs an inversion in form 15: keep it.
    #[must_use]
    pub fn new(pair: &SigningKey) -> Self {
        // In form 25 each side blinds, with a factor of its own. In form 15 the factor is one for
        // all, and one side is enough: the secret is divided by it.
        let mut scalar = Box::new(match pair.pair.nonce_rule() {
            NonceRule::Form15 => pair.factor.0.invert(),
            NonceRule::Form25 | NonceRule::Member => Scalar::ONE,
        });
        #[allow(clippy::arithmetic_side_effects, reason = "modulo the group order")]
        {
            *scalar *= pair.pair.scalar();
        }
        Self {
            scalar,
            public: *pair.public(),
        }
    }

    /// The key in one's own blinded id.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The key for what one sends to the blinded key `recipient`.
    ///
    /// # Errors
    /// [`Error::InvalidPoint`] for a key outside the prime-order subgroup.
    pub fn key_to(&self, recipient: &PublicKey) -> Result<SymmetricKey, Error> {
        self.agree(recipient, &self.public, recipient)
    }

    /// The key for what one gets from the blinded key `sender`.
    ///
    /// # Errors
    /// As [`key_to`](Self::key_to).
    pub fn key_from(&self, sender: &PublicKey) -> Result<SymmetricKey, Error> {
        self.agree(sender, sender, &self.public)
    }

    fn agree(
        &self,
        other: &PublicKey,
        sender: &PublicKey,
        recipient: &PublicKey,
    ) -> Result<SymmetricKey, Error> {
        let scalar: &Scalar = &self.scalar;
        #[allow(clippy::arithmetic_side_effects, reason = "in the group")]
        let product = Zeroizing::new(other.prime_order_point()? * scalar);
        if product.is_identity() {
            return Err(Error::InvalidPoint);
        }
        let product = Zeroizing::new(product.compress().to_bytes());
        let parts: [&[u8]; 3] = [&*product, sender.as_bytes(), recipient.as_bytes()];
        Ok(SymmetricKey::from_bytes(blake2b::hash(&parts)))
    }
}

impl Drop for AgreementKey {
    fn drop(&mut self) {
        self.scalar.zeroize();
    }
}

impl ZeroizeOnDrop for AgreementKey {}

impl fmt::Debug for AgreementKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("blinding::AgreementKey(..)")
    }
}

impl PartialEq for AgreementKey {
    fn eq(&self, other: &Self) -> bool {
        bool::from(self.scalar.ct_eq(&other.scalar)) && self.public == other.public
    }
}

impl Eq for AgreementKey {}

//! A key pair whose secret is a product of scalars and no seed.

use alloc::boxed::Box;

use curve25519_dalek::scalar::Scalar;
use subtle::{Choice, ConditionallyNegatable, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::ed25519::{self, PublicKey, Signature, sign_with_nonce};
use crate::{blake2b, sha512};

/// The hash that a signature's nonce comes from. No two kinds of keys have the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum NonceRule {
    Form15,
    Form25,
    Member,
}

impl NonceRule {
    fn hash(self, parts: &[&[u8]]) -> [u8; 64] {
        match self {
            Self::Form15 => sha512::hash(parts),
            Self::Form25 => blake2b::hash_domain(b"SessCommBlind25_sig", parts),
            Self::Member => blake2b::hash_domain(b"SubaccountSig", parts),
        }
    }
}

/// An account's key times a factor. Zeroized on drop.
#[derive(Clone)]
pub(super) struct Pair {
    secret: Box<Secret>,
    nonce_rule: NonceRule,
    public: PublicKey,
}

#[derive(Clone, Zeroize, ZeroizeOnDrop)]
struct Secret {
    scalar: Scalar,
    nonce_key: [u8; 32],
}

impl Pair {
    /// Multiplies `key` with `factor`, which must not be zero, or with its negative.
    pub(super) fn new(
        key: &ed25519::SigningKey,
        factor: &Scalar,
        negate: Choice,
        nonce_key: &[u8; 32],
        nonce_rule: NonceRule,
    ) -> Self {
        // Computed where it stays: what is built on the stack leaves a copy there.
        let mut secret = Box::new(Secret {
            scalar: Scalar::ZERO,
            nonce_key: [0; 32],
        });
        secret.scalar = *factor;
        secret.scalar.conditional_negate(negate);
        #[allow(clippy::arithmetic_side_effects, reason = "modulo the group order")]
        {
            secret.scalar *= &*key.scalar();
        }
        secret.nonce_key.copy_from_slice(nonce_key);
        let public = PublicKey::of_scalar(&secret.scalar);
        Self {
            secret,
            nonce_rule,
            public,
        }
    }

    pub(super) const fn public(&self) -> &PublicKey {
        &self.public
    }

    pub(super) const fn nonce_rule(&self) -> NonceRule {
        self.nonce_rule
    }

    pub(super) const fn scalar(&self) -> &Scalar {
        &self.secret.scalar
    }

    pub(super) fn sign(&self, message: &[u8]) -> Signature {
        let parts: [&[u8]; 3] = [&self.secret.nonce_key, self.public.as_bytes(), message];
        let wide = Zeroizing::new(self.nonce_rule.hash(&parts));
        // Erased in place: moved into a wrapper, it would leave a copy behind.
        let mut nonce = Scalar::from_bytes_mod_order_wide(&wide);
        let public = self.public.as_bytes();
        let signature = sign_with_nonce(&self.secret.scalar, public, &nonce, message);
        nonce.zeroize();
        signature
    }
}

impl PartialEq for Pair {
    fn eq(&self, other: &Self) -> bool {
        let (own, others) = (&self.secret, &other.secret);
        let same = own.scalar.ct_eq(&others.scalar) & own.nonce_key.ct_eq(&others.nonce_key);
        bool::from(same) && self.nonce_rule == other.nonce_rule
    }
}

impl Eq for Pair {}

impl ZeroizeOnDrop for Pair {}

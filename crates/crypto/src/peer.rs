//! Diffie-Hellman with peers whose Ed25519 key is known (spec 02 §3.2).
//!
//! The result is that of X25519. It is computed on the Edwards curve, where dalek's constant-time
//! product is faster than the Montgomery ladder, and faster still with a table of multiples.

use core::fmt;

use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::{Scalar, clamp_integer};
use zeroize::Zeroizing;

use crate::x25519::{PublicKey, SecretKey, SharedSecret};
use crate::{Error, ed25519};

/// The X25519 key of a peer, with the point that it was converted from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    point: EdwardsPoint,
    public: PublicKey,
}

impl Peer {
    /// Converts a peer's Ed25519 key.
    ///
    /// # Errors
    /// [`Error::InvalidPoint`] when the key is not in the prime-order subgroup.
    pub fn new(key: &ed25519::PublicKey) -> Result<Self, Error> {
        Ok(Self {
            point: key.prime_order_point()?,
            public: key.to_montgomery(),
        })
    }

    /// The X25519 key.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The shared secret with `key`. It is never zero: the point is of prime order.
    #[must_use]
    #[allow(clippy::arithmetic_side_effects, reason = "in the group")]
    pub fn diffie_hellman(&self, key: &SecretKey) -> SharedSecret {
        finish(self.point * *scalar(key))
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, ..] = self.public.as_bytes();
        write!(f, "Peer({first:02x}{second:02x}…)")
    }
}

/// A [`Peer`] with a table of multiples: 30 KiB that take about a millisecond to compute, after
/// which each shared secret takes half the time.
#[cfg(feature = "precomputed-tables")]
#[derive(Clone)]
pub struct PeerTable {
    table: alloc::boxed::Box<curve25519_dalek::edwards::EdwardsBasepointTable>,
    public: PublicKey,
}

#[cfg(feature = "precomputed-tables")]
impl PeerTable {
    /// Computes the table.
    #[must_use]
    pub fn new(peer: &Peer) -> Self {
        use curve25519_dalek::traits::BasepointTable;

        Self {
            table: alloc::boxed::Box::new(BasepointTable::create(&peer.point)),
            public: peer.public,
        }
    }

    /// The X25519 key.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The shared secret with `key`, the same as [`Peer::diffie_hellman`] gives.
    #[must_use]
    pub fn diffie_hellman(&self, key: &SecretKey) -> SharedSecret {
        use curve25519_dalek::traits::BasepointTable;

        finish(self.table.mul_base(&scalar(key)))
    }
}

#[cfg(feature = "precomputed-tables")]
impl fmt::Debug for PeerTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, ..] = self.public.as_bytes();
        write!(f, "PeerTable({first:02x}{second:02x}…)")
    }
}

/// The clamped secret, reduced: the points above are of prime order.
fn scalar(key: &SecretKey) -> Zeroizing<Scalar> {
    let clamped = Zeroizing::new(clamp_integer(*key.expose_bytes()));
    Zeroizing::new(Scalar::from_bytes_mod_order(*clamped))
}

fn finish(product: EdwardsPoint) -> SharedSecret {
    let product = Zeroizing::new(product);
    SharedSecret::from_bytes(product.to_montgomery().to_bytes())
}

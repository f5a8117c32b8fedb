//! What a sender with Pro holds (spec 12 §2, §3).

use session_core::UnixMillis;
use session_crypto::ed25519;
use session_crypto::zeroize::ZeroizeOnDrop;

use super::{Backend, MessageFeatures, ProfileFeatures, Proof, Status};
use crate::Error;
use crate::proto::ProMessage;

/// A proof, the rotating key that it names, and what the sender's profile uses. The key is
/// zeroized on drop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    proof: Proof,
    rotating_key: ed25519::SigningKey,
    profile: ProfileFeatures,
}

impl Credential {
    /// Puts a credential together, of a proof that is known to be good. One that was just received
    /// goes through [`verified`](Self::verified).
    ///
    /// # Errors
    /// [`Error::RotatingKey`] when the proof names another key.
    pub fn new(
        proof: Proof,
        rotating_key: ed25519::SigningKey,
        profile: ProfileFeatures,
    ) -> Result<Self, Error> {
        if proof.rotating_key != *rotating_key.public().as_bytes() {
            return Err(Error::RotatingKey);
        }
        Ok(Self {
            proof,
            rotating_key,
            profile,
        })
    }

    /// As [`new`](Self::new), after the checks that a client owes a proof from the backend: it
    /// verifies, names the client's own key, and has not expired (spec 12 §5.2).
    ///
    /// # Errors
    /// [`Error::Proof`] with the status of the proof; [`Error::RotatingKey`].
    pub fn verified(
        proof: Proof,
        backend: &Backend,
        rotating_key: ed25519::SigningKey,
        profile: ProfileFeatures,
        now: UnixMillis,
    ) -> Result<Self, Error> {
        if !proof.is_signed_by(backend) {
            return Err(Error::Proof(Status::InvalidBackendSignature));
        }
        if proof.is_expired(backend.format(), now) {
            return Err(Error::Proof(Status::Expired));
        }
        Self::new(proof, rotating_key, profile)
    }

    /// The proof.
    #[must_use]
    pub const fn proof(&self) -> &Proof {
        &self.proof
    }

    /// The key that signs messages.
    #[must_use]
    pub const fn rotating_key(&self) -> &ed25519::SigningKey {
        &self.rotating_key
    }

    /// What the sender's profile uses.
    #[must_use]
    pub const fn profile_features(&self) -> ProfileFeatures {
        self.profile
    }

    /// What a message that uses `features` says. `None` when neither it nor the profile uses any:
    /// then it is not signed with the rotating key either.
    pub(crate) fn message(&self, features: MessageFeatures) -> Option<ProMessage> {
        if features.is_empty() && self.profile.is_empty() {
            return None;
        }
        let bits = |bits: u64| (bits != 0).then_some(bits);
        Some(ProMessage {
            proof: Some(self.proof.to_proto()),
            profile_bitset: bits(self.profile.bits()),
            msg_bitset: bits(features.bits()),
        })
    }
}

impl ZeroizeOnDrop for Credential {}

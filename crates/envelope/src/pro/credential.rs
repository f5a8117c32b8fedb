//! What a sender with Pro holds (spec 12 §2, §3).

use session_crypto::ed25519;
use session_crypto::zeroize::ZeroizeOnDrop;

use super::{MessageFeatures, ProfileFeatures, Proof};
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
    /// Puts a credential together.
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

//! What a message claims (spec 12 §3, §4.2).

use alloc::vec::Vec;
use core::fmt;

use session_crypto::ed25519;
use zeroize::Zeroizing;

use super::{MessageFeatures, ProfileFeatures, Proof};
use crate::Error;
use crate::proto::ProMessage;

/// Features that a message claims, with the proof and the signature that are to back them. It
/// grants nothing before a verifier has evaluated it.
#[derive(Clone, PartialEq, Eq)]
pub struct Claim {
    proof: Option<Proof>,
    profile: ProfileFeatures,
    message: MessageFeatures,
    signature: ed25519::Signature,
    signed: Zeroizing<Vec<u8>>,
}

impl Claim {
    /// Takes what a message says, the signature beside it, and the bytes that it is over.
    ///
    /// # Errors
    /// [`Error::Missing`] or [`Error::Length`] for a malformed proof: the message must be dropped.
    pub fn new(
        message: &ProMessage,
        signature: ed25519::Signature,
        signed: &[u8],
    ) -> Result<Self, Error> {
        Ok(Self {
            proof: message.proof.as_ref().map(Proof::from_proto).transpose()?,
            profile: ProfileFeatures::from_bits(message.profile_bitset.unwrap_or(0)),
            message: MessageFeatures::from_bits(message.msg_bitset.unwrap_or(0)),
            signature,
            signed: Zeroizing::new(signed.to_vec()),
        })
    }

    /// The proof. `None` from a sender whose proof is of a format that is still to come.
    #[must_use]
    pub const fn proof(&self) -> Option<&Proof> {
        self.proof.as_ref()
    }

    /// What the sender's profile is said to use.
    #[must_use]
    pub const fn profile_features(&self) -> ProfileFeatures {
        self.profile
    }

    /// What the message is said to use.
    #[must_use]
    pub const fn message_features(&self) -> MessageFeatures {
        self.message
    }

    /// The signature by the proof's rotating key.
    #[must_use]
    pub const fn signature(&self) -> &ed25519::Signature {
        &self.signature
    }

    /// What that signature is over.
    #[must_use]
    pub fn signed_bytes(&self) -> &[u8] {
        &self.signed
    }
}

/// Shows the proof only.
impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("proof", &self.proof)
            .finish_non_exhaustive()
    }
}

//! What came of a claim (spec 12 §4).

use core::fmt;

use session_core::UnixMillis;

use super::{Format, MessageFeatures, ProfileFeatures, Proof, Revocations};

/// Whether a proof holds (spec 12 §4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// All signatures verify and the proof had not expired.
    Valid,
    /// All signatures verify, but the proof had expired.
    Expired,
    /// No backend that counts has signed the proof.
    InvalidBackendSignature,
    /// The proof's rotating key has not signed the message.
    InvalidUserSignature,
    /// There is no proof, or one that is of a format still to come.
    NoProof,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Valid => "valid",
            Self::Expired => "expired",
            Self::InvalidBackendSignature => "signed by no known backend",
            Self::InvalidUserSignature => "message not signed by the rotating key",
            Self::NoProof => "none",
        })
    }
}

/// What a verifier found out about a claim, at the time that it was given.
///
/// Deliver the message whatever the status is; it decides about features only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evaluation {
    pub(super) status: Status,
    pub(super) format: Option<Format>,
    pub(super) proof: Option<Proof>,
    pub(super) profile: ProfileFeatures,
    pub(super) message: MessageFeatures,
}

impl Evaluation {
    /// Whether the proof held at the time of the evaluation. Revocations are not looked at.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// The format of the proof. `None` when no backend has signed it.
    #[must_use]
    pub const fn format(&self) -> Option<Format> {
        self.format
    }

    /// The proof, verified or not.
    #[must_use]
    pub const fn proof(&self) -> Option<&Proof> {
        self.proof.as_ref()
    }

    /// What the message says it uses. Granted by [`message_features`](Self::message_features).
    #[must_use]
    pub const fn claimed_message_features(&self) -> MessageFeatures {
        self.message
    }

    /// What the sender's profile is said to use. Granted by
    /// [`profile_features`](Self::profile_features).
    #[must_use]
    pub const fn claimed_profile_features(&self) -> ProfileFeatures {
        self.profile
    }

    /// The features that the message may use, `now` in the network's time: all that it claims if
    /// the proof was valid when the message was signed, and is not revoked; else none (spec 12
    /// §4.4).
    ///
    /// The sender chooses the time that it signs. Where a proof that has expired since must not
    /// help, hold the time of the message against the time at which it was received.
    #[must_use]
    pub fn message_features(&self, revocations: &Revocations, now: UnixMillis) -> MessageFeatures {
        match self.proof {
            Some(proof)
                if self.status == Status::Valid && !is_revoked(&proof, revocations, now) =>
            {
                self.message
            }
            _ => MessageFeatures::default(),
        }
    }

    /// The features that the sender's profile may use now, in the network's time: all that it
    /// claims if the signatures verify, and the proof has not expired by now and is not revoked;
    /// else none (spec 12 §4.4). Ask again as time goes by.
    #[must_use]
    pub fn profile_features(&self, revocations: &Revocations, now: UnixMillis) -> ProfileFeatures {
        let is_signed = matches!(self.status, Status::Valid | Status::Expired);
        match self.proof.zip(self.format) {
            Some((proof, format))
                if is_signed
                    && !proof.is_expired(format, now)
                    && !is_revoked(&proof, revocations, now) =>
            {
                self.profile
            }
            _ => ProfileFeatures::default(),
        }
    }
}

fn is_revoked(proof: &Proof, revocations: &Revocations, now: UnixMillis) -> bool {
    revocations.is_revoked(&proof.revocation_tag, now)
}

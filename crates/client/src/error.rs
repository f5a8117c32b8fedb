//! What a caller did wrong, and why a message could not be sent.

use session_path::Failure as PathFailure;

/// Why a call was refused. Failures of requests are not errors but events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Too many messages wait already.
    #[error("send queue is full: {limit} messages wait")]
    QueueFull {
        /// The limit.
        limit: usize,
    },
    /// The message cannot be sealed for this recipient.
    #[error("envelope: {0}")]
    Envelope(#[from] session_envelope::Error),
    /// The message cannot be stored, for example because it is too long.
    #[error("storage: {0}")]
    Storage(#[from] session_storage::Error),
}

/// Why a request came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("request failed: {kind:?}, status {status:?}")]
#[non_exhaustive]
pub struct Failure {
    /// What would help.
    pub kind: Kind,
    /// The status that the destination answered, if it was the destination.
    pub status: Option<u16>,
}

/// What would help against a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// The same again, later.
    Retry,
    /// Another path.
    OtherPath,
    /// Another member of the swarm.
    OtherMember,
    /// A clock that is right: the network refused our time.
    ResyncClock,
    /// Nothing: the request is refused for good.
    Permanent,
}

impl Failure {
    /// Nobody who can be believed said anything about the request itself.
    pub(crate) fn of_path(failure: &PathFailure) -> Self {
        let kind = match failure {
            PathFailure::DestinationUnreachable { .. } => Kind::OtherMember,
            _ => Kind::OtherPath,
        };
        Self { kind, status: None }
    }

    /// The destination itself answered with this status (spec 04 §2.5).
    pub(crate) const fn of_status(status: u16) -> Self {
        let kind = match status {
            406 | 425 => Kind::ResyncClock,
            421 | 500..=599 => Kind::OtherMember,
            429 => Kind::Retry,
            _ => Kind::Permanent,
        };
        Self {
            kind,
            status: Some(status),
        }
    }

    /// The destination's answer is not what it should be.
    pub(crate) const fn of_content() -> Self {
        Self {
            kind: Kind::OtherMember,
            status: None,
        }
    }
}

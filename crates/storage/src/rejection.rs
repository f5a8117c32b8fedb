//! What a node answers to a request that it does not carry out.

use alloc::boxed::Box;

use crate::status;

/// Why a node refuses a request. The text form is the body of the reply, [`status`](Self::status)
/// its code.
///
/// Texts are those of deployed nodes where these were seen; clients must match on codes only
/// (spec 04 §2.5).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The body is longer than [`MAX_BODY_LEN`](crate::MAX_BODY_LEN).
    #[error("request too large")]
    TooLarge,
    /// The body is no JSON, or repeats a field.
    #[error("invalid json")]
    InvalidJson,
    /// The body has no text `method`, or no object `params`.
    #[error("invalid json: no `{field}` field")]
    NoField {
        /// The field.
        field: &'static str,
    },
    /// This node does not know the method. The name is the client's, cut to 64 characters.
    #[error("no method {name}")]
    NoMethod {
        /// The name that was asked for.
        name: Box<str>,
    },
    /// The parameters are no bt dict with ascending keys, or no JSON object without repetition.
    #[error("invalid request: malformed parameters")]
    Malformed,
    /// A required parameter is absent.
    #[error("invalid request: Required field '{field}' missing")]
    Missing {
        /// The parameter.
        field: &'static str,
    },
    /// A parameter has the wrong type, form or range.
    #[error("invalid request: invalid value for '{field}'")]
    Invalid {
        /// The parameter.
        field: &'static str,
    },
    /// Two parameters were given of which only one may be.
    #[error("invalid request: '{first}' and '{second}' are mutually exclusive")]
    Exclusive {
        /// The one.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
    /// Subaccount access is not supported yet.
    #[error("invalid request: subaccounts are not supported")]
    Subaccount,
    /// A peer forwarded a method that is not forwarded (spec 03 §11).
    #[error("invalid request: not a recursive method")]
    NotForwardable,
    /// The account belongs to another swarm. The body of the reply is not this text but the list
    /// of the right swarm's members (spec 03 §7.2).
    #[error("wrong swarm")]
    WrongSwarm,
    /// The time to live is out of range for the namespace.
    #[error("Provided expiry/TTL is not valid.")]
    Ttl,
    /// The message is from the future or has expired.
    #[error("Timestamp error: check your clock")]
    Clock,
    /// The signature's timestamp is too far off.
    #[error("{method} timestamp too far from current time")]
    SignatureClock {
        /// The method.
        method: &'static str,
    },
    /// The namespace demands a signature.
    #[error("{method}: request signature required")]
    Unsigned {
        /// The method.
        method: &'static str,
    },
    /// The signature does not verify, or its key is not the account's.
    #[error("{method} signature verification failed")]
    Signature {
        /// The method.
        method: &'static str,
    },
}

impl Rejection {
    /// The status code that goes with this reply (spec 04 §2.5).
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::TooLarge => status::TOO_LARGE,
            Self::InvalidJson
            | Self::NoField { .. }
            | Self::NoMethod { .. }
            | Self::Malformed
            | Self::Missing { .. }
            | Self::Invalid { .. }
            | Self::Exclusive { .. }
            | Self::Subaccount
            | Self::NotForwardable => status::BAD_REQUEST,
            Self::WrongSwarm => status::WRONG_SWARM,
            Self::Ttl => status::FORBIDDEN,
            Self::Clock | Self::SignatureClock { .. } => status::NOT_ACCEPTABLE,
            Self::Unsigned { .. } | Self::Signature { .. } => status::UNAUTHORIZED,
        }
    }
}

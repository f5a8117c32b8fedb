//! What a node answers to a request that it does not carry out.

use alloc::boxed::Box;

use crate::{Namespace, status};

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
    /// An OMQ request has more than one part behind its name.
    #[error("Invalid request: expected 1 message parts, received {got}")]
    Parts {
        /// How many it has.
        got: usize,
    },
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
    /// The account has no form that this network accepts (spec 03 §2).
    #[error("invalid request: Pubkey must be 66 hex digits/33 bytes long")]
    Account,
    /// More tokens than one request may revoke.
    #[error(
        "invalid request: too many tokens, at most {} are allowed",
        crate::MAX_REVOKED
    )]
    TooManyTokens,
    /// A batch or sequence is too long.
    #[error(
        "invalid request: too many requests, at most {} are allowed",
        crate::MAX_BATCH
    )]
    TooManyRequests,
    /// A batch or a conditional request stands where none may, or there are more than
    /// [`MAX_CONDITIONS`](crate::MAX_CONDITIONS) conditional ones.
    #[error("invalid request: batch requests cannot be nested")]
    Nested,
    /// A conditional request has no condition that is known.
    #[error("invalid request: 'if' has no condition")]
    NoCondition,
    /// A conditional request has no branch.
    #[error("invalid request: 'then' or 'else' is required")]
    NoBranch,
    /// The daemon is not asked for that.
    #[error("invalid request: invalid oxend endpoint")]
    DaemonEndpoint,
    /// The parameters are neither JSON nor bt.
    #[error("invalid body: expected json or bt_dict")]
    InvalidBody,
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
    /// The time of a request is too far from now.
    #[error("{method} timestamp too far from current time")]
    RequestClock {
        /// The method.
        method: &'static str,
    },
    /// The time of a store's signature is too far from now.
    #[error("store signature timestamp too far from current time")]
    SignatureClock,
    /// Messages are to be deleted up to a time that is too far ahead.
    #[error("delete_before timestamp too far in the future")]
    BeforeClock,
    /// Messages are to expire at a time that has passed.
    #[error("expire: timestamp should be >= current time")]
    ExpireClock,
    /// All messages are to expire at a time that has passed.
    #[error("expire_all: timestamp should be >= current time")]
    ExpireAllClock,
    /// The namespace is not open for reading.
    #[error("{method}: request signature required")]
    Unsigned {
        /// The method.
        method: &'static str,
    },
    /// The namespace is not open for writing.
    #[error("store: signature required to store to namespace {namespace}")]
    UnsignedStore {
        /// The namespace.
        namespace: Namespace,
    },
    /// The signature does not verify, its key is neither the account's nor that of one of its
    /// subaccounts, or the subaccount is revoked or may not do this.
    #[error("{method} signature verification failed")]
    Signature {
        /// The method.
        method: &'static str,
    },
    /// The subaccount may only let messages live longer.
    #[error(
        "expire: shorten parameter cannot be used with this subaccount token (missing delete access)"
    )]
    ShortenAccess,
}

impl Rejection {
    /// The status code that goes with this reply (spec 04 §2.5).
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::TooLarge => status::TOO_LARGE,
            Self::InvalidJson
            | Self::InvalidBody
            | Self::Parts { .. }
            | Self::NoField { .. }
            | Self::NoMethod { .. }
            | Self::Malformed
            | Self::Missing { .. }
            | Self::Invalid { .. }
            | Self::Exclusive { .. }
            | Self::Account
            | Self::TooManyTokens
            | Self::TooManyRequests
            | Self::Nested
            | Self::NoCondition
            | Self::NoBranch
            | Self::DaemonEndpoint
            | Self::NotForwardable
            | Self::ShortenAccess => status::BAD_REQUEST,
            Self::WrongSwarm => status::WRONG_SWARM,
            Self::Ttl => status::FORBIDDEN,
            Self::Clock
            | Self::RequestClock { .. }
            | Self::SignatureClock
            | Self::ExpireAllClock => status::NOT_ACCEPTABLE,
            // Not 406: spec 04 §4.5.
            Self::BeforeClock | Self::ExpireClock => status::UNAUTHORIZED,
            Self::Unsigned { .. } | Self::UnsignedStore { .. } | Self::Signature { .. } => {
                status::UNAUTHORIZED
            }
        }
    }
}

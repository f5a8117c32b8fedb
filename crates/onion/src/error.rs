//! Why an onion request or reply cannot be built, read or opened.

/// What was wrong with an onion request, one of its layers, or a reply.
///
/// `Display` texts name the object and the expectation, never content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A frame is shorter than its length field, or the length field says more than there is.
    #[error("frame: blob length exceeds the frame")]
    Frame,
    /// The metadata behind a blob is not exactly one JSON object.
    #[error("metadata: not one JSON object")]
    NotJson,
    /// A required metadata key is absent.
    #[error("metadata: missing {key}")]
    Missing {
        /// The key.
        key: &'static str,
    },
    /// A metadata value has the wrong type, length or range.
    #[error("metadata: {key} is not {expected}")]
    Metadata {
        /// The key.
        key: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// The hop type is unknown; there is no fallback.
    #[error("unknown enc_type")]
    UnknownEncType,
    /// The message between two nodes is not the bt dict that it must be.
    #[error("relay message: {0}")]
    RelayMessage(#[from] session_bt::Error),
    /// A node has handled this request as one hop more than the network allows.
    #[error("onion request max path length exceeded")]
    TooManyHops,
    /// A node's key is of low order, or not convertible to X25519.
    #[error("node key is not a valid point")]
    InvalidKey,
    /// The layer or reply cannot be decrypted: too short, wrong key, or changed.
    #[error("invalid ciphertext")]
    Decrypt,
    /// The reply decrypts, but lacks an integer status or is not the JSON that it must be.
    #[error("reply: no status and body in the decrypted reply")]
    ReplyForm,
    /// What a server or its client sent is not of the form that its version has.
    #[error("server request or reply: not of the expected form")]
    ServerForm,
    /// The request would exceed [`MAX_REQUEST_LEN`](crate::MAX_REQUEST_LEN).
    #[error("onion request of {len} bytes exceeds the limit of {max}")]
    TooLong {
        /// The length that it would have.
        len: usize,
        /// The longest that nodes accept.
        max: usize,
    },
    /// The target of a proxied request is not one that a node may reach.
    #[error("Invalid url")]
    ProxyTarget,
}

//! Why bytes were refused.

/// What was wrong with a message, a key or a saved state.
///
/// Carries names of objects and fields, never content, keys or ids. Tell nobody but the user: a
/// sender must not learn why a message was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not what belongs there: no bt-encoding, a field that is missing, out of order
    /// or of the wrong type or length, or what follows from that.
    #[error("{what}: malformed")]
    Malformed {
        /// The object that was read.
        what: &'static str,
    },
    /// The format has a version or type that this code does not know: keep the bytes, a later
    /// release may read them.
    #[error("{what}: unknown version")]
    Version {
        /// The object that was read.
        what: &'static str,
    },
    /// A length is not one that the object can have.
    #[error("{what}: expected {expected} bytes, got {got}")]
    Length {
        /// The object.
        what: &'static str,
        /// The length that it must have, or the least or most that it may have.
        expected: usize,
        /// The length that it had.
        got: usize,
    },
    /// A signature does not verify, or the key that it is to verify under is not valid.
    #[error("{what}: signature does not verify")]
    Signature {
        /// What was signed.
        what: &'static str,
    },
    /// An X25519 key is of low order: the shared secret would be zero.
    #[error("{what}: X25519 key of low order")]
    LowOrder {
        /// Whose key.
        what: &'static str,
    },
    /// A coefficient of an ML-KEM key is not below the modulus.
    #[error("{what}: invalid ML-KEM key")]
    MlKemKey {
        /// Whose key.
        what: &'static str,
    },
    /// The recipient's id does not begin with 05.
    #[error("recipient: not the id of an account")]
    Recipient,
    /// No account key that is held opens the message. The key may still arrive: keep the bytes.
    #[error("no account key opens the message")]
    NoKey,
    /// The message is for other devices, or for another group.
    #[error("{what}: not for this device")]
    NotForUs {
        /// The object that was read.
        what: &'static str,
    },
    /// There is no account key in use.
    #[error("no active account key")]
    NoActiveKey,
    /// The call does not fit the state that the machine is in.
    #[error("{call}: not now")]
    State {
        /// The call.
        call: &'static str,
    },
    /// There is no device, group or request of that id.
    #[error("{what}: unknown")]
    Unknown {
        /// What was named.
        what: &'static str,
    },
    /// There is not enough memory for the password hash.
    #[error("out of memory")]
    OutOfMemory,
    /// A queue is full: take from it first, or try again later.
    #[error("{what}: queue is full")]
    Full {
        /// What is queued.
        what: &'static str,
    },
    /// A fault of this crate, never of the input.
    #[error("internal error: {0}")]
    Internal(&'static str),
}

/// Gives errors of bt-encoding the name of the object that was read.
pub(crate) trait Named<T> {
    fn named(self, what: &'static str) -> Result<T, Error>;
}

impl<T> Named<T> for Result<T, session_bt::Error> {
    fn named(self, what: &'static str) -> Result<T, Error> {
        self.map_err(|_| Error::Malformed { what })
    }
}

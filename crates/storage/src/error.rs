//! What can go wrong on the client's side.

/// Why a request cannot be made, or a reply not be read.
///
/// What a node answers to a bad request is a [`Rejection`](crate::Rejection).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text or the reply does not have the form that the object has.
    #[error("{what}: malformed")]
    Malformed {
        /// The object that was read.
        what: &'static str,
    },
    /// The object is longer than nodes accept, or than is read from them.
    #[error("{what}: expected at most {limit}, got {got}")]
    TooLong {
        /// The object.
        what: &'static str,
        /// The greatest length: in bytes, or of a list in elements.
        limit: usize,
        /// The length that it has.
        got: usize,
    },
    /// A list that must not be empty is.
    #[error("{what}: none given")]
    Empty {
        /// The list.
        what: &'static str,
    },
    /// There are as many as there may not be.
    #[error("{what}: expected {expected}, got {got}")]
    Count {
        /// The list.
        what: &'static str,
        /// How many there should be.
        expected: usize,
        /// How many there are.
        got: usize,
    },
    /// A batch stands within a batch.
    #[error("batches cannot be nested")]
    Nested,
    /// The time to live is not one that the namespace allows (spec 04 §1).
    #[error("time to live out of range")]
    Ttl,
    /// No token can be made for this id: it is not an account with prefix 05 and a valid key.
    #[error("member id: no account with a valid key")]
    Member,
    /// The signing key is not the key of the account, nor one that may do this for it.
    #[error("the signing key may not do this for the account")]
    WrongKey,
}

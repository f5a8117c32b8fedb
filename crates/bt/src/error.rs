//! Why bytes are not the bt-encoding that was expected.

/// What was wrong with bt-encoded bytes, or with the order in which they were written.
///
/// Positions count bytes from the start of the value that was being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input ends inside a value.
    #[error("bt value ends early at byte {at}")]
    Truncated {
        /// Where the input ends.
        at: usize,
    },
    /// The byte cannot stand here: no value starts with it, or it is no digit, colon or `e`.
    #[error("unexpected byte at {at} of a bt value")]
    Unexpected {
        /// Where it stands.
        at: usize,
    },
    /// An integer or a string length does not fit its range.
    #[error("number at byte {at} of a bt value is out of range")]
    Range {
        /// Where the number starts.
        at: usize,
    },
    /// Lists and dicts are nested more than [`MAX_DEPTH`](crate::MAX_DEPTH) deep.
    #[error("bt value is nested deeper than 64")]
    Depth,
    /// Bytes follow the end of the value.
    #[error("bytes follow the bt value at byte {at}")]
    Trailing {
        /// Where they start.
        at: usize,
    },
    /// A dict key is not greater than the one before it.
    #[error("bt dict keys are not strictly ascending")]
    Order,
    /// A required dict key is absent.
    #[error("bt dict lacks the key {key:?}")]
    Missing {
        /// The key.
        key: &'static str,
    },
    /// A list has fewer items than expected.
    #[error("bt list ends early")]
    ListEnd,
    /// The value is of another type than expected.
    #[error("expected a bt {expected}")]
    Type {
        /// The type that was expected.
        expected: &'static str,
    },
}

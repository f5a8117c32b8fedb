//! Why a node list, a record or a pool was refused.

/// What was wrong with something that was read, or with the answers for a pool.
///
/// Carries names and numbers, never content: lists come from strangers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A field that must be there is absent.
    #[error("{what}: no field {field}")]
    Missing {
        /// The object that was read.
        what: &'static str,
        /// The field, by its most usual name.
        field: &'static str,
    },
    /// A value does not have the form that it must have.
    #[error("{what}: malformed")]
    Malformed {
        /// The value that was read.
        what: &'static str,
    },
    /// The input is larger than any honest one.
    #[error("{what}: larger than {limit}")]
    TooLarge {
        /// The thing that is counted.
        what: &'static str,
        /// The most that is accepted.
        limit: usize,
    },
    /// A binary node list is not made of whole 51-byte records.
    #[error("binary node list: {got} bytes are not whole records")]
    PartialRecord {
        /// Length of the list in bytes.
        got: usize,
    },
    /// Too few nodes are in enough answers. Keep the pool you have (spec 03 §9).
    #[error("node pool: {got} nodes agreed on, {needed} needed")]
    PoolTooSmall {
        /// The fewest nodes that make a pool.
        needed: usize,
        /// The nodes that enough answers named.
        got: usize,
    },
}

//! Why there is no path, or no saved state.

/// Why no path can be given, or no saved state be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The policy asks for paths without hops. Nothing may be sent like that.
    #[error("path policy: a path needs at least one hop")]
    NoHops,
    /// The pool has too few nodes that may be used. Refresh it once, try once more, then fail
    /// (spec 02 §8.2).
    #[error("node pool: too few usable nodes for a path of {hops}")]
    TooFewNodes {
        /// Nodes that a path needs.
        hops: u8,
    },
    /// The saved state is of a version that this one does not know.
    #[error("saved path state: unknown version {version}")]
    StateVersion {
        /// The version, its first byte.
        version: u8,
    },
    /// The saved state is not what [`Paths::save`](crate::Paths::save) writes.
    #[error("saved path state: malformed")]
    State,
}

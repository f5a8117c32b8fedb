//! Why there is no path.

/// Why no path can be given.
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
}

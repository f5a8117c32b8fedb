//! First nodes of paths, kept for long (spec 02 §8.3).

use session_core::UnixMillis;
use session_swarm::NodeKey;

/// A node that paths begin with.
///
/// It alone sees the client's address. Whoever draws a new first node for every path meets a bad
/// one soon, whoever keeps the same few most likely never does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Guard {
    /// The node.
    pub key: NodeKey,
    /// When it was chosen.
    pub since: UnixMillis,
    /// Until when it is passed over because it could not be reached.
    pub rests_until: UnixMillis,
}

impl Guard {
    pub(crate) fn new(key: NodeKey, now: UnixMillis) -> Self {
        Self {
            key,
            since: now,
            rests_until: UnixMillis::default(),
        }
    }
}

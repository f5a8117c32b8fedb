//! What a failed request says, and whom it may blame (spec 02 §8.7).

use session_swarm::NodeKey;

/// Who vouches for the status and text of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(
    clippy::exhaustive_enums,
    reason = "an answer authenticates or it does not"
)]
pub enum Provenance {
    /// Nobody: text from the guard that did not decrypt. Any hop can forge it.
    Undecrypted,
    /// The destination: the status stands inside a reply that authenticated.
    Decrypted,
}

/// Why a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The guard could not be connected to, or the connection was lost. Do not report it while
    /// the device itself has no network: guards would be blamed for that.
    EdgeUnreachable,
    /// No answer in the time that the caller gave. Says nothing about any node.
    TimedOut,
    /// The last hop could not reach the destination. Ask another member of the swarm.
    DestinationUnreachable {
        /// The destination.
        node: NodeKey,
    },
    /// A hop could not reach the next one.
    IntermediateNodeUnreachable {
        /// The next one, if the text names a node of the path.
        node: Option<NodeKey>,
    },
    /// A node is not ready to relay or to serve.
    SnodeNotReady {
        /// The node, if the text names one of the path or the destination.
        node: Option<NodeKey>,
    },
    /// The guard is not ready, or busy; or a node behind it says so in its name.
    EdgeNotReady,
    /// A hop got no answer in time.
    PathTimedOut,
    /// A hop got an answer that it could not read.
    InvalidHopResponse,
    /// A status that would mean much if it were authentic. It is not: change neither the clock
    /// nor a swarm.
    Unauthenticated,
    /// The destination's daemon is broken.
    UnparseableData {
        /// The destination, if it is a node.
        destination: Option<NodeKey>,
    },
    /// Our clock is wrong (spec 02 §8.8).
    ClockOutOfSync,
    /// The destination does not hold this account (spec 03 §10.3).
    SnodeNotInSwarm,
    /// Anything else.
    Other,
}

/// Who is blamed for a failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Penalties {
    /// A node that the answer named: one of the path, or the destination.
    pub node: Option<NodeKey>,
    /// The destination.
    pub destination: Option<NodeKey>,
    /// The first node of the path.
    pub edge: bool,
    /// The path as such.
    pub path: bool,
    /// Whether the failure is of a kind that puts a node out at once.
    pub permanent: bool,
}

impl Failure {
    /// Whether the destination itself vouches for the failure: the path works.
    pub(crate) const fn is_authentic(&self) -> bool {
        matches!(
            self,
            Self::UnparseableData { .. } | Self::ClockOutOfSync | Self::SnodeNotInSwarm
        )
    }

    /// Whom the table of spec 02 §8.7 blames.
    ///
    /// [`Paths::failed`](crate::Paths::failed) gives less than that for what can be forged.
    #[must_use]
    pub fn penalties(&self) -> Penalties {
        let none = Penalties::default();
        match *self {
            Self::EdgeUnreachable | Self::EdgeNotReady => Penalties { edge: true, ..none },
            Self::DestinationUnreachable { node } => Penalties {
                destination: Some(node),
                permanent: true,
                ..none
            },
            Self::IntermediateNodeUnreachable { node } => Penalties {
                node,
                path: true,
                permanent: true,
                ..none
            },
            Self::SnodeNotReady { node } => Penalties { node, ..none },
            Self::PathTimedOut | Self::InvalidHopResponse => Penalties { path: true, ..none },
            Self::UnparseableData { destination } => Penalties {
                destination,
                permanent: true,
                ..none
            },
            Self::TimedOut
            | Self::Unauthenticated
            | Self::ClockOutOfSync
            | Self::SnodeNotInSwarm
            | Self::Other => none,
        }
    }
}

/// Reads a failed answer. The first row of the table in spec 02 §8.7 that matches decides.
///
/// `status` of a decrypted batch reply is that of the whole batch if all its items failed alike.
/// `destination` is `None` for a server. Nodes other than those of `path` and the destination
/// are never blamed, whatever the text says.
#[must_use]
pub fn classify(
    provenance: Provenance,
    status: u16,
    body: &[u8],
    destination: Option<&NodeKey>,
    path: &[NodeKey],
) -> Failure {
    // All texts of the table are ASCII; whatever is not UTF-8 is none of them.
    let body = core::str::from_utf8(body).unwrap_or_default();
    match provenance {
        Provenance::Undecrypted => classify_undecrypted(status, body, destination, path),
        Provenance::Decrypted => match (status, destination) {
            (502, _) if body.contains("oxend returned unparsable data") => {
                Failure::UnparseableData {
                    destination: destination.copied(),
                }
            }
            (406, Some(_)) | (425, None) => Failure::ClockOutOfSync,
            (421, Some(_)) => Failure::SnodeNotInSwarm,
            _ => Failure::Other,
        },
    }
}

fn classify_undecrypted(
    status: u16,
    body: &str,
    destination: Option<&NodeKey>,
    path: &[NodeKey],
) -> Failure {
    let next = || {
        named_after("Next node not found: ", body)
            .or_else(|| named_after("Next node is currently unreachable: ", body))
    };
    match status {
        502 => match next() {
            Some(Some(node)) if destination == Some(&node) => {
                Failure::DestinationUnreachable { node }
            }
            Some(named) => Failure::IntermediateNodeUnreachable {
                node: named.filter(|node| path.contains(node)),
            },
            None => Failure::Other,
        },
        503 => match named_after("Snode not ready: ", body) {
            Some(named) => Failure::SnodeNotReady {
                node: named.filter(|node| path.contains(node) || destination == Some(node)),
            },
            None if body.contains("Service node is not ready: ")
                || body.contains("Server busy, try again later") =>
            {
                Failure::EdgeNotReady
            }
            None => Failure::Other,
        },
        504 if body.contains("Request time out") => Failure::PathTimedOut,
        500 if body.contains("Invalid response from snode") => Failure::InvalidHopResponse,
        406 | 421 | 425 => Failure::Unauthenticated,
        _ => Failure::Other,
    }
}

/// What follows `pattern`, up to white space, read as a key; `None` without the pattern.
fn named_after(pattern: &str, body: &str) -> Option<Option<NodeKey>> {
    let (_, rest) = body.split_once(pattern)?;
    let word = rest.split([' ', '\t', '\r', '\n']).next();
    Some(word.and_then(|word| word.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn key(byte: u8) -> NodeKey {
        [byte; 32].into()
    }

    proptest! {
        /// Whatever a hop writes, it can only hurt its own path and the destination.
        #[test]
        fn text_blames_nobody_outside_the_path(
            status in prop::sample::select(&[406u16, 421, 425, 500, 502, 503, 504][..]),
            pattern in prop::sample::select(&[
                "Next node not found: ", "Next node is currently unreachable: ", "Snode not ready: ",
            ][..]),
            named in 0u8..8,
            tail in "[ -~\\n]{0,10}",
        ) {
            let path = [key(1), key(2), key(3)];
            let body = format!("{pattern}{}{tail}", key(named));
            let failure =
                classify(Provenance::Undecrypted, status, body.as_bytes(), Some(&key(4)), &path);
            let penalties = failure.penalties();
            prop_assert!(penalties.node.is_none_or(|node| path.contains(&node) || node == key(4)));
            prop_assert!(penalties.destination.is_none_or(|node| node == key(4)));
            prop_assert!(!matches!(failure, Failure::ClockOutOfSync | Failure::SnodeNotInSwarm));
            let decrypted =
                classify(Provenance::Decrypted, status, body.as_bytes(), Some(&key(4)), &path);
            prop_assert_eq!(decrypted.penalties(), Penalties::default());
        }

        #[test]
        fn any_bytes_are_classified(status: u16, body: Vec<u8>) {
            let _ = classify(Provenance::Undecrypted, status, &body, None, &[]);
            let _ = classify(Provenance::Decrypted, status, &body, None, &[]);
        }
    }

    #[test]
    fn a_wrong_clock_has_another_status_at_servers() {
        let decrypted = |status, destination: Option<NodeKey>| {
            classify(
                Provenance::Decrypted,
                status,
                b"",
                destination.as_ref(),
                &[],
            )
        };
        assert_eq!(decrypted(406, Some(key(1))), Failure::ClockOutOfSync);
        assert_eq!(decrypted(406, None), Failure::Other);
        assert_eq!(decrypted(425, None), Failure::ClockOutOfSync);
        assert_eq!(decrypted(425, Some(key(1))), Failure::Other);
        assert_eq!(decrypted(421, None), Failure::Other);
    }

    #[test]
    fn a_broken_daemon_is_a_nodes_fault_only() {
        let body = b"oxend returned unparsable data";
        let server = classify(Provenance::Decrypted, 502, body, None, &[]);
        assert_eq!(server, Failure::UnparseableData { destination: None });
        assert_eq!(server.penalties().destination, None);
    }
}

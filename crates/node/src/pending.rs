//! Requests that wait for other nodes.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::time::Duration;

use session_onion::{ReplyFormat, ReplySealer};
use session_storage::StoreOutcome;
use session_swarm::NodeKey;

use crate::{RequestId, Ticket};

/// Where an answer has to go.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    /// To a client that asked directly, in plain.
    Direct(Ticket),
    /// To a client behind an onion request.
    Onion {
        ticket: Ticket,
        sealer: ReplySealer,
        format: ReplyFormat,
    },
}

/// A request to another node.
#[derive(Clone, Debug)]
pub(crate) enum Pending {
    /// The rest of an onion request; the answer goes back as it comes.
    Relay { ticket: Ticket, next: NodeKey },
    /// One copy of a store that was forwarded to the swarm.
    Copy { store: u64, member: NodeKey },
}

/// A store that waits for the other members of the swarm.
#[derive(Clone, Debug)]
pub(crate) struct SwarmStore {
    pub(crate) origin: Origin,
    pub(crate) outcomes: Vec<([u8; 32], StoreOutcome)>,
    pub(crate) missing: usize,
}

/// All of them, with deadlines.
#[derive(Clone, Debug, Default)]
pub(crate) struct PendingRequests {
    requests: BTreeMap<RequestId, (Duration, Pending)>,
    /// The same requests by deadline, so that the next one is found without a scan.
    deadlines: BTreeSet<(Duration, RequestId)>,
    pub(crate) stores: BTreeMap<u64, SwarmStore>,
}

impl PendingRequests {
    pub(crate) fn len(&self) -> usize {
        self.requests.len()
    }

    pub(crate) fn insert(&mut self, id: RequestId, deadline: Duration, pending: Pending) {
        self.requests.insert(id, (deadline, pending));
        self.deadlines.insert((deadline, id));
    }

    pub(crate) fn remove(&mut self, id: RequestId) -> Option<Pending> {
        let (deadline, pending) = self.requests.remove(&id)?;
        self.deadlines.remove(&(deadline, id));
        Some(pending)
    }

    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// A request whose deadline has passed.
    pub(crate) fn expired(&self, now: Duration) -> Option<RequestId> {
        let (deadline, id) = self.deadlines.first()?;
        (*deadline <= now).then_some(*id)
    }
}

//! Requests that wait for other nodes, and the answers that wait for them.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::time::Duration;

use session_onion::{ReplyFormat, ReplySealer};
use session_storage::{Body, Collector, Form, NetworkState, Order, Request};
use session_swarm::NodeKey;

use crate::replication::Retry;
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

/// Who waits for the result of a request.
#[derive(Clone, Debug)]
pub(crate) enum Asker {
    Client(Origin),
    /// The request of which this one is a part; in a batch the part with this index.
    Whole {
        composite: u64,
        part: usize,
    },
}

/// A request to another node, or a question to the daemon.
#[derive(Clone, Debug)]
pub(crate) enum Pending {
    /// The rest of an onion request; the answer goes back as it comes.
    Relay { ticket: Ticket, next: NodeKey },
    /// One copy of a change that was forwarded to the swarm.
    Copy { change: u64, member: NodeKey },
    /// A push, or a copy that a member has missed.
    Retry(Retry),
    /// A question to the daemon.
    Daemon { asker: Asker, form: Form },
}

impl Pending {
    const fn is_push(&self) -> bool {
        match self {
            Self::Retry(retry) => retry.is_push(),
            _ => false,
        }
    }
}

/// A change that waits for the other members of the swarm.
#[derive(Clone, Debug)]
pub(crate) struct SwarmChange {
    pub(crate) asker: Asker,
    pub(crate) collector: Collector,
    pub(crate) missing: usize,
    pub(crate) method: &'static str,
    /// What was forwarded, for members that have to be asked again.
    pub(crate) params: Vec<u8>,
}

/// A request made of others that waits for these.
#[derive(Clone, Debug)]
pub(crate) struct Composite {
    pub(crate) asker: Asker,
    pub(crate) form: Form,
    pub(crate) parts: Parts,
}

#[derive(Clone, Debug)]
pub(crate) enum Parts {
    Several {
        order: Order,
        /// In the order of the requests; `None` is still to come.
        results: Vec<Option<(u16, Body)>>,
        /// What has not been begun.
        rest: VecDeque<Request<'static>>,
    },
    /// The taken branch of a conditional request.
    Branch {
        condition: bool,
        state: NetworkState,
    },
}

/// All of them, with deadlines.
#[derive(Clone, Debug, Default)]
pub(crate) struct PendingRequests {
    requests: BTreeMap<RequestId, (Duration, Pending)>,
    /// The same requests by deadline, so that the next one is found without a scan.
    deadlines: BTreeSet<(Duration, RequestId)>,
    /// How many of them are pushes.
    pushes: usize,
    pub(crate) changes: BTreeMap<u64, SwarmChange>,
    pub(crate) composites: BTreeMap<u64, Composite>,
}

impl PendingRequests {
    pub(crate) fn len(&self) -> usize {
        self.requests.len()
    }

    /// Pushes that are not acknowledged yet.
    pub(crate) const fn pushes(&self) -> usize {
        self.pushes
    }

    pub(crate) fn insert(&mut self, id: RequestId, deadline: Duration, pending: Pending) {
        self.pushes = self.pushes.saturating_add(pending.is_push().into());
        self.requests.insert(id, (deadline, pending));
        self.deadlines.insert((deadline, id));
    }

    pub(crate) fn remove(&mut self, id: RequestId) -> Option<Pending> {
        let (deadline, pending) = self.requests.remove(&id)?;
        self.deadlines.remove(&(deadline, id));
        self.pushes = self.pushes.saturating_sub(pending.is_push().into());
        Some(pending)
    }

    /// Whether this is a question to the daemon.
    pub(crate) fn is_for_daemon(&self, id: RequestId) -> bool {
        let request = self.requests.get(&id);
        request.is_some_and(|(_, pending)| matches!(pending, Pending::Daemon { .. }))
    }

    /// Takes a question to the daemon away, and nothing else.
    pub(crate) fn remove_daemon(&mut self, id: RequestId) -> Option<(Asker, Form)> {
        if !self.is_for_daemon(id) {
            return None;
        }
        match self.remove(id)? {
            Pending::Daemon { asker, form } => Some((asker, form)),
            _ => None,
        }
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

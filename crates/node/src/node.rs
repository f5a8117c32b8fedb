//! The node: what comes in, what goes out, deadlines.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use session_core::Now;
use session_crypto::ed25519::SigningKey;
use session_crypto::rand_core::CryptoRng;
use session_crypto::x25519;
use session_onion::{Layer, Refusal, relayed_status};
use session_storage::{NodeState, status};
use session_swarm::{NodeKey, Pool, Swarm};

use crate::handover::Handover;
use crate::monitor::Monitors;
use crate::pending::{Asker, Pending, PendingRequests};
use crate::replication::Retries;
use crate::rpc::{Answered, daemon_silent};
use crate::{
    Answer, Config, MessageStore, Output, PeerReply, PeerRequest, RequestId, Ticket, Transmit,
    TransportFailure,
};

/// Rest between pieces of long work, in which others get their turn.
pub(crate) const PACE: Duration = Duration::from_millis(10);

/// A service node. See the [crate documentation](crate) for its run loop.
pub struct Node<S> {
    pub(crate) key: SigningKey,
    pub(crate) x25519: x25519::SecretKey,
    pub(crate) config: Config,
    pub(crate) pool: Pool,
    pub(crate) store: S,
    pub(crate) pending: PendingRequests,
    pub(crate) retries: Retries,
    pub(crate) monitors: Monitors,
    pub(crate) handover: Option<Handover>,
    /// Of the chain, in blocks.
    pub(crate) height: u64,
    pub(crate) outputs: VecDeque<Output>,
    /// Results that have not reached those who wait for them.
    pub(crate) finished: VecDeque<(Asker, Answered)>,
    pub(crate) finishing: bool,
    next_id: u64,
    next_cleaning: Duration,
}

impl<S> fmt::Debug for Node<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("key", self.key.public())
            .field("pending", &self.pending.len())
            .finish_non_exhaustive()
    }
}

impl<S: MessageStore> Node<S> {
    /// A node with this identity key. It answers 503 until it has a node list that names it.
    #[must_use]
    pub fn new(key: SigningKey, store: S, config: Config) -> Self {
        Self {
            x25519: key.to_x25519(),
            key,
            config,
            pool: Pool::default(),
            store,
            pending: PendingRequests::default(),
            retries: Retries::default(),
            monitors: Monitors::default(),
            handover: None,
            height: 0,
            outputs: VecDeque::new(),
            finished: VecDeque::new(),
            finishing: false,
            next_id: 0,
            next_cleaning: Duration::ZERO,
        }
    }

    /// The key under which node lists name this node.
    #[must_use]
    pub fn own_key(&self) -> NodeKey {
        (*self.key.public().as_bytes()).into()
    }

    /// The store, for display.
    #[must_use]
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// Takes the state of the chain from the network's daemon: conditional requests ask for it.
    pub const fn handle_block(&mut self, height: u64, hard_fork: [u16; 2]) {
        self.height = height;
        self.config.hard_fork = hard_fork;
    }

    /// Takes a request of another node, which the transport has authenticated as `from`
    /// (spec 02 §5.3, spec 03 §11).
    pub fn handle_peer<R: CryptoRng + ?Sized>(
        &mut self,
        from: &NodeKey,
        request: PeerRequest,
        now: Now,
        rng: &mut R,
    ) -> Ticket {
        let ticket = self.ticket();
        let known = self
            .pool
            .get(from)
            .is_some_and(|node| node.swarm_id.is_valid());
        if !known {
            self.answer(ticket, status::FORBIDDEN, "FORBIDDEN_SN");
            return ticket;
        }
        match request {
            PeerRequest::Onion(mut message) => {
                match Layer::parse_relay(&mut message).and_then(|layer| {
                    layer.check_hop_limit()?;
                    Ok(layer)
                }) {
                    // The entry node has asked itself this before it read the request.
                    Ok(_) if self.own_swarm().is_none() => self.answer_not_ready(ticket),
                    Ok(layer) => self.peel(ticket, layer, now, rng),
                    Err(error) => self.refuse(ticket, Refusal::of_relayed(&error)),
                }
            }
            PeerRequest::Forward { method, params } => {
                let (status, body) = self.forwarded(&method, &params, now);
                self.answer(ticket, status, body);
            }
            PeerRequest::Data(messages) => {
                let (status, body) = self.take_push(&messages, now);
                self.answer(ticket, status, body);
            }
        }
        ticket
    }

    /// Takes the reply to a [`Transmit`], or why there is none. Unknown and late ids are ignored.
    pub fn handle_reply<R: CryptoRng + ?Sized>(
        &mut self,
        id: RequestId,
        reply: Result<PeerReply, TransportFailure>,
        now: Now,
        rng: &mut R,
    ) {
        if !self.pending.is_for_daemon(id) {
            self.ended(id, reply, now, rng);
        }
    }

    /// What was waited for has come, or will not.
    fn ended<R: CryptoRng + ?Sized>(
        &mut self,
        id: RequestId,
        reply: Result<PeerReply, TransportFailure>,
        now: Now,
        rng: &mut R,
    ) {
        match self.pending.remove(id) {
            Some(Pending::Relay { ticket, next }) => match reply {
                Ok(PeerReply { status, body }) => {
                    self.answer(ticket, relayed_status(status), body);
                }
                Err(TransportFailure::Timeout) => self.refuse(ticket, Refusal::timed_out()),
                Err(TransportFailure::Connection) => {
                    self.refuse(ticket, Refusal::next_node_unreachable(next.as_bytes()));
                }
            },
            Some(Pending::Copy { change, member }) => {
                self.copy_done(change, member, reply, now, rng);
            }
            Some(Pending::Retry(retry)) => self.retried(retry, &reply, now.monotonic),
            Some(Pending::Daemon { asker, .. }) => {
                self.finish(asker, daemon_silent(), now, rng);
            }
            None => {}
        }
    }

    /// Ends what has waited too long and removes expired messages. Harmless at any time.
    pub fn handle_timeout<R: CryptoRng + ?Sized>(&mut self, now: Now, rng: &mut R) {
        while let Some(id) = self.pending.expired(now.monotonic) {
            self.ended(id, Err(TransportFailure::Timeout), now, rng);
        }
        self.retry_due(now.monotonic);
        self.hand_over(now);
        self.monitors.end_old(now.monotonic);
        if self.next_cleaning <= now.monotonic {
            // What cannot be removed now is tried again at the next cleaning; where there is more to
            // remove, others get their turn in between.
            let wait = match self.store.remove_expired(now.unix) {
                Ok(true) => PACE,
                _ => self.config.clean_interval,
            };
            self.next_cleaning = now.monotonic.saturating_add(wait);
        }
    }

    /// The next thing to do. [`Output::Wait`] is last, and can be asked for again.
    pub fn poll_output(&mut self) -> Output {
        self.outputs.pop_front().unwrap_or_else(|| {
            let deadlines = [
                self.pending.next_deadline(),
                self.retries.next_due(),
                self.handover_due(),
                Some(self.next_cleaning),
            ];
            Output::Wait(deadlines.into_iter().flatten().min())
        })
    }

    /// The swarm that this node is in, as far as it knows.
    pub(crate) fn own_swarm(&self) -> Option<Swarm<'_>> {
        let own = self.pool.get(&self.own_key())?;
        self.pool.swarm(own.swarm_id)
    }

    pub(crate) const fn state(&self, now: Now) -> NodeState {
        NodeState::new(now.unix, self.config.hard_fork)
    }

    pub(crate) fn ticket(&mut self) -> Ticket {
        Ticket(self.fresh_id())
    }

    pub(crate) fn fresh_id(&mut self) -> u64 {
        self.next_id = self.next_id.wrapping_add(1);
        self.next_id
    }

    pub(crate) fn answer(&mut self, ticket: Ticket, status: u16, body: impl Into<Vec<u8>>) {
        self.outputs.push_back(Output::Answer(Answer {
            ticket,
            status,
            body: body.into(),
        }));
    }

    /// Answers in plain what no layer could carry.
    pub(crate) fn refuse(&mut self, ticket: Ticket, refusal: Refusal) {
        self.answer(ticket, refusal.status, refusal.text.into_owned());
    }

    pub(crate) fn answer_not_ready(&mut self, ticket: Ticket) {
        self.refuse(ticket, Refusal::not_ready(self.own_key().as_bytes()));
    }

    /// Whether as much is under way as may be.
    pub(crate) fn is_busy(&self) -> bool {
        self.pending.len() >= self.config.max_pending
    }

    /// Queues a request to another node, unless too many are under way.
    pub(crate) fn transmit(
        &mut self,
        to: NodeKey,
        request: PeerRequest,
        deadline: Duration,
        pending: Pending,
    ) -> bool {
        let room = !self.is_busy();
        if room {
            self.transmit_anyway(to, request, deadline, pending);
        }
        room
    }

    /// Queues a request to another node, for those who set themselves a limit.
    pub(crate) fn transmit_anyway(
        &mut self,
        to: NodeKey,
        request: PeerRequest,
        deadline: Duration,
        pending: Pending,
    ) {
        let id = RequestId(self.fresh_id());
        self.pending.insert(id, deadline, pending);
        self.outputs
            .push_back(Output::Transmit(Transmit { id, to, request }));
    }
}

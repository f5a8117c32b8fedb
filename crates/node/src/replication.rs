//! Changes that all members of a swarm carry out (spec 03 §11).

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use session_core::Now;
use session_crypto::rand_core::CryptoRng;
use session_storage::{
    Authorized, Collector, Context, Failure, Form, Outcome, Recursive, Rejection, Request,
    parse_forwarded, peer_answer, status,
};
use session_swarm::NodeKey;

use crate::change::{Change, Done};
use crate::pending::{Asker, Pending, SwarmChange};
use crate::{MessageStore, Node, PeerReply, PeerRequest, TransportFailure};

/// How long after a failure a member is asked again, the first time; then twice as long.
const FIRST_RETRY: Duration = Duration::from_secs(5);
/// How often.
const MAX_TRIES: u32 = 8;

/// A request that another node has missed.
#[derive(Clone, Debug)]
pub(crate) struct Retry {
    pub(crate) to: NodeKey,
    pub(crate) missed: Missed,
    tries: u32,
}

#[derive(Clone, Debug)]
pub(crate) enum Missed {
    /// A copy of a change.
    Copy {
        method: &'static str,
        params: Vec<u8>,
    },
    /// Messages that the node is to keep from now on.
    Push(Vec<u8>),
}

impl Retry {
    pub(crate) const fn new(to: NodeKey, missed: Missed) -> Self {
        let tries = 0;
        Self { to, missed, tries }
    }

    fn of_copy(to: NodeKey, method: &'static str, params: &[u8]) -> Self {
        let params = params.to_owned();
        Self::new(to, Missed::Copy { method, params })
    }

    pub(crate) const fn is_push(&self) -> bool {
        matches!(self.missed, Missed::Push(_))
    }

    /// What counts towards the limit. Of pushes there is one piece at a time.
    fn counted_len(&self) -> usize {
        match &self.missed {
            Missed::Copy { params, .. } => params.len(),
            Missed::Push(_) => 0,
        }
    }

    pub(crate) fn request(&self) -> PeerRequest {
        match &self.missed {
            Missed::Copy { method, params } => forward(method, params),
            Missed::Push(messages) => PeerRequest::Data(messages.clone()),
        }
    }
}

/// Requests that will be sent again, up to a number of bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Retries {
    due: BTreeMap<(Duration, u64), Retry>,
    bytes: usize,
    pushes: usize,
}

impl Retries {
    pub(crate) fn next_due(&self) -> Option<Duration> {
        self.due.first_key_value().map(|((due, _), _)| *due)
    }

    /// How many pushes there are among them.
    pub(crate) const fn pushes(&self) -> usize {
        self.pushes
    }

    fn insert(&mut self, due: Duration, id: u64, retry: Retry, max_bytes: usize) {
        let bytes = self.bytes.saturating_add(retry.counted_len());
        if bytes <= max_bytes {
            self.bytes = bytes;
            self.pushes = self.pushes.saturating_add(retry.is_push().into());
            self.due.insert((due, id), retry);
        }
    }

    fn take_due(&mut self, now: Duration) -> Option<Retry> {
        let entry = self.due.first_entry()?;
        if entry.key().0 > now {
            return None;
        }
        let retry = entry.remove();
        self.bytes = self.bytes.saturating_sub(retry.counted_len());
        self.pushes = self.pushes.saturating_sub(retry.is_push().into());
        Some(retry)
    }
}

impl<S: MessageStore> Node<S> {
    /// Makes a client's change here, asks the other members to make it too, and answers when all
    /// have spoken.
    pub(crate) fn change<C: Change, R: CryptoRng + ?Sized>(
        &mut self,
        request: C,
        asker: Asker,
        form: Form,
        now: Now,
        rng: &mut R,
    ) {
        let account = *request.account();
        let context = self.context(&account, now);
        let method = request.method();
        let request = match request.check(&context, |token| self.is_revoked(&account, token)) {
            Ok(request) => request,
            Err(rejection) => {
                let answer = self.rejected(&rejection, &account, form, now);
                return self.finish(asker, answer, now, rng);
            }
        };
        let own = self.own_key();
        let outcome = self.change_here(&request, now);
        let mut collector = Collector::new(request.request(), form);
        collector.add_own(*own.as_bytes(), &outcome, now.unix);
        let params = request.forward();
        let others: Vec<NodeKey> = self
            .own_swarm()
            .map(|swarm| swarm.members())
            .unwrap_or_default()
            .iter()
            .map(|member| member.key)
            .filter(|member| *member != own)
            .collect();
        let change = self.fresh_id();
        let deadline = now.monotonic.saturating_add(self.config.forward_timeout);
        let mut missing = 0usize;
        for member in others {
            let request = forward(method, &params);
            if self.transmit(member, request, deadline, Pending::Copy { change, member }) {
                missing = missing.saturating_add(1);
            } else {
                collector.add_failure(*member.as_bytes(), &Failure::timed_out());
                self.retry_later(Retry::of_copy(member, method, &params), now.monotonic);
            }
        }
        if missing == 0 {
            let answer = collector.finish(&self.state(now));
            return self.finish(asker, answer, now, rng);
        }
        let swarm_change = SwarmChange {
            asker,
            collector,
            missing,
            method,
            params,
        };
        self.pending.changes.insert(change, swarm_change);
    }

    /// Makes a change in this node's own store, and tells those who wait for messages.
    fn change_here<C: Change>(&mut self, request: &Authorized<C>, now: Now) -> Outcome<Done<C>> {
        let done =
            C::apply(request, &mut self.store, now.unix).map_err(|_| Failure::query_failed())?;
        if let Some(message) = request.news(&done) {
            self.monitors
                .announce(&message, now.monotonic, &mut self.outputs);
        }
        let network = self.config.network;
        Ok(request.request().confirm(done, network, &self.key))
    }

    /// Another member has made the change, or not.
    pub(crate) fn copy_done<R: CryptoRng + ?Sized>(
        &mut self,
        change: u64,
        member: NodeKey,
        reply: Result<PeerReply, TransportFailure>,
        now: Now,
        rng: &mut R,
    ) {
        let Some(swarm_change) = self.pending.changes.get_mut(&change) else {
            return;
        };
        let collector = &mut swarm_change.collector;
        let missed = reply.is_err();
        match reply {
            Ok(reply) if reply.status == status::OK => {
                collector.add_peer(*member.as_bytes(), &reply.body);
            }
            Ok(reply) => {
                let reason = String::from_utf8_lossy(&reply.body);
                let failure = Failure::refused(reply.status, &reason);
                collector.add_failure(*member.as_bytes(), &failure);
            }
            Err(_) => collector.add_failure(*member.as_bytes(), &Failure::timed_out()),
        }
        swarm_change.missing = swarm_change.missing.saturating_sub(1);
        let retry =
            missed.then(|| Retry::of_copy(member, swarm_change.method, &swarm_change.params));
        let finished = swarm_change.missing == 0;
        if let Some(retry) = retry {
            self.retry_later(retry, now.monotonic);
        }
        if finished && let Some(swarm_change) = self.pending.changes.remove(&change) {
            let answer = swarm_change.collector.finish(&self.state(now));
            self.finish(swarm_change.asker, answer, now, rng);
        }
    }

    /// Will send a request again. `false` when that was done often enough.
    pub(crate) fn retry_later(&mut self, mut retry: Retry, now: Duration) -> bool {
        if retry.tries >= MAX_TRIES {
            return false;
        }
        let delay = FIRST_RETRY.saturating_mul(2u32.saturating_pow(retry.tries));
        retry.tries = retry.tries.saturating_add(1);
        let id = self.fresh_id();
        let due = now.saturating_add(delay);
        self.retries
            .insert(due, id, retry, self.config.max_retry_bytes);
        true
    }

    /// Sends the requests again whose time has come, to those whom they still concern. Copies leave
    /// half of the places to clients: one member that is away must not make the node busy.
    pub(crate) fn retry_due(&mut self, now: Duration) {
        let places = self.config.max_pending.div_ceil(2);
        let deadline = now.saturating_add(self.config.retry_timeout);
        while let Some(retry) = self.retries.take_due(now) {
            if retry.is_push() {
                // Nobody takes anything from a node that is in no swarm.
                if self.own_swarm().is_some() && self.pool.get(&retry.to).is_some() {
                    let (to, request) = (retry.to, retry.request());
                    self.transmit_anyway(to, request, deadline, Pending::Retry(retry));
                }
                continue;
            }
            let still_member = self.own_swarm().is_some_and(|swarm| {
                let mut members = swarm.members().iter();
                members.any(|member| member.key == retry.to)
            });
            if still_member && self.pending.len() >= places {
                self.retry_later(retry, now);
            } else if still_member {
                let (to, request) = (retry.to, retry.request());
                self.transmit(to, request, deadline, Pending::Retry(retry));
            }
        }
    }

    /// A node has answered a request that was sent again, or not.
    pub(crate) fn retried(
        &mut self,
        retry: Retry,
        reply: &Result<PeerReply, TransportFailure>,
        now: Duration,
    ) {
        let taken = match (&retry.missed, reply) {
            (_, Err(_)) => false,
            // Whatever the member answers, it has had its say.
            (Missed::Copy { .. }, Ok(_)) => true,
            (Missed::Push(_), Ok(reply)) => reply.status == status::OK,
        };
        let (to, is_push) = (retry.to, retry.is_push());
        let waits = !taken && self.retry_later(retry, now);
        if is_push && !waits {
            self.push_ended(to, taken, now);
        }
    }

    /// Carries out what another member forwarded, after the same checks.
    pub(crate) fn forwarded(&mut self, method: &str, params: &[u8], now: Now) -> (u16, Vec<u8>) {
        let answer = match parse_forwarded(method, params, self.config.network) {
            Ok(Request::Store(request)) => self.change_for_peer(request, now),
            Ok(Request::Delete(request)) => self.change_for_peer(request, now),
            Ok(Request::DeleteAll(request)) => self.change_for_peer(request, now),
            Ok(Request::DeleteBefore(request)) => self.change_for_peer(request, now),
            Ok(Request::Expire(request)) => self.change_for_peer(request, now),
            Ok(Request::ExpireAll(request)) => self.change_for_peer(request, now),
            Ok(Request::Revoke(request)) => self.change_for_peer(request, now),
            Ok(Request::Unrevoke(request)) => self.change_for_peer(request, now),
            Ok(_) => Err(Rejection::NotForwardable),
            Err(rejection) => Err(rejection),
        };
        match answer {
            Ok(item) => (status::OK, item),
            Err(rejection) => (rejection.status(), rejection.to_string().into_bytes()),
        }
    }

    fn change_for_peer<C: Change>(&mut self, request: C, now: Now) -> Result<Vec<u8>, Rejection> {
        let account = *request.account();
        let context = Context::forwarded(now.unix, self.serves(&account));
        let request = request.check(&context, |token| self.is_revoked(&account, token))?;
        Ok(peer_answer(&self.change_here(&request, now)))
    }
}

fn forward(method: &str, params: &[u8]) -> PeerRequest {
    PeerRequest::Forward {
        method: method.to_owned(),
        params: params.to_owned(),
    }
}

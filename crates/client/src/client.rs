//! The client: four verbs, one queue of outputs.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use session_core::{AccountId, NetworkId, Now, UnixMillis};
use session_crypto::rand_core::CryptoRng;
use session_envelope::{Content, seal_one_to_one};
use session_identity::Account;
use session_onion::{Hop, SealedBy, build};
use session_path::{Category, Failure as PathFailure, Paths, Provenance, classify};
use session_storage::{
    ClockOffset, Endpoint as _, Info, InfoReply, Namespace, Recursive as _, Retrieve,
    RetrieveReply, Store, status,
};
use session_swarm::networks::SEED_REQUEST;
use session_swarm::{NodeKey, NodeRecord, Pool};

use crate::mailbox::Mailbox;
use crate::network::{NetworkView, Redirected};
use crate::request::{InFlight, Job, OnionRequest, Task};
use crate::{
    Config, Error, Event, Failure, Kind, MessageRef, Output, RequestId, Response, Target, Transmit,
    TransportFailure,
};

/// How far messages may be dated ahead of the clock so that their times differ. Nodes allow 10 s
/// (spec 04 §4.5).
const MAX_AHEAD: Duration = Duration::from_secs(9);

/// How far the wall clock may go back between two calls before it counts as set.
const MAX_BACK: Duration = Duration::from_secs(30);

/// Shortest time between two node lists that a refusing node can bring about (spec 03 §10.3).
const MIN_REFRESH_INTERVAL: Duration = Duration::from_secs(60);

/// A client of one account. See the [crate documentation](crate) for its run loop.
pub struct Client {
    account: Account,
    config: Config,
    network: NetworkView,
    mailbox: Mailbox,
    jobs: VecDeque<Job>,
    in_flight: BTreeMap<RequestId, (Duration, InFlight)>,
    outputs: VecDeque<Output>,
    /// When to ask a seed; after failures, later and later.
    next_node_list: Duration,
    node_list_failures: u32,
    /// When the present node list came.
    node_list_at: Duration,
    /// When a node's word last brought a node list forward, and the least age for the next time.
    renewal: (Duration, Duration),
    next_poll: Duration,
    next_id: u64,
    /// Timestamps of own messages must differ (spec 05 §11.2).
    last_sent: UnixMillis,
    /// How far the wall clock is off, by what nodes say.
    clock: ClockOffset,
    /// What the wall clock showed last.
    last_unix: UnixMillis,
    /// The latest time that was told; it never goes back.
    monotonic: Duration,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("account", &self.account)
            .field("nodes", &self.network.pool.len())
            .field("jobs", &self.jobs.len())
            .field("in_flight", &self.in_flight.len())
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client that knows nothing of the network yet: its first output asks a seed.
    pub fn new<R: CryptoRng + ?Sized>(
        account: Account,
        config: Config,
        now: Now,
        rng: &mut R,
    ) -> Self {
        let mut client = Self {
            network: NetworkView::new(config.policy),
            mailbox: Mailbox::new(config.max_seen),
            account,
            config,
            jobs: VecDeque::new(),
            in_flight: BTreeMap::new(),
            outputs: VecDeque::new(),
            next_node_list: now.monotonic,
            node_list_failures: 0,
            node_list_at: now.monotonic,
            renewal: (Duration::ZERO, MIN_REFRESH_INTERVAL),
            next_poll: now.monotonic,
            next_id: 0,
            last_sent: UnixMillis::default(),
            clock: ClockOffset::new(),
            last_unix: now.unix,
            monotonic: now.monotonic,
        };
        client.proceed(now, rng);
        client
    }

    /// The account's id.
    #[must_use]
    pub const fn account_id(&self) -> AccountId {
        self.account.id()
    }

    /// The node list in use, for display.
    #[must_use]
    pub const fn pool(&self) -> &Pool {
        &self.network.pool
    }

    /// The paths, guards and strikes, for display.
    #[must_use]
    pub const fn paths(&self) -> &Paths {
        &self.network.paths
    }

    /// How many requests are in the air.
    #[must_use]
    pub fn requests_under_way(&self) -> usize {
        self.in_flight.len()
    }

    /// Seals a message for `to` and queues it. The outcome is an [`Event::Sent`] or an
    /// [`Event::SendFailed`]. May queue output.
    ///
    /// Messages of one client get different timestamps, a millisecond apart if need be.
    ///
    /// # Errors
    /// [`Error::QueueFull`]; [`Error::Envelope`] when `to` cannot be sealed to;
    /// [`Error::Storage`] when the message is too long.
    pub fn send<R: CryptoRng + ?Sized>(
        &mut self,
        to: AccountId,
        content: &Content,
        now: Now,
        rng: &mut R,
    ) -> Result<MessageRef, Error> {
        if self.messages_under_way() >= self.config.max_queue {
            return Err(Error::QueueFull {
                limit: self.config.max_queue,
            });
        }
        let sent = self.next_sent(now);
        let wire = seal_one_to_one(&self.account, &to, content, sent, rng)?;
        let account = NetworkId::from(to);
        let ttl = self.config.message_ttl;
        let store = Store::new(account, Namespace::DIRECT, wire, sent, ttl)?;
        self.last_sent = sent;
        let message = MessageRef(self.fresh_id());
        let task = Task::Send {
            message,
            hash: store.hash(),
            store: Box::new(store),
        };
        self.jobs.push_back(Job::new(task, account));
        self.proceed(now, rng);
        Ok(message)
    }

    /// Takes the response to a [`Transmit`], or why there is none. Unknown and late ids are
    /// ignored. May queue output.
    pub fn handle_reply<R: CryptoRng + ?Sized>(
        &mut self,
        id: RequestId,
        reply: Result<Response<'_>, TransportFailure>,
        now: Now,
        rng: &mut R,
    ) {
        self.monotonic = self.monotonic.max(now.monotonic);
        self.answered(id, reply, now);
        self.proceed(now, rng);
    }

    /// Ends requests that have waited too long, and starts what is due. Harmless at any time.
    pub fn handle_timeout<R: CryptoRng + ?Sized>(&mut self, now: Now, rng: &mut R) {
        self.proceed(now, rng);
    }

    /// The next thing to do. [`Output::Wait`] is last, and can be asked for again.
    pub fn poll_output(&mut self) -> Output {
        self.outputs
            .pop_front()
            .unwrap_or_else(|| Output::Wait(self.next_deadline()))
    }

    fn next_deadline(&self) -> Option<Duration> {
        let requests = self.in_flight.values().map(|(deadline, _)| *deadline);
        // Jobs and polls need a node list; until there is one, only asking for it has a time.
        let jobs = self.jobs.iter().map(|job| job.not_before);
        let asking = self.is_asking_for_nodes();
        let own = [
            (!asking).then_some(self.next_node_list),
            (!self.network.pool.is_empty() && !self.is_polling()).then_some(self.next_poll),
        ];
        requests
            .chain(jobs.filter(|_| !self.network.pool.is_empty()))
            .chain(own.into_iter().flatten())
            .min()
    }

    /// Every job, waiting or in the air.
    fn all_jobs(&self) -> impl Iterator<Item = &Job> {
        let in_flight = self
            .in_flight
            .values()
            .filter_map(|(_, request)| match request {
                InFlight::Onion(request) => Some(&request.job),
                InFlight::NodeList => None,
            });
        self.jobs.iter().chain(in_flight)
    }

    fn messages_under_way(&self) -> usize {
        let is_message = |job: &&Job| matches!(job.task, Task::Send { .. });
        self.all_jobs().filter(is_message).count()
    }

    fn is_asking_for_nodes(&self) -> bool {
        self.in_flight
            .values()
            .any(|(_, request)| matches!(request, InFlight::NodeList))
    }

    fn is_polling(&self) -> bool {
        self.all_jobs().any(|job| matches!(job.task, Task::Poll))
    }

    /// A time that no message had, unless the clock was set back since.
    fn next_sent(&self, now: Now) -> UnixMillis {
        let now = self.clock.now(now.unix);
        let next = self.last_sent.saturating_add(Duration::from_millis(1));
        if next <= now.saturating_add(MAX_AHEAD) {
            now.max(next)
        } else {
            now
        }
    }

    /// Forgets what nodes said of a clock that has been set back since. That it went ahead says
    /// nothing: clocks of devices that sleep differ like that.
    fn watch_clock(&mut self, now: Now) {
        if now.unix.saturating_add(MAX_BACK) < self.last_unix {
            self.clock.forget();
        }
        self.last_unix = now.unix;
    }

    fn fresh_id(&mut self) -> u64 {
        self.next_id = self.next_id.wrapping_add(1);
        self.next_id
    }

    fn event(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    /// Does everything that is due.
    fn proceed<R: CryptoRng + ?Sized>(&mut self, now: Now, rng: &mut R) {
        self.monotonic = self.monotonic.max(now.monotonic);
        self.watch_clock(now);
        self.end_late_requests(now);
        if self.next_node_list <= self.monotonic && !self.is_asking_for_nodes() {
            self.ask_for_nodes(rng);
        }
        if self.network.pool.is_empty() {
            return;
        }
        if self.next_poll <= self.monotonic && !self.is_polling() {
            let account = NetworkId::from(self.account.id());
            self.jobs.push_back(Job::new(Task::Poll, account));
        }
        // Each job is looked at once: one that fails at once waits for its next time.
        for _ in 0..self.jobs.len() {
            if let Some(job) = self.jobs.pop_front() {
                if job.not_before <= self.monotonic {
                    self.start(job, now, rng);
                } else {
                    self.jobs.push_back(job);
                }
            }
        }
    }

    fn answered(&mut self, id: RequestId, reply: Result<Response<'_>, TransportFailure>, now: Now) {
        match self.in_flight.remove(&id) {
            Some((_, InFlight::NodeList)) => self.node_list_answered(reply),
            Some((_, InFlight::Onion(request))) => self.onion_answered(*request, reply, now),
            None => {}
        }
    }

    fn end_late_requests(&mut self, now: Now) {
        let late: Vec<RequestId> = self
            .in_flight
            .iter()
            .filter(|(_, (deadline, _))| *deadline <= self.monotonic)
            .map(|(id, _)| *id)
            .collect();
        for id in late {
            self.answered(id, Err(TransportFailure::Timeout), now);
        }
    }

    fn transmit(&mut self, target: Target, body: Vec<u8>, request: InFlight) {
        let id = RequestId(self.fresh_id());
        let deadline = self.monotonic.saturating_add(self.config.request_timeout);
        self.in_flight.insert(id, (deadline, request));
        self.outputs
            .push_back(Output::Transmit(Transmit { id, target, body }));
    }

    fn ask_for_nodes<R: CryptoRng + ?Sized>(&mut self, rng: &mut R) {
        let seeds = u64::try_from(self.config.seeds).unwrap_or(u64::MAX);
        let seed = rng.next_u64().checked_rem(seeds).unwrap_or(0);
        let seed = usize::try_from(seed).unwrap_or(0);
        let body = SEED_REQUEST.into();
        self.transmit(Target::Seed(seed), body, InFlight::NodeList);
    }

    fn node_list_answered(&mut self, reply: Result<Response<'_>, TransportFailure>) {
        let taken = reply.is_ok_and(|response| {
            response.status == status::OK
                && self.network.take_node_list(
                    response.body,
                    self.config.network,
                    self.config.min_pool,
                )
        });
        let wait = if taken {
            self.node_list_failures = 0;
            self.node_list_at = self.monotonic;
            let pool = &self.network.pool;
            self.mailbox.retain_nodes(|node| pool.get(node).is_some());
            let nodes = pool.len();
            self.event(Event::NodeList { nodes });
            self.config.pool_expiry
        } else {
            self.node_list_failures = self.node_list_failures.saturating_add(1);
            self.config.policy.retry_delay(self.node_list_failures)
        };
        self.next_node_list = self.monotonic.saturating_add(wait);
    }

    /// Sends a job's request to a member of its swarm, through a path.
    fn start<R: CryptoRng + ?Sized>(&mut self, mut job: Job, now: Now, rng: &mut R) {
        job.attempts = job.attempts.saturating_add(1);
        let member = self.network.choose_member(&mut job, now.unix, rng);
        let Some(member) = member else {
            return self.retry(job, Failure::of_content());
        };
        let NetworkView { pool, paths, .. } = &mut self.network;
        let Ok(path) = paths.choose(pool, Category::Standard, Some(&member.key), now.unix, rng)
        else {
            return self.retry(job, Failure::of_path(&PathFailure::Other));
        };
        let (path_id, nodes) = (path.id(), path.nodes().to_vec());
        let request = self.hops(&nodes, &member).and_then(|(hops, destination)| {
            let payload = self.payload(&job, &member.key, now);
            let enc_type = self.config.enc_type;
            build(&hops, &destination, payload.as_bytes(), enc_type, rng).ok()
        });
        let (Some(request), Some(guard)) = (request, nodes.first()) else {
            self.network
                .paths
                .failed(path_id, PathFailure::Other, now.unix);
            return self.retry(job, Failure::of_path(&PathFailure::Other));
        };
        let onion_request = OnionRequest {
            job,
            member: member.key,
            path: path_id,
            path_keys: nodes.iter().map(|node| node.key).collect(),
            reply_key: request.reply,
            sent: now.unix,
        };
        let in_flight = InFlight::Onion(Box::new(onion_request));
        self.transmit(Target::Guard(*guard), request.body, in_flight);
    }

    /// The nodes as encryption peers. One with unusable keys leaves the node list.
    fn hops(&mut self, path: &[NodeRecord], member: &NodeRecord) -> Option<(Vec<Hop>, Hop)> {
        let mut convert = |node: &NodeRecord| {
            let hop = self.network.hops.get(node);
            if hop.is_none() {
                self.network.drop_node(&node.key);
            }
            hop
        };
        let hops = path.iter().map(&mut convert).collect::<Option<Vec<_>>>()?;
        Some((hops, convert(member)?))
    }

    /// The request, by what the time is now.
    fn payload(&self, job: &Job, member: &NodeKey, now: Now) -> String {
        let mut json = String::new();
        match &job.task {
            // What is sealed keeps its time; that of the request has to please the node.
            Task::Send { store, .. } if job.clock_refused => {
                let at = self.clock.now(now.unix);
                store.dated(at).write_json(&mut json);
            }
            Task::Send { store, .. } => store.write_json(&mut json),
            Task::Poll => {
                let mut retrieve =
                    Retrieve::new(NetworkId::from(self.account.id()), Mailbox::NAMESPACE);
                retrieve.last_hash = self.mailbox.last_hash(member);
                // The key is the account's own, so signing cannot fail.
                let at = self.clock.now(now.unix);
                if let Ok(retrieve) = retrieve.sign(self.account.expose_signing_key(), at) {
                    retrieve.write_json(&mut json);
                }
            }
            Task::AskTime => Info.write_json(&mut json),
        }
        json
    }

    fn onion_answered(
        &mut self,
        request: OnionRequest,
        reply: Result<Response<'_>, TransportFailure>,
        now: Now,
    ) {
        let failure = match reply {
            Err(TransportFailure::Timeout) => PathFailure::TimedOut,
            Err(TransportFailure::Connection) => PathFailure::EdgeUnreachable,
            Ok(response) if response.status == status::OK => {
                match request.reply_key.open(response.body) {
                    Ok(reply) if reply.sealed_by == SealedBy::Destination => {
                        let body = reply.body.as_str();
                        self.report_answer(&request, reply.status, body, now);
                        return self.destination_answered(request, reply.status, body, now);
                    }
                    // The last relay complains about its own layer, or nobody sealed this.
                    _ => PathFailure::InvalidHopResponse,
                }
            }
            Ok(response) => classify(
                Provenance::Undecrypted,
                response.status,
                response.body,
                Some(&request.member),
                &request.path_keys,
            ),
        };
        self.network.paths.failed(request.path, failure, now.unix);
        let mut job = request.job;
        // The member may be at fault as well as the path, which is given up if it goes on like this.
        job.tried.push(request.member);
        self.retry(job, Failure::of_path(&failure));
    }

    /// The path works; the member may say itself that it does not.
    fn report_answer(&mut self, request: &OnionRequest, status: u16, body: &str, now: Now) {
        let (member, nodes) = (Some(&request.member), &request.path_keys);
        let provenance = Provenance::Decrypted;
        let failure = classify(provenance, status, body.as_bytes(), member, nodes);
        let paths = &mut self.network.paths;
        if failure.penalties().destination.is_some() {
            paths.failed(request.path, failure, now.unix);
        } else {
            paths.succeeded(request.path);
        }
    }

    /// The member of the swarm itself answered.
    fn destination_answered(&mut self, request: OnionRequest, status: u16, body: &str, now: Now) {
        let OnionRequest {
            mut job,
            member,
            sent,
            ..
        } = request;
        let times = (sent, now.unix);
        if status != status::OK {
            if status == status::WRONG_SWARM {
                // At most one redirect a request.
                let redirected = if job.redirected {
                    Redirected::Nowhere
                } else {
                    self.network.redirect(job.account, member, status, body)
                };
                job.redirected = true;
                match redirected {
                    Redirected::Plainly => {}
                    Redirected::Doubtfully(nodes) => {
                        job.elsewhere = nodes;
                        self.renew_node_list();
                    }
                    Redirected::Nowhere => self.renew_node_list(),
                }
            }
            job.tried.push(member);
            let failure = Failure::of_status(status);
            if failure.kind == Kind::ResyncClock {
                job.clock_refused = true;
                if !self.is_asking_for_time() {
                    self.jobs.push_back(Job::new(Task::AskTime, job.account));
                }
            }
            return self.retry(job, failure);
        }
        match job.task {
            Task::AskTime => {
                if let Ok(info) = InfoReply::parse(body.as_bytes()) {
                    self.learn_time(&member, times, Some(info.timestamp));
                }
                // Another node is asked until enough have spoken.
                job.tried.push(member);
                if !self.clock.is_known() && job.attempts < self.config.max_attempts {
                    self.jobs.push_back(job);
                }
            }
            Task::Send {
                message, ref hash, ..
            } => {
                let hash = *hash;
                let swarm = self.network.swarm(&job.account);
                let members: Vec<_> = swarm.iter().map(|node| *node.key.as_bytes()).collect();
                let reply = hash.read_reply(body.as_bytes(), &members).ok();
                let copies = reply.as_ref().map_or(0, |reply| reply.done().count());
                self.learn_time(&member, times, reply.and_then(|reply| reply.now));
                // Half of the swarm; the official apps ask for half of the items that the
                // answering node shows, which would take that node's word for it (spec 04 §8).
                if copies >= self.network.quorum(&job.account, members.len()) {
                    self.event(Event::Sent {
                        message,
                        hash,
                        copies,
                    });
                } else {
                    job.tried.push(member);
                    self.retry(job, Failure::of_content());
                }
            }
            Task::Poll => match RetrieveReply::parse(body.as_bytes()) {
                Ok(page) => {
                    self.learn_time(&member, times, page.now);
                    let more = page.more;
                    let news = self.mailbox.take(&self.account, member, page);
                    let follow = more && !news.is_empty();
                    self.outputs.extend(news.into_iter().map(Output::Event));
                    self.next_poll = self.monotonic.saturating_add(self.config.poll_interval);
                    // A node that says "more" and gives nothing new does not set the pace.
                    if follow {
                        let mut next = Job::new(Task::Poll, job.account);
                        next.preferred = Some(member);
                        self.jobs.push_back(next);
                    }
                }
                Err(_) => {
                    job.tried.push(member);
                    self.retry(job, Failure::of_content());
                }
            },
        }
    }

    /// What a node says that the time is, in a reply that only it can have sealed.
    fn learn_time(
        &mut self,
        node: &NodeKey,
        times: (UnixMillis, UnixMillis),
        t: Option<UnixMillis>,
    ) {
        if let Some(t) = t {
            self.clock.observe(node.as_bytes(), times, t);
        }
    }

    fn is_asking_for_time(&self) -> bool {
        self.all_jobs().any(|job| matches!(job.task, Task::AskTime))
    }

    /// Brings the next node list forward, on the word of a node: each time later than the time
    /// before, until there is quiet (spec 03 §10.3). Seeds that fail keep their pace.
    fn renew_node_list(&mut self) {
        if self.node_list_failures > 0 {
            return;
        }
        let (renewed_at, interval) = self.renewal;
        let quiet = renewed_at.saturating_add(interval.saturating_mul(2)) <= self.monotonic;
        let interval = if quiet {
            MIN_REFRESH_INTERVAL
        } else {
            interval
        };
        let soonest = self.node_list_at.saturating_add(interval);
        if soonest < self.next_node_list {
            self.next_node_list = soonest;
            let at = soonest.max(self.monotonic);
            self.renewal = (at, interval.saturating_mul(2).min(self.config.pool_expiry));
        }
    }

    /// Queues a job again, or gives it up.
    fn retry(&mut self, mut job: Job, failure: Failure) {
        if failure.kind == Kind::Permanent || job.attempts >= self.config.max_attempts {
            match job.task {
                Task::Send { message, .. } => self.event(Event::SendFailed { message, failure }),
                Task::Poll => {
                    self.next_poll = self.monotonic.saturating_add(self.config.poll_interval);
                    self.event(Event::PollFailed { failure });
                }
                // Asked again when the next request is refused.
                Task::AskTime => {}
            }
            return;
        }
        let wait = self.config.policy.retry_delay(job.attempts);
        job.not_before = self.monotonic.saturating_add(wait);
        self.jobs.push_back(job);
    }
}

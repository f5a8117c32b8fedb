//! The client: four verbs, one queue of outputs.

mod answers;
mod requests;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use core::fmt;
use core::time::Duration;

use session_core::{AccountId, NetworkId, Now, UnixMillis};
use session_crypto::rand_core::CryptoRng;
use session_envelope::{Content, seal_one_to_one};
use session_identity::Account;
use session_path::Paths;
use session_storage::{ClockOffset, Namespace, Store};
use session_swarm::Pool;

use crate::mailbox::Mailbox;
use crate::network::NetworkView;
use crate::request::{InFlight, Job, Task};
use crate::{
    Config, Error, Event, Failure, Kind, MessageRef, Output, RequestId, Response, TransportFailure,
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

    /// Takes the response to a [`Transmit`](crate::Transmit), or why there is none. Unknown and
    /// late ids are ignored. May queue output.
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

    fn is_asking_for_time(&self) -> bool {
        self.all_jobs().any(|job| matches!(job.task, Task::AskTime))
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

//! What becomes of the answers.

use alloc::vec::Vec;

use session_core::{Now, UnixMillis};
use session_onion::SealedBy;
use session_path::{Failure as PathFailure, Provenance, classify};
use session_storage::{InfoReply, Recursive as _, RetrieveReply, status};
use session_swarm::NodeKey;

use super::{Client, MIN_REFRESH_INTERVAL};
use crate::network::Redirected;
use crate::request::{InFlight, Job, OnionRequest, Task};
use crate::{Event, Failure, Kind, Output, RequestId, Response, TransportFailure};

impl Client {
    pub(super) fn answered(
        &mut self,
        id: RequestId,
        reply: Result<Response<'_>, TransportFailure>,
        now: Now,
    ) {
        match self.in_flight.remove(&id) {
            Some((_, InFlight::NodeList)) => self.node_list_answered(reply),
            Some((_, InFlight::Onion(request))) => self.onion_answered(*request, reply, now),
            None => {}
        }
    }

    pub(super) fn end_late_requests(&mut self, now: Now) {
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
        let (mut job, member) = (request.job, request.member);
        let times = (request.sent, now.unix);
        if status != status::OK {
            return self.refused(job, member, status, body);
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
            Task::Send { message, hash, .. } => {
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
                    self.polled(&job, member, page);
                }
                Err(_) => {
                    job.tried.push(member);
                    self.retry(job, Failure::of_content());
                }
            },
        }
    }

    /// A member of the swarm does not do what it was asked.
    fn refused(&mut self, mut job: Job, member: NodeKey, status: u16, body: &str) {
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
        self.retry(job, failure);
    }

    /// A page of messages came.
    fn polled(&mut self, job: &Job, member: NodeKey, page: RetrieveReply) {
        let more = page.more;
        let news = self.mailbox.take(&self.account, member, page);
        // A node that says "more" and gives nothing new does not set the pace.
        let follow = more && !news.is_empty();
        self.outputs.extend(news.into_iter().map(Output::Event));
        self.next_poll = self.monotonic.saturating_add(self.config.poll_interval);
        if follow {
            let mut next = Job::new(Task::Poll, job.account);
            next.preferred = Some(member);
            self.jobs.push_back(next);
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
}

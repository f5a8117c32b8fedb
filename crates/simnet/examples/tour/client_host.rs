//! A client on sockets: the run loop that an app would have.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use session_client::{
    Client, Config, Event, MessageRef, Output, RequestId, Response, Target, TransportFailure,
};
use session_core::AccountId;
use session_envelope::Content;
use session_identity::Account;
use session_swarm::NodeKey;

use crate::http::{Posted, TimedOut, post};
use crate::now;

/// A client and what it waits for.
pub struct ClientHost {
    client: Client,
    rng: ChaCha20Rng,
    started: Instant,
    seed: SocketAddr,
    addresses: Arc<HashMap<NodeKey, (usize, SocketAddr)>>,
    responder: Sender<Answered>,
    responses: Receiver<Answered>,
}

type Answered = (RequestId, Posted);

impl ClientHost {
    pub fn new(
        account: Account,
        config: Config,
        seed: SocketAddr,
        addresses: Arc<HashMap<NodeKey, (usize, SocketAddr)>>,
        started: Instant,
        mut rng: ChaCha20Rng,
    ) -> Self {
        let (responder, responses) = channel();
        Self {
            client: Client::new(account, config, now(started), &mut rng),
            rng,
            started,
            seed,
            addresses,
            responder,
            responses,
        }
    }

    /// The client, for display.
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Queues a text message.
    pub fn send(&mut self, to: AccountId, text: &str) -> Result<MessageRef, String> {
        let content = Content::text(text);
        self.client
            .send(to, &content, now(self.started), &mut self.rng)
            .map_err(|error| error.to_string())
    }

    /// Runs until nothing is under way: the next deadline is far off.
    pub fn run_until_idle(&mut self) -> Result<(), String> {
        if self.client.pool().is_empty() {
            self.run_until("getting a node list", |event| match event {
                Event::NodeList { .. } => Some(()),
                _ => None,
            })?;
        }
        while self.client.requests_under_way() > 0 {
            self.step(|_| None::<()>)?;
        }
        Ok(())
    }

    /// Runs until an event satisfies `wanted`.
    pub fn run_until<T>(
        &mut self,
        what: &str,
        mut wanted: impl FnMut(Event) -> Option<T>,
    ) -> Result<T, String> {
        let end = Instant::now() + Duration::from_secs(90);
        while Instant::now() < end {
            if let Some(found) = self.step(&mut wanted)? {
                return Ok(found);
            }
        }
        Err(format!("{what}: nothing in 90 seconds"))
    }

    /// Carries out what is queued, then waits for one thing to happen.
    fn step<T>(&mut self, mut wanted: impl FnMut(Event) -> Option<T>) -> Result<Option<T>, String> {
        let deadline = loop {
            match self.client.poll_output() {
                Output::Transmit(request) => self.post(request.id, request.target, request.body),
                Output::Event(Event::SendFailed { failure, .. }) => return Err(failure.to_string()),
                Output::Event(event) => {
                    if let Some(found) = wanted(event) {
                        return Ok(Some(found));
                    }
                }
                Output::Wait(deadline) => break deadline,
                _ => {}
            }
        };
        let wait = deadline.map_or(Duration::from_secs(1), |at| {
            at.saturating_sub(self.started.elapsed())
        });
        let response = self
            .responses
            .recv_timeout(wait.min(Duration::from_secs(1)));
        let now = now(self.started);
        match response {
            Ok((id, Ok((status, body)))) => {
                let response = Response {
                    status,
                    body: &body,
                };
                self.client
                    .handle_reply(id, Ok(response), now, &mut self.rng);
            }
            Ok((id, Err(TimedOut(timed_out)))) => {
                let failure = if timed_out {
                    TransportFailure::Timeout
                } else {
                    TransportFailure::Connection
                };
                self.client
                    .handle_reply(id, Err(failure), now, &mut self.rng);
            }
            Err(_) => self.client.handle_timeout(now, &mut self.rng),
        }
        Ok(None)
    }

    fn post(&self, id: RequestId, target: Target, body: Vec<u8>) {
        let (to, path) = match target {
            Target::Guard(node) => match self.addresses.get(&node.key) {
                Some((_, address)) => (*address, "/onion_req/v2"),
                None => return,
            },
            _ => (self.seed, "/json_rpc"),
        };
        let sender = self.responder.clone();
        std::thread::spawn(move || {
            let posted = post(to, path, None, body, Duration::from_secs(10));
            let _ = sender.send((id, posted));
        });
    }
}

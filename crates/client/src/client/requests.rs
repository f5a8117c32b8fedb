//! Jobs become requests.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use session_core::{NetworkId, Now};
use session_crypto::rand_core::CryptoRng;
use session_onion::{Hop, build};
use session_path::{Category, Failure as PathFailure};
use session_storage::{Endpoint as _, Info, Retrieve};
use session_swarm::networks::SEED_REQUEST;
use session_swarm::{NodeKey, NodeRecord};

use super::Client;
use crate::mailbox::Mailbox;
use crate::network::NetworkView;
use crate::request::{InFlight, Job, OnionRequest, Task};
use crate::{Failure, Output, RequestId, Target, Transmit};

impl Client {
    pub(super) fn ask_for_nodes<R: CryptoRng + ?Sized>(&mut self, rng: &mut R) {
        let seeds = u64::try_from(self.config.seeds).unwrap_or(u64::MAX);
        let seed = rng.next_u64().checked_rem(seeds).unwrap_or(0);
        let seed = usize::try_from(seed).unwrap_or(0);
        let body = SEED_REQUEST.into();
        self.transmit(Target::Seed(seed), body, InFlight::NodeList);
    }

    /// Sends a job's request to a member of its swarm, through a path.
    pub(super) fn start<R: CryptoRng + ?Sized>(&mut self, mut job: Job, now: Now, rng: &mut R) {
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

    fn transmit(&mut self, target: Target, body: Vec<u8>, request: InFlight) {
        let id = RequestId(self.fresh_id());
        let deadline = self.monotonic.saturating_add(self.config.request_timeout);
        self.in_flight.insert(id, (deadline, request));
        self.outputs
            .push_back(Output::Transmit(Transmit { id, target, body }));
    }
}

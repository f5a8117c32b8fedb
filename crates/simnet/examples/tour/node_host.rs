//! A service node on a socket: one thread that owns a `session_node::Node`, one that accepts.

use std::collections::HashMap;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use session_core::{Network, Now};
use session_crypto::ed25519::SigningKey;
use session_node::{
    Config, DaemonFailure, MessageStore, Node, Output, PeerReply, PeerRequest, RequestId, Ticket,
    TransportFailure,
};
use session_storage::{DaemonEndpoint, Request, parse_bt};
use session_swarm::{NodeKey, Pool, node_list_json};
use tiny_http::{Response, Server};

use crate::http::{NODE_HEADER, TimedOut, post};
use crate::now;

/// What a node has learned from one onion request.
#[derive(Clone, Debug)]
pub struct Observation {
    /// Index of the node.
    pub node: usize,
    /// Who brought it, as the node sees it.
    pub from: String,
    /// Bytes that came in.
    pub received: usize,
    /// What the node found under its layer.
    pub learned: String,
}

/// Where all nodes put their observations, in order.
pub type Log = Arc<Mutex<Vec<Observation>>>;

/// What the network looks like to a host.
#[derive(Clone)]
pub struct Directory {
    pub pool: Pool,
    pub addresses: Arc<HashMap<NodeKey, (usize, SocketAddr)>>,
    pub started: Instant,
}

/// Longer bodies are cut, which the node then refuses (spec 02 §5.1).
const MAX_BODY_LEN: u64 = 10_485_760;

enum Input {
    Http(Box<tiny_http::Request>),
    Reply(RequestId, Result<PeerReply, TransportFailure>),
    Stop,
}

/// A running node.
pub struct NodeHost {
    inputs: Sender<Input>,
    server: Arc<Server>,
    threads: Vec<JoinHandle<()>>,
}

/// What a node is started with, beside its store.
pub struct Start {
    pub index: usize,
    pub key: SigningKey,
    /// Bound already.
    pub server: Server,
    pub directory: Directory,
    pub rng: ChaCha20Rng,
    pub log: Log,
}

impl Start {
    /// Starts the node.
    pub fn with(self, store: impl MessageStore + Send + 'static) -> NodeHost {
        let server = Arc::new(self.server);
        let (inputs, received) = channel();
        let acceptor = {
            let (server, inputs) = (Arc::clone(&server), inputs.clone());
            std::thread::spawn(move || {
                for request in server.incoming_requests() {
                    if inputs.send(Input::Http(Box::new(request))).is_err() {
                        return;
                    }
                }
            })
        };
        let config = Config::default().with_network(Network::Testnet);
        let mut node = Node::new(self.key, store, config);
        let directory = self.directory;
        node.handle_node_list(directory.pool.clone(), now(directory.started));
        let runner = Runner {
            index: self.index,
            node,
            directory,
            rng: self.rng,
            log: self.log,
            inputs: inputs.clone(),
            waiting: HashMap::new(),
        };
        let runner = std::thread::spawn(move || runner.run(&received));
        NodeHost {
            inputs,
            server,
            threads: vec![acceptor, runner],
        }
    }
}

impl NodeHost {
    /// Stops the node; afterwards connections to it are refused.
    pub fn stop(self) {
        // The runner may have ended already.
        let _ = self.inputs.send(Input::Stop);
        self.server.unblock();
        drop(self.server);
        for thread in self.threads {
            let _ = thread.join();
        }
    }
}

struct Runner<S> {
    index: usize,
    node: Node<S>,
    directory: Directory,
    rng: ChaCha20Rng,
    log: Log,
    inputs: Sender<Input>,
    waiting: HashMap<Ticket, Box<tiny_http::Request>>,
}

impl<S: MessageStore> Runner<S> {
    fn run(mut self, received: &Receiver<Input>) {
        loop {
            let wait = self.drain(None);
            let input = received.recv_timeout(wait);
            let now = now(self.directory.started);
            match input {
                Ok(Input::Http(request)) => self.http(request, now),
                Ok(Input::Reply(id, reply)) => {
                    self.node.handle_reply(id, reply, now, &mut self.rng);
                }
                Err(RecvTimeoutError::Timeout) => self.node.handle_timeout(now, &mut self.rng),
                Ok(Input::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn http(&mut self, mut request: Box<tiny_http::Request>, now: Now) {
        let mut body = Vec::new();
        let mut reader = request.as_reader().take(MAX_BODY_LEN + 1);
        if reader.read_to_end(&mut body).is_err() {
            return;
        }
        let received = body.len();
        let peer = request
            .headers()
            .iter()
            .find(|header| {
                header
                    .field
                    .as_str()
                    .as_str()
                    .eq_ignore_ascii_case(NODE_HEADER)
            })
            .and_then(|header| header.value.as_str().parse::<NodeKey>().ok());
        let name = peer.map(|peer| self.name(&peer));
        let rng = &mut self.rng;
        let (ticket, from) = match (request.url(), peer) {
            ("/onion_req/v2", _) => {
                let address = request.remote_addr().map(ToString::to_string);
                let from = format!("client at {}", address.unwrap_or_default());
                (self.node.handle_onion(body, now, rng), Some(from))
            }
            ("/storage_rpc/v1", _) => (self.node.handle_storage_rpc(&body, now, rng), None),
            ("/sn/onion_request", Some(peer)) => {
                let onion = PeerRequest::Onion(body);
                (self.node.handle_peer(&peer, onion, now, rng), name)
            }
            ("/sn/data", Some(peer)) => {
                let data = PeerRequest::Data(body);
                (self.node.handle_peer(&peer, data, now, rng), None)
            }
            (url, Some(peer)) if url.starts_with("/sn/storage_cc/") => {
                let method = url.trim_start_matches("/sn/storage_cc/").to_owned();
                let params = body;
                let forward = PeerRequest::Forward { method, params };
                (self.node.handle_peer(&peer, forward, now, rng), None)
            }
            _ => {
                let _ = request.respond(Response::empty(404));
                return;
            }
        };
        self.waiting.insert(ticket, request);
        self.drain(from.map(|from| (from, received)));
    }

    fn name(&self, key: &NodeKey) -> String {
        match self.directory.addresses.get(key) {
            Some((index, _)) => format!("node {index}"),
            None => "a stranger".to_owned(),
        }
    }

    /// Carries out the outputs. `onion` is who sent what just came in, and its length.
    fn drain(&mut self, onion: Option<(String, usize)>) -> Duration {
        let mut learned = None;
        loop {
            match self.node.poll_output() {
                Output::Answer(answer) => {
                    learned.get_or_insert_with(|| {
                        format!(
                            "a request for itself; answers {} sealed bytes",
                            answer.body.len()
                        )
                    });
                    if let Some(request) = self.waiting.remove(&answer.ticket) {
                        let response =
                            Response::from_data(answer.body).with_status_code(answer.status);
                        // The other side may have gone away.
                        let _ = request.respond(response);
                    }
                }
                Output::Transmit(transmit) => {
                    let to = self.name(&transmit.to);
                    learned.get_or_insert_with(|| match &transmit.request {
                        PeerRequest::Onion(message) => {
                            format!("pass {} bytes on to {to}", message.len())
                        }
                        PeerRequest::Forward { method, params } => describe(method, params),
                        _ => "something new".to_owned(),
                    });
                    self.send(transmit.id, transmit.to, transmit.request);
                }
                Output::Daemon(question) => {
                    let now = now(self.directory.started);
                    let list = node_list_json(self.directory.pool.nodes());
                    let answer = match question.endpoint {
                        DaemonEndpoint::GetServiceNodes => Ok(list.as_str()),
                        _ => Err(DaemonFailure::NoAnswer),
                    };
                    self.node
                        .handle_daemon_reply(question.id, answer, now, &mut self.rng);
                }
                Output::Wait(deadline) => {
                    if let (Some((from, received)), Some(learned)) = (onion, learned) {
                        self.log
                            .lock()
                            .expect("no panic holds it")
                            .push(Observation {
                                node: self.index,
                                from,
                                received,
                                learned,
                            });
                    }
                    let elapsed = self.directory.started.elapsed();
                    return deadline
                        .map_or(Duration::from_secs(1), |at| at.saturating_sub(elapsed));
                }
                _ => {}
            }
        }
    }

    fn send(&self, id: RequestId, to: NodeKey, request: PeerRequest) {
        let Some((_, address)) = self.directory.addresses.get(&to).copied() else {
            let failure = Err(TransportFailure::Connection);
            let _ = self.inputs.send(Input::Reply(id, failure));
            return;
        };
        let (path, body) = match request {
            PeerRequest::Onion(message) => ("/sn/onion_request".to_owned(), message),
            PeerRequest::Data(messages) => ("/sn/data".to_owned(), messages),
            PeerRequest::Forward { method, params } => (format!("/sn/storage_cc/{method}"), params),
            _ => return,
        };
        let inputs = self.inputs.clone();
        let own_key = self.node.own_key().to_hex();
        std::thread::spawn(move || {
            let reply = post(address, &path, Some(own_key), body, Duration::from_secs(25))
                .map(|(status, body)| PeerReply { status, body })
                .map_err(|TimedOut(timed_out)| {
                    if timed_out {
                        TransportFailure::Timeout
                    } else {
                        TransportFailure::Connection
                    }
                });
            let _ = inputs.send(Input::Reply(id, reply));
        });
    }
}

/// What the destination reads in a store.
fn describe(method: &str, params: &[u8]) -> String {
    match parse_bt(method, params, Network::Testnet) {
        Ok(Request::Store(store)) => format!(
            "store {} bytes for {:?}, sender unknown",
            store.data.len(),
            store.pubkey
        ),
        _ => format!("a {method}"),
    }
}

//! A client, and a network in which every node says what the fuzzer wants.

use std::collections::BTreeSet;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use session_client::{
    Client, Config, Event, MessageRef, Output, RequestId, Response, Target, Transmit,
    TransportFailure,
};
use session_core::{Network, NetworkId, Now, UnixMillis};
use session_envelope::{Content, seal_one_to_one};
use session_onion::{Action, Layer, ReplyBody, ReplyFormat, ReplySealer, peel};
use session_path::Policy;
use session_storage::{
    Collector, Form, Message, MessageHash, Namespace, NodeState, Recursive, Request, RetrieveReply,
    Stored, parse_json,
};
use session_swarm::{NodeKey, Pool, members_json, node_list_json};

use crate::bytes::Bytes;
use crate::network::{ACCOUNTS, MEMBERS, member, pool, rng, start};

/// Any sequence of sends, answers, failures and times. No output is forgotten or unbounded, every
/// message ends once, deadlines lie ahead, and senders are who they are.
pub fn client_inputs(data: &[u8]) {
    let mut bytes = Bytes(data);
    let mut harness = Harness::new();
    while !bytes.is_empty() && harness.requests.len() < 200 {
        harness.step(&mut bytes);
    }
    harness.let_everything_end();
}

struct Harness {
    client: Client,
    now: Now,
    rng: ChaCha8Rng,
    /// Everything that the client ever asked for; answers may come twice and late.
    requests: Vec<Transmit>,
    deadline: Option<Duration>,
    unresolved: BTreeSet<MessageRef>,
}

impl Harness {
    fn new() -> Self {
        let (now, mut rng) = (start(), rng());
        // Little cryptography, so that much can be tried.
        let mut config = Config::testnet(2, 6).with_policy(Policy::default().with_hops(2));
        config.max_attempts = 3;
        let mut harness = Self {
            client: Client::new(ACCOUNTS[0].clone(), config, now, &mut rng),
            now,
            rng,
            requests: Vec::new(),
            deadline: None,
            unresolved: BTreeSet::new(),
        };
        harness.drain();
        harness
    }

    fn step(&mut self, bytes: &mut Bytes<'_>) {
        match bytes.byte() % 8 {
            0 => self.send(bytes),
            1 => {
                self.now.monotonic += Duration::from_millis(bytes.u16().into());
                self.timeout();
            }
            2 => {
                self.now.monotonic = self.deadline.unwrap_or_default().max(self.now.monotonic);
                self.timeout();
            }
            // Wall clocks jump.
            3 => self.now.unix = UnixMillis::from_millis(u64::from_be_bytes(bytes.array()) >> 20),
            _ => self.answer(bytes),
        }
    }

    fn send(&mut self, bytes: &mut Bytes<'_>) {
        let Some(to) = bytes.pick(&*ACCOUNTS) else {
            return;
        };
        let content = Content::text(String::from_utf8_lossy(bytes.piece()));
        let sent = self.client.send(to.id(), &content, self.now, &mut self.rng);
        if let Ok(message) = sent {
            assert!(self.unresolved.insert(message), "a name is used twice");
        }
        self.drain();
    }

    fn timeout(&mut self) {
        self.client.handle_timeout(self.now, &mut self.rng);
        self.drain();
        assert!(
            self.deadline
                .is_none_or(|deadline| deadline > self.now.monotonic)
        );
    }

    /// Answers the newest requests, or any other.
    fn answer(&mut self, bytes: &mut Bytes<'_>) {
        let back = usize::from(bytes.byte());
        let Some(index) = self.requests.len().checked_sub(1 + back % 8) else {
            return;
        };
        let id = self.requests[index].id;
        let kind = bytes.byte();
        if kind % 8 < 2 {
            let failure = match kind % 8 {
                0 => TransportFailure::Timeout,
                _ => TransportFailure::Connection,
            };
            return self.reply(id, Err(failure));
        }
        let (status, body) = match self.requests[index].target {
            Target::Seed(_) => seed_answer(kind, bytes),
            Target::Guard(_) => self.onion_answer(index, kind, bytes),
            _ => return,
        };
        self.reply(
            id,
            Ok(Response {
                status,
                body: &body,
            }),
        );
    }

    fn reply(&mut self, id: RequestId, reply: Result<Response<'_>, TransportFailure>) {
        self.client.handle_reply(id, reply, self.now, &mut self.rng);
        self.drain();
    }

    fn onion_answer(&mut self, index: usize, kind: u8, bytes: &mut Bytes<'_>) -> (u16, Vec<u8>) {
        let Target::Guard(guard) = &self.requests[index].target else {
            return (500, Vec::new());
        };
        let Some(peeled) = peel_all(guard.key, self.requests[index].body.clone()) else {
            return (bytes.u16(), bytes.piece().to_vec());
        };
        let (status, body) = match kind % 8 {
            2 => return (bytes.u16(), bytes.piece().to_vec()),
            3 => {
                let text = String::from_utf8_lossy(bytes.piece());
                let reply = ReplyBody::Text(&text);
                return (
                    200,
                    seal(&peeled.last_hop, bytes.u16(), reply, &mut self.rng),
                );
            }
            4 => (421, redirect(&peeled.payload, bytes)),
            5 => (
                bytes.u16(),
                String::from_utf8_lossy(bytes.piece()).into_owned(),
            ),
            _ => self.good_answer(&peeled, bytes),
        };
        let body = ReplyBody::Text(&body);
        (200, seal(&peeled.destination, status, body, &mut self.rng))
    }

    /// What an honest node would say, give or take some bytes.
    fn good_answer(&mut self, peeled: &Peeled, bytes: &mut Bytes<'_>) -> (u16, String) {
        let state = NodeState::new(self.now.unix, [21, 0]);
        let (status, body) = match parse_json(&peeled.payload, Network::Testnet) {
            Ok(Request::Store(store)) => {
                let present = bytes.u16();
                let mut collector = Collector::new(&store, Form::Json);
                for (index, member) in MEMBERS.iter().enumerate() {
                    if present >> index & 1 == 1 {
                        continue;
                    }
                    let signer = &MEMBERS[index & !usize::from(present >> 15)].key;
                    let stored = Stored {
                        hash: store.hash(),
                        expiry: store.expiry,
                        already: false,
                    };
                    let item = store.confirm(stored, Network::Testnet, signer);
                    let node = *member.record.key.as_bytes();
                    collector.add_own(node, &Ok(item), self.now.unix);
                }
                collector.finish(&state)
            }
            Ok(Request::Retrieve(_)) => {
                let account = NetworkId::from(self.client.account_id());
                let choices = bytes.byte();
                let messages: Vec<_> = (0..choices & 3)
                    .map(|_| {
                        let data = self.message(bytes);
                        let hash = MessageHash::of(&account, Namespace::DIRECT, &data);
                        Message::new(hash, self.now.unix, self.now.unix, data)
                    })
                    .collect();
                let more = choices & 4 != 0;
                (
                    200,
                    RetrieveReply::write(Form::Json, &messages, more, &state),
                )
            }
            Err(rejection) if is_of_1970(&peeled.payload) => {
                return (rejection.status(), rejection.to_string());
            }
            other => panic!("the client asked for {other:?}"),
        };
        (status, String::from_utf8(body.into_bytes()).expect("JSON"))
    }

    /// Something in the client's mailbox.
    fn message(&mut self, bytes: &mut Bytes<'_>) -> Vec<u8> {
        let piece = bytes.piece();
        match (bytes.pick(&*ACCOUNTS), Content::from_bytes(piece.to_vec())) {
            (Some(from), Ok(content)) if bytes.flag() => {
                let to = self.client.account_id();
                seal_one_to_one(from, &to, &content, self.now.unix, &mut self.rng)
                    .unwrap_or_default()
            }
            _ => piece.to_vec(),
        }
    }

    /// Takes all outputs. One call of the client causes few.
    fn drain(&mut self) {
        for _ in 0..300 {
            match self.client.poll_output() {
                Output::Transmit(request) => self.requests.push(request),
                Output::Event(event) => self.event(event),
                Output::Wait(deadline) => {
                    self.deadline = deadline;
                    return;
                }
                _ => {}
            }
        }
        panic!("the client does not come to rest");
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Sent {
                message, copies, ..
            } => {
                assert!(self.unresolved.remove(&message), "a message ends twice");
                assert!(copies > 0);
            }
            Event::SendFailed { message, .. } => {
                assert!(self.unresolved.remove(&message), "a message ends twice");
            }
            Event::Received(received) => {
                assert!(
                    ACCOUNTS
                        .iter()
                        .any(|account| account.id() == received.sender)
                );
            }
            _ => {}
        }
    }

    /// With a node list and nobody who answers, every message fails in the end.
    fn let_everything_end(&mut self) {
        if self.client.pool().is_empty() {
            return;
        }
        let limit = self.now.monotonic + Duration::from_secs(3600);
        while !self.unresolved.is_empty() {
            let deadline = self.deadline.expect("something is waited for");
            assert!(deadline < limit, "a message neither fails nor arrives");
            self.now.monotonic = deadline.max(self.now.monotonic);
            self.timeout();
        }
    }
}

fn seed_answer(kind: u8, bytes: &mut Bytes<'_>) -> (u16, Vec<u8>) {
    if kind % 8 == 2 {
        return (bytes.u16(), bytes.piece().to_vec());
    }
    let nodes: Pool = pool(bytes.u16());
    let mut list = node_list_json(nodes.nodes()).into_bytes();
    // One byte of it may be wrong, a key that is no point for example.
    if kind % 8 == 3 {
        let at = usize::from(bytes.u16()) % list.len();
        list[at] = bytes.byte();
    }
    (200, list)
}

/// Whether a request has a time in the first days of 1970, which looks like one in seconds. It is
/// not always that of the client's own clock: nodes may have said that it is off.
fn is_of_1970(payload: &[u8]) -> bool {
    let request: serde_json::Value = serde_json::from_slice(payload).expect("JSON");
    let time = request["params"]["timestamp"].as_u64();
    time.is_some_and(|millis| millis < 1_000_000_000)
}

/// A rejection that names some nodes, or says something else.
fn redirect(payload: &[u8], bytes: &mut Bytes<'_>) -> String {
    // It may be of 1970, see above.
    let Ok(request) = parse_json(payload, Network::Testnet) else {
        return String::new();
    };
    if bytes.flag() {
        return String::from_utf8_lossy(bytes.piece()).into_owned();
    }
    let nodes = pool(bytes.u16());
    let swarm = match request {
        Request::Store(store) => nodes.swarm_of(&store.pubkey),
        Request::Retrieve(retrieve) => nodes.swarm_of(&retrieve.pubkey),
        _ => None,
    };
    swarm.map_or_else(String::new, |swarm| {
        members_json(swarm.id(), swarm.members(), UnixMillis::default(), [21, 0])
    })
}

/// What all nodes on the way see together.
struct Peeled {
    last_hop: ReplySealer,
    destination: ReplySealer,
    payload: Vec<u8>,
}

/// `None` when a node is asked whose key nobody has, since a node list had an error.
fn peel_all(guard: NodeKey, mut body: Vec<u8>) -> Option<Peeled> {
    let mut last_hop = None;
    let mut next = guard;
    loop {
        let layer = match last_hop {
            None => Layer::parse_outer(&mut body),
            Some(_) => Layer::parse_relay(&mut body),
        };
        let key = member(&next)?.key.to_x25519();
        let peeled = peel(&key, layer.expect("the client frames well")).expect("sealed for it");
        let message = match peeled.action {
            Action::Relay(relay) => {
                next = relay.next.into();
                relay.encode()
            }
            Action::Final(request) => {
                return Some(Peeled {
                    last_hop: last_hop.expect("a path has hops"),
                    destination: peeled.reply,
                    payload: request.payload.to_vec(),
                });
            }
            other => panic!("the client asked for {other:?}"),
        };
        last_hop = Some(peeled.reply);
        body = message;
    }
}

fn seal(sealer: &ReplySealer, status: u16, body: ReplyBody<'_>, rng: &mut ChaCha8Rng) -> Vec<u8> {
    sealer
        .seal(status, body, ReplyFormat::default(), rng)
        .expect("text")
}

//! Replays recorded exchanges with nodes of storage server 2.8.0 (`captures/`): what we decide on
//! each request with our clock at the time of the recording, and what we make of each reply.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use conformance::case::{array, hex, list, text, unhex, unsigned};
use serde_json::Value;
use session_core::{AccountId, Network, NetworkId, Prefix, UnixMillis};
use session_crypto::ed25519::SigningKey;
use session_storage::{
    Access, Auth, BatchReply, Context, DaemonReply, Deleted, Endpoint, Expired, ExpiriesReply,
    IfElseReply, InfoReply, MemberAuth, MessageHash, NewExpiry, Recursive, Rejection, ReplyBody,
    Request, RetrieveLimits, RetrieveReply, Signable, Signed, SubReply, SubaccountKey, Token,
    Verdict, parse_json, status,
};

/// Every capture of storage requests, and how many exchanges it has.
const CAPTURES: [(&str, usize); 15] = [
    ("batch-aes-gcm", 4),
    ("batch-xchacha20", 4),
    ("delete-aes-gcm", 7),
    ("delete-xchacha20", 7),
    ("errors-aes-gcm", 10),
    ("errors-xchacha20", 20),
    ("expire-aes-gcm", 8),
    ("expire-xchacha20", 8),
    ("failed-member-xchacha20", 3),
    ("info-swarm-aes-gcm", 9),
    ("info-swarm-xchacha20", 9),
    ("store-retrieve-aes-gcm", 16),
    ("store-retrieve-xchacha20", 16),
    ("subaccount-aes-gcm", 13),
    ("subaccount-xchacha20", 13),
];

/// Where we decide otherwise than these nodes: the exchange, their status, ours, and why.
const DECIDED_OTHERWISE: [(&str, u16, u16, &str); 2] = [
    (
        "newer-method",
        status::BAD_REQUEST,
        status::OK,
        "they do not know revoked_subaccounts (spec 04 §6.11)",
    ),
    (
        "store-after-lost-revoke",
        status::OK,
        status::UNAUTHORIZED,
        "they forget revocations of accounts without messages (spec 04 §6.9)",
    ),
];

/// The store that fails at every member for a fault of these nodes (spec 04 §3.2).
const OUTBOX_FAULT: &str = "outbox-replace-only-message";

fn capture(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("captures/{name}.json"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// What was replayed, so that the test cannot pass by leaving out.
#[derive(Debug, Default, PartialEq)]
struct Counts {
    exchanges: usize,
    refused: usize,
    otherwise: usize,
    /// Items of members that verify, and that failed.
    done: usize,
    failed: usize,
    messages: usize,
    parts: usize,
    /// Signatures that we make exactly as they were made.
    signatures: usize,
}

/// The node that decides: what it remembers from one request to the next.
struct Node<'c> {
    capture: &'c Value,
    revoked: BTreeMap<NetworkId, BTreeSet<Token>>,
    counts: Counts,
}

#[test]
fn recorded_exchanges() {
    let mut folder: Vec<_> =
        std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("captures"))
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.starts_with("onion-errors"))
            .collect();
    folder.sort();
    let names = CAPTURES.map(|(name, _)| format!("{name}.json"));
    assert_eq!(folder, names);
    let mut counts = Counts::default();
    for (name, count) in CAPTURES {
        let capture = capture(name);
        let mut node = Node {
            capture: &capture,
            revoked: BTreeMap::new(),
            counts,
        };
        let exchanges = list(&capture, "exchanges");
        assert_eq!(exchanges.len(), count, "{name}");
        for exchange in exchanges {
            // Shown when an assertion fails.
            println!("{name} {}", text(exchange, "id"));
            node.replay(exchange);
        }
        counts = node.counts;
    }
    let expected = Counts {
        exchanges: 147,
        refused: 42,
        otherwise: 4,
        done: 201,
        failed: 9,
        messages: 38,
        parts: 18,
        signatures: 70,
    };
    assert_eq!(counts, expected);
}

/// What is known of an exchange besides request and reply.
#[derive(Clone, Copy)]
struct Exchange<'c> {
    id: &'c str,
    context: Context,
    /// The verdicts that are expected, if they were recorded.
    verify: Option<&'c Value>,
}

impl Node<'_> {
    fn replay(&mut self, exchange: &Value) {
        self.counts.exchanges += 1;
        let (id, payload) = (text(exchange, "id"), text(exchange, "payload"));
        let status = u16::try_from(unsigned(exchange, "status")).unwrap();
        let now = UnixMillis::from_millis(unsigned(exchange, "at_ms"));
        let reply: Value = serde_json::from_str(text(exchange, "reply_plaintext")).unwrap();
        assert_eq!(unsigned(&reply, "status"), u64::from(status));
        let body = match &reply["body"] {
            Value::String(body) => body.clone(),
            body => body.to_string(),
        };
        let in_swarm = status != status::WRONG_SWARM;
        if !in_swarm {
            self.check_redirect(text(exchange, "destination"), &body);
        }
        let exchange = Exchange {
            id,
            context: Context::new(now, in_swarm),
            verify: exchange.get("verify"),
        };
        let body = ReplyBody::from(&body);
        match parse_json(payload.as_bytes(), Network::Mainnet) {
            Ok(request) => self.answer(&request, status, body, exchange),
            Err(rejection) => self.check_refusal(&rejection, status, body, exchange),
        }
    }

    /// Compares one request and its reply with what we make of them.
    fn answer(
        &mut self,
        request: &Request<'_>,
        status: u16,
        body: ReplyBody<'_>,
        at: Exchange<'_>,
    ) {
        self.write_again(request);
        let decision = self.decide(request, &at.context);
        if decision.is_ok() {
            self.sign_again(request);
        }
        let otherwise = DECIDED_OTHERWISE.iter().find(|case| case.0 == at.id);
        if let Some((_, theirs, ours, why)) = otherwise {
            let got = decision
                .as_ref()
                .map_or_else(Rejection::status, |()| status::OK);
            assert_eq!((status, got), (*theirs, *ours), "{}: {why}", at.id);
            self.counts.otherwise += 1;
        } else if let Err(rejection) = decision {
            self.check_refusal(&rejection, status, body, at);
            return;
        }
        // What they did although we would not is read all the same; not what they refused.
        if otherwise.is_none() || status::is_success(status) {
            self.check(request, status, body, at);
        }
    }

    /// Decides as a node does, and remembers revocations. Composites have no decision of their
    /// own.
    fn decide(&mut self, request: &Request<'_>, context: &Context) -> Result<(), Rejection> {
        let revoked = request.account().and_then(|id| self.revoked.get(id));
        let is_revoked = |token: &Token| revoked.is_some_and(|tokens| tokens.contains(token));
        match request.clone() {
            Request::Store(request) => request.authorize(context, is_revoked).map(drop),
            Request::Retrieve(request) => request.authorize(context, is_revoked).map(drop),
            Request::Delete(request) => request.authorize(context, is_revoked).map(drop),
            Request::DeleteAll(request) => request.authorize(context, is_revoked).map(drop),
            Request::DeleteBefore(request) => request.authorize(context, is_revoked).map(drop),
            Request::Expire(request) => request.authorize(context, is_revoked).map(drop),
            Request::ExpireAll(request) => request.authorize(context, is_revoked).map(drop),
            Request::GetExpiries(request) => request.authorize(context, is_revoked).map(drop),
            Request::GetRevoked(request) => request.authorize(context, is_revoked).map(drop),
            Request::Revoke(request) => {
                let request = request.authorize(context, is_revoked)?;
                let tokens = self.revoked.entry(request.pubkey).or_default();
                tokens.extend(&request.tokens);
                Ok(())
            }
            Request::Unrevoke(request) => {
                let request = request.authorize(context, is_revoked)?;
                let tokens = self.revoked.entry(request.pubkey).or_default();
                tokens.retain(|token| !request.tokens.contains(token));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Our refusals have their status and their text.
    fn check_refusal(
        &mut self,
        rejection: &Rejection,
        status: u16,
        body: ReplyBody<'_>,
        at: Exchange<'_>,
    ) {
        self.counts.refused += 1;
        assert_eq!(rejection.status(), status, "{}", at.id);
        // The body of a 421 is no text.
        if status != status::WRONG_SWARM {
            assert_eq!(Some(rejection.to_string().into()), body.text(), "{}", at.id);
        }
    }

    /// The body of a 421 lists a swarm, and the node that was asked is not in it.
    fn check_redirect(&self, asked: &str, body: &str) {
        let node = &self.capture["nodes"][asked];
        let members = session_swarm::parse_members(body.as_bytes()).unwrap();
        assert!(!members.list.nodes.is_empty());
        let listed = |key: &str| body.contains(&format!(r#""pubkey_ed25519":"{key}""#));
        assert!(!listed(text(node, "ed25519_public")));
    }

    /// Reads a reply as that to this request.
    fn check(&mut self, request: &Request<'_>, status: u16, body: ReplyBody<'_>, at: Exchange<'_>) {
        let ok = match request {
            Request::Store(request) => {
                let failed = at.id == OUTBOX_FAULT;
                let done = self.check_items(request, body, at);
                assert_eq!(done.is_empty(), failed, "{}", at.id);
                for stored in done {
                    assert_eq!(stored.hash, request.hash());
                    assert!(stored.expiry >= request.expiry);
                }
                status::OK
            }
            Request::Delete(request) => {
                let done = self.check_items(&**request, body, at);
                match request.required && done.iter().all(|Deleted(touched)| touched.is_empty()) {
                    true => status::NOT_FOUND,
                    false => status::OK,
                }
            }
            Request::DeleteAll(request) => {
                self.check_items(&**request, body, at);
                status::OK
            }
            Request::DeleteBefore(request) => {
                self.check_items(&**request, body, at);
                status::OK
            }
            Request::Expire(request) => {
                for expired in self.check_items(&**request, body, at) {
                    check_expired(request, &expired, at.context.now);
                }
                status::OK
            }
            Request::ExpireAll(request) => {
                self.check_items(&**request, body, at);
                status::OK
            }
            Request::Revoke(request) => {
                self.check_items(&**request, body, at);
                status::OK
            }
            Request::Unrevoke(request) => {
                for unrevoked in self.check_items(&**request, body, at) {
                    assert_eq!(unrevoked.count, 2);
                }
                status::OK
            }
            Request::GetExpiries(request) => {
                let reply = ExpiriesReply::parse(body).unwrap();
                let asked: Vec<_> = request.messages().collect();
                assert!(reply.expiries.iter().all(|(hash, _)| asked.contains(hash)));
                assert!(!reply.expiries.is_empty() && reply.expiries.len() < asked.len());
                status::OK
            }
            Request::Retrieve(request) => {
                self.check_messages(request, body);
                status::OK
            }
            Request::Info(_) => {
                let reply = InfoReply::parse(body).unwrap();
                assert_eq!(reply.version, Some([2, 8, 0]));
                assert_eq!(reply.hard_fork, Some([20, 1]));
                let offset = reply.timestamp.abs_diff(at.context.now);
                assert!(offset.as_secs() < 1);
                status::OK
            }
            Request::GetSwarm(request) => {
                let swarm = body.text().unwrap();
                let swarm = session_swarm::parse_members(swarm.as_bytes()).unwrap();
                assert!(swarm.swarm_id.is_valid() && !swarm.list.nodes.is_empty());
                assert_eq!(swarm.list.skipped, 0);
                let accounts = self.capture["accounts"].as_object().unwrap();
                let id = request.pubkey.to_hex();
                assert!(
                    accounts
                        .values()
                        .any(|account| text(account, "pubkey") == id)
                );
                status::OK
            }
            Request::Daemon(request) => {
                assert!(request.params().is_some());
                let reply = DaemonReply::parse(body).unwrap();
                let list = session_swarm::parse_node_list(reply.result.as_bytes()).unwrap();
                assert_eq!((list.nodes.len(), list.skipped), (12, 0));
                status::OK
            }
            Request::Batch(batch) => {
                let reply = BatchReply::parse(body).unwrap();
                let (requests, results) = (batch.requests(), &reply.results);
                for (request, result) in requests.iter().zip(results) {
                    self.counts.parts += 1;
                    self.answer(request, result.status, result.body, at);
                }
                let goes_on = |result: &SubReply<'_>| batch.order().goes_on_after(result.status);
                let stops = results.iter().position(|result| !goes_on(result));
                let expected = stops.map_or(requests.len(), |last| last + 1);
                assert_eq!(results.len(), expected, "{}", at.id);
                status::OK
            }
            Request::IfElse(request) => {
                let reply = IfElseReply::parse(body).unwrap();
                let state = reply.state.unwrap();
                assert_eq!((state.hard_fork, state.version), ([20, 1], [2, 8, 0]));
                assert_eq!(request.condition().holds(&state), reply.condition);
                let branch = request.clone().into_branch(reply.condition);
                assert_eq!(branch.is_some(), reply.result.is_some());
                if let (Some(branch), Some(result)) = (branch, reply.result) {
                    self.counts.parts += 1;
                    self.answer(&branch, result.status, result.body, at);
                }
                status::OK
            }
            other => panic!("{}", other.method()),
        };
        assert_eq!(status, ok, "{}", at.id);
    }

    /// Judges the items of a recursive reply as they were judged when it was recorded, and gives
    /// what the members have done.
    fn check_items<R: Recursive>(
        &mut self,
        request: &R,
        body: ReplyBody<'_>,
        at: Exchange<'_>,
    ) -> Vec<R::Done> {
        // Files without recorded verdicts name no members: these are the nodes that run.
        let members: Vec<[u8; 32]> = match self.capture.get("members") {
            Some(_) => list(self.capture, "members")
                .iter()
                .map(|key| unhex(key.as_str().unwrap()).try_into().unwrap())
                .collect(),
            None => {
                let nodes = self.capture["nodes"].as_object().unwrap().values();
                nodes
                    .map(|node| array(node, "ed25519_public").unwrap())
                    .collect()
            }
        };
        let reply = request.read_reply(body, &members).unwrap();
        assert_eq!(reply.hard_fork, Some([20, 1]));
        assert!(reply.now.unwrap().abs_diff(at.context.now).as_secs() < 6);
        assert!(reply.nodes.len() >= 3);
        if let Some(verify) = at.verify {
            let expected = verify["nodes"].as_object().unwrap();
            assert_eq!(expected.len(), reply.nodes.len());
            for (node, verdict) in &reply.nodes {
                let name = match verdict {
                    Verdict::Done(_) => "ok",
                    Verdict::Failed(_) => "failed",
                    _ => "neither",
                };
                assert_eq!(expected[&hex(node)], name, "{}", at.id);
            }
        }
        // Nobody but the members is believed.
        let strangers = request.read_reply(body, &[[1; 32]]).unwrap();
        assert_eq!(strangers.done().count(), 0);
        let mut done = Vec::new();
        for verdict in reply.nodes.into_values() {
            match verdict {
                Verdict::Done(item) => done.push(item),
                Verdict::Failed(failure) => {
                    self.counts.failed += 1;
                    let expected = at.id == OUTBOX_FAULT;
                    assert_eq!(
                        (failure.query_failure, failure.timeout),
                        (expected, !expected)
                    );
                }
                _ => panic!("{}: a member lies", at.id),
            }
        }
        self.counts.done += done.len();
        done
    }

    fn check_messages(&mut self, request: &session_storage::Retrieve, body: ReplyBody<'_>) {
        let reply = RetrieveReply::parse(body).unwrap();
        assert!(reply.now.is_some() && reply.hard_fork == Some([20, 1]));
        assert_eq!(reply.unreadable, 0);
        self.counts.messages += reply.messages.len();
        for message in &reply.messages {
            let hash = MessageHash::of(&request.pubkey, request.namespace, &message.data);
            assert_eq!(message.hash, hash);
            assert_ne!(request.last_hash, Some(hash));
            assert!(message.expiry > message.timestamp);
        }
        // By our limits the messages fit into one reply.
        let limits = RetrieveLimits::new(request.max_count, request.max_size);
        let page = limits.page(reply.messages.iter().map(|message| message.data.len()));
        assert_eq!((page.count, page.more), (reply.messages.len(), false));
        if reply.more {
            assert!(request.max_count.is_some() || request.max_size.is_some());
        }
    }

    /// What we read is what we would write in their place.
    fn write_again(&self, request: &Request<'_>) {
        let (mut text, mut dict) = (String::new(), Vec::new());
        request.write_json(&mut text);
        request.write_bt(&mut dict);
        let read = parse_json(text.as_bytes(), Network::Mainnet);
        assert_eq!(read.as_ref(), Ok(request));
        let read = session_storage::parse_bt(request.method(), &dict, Network::Mainnet);
        assert_eq!(read.as_ref(), Ok(request));
    }

    /// What the account itself has signed, and signed well, we would sign alike.
    fn sign_again(&mut self, request: &Request<'_>) {
        let Some((payload, auth)) = signed_part(request) else {
            return;
        };
        if auth.subaccount.is_some() {
            return;
        }
        let accounts = self.capture["accounts"].as_object().unwrap().values();
        let account = request.account().unwrap().to_hex();
        let account = accounts
            .into_iter()
            .find(|candidate| self::text(candidate, "pubkey") == account)
            .unwrap();
        let key = SigningKey::from_seed(&array(account, "seed").unwrap());
        assert_eq!(key.sign(&payload), auth.signature);
        self.counts.signatures += 1;
    }
}

/// What is signed, and by whom.
fn signed_part(request: &Request<'_>) -> Option<(Vec<u8>, Auth)> {
    fn part<R: Signable>(request: &Signed<R>) -> Option<(Vec<u8>, Auth)> {
        Some((request.payload(), *request.auth()))
    }
    match request {
        Request::Store(request) => Some((request.payload()?, request.signed?.auth)),
        Request::Retrieve(request) => Some((request.payload()?, request.signed?.auth)),
        Request::Delete(request) => part(request),
        Request::DeleteAll(request) => part(request),
        Request::DeleteBefore(request) => part(request),
        Request::Expire(request) => part(request),
        Request::ExpireAll(request) => part(request),
        Request::GetExpiries(request) => part(request),
        Request::Revoke(request) => part(request),
        Request::Unrevoke(request) => part(request),
        Request::GetRevoked(request) => part(request),
        _ => None,
    }
}

/// Members change what they have of the messages that were named, to the time that was asked for
/// or the latest that they allow.
fn check_expired(request: &session_storage::Expire, expired: &Expired, now: UnixMillis) {
    let changes: Vec<_> = request.changes(now).collect();
    let of = |hash: &MessageHash| changes.iter().find(|change| change.0 == *hash).unwrap().1;
    let about = |time: &UnixMillis, hash| time.abs_diff(of(hash)).as_secs() < 1;
    match &expired.expiry {
        NewExpiry::One(time) => assert!(expired.updated.iter().all(|hash| about(time, hash))),
        NewExpiry::Each(times) => {
            assert_eq!(times.len(), expired.updated.len());
            let mut each = times.iter().zip(&expired.updated);
            assert!(each.all(|(time, hash)| about(time, hash)));
        }
    }
    let selective = request.mode != session_storage::ExpiryMode::Set;
    assert_eq!(expired.unchanged.is_some(), selective);
    for (hash, time) in expired.unchanged.iter().flatten() {
        assert!(!request.mode.allows(*time, of(hash)));
    }
}

/// The member of the group whose store was recorded: the same token, and the same signature.
#[test]
fn group_members_sign_alike() {
    for name in ["subaccount-xchacha20", "subaccount-aes-gcm"] {
        let capture = capture(name);
        let group = &capture["accounts"]["G"];
        let group = SigningKey::from_seed(&array(group, "seed").unwrap());
        let exchange = list(&capture, "exchanges")
            .iter()
            .find(|exchange| text(exchange, "id") == "store-group-member")
            .unwrap();
        let seed = text(exchange, "meaning").rsplit(' ').next().unwrap();
        let member = SigningKey::from_seed(&unhex(seed).try_into().unwrap());
        let id = AccountId::new(Prefix::Standard, *member.to_x25519().public().as_bytes());
        let auth = MemberAuth::issue(&group, &id, Access::READ | Access::WRITE).unwrap();
        let key = SubaccountKey::of_member(&member, group.public(), &auth);
        let request = parse_json(text(exchange, "payload").as_bytes(), Network::Mainnet).unwrap();
        let (payload, auth) = signed_part(&request).unwrap();
        assert_eq!(auth.subaccount, Some(key.subaccount()));
        assert_eq!(auth.signature, key.sign(&payload));
        assert_eq!(auth.pubkey_ed25519, None);
    }
}

//! Replays recorded exchanges with nodes of storage server 2.8.0 (`captures/`): what we decide on
//! each request with our clock at the time of the recording, and what we make of each reply.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::path::Path;

use conformance::case::{hex, list, text, unhex, unsigned};
use serde_json::Value;
use session_core::{Network, UnixMillis};
use session_storage::{
    Context, InfoReply, MessageHash, Rejection, Request, RetrieveReply, StoreReply, Verdict,
    parse_json, status,
};

/// Methods that later issues bring: their exchanges are left out.
const LATER: &[&str] = &[
    "delete_all",
    "delete_before",
    "expire",
    "ifelse",
    "oxend_request",
];

fn capture(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("captures/{name}.json"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The exchanges of a file that are ours: payload, clock, status and reply body.
fn replay(name: &str, mut check: impl FnMut(&Value, &str, Result<Request<'_>, Rejection>, &str)) {
    let capture = capture(name);
    let mut replayed = 0;
    for exchange in list(&capture, "exchanges") {
        let payload = text(exchange, "payload");
        let method = serde_json::from_str(payload).map_or(String::new(), |body: Value| {
            text(&body, "method").to_owned()
        });
        if LATER.contains(&method.as_str()) {
            continue;
        }
        let expected = unsigned(exchange, "status");
        let now = UnixMillis::from_millis(unsigned(exchange, "at_ms"));
        let in_swarm = expected != u64::from(status::WRONG_SWARM);
        let decision = decide(payload, &Context::new(now, in_swarm));
        let status = decision
            .as_ref()
            .map_or_else(Rejection::status, |_| status::OK);
        assert_eq!(u64::from(status), expected, "{name} {}", exchange["id"]);
        let reply: Value = serde_json::from_str(text(exchange, "reply_plaintext")).unwrap();
        let body = match &reply["body"] {
            Value::String(body) => body.clone(),
            body => body.to_string(),
        };
        let merged = serde_json::json!({ "exchange": exchange, "members": capture["members"] });
        check(&merged, payload, decision, &body);
        replayed += 1;
    }
    assert!(replayed >= 6, "{name}: only {replayed} exchanges");
}

fn decide<'a>(body: &'a str, context: &Context) -> Result<Request<'a>, Rejection> {
    Ok(match parse_json(body.as_bytes(), Network::Mainnet)? {
        Request::Store(store) => Request::Store(store.authorize(context)?.into_inner()),
        Request::Retrieve(retrieve) => Request::Retrieve(retrieve.authorize(context)?.into_inner()),
        request => request,
    })
}

#[test]
fn stores_and_retrieves() {
    let (mut stores, mut retrieves) = (0, 0);
    for name in ["store-retrieve-xchacha20", "store-retrieve-aes-gcm"] {
        replay(name, |exchange, _, request, body| match request.unwrap() {
            Request::Store(store) => {
                stores += 1;
                let members: Vec<[u8; 32]> = list(exchange, "members")
                    .iter()
                    .map(|key| unhex(key.as_str().unwrap()).try_into().unwrap())
                    .collect();
                let reply = StoreReply::parse(body.as_bytes(), &members, &store.hash()).unwrap();
                let verdicts = exchange["exchange"]["verify"]["nodes"].as_object().unwrap();
                assert_eq!(verdicts.len(), reply.nodes.len());
                for (node, verdict) in &reply.nodes {
                    let name = match verdict {
                        Verdict::Stored(_) => "ok",
                        Verdict::Failed(_) => "failed",
                        other => panic!("{other:?}"),
                    };
                    assert_eq!(verdicts[&hex(node)], name);
                }
                assert_eq!(reply.hard_fork, Some([20, 1]));
                assert!(reply.now.is_some());
                // Of the message that was not sent, nothing is stored.
                let other = MessageHash::of(&store.pubkey, store.namespace, b"another");
                let reply = StoreReply::parse(body.as_bytes(), &members, &other).unwrap();
                assert_eq!(reply.stored(), 0);
            }
            Request::Retrieve(retrieve) => {
                retrieves += 1;
                let reply = RetrieveReply::parse(body.as_bytes()).unwrap();
                assert!(reply.now.is_some() && !reply.messages.is_empty());
                assert_eq!(reply.unreadable, 0);
                for message in &reply.messages {
                    let (pubkey, namespace) = (&retrieve.pubkey, retrieve.namespace);
                    let hash = MessageHash::of(pubkey, namespace, &message.data);
                    assert_eq!(message.hash, hash);
                }
                let more = exchange["exchange"]["meaning"]
                    .as_str()
                    .is_some_and(|meaning| meaning.contains("more=true"));
                assert!(reply.more || !more);
            }
            other => panic!("{other:?}"),
        });
    }
    assert!(stores >= 20 && retrieves >= 12);
}

#[test]
fn information() {
    for name in ["info-swarm-xchacha20", "info-swarm-aes-gcm"] {
        replay(name, |_, _, request, body| match request.unwrap() {
            Request::Info(_) => {
                let reply = InfoReply::parse(body.as_bytes()).unwrap();
                assert_eq!(reply.version, Some([2, 8, 0]));
                assert_eq!(reply.hard_fork, Some([20, 1]));
            }
            Request::GetSwarm(request) => assert_eq!(request.pubkey.prefix(), 5),
            other => panic!("{other:?}"),
        });
    }
}

#[test]
fn refusals() {
    for name in ["errors-xchacha20", "errors-aes-gcm"] {
        replay(name, |_, payload, request, body| {
            let rejection = request.expect_err(payload);
            // Texts are free, but where there is no detail ours are theirs.
            if matches!(
                rejection,
                Rejection::InvalidJson
                    | Rejection::NoField { .. }
                    | Rejection::NoMethod { .. }
                    | Rejection::Ttl
                    | Rejection::Clock
                    | Rejection::Signature { .. }
            ) {
                assert_eq!(rejection.to_string(), body);
            }
        });
    }
}

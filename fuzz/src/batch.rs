//! Requests that are made of others, and their replies.

use session_core::Network;
use session_storage::{
    BatchReply, Body, Form, IfElseReply, InfoReply, MAX_BATCH, MAX_CONDITIONS, NetworkState,
    Request, RetrieveReply, SubReply, parse_json,
};

use crate::bytes::Bytes;
use crate::node::Harness;
use crate::storage_request::survives;

/// Batches, sequences and conditional requests: any bytes as a request and as a reply, and a node
/// that carries out some, whose parts wait for peers and the daemon. Every request is read and
/// written the same, and every whole is answered once, with the answers of its parts in their
/// order.
pub fn batch(data: &[u8]) {
    let mut bytes = Bytes(data);
    match bytes.byte() % 3 {
        0 => {
            if let Ok(request) = parse_json(bytes.rest(), Network::Testnet) {
                assert!(depth(&request) <= MAX_CONDITIONS + 1);
                survives(&request, Network::Testnet);
            }
        }
        1 => replies(bytes.rest()),
        _ => {
            let mut harness = Harness::new(64);
            for _ in 0..100 {
                if bytes.is_empty() {
                    break;
                }
                harness.composite_step(&mut bytes);
            }
            harness.let_everything_end();
        }
    }
}

/// How many composite requests stand in one another.
fn depth(request: &Request<'_>) -> usize {
    match request {
        Request::Batch(batch) => {
            let requests = batch.requests();
            assert!((1..=MAX_BATCH).contains(&requests.len()));
            assert!(requests.iter().all(|request| depth(request) == 0));
            1
        }
        Request::IfElse(request) => {
            let branches = request.then().into_iter().chain(request.otherwise());
            1 + branches.map(depth).max().expect("there is one at least")
        }
        _ => 0,
    }
}

fn replies(body: &[u8]) {
    if let Ok(reply) = BatchReply::parse(body) {
        assert!(reply.results.len() <= MAX_BATCH);
        let parts: Vec<_> = reply.results.iter().filter_map(part).collect();
        for form in [Form::Json, Form::Bt] {
            let written = BatchReply::write(form, &parts).into_bytes();
            let again = BatchReply::parse(&written).expect("as written");
            assert_eq!(
                again.results.iter().filter_map(part).collect::<Vec<_>>(),
                parts
            );
        }
    }
    if let Ok(reply) = IfElseReply::parse(body) {
        let result = reply.result.as_ref().and_then(part);
        let state = reply.state.unwrap_or(NetworkState {
            hard_fork: [0; 2],
            version: [0; 3],
            height: 0,
        });
        for form in [Form::Json, Form::Bt] {
            let written = IfElseReply::write(form, reply.condition, &state, result.as_ref());
            let written = written.into_bytes();
            let again = IfElseReply::parse(&written).expect("as written");
            assert_eq!(
                (again.condition, again.state),
                (reply.condition, Some(state))
            );
            assert_eq!(again.result.as_ref().and_then(part), result);
        }
    }
}

/// A part whose body is text, as the node had it.
fn part(result: &SubReply<'_>) -> Option<(u16, Body)> {
    let _ = (
        InfoReply::parse(result.body),
        RetrieveReply::parse(result.body),
    );
    let text = result.body.text()?;
    Some((result.status, Body::Text(text.into_owned())))
}

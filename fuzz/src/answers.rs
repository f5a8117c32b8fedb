//! Whether a node's answer is one to the request that was made.

use session_storage::{
    BatchReply, Collector, DaemonReply, ExpiriesReply, Form, IfElseReply, InfoReply, MessageHash,
    NodeState, Order, Recursive, ReplyBody, Request, RetrieveReply, RevokedReply, Verdict, status,
};

use crate::confirmations::recursive;
use crate::network::MEMBERS;

/// What the harness lets the daemon answer to a question with these parameters.
pub(crate) fn daemon_answer(params: Option<&str>) -> String {
    format!("[{}]", params.unwrap_or("null"))
}

/// Checks status and body of the first member's answer.
pub(crate) fn check(request: &Request<'_>, status: u16, body: ReplyBody<'_>) {
    match request {
        Request::Batch(batch) => {
            assert_eq!(status, status::OK);
            let results = BatchReply::parse(body).expect("a batch reply").results;
            let requests = batch.requests();
            let went_on = |status| batch.order().goes_on_after(status);
            if let Some((last, before)) = results.split_last() {
                assert!(before.iter().all(|result| went_on(result.status)));
                assert!(results.len() == requests.len() || !went_on(last.status));
            }
            assert!((1..=requests.len()).contains(&results.len()));
            assert!(batch.order() == Order::Sequence || results.len() == requests.len());
            for (request, result) in requests.iter().zip(results) {
                check(request, result.status, result.body);
            }
        }
        Request::IfElse(request) => {
            assert_eq!(status, status::OK);
            let reply = IfElseReply::parse(body).expect("an ifelse reply");
            let state = reply.state.expect("the node tells");
            assert_eq!(reply.condition, request.condition().holds(&state));
            let branch = if reply.condition {
                request.then()
            } else {
                request.otherwise()
            };
            assert_eq!(branch.is_some(), reply.result.is_some());
            if let Some((branch, result)) = branch.zip(reply.result) {
                check(branch, result.status, result.body);
            }
        }
        Request::Retrieve(request) => {
            if carried_out(status, &[400, 401, 406, 421]) {
                let reply = RetrieveReply::parse(body).expect("a retrieve reply");
                assert_eq!(reply.unreadable, 0);
                for message in reply.messages {
                    let hash = MessageHash::of(&request.pubkey, request.namespace, &message.data);
                    assert_eq!(hash, message.hash);
                }
            }
        }
        Request::GetExpiries(_) => {
            if carried_out(status, &[401, 406, 421]) {
                ExpiriesReply::parse(body).expect("an expiries reply");
            }
        }
        Request::GetRevoked(_) => {
            if carried_out(status, &[401, 406, 421]) {
                RevokedReply::parse(body).expect("a list of tokens");
            }
        }
        Request::Info(_) => {
            assert_eq!(status, status::OK);
            InfoReply::parse(body).expect("an info reply");
        }
        Request::Daemon(request) => {
            // Refused, without sense, nothing free, or silent.
            if carried_out(status, &[400, 502, 503, 504]) {
                let reply = DaemonReply::parse(body).expect("a daemon reply");
                assert_eq!(reply.result, daemon_answer(request.params()));
            } else {
                assert!(body.text().is_some());
            }
        }
        other => recursive!(other, request => confirmed(request, status, body), _ => {
            assert_eq!(status, status::OK);
        }),
    }
}

fn carried_out(status: u16, refusals: &[u16]) -> bool {
    assert!(
        status == status::OK || refusals.contains(&status),
        "status {status}"
    );
    status == status::OK
}

/// Of what all members carry out, the node at least says what it has done itself.
fn confirmed<R: Recursive>(request: &R, status: u16, body: ReplyBody<'_>) {
    if matches!(status, 400 | 401 | 403 | 406 | 421) {
        return;
    }
    assert!(matches!(status, 200 | 404 | 500), "status {status}");
    let own = *MEMBERS[0].record.key.as_bytes();
    let reply = request.read_reply(body, &[own]).expect("a swarm reply");
    match reply.nodes.get(&own) {
        Some(Verdict::Done(_)) => {}
        Some(Verdict::Failed(failure)) => assert!(failure.query_failure),
        _ => panic!("the node's own item is no confirmation"),
    }
}

/// Checks what a member answers to another one that has forwarded the request.
pub(crate) fn check_peer_answer(request: &Request<'_>, status: u16, body: &[u8]) {
    if status != status::OK {
        assert!(
            matches!(status, 400 | 401 | 403 | 406 | 421),
            "status {status}"
        );
        return;
    }
    recursive!(request, request => {
        let mut collector = Collector::new(request, Form::Json);
        collector.add_peer(*MEMBERS[0].record.key.as_bytes(), body);
        let state = NodeState::new(Default::default(), [21, 0]);
        let (_, reply) = collector.finish(&state);
        confirmed(request, status, (&reply.into_bytes()).into());
    }, _ => panic!("that is not forwarded"));
}

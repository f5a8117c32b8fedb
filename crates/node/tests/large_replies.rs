//! Replies that would be longer than anybody reads.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod network;

use network::{HOME, HOUR, Network, START, Way};
use session_storage::{
    Batch, BatchReply, Endpoint, MAX_BATCH, MAX_BODY_LEN, MAX_DATA_LEN, Namespace, Order, Retrieve,
    RetrieveReply, Store,
};

#[test]
fn a_batch_has_as_many_results_as_fit_and_says_which_do_not() {
    let mut network = Network::new();
    let (key, account) = network.account(HOME);
    for number in 0..15 {
        let data = vec![number; MAX_DATA_LEN];
        let store = Store::new(account, Namespace::DIRECT, data, START, HOUR).unwrap();
        assert_eq!(network.store(Way::Direct, &store).0, 200);
    }
    let retrieve = Retrieve::new(account, Namespace::DIRECT);
    let retrieve = retrieve.sign(&key, START).unwrap();
    let mut replies = Vec::new();
    for order in [Order::Any, Order::Sequence] {
        let batch = Batch::new(order, vec![retrieve.into(); MAX_BATCH]).unwrap();
        let mut json = String::new();
        batch.write_json(&mut json);
        let (status, body) = network.ask(Way::Direct, json.as_bytes());
        assert_eq!(status, 200);
        assert!(body.len() < MAX_BODY_LEN);
        let reply = BatchReply::parse(&body).unwrap();
        let statuses: Vec<_> = reply.results.iter().map(|result| result.status).collect();
        let fit = statuses.iter().filter(|status| **status == 200).count();
        assert!((2..MAX_BATCH).contains(&fit));
        assert!(statuses[..fit].iter().all(|status| *status == 200));
        assert!(statuses[fit..].iter().all(|status| *status == 500));
        let page = RetrieveReply::parse(reply.results[0].body).unwrap();
        assert_eq!((page.messages.len(), page.unreadable), (15, 0));
        replies.push((statuses.len(), fit));
    }
    let (all, fit) = replies[0];
    assert_eq!(all, MAX_BATCH);
    assert_eq!(replies[1], (fit + 1, fit), "a sequence ends there");
}

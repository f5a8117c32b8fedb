//! The suites of path policy (spec 02 §8).

use core::net::Ipv4Addr;
use core::time::Duration;

use serde_json::{Value, json};
use session_core::UnixMillis;
use session_path::rand_core::{Infallible, TryCryptoRng, TryRng};
use session_path::{
    Candidate, Failure, Policy, Provenance, Strikes, Taken, choose_path, classify, retry_delay,
    select_nodes,
};
use session_swarm::{NodeKey, NodeRecord};

use crate::case::{CaseError, Suite, list, text, unsigned};

/// The suites, by name.
pub(crate) const SUITES: &[(&str, Suite)] = &[
    ("onion-path-select", onion_path_select),
    ("onion-path-choose", onion_path_choose),
    ("onion-strikes", onion_strikes),
    ("onion-retry-delay", onion_retry_delay),
    ("onion-error-classify", onion_error_classify),
];

/// `onion-path-select`: the scan of the pool for usable nodes.
fn onion_path_select(case_in: &Value) -> Result<Value, CaseError> {
    let mut taken = Taken::new(case_in["subnet_diversity"] == true);
    for excluded in list(case_in, "exclude") {
        taken.add(&node(excluded));
    }
    let threshold = small(case_in, "strike_threshold");
    let mut strikes = Strikes::new(threshold, Duration::from_secs(1));
    let now = UnixMillis::default();
    let mut pool = Vec::new();
    for entry in list(case_in, "pool") {
        let node = node(entry);
        for _ in 0..unsigned(entry, "strikes") {
            strikes.strike(node.key, now);
        }
        pool.push(node);
    }
    let start = number(case_in, "start_index") % pool.len().max(1);
    pool.rotate_left(start);
    let count = number(case_in, "count");
    let struck_out = |key: &NodeKey| strikes.is_struck_out(key, now);
    let nodes = select_nodes(&pool, count, &mut taken, struck_out);
    let keys: Vec<_> = nodes.iter().map(|node| node.key.to_hex()).collect();
    Ok(json!({ "selected": keys, "enough": nodes.len() == count }))
}

/// `onion-path-choose`: which path carries a request.
fn onion_path_choose(case_in: &Value) -> Result<Value, CaseError> {
    let paths = list(case_in, "paths");
    let destination = &case_in["destination"];
    let candidates: Vec<_> = paths
        .iter()
        .map(|path| Candidate {
            active_requests: u32::try_from(unsigned(path, "active_requests")).unwrap(),
            strikes: small(path, "strikes"),
            holds_destination: list(path, "nodes").contains(destination),
        })
        .collect();
    let policy = Policy::default()
        .with_path_strike_threshold(small(case_in, "strike_threshold"))
        .with_single_path(case_in["single_path_mode"] == true);
    let chosen = choose_path(
        &candidates,
        small(case_in, "min_paths"),
        &policy,
        &mut First,
    );
    Ok(json!({ "path": chosen.map(|index| &paths[index]["id"]) }))
}

/// `onion-strikes`: strikes of one node over time.
fn onion_strikes(case_in: &Value) -> Result<Value, CaseError> {
    let policy = Policy::default();
    let mut strikes = Strikes::new(small(case_in, "threshold"), policy.strike_expiry);
    let node = NodeKey::from([1; 32]);
    for event in list(case_in, "events") {
        let at = UnixMillis::from_secs(unsigned(event, "at"));
        if event["permanent"] == true {
            strikes.strike_out(node, at);
        } else {
            strikes.strike(node, at);
        }
    }
    let now = UnixMillis::from_secs(unsigned(case_in, "query_at"));
    Ok(json!({
        "active": strikes.active(&node, now),
        "struck_out": strikes.is_struck_out(&node, now),
    }))
}

/// `onion-retry-delay`: waits between tries.
fn onion_retry_delay(case_in: &Value) -> Result<Value, CaseError> {
    let millis = |field| Duration::from_millis(unsigned(case_in, field));
    // Counts below zero occur in the vectors and mean none.
    let failures = case_in["failures"].as_i64().unwrap().max(0);
    let failures = u32::try_from(failures).unwrap_or(u32::MAX);
    let delay = retry_delay(millis("base_ms"), millis("max_ms"), failures);
    Ok(json!({ "delay_ms": u64::try_from(delay.as_millis()).unwrap() }))
}

/// `onion-error-classify`: what a failed answer means and whom it blames.
fn onion_error_classify(case_in: &Value) -> Result<Value, CaseError> {
    let key = |text: &Value| text.as_str()?.parse::<NodeKey>().ok();
    let destination = key(&case_in["destination"]);
    let path: Vec<_> = list(case_in, "path").iter().filter_map(key).collect();
    let provenance = match case_in["authenticated"] == true {
        true => Provenance::Decrypted,
        false => Provenance::Undecrypted,
    };
    let status = u16::try_from(unsigned(case_in, "status")).unwrap();
    let body = text(case_in, "body").as_bytes();
    let failure = classify(provenance, status, body, destination.as_ref(), &path);

    let (name, node) = match failure {
        Failure::DestinationUnreachable { node } => ("DestinationUnreachable", Some(node)),
        Failure::IntermediateNodeUnreachable { node } => ("IntermediateNodeUnreachable", node),
        Failure::SnodeNotReady { node } => ("SnodeNotReady", node),
        Failure::EdgeNotReady => ("EdgeNotReady", None),
        Failure::PathTimedOut => ("PathTimedOut", None),
        Failure::InvalidHopResponse => ("InvalidHopResponse", None),
        Failure::Unauthenticated => ("Unauthenticated", None),
        Failure::UnparseableData { .. } => ("UnparseableData", None),
        Failure::ClockOutOfSync => ("ClockOutOfSync", None),
        Failure::SnodeNotInSwarm => ("SnodeNotInSwarm", None),
        _ => ("Other", None),
    };
    let penalties = failure.penalties();
    let penalize: Vec<_> = [
        ("node", penalties.node.is_some()),
        ("destination", penalties.destination.is_some()),
        ("edge", penalties.edge),
        ("path", penalties.path),
    ]
    .into_iter()
    .filter_map(|(who, blamed)| blamed.then_some(who))
    .collect();
    Ok(json!({
        "type": name,
        "node": node.map(|key| key.to_hex()),
        "penalize": penalize,
        "permanent": penalties.permanent,
    }))
}

fn number(object: &Value, field: &str) -> usize {
    usize::try_from(unsigned(object, field)).unwrap()
}

fn small(object: &Value, field: &str) -> u8 {
    u8::try_from(unsigned(object, field)).unwrap()
}

fn node(entry: &Value) -> NodeRecord {
    let ip: Ipv4Addr = text(entry, "ip").parse().unwrap();
    NodeRecord::new(text(entry, "ed25519").parse().unwrap(), ip, 1, 1)
}

/// A generator that always picks the first: no case leaves a choice.
struct First;

impl TryRng for First {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(0);
        Ok(())
    }
}

impl TryCryptoRng for First {}

//! Paths through a network that loses nodes.

use std::collections::BTreeSet;
use std::time::Duration;

use session_core::UnixMillis;
use session_path::{Category, Failure, PathId, Paths, Policy, Provenance, classify};
use session_swarm::{NodeKey, Pool};

use crate::bytes::Bytes;
use crate::network::{MEMBERS, pool, rng, start};

/// Any sequence of requests, failures, node lists, times and restarts: paths keep the policy's
/// promises.
pub fn path_policy(data: &[u8]) {
    let mut bytes = Bytes(data);
    let choices = bytes.byte();
    let policy = Policy::default()
        .with_hops(choices & 3)
        .with_min_standard_paths(choices >> 2 & 3)
        .with_min_file_paths(choices >> 2 & 1)
        .with_single_path(choices & 16 != 0)
        .with_path_strike_threshold(choices >> 5 & 3)
        .with_node_strike_threshold(bytes.byte() & 3);
    let mut paths = Paths::new(policy);
    let mut nodes = pool(0);
    let mut unix = start().unix;
    let mut rng = rng();
    // Nodes that were on a path, or the destination of a request.
    let mut seen = BTreeSet::new();
    let mut requests: Vec<(PathId, Vec<NodeKey>, Option<NodeKey>)> = Vec::new();

    while !bytes.is_empty() {
        match bytes.byte() % 9 {
            step @ 0..=2 => {
                let category = match step {
                    0 | 1 => Category::Standard,
                    _ => Category::File,
                };
                let avoid = bytes.pick(&MEMBERS).map(|member| member.record.key);
                let avoid = avoid.filter(|_| bytes.flag());
                let path = paths.choose(&nodes, category, avoid.as_ref(), unix, &mut rng);
                let Ok(path) = path.cloned() else {
                    continue;
                };
                let on_path: Vec<NodeKey> = path.nodes().iter().map(|node| node.key).collect();
                assert_eq!(on_path.len(), usize::from(policy.hops));
                assert!(path.active_requests() > 0);
                if let Some(avoid) = &avoid {
                    assert!(policy.single_path || !path.contains(avoid));
                }
                assert!(policy.single_path || path.category() == category);
                check(&paths, &policy, &nodes, unix);
                seen.extend(on_path.iter().copied().chain(avoid));
                requests.push((path.id(), on_path, avoid));
                if requests.len() > 100 {
                    requests.remove(0);
                }
            }
            3 => {
                if let Some((path, ..)) = bytes.pick(&requests) {
                    paths.succeeded(*path);
                }
            }
            4 => {
                let failure = match bytes.byte() % 4 {
                    0 => Failure::TimedOut,
                    1 => Failure::EdgeUnreachable,
                    2 => Failure::PathTimedOut,
                    _ => Failure::Other,
                };
                if let Some((path, ..)) = bytes.pick(&requests) {
                    paths.failed(*path, failure, unix);
                }
            }
            5 => {
                let provenance = if bytes.flag() {
                    Provenance::Decrypted
                } else {
                    Provenance::Undecrypted
                };
                let status = 400 + u16::from(bytes.byte());
                let text = String::from_utf8_lossy(bytes.piece());
                let Some((path, on_path, destination)) = bytes.pick(&requests) else {
                    continue;
                };
                // The fuzzer does not know the keys.
                let text = on_path
                    .iter()
                    .enumerate()
                    .fold(text.into_owned(), |text, (at, node)| {
                        text.replace(&format!("@{at}"), &node.to_hex())
                    });
                let failure = classify(
                    provenance,
                    status,
                    text.as_bytes(),
                    destination.as_ref(),
                    on_path,
                );
                let penalties = failure.penalties();
                for node in [penalties.node, penalties.destination]
                    .into_iter()
                    .flatten()
                {
                    assert!(on_path.contains(&node) || *destination == Some(node));
                }
                paths.failed(*path, failure, unix);
            }
            6 => {
                let by = Duration::from_secs(60 * u64::from(bytes.u16()));
                unix = if bytes.flag() {
                    unix.saturating_sub(by)
                } else {
                    unix.saturating_add(by)
                };
            }
            7 => nodes = pool(bytes.u16()),
            _ => {
                let _ = Paths::restore(policy, bytes.piece(), unix);
                let saved = paths.save();
                let restored = Paths::restore(policy, &saved, unix).expect("just saved");
                let strikes = |paths: &Paths, key| paths.strikes().is_struck_out(key, unix);
                for node in MEMBERS.iter().map(|member| &member.record.key) {
                    assert_eq!(strikes(&restored, node), strikes(&paths, node));
                }
                assert_eq!(restored.guards().len(), paths.guards().len());
                paths = restored;
                requests.clear();
            }
        }
        let minimum = usize::from(policy.min_standard_paths) + usize::from(policy.min_file_paths);
        assert!(paths.active().len() <= minimum + 2);
        assert!(paths.guards().len() <= 2 * minimum + 2);
        assert!(paths.retired().len() <= 8);
        for member in MEMBERS.iter() {
            let key = &member.record.key;
            assert!(seen.contains(key) || paths.accusations().active(key, unix) == 0);
        }
    }
}

/// No node serves twice, on one path or on two, nor does a /24; and none has left the network or is
/// struck out.
fn check(paths: &Paths, policy: &Policy, nodes: &Pool, now: UnixMillis) {
    let mut keys = BTreeSet::new();
    let mut subnets = BTreeSet::new();
    for path in paths.active() {
        assert_eq!(path.nodes().len(), usize::from(policy.hops));
        for node in path.nodes() {
            assert!(keys.insert(node.key), "a node serves twice");
            let [a, b, c, _] = node.ip.octets();
            assert!(subnets.insert([a, b, c]), "a /24 serves twice");
            assert_eq!(nodes.get(&node.key), Some(node));
            assert!(!paths.strikes().is_struck_out(&node.key, now));
        }
    }
}

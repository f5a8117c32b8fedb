//! Paths under failures, time and changes of the pool.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "helpers of tests"
)]

use core::time::Duration;
use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use session_core::UnixMillis;
use session_path::{Error, Failure, Path, PathId, Paths, Policy};
use session_swarm::{NodeKey, NodeRecord, Pool};

const START: UnixMillis = UnixMillis::from_secs(1_800_000_000);

fn key(number: u8) -> NodeKey {
    [number; 32].into()
}

/// Nodes 0 to `count`, two to a /24.
fn pool(count: u8) -> Pool {
    pool_without(count, &[])
}

fn pool_without(count: u8, gone: &[NodeKey]) -> Pool {
    let node = |number| NodeRecord::new(key(number), [9, 9, number / 2, number].into(), 1, 1);
    let nodes = (0..count).map(node);
    Pool::new(nodes.filter(|node| !gone.contains(&node.key)).collect())
}

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn keys(path: &Path) -> Vec<NodeKey> {
    path.nodes().iter().map(|node| node.key).collect()
}

fn after(secs: u64) -> UnixMillis {
    START.saturating_add(Duration::from_secs(secs))
}

/// Whether all nodes of all paths differ, and their /24s.
fn is_diverse(paths: &Paths) -> bool {
    let nodes = || paths.active().iter().flat_map(Path::nodes);
    let keys: BTreeSet<_> = nodes().map(|node| node.key).collect();
    let subnets: BTreeSet<_> = nodes().map(|node| node.ip.octets()[..3].to_vec()).collect();
    keys.len() == nodes().count() && subnets.len() == nodes().count()
}

#[derive(Clone, Debug)]
enum Step {
    Choose { avoid: Option<u8> },
    Succeed { path: usize },
    Fail { path: usize, failure: Failure },
    Pass { secs: u64 },
    Refresh { gone: Vec<u8> },
}

fn any_step(nodes: u8) -> impl Strategy<Value = Step> {
    let node = move || 0..nodes;
    let failure = prop_oneof![
        Just(Failure::EdgeUnreachable),
        Just(Failure::TimedOut),
        Just(Failure::EdgeNotReady),
        Just(Failure::PathTimedOut),
        Just(Failure::InvalidHopResponse),
        Just(Failure::Other),
        node().prop_map(|n| Failure::DestinationUnreachable { node: key(n) }),
        node().prop_map(|n| Failure::IntermediateNodeUnreachable { node: Some(key(n)) }),
        node().prop_map(|n| Failure::SnodeNotReady { node: Some(key(n)) }),
    ];
    prop_oneof![
        4 => prop::option::of(node()).prop_map(|avoid| Step::Choose { avoid }),
        2 => (0usize..4).prop_map(|path| Step::Succeed { path }),
        3 => (0usize..4, failure).prop_map(|(path, failure)| Step::Fail { path, failure }),
        2 => prop_oneof![0u64..60, 500u64..2000, 40_000u64..200_000].prop_map(|secs| Step::Pass { secs }),
        1 => vec(node(), 0..5).prop_map(|gone| Step::Refresh { gone }),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_paths_are_sound_and_state_is_bounded(
        seed: u64,
        nodes in 6u8..60,
        min_paths in 0u8..4,
        threshold in 0u8..4,
        steps in vec(any_step(60), 1..80),
    ) {
        let policy = Policy::default()
            .with_min_paths(min_paths)
            .with_path_strike_threshold(threshold);
        let mut paths = Paths::new(policy);
        let mut rng = rng(seed);
        let mut pool = pool(nodes);
        let mut now = START;
        let mut given: Vec<PathId> = Vec::new();
        for step in steps {
            let id = |path: usize| given.iter().rev().nth(path).copied();
            match step {
                Step::Choose { avoid } => {
                    let avoid = avoid.map(key);
                    if let Ok(path) = paths.choose(&pool, avoid.as_ref(), now, &mut rng) {
                        prop_assert_eq!(path.nodes().len(), 3);
                        prop_assert!(avoid.is_none_or(|key| !path.contains(&key)));
                        given.push(path.id());
                        let path = path.clone();
                        for node in path.nodes() {
                            prop_assert_eq!(pool.get(&node.key), Some(node));
                            prop_assert!(!paths.strikes().is_struck_out(&node.key, now));
                        }
                    }
                    prop_assert!(is_diverse(&paths));
                }
                Step::Succeed { path } => {
                    if let Some(id) = id(path) { paths.succeeded(id) }
                }
                Step::Fail { path, failure } => {
                    if let Some(id) = id(path) { paths.failed(id, failure, now) }
                }
                Step::Pass { secs } => now = now.saturating_add(Duration::from_secs(secs)),
                Step::Refresh { gone } => {
                    let gone: Vec<_> = gone.into_iter().map(key).collect();
                    pool = pool_without(nodes, &gone);
                }
            }
            prop_assert!(paths.active().len() <= usize::from(min_paths) + 1);
            prop_assert!(paths.guards().len() <= usize::from(min_paths) * 2 + 2);
        }
    }

    #[test]
    fn rotation_keeps_the_guard_and_nothing_else(seed: u64) {
        let (pool, mut rng) = (pool(40), rng(seed));
        let mut paths = Paths::new(Policy::default());
        let first = keys(paths.choose(&pool, None, START, &mut rng).unwrap());
        for hour in 1..5 {
            let before = keys(&paths.active()[0]);
            let path = paths.choose(&pool, None, after(3600 * hour), &mut rng).unwrap();
            prop_assert_eq!(path.nodes()[0].key, first[0]);
            prop_assert!(before[1..].iter().all(|key| !path.contains(key)));
        }
    }
}

#[test]
fn guards_grow_old() {
    let (pool, mut rng) = (pool(40), rng(1));
    let mut paths = Paths::new(Policy::default());
    paths.choose(&pool, None, START, &mut rng).unwrap();
    let guard = paths.guards()[0];
    let lifetime = 10 * 24 * 3600;
    paths
        .choose(&pool, None, after(lifetime - 1), &mut rng)
        .unwrap();
    assert_eq!(paths.guards(), [guard]);
    paths
        .choose(&pool, None, after(lifetime + 600), &mut rng)
        .unwrap();
    assert_ne!(paths.guards()[0].key, guard.key);
    assert_eq!(paths.guards()[0].since, after(lifetime + 600));
}

#[test]
fn a_second_path_is_built_when_the_first_is_busy_and_no_third() {
    let (pool, mut rng) = (pool(40), rng(1));
    let mut paths = Paths::new(Policy::default());
    let first = paths.choose(&pool, None, START, &mut rng).unwrap().id();
    let second = paths.choose(&pool, None, START, &mut rng).unwrap().id();
    assert_ne!(first, second);
    assert_ne!(paths.guards()[0].key, paths.guards()[1].key);
    paths.choose(&pool, None, START, &mut rng).unwrap();
    assert_eq!(paths.active().len(), 2);
    let busy: u32 = paths.active().iter().map(Path::active_requests).sum();
    assert_eq!(busy, 3);
    paths.succeeded(first);
    paths.succeeded(second);
    let busy: u32 = paths.active().iter().map(Path::active_requests).sum();
    assert_eq!(busy, 1);
}

#[test]
fn a_dead_node_is_replaced_and_not_used_again() {
    let (pool, mut rng) = (pool(40), rng(1));
    let mut paths = Paths::new(Policy::default());
    let path = paths.choose(&pool, None, START, &mut rng).unwrap();
    let id = path.id();
    let (guard, dead) = (path.nodes()[0].key, path.nodes()[1].key);
    let node = Some(dead);
    paths.failed(id, Failure::IntermediateNodeUnreachable { node }, START);
    for minute in 0..100 {
        let path = paths
            .choose(&pool, None, after(minute * 60), &mut rng)
            .unwrap();
        assert!(!path.contains(&dead));
        assert_eq!(path.nodes()[0].key, guard, "the guard did nothing wrong");
        let id = path.id();
        paths.succeeded(id);
    }
    assert!(paths.strikes().is_struck_out(&dead, after(47 * 3600)));
    assert!(!paths.strikes().is_struck_out(&dead, after(48 * 3600)));
}

#[test]
fn an_unreachable_guard_rests_then_goes() {
    let (pool, mut rng) = (pool(40), rng(1));
    let mut paths = Paths::new(Policy::default());
    let mut path = paths.choose(&pool, None, START, &mut rng).unwrap();
    let guard = path.nodes()[0].key;
    for try_number in 0..3 {
        assert_eq!(path.nodes()[0].key, guard, "back after its rest");
        let id = path.id();
        let now = after(try_number * 1000);
        paths.failed(id, Failure::EdgeUnreachable, now);
        assert!(paths.active().iter().all(|path| path.id() != id));
        let stand_in = paths.choose(&pool, None, now, &mut rng).unwrap();
        assert!(!stand_in.contains(&guard), "resting");
        let id = stand_in.id();
        paths.succeeded(id);
        path = paths
            .choose(&pool, None, after(try_number * 1000 + 1000), &mut rng)
            .unwrap();
    }
    assert!(!path.contains(&guard));
    assert!(paths.guards().iter().all(|known| known.key != guard));
    assert_eq!(paths.guards().len(), 1, "the same stand-in every time");
}

#[test]
fn a_path_at_its_threshold_takes_its_nodes_along() {
    let (pool, mut rng) = (pool(40), rng(1));
    let mut paths = Paths::new(Policy::default());
    let path = paths.choose(&pool, None, START, &mut rng).unwrap();
    let (id, nodes) = (path.id(), keys(path));
    paths.failed(id, Failure::PathTimedOut, START);
    paths.failed(id, Failure::InvalidHopResponse, START);
    assert_eq!(paths.active()[0].strikes(), 2);
    assert_eq!(paths.strikes().active(&nodes[0], START), 0);
    let node = Some(nodes[1]);
    paths.failed(id, Failure::IntermediateNodeUnreachable { node }, START);
    assert!(paths.active().is_empty());
    let strikes: Vec<_> = nodes
        .iter()
        .map(|key| paths.strikes().active(key, START))
        .collect();
    assert_eq!(strikes, [1, 3, 1], "nobody is punished twice");
    paths.failed(id, Failure::PathTimedOut, START);
    assert_eq!(
        paths.strikes().active(&nodes[0], START),
        1,
        "late reports are ignored"
    );
}

#[test]
fn silence_in_a_row_costs_the_path_but_no_strikes() {
    let (pool, mut rng) = (pool(40), rng(1));
    let mut paths = Paths::new(Policy::default());
    let path = paths.choose(&pool, None, START, &mut rng).unwrap();
    let (id, nodes) = (path.id(), keys(path));
    for failure in [Failure::TimedOut; 2] {
        paths.failed(id, failure, START);
    }
    paths.succeeded(id);
    for failure in [Failure::TimedOut; 2] {
        paths.failed(id, failure, START);
    }
    assert_eq!(paths.active().len(), 1, "an answer in between");
    paths.failed(id, Failure::TimedOut, START);
    assert!(paths.active().is_empty());
    assert!(
        nodes
            .iter()
            .all(|key| paths.strikes().active(key, START) == 0)
    );
    let path = paths.choose(&pool, None, START, &mut rng).unwrap();
    assert_ne!(path.nodes()[0].key, nodes[0], "perhaps it was the guard");
}

#[test]
fn nodes_that_leave_or_move_take_their_path_along() {
    let mut rng = rng(1);
    let mut paths = Paths::new(Policy::default());
    let path = paths.choose(&pool(40), None, START, &mut rng).unwrap();
    let (id, nodes) = (path.id(), keys(path));
    paths.succeeded(id);

    let mut moved = pool(40).nodes().to_vec();
    let node = moved.iter_mut().find(|node| node.key == nodes[2]).unwrap();
    node.version = [2, 11, 4];
    let same = paths
        .choose(&Pool::new(moved.clone()), None, START, &mut rng)
        .unwrap();
    assert_eq!((same.id(), same.nodes()[2].version), (id, [2, 11, 4]));
    let node = moved.iter_mut().find(|node| node.key == nodes[2]).unwrap();
    node.ip = [8, 8, 8, 8].into();
    let new = paths
        .choose(&Pool::new(moved), None, START, &mut rng)
        .unwrap();
    assert_ne!(new.id(), id);
    assert_eq!(new.nodes()[0].key, nodes[0]);

    let without = pool_without(40, &nodes[..1]);
    let new = paths.choose(&without, None, START, &mut rng).unwrap();
    assert!(!new.contains(&nodes[0]));
}

#[test]
fn an_old_or_busy_path_is_better_than_none() {
    // Three /24s: enough for one path and no second.
    let (pool, mut rng) = (pool(6), rng(1));
    let mut paths = Paths::new(Policy::default());
    let first = paths.choose(&pool, None, START, &mut rng).unwrap().id();
    assert_eq!(
        paths.choose(&pool, None, START, &mut rng).unwrap().id(),
        first
    );
    // The replacement may take the old nodes where there are no others.
    let second = paths.choose(&pool, None, after(600), &mut rng).unwrap();
    assert_ne!(second.id(), first);
    let nodes = keys(second);
    let rest: Vec<_> = (0..6).map(key).filter(|key| !nodes.contains(key)).collect();
    let only = pool_without(6, &rest);
    let error = paths
        .choose(&only, Some(&nodes[1]), after(1200), &mut rng)
        .err();
    assert_eq!(
        error,
        Some(Error::TooFewNodes { hops: 3 }),
        "never through the destination"
    );
    assert_eq!(keys(&paths.active()[0]), nodes, "kept for others");
}

#[test]
fn a_single_path_serves_everything() {
    let (pool, mut rng) = (pool(40), rng(1));
    let mut paths = Paths::new(Policy::default().with_single_path(true));
    let path = paths.choose(&pool, None, START, &mut rng).unwrap();
    let (id, last) = (path.id(), path.nodes()[2].key);
    let again = paths.choose(&pool, Some(&last), START, &mut rng).unwrap();
    assert_eq!(again.id(), id);
}

#[test]
fn no_path_without_hops_or_nodes() {
    let mut rng = rng(1);
    let mut paths = Paths::new(Policy::default().with_hops(0));
    let error = paths.choose(&pool(40), None, START, &mut rng).err();
    assert_eq!(error, Some(Error::NoHops));
    let mut paths = Paths::new(Policy::default());
    let error = paths.choose(&pool(4), None, START, &mut rng).err();
    assert_eq!(error, Some(Error::TooFewNodes { hops: 3 }), "two /24s only");
    let mut paths = Paths::new(Policy::default().with_subnet_diversity(false));
    assert!(paths.choose(&pool(4), None, START, &mut rng).is_ok());
}

#[test]
fn every_node_is_as_likely_as_any_other_in_every_place() {
    let (pool, mut rng) = (pool(50), rng(7));
    let mut counts = [[0u32; 50]; 3];
    for _ in 0..10_000 {
        let mut paths = Paths::new(Policy::default());
        let path = paths.choose(&pool, None, START, &mut rng).unwrap();
        for (place, node) in path.nodes().iter().enumerate() {
            counts[place][usize::from(node.key.as_bytes()[0])] += 1;
        }
    }
    // 200 expected, with a standard deviation of 14.
    assert!(
        counts
            .iter()
            .flatten()
            .all(|count| (130..270).contains(count)),
        "{counts:?}"
    );
}

#[test]
fn guards_are_kept_out_of_other_places() {
    let (pool, mut rng) = (pool(24), rng(1));
    let mut paths = Paths::new(Policy::default());
    for hour in 0..50 {
        for _ in 0..2 {
            paths
                .choose(&pool, None, after(3600 * hour), &mut rng)
                .unwrap();
        }
        assert_eq!((paths.active().len(), paths.guards().len()), (2, 2));
        for guard in paths.guards() {
            let others = paths.active().iter().flat_map(|path| &path.nodes()[1..]);
            assert!(others.into_iter().all(|node| node.key != guard.key));
        }
    }
}

/// Clients speak HTTPS to the first node of a path; a record may come without that port
/// (spec 03 §7.3).
#[test]
fn guards_have_an_https_port_and_other_nodes_need_none() {
    let mut nodes = pool(60).nodes().to_vec();
    for node in &mut nodes {
        node.https_port = u16::from(node.ip.octets()[3].is_multiple_of(5));
    }
    let pool = Pool::new(nodes);
    let mut others_without = 0;
    for seed in 0..40 {
        let mut paths = Paths::new(Policy::default());
        let path = paths.choose(&pool, None, START, &mut rng(seed)).unwrap();
        assert_eq!(path.nodes()[0].https_port, 1);
        others_without += path.nodes()[1..]
            .iter()
            .filter(|node| node.https_port == 0)
            .count();
    }
    assert!(others_without > 20, "{others_without}");
}

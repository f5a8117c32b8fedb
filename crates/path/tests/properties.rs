//! What holds whatever happens.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

mod network;

use core::time::Duration;
use std::collections::BTreeSet;

use network::{START, after, choose, is_diverse, key, keys, pool, pool_without, rng};
use proptest::collection::vec;
use proptest::prelude::*;
use session_path::{Category, Failure, Path, PathId, Paths, Policy};
use session_swarm::NodeKey;

#[derive(Clone, Debug)]
enum Step {
    Choose {
        category: Category,
        avoid: Option<u8>,
    },
    Succeed {
        path: usize,
    },
    Fail {
        path: usize,
        failure: Failure,
    },
    Pass {
        secs: u64,
    },
    SetBack {
        secs: u64,
    },
    Refresh {
        gone: Vec<u8>,
    },
    Restart,
}

fn any_failure(nodes: u8) -> impl Strategy<Value = Failure> {
    let node = move || (0..nodes).prop_map(key);
    prop_oneof![
        Just(Failure::EdgeUnreachable),
        Just(Failure::TimedOut),
        Just(Failure::EdgeNotReady),
        Just(Failure::PathTimedOut),
        Just(Failure::InvalidHopResponse),
        Just(Failure::Unauthenticated),
        Just(Failure::ClockOutOfSync),
        Just(Failure::Other),
        node().prop_map(|node| Failure::DestinationUnreachable { node }),
        prop::option::of(node()).prop_map(|node| Failure::IntermediateNodeUnreachable { node }),
        prop::option::of(node()).prop_map(|node| Failure::SnodeNotReady { node }),
        prop::option::of(node()).prop_map(|destination| Failure::UnparseableData { destination }),
    ]
}

fn any_category() -> impl Strategy<Value = Category> {
    prop_oneof![Just(Category::Standard), Just(Category::File)]
}

fn any_step(nodes: u8) -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (any_category(), prop::option::of(0..nodes))
            .prop_map(|(category, avoid)| Step::Choose { category, avoid }),
        4 => (0usize..8).prop_map(|path| Step::Succeed { path }),
        6 => (0usize..8, any_failure(nodes))
            .prop_map(|(path, failure)| Step::Fail { path, failure }),
        3 => prop_oneof![0u64..60, 500u64..2000, 40_000u64..2_000_000]
            .prop_map(|secs| Step::Pass { secs }),
        1 => (0u64..2_000_000).prop_map(|secs| Step::SetBack { secs }),
        2 => vec(0..nodes, 0..5).prop_map(|gone| Step::Refresh { gone }),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #[test]
    fn paths_are_sound_and_state_is_bounded(
        seed: u64,
        nodes in 6u8..80,
        hops in 1u8..5,
        min_paths in (0u8..4, 0u8..3),
        single_path: bool,
        threshold in 0u8..4,
        steps in vec(any_step(80), 1..120),
    ) {
        let policy = Policy::default()
            .with_hops(hops)
            .with_min_standard_paths(min_paths.0)
            .with_min_file_paths(min_paths.1)
            .with_single_path(single_path)
            .with_path_strike_threshold(threshold)
            .with_guard_failure_threshold(threshold);
        let mut paths = Paths::new(policy);
        let mut rng = rng(seed);
        let mut pool = pool(nodes);
        let mut now = START;
        let mut given: Vec<PathId> = Vec::new();
        let mut named: BTreeSet<NodeKey> = BTreeSet::new();
        for step in steps {
            let id = |path: usize| given.iter().rev().nth(path).copied();
            match step {
                Step::Choose { category, avoid } => {
                    let avoid = avoid.map(key);
                    let path = paths.choose(&pool, category, avoid.as_ref(), now, &mut rng);
                    if let Ok(path) = path.cloned() {
                        prop_assert_eq!(path.nodes().len(), usize::from(hops));
                        if !single_path {
                            prop_assert!(avoid.is_none_or(|key| !path.contains(&key)));
                            prop_assert_eq!(path.category(), category);
                        }
                        prop_assert!(path.active_requests() > 0);
                        named.extend(keys(&path));
                        given.push(path.id());
                    }
                    for node in paths.active().iter().flat_map(Path::nodes) {
                        prop_assert_eq!(pool.get(&node.key), Some(node));
                        prop_assert!(!paths.strikes().is_struck_out(&node.key, now));
                    }
                    prop_assert!(is_diverse(&paths));
                    let ids = paths.active().iter().chain(paths.retired()).map(Path::id);
                    let distinct: BTreeSet<_> = ids.clone().collect();
                    prop_assert_eq!(distinct.len(), ids.count());
                }
                Step::Succeed { path } => {
                    if let Some(id) = id(path) { paths.succeeded(id) }
                }
                Step::Fail { path, failure } => {
                    let penalties = failure.penalties();
                    named.extend(penalties.node);
                    named.extend(penalties.destination);
                    if let Some(id) = id(path) { paths.failed(id, failure, now) }
                }
                Step::Pass { secs } => now = now.saturating_add(Duration::from_secs(secs)),
                Step::SetBack { secs } => now = now.saturating_sub(Duration::from_secs(secs)),
                Step::Refresh { gone } => {
                    let gone: Vec<_> = gone.into_iter().map(key).collect();
                    pool = pool_without(nodes, &gone);
                }
                Step::Restart => {
                    let restored = Paths::restore(policy, &paths.save(), now).unwrap();
                    for number in 0..80 {
                        let was = paths.strikes().is_struck_out(&key(number), now);
                        prop_assert_eq!(restored.strikes().is_struck_out(&key(number), now), was);
                    }
                    prop_assert_eq!(restored.guards().len(), paths.guards().len());
                    paths = restored;
                    given.clear();
                }
            }
            for number in (0..80).map(key).filter(|node| !named.contains(node)) {
                prop_assert_eq!(paths.strikes().active(&number, now), 0);
                prop_assert_eq!(paths.accusations().active(&number, now), 0);
            }
            let minimum = usize::from(min_paths.0) + usize::from(min_paths.1);
            prop_assert!(paths.active().len() <= minimum + 2);
            prop_assert!(paths.guards().len() <= 2 * minimum + 2);
            prop_assert!(paths.retired().len() <= 8);
            let guards: BTreeSet<_> = paths.guards().iter().map(|guard| guard.key).collect();
            prop_assert_eq!(guards.len(), paths.guards().len());
        }
    }

    /// Whoever a text tells on, the client shows its address to nobody new while the guard's paths
    /// do not fail in a row.
    #[test]
    fn accusations_do_not_cost_a_guard(
        seed: u64,
        named in vec((0u8..60, 1u64..2000), 1..60),
    ) {
        let (pool, mut rng) = (pool(60), rng(seed));
        let mut paths = Paths::new(Policy::default());
        let mut now = 0;
        let path = choose(&mut paths, &pool, now, &mut rng);
        let guard = path.nodes()[0].key;
        paths.succeeded(path.id());
        for (node, secs) in named {
            now += secs;
            let path = choose(&mut paths, &pool, now, &mut rng);
            prop_assert_eq!(path.nodes()[0].key, guard);
            // Of a guard only it itself can say so.
            let node = Some(key(node)).filter(|node| *node != guard);
            paths.failed(path.id(), Failure::SnodeNotReady { node }, after(now));
            let path = choose(&mut paths, &pool, now, &mut rng);
            prop_assert_eq!(path.nodes()[0].key, guard);
            paths.succeeded(path.id());
        }
        prop_assert_eq!(paths.guards().len(), 1);
    }
}

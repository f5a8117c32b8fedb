//! Which paths there are, and which one carries a request.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

mod network;

use network::{START, after, choose, is_diverse, key, keys, pool, pool_without, rng};
use proptest::prelude::*;
use session_path::{Category, Error, Failure, Path, Paths, Policy};
use session_swarm::Pool;

proptest! {
    #[test]
    fn rotation_keeps_the_guard_and_nothing_else(seed: u64) {
        let (pool, mut rng) = (pool(40), rng(seed));
        let mut paths = Paths::new(Policy::default());
        let first = keys(&choose(&mut paths, &pool, 0, &mut rng));
        for hour in 1..5 {
            let before = keys(&paths.active()[0]);
            let path = choose(&mut paths, &pool, 3600 * hour, &mut rng);
            prop_assert_eq!(path.nodes()[0].key, first[0]);
            prop_assert!(before[1..].iter().all(|key| !path.contains(key)));
        }
    }
}

#[test]
fn a_second_path_is_built_when_the_first_is_busy_and_no_third() {
    let (pool, mut rng) = (pool(40), rng(1));
    let mut paths = Paths::new(Policy::default());
    let first = choose(&mut paths, &pool, 0, &mut rng).id();
    let second = choose(&mut paths, &pool, 0, &mut rng).id();
    assert_ne!(first, second);
    assert_ne!(paths.guards()[0].key, paths.guards()[1].key);
    choose(&mut paths, &pool, 0, &mut rng);
    assert_eq!(paths.active().len(), 2);
    let busy = |paths: &Paths| -> u32 { paths.active().iter().map(Path::active_requests).sum() };
    assert_eq!(busy(&paths), 3);
    paths.succeeded(first);
    paths.succeeded(second);
    assert_eq!(busy(&paths), 1);
}

#[test]
fn categories_share_no_path_no_node_and_no_subnet() {
    let (pool, mut rng) = (pool(60), rng(1));
    let policy = Policy::default().with_min_file_paths(3);
    let mut paths = Paths::new(policy);
    for _ in 0..4 {
        for category in [Category::Standard, Category::File] {
            let path = paths
                .choose(&pool, category, None, START, &mut rng)
                .unwrap();
            assert_eq!(path.category(), category);
        }
    }
    let count = |paths: &Paths, category| {
        let is_it = |path: &&Path| path.category() == category;
        paths.active().iter().filter(is_it).count()
    };
    assert_eq!(count(&paths, Category::Standard), 2);
    assert_eq!(count(&paths, Category::File), 3);
    assert_eq!(paths.guards().len(), 5);
    assert!(is_diverse(&paths));

    choose(&mut paths, &pool, 3600, &mut rng);
    assert_eq!(count(&paths, Category::Standard), 1);
    assert_eq!(
        count(&paths, Category::File),
        3,
        "old, but nobody asked for one"
    );
}

/// Times that lie ahead, because the clock ran fast for a while, must not keep things for ever.
#[test]
fn a_clock_that_is_set_back_stops_nothing() {
    let (pool, mut rng) = (pool(40), rng(1));
    let mut paths = Paths::new(Policy::default());
    let year = 365 * 24 * 3600;
    let first = choose(&mut paths, &pool, year, &mut rng);
    paths.failed(first.id(), Failure::EdgeUnreachable, after(year));
    let second = choose(&mut paths, &pool, year, &mut rng);
    paths.succeeded(second.id());
    let third = choose(&mut paths, &pool, year - 3600, &mut rng);
    assert_ne!(third.id(), second.id(), "rotated");
    paths.succeeded(third.id());
    assert!(paths.guards()[0].is_resting(after(year - 3600)));
    assert!(!paths.guards()[0].is_resting(after(year)), "an hour");
    let last = choose(&mut paths, &pool, 0, &mut rng);
    assert!(!last.contains(&first.nodes()[0].key), "aged as well");
    assert_eq!(paths.guards().len(), 1);
}

#[test]
fn a_single_path_serves_everything() {
    let (pool, mut rng) = (pool(40), rng(1));
    let mut paths = Paths::new(Policy::default().with_single_path(true));
    let path = choose(&mut paths, &pool, 0, &mut rng);
    for category in [Category::Standard, Category::File] {
        let destination = path.nodes()[2].key;
        let again = paths.choose(&pool, category, Some(&destination), START, &mut rng);
        assert_eq!(again.unwrap().id(), path.id());
    }
}

#[test]
fn nodes_that_leave_or_move_are_replaced_and_guards_take_their_path_along() {
    let mut rng = rng(1);
    let mut paths = Paths::new(Policy::default());
    let path = paths
        .choose(&pool(40), Category::Standard, None, START, &mut rng)
        .unwrap();
    let (id, nodes) = (path.id(), keys(path));
    paths.succeeded(id);

    let mut moved = pool(40).nodes().to_vec();
    let node = moved.iter_mut().find(|node| node.key == nodes[2]).unwrap();
    node.version = [2, 11, 4];
    let same = paths
        .choose(
            &Pool::new(moved.clone()),
            Category::Standard,
            None,
            START,
            &mut rng,
        )
        .unwrap();
    assert_eq!((same.id(), same.nodes()[2].version), (id, [2, 11, 4]));
    let node = moved.iter_mut().find(|node| node.key == nodes[2]).unwrap();
    node.ip = [8, 8, 8, 8].into();
    let new = paths
        .choose(&Pool::new(moved), Category::Standard, None, START, &mut rng)
        .unwrap();
    assert_ne!(new.id(), id);
    assert_eq!(new.nodes()[0].key, nodes[0]);

    let without = pool_without(40, &nodes[..1]);
    let new = paths
        .choose(&without, Category::Standard, None, START, &mut rng)
        .unwrap();
    assert!(!new.contains(&nodes[0]));
}

#[test]
fn an_old_or_busy_path_is_better_than_none() {
    // Three /24s: enough for one path and no second.
    let (pool, mut rng) = (pool(6), rng(1));
    let mut paths = Paths::new(Policy::default());
    let first = paths
        .choose(&pool, Category::Standard, None, START, &mut rng)
        .unwrap()
        .id();
    assert_eq!(
        paths
            .choose(&pool, Category::Standard, None, START, &mut rng)
            .unwrap()
            .id(),
        first
    );
    // The replacement may take the old nodes where there are no others.
    let second = paths
        .choose(&pool, Category::Standard, None, after(600), &mut rng)
        .unwrap();
    assert_ne!(second.id(), first);
    let nodes = keys(second);
    let rest: Vec<_> = (0..6).map(key).filter(|key| !nodes.contains(key)).collect();
    let only = pool_without(6, &rest);
    let error = paths
        .choose(
            &only,
            Category::Standard,
            Some(&nodes[1]),
            after(1200),
            &mut rng,
        )
        .err();
    assert_eq!(
        error,
        Some(Error::TooFewNodes { hops: 3 }),
        "never through the destination"
    );
    assert_eq!(keys(&paths.active()[0]), nodes, "kept for others");
}

#[test]
fn no_path_without_hops_or_nodes() {
    let mut rng = rng(1);
    let mut paths = Paths::new(Policy::default().with_hops(0));
    let error = paths
        .choose(&pool(40), Category::Standard, None, START, &mut rng)
        .err();
    assert_eq!(error, Some(Error::NoHops));
    let mut paths = Paths::new(Policy::default());
    let error = paths
        .choose(&pool(4), Category::Standard, None, START, &mut rng)
        .err();
    assert_eq!(error, Some(Error::TooFewNodes { hops: 3 }), "two /24s only");
    let mut paths = Paths::new(Policy::default().with_subnet_diversity(false));
    assert!(
        paths
            .choose(&pool(4), Category::Standard, None, START, &mut rng)
            .is_ok()
    );
}

#[test]
fn every_node_is_as_likely_as_any_other_in_every_place() {
    let (pool, mut rng) = (pool(50), rng(7));
    let mut counts = [[0u32; 50]; 3];
    for _ in 0..10_000 {
        let mut paths = Paths::new(Policy::default());
        let path = paths
            .choose(&pool, Category::Standard, None, START, &mut rng)
            .unwrap();
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

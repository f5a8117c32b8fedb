//! What failures do to nodes, guards and paths.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod network;

use network::{
    START, after, choose, fail_path, is_diverse, key, keys, one_path, pool, rng, unreachable,
};
use session_path::{Category, Failure, Path, Paths, Policy};
use session_swarm::NodeKey;

fn accusations(paths: &Paths, nodes: &[NodeKey]) -> Vec<usize> {
    let count = |node| paths.accusations().active(node, START);
    nodes.iter().map(count).collect()
}

#[test]
fn an_accusation_costs_the_path_the_accused_and_who_would_have_told() {
    let (mut paths, path, pool, mut rng) = one_path();
    let nodes = keys(&path);
    paths.failed(path.id(), unreachable(nodes[2]), START);
    assert!(paths.active().is_empty());
    assert_eq!(accusations(&paths, &nodes), [0, 1, 1]);
    assert!(paths.is_usable(&nodes[2], START), "one text proves nothing");
    let next = choose(&mut paths, &pool, 0, &mut rng);
    assert_eq!(next.nodes()[0].key, nodes[0], "the guard did nothing wrong");
    assert!(nodes[1..].iter().all(|node| !next.contains(node)));

    let nodes = keys(&next);
    paths.failed(next.id(), unreachable(nodes[1]), START);
    assert_eq!(
        accusations(&paths, &nodes),
        [0, 1, 0],
        "the guard is not accused"
    );
    let next = choose(&mut paths, &pool, 0, &mut rng);
    let nodes = keys(&next);
    paths.failed(next.id(), unreachable(nodes[0]), START);
    assert!(
        paths.active().is_empty(),
        "only the guard itself can say so"
    );
    assert_eq!(accusations(&paths, &nodes), [0, 0, 0]);
    assert!(
        !paths.guards()[0].is_resting(START),
        "behind it anybody can"
    );
}

#[test]
fn three_paths_put_an_accused_node_out_for_an_hour() {
    let (pool, mut rng) = (pool(60), rng(1));
    let mut paths = Paths::new(Policy::default());
    let destination = key(59);
    let failure = Failure::DestinationUnreachable { node: destination };
    for number in 0..3 {
        assert!(paths.is_usable(&destination, START), "{number}");
        let path = paths
            .choose(
                &pool,
                Category::Standard,
                Some(&destination),
                START,
                &mut rng,
            )
            .unwrap()
            .clone();
        for _ in 0..2 {
            // The second one says nothing new.
            paths.failed(path.id(), failure, START);
        }
        let last = path.nodes()[2].key;
        assert_eq!(accusations(&paths, &[destination, last]), [number + 1, 1]);
        assert_eq!(paths.active().len(), 1, "the path may be in order");
        fail_path(&mut paths, &path, 0);
    }
    assert!(!paths.is_usable(&destination, after(3599)));
    assert!(paths.is_usable(&destination, after(3600)));
    assert!(!paths.strikes().is_struck_out(&destination, START));
}

#[test]
fn one_path_cannot_accuse_without_end() {
    let (mut paths, path, _, _) = one_path();
    for number in 100..200 {
        let node = key(number);
        paths.failed(path.id(), Failure::DestinationUnreachable { node }, START);
        paths.succeeded(path.id());
    }
    let accused: Vec<NodeKey> = (0..=255).map(key).collect();
    let total: usize = accusations(&paths, &accused).iter().sum();
    assert_eq!(total, 16);
}

#[test]
fn a_vouched_failure_strikes_and_shows_that_the_path_works() {
    let (mut paths, path, pool, mut rng) = one_path();
    let destination = key(50);
    for _ in 0..2 {
        paths.failed(path.id(), Failure::TimedOut, START);
    }
    let failure = Failure::UnparseableData {
        destination: Some(destination),
    };
    paths.failed(path.id(), failure, START);
    assert!(paths.strikes().is_struck_out(&destination, START));
    assert!(paths.guards()[0].has_worked);
    paths.failed(path.id(), Failure::TimedOut, START);
    assert_eq!(paths.active().len(), 1);
    let path = choose(&mut paths, &pool, 47 * 3600, &mut rng);
    assert!(!paths.is_usable(&destination, after(47 * 3600)));
    assert!(!path.contains(&destination));
}

#[test]
fn a_path_at_its_threshold_takes_its_nodes_along() {
    let (mut paths, path, _, _) = one_path();
    let nodes = keys(&path);
    for failure in [Failure::PathTimedOut, Failure::InvalidHopResponse] {
        paths.failed(path.id(), failure, START);
        paths.succeeded(path.id());
    }
    assert_eq!(paths.active()[0].strikes(), 2);
    assert_eq!(accusations(&paths, &nodes), [0, 0, 0]);
    paths.failed(path.id(), Failure::PathTimedOut, START);
    assert!(paths.active().is_empty());
    assert_eq!(accusations(&paths, &nodes), [0, 1, 1]);
    assert_eq!(paths.guards()[0].failures, 1);
    assert!(
        nodes
            .iter()
            .all(|node| paths.strikes().active(node, START) == 0)
    );
}

#[test]
fn silence_in_a_row_costs_the_path_and_nobody_is_accused() {
    let (mut paths, path, _, _) = one_path();
    for failures in [2, 3] {
        assert_eq!(paths.active().len(), 1, "an answer in between");
        for _ in 0..failures {
            paths.failed(path.id(), Failure::TimedOut, START);
        }
        paths.succeeded(path.id());
    }
    assert!(paths.active().is_empty());
    assert_eq!(accusations(&paths, &keys(&path)), [0, 0, 0]);
}

#[test]
fn a_struck_out_node_is_replaced_where_it_serves() {
    let (mut paths, first, pool, mut rng) = one_path();
    let second = choose(&mut paths, &pool, 0, &mut rng);
    let bad = second.nodes()[1].key;
    // As destination of the first path the node of the second one says that it is broken.
    let failure = Failure::UnparseableData {
        destination: Some(bad),
    };
    paths.failed(first.id(), failure, START);
    choose(&mut paths, &pool, 1, &mut rng);
    let ids: Vec<_> = paths.active().iter().map(Path::id).collect();
    assert_eq!(ids[0], first.id());
    assert!(
        !ids.contains(&second.id()),
        "requests in the air used other nodes"
    );
    let repaired = paths.active()[1].clone();
    assert_eq!(repaired.since(), second.since());
    for (place, node) in repaired.nodes().iter().enumerate() {
        let is_old = *node == second.nodes()[place];
        assert_eq!(is_old, place != 1, "only the bad one goes");
    }
    assert!(is_diverse(&paths));

    // A late report on the path as it was blames the nodes that it had.
    let named = second.nodes()[2].key;
    paths.failed(second.id(), unreachable(bad), after(1));
    paths.failed(second.id(), unreachable(named), after(1));
    let new = repaired.nodes()[1].key;
    assert_eq!(accusations(&paths, &[bad, named, new]), [1, 1, 0]);
    assert_eq!(
        paths.active().len(),
        2,
        "the repaired path is not concerned"
    );
    assert_eq!(paths.guards()[1].failures, 0);
}

#[test]
fn an_accused_node_is_replaced_where_it_serves() {
    let (mut paths, mut other, pool, mut rng) = one_path();
    let second = choose(&mut paths, &pool, 0, &mut rng);
    let node = second.nodes()[1].key;
    for _ in 0..3 {
        assert!(paths.active().iter().any(|path| path.id() == second.id()));
        paths.failed(other.id(), Failure::DestinationUnreachable { node }, START);
        fail_path(&mut paths, &other, 0);
        other = choose(&mut paths, &pool, 0, &mut rng);
    }
    assert!(paths.active().iter().all(|path| !path.contains(&node)));
    let guard = second.nodes()[0];
    assert!(paths.active().iter().any(|path| path.nodes()[0] == guard));
}

#[test]
fn a_struck_out_guard_takes_its_path_along() {
    let (mut paths, first, pool, mut rng) = one_path();
    let second = choose(&mut paths, &pool, 0, &mut rng);
    let failure = Failure::UnparseableData {
        destination: Some(second.nodes()[0].key),
    };
    paths.failed(first.id(), failure, START);
    let next = choose(&mut paths, &pool, 0, &mut rng);
    assert_eq!(next.id(), first.id());
    assert_eq!(paths.active().len(), 1);
    assert_eq!(paths.guards().len(), 1);
    assert_eq!(paths.retired()[0].id(), second.id());
}

#[test]
fn late_reports_count_and_are_forgotten_with_the_path() {
    let (mut paths, path, pool, mut rng) = one_path();
    let nodes = keys(&path);
    for _ in 0..10 {
        paths.failed(path.id(), Failure::EdgeNotReady, START);
    }
    assert_eq!(paths.guards()[0].failures, 1, "one path, one failure");
    assert_eq!(paths.retired().len(), 1);
    for _ in 0..3 {
        paths.failed(path.id(), unreachable(nodes[2]), START);
    }
    assert_eq!(accusations(&paths, &nodes), [0, 1, 1], "each once");
    paths.succeeded(path.id());
    assert_eq!(paths.guards()[0].failures, 0, "the guard works after all");

    for hour in 1..=9 {
        let old = choose(&mut paths, &pool, 3600 * hour, &mut rng);
        paths.succeeded(old.id());
    }
    assert_eq!(paths.retired().len(), 8);
    let before = paths.strikes().active(&key(7), START);
    let destination = Some(key(7));
    paths.failed(path.id(), Failure::UnparseableData { destination }, START);
    assert_eq!(paths.strikes().active(&key(7), START), before);
}

#[test]
fn busy_retired_paths_are_remembered_longer_than_idle_ones() {
    let (mut paths, busy, pool, mut rng) = one_path();
    for hour in 1..=20 {
        let path = choose(&mut paths, &pool, 3600 * hour, &mut rng);
        paths.succeeded(path.id());
    }
    assert_eq!(paths.retired()[0].id(), busy.id());
    assert_eq!(paths.retired()[0].active_requests(), 1);
}

#[test]
fn where_nodes_are_few_accused_ones_serve_rather_than_none() {
    let (pool, mut rng) = (pool(6), rng(1));
    let mut paths = Paths::new(Policy::default());
    for _ in 0..20 {
        let path = choose(&mut paths, &pool, 0, &mut rng);
        paths.failed(path.id(), unreachable(path.nodes()[2].key), START);
    }
    let accused = (0..6).filter(|number| !paths.is_usable(&key(*number), START));
    assert!(accused.count() > 2);
    let path = choose(&mut paths, &pool, 0, &mut rng);
    let again = paths.choose(&pool, Category::Standard, None, START, &mut rng);
    assert_eq!(again.unwrap().id(), path.id(), "kept, though accused");
}

#[test]
fn new_paths_stay_away_from_the_nodes_of_retired_ones() {
    for seed in 0..50 {
        // Seven /24s: enough for two paths, so that by chance many would share a node.
        let (pool, mut rng) = (pool(14), rng(seed));
        let mut paths = Paths::new(Policy::default());
        let path = choose(&mut paths, &pool, 0, &mut rng);
        fail_path(&mut paths, &path, 0);
        let next = choose(&mut paths, &pool, 0, &mut rng);
        let mut inner = path.nodes()[1..].iter();
        assert!(inner.all(|node| !next.contains(&node.key)), "{seed}");
    }
}

/// Else a node of a path could have another one replaced again and again, and go on.
#[test]
fn a_repaired_path_is_no_new_path() {
    let (mut paths, path, pool, mut rng) = one_path();
    let nodes = keys(&path);
    let destination = key(59);
    let unreachable = Failure::DestinationUnreachable { node: destination };
    let other = choose(&mut paths, &pool, 0, &mut rng);
    paths.failed(path.id(), unreachable, START);
    paths.failed(path.id(), Failure::PathTimedOut, START);
    let bad = Some(nodes[1]);
    let broken = Failure::UnparseableData { destination: bad };
    paths.failed(other.id(), broken, START);
    choose(&mut paths, &pool, 0, &mut rng);
    let mut active = paths.active().iter();
    let repaired = active.find(|path| path.contains(&nodes[0])).unwrap();
    assert_ne!(repaired.id(), path.id());
    assert_eq!(repaired.strikes(), 1);
    let id = repaired.id();
    paths.failed(id, unreachable, START);
    assert_eq!(accusations(&paths, &[destination]), [1], "told before");
    assert!(
        paths.active().iter().all(|path| path.id() != id),
        "the third loss in a row"
    );
}

/// Two of three that are lost are too many, whatever the order.
#[test]
fn a_path_that_loses_most_requests_ends() {
    let (mut paths, path, _, _) = one_path();
    for number in 0..12 {
        if number % 3 == 2 {
            paths.succeeded(path.id());
        } else {
            paths.failed(path.id(), Failure::TimedOut, START);
        }
    }
    assert!(paths.active().is_empty());
}

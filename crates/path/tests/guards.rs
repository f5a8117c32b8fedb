//! Which guards a client has.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

mod network;

use network::{START, after, choose, fail_path, one_path, pool, rng, unreachable};
use session_path::{Category, Failure, Paths, Policy};
use session_swarm::Pool;

#[test]
fn an_unreachable_guard_rests_then_goes() {
    let (mut paths, mut path, pool, mut rng) = one_path();
    let guard = path.nodes()[0].key;
    for now in [0, 1000, 2000] {
        assert_eq!(path.nodes()[0].key, guard, "back after its rest");
        for _ in 0..5 {
            // All requests in the air fail when a connection breaks.
            paths.failed(path.id(), Failure::EdgeUnreachable, after(now));
        }
        let stand_in = choose(&mut paths, &pool, now, &mut rng);
        assert!(!stand_in.contains(&guard), "resting");
        path = choose(&mut paths, &pool, now + 1000, &mut rng);
    }
    assert!(!path.contains(&guard));
    assert!(paths.guards().iter().all(|known| known.key != guard));
    assert!(paths.strikes().is_struck_out(&guard, after(47 * 3600)));
}

#[test]
fn a_guard_whose_paths_fail_in_a_row_rests_then_goes_if_another_works() {
    for another_works in [true, false] {
        let (mut paths, path, pool, mut rng) = one_path();
        let guard = path.nodes()[0].key;
        paths.failed(path.id(), unreachable(path.nodes()[1].key), START);
        let path = choose(&mut paths, &pool, 0, &mut rng);
        paths.succeeded(path.id());
        assert_eq!(paths.guards()[0].failures, 0, "in a row");
        if another_works {
            let other = choose(&mut paths, &pool, 0, &mut rng);
            let other = if other.contains(&guard) {
                choose(&mut paths, &pool, 0, &mut rng)
            } else {
                other
            };
            paths.succeeded(other.id());
            assert_ne!(other.nodes()[0].key, guard);
        }
        for failures in 1..=6 {
            let now = failures * 100;
            let path = loop {
                let path = choose(&mut paths, &pool, now, &mut rng);
                if path.contains(&guard) {
                    break path;
                }
            };
            // With a culprit named, one failure says little about the guard.
            let failure = unreachable(path.nodes()[2].key);
            paths.failed(path.id(), failure, after(now));
            let known = paths.guards().iter().find(|known| known.key == guard);
            let is_resting = known.map(|known| known.is_resting(after(now)));
            let expected = match failures {
                1 | 2 => Some(false),
                6 if another_works => None,
                _ => Some(true),
            };
            assert_eq!(is_resting, expected, "{failures} {another_works}");
        }
        assert_eq!(paths.is_usable(&guard, after(600)), !another_works);
        assert!(paths.is_usable(&guard, after(600 + 3600)), "not proven");
    }
}

#[test]
fn guards_that_are_made_to_rest_do_not_lead_to_ever_new_ones() {
    let (mut paths, mut path, pool, mut rng) = one_path();
    for second in 0..50 {
        fail_path(&mut paths, &path, second);
        let next = choose(&mut paths, &pool, second, &mut rng);
        assert_ne!(next.nodes()[0], path.nodes()[0], "another, while it rests");
        path = next;
    }
    assert!(paths.guards().len() <= 4);
    let guard = paths.guards()[0].key;
    let path = choose(&mut paths, &pool, 3600, &mut rng);
    assert_eq!(path.nodes()[0].key, guard, "the oldest, when rested");
}

#[test]
fn guards_grow_old() {
    let (pool, mut rng) = (pool(40), rng(1));
    let mut paths = Paths::new(Policy::default());
    choose(&mut paths, &pool, 0, &mut rng);
    let guard = paths.guards()[0];
    let lifetime = 10 * 24 * 3600;
    choose(&mut paths, &pool, lifetime - 1, &mut rng);
    assert_eq!(paths.guards(), [guard]);
    choose(&mut paths, &pool, lifetime + 600, &mut rng);
    assert_ne!(paths.guards()[0].key, guard.key);
    assert_eq!(
        paths.guards()[0].since,
        after(lifetime + 600),
        "its own age"
    );
}

#[test]
fn a_guard_without_https_port_is_passed_over_and_kept() {
    let mut rng = rng(1);
    let mut paths = Paths::new(Policy::default());
    let path = choose(&mut paths, &pool(40), 0, &mut rng);
    let guard = path.nodes()[0].key;
    paths.succeeded(path.id());
    let mut nodes = pool(40).nodes().to_vec();
    let node = nodes.iter_mut().find(|node| node.key == guard).unwrap();
    node.https_port = 0;
    let other = choose(&mut paths, &Pool::new(nodes), 3600, &mut rng);
    assert!(!other.contains(&guard));
    paths.succeeded(other.id());
    let again = choose(&mut paths, &pool(40), 7200, &mut rng);
    assert_eq!(again.nodes()[0].key, guard);
}

#[test]
fn guards_are_kept_out_of_other_places() {
    let (pool, mut rng) = (pool(24), rng(1));
    let mut paths = Paths::new(Policy::default());
    for hour in 0..50 {
        for _ in 0..2 {
            paths
                .choose(
                    &pool,
                    Category::Standard,
                    None,
                    after(3600 * hour),
                    &mut rng,
                )
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
        let path = paths
            .choose(&pool, Category::Standard, None, START, &mut rng(seed))
            .unwrap();
        assert_eq!(path.nodes()[0].https_port, 1);
        others_without += path.nodes()[1..]
            .iter()
            .filter(|node| node.https_port == 0)
            .count();
    }
    assert!(others_without > 20, "{others_without}");
}

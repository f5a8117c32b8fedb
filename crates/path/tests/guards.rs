//! Which guards a client has.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

mod network;

use std::collections::BTreeSet;

use network::{
    START, after, choose, fail_path, key, one_path, pool, pool_without, rng, unreachable,
};
use rand_chacha::ChaCha8Rng;
use session_path::{Category, Failure, Paths, Policy};
use session_swarm::{NodeKey, Pool};

/// Builds paths until one begins with `guard`, whose connection then fails.
fn lose_connection(
    paths: &mut Paths,
    pool: &Pool,
    guard: NodeKey,
    secs: u64,
    rng: &mut ChaCha8Rng,
) {
    let path = loop {
        let path = choose(paths, pool, secs, rng);
        if path.nodes()[0].key == guard {
            break path;
        }
    };
    for _ in 0..5 {
        // All requests in the air fail when a connection breaks.
        paths.failed(path.id(), Failure::EdgeUnreachable, after(secs));
    }
}

#[test]
fn an_unreachable_guard_rests_longer_each_time_and_goes_if_others_work() {
    for another_works in [true, false] {
        let (mut paths, path, pool, mut rng) = one_path();
        let guard = path.nodes()[0].key;
        paths.succeeded(path.id());
        for (failures, rest) in (0u32..).zip([60, 120, 240, 480]) {
            let now = 10_000 * u64::from(failures);
            lose_connection(&mut paths, &pool, guard, now, &mut rng);
            let known = paths.guards().iter().find(|known| known.key == guard);
            if another_works && failures == 3 {
                assert!(known.is_none());
                assert!(paths.strikes().is_struck_out(&guard, after(now)));
                break;
            }
            let known = known.unwrap();
            assert!(known.is_resting(after(now + rest - 1)), "{failures}");
            assert!(!known.is_resting(after(now + rest)), "{failures}");
            assert_eq!(paths.strikes().active(&guard, after(now)), 0);
            let stand_in = choose(&mut paths, &pool, now, &mut rng);
            assert!(!stand_in.contains(&guard), "resting");
            if another_works {
                paths.succeeded(stand_in.id());
            }
        }
    }
}

/// Without a network every connection fails. That says nothing about guards.
#[test]
fn a_day_offline_costs_no_guard() {
    let (mut paths, path, pool, mut rng) = one_path();
    paths.succeeded(path.id());
    let mut met = BTreeSet::from([path.nodes()[0].key]);
    for minute in 1..=24 * 60 {
        let path = choose(&mut paths, &pool, 60 * minute, &mut rng);
        met.insert(path.nodes()[0].key);
        paths.failed(path.id(), Failure::EdgeUnreachable, after(60 * minute));
    }
    assert_eq!(met.len(), 4);
    let kept: BTreeSet<_> = paths.guards().iter().map(|guard| guard.key).collect();
    assert_eq!(kept, met);
    for number in 0..60 {
        assert_eq!(paths.strikes().active(&key(number), after(24 * 3600)), 0);
    }
    let path = choose(&mut paths, &pool, 24 * 3600 + 1, &mut rng);
    assert!(met.contains(&path.nodes()[0].key), "at once");
}

/// A network that lets connections to its own nodes through and no others, and one client with a
/// path of each category.
#[test]
fn a_network_that_blocks_guards_is_shown_few_a_day() {
    for open in [0..0, 0..12] {
        let (pool, mut rng) = (pool(120), rng(3));
        let open: Vec<_> = open.map(key).collect();
        let mut paths = Paths::new(Policy::default());
        let mut days = [const { BTreeSet::new() }; 3];
        let mut known = BTreeSet::new();
        for step in 0..3 * 24 * 360 {
            let now = after(10 * step);
            let category =
                [Category::Standard, Category::File][usize::from(!step.is_multiple_of(2))];
            let Ok(path) = paths.choose(&pool, category, None, now, &mut rng) else {
                continue;
            };
            let path = path.clone();
            let guard = path.nodes()[0].key;
            if known.insert(guard) {
                days[usize::try_from(step / 24 / 360).unwrap()].insert(guard);
            }
            if open.contains(&guard) {
                paths.succeeded(path.id());
            } else {
                paths.failed(path.id(), Failure::EdgeUnreachable, now);
            }
        }
        let shown = days.map(|day| day.len());
        println!(
            "{} of 120 nodes open: {shown:?} guards shown a day",
            open.len()
        );
        assert!(shown.iter().all(|&guards| guards <= 6), "{shown:?}");
        if open.is_empty() {
            assert_eq!(shown, [4, 0, 0]);
        }
    }
}

/// What a guard does that answers once and then ends paths until it likes one.
#[test]
fn a_guard_that_ends_most_of_its_paths_goes_however_often_it_works() {
    for (ends, goes) in [(9, true), (7, false)] {
        let (mut paths, path, pool, mut rng) = one_path();
        let guard = path.nodes()[0].key;
        for number in 0..200 {
            let path = choose(&mut paths, &pool, 700 * number, &mut rng);
            paths.succeeded(path.id());
            if path.nodes()[0].key == guard && number % 10 < ends {
                let named = path.nodes()[1].key;
                paths.failed(path.id(), unreachable(named), after(700 * number));
            }
        }
        let is_known = paths.guards().iter().any(|known| known.key == guard);
        assert_eq!(is_known, !goes, "{ends} of 10");
    }
}

#[test]
fn a_guard_that_is_not_listed_for_a_while_stays() {
    let (mut paths, path, pool, mut rng) = one_path();
    let guard = path.nodes()[0].key;
    paths.succeeded(path.id());
    let destination = Some(key(50));
    paths.failed(path.id(), Failure::UnparseableData { destination }, START);
    let without = pool_without(60, &[guard, key(50)]);
    let other = choose(&mut paths, &without, 1, &mut rng);
    assert_ne!(other.nodes()[0].key, guard);
    choose(&mut paths, &pool, 1000, &mut rng);
    assert_eq!(paths.active()[0].nodes()[0].key, guard);
    assert!(paths.strikes().is_struck_out(&key(50), after(1000)));
}

#[test]
fn an_accused_node_does_not_become_a_guard() {
    for seed in 0..30 {
        let (pool, mut rng) = (pool(60), rng(seed));
        let mut paths = Paths::new(Policy::default());
        for number in 0..3 {
            let path = choose(&mut paths, &pool, 700 * number, &mut rng);
            for node in (0..16).map(key) {
                let failure = Failure::DestinationUnreachable { node };
                paths.failed(path.id(), failure, after(700 * number));
                paths.succeeded(path.id());
            }
        }
        let accused = (0..16).filter(|number| !paths.is_usable(&key(*number), after(1400)));
        assert!(accused.count() > 10);
        assert_eq!(paths.guards().len(), 1);
        choose(&mut paths, &pool, 1400, &mut rng);
        choose(&mut paths, &pool, 1400, &mut rng);
        assert_eq!(paths.guards().len(), 2);
        assert!(paths.is_usable(&paths.guards()[1].key, after(1400)));
    }
}

#[test]
fn a_guard_whose_paths_fail_in_a_row_rests_then_goes_if_another_works() {
    for another_works in [true, false] {
        let (mut paths, path, pool, mut rng) = one_path();
        let guard = path.nodes()[0].key;
        paths.failed(path.id(), unreachable(path.nodes()[1].key), START);
        for number in 0..30 {
            let path = choose(&mut paths, &pool, 700 * number, &mut rng);
            paths.succeeded(path.id());
        }
        assert_eq!(paths.guards()[0].failures, 0, "in a row");
        if another_works {
            let other = choose(&mut paths, &pool, 20_300, &mut rng);
            let other = if other.contains(&guard) {
                choose(&mut paths, &pool, 20_300, &mut rng)
            } else {
                other
            };
            paths.succeeded(other.id());
            assert_ne!(other.nodes()[0].key, guard);
        }
        for failures in 1..=24 {
            let now = 21_000 + failures * 100;
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
                1..=11 => Some(false),
                24 if another_works => None,
                _ => Some(true),
            };
            assert_eq!(is_resting, expected, "{failures} {another_works}");
        }
        assert_eq!(paths.is_usable(&guard, after(23_400)), !another_works);
        assert!(paths.is_usable(&guard, after(23_400 + 3600)), "not proven");
    }
}

#[test]
fn guards_that_are_made_to_rest_do_not_lead_to_ever_new_ones() {
    let (mut paths, path, pool, mut rng) = one_path();
    let guard = path.nodes()[0].key;
    for second in 0..200 {
        let path = choose(&mut paths, &pool, second, &mut rng);
        fail_path(&mut paths, &path, second);
        let met = paths.guards().len();
        assert!(met <= 2 || second >= 11, "as many as there are paths");
    }
    assert_eq!(paths.guards().len(), 4);
    let path = choose(&mut paths, &pool, 3600, &mut rng);
    assert_eq!(path.nodes()[0].key, guard, "the oldest, when rested");
}

#[test]
fn a_known_guard_is_preferred_to_one_that_swallows_everything() {
    let (mut paths, first, pool, mut rng) = one_path();
    let second = choose(&mut paths, &pool, 0, &mut rng);
    paths.succeeded(first.id());
    paths.succeeded(second.id());
    for begins in [&first, &first, &second] {
        let path = choose(&mut paths, &pool, 700, &mut rng);
        assert_eq!(path.nodes()[0], begins.nodes()[0]);
        fail_path(&mut paths, &path, 700);
    }
    assert!(
        paths
            .guards()
            .iter()
            .all(|guard| !guard.is_resting(after(700)))
    );
}

#[test]
fn guards_grow_old() {
    let (pool, mut rng) = (pool(40), rng(1));
    let mut paths = Paths::new(Policy::default());
    choose(&mut paths, &pool, 0, &mut rng);
    let guard = paths.guards()[0];
    let lifetime = 10 * 24 * 3600;
    choose(&mut paths, &pool, lifetime - 1, &mut rng);
    assert_eq!(paths.guards().len(), 1);
    assert_eq!(paths.guards()[0].key, guard.key);
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
    let other = choose(&mut paths, &Pool::new(nodes), 1, &mut rng);
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

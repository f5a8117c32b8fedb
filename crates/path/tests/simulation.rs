//! A network with hostile nodes: how often a client falls into their hands, and how far they can
//! turn it against honest ones.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "tests"
)]

mod network;

use core::time::Duration;
use std::collections::{BTreeSet, VecDeque};

use network::{START, keys, rng};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;
use session_core::UnixMillis;
use session_path::{Category, Failure, PathId, Paths, Policy, Provenance, classify};
use session_swarm::{NodeKey, NodeRecord, Pool};

const NODES: u32 = 2000;
const HOUR: Duration = Duration::from_secs(3600);

fn below(bound: usize, rng: &mut ChaCha8Rng) -> usize {
    (rng.next_u64() % bound as u64) as usize
}

/// 2,000 nodes; every fifth subnet has two of them, every fiftieth five.
fn pool() -> Pool {
    let mut subnet = 0u32;
    let mut nodes = Vec::new();
    while nodes.len() < NODES as usize {
        let count = match subnet {
            _ if subnet.is_multiple_of(50) => 5,
            _ if subnet.is_multiple_of(5) => 2,
            _ => 1,
        };
        let [_, _, high, low] = subnet.to_be_bytes();
        for host in 0..count {
            let mut key = [7; 32];
            key[..4].copy_from_slice(&(nodes.len() as u32).to_be_bytes());
            nodes.push(NodeRecord::new(
                key.into(),
                [9, high, low, host].into(),
                1,
                1,
            ));
        }
        subnet += 1;
    }
    nodes.truncate(NODES as usize);
    Pool::new(nodes)
}

/// Just so many of the nodes, at random.
fn some_nodes(pool: &Pool, percent: usize, rng: &mut ChaCha8Rng) -> BTreeSet<NodeKey> {
    let mut chosen = BTreeSet::new();
    while chosen.len() < pool.len() * percent / 100 {
        chosen.insert(pool.nodes()[below(pool.len(), rng)].key);
    }
    chosen
}

#[test]
fn wholly_hostile_paths_are_as_rare_as_chance_allows() {
    const BUILDS: u32 = 100_000;
    let pool = pool();
    for percent in [20, 30] {
        let mut rng = rng(percent as u64);
        let hostile = some_nodes(&pool, percent, &mut rng);
        let mut caught = 0u32;
        for _ in 0..BUILDS {
            let mut paths = Paths::new(Policy::default());
            let path = paths.choose(&pool, Category::Standard, None, START, &mut rng);
            let nodes = path.unwrap().nodes();
            caught += u32::from(nodes.iter().all(|node| hostile.contains(&node.key)));
        }
        let rate = f64::from(caught) / f64::from(BUILDS);
        let expected = (percent as f64 / 100.0).powi(3);
        println!("{percent} % hostile: {rate:.5} of the paths, {expected:.5} expected");
        assert!((rate / expected - 1.0).abs() < 0.1, "{rate} {expected}");
    }
}

/// What a hostile node does with a request.
#[derive(Clone, Copy, PartialEq)]
enum Habit {
    /// Nothing.
    Drop,
    /// It writes an error of its own making.
    Forge,
    /// The same, but every other request is left alone, so that the path looks alive.
    ForgeSometimes,
    /// It answers so late that the node before it gives up.
    Delay,
}

impl Habit {
    fn of(node: &NodeKey) -> Self {
        match node.as_bytes()[3] % 4 {
            0 => Self::Drop,
            1 => Self::Forge,
            2 => Self::ForgeSometimes,
            _ => Self::Delay,
        }
    }
}

/// The worst text that a node can think of, and whom it names. The node knows more here than it
/// really does: the whole path.
fn forge(
    path: &[NodeKey],
    destination: NodeKey,
    hostile: &BTreeSet<NodeKey>,
    pool: &Pool,
    rng: &mut ChaCha8Rng,
) -> (u16, String, NodeKey) {
    let honest: Vec<_> = path.iter().filter(|key| !hostile.contains(*key)).collect();
    let victim = match below(4, rng) {
        0 if !honest.is_empty() => *honest[below(honest.len(), rng)],
        1 => destination,
        2 => pool.nodes()[below(pool.len(), rng)].key,
        _ => path[path.len() - 1],
    };
    let (status, text) = match below(8, rng) {
        0..=2 => (502, format!("Next node not found: {victim}")),
        3 => (502, format!("Next node is currently unreachable: {victim}")),
        4 => (503, format!("Snode not ready: {victim}")),
        5 => (503, "Service node is not ready: syncing".into()),
        6 => (500, "Invalid response from snode".into()),
        _ => (421, String::new()),
    };
    (status, text, victim)
}

/// A request that is under way, and what will become of it.
struct Request {
    path: PathId,
    outcome: Option<Failure>,
    /// A node that has nothing to do with it, but was named.
    outsider: Option<NodeKey>,
}

/// What was seen of one client.
#[derive(Default)]
struct Seen {
    answered: u32,
    /// The most honest nodes that were out of use at any time.
    honest_out: usize,
    /// The smallest share of honest nodes among those in use, in per mille.
    honest_share: usize,
    guards: BTreeSet<NodeKey>,
}

/// A client that lives for `hours` and sends a request every `every`, three at a time.
fn live(
    pool: &Pool,
    hostile: &BTreeSet<NodeKey>,
    hours: u32,
    every: Duration,
    rng: &mut ChaCha8Rng,
) -> Seen {
    let mut paths = Paths::new(Policy::default());
    let swarm: [NodeKey; 6] = core::array::from_fn(|_| pool.nodes()[below(pool.len(), rng)].key);
    let mut under_way: VecDeque<Request> = VecDeque::new();
    let mut now: UnixMillis = START;
    let mut seen = Seen {
        honest_share: 1000,
        ..Seen::default()
    };
    let requests = (HOUR * hours).as_millis() / every.as_millis();
    for number in 0..requests {
        now = now.saturating_add(every);
        // As a client does: usable members, or any if those are too few.
        let mut members = swarm.to_vec();
        members.retain(|node| paths.is_usable(node, now));
        if members.len() < 3 {
            members = swarm.to_vec();
        }
        let destination = members[below(members.len(), rng)];
        let path = paths.choose(pool, Category::Standard, Some(&destination), now, rng);
        let path = path.unwrap();
        let (id, nodes) = (path.id(), keys(path));
        seen.guards.insert(nodes[0]);
        let liar = nodes.iter().find(|node| {
            let habit = Habit::of(node);
            hostile.contains(*node) && (habit != Habit::ForgeSometimes || number % 2 == 0)
        });
        let mut outsider = None;
        let outcome = liar.map(|liar| match Habit::of(liar) {
            Habit::Drop => Failure::TimedOut,
            Habit::Delay if *liar == nodes[0] => Failure::TimedOut,
            Habit::Delay => classify(
                Provenance::Undecrypted,
                504,
                b"Request time out",
                None,
                &nodes,
            ),
            Habit::Forge | Habit::ForgeSometimes => {
                let (status, text, victim) = forge(&nodes, destination, hostile, pool, rng);
                let is_inside = nodes.contains(&victim) || victim == destination;
                outsider = (!is_inside).then_some(victim);
                let (text, to) = (text.as_bytes(), Some(&destination));
                classify(Provenance::Undecrypted, status, text, to, &nodes)
            }
        });
        under_way.push_back(Request {
            path: id,
            outcome,
            outsider,
        });
        if under_way.len() > 3
            && let Some(request) = under_way.pop_front()
        {
            let counts = |paths: &Paths| {
                request.outsider.map(|node| {
                    let strikes = paths.strikes().active(&node, now);
                    strikes + paths.accusations().active(&node, now)
                })
            };
            let before = counts(&paths);
            match request.outcome {
                Some(failure) => paths.failed(request.path, failure, now),
                None => {
                    seen.answered += 1;
                    paths.succeeded(request.path);
                }
            }
            assert_eq!(counts(&paths), before, "struck from outside");
        }
        if number % 50 == 0 {
            let usable = |key: &NodeKey| paths.is_usable(key, now);
            let all = pool.nodes().iter().map(|node| &node.key);
            let in_use: Vec<_> = all.filter(|key| usable(key)).collect();
            let honest = in_use.iter().filter(|key| !hostile.contains(**key)).count();
            seen.honest_out = seen.honest_out.max(pool.len() - hostile.len() - honest);
            seen.honest_share = seen.honest_share.min(honest * 1000 / in_use.len());
        }
    }
    seen
}

#[test]
fn liars_do_not_shrink_the_pool_of_honest_nodes() {
    let pool = pool();
    for (percent, hours, every) in [
        (20, 24, Duration::from_secs(20)),
        (30, 24, Duration::from_secs(20)),
        // A client that sends without pause.
        (30, 1, Duration::from_secs(1)),
    ] {
        let mut all = Seen::default();
        let (mut most_guards, mut least_share) = (0, 1000);
        const CLIENTS: u32 = 5;
        for client in 0..CLIENTS {
            let mut rng = rng(u64::from(client) + 100);
            let hostile = some_nodes(&pool, percent, &mut rng);
            let seen = live(&pool, &hostile, hours, every, &mut rng);
            all.answered += seen.answered;
            all.honest_out = all.honest_out.max(seen.honest_out);
            least_share = least_share.min(seen.honest_share);
            most_guards = most_guards.max(seen.guards.len());
        }
        let requests = (HOUR * hours * CLIENTS).as_secs() / every.as_secs();
        let answered = u64::from(all.answered) * 100 / requests;
        println!(
            "{percent} % hostile, every {every:?}: {answered} % of {requests} requests answered, \
             at most {} honest nodes out, at least {least_share} per mille honest in use, at most \
             {most_guards} guards",
            all.honest_out
        );
        assert!(most_guards <= 6, "{most_guards}");
        assert!(answered >= 75, "{answered}");
        let honest = pool.len() * (100 - percent) / 100;
        assert!(all.honest_out * 50 <= honest, "{}", all.honest_out);
        assert!(least_share >= (100 - percent) * 10 - 5, "{least_share}");
    }
}

/// The worst guard there is: it knows its whole path, never gets into trouble itself since it
/// answers every other request, and otherwise accuses a node of the path.
#[test]
fn a_lying_guard_cannot_empty_the_pool() {
    let (pool, mut rng) = (pool(), rng(5));
    let mut paths = Paths::new(Policy::default());
    let mut most = 0;
    for second in 0..3 * 3600 {
        let now = START.saturating_add(Duration::from_secs(second));
        let path = paths.choose(&pool, Category::Standard, None, now, &mut rng);
        let (id, nodes) = (path.as_ref().unwrap().id(), keys(path.unwrap()));
        if second % 2 == 0 {
            paths.succeeded(id);
        } else {
            let node = Some(nodes[1 + below(2, &mut rng)]);
            paths.failed(id, Failure::IntermediateNodeUnreachable { node }, now);
        }
        if second % 50 == 0 {
            let keys = pool.nodes().iter().map(|node| &node.key);
            most = most.max(keys.filter(|key| !paths.is_usable(key, now)).count());
        }
    }
    println!("a lying guard: at most {most} of {NODES} nodes out");
    assert!(paths.guards().len() <= 4, "all lie, so none is better");
    assert!(most * 50 <= pool.len(), "{most}");
}

/// What hostile nodes do to be both ends of many paths.
#[derive(Clone, Copy, Debug)]
enum Strategy {
    /// Behind honest guards they end every path, in the guard's name, so that the client moves on
    /// to hostile ones.
    EndOthers,
    /// The same; and a hostile guard ends its paths until the last node is hostile, and answers
    /// after every fifth.
    ChooseLast,
}

/// Answered requests in all, with a hostile guard, and with a hostile last node as well; for
/// clients that use one or two paths at a time for 3 days.
fn answered_behind_hostile_guards(
    pool: &Pool,
    percent: usize,
    strategy: Strategy,
    seed: u64,
) -> [u32; 3] {
    let mut rng = rng(seed);
    let hostile = some_nodes(pool, percent, &mut rng);
    let mut paths = Paths::new(Policy::default());
    let mut ended_in_a_row = 0;
    let mut seen = [0; 3];
    for step in 0..3 * 24 * 12 {
        let now = START.saturating_add(Duration::from_secs(300 * step));
        if step % 7 == 0 {
            // One at the same time, which no one disturbs.
            let path = paths.choose(pool, Category::Standard, None, now, &mut rng);
            let id = path.unwrap().id();
            let path = paths.choose(pool, Category::Standard, None, now, &mut rng);
            let other = path.unwrap().id();
            paths.succeeded(id);
            paths.succeeded(other);
        }
        for _ in 0..8 {
            let path = paths.choose(pool, Category::Standard, None, now, &mut rng);
            let path = path.unwrap();
            let (id, nodes) = (path.id(), keys(path));
            let is_hostile: Vec<_> = nodes.iter().map(|node| hostile.contains(node)).collect();
            let (guard, middle, last) = (is_hostile[0], is_hostile[1], is_hostile[2]);
            let chooses = matches!(strategy, Strategy::ChooseLast);
            if !guard && (middle || last) {
                paths.failed(id, Failure::EdgeNotReady, now);
            } else if guard && !last && chooses && ended_in_a_row < 5 {
                ended_in_a_row += 1;
                paths.failed(id, network::unreachable(nodes[1]), now);
            } else {
                if guard {
                    ended_in_a_row = 0;
                }
                paths.succeeded(id);
                seen[0] += 1;
                seen[1] += u32::from(guard);
                seen[2] += u32::from(guard && last);
                break;
            }
        }
    }
    seen
}

#[test]
fn hostile_nodes_cannot_steer_clients_to_their_guards() {
    const CLIENTS: u32 = 100;
    let pool = pool();
    for percent in [20, 30] {
        for strategy in [Strategy::EndOthers, Strategy::ChooseLast] {
            let mut total = [0; 3];
            for client in 0..CLIENTS {
                let seed = u64::from(client) + 1000;
                let seen = answered_behind_hostile_guards(&pool, percent, strategy, seed);
                total
                    .iter_mut()
                    .zip(seen)
                    .for_each(|(sum, one)| *sum += one);
            }
            let share = |count: u32| 100.0 * f64::from(count) / f64::from(total[0]);
            let (guards, ends) = (share(total[1]), share(total[2]));
            println!(
                "{percent} % hostile, {strategy:?}: of the answers {guards:.1} % behind hostile \
                 guards, {ends:.1} % between hostile ends"
            );
            let chance = percent as f64;
            assert!(guards < chance + 10.0, "{guards}");
            let bound = match strategy {
                Strategy::EndOthers => chance * chance / 100.0 + 4.0,
                Strategy::ChooseLast => chance,
            };
            assert!(ends < bound, "{ends}");
        }
    }
}

//! A small network whose nodes have numbers for keys.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "for tests, none of which needs all of it"
)]

use core::time::Duration;
use std::collections::BTreeSet;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use session_core::UnixMillis;
use session_path::{Category, Failure, Path, Paths, Policy};
use session_swarm::{NodeKey, NodeRecord, Pool};

pub(crate) const START: UnixMillis = UnixMillis::from_secs(1_800_000_000);

pub(crate) fn key(number: u8) -> NodeKey {
    [number; 32].into()
}

/// Nodes 0 to `count`, two to a /24.
pub(crate) fn pool(count: u8) -> Pool {
    pool_without(count, &[])
}

pub(crate) fn pool_without(count: u8, gone: &[NodeKey]) -> Pool {
    let node = |number| NodeRecord::new(key(number), [9, 9, number / 2, number].into(), 1, 1);
    let nodes = (0..count).map(node);
    Pool::new(nodes.filter(|node| !gone.contains(&node.key)).collect())
}

pub(crate) fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

pub(crate) fn after(secs: u64) -> UnixMillis {
    START.saturating_add(Duration::from_secs(secs))
}

pub(crate) fn keys(path: &Path) -> Vec<NodeKey> {
    path.nodes().iter().map(|node| node.key).collect()
}

/// A standard path that must exist.
pub(crate) fn choose(paths: &mut Paths, pool: &Pool, secs: u64, rng: &mut ChaCha8Rng) -> Path {
    let path = paths.choose(pool, Category::Standard, None, after(secs), rng);
    path.unwrap().clone()
}

/// Whether all nodes of all paths differ, and their /24s.
pub(crate) fn is_diverse(paths: &Paths) -> bool {
    let nodes = || paths.active().iter().flat_map(Path::nodes);
    let keys: BTreeSet<_> = nodes().map(|node| node.key).collect();
    let subnets: BTreeSet<_> = nodes().map(|node| node.ip.octets()[..3].to_vec()).collect();
    keys.len() == nodes().count() && subnets.len() == nodes().count()
}

pub(crate) fn unreachable(node: NodeKey) -> Failure {
    Failure::IntermediateNodeUnreachable { node: Some(node) }
}

/// Paths with one in use, and the means to go on.
pub(crate) fn one_path() -> (Paths, Path, Pool, ChaCha8Rng) {
    let (pool, mut rng) = (pool(60), rng(1));
    let mut paths = Paths::new(Policy::default());
    let path = choose(&mut paths, &pool, 0, &mut rng);
    (paths, path, pool, rng)
}

/// Retires a path in use, as any of its nodes can. Its guard rests.
pub(crate) fn fail_path(paths: &mut Paths, path: &Path, secs: u64) {
    paths.failed(path.id(), Failure::EdgeNotReady, after(secs));
}

//! Swarms: the nearest one, pools, node lists, and what a block does to the swarms.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput};
use rand_chacha::ChaCha20Rng;
use serde::de::IgnoredAny;
use session_core::NetworkId;
use session_crypto::rand_core::Rng;
use session_swarm::assignment::{Assignment, ranks_by_size};
use session_swarm::{
    NodeKey, Pool, Ring, SwarmId, active_nodes_bin, node_list_json, parse_active_nodes,
    parse_node_list,
};

/// Ids as far apart as the network places them, give or take.
fn spread(count: u64, rng: &mut ChaCha20Rng) -> Vec<SwarmId> {
    let step = u64::MAX / count;
    (0..count)
        .map(|index| SwarmId::new(index * step + rng.next_u64() % step))
        .collect()
}

/// Takes random inputs in turn, so that branches cannot be foreseen and drawing costs nothing.
fn next<'a, T>(inputs: &'a [T], at: &mut usize) -> &'a T {
    *at = (*at + 1) % inputs.len();
    &inputs[*at]
}

fn nearest(c: &mut Criterion) {
    let mut group = c.benchmark_group("nearest swarm");
    let mut rng = benches::rng();
    let positions: Vec<u64> = (0..4096).map(|_| rng.next_u64()).collect();
    let mut at = 0;
    for count in [300, 3_000, 100_000] {
        let ids = spread(count, &mut rng);
        let ring: Ring = ids.iter().copied().collect();
        group.bench_function(format!("{count} swarms"), |b| {
            b.iter(|| ring.nearest(*next(&positions, &mut at)));
        });
        group.bench_function(format!("{count} swarms, plain binary search"), |b| {
            b.iter(|| {
                let position = *next(&positions, &mut at);
                let right = ids.partition_point(|id| id.get() < position);
                let left = ids[right.checked_sub(1).unwrap_or(ids.len() - 1)];
                let right = ids[right % ids.len()];
                let to_right = right.get().wrapping_sub(position);
                let to_left = position.wrapping_sub(left.get());
                if to_right < to_left { right } else { left }
            });
        });
        // The worst ids that anybody could choose: all but one where every position is asked for.
        let close: Ring = (0..count - 1)
            .map(SwarmId::new)
            .chain([SwarmId::MAX])
            .collect();
        let positions: Vec<u64> = positions.iter().map(|position| position % count).collect();
        group.bench_function(format!("{count} swarms, side by side"), |b| {
            b.iter(|| close.nearest(*next(&positions, &mut at)));
        });
    }
    group.finish();
}

fn pools(c: &mut Criterion) {
    let mut group = c.benchmark_group("pool");
    let nodes = benches::nodes(2000, 300);
    let pool = Pool::new(nodes.clone());
    let mut rng = benches::rng();
    let accounts: Vec<NetworkId> = (0..1024)
        .map(|_| {
            let mut id = [5; 33];
            rng.fill_bytes(&mut id[1..]);
            id.into()
        })
        .collect();
    let mut at = 0;
    group.bench_function("swarm of an account, 300 swarms", |b| {
        b.iter(|| {
            let swarm = pool.swarm_of(next(&accounts, &mut at));
            swarm.map(|swarm| swarm.members().len())
        });
    });
    group.bench_function("pool of 2000 nodes", |b| {
        b.iter_batched(|| nodes.clone(), Pool::new, BatchSize::LargeInput);
    });
    group.finish();
}

/// A node list that is not looked at more closely, for comparison.
#[derive(serde::Deserialize)]
#[allow(dead_code, reason = "only read")]
struct Plain<'a> {
    #[serde(borrow)]
    service_node_states: Vec<PlainNode<'a>>,
}

#[derive(serde::Deserialize)]
#[allow(dead_code, reason = "only read")]
struct PlainNode<'a> {
    pubkey_ed25519: &'a str,
    public_ip: &'a str,
    storage_port: u16,
    storage_lmq_port: u16,
    storage_server_version: [u16; 3],
    swarm_id: u64,
    swarm: &'a str,
}

fn lists(c: &mut Criterion) {
    let mut group = c.benchmark_group("node list of 2000");
    let nodes = benches::nodes(2000, 300);
    let json = node_list_json(&nodes);
    group.throughput(bytes(json.as_bytes()));
    group.bench_function("JSON", |b| {
        b.iter(|| parse_node_list(black_box(json.as_bytes())));
    });
    group.bench_function("JSON, serde_json skipping everything", |b| {
        b.iter(|| serde_json::from_slice::<IgnoredAny>(black_box(json.as_bytes())));
    });
    group.bench_function(
        "JSON, serde_json deriving the fields as texts and numbers",
        |b| {
            b.iter(|| serde_json::from_slice::<Plain<'_>>(black_box(json.as_bytes())));
        },
    );
    let blob = active_nodes_bin(&nodes);
    group.throughput(bytes(&blob));
    group.bench_function("binary", |b| {
        b.iter(|| parse_active_nodes(black_box(&blob)));
    });
    group.bench_function("binary, copied", |b| {
        b.iter(|| black_box(&blob).clone());
    });
    group.finish();
}

fn assignment(c: &mut Criterion) {
    let mut group = c.benchmark_group("assignment");
    let keys: Vec<NodeKey> = benches::nodes(2040, 1)
        .iter()
        .map(|node| node.key)
        .collect();
    let (present, added) = keys.split_at(2000);
    let mut network = Assignment::default();
    network.apply_block(1, &[], present.iter().copied());
    group.bench_function("2000 nodes come", |b| {
        b.iter(|| {
            let mut network = Assignment::default();
            network.apply_block(1, &[], present.iter().copied());
            network.swarms().len()
        });
    });
    // Swarms of five are everywhere: most that lose a node are filled or dissolved.
    group.bench_function("40 of 2000 nodes go, 40 come", |b| {
        b.iter_batched_ref(
            || network.clone(),
            |network| network.apply_block(2, &present[..40], added.iter().copied()),
            BatchSize::LargeInput,
        );
    });
    let sizes: Vec<usize> = network.swarms().map(|(_, nodes)| nodes.len()).collect();
    group.bench_function(format!("order of {} swarms by size", sizes.len()), |b| {
        b.iter(|| ranks_by_size(black_box(&sizes)));
    });
    group.finish();
}

fn bytes(input: &[u8]) -> Throughput {
    Throughput::Bytes(u64::try_from(input.len()).expect("small"))
}

fn main() {
    benches::run(&[nearest, pools, lists, assignment]);
}

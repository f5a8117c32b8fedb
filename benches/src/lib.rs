//! What the benches share. Run them with `cargo bench -p benches`, or each of them once with
//! `cargo bench -p benches -- --test`.

use std::time::Duration;

use criterion::Criterion;
use rand_chacha::ChaCha20Rng;
use session_core::UnixMillis;
use session_crypto::ed25519::SigningKey;
use session_crypto::rand_core::{Rng, SeedableRng};
use session_identity::{Account, Seed};
use session_swarm::{NodeRecord, SwarmId};

/// Runs some benches, short ones: differences of a few percent do not matter here.
pub fn run(benches: &[fn(&mut Criterion)]) {
    let mut criterion = Criterion::default()
        .sample_size(30)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    for bench in benches {
        bench(&mut criterion);
    }
    criterion.final_summary();
}

/// The same random numbers every time.
pub fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([7; 32])
}

/// Some account, for each number another.
pub fn account(number: u8) -> Account {
    Account::from_seed(&Seed::from([number; 32]))
}

/// The time of everything.
pub fn now() -> UnixMillis {
    UnixMillis::from_secs(1_800_000_000)
}

/// A network of `count` nodes in `swarms` swarms.
pub fn nodes(count: u16, swarms: u16) -> Vec<NodeRecord> {
    let mut rng = rng();
    let ids: Vec<u64> = (0..swarms).map(|_| rng.next_u64() >> 1).collect();
    (0..count)
        .map(|index| {
            let key = SigningKey::generate(&mut rng);
            let [high, low] = index.to_be_bytes();
            let ip = [11, high, low, 1].into();
            let mut node = NodeRecord::new((*key.public().as_bytes()).into(), ip, 22021, 20200);
            node.swarm_id = SwarmId::new(ids[usize::from(index) % ids.len()]);
            node.version = [2, 11, 3];
            node
        })
        .collect()
}

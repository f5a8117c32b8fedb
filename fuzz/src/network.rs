//! A small network whose keys the harness knows, and one fixed moment.

use std::sync::LazyLock;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use session_core::{Now, UnixMillis};
use session_crypto::ed25519::SigningKey;
use session_crypto::rand_core::SeedableRng;
use session_identity::{Account, Seed};
use session_swarm::{NodeKey, NodeRecord, Pool, SwarmId};

/// A member of the network.
pub(crate) struct Member {
    pub(crate) key: SigningKey,
    pub(crate) record: NodeRecord,
}

/// Twelve nodes in three swarms, each in a subnet of its own.
pub(crate) static MEMBERS: LazyLock<Vec<Member>> = LazyLock::new(|| {
    (0..12u8)
        .map(|index| {
            let key = SigningKey::from_seed(&[index + 1; 32]);
            let ip = [10, index, 0, 1].into();
            let mut record = NodeRecord::new((*key.public().as_bytes()).into(), ip, 443, 22020);
            record.swarm_id = swarm(index.into(), false);
            Member { key, record }
        })
        .collect()
});

/// The swarm of a member, or the next one.
fn swarm(index: usize, moved: bool) -> SwarmId {
    let number = index % 3 + usize::from(moved);
    SwarmId::new(u64::try_from(number).expect("at most 3") << 62)
}

/// The people that write to each other.
pub(crate) static ACCOUNTS: LazyLock<[Account; 3]> =
    LazyLock::new(|| [1, 2, 3].map(|byte| Account::from_seed(&Seed::from([byte; 32]))));

/// The members whose bit in `left_out` is not set.
pub(crate) fn pool(left_out: u16) -> Pool {
    moved_pool(left_out, 0)
}

/// The same, where members whose bit in `moved` is set are in the next swarm, which may be a new
/// one.
pub(crate) fn moved_pool(left_out: u16, moved: u16) -> Pool {
    let members = MEMBERS.iter().enumerate();
    let members = members.filter(|(index, _)| left_out >> index & 1 == 0);
    let records = members.map(|(index, member)| {
        let mut record = member.record;
        record.swarm_id = swarm(index, moved >> index & 1 == 1);
        record
    });
    Pool::new(records.collect())
}

/// The member with this key, if there is one.
pub(crate) fn member(key: &NodeKey) -> Option<&'static Member> {
    MEMBERS.iter().find(|member| member.record.key == *key)
}

pub(crate) fn rng() -> ChaCha8Rng {
    ChaCha8Rng::from_seed([9; 32])
}

/// The moment at which every sequence starts.
pub(crate) fn start() -> Now {
    Now {
        monotonic: Duration::ZERO,
        unix: UnixMillis::from_secs(1_800_000_000),
    }
}

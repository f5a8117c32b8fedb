//! Where a new swarm goes on the ring (spec 03 §12.4).

use crate::SwarmId;

/// The id of a new swarm beside swarms with these `ids`, which must be in ascending order: the
/// middle of the largest gap, the first of several; 0 if there are no swarms.
///
/// The gap across the wrap counts only if it is larger than all others. It has 2^64 − 1 points
/// at most, not 2^64: [`SwarmId::INVALID`] is no place for a swarm.
#[must_use]
pub fn new_swarm_id(ids: impl IntoIterator<Item = SwarmId>) -> SwarmId {
    const MAX: u64 = SwarmId::MAX.get();

    let mut ids = ids.into_iter().map(SwarmId::get);
    let Some(first) = ids.next() else {
        return SwarmId::new(0);
    };
    let (mut last, mut anchor, mut gap) = (first, first, 0);
    for id in ids {
        let below = id.wrapping_sub(last);
        if below > gap {
            (anchor, gap) = (last, below);
        }
        last = id;
    }
    let wrap = MAX.wrapping_sub(last).wrapping_add(first).wrapping_add(1);
    if wrap > gap {
        (anchor, gap) = (last, wrap);
    }
    let (half, room) = (gap / 2, MAX.saturating_sub(anchor));
    SwarmId::new(match half.checked_sub(room) {
        Some(beyond @ 1..) => beyond.wrapping_sub(1),
        _ => anchor.wrapping_add(half),
    })
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "tests may overflow")]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use proptest::collection::btree_set;
    use proptest::prelude::*;

    fn new_id(ids: &[u64]) -> u64 {
        new_swarm_id(ids.iter().copied().map(SwarmId::new)).get()
    }

    #[test]
    fn the_first_largest_gap_is_halved() {
        let max = SwarmId::MAX.get();
        assert_eq!(new_id(&[]), 0);
        assert_eq!(new_id(&[0]), max / 2);
        assert_eq!(new_id(&[max]), max / 2 - 1);
        assert_eq!(new_id(&[0, 100, 200, max]), 200 + (max - 200) / 2);
        // 2^63 each: the gap across the wrap would have to be larger.
        assert_eq!(new_id(&[0, 1 << 63]), 1 << 62);
        // The wrap has 2^63 - 1; its middle may be on either side.
        assert_eq!(new_id(&[1 << 62, 2 << 62, 3 << 62]), 0);
        assert_eq!(new_id(&[3 << 61, 2 << 62]), (2 << 62) + (7 << 60) - 1);
    }

    proptest! {
        #[test]
        fn a_new_id_is_new_and_far_from_all(
            ids in btree_set(prop_oneof![any::<u64>(), 0..9u64, u64::MAX - 9..], 1..20),
        ) {
            let mut ids: BTreeSet<u64> = ids;
            ids.remove(&u64::MAX);
            let new = new_swarm_id(ids.iter().copied().map(SwarmId::new));
            prop_assert!(new.is_valid());
            prop_assert!(!ids.contains(&new.get()));
            // No id is nearer than half of an average gap, less one for each rounding.
            let share = u64::MAX / u64::try_from(ids.len().max(1)).unwrap() / 2;
            let distance = |id: &u64| id.wrapping_sub(new.get()).min(new.get().wrapping_sub(*id));
            prop_assert!(ids.iter().all(|id| distance(id) >= share - 2));
        }
    }
}

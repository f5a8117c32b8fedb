//! Which swarm a position belongs to (spec 03 §4, §5).

use alloc::vec::Vec;

use crate::SwarmId;

/// The ids of all swarms of one node list, ascending, each once, without [`SwarmId::INVALID`].
///
/// Never put ids of two lists into one ring: the lists may be a block apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ring {
    ids: Vec<SwarmId>,
    /// Where the arc of the first swarm begins. Seen from there no arc wraps.
    origin: u64,
    /// The last position of each swarm's arc, counted from `origin`; that of the last swarm is
    /// `u64::MAX`.
    ends: Vec<u64>,
    /// For every value of the top bits how many of `ends` are below. Ids of real swarms are spread
    /// evenly, so that next to nothing is left to search; whatever they are, no more than in a
    /// binary search of them all.
    below: Vec<usize>,
    /// How far to shift to have the top bits alone.
    shift: u32,
}

impl FromIterator<SwarmId> for Ring {
    fn from_iter<I: IntoIterator<Item = SwarmId>>(ids: I) -> Self {
        let mut ids: Vec<_> = ids.into_iter().filter(|id| id.is_valid()).collect();
        ids.sort_unstable();
        ids.dedup();
        let (Some(first), Some(last)) = (ids.first(), ids.last()) else {
            return Self::default();
        };
        // A tie goes down: half of the gap, rounded down, belongs to the swarm below it.
        let end = |id: SwarmId, next: SwarmId| {
            id.get().wrapping_add(next.get().wrapping_sub(id.get()) / 2)
        };
        let origin = end(*last, *first).wrapping_add(1);
        let next = ids.iter().skip(1).chain([first]);
        let ends: Vec<_> = ids
            .iter()
            .zip(next)
            .map(|(id, next)| end(*id, *next).wrapping_sub(origin))
            .collect();
        // About one end for each value of the top bits.
        let bits = ids.len().ilog2().max(1);
        let shift = u64::BITS.saturating_sub(bits);
        let below = (0..=1 << bits)
            .map(|top| ends.partition_point(|end| end >> shift < top))
            .collect();
        Self {
            ids,
            origin,
            ends,
            below,
            shift,
        }
    }
}

impl Ring {
    /// The ids, ascending.
    #[must_use]
    pub fn ids(&self) -> &[SwarmId] {
        &self.ids
    }

    /// The swarm nearest to `position`; on a tie the one below, also across the wrap. `None` if
    /// there are no swarms. O(log n), and in real networks O(1).
    #[must_use]
    pub fn nearest(&self, position: u64) -> Option<SwarmId> {
        self.ids.get(self.index_of(position)?).copied()
    }

    /// The place among the ids of the swarm nearest to `position`.
    pub(crate) fn index_of(&self, position: u64) -> Option<usize> {
        let position = position.wrapping_sub(self.origin);
        let top = usize::try_from(position >> self.shift).ok()?;
        let from = *self.below.get(top)?;
        let to = *self.below.get(top.checked_add(1)?)?;
        let passed = self
            .ends
            .get(from..to)?
            .partition_point(|end| *end < position);
        from.checked_add(passed)
    }

    /// The positions that belong to the swarm `id`; `None` if it is not in the ring.
    #[must_use]
    pub fn arc_of(&self, id: SwarmId) -> Option<OwnedArc> {
        let at = self.ids.binary_search(&id).ok()?;
        if self.ids.len() == 1 {
            return Some(OwnedArc::WHOLE_RING);
        }
        let before = match at.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => u64::MAX,
        };
        Some(OwnedArc {
            after: before.wrapping_add(self.origin),
            through: self.ends.get(at)?.wrapping_add(self.origin),
        })
    }
}

/// The positions that belong to one swarm: from `after`, not included, up to `through`, included,
/// modulo 2^64 (spec 03 §5). Equal ends stand for the whole ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "an interval has two ends")]
pub struct OwnedArc {
    /// The last position that belongs to the swarm below.
    pub after: u64,
    /// The last position that belongs to this swarm.
    pub through: u64,
}

impl OwnedArc {
    /// What the only swarm of a network owns.
    pub const WHOLE_RING: Self = Self {
        after: 0,
        through: 0,
    };

    /// Whether every position belongs to the swarm.
    #[must_use]
    pub const fn is_whole_ring(&self) -> bool {
        self.after == self.through
    }

    /// Whether `position` belongs to the swarm.
    #[must_use]
    pub const fn contains(&self, position: u64) -> bool {
        let distance = position.wrapping_sub(self.after);
        self.is_whole_ring() || (distance != 0 && distance <= self.through.wrapping_sub(self.after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn ring(ids: &[u64]) -> Ring {
        ids.iter().copied().map(SwarmId::new).collect()
    }

    /// Ids and positions that meet, tie and wrap often.
    fn near() -> impl Strategy<Value = u64> {
        prop_oneof![
            any::<u64>(),
            0..20u64,
            u64::MAX - 20..=u64::MAX,
            (1u64 << 63) - 10..(1 << 63) + 10
        ]
    }

    proptest! {
        /// A position lies in the arc of the swarm that is nearest to it, and in no other.
        #[test]
        fn arcs_and_nearest_agree(ids in vec(near(), 0..8), position in near()) {
            let ring = ring(&ids);
            let nearest = ring.nearest(position);
            prop_assert_eq!(nearest.is_none(), ring.ids().is_empty());
            for &id in ring.ids() {
                prop_assert_eq!(ring.arc_of(id).unwrap().contains(position), Some(id) == nearest);
            }
        }

        /// The rule as spec 03 §4 words it.
        #[test]
        fn nearest_is_the_neighbour_at_the_least_distance(
            ids in prop_oneof![vec(near(), 1..8), vec(any::<u64>(), 1..500)], position in near(),
        ) {
            let ring = ring(&ids);
            let at = |id: &&SwarmId| id.get();
            let above = ring.ids().iter().find(|id| id.get() >= position);
            let below = ring.ids().iter().rfind(|id| id.get() < position);
            let expected = above.or(ring.ids().first()).zip(below.or(ring.ids().last()));
            let expected = expected.map(|(right, left)| {
                let to_right = at(&right).wrapping_sub(position);
                let to_left = position.wrapping_sub(at(&left));
                if to_right < to_left { *right } else { *left }
            });
            prop_assert_eq!(ring.nearest(position), expected);
        }
    }

    #[test]
    fn ties_go_down_also_across_the_wrap() {
        let ring = ring(&[694, 100, 200, 100, u64::MAX]);
        assert_eq!(ring.ids().len(), 3, "sorted, unique, no invalid id");
        assert_eq!(ring.nearest(150), Some(SwarmId::new(100)));
        assert_eq!(ring.nearest(151), Some(SwarmId::new(200)));
        let middle = 0x8000_0000_0000_018d;
        assert_eq!(ring.nearest(middle), Some(SwarmId::new(694)));
        assert_eq!(ring.nearest(middle + 1), Some(SwarmId::new(100)));
    }

    #[test]
    fn unknown_ids_own_nothing() {
        assert_eq!(ring(&[1, 2]).arc_of(SwarmId::new(3)), None);
        assert_eq!(ring(&[]).nearest(0), None);
    }
}

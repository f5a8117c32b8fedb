//! How far the local clock is off, learnt from what nodes say the time is (spec 04 §13).

use core::fmt;
use core::time::Duration;

use session_core::UnixMillis;

/// Most nodes that are remembered.
const NODES: usize = 5;

/// Fewest nodes whose word is taken.
const MIN_NODES: usize = 3;

/// A reply that took longer says too little: nodes accept times that are off by a minute.
const MAX_ROUND_TRIP: Duration = Duration::from_secs(60);

/// The offset between the nodes' clocks and the local one: the median of what the last five nodes
/// said, each counted once.
///
/// It is zero until three nodes have spoken: a false time that is believed dates messages falsely,
/// and the local clock is mostly right. As long as fewer than half of the nodes lie, the offset lies
/// between those of honest nodes. Of two middle values the one nearer zero counts. After the local
/// clock was set, [`forget`](Self::forget).
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct ClockOffset {
    /// The latest first.
    samples: [Option<Sample>; NODES],
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Sample {
    node: [u8; 32],
    /// Milliseconds to add to the local clock.
    offset: i64,
}

impl ClockOffset {
    /// Nothing learnt: an offset of zero.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            samples: [None; NODES],
        }
    }

    /// Learns from a reply of the node with this key, whose time `t` is taken for that halfway
    /// between `sent` and `received`, both of the local clock.
    ///
    /// Only for replies that are known to come from this node, as those decrypted with its key
    /// are. Ignored when the reply took more than a minute, or came before it was asked for.
    pub fn observe(
        &mut self,
        node: &[u8; 32],
        (sent, received): (UnixMillis, UnixMillis),
        t: UnixMillis,
    ) {
        if received < sent || received.abs_diff(sent) > MAX_ROUND_TRIP {
            return;
        }
        let halfway = sent.as_millis().midpoint(received.as_millis());
        let latest = Sample {
            node: *node,
            offset: difference(t.as_millis(), halfway),
        };
        // The others keep their order; of the same node, or else the oldest, one makes room.
        let mut carried = Some(latest);
        for slot in &mut self.samples {
            core::mem::swap(slot, &mut carried);
            if carried.is_none_or(|sample| sample.node == *node) {
                break;
            }
        }
    }

    /// Forgets everything.
    pub fn forget(&mut self) {
        *self = Self::new();
    }

    /// Whether enough nodes have spoken for an offset.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.samples.iter().flatten().count() >= MIN_NODES
    }

    /// Milliseconds to add to the local clock; zero until three nodes have spoken.
    #[must_use]
    pub fn offset(&self) -> i64 {
        if !self.is_known() {
            return 0;
        }
        let mut offsets = [0; NODES];
        let mut count: usize = 0;
        for (place, sample) in offsets.iter_mut().zip(self.samples.iter().flatten()) {
            *place = sample.offset;
            count = count.saturating_add(1);
        }
        let known = offsets.get_mut(..count).unwrap_or_default();
        known.sort_unstable();
        let upper = known.get(count / 2).copied().unwrap_or_default();
        let lower = known.get(count.saturating_sub(1) / 2).copied();
        lower
            .into_iter()
            .chain([upper])
            .min_by_key(|offset| offset.unsigned_abs())
            .unwrap_or_default()
    }

    /// The nodes' time, when it is `local` here.
    #[must_use]
    pub fn now(&self, local: UnixMillis) -> UnixMillis {
        let millis = local.as_millis().saturating_add_signed(self.offset());
        UnixMillis::from_millis(millis)
    }
}

/// The offset only, not the nodes.
impl fmt::Debug for ClockOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClockOffset({} ms)", self.offset())
    }
}

/// `a - b` in milliseconds, saturating.
fn difference(a: u64, b: u64) -> i64 {
    let difference = i128::from(a).saturating_sub(i128::from(b));
    let limit = if a < b { i64::MIN } else { i64::MAX };
    i64::try_from(difference).unwrap_or(limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    const LOCAL: u64 = 1_800_000_000_000;

    fn time(millis: u64) -> UnixMillis {
        UnixMillis::from_millis(millis)
    }

    /// What comes of nodes that answer at once, each with its own offset.
    fn learnt(offsets: &[(u8, i64)]) -> ClockOffset {
        let mut clock = ClockOffset::new();
        for (node, offset) in offsets {
            let t = time(LOCAL.saturating_add_signed(*offset));
            clock.observe(&[*node; 32], (time(LOCAL), time(LOCAL)), t);
        }
        clock
    }

    #[test]
    fn the_node_answered_halfway() {
        let mut clock = ClockOffset::new();
        assert_eq!(clock.now(time(7)), time(7));
        for node in 0..3 {
            assert_eq!((clock.is_known(), clock.offset()), (false, 0));
            clock.observe(&[node; 32], (time(1_000), time(2_000)), time(1_400));
        }
        assert!(clock.is_known());
        assert_eq!(clock.offset(), -100);
        assert_eq!(clock.now(time(2_000)), time(1_900));
        assert_eq!(clock.now(time(50)), time(0));
        clock.forget();
        assert_eq!(clock, ClockOffset::default());
    }

    #[test]
    fn useless_replies_are_ignored() {
        for (sent, received) in [(2, 1), (0, 60_001), (0, u64::MAX)] {
            let mut clock = ClockOffset::new();
            clock.observe(&[1; 32], (time(sent), time(received)), time(9));
            assert_eq!(clock, ClockOffset::new());
        }
    }

    #[test]
    fn each_node_counts_once_and_the_oldest_goes() {
        let liar = [(9, 1_000_000); 10];
        assert_eq!(learnt(&[&[(1, 5), (2, 7)][..], &liar].concat()).offset(), 7);
        assert_eq!(learnt(&liar).offset(), 0, "one node");
        let mut nodes: [(u8, i64); 8] = core::array::from_fn(|node| {
            let node = u8::try_from(node).unwrap();
            (node, i64::from(node) * 10)
        });
        // Of the last five, 30 to 70.
        assert_eq!(learnt(&nodes).offset(), 50);
        nodes[7] = (4, 80);
        // The same node again does not drive another one out: 20, 30, 50, 60, 80.
        assert_eq!(learnt(&nodes).offset(), 50);
        assert_eq!(learnt(&nodes).samples.iter().flatten().count(), NODES);
    }

    #[test]
    fn half_of_the_nodes_cannot_make_a_correction_greater() {
        let (far, two) = (i64::MAX / 2, i64::MAX / 4);
        assert_eq!(learnt(&[(1, 5), (2, 7), (3, far), (4, two)]).offset(), 7);
        assert_eq!(
            learnt(&[(1, -5), (2, -7), (3, -900), (4, -999)]).offset(),
            -7
        );
    }

    #[test]
    fn extremes_saturate() {
        let mut clock = ClockOffset::new();
        let mut all_say = |local: u64, t: u64| {
            for node in 0..3 {
                clock.observe(&[node; 32], (time(local), time(local)), time(t));
            }
            clock
        };
        let ahead = all_say(0, u64::MAX);
        assert_eq!(ahead.offset(), i64::MAX);
        assert_eq!(ahead.now(time(u64::MAX)), time(u64::MAX));
        let behind = all_say(u64::MAX, 0);
        assert_eq!(behind.offset(), i64::MIN);
        assert_eq!(behind.now(time(0)), time(0));
    }

    proptest! {
        #[test]
        fn a_minority_of_liars_moves_nothing(
            honest in prop::collection::vec(-10_000i64..10_000, 3),
            lies in prop::collection::vec(-(1i64 << 40)..1 << 40, 0..=2),
            order in Just([0u8, 1, 2, 3, 4]).prop_shuffle(),
        ) {
            let mut samples: Vec<(u8, i64)> = (0..).zip(honest.iter().chain(&lies).copied()).collect();
            samples.sort_by_key(|(node, _)| order.iter().position(|at| at == node));
            let offset = learnt(&samples).offset();
            prop_assert!(honest.iter().min() <= Some(&offset));
            prop_assert!(honest.iter().max() >= Some(&offset));
        }

        #[test]
        fn nothing_overflows(times: [(u8, u64, u64, u64); 6], local: u64) {
            let mut clock = ClockOffset::new();
            for (node, sent, wait, t) in times {
                let received = sent.saturating_add(wait % 70_000);
                clock.observe(&[node; 32], (time(sent), time(received)), time(t));
            }
            let _ = clock.now(time(local));
        }
    }
}

//! First nodes of paths, kept for long (spec 02 §8.3).

use alloc::vec::Vec;
use core::time::Duration;

use session_core::UnixMillis;
use session_swarm::NodeKey;

use crate::{Policy, retry_delay};

/// Paths of a guard from which on it is judged by how many of them failed.
const MIN_BUILT: u16 = 20;

/// Paths of a guard at which both counts are halved, so that old ones weigh less.
const MAX_BUILT: u8 = 100;

/// The longest rest of a guard that cannot be reached.
const LONGEST_REST: Duration = Duration::from_secs(3600);

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A node that paths begin with.
///
/// It alone sees the client's address. Whoever draws a new first node for every path meets a bad
/// one soon, whoever keeps the same few most likely never does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Guard {
    /// The node.
    pub key: NodeKey,
    /// When it was chosen: from then on it knows the client's address.
    pub since: UnixMillis,
    /// Paths of this guard that failed since a request through it succeeded.
    pub failures: u8,
    /// Until when it is passed over.
    pub rests_until: UnixMillis,
    /// Whether a request through it succeeded since it was chosen or restored.
    pub has_worked: bool,
    /// Until when other guards are preferred to it: two of its paths or more were lost in a row.
    pub(crate) yields_until: UnixMillis,
    /// Connections to it that failed since a request through it succeeded.
    pub(crate) unreachable: u8,
    /// Those of them before which another guard had worked since the failure before.
    pub(crate) missed: u8,
    /// Whether another guard worked since the last connection to this one failed.
    pub(crate) others_worked: bool,
    /// Paths that began with it, in the long run.
    pub(crate) built: u8,
    /// How many of them ended by a failure.
    pub(crate) wasted: u8,
}

impl Guard {
    pub(crate) fn new(key: NodeKey, since: UnixMillis) -> Self {
        Self {
            key,
            since,
            failures: 0,
            rests_until: UnixMillis::default(),
            has_worked: false,
            yields_until: UnixMillis::default(),
            unreachable: 0,
            missed: 0,
            others_worked: false,
            built: 0,
            wasted: 0,
        }
    }

    /// Whether it is passed over at `now`.
    #[must_use]
    pub fn is_resting(&self, now: UnixMillis) -> bool {
        self.rests_until > now
    }

    /// Whether other guards are preferred to it at `now`, also a new one if it is the only one.
    pub(crate) fn is_yielding(&self, now: UnixMillis) -> bool {
        self.yields_until > now
    }

    fn begins_path(&mut self) {
        if self.built >= MAX_BUILT {
            self.built /= 2;
            self.wasted /= 2;
        }
        self.built = self.built.saturating_add(1);
    }

    fn works(&self) -> bool {
        self.has_worked && self.failures == 0 && self.unreachable == 0
    }

    /// Whether so many of its paths ended by a failure that it seems to choose among them: more
    /// than four of five. Nodes behind it that end all their paths do less, unless they are half of
    /// the network.
    fn is_biased(&self) -> bool {
        let (built, wasted) = (u16::from(self.built), u16::from(self.wasted));
        built >= MIN_BUILT && wasted.saturating_mul(5) > built.saturating_mul(4)
    }
}

/// The guards of a client, in the order in which they were chosen.
#[derive(Clone, Debug)]
pub(crate) struct Guards {
    known: Vec<Guard>,
    /// When guards were chosen lately, those that are gone included; ascending.
    births: Vec<UnixMillis>,
}

impl Guards {
    pub(crate) const fn new() -> Self {
        Self {
            known: Vec::new(),
            births: Vec::new(),
        }
    }

    pub(crate) fn as_slice(&self) -> &[Guard] {
        &self.known
    }

    pub(crate) fn contains(&self, key: &NodeKey) -> bool {
        self.known.iter().any(|guard| guard.key == *key)
    }

    pub(crate) fn births(&self) -> &[UnixMillis] {
        &self.births
    }

    /// Notes that a guard was chosen at `time`.
    pub(crate) fn add_birth(&mut self, time: UnixMillis, policy: &Policy) {
        self.births.push(time);
        self.births.sort_unstable();
        let surplus = self.births.len().saturating_sub(policy.guards_per_day());
        self.births.drain(..surplus);
    }

    /// Whether so many guards were chosen within a day that there should be no new one.
    pub(crate) fn met_enough(&self, policy: &Policy, now: UnixMillis) -> bool {
        let recent = self.births.iter().filter(|time| time.abs_diff(now) < DAY);
        recent.count() >= policy.guards_per_day()
    }

    /// Takes a guard that was saved; `false` if it is there already.
    pub(crate) fn restore(&mut self, guard: Guard) -> bool {
        let is_new = !self.contains(&guard.key);
        if is_new {
            self.known.push(guard);
        }
        is_new
    }

    /// A path begins with this guard, which is kept for later ones. If there are too many, the
    /// newest that is not `in_use` makes room.
    pub(crate) fn remember(
        &mut self,
        key: NodeKey,
        policy: &Policy,
        now: UnixMillis,
        in_use: impl Fn(&NodeKey) -> bool,
    ) {
        if let Some(guard) = self.get_mut(&key) {
            return guard.begins_path();
        }
        if self.known.len() >= policy.max_guards()
            && let Some(newest) = self.known.iter().rposition(|guard| !in_use(&guard.key))
        {
            self.known.remove(newest);
        }
        let mut guard = Guard::new(key, now);
        guard.begins_path();
        self.known.push(guard);
        self.add_birth(now, policy);
    }

    /// Drops those that are too old, and those for which `keep` is false.
    pub(crate) fn review(
        &mut self,
        policy: &Policy,
        now: UnixMillis,
        mut keep: impl FnMut(&NodeKey) -> bool,
    ) {
        self.known.retain_mut(|guard| {
            // Where the clock was set back, a rest does not last until it has caught up.
            let longest = now.saturating_add(policy.guard_rest.max(LONGEST_REST));
            guard.rests_until = guard.rests_until.min(longest);
            guard.yields_until = guard.yields_until.min(longest);
            guard.since.abs_diff(now) < policy.guard_lifetime && keep(&guard.key)
        });
    }

    /// A request through the guard succeeded.
    pub(crate) fn worked(&mut self, key: &NodeKey) {
        for guard in &mut self.known {
            if guard.key == *key {
                guard.failures = 0;
                guard.unreachable = 0;
                guard.missed = 0;
                guard.has_worked = true;
            } else {
                guard.others_worked = true;
            }
        }
    }

    /// A connection to the guard failed: it rests, longer each time.
    ///
    /// Our own network may be at fault, or block all nodes but its own. So the guard is dropped,
    /// and `true` returned, only at the strike threshold of failures that were each preceded by
    /// the work of another guard, and if there may be a new one.
    pub(crate) fn unreachable(&mut self, key: &NodeKey, policy: &Policy, now: UnixMillis) -> bool {
        let may_meet = !self.met_enough(policy, now);
        let Some(guard) = self.get_mut(key) else {
            return false;
        };
        if guard.others_worked {
            guard.missed = guard.missed.saturating_add(1);
        }
        guard.others_worked = false;
        guard.unreachable = guard.unreachable.saturating_add(1);
        let longest = policy.guard_rest.max(LONGEST_REST);
        let rest = retry_delay(policy.guard_rest, longest, guard.unreachable.into());
        guard.rests_until = now.saturating_add(rest);
        let drop = may_meet && guard.missed >= policy.node_strike_threshold.max(1);
        if drop {
            self.known.retain(|guard| guard.key != *key);
        }
        drop
    }

    /// A path of the guard failed, for whatever reason, and `is_told_on` if a node was named.
    ///
    /// After some in a row, or if too many did in the long run, the guard rests. After twice as
    /// many in a row, or in the long run, it is dropped, and `true` returned, if another guard
    /// works meanwhile and if there may be a new one: while none does, the fault is more likely our
    /// own network.
    pub(crate) fn path_failed(
        &mut self,
        key: &NodeKey,
        is_told_on: bool,
        policy: &Policy,
        now: UnixMillis,
    ) -> bool {
        let threshold = policy.guard_failure_threshold.max(1);
        let is_replaceable = !self.met_enough(policy, now)
            && self
                .known
                .iter()
                .any(|guard| guard.key != *key && guard.works());
        let Some(guard) = self.get_mut(key) else {
            return false;
        };
        guard.failures = guard.failures.saturating_add(1);
        guard.wasted = guard.wasted.saturating_add(1).min(guard.built);
        let rest = now.saturating_add(policy.guard_rest);
        if !is_told_on && guard.failures >= 2 {
            // It may swallow everything.
            guard.yields_until = rest;
        }
        let is_biased = guard.is_biased();
        if guard.failures >= threshold || is_biased {
            guard.rests_until = guard.rests_until.max(rest);
        }
        let is_bad = guard.failures >= threshold.saturating_mul(2) || is_biased;
        let drop = is_bad && is_replaceable;
        if drop {
            self.known.retain(|guard| guard.key != *key);
        }
        drop
    }

    fn get_mut(&mut self, key: &NodeKey) -> Option<&mut Guard> {
        self.known.iter_mut().find(|guard| guard.key == *key)
    }
}

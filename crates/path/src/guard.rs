//! First nodes of paths, kept for long (spec 02 §8.3).

use alloc::vec::Vec;

use session_core::UnixMillis;
use session_swarm::NodeKey;

use crate::Policy;

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
}

impl Guard {
    pub(crate) fn new(key: NodeKey, since: UnixMillis) -> Self {
        Self {
            key,
            since,
            failures: 0,
            rests_until: UnixMillis::default(),
            has_worked: false,
        }
    }

    /// Whether it is passed over at `now`.
    #[must_use]
    pub fn is_resting(&self, now: UnixMillis) -> bool {
        self.rests_until > now
    }
}

/// The guards of a client, in the order in which they were chosen.
#[derive(Clone, Debug)]
pub(crate) struct Guards(Vec<Guard>);

impl Guards {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn as_slice(&self) -> &[Guard] {
        &self.0
    }

    pub(crate) fn contains(&self, key: &NodeKey) -> bool {
        self.0.iter().any(|guard| guard.key == *key)
    }

    /// Takes a guard that was saved; `false` if it is there already.
    pub(crate) fn restore(&mut self, guard: Guard) -> bool {
        let is_new = !self.contains(&guard.key);
        if is_new {
            self.0.push(guard);
        }
        is_new
    }

    /// Keeps a new guard for later paths. If there are too many, the newest that is not `in_use`
    /// makes room.
    pub(crate) fn remember(
        &mut self,
        key: NodeKey,
        policy: &Policy,
        now: UnixMillis,
        in_use: impl Fn(&NodeKey) -> bool,
    ) {
        if self.contains(&key) {
            return;
        }
        if self.0.len() >= policy.max_guards()
            && let Some(newest) = self.0.iter().rposition(|guard| !in_use(&guard.key))
        {
            self.0.remove(newest);
        }
        self.0.push(Guard::new(key, now));
    }

    /// Drops those that are too old, and those for which `keep` is false.
    pub(crate) fn review(
        &mut self,
        policy: &Policy,
        now: UnixMillis,
        mut keep: impl FnMut(&NodeKey) -> bool,
    ) {
        self.0.retain_mut(|guard| {
            // Where the clock was set back, a rest does not last until it has caught up.
            let longest = now.saturating_add(policy.guard_rest);
            guard.rests_until = guard.rests_until.min(longest);
            guard.since.abs_diff(now) < policy.guard_lifetime && keep(&guard.key)
        });
    }

    /// A request through the guard succeeded.
    pub(crate) fn worked(&mut self, key: &NodeKey) {
        if let Some(guard) = self.get_mut(key) {
            guard.failures = 0;
            guard.has_worked = true;
        }
    }

    /// Passes a guard over for a while.
    pub(crate) fn rest(&mut self, key: &NodeKey, policy: &Policy, now: UnixMillis) {
        if let Some(guard) = self.get_mut(key) {
            guard.rests_until = now.saturating_add(policy.guard_rest);
        }
    }

    /// A path of the guard failed. After some in a row it rests; after twice as many it is
    /// dropped, and `true` returned, if another guard works meanwhile: while none does, the fault
    /// is more likely our own network.
    pub(crate) fn path_failed(&mut self, key: &NodeKey, policy: &Policy, now: UnixMillis) -> bool {
        let threshold = policy.guard_failure_threshold.max(1);
        let Some(guard) = self.get_mut(key) else {
            return false;
        };
        guard.failures = guard.failures.saturating_add(1);
        let failures = guard.failures;
        if failures < threshold {
            return false;
        }
        self.rest(key, policy, now);
        let works = |guard: &Guard| guard.has_worked && guard.failures == 0;
        let drop = failures >= threshold.saturating_mul(2) && self.0.iter().any(works);
        if drop {
            self.0.retain(|guard| guard.key != *key);
        }
        drop
    }

    fn get_mut(&mut self, key: &NodeKey) -> Option<&mut Guard> {
        self.0.iter_mut().find(|guard| guard.key == *key)
    }
}

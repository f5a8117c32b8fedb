//! The paths in use, and which of them carries a request.

use alloc::vec::Vec;

use rand_core::CryptoRng;
use session_core::UnixMillis;
use session_swarm::{NodeKey, Pool};

use crate::guard::Guards;
use crate::{Candidate, Category, Error, Guard, Path, Policy, Strikes, choose_path};

/// Retired paths that are remembered for reports that come late.
const MAX_RETIRED: usize = 8;

/// Nodes whose accusations are kept. Whatever liars write, no more nodes than these are out of use
/// because of it.
const MAX_ACCUSED: usize = 256;

/// The paths of a client, its guards, and its memory of failures.
///
/// Asks nobody and sends nothing: a path is built by choosing nodes, and the requests that use it
/// show whether it works. Holds no more than one path above the minimum of each category, 8
/// retired ones, twice as many guards as minimum paths and two, and a bounded number of strikes
/// and accusations.
#[derive(Clone, Debug)]
pub struct Paths {
    pub(crate) policy: Policy,
    pub(crate) strikes: Strikes,
    pub(crate) accusations: Strikes,
    pub(crate) guards: Guards,
    pub(crate) active: Vec<Path>,
    /// The last one retired stands last.
    pub(crate) retired: Vec<Path>,
    pub(crate) next_id: u64,
}

impl Paths {
    /// No paths yet.
    #[must_use]
    pub const fn new(policy: Policy) -> Self {
        let threshold = policy.node_strike_threshold;
        Self {
            policy,
            strikes: Strikes::new(threshold, policy.strike_expiry),
            accusations: Strikes::bounded(threshold, policy.accusation_expiry, MAX_ACCUSED),
            guards: Guards::new(),
            active: Vec::new(),
            retired: Vec::new(),
            next_id: 0,
        }
    }

    /// The paths in use, for display.
    #[must_use]
    pub fn active(&self) -> &[Path] {
        &self.active
    }

    /// The last paths that were in use, for display. Some may have requests under way.
    #[must_use]
    pub fn retired(&self) -> &[Path] {
        &self.retired
    }

    /// The guards, in the order in which they were chosen, for display.
    #[must_use]
    pub fn guards(&self) -> &[Guard] {
        self.guards.as_slice()
    }

    /// Failures that the client saw itself, or that the failing node vouches for.
    #[must_use]
    pub const fn strikes(&self) -> &Strikes {
        &self.strikes
    }

    /// Failures that some node told of, true or not. They expire sooner.
    #[must_use]
    pub const fn accusations(&self) -> &Strikes {
        &self.accusations
    }

    /// Whether neither strikes nor accusations speak against a node, also for choosing members of
    /// a swarm (spec 03 §10.2).
    ///
    /// Accusations can be forged: ask an unusable member rather than none.
    #[must_use]
    pub fn is_usable(&self, node: &NodeKey, now: UnixMillis) -> bool {
        !self.strikes.is_struck_out(node, now) && !self.accusations.is_struck_out(node, now)
    }

    /// A path for one request, which counts as active until it is reported on.
    ///
    /// `avoid` is the destination, if it is a node: it is not on the path (except with
    /// [`Policy::single_path`]). Builds a path where there is none that will do, repairs those that
    /// have lost a node and retires those that are too old.
    ///
    /// # Errors
    /// [`Error::TooFewNodes`] if no path can be built and none of the present ones will do,
    /// [`Error::NoHops`] if the policy makes no sense.
    pub fn choose<R: CryptoRng + ?Sized>(
        &mut self,
        pool: &Pool,
        category: Category,
        avoid: Option<&NodeKey>,
        now: UnixMillis,
        rng: &mut R,
    ) -> Result<&Path, Error> {
        let hops = self.policy.hops;
        if hops == 0 {
            return Err(Error::NoHops);
        }
        let too_few = Error::TooFewNodes { hops };
        if pool.is_empty() {
            // There is no list yet: nothing to conclude about guards and strikes.
            return Err(too_few);
        }
        let category = if self.policy.single_path {
            Category::Standard
        } else {
            category
        };
        self.forget_unusable(now);
        self.mend(pool, now, rng);
        let is_old =
            |path: &mut Path| path.category() == category && path.is_old(&self.policy, now);
        let mut old: Vec<Path> = self.active.extract_if(.., is_old).collect();

        let min_paths = self.policy.min_paths(category);
        let index = match self.pick(category, min_paths, avoid, rng) {
            Some(index) => Some(index),
            None => match self.build(category, pool, &old, avoid, now, rng) {
                Some(path) => {
                    self.active.push(path);
                    self.active.len().checked_sub(1)
                }
                None => {
                    // Rather an old or busy path than none.
                    self.active.append(&mut old);
                    self.pick(category, 0, avoid, rng)
                }
            },
        };
        for path in old {
            self.remember_retired(path);
        }
        let path = index.and_then(|index| self.active.get_mut(index));
        let path = path.ok_or(too_few)?;
        path.active_requests = path.active_requests.saturating_add(1);
        Ok(path)
    }

    /// The rule of [`choose_path`] for the present paths of a category.
    fn pick<R: CryptoRng + ?Sized>(
        &self,
        category: Category,
        min_paths: u8,
        avoid: Option<&NodeKey>,
        rng: &mut R,
    ) -> Option<usize> {
        let (places, candidates): (Vec<usize>, Vec<Candidate>) = self
            .active
            .iter()
            .enumerate()
            .filter(|(_, path)| path.category() == category)
            .map(|(place, path)| {
                let candidate = Candidate {
                    active_requests: path.active_requests,
                    strikes: path.strikes,
                    holds_destination: avoid.is_some_and(|key| path.contains(key)),
                };
                (place, candidate)
            })
            .unzip();
        let chosen = choose_path(&candidates, min_paths, &self.policy, rng)?;
        places.get(chosen).copied()
    }

    /// Drops strikes that expired, and guards that strikes or age rule out. Accusations do not take
    /// the rank of a guard: they are too cheap. Nor does a node list without it: it may be back in
    /// the next one.
    fn forget_unusable(&mut self, now: UnixMillis) {
        self.strikes.expire(now);
        self.accusations.expire(now);
        let strikes = &self.strikes;
        let keep = |key: &NodeKey| !strikes.is_struck_out(key, now);
        self.guards.review(&self.policy, now, keep);
    }

    /// Takes a path out of use.
    pub(crate) fn retire(&mut self, place: usize) {
        let path = self.active.remove(place);
        self.remember_retired(path);
    }

    /// Remembers who was on a path, for late reports and so that new paths go elsewhere. The
    /// oldest gives way, idle ones first.
    pub(crate) fn remember_retired(&mut self, path: Path) {
        if self.retired.len() >= MAX_RETIRED {
            let idle = |path: &Path| path.active_requests == 0;
            let least = self.retired.iter().position(idle).unwrap_or(0);
            self.retired.remove(least);
        }
        self.retired.push(path);
    }
}

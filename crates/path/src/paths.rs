//! The paths in use, and what becomes of them.

use alloc::vec::Vec;

use rand_core::CryptoRng;
use session_core::UnixMillis;
use session_swarm::{NodeKey, NodeRecord, Pool};

use crate::random::shuffled;
use crate::{Candidate, Error, Failure, Guard, Policy, Strikes, Taken, choose_path, select_nodes};

/// Names a path for as long as its [`Paths`] lives. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathId(u64);

/// A chain of nodes that requests go through.
#[derive(Clone, Debug)]
pub struct Path {
    id: PathId,
    nodes: Vec<NodeRecord>,
    since: UnixMillis,
    active_requests: u32,
    strikes: u8,
    /// Requests that nobody can be blamed for losing, since one succeeded.
    unexplained: u8,
}

impl Path {
    /// The name under which to report how a request went.
    #[must_use]
    pub const fn id(&self) -> PathId {
        self.id
    }

    /// The nodes, the guard first. Different nodes, as many as [`Policy::hops`].
    #[must_use]
    pub fn nodes(&self) -> &[NodeRecord] {
        &self.nodes
    }

    /// When the path was built.
    #[must_use]
    pub const fn since(&self) -> UnixMillis {
        self.since
    }

    /// Requests given to the path that were not reported on yet.
    #[must_use]
    pub const fn active_requests(&self) -> u32 {
        self.active_requests
    }

    /// Strikes so far.
    #[must_use]
    pub const fn strikes(&self) -> u8 {
        self.strikes
    }

    /// Whether a node is in the path.
    #[must_use]
    pub fn contains(&self, key: &NodeKey) -> bool {
        self.nodes.iter().any(|node| node.key == *key)
    }

    fn guard(&self) -> Option<NodeKey> {
        self.nodes.first().map(|node| node.key)
    }

    /// Takes the records of a new pool; `false` if a node left the network or moved.
    fn refresh(&mut self, pool: &Pool) -> bool {
        self.nodes.iter_mut().all(|node| match pool.get(&node.key) {
            Some(record) if record.ip == node.ip => {
                *node = *record;
                true
            }
            _ => false,
        })
    }
}

/// The paths of a client, its guards, and its memory of failures.
///
/// Asks nobody and sends nothing: a path is built by choosing nodes, and the requests that use it
/// show whether it works. Holds no more than [`Policy::min_paths`] + 1 paths, twice
/// [`Policy::min_paths`] + 2 guards and a bounded number of strikes.
#[derive(Clone, Debug)]
pub struct Paths {
    policy: Policy,
    strikes: Strikes,
    /// In the order in which they were chosen: the first that will do is used.
    guards: Vec<Guard>,
    active: Vec<Path>,
    next_id: u64,
}

impl Paths {
    /// No paths yet.
    #[must_use]
    pub const fn new(policy: Policy) -> Self {
        Self {
            policy,
            strikes: Strikes::new(policy.node_strike_threshold, policy.strike_expiry),
            guards: Vec::new(),
            active: Vec::new(),
            next_id: 0,
        }
    }

    /// The paths in use, for display.
    #[must_use]
    pub fn active(&self) -> &[Path] {
        &self.active
    }

    /// The guards, in order of preference, for display.
    #[must_use]
    pub fn guards(&self) -> &[Guard] {
        &self.guards
    }

    /// The strikes that nodes have, also for choosing members of a swarm (spec 03 §10.2).
    #[must_use]
    pub const fn strikes(&self) -> &Strikes {
        &self.strikes
    }

    /// A path for one request, which counts as active until it is reported on.
    ///
    /// `avoid` is the destination, if it is a node: it is not on the path (except with
    /// [`Policy::single_path`]). Builds a path where there is none that will do, and drops those
    /// that are too old or have lost a node.
    ///
    /// # Errors
    /// [`Error::TooFewNodes`] if no path can be built and none of the present ones will do,
    /// [`Error::NoHops`] if the policy makes no sense.
    pub fn choose<R: CryptoRng + ?Sized>(
        &mut self,
        pool: &Pool,
        avoid: Option<&NodeKey>,
        now: UnixMillis,
        rng: &mut R,
    ) -> Result<&Path, Error> {
        if self.policy.hops == 0 {
            return Err(Error::NoHops);
        }
        self.forget_unusable(pool, now);
        let too_few = Error::TooFewNodes {
            hops: self.policy.hops,
        };
        let is_old = |path: &mut Path| path.since.saturating_add(self.policy.rotation) <= now;
        let mut old: Vec<Path> = self.active.extract_if(.., is_old).collect();

        let index = match self.pick(&self.policy, avoid, rng) {
            Some(index) => index,
            None => match self.build(pool, &old, avoid, now, rng) {
                Some(path) => {
                    self.active.push(path);
                    self.active.len().saturating_sub(1)
                }
                None => {
                    // Rather an old or busy path than none.
                    self.active.append(&mut old);
                    self.pick(&self.policy.with_min_paths(0), avoid, rng)
                        .ok_or(too_few)?
                }
            },
        };
        let path = self.active.get_mut(index).ok_or(too_few)?;
        path.active_requests = path.active_requests.saturating_add(1);
        Ok(path)
    }

    /// A request got an answer: the path works.
    ///
    /// Reports on paths that are not in use any more are ignored.
    pub fn succeeded(&mut self, id: PathId) {
        if let Some(path) = self.active.iter_mut().find(|path| path.id == id) {
            path.active_requests = path.active_requests.saturating_sub(1);
            path.unexplained = 0;
        }
    }

    /// A request failed: gives strikes to whom the failure blames, and drops the path if it is
    /// lost or has had enough (spec 02 §8.6).
    ///
    /// `failure` comes from [`classify`](crate::classify), which blames none but the nodes of the
    /// path and the destination, or from the transport. Reports on paths that are not in use any
    /// more are ignored.
    pub fn failed(&mut self, id: PathId, failure: Failure, now: UnixMillis) {
        let Some(index) = self.active.iter().position(|path| path.id == id) else {
            return;
        };
        let Some(path) = self.active.get_mut(index) else {
            return;
        };
        path.active_requests = path.active_requests.saturating_sub(1);
        let guard = path.guard();
        let penalties = failure.penalties();

        let blamed = [
            penalties.node,
            penalties.destination,
            guard.filter(|_| penalties.edge),
        ];
        for node in blamed.into_iter().flatten() {
            if penalties.permanent {
                self.strikes.strike_out(node, now);
            } else {
                self.strikes.strike(node, now);
            }
        }
        if penalties.path {
            path.strikes = path.strikes.saturating_add(1);
        }
        let unexplained = matches!(
            failure,
            Failure::TimedOut | Failure::Unauthenticated | Failure::Other
        );
        if unexplained {
            path.unexplained = path.unexplained.saturating_add(1);
        }

        let threshold = self.policy.path_strike_threshold;
        let worn_out = penalties.path && path.strikes >= threshold;
        let useless = unexplained && path.unexplained >= threshold;
        let lost = failure == Failure::EdgeUnreachable;
        if worn_out {
            for node in &path.nodes {
                if !blamed.contains(&Some(node.key)) {
                    self.strikes.strike(node.key, now);
                }
            }
        }
        if useless || lost {
            // Nobody earns a strike, but a guard that swallows or garbles everything must not be
            // the next path's guard as well.
            self.rest(guard, now);
        }
        if worn_out || useless || lost {
            self.active.remove(index);
        }
    }

    /// The rule of [`choose_path`] for the present paths.
    fn pick<R: CryptoRng + ?Sized>(
        &self,
        policy: &Policy,
        avoid: Option<&NodeKey>,
        rng: &mut R,
    ) -> Option<usize> {
        let candidates: Vec<_> = self
            .active
            .iter()
            .map(|path| Candidate {
                active_requests: path.active_requests,
                strikes: path.strikes,
                holds_destination: avoid.is_some_and(|key| path.contains(key)),
            })
            .collect();
        choose_path(&candidates, policy, rng)
    }

    /// Passes a guard over for a while.
    fn rest(&mut self, guard: Option<NodeKey>, now: UnixMillis) {
        let until = now.saturating_add(self.policy.guard_rest);
        for guard in self.guards.iter_mut().filter(|g| Some(g.key) == guard) {
            guard.rests_until = until;
        }
    }

    /// Drops what the pool, strikes or age rule out: strikes of nodes that left, guards, and
    /// every path with a node that left or is struck out.
    fn forget_unusable(&mut self, pool: &Pool, now: UnixMillis) {
        let Self {
            policy,
            strikes,
            guards,
            active,
            ..
        } = self;
        strikes.retain(|key| pool.get(key).is_some());
        guards.retain(|guard| {
            pool.get(&guard.key).is_some()
                && !strikes.is_struck_out(&guard.key, now)
                && guard.since.saturating_add(policy.guard_lifetime) > now
        });
        active.retain_mut(|path| {
            path.refresh(pool)
                && !path
                    .nodes
                    .iter()
                    .any(|node| strikes.is_struck_out(&node.key, now))
        });
    }

    /// A new path beside the present ones; `old` are those that it may replace.
    fn build<R: CryptoRng + ?Sized>(
        &mut self,
        pool: &Pool,
        old: &[Path],
        avoid: Option<&NodeKey>,
        now: UnixMillis,
        rng: &mut R,
    ) -> Option<Path> {
        let nodes = match self.nodes_for_path(Scruples::All, pool, old, avoid, now, rng) {
            None => self.nodes_for_path(Scruples::Few, pool, old, avoid, now, rng),
            found => found,
        }?;
        // Only where destinations are on paths, or the policy keeps none, there are that many.
        if self.active.len() > self.policy.min_paths.into() {
            self.active.remove(0);
        }
        let id = PathId(self.next_id);
        self.next_id = self.next_id.wrapping_add(1);
        let path = Path {
            id,
            nodes,
            since: now,
            active_requests: 0,
            strikes: 0,
            unexplained: 0,
        };
        self.remember_guard(path.guard(), now);
        Some(path)
    }

    /// A guard and other nodes, different from those of the present paths.
    fn nodes_for_path<R: CryptoRng + ?Sized>(
        &self,
        scruples: Scruples,
        pool: &Pool,
        old: &[Path],
        avoid: Option<&NodeKey>,
        now: UnixMillis,
        rng: &mut R,
    ) -> Option<Vec<NodeRecord>> {
        let hops = usize::from(self.policy.hops);
        let struck_out = |key: &NodeKey| self.strikes.is_struck_out(key, now);
        let mut taken = Taken::new(self.policy.subnet_diversity);
        self.active
            .iter()
            .flat_map(|path| &path.nodes)
            .for_each(|node| taken.add(node));
        if let Some(destination) = avoid {
            taken.add_key(*destination);
        }

        let guards = || {
            self.guards
                .iter()
                .filter_map(|g| Some((g, pool.get(&g.key)?)))
        };
        let guard = guards()
            .filter(|(guard, _)| scruples == Scruples::Few || guard.rests_until <= now)
            .map(|(_, node)| *node)
            .find(|node| !taken.contains(node));
        if scruples == Scruples::All {
            // Keep guards out of other places, where they would be taken when next needed, and
            // do not build the old path again.
            guards().for_each(|(_, node)| taken.add(node));
            old.iter()
                .flat_map(|path| path.nodes.iter().skip(1))
                .for_each(|node| taken.add(node));
        }
        let guard = match guard {
            Some(guard) => {
                taken.add(&guard);
                guard
            }
            None => {
                // Clients speak HTTPS to the first node, and only to that.
                let reachable = |node: &&NodeRecord| node.https_port != 0;
                let candidates = shuffled(pool.nodes(), rng).filter(reachable);
                select_nodes(candidates, 1, &mut taken, struck_out).pop()?
            }
        };
        let wanted = hops.saturating_sub(1);
        let others = select_nodes(shuffled(pool.nodes(), rng), wanted, &mut taken, struck_out);
        let nodes: Vec<_> = core::iter::once(guard).chain(others).collect();
        (nodes.len() == hops).then_some(nodes)
    }

    /// Keeps a new guard for later paths, unless there are many: then it serves this path only.
    fn remember_guard(&mut self, guard: Option<NodeKey>, now: UnixMillis) {
        let limit = usize::from(self.policy.min_paths)
            .saturating_mul(2)
            .saturating_add(2);
        if let Some(key) = guard
            && self.guards.len() < limit
            && !self.guards.iter().any(|guard| guard.key == key)
        {
            self.guards.push(Guard::new(key, now));
        }
    }
}

/// How picky to be about the nodes of a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scruples {
    /// No guard that rests, no guard in another place, no node of a path that is replaced.
    All,
    /// Only what must be: for small networks, or when most guards rest.
    Few,
}

//! Building paths, and repairing them (spec 02 §8.2, §8.3, §8.6).

use alloc::vec::Vec;

use rand_core::CryptoRng;
use session_core::UnixMillis;
use session_swarm::{NodeKey, NodeRecord, Pool};

use crate::random::shuffled;
use crate::{Category, Guard, Path, PathId, Paths, Taken, select_nodes};

/// How picky to be about the nodes of a path. The less picky, the more nodes there are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Scruples {
    /// Only what must be: no node that is in use, that is struck out or that is the destination.
    Any,
    /// Also no node that was accused too often, no guard in another place, and while guards are few
    /// rather a new one than one that rests.
    Clean,
    /// Also no node of a path that was retired lately.
    Fresh,
}

/// What can be said of a path that is in use.
enum Condition {
    /// It goes on.
    Sound,
    /// It goes on with these nodes.
    Mended(Vec<NodeRecord>),
    /// It cannot go on.
    Lost,
}

impl Paths {
    /// A new path beside the present ones; `old` are those that it may replace.
    pub(crate) fn build<R: CryptoRng + ?Sized>(
        &mut self,
        category: Category,
        pool: &Pool,
        old: &[Path],
        avoid: Option<&NodeKey>,
        now: UnixMillis,
        rng: &mut R,
    ) -> Option<Path> {
        let nodes = [Scruples::Fresh, Scruples::Clean, Scruples::Any]
            .into_iter()
            .find_map(|scruples| self.nodes_for_path(scruples, pool, old, avoid, now, rng))?;
        let is_same = |path: &Path| path.category() == category;
        let is_new = |guard: &NodeRecord| !self.guards.contains(&guard.key);
        if self.guards.met_enough(&self.policy, now)
            && nodes.first().is_some_and(is_new)
            && self.active.iter().any(is_same)
        {
            // Rather share a path than meet yet another guard.
            return None;
        }
        // Only where destinations are on paths, or the policy keeps none, there are that many.
        let count = self.active.iter().filter(|path| is_same(path)).count();
        if count > self.policy.min_paths(category).into()
            && let Some(oldest) = self.active.iter().position(is_same)
        {
            self.retire(oldest);
        }
        if let Some(guard) = nodes.first() {
            let active = &self.active;
            let in_use = |key: &NodeKey| active.iter().any(|path| path.contains(key));
            self.guards.remember(guard.key, &self.policy, now, in_use);
        }
        let id = PathId(self.next_id);
        self.next_id = self.next_id.wrapping_add(1);
        Some(Path::new(id, category, nodes, now))
    }

    /// Takes new records of the pool into the paths, and replaces nodes that cannot stay: those
    /// that left the network, moved or are struck out, and, while there are others, those that are
    /// accused too often. A path whose guard cannot stay, or that cannot be mended, is retired.
    pub(crate) fn mend<R: CryptoRng + ?Sized>(
        &mut self,
        pool: &Pool,
        now: UnixMillis,
        rng: &mut R,
    ) {
        for path in &mut self.active {
            path.refresh(|key| pool.get(key));
        }
        let mut place = 0_usize;
        while let Some(path) = self.active.get(place) {
            match self.inspect(path, pool, now, rng) {
                Condition::Sound => {}
                Condition::Mended(nodes) => {
                    let repaired = path.repaired(PathId(self.next_id), nodes);
                    self.next_id = self.next_id.wrapping_add(1);
                    // The repaired path takes the place of the broken one, which comes last.
                    self.active.push(repaired);
                    let broken = self.active.swap_remove(place);
                    self.remember_retired(broken);
                }
                Condition::Lost => {
                    self.retire(place);
                    continue;
                }
            }
            place = place.saturating_add(1);
        }
    }

    fn inspect<R: CryptoRng + ?Sized>(
        &self,
        path: &Path,
        pool: &Pool,
        now: UnixMillis,
        rng: &mut R,
    ) -> Condition {
        let must_go = |node: &NodeRecord| {
            pool.get(&node.key) != Some(node) || self.strikes.is_struck_out(&node.key, now)
        };
        let should_go = |node: &NodeRecord| must_go(node) || !self.is_usable(&node.key, now);
        if path
            .nodes()
            .first()
            .is_none_or(|guard| must_go(guard) || !serves_clients(guard))
        {
            return Condition::Lost;
        }
        let count = path.inner_nodes().filter(|node| should_go(node)).count();
        if count == 0 {
            return Condition::Sound;
        }
        let found = [Scruples::Fresh, Scruples::Clean]
            .into_iter()
            .find_map(|scruples| {
                let mut taken = self.taken(None);
                self.keep_away(scruples, pool, &[], &mut taken);
                self.select(scruples, count, pool, &mut taken, now, rng)
            });
        if let Some(found) = found {
            let mut nodes = path.nodes().to_vec();
            let places = nodes.iter_mut().skip(1).filter(|node| should_go(node));
            places.zip(found).for_each(|(node, new)| *node = new);
            Condition::Mended(nodes)
        } else if path.inner_nodes().any(must_go) {
            Condition::Lost
        } else {
            Condition::Sound
        }
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
        let mut taken = self.taken(avoid);
        let guards = self.guards.as_slice();
        // Whoever can make guards rest must not be able to lead the client to ever new ones.
        let met_enough = self.guards.met_enough(&self.policy, now);
        let has_enough = met_enough || guards.len() >= self.policy.enough_guards();
        let has_several = guards.len() >= self.policy.min_standard_paths.into();
        let is_passed_over = |guard: &Guard| {
            guard.is_resting(now) && !has_enough || guard.is_yielding(now) && !has_several
        };
        let known = guards
            .iter()
            .filter(|guard| scruples == Scruples::Any || met_enough || !is_passed_over(guard))
            .filter_map(|guard| Some((guard, pool.get(&guard.key)?)))
            .filter(|(_, node)| serves_clients(node) && !taken.contains(node))
            .min_by_key(|(guard, _)| (guard.rests_until.max(now), guard.yields_until.max(now)))
            .map(|(_, node)| *node);
        self.keep_away(scruples, pool, old, &mut taken);
        let guard = match known {
            Some(guard) => {
                taken.add(&guard);
                guard
            }
            None => {
                let candidates = shuffled(pool.nodes(), rng).filter(|node| serves_clients(node));
                let usable = |key: &NodeKey| self.is_out(scruples, key, now);
                select_nodes(candidates, 1, &mut taken, usable).pop()?
            }
        };
        let count = usize::from(self.policy.hops).saturating_sub(1);
        let mut nodes = Vec::with_capacity(usize::from(self.policy.hops));
        nodes.push(guard);
        nodes.append(&mut self.select(scruples, count, pool, &mut taken, now, rng)?);
        Some(nodes)
    }

    /// The nodes of all paths, and the destination.
    fn taken(&self, avoid: Option<&NodeKey>) -> Taken {
        let mut taken = Taken::new(self.policy.subnet_diversity);
        for node in self.active.iter().flat_map(Path::nodes) {
            taken.add(node);
        }
        if let Some(destination) = avoid {
            taken.add_key(*destination);
        }
        taken
    }

    /// Also takes what these scruples forbid for all places but that of a known guard.
    fn keep_away(&self, scruples: Scruples, pool: &Pool, old: &[Path], taken: &mut Taken) {
        if scruples >= Scruples::Clean {
            // In another place they would be taken when they are next needed.
            let guards = self.guards.as_slice().iter();
            for node in guards.filter_map(|guard| pool.get(&guard.key)) {
                taken.add(node);
            }
        }
        if scruples >= Scruples::Fresh {
            let retired = self.retired.iter().chain(old);
            for node in retired.flat_map(Path::inner_nodes) {
                taken.add(node);
            }
        }
    }

    /// As many random nodes as asked for, or `None`.
    fn select<R: CryptoRng + ?Sized>(
        &self,
        scruples: Scruples,
        count: usize,
        pool: &Pool,
        taken: &mut Taken,
        now: UnixMillis,
        rng: &mut R,
    ) -> Option<Vec<NodeRecord>> {
        let is_out = |key: &NodeKey| self.is_out(scruples, key, now);
        let nodes = select_nodes(shuffled(pool.nodes(), rng), count, taken, is_out);
        (nodes.len() == count).then_some(nodes)
    }

    fn is_out(&self, scruples: Scruples, node: &NodeKey, now: UnixMillis) -> bool {
        match scruples {
            Scruples::Any => self.strikes.is_struck_out(node, now),
            Scruples::Clean | Scruples::Fresh => !self.is_usable(node, now),
        }
    }
}

/// Whether clients can speak to the node: they do by HTTPS, and only to the first of a path.
fn serves_clients(node: &NodeRecord) -> bool {
    node.https_port != 0
}

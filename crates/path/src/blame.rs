//! What the outcome of a request does to guards, paths and nodes (spec 02 §8.6).

use session_core::UnixMillis;

use crate::guard::Guards;
use crate::{Failure, Path, PathId, Paths};

impl Paths {
    /// A request got an authentic answer: the path works. That is so whatever the answer says, as
    /// long as it blames nobody; for one that does see [`failed`](Self::failed).
    ///
    /// Reports on paths that were retired long ago are ignored.
    pub fn succeeded(&mut self, id: PathId) {
        let mut paths = self.active.iter_mut().chain(&mut self.retired);
        if let Some(path) = paths.find(|path| path.id() == id) {
            path.active_requests = path.active_requests.saturating_sub(1);
            works(path, &mut self.guards);
        }
    }

    /// A request failed: blames whom the failure blames, and retires the path if it is lost or has
    /// had enough.
    ///
    /// `failure` comes from [`classify`](crate::classify), which names none but the nodes of the
    /// path and the destination, or from the transport. An authentic answer that blames nobody is
    /// not reported here but with [`succeeded`](Self::succeeded). What the client saw itself and
    /// what the destination vouches for gives strikes. What any node of the path can have forged
    /// gives accusations only. On a path that is retired a report still blames nodes, each of them once;
    /// reports on paths that were retired long ago are ignored.
    pub fn failed(&mut self, id: PathId, failure: Failure, now: UnixMillis) {
        let place = self.active.iter().position(|path| path.id() == id);
        let path = match place {
            Some(place) => self.active.get_mut(place),
            None => self.retired.iter_mut().find(|path| path.id() == id),
        };
        let Some(path) = path else {
            return;
        };
        path.active_requests = path.active_requests.saturating_sub(1);
        let penalties = failure.penalties();
        if failure.is_authentic() {
            if let Some(destination) = penalties.destination {
                self.strikes.strike_out(destination, now);
            }
            return works(path, &mut self.guards);
        }

        let named = penalties.node.or(penalties.destination);
        if let Some(named) = named {
            // Whoever would have told us is accused too, unless it is the guard.
            let teller = path.node_before(&named);
            for node in core::iter::once(named).chain(teller) {
                path.accuse(node, &mut self.accusations, now);
            }
        }
        let (Some(place), Some(guard)) = (place, path.guard()) else {
            return;
        };

        let threshold = self.policy.path_strike_threshold;
        path.losses = path.losses.saturating_add(1);
        if penalties.path {
            path.strikes = path.strikes.saturating_add(1);
        }
        let worn_out = penalties.path && path.strikes >= threshold;
        if worn_out {
            for node in path.nodes().to_vec() {
                path.accuse(node.key, &mut self.accusations, now);
            }
        }
        if failure == Failure::EdgeUnreachable {
            self.retire(place);
            if self.guards.unreachable(&guard, &self.policy, now) {
                self.strikes.strike_out(guard, now);
            }
            return;
        }
        let is_told_on = path.inner_nodes().any(|node| Some(node.key) == named);
        let blames_guard = penalties.edge || named == Some(guard);
        let is_lost = blames_guard || worn_out || path.losses >= threshold;
        if !is_told_on && !is_lost {
            return;
        }
        self.retire(place);
        if self
            .guards
            .path_failed(&guard, is_told_on, &self.policy, now)
        {
            self.accusations.strike_out(guard, now);
        }
    }
}

/// An answer that authenticates came through the path.
fn works(path: &mut Path, guards: &mut Guards) {
    // Not to nought: a node that drops two of three is to lose the path.
    path.losses = path.losses.saturating_sub(1);
    if let Some(guard) = path.guard() {
        guards.worked(&guard);
    }
}

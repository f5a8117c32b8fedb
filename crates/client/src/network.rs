//! What the client believes about the network: node list, redirects, paths.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use session_core::{Network, NetworkId, UnixMillis};
use session_crypto::rand_core::CryptoRng;
use session_path::{Paths, Policy};
use session_swarm::{NodeKey, NodeRecord, Pool, parse_node_list, parse_redirects};

use crate::hops::Hops;
use crate::request::Job;

/// Fewest members that are worth choosing among (spec 03 §10.2).
const MIN_CHOICE: usize = 3;
/// More redirects than this since the last node list mean that it is out of date.
const MAX_REDIRECTS: u32 = 5;

/// Node list, redirects and paths.
#[derive(Clone, Debug)]
pub(crate) struct NetworkView {
    pub(crate) pool: Pool,
    pub(crate) paths: Paths,
    pub(crate) hops: Hops,
    /// Swarms that nodes named instead of the computed ones, until the next node list.
    redirects: BTreeMap<NetworkId, Vec<NodeKey>>,
    /// How many redirects there were since the node list came.
    redirected: u32,
}

/// What a redirect says about the node list (spec 03 §10.3, rule 6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Redirected {
    /// To other nodes of the list, for all requests from now on.
    Plainly,
    /// To these nodes, but in a way that an up-to-date list would not need: worth a try for the
    /// request that was refused, and no more.
    Doubtfully(Vec<NodeKey>),
    /// To no node that can be used.
    Nowhere,
}

impl NetworkView {
    pub(crate) fn new(policy: Policy) -> Self {
        Self {
            pool: Pool::default(),
            paths: Paths::new(policy),
            hops: Hops::default(),
            redirects: BTreeMap::new(),
            redirected: 0,
        }
    }

    /// Takes a seed's answer. A list that cannot be used leaves the old one in place.
    pub(crate) fn take_node_list(
        &mut self,
        json: &[u8],
        network: Network,
        min_pool: usize,
    ) -> bool {
        let Ok(mut list) = parse_node_list(json) else {
            return false;
        };
        if network == Network::Mainnet {
            list.nodes.retain(NodeRecord::has_public_address);
        }
        // A pinned seed is trusted alone.
        let Ok(pool) = Pool::agree(&[list], 1, min_pool) else {
            return false;
        };
        if pool.ring().ids().is_empty() {
            return false;
        }
        self.pool = pool;
        self.hops.clear();
        self.redirects.clear();
        self.redirected = 0;
        true
    }

    /// Takes the word of `refusing`, a destination, that `account` is elsewhere. Only other nodes
    /// of the list are believed in (spec 03 §10.3).
    pub(crate) fn redirect(
        &mut self,
        account: NetworkId,
        refusing: NodeKey,
        status: u16,
        body: &str,
    ) -> Redirected {
        let redirects = parse_redirects(&[Some(account)], status, body.as_bytes());
        let named = redirects
            .accounts
            .into_iter()
            .find_map(|(named, keys)| (named == account).then_some(keys))
            .unwrap_or_default();
        let known: Vec<NodeKey> = self
            .pool
            .known(&named)
            .iter()
            .map(|node| node.key)
            .filter(|key| *key != refusing)
            .collect();
        if known.is_empty() {
            return Redirected::Nowhere;
        }
        self.redirected = self.redirected.saturating_add(1);
        let doubtful = known.len() < MIN_CHOICE
            || known.len().saturating_mul(2) < named.len()
            || self.redirected > MAX_REDIRECTS;
        if doubtful {
            return Redirected::Doubtfully(known);
        }
        self.redirects.insert(account, known);
        Redirected::Plainly
    }

    /// How many of the `members` that [`swarm`](Self::swarm) gives must confirm a message: half of
    /// them, and where a redirect names fewer nodes than the node list, half of those in the list.
    pub(crate) fn quorum(&self, account: &NetworkId, members: usize) -> usize {
        let listed = self
            .pool
            .swarm_of(account)
            .map_or(0, |swarm| swarm.members().len());
        members.max(listed).div_ceil(2).max(1)
    }

    /// The nodes that hold an account's messages.
    pub(crate) fn swarm(&self, account: &NetworkId) -> Vec<NodeRecord> {
        match self.redirects.get(account) {
            Some(keys) => keys
                .iter()
                .filter_map(|key| self.pool.get(key).copied())
                .collect(),
            None => self
                .pool
                .swarm_of(account)
                .map(|swarm| swarm.members().to_vec())
                .unwrap_or_default(),
        }
    }

    /// The member that a job prefers, or a random one that it has not tried; when all are tried it
    /// begins anew.
    pub(crate) fn choose_member<R: CryptoRng + ?Sized>(
        &self,
        job: &mut Job,
        now: UnixMillis,
        rng: &mut R,
    ) -> Option<NodeRecord> {
        let Job {
            account,
            tried,
            elsewhere,
            preferred,
            ..
        } = job;
        if let Some(node) = preferred.take().and_then(|key| self.pool.get(&key)) {
            return Some(*node);
        }
        let elsewhere = core::mem::take(elsewhere);
        let swarm = if elsewhere.is_empty() {
            self.swarm(account)
        } else {
            elsewhere
                .iter()
                .filter_map(|key| self.pool.get(key).copied())
                .collect()
        };
        let mut members: Vec<&NodeRecord> = swarm
            .iter()
            .filter(|node| self.paths.is_usable(&node.key, now))
            .collect();
        if members.len() < MIN_CHOICE {
            members = swarm.iter().collect();
        }
        if members.iter().all(|node| tried.contains(&node.key)) {
            tried.clear();
        }
        members.retain(|node| !tried.contains(&node.key));
        let count = u64::try_from(members.len()).ok()?;
        // The bias of a remainder of 64 random bits is far below what anybody could measure.
        let index = usize::try_from(rng.next_u64().checked_rem(count)?).ok()?;
        members.get(index).map(|node| **node)
    }

    /// Leaves a node out whose keys are unusable.
    pub(crate) fn drop_node(&mut self, key: &NodeKey) {
        let nodes = self.pool.nodes().iter().filter(|node| node.key != *key);
        self.pool = Pool::new(nodes.copied().collect());
    }
}

//! The account's own keys on this device (spec 06 §3, 07 §6, §9).

mod publication;
pub(crate) mod rotation;
mod state;
#[cfg(test)]
mod tests;
mod unopened;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cmp::{Ordering, Reverse};

use session_core::UnixMillis;
use session_crypto::rand_core::CryptoRng;
use session_crypto::x25519;
use session_identity::Account;

pub use publication::OwnPublication;
pub use unopened::UnopenedMessages;

use crate::unix_secs::{from_secs, to_secs};
use crate::{AccountKey, Error, KeyPair, KeySeed, Opened, message};

/// How long a key is kept once another took its place, in seconds: 16 days (spec 06 §3).
const RETENTION: i64 = 16 * 24 * 3600;

/// How long an erased key is remembered, in seconds: longer than it can be in the swarm, in a group
/// message or published, or on a device that was away for that long.
const ERASED_FOR: i64 = 90 * 24 * 3600;

/// Most erased keys that are remembered, the latest.
const MAX_ERASED: usize = 256;

/// How far ahead of the clock a key may be dated without an alarm, in seconds (spec 07 D1).
const MAX_AHEAD: i64 = 10 * 60;

/// Most keys. There are about 33 when nothing happens but rotation every 12 hours; further ones
/// come from removals, or from somebody who forges messages. The last in order are dropped.
const MAX_KEYS: usize = 128;

/// An account key with its pairs, which are expanded once. Zeroized on drop.
#[derive(Debug)]
pub struct HeldKey {
    key: AccountKey,
    pair: KeyPair,
    /// When this device learned of it, in Unix seconds.
    seen: i64,
    distributed: bool,
    published: bool,
}

/// What is left of a key.
#[derive(Debug)]
struct ErasedKey {
    x25519: x25519::PublicKey,
    /// When it was erased, in Unix seconds.
    at: i64,
}

impl HeldKey {
    fn new(key: AccountKey, seen: i64) -> Box<Self> {
        Box::new(Self {
            pair: KeyPair::of_account_key(&key.seed),
            key,
            seen,
            distributed: false,
            published: false,
        })
    }

    /// The seed and its times, as devices tell them to each other.
    #[must_use]
    pub const fn key(&self) -> &AccountKey {
        &self.key
    }

    /// The pairs that the seed expands to.
    #[must_use]
    pub const fn pair(&self) -> &KeyPair {
        &self.pair
    }

    /// Whether a group message that carries the key is known to be stored.
    #[must_use]
    pub const fn is_distributed(&self) -> bool {
        self.distributed
    }

    /// Whether the public halves are what others find when they ask for the account's key, by what
    /// is known here.
    #[must_use]
    pub const fn is_published(&self) -> bool {
        self.published
    }

    /// The order of the payload, which is also the order in which keys are tried: the active one
    /// first, then the most recently rotated (spec 07 §4). The seed decides last, so that all
    /// devices agree.
    fn order(&self, other: &Self) -> Ordering {
        let rank = |held: &Self| {
            let AccountKey {
                rotated, created, ..
            } = held.key;
            (rotated.is_some(), Reverse(rotated), Reverse(created))
        };
        let seeds = || {
            let other = other.key.seed.expose_bytes();
            self.key.seed.expose_bytes().cmp(other)
        };
        rank(self).cmp(&rank(other)).then_with(seeds)
    }
}

/// What [`AccountKeys::merge`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeysMerged {
    /// Keys that were not held.
    pub added: usize,
    /// One of them is dated more than 10 minutes ahead (spec 07 D1).
    pub ahead: bool,
    /// Another key is active than before, or none is any more.
    pub active_changed: bool,
}

/// The keys that messages to the account are encrypted to: the active one, and for 16 days those
/// that were active before. At most 128.
///
/// Every linked device holds the same list, since merging gives the same result in whatever order
/// messages are read. Call [`prune`](Self::prune) before use and at
/// [`next_deadline`](Self::next_deadline): what it erases is what makes old messages unreadable to
/// whoever takes the device later. Save the list after each change, with [`write`](Self::write).
///
/// ```
/// use session_pfs::AccountKeys;
/// use session_pfs::session_core::UnixMillis;
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # let mut rng = ChaCha20Rng::from_seed([1; 32]);
///
/// let now = UnixMillis::from_secs(1_790_000_000);
/// let mut keys = AccountKeys::new();
/// keys.rotate(now, &mut rng);
/// assert!(keys.distribution_owed());
///
/// // What another device of the account makes of the group message.
/// let mut theirs = AccountKeys::new();
/// let told = keys.iter().map(|held| held.key().clone()).collect();
/// assert_eq!(theirs.merge(told, now).added, 1);
/// assert_eq!(
///     theirs.active().map(|held| held.pair().public()),
///     keys.active().map(|held| held.pair().public()),
/// );
/// ```
#[derive(Debug, Default)]
pub struct AccountKeys {
    /// In the order of [`HeldKey::order`]. Boxed, because moving a secret leaves a copy behind.
    #[allow(clippy::vec_box, reason = "see above")]
    keys: Vec<Box<HeldKey>>,
    /// Keys that were erased here, the latest last: they are not taken again, whatever others say of
    /// their times, and who shows one as published shows an old one.
    erased: Vec<ErasedKey>,
    publishing: bool,
    /// Grows when keys are learned: messages that did not open may open now.
    learned: u64,
}

impl AccountKeys {
    /// No keys, and nothing to be published.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The keys, the active one first, then the most recently rotated: the order in which they are
    /// tried, and told to other devices.
    pub fn iter(&self) -> impl Iterator<Item = &HeldKey> {
        self.keys.iter().map(|held| &**held)
    }

    /// The pairs of the keys, in the same order.
    pub fn pairs(&self) -> impl Iterator<Item = &KeyPair> {
        self.iter().map(HeldKey::pair)
    }

    /// The key that others encrypt to from now on; `None` when it has to be made, with
    /// [`rotate`](Self::rotate).
    #[must_use]
    pub fn active(&self) -> Option<&HeldKey> {
        self.iter().find(|held| held.key.rotated.is_none())
    }

    /// Merges the keys of a group message, in the order of the message (spec 07 §6), and prunes.
    /// Keys that have expired are not taken (D11).
    pub fn merge(&mut self, incoming: Vec<AccountKey>, now: UnixMillis) -> KeysMerged {
        let before = self.active().map(|held| held.key.seed.clone());
        let mut merged = self.merge_all(incoming, to_secs(now));
        self.prune(now);
        merged.active_changed = self.active().map(|held| &held.key.seed) != before.as_ref();
        merged
    }

    /// The rule alone: without pruning, and whatever the clock shows.
    pub(crate) fn merge_all(&mut self, incoming: Vec<AccountKey>, now: i64) -> KeysMerged {
        let mut merged = KeysMerged::default();
        for key in incoming {
            self.merge_one(key, now, &mut merged);
        }
        self.keys.sort_unstable_by(|a, b| a.order(b));
        if merged.added > 0 {
            self.learned = self.learned.wrapping_add(1);
        }
        merged
    }

    fn merge_one(&mut self, key: AccountKey, now: i64, merged: &mut KeysMerged) {
        if let Some(held) = self.find_mut(&key.seed) {
            held.key.rotated = match (held.key.rotated, key.rotated) {
                (Some(held), Some(told)) => Some(held.min(told)),
                (held, told) => held.or(told),
            };
            // It came in a message that is stored.
            held.distributed = true;
            return;
        }
        let (created, is_active) = (key.created, key.rotated.is_none());
        if is_expired(&key, now) {
            return;
        }
        let mut held = HeldKey::new(key, now);
        if self.was_erased(held.pair.x25519().public()) {
            return;
        }
        merged.added = merged.added.saturating_add(1);
        merged.ahead |= created > now.saturating_add(MAX_AHEAD);
        held.distributed = true;
        self.keys.push(held);
        if is_active {
            self.leave_one_active();
        }
        if self.keys.len() > MAX_KEYS {
            self.keys.sort_unstable_by(|a, b| a.order(b));
            self.keys.truncate(MAX_KEYS);
        }
    }

    /// Of all keys that are not rotated the latest stays, of several the one whose seed comes
    /// first; it takes the place of the others.
    fn leave_one_active(&mut self) {
        // The first in order is the latest.
        let active = self.iter().filter(|held| held.key.rotated.is_none());
        let latest = active.min_by(|a, b| a.order(b));
        let Some((seed, created)) = latest.map(|held| (held.key.seed.clone(), held.key.created))
        else {
            return;
        };
        for held in &mut self.keys {
            if held.key.rotated.is_none() && held.key.seed != seed {
                held.key.rotated = Some(created);
            }
        }
    }

    fn find_mut(&mut self, seed: &KeySeed) -> Option<&mut Box<HeldKey>> {
        self.keys.iter_mut().find(|held| held.key.seed == *seed)
    }

    /// Makes a new active key, whatever the reason (spec 07 §9): it has to be distributed, and then
    /// published. Draws 32 bytes from `rng`.
    pub fn rotate<R: CryptoRng + ?Sized>(&mut self, now: UnixMillis, rng: &mut R) {
        let now = to_secs(now);
        let latest = self.keys.iter().map(|held| held.key.created).max();
        let created = latest.map_or(now, |latest| now.max(latest.saturating_add(1)));
        for held in &mut self.keys {
            held.key.rotated.get_or_insert(created);
        }
        let key = AccountKey::new(KeySeed::generate(rng), created, None);
        self.keys.push(HeldKey::new(key, now));
        self.keys.sort_unstable_by(|a, b| a.order(b));
        self.keys.truncate(MAX_KEYS);
    }

    /// Erases the keys whose 16 days are over, and says whether there were any: save the list then.
    ///
    /// What took the place of a key and is dated more than 10 minutes ahead did so now. Otherwise
    /// whoever forges one message, or a clock that was wrong once, could put the erasure off for
    /// ever (spec 07 D8).
    pub fn prune(&mut self, now: UnixMillis) -> bool {
        let (before, now) = (self.keys.len(), to_secs(now));
        let mut clamped = false;
        for held in &mut self.keys {
            let ahead = |rotated: &i64| *rotated > now.saturating_add(MAX_AHEAD);
            if held.key.rotated.as_ref().is_some_and(ahead) {
                held.key.rotated = Some(now);
                clamped = true;
            }
        }
        if clamped {
            self.keys.sort_unstable_by(|a, b| a.order(b));
        }
        let expired = self.keys.iter().filter(|held| is_expired(&held.key, now));
        self.erased.extend(expired.map(|held| ErasedKey {
            x25519: *held.pair.x25519().public(),
            at: now,
        }));
        self.keys.retain(|held| !is_expired(&held.key, now));
        self.erased
            .retain(|key| key.at.saturating_add(ERASED_FOR) > now);
        let beyond = self.erased.len().saturating_sub(MAX_ERASED);
        self.erased.drain(..beyond);
        clamped || self.keys.len() != before
    }

    fn was_erased(&self, key: &x25519::PublicKey) -> bool {
        self.erased.iter().any(|erased| erased.x25519 == *key)
    }

    /// The clock was ahead: keys were not seen later than now.
    pub(crate) fn clock_went_back(&mut self, now: UnixMillis) {
        let now = to_secs(now);
        for held in &mut self.keys {
            held.seen = held.seen.min(now);
        }
        for erased in &mut self.erased {
            erased.at = erased.at.min(now);
        }
    }

    /// When [`prune`](Self::prune) has something to erase.
    #[must_use]
    pub fn next_deadline(&self) -> Option<UnixMillis> {
        let last = self
            .iter()
            .filter_map(|held| last_second(&held.key))
            .min()?;
        Some(from_secs(last.saturating_add(1)))
    }

    /// Forgets all keys: they never go from one group to another (spec 07 §9). Whether keys are
    /// published stays as it was.
    pub fn clear(&mut self) {
        self.keys.clear();
        self.erased.clear();
    }

    /// Whether a key was made here that no stored group message is known to carry.
    #[must_use]
    pub fn distribution_owed(&self) -> bool {
        self.keys.iter().any(|held| !held.distributed)
    }

    /// The keys that are still to be told to the other devices: keep this beside the message that
    /// is built from the list.
    #[must_use]
    pub fn undistributed(&self) -> Vec<KeySeed> {
        self.iter()
            .filter(|held| !held.distributed)
            .map(|held| held.key.seed.clone())
            .collect()
    }

    /// A group message that carries these keys is stored.
    pub fn mark_distributed(&mut self, seeds: &[KeySeed]) {
        for seed in seeds {
            if let Some(held) = self.find_mut(seed) {
                held.distributed = true;
            }
        }
    }

    /// Opens a message to the account with whichever key opens it; see [`open`](crate::open). Keep
    /// those that none opens in [`UnopenedMessages`].
    ///
    /// # Errors
    /// As [`open`](crate::open).
    pub fn open(&self, account: &Account, wire: &[u8]) -> Result<Opened, Error> {
        message::open(account, self.pairs(), wire)
    }
}

/// The last Unix second in which a key is kept.
fn last_second(key: &AccountKey) -> Option<i64> {
    Some(key.rotated?.saturating_add(RETENTION))
}

fn is_expired(key: &AccountKey, now: i64) -> bool {
    last_second(key).is_some_and(|last| last < now)
}

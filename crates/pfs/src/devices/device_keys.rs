//! The keys of this device: one in use, and older ones for as long as others may not know of it
//! (spec 07 §9.2, D1, D3).

use alloc::vec::Vec;
use core::time::Duration;

use session_core::UnixMillis;
use session_crypto::rand_core::CryptoRng;

use crate::{KeyPair, KeySeed};

/// How long a device key is in use (spec 07 D3).
pub(super) const ROTATION: Duration = Duration::from_secs(7 * 86_400);

/// Least time between rotations that what is received brings about. Two copies of one device would
/// answer each other without end.
const MIN_INTERVAL: Duration = Duration::from_secs(3_600);

/// How long older keys are accepted after the group was told of the new one.
const GRACE: Duration = Duration::from_secs(48 * 3_600);

/// How long older keys are accepted at all.
const LIMIT: Duration = Duration::from_secs(30 * 86_400);

/// Older keys that are held at once. With the active one they are as many as are tried for a
/// message.
pub(super) const MAX_OLDER: usize = 31;

pub(super) struct DeviceKey {
    pub(super) seed: KeySeed,
    pub(super) pair: KeyPair,
    pub(super) created: UnixMillis,
}

impl DeviceKey {
    pub(super) fn new(seed: KeySeed, created: UnixMillis) -> Self {
        Self {
            pair: KeyPair::of_device_key(&seed),
            seed,
            created,
        }
    }
}

/// Newest first, never empty.
pub(super) struct DeviceKeys {
    pub(super) active: DeviceKey,
    /// When the active key took the place of another by what was received.
    pub(super) forced: Option<UnixMillis>,
    /// When a push that carries the active key was confirmed.
    pub(super) pushed: Option<UnixMillis>,
    pub(super) older: Vec<DeviceKey>,
    /// The active key is to be rotated as soon as that is allowed.
    pub(super) suspect: bool,
}

impl DeviceKeys {
    pub(super) fn generate<R: CryptoRng + ?Sized>(now: UnixMillis, rng: &mut R) -> Self {
        Self {
            active: DeviceKey::new(KeySeed::generate(rng), now),
            forced: None,
            pushed: None,
            older: Vec::new(),
            suspect: false,
        }
    }

    /// All keys, newest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &DeviceKey> {
        core::iter::once(&self.active).chain(&self.older)
    }

    /// The pairs to try, newest first.
    pub(super) fn pairs(&self) -> impl Iterator<Item = &KeyPair> {
        self.iter().map(|key| &key.pair)
    }

    pub(super) fn rotate<R: CryptoRng + ?Sized>(&mut self, now: UnixMillis, rng: &mut R) {
        let fresh = DeviceKey::new(KeySeed::generate(rng), now);
        let old = core::mem::replace(&mut self.active, fresh);
        self.older.insert(0, old);
        self.older.truncate(MAX_OLDER);
        self.pushed = None;
        if self.suspect {
            self.forced = Some(now);
            self.suspect = false;
        }
    }

    /// The clock was ahead: nothing here is later than now.
    pub(super) fn clock_went_back(&mut self, now: UnixMillis) {
        self.active.created = self.active.created.min(now);
        self.forced = self.forced.map(|time| time.min(now));
        self.pushed = self.pushed.map(|time| time.min(now));
        for key in &mut self.older {
            key.created = key.created.min(now);
        }
    }

    /// When the active key is to be replaced.
    pub(super) fn rotation_due(&self) -> UnixMillis {
        let scheduled = self.active.created.saturating_add(ROTATION);
        if !self.suspect {
            return scheduled;
        }
        match self.forced {
            Some(last) => scheduled.min(last.saturating_add(MIN_INTERVAL)),
            None => UnixMillis::default(),
        }
    }

    /// Another device has used the active key: it knows of it, and nobody honest uses an older one.
    pub(super) fn acknowledged(&mut self) -> bool {
        let erased = !self.older.is_empty();
        self.older.clear();
        erased
    }

    /// Erases what may not be used any more.
    pub(super) fn prune(&mut self, now: UnixMillis) -> bool {
        let before = self.older.len();
        if self.older_end().is_some_and(|end| end <= now) {
            self.older.clear();
        }
        // A key was rotated when the next newer one was made.
        let mut rotated = self.active.created;
        let keep = self
            .older
            .iter()
            .take_while(|key| {
                let kept = rotated.saturating_add(LIMIT) > now;
                rotated = key.created;
                kept
            })
            .count();
        self.older.truncate(keep);
        self.older.len() < before
    }

    /// When older keys end, as far as that is known.
    fn older_end(&self) -> Option<UnixMillis> {
        self.pushed.map(|pushed| pushed.saturating_add(GRACE))
    }

    /// When there is next something to erase.
    pub(super) fn prune_due(&self) -> Option<UnixMillis> {
        if self.older.is_empty() {
            return None;
        }
        let limit = self
            .iter()
            .zip(&self.older)
            .map(|(newer, _)| newer.created.saturating_add(LIMIT))
            .min();
        limit.into_iter().chain(self.older_end()).min()
    }
}

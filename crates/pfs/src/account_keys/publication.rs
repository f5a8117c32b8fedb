//! The public halves of the active key, where anybody can ask for them (spec 06 §8.3, §8.4).

use alloc::vec::Vec;

use session_core::UnixMillis;
use session_crypto::rand_core::CryptoRng;
use session_identity::Account;

use super::{AccountKeys, HeldKey};
use crate::{KeySeed, PublicKeys, read_publication, write_publication};

/// Whose key others find when they ask for this account's (spec 06 R12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OwnPublication {
    /// One that is held here.
    Held,
    /// One that was erased here: a node shows an old message (spec 06 R11). It is owed again.
    Old,
    /// A validly signed one that is not held here: alert the user and rotate. Whoever has the
    /// account's seed can read what is sent to the account from now on. Merge the messages of
    /// namespace 21 before asking, or a key that another device made is taken for one.
    Foreign,
    /// None that is validly signed.
    Absent,
}

impl AccountKeys {
    /// Whether keys are published. They are not, until the application decides.
    #[must_use]
    pub const fn publishing(&self) -> bool {
        self.publishing
    }

    /// Begins or stops to publish keys. Begin only when every device of the account reads version
    /// 2, which nobody but the user knows; once begun, keep it up: without a key senders go back to
    /// version 1 (spec 06 §8.3).
    pub const fn set_publishing(&mut self, publishing: bool) {
        self.publishing = publishing;
    }

    /// The message to be stored in namespace -21, and the seed of the key in it for
    /// [`mark_published`](Self::mark_published). `None` when there is nothing to do: publishing is
    /// off, there is no active key, the other devices may not have it yet (spec 06 R14), or it is
    /// published.
    #[must_use]
    pub fn publication<R: CryptoRng + ?Sized>(
        &self,
        account: &Account,
        rng: &mut R,
    ) -> Option<(KeySeed, Vec<u8>)> {
        let held = self.publication_owed()?;
        let message = write_publication(account, &held.pair.public(), rng).ok()?;
        Some((held.key.seed.clone(), message))
    }

    pub(super) fn publication_owed(&self) -> Option<&HeldKey> {
        self.active()
            .filter(|held| self.publishing && held.distributed && !held.published)
    }

    /// The message with this key is stored: it took the place of any other. Nothing happens when
    /// the key is not held any more.
    pub fn mark_published(&mut self, seed: &KeySeed) {
        let place = self.keys.iter().position(|held| held.key.seed == *seed);
        if place.is_some() {
            self.set_published(place);
        }
    }

    /// Takes what a complete answer of a node has in the account's own namespace -21, in the
    /// answer's order, and prunes. If that is not the active key, it is owed again.
    pub fn handle_own_publication<'m>(
        &mut self,
        account: &Account,
        messages: impl IntoIterator<Item = &'m [u8]>,
        now: UnixMillis,
    ) -> OwnPublication {
        self.prune(now);
        let id = account.id();
        let valid = messages
            .into_iter()
            .filter_map(|message| read_publication(&id, message).ok());
        self.found(valid)
    }

    /// The last one counts, as others see it; a single foreign one is an alarm.
    pub(super) fn found(&mut self, published: impl Iterator<Item = PublicKeys>) -> OwnPublication {
        let mut found = OwnPublication::Absent;
        let mut last = None;
        for keys in published {
            last = self.keys.iter().position(|held| {
                held.pair.x25519().public() == keys.x25519()
                    && held.pair.mlkem().public() == keys.mlkem()
            });
            let this = match last {
                Some(_) => OwnPublication::Held,
                None if self.was_erased(keys.x25519()) => OwnPublication::Old,
                None => OwnPublication::Foreign,
            };
            if found != OwnPublication::Foreign {
                found = this;
            }
        }
        self.set_published(last);
        found
    }

    fn set_published(&mut self, place: Option<usize>) {
        for (index, held) in self.keys.iter_mut().enumerate() {
            held.published = place == Some(index);
        }
    }
}

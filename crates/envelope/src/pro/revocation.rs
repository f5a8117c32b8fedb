//! Proofs that the backend has taken back (spec 12 §4.5).

use alloc::vec::Vec;
use core::time::Duration;

use session_core::UnixMillis;

use crate::Error;

/// An entitlement that was taken back: every proof with its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(
    clippy::exhaustive_structs,
    reason = "an entry of a list that callers store"
)]
pub struct Revocation {
    /// The tag, or in format A the generation index hash, of the proofs.
    pub tag: [u8; 32],
    /// From when on they count as revoked. Never enforced earlier.
    pub effective: UnixMillis,
    /// Until when the entry has to be kept. The proofs have expired by then.
    pub keep_until: UnixMillis,
}

/// What the backend said when it was asked for revocations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationReply {
    ticket: u64,
    retry_in: Duration,
    retain_for: Option<Duration>,
    items: Vec<Revocation>,
}

impl RevocationReply {
    /// The shortest and the longest time until the list is asked for again: a minute, two days.
    pub const RETRY_IN: (Duration, Duration) =
        (Duration::from_secs(60), Duration::from_secs(48 * 3_600));
    /// The shortest and the longest time that format B keeps an entry: a day, a year.
    pub const RETAIN_FOR: (Duration, Duration) = (
        Duration::from_secs(86_400),
        Duration::from_secs(365 * 86_400),
    );

    /// A reply of format A, whose entries say themselves how long they are kept. `retry_in` is
    /// brought into [`RETRY_IN`](Self::RETRY_IN).
    #[must_use]
    pub fn of_format_a(ticket: u64, retry_in: Duration, items: Vec<Revocation>) -> Self {
        let (shortest, longest) = Self::RETRY_IN;
        Self {
            ticket,
            retry_in: retry_in.clamp(shortest, longest),
            retain_for: None,
            items,
        }
    }

    /// A reply of format B, which says how long entries are kept after they were first received.
    /// `retry_in` and `retain_for` are brought into [`RETRY_IN`](Self::RETRY_IN) and
    /// [`RETAIN_FOR`](Self::RETAIN_FOR). `items` are tags, and since when they are revoked.
    #[must_use]
    pub fn of_format_b(
        ticket: u64,
        retry_in: Duration,
        retain_for: Duration,
        items: impl IntoIterator<Item = ([u8; 32], UnixMillis)>,
        received: UnixMillis,
    ) -> Self {
        let (shortest, longest) = Self::RETAIN_FOR;
        let retain_for = retain_for.clamp(shortest, longest);
        let keep_until = received.saturating_add(retain_for);
        let items = items.into_iter().map(|(tag, effective)| Revocation {
            tag,
            effective,
            keep_until,
        });
        Self {
            retain_for: Some(retain_for),
            ..Self::of_format_a(ticket, retry_in, items.collect())
        }
    }

    /// To be sent when asking again. Equal to the one that was sent: nothing has changed.
    #[must_use]
    pub const fn ticket(&self) -> u64 {
        self.ticket
    }

    /// How long to wait before asking again.
    #[must_use]
    pub const fn retry_in(&self) -> Duration {
        self.retry_in
    }

    /// In format B: how long entries are kept.
    #[must_use]
    pub const fn retain_for(&self) -> Option<Duration> {
        self.retain_for
    }

    /// The entries. None means that nothing has changed, not that nothing is revoked.
    #[must_use]
    pub fn items(&self) -> &[Revocation] {
        &self.items
    }
}

/// The revocations that a client knows of. Store [`ticket`](Self::ticket) and
/// [`entries`](Self::entries) to [`restore`](Self::restore) it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revocations {
    ticket: u64,
    /// By tag, each once.
    entries: Vec<Revocation>,
}

impl Revocations {
    /// How many entries a list may have: 48 bytes each.
    pub const MAX_LEN: usize = 65_536;

    /// An empty list, with ticket 0.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            ticket: 0,
            entries: Vec::new(),
        }
    }

    /// The list that was stored.
    ///
    /// # Errors
    /// [`Error::Length`] (in entries) above [`MAX_LEN`](Self::MAX_LEN).
    pub fn restore(
        ticket: u64,
        entries: impl IntoIterator<Item = Revocation>,
    ) -> Result<Self, Error> {
        let mut list = Self::new();
        let entries = entries.into_iter().collect();
        list.merge(&RevocationReply::of_format_a(
            ticket,
            Duration::ZERO,
            entries,
        ))?;
        Ok(list)
    }

    /// What to send when asking for revocations.
    #[must_use]
    pub const fn ticket(&self) -> u64 {
        self.ticket
    }

    /// The entries, by tag.
    #[must_use]
    pub fn entries(&self) -> &[Revocation] {
        &self.entries
    }

    /// Whether proofs with this tag are revoked, `now` in the network's time.
    #[must_use]
    pub fn is_revoked(&self, tag: &[u8; 32], now: UnixMillis) -> bool {
        self.entry(tag).is_some_and(|entry| now >= entry.effective)
    }

    /// Takes in what the backend said. What was known stays, also if the reply has it no more;
    /// where it has, its time counts.
    ///
    /// # Errors
    /// [`Error::Length`] (in entries) when there would be more than [`MAX_LEN`](Self::MAX_LEN).
    /// The list is as before then: [`prune`](Self::prune) it and ask again.
    pub fn merge(&mut self, reply: &RevocationReply) -> Result<(), Error> {
        let mut items = reply.items.clone();
        items.sort_unstable_by_key(|item| (item.tag, item.effective));
        // A tag that is listed twice is revoked as soon as one of them says so.
        items.dedup_by(|later, first| {
            let same = later.tag == first.tag;
            if same {
                first.keep_until = first.keep_until.max(later.keep_until);
            }
            same
        });

        let is_new = |item: &&Revocation| self.entry(&item.tag).is_none();
        let len = items.iter().filter(is_new).count();
        let len = len.saturating_add(self.entries.len());
        if len > Self::MAX_LEN {
            return Err(Error::Length {
                what: "revocation list",
                expected: Self::MAX_LEN,
                got: len,
            });
        }

        self.ticket = reply.ticket;
        let known = self.entries.len();
        self.entries.reserve_exact(len.saturating_sub(known));
        for item in items {
            // What is appended below is out of order: only look at what was there.
            let old = self.entries.get_mut(..known).unwrap_or_default();
            match position(old, &item.tag).and_then(|index| old.get_mut(index)) {
                Some(entry) => {
                    entry.effective = item.effective;
                    // Format B counts from when an entry was first received.
                    if reply.retain_for.is_none() {
                        entry.keep_until = item.keep_until;
                    }
                }
                None => self.entries.push(item),
            }
        }
        self.entries.sort_unstable_by_key(|entry| entry.tag);
        Ok(())
    }

    /// Drops the entries that need not be kept any longer.
    pub fn prune(&mut self, now: UnixMillis) {
        self.entries.retain(|entry| now <= entry.keep_until);
    }

    fn entry(&self, tag: &[u8; 32]) -> Option<&Revocation> {
        position(&self.entries, tag).and_then(|index| self.entries.get(index))
    }
}

fn position(sorted: &[Revocation], tag: &[u8; 32]) -> Option<usize> {
    sorted.binary_search_by_key(&tag, |entry| &entry.tag).ok()
}

#[cfg(test)]
mod tests;

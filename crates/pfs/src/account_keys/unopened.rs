//! Messages that may open later (spec 06 §5.5): the key is on its way from another device, or a
//! later release knows their version.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use session_core::UnixMillis;
use session_identity::Account;

use super::AccountKeys;
use crate::saved_state::{Input, put_count, put_string};
use crate::{Error, Opened};

/// How long a message is kept at most: as long as a swarm keeps it.
const MAX_AGE: Duration = Duration::from_secs(14 * 24 * 3600);

const VERSION: u8 = 1;
const WHAT: &str = "saved messages";

struct Unopened {
    hash: String,
    wire: Vec<u8>,
    until: UnixMillis,
    /// [`AccountKeys::learned`] when it was tried; `None` when that was in another process.
    tried: Option<u64>,
}

impl Unopened {
    fn len(&self) -> usize {
        self.wire.len().saturating_add(self.hash.len())
    }
}

/// Messages that no account key opened when they came, as the swarm stored them. Each is tried
/// again once whenever keys were learned, and dropped when it would have expired in the swarm, or
/// after 14 days.
///
/// Anybody can send what never opens. So there is a bound: what would expire first is dropped, the
/// new message included.
#[derive(Default)]
pub struct UnopenedMessages {
    /// Ascending by `until`.
    messages: Vec<Unopened>,
}

impl UnopenedMessages {
    /// Most messages that are kept.
    pub const MAX_MESSAGES: usize = 256;

    /// Most bytes of messages, with their hashes, that are kept.
    pub const MAX_BYTES: usize = 2 * 1024 * 1024;

    /// No messages.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many messages are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether no message is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Opens a message with [`AccountKeys::open`], and keeps it when that may succeed later: after
    /// [`Error::NoKey`] and [`Error::Version`]. `hash` is the swarm's, which names the message;
    /// `expires` the time until which the swarm keeps it.
    ///
    /// # Errors
    /// As [`AccountKeys::open`].
    pub fn open_or_keep(
        &mut self,
        account: &Account,
        keys: &AccountKeys,
        wire: &[u8],
        hash: &str,
        expires: UnixMillis,
        now: UnixMillis,
    ) -> Result<Opened, Error> {
        keys.open(account, wire).inspect_err(|error| {
            if may_open_later(*error) {
                self.keep(wire, hash, expires, now, keys.learned);
            }
        })
    }

    fn keep(
        &mut self,
        wire: &[u8],
        hash: &str,
        expires: UnixMillis,
        now: UnixMillis,
        learned: u64,
    ) {
        self.prune(now);
        let until = expires.min(now.saturating_add(MAX_AGE));
        let known = self.messages.iter().any(|kept| kept.hash == hash);
        // No node stores longer ones.
        if known || until <= now || wire.len().saturating_add(hash.len()) > Self::MAX_BYTES {
            return;
        }
        let kept = Unopened {
            hash: hash.to_owned(),
            wire: wire.to_vec(),
            until,
            tried: Some(learned),
        };
        let place = self.messages.partition_point(|other| other.until <= until);
        self.messages.insert(place, kept);
        let mut bytes: usize = self.messages.iter().map(Unopened::len).sum();
        let mut count = self.messages.len();
        let first_kept = self.messages.iter().position(|kept| {
            let fits = bytes <= Self::MAX_BYTES && count <= Self::MAX_MESSAGES;
            bytes = bytes.saturating_sub(kept.len());
            count = count.saturating_sub(1);
            fits
        });
        self.messages.drain(..first_kept.unwrap_or_default());
    }

    /// Tries every message again for which keys have been learned since it was last tried. Gives
    /// the hash of each that is done with, and what came of it: opened, or broken after all. The
    /// others stay.
    pub fn retry(
        &mut self,
        account: &Account,
        keys: &AccountKeys,
        now: UnixMillis,
    ) -> Vec<(String, Result<Opened, Error>)> {
        self.retry_with(keys.learned, now, |wire| keys.open(account, wire))
    }

    fn retry_with<T>(
        &mut self,
        learned: u64,
        now: UnixMillis,
        mut open: impl FnMut(&[u8]) -> Result<T, Error>,
    ) -> Vec<(String, Result<T, Error>)> {
        self.prune(now);
        let mut done = Vec::new();
        self.messages.retain_mut(|kept| {
            if kept.tried.replace(learned) == Some(learned) {
                return true;
            }
            match open(&kept.wire) {
                Err(error) if may_open_later(error) => true,
                result => {
                    done.push((core::mem::take(&mut kept.hash), result));
                    false
                }
            }
        });
        done
    }

    /// Drops what has expired, and says whether there was any.
    pub fn prune(&mut self, now: UnixMillis) -> bool {
        let expired = self.messages.partition_point(|kept| kept.until <= now);
        self.messages.drain(..expired);
        expired > 0
    }

    /// When [`prune`](Self::prune) has something to drop.
    #[must_use]
    pub fn next_deadline(&self) -> Option<UnixMillis> {
        self.messages.first().map(|kept| kept.until)
    }

    /// Appends the messages to `out`, for [`read`](Self::read).
    ///
    /// ```text
    /// state  = version count *(until hash wire)   version = 1, one byte; ascending by until
    /// hash, wire = length, bytes
    /// count  = two bytes; until = 8 bytes of Unix milliseconds; length = 4 bytes; all big-endian
    /// ```
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        put_count(out, self.messages.len());
        for kept in &self.messages {
            out.extend(kept.until.as_millis().to_be_bytes());
            put_string(out, kept.hash.as_bytes());
            put_string(out, &kept.wire);
        }
    }

    /// What [`write`](Self::write) wrote, and nothing else. All messages will be tried again: it
    /// may be a later release that reads them.
    ///
    /// # Errors
    /// [`Error::Version`], [`Error::Malformed`].
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        let mut input = Input::new(WHAT, VERSION, bytes)?;
        let mut messages: Vec<Unopened> = Vec::new();
        for _ in 0..input.count(Self::MAX_MESSAGES)? {
            let until = UnixMillis::from_millis(u64::from_be_bytes(*input.array()?));
            let hash = core::str::from_utf8(input.string()?).map_err(|_| input.malformed())?;
            let wire = input.string()?.to_vec();
            if messages.last().is_some_and(|last| until < last.until) {
                return Err(input.malformed());
            }
            messages.push(Unopened {
                hash: hash.to_owned(),
                wire,
                until,
                tried: None,
            });
        }
        if messages.iter().map(Unopened::len).sum::<usize>() > Self::MAX_BYTES {
            return Err(input.malformed());
        }
        input.finish()?;
        Ok(Self { messages })
    }
}

const fn may_open_later(error: Error) -> bool {
    matches!(error, Error::NoKey | Error::Version { .. })
}

/// Shows the number only.
impl fmt::Debug for UnopenedMessages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnopenedMessages")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

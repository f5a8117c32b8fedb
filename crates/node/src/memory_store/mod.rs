//! A store for tests, simulations and small nodes.

mod messages;
mod revocations;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::fmt;

use session_core::{NetworkId, UnixMillis};
use session_storage::{Class, MessageHash, Namespace, RetrieveLimits, Token};

use crate::{
    Expiry, ExpiryMode, MessageStore, NewMessage, Place, Retrieved, Scanned, Selection, Stored,
};
use messages::{Messages, cost};
use revocations::Revocations;

/// Messages in memory, up to a number of bytes.
///
/// Storing, finding, changing and forgetting one message take O(log n) with n messages in the
/// store. Only choosing by time ([`Selection::Before`], [`MessageStore::expire_all`]) looks at
/// every message of the mailbox.
#[derive(Clone)]
pub struct MemoryStore {
    messages: Messages,
    revocations: Revocations,
    max_bytes: usize,
}

/// The store holds as many bytes as it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("message store is full")]
#[non_exhaustive]
pub struct Full;

/// How many messages, or accounts with revocations, are forgotten at once: what takes some
/// milliseconds.
const MAX_CLEANED: usize = 5000;

/// Bytes that a revocation is counted with: about what it takes when it is an account's only one.
const REVOCATION_COST: usize = 256;

/// 256 MiB.
impl Default for MemoryStore {
    fn default() -> Self {
        Self::with_capacity(256 * 1024 * 1024)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("messages", &self.len())
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}

impl MemoryStore {
    /// A store that refuses what would take it beyond `max_bytes`. A message counts its data and
    /// 640 bytes, a revocation 256 bytes.
    #[must_use]
    pub const fn with_capacity(max_bytes: usize) -> Self {
        Self {
            messages: Messages::new(),
            revocations: Revocations::new(),
            max_bytes,
        }
    }

    /// How many messages there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether there are no messages.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What messages and revocations cost together.
    fn bytes(&self) -> usize {
        let revocations = self.revocations.len().saturating_mul(REVOCATION_COST);
        self.messages.bytes().saturating_add(revocations)
    }

    /// Forgets revocations that have ended. Says whether there may be more.
    fn remove_revocations(&mut self, now: UnixMillis) -> bool {
        let ended: Vec<NetworkId> = self
            .revocations
            .outlived(now)
            .filter(|account| self.messages.in_mailboxes(account, None).next().is_none())
            .take(MAX_CLEANED)
            .collect();
        for account in &ended {
            self.revocations.set(account, &BTreeMap::new());
        }
        ended.len() == MAX_CLEANED
    }

    /// Refuses to grow beyond the capacity.
    fn check_room(&self, freed: usize, needed: usize) -> Result<(), Full> {
        let bytes = self.bytes().saturating_sub(freed).saturating_add(needed);
        if needed > freed && bytes > self.max_bytes {
            return Err(Full);
        }
        Ok(())
    }
}

impl MessageStore for MemoryStore {
    type Error = Full;

    fn put(&mut self, new: &NewMessage<'_>) -> Result<Stored, Full> {
        let NewMessage {
            account,
            namespace,
            ref message,
        } = *new;
        if let Some(number) = self.messages.find(&account, namespace, &message.hash)
            && let Some(known) = self.messages.get(number)
        {
            let expiry = known.expiry.max(message.expiry);
            self.messages.set_expiry(number, expiry);
            return Ok(Stored {
                expiry,
                already: true,
            });
        }
        let outbox = namespace.class() == Class::PublicOutbox;
        let known = outbox
            .then(|| self.messages.in_mailboxes(&account, Some(namespace)).next())
            .flatten();
        match known {
            Some((_, known)) if known.timestamp >= message.timestamp => {
                return Ok(Stored {
                    expiry: UnixMillis::default(),
                    already: true,
                });
            }
            Some((number, known)) => {
                self.check_room(cost(known), cost(message))?;
                self.messages.remove(number);
            }
            None => self.check_room(0, cost(message))?,
        }
        self.messages.insert(new);
        Ok(Stored {
            expiry: message.expiry,
            already: false,
        })
    }

    fn retrieve(
        &self,
        account: &NetworkId,
        namespace: Namespace,
        last_hash: Option<&MessageHash>,
        limits: &RetrieveLimits,
    ) -> Result<Retrieved<'_>, Full> {
        let last = last_hash
            .and_then(|hash| self.messages.find(account, namespace, hash))
            .unwrap_or(0);
        let messages = self.messages.mailbox_after(account, namespace, last);
        let page = limits.page(messages.clone().map(|known| known.message.data.len()));
        let messages = messages.take(page.count);
        Ok(Retrieved {
            messages: messages.map(|known| known.borrowed().message).collect(),
            more: page.more,
        })
    }

    fn expiries(
        &self,
        account: &NetworkId,
        hashes: &[MessageHash],
    ) -> Result<Vec<(MessageHash, UnixMillis)>, Full> {
        let expiry_of = |hash: &MessageHash| {
            let numbers = self.messages.find_all(account, hash);
            let messages = numbers.filter_map(|number| self.messages.get(number));
            messages.map(|message| message.expiry).max()
        };
        let hashes: BTreeSet<MessageHash> = hashes.iter().copied().collect();
        Ok(hashes
            .into_iter()
            .filter_map(|hash| Some((hash, expiry_of(&hash)?)))
            .collect())
    }

    fn delete(
        &mut self,
        account: &NetworkId,
        which: Selection<'_>,
    ) -> Result<Vec<(Namespace, MessageHash)>, Full> {
        let numbers: Vec<u64> = match which {
            Selection::Hashes(hashes) => hashes
                .iter()
                .flat_map(|hash| self.messages.find_all(account, hash))
                .collect(),
            Selection::Before(namespace, before) => self
                .messages
                .in_mailboxes(account, namespace)
                .filter(|(_, message)| message.timestamp <= before)
                .map(|(number, _)| number)
                .collect(),
            Selection::All(namespace) => self
                .messages
                .in_mailboxes(account, namespace)
                .map(|(number, _)| number)
                .collect(),
        };
        Ok(sorted(
            numbers
                .into_iter()
                .filter_map(|number| self.messages.remove(number)),
        ))
    }

    fn expire(
        &mut self,
        account: &NetworkId,
        changes: &[(MessageHash, UnixMillis)],
        mode: ExpiryMode,
    ) -> Result<Vec<Expiry>, Full> {
        let changes: BTreeMap<MessageHash, UnixMillis> = changes.iter().copied().collect();
        let mut answer: Vec<Expiry> = Vec::new();
        for (hash, new) in changes {
            let numbers: Vec<u64> = self.messages.find_all(account, &hash).collect();
            for number in numbers {
                let Some(old) = self.messages.get(number).map(|known| known.expiry) else {
                    continue;
                };
                let updated = mode.allows(old, new);
                if updated {
                    self.messages.set_expiry(number, new);
                }
                let changed = Expiry {
                    hash,
                    expiry: if updated { new } else { old },
                    updated,
                };
                changed.add_to(&mut answer);
            }
        }
        Ok(answer)
    }

    fn expire_all(
        &mut self,
        account: &NetworkId,
        namespace: Option<Namespace>,
        expiry: UnixMillis,
    ) -> Result<Vec<(Namespace, MessageHash)>, Full> {
        let numbers: Vec<u64> = self
            .messages
            .in_mailboxes(account, namespace)
            .filter(|(_, message)| message.expiry > expiry)
            .map(|(number, _)| number)
            .collect();
        Ok(sorted(numbers.into_iter().filter_map(|number| {
            self.messages.set_expiry(number, expiry)
        })))
    }

    fn revoke(
        &mut self,
        account: &NetworkId,
        tokens: &[Token],
        at: UnixMillis,
    ) -> Result<(), Full> {
        let before = self.revocations.of(account).count();
        let revoked = self.revocations.with(account, tokens, at);
        let cost = |count: usize| count.saturating_mul(REVOCATION_COST);
        self.check_room(cost(before), cost(revoked.len()))?;
        self.revocations.set(account, &revoked);
        Ok(())
    }

    fn unrevoke(
        &mut self,
        account: &NetworkId,
        tokens: &[Token],
        at: UnixMillis,
    ) -> Result<usize, Full> {
        let mut revoked: BTreeMap<Token, UnixMillis> = self.revocations.of(account).collect();
        let before = revoked.len();
        for token in tokens {
            if revoked.get(token).is_some_and(|time| *time <= at) {
                revoked.remove(token);
            }
        }
        self.revocations.set(account, &revoked);
        Ok(before.saturating_sub(revoked.len()))
    }

    fn revoked(&self, account: &NetworkId) -> Result<Vec<Token>, Full> {
        Ok(self
            .revocations
            .of(account)
            .map(|(token, _)| token)
            .collect())
    }

    fn is_revoked(&self, account: &NetworkId, token: &Token) -> Result<bool, Full> {
        Ok(self.revocations.contains(account, token))
    }

    fn remove_expired(&mut self, now: UnixMillis) -> Result<bool, Full> {
        for _ in 0..MAX_CLEANED {
            let Some(number) = self.messages.expired(now) else {
                return Ok(self.remove_revocations(now));
            };
            self.messages.remove(number);
        }
        Ok(true)
    }

    fn scan(&self, after: Option<Place>, max_bytes: usize) -> Result<Scanned<'_>, Full> {
        let Place(mut last) = after.unwrap_or(Place(0));
        let mut messages = Vec::new();
        let mut bytes: usize = 0;
        for (number, known) in self.messages.after(last) {
            bytes = bytes.saturating_add(known.counted_len());
            if !messages.is_empty() && bytes > max_bytes {
                let next = Some(Place(last));
                return Ok(Scanned { messages, next });
            }
            messages.push(known.borrowed());
            last = number;
        }
        let next = None;
        Ok(Scanned { messages, next })
    }
}

fn sorted(
    messages: impl Iterator<Item = (Namespace, MessageHash)>,
) -> Vec<(Namespace, MessageHash)> {
    let mut messages: Vec<_> = messages.collect();
    messages.sort_unstable();
    messages
}

#[cfg(test)]
mod tests {
    use super::messages::MESSAGE_OVERHEAD;
    use super::*;
    use crate::store_tests;
    use alloc::format;
    use session_storage::Message;

    #[test]
    fn passes_the_suite() {
        store_tests::all(MemoryStore::default);
        store_tests::full(MemoryStore::with_capacity(50_000));
    }

    #[test]
    fn a_cleaning_takes_a_moment_and_says_that_there_is_more() {
        let time = UnixMillis::from_secs(1);
        let later = time.saturating_add(crate::REVOCATION_LIFE);
        let account = |number: usize| {
            let mut account = [5; NetworkId::LEN];
            account[1..9].copy_from_slice(&number.to_be_bytes());
            NetworkId::from(account)
        };
        let mut store = MemoryStore::default();
        let hash = MessageHash::of(&account(0), Namespace::DIRECT, b"");
        let count = 2 * MAX_CLEANED + 1;
        for number in 0..count {
            let new = NewMessage {
                account: account(number),
                namespace: Namespace::DIRECT,
                message: Message::new(hash, time, time, &b""[..]),
            };
            store.put(&new).unwrap();
            let token = Token::from_bytes([1; Token::LEN]);
            store.revoke(&new.account, &[token], time).unwrap();
        }
        let mut seen = Vec::new();
        let mut clean = || {
            let more = store.remove_expired(later).unwrap();
            seen.push((store.len(), store.revocations.len()));
            more
        };
        let mut calls = 1;
        while clean() {
            calls += 1;
        }
        let piece = MAX_CLEANED;
        assert_eq!(calls, 5);
        assert_eq!(
            seen,
            [
                (piece + 1, count),
                (1, count),
                (0, count - piece),
                (0, 1),
                (0, 0)
            ]
        );
    }

    #[test]
    fn the_capacity_is_exact() {
        let account = NetworkId::from([1; 33]);
        let message = |number: u8| NewMessage {
            account,
            namespace: Namespace::DIRECT,
            message: Message::new(
                MessageHash::of(&account, Namespace::DIRECT, &[number]),
                UnixMillis::default(),
                UnixMillis::default(),
                alloc::vec![number; 7],
            ),
        };
        let mut store = MemoryStore::with_capacity(2 * (7 + MESSAGE_OVERHEAD) + REVOCATION_COST);
        assert!(store.is_empty());
        store.put(&message(1)).unwrap();
        let tokens = [[1; 36], [2; 36]].map(Token::from_bytes);
        let now = UnixMillis::default();
        store.revoke(&account, &tokens[..1], now).unwrap();
        store.put(&message(2)).unwrap();
        assert_eq!(store.put(&message(3)), Err(Full));
        assert_eq!(store.revoke(&account, &tokens, now), Err(Full));
        assert_eq!(store.len(), 2);
        assert_eq!(store.bytes(), store.max_bytes);
        let text = format!("{store:?}");
        assert_eq!(text, "MemoryStore { messages: 2, bytes: 1550, .. }");
    }
}

//! A store that is simple enough to be right: two lists, which every call goes through.

use alloc::vec::Vec;
use core::convert::Infallible;

use session_core::{NetworkId, UnixMillis};
use session_storage::{Class, MessageHash, Namespace, RetrieveLimits, Token};

use super::owned;
use crate::{
    Expiry, ExpiryMode, MAX_REVOKED, MessageStore, NewMessage, Place, REVOCATION_LIFE, Retrieved,
    Scanned, Selection, Stored,
};

#[derive(Debug, Default)]
pub(super) struct Model {
    /// In order of arrival, with a number that grows.
    messages: Vec<(u64, NewMessage<'static>)>,
    revoked: Vec<(NetworkId, Token, UnixMillis)>,
    last: u64,
}

impl Model {
    fn messages_of(
        &mut self,
        account: &NetworkId,
    ) -> impl Iterator<Item = &mut NewMessage<'static>> {
        let messages = self.messages.iter_mut().map(|(_, message)| message);
        messages.filter(move |message| message.account == *account)
    }
}

fn names(mut messages: Vec<(Namespace, MessageHash)>) -> Vec<(Namespace, MessageHash)> {
    messages.sort();
    messages
}

impl MessageStore for Model {
    type Error = Infallible;

    fn put(&mut self, new: &NewMessage<'_>) -> Result<Stored, Infallible> {
        let mut already = None;
        for known in self.messages_of(&new.account) {
            if known.namespace != new.namespace {
                continue;
            }
            if known.message.hash == new.message.hash {
                let expiry = known.message.expiry.max(new.message.expiry);
                known.message.expiry = expiry;
                already = Some(expiry);
            } else if new.namespace.class() == Class::PublicOutbox
                && known.message.timestamp >= new.message.timestamp
            {
                already = Some(UnixMillis::default());
            }
        }
        if let Some(expiry) = already {
            return Ok(Stored {
                expiry,
                already: true,
            });
        }
        if new.namespace.class() == Class::PublicOutbox {
            self.messages.retain(|(_, known)| {
                (known.account, known.namespace) != (new.account, new.namespace)
            });
        }
        self.last += 1;
        self.messages.push((self.last, owned(new.borrowed())));
        Ok(Stored {
            expiry: new.message.expiry,
            already: false,
        })
    }

    fn retrieve(
        &self,
        account: &NetworkId,
        namespace: Namespace,
        last_hash: Option<&MessageHash>,
        limits: &RetrieveLimits,
    ) -> Result<Retrieved<'_>, Infallible> {
        let mut messages: Vec<_> = self
            .messages
            .iter()
            .filter(|(_, known)| (known.account, known.namespace) == (*account, namespace))
            .map(|(_, known)| known.borrowed().message)
            .collect();
        let last = messages
            .iter()
            .position(|message| Some(&message.hash) == last_hash);
        messages.drain(..last.map_or(0, |last| last + 1));
        let page = limits.page(messages.iter().map(|message| message.data.len()));
        messages.truncate(page.count);
        Ok(Retrieved {
            messages,
            more: page.more,
        })
    }

    fn expiries(
        &self,
        account: &NetworkId,
        hashes: &[MessageHash],
    ) -> Result<Vec<(MessageHash, UnixMillis)>, Infallible> {
        let messages = self.messages.iter().map(|(_, known)| known);
        let mut found: Vec<_> = messages
            .filter(|known| known.account == *account && hashes.contains(&known.message.hash))
            .map(|known| (known.message.hash, known.message.expiry))
            .collect();
        // The later of two comes first and stays.
        found.sort_by_key(|(hash, expiry)| (*hash, core::cmp::Reverse(*expiry)));
        found.dedup_by_key(|(hash, _)| *hash);
        Ok(found)
    }

    fn delete(
        &mut self,
        account: &NetworkId,
        which: Selection<'_>,
    ) -> Result<Vec<(Namespace, MessageHash)>, Infallible> {
        let mut deleted = Vec::new();
        self.messages.retain(|(_, known)| {
            let inside = |namespace: Option<Namespace>| {
                namespace.is_none_or(|namespace| namespace == known.namespace)
            };
            let wanted = match which {
                Selection::Hashes(hashes) => hashes.contains(&known.message.hash),
                Selection::Before(namespace, before) => {
                    inside(namespace) && known.message.timestamp <= before
                }
                Selection::All(namespace) => inside(namespace),
            };
            let wanted = wanted && known.account == *account;
            if wanted {
                deleted.push((known.namespace, known.message.hash));
            }
            !wanted
        });
        Ok(names(deleted))
    }

    fn expire(
        &mut self,
        account: &NetworkId,
        changes: &[(MessageHash, UnixMillis)],
        mode: ExpiryMode,
    ) -> Result<Vec<Expiry>, Infallible> {
        let mut answer: Vec<Expiry> = Vec::new();
        for known in self.messages_of(account) {
            let hash = known.message.hash;
            let last = changes.iter().rev().find(|(changed, _)| *changed == hash);
            let Some((_, new)) = last else { continue };
            let old = known.message.expiry;
            let updated = match mode {
                ExpiryMode::Set => true,
                ExpiryMode::Extend => *new > old,
                ExpiryMode::Shorten => *new < old,
            };
            let expiry = if updated { *new } else { old };
            known.message.expiry = expiry;
            match answer.iter_mut().find(|other| other.hash == hash) {
                Some(other) => {
                    other.expiry = other.expiry.max(expiry);
                    other.updated |= updated;
                }
                None => answer.push(Expiry {
                    hash,
                    expiry,
                    updated,
                }),
            }
        }
        answer.sort_by_key(|expiry| expiry.hash);
        Ok(answer)
    }

    fn expire_all(
        &mut self,
        account: &NetworkId,
        namespace: Option<Namespace>,
        expiry: UnixMillis,
    ) -> Result<Vec<(Namespace, MessageHash)>, Infallible> {
        let mut changed = Vec::new();
        for known in self.messages_of(account) {
            let inside = namespace.is_none_or(|namespace| namespace == known.namespace);
            if inside && known.message.expiry > expiry {
                known.message.expiry = expiry;
                changed.push((known.namespace, known.message.hash));
            }
        }
        Ok(names(changed))
    }

    fn revoke(
        &mut self,
        account: &NetworkId,
        tokens: &[Token],
        at: UnixMillis,
    ) -> Result<(), Infallible> {
        for token in tokens {
            let known = self
                .revoked
                .iter_mut()
                .find(|(owner, known, _)| (owner, known) == (account, token));
            match known {
                Some((_, _, time)) => *time = at.max(*time),
                None => self.revoked.push((*account, *token, at)),
            }
        }
        while self.revoked(account)?.len() > MAX_REVOKED {
            let (index, _) = self
                .revoked
                .iter()
                .enumerate()
                .filter(|(_, (owner, _, _))| owner == account)
                .min_by_key(|(_, (_, token, at))| (*at, *token))
                .expect("there are too many");
            self.revoked.remove(index);
        }
        Ok(())
    }

    fn unrevoke(
        &mut self,
        account: &NetworkId,
        tokens: &[Token],
        at: UnixMillis,
    ) -> Result<usize, Infallible> {
        let before = self.revoked.len();
        self.revoked.retain(|(owner, token, time)| {
            owner != account || !tokens.contains(token) || *time > at
        });
        Ok(before - self.revoked.len())
    }

    fn revoked(&self, account: &NetworkId) -> Result<Vec<Token>, Infallible> {
        let revoked = self.revoked.iter();
        let mut tokens: Vec<Token> = revoked
            .filter(|(owner, _, _)| owner == account)
            .map(|(_, token, _)| *token)
            .collect();
        tokens.sort();
        Ok(tokens)
    }

    fn is_revoked(&self, account: &NetworkId, token: &Token) -> Result<bool, Infallible> {
        Ok(self.revoked(account)?.contains(token))
    }

    fn remove_expired(&mut self, now: UnixMillis) -> Result<bool, Infallible> {
        self.messages
            .retain(|(_, known)| known.message.expiry > now);
        let keep: Vec<NetworkId> = self
            .revoked
            .iter()
            .filter(|(_, _, at)| at.saturating_add(REVOCATION_LIFE) > now)
            .map(|(owner, _, _)| *owner)
            .chain(self.messages.iter().map(|(_, known)| known.account))
            .collect();
        self.revoked.retain(|(owner, _, _)| keep.contains(owner));
        Ok(false)
    }

    fn scan(&self, after: Option<Place>, max_bytes: usize) -> Result<Scanned<'_>, Infallible> {
        let mut scanned = Scanned {
            messages: Vec::new(),
            next: None,
        };
        let mut bytes = 0;
        let mut last = None;
        for (number, known) in &self.messages {
            if after.is_some_and(|Place(after)| *number <= after) {
                continue;
            }
            bytes += known.counted_len();
            if last.is_some() && bytes > max_bytes {
                scanned.next = last;
                break;
            }
            scanned.messages.push(known.borrowed());
            last = Some(Place(*number));
        }
        Ok(scanned)
    }
}

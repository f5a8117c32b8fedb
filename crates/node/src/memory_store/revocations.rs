//! The revoked tokens of all accounts.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use session_core::{NetworkId, UnixMillis};
use session_storage::Token;

use crate::{MAX_REVOKED, REVOCATION_LIFE};

#[derive(Clone, Debug)]
pub(super) struct Revocations {
    times: BTreeMap<(NetworkId, Token), UnixMillis>,
    /// The latest revocation of each account.
    latest: BTreeSet<(UnixMillis, NetworkId)>,
}

impl Revocations {
    pub(super) const fn new() -> Self {
        Self {
            times: BTreeMap::new(),
            latest: BTreeSet::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.times.len()
    }

    pub(super) fn contains(&self, account: &NetworkId, token: &Token) -> bool {
        self.times.contains_key(&(*account, *token))
    }

    /// What an account has revoked and when, ascending by token.
    pub(super) fn of(&self, account: &NetworkId) -> impl Iterator<Item = (Token, UnixMillis)> {
        let first = (*account, Token::from_bytes([0; Token::LEN]));
        let last = (*account, Token::from_bytes([u8::MAX; Token::LEN]));
        self.times
            .range(first..=last)
            .map(|((_, token), at)| (*token, *at))
    }

    /// What an account will have revoked when it has revoked these tokens too.
    pub(super) fn with(
        &self,
        account: &NetworkId,
        tokens: &[Token],
        at: UnixMillis,
    ) -> BTreeMap<Token, UnixMillis> {
        let mut revoked: BTreeMap<Token, UnixMillis> = self.of(account).collect();
        for token in tokens {
            let time = revoked.entry(*token).or_default();
            *time = at.max(*time);
        }
        let mut oldest: Vec<_> = revoked.iter().map(|(token, at)| (*at, *token)).collect();
        oldest.sort_unstable();
        oldest.truncate(oldest.len().saturating_sub(MAX_REVOKED));
        for (_, token) in oldest {
            revoked.remove(&token);
        }
        revoked
    }

    /// Puts another list in the place of an account's.
    pub(super) fn set(&mut self, account: &NetworkId, revoked: &BTreeMap<Token, UnixMillis>) {
        let old: Vec<_> = self.of(account).collect();
        for (token, at) in old {
            self.times.remove(&(*account, token));
            self.latest.remove(&(at, *account));
        }
        for (token, at) in revoked {
            self.times.insert((*account, *token), *at);
        }
        if let Some(at) = revoked.values().max() {
            self.latest.insert((*at, *account));
        }
    }

    /// The accounts whose latest revocation is so old that only stored messages can keep it.
    pub(super) fn outlived(&self, now: UnixMillis) -> impl Iterator<Item = NetworkId> {
        self.latest
            .iter()
            .take_while(move |(at, _)| at.saturating_add(REVOCATION_LIFE) <= now)
            .map(|(_, account)| *account)
    }
}

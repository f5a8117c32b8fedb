//! The calls of a store, each one transaction.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{CachedStatement, OptionalExtension, Params};
use session_core::{NetworkId, UnixMillis};
use session_node::{
    Expiry, ExpiryMode, MAX_REVOKED, MessageStore, NewMessage, Place, REVOCATION_LIFE, Retrieved,
    Scanned, Selection, Stored,
};
use session_storage::{MessageHash, Namespace, RetrieveLimits, Token};

use crate::value::{bound, id_and_expiry, message, millis, name, numbered_message, range, time};
use crate::{Error, SqliteStore, sql};

/// How many messages, or revocations, are forgotten at once. Each may be on pages of its own, and
/// all these go through the log.
const MAX_CLEANED: u16 = 1000;

impl MessageStore for SqliteStore {
    type Error = Error;

    fn put(&mut self, new: &NewMessage<'_>) -> Result<Stored, Error> {
        let mut change = self.begin()?;
        let stored = change.put(new)?;
        change.commit()?;
        Ok(stored)
    }

    fn put_all(&mut self, messages: &[NewMessage<'_>]) -> Result<usize, Error> {
        let mut fitting = messages;
        loop {
            let mut change = self.begin()?;
            let put = |message| change.put(message).map(drop);
            let results = fitting.iter().map(put).enumerate();
            let mut failures = results.filter_map(|(before, done)| Some((before, done.err()?)));
            match failures.next() {
                Some((0, error)) => return Err(error),
                // It may have undone those before it too: once more, without it.
                Some((before, _)) => fitting = fitting.get(..before).unwrap_or_default(),
                None => {
                    drop(failures);
                    change.commit()?;
                    return Ok(fitting.len());
                }
            }
        }
    }

    fn retrieve(
        &self,
        account: &NetworkId,
        namespace: Namespace,
        last_hash: Option<&MessageHash>,
        limits: &RetrieveLimits,
    ) -> Result<Retrieved<'_>, Error> {
        let (account, namespace) = (account.as_bytes(), namespace.number());
        let mut last = 0;
        if let Some(hash) = last_hash {
            let found = self
                .connection
                .prepare_cached(sql::FIND)?
                .query_row((account, hash.as_str(), namespace), id_and_expiry)
                .optional()?;
            last = found.map_or(0, |(id, _)| id);
        }
        let mut statement = self.connection.prepare_cached(sql::PAGE)?;
        let mut rows = statement.query((account, namespace, last))?;
        let mut messages = Vec::new();
        let mut failure = None;
        // Reads one message more than fits.
        let lengths = core::iter::from_fn(|| {
            let next = match rows.next() {
                Ok(row) => message(row?),
                Err(error) => Err(error.into()),
            };
            let next = next.map_err(|error| failure = Some(error)).ok()?;
            let length = next.data.len();
            messages.push(next);
            Some(length)
        });
        let page = limits.page(lengths);
        messages.truncate(page.count);
        failure.map_or(Ok(()), Err)?;
        Ok(Retrieved {
            messages,
            more: page.more,
        })
    }

    fn expiries(
        &self,
        account: &NetworkId,
        hashes: &[MessageHash],
    ) -> Result<Vec<(MessageHash, UnixMillis)>, Error> {
        let mut statement = self.connection.prepare_cached(sql::LATEST_EXPIRY)?;
        let hashes: BTreeSet<MessageHash> = hashes.iter().copied().collect();
        let mut expiries = Vec::new();
        for hash in hashes {
            let expiry: Option<i64> =
                statement.query_row((account.as_bytes(), hash.as_str()), |row| row.get(0))?;
            if let Some(expiry) = expiry {
                expiries.push((hash, time(expiry)?));
            }
        }
        Ok(expiries)
    }

    fn delete(
        &mut self,
        account: &NetworkId,
        which: Selection<'_>,
    ) -> Result<Vec<(Namespace, MessageHash)>, Error> {
        let account = account.as_bytes();
        let (namespace, before) = match which {
            Selection::Hashes(hashes) => {
                let change = self.begin()?;
                let mut statement = change.transaction.prepare_cached(sql::DELETE)?;
                let mut deleted = Vec::new();
                for hash in hashes {
                    deleted.extend(names(&mut statement, (account, hash.as_str()))?);
                }
                drop(statement);
                change.commit()?;
                deleted.sort_unstable();
                return Ok(deleted);
            }
            Selection::Before(namespace, before) => (range(namespace), bound(before)),
            Selection::All(namespace) => (range(namespace), i64::MAX),
        };
        let (first, last) = namespace.into_inner();
        self.change_names(sql::DELETE_BEFORE, (account, first, last, before))
    }

    fn expire(
        &mut self,
        account: &NetworkId,
        changes: &[(MessageHash, UnixMillis)],
        mode: ExpiryMode,
    ) -> Result<Vec<Expiry>, Error> {
        let changes: BTreeMap<MessageHash, UnixMillis> = changes.iter().copied().collect();
        let change = self.begin()?;
        let mut find = change.transaction.prepare_cached(sql::FIND_ALL)?;
        let mut set = change.transaction.prepare_cached(sql::SET_EXPIRY)?;
        let mut answer = Vec::new();
        for (hash, new) in changes {
            let found: Vec<(i64, i64)> = find
                .query_map((account.as_bytes(), hash.as_str()), id_and_expiry)?
                .collect::<Result<_, _>>()?;
            for (id, old) in found {
                let old = time(old)?;
                let updated = mode.allows(old, new);
                if updated {
                    set.execute((id, millis(new)?))?;
                }
                let changed = Expiry {
                    hash,
                    expiry: if updated { new } else { old },
                    updated,
                };
                changed.add_to(&mut answer);
            }
        }
        drop((find, set));
        change.commit()?;
        Ok(answer)
    }

    fn expire_all(
        &mut self,
        account: &NetworkId,
        namespace: Option<Namespace>,
        expiry: UnixMillis,
    ) -> Result<Vec<(Namespace, MessageHash)>, Error> {
        let (first, last) = range(namespace).into_inner();
        let parameters = (account.as_bytes(), first, last, bound(expiry));
        self.change_names(sql::EXPIRE_ALL, parameters)
    }

    fn revoke(
        &mut self,
        account: &NetworkId,
        tokens: &[Token],
        at: UnixMillis,
    ) -> Result<(), Error> {
        let (account, at) = (account.as_bytes(), millis(at)?);
        let change = self.begin()?;
        let mut statement = change.transaction.prepare_cached(sql::REVOKE)?;
        for token in tokens {
            statement.execute((account, token.as_bytes(), at))?;
        }
        drop(statement);
        change
            .transaction
            .prepare_cached(sql::KEEP_LATEST)?
            .execute((account, i64::try_from(MAX_REVOKED).unwrap_or(i64::MAX)))?;
        change.commit()
    }

    fn unrevoke(
        &mut self,
        account: &NetworkId,
        tokens: &[Token],
        at: UnixMillis,
    ) -> Result<usize, Error> {
        let (account, at) = (account.as_bytes(), bound(at));
        let change = self.begin()?;
        let mut statement = change.transaction.prepare_cached(sql::UNREVOKE)?;
        let mut removed: usize = 0;
        for token in tokens {
            let count = statement.execute((account, token.as_bytes(), at))?;
            removed = removed.saturating_add(count);
        }
        drop(statement);
        change.commit()?;
        Ok(removed)
    }

    fn revoked(&self, account: &NetworkId) -> Result<Vec<Token>, Error> {
        let mut statement = self.connection.prepare_cached(sql::REVOKED)?;
        let tokens = statement.query_map([account.as_bytes()], |row| row.get(0))?;
        Ok(tokens
            .map(|bytes| bytes.map(Token::from_bytes))
            .collect::<Result<_, _>>()?)
    }

    fn is_revoked(&self, account: &NetworkId, token: &Token) -> Result<bool, Error> {
        Ok(self
            .connection
            .prepare_cached(sql::IS_REVOKED)?
            .query_row((account.as_bytes(), token.as_bytes()), |row| row.get(0))?)
    }

    fn remove_expired(&mut self, now: UnixMillis) -> Result<bool, Error> {
        let change = self.begin()?;
        let database = &change.transaction;
        let mut removed = database
            .prepare_cached(sql::DELETE_EXPIRED)?
            .execute((bound(now), MAX_CLEANED))?;
        let life = u64::try_from(REVOCATION_LIFE.as_millis()).unwrap_or(u64::MAX);
        if removed < usize::from(MAX_CLEANED)
            && let Some(last) = now.as_millis().checked_sub(life)
        {
            let last = bound(UnixMillis::from_millis(last));
            removed = database
                .prepare_cached(sql::END_REVOCATIONS)?
                .execute((last, MAX_CLEANED))?;
        }
        change.commit()?;
        Ok(removed >= usize::from(MAX_CLEANED))
    }

    fn scan(&self, after: Option<Place>, max_bytes: usize) -> Result<Scanned<'_>, Error> {
        let mut last = after.map_or(0, |Place(id)| i64::try_from(id).unwrap_or(i64::MAX));
        let mut statement = self.connection.prepare_cached(sql::SCAN)?;
        let mut rows = statement.query([last])?;
        let mut messages = Vec::new();
        let mut bytes: usize = 0;
        while let Some(row) = rows.next()? {
            let (id, message) = numbered_message(row)?;
            bytes = bytes.saturating_add(message.counted_len());
            if !messages.is_empty() && bytes > max_bytes {
                let last = u64::try_from(last).map_err(|_| Error::Corrupt)?;
                let next = Some(Place(last));
                return Ok(Scanned { messages, next });
            }
            messages.push(message);
            last = id;
        }
        let next = None;
        Ok(Scanned { messages, next })
    }
}

impl SqliteStore {
    /// Runs a statement that changes messages, and gives their names in order.
    fn change_names(
        &mut self,
        sql: &str,
        parameters: impl Params,
    ) -> Result<Vec<(Namespace, MessageHash)>, Error> {
        let change = self.begin()?;
        let mut changed = names(&mut change.transaction.prepare_cached(sql)?, parameters)?;
        change.commit()?;
        changed.sort_unstable();
        Ok(changed)
    }
}

fn names(
    statement: &mut CachedStatement<'_>,
    parameters: impl Params,
) -> Result<Vec<(Namespace, MessageHash)>, Error> {
    statement.query_and_then(parameters, name)?.collect()
}

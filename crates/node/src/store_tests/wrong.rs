//! Stores that each break one rule: the suite has to find them out.

extern crate std;

use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use super::model::Model;
use super::*;
use crate::{Expiry, ExpiryMode, Full, MemoryStore, Retrieved, Scanned, Selection};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    DuplicateLowersExpiry,
    DuplicateMoves,
    OutboxTakesAsOld,
    UnknownLastHashEndsThePage,
    MoreIsForgotten,
    DeletedAreUnsorted,
    BeforeExcludesItsTime,
    ExtendUpdatesEquals,
    FirstOfRepeatedChangesCounts,
    ExpireAllRaises,
    CleaningExcludesItsTime,
    RevocationsAreNotRefreshed,
    RevocationsEndWithTheMessages,
    UnrevokedAreCountedTwice,
    ScanSkipsOne,
    FailedPutDeletes,
    RevocationsCostNothing,
}

/// Those that a store of any size can have.
const FAULTS: [Fault; 15] = [
    Fault::DuplicateLowersExpiry,
    Fault::DuplicateMoves,
    Fault::OutboxTakesAsOld,
    Fault::UnknownLastHashEndsThePage,
    Fault::MoreIsForgotten,
    Fault::DeletedAreUnsorted,
    Fault::BeforeExcludesItsTime,
    Fault::ExtendUpdatesEquals,
    Fault::FirstOfRepeatedChangesCounts,
    Fault::ExpireAllRaises,
    Fault::CleaningExcludesItsTime,
    Fault::RevocationsAreNotRefreshed,
    Fault::RevocationsEndWithTheMessages,
    Fault::UnrevokedAreCountedTwice,
    Fault::ScanSkipsOne,
];

/// A right store with a fault.
struct Wrong {
    store: MemoryStore,
    fault: Fault,
}

impl Wrong {
    fn new(fault: Fault, max_bytes: usize) -> Self {
        let store = MemoryStore::with_capacity(max_bytes);
        Self { store, fault }
    }
}

const MILLISECOND: core::time::Duration = core::time::Duration::from_millis(1);

impl MessageStore for Wrong {
    type Error = Full;

    fn put(&mut self, message: &NewMessage<'_>) -> Result<Stored, Full> {
        let (account, hash) = (message.account, message.message.hash);
        let known = self.store.expiries(&account, &[hash])?;
        match self.fault {
            Fault::DuplicateMoves if !known.is_empty() => {
                let stored = self.store.put(message)?;
                self.store.delete(&account, Selection::Hashes(&[hash]))?;
                self.store.put(message)?;
                self.store.expire(&account, &known, ExpiryMode::Extend)?;
                Ok(stored)
            }
            Fault::DuplicateLowersExpiry => {
                let stored = self.store.put(message)?;
                let changes = [(hash, message.message.expiry)];
                self.store.expire(&account, &changes, ExpiryMode::Set)?;
                Ok(stored)
            }
            Fault::OutboxTakesAsOld if message.namespace == namespace(OUTBOX) => {
                let namespace = Some(message.namespace);
                let as_old = Selection::Before(namespace, message.message.timestamp);
                if known.is_empty() {
                    self.store.delete(&account, as_old)?;
                }
                self.store.put(message)
            }
            Fault::FailedPutDeletes => self.store.put(message).inspect_err(|_| {
                let _ = self.store.delete(&account, Selection::All(None));
            }),
            _ => self.store.put(message),
        }
    }

    fn retrieve(
        &self,
        account: &NetworkId,
        namespace: Namespace,
        last_hash: Option<&MessageHash>,
        limits: &RetrieveLimits,
    ) -> Result<Retrieved<'_>, Full> {
        let mut page = self.store.retrieve(account, namespace, last_hash, limits)?;
        match (self.fault, last_hash) {
            (Fault::MoreIsForgotten, _) => page.more = false,
            (Fault::UnknownLastHashEndsThePage, Some(hash))
                if self.store.expiries(account, &[*hash])?.is_empty() =>
            {
                page.messages.clear();
            }
            _ => {}
        }
        Ok(page)
    }

    fn expiries(
        &self,
        account: &NetworkId,
        hashes: &[MessageHash],
    ) -> Result<Vec<(MessageHash, UnixMillis)>, Full> {
        self.store.expiries(account, hashes)
    }

    fn delete(
        &mut self,
        account: &NetworkId,
        which: Selection<'_>,
    ) -> Result<Vec<(Namespace, MessageHash)>, Full> {
        let which = match which {
            Selection::Before(namespace, before) if self.fault == Fault::BeforeExcludesItsTime => {
                Selection::Before(namespace, before.saturating_sub(MILLISECOND))
            }
            which => which,
        };
        let mut deleted = self.store.delete(account, which)?;
        if self.fault == Fault::DeletedAreUnsorted {
            deleted.reverse();
        }
        Ok(deleted)
    }

    fn expire(
        &mut self,
        account: &NetworkId,
        changes: &[(MessageHash, UnixMillis)],
        mode: ExpiryMode,
    ) -> Result<Vec<Expiry>, Full> {
        let mut changes = changes.to_vec();
        if self.fault == Fault::FirstOfRepeatedChangesCounts {
            changes.reverse();
        }
        let mut expiries = self.store.expire(account, &changes, mode)?;
        if self.fault == Fault::ExtendUpdatesEquals && mode == ExpiryMode::Extend {
            for expiry in &mut expiries {
                expiry.updated |= changes.contains(&(expiry.hash, expiry.expiry));
            }
        }
        Ok(expiries)
    }

    fn expire_all(
        &mut self,
        account: &NetworkId,
        namespace: Option<Namespace>,
        expiry: UnixMillis,
    ) -> Result<Vec<(Namespace, MessageHash)>, Full> {
        if self.fault == Fault::ExpireAllRaises {
            let changes: Vec<_> = (0..50).map(|number| (hash(number), expiry)).collect();
            self.store.expire(account, &changes, ExpiryMode::Extend)?;
        }
        self.store.expire_all(account, namespace, expiry)
    }

    fn revoke(
        &mut self,
        account: &NetworkId,
        tokens: &[Token],
        at: UnixMillis,
    ) -> Result<(), Full> {
        let mut tokens = tokens.to_vec();
        if self.fault == Fault::RevocationsAreNotRefreshed {
            let revoked = self.store.revoked(account)?;
            tokens.retain(|token| !revoked.contains(token));
        }
        let done = self.store.revoke(account, &tokens, at);
        match self.fault {
            Fault::RevocationsCostNothing => Ok(()),
            _ => done,
        }
    }

    fn unrevoke(&mut self, account: &NetworkId, tokens: &[Token]) -> Result<usize, Full> {
        let revoked = self.store.revoked(account)?;
        let count = self.store.unrevoke(account, tokens)?;
        Ok(match self.fault {
            Fault::UnrevokedAreCountedTwice => {
                let was_revoked = |token: &&Token| revoked.contains(token);
                tokens.iter().filter(was_revoked).count()
            }
            _ => count,
        })
    }

    fn revoked(&self, account: &NetworkId) -> Result<Vec<Token>, Full> {
        self.store.revoked(account)
    }

    fn is_revoked(&self, account: &NetworkId, token: &Token) -> Result<bool, Full> {
        self.store.is_revoked(account, token)
    }

    fn remove_expired(&mut self, now: UnixMillis) -> Result<(), Full> {
        if self.fault == Fault::CleaningExcludesItsTime {
            return self.store.remove_expired(now.saturating_sub(MILLISECOND));
        }
        self.store.remove_expired(now)?;
        if self.fault == Fault::RevocationsEndWithTheMessages {
            let left = everything(&self.store, usize::MAX);
            for owner in (0..3).map(account) {
                if left.iter().all(|known| known.account != owner) {
                    let revoked = self.store.revoked(&owner)?;
                    self.store.unrevoke(&owner, &revoked)?;
                }
            }
        }
        Ok(())
    }

    fn scan(&self, after: Option<Place>, max_bytes: usize) -> Result<Scanned<'_>, Full> {
        let mut scanned = self.store.scan(after, max_bytes)?;
        if self.fault == Fault::ScanSkipsOne && after.is_some() && scanned.next.is_none() {
            scanned.messages.pop();
        }
        Ok(scanned)
    }
}

/// Whether the suite panics with this fault.
fn is_caught(fault: Fault, max_bytes: usize, suite: impl Fn(Wrong)) -> bool {
    let run = || suite(Wrong::new(fault, max_bytes));
    catch_unwind(AssertUnwindSafe(run)).is_err()
}

const LARGE: usize = 1 << 24;
const SMALL: usize = 50_000;

#[test]
fn the_model_passes() {
    all(Model::default);
}

#[test]
fn a_right_store_passes() {
    all(|| Wrong::new(Fault::None, LARGE));
    full(Wrong::new(Fault::None, SMALL));
}

#[test]
fn every_fault_is_caught_by_the_cases() {
    for fault in FAULTS {
        let caught = cases().iter().any(|case| is_caught(fault, LARGE, case));
        assert!(caught, "{fault:?}");
    }
}

#[test]
fn every_fault_is_caught_by_chance_too() {
    for fault in FAULTS {
        let caught = (0..30).any(|seed| {
            is_caught(fault, LARGE, |store| {
                random(seed, 300, store, |store| store)
            })
        });
        assert!(caught, "{fault:?}");
    }
}

#[test]
fn faults_of_full_stores_are_caught() {
    assert!(is_caught(Fault::FailedPutDeletes, SMALL, full));
    assert!(is_caught(Fault::RevocationsCostNothing, SMALL, full));
    assert!(is_caught(Fault::None, usize::MAX, full), "never full");
}

#[test]
fn random_runs_reopen() {
    let mut count = 0;
    random(1, 100, MemoryStore::default(), |store| {
        count += 1;
        store
    });
    assert!(count > 0);
    assert!(is_caught(Fault::None, LARGE, |store| {
        random(1, 100, store, |_| Wrong::new(Fault::None, LARGE));
    }));
}

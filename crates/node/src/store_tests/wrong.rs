//! Stores that each break one rule: the suite has to find them out.

extern crate std;

use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use super::model::Model;
use super::names::{accounts, other_case};
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
    UnrevokeIgnoresItsTime,
    UnrevokeExcludesItsTime,
    ScanCountsDataOnly,
    PutAllTakesTheLastFirst,
    PutAllLeavesOneOut,
    PutAllCountsWhatIsNew,
    CleaningNeverEnds,
    CleaningStopsEarly,
    HashesIgnoreCase,
    AccountsIgnoreThePrefix,
    AccountsIgnoreTheLastByte,
    TokensIgnoreTheLastByte,
    LateTimesAreEarly,
    CleansOneAtATime,
    FailedPutDeletes,
    RevocationsCostNothing,
    PutAllTakesAllOrNothing,
    PutAllGoesOn,
}

/// Those that a store of any size can have.
const FAULTS: [Fault; 27] = [
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
    Fault::UnrevokeIgnoresItsTime,
    Fault::UnrevokeExcludesItsTime,
    Fault::ScanCountsDataOnly,
    Fault::PutAllTakesTheLastFirst,
    Fault::PutAllLeavesOneOut,
    Fault::PutAllCountsWhatIsNew,
    Fault::CleaningNeverEnds,
    Fault::CleaningStopsEarly,
    Fault::HashesIgnoreCase,
    Fault::AccountsIgnoreThePrefix,
    Fault::AccountsIgnoreTheLastByte,
    Fault::TokensIgnoreTheLastByte,
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

    /// The account as which this one is kept.
    fn account(&self, account: &NetworkId) -> NetworkId {
        let mut bytes = *account.as_bytes();
        match self.fault {
            Fault::AccountsIgnoreThePrefix => bytes[0] = 5,
            Fault::AccountsIgnoreTheLastByte => bytes[NetworkId::LEN - 1] = 7,
            _ => {}
        }
        bytes.into()
    }

    /// The hash that this one is taken for.
    fn hash(&self, account: &NetworkId, hash: &MessageHash) -> MessageHash {
        let other = other_case(hash);
        let is_known = |hash| {
            let known = self.store.expiries(account, &[hash]);
            known.is_ok_and(|known| !known.is_empty())
        };
        if self.fault == Fault::HashesIgnoreCase && !is_known(*hash) && is_known(other) {
            return other;
        }
        *hash
    }

    fn hashes(&self, account: &NetworkId, hashes: &[MessageHash]) -> Vec<MessageHash> {
        let hashes = hashes.iter();
        hashes.map(|hash| self.hash(account, hash)).collect()
    }

    fn tokens(&self, tokens: &[Token]) -> Vec<Token> {
        let kept_as = |token: &Token| {
            let mut bytes = *token.as_bytes();
            if self.fault == Fault::TokensIgnoreTheLastByte {
                bytes[Token::LEN - 1] = bytes[0];
            }
            Token::from_bytes(bytes)
        };
        tokens.iter().map(kept_as).collect()
    }
}

/// Everybody whom the suite knows.
fn all_accounts() -> impl Iterator<Item = NetworkId> {
    (0..3).map(account).chain(accounts())
}

const MILLISECOND: core::time::Duration = core::time::Duration::from_millis(1);

impl MessageStore for Wrong {
    type Error = Full;

    fn put(&mut self, message: &NewMessage<'_>) -> Result<Stored, Full> {
        let account = self.account(&message.account);
        let hash = self.hash(&account, &message.message.hash);
        let mut message = message.borrowed();
        (message.account, message.message.hash) = (account, hash);
        let message = &message;
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

    fn put_all(&mut self, messages: &[NewMessage<'_>]) -> Result<usize, Full> {
        let (fault, before) = (self.fault, self.store.clone());
        let put = |message| self.put(message);
        match fault {
            Fault::PutAllTakesTheLastFirst => {
                let done: Result<Vec<_>, _> = messages.iter().rev().map(put).collect();
                Ok(done?.len())
            }
            Fault::PutAllLeavesOneOut => {
                let done: Result<Vec<_>, _> = messages.iter().skip(1).map(put).collect();
                Ok(done?.len() + messages.len().min(1))
            }
            Fault::PutAllCountsWhatIsNew => {
                let done: Result<Vec<_>, _> = messages.iter().map(put).collect();
                Ok(done?.iter().filter(|stored| !stored.already).count())
            }
            Fault::PutAllTakesAllOrNothing => {
                let done: Result<Vec<_>, _> = messages.iter().map(put).collect();
                done.map(|done| done.len())
                    .inspect_err(|_| self.store = before)
            }
            Fault::PutAllGoesOn => Ok(messages.iter().map(put).filter(Result::is_ok).count()),
            _ => {
                let done: Vec<_> = messages.iter().map(put).take_while(Result::is_ok).collect();
                if done.is_empty() && !messages.is_empty() {
                    return Err(Full);
                }
                Ok(done.len())
            }
        }
    }

    fn retrieve(
        &self,
        account: &NetworkId,
        namespace: Namespace,
        last_hash: Option<&MessageHash>,
        limits: &RetrieveLimits,
    ) -> Result<Retrieved<'_>, Full> {
        let account = &self.account(account);
        let last_hash = last_hash.map(|hash| self.hash(account, hash));
        let last_hash = last_hash.as_ref();
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
        let account = self.account(account);
        let hashes = self.hashes(&account, hashes);
        self.store.expiries(&account, &hashes)
    }

    fn delete(
        &mut self,
        account: &NetworkId,
        which: Selection<'_>,
    ) -> Result<Vec<(Namespace, MessageHash)>, Full> {
        let account = &self.account(account);
        let hashes;
        let which = match which {
            Selection::Hashes(asked) => {
                hashes = self.hashes(account, asked);
                Selection::Hashes(&hashes)
            }
            Selection::Before(_, before)
                if self.fault == Fault::LateTimesAreEarly && before.as_millis() >= 1 << 63 =>
            {
                return Ok(Vec::new());
            }
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
        let account = &self.account(account);
        let mut changes: Vec<_> = changes
            .iter()
            .map(|(hash, expiry)| (self.hash(account, hash), *expiry))
            .collect();
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
        let account = &self.account(account);
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
        let account = &self.account(account);
        let mut tokens = self.tokens(tokens);
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

    fn unrevoke(
        &mut self,
        account: &NetworkId,
        tokens: &[Token],
        at: UnixMillis,
    ) -> Result<usize, Full> {
        let (account, tokens) = (&self.account(account), self.tokens(tokens));
        let at = match self.fault {
            Fault::UnrevokeIgnoresItsTime => UnixMillis::from_millis(u64::MAX),
            Fault::UnrevokeExcludesItsTime => at.saturating_sub(MILLISECOND),
            _ => at,
        };
        let revoked = self.store.revoked(account)?;
        let count = self.store.unrevoke(account, &tokens, at)?;
        let left = self.store.revoked(account)?;
        Ok(match self.fault {
            Fault::UnrevokedAreCountedTwice => {
                let is_gone = |token: &&Token| revoked.contains(token) && !left.contains(token);
                tokens.iter().filter(is_gone).count()
            }
            _ => count,
        })
    }

    fn revoked(&self, account: &NetworkId) -> Result<Vec<Token>, Full> {
        self.store.revoked(&self.account(account))
    }

    fn is_revoked(&self, account: &NetworkId, token: &Token) -> Result<bool, Full> {
        let tokens = self.tokens(&[*token]);
        self.store.is_revoked(&self.account(account), &tokens[0])
    }

    fn remove_expired(&mut self, now: UnixMillis) -> Result<bool, Full> {
        if self.fault == Fault::CleaningExcludesItsTime {
            return self.store.remove_expired(now.saturating_sub(MILLISECOND));
        }
        if let Fault::CleansOneAtATime | Fault::CleaningStopsEarly = self.fault {
            let all = everything(&self.store, usize::MAX);
            if let Some(known) = all.iter().find(|known| known.message.expiry <= now) {
                // The same hash may be in another mailbox, where it lives longer.
                let mut others = all.iter().filter(|other| *other != known);
                if others.all(|other| other.message.hash != known.message.hash) {
                    let gone = [known.message.hash];
                    self.store
                        .delete(&known.account, Selection::Hashes(&gone))?;
                    return Ok(self.fault == Fault::CleansOneAtATime);
                }
            }
        }
        self.store.remove_expired(now)?;
        if self.fault == Fault::RevocationsEndWithTheMessages {
            let left = everything(&self.store, usize::MAX);
            for owner in all_accounts() {
                if left.iter().all(|known| known.account != owner) {
                    let (revoked, end) = (self.store.revoked(&owner)?, u64::MAX);
                    self.store
                        .unrevoke(&owner, &revoked, UnixMillis::from_millis(end))?;
                }
            }
        }
        Ok(self.fault == Fault::CleaningNeverEnds)
    }

    fn scan(&self, after: Option<Place>, max_bytes: usize) -> Result<Scanned<'_>, Full> {
        let mut scanned = self.store.scan(after, max_bytes)?;
        if self.fault == Fault::ScanCountsDataOnly {
            let len = |scanned: &Scanned<'_>| -> usize {
                let messages = scanned.messages.iter();
                messages.map(|known| known.message.data.len()).sum()
            };
            while let Some(next) = scanned.next {
                let one = self.store.scan(Some(next), 0)?;
                if len(&scanned) + len(&one) > max_bytes {
                    break;
                }
                scanned.messages.extend(one.messages);
                scanned.next = one.next;
            }
        }
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
    all(|| Wrong::new(Fault::CleansOneAtATime, LARGE));
    full(Wrong::new(Fault::CleansOneAtATime, SMALL));
}

#[test]
fn every_fault_is_caught_by_the_cases() {
    for fault in FAULTS.into_iter().chain([Fault::LateTimesAreEarly]) {
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
    assert!(is_caught(Fault::PutAllTakesAllOrNothing, SMALL, full));
    assert!(is_caught(Fault::PutAllGoesOn, SMALL, full));
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

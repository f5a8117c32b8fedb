//! What every [`MessageStore`] has to do, as tests: for those who write one.
//!
//! ```
//! use session_node::{MemoryStore, store_tests};
//!
//! store_tests::all(MemoryStore::default);
//! store_tests::full(MemoryStore::with_capacity(100_000));
//! ```
//!
//! Every function takes an empty store and panics when it breaks a rule. [`all`] runs all of them
//! but [`full`], which needs a small store, and compares the store in [`random`] runs with a model
//! that is simple enough to be right. The feature `store-tests` brings this module.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "to panic is the purpose, and the numbers are small"
)]

mod changes;
mod full;
mod many;
mod model;
mod names;
mod random;
mod reading;
mod revoking;
#[cfg(test)]
mod wrong;

use alloc::vec;
use alloc::vec::Vec;
use core::fmt::Debug;

use session_core::{NetworkId, UnixMillis};
use session_storage::{ExpiryMode, Message, MessageHash, Namespace, RetrieveLimits, Token};

use crate::{Expiry, MessageStore, NewMessage, Place, Stored};

pub use changes::{
    cleaning, deleting, duplicates, expire_all, expiring, one_hash_in_two_mailboxes, outboxes,
};
pub use full::full;
pub use many::{late_times, putting_many, scanning_empty_messages};
pub use names::{accounts_are_whole, hashes_are_whole, tokens_are_whole};
pub use random::random;
pub use reading::{
    data_is_kept, expiries, limits, mailboxes_are_apart, order_of_arrival, scanning,
};
pub use revoking::{late_unrevocations, revocations, revocations_end};

/// Runs every test of this module but [`full`], each with a new store, which must be empty and
/// have room for a megabyte.
pub fn all<S: MessageStore>(mut make: impl FnMut() -> S) {
    for case in cases() {
        case(make());
    }
    for seed in 0..8 {
        random(seed, 400, make(), |store| store);
    }
}

/// What every store has to pass, each from empty.
fn cases<S: MessageStore>() -> [fn(S); 22] {
    [
        order_of_arrival,
        limits,
        data_is_kept,
        mailboxes_are_apart,
        expiries,
        scanning,
        scanning_empty_messages,
        putting_many,
        duplicates,
        outboxes,
        one_hash_in_two_mailboxes,
        deleting,
        expiring,
        expire_all,
        cleaning,
        revocations,
        revocations_end,
        late_unrevocations,
        late_times,
        accounts_are_whole,
        hashes_are_whole,
        tokens_are_whole,
    ]
}

const DIRECT: i16 = 0;
const CONFIG: i16 = 2;
const OUTBOX: i16 = -21;

fn account(number: u8) -> NetworkId {
    [number; NetworkId::LEN].into()
}

fn namespace(number: i16) -> Namespace {
    Namespace::new(number)
}

/// Some hash. Stores do not compute it, so the mailbox does not matter.
fn hash(number: u8) -> MessageHash {
    MessageHash::of(&account(0), Namespace::DIRECT, &[number])
}

fn token(number: u8) -> Token {
    Token::from_bytes([number; Token::LEN])
}

/// Seconds after some moment.
fn time(seconds: u64) -> UnixMillis {
    UnixMillis::from_secs(1_800_000_000 + seconds)
}

/// A message of account 1, with the number in hash and data.
fn message(
    namespace: i16,
    number: u8,
    timestamp: UnixMillis,
    expiry: UnixMillis,
) -> NewMessage<'static> {
    NewMessage {
        account: account(1),
        namespace: Namespace::new(namespace),
        message: Message::new(hash(number), timestamp, expiry, vec![number; 10]),
    }
}

/// The same of another account.
fn of_account(number: u8, message: NewMessage<'_>) -> NewMessage<'_> {
    NewMessage {
        account: account(number),
        ..message
    }
}

fn put<S: MessageStore>(store: &mut S, message: &NewMessage<'_>) -> Stored {
    store.put(message).expect("there is room")
}

/// Stores what is not there yet.
#[track_caller]
fn put_new<S: MessageStore>(store: &mut S, message: &NewMessage<'_>) {
    let stored = Stored {
        expiry: message.message.expiry,
        already: false,
    };
    assert_eq!(put(store, message), stored);
}

/// Forgets all that has expired.
fn clean<S: MessageStore>(store: &mut S, now: UnixMillis) {
    // More than there is in any store here.
    for _ in 0..100_000 {
        if !store.remove_expired(now).expect("it can be changed") {
            return;
        }
    }
    panic!("there is always more to forget");
}

fn expire<S: MessageStore>(
    store: &mut S,
    account: &NetworkId,
    changes: &[(MessageHash, UnixMillis)],
    mode: ExpiryMode,
) -> Vec<Expiry> {
    let answer = store.expire(account, changes, mode);
    answer.expect("it can be changed")
}

/// What a call says which messages it has changed, with plain numbers.
fn names<E: Debug>(messages: Result<Vec<(Namespace, MessageHash)>, E>) -> Vec<(i16, MessageHash)> {
    let messages = messages.expect("it can be changed").into_iter();
    messages
        .map(|(namespace, hash)| (namespace.number(), hash))
        .collect()
}

/// Greatest page there is.
fn no_limits() -> RetrieveLimits {
    RetrieveLimits::new(None, Some(-1))
}

/// The hashes in a mailbox of an account, in order of arrival.
fn hashes<S: MessageStore>(store: &S, owner: NetworkId, number: i16) -> Vec<MessageHash> {
    let page = store
        .retrieve(&owner, namespace(number), None, &no_limits())
        .expect("it can be read");
    assert!(!page.more, "there are few messages");
    page.messages.iter().map(|message| message.hash).collect()
}

/// Everything that a scan in pieces of so many bytes finds.
fn everything<S: MessageStore>(store: &S, piece: usize) -> Vec<NewMessage<'static>> {
    let mut found = Vec::new();
    let mut place: Option<Place> = None;
    loop {
        let scanned = store.scan(place, piece).expect("it can be read");
        let bytes: usize = scanned.messages.iter().map(NewMessage::counted_len).sum();
        assert!(bytes <= piece || scanned.messages.len() == 1, "too much");
        found.extend(scanned.messages.into_iter().map(owned));
        assert!(
            scanned.next.is_none() || place < scanned.next,
            "no progress"
        );
        place = scanned.next;
        if place.is_none() {
            return found;
        }
    }
}

fn owned(message: NewMessage<'_>) -> NewMessage<'static> {
    let NewMessage {
        account,
        namespace,
        message,
    } = message;
    let (hash, timestamp, expiry) = (message.hash, message.timestamp, message.expiry);
    NewMessage {
        account,
        namespace,
        message: Message::new(hash, timestamp, expiry, message.data.into_owned()),
    }
}

/// Ascending, as answers have to be.
fn ascending<T: Ord, const N: usize>(items: [T; N]) -> Vec<T> {
    let mut items = Vec::from(items);
    items.sort();
    items
}

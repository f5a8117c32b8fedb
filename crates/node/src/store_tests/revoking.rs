//! What accounts have revoked.

use alloc::vec::Vec;

use session_core::UnixMillis;
use session_storage::Token;

use super::{DIRECT, account, clean, message, put_new, time, token};
use crate::{MAX_REVOKED, MessageStore, REVOCATION_LIFE, Selection};

fn revoke<S: MessageStore>(store: &mut S, numbers: impl IntoIterator<Item = u8>, at: UnixMillis) {
    let tokens: Vec<Token> = numbers.into_iter().map(token).collect();
    store
        .revoke(&account(1), &tokens, at)
        .expect("there is room");
}

fn unrevoke<S: MessageStore>(store: &mut S, numbers: &[u8], at: UnixMillis) -> usize {
    let tokens: Vec<Token> = numbers.iter().copied().map(token).collect();
    let unrevoked = store.unrevoke(&account(1), &tokens, at);
    unrevoked.expect("it can be changed")
}

/// The numbers of what account 1 has revoked.
fn revoked<S: MessageStore>(store: &S) -> Vec<u8> {
    let tokens = store.revoked(&account(1)).expect("it can be read");
    for number in 0..=u8::MAX {
        let is_revoked = store.is_revoked(&account(1), &token(number));
        let is_revoked = is_revoked.expect("it can be read");
        assert_eq!(is_revoked, tokens.contains(&token(number)), "{number}");
    }
    tokens.iter().map(|token| token.prefix()).collect()
}

/// Tokens are revoked and that is taken back, also without a message; an account keeps the latest.
pub fn revocations<S: MessageStore>(mut store: S) {
    assert_eq!(revoked(&store), [0; 0]);
    revoke(&mut store, [3, 1, 3], time(0));
    store
        .revoke(&account(2), &[token(7)], time(0))
        .expect("there is room");
    assert_eq!(revoked(&store), [1, 3], "ascending, each once");
    assert_eq!(unrevoke(&mut store, &[3, 4, 7, 3], time(0)), 1);
    assert_eq!(revoked(&store), [1]);
    let other = store.is_revoked(&account(2), &token(7));
    assert!(other.expect("it can be read"));

    // With the first, the refreshed third and 48 others it is complete.
    revoke(&mut store, [3], time(1));
    revoke(&mut store, 50..98, time(2));
    revoke(&mut store, [3], time(3));
    assert_eq!(revoked(&store).len(), MAX_REVOKED);
    revoke(&mut store, [200], time(4));
    assert!(!revoked(&store).contains(&1), "the oldest went");
    assert!(revoked(&store).contains(&3), "refreshed, it stays");
    // An earlier time does not make it older.
    revoke(&mut store, [200], time(0));
    revoke(&mut store, [201, 202], time(5));
    let left = revoked(&store);
    assert!(left.contains(&200) && left.contains(&3));
    assert!(!left.contains(&50) && !left.contains(&51), "least in bytes");
    assert!(left.contains(&52));
    assert_eq!(left.len(), MAX_REVOKED);
    revoke(&mut store, [9], time(1));
    assert_eq!(revoked(&store), left, "older than all that are kept");
    revoke(&mut store, 100..160, time(6));
    assert_eq!(revoked(&store), (110..160).collect::<Vec<_>>());
    revoke(&mut store, [], time(7));
    assert_eq!(unrevoke(&mut store, &[], time(7)), 0);
    assert_eq!(revoked(&store).len(), MAX_REVOKED);
}

/// What takes a revocation back does not reach what was revoked, or revoked again, after it: it may
/// come late.
pub fn late_unrevocations<S: MessageStore>(mut store: S) {
    revoke(&mut store, [1, 2], time(5));
    revoke(&mut store, [3], time(7));
    assert_eq!(unrevoke(&mut store, &[1, 2, 3], time(4)), 0);
    assert_eq!(revoked(&store), [1, 2, 3]);
    revoke(&mut store, [2], time(6));
    assert_eq!(unrevoke(&mut store, &[1, 2, 3], time(5)), 1, "as old");
    assert_eq!(revoked(&store), [2, 3]);
    assert_eq!(unrevoke(&mut store, &[3, 2], time(6)), 1);
    assert_eq!(revoked(&store), [3]);
    // What it left alone keeps its time.
    assert_eq!(unrevoke(&mut store, &[3], time(7)), 1);
    assert_eq!(revoked(&store), [0; 0]);
}

/// Revocations stay while the account has messages, and as long as a message can live after that.
pub fn revocations_end<S: MessageStore>(mut store: S) {
    let clean = |store: &mut S, at: UnixMillis| {
        clean(store, at);
        revoked(store)
    };
    let end = time(10).saturating_add(REVOCATION_LIFE);
    let before_end = UnixMillis::from_millis(end.as_millis() - 1);
    revoke(&mut store, [1], time(0));
    revoke(&mut store, [2], time(10));
    assert_eq!(clean(&mut store, before_end), [1, 2], "the latest counts");
    assert_eq!(clean(&mut store, end), [0; 0]);

    // A message keeps them, until it expires or is deleted.
    revoke(&mut store, [1, 2], time(10));
    let life = REVOCATION_LIFE.saturating_mul(2);
    let expiry = end.saturating_add(life);
    put_new(&mut store, &message(DIRECT, 1, time(0), expiry));
    assert_eq!(clean(&mut store, end), [1, 2]);
    let before_expiry = UnixMillis::from_millis(expiry.as_millis() - 1);
    assert_eq!(clean(&mut store, before_expiry), [1, 2]);
    assert_eq!(clean(&mut store, expiry), [0; 0]);

    revoke(&mut store, [1], time(10));
    put_new(&mut store, &message(DIRECT, 1, time(0), expiry));
    store
        .delete(&account(1), Selection::All(None))
        .expect("it can be changed");
    assert_eq!(revoked(&store), [1]);
    assert_eq!(clean(&mut store, before_end), [1]);
    assert_eq!(clean(&mut store, end), [0; 0]);

    // What is revoked no longer does not count.
    revoke(&mut store, [1], time(10));
    revoke(&mut store, [2], time(20));
    assert_eq!(unrevoke(&mut store, &[2], time(20)), 1);
    assert_eq!(clean(&mut store, before_end), [1]);
    assert_eq!(clean(&mut store, end), [0; 0]);
}

//! Names that differ in little.

use alloc::string::String;

use session_core::NetworkId;
use session_storage::{MessageHash, Token};

use super::{DIRECT, clean, expire, hash, hashes, message, names, put_new, time};
use crate::{Expiry, ExpiryMode, MessageStore, NewMessage, REVOCATION_LIFE, Selection, Stored};

/// Accounts of which each differs from the first in one byte: the prefix, as a user and a group
/// with one key do, or the last.
pub(super) fn accounts() -> [NetworkId; 3] {
    let of = |prefix, last| {
        let mut id = [7; NetworkId::LEN];
        (id[0], id[NetworkId::LEN - 1]) = (prefix, last);
        id.into()
    };
    [of(0x05, 7), of(0x03, 7), of(0x05, 8)]
}

/// The same hash, its small letters great and the other way round.
pub(super) fn other_case(hash: &MessageHash) -> MessageHash {
    let swap = |character: char| match character {
        small if small.is_ascii_lowercase() => small.to_ascii_uppercase(),
        other => other.to_ascii_lowercase(),
    };
    let text: String = hash.as_str().chars().map(swap).collect();
    text.parse().expect("characters of the same alphabet")
}

/// Hashes of which each differs from the first in one letter's case, the first or the last, or in
/// that of all.
fn similar_hashes() -> [MessageHash; 4] {
    let middle = "b".repeat(MessageHash::LEN - 2);
    let of = |text: String| text.parse().expect("a hash");
    let first = of(["a", &middle, "a"].concat());
    [
        first,
        of(["A", &middle, "a"].concat()),
        of(["a", &middle, "A"].concat()),
        other_case(&first),
    ]
}

/// Tokens that differ in the first byte, or in the last.
fn similar_tokens() -> [Token; 3] {
    let of = |first, last| {
        let mut bytes = [9; Token::LEN];
        (bytes[0], bytes[Token::LEN - 1]) = (first, last);
        Token::from_bytes(bytes)
    };
    [of(9, 9), of(8, 9), of(9, 8)]
}

/// Every byte of an account's id counts, also the prefix, in every call.
pub fn accounts_are_whole<S: MessageStore>(mut store: S) {
    let [first, others @ ..] = accounts();
    let of = |account| NewMessage {
        account,
        ..message(DIRECT, 1, time(0), time(60))
    };
    put_new(&mut store, &of(first));
    let token = [Token::from_bytes([1; Token::LEN])];
    store
        .revoke(&first, &token, time(0))
        .expect("there is room");
    for other in others {
        let asked = [hash(1)];
        assert_eq!(hashes(&store, other, DIRECT), []);
        let expiries = store.expiries(&other, &asked).expect("it can be read");
        assert_eq!(expiries, []);
        let expired = expire(&mut store, &other, &[(hash(1), time(9))], ExpiryMode::Set);
        assert_eq!(expired, []);
        let expired = store.expire_all(&other, None, time(1));
        assert_eq!(expired.expect("it can be changed"), []);
        for which in [
            Selection::Hashes(&asked),
            Selection::Before(None, time(1)),
            Selection::All(None),
        ] {
            let deleted = store.delete(&other, which).expect("it can be changed");
            assert_eq!(deleted, []);
        }
        assert_eq!(store.revoked(&other).expect("it can be read"), []);
        let revoked = store.is_revoked(&other, &token[0]).expect("it can be read");
        assert!(!revoked);
        let unrevoked = store.unrevoke(&other, &token, time(9));
        assert_eq!(unrevoked.expect("it can be changed"), 0);
    }
    for other in others {
        put_new(&mut store, &of(other));
    }
    for owner in accounts() {
        assert_eq!(hashes(&store, owner, DIRECT), [hash(1)]);
    }
    // Messages of the others do not keep what the first has revoked.
    let gone = store.delete(&first, Selection::All(None));
    assert_eq!(gone.expect("it can be changed").len(), 1);
    let end = time(0).saturating_add(REVOCATION_LIFE);
    let late = others.map(|other| NewMessage {
        account: other,
        ..message(DIRECT, 2, time(0), end.saturating_add(REVOCATION_LIFE))
    });
    for message in &late {
        put_new(&mut store, message);
    }
    clean(&mut store, end);
    assert_eq!(store.revoked(&first).expect("it can be read"), []);
}

/// Hashes are compared as they are: base64 of another case is another hash.
pub fn hashes_are_whole<S: MessageStore>(mut store: S) {
    let [account, ..] = accounts();
    let similar = similar_hashes();
    let of = |hash, seconds| {
        let mut message = message(DIRECT, 1, time(0), time(seconds));
        (message.account, message.message.hash) = (account, hash);
        message
    };
    let [first, others @ ..] = similar;
    put_new(&mut store, &of(first, 60));
    let known = |store: &S, hash| {
        let expiries = store.expiries(&account, &[hash]);
        expiries.expect("it can be read")
    };
    for other in others {
        assert_eq!(known(&store, other), []);
        let set = expire(&mut store, &account, &[(other, time(9))], ExpiryMode::Set);
        assert_eq!(set, []);
        let deleted = store.delete(&account, Selection::Hashes(&[other]));
        assert_eq!(deleted.expect("it can be changed"), []);
    }
    for (seconds, other) in (61..).zip(others) {
        put_new(&mut store, &of(other, seconds));
    }
    for (seconds, hash) in (60..).zip(similar) {
        assert_eq!(known(&store, hash), [(hash, time(seconds))]);
    }
    assert_eq!(hashes(&store, account, DIRECT), similar);
    let mut sorted = similar;
    sorted.sort();
    let all = store.expiries(&account, &similar).expect("it can be read");
    assert!(all.iter().map(|(hash, _)| *hash).eq(sorted), "by bytes");
    let set = expire(&mut store, &account, &[(first, time(9))], ExpiryMode::Set);
    let changed = Expiry {
        hash: first,
        expiry: time(9),
        updated: true,
    };
    assert_eq!(set, [changed]);
    let stored = store.put(&of(others[0], 70)).expect("there is room");
    let again = Stored {
        expiry: time(70),
        already: true,
    };
    assert_eq!(stored, again);
    let deleted = store.delete(&account, Selection::Hashes(&[first]));
    assert_eq!(names(deleted), [(DIRECT, first)]);
    assert_eq!(hashes(&store, account, DIRECT), others);
}

/// Every byte of a token counts.
pub fn tokens_are_whole<S: MessageStore>(mut store: S) {
    let [account, ..] = accounts();
    let [first, others @ ..] = similar_tokens();
    let revoke = |store: &mut S, tokens: &[Token]| {
        let revoked = store.revoke(&account, tokens, time(0));
        revoked.expect("there is room");
    };
    revoke(&mut store, &[first]);
    for other in others {
        assert!(!store.is_revoked(&account, &other).expect("it can be read"));
        let unrevoked = store.unrevoke(&account, &[other], time(9));
        assert_eq!(unrevoked.expect("it can be changed"), 0);
    }
    revoke(&mut store, &others);
    let unrevoked = store.unrevoke(&account, &[first], time(9));
    assert_eq!(unrevoked.expect("it can be changed"), 1);
    let mut left = others;
    left.sort();
    assert_eq!(store.revoked(&account).expect("it can be read"), left);
}

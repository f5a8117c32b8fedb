//! What changes messages.

use alloc::vec::Vec;

use session_storage::{Message, MessageHash};

use super::{
    CONFIG, DIRECT, OUTBOX, account, ascending, clean, everything, hash, hashes, message, names,
    namespace, of_account, put, put_new, time,
};
use crate::{Expiry, ExpiryMode, MessageStore, NewMessage, Selection, Stored};

/// When the messages of account 1 with these numbers expire, in seconds; those that are there.
fn expiry_times<S: MessageStore>(store: &S, numbers: &[u8]) -> Vec<u64> {
    let since = |expiry: session_core::UnixMillis| expiry.as_secs() - time(0).as_secs();
    numbers
        .iter()
        .flat_map(|number| {
            let found = store.expiries(&account(1), &[hash(*number)]);
            found.expect("it can be read")
        })
        .map(|(_, expiry)| since(expiry))
        .collect()
}

fn expire<S: MessageStore>(store: &mut S, changes: &[(u8, u64)], mode: ExpiryMode) -> Vec<Expiry> {
    let change = |(number, seconds): &(u8, u64)| (hash(*number), time(*seconds));
    let changes: Vec<_> = changes.iter().map(change).collect();
    super::expire(store, &account(1), &changes, mode)
}

fn delete<S: MessageStore>(store: &mut S, which: Selection<'_>) -> Vec<(i16, MessageHash)> {
    names(store.delete(&account(1), which))
}

/// A known hash keeps place, time and data; its expiry only rises.
pub fn duplicates<S: MessageStore>(mut store: S) {
    let first = message(DIRECT, 1, time(5), time(60));
    put_new(&mut store, &first);
    put_new(&mut store, &message(DIRECT, 2, time(0), time(60)));
    for (again, expected) in [(90, 90), (30, 90), (90, 90), (91, 91)] {
        let again = NewMessage {
            message: Message::new(hash(1), time(7), time(again), &b"other"[..]),
            ..first.borrowed()
        };
        let stored = Stored {
            expiry: time(expected),
            already: true,
        };
        assert_eq!(put(&mut store, &again), stored);
        assert_eq!(expiry_times(&store, &[1]), [expected]);
    }
    let mut kept = first.message;
    kept.expiry = time(91);
    assert_eq!(everything(&store, 1000)[0].message, kept);
    assert_eq!(hashes(&store, account(1), DIRECT), [hash(1), hash(2)]);
    clean(&mut store, time(90));
    assert_eq!(hashes(&store, account(1), DIRECT), [hash(1)]);
}

/// A public outbox holds one message, which only one with a greater timestamp replaces (spec 04
/// §3.2), also when the account has no other message.
pub fn outboxes<S: MessageStore>(mut store: S) {
    let kept = Stored {
        expiry: session_core::UnixMillis::default(),
        already: true,
    };
    put_new(&mut store, &message(OUTBOX, 2, time(5), time(65)));
    let older = message(OUTBOX, 1, time(4), time(99));
    assert_eq!(put(&mut store, &older), kept, "older");
    let as_old = message(OUTBOX, 3, time(5), time(99));
    assert_eq!(put(&mut store, &as_old), kept, "as old");
    assert_eq!(hashes(&store, account(1), OUTBOX), [hash(2)]);
    assert_eq!(expiry_times(&store, &[2]), [65]);
    for (timestamp, expiry, expected) in [(4, 60, 65), (7, 67, 67)] {
        let again = message(OUTBOX, 2, time(timestamp), time(expiry));
        let stored = Stored {
            expiry: time(expected),
            already: true,
        };
        assert_eq!(put(&mut store, &again), stored, "the same again");
    }
    // The same hash has not become newer.
    put_new(&mut store, &message(OUTBOX, 4, time(6), time(66)));
    assert_eq!(hashes(&store, account(1), OUTBOX), [hash(4)]);
    assert_eq!(expiry_times(&store, &[1, 2, 3, 4]), [66]);

    put_new(&mut store, &message(-1, 5, time(1), time(61)));
    put_new(
        &mut store,
        &of_account(2, message(OUTBOX, 6, time(1), time(61))),
    );
    put_new(&mut store, &message(DIRECT, 7, time(1), time(61)));
    put_new(&mut store, &message(DIRECT, 8, time(1), time(61)));
    put_new(&mut store, &message(OUTBOX, 9, time(9), time(61)));
    assert_eq!(hashes(&store, account(1), -1), [hash(5)]);
    assert_eq!(hashes(&store, account(2), OUTBOX), [hash(6)]);
    assert_eq!(hashes(&store, account(1), DIRECT), [hash(7), hash(8)]);
    assert_eq!(hashes(&store, account(1), OUTBOX), [hash(9)]);
    // What it replaced is known no longer.
    put_new(&mut store, &message(OUTBOX, 4, time(10), time(66)));
}

/// Two mailboxes of an account can have the same hash (spec 04 §9). They are two messages; what
/// goes by hash means both.
pub fn one_hash_in_two_mailboxes<S: MessageStore>(mut store: S) {
    put_new(&mut store, &message(DIRECT, 1, time(0), time(80)));
    put_new(&mut store, &message(CONFIG, 1, time(0), time(60)));
    put_new(
        &mut store,
        &of_account(2, message(CONFIG, 1, time(0), time(99))),
    );
    assert_eq!(expiry_times(&store, &[1]), [80], "the later");
    let answer = |expiry, updated| {
        [Expiry {
            hash: hash(1),
            expiry: time(expiry),
            updated,
        }]
    };
    let extended = expire(&mut store, &[(1, 70)], ExpiryMode::Extend);
    assert_eq!(extended, answer(80, true), "one is updated");
    let unchanged = expire(&mut store, &[(1, 70)], ExpiryMode::Extend);
    assert_eq!(unchanged, answer(80, false));
    let both = store.expire_all(&account(1), None, time(65));
    assert_eq!(names(both), [(DIRECT, hash(1)), (CONFIG, hash(1))]);
    let shortened = expire(&mut store, &[(1, 64)], ExpiryMode::Shorten);
    assert_eq!(shortened, answer(64, true));
    let one = delete(&mut store, Selection::All(Some(namespace(DIRECT))));
    assert_eq!(one, [(DIRECT, hash(1))]);
    assert_eq!(hashes(&store, account(1), CONFIG), [hash(1)]);
    put_new(&mut store, &message(DIRECT, 1, time(0), time(80)));
    let both = delete(&mut store, Selection::Hashes(&[hash(1), hash(1)]));
    assert_eq!(both, [(DIRECT, hash(1)), (CONFIG, hash(1))]);
    assert_eq!(hashes(&store, account(2), CONFIG), [hash(1)]);
}

/// Deletes by hash, by time and altogether, in one namespace or in all.
pub fn deleting<S: MessageStore>(mut store: S) {
    let other = of_account(2, message(DIRECT, 1, time(0), time(90)));
    put_new(&mut store, &other);
    let fill = |store: &mut S| {
        for number in 1..=4 {
            let timestamp = time(number.into());
            put_new(store, &message(DIRECT, number, timestamp, time(90)));
            put_new(store, &message(CONFIG, 10 + number, timestamp, time(90)));
        }
        put_new(store, &message(OUTBOX, 21, time(3), time(90)));
        put_new(store, &message(i16::MIN, 22, time(5), time(90)));
    };
    let direct = |number| (DIRECT, hash(number));
    let config = |number| (CONFIG, hash(number));
    fill(&mut store);

    let asked = [12, 2, 99, 21, 2].map(hash);
    let deleted = delete(&mut store, Selection::Hashes(&asked));
    let outbox = (OUTBOX, hash(21));
    assert_eq!(deleted, ascending([direct(2), config(12), outbox]));
    let deleted = delete(&mut store, Selection::Hashes(&asked));
    assert_eq!(deleted, []);
    assert_eq!(expiry_times(&store, &[2, 12, 21]), [0; 0]);
    assert_eq!(hashes(&store, account(1), DIRECT), [1, 3, 4].map(hash));

    let before = Selection::Before(Some(namespace(DIRECT)), time(3));
    let deleted = delete(&mut store, before);
    assert_eq!(deleted, ascending([direct(1), direct(3)]), "3 is included");
    assert_eq!(hashes(&store, account(1), DIRECT), [hash(4)]);
    assert_eq!(hashes(&store, account(1), CONFIG), [11, 13, 14].map(hash));

    let before = Selection::Before(None, time(4));
    let deleted = delete(&mut store, before);
    assert_eq!(
        deleted,
        ascending([direct(4), config(11), config(13), config(14)])
    );
    assert_eq!(hashes(&store, account(1), i16::MIN), [hash(22)]);
    delete(&mut store, Selection::All(None));

    fill(&mut store);
    let deleted = delete(&mut store, Selection::All(Some(namespace(CONFIG))));
    assert_eq!(deleted, ascending([11, 12, 13, 14].map(config)));
    let deleted = delete(&mut store, Selection::All(None));
    let (last, outbox) = ((i16::MIN, hash(22)), (OUTBOX, hash(21)));
    let [a, b, c, d] = [1, 2, 3, 4].map(direct);
    assert_eq!(deleted, ascending([a, b, c, d, outbox, last]));
    assert_eq!(delete(&mut store, Selection::All(None)), []);
    assert_eq!(hashes(&store, account(2), DIRECT), [hash(1)]);
}

/// Sets, extends and shortens the expiry of messages by hash.
pub fn expiring<S: MessageStore>(mut store: S) {
    put_new(&mut store, &message(DIRECT, 1, time(0), time(10)));
    put_new(&mut store, &message(OUTBOX, 2, time(0), time(20)));
    put_new(&mut store, &message(CONFIG, 3, time(0), time(30)));
    put_new(
        &mut store,
        &of_account(2, message(DIRECT, 4, time(0), time(40))),
    );
    let all = |seconds| [1, 2, 3, 4, 5].map(|number| (number, seconds));
    let answer = |expected: [(u8, u64, bool); 3]| {
        let mut answer = expected.map(|(number, expiry, updated)| Expiry {
            hash: hash(number),
            expiry: time(expiry),
            updated,
        });
        answer.sort_by_key(|expiry| expiry.hash);
        answer
    };
    let extended = expire(&mut store, &all(20), ExpiryMode::Extend);
    assert_eq!(
        extended,
        answer([(1, 20, true), (2, 20, false), (3, 30, false)])
    );
    assert_eq!(expiry_times(&store, &[1, 2, 3, 4]), [20, 20, 30]);
    let shortened = expire(&mut store, &all(20), ExpiryMode::Shorten);
    assert_eq!(
        shortened,
        answer([(1, 20, false), (2, 20, false), (3, 20, true)])
    );
    assert_eq!(expiry_times(&store, &[1, 2, 3]), [20, 20, 20]);
    let different = [(3, 13), (1, 11), (2, 20)];
    let set = expire(&mut store, &different, ExpiryMode::Set);
    assert_eq!(
        set,
        answer([(1, 11, true), (2, 20, true), (3, 13, true)]),
        "set counts as updated in any case"
    );
    // Of a hash that comes twice only the last change is made.
    let repeated = [(1, 50), (2, 50), (1, 12), (2, 15)];
    let extended = expire(&mut store, &repeated, ExpiryMode::Extend);
    assert_eq!(extended.len(), 2, "each once");
    assert_eq!(expiry_times(&store, &[1, 2, 3]), [12, 20, 13]);
    assert_eq!(expire(&mut store, &[], ExpiryMode::Set), []);
    assert_eq!(expire(&mut store, &[(4, 1)], ExpiryMode::Set), []);
    clean(&mut store, time(13));
    assert_eq!(
        expiry_times(&store, &[1, 2, 3]),
        [20],
        "cleaned by the new time"
    );
}

/// Lowers expiries, in one namespace or in all, and never raises one.
pub fn expire_all<S: MessageStore>(mut store: S) {
    put_new(&mut store, &message(DIRECT, 1, time(0), time(10)));
    put_new(&mut store, &message(DIRECT, 2, time(0), time(20)));
    put_new(&mut store, &message(DIRECT, 3, time(0), time(30)));
    put_new(&mut store, &message(CONFIG, 4, time(0), time(40)));
    put_new(&mut store, &message(OUTBOX, 5, time(0), time(50)));
    put_new(
        &mut store,
        &of_account(2, message(DIRECT, 1, time(0), time(60))),
    );
    let lower = |store: &mut S, namespace, seconds| {
        names(store.expire_all(&account(1), namespace, time(seconds)))
    };
    let one = Some(namespace(DIRECT));
    assert_eq!(lower(&mut store, one, 20), [(DIRECT, hash(3))]);
    assert_eq!(expiry_times(&store, &[1, 2, 3, 4, 5]), [10, 20, 20, 40, 50]);
    assert_eq!(lower(&mut store, one, 20), []);
    assert_eq!(
        lower(&mut store, None, 15),
        ascending([
            (DIRECT, hash(2)),
            (DIRECT, hash(3)),
            (CONFIG, hash(4)),
            (OUTBOX, hash(5))
        ])
    );
    assert_eq!(expiry_times(&store, &[1, 2, 3, 4, 5]), [10, 15, 15, 15, 15]);
    clean(&mut store, time(15));
    assert_eq!(expiry_times(&store, &[1, 2, 3, 4, 5]), [0; 0]);
    assert_eq!(hashes(&store, account(2), DIRECT), [hash(1)]);
}

/// What expires now has expired, and is there until then.
pub fn cleaning<S: MessageStore>(mut store: S) {
    for (number, owner, expiry) in [(1, 1, 30), (2, 2, 10), (3, 1, 20), (4, 2, 20), (5, 1, 21)] {
        let message = message(DIRECT, number, time(0), time(expiry));
        put_new(&mut store, &of_account(owner, message));
    }
    let mut left = |seconds| {
        clean(&mut store, time(seconds));
        let [mut first, second] = [1, 2].map(|owner| hashes(&store, account(owner), DIRECT));
        first.extend(second);
        first
    };
    assert_eq!(left(9), [1, 3, 5, 2, 4].map(hash));
    assert_eq!(left(10), [1, 3, 5, 4].map(hash));
    assert_eq!(left(20), [1, 5].map(hash));
    assert_eq!(left(0), [1, 5].map(hash), "a clock that is set back");
    assert_eq!(left(100), []);
    put_new(&mut store, &message(DIRECT, 1, time(0), time(30)));
    assert_eq!(everything(&store, 1000).len(), 1);
}

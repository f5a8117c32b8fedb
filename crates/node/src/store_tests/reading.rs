//! What comes back.

use alloc::vec;
use alloc::vec::Vec;

use session_core::UnixMillis;
use session_storage::{MAX_DATA_LEN, Message, RetrieveLimits};

use super::{
    CONFIG, DIRECT, OUTBOX, account, ascending, everything, hash, hashes, message, namespace,
    no_limits, of_account, put_new, time,
};
use crate::{MessageStore, NewMessage, Selection};

/// The hashes in the direct mailbox of account 1 after another.
fn after<S: MessageStore>(store: &S, last: u8) -> Vec<session_storage::MessageHash> {
    let last = hash(last);
    let page = store.retrieve(&account(1), namespace(DIRECT), Some(&last), &no_limits());
    let page = page.expect("it can be read");
    page.messages.iter().map(|message| message.hash).collect()
}

/// Messages come in the order in which they arrived, whatever their times; after the last one that
/// the client knows; from the beginning when that is not in the mailbox.
pub fn order_of_arrival<S: MessageStore>(mut store: S) {
    for (number, timestamp) in [(3, 30), (1, 10), (2, 20)] {
        put_new(
            &mut store,
            &message(DIRECT, number, time(timestamp), time(90)),
        );
        put_new(&mut store, &message(CONFIG, 10 + number, time(0), time(90)));
    }
    assert_eq!(
        hashes(&store, account(1), DIRECT),
        [hash(3), hash(1), hash(2)]
    );
    assert_eq!(after(&store, 3), [hash(1), hash(2)]);
    assert_eq!(after(&store, 2), []);
    let all = [hash(3), hash(1), hash(2)];
    assert_eq!(after(&store, 99), all, "a hash that nobody knows");
    assert_eq!(after(&store, 11), all, "a hash of another namespace");
    store
        .delete(&account(1), Selection::Hashes(&[hash(1)]))
        .expect("it can be changed");
    assert_eq!(after(&store, 1), [hash(3), hash(2)], "a deleted hash");
    assert_eq!(after(&store, 3), [hash(2)]);
    put_new(&mut store, &message(DIRECT, 1, time(10), time(90)));
    assert_eq!(after(&store, 2), [hash(1)], "stored again: the latest");
}

/// A page has as many messages as the limits allow, and says whether there are more.
pub fn limits<S: MessageStore>(mut store: S) {
    for number in 1..=3 {
        put_new(&mut store, &message(DIRECT, number, time(0), time(90)));
    }
    // Each counts 100 bytes, 43 of hash and 13 of data (spec 04 §6.2).
    for (max_count, max_size, last, expected, more) in [
        (Some(2), None, None, 2, true),
        (Some(3), None, None, 3, false),
        (Some(2), None, Some(hash(1)), 2, false),
        (Some(1), None, Some(hash(1)), 1, true),
        (None, Some(2 * 156), None, 2, true),
        (None, Some(3 * 156), None, 3, false),
        (None, Some(3 * 156 - 1), None, 2, true),
        (None, Some(1), None, 1, true),
        (None, Some(1), Some(hash(2)), 1, false),
        (None, Some(1), Some(hash(3)), 0, false),
        (None, None, None, 3, false),
    ] {
        let limits = RetrieveLimits::new(max_count, max_size);
        let page = store
            .retrieve(&account(1), namespace(DIRECT), last.as_ref(), &limits)
            .expect("it can be read");
        assert_eq!(
            (page.messages.len(), page.more),
            (expected, more),
            "max_count {max_count:?}, max_size {max_size:?}"
        );
    }
}

/// Hash, times and data of a message come back as they were, also of the longest message and of
/// one without data.
pub fn data_is_kept<S: MessageStore>(mut store: S) {
    let longest: Vec<u8> = (0..=u8::MAX).cycle().take(MAX_DATA_LEN).collect();
    let messages = [
        Message::new(hash(1), time(1), time(91), longest),
        Message::new(hash(2), time(2), time(92), Vec::new()),
        Message::new(hash(3), UnixMillis::default(), time(93), vec![0; 4]),
    ];
    for message in &messages {
        let message = NewMessage {
            account: account(1),
            namespace: namespace(DIRECT),
            message: message.clone(),
        };
        put_new(&mut store, &message);
    }
    let page = store
        .retrieve(&account(1), namespace(DIRECT), None, &no_limits())
        .expect("it can be read");
    assert_eq!(page.messages, messages);
}

/// Accounts and namespaces do not see each other.
pub fn mailboxes_are_apart<S: MessageStore>(mut store: S) {
    let numbers = [DIRECT, OUTBOX, -1, 1, i16::MIN, i16::MAX];
    let mailboxes = || (1..=3).flat_map(|owner| numbers.map(|number| (owner, number)));
    for (index, (owner, number)) in (0..).zip(mailboxes()) {
        let message = message(number, index, time(0), time(90));
        put_new(&mut store, &of_account(owner, message));
    }
    for (index, (owner, number)) in (0..).zip(mailboxes()) {
        assert_eq!(hashes(&store, account(owner), number), [hash(index)]);
    }
    assert_eq!(hashes(&store, account(1), CONFIG), []);
    assert_eq!(hashes(&store, account(4), DIRECT), []);
}

/// Expiries are found by hash, in every namespace of the account and in no other account.
pub fn expiries<S: MessageStore>(mut store: S) {
    put_new(&mut store, &message(DIRECT, 1, time(0), time(91)));
    put_new(&mut store, &message(OUTBOX, 2, time(0), time(92)));
    put_new(&mut store, &message(CONFIG, 3, time(0), time(93)));
    let other = of_account(2, message(CONFIG, 4, time(0), time(94)));
    put_new(&mut store, &other);
    let asked = [1, 2, 4, 5, 2].map(hash);
    let expiries = store.expiries(&account(1), &asked);
    assert_eq!(
        expiries.expect("it can be read"),
        ascending([(hash(1), time(91)), (hash(2), time(92))])
    );
    let none = store.expiries(&account(1), &[]);
    assert_eq!(none.expect("it can be read"), []);
}

/// A scan sees each message once, in pieces that are no larger than asked for.
pub fn scanning<S: MessageStore>(mut store: S) {
    assert_eq!(everything(&store, 100), []);
    let mut messages = Vec::new();
    for (number, owner) in [(1, 2), (2, 1), (3, 2), (4, 3)] {
        let message = of_account(
            owner,
            message(CONFIG, number, time(number.into()), time(90)),
        );
        put_new(&mut store, &message);
        messages.push(message);
    }
    let by_hash = |mut messages: Vec<NewMessage<'static>>| {
        messages.sort_by_key(|message| message.message.hash);
        messages
    };
    let messages = by_hash(messages);
    // Each counts 210 bytes; where a piece is too small it has one message.
    for piece in [0, 1, 210, 419, 420, 630, 839, 840, usize::MAX] {
        assert_eq!(by_hash(everything(&store, piece)), messages, "{piece}");
    }
    // It also goes on when the message that it had come to is gone.
    let first = store.scan(None, 420).expect("it can be read");
    let (seen, next) = (first.messages.len(), first.next);
    assert_eq!(seen, 2);
    let gone = [first.messages[1].message.hash];
    let owner = first.messages[1].account;
    store
        .delete(&owner, Selection::Hashes(&gone))
        .expect("it can be changed");
    let rest = store.scan(next, 1000).expect("it can be read");
    assert_eq!((rest.messages.len(), rest.next), (2, None));
}

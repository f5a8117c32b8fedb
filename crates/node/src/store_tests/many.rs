//! Many messages at once, and the latest times.

use alloc::vec::Vec;

use session_core::UnixMillis;
use session_storage::{Message, Token};

use super::{
    CONFIG, DIRECT, OUTBOX, account, clean, everything, expire, hash, hashes, message, names,
    of_account, put, put_new, time,
};
use crate::{ExpiryMode, MessageStore, NewMessage, Selection};

/// Messages that are put together are there as if each had been put for itself, in their order.
pub fn putting_many<S: MessageStore>(mut store: S) {
    let mut put_all = |messages: &[NewMessage<'_>]| {
        let taken = store.put_all(messages);
        assert_eq!(taken.expect("there is room"), messages.len());
        everything(&store, usize::MAX)
    };
    assert_eq!(put_all(&[]), []);
    let first = put_all(&[
        message(DIRECT, 2, time(2), time(60)),
        message(DIRECT, 1, time(1), time(50)),
        of_account(2, message(DIRECT, 1, time(1), time(50))),
    ]);
    assert_eq!(first.len(), 3);
    let second = put_all(&[
        // Known since before, and known since a moment.
        message(DIRECT, 1, time(1), time(70)),
        message(CONFIG, 3, time(1), time(60)),
        message(CONFIG, 3, time(2), time(80)),
        message(CONFIG, 3, time(1), time(10)),
        message(OUTBOX, 4, time(5), time(60)),
        message(OUTBOX, 5, time(6), time(60)),
        message(OUTBOX, 6, time(4), time(60)),
        message(DIRECT, 7, time(0), time(60)),
    ]);
    assert_eq!(second.len(), 6);
    assert_eq!(hashes(&store, account(1), DIRECT), [2, 1, 7].map(hash));
    assert_eq!(hashes(&store, account(1), OUTBOX), [hash(5)]);
    let expiries = store.expiries(&account(1), &[hash(1)]);
    assert_eq!(expiries.expect("it can be read"), [(hash(1), time(70))]);
    let expiries = store.expiries(&account(1), &[hash(3)]);
    assert_eq!(expiries.expect("it can be read"), [(hash(3), time(80))]);
}

/// Messages without data, too, count in a scan, which otherwise had pieces of any length.
pub fn scanning_empty_messages<S: MessageStore>(mut store: S) {
    let empty: Vec<_> = (0..40)
        .map(|number| NewMessage {
            message: Message::new(hash(number), time(0), time(60), &b""[..]),
            ..message(DIRECT, 0, time(0), time(60))
        })
        .collect();
    let taken = store.put_all(&empty);
    assert_eq!(taken.expect("there is room"), empty.len());
    let piece = store.scan(None, 2000).expect("it can be read");
    assert_eq!(piece.messages.len(), 10);
    assert_eq!(everything(&store, 2000).len(), empty.len());
}

/// The latest time that is kept is 2^63 - 1 ms. What is compared may be later.
pub fn late_times<S: MessageStore>(mut store: S) {
    let last = UnixMillis::from_millis(i64::MAX.unsigned_abs());
    for end in [
        last,
        UnixMillis::from_millis(1 << 63),
        UnixMillis::from_millis(u64::MAX),
    ] {
        let late = message(DIRECT, 1, last, last);
        put_new(&mut store, &late);
        assert_eq!(everything(&store, 1000), [late.borrowed()]);
        let lowered = store.expire_all(&account(1), None, end);
        assert_eq!(names(lowered), []);
        let known = expire(&mut store, &account(1), &[(hash(1), last)], ExpiryMode::Set);
        assert_eq!((known.len(), known[0].expiry), (1, last));
        assert!(put(&mut store, &late).already);
        let before = UnixMillis::from_millis(last.as_millis() - 1);
        clean(&mut store, before);
        let none = store.delete(&account(1), Selection::Before(None, before));
        assert_eq!(names(none), []);
        let all = store.delete(&account(1), Selection::Before(None, end));
        assert_eq!(names(all), [(DIRECT, hash(1))]);
        put_new(&mut store, &late);
        clean(&mut store, end);
        assert_eq!(everything(&store, 1000), []);

        let token = [Token::from_bytes([1; Token::LEN])];
        let revoked = store.revoke(&account(1), &token, last);
        revoked.expect("there is room");
        let unrevoked = store.unrevoke(&account(1), &token, before);
        assert_eq!(unrevoked.expect("it can be changed"), 0);
        let unrevoked = store.unrevoke(&account(1), &token, end);
        assert_eq!(unrevoked.expect("it can be changed"), 1);
    }
}

//! What has no room.

use alloc::vec::Vec;

use session_storage::{Message, MessageHash};

use super::{
    CONFIG, DIRECT, OUTBOX, account, clean, everything, hashes, message, namespace, put, put_new,
    time, token,
};
use crate::{MessageStore, NewMessage, Selection};

/// A store with a capacity, here between 10 kB and 10 MB, refuses what it has no room for and is
/// then as it was before. What needs no room is done still, and what goes makes room.
pub fn full<S: MessageStore>(mut store: S) {
    let sized = |number, seed: u32, len: usize, timestamp| {
        let template = message(number, 0, timestamp, time(60));
        let hash = MessageHash::of(&account(1), template.namespace, &seed.to_be_bytes());
        let message = Message::new(hash, timestamp, time(60), alloc::vec![7; len]);
        NewMessage {
            message,
            ..template
        }
    };
    put_new(&mut store, &sized(OUTBOX, 1, 1000, time(1)));
    let revoked_before = [token(1)];
    store
        .revoke(&account(1), &revoked_before, time(0))
        .expect("there is room");
    let fits = (0..20_000).take_while(|number| {
        let message = sized(CONFIG, *number, 1000, time(0));
        store.put(&message).is_ok()
    });
    let fits = fits.count();
    assert!((4..20_000).contains(&fits), "it holds {fits} kB");
    let kept = everything(&store, 100_000);
    assert_eq!(kept.len(), fits + 1);
    let too_much = sized(DIRECT, 1, 1000, time(0));
    assert!(store.put(&too_much).is_err());
    assert!(store.put(&sized(OUTBOX, 2, 3000, time(2))).is_err());
    assert_eq!(everything(&store, 100_000), kept);

    let many = [too_much.borrowed(), sized(CONFIG, 1, 1000, time(0))];
    assert!(store.put_all(&many).is_err(), "the first does not fit");
    assert_eq!(everything(&store, 100_000), kept);
    let again = sized(CONFIG, 1, 1000, time(0));
    let many = [again.borrowed(), too_much.borrowed(), again.borrowed()];
    let taken = store.put_all(&many);
    assert_eq!(taken.expect("a duplicate needs no room"), 1);
    assert!(put(&mut store, &again).already, "a duplicate needs no room");
    put_new(&mut store, &sized(OUTBOX, 3, 1000, time(2)));

    let revoke = |store: &mut S, owner, numbers: &[u8], at| {
        let tokens: Vec<_> = numbers.iter().copied().map(token).collect();
        store.revoke(&account(owner), &tokens, at)
    };
    let revokers = (10..=u8::MAX).take_while(|owner| {
        let revoked = revoke(&mut store, *owner, &[1], time(0));
        revoked.is_ok()
    });
    let revokers = revokers.count();
    assert!(revokers < 200, "revocations cost nothing");
    assert!(revoke(&mut store, 2, &[1, 2, 3], time(0)).is_err());
    let none = store.revoked(&account(2)).expect("it can be read");
    assert_eq!(none, []);
    assert!(revoke(&mut store, 1, &[1], time(1)).is_ok(), "a refresh");

    let unrevoked = store.unrevoke(&account(1), &revoked_before, time(1));
    assert_eq!(unrevoked.expect("it can be changed"), 1);
    assert!(revoke(&mut store, 2, &[1], time(0)).is_ok());
    store
        .delete(&account(1), Selection::All(Some(namespace(CONFIG))))
        .expect("it can be changed");
    put_new(&mut store, &too_much);
    // Of many those are taken that come before the first one that has no room.
    let large = |seed, len| sized(DIRECT, seed, len, time(0));
    let many = [
        large(2, 500),
        large(3, 500),
        large(4, fits * 1700),
        large(5, 500),
    ];
    let taken = store.put_all(&many);
    assert_eq!(taken.expect("there is room for two"), 2);
    let expected = [&too_much, &many[0], &many[1]].map(|taken| taken.message.hash);
    assert_eq!(hashes(&store, account(1), DIRECT), expected);
    clean(&mut store, time(60));
    let fits_again = (0..fits).filter(|number| {
        let number = u32::try_from(*number).unwrap_or_default();
        store.put(&sized(CONFIG, number, 1000, time(0))).is_ok()
    });
    let fits_again = fits_again.count();
    // Some revocations may have been added.
    assert!(fits_again + revokers >= fits, "{fits_again} of {fits}");
}

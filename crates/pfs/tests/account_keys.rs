//! Account keys with the messages that are opened and published with them.

#![allow(clippy::unwrap_used)]

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use session_pfs::session_core::UnixMillis;
use session_pfs::session_identity::{Account, Seed};
use session_pfs::{
    AccountKey, AccountKeys, Error, OwnPublication, UnopenedMessages, seal, write_publication,
};

const NOW: UnixMillis = UnixMillis::from_secs(1_790_000_000);
const EXPIRES: UnixMillis = UnixMillis::from_secs(1_790_000_000 + 14 * 24 * 3600);

fn account(byte: u8) -> Account {
    Account::from_seed(&Seed::from([byte; 32]))
}

fn rng(byte: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([byte; 32])
}

/// A list with one key, which the other devices have.
fn keys(byte: u8) -> AccountKeys {
    let mut keys = AccountKeys::new();
    keys.rotate(NOW, &mut rng(byte));
    let made = keys.undistributed();
    keys.mark_distributed(&made);
    keys
}

fn told(keys: &AccountKeys) -> Vec<AccountKey> {
    keys.iter().map(|held| held.key().clone()).collect()
}

/// A message to the active key of `keys`.
fn message_to(keys: &AccountKeys, content: &[u8]) -> Vec<u8> {
    let public = keys.active().unwrap().pair().public();
    seal(&account(1), &account(2).id(), &public, content, &mut rng(9)).unwrap()
}

#[test]
fn rotated_keys_open_until_they_are_erased() {
    let me = account(2);
    let mut mine = keys(1);
    let wire = message_to(&mine, b"hello");
    mine.rotate(NOW, &mut rng(2));
    assert!(mine.open(&me, &wire).is_ok());
    mine.prune(UnixMillis::from_secs(1_790_000_001 + 1 + 16 * 24 * 3600));
    assert_eq!(mine.open(&me, &wire).unwrap_err(), Error::NoKey);
}

#[test]
fn a_message_opens_when_its_key_arrives() {
    let me = account(2);
    let theirs = keys(2);
    let mut mine = keys(1);
    let mut unopened = UnopenedMessages::new();
    let mut receive = |mine: &AccountKeys, wire: &[u8], hash| {
        unopened
            .open_or_keep(&me, mine, wire, hash, EXPIRES, NOW)
            .map(drop)
    };
    assert_eq!(receive(&mine, &message_to(&mine, b"now"), "a"), Ok(()));
    let early = message_to(&theirs, b"early");
    assert_eq!(receive(&mine, &early, "b"), Err(Error::NoKey));
    let version = receive(&mine, &[0, 3, 0], "c");
    assert!(matches!(version, Err(Error::Version { .. })));
    let broken = receive(&mine, &[0, 2, 0], "d");
    assert!(matches!(broken, Err(Error::Length { .. })));
    assert_eq!(unopened.len(), 2);

    assert!(unopened.retry(&me, &mine, NOW).is_empty());
    // A key that is made here opens nothing that is older.
    mine.rotate(NOW, &mut rng(3));
    assert!(unopened.retry(&me, &mine, NOW).is_empty());
    mine.merge(told(&theirs), NOW);
    let opened = unopened.retry(&me, &mine, NOW);
    assert!(matches!(&opened[..], [(hash, Ok(_))] if hash == "b"));
    assert_eq!(unopened.len(), 1);
}

#[test]
fn what_is_published_is_recognised() {
    let me = account(2);
    let mut mine = keys(1);
    mine.set_publishing(true);
    let (seed, message) = mine.publication(&me, &mut rng(5)).unwrap();
    assert_eq!(seed, mine.active().unwrap().key().seed);
    mine.mark_published(&seed);
    assert!(mine.publication(&me, &mut rng(5)).is_none());

    let found = |mine: &mut AccountKeys, messages: &[&[u8]]| {
        let found = mine.handle_own_publication(&me, messages.iter().copied(), NOW);
        (found, mine.publication(&me, &mut rng(5)).is_some())
    };
    assert_eq!(found(&mut mine, &[&message]), (OwnPublication::Held, false));
    assert_eq!(found(&mut mine, &[]), (OwnPublication::Absent, true));
    // A changed one, and one of somebody else, are as good as none.
    let mut changed = message.clone();
    changed[700] ^= 1;
    let foreign = keys(7).active().unwrap().pair().public();
    let others = write_publication(&account(3), &foreign, &mut rng(5)).unwrap();
    assert_eq!(
        found(&mut mine, &[&changed, &others, b""]),
        (OwnPublication::Absent, true)
    );
    let signed = write_publication(&me, &foreign, &mut rng(5)).unwrap();
    assert_eq!(
        found(&mut mine, &[&signed]),
        (OwnPublication::Foreign, true)
    );
    // The other device's key arrives after all.
    mine.merge(told(&keys(7)), NOW);
    assert_eq!(found(&mut mine, &[&signed]).0, OwnPublication::Held);
    // What was erased is not held any more, and is no alarm either.
    let old = message;
    let late = UnixMillis::from_secs(1_790_000_000 + 17 * 24 * 3600);
    mine.rotate(NOW, &mut rng(8));
    let found = mine.handle_own_publication(&me, [&old[..]], late);
    assert_eq!(found, OwnPublication::Old);
}

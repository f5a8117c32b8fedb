//! How large the files become.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    reason = "tests"
)]

mod place;

use std::fs;
use std::path::Path;

use session_core::{NetworkId, UnixMillis};
use session_node::{MessageStore, NewMessage};
use session_storage::{Message, MessageHash, Namespace};
use sqlite_store::{Error, SqliteStore};

/// Each of another account, scattered as keys are.
fn message(number: u32, data: &[u8]) -> NewMessage<'_> {
    let mut account = [5; NetworkId::LEN];
    account[1..5].copy_from_slice(&number.wrapping_mul(0x9e37_79b9).to_be_bytes());
    let account = account.into();
    let hash = MessageHash::of(&account, Namespace::DIRECT, &number.to_be_bytes());
    // Not in the order of arrival.
    let expiry = UnixMillis::from_millis(number.wrapping_mul(0x85eb_ca6b).into());
    NewMessage {
        account,
        namespace: Namespace::DIRECT,
        message: Message::new(hash, UnixMillis::from_millis(1), expiry, data),
    }
}

fn put_many(store: &mut SqliteStore, numbers: core::ops::Range<u32>, data: &[u8]) -> usize {
    let mut taken = 0;
    let numbers: Vec<u32> = numbers.collect();
    for piece in numbers.chunks(1000) {
        let messages: Vec<_> = piece.iter().map(|number| message(*number, data)).collect();
        match store.put_all(&messages) {
            Ok(count) if count == messages.len() => taken += count,
            Ok(count) => return taken + count,
            Err(error) => {
                assert_eq!(error, Error::Full);
                return taken;
            }
        }
    }
    taken
}

fn len(path: &Path) -> u64 {
    fs::metadata(path).unwrap().len()
}

/// Whatever the messages are like: what lies badly in the pages of the file fills it earlier.
#[test]
fn the_file_is_no_larger_than_the_capacity_and_a_little() {
    let directory = place::directory("size");
    let capacity = 12_000_000;
    for bytes in [0, 200, 2000, 4150, 20_000, 76_800] {
        let path = directory.join(format!("{bytes}.sqlite"));
        let mut store = SqliteStore::open_unsynced(&path, capacity).unwrap();
        let data = vec![7; bytes];
        let taken = put_many(&mut store, 0..30_000, &data);
        let counted = store.bytes().unwrap();
        assert_eq!(counted, taken as u64 * (bytes as u64 + 640));
        // Cleaning is done in a full store too, and what it frees is used again.
        let half = UnixMillis::from_millis((u32::MAX / 2).into());
        while store.remove_expired(half).unwrap() {}
        let left = store.bytes().unwrap();
        assert!(left < counted * 6 / 10, "{bytes}: {left} of {counted}");
        let again = put_many(&mut store, 30_000..60_000, &data);
        let counted_again = store.bytes().unwrap();
        drop(store);
        let file = len(&path);
        let factor = |counted| file as f64 / counted as f64;
        println!(
            "{bytes}: {taken}, then {again}; file {file}, {:.2} of what was counted, then {:.2}",
            factor(counted),
            factor(counted_again)
        );
        assert!(file <= capacity + (1 << 19), "{bytes}: {file}");
        assert!(counted * 2 > capacity, "{bytes}: full with {counted}");
    }
}

/// Cleaning goes in pieces, each of which goes through the log.
#[test]
fn the_log_stays_small() {
    let path = place::directory("log").join("store.sqlite");
    let mut store = SqliteStore::open_unsynced(&path, 1 << 30).unwrap();
    let count = 20_000;
    assert_eq!(put_many(&mut store, 0..count, &[7; 1000]), count as usize);
    let mut calls = 0;
    let end = UnixMillis::from_millis(u32::MAX.into());
    let mut longest = 0;
    loop {
        calls += 1;
        let more = store.remove_expired(end).unwrap();
        longest = longest.max(len(&path.with_extension("sqlite-wal")));
        if !more {
            break;
        }
    }
    println!("{calls} calls, log of {longest} bytes");
    assert_eq!(calls, 21);
    assert_eq!(store.bytes(), Ok(0));
    assert!(longest < 24 << 20, "{longest} bytes");
}

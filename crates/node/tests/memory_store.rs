//! A memory store takes no more memory than it was allowed.
#![allow(clippy::arithmetic_side_effects, clippy::expect_used)]

use allocation_counter::measure;
use session_core::{NetworkId, UnixMillis};
use session_node::{Full, MemoryStore, MessageStore, NewMessage};
use session_storage::{Message, MessageHash, Namespace, Token};

const CAPACITY: usize = 8_000_000;

/// Fills a store by calls that are numbered, and gives the bytes that it takes then.
fn taken(mut call: impl FnMut(&mut MemoryStore, u32) -> Result<(), Full>) -> i64 {
    let mut kept = None;
    let counted = measure(|| {
        let mut store = MemoryStore::with_capacity(CAPACITY);
        let calls = (0..).find(|number| call(&mut store, *number).is_err());
        assert!(calls > Some(1000), "it holds little: {calls:?}");
        kept = Some(store);
    });
    counted.bytes_current
}

fn account(number: u32) -> NetworkId {
    let mut bytes = [5; NetworkId::LEN];
    // Not in ascending order.
    let scattered = number.wrapping_mul(0x9e37_79b9).to_be_bytes();
    bytes[1..5].copy_from_slice(&scattered);
    bytes.into()
}

#[test]
fn messages_fit_into_the_capacity() {
    for (what, accounts) in [("one mailbox", 1), ("many", u32::MAX)] {
        for len in [0, 100, 5000] {
            let bytes = taken(|store, number| {
                let account = account(number % accounts);
                let hash = MessageHash::of(&account, Namespace::DIRECT, &number.to_be_bytes());
                let time = UnixMillis::from_secs(number.into());
                let message = NewMessage {
                    account,
                    namespace: Namespace::DIRECT,
                    message: Message::new(hash, time, time, vec![0; len]),
                };
                store.put(&message).map(drop)
            });
            let share = bytes * 100 / CAPACITY as i64;
            println!("{what}, {len} bytes each: {share} % of the capacity");
            assert!((40..=100).contains(&share), "{what}, {len}: {share} %");
        }
    }
}

#[test]
fn revocations_fit_into_the_capacity() {
    for count in [1, 10] {
        let tokens: Vec<Token> = (0..count).map(|n| Token::from_bytes([n; 36])).collect();
        let bytes = taken(|store, number| {
            let at = UnixMillis::from_secs(number.into());
            store.revoke(&account(number), &tokens, at)
        });
        let share = bytes * 100 / CAPACITY as i64;
        println!("{count} tokens each: {share} % of the capacity");
        assert!((40..=100).contains(&share), "{count} tokens: {share} %");
    }
}

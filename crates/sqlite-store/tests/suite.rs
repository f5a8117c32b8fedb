//! The test-suite that all stores share.
#![allow(clippy::unwrap_used)]

mod place;

use session_node::store_tests;
use sqlite_store::{Error, SqliteStore};

#[test]
fn passes_the_suite() {
    let directory = place::directory("suite");
    let mut count = 0..;
    store_tests::all(|| {
        let path = directory.join(format!("{}.sqlite", count.next().unwrap()));
        SqliteStore::open(path, u64::MAX).unwrap()
    });
}

#[test]
fn a_full_store_refuses() {
    let path = place::directory("full").join("store.sqlite");
    let store = SqliteStore::open(&path, 50_000).unwrap();
    store_tests::full(store);
    let store = SqliteStore::open(&path, 50_000).unwrap();
    assert_eq!(store.check(), Ok(()));
    assert!((30_000..=50_000).contains(&store.bytes().unwrap()));
}

/// Nothing is lost or changed when the file is closed and opened again between two calls.
#[test]
fn keeps_everything_when_it_is_opened_again() {
    let directory = place::directory("reopened");
    for seed in 0..10 {
        let path = directory.join(format!("{seed}.sqlite"));
        let open = || SqliteStore::open(&path, 10_000_000).unwrap();
        store_tests::random(seed, 200, open(), |store| {
            let bytes = store.bytes().unwrap();
            drop(store);
            let store = open();
            assert_eq!(store.bytes(), Ok(bytes));
            assert_eq!(store.check(), Ok(()));
            store
        });
    }
}

/// A store that is opened with less room than it takes still does what needs none.
#[test]
fn a_smaller_capacity_refuses_only_growth() {
    use session_core::{NetworkId, UnixMillis};
    use session_node::{MessageStore, NewMessage, Selection};
    use session_storage::{Message, MessageHash, Namespace};

    let path = place::directory("smaller").join("store.sqlite");
    let account = NetworkId::from([1; 33]);
    let message = |number: u8| {
        let hash = MessageHash::of(&account, Namespace::DIRECT, &[number]);
        let (time, expiry) = (
            UnixMillis::from_secs(1),
            UnixMillis::from_secs(number.into()),
        );
        NewMessage {
            account,
            namespace: Namespace::DIRECT,
            message: Message::new(hash, time, expiry, vec![number; 100]),
        }
    };
    let mut store = SqliteStore::open(&path, 10_000).unwrap();
    for number in 1..5 {
        store.put(&message(number)).unwrap();
    }
    drop(store);
    let mut store = SqliteStore::open(&path, 1000).unwrap();
    assert_eq!(store.bytes(), Ok(4 * 740));
    assert!(store.put(&message(1)).unwrap().already);
    assert_eq!(store.put(&message(9)), Err(Error::Full));
    let hashes = [1, 2].map(|number| message(number).message.hash);
    let deleted = store.delete(&account, Selection::Hashes(&hashes)).unwrap();
    assert_eq!(deleted.len(), 2);
    assert_eq!(store.remove_expired(UnixMillis::from_secs(4)), Ok(false));
    store.put(&message(9)).unwrap();
    assert_eq!(store.bytes(), Ok(740));
}

/// The vectors that the memory store passes in `conformance`.
#[test]
fn passes_the_vectors() {
    let directory = place::directory("vectors");
    let file = include_str!("../../conformance/vectors/storage-db.json");
    let file: serde_json::Value = serde_json::from_str(file).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert!(!cases.is_empty());
    for (number, case) in cases.iter().enumerate() {
        let path = directory.join(format!("{number}.sqlite"));
        let store = SqliteStore::open(path, u64::MAX).unwrap();
        let out = conformance::storage_db::storage_db(&case["in"], store);
        assert_eq!(out.as_ref(), Ok(&case["out"]), "{}", case["id"]);
    }
}

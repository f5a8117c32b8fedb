//! Stores of messages: what one call costs beside how many messages are there.
//!
//! The SQLite store is measured as it is, and without waiting for the disk: the difference is what
//! the sync at every commit takes on the disk that holds the target directory.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput};
use session_core::{NetworkId, UnixMillis};
use session_node::{MemoryStore, MessageStore, NewMessage, Selection};
use session_storage::{ExpiryMode, Message, MessageHash, Namespace, RetrieveLimits};
use sqlite_store::SqliteStore;

/// Bytes of data in each message.
const LEN: usize = 1000;
/// Room for everything.
const CAPACITY: u64 = 1 << 40;

/// Whose the messages are: all in one mailbox, or ten in each.
#[derive(Clone, Copy)]
struct Owners {
    name: &'static str,
    each: u32,
}

const OWNERS: [Owners; 2] = [
    Owners {
        name: "one mailbox",
        each: u32::MAX,
    },
    Owners {
        name: "many mailboxes",
        each: 10,
    },
];

impl Owners {
    fn account(self, number: u32) -> NetworkId {
        // Spread over the whole range, as hashes of keys are.
        let spread = (number / self.each).wrapping_mul(0x9e37_79b9);
        let mut id = [5; NetworkId::LEN];
        id[1..5].copy_from_slice(&spread.to_be_bytes());
        id.into()
    }

    fn hash(self, number: u32) -> MessageHash {
        let data = number.to_be_bytes();
        MessageHash::of(&self.account(number), Namespace::DIRECT, &data)
    }

    /// Each expires a second after the one before.
    fn message(self, number: u32, data: &[u8]) -> NewMessage<'_> {
        let (timestamp, expiry) = (UnixMillis::from_secs(1), expiry(number));
        NewMessage {
            account: self.account(number),
            namespace: Namespace::DIRECT,
            message: Message::new(self.hash(number), timestamp, expiry, data),
        }
    }
}

fn expiry(number: u32) -> UnixMillis {
    UnixMillis::from_secs(10 + u64::from(number))
}

fn fill(store: &mut impl MessageStore, count: u32, owners: Owners) {
    let data = vec![7; LEN];
    for number in 0..count {
        put(store, &owners.message(number, &data));
    }
}

fn put(store: &mut impl MessageStore, message: &NewMessage<'_>) {
    store.put(message).expect("there is room");
}

/// A closed SQLite store.
fn file(count: u32, owners: Owners) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("store-bench");
    // The one before is of no more use.
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&directory).expect("a directory for files");
    let path = directory.join("store.sqlite");
    let mut store = SqliteStore::open_unsynced(&path, CAPACITY).expect("a new file");
    fill(&mut store, count, owners);
    path
}

fn memory(c: &mut Criterion) {
    measure(c, "memory", |count, owners| {
        let mut store = MemoryStore::with_capacity(usize::MAX);
        fill(&mut store, count, owners);
        store
    });
}

fn sqlite(c: &mut Criterion) {
    measure(c, "SQLite", |count, owners| {
        SqliteStore::open(file(count, owners), CAPACITY).expect("it was made")
    });
}

fn sqlite_unsynced(c: &mut Criterion) {
    measure(c, "SQLite without sync", |count, owners| {
        SqliteStore::open_unsynced(file(count, owners), CAPACITY).expect("it was made")
    });
}

fn measure<S: MessageStore>(c: &mut Criterion, name: &str, make: impl Fn(u32, Owners) -> S) {
    // To see that the benches run, a small store will do.
    let only_test = std::env::args().any(|argument| argument == "--test");
    let counts: &[u32] = if only_test {
        &[100]
    } else {
        &[1000, 10_000, 100_000]
    };
    for owners in OWNERS {
        let mut group = c.benchmark_group(format!("store: {name}, {}", owners.name));
        group.sample_size(10);
        for &count in counts {
            let mut store = make(count, owners);
            group.throughput(Throughput::Elements(1));
            group.bench_function(BenchmarkId::new("put", count), |b| {
                b.iter_custom(|iterations| puts(&mut store, owners, count, iterations));
            });
            group.throughput(Throughput::Elements(PIECE.into()));
            for (name, piece) in [
                ("put 2,000", Piece::OneByOne),
                ("put_all 2,000", Piece::AtOnce),
            ] {
                group.bench_function(BenchmarkId::new(name, count), |b| {
                    b.iter_custom(|iterations| {
                        pieces(&mut store, owners, count, piece, iterations)
                    });
                });
            }
            group.throughput(Throughput::Elements(1));
            let (account, last) = (owners.account(count / 2), owners.hash(count / 2));
            let limits = RetrieveLimits::new(Some(10), None);
            group.bench_function(BenchmarkId::new("retrieve 10 after a hash", count), |b| {
                b.iter(|| {
                    let page = store.retrieve(&account, Namespace::DIRECT, Some(&last), &limits);
                    page.expect("it can be read").messages.len()
                });
            });
            group.bench_function(BenchmarkId::new("expire one", count), |b| {
                let mut seconds = 0;
                b.iter(|| {
                    seconds += 1;
                    let changes = [(last, later(seconds))];
                    store.expire(&account, &changes, ExpiryMode::Set)
                });
            });
            group.bench_function(BenchmarkId::new("clean nothing", count), |b| {
                b.iter(|| store.remove_expired(UnixMillis::from_secs(1)));
            });
            group.throughput(Throughput::Elements(BATCH.into()));
            group.bench_function(BenchmarkId::new("clean 10", count), |b| {
                b.iter_custom(|iterations| cleanings(&mut store, owners, count, iterations));
            });
        }
        group.finish();
    }
}

/// A time when all messages but one have expired.
fn later(seconds: u32) -> UnixMillis {
    expiry(u32::MAX / 2 + seconds)
}

/// How many messages come and go around a measurement.
const BATCH: u32 = 10;

/// What `iterations` puts take, in a store that is brought back to `count` messages.
fn puts(store: &mut impl MessageStore, owners: Owners, count: u32, iterations: u64) -> Duration {
    let data = vec![7; LEN];
    let batch: Vec<_> = (count..count + BATCH)
        .map(|number| owners.message(number, &data))
        .collect();
    let mut taken = Duration::ZERO;
    let mut left = usize::try_from(iterations).expect("it fits");
    while left > 0 {
        let now = &batch[..batch.len().min(left)];
        let start = Instant::now();
        for message in now {
            put(store, message);
        }
        taken += start.elapsed();
        for message in now {
            let hashes = [message.message.hash];
            let deleted = store.delete(&message.account, Selection::Hashes(&hashes));
            assert_eq!(deleted.expect("it can be changed").len(), 1);
        }
        left -= now.len();
    }
    taken
}

/// How many messages of 200 bytes come with one push.
const PIECE: u32 = 2000;

#[derive(Clone, Copy)]
enum Piece {
    OneByOne,
    AtOnce,
}

/// What it takes so many times to store what came with a push.
fn pieces(
    store: &mut impl MessageStore,
    owners: Owners,
    count: u32,
    piece: Piece,
    iterations: u64,
) -> Duration {
    let data = vec![7; 200];
    let numbers = count..count + PIECE;
    let messages: Vec<_> = numbers
        .map(|number| NewMessage {
            account: [6; NetworkId::LEN].into(),
            ..owners.message(number, &data)
        })
        .collect();
    let mut taken = Duration::ZERO;
    for _ in 0..iterations {
        let start = Instant::now();
        match piece {
            Piece::OneByOne => messages.iter().for_each(|message| put(store, message)),
            Piece::AtOnce => {
                let all = store.put_all(&messages).expect("there is room");
                assert_eq!(all, messages.len());
            }
        }
        taken += start.elapsed();
        let deleted = store.delete(&messages[0].account, Selection::All(None));
        assert_eq!(deleted.expect("it can be changed").len(), messages.len());
    }
    taken
}

/// What it takes so many times to remove a batch of messages that have expired.
fn cleanings(
    store: &mut impl MessageStore,
    owners: Owners,
    count: u32,
    iterations: u64,
) -> Duration {
    let data = vec![7; LEN];
    let mut taken = Duration::ZERO;
    for _ in 0..iterations {
        for number in count..count + BATCH {
            let mut message = owners.message(number, &data);
            message.message.expiry = UnixMillis::from_secs(2);
            put(store, &message);
        }
        let start = Instant::now();
        store
            .remove_expired(UnixMillis::from_secs(2))
            .expect("it can be changed");
        taken += start.elapsed();
    }
    taken
}

fn main() {
    benches::run(&[memory, sqlite, sqlite_unsynced]);
}

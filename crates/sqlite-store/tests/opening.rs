//! Files that cannot be opened, or not by two at once.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests"
)]

mod place;

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use session_core::{NetworkId, UnixMillis};
use session_node::{ExpiryMode, MessageStore, NewMessage, Selection};
use session_storage::{Message, MessageHash, Namespace, RetrieveLimits, Token};
use sqlite_store::{Error, SqliteStore};

fn open(path: &Path) -> Result<SqliteStore, Error> {
    SqliteStore::open(path, 10_000_000)
}

fn message(number: u8) -> NewMessage<'static> {
    let account = NetworkId::from([number % 3; 33]);
    NewMessage {
        account,
        namespace: Namespace::DIRECT,
        message: Message::new(
            MessageHash::of(&account, Namespace::DIRECT, &[number]),
            UnixMillis::from_secs(1),
            UnixMillis::from_secs(2),
            vec![number; 1000],
        ),
    }
}

/// A store of 40 messages, closed.
fn fill(path: &Path) {
    let mut store = open(path).unwrap();
    for number in 0..40 {
        store.put(&message(number)).unwrap();
    }
    let token = Token::from_bytes([1; Token::LEN]);
    let account = message(0).account;
    store
        .revoke(&account, &[token], UnixMillis::from_secs(1))
        .unwrap();
}

#[test]
fn one_at_a_time() {
    let path = place::directory("one_at_a_time").join("store.sqlite");
    let first = open(&path).unwrap();
    assert_eq!(open(&path).err(), Some(Error::InUse));
    drop(first);
    let mut again = open(&path).unwrap();
    again.put(&message(1)).unwrap();
    // Another program cannot even look.
    let other = Connection::open(&path).unwrap();
    other.busy_timeout(core::time::Duration::ZERO).unwrap();
    let count = "SELECT count(*) FROM messages";
    assert!(
        other
            .query_row(count, (), |row| row.get::<_, i64>(0))
            .is_err()
    );
}

#[test]
fn what_is_not_there_is_made_if_it_can_be() {
    let directory = place::directory("made");
    assert!(matches!(
        open(&directory.join("no/such/directory.sqlite")),
        Err(Error::Sqlite { .. })
    ));
    assert!(matches!(open(&directory), Err(Error::Sqlite { .. })));
    let path = directory.join("empty.sqlite");
    fs::write(&path, "").unwrap();
    assert_eq!(open(&path).unwrap().check(), Ok(()));
    // As a crash leaves it that comes before the schema.
    let path = directory.join("half.sqlite");
    let connection = Connection::open(&path).unwrap();
    connection
        .pragma_update(None, "journal_mode", "WAL")
        .unwrap();
    drop(connection);
    assert_eq!(open(&path).unwrap().check(), Ok(()));
}

/// Neither taken for a store nor changed.
#[test]
fn foreign_and_newer_files_are_left_alone() {
    let directory = place::directory("foreign");
    let refused = |name: &str, make: &dyn Fn(&Path), expected| {
        let path = directory.join(name);
        make(&path);
        let before = fs::read(&path).unwrap();
        assert_eq!(open(&path).err(), Some(expected), "{name}");
        assert_eq!(fs::read(&path).unwrap(), before, "{name}");
    };
    let execute = |path: &Path, sql: &str| Connection::open(path).unwrap().execute_batch(sql);
    refused(
        "text",
        &|path| fs::write(path, "no database, but long enough for one ".repeat(100)).unwrap(),
        Error::Foreign,
    );
    refused(
        "other",
        &|path| execute(path, "CREATE TABLE messages (id)").unwrap(),
        Error::Foreign,
    );
    refused(
        "marked",
        &|path| execute(path, "PRAGMA application_id = 7").unwrap(),
        Error::Foreign,
    );
    refused(
        "format",
        &|path| execute(path, "PRAGMA user_version = 1").unwrap(),
        Error::Foreign,
    );
    refused(
        "newer",
        &|path| {
            drop(open(path).unwrap());
            execute(path, "PRAGMA user_version = 2").unwrap();
        },
        Error::Newer {
            found: 2,
            expected: 1,
        },
    );
}

/// A crash has left changes in a log beside the file, which belong to its owner.
#[test]
fn the_logs_of_others_are_left_alone() {
    let directory = place::directory("foreign logs");
    let kept = |path: &Path| {
        let (mut wal, mut journal) = (path.as_os_str().to_owned(), path.as_os_str().to_owned());
        wal.push("-wal");
        journal.push("-journal");
        (
            fs::read(path).ok(),
            fs::read(wal).ok(),
            fs::read(journal).ok(),
        )
    };
    for (name, in_file, in_log) in [
        (
            "tables?#%41.sqlite",
            "CREATE TABLE a (b); PRAGMA user_version = 7",
            "CREATE TABLE c (d)",
        ),
        ("marked", "PRAGMA application_id = 7", "CREATE TABLE a (b)"),
        ("all in the log", "", "CREATE TABLE a (b)"),
    ] {
        for mode in ["WAL", "DELETE"] {
            let source = directory.join("source");
            let owner = Connection::open(&source).unwrap();
            owner.pragma_update(None, "journal_mode", mode).unwrap();
            owner.pragma_update(None, "cache_size", 1).unwrap();
            owner.execute_batch(in_file).unwrap();
            if mode == "WAL" {
                owner
                    .pragma_update(None, "wal_checkpoint", "TRUNCATE")
                    .unwrap();
            }
            if mode == "DELETE" {
                // Some of it in the file already, so that it has to be undone.
                let much =
                    "BEGIN; CREATE TABLE much (b); INSERT INTO much VALUES (zeroblob(90000))";
                owner.execute_batch(much).unwrap();
            }
            owner.execute_batch(in_log).unwrap();
            let path = directory.join(format!("{mode} {name}"));
            let (file, wal, journal) = kept(&source);
            fs::write(&path, file.unwrap()).unwrap();
            for (end, bytes) in [("wal", wal), ("journal", journal)] {
                let beside = directory.join(format!("{mode} {name}-{end}"));
                if let Some(bytes) = bytes {
                    fs::write(beside, bytes).unwrap();
                }
            }
            drop(owner);
            fs::remove_file(&source).unwrap();
            let before = kept(&path);
            assert!(
                before.1.is_some() || before.2.is_some(),
                "{mode} {name}: no log"
            );
            if before.0.as_ref().is_some_and(Vec::is_empty) {
                // Nothing of anybody.
                continue;
            }
            assert_eq!(open(&path).err(), Some(Error::Foreign), "{mode} {name}");
            assert!(kept(&path) == before, "{mode} {name}: changed");
        }
    }
}

/// Makes every call once.
fn use_all(store: &mut SqliteStore) -> Result<(), Error> {
    let account = message(0).account;
    let hashes = [0, 3, 6].map(|number| message(number).message.hash);
    let limits = RetrieveLimits::new(None, Some(-1));
    store.scan(None, usize::MAX)?;
    store.retrieve(&account, Namespace::DIRECT, Some(&hashes[0]), &limits)?;
    store.expiries(&account, &hashes)?;
    store.revoked(&account)?;
    store.put(&message(100))?;
    let changes = hashes.map(|hash| (hash, UnixMillis::from_secs(3)));
    store.expire(&account, &changes, ExpiryMode::Set)?;
    store.expire_all(&account, None, UnixMillis::from_secs(1))?;
    store.delete(&account, Selection::Hashes(&hashes))?;
    let token = Token::from_bytes([2; Token::LEN]);
    store.revoke(&account, &[token], UnixMillis::from_secs(1))?;
    store.unrevoke(&account, &[token], UnixMillis::from_secs(1))?;
    store.remove_expired(UnixMillis::from_secs(1))?;
    store.check()
}

/// Bytes of a page of the database.
const PAGE: usize = 8 << 10;

#[test]
fn damage_is_reported() {
    let directory = place::directory("damaged");
    let whole = directory.join("whole.sqlite");
    fill(&whole);
    let sound = fs::read(&whole).unwrap();
    assert!(sound.len() > 50_000);
    assert_eq!(use_all(&mut open(&whole).unwrap()), Ok(()));
    let path = directory.join("damaged.sqlite");
    let mut reported = 0;
    let mut attempt = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        if open(&path)
            .and_then(|mut store| use_all(&mut store))
            .is_err()
        {
            reported += 1;
        }
    };
    // Whole pages overwritten; bits flipped all over the file, in the second half of every page
    // too, where the cells are; the end missing.
    assert_eq!(sound.len() % PAGE, 0);
    let pages = sound.len() / PAGE;
    for page in 0..pages {
        let mut damaged = sound.clone();
        damaged[page * PAGE..][..PAGE].fill(0xa5);
        attempt(&damaged);
        attempt(&sound[..page * PAGE + 100]);
    }
    for place in (0..sound.len()).step_by(1499) {
        let mut damaged = sound.clone();
        damaged[place] ^= 0x55;
        attempt(&damaged);
    }
    // A flipped bit in the data of a message cannot be seen.
    assert!(reported >= 2 * pages, "{reported} of {pages} pages");
}

/// What only some of the log's bytes have reached is there up to some change, and nothing after.
#[test]
fn a_torn_log_loses_only_its_end() {
    let directory = place::directory("torn");
    let path = directory.join("store.sqlite");
    let log = directory.join("store.sqlite-wal");
    let mut store = open(&path).unwrap();
    let (database, start) = (fs::read(&path).unwrap(), fs::read(&log).unwrap().len());
    for number in 0..20 {
        store.put(&message(number)).unwrap();
    }
    assert_eq!(fs::read(&path).unwrap(), database, "all is in the log");
    let whole = fs::read(&log).unwrap();
    drop(store);
    let (path, log) = (directory.join("torn"), directory.join("torn-wal"));
    let mut counts = Vec::new();
    for len in (start..whole.len()).step_by(3001).chain([whole.len()]) {
        fs::write(&path, &database).unwrap();
        fs::write(&log, &whole[..len]).unwrap();
        let store = open(&path).unwrap();
        assert_eq!(store.check(), Ok(()));
        let messages = store.scan(None, usize::MAX).unwrap().messages;
        let expected: Vec<_> = (0..).map(message).take(messages.len()).collect();
        assert_eq!(messages, expected);
        counts.push(messages.len());
    }
    assert!(counts.is_sorted());
    assert_eq!((counts.first(), counts.last()), (Some(&0), Some(&20)));
}

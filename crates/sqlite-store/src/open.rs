//! Opening a store.

use core::fmt;
use core::hash::BuildHasher;
use core::time::Duration;
use std::collections::hash_map::RandomState;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::thread;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::change::Size;
use crate::{Error, sql};

/// Bytes of a page of a new file. A message lies in one page as long as it fits: in smaller pages
/// more is left over beside it, and larger ones are seldom as empty as they have to be for use by
/// others after a cleaning.
const PAGE_BYTES: u32 = 8 << 10;
/// Pages of a file beside those that the capacity allows: for the schema, and for changes that must
/// be possible in a full store.
const SPARE_PAGES: u64 = 64;
/// What the log keeps on the disk when it starts anew.
const LOG_BYTES: i64 = 16 << 20;
/// The log goes into the file when it has so many pages.
const LOG_PAGES: i64 = 512;
/// How often a file is tried that somebody else is about to open too.
const MAX_TRIES: u32 = 10;

/// A node's messages in a SQLite database. See the [crate documentation](crate).
pub struct SqliteStore {
    pub(crate) connection: Connection,
    pub(crate) max: Size,
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("max_bytes", &self.max.bytes)
            .finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Opens a store, which is made if there is no file or an empty one, and locks it until it is
    /// dropped. It refuses what would take it beyond `max_bytes`: a message counts its data and 640
    /// bytes, a revocation 256 bytes. The file has no more than these bytes and 1 MiB. SQLite puts
    /// its log beside it, in a file whose name starts with that of this one.
    ///
    /// # Errors
    /// [`Error::InUse`] after a tenth of a second, [`Error::Foreign`] or [`Error::Newer`], and the
    /// file is left as it is; [`Error::Corrupt`]; [`Error::Sqlite`] when it cannot be read or made.
    pub fn open(path: impl AsRef<Path>, max_bytes: u64) -> Result<Self, Error> {
        // In write-ahead mode this syncs the log before a commit returns; NORMAL would sync only at
        // checkpoints, and a power failure could take acknowledged messages. The log is also what
        // makes it one sync per commit, where a rollback journal needs three or four.
        Self::open_with(path.as_ref(), max_bytes, "FULL")
    }

    /// A store that does not wait for the disk: for measuring what that costs.
    #[doc(hidden)]
    pub fn open_unsynced(path: impl AsRef<Path>, max_bytes: u64) -> Result<Self, Error> {
        Self::open_with(path.as_ref(), max_bytes, "OFF")
    }

    fn open_with(path: &Path, max_bytes: u64, synchronous: &str) -> Result<Self, Error> {
        // Of several that want the lock at the same moment each can hinder the others, so that
        // nobody gets it: each lets go and comes again at a moment of its own. Waiting for the lock
        // within SQLite would not do, as who waits keeps what hinders the others.
        for _ in 1..MAX_TRIES {
            match Self::try_open(path, max_bytes, synchronous) {
                Err(Error::InUse) => {}
                done => return done,
            }
            let dice = RandomState::new().hash_one(()) % 20;
            thread::sleep(Duration::from_millis(dice));
        }
        Self::try_open(path, max_bytes, synchronous)
    }

    fn try_open(path: &Path, max_bytes: u64, synchronous: &str) -> Result<Self, Error> {
        refuse_foreign(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(Duration::ZERO)?;
        // Locks the file at the first access and for good, which also spares the log's index in
        // shared memory.
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.pragma_update(None, "synchronous", synchronous)?;
        // On macOS a plain fsync leaves data in the drive's cache.
        connection.pragma_update(None, "fullfsync", synchronous == "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
        // A great change makes a long log; it does not stay that long.
        connection.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        connection.pragma_update(None, "cell_size_check", true)?;
        // Of a file that is there already it stays as it is.
        connection.pragma_update(None, "page_size", PAGE_BYTES)?;
        connection.set_prepared_statement_cache_capacity(32);

        let setup = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
        if is_new(&setup)? {
            setup.execute_batch(sql::SCHEMA)?;
            setup.pragma_update(None, "application_id", sql::APPLICATION_ID)?;
            setup.pragma_update(None, "user_version", sql::FORMAT)?;
        }
        setup.commit()?;
        // Not before: so a file that has a log is marked as one of this crate.
        let mode: String =
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
        if mode != "wal" {
            // Only databases in memory do that.
            return Err(Error::Foreign);
        }
        let page_bytes: u32 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let pages = max_bytes
            .checked_div(page_bytes.into())
            .ok_or(Error::Corrupt)?
            .saturating_add(SPARE_PAGES);
        // SQLite knows no larger number than 2^32 - 2, and takes that if it is given one.
        let most = u32::try_from(pages.saturating_add(SPARE_PAGES)).unwrap_or(u32::MAX);
        connection.pragma_update_and_check(None, "max_page_count", most, |_| Ok(()))?;
        let store = Self {
            connection,
            max: Size {
                bytes: max_bytes,
                pages,
            },
        };
        store.bytes()?;
        Ok(store)
    }

    /// What the store counts: data, 640 bytes for each message, 256 for each revocation.
    ///
    /// # Errors
    /// When it could not be read.
    pub fn bytes(&self) -> Result<u64, Error> {
        Ok(Size::of(&self.connection)?.bytes)
    }

    /// Looks through the whole file for damage, which takes a while.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when there is some.
    pub fn check(&self) -> Result<(), Error> {
        let found: String = self
            .connection
            .query_row("PRAGMA integrity_check", (), |row| row.get(0))?;
        let counted: i64 = self
            .connection
            .query_row(sql::COUNTED_SIZE, (), |row| row.get(0))?;
        if found == "ok" && u64::try_from(counted) == Ok(self.bytes()?) {
            Ok(())
        } else {
            Err(Error::Corrupt)
        }
    }
}

/// Whether the database has to be made.
fn is_new(connection: &Connection) -> Result<bool, Error> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get(0));
    let (application, format): (i32, i32) = (pragma("application_id")?, pragma("user_version")?);
    match (application, format) {
        (sql::APPLICATION_ID, sql::FORMAT) => Ok(false),
        (sql::APPLICATION_ID, found) if found > sql::FORMAT => Err(Error::Newer {
            found,
            expected: sql::FORMAT,
        }),
        (0, 0) => {
            let objects = "SELECT count(*) FROM sqlite_schema";
            match connection.query_row(objects, (), |row| row.get(0))? {
                0 => Ok(true),
                _ => Err(Error::Foreign),
            }
        }
        _ => Err(Error::Foreign),
    }
}

/// Finds out files of others before SQLite puts into them what a crash has left in a log beside
/// them, which it does as soon as it can write.
fn refuse_foreign(path: &Path) -> Result<(), Error> {
    let len = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
    if len(path) == 0 {
        return Ok(());
    }
    // A plain `File` would take the lock of another store in this process with it when it is
    // closed. Immutable files SQLite neither locks nor writes, nor does it look at their logs.
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let found = Connection::open_with_flags(immutable_uri(path), flags)
        .map_err(Error::from)
        .and_then(|connection| is_new(&connection));
    match found {
        Err(error @ (Error::Foreign | Error::Newer { .. })) => Err(error),
        // What is in such a log is not from here.
        Ok(true)
            if ["-wal", "-journal"]
                .iter()
                .any(|end| len(beside(path, end).as_ref()) > 0) =>
        {
            Err(Error::Foreign)
        }
        // Somebody may be writing just now: the lock will tell.
        Ok(_) | Err(_) => Ok(()),
    }
}

/// The name of the file that SQLite puts beside a database.
fn beside(path: &Path, end: &str) -> OsString {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name
}

fn immutable_uri(path: &Path) -> String {
    let mut uri = String::from(match (path.is_absolute(), cfg!(windows)) {
        (true, true) => "file:///",
        (true, false) => "file://",
        (false, _) => "file:",
    });
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'\\' if cfg!(windows) => uri.push('/'),
            b':' if cfg!(windows) => uri.push(':'),
            b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    uri
}

//! Opening a store.

use core::fmt;
use core::time::Duration;
use std::path::Path;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::Error;
use crate::sql;

/// What the log keeps on the disk when it starts anew.
const LOG_BYTES: i64 = 16 << 20;

/// A node's messages in a SQLite database. See the [crate documentation](crate).
pub struct SqliteStore {
    pub(crate) connection: Connection,
    max_bytes: u64,
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("max_bytes", &self.max_bytes)
            .finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Opens a store, which is made if there is no file or an empty one, and locks it until it is
    /// dropped. It refuses what would take it beyond `max_bytes`: a message counts its data and 640
    /// bytes, a revocation 256 bytes. SQLite puts its log beside it, in a file whose name starts with
    /// that of this one.
    ///
    /// # Errors
    /// [`Error::InUse`], [`Error::Foreign`] or [`Error::Newer`], and the file is left as it is;
    /// [`Error::Corrupt`]; [`Error::Sqlite`] when it cannot be read or made.
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
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags)?;
        // Who has the file keeps it: waiting is no use.
        connection.busy_timeout(Duration::ZERO)?;
        // Locks the file at the first access and for good, which also spares the log's index in
        // shared memory.
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.pragma_update(None, "synchronous", synchronous)?;
        // On macOS a plain fsync leaves data in the drive's cache.
        connection.pragma_update(None, "fullfsync", synchronous == "FULL")?;
        // A great cleaning makes a long log; it does not stay that long.
        connection.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        connection.pragma_update(None, "cell_size_check", true)?;
        connection.set_prepared_statement_cache_capacity(32);

        let is_new = is_new(&connection)?;
        let mode: String =
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
        if mode != "wal" {
            // Only databases in memory do that.
            return Err(Error::Foreign);
        }
        let setup = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
        if is_new {
            setup.execute_batch(sql::SCHEMA)?;
            setup.pragma_update(None, "application_id", sql::APPLICATION_ID)?;
            setup.pragma_update(None, "user_version", sql::FORMAT)?;
        }
        setup.commit()?;
        let store = Self {
            connection,
            max_bytes,
        };
        store.bytes()?;
        Ok(store)
    }

    /// What the store counts: data, 640 bytes for each message, 256 for each revocation.
    ///
    /// # Errors
    /// When it could not be read.
    pub fn bytes(&self) -> Result<u64, Error> {
        bytes(&self.connection)
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

    /// Starts a change, which is undone unless it is committed.
    pub(crate) fn begin(&mut self) -> Result<Change<'_>, Error> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        Ok(Change {
            bytes: bytes(&transaction)?,
            transaction,
            max_bytes: self.max_bytes,
        })
    }
}

/// Whether the database has to be made. Only looks, as the file may be of somebody else.
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

fn bytes(connection: &Connection) -> Result<u64, Error> {
    let bytes: i64 = connection
        .prepare_cached(sql::SIZE)?
        .query_row((), |row| row.get(0))?;
    bytes.try_into().map_err(|_| Error::Corrupt)
}

/// A transaction of one call.
pub(crate) struct Change<'a> {
    pub(crate) transaction: Transaction<'a>,
    /// What was counted before.
    bytes: u64,
    max_bytes: u64,
}

impl Change<'_> {
    /// Commits, unless the store has grown and is too large now.
    pub(crate) fn commit(self) -> Result<(), Error> {
        let bytes = bytes(&self.transaction)?;
        if bytes > self.bytes && bytes > self.max_bytes {
            return Err(Error::Full);
        }
        Ok(self.transaction.commit()?)
    }
}

//! Why a store cannot be opened, or why a call failed.

use rusqlite::ErrorCode;
use rusqlite::ffi;

/// Why a store cannot be opened, or why a call failed. Nothing has changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store holds as many bytes as it may, or the disk has no more room.
    #[error("message store is full")]
    Full,
    /// Another process, or another store in this one, has the file open.
    #[error("message store is in use")]
    InUse,
    /// The file is something else.
    #[error("file is no message store")]
    Foreign,
    /// The file is of a later version of this crate.
    #[error("message store has format {found}, expected {expected} at most")]
    Newer {
        /// The file's format.
        found: i32,
        /// The latest that this version knows.
        expected: i32,
    },
    /// The file is damaged.
    #[error("message store is damaged")]
    Corrupt,
    /// A time that SQLite's integers cannot hold, 292 million years from now.
    #[error("time of a message is out of range")]
    Time,
    /// What else SQLite complains about, such as the file system.
    #[error("message store: {text} (SQLite code {code})")]
    Sqlite {
        /// SQLite's extended result code.
        code: i32,
        /// What the code means.
        text: &'static str,
    },
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        // The rest is a value of another type, or none where there must be one.
        let Some(failure) = error.sqlite_error() else {
            return Self::Corrupt;
        };
        match failure.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::InUse,
            ErrorCode::DiskFull => Self::Full,
            ErrorCode::DatabaseCorrupt => Self::Corrupt,
            ErrorCode::NotADatabase => Self::Foreign,
            _ => Self::Sqlite {
                code: failure.extended_code,
                text: ffi::code_to_str(failure.extended_code),
            },
        }
    }
}

//! Bounds on what is read (spec 03 §15).

use crate::Error;

/// Longest JSON reply that is read, in bytes.
pub const MAX_JSON_LEN: usize = 10 * 1024 * 1024;

/// Most records that are read from one list.
pub const MAX_RECORDS: usize = 20_000;

/// [`Error::TooLarge`] if `got` is above `limit`.
pub(crate) fn at_most(what: &'static str, got: usize, limit: usize) -> Result<(), Error> {
    if got > limit {
        return Err(Error::TooLarge { what, limit });
    }
    Ok(())
}

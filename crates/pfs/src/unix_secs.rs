//! Times as they are on the wire: whole Unix seconds, signed.

use session_core::UnixMillis;

/// Rounded down.
pub(crate) fn to_secs(time: UnixMillis) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

/// Times before 1970 count as 1970.
pub(crate) fn from_secs(secs: i64) -> UnixMillis {
    UnixMillis::from_secs(u64::try_from(secs).unwrap_or_default())
}

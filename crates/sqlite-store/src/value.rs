//! Values as the database has them.

use core::ops::RangeInclusive;

use rusqlite::Row;
use session_core::{NetworkId, UnixMillis};
use session_node::NewMessage;
use session_storage::{Message, MessageHash, Namespace};

use crate::Error;

/// A time to be stored.
pub(crate) fn millis(time: UnixMillis) -> Result<i64, Error> {
    time.as_millis().try_into().map_err(|_| Error::Time)
}

/// A time to compare with: later than all that are stored if it could not be stored.
pub(crate) fn bound(time: UnixMillis) -> i64 {
    millis(time).unwrap_or(i64::MAX)
}

pub(crate) fn time(millis: i64) -> Result<UnixMillis, Error> {
    let millis = millis.try_into().map_err(|_| Error::Corrupt)?;
    Ok(UnixMillis::from_millis(millis))
}

/// One namespace, or all.
pub(crate) fn range(namespace: Option<Namespace>) -> RangeInclusive<i16> {
    namespace.map_or(i16::MIN..=i16::MAX, |one| one.number()..=one.number())
}

pub(crate) fn hash(row: &Row<'_>, column: usize) -> Result<MessageHash, Error> {
    let text = row.get_ref(column)?.as_str().map_err(|_| Error::Corrupt)?;
    text.parse().map_err(|_| Error::Corrupt)
}

/// The columns `id`, `expiry`.
pub(crate) fn id_and_expiry(row: &Row<'_>) -> rusqlite::Result<(i64, i64)> {
    Ok((row.get(0)?, row.get(1)?))
}

/// The columns `namespace`, `hash`.
pub(crate) fn name(row: &Row<'_>) -> Result<(Namespace, MessageHash), Error> {
    Ok((Namespace::new(row.get(0)?), hash(row, 1)?))
}

/// The columns `hash`, `timestamp`, `expiry`, `data`.
pub(crate) fn message(row: &Row<'_>) -> Result<Message<'static>, Error> {
    let (timestamp, expiry) = (time(row.get(1)?)?, time(row.get(2)?)?);
    Ok(Message::new(
        hash(row, 0)?,
        timestamp,
        expiry,
        row.get::<_, Vec<u8>>(3)?,
    ))
}

/// These, and `id`, `account`, `namespace`.
pub(crate) fn numbered_message(row: &Row<'_>) -> Result<(i64, NewMessage<'static>), Error> {
    let account: [u8; NetworkId::LEN] = row.get(5)?;
    let message = NewMessage {
        account: account.into(),
        namespace: Namespace::new(row.get(6)?),
        message: message(row)?,
    };
    Ok((row.get(4)?, message))
}

//! Transactions.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};
use session_core::UnixMillis;
use session_node::{NewMessage, Stored};
use session_storage::Class;

use crate::value::{id_and_expiry, millis, time};
use crate::{Error, SqliteStore, sql};

/// A transaction of one call, which is undone unless it is committed.
pub(crate) struct Change<'a> {
    pub(crate) transaction: Transaction<'a>,
    size: Size,
    max: Size,
}

/// What a store takes.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    /// Counted by the triggers.
    pub(crate) bytes: u64,
    /// Of the file, with those that are free.
    pub(crate) pages: u64,
}

impl Size {
    pub(crate) fn of(connection: &Connection) -> Result<Self, Error> {
        let number = |sql| -> Result<u64, Error> {
            let number: i64 = connection
                .prepare_cached(sql)?
                .query_row((), |row| row.get(0))?;
            number.try_into().map_err(|_| Error::Corrupt)
        };
        Ok(Self {
            bytes: number(sql::SIZE)?,
            pages: number(sql::PAGES)?,
        })
    }
}

impl SqliteStore {
    pub(crate) fn begin(&mut self) -> Result<Change<'_>, Error> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        Ok(Change {
            size: Size::of(&transaction)?,
            transaction,
            max: self.max,
        })
    }
}

impl Change<'_> {
    pub(crate) fn commit(mut self) -> Result<(), Error> {
        self.check_size()?;
        Ok(self.transaction.commit()?)
    }

    /// Refuses to grow beyond the capacity. What does not count more than before may take more
    /// pages all the same, as an index is split by new times: that must not be refused.
    fn check_size(&mut self) -> Result<(), Error> {
        let (old, new) = (self.size, Size::of(&self.transaction)?);
        let too_large =
            new.bytes > self.max.bytes || (new.pages > old.pages && new.pages > self.max.pages);
        if new.bytes > old.bytes && too_large {
            return Err(Error::Full);
        }
        self.size = new;
        Ok(())
    }

    /// Stores a message, if it fits. After an error the transaction is of no more use.
    pub(crate) fn put(&mut self, new: &NewMessage<'_>) -> Result<Stored, Error> {
        let NewMessage {
            account,
            namespace,
            ref message,
        } = *new;
        let (account, number, hash) = (account.as_bytes(), namespace.number(), message.hash);
        let (timestamp, expiry) = (millis(message.timestamp)?, millis(message.expiry)?);
        let database = &self.transaction;

        let known = database
            .prepare_cached(sql::FIND)?
            .query_row((account, hash.as_str(), number), id_and_expiry)
            .optional()?;
        if let Some((id, known)) = known {
            if expiry > known {
                database
                    .prepare_cached(sql::SET_EXPIRY)?
                    .execute((id, expiry))?;
            }
            return Ok(Stored {
                expiry: time(expiry.max(known))?,
                already: true,
            });
        }
        let outbox = namespace.class() == Class::PublicOutbox;
        if outbox {
            let newest: Option<i64> = database
                .prepare_cached(sql::NEWEST)?
                .query_row((account, number), |row| row.get(0))?;
            if newest.is_some_and(|newest| newest >= timestamp) {
                return Ok(Stored {
                    expiry: UnixMillis::default(),
                    already: true,
                });
            }
        }
        let data = &*message.data;
        let id = database.prepare_cached(sql::INSERT)?.insert((
            account,
            number,
            hash.as_str(),
            timestamp,
            expiry,
            data,
        ))?;
        if outbox {
            database
                .prepare_cached(sql::DELETE_OLDER)?
                .execute((account, number, id))?;
        }
        self.check_size()?;
        Ok(Stored {
            expiry: message.expiry,
            already: false,
        })
    }
}

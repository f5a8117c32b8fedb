//! Answers to a message (spec 05 §11.1).

use alloc::string::ToString;

use session_core::UnixMillis;

use super::{Author, Content};
use crate::proto;

/// The message that this one answers. What it said is not sent: look it up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quote<'a> {
    /// Time of the quoted message.
    pub timestamp: UnixMillis,
    /// Its author.
    pub author: Author<'a>,
}

impl<'a> Quote<'a> {
    /// Names a message by its time and author.
    #[must_use]
    pub fn new(timestamp: UnixMillis, author: impl Into<Author<'a>>) -> Self {
        Self {
            timestamp,
            author: author.into(),
        }
    }

    pub(super) fn read(quote: &'a proto::Quote) -> Self {
        Self {
            timestamp: UnixMillis::from_millis(quote.id()),
            author: quote.author().into(),
        }
    }
}

impl Content {
    /// The same message, as an answer to another.
    #[must_use]
    pub fn with_quote(self, quote: Quote<'_>) -> Self {
        self.with_data(proto::DataMessage {
            quote: Some(proto::Quote {
                id: Some(quote.timestamp.as_millis()),
                author: Some(quote.author.to_string()),
                ..Default::default()
            }),
            ..Default::default()
        })
    }
}

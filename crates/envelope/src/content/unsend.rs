//! Requests to delete a message (spec 05 §11.3).

use alloc::string::ToString;

use session_core::{AccountId, UnixMillis};

use super::{Author, Content};
use crate::proto;

/// Asks to delete a message everywhere. Whether the sender may ask is for
/// [`may_unsend`](crate::rules::may_unsend).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unsend<'a> {
    /// Time of the message to delete.
    pub timestamp: UnixMillis,
    /// Its author.
    pub author: Author<'a>,
}

impl<'a> Unsend<'a> {
    pub(super) fn read(request: &'a proto::UnsendRequest) -> Self {
        Self {
            timestamp: UnixMillis::from_millis(request.timestamp()),
            author: request.author().into(),
        }
    }
}

impl Content {
    /// Asks to delete a message, which is one's own when others are asked.
    #[must_use]
    pub fn unsend(timestamp: UnixMillis, author: &AccountId) -> Self {
        Self::made(proto::Content {
            unsend_request: Some(proto::UnsendRequest {
                timestamp: Some(timestamp.as_millis()),
                author: Some(author.to_string()),
            }),
            ..Default::default()
        })
    }
}

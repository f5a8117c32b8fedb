//! Typing indicators (spec 05 §11.1).

use session_core::UnixMillis;

use super::Content;
use crate::proto;

pub use crate::proto::TypingAction;

/// The sender started or stopped typing. Between two people only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Typing {
    /// Started or stopped.
    pub action: TypingAction,
    /// Time of the message, once more; see [`check_typing`](crate::rules::check_typing).
    pub timestamp: UnixMillis,
}

impl Typing {
    pub(super) fn read(typing: &proto::TypingMessage) -> Self {
        Self {
            action: typing.action(),
            timestamp: UnixMillis::from_millis(typing.timestamp()),
        }
    }
}

impl Content {
    /// Says that one started or stopped typing. The time, zero at first, is filled in on sending.
    #[must_use]
    pub fn typing(action: TypingAction) -> Self {
        Self::made(proto::Content {
            typing_message: Some(proto::TypingMessage {
                timestamp: Some(0),
                action: Some(action.into()),
            }),
            ..Default::default()
        })
    }
}

//! Emoji put to a message (spec 05 §11.1).

use alloc::string::ToString;

use session_core::UnixMillis;

use super::{Author, Content};
use crate::proto;

pub use crate::proto::ReactionAction;

/// An emoji put to a message, or taken away. In communities reactions are no messages.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reaction<'a> {
    /// Time of the target.
    pub timestamp: UnixMillis,
    /// Author of the target.
    pub author: Author<'a>,
    /// The emoji; empty if the sender left it out.
    pub emoji: &'a str,
    /// Put or taken away.
    pub action: ReactionAction,
}

redacted!(Reaction<'_>);

impl<'a> Reaction<'a> {
    /// Puts an emoji to a message, or takes it away.
    #[must_use]
    pub fn new(
        timestamp: UnixMillis,
        author: impl Into<Author<'a>>,
        emoji: &'a str,
        action: ReactionAction,
    ) -> Self {
        Self {
            timestamp,
            author: author.into(),
            emoji,
            action,
        }
    }

    pub(super) fn read(reaction: &'a proto::Reaction) -> Self {
        Self {
            timestamp: UnixMillis::from_millis(reaction.id()),
            author: reaction.author().into(),
            emoji: reaction.emoji(),
            action: reaction.action(),
        }
    }
}

impl Content {
    /// A reaction to a message.
    #[must_use]
    pub fn reaction(reaction: &Reaction<'_>) -> Self {
        Self::of_data(proto::DataMessage {
            reaction: Some(proto::Reaction {
                id: Some(reaction.timestamp.as_millis()),
                author: Some(reaction.author.to_string()),
                emoji: Some(reaction.emoji.to_string()),
                action: Some(reaction.action.into()),
            }),
            ..Default::default()
        })
    }
}

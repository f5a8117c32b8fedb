//! What conversations show (spec 05 §11.1).

use alloc::string::String;
use alloc::vec;

use super::{Attachment, Content, Invitation, MAX_ATTACHMENTS, Preview, Quote, Reaction};
use crate::proto;

/// A message for people to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visible<'a>(pub(super) &'a proto::DataMessage);

impl<'a> Visible<'a> {
    /// The text, unless it is blank.
    #[must_use]
    pub fn text(self) -> Option<&'a str> {
        let body = self.0.body.as_deref()?;
        body.contains(|c: char| !c.is_whitespace()).then_some(body)
    }

    /// The text, of which only so many Unicode code points count: what the sender may write
    /// ([`TEXT_LIMIT`](crate::pro::TEXT_LIMIT) or
    /// [`LONG_TEXT_LIMIT`](crate::pro::LONG_TEXT_LIMIT)).
    #[must_use]
    pub fn text_up_to(self, limit: usize) -> Option<&'a str> {
        let text = self.text()?;
        match text.char_indices().nth(limit) {
            Some((end, _)) => text.get(..end),
            None => Some(text),
        }
    }

    /// The attachments.
    pub fn attachments(self) -> impl ExactSizeIterator<Item = Attachment<'a>> {
        self.0.attachments.iter().map(Attachment::read)
    }

    /// The message that this one answers.
    #[must_use]
    pub fn quote(self) -> Option<Quote<'a>> {
        self.0.quote.as_ref().map(Quote::read)
    }

    /// The preview that counts: the first, if it [fits the text](Preview::is_valid_for).
    #[must_use]
    pub fn preview(self) -> Option<Preview<'a>> {
        let preview = Preview::read(self.0.preview.first()?);
        preview.is_valid_for(self.0.body()).then_some(preview)
    }

    /// A reaction to another message.
    #[must_use]
    pub fn reaction(self) -> Option<Reaction<'a>> {
        self.0.reaction.as_ref().map(Reaction::read)
    }

    /// An invitation to a community, unless a part of it is empty.
    #[must_use]
    pub fn invitation(self) -> Option<Invitation<'a>> {
        Invitation::read(self.0.open_group_invitation.as_ref()?)
    }

    /// In community posts: whether the sender refuses inbox messages.
    #[must_use]
    pub fn blocks_community_message_requests(self) -> bool {
        self.0.blocks_community_message_requests()
    }

    /// Whether there is something to show: text that is not blank, an attachment, an invitation
    /// or a reaction. Messages with more than [`MAX_ATTACHMENTS`] or unknown flags are not valid
    /// either: not all clients show them.
    #[must_use]
    pub fn is_valid(self) -> bool {
        let attachments = self.0.attachments.len();
        attachments <= MAX_ATTACHMENTS
            && self.0.flags() == 0
            && (attachments > 0
                || self.text().is_some()
                || self.0.reaction.is_some()
                || self.invitation().is_some())
    }
}

impl Content {
    /// A visible message with this text and nothing else yet.
    #[must_use]
    pub fn text(body: impl Into<String>) -> Self {
        Self::of_data(proto::DataMessage {
            body: Some(body.into()),
            ..Default::default()
        })
    }

    /// A visible message without text, for attachments.
    #[must_use]
    pub fn without_text() -> Self {
        Self::of_data(proto::DataMessage::default())
    }

    /// The text of a data message as it is; see [`Visible::text`].
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.message.data_message.as_ref()?.body.as_deref()
    }

    /// The same message, with another attachment. At most [`MAX_ATTACHMENTS`] can be sent.
    #[must_use]
    pub fn with_attachment(self, attachment: &Attachment<'_>) -> Self {
        self.with_data(proto::DataMessage {
            attachments: vec![attachment.to_proto()],
            ..Default::default()
        })
    }

    /// The same message, which says in a community whether the sender refuses inbox messages.
    #[must_use]
    pub fn with_blocks_community_message_requests(self, blocks: bool) -> Self {
        self.with_data(proto::DataMessage {
            blocks_community_message_requests: Some(blocks),
            ..Default::default()
        })
    }
}

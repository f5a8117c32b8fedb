//! Acceptance of message requests (spec 05 §11.1).

use super::Content;
use crate::proto;

/// The sender's answer to a message request. The sender's profile is
/// [`Content::profile`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestResponse {
    /// Whether it is accepted. Clients ignore refusals.
    pub is_approved: bool,
}

impl RequestResponse {
    pub(super) fn read(response: &proto::MessageRequestResponse) -> Self {
        Self {
            is_approved: response.is_approved(),
        }
    }
}

impl Content {
    /// Accepts a message request.
    #[must_use]
    pub fn request_accepted() -> Self {
        Self::made(proto::Content {
            message_request_response: Some(proto::MessageRequestResponse {
                is_approved: Some(true),
                ..Default::default()
            }),
            ..Default::default()
        })
    }
}

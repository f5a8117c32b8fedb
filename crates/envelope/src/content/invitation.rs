//! Invitations to communities (spec 05 §11.1).

use alloc::string::ToString;

use super::Content;
use crate::proto;

/// An invitation to a community's room. Both parts are never empty when read.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Invitation<'a> {
    /// URL of the room, with the server's public key.
    pub url: &'a str,
    /// Name of the room.
    pub name: &'a str,
}

redacted!(Invitation<'_>);

impl<'a> Invitation<'a> {
    /// Invites to a room.
    #[must_use]
    pub const fn new(url: &'a str, name: &'a str) -> Self {
        Self { url, name }
    }

    pub(super) fn read(invitation: &'a proto::OpenGroupInvitation) -> Option<Self> {
        let invitation = Self::new(invitation.url(), invitation.name());
        (!invitation.url.is_empty() && !invitation.name.is_empty()).then_some(invitation)
    }
}

impl Content {
    /// An invitation to a community's room.
    #[must_use]
    pub fn invitation(invitation: &Invitation<'_>) -> Self {
        Self::of_data(proto::DataMessage {
            open_group_invitation: Some(proto::OpenGroupInvitation {
                url: Some(invitation.url.to_string()),
                name: Some(invitation.name.to_string()),
            }),
            ..Default::default()
        })
    }
}

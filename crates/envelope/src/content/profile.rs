//! What senders say of themselves (spec 05 §11.1).

use alloc::string::ToString;

use super::{Content, FileUrl};
use crate::proto;

/// Name and picture of the sender, in data messages and message request responses.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Profile<'a> {
    /// Name.
    pub name: Option<&'a str>,
    /// Picture.
    pub picture: Option<Picture<'a>>,
    /// When the sender changed it last, in Unix seconds; 0 if not said.
    pub last_update_secs: u64,
}

/// A display picture.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Picture<'a> {
    /// Where the encrypted file is.
    pub url: FileUrl<'a>,
    /// Secret key of the file.
    pub key: &'a [u8; 32],
}

redacted!(Profile<'_>, Picture<'_>);

impl<'a> Picture<'a> {
    /// A picture that was uploaded.
    #[must_use]
    pub const fn new(url: FileUrl<'a>, key: &'a [u8; 32]) -> Self {
        Self { url, key }
    }
}

impl<'a> Profile<'a> {
    /// A profile with this name and no picture.
    #[must_use]
    pub const fn new(name: &'a str, last_update_secs: u64) -> Self {
        Self {
            name: Some(name),
            picture: None,
            last_update_secs,
        }
    }

    /// Whether to replace what is known of the sender since `known_secs`, in Unix seconds.
    #[must_use]
    pub const fn is_newer_than(&self, known_secs: u64) -> bool {
        self.last_update_secs > known_secs
    }

    /// A picture needs both of its parts: without a key of 32 bytes it cannot be read.
    fn read(profile: &'a proto::LokiProfile, key: Option<&'a [u8]>) -> Self {
        let url = profile
            .profile_picture
            .as_deref()
            .filter(|url| !url.is_empty());
        let key = key.and_then(|key| key.try_into().ok());
        Self {
            name: profile.display_name.as_deref(),
            picture: url.zip(key).map(|(url, key)| Picture {
                url: FileUrl::new(url),
                key,
            }),
            last_update_secs: profile.last_update_seconds.unwrap_or(0),
        }
    }
}

impl Content {
    /// The profile of the sender, beside a visible message, a group update, a timer update or a
    /// message request response.
    #[must_use]
    pub fn profile(&self) -> Option<Profile<'_>> {
        let of_data = self.message.data_message.as_ref().and_then(|data| {
            Some(Profile::read(
                data.profile.as_ref()?,
                data.profile_key.as_deref(),
            ))
        });
        of_data.or_else(|| {
            let response = self.message.message_request_response.as_ref()?;
            Some(Profile::read(
                response.profile.as_ref()?,
                response.profile_key.as_deref(),
            ))
        })
    }

    /// The same message, with the profile of the sender.
    #[must_use]
    pub fn with_profile(self, profile: &Profile<'_>) -> Self {
        let profile_key = profile.picture.map(|picture| picture.key.to_vec());
        let profile = Some(proto::LokiProfile {
            display_name: profile.name.map(ToString::to_string),
            profile_picture: profile
                .picture
                .map(|picture| picture.url.as_str().to_string()),
            last_update_seconds: (profile.last_update_secs != 0)
                .then_some(profile.last_update_secs),
        });
        if self.message.message_request_response.is_some() {
            self.merge(&proto::Content {
                message_request_response: Some(proto::MessageRequestResponse {
                    is_approved: None,
                    profile_key,
                    profile,
                }),
                ..Default::default()
            })
        } else {
            self.with_data(proto::DataMessage {
                profile_key,
                profile,
                ..Default::default()
            })
        }
    }
}

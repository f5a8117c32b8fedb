//! Previews of links (spec 05 §11.1).

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec;

use super::{Attachment, Content};
use crate::proto;

/// What a link in the text leads to, as the sender saw it.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Preview<'a> {
    /// The link.
    pub url: &'a str,
    /// Title of the page.
    pub title: Option<&'a str>,
    /// Picture of the page.
    pub image: Option<Attachment<'a>>,
}

redacted!(Preview<'_>);

impl<'a> Preview<'a> {
    /// A preview without title and picture. Set at least one of them, or nobody shows it.
    #[must_use]
    pub const fn new(url: &'a str) -> Self {
        Self {
            url,
            title: None,
            image: None,
        }
    }

    /// Whether to show it below this text: the link is a web link, stands in the text, and there
    /// is a title or a picture.
    #[must_use]
    pub fn is_valid_for(&self, text: &str) -> bool {
        is_web_link(self.url)
            && text.contains(self.url)
            && (self.title.is_some() || self.image.is_some())
    }

    pub(super) fn read(preview: &'a proto::Preview) -> Self {
        Self {
            url: preview.url(),
            title: preview.title.as_deref(),
            image: preview.image.as_deref().map(Attachment::read),
        }
    }
}

/// Neither spec nor clients agree on more than that it must be a link.
fn is_web_link(url: &str) -> bool {
    let host = match url.split_once("://") {
        Some((scheme, host)) if scheme.eq_ignore_ascii_case("https") => host,
        Some((scheme, host)) if scheme.eq_ignore_ascii_case("http") => host,
        _ => return false,
    };
    !host.is_empty() && !url.contains(|c: char| c.is_whitespace() || c.is_control())
}

impl Content {
    /// The same message, with a preview of a link in its text. Receivers use the first one only.
    #[must_use]
    pub fn with_preview(self, preview: &Preview<'_>) -> Self {
        self.with_data(proto::DataMessage {
            preview: vec![proto::Preview {
                url: Some(preview.url.to_string()),
                title: preview.title.map(ToString::to_string),
                image: preview.image.map(|image| Box::new(image.to_proto())),
            }],
            ..Default::default()
        })
    }
}

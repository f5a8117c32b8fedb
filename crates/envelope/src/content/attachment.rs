//! Pointers to encrypted files (spec 05 §11.1, 11 §1).

use alloc::string::ToString;
use core::num::NonZeroU32;

use super::FileUrl;
use crate::error::sized;
use crate::{Error, proto};

/// The most attachments that a message may have.
pub const MAX_ATTACHMENTS: usize = 32;

/// The bit of a pointer that says that the file is a voice message.
const VOICE_MESSAGE: u32 = 1;

/// Where an attachment is, how to decrypt it and how to show it.
///
/// To send one, start from [`new`](Self::new) and set the fields.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attachment<'a> {
    /// Where the file is. Without it nobody can fetch the file, but the message is valid.
    pub url: Option<FileUrl<'a>>,
    /// Secret key of 32 or 64 bytes; see [`encryption`](Self::encryption).
    pub key: Option<&'a [u8]>,
    /// SHA-256 of the encrypted file, 32 bytes; with keys of 64 bytes.
    pub digest: Option<&'a [u8]>,
    /// Length in bytes of the plaintext, behind which there may be padding. Senders must set it.
    pub size: Option<u32>,
    /// MIME type.
    pub content_type: Option<&'a str>,
    /// Name of the file, for display: not to be trusted as a path.
    pub file_name: Option<&'a str>,
    /// What the sender wrote below it.
    pub caption: Option<&'a str>,
    /// Whether it is a voice message.
    pub is_voice_message: bool,
    /// Width in pixels, if known.
    pub width: Option<NonZeroU32>,
    /// Height in pixels, if known.
    pub height: Option<NonZeroU32>,
}

/// How a file is encrypted. The keys are secret; see [`Attachment::encryption`].
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Encryption<'a> {
    /// AES-256-CBC with HMAC-SHA-256.
    Legacy {
        /// AES key, then HMAC key, 32 bytes each.
        key: &'a [u8; 64],
        /// SHA-256 of the encrypted file.
        digest: &'a [u8; 32],
    },
    /// The stream format.
    Deterministic {
        /// The key.
        key: &'a [u8; 32],
    },
}

redacted!(Attachment<'_>, Encryption<'_>);

impl<'a> Attachment<'a> {
    /// A pointer to a file of `size` bytes, before encryption and padding.
    #[must_use]
    pub fn new(url: FileUrl<'a>, size: u32) -> Self {
        Self {
            url: Some(url),
            size: Some(size),
            ..Self::default()
        }
    }

    /// How the file is encrypted: `None` without a key, which is right in communities only.
    /// There files are never encrypted, whatever this says.
    ///
    /// # Errors
    /// [`Error::Length`] for a key or digest of another length than the scheme has;
    /// [`Error::Missing`] for a key of 64 bytes without digest.
    pub fn encryption(&self) -> Result<Option<Encryption<'a>>, Error> {
        let Some(key) = self.key else {
            return Ok(None);
        };
        if self.url.is_some_and(FileUrl::is_deterministic) {
            let key = sized("attachment key", key)?;
            return Ok(Some(Encryption::Deterministic { key }));
        }
        let key = sized("attachment key", key)?;
        let digest = self.digest.ok_or(Error::Missing {
            message: "AttachmentPointer",
            field: "digest",
        })?;
        let digest = sized("attachment digest", digest)?;
        Ok(Some(Encryption::Legacy { key, digest }))
    }

    pub(super) fn read(pointer: &'a proto::AttachmentPointer) -> Self {
        Self {
            url: pointer.url.as_deref().map(FileUrl::new),
            key: pointer.key.as_deref(),
            digest: pointer.digest.as_deref(),
            size: pointer.size,
            content_type: pointer.content_type.as_deref(),
            file_name: pointer.file_name.as_deref(),
            caption: pointer.caption.as_deref(),
            is_voice_message: pointer.flags.unwrap_or(0) & VOICE_MESSAGE != 0,
            width: pointer.width.and_then(NonZeroU32::new),
            height: pointer.height.and_then(NonZeroU32::new),
        }
    }

    pub(super) fn to_proto(self) -> proto::AttachmentPointer {
        let text = |text: Option<&str>| text.map(ToString::to_string);
        proto::AttachmentPointer {
            id: Some(self.url.map_or(0, FileUrl::file_number)),
            content_type: text(self.content_type),
            key: self.key.map(<[u8]>::to_vec),
            size: self.size,
            digest: self.digest.map(<[u8]>::to_vec),
            file_name: text(self.file_name),
            flags: self.is_voice_message.then_some(VOICE_MESSAGE),
            width: self.width.map(NonZeroU32::get),
            height: self.height.map(NonZeroU32::get),
            caption: text(self.caption),
            url: text(self.url.map(FileUrl::as_str)),
            ..Default::default()
        }
    }
}

//! What a device says of itself to people.

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;

/// The name, kind and version of an installation, as its record carries them (spec 07 §3).
///
/// Whoever holds the root seed can have written what was received: show
/// [`display_description`](Self::display_description) and [`display_kind`](Self::display_kind),
/// never as markup (spec 07 D16).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DeviceInfo {
    description: String,
    kind: String,
    version: i64,
}

impl DeviceInfo {
    /// Most bytes of a description, or of a kind, that are written. Received ones may be longer.
    pub const MAX_TEXT_LEN: usize = 64;

    /// Most characters that the display forms have.
    pub const MAX_DISPLAY_CHARS: usize = 64;

    /// What one's own device says of itself. `kind` is `i` on iOS, `a` on Android, `d` on a
    /// desktop, `c` on a command line; other single letters are reserved, a longer text names a
    /// client of another make. `version` as of [`pack_version`](Self::pack_version), zero for none.
    ///
    /// Both texts are cut to [`MAX_TEXT_LEN`](Self::MAX_TEXT_LEN) bytes, between characters.
    #[must_use]
    pub fn new(description: &str, kind: &str, version: i64) -> Self {
        Self::received(cut(description).to_owned(), cut(kind).to_owned(), version)
    }

    /// What a record says, of whatever length.
    pub(super) const fn received(description: String, kind: String, version: i64) -> Self {
        Self {
            description,
            kind,
            version,
        }
    }

    /// A version as one number: 1,000,000 times `major`, 1,000 times `minor`, and `patch`. The
    /// latter two are at most 999.
    #[must_use]
    pub fn pack_version(major: u32, minor: u32, patch: u32) -> i64 {
        let major = i64::from(major).saturating_mul(1_000_000);
        let minor = i64::from(minor.min(999)).saturating_mul(1_000);
        major
            .saturating_add(minor)
            .saturating_add(i64::from(patch.min(999)))
    }

    /// What the device calls itself, as it was received; may be empty.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The kind of device or client, as it was received; empty when it does not say.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The client's version as one number; zero when it does not say.
    #[must_use]
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// Major, minor and patch of the version; all zero when it is negative.
    #[must_use]
    pub fn version_parts(&self) -> (i64, i64, i64) {
        let version = self.version.max(0);
        (
            version / 1_000_000,
            version / 1_000 % 1_000,
            version % 1_000,
        )
    }

    /// The description without control characters, line separators and marks that turn the
    /// direction of text, and at most [`MAX_DISPLAY_CHARS`](Self::MAX_DISPLAY_CHARS) long.
    #[must_use]
    pub fn display_description(&self) -> String {
        displayable(&self.description)
    }

    /// The kind, treated as [`display_description`](Self::display_description) is.
    #[must_use]
    pub fn display_kind(&self) -> String {
        displayable(&self.kind)
    }

    /// The description as it may be written.
    pub(super) fn written_description(&self) -> &str {
        cut(&self.description)
    }

    /// The kind as it may be written.
    pub(super) fn written_kind(&self) -> &str {
        cut(&self.kind)
    }
}

/// Shows the version only: people call their devices by their own names.
impl fmt::Debug for DeviceInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceInfo")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

fn cut(text: &str) -> &str {
    // No range ends inside a character, or behind the text.
    (0..=DeviceInfo::MAX_TEXT_LEN)
        .rev()
        .find_map(|end| text.get(..end))
        .unwrap_or_default()
}

fn displayable(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_control() && !misleads(*character))
        .take(DeviceInfo::MAX_DISPLAY_CHARS)
        .collect()
}

/// Marks of the bidirectional algorithm, separators of lines and paragraphs, and the byte order
/// mark.
const fn misleads(character: char) -> bool {
    matches!(
        character,
        '\u{061c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{206f}'
            | '\u{feff}'
    )
}

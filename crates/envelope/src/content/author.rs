//! Ids as messages name them.

use core::fmt;

use session_core::AccountId;

/// Who wrote a message that another message refers to. In communities the id is blinded.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "it parses or it does not")]
pub enum Author<'a> {
    /// The text is an id.
    Id(AccountId),
    /// The text is none: it names nobody.
    Text(&'a str),
}

impl Author<'_> {
    /// The id, if it is one.
    #[must_use]
    pub const fn id(&self) -> Option<AccountId> {
        match self {
            Self::Id(id) => Some(*id),
            Self::Text(_) => None,
        }
    }
}

impl<'a> From<&'a str> for Author<'a> {
    fn from(text: &'a str) -> Self {
        text.parse().map_or(Self::Text(text), Self::Id)
    }
}

impl From<AccountId> for Author<'_> {
    fn from(id: AccountId) -> Self {
        Self::Id(id)
    }
}

/// The text on the wire; ids in lowercase.
impl fmt::Display for Author<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// Shortens ids, and does not show what is none.
impl fmt::Debug for Author<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Text(_) => f.write_str("Text(..)"),
        }
    }
}

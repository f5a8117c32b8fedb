//! Account IDs: a prefix byte that names the kind, and a 32-byte key (spec 01 §2).

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use crate::{Error, hex};

const WHAT: &str = "Account ID";

/// The kind of an identifier, by its first byte (spec 01 §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Prefix {
    /// `00`: the account's Ed25519 key, unblinded; community authentication header only.
    Unblinded = 0x00,
    /// `03`: a group; the key is the group's Ed25519 key.
    Group = 0x03,
    /// `05`: a person; the key is an X25519 key.
    Standard = 0x05,
    /// `07`: version-check key towards the file server; header only.
    VersionBlinded = 0x07,
    /// `15`: blinded id in a community, old form.
    Blinded15 = 0x15,
    /// `25`: blinded id in a community, new form.
    Blinded25 = 0x25,
    /// `ff`: a community server's own user. Show it, never address it.
    CommunitySystem = 0xff,
}

impl Prefix {
    /// The byte that stands for this kind.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self as u8
    }
}

impl TryFrom<u8> for Prefix {
    type Error = Error;

    fn try_from(byte: u8) -> Result<Self, Error> {
        Ok(match byte {
            0x00 => Self::Unblinded,
            0x03 => Self::Group,
            0x05 => Self::Standard,
            0x07 => Self::VersionBlinded,
            0x15 => Self::Blinded15,
            0x25 => Self::Blinded25,
            0xff => Self::CommunitySystem,
            prefix => return Err(Error::UnknownPrefix { prefix }),
        })
    }
}

/// An identifier of a known kind: prefix byte and 32-byte key (spec 01 §2).
///
/// Text form: 66 hex digits, lowercase when written. Parsing does not look at the key; whoever
/// uses it as a curve point must convert it into a typed key first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId {
    prefix: Prefix,
    key: [u8; 32],
}

impl AccountId {
    /// Length of the binary form in bytes.
    pub const LEN: usize = 33;

    /// Puts a prefix and a key together.
    #[must_use]
    pub const fn new(prefix: Prefix, key: [u8; 32]) -> Self {
        Self { prefix, key }
    }

    /// The kind of this identifier.
    #[must_use]
    pub const fn prefix(&self) -> Prefix {
        self.prefix
    }

    /// The 32 key bytes, without the prefix.
    #[must_use]
    pub const fn key_bytes(&self) -> &[u8; 32] {
        &self.key
    }

    /// The 33-byte binary form.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::LEN] {
        join(self.prefix.byte(), &self.key)
    }

    /// The 66-digit lowercase text form.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(&self.to_bytes())
    }

    /// Short form for lists, first and last four digits. Never show it where users compare ids.
    #[must_use]
    pub const fn short(&self) -> ShortId {
        ShortId(*self)
    }

    /// Checks that this identifier is of the given kind.
    ///
    /// # Errors
    /// [`Error::WrongPrefix`].
    pub const fn require(self, prefix: Prefix) -> Result<Self, Error> {
        if self.prefix.byte() == prefix.byte() {
            Ok(self)
        } else {
            Err(Error::WrongPrefix {
                expected: prefix.byte(),
                got: self.prefix.byte(),
            })
        }
    }
}

/// A prefix byte in front of a key.
pub(crate) fn join(prefix: u8, key: &[u8; 32]) -> [u8; 33] {
    let mut bytes = [0; 33];
    if let Some((first, rest)) = bytes.split_first_mut() {
        *first = prefix;
        rest.copy_from_slice(key);
    }
    bytes
}

/// The parts of a 33-byte identifier.
pub(crate) fn split(bytes: [u8; 33]) -> (u8, [u8; 32]) {
    let [prefix, rest @ ..] = bytes;
    (prefix, rest)
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

/// Shortened, so that a stray `{:?}` does not put a full identifier into a log.
impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountId({})", self.short())
    }
}

impl FromStr for AccountId {
    type Err = Error;

    /// Exactly 66 hex digits of either case with a known prefix: no trimming, no `0x`.
    fn from_str(text: &str) -> Result<Self, Error> {
        hex::decode_array(WHAT, text)?.try_into()
    }
}

impl TryFrom<[u8; 33]> for AccountId {
    type Error = Error;

    fn try_from(bytes: [u8; 33]) -> Result<Self, Error> {
        let (prefix, key) = split(bytes);
        Ok(Self::new(prefix.try_into()?, key))
    }
}

impl TryFrom<&[u8]> for AccountId {
    type Error = Error;

    fn try_from(bytes: &[u8]) -> Result<Self, Error> {
        let bytes: [u8; 33] = bytes.try_into().map_err(|_| Error::Length {
            what: WHAT,
            expected: Self::LEN,
            got: bytes.len(),
        })?;
        bytes.try_into()
    }
}

/// Displays an [`AccountId`] as `0512…cdef`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ShortId(AccountId);

impl fmt::Display for ShortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, .., before_last, last] = self.0.to_bytes();
        write!(f, "{first:02x}{second:02x}…{before_last:02x}{last:02x}")
    }
}

impl fmt::Debug for ShortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_and_bytes_round_trip(key: [u8; 32], kind in 0usize..7) {
            let prefix = [0x00, 0x03, 0x05, 0x07, 0x15, 0x25, 0xff][kind];
            let id = AccountId::new(prefix.try_into().unwrap(), key);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            prop_assert_eq!(id.to_string().to_uppercase().parse(), Ok(id));
            prop_assert_eq!(AccountId::try_from(id.to_bytes().as_slice()), Ok(id));
        }

        #[test]
        fn any_text_gives_an_id_or_an_error(text in "\\PC{0,80}") {
            if let Ok(id) = text.parse::<AccountId>() {
                prop_assert_eq!(id.to_string(), text.to_lowercase());
            }
        }
    }

    #[test]
    fn errors_in_the_order_of_the_spec() {
        let parse = |text: &str| text.parse::<AccountId>();
        assert!(matches!(
            parse("05zz"),
            Err(Error::Length {
                expected: 66,
                got: 4,
                ..
            })
        ));
        assert_eq!(parse(&"z".repeat(66)), Err(Error::NotHex { what: WHAT }));
        assert_eq!(
            parse(&"95".repeat(33)),
            Err(Error::UnknownPrefix { prefix: 0x95 })
        );
        let id = AccountId::new(Prefix::Group, [1; 32]);
        assert_eq!(
            id.require(Prefix::Standard),
            Err(Error::WrongPrefix {
                expected: 5,
                got: 3
            })
        );
        assert!(matches!(
            AccountId::try_from([5; 32].as_slice()),
            Err(Error::Length {
                expected: 33,
                got: 32,
                ..
            })
        ));
    }

    #[test]
    fn debug_does_not_show_the_whole_id() {
        let id = AccountId::new(Prefix::Standard, [0xab; 32]);
        assert_eq!(format!("{id:?}"), "AccountId(05ab…abab)");
    }
}

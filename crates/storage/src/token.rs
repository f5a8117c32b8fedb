//! Subaccount tokens: leave to use an account's mailboxes with another key (spec 04 §4.3).

use core::fmt;
use core::ops::BitOr;

use session_core::{Prefix, base64, hex};
use session_crypto::ed25519::{PublicKey, Signature};

/// What a subaccount may do, as bits of its token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Access(u8);

impl Access {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Retrieve, ask for expiries, be notified.
    pub const READ: Self = Self(1);
    /// Store and extend.
    pub const WRITE: Self = Self(2);
    /// Delete and shorten.
    pub const DELETE: Self = Self(4);
    /// Act for accounts of every prefix, not only that of the token.
    pub const ANY_PREFIX: Self = Self(8);

    /// The access with these bits; bits without meaning are kept.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// The bits.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether everything in `needed` is allowed.
    #[must_use]
    pub const fn allows(self, needed: Self) -> bool {
        self.0 & needed.0 == needed.0
    }
}

impl BitOr for Access {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.and(other)
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        let mut list = f.debug_list();
        for (bit, name) in [(1, "read"), (2, "write"), (4, "delete"), (8, "any prefix")] {
            if rest & bit != 0 {
                list.entry(&format_args!("{name}"));
            }
            rest &= !bit;
        }
        if rest != 0 {
            list.entry(&format_args!("{rest:#04x}"));
        }
        list.finish()
    }
}

/// 36 bytes that name a key and what it may do; they count with the account's signature only
/// ([`Subaccount`]).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token([u8; Self::LEN]);

impl Token {
    /// Length in bytes.
    pub const LEN: usize = 36;

    /// A token for a key that may act for accounts with this prefix.
    #[must_use]
    pub fn new(prefix: Prefix, access: Access, key: &PublicKey) -> Self {
        Self::from_head([prefix.byte(), access.bits(), 0, 0], key)
    }

    /// The token with these four bytes before the key.
    pub(crate) fn from_head(first: [u8; 4], key: &PublicKey) -> Self {
        let mut bytes = [0; Self::LEN];
        let (head, rest) = bytes.split_at_mut(first.len());
        head.copy_from_slice(&first);
        rest.copy_from_slice(key.as_bytes());
        Self(bytes)
    }

    /// The token that these bytes are. Nothing is checked: nodes do not look at the reserved
    /// bytes either.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// The 36 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// The bytes before the key.
    pub(crate) const fn head(&self) -> [u8; 4] {
        let [a, b, c, d, ..] = self.0;
        [a, b, c, d]
    }

    /// Prefix of the accounts that it is for.
    #[must_use]
    pub const fn prefix(&self) -> u8 {
        let [prefix, ..] = self.0;
        prefix
    }

    /// What it allows.
    #[must_use]
    pub const fn access(&self) -> Access {
        let [_, bits, ..] = self.0;
        Access(bits)
    }

    /// The Ed25519 key that signs with this token, which may be no valid key.
    #[must_use]
    pub fn key_bytes(&self) -> [u8; 32] {
        let (_, key) = self.0.split_at(4);
        key.try_into().unwrap_or_default()
    }

    /// Reads the forms that JSON requests have: 48 characters of base64 or 72 of hex.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        match text.len() {
            48 => base64::decode_array("token", text).ok().map(Self),
            72 => hex::decode_array("token", text).ok().map(Self),
            _ => None,
        }
    }
}

impl AsRef<[u8]> for Token {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Shortened: tokens identify members of a group.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [prefix, _, _, _, first, second, ..] = self.0;
        let access = self.access();
        write!(
            f,
            "Token({prefix:02x}, {access:?}, {first:02x}{second:02x}…)"
        )
    }
}

/// A token and the account's signature of it: what a request of a subaccount carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Subaccount {
    /// The token.
    pub token: Token,
    /// The account's signature of its 36 bytes. Not verified by parsing.
    pub signature: Signature,
}

impl Subaccount {
    /// A token with its signature.
    #[must_use]
    pub const fn new(token: Token, signature: Signature) -> Self {
        Self { token, signature }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use session_crypto::ed25519::SigningKey;

    #[test]
    fn fields_stand_where_nodes_read_them() {
        let key = SigningKey::from_seed(&[1; 32]);
        let token = Token::new(Prefix::Group, Access::READ | Access::WRITE, key.public());
        assert_eq!(token.as_bytes()[..4], [3, 3, 0, 0]);
        assert_eq!(token.prefix(), 3);
        assert!(token.access().allows(Access::WRITE));
        assert!(!token.access().allows(Access::WRITE | Access::DELETE));
        assert_eq!(&token.key_bytes(), key.public().as_bytes());
        assert!(format!("{token:?}").starts_with("Token(03, [read, write], "));
        assert_eq!(format!("{:?}", Access::from_bits(0x12)), "[write, 0x10]");
    }

    #[test]
    fn only_whole_tokens_are_read() {
        let token = Token::from_bytes([0xfb; 36]);
        let (base64, hex) = (base64::encode(&[0xfb; 36]), hex::encode(&[0xfb; 36]));
        assert_eq!(Token::from_text(&base64), Some(token));
        assert_eq!(Token::from_text(&hex), Some(token));
        // 35 bytes padded to 48 characters, which deployed nodes fill with a zero.
        assert_eq!(Token::from_text(&base64::encode(&[0xfb; 35])), None);
        assert_eq!(Token::from_text(&hex[2..]), None);
        assert_eq!(Token::from_text(""), None);
    }
}

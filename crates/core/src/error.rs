//! Why a text or byte string is not the thing it was read as.

/// What was wrong with an identifier or an encoded text.
///
/// Carries names and lengths, never the offending text: identifiers must not reach logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The length is not one that the object can have.
    #[error("{what}: expected {expected} bytes or characters, got {got}")]
    Length {
        /// The object that was read.
        what: &'static str,
        /// The length that it must have.
        expected: usize,
        /// The length that it had.
        got: usize,
    },
    /// A character is no hexadecimal digit.
    #[error("{what}: not hexadecimal")]
    NotHex {
        /// The object that was read.
        what: &'static str,
    },
    /// The text is not base64 as the network accepts it.
    #[error("{what}: not base64")]
    NotBase64 {
        /// The object that was read.
        what: &'static str,
    },
    /// The first byte of an Account ID names no known kind.
    #[error("Account ID: unknown prefix 0x{prefix:02x}")]
    UnknownPrefix {
        /// The byte that was found.
        prefix: u8,
    },
    /// The identifier has a known prefix, but not the one that is needed here.
    #[error("Account ID: expected prefix 0x{expected:02x}, got 0x{got:02x}")]
    WrongPrefix {
        /// The prefix byte that is needed.
        expected: u8,
        /// The prefix byte that was found.
        got: u8,
    },
}

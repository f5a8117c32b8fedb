//! Why a seed, a recovery password, a key, a name or a signed request was refused.

/// What was wrong.
///
/// Carries counts, positions and names of fields, never a word, an id or a byte of what was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A seed has 16 or 32 bytes.
    #[error("seed: expected 16 or 32 bytes, got {got}")]
    SeedLength {
        /// The number of bytes that there were.
        got: usize,
    },
    /// A seed in text form has 32 or 64 hexadecimal digits.
    #[error("seed: expected 32 or 64 hexadecimal digits")]
    SeedText,
    /// An Ed25519 secret key has 32 bytes, or 64 with its public half.
    #[error("secret key: expected 32 or 64 bytes, got {got}")]
    SecretKeyLength {
        /// The number of bytes that there were.
        got: usize,
    },
    /// The public half of a 64-byte secret key does not belong to its seed.
    #[error("secret key: public half mismatch")]
    PublicHalfMismatch,

    /// Words stand for a multiple of four bytes, for at least four and at most
    /// [`MAX_DATA_LEN`](crate::mnemonic::MAX_DATA_LEN).
    #[error("mnemonic: expected a multiple of 4 bytes up to 1024, got {got}")]
    DataLength {
        /// The number of bytes that there were.
        got: usize,
    },
    /// The number of words is not possible. A recovery password has 12, 13, 24 or 25.
    #[error("mnemonic: {got} words are too few, too many or incomplete")]
    WordCount {
        /// The number of words that there were.
        got: usize,
    },
    /// A word is not in the list.
    #[error("mnemonic: word {position} is not in the list")]
    UnknownWord {
        /// Which word, counted from 1.
        position: usize,
    },
    /// Three words stand for a number of more than 32 bits: one of them is wrong.
    #[error("mnemonic: words {position} to {} do not go together", position.saturating_add(2))]
    Overflow {
        /// The first of the three words, counted from 1.
        position: usize,
    },
    /// The last word does not fit the others: some word is wrong.
    #[error("mnemonic: the checksum word does not fit")]
    Checksum,
    /// More than one of the languages can read the words, or none was given to choose from.
    #[error("mnemonic: the language is not clear")]
    UnclearLanguage,

    /// An identifier is of another kind than is needed.
    #[error("identifier: expected prefix 0x{expected:02x}, got 0x{got:02x}")]
    WrongPrefix {
        /// The prefix byte that is needed.
        expected: u8,
        /// The prefix byte that was found.
        got: u8,
    },
    /// The key in an identifier is no point of the prime-order subgroup.
    #[error("identifier: the key is not a valid point")]
    InvalidPoint,
    /// A community server's key has 32 bytes.
    #[error("server key: expected 32 bytes, got {got}")]
    ServerKeyLength {
        /// The number of bytes that there were.
        got: usize,
    },
    /// A community server's key in text form has 64 hexadecimal digits.
    #[error("server key: expected 64 hexadecimal digits")]
    ServerKeyText,

    /// The method of a signed request has to be in capital letters.
    #[error("request: the method is not in capital letters")]
    Method,
    /// The path of a signed request has to start with a slash, and a query must not be empty.
    #[error("request: the path has no slash in front, or an empty query")]
    Path,
    /// Requests to the file server are signed without a body.
    #[error("request: a body cannot be signed for this server")]
    Body,
    /// Some of the four authentication headers are there, but not all.
    #[error("header {header} is missing")]
    MissingHeader {
        /// The name of the header.
        header: &'static str,
    },
    /// A header cannot be read.
    #[error("header {header} has a wrong form")]
    HeaderForm {
        /// The name of the header.
        header: &'static str,
    },
    /// The server wants requests of blinded ids.
    #[error("request: the server requires a blinded id")]
    BlindingRequired,
    /// The request was signed more than a day ago, or will be in more than a day.
    #[error("request: signed at a time that is too far off")]
    Clock,
    /// The signature does not verify.
    #[error("request: the signature does not verify")]
    Signature,

    /// A name has 1 to 64 bytes.
    #[error("name: expected 1 to 64 bytes, got {got}")]
    NameLength {
        /// The number of bytes that there were.
        got: usize,
    },
    /// A name has ASCII letters, digits, underscores, and hyphens but at its ends.
    #[error("name: a character that names do not have")]
    NameCharacters,
    /// A name record in text form is hexadecimal.
    #[error("name record: not hexadecimal")]
    RecordText,
    /// An encrypted value has 49 bytes.
    #[error("name record: expected 49 bytes, got {got}")]
    RecordLength {
        /// The number of bytes that there were.
        got: usize,
    },
    /// The nonce of a name record has 24 bytes.
    #[error("name record: expected a nonce of 24 bytes, got {got}")]
    RecordNonceLength {
        /// The number of bytes that there were.
        got: usize,
    },
    /// The name record is of the old form, which has no nonce and costs much to open.
    #[error("name record: of the old form")]
    OldRecord,
    /// The name record is for another name, or was changed.
    #[error("name record: decryption failed")]
    Decrypt,
    /// The name record holds no Account ID with prefix 05.
    #[error("name record: not an Account ID")]
    NotAnAccountId,
}

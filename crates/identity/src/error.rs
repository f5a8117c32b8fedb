//! Why a seed or a recovery password was refused.

/// What was wrong with a seed or a recovery password.
///
/// Carries counts and positions, never a word or a byte of what was read.
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
}

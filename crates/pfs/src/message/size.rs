//! How long messages are (spec 06 §5.4, §7).

use super::outer::OVERHEAD;

/// The shortest message, in bytes.
pub const MIN_MESSAGE_LEN: usize = 1536;

/// The longest message that a swarm stores, in bytes.
pub const MAX_MESSAGE_LEN: usize = 76_800;

/// Messages grow in steps of this many bytes.
const STEP: usize = 256;

/// The inner dict of a message without content: keys, lengths, sender's key and signature, but
/// not the digits of the content's length.
const INNER_OVERHEAD: usize = 114;

/// What the signature of Session Pro adds.
const PRO_LEN: usize = 71;

/// The lengths of a message, in bytes. Saturating: a message of [`MAX_MESSAGE_LEN`] bytes is the
/// longest that is sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageSize {
    inner: usize,
    message: usize,
}

impl MessageSize {
    /// The lengths for a content of `content_len` bytes, signed for Session Pro or not.
    #[must_use]
    pub const fn of(content_len: usize, with_pro: bool) -> Self {
        let digits = match content_len.checked_ilog10() {
            Some(log) => (log as usize).saturating_add(1),
            None => 1,
        };
        let overhead = INNER_OVERHEAD.saturating_add(digits);
        let pro = if with_pro { PRO_LEN } else { 0 };
        let inner = content_len.saturating_add(overhead).saturating_add(pro);
        let needed = inner.saturating_add(OVERHEAD);
        let message = if needed < MIN_MESSAGE_LEN {
            MIN_MESSAGE_LEN
        } else {
            needed.div_ceil(STEP).saturating_mul(STEP)
        };
        Self { inner, message }
    }

    /// The signed dict that is encrypted, before it is padded.
    #[must_use]
    pub const fn inner(&self) -> usize {
        self.inner
    }

    /// The same, padded.
    #[must_use]
    pub const fn padded(&self) -> usize {
        self.message.saturating_sub(OVERHEAD)
    }

    /// The whole message.
    #[must_use]
    pub const fn message(&self) -> usize {
        self.message
    }
}

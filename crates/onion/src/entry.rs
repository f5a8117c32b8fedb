//! What an entry node answers in place of a reply, and what a batch says as a whole.
//!
//! The text of an entry node is not authentic: any node on the path may have written it. It is a
//! type of its own, and classification has to be told where a status comes from (spec 02 §8.7).

use alloc::vec::Vec;

use serde_json::value::RawValue;

use crate::metadata::Metadata;

/// An error that came over QUIC, where there is no status line: `502 Bad Gateway`, an empty line,
/// the message (spec 02 §5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntryError<'a> {
    /// The status.
    pub status: u16,
    /// The phrase behind it.
    pub reason: &'a str,
    /// What the node says; to be classified like the body of an HTTPS answer.
    pub message: &'a str,
}

impl<'a> EntryError<'a> {
    /// Reads the error-flagged text of a stream. `None` when it does not start with a status: it
    /// is then an error of the stream itself, with no status.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let (line, message) = text.split_once("\n\n")?;
        let (digits, reason) = line.split_once(' ')?;
        let is_status = digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_status || reason.contains('\n') {
            return None;
        }
        Some(Self {
            status: digits.parse().ok()?,
            reason,
            message,
        })
    }

    /// Whether a node of the path gave up waiting for the next one.
    #[must_use]
    pub const fn is_timeout(&self) -> bool {
        self.status == 504
    }
}

/// The one code with which all requests of a batch failed, which then counts as the status of the
/// whole reply: `body` is `{"results":[{"code":…},…]}` and all codes are equal and none of them
/// 200 to 299 (spec 02 §8.7). Only for replies that were decrypted.
#[must_use]
pub fn uniform_batch_error(body: &str) -> Option<u16> {
    let results = Metadata::parse(body.as_bytes()).ok()?.results?;
    let results: Vec<&RawValue> = serde_json::from_str(results.get()).ok()?;
    let mut codes = results.iter().map(|item| {
        let code = Metadata::parse(item.get().as_bytes()).ok()?.code?;
        serde_json::from_str::<u16>(code.get()).ok()
    });
    let first = codes.next()??;
    let uniform = codes.all(|code| code == Some(first));
    (uniform && !(200..300).contains(&first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_empty_line_ends_the_status() {
        let error = EntryError::parse("504 Gateway Timeout\n\nRequest time out\n\n").unwrap();
        assert!(error.is_timeout());
        assert_eq!(error.message, "Request time out\n\n");
        for text in ["", "50 x\n\ny", "+50 x\n\ny", "502\n\nx", "502 a\nb\n\nx"] {
            assert_eq!(EntryError::parse(text), None, "{text}");
        }
    }

    #[test]
    fn batches_speak_with_one_voice_or_not_at_all() {
        let uniform = |body| uniform_batch_error(body);
        assert_eq!(
            uniform(r#"{"results":[{"code":421},{"code":421,"x":1}]}"#),
            Some(421)
        );
        for body in [
            r#"{"results":[{"code":421},{"code":406}]}"#,
            r#"{"results":[{"code":299}]}"#,
            r#"{"results":[{"code":70000}]}"#,
            r#"{"results":[]}"#,
            "[]",
        ] {
            assert_eq!(uniform(body), None, "{body}");
        }
    }
}

//! What a suite function is given and gives back.

use data_encoding::HEXLOWER_PERMISSIVE;
use serde_json::Value;
use session_crypto::rand_core::{TryCryptoRng, TryRng};

/// Why a case has no output to compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseError {
    /// Our code refused the input: what an `error` case expects.
    Failed(String),
    /// The case needs something that does not exist yet.
    Skipped(&'static str),
}

impl<E: std::error::Error> From<E> for CaseError {
    fn from(error: E) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Computes the `out` of a case from its `in`.
pub type Suite = fn(&Value) -> Result<Value, CaseError>;

/// Checks a field of `out` that our code must accept and never produces: given `in`, what the
/// suite function computed, and the field.
pub type Accept = fn(&Value, &Value, &Value) -> Result<(), CaseError>;

/// A text field.
///
/// # Panics
/// When the vector file has no such field: a broken file, not a failed case.
#[must_use]
pub fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object[field]
        .as_str()
        .unwrap_or_else(|| panic!("the case has no text field {field}"))
}

/// A field of bytes in hex.
///
/// # Panics
/// When the vector file has no such field, or it is not hex.
#[must_use]
pub fn bytes(object: &Value, field: &str) -> Vec<u8> {
    unhex(text(object, field))
}

/// A field of bytes in hex, of known length.
///
/// # Errors
/// [`CaseError::Failed`] when the length differs: our types cannot hold such input.
pub fn array<const N: usize>(object: &Value, field: &str) -> Result<[u8; N], CaseError> {
    let bytes = bytes(object, field);
    bytes
        .try_into()
        .map_err(|bytes: Vec<u8>| CaseError::Failed(format!("{field}: {} bytes", bytes.len())))
}

/// A field of bytes in hex that may be null.
///
/// # Panics
/// When the field is neither.
#[must_use]
pub fn optional_bytes(object: &Value, field: &str) -> Option<Vec<u8>> {
    (!object[field].is_null()).then(|| bytes(object, field))
}

/// An unsigned field.
///
/// # Panics
/// When the vector file has no such field.
#[must_use]
pub fn unsigned(object: &Value, field: &str) -> u64 {
    object[field]
        .as_u64()
        .unwrap_or_else(|| panic!("the case has no number {field}"))
}

/// The items of a list field.
///
/// # Panics
/// When the vector file has no such field.
#[must_use]
pub fn list<'a>(object: &'a Value, field: &str) -> &'a [Value] {
    object[field]
        .as_array()
        .unwrap_or_else(|| panic!("the case has no list {field}"))
}

/// Gives back recorded randomness, in the order in which the crates document that they draw it.
#[derive(Debug)]
pub struct Replay<'a>(pub &'a [u8]);

impl TryRng for Replay<'_> {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        unimplemented!("only bytes are drawn")
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        unimplemented!("only bytes are drawn")
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        let (now, later) = self.0.split_at(out.len());
        out.copy_from_slice(now);
        self.0 = later;
        Ok(())
    }
}

impl TryCryptoRng for Replay<'_> {}

/// Bytes as the vectors write them.
#[must_use]
pub fn hex(bytes: impl AsRef<[u8]>) -> String {
    data_encoding::HEXLOWER.encode(bytes.as_ref())
}

/// Bytes as the vectors write them, read.
///
/// # Panics
/// When the text is not hex.
#[must_use]
pub fn unhex(text: &str) -> Vec<u8> {
    HEXLOWER_PERMISSIVE
        .decode(text.as_bytes())
        .unwrap_or_else(|_| panic!("not hex: {text}"))
}

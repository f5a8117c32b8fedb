//! What a suite function is given and gives back.

use data_encoding::HEXLOWER_PERMISSIVE;
use serde_json::Value;

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

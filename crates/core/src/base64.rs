//! Base64 text in the standard alphabet, read as liberally as service nodes read it.
//!
//! Nodes accept padded and unpadded text and do not look at the spare low bits of the last
//! character (spec 04 §5.1). Written text never has spare bits set.

use alloc::string::String;
use alloc::vec::Vec;

use data_encoding::{BASE64, BASE64_NOPAD, Encoding, Specification};

use crate::Error;

/// Writes padded base64.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// Appends padded base64 to `out`.
pub fn encode_append(bytes: &[u8], out: &mut String) {
    BASE64.encode_append(bytes, out);
}

/// Writes base64 without padding.
#[must_use]
pub fn encode_unpadded(bytes: &[u8]) -> String {
    BASE64_NOPAD.encode(bytes)
}

/// Length in characters of padded base64 of `len` bytes, saturating.
#[must_use]
pub const fn encoded_len(len: usize) -> usize {
    len.div_ceil(3).saturating_mul(4)
}

/// Reads base64, padded or not, ignoring spare bits.
///
/// # Errors
/// [`Error::NotBase64`] naming `what`: foreign characters, white space, a length of 1 mod 4, or
/// padding that does not complete a multiple of four.
pub fn decode(what: &'static str, text: &str) -> Result<Vec<u8>, Error> {
    let not_base64 = Error::NotBase64 { what };
    let unpadded = if text.len().is_multiple_of(4) {
        text.strip_suffix("==")
            .or_else(|| text.strip_suffix('='))
            .unwrap_or(text)
    } else {
        text
    };
    // Nobody writes spare bits, so the encoding that ignores them is made only when it is needed.
    BASE64_NOPAD.decode(unpadded.as_bytes()).or_else(|_| {
        let encoding = permissive().ok_or(not_base64)?;
        encoding.decode(unpadded.as_bytes()).map_err(|_| not_base64)
    })
}

/// Reads base64 of exactly `N` bytes.
///
/// # Errors
/// [`Error::NotBase64`] as [`decode`], [`Error::Length`] in bytes otherwise.
pub fn decode_array<const N: usize>(what: &'static str, text: &str) -> Result<[u8; N], Error> {
    // Bounds the allocation before decoding a text that cannot fit.
    if text.len() > encoded_len(N) {
        return Err(Error::Length {
            what,
            expected: N,
            got: (text.len() / 4).saturating_mul(3),
        });
    }
    let bytes = decode(what, text)?;
    bytes.as_slice().try_into().map_err(|_| Error::Length {
        what,
        expected: N,
        got: bytes.len(),
    })
}

/// `data_encoding` has no constant for "unpadded, spare bits ignored".
fn permissive() -> Option<Encoding> {
    let mut specification: Specification = BASE64_NOPAD.specification();
    specification.check_trailing_bits = false;
    specification.encoding().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn decode_inverts_both_encoders(bytes: Vec<u8>) {
            prop_assert_eq!(decode("x", &encode(&bytes)), Ok(bytes.clone()));
            prop_assert_eq!(decode("x", &encode_unpadded(&bytes)), Ok(bytes));
        }

        #[test]
        fn encoded_len_is_exact(bytes: Vec<u8>) {
            prop_assert_eq!(encode(&bytes).len(), encoded_len(bytes.len()));
        }
    }

    #[test]
    fn accepts_what_nodes_accept() {
        assert_eq!(decode("x", "YQ=="), Ok(b"a".to_vec()));
        assert_eq!(decode("x", "YQ"), Ok(b"a".to_vec()));
        assert_eq!(
            decode("x", "YR"),
            Ok(b"a".to_vec()),
            "spare bits are ignored"
        );
        assert_eq!(decode("x", ""), Ok(Vec::new()));
    }

    #[test]
    fn rejects_the_rest() {
        for text in [
            "Y", "YQ=", "YQ===", "=", "====", "Y Q=", "YQ\n=", "_-==", "YQ==YQ==",
        ] {
            assert_eq!(
                decode("x", text),
                Err(Error::NotBase64 { what: "x" }),
                "{text}"
            );
        }
        assert!(matches!(
            decode_array::<2>("x", "YQ"),
            Err(Error::Length { got: 1, .. })
        ));
        assert!(matches!(
            decode_array::<2>("x", "YWFhYWFh"),
            Err(Error::Length { .. })
        ));
    }
}

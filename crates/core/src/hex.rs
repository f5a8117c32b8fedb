//! Hexadecimal text: lowercase when written, either case when read.

use alloc::string::String;
use alloc::vec::Vec;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};

use crate::Error;

/// Writes `bytes` as lowercase hex, two digits a byte.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// Appends `bytes` as lowercase hex to `out`.
pub fn encode_append(bytes: &[u8], out: &mut String) {
    HEXLOWER.encode_append(bytes, out);
}

/// Writes 32 bytes as lowercase hex without allocating, for keys on hot paths.
#[must_use]
pub fn encode_key(key: &[u8; 32]) -> [u8; 64] {
    let mut digits = [0; 64];
    // The lengths fit, which is all that this asks for.
    HEXLOWER.encode_mut(key, &mut digits);
    digits
}

/// Reads hex of any even length, either case.
///
/// # Errors
/// [`Error::NotHex`] naming `what`, also for an odd number of digits.
pub fn decode(what: &'static str, text: &str) -> Result<Vec<u8>, Error> {
    HEXLOWER_PERMISSIVE
        .decode(text.as_bytes())
        .map_err(|_| Error::NotHex { what })
}

/// Reads exactly `2 * N` hex digits, either case, without allocating.
///
/// # Errors
/// [`Error::Length`] (in characters) or [`Error::NotHex`], naming `what`.
pub fn decode_array<const N: usize>(what: &'static str, text: &str) -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    decode_into(what, text, &mut bytes)?;
    Ok(bytes)
}

/// Reads exactly two hex digits for each byte of `out`, either case, and leaves no copy of them
/// elsewhere: for secrets. After an error `out` may hold a part.
///
/// # Errors
/// As [`decode_array`].
pub fn decode_into(what: &'static str, text: &str, out: &mut [u8]) -> Result<(), Error> {
    let expected = out.len().saturating_mul(2);
    if text.len() != expected {
        return Err(Error::Length {
            what,
            expected,
            got: text.len(),
        });
    }
    HEXLOWER_PERMISSIVE
        .decode_mut(text.as_bytes(), out)
        .map(drop)
        .map_err(|_| Error::NotHex { what })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn decode_inverts_encode(bytes: Vec<u8>) {
            prop_assert_eq!(decode("x", &encode(&bytes)), Ok(bytes));
        }

        #[test]
        fn case_does_not_matter(bytes: [u8; 7]) {
            prop_assert_eq!(decode_array("x", &encode(&bytes).to_uppercase()), Ok(bytes));
        }
    }

    #[test]
    fn errors_name_the_object() {
        assert_eq!(decode("key", "abc"), Err(Error::NotHex { what: "key" }));
        assert_eq!(
            decode_array::<2>("key", "abc"),
            Err(Error::Length {
                what: "key",
                expected: 4,
                got: 3
            })
        );
        assert_eq!(
            decode_array::<2>("key", "abcg"),
            Err(Error::NotHex { what: "key" })
        );
    }
}

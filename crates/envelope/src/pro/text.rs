//! Lengths of texts in Unicode code points, which is what limits count (spec 12 §3.1).
//!
//! A code point is a scalar value: a surrogate pair is one, and nothing is normalised or joined to
//! what a reader sees as one character. What a text of a length uses, and whether it may be sent,
//! is [`MessageFeatures::of_text`](super::MessageFeatures::of_text).

use crate::Error;

const INVALID: Error = Error::Text {
    message: "DataMessage",
    field: "body",
};

/// The code points of a text in UTF-8.
///
/// # Errors
/// [`Error::Text`] when it is not UTF-8.
pub fn code_points_utf8(text: &[u8]) -> Result<usize, Error> {
    let text = core::str::from_utf8(text).map_err(|_| INVALID)?;
    Ok(text.chars().count())
}

/// The code points of a text in UTF-16, which has one or two units for each.
///
/// # Errors
/// [`Error::Text`] for a surrogate without its other half.
pub fn code_points_utf16(units: &[u16]) -> Result<usize, Error> {
    char::decode_utf16(units.iter().copied()).try_fold(0_usize, |count, char| {
        char.map(|_| count.saturating_add(1)).map_err(|_| INVALID)
    })
}

/// How many units of a text in UTF-16 its first `limit` code points have, or all of them if there
/// are no more. Never ends inside a surrogate pair.
///
/// # Errors
/// [`Error::Text`] for a surrogate without its other half, wherever it is.
pub fn truncated_len_utf16(units: &[u16], limit: usize) -> Result<usize, Error> {
    code_points_utf16(units)?;
    Ok(char::decode_utf16(units.iter().copied())
        .take(limit)
        .flatten()
        .map(char::len_utf16)
        .fold(0, usize::saturating_add))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_encodings_count_alike(text: String, limit in 0..40usize) {
            let units: Vec<u16> = text.encode_utf16().collect();
            let count = text.chars().count();
            prop_assert_eq!(code_points_utf8(text.as_bytes()), Ok(count));
            prop_assert_eq!(code_points_utf16(&units), Ok(count));
            let len = truncated_len_utf16(&units, limit).unwrap();
            let start: String = text.chars().take(limit).collect();
            prop_assert_eq!(String::from_utf16(&units[..len]).ok(), Some(start));
        }

        #[test]
        fn any_units_are_counted_or_refused(units: Vec<u16>) {
            let valid = String::from_utf16(&units).is_ok();
            prop_assert_eq!(code_points_utf16(&units).is_ok(), valid);
            prop_assert_eq!(truncated_len_utf16(&units, 3).is_ok(), valid);
        }
    }

    #[test]
    fn what_is_no_text_is_refused() {
        assert_eq!(code_points_utf8(b"a\xc3\x28"), Err(INVALID));
        // A surrogate in UTF-8.
        assert_eq!(code_points_utf8(b"\xed\xa0\x80"), Err(INVALID));
        assert_eq!(code_points_utf16(&[0x61, 0xd83c]), Err(INVALID));
        assert_eq!(truncated_len_utf16(&[0xdf82, 0x61], 1), Err(INVALID));
        // Behind the end of what would be left.
        assert_eq!(truncated_len_utf16(&[0x61, 0x61, 0xd83c], 1), Err(INVALID));
    }
}

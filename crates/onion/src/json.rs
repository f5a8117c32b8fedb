//! Writing JSON texts the way the network's vectors have them (spec 02 §12): only quotation marks,
//! backslashes and control characters are escaped.

use alloc::vec::Vec;

/// Appends a text in quotation marks. Grows `out` by no more than the text's length and two, unless
/// there is something to escape.
pub(crate) fn push_string(text: &str, out: &mut Vec<u8>) {
    out.reserve(text.len().saturating_add(2));
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some((plain, special, behind)) = split_at_special(rest) {
        out.extend_from_slice(plain);
        match special {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', special]),
            0x08 => out.extend_from_slice(br"\b"),
            b'\t' => out.extend_from_slice(br"\t"),
            b'\n' => out.extend_from_slice(br"\n"),
            0x0c => out.extend_from_slice(br"\f"),
            b'\r' => out.extend_from_slice(br"\r"),
            control => {
                out.extend_from_slice(br"\u");
                out.extend_from_slice(&[b'0', b'0', hex_digit(control >> 4), hex_digit(control)]);
            }
        }
        rest = behind;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// What stands before the first byte that has to be escaped, that byte, and what stands behind.
fn split_at_special(bytes: &[u8]) -> Option<(&[u8], u8, &[u8])> {
    let is_special = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\\');
    // Whole pieces first, without a branch for each byte.
    let has_special = |piece: &[u8]| piece.iter().fold(false, |any, byte| any | is_special(byte));
    let clean = bytes.chunks(64).take_while(|piece| !has_special(piece));
    let clean = clean.fold(0_usize, |len, piece| len.saturating_add(piece.len()));
    let in_piece = bytes.get(clean..)?.iter().position(is_special)?;
    let (plain, rest) = bytes.split_at_checked(clean.saturating_add(in_piece))?;
    let (special, behind) = rest.split_first()?;
    Some((plain, *special, behind))
}

/// The digit of the lower four bits.
const fn hex_digit(value: u8) -> u8 {
    match value & 0x0f {
        digit @ 0..10 => b'0' | digit,
        letter => b'a'.wrapping_add(letter).wrapping_sub(10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn texts_are_written_as_serde_writes_them(text: String, control in "[\\x00-\\x1f\"\\\\é]*") {
            for text in [text, control] {
                let mut out = Vec::new();
                push_string(&text, &mut out);
                prop_assert_eq!(out, serde_json::to_vec(&text).unwrap());
            }
        }
    }
}

//! Padding of a message to steps of 160 bytes, which hides its length (spec 05 §2).

/// Messages grow to a multiple of this many bytes.
pub const STEP: usize = 160;

/// What padding adds at most: its first byte, and a step.
pub(crate) const MAX_ADDED: usize = STEP + 1;

/// The first byte of the padding; the others are zero.
pub(crate) const TERMINATOR: u8 = 0x80;

/// The padded length of a message of `len` bytes, saturating.
#[must_use]
pub const fn padded_len(len: usize) -> usize {
    let with_terminator = len.saturating_add(1);
    // A full step more where none is needed: that is how the network does it.
    with_terminator.saturating_add(STEP.saturating_sub(with_terminator % STEP))
}

/// Pads the message in `buffer`.
pub fn pad(buffer: &mut alloc::vec::Vec<u8>) {
    let len = padded_len(buffer.len());
    buffer.push(TERMINATOR);
    buffer.resize(len, 0);
}

/// The message in a padded one. Never fails: what has no padding is returned as it is, whatever
/// its length, except that zeros at its end are lost.
#[must_use]
pub fn unpad(padded: &[u8]) -> &[u8] {
    let Some(last) = padded.iter().rposition(|byte| *byte != 0) else {
        return &[];
    };
    match padded.split_at_checked(last) {
        Some((message, [TERMINATOR, ..])) => message,
        _ => padded.get(..=last).unwrap_or(padded),
    }
}

/// The plaintext in front of padding with zeros, where its own last byte is none. What is all zero
/// stays as it is (spec 05 §6.2, §12).
pub(crate) fn without_zeros(padded: &[u8]) -> &[u8] {
    let last = padded.iter().rposition(|byte| *byte != 0);
    last.and_then(|last| padded.get(..=last)).unwrap_or(padded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn unpad_inverts_pad(
            message in prop::collection::vec(prop_oneof![Just(0), Just(0x80), any::<u8>()], 0..400)
        ) {
            let mut padded = message.clone();
            pad(&mut padded);
            prop_assert_eq!(padded.len() % STEP, 0);
            prop_assert_eq!(unpad(&padded), &message);
        }
    }

    #[test]
    fn lengths_of_the_spec() {
        for (len, padded) in [
            (0, 160),
            (158, 160),
            (159, 320),
            (160, 320),
            (318, 320),
            (319, 480),
        ] {
            assert_eq!(padded_len(len), padded, "{len}");
        }
    }

    #[test]
    fn what_was_never_padded() {
        assert_eq!(unpad(b"abc"), b"abc");
        assert_eq!(unpad(&[]), b"");
        assert_eq!(unpad(&[0; 5]), b"");
        assert_eq!(unpad(&[1, 0, 0]), [1]);
        assert_eq!(unpad(&[1, 0x80, 0x80, 0]), [1, 0x80]);
        assert_eq!(unpad(&[0x80]), b"");
    }
}

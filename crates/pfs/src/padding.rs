//! Padding with zeros, of what ends in another byte.

use alloc::vec::Vec;

/// Takes the zeros at the end away.
pub(crate) fn strip(padded: &mut Vec<u8>) {
    let last = padded.iter().rposition(|byte| *byte != 0);
    padded.truncate(last.map_or(0, |last| last.saturating_add(1)));
}

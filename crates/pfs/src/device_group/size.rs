//! How long things are: what an observer sees of a group (spec 07 §4, §5.2).

use session_crypto::mlkem768::CIPHERTEXT_LEN;
use session_crypto::x25519;

use super::outer::{GROUP_LEN, REMOVED_LEN, SIGNATURE_LEN};
use super::slot::ENTRY_LEN;

/// Slots come in fours, so that fewer devices look alike.
const BUCKET_SLOTS: usize = 4;

/// A padded payload is this long and one or more times [`BUCKET_LEN`].
const BASE_LEN: usize = 2_300;
const BUCKET_LEN: usize = 6_400;

/// The slots that `count` recipients, or removed devices, take.
pub(super) fn slots(count: usize) -> usize {
    count.next_multiple_of(BUCKET_SLOTS)
}

/// The length of a payload of `len` bytes with its padding.
pub(crate) fn padded_len(len: usize) -> usize {
    let buckets = len.saturating_sub(BASE_LEN).div_ceil(BUCKET_LEN).max(1);
    buckets.saturating_mul(BUCKET_LEN).saturating_add(BASE_LEN)
}

/// The length of a message by slots, length of the ciphertext of the payload and slots for removed
/// devices.
pub(super) fn message_len(slots: usize, ciphertext: usize, removed: usize) -> usize {
    let removed = match removed.saturating_mul(REMOVED_LEN) {
        0 => 0,
        len => entry(len),
    };
    [
        2, // the dict
        5, // 0:1:G
        entry(GROUP_LEN),
        entry(x25519::PublicKey::LEN),
        entry(slots.saturating_mul(CIPHERTEXT_LEN)),
        entry(slots.saturating_mul(ENTRY_LEN)),
        entry(x25519::PublicKey::LEN),
        entry(ciphertext),
        removed,
        entry(SIGNATURE_LEN),
    ]
    .into_iter()
    .fold(0, usize::saturating_add)
}

/// A string of `len` bytes under a key of one.
fn entry(len: usize) -> usize {
    string(len).saturating_add(3)
}

/// A string with its length before it.
pub(super) fn string(len: usize) -> usize {
    len.saturating_add(digits(u64::try_from(len).unwrap_or(u64::MAX)))
        .saturating_add(1)
}

/// An integer between its marks.
pub(super) fn int(value: i64) -> usize {
    digits(value.unsigned_abs())
        .saturating_add(2)
        .saturating_add(usize::from(value < 0))
}

fn digits(value: u64) -> usize {
    let log = value.checked_ilog10().unwrap_or(0);
    usize::try_from(log).map_or(usize::MAX, |log| log.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of spec 07 §5.2.
    #[test]
    fn messages_are_as_long_as_the_specification_says() {
        for (devices, payload, removed, len) in [
            (1, 1_387, 0, 13_393),
            (4, 8_700, 0, 13_393),
            (4, 8_700, 4, 13_463),
            (5, 8_700, 0, 17_881),
            (8, 8_701, 0, 24_282),
            (8, 15_100, 1, 24_352),
            (9, 15_101, 4, 35_241),
            (12, 21_500, 4, 35_241),
        ] {
            let ciphertext = padded_len(payload) + 16;
            assert_eq!(message_len(slots(devices), ciphertext, slots(removed)), len);
        }
    }

    #[test]
    fn nothing_overflows() {
        assert_eq!(padded_len(usize::MAX), usize::MAX);
        assert_eq!(message_len(usize::MAX, 0, usize::MAX), usize::MAX);
        assert_eq!([int(0), int(-9), int(i64::MIN)], [3, 4, 22]);
        assert_eq!([string(0), string(9), string(10)], [2, 11, 13]);
    }
}

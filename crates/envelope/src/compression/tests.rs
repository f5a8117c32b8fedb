use alloc::vec;

use allocation_counter::measure;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use session_core::hex;
use session_crypto::rand_core::{Rng, SeedableRng};

use super::*;
use crate::group::MAX_PLAINTEXT_LEN as MAX;

/// The content of all frames of [`LIBZSTD`].
const HELLO: &[u8] = b"hello, hello, hello, hello, hello!";

/// Frames that libzstd wrote: with content size and checksum, each alone, neither.
const LIBZSTD: [&str; 4] = [
    "28b52ffd24227500004068656c6c6f2c20210100b28b11884f2e7b",
    "28b52ffd20227500004068656c6c6f2c20210100b28b11",
    "28b52ffd04007500004068656c6c6f2c20210100b28b11884f2e7b",
    "28b52ffd00007500004068656c6c6f2c20210100b28b11",
];

const TOO_LONG: Error = Error::Length {
    what: "decompressed group message",
    expected: MAX,
    got: MAX + 1,
};

fn inflate(frames: &[u8]) -> Result<Vec<u8>, Error> {
    let mut out = Zeroizing::default();
    decompress(frames, &mut out).map(|()| out.to_vec())
}

fn libzstd(index: usize) -> Vec<u8> {
    hex::decode("frame", LIBZSTD[index]).unwrap()
}

/// A frame of zeros, without content size, with a window of 2^`window_log` bytes.
fn zeros(mut len: usize, window_log: u8) -> Vec<u8> {
    let mut frame = [&MAGIC[..], &[0, (window_log - 10) << 3]].concat();
    loop {
        let block = len.min(1 << 17);
        len -= block;
        let last = u8::from(len == 0);
        let header = u32::try_from(block << 3).unwrap().to_le_bytes();
        // Type 1: a byte, repeated.
        frame.extend_from_slice(&[header[0] | 1 << 1 | last, header[1], header[2], 0]);
        if last == 1 {
            return frame;
        }
    }
}

/// Text of a language with 64 words.
fn text(len: usize, seed: u64) -> Vec<u8> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let mut text = Vec::new();
    while text.len() < len {
        let word = rng.next_u32() % 64;
        text.extend_from_slice(alloc::format!("word-{word} ").as_bytes());
    }
    text.truncate(len);
    text
}

fn check_round_trip(plaintext: &[u8]) {
    let frame = compress(plaintext).unwrap();
    assert!(frame.len() < plaintext.len());
    assert!(frame.capacity() >= frame.len() + 32, "room for a key");
    // Single segment, no checksum, no dictionary.
    assert_eq!(frame[4] & 0b0011_1111, SINGLE_SEGMENT);
    let mut decoder = FrameDecoder::new();
    decoder.init(&**frame).unwrap();
    assert_eq!(decoder.content_size(), plaintext.len() as u64);
    assert_eq!(inflate(&frame).as_deref(), Ok(plaintext));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_is_compressed_decompresses(len in 200usize..5_000, seed: u64) {
        check_round_trip(&text(len, seed));
    }

    #[test]
    fn any_bytes_end(bytes: Vec<u8>) {
        let _ = inflate(&bytes);
        let _ = inflate(&[&MAGIC[..], &bytes].concat());
    }

    #[test]
    fn changed_frames_are_refused(index in 0usize..4, at: usize, mask in 1u8..) {
        let mut frame = libzstd(index);
        let at = at % frame.len();
        frame[at] ^= mask;
        if let Ok(content) = inflate(&frame) {
            let has_checksum = frame[4] & CHECKSUM != 0;
            // Except that without a checksum literals may be others; and that the window may be
            // larger.
            prop_assert!(!has_checksum || content == HELLO);
        }
    }
}

#[test]
fn content_sizes_of_every_length() {
    for len in [
        255, 256, 257, 65_791, 65_792, 65_793, 131_071, 131_072, 131_073, 262_144, MAX,
    ] {
        check_round_trip(&text(len, 1));
        check_round_trip(&vec![0; len]);
    }
}

#[test]
fn what_does_not_get_shorter_is_left() {
    let mut random = vec![0; 1000];
    ChaCha20Rng::from_seed([9; 32]).fill_bytes(&mut random);
    for len in [0, 1, 5, 100, 1000] {
        assert_eq!(compress(&random[..len]), None, "{len}");
    }
}

#[test]
fn frames_of_libzstd() {
    for index in 0..LIBZSTD.len() {
        assert_eq!(inflate(&libzstd(index)).as_deref(), Ok(HELLO), "{index}");
    }
}

#[test]
fn frames_follow_each_other() {
    let skippable = [&[0x57, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
    let frames = [
        &skippable,
        &*libzstd(0),
        &*zeros(0, 10),
        &*skippable,
        &*libzstd(3),
        &*skippable,
    ]
    .concat();
    assert_eq!(inflate(&frames), Ok(HELLO.repeat(2)));
    assert_eq!(inflate(&skippable), Ok(vec![]));
    assert_eq!(inflate(&[]), Ok(vec![]));
    for len in 1..skippable.len() {
        assert_eq!(inflate(&skippable[..len]), Err(CORRUPT), "{len}");
    }
}

#[test]
fn truncated_frames_and_bytes_after_frames() {
    for index in 0..LIBZSTD.len() {
        let mut frame = libzstd(index);
        for len in 1..frame.len() {
            assert_eq!(inflate(&frame[..len]), Err(CORRUPT), "{index} {len}");
        }
        frame.push(0);
        assert_eq!(inflate(&frame), Err(CORRUPT), "{index}");
    }
}

#[test]
fn headers_that_do_not_fit() {
    let changed = |index, at: usize, byte| {
        let mut frame = libzstd(index);
        frame[at] = byte;
        inflate(&frame)
    };
    assert_eq!(changed(0, 0, 0), Err(CORRUPT), "magic number");
    assert_eq!(changed(1, 4, 0x28), Err(CORRUPT), "reserved bit");
    assert_eq!(changed(1, 5, 35), Err(CORRUPT), "too much was declared");
    assert_eq!(changed(1, 5, 33), Err(CORRUPT), "too little was declared");
    assert_eq!(changed(3, 5, 0x89), Err(CORRUPT), "window above 128 MiB");
    assert_eq!(changed(3, 5, 0x88).as_deref(), Ok(HELLO), "128 MiB");
    let last = LIBZSTD[0].len() / 2 - 1;
    assert_eq!(changed(0, last, 0), Err(CORRUPT), "checksum");

    let mut with_dictionary = libzstd(3);
    with_dictionary[4] = 1;
    with_dictionary.insert(6, 7);
    assert_eq!(inflate(&with_dictionary), Err(CORRUPT));
    with_dictionary[6] = 0;
    assert_eq!(inflate(&with_dictionary).as_deref(), Ok(HELLO), "none");
}

#[test]
fn content_ends_at_the_limit() {
    assert_eq!(inflate(&zeros(MAX, 20)), Ok(vec![0; MAX]));
    assert_eq!(inflate(&zeros(MAX + 1, 20)), Err(TOO_LONG));
    let two = |first, second| inflate(&[zeros(first, 20), zeros(second, 20)].concat());
    assert_eq!(two(MAX - 1, 1).map(|content| content.len()), Ok(MAX));
    assert_eq!(two(MAX, 0).map(|content| content.len()), Ok(MAX));
    assert_eq!(two(MAX, 1), Err(TOO_LONG));
    assert_eq!(two(MAX - 1, 2), Err(TOO_LONG));
}

#[test]
fn nothing_is_allocated_for_what_is_only_declared() {
    let most = |frames: &[u8]| {
        let mut result = Ok(vec![]);
        let used = measure(|| result = inflate(frames));
        (result, used.bytes_max)
    };
    // A window of 128 MiB, in the first frame and in a later one.
    let (content, bytes) = most(&zeros(100, 27));
    assert_eq!(content, Ok(vec![0; 100]));
    assert!(bytes < 64 << 10, "{bytes}");
    let (content, bytes) = most(&[zeros(100, 27), zeros(100, 27)].concat());
    assert_eq!(content, Ok(vec![0; 200]));
    assert!(bytes < 64 << 10, "{bytes}");
    // A content of 127 MiB.
    let mut frame = [&MAGIC[..], &[SIZE_OF_4 | SINGLE_SEGMENT, 0, 0, 0xf0, 7]].concat();
    frame.extend_from_slice(&[1, 0, 0]);
    let (content, bytes) = most(&frame);
    assert_eq!(content, Err(CORRUPT));
    assert!(bytes < 64 << 10, "{bytes}");
    // 2 GiB in 64 KiB of blocks.
    let (content, bytes) = most(&zeros(1 << 31, 27));
    assert_eq!(content, Err(TOO_LONG));
    assert!(bytes < 4 << 20, "{bytes}");
}

#[test]
fn many_frames_take_linear_time() {
    let allocated = |count: usize| {
        let frames = zeros(100, 10).repeat(count);
        let mut result = Ok(vec![]);
        let used = measure(|| result = inflate(&frames));
        assert_eq!(result, Ok(vec![0; 100 * count]));
        used.bytes_total
    };
    let (some, more) = (allocated(1_000), allocated(8_000));
    assert!(more < 9 * some, "{some} {more}");
}

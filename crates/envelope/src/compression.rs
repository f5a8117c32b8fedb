//! zstd frames around group messages (spec 05 §6.1, §6.2).

use alloc::vec::Vec;

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use ruzstd::encoding::CompressionLevel;
use zeroize::Zeroizing;

use crate::Error;
use crate::buffer::reserve;
use crate::group::MAX_PLAINTEXT_LEN;

/// What a frame begins with.
const MAGIC: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();

/// Where a frame says which fields its header has: behind the magic number.
const DESCRIPTOR_AT: usize = 4;

// Bits of the descriptor (RFC 8878 §3.1.1.1.1). The upper two tell the length of the content size.
const CHECKSUM: u8 = 1 << 2;
const RESERVED: u8 = 1 << 3;
const SINGLE_SEGMENT: u8 = 1 << 5;
const SIZE_OF_2: u8 = 1 << 6;
const SIZE_OF_4: u8 = 2 << 6;
const HAS_CONTENT_SIZE: u8 = SINGLE_SEGMENT | 3 << 6;

/// Length of ruzstd's frame header: magic number, descriptor, window. It does not write the
/// content size.
const ENCODER_HEADER_LEN: usize = 6;

const CHECKSUM_LEN: usize = 4;

/// Bytes for the headers of frame and blocks and the checksum, whatever is compressed; and for the
/// group's key, which the sender appends when it signs.
const SPARE_LEN: usize = 128;

const CORRUPT: Error = Error::Encoding {
    what: "zstd frame of a group message",
};

/// One zstd frame with content size and without checksum, if that is shorter than `plaintext`,
/// which must not be longer than a group message may be. It has room for a key at its end.
pub(crate) fn compress(plaintext: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    // All that ruzstd writes fits, since a vector that grows leaves copies behind.
    let capacity = plaintext.len().saturating_add(SPARE_LEN);
    let mut frame = Zeroizing::new(Vec::with_capacity(capacity));
    ruzstd::encoding::compress(plaintext, &mut *frame, CompressionLevel::Fastest);
    // Another version of ruzstd may write another header: then nothing is compressed, and the
    // tests of this file fail.
    if !frame.starts_with(&MAGIC) || frame.get(DESCRIPTOR_AT) != Some(&CHECKSUM) {
        return None;
    }
    let len = frame.len().checked_sub(CHECKSUM_LEN)?;
    frame.truncate(len);
    frame.splice(..ENCODER_HEADER_LEN, header(plaintext.len())?);
    (frame.len() < plaintext.len()).then_some(frame)
}

/// The header of a frame that tells the length of its content, which is also its window.
fn header(content_len: usize) -> Option<impl Iterator<Item = u8>> {
    let content_len = u32::try_from(content_len).ok()?;
    let (descriptor, value, size_len) = match content_len {
        0..256 => (0, content_len, 1),
        // Two bytes count from 256.
        256..65_792 => (SIZE_OF_2, content_len.checked_sub(256)?, 2),
        _ => (SIZE_OF_4, content_len, 4),
    };
    let size = value.to_le_bytes().into_iter().take(size_len);
    let descriptor = [descriptor | SINGLE_SEGMENT];
    Some(MAGIC.into_iter().chain(descriptor).chain(size))
}

/// Appends the content of frames that follow each other to `out`, at most
/// [`MAX_PLAINTEXT_LEN`] bytes. Skippable frames have none. What a frame declares is never
/// believed: memory grows with what has been decompressed.
///
/// # Errors
/// [`Error::Encoding`]; [`Error::Length`] for more than that.
pub(crate) fn decompress(mut frames: &[u8], out: &mut Zeroizing<Vec<u8>>) -> Result<(), Error> {
    let start = out.len();
    while !frames.is_empty() {
        let descriptor = frames.get(DESCRIPTOR_AT).copied().unwrap_or(0);
        // A new one for each frame: one that is used again allocates the declared window.
        let mut decoder = FrameDecoder::new();
        match decoder.init(&mut frames) {
            Ok(()) if descriptor & RESERVED == 0 => {}
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => {
                let length = usize::try_from(length).map_err(|_| CORRUPT)?;
                frames = frames.get(length..).ok_or(CORRUPT)?;
                continue;
            }
            _ => return Err(CORRUPT),
        }
        let room = MAX_PLAINTEXT_LEN.saturating_sub(out.len().saturating_sub(start));
        // Stops at the first block with which the content is too long.
        let until = BlockDecodingStrategy::UptoBytes(room.saturating_add(1));
        let ended = decoder.decode_blocks(&mut frames, until);
        let len = decoder.can_collect();
        if !ended.map_err(|_| CORRUPT)? || len > room {
            return Err(Error::Length {
                what: "decompressed group message",
                expected: MAX_PLAINTEXT_LEN,
                got: MAX_PLAINTEXT_LEN.saturating_add(1),
            });
        }
        reserve(out, len);
        decoder
            .collect_to_writer(&mut **out)
            .map_err(|_| Error::Internal("a vector cannot be written to"))?;
        let declared = decoder.content_size();
        let checksum = decoder.get_checksum_from_data();
        if (descriptor & HAS_CONTENT_SIZE != 0 && usize::try_from(declared) != Ok(len))
            || (checksum.is_some() && checksum != decoder.get_calculated_checksum())
        {
            return Err(CORRUPT);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;

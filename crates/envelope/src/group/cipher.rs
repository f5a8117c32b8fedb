//! What is inside the encryption of a group: a bt dict that its author signed (spec 05 §6).

use alloc::vec::Vec;

use session_bt::{DictReader, DictWriter};
use session_core::AccountId;
use session_crypto::rand_core::CryptoRng;
use session_crypto::{SymmetricKey, ed25519};
use session_identity::Account;
use session_identity::conversion::account_id;
use zeroize::Zeroizing;

use super::{Decrypted, MAX_PLAINTEXT_LEN, group_key};
use crate::buffer::reserve;
use crate::compression::{compress, decompress};
use crate::error::sized;
use crate::xchacha20::{self, NONCE_LEN, Parts};
use crate::{Error, padding};

// Keys of the dict.
const VERSION: &str = "";
const AUTHOR: &str = "a";
const PLAIN: &str = "d";
const SIGNATURE: &str = "s";
const COMPRESSED: &str = "z";

/// The only version.
const VERSION_1: u8 = 1;

/// Bytes that are signed behind the data: the group's key.
pub(super) const SIGNED_TAIL_LEN: usize = 32;

/// The shortest plaintext that is worth compressing, in bytes. Of an envelope of that length half
/// is signature and framing; what the rest could save is less than a step of the padding.
const MIN_COMPRESSED_LEN: usize = 256;

const WHAT: &str = "group message";
const FIELD: &str = "key or signature of a group message";

/// Refuses what is too long before it is compressed.
pub(crate) const fn check_len(len: usize) -> Result<(), Error> {
    if len > MAX_PLAINTEXT_LEN {
        return Err(Error::Length {
            what: WHAT,
            expected: MAX_PLAINTEXT_LEN,
            got: len,
        });
    }
    Ok(())
}

/// The data of a message, in a buffer with room for the signed tail.
pub(crate) struct Payload {
    key: &'static str,
    data: Zeroizing<Vec<u8>>,
}

impl Payload {
    /// A plaintext, compressed if that is shorter. The buffer has room for the signed tail.
    pub(crate) fn compressed(plaintext: Zeroizing<Vec<u8>>) -> Result<Self, Error> {
        check_len(plaintext.len())?;
        let frame = match plaintext.len() {
            ..MIN_COMPRESSED_LEN => None,
            _ => compress(&plaintext),
        };
        Ok(frame.map_or_else(|| Self::plain(plaintext), Self::frame))
    }

    pub(crate) const fn plain(data: Zeroizing<Vec<u8>>) -> Self {
        Self { key: PLAIN, data }
    }

    pub(crate) const fn frame(data: Zeroizing<Vec<u8>>) -> Self {
        Self {
            key: COMPRESSED,
            data,
        }
    }

    fn sign(&mut self, author: &ed25519::SigningKey, group: &[u8; 32]) -> ed25519::Signature {
        let len = self.data.len();
        self.data.extend_from_slice(group);
        let signature = author.sign(&self.data);
        self.data.truncate(len);
        signature
    }
}

/// Encrypts bytes that need not be a message to a group, as [`seal_group`](super::seal_group) does:
/// compressed if that is shorter, signed, padded to a multiple of `padding` bytes. Without padding
/// if `padding` is 0 or 1. Undone by [`GroupOpener::decrypt`](super::GroupOpener::decrypt).
///
/// # Errors
/// [`Error::Recipient`] when `group` has not prefix 03; [`Error::Length`] for no bytes, which
/// every receiver drops, and for more than [`MAX_PLAINTEXT_LEN`].
pub fn encrypt<R: CryptoRng + ?Sized>(
    from: &Account,
    group: &AccountId,
    key: &SymmetricKey,
    plaintext: &[u8],
    padding: u16,
    rng: &mut R,
) -> Result<Vec<u8>, Error> {
    let group = group_key(group)?;
    if plaintext.is_empty() {
        return Err(Error::Length {
            what: WHAT,
            expected: 1,
            got: 0,
        });
    }
    let capacity = plaintext.len().saturating_add(SIGNED_TAIL_LEN);
    let mut data = Zeroizing::new(Vec::with_capacity(capacity));
    data.extend_from_slice(plaintext);
    let nonce = xchacha20::nonce(rng);
    write_ciphertext(
        from,
        group,
        key,
        Payload::compressed(data)?,
        padding,
        &nonce,
    )
}

/// Signs, pads and encrypts `payload`. One allocation of the exact length.
pub(crate) fn write_ciphertext(
    from: &Account,
    group: &[u8; 32],
    key: &SymmetricKey,
    mut payload: Payload,
    padding: u16,
    nonce: &[u8; NONCE_LEN],
) -> Result<Vec<u8>, Error> {
    let dict_len = dict_len(payload.data.len());
    let wire_len = dict_len.saturating_add(xchacha20::OVERHEAD);
    let padded_len = wire_len
        .checked_next_multiple_of(padding.into())
        .unwrap_or(wire_len);

    let author = from.expose_signing_key();
    let signature = payload.sign(author, group);
    let mut wire = Vec::with_capacity(padded_len);
    wire.extend_from_slice(nonce);
    write_dict(&mut wire, author.public(), &payload, &signature)
        .map_err(|_| Error::Internal("keys of a dict out of order"))?;
    wire.resize(padded_len.saturating_sub(session_crypto::TAG_LEN), 0);
    xchacha20::encrypt_behind_nonce(key, &mut wire)?;
    Ok(wire)
}

fn write_dict(
    wire: &mut Vec<u8>,
    author: &ed25519::PublicKey,
    payload: &Payload,
    signature: &ed25519::Signature,
) -> Result<(), session_bt::Error> {
    let mut dict = DictWriter::new(wire);
    dict.int(VERSION, VERSION_1)?;
    dict.bytes(AUTHOR, author.as_bytes())?;
    if payload.key == PLAIN {
        dict.bytes(PLAIN, &payload.data)?;
    }
    dict.bytes(SIGNATURE, signature.as_bytes())?;
    if payload.key == COMPRESSED {
        dict.bytes(COMPRESSED, &payload.data)?;
    }
    dict.finish();
    Ok(())
}

/// Length in bytes of a dict with so many bytes of data.
fn dict_len(data_len: usize) -> usize {
    const FIXED: usize =
        "d0:i1e1:a32:1:d:1:s64:e".len() + ed25519::PublicKey::LEN + ed25519::Signature::LEN;
    let digits = data_len
        .checked_ilog10()
        .map_or(1, |log| log.saturating_add(1));
    FIXED
        .saturating_add(usize::try_from(digits).unwrap_or(usize::MAX))
        .saturating_add(data_len)
}

/// What an opener keeps from message to message, for its memory. Zeroized on drop.
#[derive(Default)]
pub(super) struct Buffers {
    /// The decrypted dict.
    dict: Zeroizing<Vec<u8>>,
    /// What was compressed.
    decompressed: Zeroizing<Vec<u8>>,
}

/// Decrypts and verifies (spec 05 §6.2).
pub(super) fn decrypt<'b>(
    group: &[u8; 32],
    keys: &[SymmetricKey],
    ciphertext: &[u8],
    buffers: &'b mut Buffers,
) -> Result<Decrypted<'b>, Error> {
    let Buffers { dict, decompressed } = buffers;
    let parts = Parts::split(ciphertext)?;
    dict.clear();
    // What follows the data is overwritten by the signed tail, unless it is too short.
    reserve(dict, parts.ciphertext.len().saturating_add(SIGNED_TAIL_LEN));
    dict.extend_from_slice(parts.ciphertext);
    let mut keys = keys.iter();
    let key_index = keys
        .position(|key| parts.decrypt(key, dict).is_ok())
        .ok_or(Error::Decrypt)?;

    let len = padding::without_zeros(dict).len();
    dict.truncate(len);
    let fields = Fields::read(dict)?;
    dict.truncate(fields.data_end);
    dict.extend_from_slice(group);
    let signed = dict.get(fields.data_start..).unwrap_or_default();
    fields
        .author
        .verify(signed, &fields.signature)
        .map_err(|_| Error::Signature)?;

    let data = dict.get(fields.data_start..fields.data_end);
    let mut plaintext = data.unwrap_or_default();
    if fields.is_compressed {
        decompressed.clear();
        decompress(plaintext, decompressed)?;
        plaintext = decompressed;
    }
    Ok(Decrypted {
        plaintext,
        sender: fields.sender,
        sender_key: fields.author,
        key_index,
    })
}

/// What a dict says. Nobody has verified the signature.
struct Fields {
    author: ed25519::PublicKey,
    sender: AccountId,
    signature: ed25519::Signature,
    is_compressed: bool,
    /// Where the data is in the dict.
    data_start: usize,
    data_end: usize,
}

impl Fields {
    fn read(dict: &[u8]) -> Result<Self, Error> {
        let malformed = |error| match error {
            session_bt::Error::Missing { key } => Error::Missing {
                message: WHAT,
                field: key,
            },
            _ => Error::Encoding { what: WHAT },
        };
        let mut reader = DictReader::new(dict).map_err(malformed)?;
        if reader.int::<u64>(VERSION).map_err(malformed)? != u64::from(VERSION_1) {
            return Err(Error::Version { what: WHAT });
        }
        let author = sized(FIELD, reader.bytes(AUTHOR).map_err(malformed)?)?;
        let author = ed25519::PublicKey::from_bytes(author).map_err(|_| Error::Signature)?;
        let sender = account_id(&author).map_err(|_| Error::Signature)?;
        let plain = reader.bytes_opt(PLAIN).map_err(malformed)?;
        // Right behind a value that was read is its end.
        let plain_end = reader.consumed().len();
        let signature = *sized(FIELD, reader.bytes(SIGNATURE).map_err(malformed)?)?;
        let compressed = reader.bytes_opt(COMPRESSED).map_err(malformed)?;
        let compressed_end = reader.consumed().len();
        reader.finish().map_err(malformed)?;

        let (data, data_end) = match (plain, compressed) {
            (Some(data), None) => (data, plain_end),
            (None, Some(data)) => (data, compressed_end),
            (None, None) => {
                return Err(Error::Missing {
                    message: WHAT,
                    field: PLAIN,
                });
            }
            (Some(_), Some(_)) => return Err(Error::Encoding { what: WHAT }),
        };
        if data.is_empty() {
            return Err(Error::Length {
                what: WHAT,
                expected: 1,
                got: 0,
            });
        }
        Ok(Self {
            author,
            sender,
            signature: ed25519::Signature::from_bytes(signature),
            is_compressed: compressed.is_some(),
            data_start: data_end.saturating_sub(data.len()),
            data_end,
        })
    }
}

#[cfg(test)]
mod tests;

//! The envelope around a message (spec 05 §1.2, §4.1).

use alloc::vec::Vec;

use prost::encoding::{encode_varint, encoded_len_varint};
use session_core::{Network, NetworkId, UnixMillis};
use session_crypto::ed25519;

use crate::Error;
use crate::pro_signature::{self, ProSignature};
use crate::proto::{EnvelopeType, last_bytes, last_varint, varint_len};

/// What an envelope is written from.
pub(crate) struct EnvelopeWriter {
    pub(crate) kind: EnvelopeType,
    pub(crate) sent: UnixMillis,
    /// Length of the content in bytes.
    pub(crate) content_len: usize,
}

// Field numbers and types: spec 05a §3. The tags here are single bytes, number * 8 + type.
impl EnvelopeWriter {
    /// Length of the envelope in bytes.
    pub(crate) fn len(&self) -> usize {
        // Besides the content: type, tag of the time, source device; the time; the Pro signature.
        field_len(self.content_len)
            .saturating_add(2 + 1 + 2)
            .saturating_add(encoded_len_varint(self.sent.as_millis()))
            .saturating_add(field_len(ed25519::Signature::LEN))
    }

    /// Appends the envelope. `put` appends the content, which `pro` signs then.
    pub(crate) fn write(
        &self,
        wire: &mut Vec<u8>,
        pro: &ProSignature<'_>,
        put: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        // type, timestamp
        wire.extend_from_slice(&[0x08, self.kind as u8, 0x28]);
        encode_varint(self.sent.as_millis(), wire);
        wire.extend_from_slice(&[0x38, 1]); // source device
        put_header(0x42, self.content_len, wire);
        let content_at = wire.len();
        put(wire)?;
        let signature = pro.sign(wire.get(content_at..).unwrap_or_default());
        put_header(0x5a, ed25519::Signature::LEN, wire);
        wire.extend_from_slice(signature.as_bytes());
        Ok(())
    }
}

/// Length of a field of `len` bytes with its one-byte tag.
pub(crate) fn field_len(len: usize) -> usize {
    encoded_len_varint(varint_len(len))
        .saturating_add(1)
        .saturating_add(len)
}

pub(crate) fn put_header(tag: u8, len: usize, wire: &mut Vec<u8>) {
    wire.push(tag);
    encode_varint(varint_len(len), wire);
}

/// The content of an envelope that was sifted.
pub(crate) fn content(envelope: &[u8]) -> Result<&[u8], Error> {
    last_bytes(envelope, 8).ok_or(Error::Missing {
        message: "Envelope",
        field: "content",
    })
}

/// What an envelope says besides its content. Around a sealed message nobody vouches for any of
/// it: a node on the way, or whoever stored the message, may have written what it liked. In a
/// group it is what some member wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outside {
    /// The time of the message.
    pub timestamp: UnixMillis,
    /// Who is said to have sent it. Never use it as the sender.
    pub source: Option<NetworkId>,
    /// Always 1.
    pub source_device: Option<u32>,
    /// Never sent.
    pub server_timestamp: Option<UnixMillis>,
    /// A Session Pro signature, or a decoy.
    pub pro_signature: Option<ed25519::Signature>,
}

impl Outside {
    /// Reads an envelope that was sifted. Length and form of source and Pro signature are
    /// checked (spec 05 §4.1, 3 and 7).
    pub(crate) fn read(envelope: &[u8]) -> Result<Self, Error> {
        let timestamp = last_varint(envelope, 5).ok_or(Error::Missing {
            message: "Envelope",
            field: "timestamp",
        })?;
        let source = match last_bytes(envelope, 2) {
            None | Some([]) => None,
            Some(source) => {
                let text = core::str::from_utf8(source).map_err(|_| Error::Source)?;
                Some(NetworkId::parse(text, Network::Mainnet).map_err(|_| Error::Source)?)
            }
        };
        let pro_signature = last_bytes(envelope, 11).map(pro_signature::read);
        Ok(Self {
            timestamp: UnixMillis::from_millis(timestamp),
            source,
            // The low 32 bits: the mask makes the conversion whole.
            source_device: last_varint(envelope, 7)
                .and_then(|device| u32::try_from(device & 0xffff_ffff).ok()),
            server_timestamp: last_varint(envelope, 10).map(UnixMillis::from_millis),
            pro_signature: pro_signature.transpose()?,
        })
    }
}

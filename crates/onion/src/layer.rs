//! The forms in which a layer reaches a node: from the client, and from another node.

use core::fmt;

use session_bt::DictReader;
use session_crypto::x25519::PublicKey;

use crate::metadata::{self, Metadata};
use crate::request::check_len;
use crate::size::FRAME_LEN;
use crate::{EncType, Error};

/// The highest hop number that a node handles (spec 02 §5.3).
pub const MAX_HOP_NO: u32 = 15;

/// A layer for this node, not yet decrypted. Borrows the message and decrypts in it.
#[non_exhaustive]
pub struct Layer<'a> {
    /// `nonce ‖ ciphertext ‖ tag`, maybe too short to be that.
    pub ciphertext: &'a mut [u8],
    /// The client's key for this layer, as it was sent.
    pub ephemeral_key: PublicKey,
    /// How the layer is encrypted.
    pub enc_type: EncType,
    /// How many nodes have handled the request before this one, as far as the sender says.
    pub hop_no: u32,
}

impl fmt::Debug for Layer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layer")
            .field("ciphertext_len", &self.ciphertext.len())
            .field("enc_type", &self.enc_type)
            .field("hop_no", &self.hop_no)
            .finish_non_exhaustive()
    }
}

impl<'a> Layer<'a> {
    /// Takes a layer apart from its metadata, for callers with a transport of their own.
    #[must_use]
    pub const fn new(
        ciphertext: &'a mut [u8],
        ephemeral_key: PublicKey,
        enc_type: EncType,
        hop_no: u32,
    ) -> Self {
        Self {
            ciphertext,
            ephemeral_key,
            enc_type,
            hop_no,
        }
    }

    /// Reads the body of a client's request at the entry node (spec 02 §2.3).
    ///
    /// # Errors
    /// A frame or metadata error, or [`Error::TooLong`]: see
    /// [`Refusal::of_request`](crate::Refusal::of_request).
    pub fn parse_outer(body: &'a mut [u8]) -> Result<Self, Error> {
        check_len(body.len())?;
        let (ciphertext, metadata) = split_frame_mut(body)?;
        let metadata = Metadata::parse(metadata)?;
        let hop_no = metadata
            .hop_no
            .map_or(Ok(0), |raw| read_hop_no(raw.get()))?;
        Self::from_frame(ciphertext, &metadata, hop_no)
    }

    /// Reads the body that a node has posted to a server: the same frame, of which the metadata
    /// for the node is ignored (spec 02 §6.1).
    ///
    /// # Errors
    /// A frame or metadata error, or [`Error::TooLong`] above
    /// [`MAX_REQUEST_LEN`](crate::MAX_REQUEST_LEN); a server answers 400.
    pub fn parse_at_server(body: &'a mut [u8]) -> Result<Self, Error> {
        check_len(body.len())?;
        let (ciphertext, metadata) = split_frame_mut(body)?;
        Self::from_frame(ciphertext, &Metadata::parse(metadata)?, 0)
    }

    fn from_frame(
        ciphertext: &'a mut [u8],
        metadata: &Metadata<'_>,
        hop_no: u32,
    ) -> Result<Self, Error> {
        let ephemeral_key = metadata::required_key(metadata.ephemeral_key, "ephemeral_key")?;
        Ok(Self {
            ciphertext,
            ephemeral_key: PublicKey::from_bytes(ephemeral_key),
            enc_type: metadata.read_enc_type()?,
            hop_no,
        })
    }

    /// Reads the message of another node, a bt dict (spec 02 §5.3). Hop numbers below 1 count
    /// as 1.
    ///
    /// # Errors
    /// [`Error::RelayMessage`], [`Error::Metadata`], [`Error::UnknownEncType`] or
    /// [`Error::TooLong`]: see [`Refusal::of_relayed`](crate::Refusal::of_relayed). The hop limit is
    /// checked by [`check_hop_limit`](Self::check_hop_limit).
    pub fn parse_relay(message: &'a mut [u8]) -> Result<Self, Error> {
        check_len(message.len())?;
        let mut dict = DictReader::new(message)?;
        let data_len = dict.bytes("data")?.len();
        // A string's bytes are the end of its encoding.
        let data_end = dict.consumed().len();
        let enc_type = dict
            .bytes_opt("enc_type")?
            .map_or(Ok(EncType::WHEN_ABSENT), |name| {
                EncType::parse(core::str::from_utf8(name).unwrap_or_default())
            })?;
        let ephemeral_key: [u8; 32] =
            dict.bytes("ephemeral_key")?
                .try_into()
                .map_err(|_| Error::Metadata {
                    key: "ephemeral_key",
                    expected: "32 bytes",
                })?;
        let hop_no = dict.int_opt::<i64>("hop_no")?.unwrap_or(1).max(1);
        dict.finish()?;
        let ciphertext = message
            .get_mut(data_end.saturating_sub(data_len)..data_end)
            .unwrap_or_default();
        Ok(Self {
            ciphertext,
            ephemeral_key: PublicKey::from_bytes(ephemeral_key),
            enc_type,
            hop_no: u32::try_from(hop_no).unwrap_or(u32::MAX),
        })
    }

    /// Refuses a request that has passed too many nodes. For layers from other nodes; the number
    /// in a client's request is not limited at the entry (spec 02 §5.1).
    ///
    /// # Errors
    /// [`Error::TooManyHops`]; a node answers 400 with the error's text.
    pub const fn check_hop_limit(&self) -> Result<(), Error> {
        if self.hop_no > MAX_HOP_NO {
            return Err(Error::TooManyHops);
        }
        Ok(())
    }
}

/// Splits a frame into its blob and its metadata.
pub(crate) fn split_frame(frame: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    let (len, rest) = frame.split_first_chunk::<FRAME_LEN>().ok_or(Error::Frame)?;
    let len = usize::try_from(u32::from_le_bytes(*len)).map_err(|_| Error::Frame)?;
    rest.split_at_checked(len).ok_or(Error::Frame)
}

fn split_frame_mut(frame: &mut [u8]) -> Result<(&mut [u8], &[u8]), Error> {
    let blob_end = split_frame(frame)?.0.len().saturating_add(FRAME_LEN);
    let (blob, metadata) = frame.split_at_mut_checked(blob_end).ok_or(Error::Frame)?;
    let blob = blob.get_mut(FRAME_LEN..).ok_or(Error::Frame)?;
    Ok((blob, metadata))
}

/// Any JSON number, floored at 0; the reference reads it as a number and clamps.
fn read_hop_no(text: &str) -> Result<u32, Error> {
    let not_a_number = Error::Metadata {
        key: "hop_no",
        expected: "a number",
    };
    if let Ok(number) = serde_json::from_str::<i64>(text) {
        return Ok(u32::try_from(number.max(0)).unwrap_or(u32::MAX));
    }
    let number: f64 = serde_json::from_str(text).map_err(|_| not_a_number)?;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast from float saturates, which is what is wanted"
    )]
    Ok(number as u32)
}

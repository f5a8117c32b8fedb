//! One node's part: decrypt a layer in place and decide what to do with it (spec 02 §2.4, §5).

use alloc::borrow::ToOwned;
use alloc::vec::Vec;
use core::fmt;

use session_bt::DictWriter;
use session_crypto::x25519::{PublicKey, SecretKey};

use crate::hop::LayerSecret;
use crate::layer::split_frame;
use crate::metadata::{self, Metadata};
use crate::{EncType, Error, Layer, Proxy, ProxyTarget, ReplyFormat, ReplySealer};

/// A layer that has been decrypted and authenticated.
#[derive(Debug)]
#[non_exhaustive]
pub struct Peeled<'a> {
    /// Seals what this node itself has to say to the client.
    pub reply: ReplySealer,
    /// What the client wants this node to do.
    pub action: Action<'a>,
}

/// What a node does with a decrypted layer.
#[derive(Debug)]
#[non_exhaustive]
pub enum Action<'a> {
    /// Send the rest to the next node.
    Relay(Relay<'a>),
    /// Answer the request inside.
    Final(Final<'a>),
    /// Post to a server outside the network.
    Proxy(Proxy<'a>),
    /// The client's framing or metadata is unusable, for this reason: answer an encrypted 400
    /// `Invalid json` (spec 02 §5.2).
    Invalid(Error),
}

/// The rest of a request, for the next node.
#[non_exhaustive]
pub struct Relay<'a> {
    /// The next node's Ed25519 key.
    pub next: [u8; 32],
    /// The client's key for the next layer.
    pub ephemeral_key: PublicKey,
    /// How the next layer is encrypted.
    pub enc_type: EncType,
    /// The next layer.
    pub ciphertext: &'a [u8],
    /// This node's own hop number.
    pub hop_no: u32,
}

impl Relay<'_> {
    /// The message to the next node, a bt dict (spec 02 §5.3).
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        // Keys, key and numbers take less than 128 bytes beside the ciphertext.
        let mut out = Vec::with_capacity(self.ciphertext.len().saturating_add(128));
        let mut dict = DictWriter::new(&mut out);
        let written = dict
            .bytes("data", self.ciphertext)
            .and_then(|dict| dict.bytes("enc_type", self.enc_type.name().as_bytes()))
            .and_then(|dict| dict.bytes("ephemeral_key", self.ephemeral_key.as_bytes()))
            .and_then(|dict| dict.int("hop_no", self.hop_no.saturating_add(1)))
            .is_ok();
        debug_assert!(written, "the keys above are in order");
        dict.finish();
        out
    }
}

impl fmt::Debug for Relay<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay")
            .field("enc_type", &self.enc_type)
            .field("ciphertext_len", &self.ciphertext.len())
            .field("hop_no", &self.hop_no)
            .finish_non_exhaustive()
    }
}

/// A request for this node.
#[non_exhaustive]
pub struct Final<'a> {
    /// The request, in storage RPC's JSON.
    pub payload: &'a [u8],
    /// How the client wants the answer.
    pub options: ReplyFormat,
    /// This node's hop number.
    pub hop_no: u32,
}

/// Without the payload, which is a client's content.
impl fmt::Debug for Final<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Final")
            .field("payload_len", &self.payload.len())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Decrypts a layer with this node's X25519 key and reads what it asks for. No copy is made.
///
/// # Errors
/// [`Error::Decrypt`] for anything that is not an authentic layer for this node; a node answers
/// 400 `Invalid ciphertext`, unencrypted. Once a layer is authentic, faults inside it are
/// [`Action::Invalid`], since the answer to them is encrypted.
pub fn peel<'a>(node: &SecretKey, layer: Layer<'a>) -> Result<Peeled<'a>, Error> {
    let secret = LayerSecret::for_server(node, &layer.ephemeral_key)?;
    let plaintext = layer
        .enc_type
        .open(&secret.key(layer.enc_type), layer.ciphertext)?;
    Ok(Peeled {
        reply: ReplySealer::new(layer.enc_type, secret),
        action: classify(plaintext, layer.hop_no),
    })
}

pub(crate) fn classify(plaintext: &[u8], hop_no: u32) -> Action<'_> {
    read_action(plaintext, hop_no).unwrap_or_else(Action::Invalid)
}

fn read_action(frame: &[u8], hop_no: u32) -> Result<Action<'_>, Error> {
    let (blob, metadata) = split_frame(frame)?;
    let metadata = Metadata::parse(metadata)?;
    if metadata.headers.is_some() {
        return Ok(Action::Final(Final {
            payload: blob,
            options: ReplyFormat {
                json: metadata::optional(metadata.json, "json", "a bool", false)?,
                base64: metadata::optional(metadata.base64, "base64", "a bool", true)?,
            },
            hop_no,
        }));
    }
    if metadata.host.is_some() {
        let host = metadata::required(metadata.host, "host")?.into_owned();
        let target = metadata::required(metadata.target, "target")?.into_owned();
        let port = metadata::optional(metadata.port, "port", "a port number", 443)?;
        let protocol = metadata.protocol.map_or(Ok("https".to_owned()), |raw| {
            metadata::string(raw, "protocol").map(|text| text.into_owned())
        })?;
        return Ok(Action::Proxy(Proxy {
            target: ProxyTarget::new(host, port, protocol, target),
            body: frame,
        }));
    }
    Ok(Action::Relay(Relay {
        next: metadata::required_key(metadata.destination, "destination")?,
        ephemeral_key: PublicKey::from_bytes(metadata::required_key(
            metadata.ephemeral_key,
            "ephemeral_key",
        )?),
        enc_type: metadata.read_enc_type()?,
        ciphertext: blob,
        hop_no,
    }))
}

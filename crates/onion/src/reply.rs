//! The one encrypted layer on the way back (spec 02 §4, §6.4).

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use session_core::base64;
use session_crypto::rand_core::CryptoRng;

use crate::hop::LayerSecret;
use crate::json::push_string;
use crate::metadata::{self, Metadata};
use crate::{EncType, Error, v3, v4};

/// How a client wants the answer to a request (spec 02 §2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "the two flags of the wire")]
pub struct ReplyFormat {
    /// Embed a JSON result as JSON instead of as a string.
    pub json: bool,
    /// Encode the encrypted answer as base64 text.
    pub base64: bool,
}

/// What metadata without these keys asks for, and what a node uses for its own complaints.
impl Default for ReplyFormat {
    fn default() -> Self {
        Self {
            json: false,
            base64: true,
        }
    }
}

/// The result that a node answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(
    clippy::exhaustive_enums,
    reason = "results are text or JSON; binary is base64 text"
)]
pub enum ReplyBody<'a> {
    /// Plain text.
    Text(&'a str),
    /// Compact JSON. Must be valid: it is embedded as it is.
    Json(&'a str),
}

/// Seals a node's answer under the layer that it peeled.
#[derive(Clone, Debug)]
pub struct ReplySealer {
    enc_type: EncType,
    layer: LayerSecret,
}

impl ReplySealer {
    pub(crate) const fn new(enc_type: EncType, layer: LayerSecret) -> Self {
        Self { enc_type, layer }
    }

    /// Wraps and encrypts an answer (spec 02 §4.2). The result is what the entry node gives to
    /// the client, with an outer status of 200.
    ///
    /// # Errors
    /// [`Error::Frame`] for more than the cipher can take, which is above 60 GiB.
    pub fn seal<R: CryptoRng + ?Sized>(
        &self,
        status: u16,
        body: ReplyBody<'_>,
        format: ReplyFormat,
        rng: &mut R,
    ) -> Result<Vec<u8>, Error> {
        let (ReplyBody::Json(text) | ReplyBody::Text(text)) = body;
        let mut sealed = Vec::with_capacity(
            text.len()
                .saturating_add(32)
                .saturating_add(self.enc_type.overhead()),
        );
        sealed.resize(self.enc_type.nonce_len(), 0);
        sealed.extend_from_slice(br#"{"body":"#);
        match body {
            ReplyBody::Json(json) if format.json => sealed.extend_from_slice(json.as_bytes()),
            _ => push_string(text, &mut sealed),
        }
        sealed.extend_from_slice(alloc::format!(r#","status":{status}}}"#).as_bytes());
        let key = self.layer.key(self.enc_type);
        self.enc_type.seal(&key, &mut sealed, 0, rng)?;
        Ok(if format.base64 {
            base64::encode(&sealed).into_bytes()
        } else {
            sealed
        })
    }
}

/// Who sealed a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealedBy {
    /// The destination.
    Destination,
    /// The last relay, which could not serve its own layer (spec 02 §6.4).
    LastHop,
}

/// An authentic answer.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reply {
    /// Status of the RPC, such as 200 or 421.
    pub status: u16,
    /// The result.
    pub body: ReplyText,
    /// Who answered. Only the destination's word says anything about the request.
    pub sealed_by: SealedBy,
    /// The cipher it was sealed with; not always the one that was asked for.
    pub enc_type: EncType,
}

/// Without the body, which is the account's content.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("body_len", &self.body.as_str().len())
            .field("sealed_by", &self.sealed_by)
            .field("enc_type", &self.enc_type)
            .finish()
    }
}

/// The result in a reply.
#[derive(Clone, PartialEq, Eq)]
#[allow(
    clippy::exhaustive_enums,
    reason = "a body is a string or another JSON value"
)]
pub enum ReplyText {
    /// It was a string: text, or JSON in a string. Which one, the RPC's method decides.
    Text(String),
    /// It was another JSON value, of which this is the text.
    Json(String),
}

impl ReplyText {
    /// The text, whichever form it had.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Text(text) | Self::Json(text) => text,
        }
    }
}

impl fmt::Debug for ReplyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReplyText({} bytes)", self.as_str().len())
    }
}

/// An authentic answer to a request for a server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    clippy::exhaustive_enums,
    reason = "nobody else has a key of the request"
)]
pub enum FromServer<T> {
    /// The server answered.
    Server(T),
    /// The last node could not pass the request on, for example because of its URL, and says so
    /// under its own layer. The server has not seen the request.
    LastHop(Reply),
}

/// In which form a destination answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReplyForm {
    /// [`ReplyKey::open`].
    Node,
    /// [`ReplyKey::open_v4`].
    V4,
    /// [`ReplyKey::open_v3`].
    V3,
}

/// Bytes of a layer's nonce by which a request is known again: a whole one, or half of one.
const SENT_LEN: usize = 12;

/// What a request says of its answer.
#[derive(Clone, Copy)]
pub(crate) struct ExpectedReply {
    pub(crate) form: ReplyForm,
    /// How the destination's layer of the request began. The key is the same both ways, so the
    /// last relay could send that layer back as the answer.
    pub(crate) sent: [u8; SENT_LEN],
}

/// Opens the answer to one request. Secret.
#[derive(Clone)]
pub struct ReplyKey {
    enc_type: EncType,
    destination: LayerSecret,
    last_hop: Option<LayerSecret>,
    /// Not known to known-answer tests, which have a key and no request.
    expected: Option<ExpectedReply>,
}

impl fmt::Debug for ReplyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReplyKey(..)")
    }
}

impl ReplyKey {
    pub(crate) const fn new(
        enc_type: EncType,
        destination: LayerSecret,
        last_hop: Option<LayerSecret>,
        expected: Option<ExpectedReply>,
    ) -> Self {
        Self {
            enc_type,
            destination,
            last_hop,
            expected,
        }
    }

    /// Opens the body that the entry node gave back with status 200, when the destination is a
    /// node: base64 text, a JSON object with that text under `result`, or raw bytes (spec 02
    /// §6.4).
    ///
    /// # Errors
    /// [`Error::Decrypt`] when nobody who may answer sealed these bytes: they are then a text
    /// that any node on the path could have written, or a part of this client's own request sent
    /// back. [`Error::ReplyForm`] when the destination's answer is no reply, or the request was for
    /// a server.
    pub fn open(&self, reply: &[u8]) -> Result<Reply, Error> {
        self.require(ReplyForm::Node, Error::ReplyForm)?;
        let mut sealed = decode(reply);
        match self.decrypt(&mut sealed) {
            Ok(by) => read_reply(by.plaintext(&sealed), by, SealedBy::Destination),
            Err(_) => self.open_from_last_hop(&mut sealed),
        }
    }

    /// Opens the reply of a server that is spoken to in form v4, in place: raw bytes.
    ///
    /// # Errors
    /// As [`open`](Self::open), with [`Error::ServerForm`] in place of [`Error::ReplyForm`].
    pub fn open_v4<'a>(&self, reply: &'a mut [u8]) -> Result<FromServer<v4::Response<'a>>, Error> {
        self.require(ReplyForm::V4, Error::ServerForm)?;
        match self.decrypt(reply) {
            Ok(by) => v4::Response::decode(by.plaintext(reply)).map(FromServer::Server),
            // The last hop complains in base64.
            Err(_) => self
                .open_from_last_hop(&mut decode(reply))
                .map(FromServer::LastHop),
        }
    }

    /// Opens the reply of a server that is spoken to in form v3: base64 text.
    ///
    /// # Errors
    /// As [`open_v4`](Self::open_v4).
    pub fn open_v3(&self, reply: &[u8]) -> Result<FromServer<v3::Response>, Error> {
        self.require(ReplyForm::V3, Error::ServerForm)?;
        let mut sealed = decode(reply);
        match self.decrypt(&mut sealed) {
            Ok(by) => v3::Response::decode(by.plaintext(&sealed)).map(FromServer::Server),
            Err(_) => self
                .open_from_last_hop(&mut sealed)
                .map(FromServer::LastHop),
        }
    }

    /// Decrypts in place what the destination sealed, and tells by which cipher.
    fn decrypt(&self, sealed: &mut [u8]) -> Result<EncType, Error> {
        if let Some(expected) = &self.expected
            && sealed.first_chunk() == Some(&expected.sent)
        {
            return Err(Error::Decrypt);
        }
        let mut open = |enc_type: EncType| {
            let key = self.destination.key(enc_type);
            enc_type.open(&key, sealed).map(|_| enc_type)
        };
        match (open(self.enc_type), self.enc_type) {
            // An old push server always answers in AES-GCM.
            (Err(_), EncType::XChaCha20) => open(EncType::AesGcm),
            (result, _) => result,
        }
    }

    fn open_from_last_hop(&self, sealed: &mut [u8]) -> Result<Reply, Error> {
        let layer = self.last_hop.as_ref().ok_or(Error::Decrypt)?;
        let by = self.enc_type;
        let plaintext = by.open(&layer.key(by), sealed)?;
        // What decrypts and is no complaint can be the last hop's own layer, sent back by a node
        // before it: nobody is to be blamed for its form.
        read_reply(plaintext, by, SealedBy::LastHop).map_err(|_| Error::Decrypt)
    }

    /// Whether the request was for a destination that answers in this form.
    fn require(&self, form: ReplyForm, otherwise: Error) -> Result<(), Error> {
        match self.expected {
            Some(expected) if expected.form != form => Err(otherwise),
            _ => Ok(()),
        }
    }
}

/// The ciphertext in whatever form it came.
fn decode(reply: &[u8]) -> Vec<u8> {
    let from_base64 = |text: &str| base64::decode("reply", text).ok();
    let from_json = |text: &str| {
        let object: Metadata<'_> = serde_json::from_str(text).ok()?;
        from_base64(&metadata::string(object.result?, "result").ok()?)
    };
    core::str::from_utf8(reply)
        .ok()
        .and_then(|text| from_base64(text.trim_ascii()).or_else(|| from_json(text)))
        .unwrap_or_else(|| reply.to_owned())
}

fn read_reply(plaintext: &[u8], enc_type: EncType, sealed_by: SealedBy) -> Result<Reply, Error> {
    let object = Metadata::parse(plaintext).map_err(|_| Error::ReplyForm)?;
    let status = object
        .status
        .or(object.status_code)
        .ok_or(Error::ReplyForm)?;
    let status = serde_json::from_str(status.get()).map_err(|_| Error::ReplyForm)?;
    let body = object.body.ok_or(Error::ReplyForm)?;
    let body = match metadata::string(body, "body") {
        Ok(text) => ReplyText::Text(text.into_owned()),
        Err(_) => ReplyText::Json(body.get().to_owned()),
    };
    Ok(Reply {
        status,
        body,
        sealed_by,
        enc_type,
    })
}

//! Messages between two people, and to oneself (spec 05 §1.1, §3, §4).

use alloc::vec::Vec;

use prost::encoding::{encode_varint, encoded_len_varint};
use session_core::{AccountId, Network, NetworkId, Prefix, UnixMillis};
use session_crypto::rand_core::CryptoRng;
use session_crypto::{ed25519, sealed_box, x25519};
use session_identity::Account;
use zeroize::Zeroizing;

use crate::proto::{
    self, CallType, Envelope, Message, WebSocketMessage, last_bytes, last_varint, sift, varint_len,
};
use crate::{Content, Error, padding};

/// Bytes behind the message inside the sealed box: the sender's key and signature.
const INNER_OVERHEAD: usize = ed25519::PublicKey::LEN + ed25519::Signature::LEN;

/// Bytes that sealing adds to a padded message.
const OVERHEAD: usize = INNER_OVERHEAD + sealed_box::OVERHEAD;

/// The longest message that a swarm stores, in bytes (spec 05 §1).
pub const MAX_WIRE_LEN: usize = 76_800;

/// Seals a message, ready to be stored in the recipient's swarm. `sent` is the network's time, and
/// goes into the message as its signed time; of one account no two messages may have the same.
///
/// For one's own other devices seal
/// [`content.with_sync_target(to)`](Content::with_sync_target) to oneself as well.
///
/// # Errors
/// [`Error::Recipient`]; [`Error::Timestamp`] for a time of zero, which every receiver drops;
/// [`Error::Length`] for more than a swarm stores, [`MAX_WIRE_LEN`] bytes.
pub fn seal_one_to_one<R: CryptoRng + ?Sized>(
    from: &Account,
    to: &AccountId,
    content: &Content,
    sent: UnixMillis,
    rng: &mut R,
) -> Result<Vec<u8>, Error> {
    if sent.as_millis() == 0 {
        return Err(Error::Timestamp);
    }
    let content = content.to_send(sent)?;
    // Without Session Pro; an observer must not see the difference (spec 05 §1.3).
    let decoy = ed25519::decoy_signature(rng);
    let seal = |to: &_, inner: &[u8], out: &mut Vec<u8>| sealed_box::seal(to, inner, out, rng);
    let wire = write_wire(from, to, &content, sent, seal, |_| decoy)?;
    if wire.len() > MAX_WIRE_LEN {
        return Err(Error::Length {
            what: "message",
            expected: MAX_WIRE_LEN,
            got: wire.len(),
        });
    }
    Ok(wire)
}

/// Pads, signs, seals and wraps `content`. `seal` appends the sealed box to the wire bytes, and
/// `pro_signature` is given it.
pub(crate) fn write_wire(
    from: &Account,
    to: &AccountId,
    content: &[u8],
    sent: UnixMillis,
    seal: impl FnOnce(&x25519::PublicKey, &[u8], &mut Vec<u8>) -> Result<(), session_crypto::Error>,
    pro_signature: impl FnOnce(&[u8]) -> ed25519::Signature,
) -> Result<Vec<u8>, Error> {
    let to = recipient_key(to)?;
    let padded_len = padding::padded_len(content.len());
    let mut inner = Zeroizing::new(Vec::with_capacity(
        padded_len.saturating_add(INNER_OVERHEAD),
    ));
    inner.extend_from_slice(content);
    padding::pad(&mut inner);
    sign(from, &to, &mut inner);

    let sent = sent.as_millis();
    let sealed_len = inner.len().saturating_add(sealed_box::OVERHEAD);
    // Field numbers and types: spec 05a §3. The tags here are single bytes, number * 8 + type.
    // Besides the sealed box: type, tag of the time, source device; the time; the Pro signature.
    let envelope_len = field_len(sealed_len)
        .saturating_add(2 + 1 + 2)
        .saturating_add(encoded_len_varint(sent))
        .saturating_add(field_len(ed25519::Signature::LEN));
    // Besides the envelope: verb, path, request id.
    let request_len = field_len(envelope_len).saturating_add(2 + 2 + 2);
    let wire_len = field_len(request_len).saturating_add(2);

    let mut wire = Vec::with_capacity(wire_len);
    wire.extend_from_slice(&[0x08, 1]); // type = REQUEST
    put_header(0x12, request_len, &mut wire);
    wire.extend_from_slice(&[0x0a, 0, 0x12, 0]); // verb, path
    put_header(0x1a, envelope_len, &mut wire);
    wire.extend_from_slice(&[0x08, 6, 0x28]); // type = SESSION_MESSAGE, timestamp
    encode_varint(sent, &mut wire);
    wire.extend_from_slice(&[0x38, 1]); // source device
    put_header(0x42, sealed_len, &mut wire);
    let sealed_at = wire.len();
    seal(&to, &inner, &mut wire).map_err(|_| Error::Recipient)?;
    let pro_signature = pro_signature(wire.get(sealed_at..).unwrap_or_default());
    put_header(0x5a, ed25519::Signature::LEN, &mut wire);
    wire.extend_from_slice(pro_signature.as_bytes());
    wire.extend_from_slice(&[0x20, 0]); // request id
    Ok(wire)
}

/// Length of a field of `len` bytes with its one-byte tag.
fn field_len(len: usize) -> usize {
    encoded_len_varint(varint_len(len))
        .saturating_add(1)
        .saturating_add(len)
}

fn put_header(tag: u8, len: usize, wire: &mut Vec<u8>) {
    wire.push(tag);
    encode_varint(varint_len(len), wire);
}

/// The key of a person's id.
pub(crate) fn recipient_key(id: &AccountId) -> Result<x25519::PublicKey, Error> {
    let id = id.require(Prefix::Standard).map_err(|_| Error::Recipient)?;
    Ok(x25519::PublicKey::from_bytes(*id.key_bytes()))
}

/// Appends the sender's key and the signature over message, sender's and recipient's key.
pub(crate) fn sign(from: &Account, to: &x25519::PublicKey, inner: &mut Vec<u8>) {
    let key = from.expose_signing_key();
    inner.extend_from_slice(key.public().as_bytes());
    let signed_len = inner.len();
    inner.extend_from_slice(to.as_bytes());
    let signature = key.sign(inner);
    inner.truncate(signed_len);
    inner.extend_from_slice(signature.as_bytes());
}

/// Opens a message from one's own swarm.
///
/// The sender is certain; what the message claims is not checked before [`Opened::check`].
///
/// # Errors
/// [`Error::Malformed`], [`Error::Missing`] and [`Error::Text`] for any layer; [`Error::Source`],
/// [`Error::Length`], [`Error::Decrypt`], [`Error::Signature`]. Nobody but the user may learn
/// which (spec 05 §3.1).
pub fn open_one_to_one(me: &Account, wire: &[u8]) -> Result<Opened, Error> {
    let missing = |message, field| Error::Missing { message, field };
    let outer = sift(WebSocketMessage::SCHEMA, wire)?;
    let request = last_bytes(&outer, 2).ok_or(missing("WebSocketMessage", "request"))?;
    let body = last_bytes(request, 3).ok_or(missing("WebSocketRequestMessage", "body"))?;
    let envelope = sift(Envelope::SCHEMA, body)?;
    let sealed = last_bytes(&envelope, 8).ok_or(missing("Envelope", "content"))?;

    let outside = Outside::read(&envelope)?;
    let (mut bytes, sender_key, sender) = open_message(me, sealed)?;
    let len = padding::unpad(&bytes).len();
    bytes.truncate(len);
    Ok(Opened {
        from_self: sender == me.id(),
        sender,
        sender_key,
        content: Content::from_bytes(bytes)?,
        outside,
    })
}

/// Opens a sealed box and verifies who made it: message, sender's key and id (spec 05 §3.1).
pub(crate) fn open_message(
    me: &Account,
    sealed: &[u8],
) -> Result<(Zeroizing<Vec<u8>>, ed25519::PublicKey, AccountId), Error> {
    let too_short = Error::Length {
        what: "sealed message",
        expected: OVERHEAD,
        got: sealed.len(),
    };
    let mut buffer = Zeroizing::new(sealed.to_vec());
    let inner = match sealed_box::open_in_place(me.x25519_key(), &mut buffer) {
        Ok(inner) => inner,
        Err(session_crypto::Error::Length { .. }) => return Err(too_short),
        Err(_) => return Err(Error::Decrypt),
    };

    // Message, key, signature. The text that was signed has our key where the signature begins.
    let (signed, tail) = inner.split_last_chunk_mut::<64>().ok_or(too_short)?;
    let (message, key) = signed.split_last_chunk().ok_or(too_short)?;
    let message_len = message.len();
    let key = ed25519::PublicKey::from_bytes(key).map_err(|_| Error::Signature)?;
    let signature = ed25519::Signature::from_bytes(*tail);
    let (our_key, _) = tail.split_at_mut(x25519::PublicKey::LEN);
    our_key.copy_from_slice(me.x25519_key().public().as_bytes());
    let (signed, _) = inner
        .split_last_chunk::<{ 64 - x25519::PublicKey::LEN }>()
        .ok_or(too_short)?;
    key.verify(signed, &signature)
        .map_err(|_| Error::Signature)?;
    let sender = key.to_x25519().map_err(|_| Error::Signature)?;

    buffer.drain(..sealed_box::OVERHEAD);
    buffer.truncate(message_len);
    let sender = AccountId::new(Prefix::Standard, *sender.as_bytes());
    Ok((buffer, key, sender))
}

/// A message whose sender is certain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    sender: AccountId,
    from_self: bool,
    sender_key: ed25519::PublicKey,
    content: Content,
    outside: Outside,
}

impl Opened {
    /// Who sealed the message: authenticated.
    #[must_use]
    pub const fn sender(&self) -> AccountId {
        self.sender
    }

    /// The sender's Ed25519 key, which converts to the key in [`sender`](Self::sender).
    #[must_use]
    pub const fn sender_key(&self) -> &ed25519::PublicKey {
        &self.sender_key
    }

    /// What the sender said, and signed.
    #[must_use]
    pub const fn content(&self) -> &Content {
        &self.content
    }

    /// As [`content`](Self::content), given away.
    #[must_use]
    pub fn into_content(self) -> Content {
        self.content
    }

    /// The time of the message. Authenticated once [`check`](Self::check) has passed, except from
    /// old clients, which sign no time.
    #[must_use]
    pub const fn timestamp(&self) -> UnixMillis {
        self.outside.timestamp
    }

    /// What stood around the sealed message.
    #[must_use]
    pub const fn outside(&self) -> &Outside {
        &self.outside
    }

    /// The checks that receivers owe (spec 05 §11.2, 1 to 4): drop the message when they fail.
    ///
    /// # Errors
    /// [`Error::Timestamp`] for a time of zero, or one that is not the signed time;
    /// [`Error::NotFromSelf`] for somebody else's sync copy; [`Error::FromSelf`] for control
    /// messages from oneself that only others may send.
    pub fn check(&self) -> Result<(), Error> {
        let signed = self.content.sig_timestamp();
        if self.timestamp().as_millis() == 0 || signed.is_some_and(|time| time != self.timestamp())
        {
            return Err(Error::Timestamp);
        }
        if !self.from_self {
            return match self.content.sync_target() {
                Some(_) => Err(Error::NotFromSelf),
                None => Ok(()),
            };
        }
        if is_for_others_only(self.content.proto()) {
            return Err(Error::FromSelf);
        }
        Ok(())
    }
}

/// Whether a message has a member that is not valid from oneself (spec 05 §11.1).
fn is_for_others_only(content: &proto::Content) -> bool {
    let call = content.call_message.as_ref().map(proto::CallMessage::kind);
    let group_update = content
        .data_message
        .as_ref()
        .and_then(|data| data.group_update_message.as_ref());
    content.receipt_message.is_some()
        || content.typing_message.is_some()
        || content.data_extraction_notification.is_some()
        || content.message_request_response.is_some()
        || call.is_some_and(|kind| !matches!(kind, CallType::Answer | CallType::EndCall))
        || group_update.is_some_and(|update| {
            update.invite_message.is_some()
                || update.promote_message.is_some()
                || update.invite_response.is_some()
        })
}

/// The envelope around a sealed message. Nobody vouches for any of it: a node on the way, or
/// whoever stored the message, may have written what it liked.
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
    /// Reads an envelope that was sifted.
    fn read(envelope: &[u8]) -> Result<Self, Error> {
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
        let pro_signature = last_bytes(envelope, 11).map(|bytes| {
            let bytes = bytes.try_into().map_err(|_| Error::Length {
                what: "Pro signature",
                expected: ed25519::Signature::LEN,
                got: bytes.len(),
            })?;
            Ok(ed25519::Signature::from_bytes(bytes))
        });
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

#[cfg(test)]
mod tests;

//! Messages between two people, and to oneself (spec 05 §1.1, §3, §4).

use alloc::vec::Vec;

use session_core::{AccountId, UnixMillis};
use session_crypto::rand_core::CryptoRng;
use session_crypto::{ed25519, sealed_box, x25519};
use session_identity::Account;
use session_identity::conversion::{account_id, x25519_key};
use zeroize::Zeroizing;

use crate::envelope::{self, EnvelopeWriter, Outside, field_len, put_header};
use crate::opened::{Inside, Opened};
use crate::pro_signature::ProSignature;
use crate::proto::{Envelope, EnvelopeType, Message, WebSocketMessage, last_bytes, sift};
use crate::{Content, Error, Sender, padding};

/// Bytes behind the message inside the sealed box: the sender's key and signature.
pub(crate) const INNER_OVERHEAD: usize = ed25519::PublicKey::LEN + ed25519::Signature::LEN;

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
/// [`Error::Recipient`]; [`Error::Timestamp`] for a time of zero, which every receiver drops, and
/// for another time than the one that a [group update](crate::group_update) is signed for;
/// [`Error::TextTooLong`] and [`Error::TooMany`] for what peers would drop; [`Error::Length`] for
/// more than a swarm stores, [`MAX_WIRE_LEN`] bytes.
pub fn seal_one_to_one<'a, R: CryptoRng + ?Sized>(
    from: impl Into<Sender<'a>>,
    to: &AccountId,
    content: &Content,
    sent: UnixMillis,
    rng: &mut R,
) -> Result<Vec<u8>, Error> {
    let from = from.into();
    let (content, pro) = content.to_send(sent, from.pro())?;
    let pro = ProSignature::of(pro, rng);
    let seal = |to: &_, inner: &[u8], out: &mut Vec<u8>| sealed_box::seal(to, inner, out, rng);
    let wire = write_wire(from.account(), to, content, sent, seal, &pro)?;
    check_wire_len(&wire)?;
    Ok(wire)
}

/// Refuses what no swarm stores.
pub(crate) fn check_wire_len(wire: &[u8]) -> Result<(), Error> {
    if wire.len() > MAX_WIRE_LEN {
        return Err(Error::Length {
            what: "message",
            expected: MAX_WIRE_LEN,
            got: wire.len(),
        });
    }
    Ok(())
}

/// Pads, signs, seals and wraps `content`, in its own buffer as far as that has room. `seal` appends the sealed box to the wire bytes, and
/// `pro` signs it.
pub(crate) fn write_wire(
    from: &Account,
    to: &AccountId,
    content: Zeroizing<Vec<u8>>,
    sent: UnixMillis,
    seal: impl FnOnce(&x25519::PublicKey, &[u8], &mut Vec<u8>) -> Result<(), session_crypto::Error>,
    pro: &ProSignature<'_>,
) -> Result<Vec<u8>, Error> {
    let to = recipient_key(to)?;
    let mut inner = content;
    padding::pad(&mut inner);
    sign(from, &to, &mut inner);

    let envelope = EnvelopeWriter {
        kind: EnvelopeType::SessionMessage,
        sent,
        content_len: inner.len().saturating_add(sealed_box::OVERHEAD),
    };
    let envelope_len = envelope.len();
    // Besides the envelope: verb, path, request id.
    let request_len = field_len(envelope_len).saturating_add(2 + 2 + 2);
    let wire_len = field_len(request_len).saturating_add(2);

    let mut wire = Vec::with_capacity(wire_len);
    wire.extend_from_slice(&[0x08, 1]); // type = REQUEST
    put_header(0x12, request_len, &mut wire);
    wire.extend_from_slice(&[0x0a, 0, 0x12, 0]); // verb, path
    put_header(0x1a, envelope_len, &mut wire);
    envelope.write(&mut wire, pro, |wire| {
        seal(&to, &inner, wire).map_err(|_| Error::Recipient)
    })?;
    wire.extend_from_slice(&[0x20, 0]); // request id
    Ok(wire)
}

/// The key of a person's id.
pub(crate) fn recipient_key(id: &AccountId) -> Result<x25519::PublicKey, Error> {
    x25519_key(id).map_err(|_| Error::Recipient)
}

/// What goes into the sealed box around `message`.
pub(crate) fn signed(from: &Account, to: &x25519::PublicKey, message: &[u8]) -> Zeroizing<Vec<u8>> {
    let len = message.len().saturating_add(INNER_OVERHEAD);
    let mut inner = Zeroizing::new(Vec::with_capacity(len));
    inner.extend_from_slice(message);
    sign(from, to, &mut inner);
    inner
}

/// Appends the sender's key and the signature over message, sender's and recipient's key.
fn sign(from: &Account, to: &x25519::PublicKey, inner: &mut Vec<u8>) {
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
/// [`Error::Length`], [`Error::Decrypt`], [`Error::Signature`]; [`Error::Timestamp`] for a Pro
/// message without signed time. Nobody but the user may learn which (spec 05 §3.1).
pub fn open_one_to_one(me: &Account, wire: &[u8]) -> Result<Opened, Error> {
    open_wire(&me.id(), [me.x25519_key()], wire)
}

/// Opens a message that was sealed to one of `keys`, which are tried in order.
pub(crate) fn open_wire<'k>(
    me: &AccountId,
    keys: impl IntoIterator<Item = &'k x25519::SecretKey>,
    wire: &[u8],
) -> Result<Opened, Error> {
    let outer = sift(WebSocketMessage::SCHEMA, wire)?;
    let envelope = sift(Envelope::SCHEMA, request_body(&outer)?)?;
    let sealed = envelope::content(&envelope)?;
    let outside = Outside::read(&envelope)?;

    let mut opened = Err(Error::Decrypt);
    for key in keys {
        opened = open_message(key, sealed);
        if opened.is_ok() {
            break;
        }
    }
    let (mut bytes, sender_key, sender) = opened?;
    let len = padding::unpad(&bytes).len();
    bytes.truncate(len);
    let inside = Inside {
        sender,
        sender_key,
        content: Content::from_bytes(bytes)?,
    };
    Opened::new(me, inside, outside, Some(sealed))
}

/// The envelope in an outermost layer that was sifted.
pub(crate) fn request_body(outer: &[u8]) -> Result<&[u8], Error> {
    let missing = |message, field| Error::Missing { message, field };
    let request = last_bytes(outer, 2).ok_or(missing("WebSocketMessage", "request"))?;
    last_bytes(request, 3).ok_or(missing("WebSocketRequestMessage", "body"))
}

/// Opens a sealed box and verifies who made it: message, sender's key and id (spec 05 §3.1).
pub(crate) fn open_message(
    own_key: &x25519::SecretKey,
    sealed: &[u8],
) -> Result<(Zeroizing<Vec<u8>>, ed25519::PublicKey, AccountId), Error> {
    let too_short = Error::Length {
        what: "sealed message",
        expected: OVERHEAD,
        got: sealed.len(),
    };
    let mut buffer = Zeroizing::new(sealed.to_vec());
    let inner = match sealed_box::open_in_place(own_key, &mut buffer) {
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
    our_key.copy_from_slice(own_key.public().as_bytes());
    let (signed, _) = inner
        .split_last_chunk::<{ 64 - x25519::PublicKey::LEN }>()
        .ok_or(too_short)?;
    key.verify(signed, &signature)
        .map_err(|_| Error::Signature)?;
    let sender = account_id(&key).map_err(|_| Error::Signature)?;

    buffer.drain(..sealed_box::OVERHEAD);
    buffer.truncate(message_len);
    Ok((buffer, key, sender))
}

#[cfg(test)]
mod tests;

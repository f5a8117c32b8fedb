//! Legacy: config messages wrapped as messages to oneself (spec 05 §9).
//!
//! Apps of today store config messages as they are; old ones put this around them. Writing it is
//! there for tests and for tools that must look like an old app. What does not unwrap is to be
//! read as a config message without wrapper.

use alloc::vec::Vec;
use core::fmt;

use prost::Message as _;
use session_crypto::{blake2b, sealed_box, x25519};
use session_identity::Account;
use zeroize::Zeroizing;

use crate::one_to_one::{open_message, request_body, signed};
use crate::proto::{
    self, Envelope, EnvelopeType, Message, SharedConfigMessage, WebSocketMessage,
    WebSocketRequestMessage, WebSocketType, last_varint, sift,
};
use crate::{Error, envelope, padding};

/// Which config of a user: the only ones that were ever wrapped.
pub use crate::proto::SharedConfigKind as Kind;

/// The kind of the config that a namespace of one's own swarm holds. `None` for other namespaces,
/// whose messages have no such wrapper.
#[must_use]
pub const fn kind_of_namespace(namespace: i16) -> Option<Kind> {
    match namespace {
        2 => Some(Kind::UserProfile),
        3 => Some(Kind::Contacts),
        4 => Some(Kind::ConvoInfoVolatile),
        5 => Some(Kind::UserGroups),
        _ => None,
    }
}

/// Wraps a config message. Deterministic: the same input gives the same bytes, so that they have
/// the same hash in the swarm.
///
/// # Errors
/// [`Error::Internal`] only.
pub fn wrap(me: &Account, kind: Kind, seqno: i64, data: &[u8]) -> Result<Vec<u8>, Error> {
    let content = proto::Content {
        shared_config_message: Some(SharedConfigMessage {
            kind: Some(kind.into()),
            seqno: Some(seqno),
            data: Some(data.to_vec()),
        }),
        ..Default::default()
    };
    // Exact, since a vector that grows leaves copies behind.
    let len = content.encoded_len().saturating_add(1);
    let mut message = Zeroizing::new(Vec::with_capacity(len));
    content.encode_raw(&mut *message);
    message.push(padding::TERMINATOR);
    let sealed = seal_deterministic(me, me.x25519_key().public(), &message)
        .map_err(|_| Error::Internal("own key of low order"))?;
    let envelope = Envelope {
        kind: Some(EnvelopeType::SessionMessage.into()),
        timestamp: Some(1),
        content: Some(sealed),
        ..Default::default()
    };
    let request = WebSocketRequestMessage {
        verb: Some(Default::default()),
        path: Some(Default::default()),
        body: Some(envelope.to_wire()),
        request_id: Some(0),
        ..Default::default()
    };
    let outer = WebSocketMessage {
        kind: Some(WebSocketType::Request.into()),
        request: Some(request),
        ..Default::default()
    };
    Ok(outer.to_wire())
}

/// Signs and seals with an ephemeral key that sender, recipient and message decide (spec 05 §3.2).
/// Who stores two such messages sees whether they are equal.
pub(crate) fn seal_deterministic(
    from: &Account,
    to: &x25519::PublicKey,
    message: &[u8],
) -> Result<Vec<u8>, Error> {
    let secret = from.expose_signing_key().expose_seed();
    let parts: [&[u8]; 3] = [secret, to.as_bytes(), message];
    let seed = Zeroizing::new(blake2b::hash_domain(b"SessionBoxEphemeralHashKey", &parts));
    let mut sealed = Vec::new();
    sealed_box::seal_from_seed(&seed, to, &signed(from, to, message), &mut sealed)
        .map_err(|_| Error::Recipient)?;
    Ok(sealed)
}

/// A config message out of its wrapper.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unwrapped {
    /// The config message.
    pub data: Zeroizing<Vec<u8>>,
    /// Its sequence number, as the wrapper has it. The config message has one of its own.
    pub seqno: i64,
}

/// Shows the sequence number only: configs hold contacts.
impl fmt::Debug for Unwrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unwrapped")
            .field("seqno", &self.seqno)
            .finish_non_exhaustive()
    }
}

/// Takes the wrapper off a config message of the given kind.
///
/// # Errors
/// In this order: [`Error::Malformed`], [`Error::Missing`] and [`Error::Text`] for the outer
/// layers; [`Error::Length`], [`Error::Decrypt`] and [`Error::Signature`] for the sealed box;
/// [`Error::NotFromSelf`]; [`Error::Missing`] for a message without padding, which is stricter
/// here than elsewhere; [`Error::Malformed`], [`Error::Missing`] and [`Error::Text`] for the
/// message; [`Error::ConfigKind`].
pub fn unwrap(me: &Account, kind: Kind, wire: &[u8]) -> Result<Unwrapped, Error> {
    let missing = |message, field| Error::Missing { message, field };
    let outer = sift(WebSocketMessage::SCHEMA, wire)?;
    // The low 32 bits count.
    if last_varint(&outer, 1).map(|kind| kind & 0xffff_ffff) != Some(1) {
        return Err(missing("WebSocketMessage", "request"));
    }
    let envelope = sift(Envelope::SCHEMA, request_body(&outer)?)?;
    let sealed = envelope::content(&envelope)?;
    let (message, key, _) = open_message(me.x25519_key(), sealed)?;
    if key != *me.ed25519_key() {
        return Err(Error::NotFromSelf);
    }
    let zeros = message.iter().rev().take_while(|byte| **byte == 0).count();
    let padded = message.len().saturating_sub(zeros);
    let content = match message.get(..padded) {
        Some([content @ .., padding::TERMINATOR]) => content,
        _ => return Err(missing("Content", "padding")),
    };
    let config = proto::Content::from_wire(content)?
        .shared_config_message
        .ok_or(missing("Content", "sharedConfigMessage"))?;
    if config.kind != Some(kind.into()) {
        return Err(Error::ConfigKind);
    }
    Ok(Unwrapped {
        data: Zeroizing::new(config.data.unwrap_or_default()),
        seqno: config.seqno.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests;

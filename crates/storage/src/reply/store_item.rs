//! What one member of the swarm says of a store: in JSON to clients, in bt to its peers.

use alloc::vec::Vec;

use serde::Deserialize;
use session_bt::{DictReader, DictWriter};
use session_core::UnixMillis;
use session_crypto::ed25519::{PublicKey, Signature, SigningKey};

use super::Failure;
use super::failure::shorten;
use crate::MessageHash;
use crate::json::ObjectWriter;
use crate::value::Value;

/// A member's confirmation of a store, signed (spec 04 §6.1, §8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreItem {
    /// What it stored.
    pub hash: MessageHash,
    /// When it will forget the message; 0 when it keeps a newer one instead (spec 04 §3.2).
    pub expiry: UnixMillis,
    /// Whether it had the message, or a newer one of an outbox, before.
    pub already: bool,
    /// The member's signature of the hash. It binds neither time nor request.
    pub signature: Signature,
}

/// What one member did with a store.
pub type StoreOutcome = Result<StoreItem, Failure>;

impl StoreItem {
    /// Confirms a store with the node's key.
    #[must_use]
    pub fn sign(hash: MessageHash, expiry: UnixMillis, already: bool, key: &SigningKey) -> Self {
        Self {
            hash,
            expiry,
            already,
            signature: key.sign(hash.as_str().as_bytes()),
        }
    }

    /// Whether the node with this Ed25519 key signed the hash.
    #[must_use]
    pub fn verifies(&self, node: &[u8; 32]) -> bool {
        PublicKey::from_bytes(node).is_ok_and(|node| {
            node.verify(self.hash.as_str().as_bytes(), &self.signature)
                .is_ok()
        })
    }

    pub(super) fn write_json(&self, item: &mut ObjectWriter<'_>) {
        if self.already {
            item.literal("already", true);
        }
        item.literal("expiry", self.expiry)
            .token("hash", self.hash.as_str())
            .base64("signature", self.signature.as_bytes());
    }

    /// Appends a node's answer to a peer that forwarded a store: one bt dict (spec 03 §11).
    pub fn write_bt(outcome: &StoreOutcome, out: &mut Vec<u8>) {
        let mut dict = DictWriter::new(out);
        let written = match outcome {
            Ok(item) => item.try_write_bt(&mut dict),
            Err(failure) => failure.try_write_bt(&mut dict),
        };
        debug_assert!(written.is_ok(), "keys ascend");
    }

    fn try_write_bt(&self, dict: &mut DictWriter<'_>) -> Result<(), session_bt::Error> {
        if self.already {
            dict.int("already", true)?;
        }
        dict.int("expiry", self.expiry.as_millis())?
            .bytes("hash", self.hash.as_str().as_bytes())?
            .bytes("signature", self.signature.as_bytes())?;
        Ok(())
    }

    /// Reads a peer's answer to a forwarded store. The signature is for the client to verify.
    ///
    /// # Errors
    /// The failure that the peer reports, or [`Failure::bad_peer_response`].
    pub fn read_bt(dict: &[u8]) -> StoreOutcome {
        Fields::from_bt(dict)
            .ok()
            .and_then(|fields| fields.outcome())
            .unwrap_or_else(|| Err(Failure::bad_peer_response()))
    }
}

/// An item in either encoding.
#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Fields<'a> {
    already: Option<Value<'a>>,
    bad_peer_response: Option<Value<'a>>,
    code: Option<Value<'a>>,
    expiry: Option<Value<'a>>,
    failed: Option<Value<'a>>,
    hash: Option<Value<'a>>,
    query_failure: Option<Value<'a>>,
    reason: Option<Value<'a>>,
    signature: Option<Value<'a>>,
    timeout: Option<Value<'a>>,
}

/// Reads an item from JSON; `None` when it is malformed.
pub(super) fn read_item(item: Value<'_>) -> Option<StoreOutcome> {
    let fields: Fields<'_> = serde_json::from_str(item.object()?).ok()?;
    fields.outcome()
}

impl<'a> Fields<'a> {
    fn from_bt(dict: &'a [u8]) -> Result<Self, session_bt::Error> {
        let mut dict = DictReader::new(dict)?;
        let mut take = |key| Ok(dict.raw_opt(key)?.map(Value::Bt));
        // In the order of the keys' bytes.
        let fields = Self {
            already: take("already")?,
            bad_peer_response: take("bad_peer_response")?,
            code: take("code")?,
            expiry: take("expiry")?,
            failed: take("failed")?,
            hash: take("hash")?,
            query_failure: take("query_failure")?,
            reason: take("reason")?,
            signature: take("signature")?,
            timeout: take("timeout")?,
        };
        dict.finish()?;
        Ok(fields)
    }

    /// `None` when a field is missing or mistyped.
    fn outcome(&self) -> Option<StoreOutcome> {
        // Whatever is not plainly false counts as failed.
        if set(self.failed) {
            let text = |value: Option<Value<'_>>, limit| Some(shorten(&value?.text()?, limit));
            return Some(Err(Failure {
                timeout: set(self.timeout),
                bad_peer_response: set(self.bad_peer_response),
                query_failure: set(self.query_failure),
                code: text(self.code, Failure::MAX_CODE_LEN),
                reason: text(self.reason, Failure::MAX_REASON_LEN),
            }));
        }
        Some(Ok(StoreItem {
            hash: self.hash?.hash()?,
            expiry: self.expiry?.millis()?,
            already: self.already.map_or(Some(false), Value::boolean)?,
            signature: self.signature?.signature()?,
        }))
    }
}

fn set(flag: Option<Value<'_>>) -> bool {
    flag.is_some_and(|flag| flag.boolean() != Some(false))
}

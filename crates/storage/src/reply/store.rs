//! The recursive reply to `store` (spec 04 §6.1, §7.2).

use alloc::collections::BTreeMap;
use alloc::string::String;
use core::fmt;

use serde::de::{DeserializeSeed, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use session_core::{UnixMillis, hex};

use super::store_item::read_item;
use super::{Failure, NodeState, StoreItem, StoreOutcome, read, read_object};
use crate::json::ObjectWriter;
use crate::value::Value;
use crate::{Error, MessageHash, status};

/// Appends the reply of the node that a client asked: one outcome for each member that it knows
/// about, its own (of the key `own`) among them. Gives the status code: 500 when every member
/// failed (spec 04 §7.2).
pub fn write_store_reply(
    out: &mut String,
    own: &[u8; 32],
    outcomes: &[([u8; 32], StoreOutcome)],
    state: &NodeState,
) -> u16 {
    let stored = outcomes
        .iter()
        .find_map(|(_, outcome)| outcome.as_ref().ok());
    let mut reply = ObjectWriter::new(out);
    if let Some(item) = stored {
        reply.token("hash", item.hash.as_str());
    }
    let mut swarm = reply.object("swarm");
    for (node, outcome) in outcomes {
        let mut object = swarm.object(&hex::encode(node));
        match outcome {
            Ok(item) => item.write_json(&mut object),
            Err(failure) => failure.write_json(&mut object),
        }
        if node == own {
            object.literal("t", state.now);
        }
    }
    drop(swarm);
    state.write_json(&mut reply);
    if stored.is_some() {
        status::OK
    } else {
        status::SERVER_ERROR
    }
}

/// What a client may believe of one member's item (spec 04 §8).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The member signed that it has the message.
    Stored(StoreItem),
    /// The member signed something else than the hash of the message that was sent.
    OtherHash(StoreItem),
    /// The member failed, or another member says so.
    Failed(Failure),
    /// The signature is not the member's: somebody lies.
    BadSignature,
    /// Fields are missing or mistyped.
    Malformed,
    /// The key is not one of the swarm that was asked.
    NotAMember,
}

/// The reply to a store, every item judged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreReply {
    /// The verdict on each item, by the Ed25519 key that it stands under. Members may be absent.
    pub nodes: BTreeMap<[u8; 32], Verdict>,
    /// The node's clock, if it was given.
    pub now: Option<UnixMillis>,
    /// The network's hard fork, major and minor, if it was given.
    pub hard_fork: Option<[u16; 2]>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Fields<'a> {
    swarm: Value<'a>,
    t: Option<Value<'a>>,
    hf: Option<Value<'a>>,
}

impl StoreReply {
    /// Reads and verifies a reply. `members` are the Ed25519 keys of the swarm that was asked,
    /// `expected` is what [`Store::hash`](crate::Store::hash) gives.
    ///
    /// At most one signature is verified for each member. Of several items under one key the
    /// first counts; keys that are no key are ignored.
    ///
    /// # Errors
    /// [`Error::TooLong`]; [`Error::Malformed`] when it is no object with an object `swarm`. Bad
    /// items are no error.
    pub fn parse(body: &[u8], members: &[[u8; 32]], expected: &MessageHash) -> Result<Self, Error> {
        const WHAT: &str = "store reply";
        let malformed = Error::Malformed { what: WHAT };
        let fields: Fields<'_> = read_object(WHAT, body)?;
        let swarm = fields.swarm.object().ok_or(malformed)?;
        let nodes = Judge { members, expected }
            .deserialize(&mut serde_json::Deserializer::from_str(swarm))
            .map_err(|_| malformed)?;
        Ok(Self {
            nodes,
            now: fields.t.and_then(Value::millis),
            hard_fork: read(fields.hf),
        })
    }

    /// How many members have the message.
    #[must_use]
    pub fn stored(&self) -> usize {
        self.nodes
            .values()
            .filter(|verdict| matches!(verdict, Verdict::Stored(_)))
            .count()
    }
}

/// Judges items while the map is read, so that a reply is never held twice.
struct Judge<'m> {
    members: &'m [[u8; 32]],
    expected: &'m MessageHash,
}

impl Judge<'_> {
    fn judge(&self, node: &[u8; 32], item: Value<'_>) -> Verdict {
        if !self.members.contains(node) {
            return Verdict::NotAMember;
        }
        match read_item(item) {
            None => Verdict::Malformed,
            Some(Err(failure)) => Verdict::Failed(failure),
            Some(Ok(item)) if !item.verifies(node) => Verdict::BadSignature,
            Some(Ok(item)) if item.hash == *self.expected => Verdict::Stored(item),
            Some(Ok(item)) => Verdict::OtherHash(item),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Judge<'_> {
    type Value = BTreeMap<[u8; 32], Verdict>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Judge<'_> {
    type Value = BTreeMap<[u8; 32], Verdict>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of items")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut nodes = BTreeMap::new();
        while let Some((key, item)) = map.next_entry::<Value<'de>, Value<'de>>()? {
            if let Some(node) = key.key() {
                nodes.entry(node).or_insert_with(|| self.judge(&node, item));
            }
        }
        Ok(nodes)
    }
}

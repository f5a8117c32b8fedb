//! Recursive replies, judged by the client (spec 04 §7.2, §8).

use alloc::collections::BTreeMap;

use session_core::UnixMillis;

use super::confirmation::read_outcome;
use super::{Confirmation, Failure, Recursive, ReplyBody, numbers};
use crate::Error;
use crate::params::fields;
use crate::value::Value;

/// What a client may believe of one member's item (spec 04 §8).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict<T> {
    /// The member signed that it has done this.
    Done(T),
    /// The member signed that it has done something else: stored another message than was sent.
    Other(T),
    /// The member failed, or another member says so.
    Failed(Failure),
    /// The signature is not the member's: somebody lies.
    BadSignature,
    /// Fields are missing or mistyped.
    Malformed,
    /// The key is not one of the swarm that was asked.
    NotAMember,
}

/// The reply to a request that all members carry out, every item judged. Read with
/// [`Recursive::read_reply`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SwarmReply<T> {
    /// The verdict on each item, by the Ed25519 key that it stands under. Members may be absent.
    pub nodes: BTreeMap<[u8; 32], Verdict<T>>,
    /// The node's clock, if it was given.
    pub now: Option<UnixMillis>,
    /// The network's hard fork, major and minor, if it was given.
    pub hard_fork: Option<[u16; 2]>,
}

fields! {
    Fields {
        "hf" => hf,
        "swarm" => swarm,
        "t" => t,
    }
}

impl<T> SwarmReply<T> {
    /// What members have done, as far as they have signed it.
    pub fn done(&self) -> impl Iterator<Item = (&[u8; 32], &T)> {
        self.nodes
            .iter()
            .filter_map(|(node, verdict)| match verdict {
                Verdict::Done(done) => Some((node, done)),
                _ => None,
            })
    }

    pub(super) fn read<R>(
        request: &R,
        body: ReplyBody<'_>,
        members: &[[u8; 32]],
    ) -> Result<Self, Error>
    where
        R: Recursive<Done = T>,
        T: Confirmation,
    {
        const WHAT: &str = "swarm reply";
        let malformed = Error::Malformed { what: WHAT };
        let fields = Fields::read(body.object(WHAT)?).ok_or(malformed)?;
        let mut nodes = BTreeMap::new();
        let swarm = fields.swarm.ok_or(malformed)?;
        swarm
            .entries(|node, item| {
                if let Ok(node) = session_core::hex::decode_array("node", node) {
                    nodes
                        .entry(node)
                        .or_insert_with(|| judge(request, &node, item, members));
                }
                Some(())
            })
            .ok_or(malformed)?;
        Ok(Self {
            nodes,
            now: fields.t.and_then(Value::millis),
            hard_fork: numbers(fields.hf),
        })
    }
}

fn judge<R>(request: &R, node: &[u8; 32], item: Value<'_>, members: &[[u8; 32]]) -> Verdict<R::Done>
where
    R: Recursive,
{
    if !members.contains(node) {
        return Verdict::NotAMember;
    }
    match read_outcome(item) {
        None => Verdict::Malformed,
        Some(Err(failure)) => Verdict::Failed(failure),
        Some(Ok(item)) if !request.verifies(node, &item) => Verdict::BadSignature,
        Some(Ok(item)) if request.is_answered_by(&item.done) => Verdict::Done(item.done),
        Some(Ok(item)) => Verdict::Other(item.done),
    }
}

//! What members of a swarm have done (spec 04 §6, §8).

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use session_core::{NetworkId, UnixMillis};
use session_crypto::ed25519::Signature;

use super::confirmation::{ItemFields, sealed};
use super::{Confirmation, Recursive, ReplyBody, SwarmReply};
use crate::payload::Payload;
use crate::value::Value;
use crate::write::ObjectWriter;
use crate::{
    Delete, DeleteAll, DeleteBefore, Error, Expire, ExpireAll, ExpiryMode, MessageHash, Namespace,
    Revoke, Store, Unrevoke,
};

/// A message is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "nodes build it")]
pub struct Stored {
    /// Which message.
    pub hash: MessageHash,
    /// When the member will forget it; 0 when it keeps a newer one instead (spec 04 §3.2).
    pub expiry: UnixMillis,
    /// Whether it had the message, or a newer one of an outbox, before.
    pub already: bool,
}

/// The messages that a request concerned, ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "one namespace, or all of them")]
pub enum Touched {
    /// Of one namespace, or chosen by their hashes.
    Hashes(Vec<MessageHash>),
    /// Of all namespaces.
    ByNamespace(BTreeMap<Namespace, Vec<MessageHash>>),
}

/// Messages are deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "nodes build it")]
pub struct Deleted(
    /// Which ones.
    pub Touched,
);

/// Messages expire earlier than before.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "nodes build it")]
pub struct Updated(
    /// Which ones.
    pub Touched,
);

/// When changed messages expire.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "as many as the request had")]
pub enum NewExpiry {
    /// All at this time, which the member may have lowered.
    One(UnixMillis),
    /// Each at its own, in the order of the changed messages.
    Each(Vec<UnixMillis>),
}

/// Messages have another expiry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "nodes build it")]
pub struct Expired {
    /// The messages that were changed, ascending.
    pub updated: Vec<MessageHash>,
    /// When these expire.
    pub expiry: NewExpiry,
    /// The messages that were left alone, with their expiry, ascending. `None` when every message
    /// was to be changed.
    pub unchanged: Option<Vec<(MessageHash, UnixMillis)>>,
}

/// Tokens are revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "there is nothing to say")]
pub struct Revoked;

/// Revocations are taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "nodes build it")]
pub struct Unrevoked {
    /// How many there were, as the member says: this is not signed.
    pub count: u64,
}

impl Touched {
    /// Puts messages, ascending by namespace and then hash, into the form of a request for this
    /// namespace, or for all.
    #[must_use]
    pub fn new(namespace: Option<Namespace>, touched: Vec<(Namespace, MessageHash)>) -> Self {
        if namespace.is_some() {
            return Self::of_hashes(touched.into_iter().map(|(_, hash)| hash).collect());
        }
        let mut map: BTreeMap<Namespace, Vec<MessageHash>> = BTreeMap::new();
        for (namespace, hash) in touched {
            map.entry(namespace).or_default().push(hash);
        }
        Self::ByNamespace(map)
    }

    /// Messages in any order.
    #[must_use]
    pub fn of_hashes(mut hashes: Vec<MessageHash>) -> Self {
        hashes.sort_unstable();
        Self::Hashes(hashes)
    }

    /// All hashes in ascending order, as they are signed.
    #[must_use]
    pub fn hashes(&self) -> Vec<MessageHash> {
        let mut hashes: Vec<_> = match self {
            Self::Hashes(hashes) => hashes.clone(),
            Self::ByNamespace(map) => map.values().flatten().copied().collect(),
        };
        hashes.sort_unstable();
        hashes
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Hashes(hashes) => hashes.is_empty(),
            Self::ByNamespace(map) => map.values().all(Vec::is_empty),
        }
    }

    fn read(value: Value<'_>) -> Option<Self> {
        if value.is_list() {
            return value.list(Value::hash).map(Self::Hashes);
        }
        let mut map = BTreeMap::new();
        value.entries(|namespace, hashes| {
            let namespace = Namespace::new(namespace.parse().ok()?);
            let hashes = hashes.is_list().then(|| hashes.list(Value::hash))??;
            map.insert(namespace, hashes);
            Some(())
        })?;
        Some(Self::ByNamespace(map))
    }

    fn write(&self, key: &str, out: &mut ObjectWriter<'_>) {
        match self {
            Self::Hashes(hashes) => {
                out.hashes(key, hashes.iter());
            }
            Self::ByNamespace(map) => out.object(key, |out| {
                // Names ascend as text: "-21" before "0", "10" before "2".
                let mut names: Vec<_> = map
                    .iter()
                    .map(|(namespace, hashes)| (alloc::format!("{namespace}"), hashes))
                    .collect();
                names.sort_unstable();
                for (name, hashes) in names {
                    out.hashes(&name, hashes.iter());
                }
            }),
        }
    }
}

impl sealed::Done for Stored {
    fn read(fields: &ItemFields<'_>) -> Option<Self> {
        Some(Self {
            hash: fields.hash?.hash()?,
            expiry: fields.expiry?.millis()?,
            already: fields.already.map_or(Some(false), Value::boolean)?,
        })
    }

    fn write(&self, signature: &Signature, at: Option<UnixMillis>, out: &mut ObjectWriter<'_>) {
        out.flag("already", self.already)
            .time("expiry", self.expiry)
            .text("hash", self.hash.as_str())
            .base64("signature", signature.as_bytes());
        if let Some(at) = at {
            out.time("t", at);
        }
    }
}

impl sealed::Done for Deleted {
    fn read(fields: &ItemFields<'_>) -> Option<Self> {
        Touched::read(fields.deleted?).map(Self)
    }

    fn write(&self, signature: &Signature, _: Option<UnixMillis>, out: &mut ObjectWriter<'_>) {
        self.0.write("deleted", out);
        out.base64("signature", signature.as_bytes());
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl sealed::Done for Updated {
    fn read(fields: &ItemFields<'_>) -> Option<Self> {
        Touched::read(fields.updated?).map(Self)
    }

    fn write(&self, signature: &Signature, _: Option<UnixMillis>, out: &mut ObjectWriter<'_>) {
        out.base64("signature", signature.as_bytes());
        self.0.write("updated", out);
    }
}

impl sealed::Done for Expired {
    fn read(fields: &ItemFields<'_>) -> Option<Self> {
        let expiry = fields.expiry?;
        let unchanged = match fields.unchanged {
            Some(map) => Some(read_expiries(map)?),
            None => None,
        };
        let updated = fields.updated.filter(Value::is_list)?.list(Value::hash)?;
        Some(Self {
            expiry: if expiry.is_list() {
                let times = expiry.list_up_to(updated.len(), Value::millis)?;
                NewExpiry::Each(times)
            } else {
                NewExpiry::One(expiry.millis()?)
            },
            updated,
            unchanged,
        })
    }

    fn write(&self, signature: &Signature, _: Option<UnixMillis>, out: &mut ObjectWriter<'_>) {
        match &self.expiry {
            NewExpiry::One(time) => out.time("expiry", *time),
            NewExpiry::Each(times) => {
                out.integers("expiry", times.iter().map(|time| time.as_millis()))
            }
        };
        out.base64("signature", signature.as_bytes());
        if let Some(unchanged) = &self.unchanged {
            out.object("unchanged", |out| write_expiries(unchanged, out));
        }
        out.hashes("updated", self.updated.iter());
    }
}

impl sealed::Done for Revoked {
    fn read(_: &ItemFields<'_>) -> Option<Self> {
        Some(Self)
    }

    fn write(&self, signature: &Signature, _: Option<UnixMillis>, out: &mut ObjectWriter<'_>) {
        out.base64("signature", signature.as_bytes());
    }
}

impl sealed::Done for Unrevoked {
    fn read(fields: &ItemFields<'_>) -> Option<Self> {
        Some(Self {
            count: fields.count.map_or(Some(0), Value::integer)?,
        })
    }

    fn write(&self, signature: &Signature, _: Option<UnixMillis>, out: &mut ObjectWriter<'_>) {
        out.integer("count", self.count)
            .base64("signature", signature.as_bytes());
    }
}

impl Confirmation for Stored {}
impl Confirmation for Deleted {}
impl Confirmation for Updated {}
impl Confirmation for Expired {}
impl Confirmation for Revoked {}
impl Confirmation for Unrevoked {}

/// An object from hashes to times; ascending.
pub(super) fn read_expiries(object: Value<'_>) -> Option<Vec<(MessageHash, UnixMillis)>> {
    let mut expiries = Vec::new();
    object.entries(|hash, time| {
        expiries.push((hash.parse().ok()?, time.millis()?));
        Some(())
    })?;
    Some(ascending(&expiries).into_owned())
}

/// Writes the entries of such an object.
pub(super) fn write_expiries(expiries: &[(MessageHash, UnixMillis)], out: &mut ObjectWriter<'_>) {
    for (hash, time) in ascending(expiries).iter() {
        out.time(hash.as_str(), *time);
    }
}

/// The same entries in ascending order, each hash once.
fn ascending(expiries: &[(MessageHash, UnixMillis)]) -> Cow<'_, [(MessageHash, UnixMillis)]> {
    if expiries.is_sorted_by(|(a, _), (b, _)| a < b) {
        return Cow::Borrowed(expiries);
    }
    let mut expiries = expiries.to_vec();
    expiries.sort_unstable();
    expiries.dedup_by_key(|(hash, _)| *hash);
    Cow::Owned(expiries)
}

/// Implements [`Recursive`]: which [`Confirmation`] answers a request, and what is signed.
macro_rules! recursive {
    ($request:ty, $done:ty, |$this:ident, $account:ident, $confirmed:ident| $payload:expr $(, $item:item)*) => {
        impl sealed::Recursive<$done> for $request {
            fn account(&self) -> Option<&NetworkId> {
                Some(&self.pubkey)
            }

            fn confirmation(&self, $account: &str, $confirmed: &$done) -> Vec<u8> {
                let $this = self;
                $payload.finish()
            }

            $($item)*
        }

        impl Recursive for $request {
            type Done = $done;
        }
    };
}

impl sealed::Recursive<Stored> for Store<'_> {
    fn account(&self) -> Option<&NetworkId> {
        None
    }

    fn confirmation(&self, account: &str, stored: &Stored) -> Vec<u8> {
        self.hash().confirmation(account, stored)
    }

    fn message(&self) -> Option<MessageHash> {
        Some(self.hash())
    }
}

impl Recursive for Store<'_> {
    type Done = Stored;

    fn read_reply<'a>(
        &self,
        body: impl Into<ReplyBody<'a>>,
        members: &[[u8; 32]],
    ) -> Result<SwarmReply<Stored>, Error> {
        self.hash().read_reply(body, members)
    }
}

/// What is stored and answered is the hash: it is enough to keep that until the reply comes.
impl sealed::Recursive<Stored> for MessageHash {
    fn account(&self) -> Option<&NetworkId> {
        None
    }

    fn confirmation(&self, _: &str, stored: &Stored) -> Vec<u8> {
        Payload::of(stored.hash.as_str()).finish()
    }

    fn is_answered_by(&self, stored: &Stored) -> bool {
        stored.hash == *self
    }

    fn message(&self) -> Option<MessageHash> {
        Some(*self)
    }
}

impl Recursive for MessageHash {
    type Done = Stored;
}

recursive!(
    Delete,
    Deleted,
    |this, account, deleted| Payload::of(account)
        .hashes(&this.messages)
        .hashes(&deleted.0.hashes()),
    fn is_answered_by(&self, deleted: &Deleted) -> bool {
        let deleted = deleted.0.hashes();
        deleted.iter().all(|hash| self.messages.contains(hash))
    },
    fn is_required(&self) -> bool {
        self.required
    }
);

recursive!(DeleteAll, Deleted, |this, account, deleted| {
    Payload::of(account)
        .number(this.timestamp.as_millis())
        .hashes(&deleted.0.hashes())
});

recursive!(DeleteBefore, Deleted, |this, account, deleted| {
    Payload::of(account)
        .number(this.before.as_millis())
        .hashes(&deleted.0.hashes())
});

recursive!(ExpireAll, Updated, |this, account, updated| {
    Payload::of(account)
        .number(this.expiry.as_millis())
        .hashes(&updated.0.hashes())
});

recursive!(
    Expire,
    Expired,
    |this, account, expired| {
        let payload = Payload::of(account);
        let payload = match &expired.expiry {
            NewExpiry::One(time) => payload.number(time.as_millis()),
            NewExpiry::Each(times) => payload.times(times),
        };
        let payload = payload.hashes(&this.messages).hashes(&expired.updated);
        let unchanged = ascending(expired.unchanged.as_deref().unwrap_or_default());
        unchanged.iter().fold(payload, |payload, (hash, time)| {
            payload.text(hash.as_str()).number(time.as_millis())
        })
    },
    fn is_answered_by(&self, expired: &Expired) -> bool {
        // No node lets anything live longer than it was asked to.
        let is_asked = match (self.expiry.as_slice(), &expired.expiry) {
            ([asked], NewExpiry::One(time)) => time <= asked,
            (several, NewExpiry::Each(times)) => {
                several.len() != 1 && times.len() == expired.updated.len()
            }
            _ => false,
        };
        let unchanged = expired.unchanged.iter().flatten().map(|(hash, _)| hash);
        is_asked
            && unchanged
                .chain(&expired.updated)
                .all(|hash| self.messages.contains(hash))
    }
);

recursive!(Revoke, Revoked, |this, account, _revoked| {
    Payload::of(account)
        .number(this.timestamp.as_millis())
        .tokens(&this.tokens)
});

recursive!(Unrevoke, Unrevoked, |this, account, _unrevoked| {
    Payload::of(account)
        .number(this.timestamp.as_millis())
        .tokens(&this.tokens)
});

impl Expire {
    /// What a node that has made these changes in this mode says. `touched` are the messages that
    /// it has, ascending, with the expiry that each has now and whether it was changed; `now` is
    /// the clock that [`changes`](Self::changes) was asked with.
    #[must_use]
    pub fn done(&self, now: UnixMillis, touched: &[(MessageHash, UnixMillis, bool)]) -> Expired {
        let of = |wanted| {
            touched
                .iter()
                .filter(move |(_, _, updated)| *updated == wanted)
                .map(|(hash, time, _)| (*hash, *time))
        };
        Expired {
            updated: of(true).map(|(hash, _)| hash).collect(),
            expiry: match self.expiry.as_slice() {
                [single] => {
                    let latest = now.saturating_add(Self::MAX_AHEAD);
                    NewExpiry::One((*single).min(latest))
                }
                _ => NewExpiry::Each(of(true).map(|(_, time)| time).collect()),
            },
            unchanged: (self.mode != ExpiryMode::Set).then(|| of(false).collect()),
        }
    }
}

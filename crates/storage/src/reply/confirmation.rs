//! What one member of a swarm says of a request that all members carry out.

use alloc::string::String;
use alloc::vec::Vec;

use session_core::{Network, NetworkId, UnixMillis};
use session_crypto::ed25519::{PublicKey, Signature, SigningKey};

use super::{Failure, ReplyBody, SwarmReply};
use crate::params::fields;
use crate::value::Value;
use crate::write::ObjectWriter;
use crate::{Body, Error, Form};

/// What only this crate calls.
pub(crate) mod sealed {
    use alloc::vec::Vec;

    use session_core::{NetworkId, UnixMillis};
    use session_crypto::ed25519::Signature;

    use super::ItemFields;
    use crate::MessageHash;
    use crate::write::ObjectWriter;

    pub trait Done: Sized {
        /// Reads everything but the signature; `None` when a field is missing or mistyped.
        fn read(fields: &ItemFields<'_>) -> Option<Self>;

        /// Writes the item with its signature, in ascending order of names; the entry node's own
        /// item also with its time.
        fn write(&self, signature: &Signature, at: Option<UnixMillis>, out: &mut ObjectWriter<'_>);

        /// Whether there is nothing in it: what makes a required deletion fail.
        fn is_empty(&self) -> bool {
            false
        }
    }

    pub trait Recursive<D> {
        /// The account, where it is signed.
        fn account(&self) -> Option<&NetworkId>;

        /// What the member signs, with this text of the account.
        fn confirmation(&self, account: &str, done: &D) -> Vec<u8>;

        /// Whether this can be what was asked for.
        fn is_answered_by(&self, _done: &D) -> bool {
            true
        }

        /// The hash of the message that is to be stored.
        fn message(&self) -> Option<MessageHash> {
            None
        }

        /// Whether it fails when nothing was done.
        fn is_required(&self) -> bool {
            false
        }
    }
}

/// What a member has done: [`Stored`](crate::Stored), [`Deleted`](crate::Deleted),
/// [`Updated`](crate::Updated), [`Expired`](crate::Expired), [`Revoked`](crate::Revoked) or
/// [`Unrevoked`](crate::Unrevoked). Sealed.
pub trait Confirmation: sealed::Done {}

/// What a member has done, with its signature (spec 04 §8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Confirmed<T> {
    /// What it has done.
    pub done: T,
    /// Its signature: see [`Recursive::verifies`].
    pub signature: Signature,
}

/// What one member did with a request, or why it did not.
pub type Outcome<T> = Result<Confirmed<T>, Failure>;

/// A request that all members of a swarm carry out, each answering for itself (spec 03 §11, 04
/// §7.2). Sealed.
pub trait Recursive: sealed::Recursive<<Self as Recursive>::Done> {
    /// What a member says that it has done.
    type Done: Confirmation;

    /// Signs with a node's key what it has done.
    fn confirm(
        &self,
        done: Self::Done,
        network: Network,
        key: &SigningKey,
    ) -> Confirmed<Self::Done> {
        let text = account_text(self.account(), network);
        let signature = key.sign(&self.confirmation(&text, &done));
        Confirmed { done, signature }
    }

    /// Whether the node with this Ed25519 key signed that it has done this. What a store is
    /// answered with binds neither time nor request.
    fn verifies(&self, node: &[u8; 32], item: &Confirmed<Self::Done>) -> bool {
        let Ok(node) = PublicKey::from_bytes(node) else {
            return false;
        };
        let verifies = |network| {
            let text = account_text(self.account(), network);
            let payload = self.confirmation(&text, &item.done);
            node.verify(&payload, &item.signature).is_ok()
        };
        let unclear = self.account().is_some_and(|account| account.prefix() == 0);
        verifies(Network::Mainnet) || (unclear && verifies(Network::Testnet))
    }

    /// Reads and verifies the reply of the node that was asked. `members` are the Ed25519 keys of
    /// its swarm.
    ///
    /// At most one signature is verified for each member, with prefix 00 two. Of several items under one key the
    /// first counts; keys that are no key are ignored.
    ///
    /// # Errors
    /// [`Error::TooLong`]; [`Error::Malformed`] when it is no object with an object `swarm`. Bad
    /// items are no error.
    fn read_reply<'a>(
        &self,
        body: impl Into<ReplyBody<'a>>,
        members: &[[u8; 32]],
    ) -> Result<SwarmReply<Self::Done>, Error>
    where
        Self: Sized,
    {
        SwarmReply::read(self, body.into(), members)
    }
}

/// The account as nodes sign it: with prefix, except that the test networks leave 00 out (spec 03
/// §2).
fn account_text(account: Option<&NetworkId>, network: Network) -> String {
    let text = account.map(NetworkId::to_hex).unwrap_or_default();
    match text.strip_prefix("00") {
        Some(key) if network != Network::Mainnet => key.into(),
        _ => text,
    }
}

/// Appends what a node answers to a peer that forwarded a request: one bt dict (spec 03 §11).
pub(super) fn write_outcome<T: Confirmation>(
    outcome: &Outcome<T>,
    at: Option<UnixMillis>,
    out: &mut ObjectWriter<'_>,
) {
    match outcome {
        Ok(item) => item.done.write(&item.signature, at, out),
        Err(failure) => failure.write(out),
    }
}

/// A node's answer to a peer that forwarded a request: one bt dict (spec 03 §11).
#[must_use]
pub fn peer_answer<T: Confirmation>(outcome: &Outcome<T>) -> Vec<u8> {
    Body::object(Form::Bt, |out| write_outcome(outcome, None, out)).into_bytes()
}

fields! {
    /// An item of any method.
    pub ItemFields {
        "already" => already,
        "bad_peer_response" => bad_peer_response,
        "code" => code,
        "count" => count,
        "deleted" => deleted,
        "expiry" => expiry,
        "failed" => failed,
        "hash" => hash,
        "query_failure" => query_failure,
        "reason" => reason,
        "signature" => signature,
        "timeout" => timeout,
        "unchanged" => unchanged,
        "updated" => updated,
    }
}

/// Reads an item; `None` when it is malformed.
pub(super) fn read_outcome<T: Confirmation>(item: Value<'_>) -> Option<Outcome<T>> {
    let fields = ItemFields::read(item)?;
    if let Some(failure) = Failure::read(&fields) {
        return Some(Err(failure));
    }
    Some(Ok(Confirmed {
        done: T::read(&fields)?,
        signature: fields.signature?.signature()?,
    }))
}

//! What a node checks before it carries a request out (spec 04 §4.4, §4.5).

use core::ops::Deref;
use core::time::Duration;

use session_core::{NetworkId, UnixMillis};

use crate::request::ttl_allowed;
use crate::{Namespace, Rejection, Retrieve, Signed, Store};

/// How far messages may be dated ahead, and how long ago they may have expired.
const MESSAGE_WINDOW: Duration = Duration::from_secs(10);
/// How far the time of a signature may be off.
const SIGNATURE_WINDOW: Duration = Duration::from_secs(60);

/// What a node knows when it decides on a request.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Context {
    /// The node's clock.
    pub now: UnixMillis,
    /// Whether the account belongs to the node's own swarm.
    pub in_swarm: bool,
}

impl Context {
    /// A context.
    #[must_use]
    pub const fn new(now: UnixMillis, in_swarm: bool) -> Self {
        Self { now, in_swarm }
    }
}

/// A request that passed every check and may be carried out. Let the functions that read and
/// write the database ask for this type.
#[derive(Clone, Copy, Debug)]
pub struct Authorized<R>(R);

impl<R> Authorized<R> {
    /// The request.
    pub fn into_inner(self) -> R {
        self.0
    }
}

impl<R> Deref for Authorized<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.0
    }
}

impl Store<'_> {
    /// Decides on a store, also on one that a peer has forwarded: its windows are the same.
    ///
    /// # Errors
    /// In the order of the checks: [`Rejection::WrongSwarm`], [`Rejection::Ttl`],
    /// [`Rejection::Clock`], and for a namespace that is no public inbox [`Rejection::Unsigned`],
    /// [`Rejection::SignatureClock`], [`Rejection::Signature`]. In a public inbox signatures are
    /// not looked at.
    pub fn authorize(self, context: &Context) -> Result<Authorized<Self>, Rejection> {
        let method = Self::METHOD;
        if !context.in_swarm {
            return Err(Rejection::WrongSwarm);
        }
        if !ttl_allowed(self.namespace, self.timestamp, self.expiry) {
            return Err(Rejection::Ttl);
        }
        if self.timestamp > context.now.saturating_add(MESSAGE_WINDOW)
            || self.expiry < context.now.saturating_sub(MESSAGE_WINDOW)
        {
            return Err(Rejection::Clock);
        }
        if self.namespace.store_needs_signature() {
            let signed = self.signed.ok_or(Rejection::Unsigned { method })?;
            check(&signed, method, &self.pubkey, self.namespace, context)?;
        }
        Ok(Authorized(self))
    }
}

impl Retrieve {
    /// Decides on a retrieve. A signature is verified even where none is needed.
    ///
    /// # Errors
    /// In the order of the checks: [`Rejection::WrongSwarm`], [`Rejection::Unsigned`],
    /// [`Rejection::SignatureClock`], [`Rejection::Signature`].
    pub fn authorize(self, context: &Context) -> Result<Authorized<Self>, Rejection> {
        let method = Self::METHOD;
        if !context.in_swarm {
            return Err(Rejection::WrongSwarm);
        }
        if let Some(signed) = self.signed {
            check(&signed, method, &self.pubkey, self.namespace, context)?;
        } else if self.namespace.retrieve_needs_signature() {
            return Err(Rejection::Unsigned { method });
        }
        Ok(Authorized(self))
    }
}

fn check(
    signed: &Signed,
    method: &'static str,
    pubkey: &NetworkId,
    namespace: Namespace,
    context: &Context,
) -> Result<(), Rejection> {
    if signed.at.abs_diff(context.now) > SIGNATURE_WINDOW {
        return Err(Rejection::SignatureClock { method });
    }
    let payload = signed.payload(method, namespace);
    if signed.auth.verifies(pubkey, &payload) {
        Ok(())
    } else {
        Err(Rejection::Signature { method })
    }
}

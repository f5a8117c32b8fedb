//! What a node checks before it carries a request out (spec 04 §4.4, §4.5).

use core::ops::Deref;
use core::time::Duration;

use session_core::{NetworkId, UnixMillis};

use crate::request::ttl_allowed;
use crate::{Access, Class, Namespace, Rejection, Retrieve, SignedAt, Store, Token};

/// How far messages may be dated ahead, and how long ago they may have expired.
const MESSAGE_WINDOW: Duration = Duration::from_secs(10);
/// How far the time of a signature may be off.
const SIGNATURE_WINDOW: Duration = Duration::from_secs(60);
/// How much further when another member of the swarm has already accepted the request.
const FORWARDED_WINDOW: Duration = Duration::from_secs(70);

/// What a node knows when it decides on a request.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Context {
    /// The node's clock.
    pub now: UnixMillis,
    /// Whether the account belongs to the node's own swarm.
    pub in_swarm: bool,
    /// Whether another member of the swarm has forwarded the request.
    pub forwarded: bool,
}

impl Context {
    /// The context of a request that comes from a client.
    #[must_use]
    pub const fn new(now: UnixMillis, in_swarm: bool) -> Self {
        Self {
            now,
            in_swarm,
            forwarded: false,
        }
    }

    /// The context of a request that another member has forwarded.
    #[must_use]
    pub const fn forwarded(now: UnixMillis, in_swarm: bool) -> Self {
        Self {
            now,
            in_swarm,
            forwarded: true,
        }
    }

    /// How far a time may be off in the methods that allow for forwarding.
    const fn window(&self) -> Duration {
        if self.forwarded {
            FORWARDED_WINDOW
        } else {
            SIGNATURE_WINDOW
        }
    }

    /// Demands that a signature is of now.
    pub(crate) fn check_now(&self, method: &'static str, at: UnixMillis) -> Result<(), Rejection> {
        near(at, self.now, SIGNATURE_WINDOW)
            .then_some(())
            .ok_or(Rejection::RequestClock { method })
    }

    /// As [`check_now`](Self::check_now), a little wider for what was forwarded.
    pub(crate) fn check_about_now(
        &self,
        method: &'static str,
        at: UnixMillis,
    ) -> Result<(), Rejection> {
        near(at, self.now, self.window())
            .then_some(())
            .ok_or(Rejection::RequestClock { method })
    }

    /// Whether a time has not passed, at least not long ago.
    pub(crate) fn is_to_come(&self, time: UnixMillis) -> bool {
        time >= self.now.saturating_sub(SIGNATURE_WINDOW)
    }

    /// As [`is_to_come`](Self::is_to_come), a little wider for what was forwarded.
    pub(crate) fn is_about_to_come(&self, time: UnixMillis) -> bool {
        time >= self.now.saturating_sub(self.window())
    }

    /// Whether a time has passed, or does so soon.
    pub(crate) fn has_passed(&self, time: UnixMillis) -> bool {
        time <= self.now.saturating_add(SIGNATURE_WINDOW)
    }
}

fn near(time: UnixMillis, now: UnixMillis, window: Duration) -> bool {
    time.abs_diff(now) <= window
}

/// A request that passed every check and may be carried out. Let the functions that read and
/// write the database ask for this type.
#[derive(Clone, Copy, Debug)]
pub struct Authorized<R>(R);

impl<R> Authorized<R> {
    pub(crate) const fn new(request: R) -> Self {
        Self(request)
    }

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
    /// `is_revoked` is asked when a subaccount has signed, and must say whether the account has
    /// revoked this token.
    ///
    /// # Errors
    /// In the order of the checks: [`Rejection::WrongSwarm`], [`Rejection::Ttl`],
    /// [`Rejection::Clock`], and for a namespace that is no public inbox
    /// [`Rejection::UnsignedStore`], [`Rejection::SignatureClock`], [`Rejection::Signature`]. In
    /// a public inbox signatures are not looked at.
    pub fn authorize(
        self,
        context: &Context,
        is_revoked: impl FnOnce(&Token) -> bool,
    ) -> Result<Authorized<Self>, Rejection> {
        let (method, namespace) = (Self::METHOD, self.namespace);
        if !context.in_swarm {
            return Err(Rejection::WrongSwarm);
        }
        if !ttl_allowed(namespace, self.timestamp, self.expiry) {
            return Err(Rejection::Ttl);
        }
        if self.timestamp > context.now.saturating_add(MESSAGE_WINDOW)
            || self.expiry < context.now.saturating_sub(MESSAGE_WINDOW)
        {
            return Err(Rejection::Clock);
        }
        if namespace.store_needs_signature() {
            let signed = self.signed.ok_or(Rejection::UnsignedStore { namespace })?;
            if !near(signed.at, context.now, SIGNATURE_WINDOW) {
                return Err(Rejection::SignatureClock);
            }
            let needed = (namespace, namespace.store_access());
            check(&signed, method, &self.pubkey, needed, is_revoked)?;
        }
        Ok(Authorized(self))
    }
}

impl Retrieve {
    /// Decides on a retrieve. A signature is verified even where none is needed. `is_revoked` is
    /// asked when a subaccount has signed, and must say whether the account has revoked this
    /// token; not in namespaces that stay readable after that.
    ///
    /// # Errors
    /// In the order of the checks: [`Rejection::WrongSwarm`], [`Rejection::Unsigned`],
    /// [`Rejection::RequestClock`], [`Rejection::Signature`].
    pub fn authorize(
        self,
        context: &Context,
        is_revoked: impl FnOnce(&Token) -> bool,
    ) -> Result<Authorized<Self>, Rejection> {
        let (method, namespace) = (Self::METHOD, self.namespace);
        if !context.in_swarm {
            return Err(Rejection::WrongSwarm);
        }
        if let Some(signed) = self.signed {
            context.check_now(method, signed.at)?;
            let needed = (namespace, Access::READ);
            check(&signed, method, &self.pubkey, needed, |token| {
                namespace.class() != Class::Unrevocable && is_revoked(token)
            })?;
        } else if namespace.retrieve_needs_signature() {
            return Err(Rejection::Unsigned { method });
        }
        Ok(Authorized(self))
    }
}

fn check(
    signed: &SignedAt,
    method: &'static str,
    pubkey: &NetworkId,
    (namespace, needed): (Namespace, Access),
    is_revoked: impl FnOnce(&Token) -> bool,
) -> Result<(), Rejection> {
    let payload = signed.payload(method, namespace);
    if signed
        .auth
        .verifies(pubkey, &payload, Some(needed), is_revoked)
    {
        Ok(())
    } else {
        Err(Rejection::Signature { method })
    }
}

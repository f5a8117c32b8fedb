//! Methods for whole mailboxes: `delete_all`, `delete_before`, `expire_all` (spec 04 §6.4, §6.5,
//! §6.7).

use alloc::vec::Vec;

use session_core::{Network, NetworkId, UnixMillis};

use crate::endpoint::sealed;
use crate::params::{Params, required};
use crate::payload::Payload;
use crate::value::Value;
use crate::write::ObjectWriter;
use crate::{Access, Auth, Context, Namespace, Rejection, Signable, Signed};

/// Declares a request for one namespace or all, with one time.
macro_rules! mailbox_request {
    (
        $(#[$doc:meta])*
        $name:ident, $method:literal, $(#[$time_doc:meta])* $time:ident,
        writes $write:expr,
        allowed $check:expr
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $name {
            /// The account.
            pub pubkey: NetworkId,
            /// The mailbox; `None` for all of them.
            pub namespace: Option<Namespace>,
            $(#[$time_doc])*
            pub $time: UnixMillis,
        }

        impl $name {
            /// A request for one mailbox, or with `None` for all.
            #[must_use]
            pub const fn new(
                pubkey: NetworkId,
                namespace: Option<Namespace>,
                $time: UnixMillis,
            ) -> Self {
                Self { pubkey, namespace, $time }
            }

            pub(crate) fn from_params(
                params: &Params<'_>,
                network: Network,
            ) -> Result<Signed<Self>, Rejection> {
                let pubkey = params.pubkey(network)?;
                let namespace = params.namespaces()?;
                let $time = required(stringify!($time), params.$time, Value::time)?;
                Ok(Signed {
                    auth: params.auth(&pubkey)?,
                    request: Self { pubkey, namespace, $time },
                })
            }
        }

        impl Signable for $name {
            const METHOD: &'static str = $method;

            fn pubkey(&self) -> &NetworkId {
                &self.pubkey
            }

            fn payload(&self) -> Vec<u8> {
                Payload::of($method)
                    .namespaces(self.namespace)
                    .number(self.$time.as_millis())
                    .finish()
            }

            fn needed_access(&self) -> Option<Access> {
                Some(Access::DELETE)
            }
        }

        impl sealed::SignedFields for $name {
            fn write_signed(&self, auth: &Auth, out: &mut ObjectWriter<'_>) {
                let write: fn(&Self, &Auth, &mut ObjectWriter<'_>) = $write;
                write(self, auth, out);
            }

            fn check_time(&self, context: &Context) -> Result<(), Rejection> {
                let check: fn(&Self, &Context) -> Result<(), Rejection> = $check;
                check(self, context)
            }
        }
    };
}

mailbox_request! {
    /// Deletes all messages. Each member answers with [`Deleted`](crate::Deleted).
    DeleteAll, "delete_all",
    /// Now, by the node's clock: nodes accept 60 s to either side.
    timestamp,
    writes |request, auth, out| {
        write_namespace(request.namespace, out);
        auth.write_account(&request.pubkey, out);
        auth.write_signature(out);
        out.time("timestamp", request.timestamp);
    },
    allowed |request, context| context.check_about_now(Self::METHOD, request.timestamp)
}

mailbox_request! {
    /// Deletes messages by their time. Each member answers with [`Deleted`](crate::Deleted).
    ///
    /// Deployed nodes fail on all namespaces at once (spec 04 §6.5): ask for one at a time.
    DeleteBefore, "delete_before",
    /// Messages made at this time or earlier go; at most 60 s ahead of the node's clock.
    before,
    writes |request, auth, out| {
        out.time("before", request.before);
        write_namespace(request.namespace, out);
        auth.write_account(&request.pubkey, out);
        auth.write_signature(out);
    },
    allowed |request, context| {
        if context.has_passed(request.before) {
            Ok(())
        } else {
            Err(Rejection::BeforeClock)
        }
    }
}

mailbox_request! {
    /// Makes messages expire earlier, never later. Each member answers with
    /// [`Updated`](crate::Updated).
    ExpireAll, "expire_all",
    /// Messages that live longer expire at this time; at most 60 s behind the node's clock.
    expiry,
    writes |request, auth, out| {
        out.time("expiry", request.expiry);
        write_namespace(request.namespace, out);
        auth.write_account(&request.pubkey, out);
        auth.write_signature(out);
    },
    allowed |request, context| {
        if context.is_about_to_come(request.expiry) {
            Ok(())
        } else {
            Err(Rejection::ExpireAllClock)
        }
    }
}

fn write_namespace(namespace: Option<Namespace>, out: &mut ObjectWriter<'_>) {
    match namespace {
        Some(namespace) => out.integer("namespace", namespace.number()),
        None => out.text("namespace", "all"),
    };
}

//! Revoking subaccounts: `revoke_subaccount`, `unrevoke_subaccount`, `revoked_subaccounts` (spec
//! 04 §6.9 to §6.11).

use alloc::vec::Vec;

use session_core::{Network, NetworkId, UnixMillis};

use crate::endpoint::sealed;
use crate::params::{Params, required};
use crate::payload::Payload;
use crate::value::Value;
use crate::write::ObjectWriter;
use crate::{Access, Auth, Context, Error, MAX_REVOKED, Rejection, Signable, Signed, Token};

/// Revokes tokens: nodes refuse what their subaccounts sign from now on. Each member answers with
/// [`Revoked`](crate::Revoked).
///
/// Deployed nodes forget revocations when the account has no stored message (spec 04 §6.9): store
/// something that lives long first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Revoke {
    /// The account, which alone may sign this.
    pub pubkey: NetworkId,
    /// The tokens, at most [`MAX_REVOKED`]. Their order is signed.
    pub tokens: Vec<Token>,
    /// Now, by the node's clock: nodes accept 60 s to either side.
    pub timestamp: UnixMillis,
}

/// Takes revocations back. Each member answers with [`Unrevoked`](crate::Unrevoked).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unrevoke {
    /// The account, which alone may sign this.
    pub pubkey: NetworkId,
    /// The tokens. Their order is signed.
    pub tokens: Vec<Token>,
    /// Now, by the node's clock: nodes accept 60 s to either side.
    pub timestamp: UnixMillis,
}

/// Asks for the tokens that are revoked. Answered by [`RevokedReply`](crate::RevokedReply).
///
/// Nodes up to 2.8.0 do not know it, and accounts with prefix 05 cannot ask: the verification key
/// of `pubkey_ed25519` is ignored (spec 04 §4.2), so that signing is refused here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetRevoked {
    /// The account, which alone may sign this.
    pub pubkey: NetworkId,
    /// Now, by the node's clock: nodes accept 60 s to either side.
    pub timestamp: UnixMillis,
}

impl Revoke {
    /// Revokes these tokens of the account.
    ///
    /// # Errors
    /// [`Error::TooLong`] with more than [`MAX_REVOKED`] tokens.
    pub fn new(
        pubkey: NetworkId,
        tokens: Vec<Token>,
        timestamp: UnixMillis,
    ) -> Result<Self, Error> {
        if tokens.len() > MAX_REVOKED {
            return Err(Error::TooLong {
                what: "tokens",
                limit: MAX_REVOKED,
                got: tokens.len(),
            });
        }
        Ok(Self {
            pubkey,
            tokens,
            timestamp,
        })
    }

    pub(crate) fn from_params(
        params: &Params<'_>,
        network: Network,
    ) -> Result<Signed<Self>, Rejection> {
        let pubkey = params.pubkey(network)?;
        let tokens = required("revoke", params.revoke, |value| value.list(Value::token))?;
        if tokens.len() > MAX_REVOKED {
            return Err(Rejection::TooManyTokens);
        }
        Ok(Signed {
            auth: params.account_auth(&pubkey)?,
            request: Self {
                pubkey,
                tokens,
                timestamp: required("timestamp", params.timestamp, Value::time)?,
            },
        })
    }
}

impl Unrevoke {
    /// Takes the revocation of these tokens of the account back.
    #[must_use]
    pub const fn new(pubkey: NetworkId, tokens: Vec<Token>, timestamp: UnixMillis) -> Self {
        Self {
            pubkey,
            tokens,
            timestamp,
        }
    }

    pub(crate) fn from_params(
        params: &Params<'_>,
        network: Network,
    ) -> Result<Signed<Self>, Rejection> {
        let pubkey = params.pubkey(network)?;
        Ok(Signed {
            auth: params.account_auth(&pubkey)?,
            request: Self {
                pubkey,
                tokens: required("unrevoke", params.unrevoke, |value| {
                    value.list(Value::token)
                })?,
                timestamp: required("timestamp", params.timestamp, Value::time)?,
            },
        })
    }
}

impl GetRevoked {
    /// Asks for the revoked tokens of the account.
    #[must_use]
    pub const fn new(pubkey: NetworkId, timestamp: UnixMillis) -> Self {
        Self { pubkey, timestamp }
    }

    pub(crate) fn from_params(
        params: &Params<'_>,
        network: Network,
    ) -> Result<Signed<Self>, Rejection> {
        let pubkey = params.pubkey(network)?;
        let mut auth = params.account_auth(&pubkey)?;
        auth.pubkey_ed25519 = None;
        Ok(Signed {
            auth,
            request: Self {
                pubkey,
                timestamp: required("timestamp", params.timestamp, Value::time)?,
            },
        })
    }
}

/// Implements [`Signable`] for a request with a `timestamp` that only the account may sign.
macro_rules! by_the_account {
    ($name:ident, $method:literal, $tokens:expr, writes $write:expr $(, $item:item)*) => {
        impl Signable for $name {
            const METHOD: &'static str = $method;

            fn pubkey(&self) -> &NetworkId {
                &self.pubkey
            }

            fn payload(&self) -> Vec<u8> {
                let tokens: fn(&Self) -> &[Token] = $tokens;
                Payload::of($method)
                    .number(self.timestamp.as_millis())
                    .tokens(tokens(self))
                    .finish()
            }

            fn needed_access(&self) -> Option<Access> {
                None
            }
        }

        impl sealed::SignedFields for $name {
            fn write_signed(&self, auth: &Auth, out: &mut ObjectWriter<'_>) {
                auth.write_account(&self.pubkey, out);
                let write: fn(&Self, &Auth, &mut ObjectWriter<'_>) = $write;
                write(self, auth, out);
            }

            fn check_time(&self, context: &Context) -> Result<(), Rejection> {
                context.check_now($method, self.timestamp)
            }

            $($item)*
        }
    };
}

by_the_account!(
    Revoke,
    "revoke_subaccount",
    |request| &request.tokens,
    writes | request,
    auth,
    out | {
        out.base64s("revoke", request.tokens.iter());
        auth.write_signature(out);
        out.time("timestamp", request.timestamp);
    }
);

by_the_account!(
    Unrevoke,
    "unrevoke_subaccount",
    |request| &request.tokens,
    writes | request,
    auth,
    out | {
        auth.write_signature(out);
        out.time("timestamp", request.timestamp)
            .base64s("unrevoke", request.tokens.iter());
    }
);

by_the_account!(
    GetRevoked,
    "revoked_subaccounts",
    |_| &[],
    writes | request,
    auth,
    out | {
        auth.write_signature(out);
        out.time("timestamp", request.timestamp);
    },
    /// Parsing drops the key beside the account: this is for the one who signs.
    fn check_verified(&self, auth: &Auth) -> Result<(), Rejection> {
        match auth.pubkey_ed25519 {
            None => Ok(()),
            Some(_) => Err(Rejection::Signature {
                method: Self::METHOD,
            }),
        }
    }
);

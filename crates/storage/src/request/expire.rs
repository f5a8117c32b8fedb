//! `expire` (spec 04 §6.6).

use alloc::vec::Vec;
use core::time::Duration;

use session_core::{Network, NetworkId, UnixMillis};

use super::{empty, read_messages};
use crate::endpoint::sealed;
use crate::params::{Params, optional, required};
use crate::payload::Payload;
use crate::value::Value;
use crate::write::ObjectWriter;
use crate::{Access, Auth, Context, Error, MessageHash, Rejection, Signable, Signed};

/// Which changes of an expiry are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "stores must know every case")]
pub enum ExpiryMode {
    /// All.
    Set,
    /// Only to a later time.
    Extend,
    /// Only to an earlier time.
    Shorten,
}

impl ExpiryMode {
    /// Whether the expiry of a message may change from `old` to `new`.
    #[must_use]
    pub fn allows(self, old: UnixMillis, new: UnixMillis) -> bool {
        match self {
            Self::Set => true,
            Self::Extend => new > old,
            Self::Shorten => new < old,
        }
    }
}

/// Changes when messages expire, in whatever namespace they are. Each member answers with
/// [`Expired`](crate::Expired).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expire {
    /// The account.
    pub pubkey: NetworkId,
    /// The messages, at least one. Their order is signed.
    pub messages: Vec<MessageHash>,
    /// One time for all messages, or one for each. Nodes lower it to 30 days from now.
    pub expiry: Vec<UnixMillis>,
    /// Which changes to make.
    pub mode: ExpiryMode,
}

impl Expire {
    /// How far ahead of their clocks nodes let messages expire.
    pub const MAX_AHEAD: Duration = Duration::from_secs(30 * 86_400);

    /// Changes messages to one time for all, or one for each.
    ///
    /// # Errors
    /// [`Error::Empty`] without messages, [`Error::Count`] when there are neither one nor as many
    /// times.
    pub fn new(
        pubkey: NetworkId,
        messages: Vec<MessageHash>,
        expiry: Vec<UnixMillis>,
        mode: ExpiryMode,
    ) -> Result<Self, Error> {
        if messages.is_empty() {
            return Err(Error::Empty { what: "messages" });
        }
        if expiry.len() != 1 && expiry.len() != messages.len() {
            return Err(Error::Count {
                what: "expiries",
                expected: messages.len(),
                got: expiry.len(),
            });
        }
        Ok(Self {
            pubkey,
            messages,
            expiry,
            mode,
        })
    }

    /// Each message with the time that it is to have, if a node's clock shows `now`.
    pub fn changes(&self, now: UnixMillis) -> impl Iterator<Item = (MessageHash, UnixMillis)> + '_ {
        let latest = now.saturating_add(Self::MAX_AHEAD);
        // One time stands for all messages; several are as many as these.
        let last = self.expiry.last().copied();
        let times = self.expiry.iter().copied().chain(last.into_iter().cycle());
        self.messages
            .iter()
            .copied()
            .zip(times.map(move |time| time.min(latest)))
    }

    pub(crate) fn from_params(
        params: &Params<'_>,
        network: Network,
    ) -> Result<Signed<Self>, Rejection> {
        let pubkey = params.pubkey(network)?;
        let messages = read_messages(params, Value::hash)?;
        if messages.is_empty() {
            return Err(empty("messages"));
        }
        // Other times must look like milliseconds, these need not: spec 04 §5.1.
        let expiry = required("expiry", params.expiry, |value| {
            value.list_up_to(messages.len(), Value::millis)
        })?;
        if expiry.is_empty() || (expiry.len() != 1 && expiry.len() != messages.len()) {
            return Err(Rejection::Invalid { field: "expiry" });
        }
        let flag = |name, value| optional(name, value, Value::flag).map(|set| set == Some(true));
        let mode = match (
            flag("shorten", params.shorten)?,
            flag("extend", params.extend)?,
        ) {
            (false, false) => ExpiryMode::Set,
            (false, true) => ExpiryMode::Extend,
            (true, false) => ExpiryMode::Shorten,
            (true, true) => {
                let (first, second) = ("shorten", "extend");
                return Err(Rejection::Exclusive { first, second });
            }
        };
        Ok(Signed {
            auth: params.auth(&pubkey)?,
            request: Self {
                pubkey,
                messages,
                expiry,
                mode,
            },
        })
    }
}

impl Signed<Expire> {
    /// Which changes a node makes: without leave to delete, a subaccount extends only.
    #[must_use]
    pub fn effective_mode(&self) -> ExpiryMode {
        match self.request.mode {
            ExpiryMode::Set if !may_delete(&self.auth) => ExpiryMode::Extend,
            mode => mode,
        }
    }
}

fn may_delete(auth: &Auth) -> bool {
    auth.subaccount
        .is_none_or(|subaccount| subaccount.token.access().allows(Access::DELETE))
}

impl Signable for Expire {
    const METHOD: &'static str = "expire";

    fn pubkey(&self) -> &NetworkId {
        &self.pubkey
    }

    fn payload(&self) -> Vec<u8> {
        Payload::of(Self::METHOD)
            .text(match self.mode {
                ExpiryMode::Set => "",
                ExpiryMode::Extend => "extend",
                ExpiryMode::Shorten => "shorten",
            })
            .times(&self.expiry)
            .hashes(&self.messages)
            .finish()
    }

    /// Shortening needs [`Access::DELETE`] too, which is looked at after the signature.
    fn needed_access(&self) -> Option<Access> {
        Some(Access::WRITE)
    }
}

impl sealed::SignedFields for Expire {
    fn write_signed(&self, auth: &Auth, out: &mut ObjectWriter<'_>) {
        match self.expiry.as_slice() {
            [single] => out.time("expiry", *single),
            several => out.integers("expiry", several.iter().map(|time| time.as_millis())),
        };
        out.flag("extend", self.mode == ExpiryMode::Extend)
            .hashes("messages", self.messages.iter());
        auth.write_account(&self.pubkey, out);
        out.flag("shorten", self.mode == ExpiryMode::Shorten);
        auth.write_signature(out);
    }

    fn check_time(&self, context: &Context) -> Result<(), Rejection> {
        if self.expiry.iter().all(|time| context.is_to_come(*time)) {
            Ok(())
        } else {
            Err(Rejection::ExpireClock)
        }
    }

    fn check_verified(&self, auth: &Auth) -> Result<(), Rejection> {
        if self.mode == ExpiryMode::Shorten && !may_delete(auth) {
            return Err(Rejection::ShortenAccess);
        }
        Ok(())
    }
}

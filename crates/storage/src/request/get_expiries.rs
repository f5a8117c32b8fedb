//! `get_expiries` (spec 04 §6.8).

use alloc::vec::Vec;
use core::{fmt, iter};

use session_bt::{ListReader, ListWriter};
use session_core::{Network, NetworkId, UnixMillis};

use super::empty;
use crate::endpoint::sealed;
use crate::params::{Params, required};
use crate::payload::Payload;
use crate::value::Value;
use crate::write::ObjectWriter;
use crate::{Access, Auth, Context, Error, MessageHash, Rejection, Signable, Signed};

/// Asks when messages expire. Answered by [`ExpiriesReply`](crate::ExpiriesReply).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetExpiries {
    /// The account.
    pub pubkey: NetworkId,
    /// Now, by the node's clock: nodes accept 60 s to either side.
    pub timestamp: UnixMillis,
    /// What was asked for, at least one. Nodes take any text here, and find no message for what
    /// is no hash.
    messages: Texts,
}

/// Texts as a bt list, which takes less room than the request that they came in: a `String` for
/// each would take many times that of tiny ones.
#[derive(Clone, PartialEq, Eq)]
struct Texts(Vec<u8>);

impl Texts {
    fn of<'t>(texts: impl Iterator<Item = &'t str>) -> Self {
        let mut bytes = Vec::new();
        let mut list = ListWriter::new(&mut bytes);
        for text in texts {
            list.bytes(text.as_bytes());
        }
        list.finish();
        Self(bytes)
    }

    fn read(value: Value<'_>) -> Option<Self> {
        let mut bytes = Vec::new();
        let mut list = ListWriter::new(&mut bytes);
        value.each(|text| {
            list.bytes(text.text()?.as_bytes());
            Some(())
        })?;
        list.finish();
        Some(Self(bytes))
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        let mut list = ListReader::new(&self.0).ok();
        iter::from_fn(move || {
            let text = list.as_mut()?.bytes_opt().ok()??;
            core::str::from_utf8(text).ok()
        })
    }
}

/// Names how many there are: hashes must not reach logs.
impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} texts", self.iter().count())
    }
}

impl GetExpiries {
    /// Asks for these messages of the account.
    ///
    /// # Errors
    /// [`Error::Empty`] without messages.
    pub fn new(
        pubkey: NetworkId,
        messages: &[MessageHash],
        timestamp: UnixMillis,
    ) -> Result<Self, Error> {
        if messages.is_empty() {
            return Err(Error::Empty { what: "messages" });
        }
        Ok(Self {
            pubkey,
            timestamp,
            messages: Texts::of(messages.iter().map(MessageHash::as_str)),
        })
    }

    /// The messages that were asked for, without what can be no hash.
    pub fn messages(&self) -> impl Iterator<Item = MessageHash> + '_ {
        self.messages.iter().filter_map(|text| text.parse().ok())
    }

    pub(crate) fn from_params(
        params: &Params<'_>,
        network: Network,
    ) -> Result<Signed<Self>, Rejection> {
        let pubkey = params.pubkey(network)?;
        let timestamp = required("timestamp", params.timestamp, Value::time)?;
        let messages = required("messages", params.messages, Texts::read)?;
        if messages.iter().next().is_none() {
            return Err(empty("messages"));
        }
        Ok(Signed {
            auth: params.auth(&pubkey)?,
            request: Self {
                pubkey,
                timestamp,
                messages,
            },
        })
    }
}

impl Signable for GetExpiries {
    const METHOD: &'static str = "get_expiries";

    fn pubkey(&self) -> &NetworkId {
        &self.pubkey
    }

    fn payload(&self) -> Vec<u8> {
        let start = Payload::of(Self::METHOD).number(self.timestamp.as_millis());
        self.messages
            .iter()
            .fold(start, |payload, text| payload.text(text))
            .finish()
    }

    fn needed_access(&self) -> Option<Access> {
        Some(Access::READ)
    }
}

impl sealed::SignedFields for GetExpiries {
    fn write_signed(&self, auth: &Auth, out: &mut ObjectWriter<'_>) {
        out.texts("messages", self.messages.iter());
        auth.write_account(&self.pubkey, out);
        auth.write_signature(out);
        out.time("timestamp", self.timestamp);
    }

    fn check_time(&self, context: &Context) -> Result<(), Rejection> {
        context.check_now(Self::METHOD, self.timestamp)
    }
}

//! `get_expiries` (spec 04 §6.8).

use alloc::string::String;
use alloc::vec::Vec;

use session_core::{Network, NetworkId, UnixMillis};

use super::{empty, read_messages};
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
    messages: Vec<String>,
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
            messages: messages.iter().map(|hash| hash.as_str().into()).collect(),
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
        let messages = read_messages(params, |value| Some(value.text()?.into_owned()))?;
        if messages.is_empty() {
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
        out.texts("messages", self.messages.iter().map(String::as_str));
        auth.write_account(&self.pubkey, out);
        auth.write_signature(out);
        out.time("timestamp", self.timestamp);
    }

    fn check_time(&self, context: &Context) -> Result<(), Rejection> {
        context.check_now(Self::METHOD, self.timestamp)
    }
}

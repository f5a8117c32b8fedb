//! `delete` (spec 04 §6.3).

use alloc::vec::Vec;

use session_core::{Network, NetworkId};

use super::{empty, read_messages};
use crate::endpoint::sealed;
use crate::params::{Params, optional};
use crate::payload::Payload;
use crate::value::Value;
use crate::write::ObjectWriter;
use crate::{Access, Auth, Context, Error, MessageHash, Rejection, Signable, Signed};

/// Deletes messages by their hashes, in whatever namespace they are. Each member answers with
/// [`Deleted`](crate::Deleted).
///
/// There is no time in what is signed: a captured request stays valid for ever, and is harmless
/// only because hashes name exact data (spec 04 §15).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delete {
    /// The account.
    pub pubkey: NetworkId,
    /// The messages, at least one. Their order is signed.
    pub messages: Vec<MessageHash>,
    /// Whether to answer with status 404 when no member had any of them. Stays between client and
    /// node: it is not forwarded. Nodes of version 2.8.0 answer it in JSON only.
    pub required: bool,
}

impl Delete {
    /// Deletes these messages of the account.
    ///
    /// # Errors
    /// [`Error::Empty`] without messages.
    pub fn new(pubkey: NetworkId, messages: Vec<MessageHash>) -> Result<Self, Error> {
        if messages.is_empty() {
            return Err(Error::Empty { what: "messages" });
        }
        Ok(Self {
            pubkey,
            messages,
            required: false,
        })
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
        let required = optional("required", params.required, Value::flag)?.unwrap_or(false);
        Ok(Signed {
            auth: params.auth(&pubkey)?,
            request: Self {
                pubkey,
                messages,
                required,
            },
        })
    }
}

impl Signed<Delete> {
    /// The request as it is forwarded to the other members (spec 04 §5.3).
    #[must_use]
    pub fn forwarded(mut self) -> Self {
        self.request.required = false;
        self
    }
}

impl Signable for Delete {
    const METHOD: &'static str = "delete";

    fn pubkey(&self) -> &NetworkId {
        &self.pubkey
    }

    fn payload(&self) -> Vec<u8> {
        Payload::of(Self::METHOD).hashes(&self.messages).finish()
    }

    fn needed_access(&self) -> Option<Access> {
        Some(Access::DELETE)
    }
}

impl sealed::SignedFields for Delete {
    fn write_signed(&self, auth: &Auth, out: &mut ObjectWriter<'_>) {
        out.hashes("messages", self.messages.iter());
        auth.write_account(&self.pubkey, out);
        out.flag("required", self.required);
        auth.write_signature(out);
    }

    fn check_time(&self, _: &Context) -> Result<(), Rejection> {
        Ok(())
    }
}

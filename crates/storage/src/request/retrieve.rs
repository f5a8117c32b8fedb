//! `retrieve` (spec 04 §6.2).

use alloc::vec::Vec;

use session_core::{Network, NetworkId, UnixMillis};

use crate::endpoint::{Endpoint, sealed};
use crate::params::{Params, one_of, optional, required};
use crate::value::Value;
use crate::write::ObjectWriter;
use crate::{Access, Error, MessageHash, Namespace, Rejection, SignedAt, Signer};

/// Fetches messages of one mailbox, in the order in which they reached the node. Answered by
/// [`RetrieveReply`](crate::RetrieveReply).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retrieve {
    /// The account.
    pub pubkey: NetworkId,
    /// The mailbox.
    pub namespace: Namespace,
    /// Only messages after this one. A node that does not know it begins at the beginning.
    pub last_hash: Option<MessageHash>,
    /// Greatest number of messages; zero means no limit.
    pub max_count: Option<i32>,
    /// Greatest counted size of the messages; `-n` asks for the n-th part of the greatest.
    pub max_size: Option<i32>,
    /// The account's signature; needed unless the namespace is open for reading.
    pub signed: Option<SignedAt>,
}

impl Retrieve {
    /// Name of the method.
    pub const METHOD: &'static str = "retrieve";

    /// Everything in a mailbox, unsigned and without limits. Set the other fields as needed.
    #[must_use]
    pub const fn new(pubkey: NetworkId, namespace: Namespace) -> Self {
        Self {
            pubkey,
            namespace,
            last_hash: None,
            max_count: None,
            max_size: None,
            signed: None,
        }
    }

    /// Signs for the account, at the time `at` of the node's clock.
    ///
    /// # Errors
    /// [`Error::WrongKey`] when the key may not read for the account.
    pub fn sign<'k>(
        mut self,
        signer: impl Into<Signer<'k>>,
        at: UnixMillis,
    ) -> Result<Self, Error> {
        let needed = (self.namespace, Access::READ);
        let signer = signer.into();
        self.signed = Some(SignedAt::sign(
            &self.pubkey,
            Self::METHOD,
            needed,
            at,
            signer,
        )?);
        Ok(self)
    }

    /// What the signature signs (spec 04 §4.2); `None` when there is none.
    #[must_use]
    pub fn payload(&self) -> Option<Vec<u8>> {
        self.signed
            .map(|signed| signed.payload(Self::METHOD, self.namespace))
    }

    pub(crate) fn from_params(params: &Params<'_>, network: Network) -> Result<Self, Rejection> {
        let pubkey = params.pubkey_or_alias(network)?;
        let namespace = params.namespace()?;
        let last_hash = one_of(
            ("last_hash", params.last_hash),
            ("lastHash", params.last_hash_alias),
        )?
        .filter(|value| value.text().as_deref() != Some(""));
        let signature_demanded = params.pubkey_ed25519.is_some()
            || params.signature.is_some()
            || params.timestamp.is_some()
            || (params.namespace.is_some() && namespace.retrieve_needs_signature());
        let signed = if signature_demanded {
            Some(SignedAt {
                auth: params.auth(&pubkey)?,
                at: required("timestamp", params.timestamp, Value::time)?,
            })
        } else {
            None
        };
        Ok(Self {
            pubkey,
            namespace,
            last_hash: optional("last_hash", last_hash, Value::hash)?,
            max_count: optional("max_count", params.max_count, Value::integer)?,
            max_size: optional("max_size", params.max_size, Value::integer)?,
            signed,
        })
    }
}

impl sealed::Fields for Retrieve {
    fn write_fields(&self, out: &mut ObjectWriter<'_>) {
        if let Some(hash) = &self.last_hash {
            out.text("last_hash", hash.as_str());
        }
        if let Some(count) = self.max_count {
            out.integer("max_count", count);
        }
        if let Some(size) = self.max_size {
            out.integer("max_size", size);
        }
        // Explicit zero would demand a signature: spec 04 §6.2.
        if self.namespace != Namespace::DIRECT {
            out.integer("namespace", self.namespace.number());
        }
        match &self.signed {
            Some(SignedAt { at, auth }) => {
                auth.write_account(&self.pubkey, out);
                auth.write_signature(out);
                out.time("timestamp", *at);
            }
            None => {
                out.hex("pubkey", self.pubkey.as_bytes());
            }
        }
    }
}

impl Endpoint for Retrieve {
    fn method(&self) -> &'static str {
        Self::METHOD
    }
}

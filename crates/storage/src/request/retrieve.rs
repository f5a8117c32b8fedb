//! `retrieve` (spec 04 §6.2).

use alloc::string::String;

use session_core::{Network, NetworkId, UnixMillis};
use session_crypto::ed25519::SigningKey;

use crate::json::write_request;
use crate::params::{Params, one_of, optional, required};
use crate::value::Value;
use crate::{Error, MessageHash, Namespace, Rejection, Signed};

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
    pub signed: Option<Signed>,
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
    /// [`Error::WrongKey`] when the key is not the account's.
    pub fn sign(mut self, key: &SigningKey, at: UnixMillis) -> Result<Self, Error> {
        let signed = Signed::sign(&self.pubkey, Self::METHOD, self.namespace, at, key)?;
        self.signed = Some(signed);
        Ok(self)
    }

    /// What the signature signs (spec 04 §4.2); `None` when there is none.
    #[must_use]
    pub fn payload(&self) -> Option<String> {
        self.signed
            .map(|signed| signed.payload(Self::METHOD, self.namespace))
    }

    /// Appends the JSON request.
    pub fn write_json(&self, out: &mut String) {
        write_request(out, Self::METHOD, |params| {
            params.hex("pubkey", self.pubkey.as_bytes());
            // Explicit zero would demand a signature: spec 04 §6.2.
            if self.namespace != Namespace::DIRECT {
                params.literal("namespace", self.namespace);
            }
            if let Some(hash) = &self.last_hash {
                params.token("last_hash", hash.as_str());
            }
            if let Some(count) = self.max_count {
                params.literal("max_count", count);
            }
            if let Some(size) = self.max_size {
                params.literal("max_size", size);
            }
            if let Some(signed) = &self.signed {
                params.literal("timestamp", signed.at);
                signed.auth.write_json(params);
            }
        });
    }

    pub(crate) fn from_params(params: &Params<'_>, network: Network) -> Result<Self, Rejection> {
        let pubkey = params.pubkey(network)?;
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
            Some(Signed {
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

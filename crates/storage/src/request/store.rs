//! `store` (spec 04 §6.1).

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use session_core::{Network, NetworkId, UnixMillis};

use crate::endpoint::{Endpoint, sealed};
use crate::params::{Params, one_of, optional, required};
use crate::value::Value;
use crate::write::ObjectWriter;
use crate::{Error, MAX_DATA_LEN, MIN_TTL, MessageHash, Namespace, Rejection, SignedAt, Signer};

/// Stores a message in a mailbox. Each member answers with
/// [`Stored`](crate::Stored).
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Store<'a> {
    /// The account that receives it.
    pub pubkey: NetworkId,
    /// The mailbox.
    pub namespace: Namespace,
    /// The message, at most [`MAX_DATA_LEN`] bytes.
    pub data: Cow<'a, [u8]>,
    /// When the message was made.
    pub timestamp: UnixMillis,
    /// When nodes forget it.
    pub expiry: UnixMillis,
    /// The account's signature; needed unless the namespace is a public inbox.
    pub signed: Option<SignedAt>,
}

impl<'a> Store<'a> {
    /// Name of the method.
    pub const METHOD: &'static str = "store";

    /// An unsigned request, as it suffices for a public inbox.
    ///
    /// # Errors
    /// [`Error::TooLong`] over [`MAX_DATA_LEN`]; [`Error::Ttl`] when nodes would refuse `ttl`.
    pub fn new(
        pubkey: NetworkId,
        namespace: Namespace,
        data: impl Into<Cow<'a, [u8]>>,
        timestamp: UnixMillis,
        ttl: Duration,
    ) -> Result<Self, Error> {
        let data = data.into();
        if data.len() > MAX_DATA_LEN {
            return Err(Error::TooLong {
                what: "message",
                limit: MAX_DATA_LEN,
                got: data.len(),
            });
        }
        let expiry = timestamp.checked_add(ttl).ok_or(Error::Ttl)?;
        if !ttl_allowed(namespace, timestamp, expiry) {
            return Err(Error::Ttl);
        }
        Ok(Self {
            pubkey,
            namespace,
            data,
            timestamp,
            expiry,
            signed: None,
        })
    }

    /// Signs for the account, at the time `at` of the node's clock.
    ///
    /// # Errors
    /// [`Error::WrongKey`] when the key may not store here for the account.
    pub fn sign<'k>(
        mut self,
        signer: impl Into<Signer<'k>>,
        at: UnixMillis,
    ) -> Result<Self, Error> {
        let needed = (self.namespace, self.namespace.store_access());
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

    /// The hash that the message will be stored under. Compare the replies with it.
    #[must_use]
    pub fn hash(&self) -> MessageHash {
        MessageHash::of(&self.pubkey, self.namespace, &self.data)
    }

    /// The same request with another time, for as long as before. A signature is not touched: it
    /// covers its own time only.
    #[must_use]
    pub fn dated(&self, timestamp: UnixMillis) -> Store<'_> {
        let life = self.expiry.abs_diff(self.timestamp);
        Store {
            data: Cow::Borrowed(&*self.data),
            timestamp,
            expiry: timestamp.saturating_add(life),
            ..*self
        }
    }

    /// The same request, which owns its data.
    #[must_use]
    pub fn into_owned(self) -> Store<'static> {
        Store {
            data: Cow::Owned(self.data.into_owned()),
            ..self
        }
    }

    pub(crate) fn from_params(params: &Params<'a>, network: Network) -> Result<Self, Rejection> {
        let pubkey = params.pubkey_or_alias(network)?;
        let timestamp = required("timestamp", params.timestamp, Value::number_or_digits)
            .map(UnixMillis::from_millis)?;
        one_of(("ttl", params.ttl), ("expiry", params.expiry))?;
        let expiry = if params.ttl.is_some() {
            required("ttl", params.ttl, |ttl| {
                timestamp.checked_add(Duration::from_millis(ttl.number_or_digits()?))
            })?
        } else {
            required("expiry", params.expiry, Value::time)?
        };
        let sig_timestamp = optional("sig_timestamp", params.sig_timestamp, Value::time)?;
        let signed = if params.signature.is_some() {
            Some(SignedAt {
                at: sig_timestamp.unwrap_or(timestamp),
                auth: params.auth(&pubkey)?,
            })
        } else {
            None
        };
        Ok(Self {
            pubkey,
            namespace: params.namespace()?,
            data: required("data", params.data, Value::data)?,
            timestamp,
            expiry,
            signed,
        })
    }
}

impl sealed::Fields for Store<'_> {
    fn write_fields(&self, out: &mut ObjectWriter<'_>) {
        out.base64("data", &self.data).time("expiry", self.expiry);
        if self.namespace != Namespace::DIRECT {
            out.integer("namespace", self.namespace.number());
        }
        match &self.signed {
            Some(SignedAt { at, auth }) => {
                auth.write_account(&self.pubkey, out);
                out.time("sig_timestamp", *at);
                auth.write_signature(out);
            }
            None => {
                out.hex("pubkey", self.pubkey.as_bytes());
            }
        }
        out.time("timestamp", self.timestamp);
    }

    fn data_len(&self) -> usize {
        self.data.len()
    }
}

/// The bt form is the one that members of a swarm forward to each other (spec 04 §5.3).
impl Endpoint for Store<'_> {
    fn method(&self) -> &'static str {
        Self::METHOD
    }
}

/// Names the length of the data instead of showing it.
impl fmt::Debug for Store<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("pubkey", &self.pubkey)
            .field("namespace", &self.namespace)
            .field("data_len", &self.data.len())
            .field("timestamp", &self.timestamp)
            .field("expiry", &self.expiry)
            .field("signed", &self.signed)
            .finish()
    }
}

/// Whether a message in this namespace may live that long (spec 04 §1).
pub(crate) fn ttl_allowed(namespace: Namespace, timestamp: UnixMillis, expiry: UnixMillis) -> bool {
    expiry >= timestamp && (MIN_TTL..=namespace.max_ttl()).contains(&expiry.abs_diff(timestamp))
}

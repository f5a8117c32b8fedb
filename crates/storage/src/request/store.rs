//! `store` (spec 04 §6.1).

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use session_bt::DictWriter;
use session_core::{Network, NetworkId, UnixMillis, base64};
use session_crypto::ed25519::SigningKey;

use crate::json::write_request;
use crate::params::{Params, one_of, optional, required};
use crate::value::Value;
use crate::{Error, MAX_DATA_LEN, MIN_TTL, MessageHash, Namespace, Rejection, Signed};

/// Space for everything in a request but the data.
const OVERHEAD: usize = 512;

/// Stores a message in a mailbox. Answered by [`StoreReply`](crate::StoreReply).
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
    pub signed: Option<Signed>,
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

    /// The hash that the message will be stored under. Compare the replies with it.
    #[must_use]
    pub fn hash(&self) -> MessageHash {
        MessageHash::of(&self.pubkey, self.namespace, &self.data)
    }

    /// Appends the JSON request.
    pub fn write_json(&self, out: &mut String) {
        out.reserve(base64::encoded_len(self.data.len()).saturating_add(OVERHEAD));
        write_request(out, Self::METHOD, |params| {
            params
                .hex("pubkey", self.pubkey.as_bytes())
                .literal("timestamp", self.timestamp)
                .literal("expiry", self.expiry)
                .base64("data", &self.data);
            if self.namespace != Namespace::DIRECT {
                params.literal("namespace", self.namespace);
            }
            if let Some(signed) = &self.signed {
                params.literal("sig_timestamp", signed.at);
                signed.auth.write_json(params);
            }
        });
    }

    /// Appends the bt form that members of a swarm forward to each other, and that bt transports
    /// take (spec 04 §5.3).
    pub fn write_bt(&self, out: &mut Vec<u8>) {
        out.reserve(self.data.len().saturating_add(OVERHEAD));
        let written = self.try_write_bt(out);
        debug_assert!(written.is_ok(), "keys ascend");
    }

    fn try_write_bt(&self, out: &mut Vec<u8>) -> Result<(), session_bt::Error> {
        let mut dict = DictWriter::new(out);
        dict.bytes("data", &self.data)?
            .int("expiry", self.expiry.as_millis())?;
        if self.namespace != Namespace::DIRECT {
            dict.int("namespace", self.namespace.number())?;
        }
        dict.bytes("pubkey", self.pubkey.as_bytes())?;
        if let Some(Signed { at, auth }) = &self.signed {
            if let Some(key) = &auth.pubkey_ed25519 {
                dict.bytes("pubkey_ed25519", key)?;
            }
            dict.int("sig_timestamp", at.as_millis())?
                .bytes("signature", auth.signature.as_bytes())?;
        }
        dict.int("timestamp", self.timestamp.as_millis())?;
        Ok(())
    }

    pub(crate) fn from_params(params: &Params<'a>, network: Network) -> Result<Self, Rejection> {
        let pubkey = params.pubkey(network)?;
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
            Some(Signed {
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

//! The parameters of all methods, not yet looked at, and how they are taken out.

use serde::Deserialize;
use session_bt::DictReader;
use session_core::{Network, NetworkId, Prefix};

use crate::value::Value;
use crate::{Auth, Namespace, Rejection};

/// Every parameter that some method knows, absent or undecoded. JSON `null` is absent; unknown
/// keys are ignored, repeated known keys are an error.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(crate) struct Params<'a> {
    pub(crate) data: Option<Value<'a>>,
    pub(crate) expiry: Option<Value<'a>>,
    #[serde(rename = "lastHash")]
    pub(crate) last_hash_alias: Option<Value<'a>>,
    pub(crate) last_hash: Option<Value<'a>>,
    pub(crate) max_count: Option<Value<'a>>,
    pub(crate) max_size: Option<Value<'a>>,
    pub(crate) namespace: Option<Value<'a>>,
    #[serde(rename = "pubKey")]
    pubkey_alias: Option<Value<'a>>,
    pubkey: Option<Value<'a>>,
    pub(crate) pubkey_ed25519: Option<Value<'a>>,
    pub(crate) sig_timestamp: Option<Value<'a>>,
    pub(crate) signature: Option<Value<'a>>,
    subaccount: Option<Value<'a>>,
    pub(crate) timestamp: Option<Value<'a>>,
    pub(crate) ttl: Option<Value<'a>>,
}

impl<'a> Params<'a> {
    /// Reads the text of a JSON object.
    pub(crate) fn from_json(object: &'a str) -> Result<Self, Rejection> {
        serde_json::from_str(object).map_err(|_| Rejection::Malformed)
    }

    /// Reads a bt dict. Keys must ascend.
    pub(crate) fn from_bt(dict: &'a [u8]) -> Result<Self, Rejection> {
        Self::read_dict(dict).map_err(|_| Rejection::Malformed)
    }

    fn read_dict(dict: &'a [u8]) -> Result<Self, session_bt::Error> {
        let mut dict = DictReader::new(dict)?;
        let mut take = |key| Ok(dict.raw_opt(key)?.map(Value::Bt));
        // In the order of the keys' bytes.
        let params = Self {
            data: take("data")?,
            expiry: take("expiry")?,
            last_hash_alias: take("lastHash")?,
            last_hash: take("last_hash")?,
            max_count: take("max_count")?,
            max_size: take("max_size")?,
            namespace: take("namespace")?,
            pubkey_alias: take("pubKey")?,
            pubkey: take("pubkey")?,
            pubkey_ed25519: take("pubkey_ed25519")?,
            sig_timestamp: take("sig_timestamp")?,
            signature: take("signature")?,
            subaccount: take("subaccount")?,
            timestamp: take("timestamp")?,
            ttl: take("ttl")?,
        };
        dict.finish()?;
        Ok(params)
    }

    /// The account, by either name of the field.
    pub(crate) fn pubkey(&self, network: Network) -> Result<NetworkId, Rejection> {
        let value = one_of(("pubkey", self.pubkey), ("pubKey", self.pubkey_alias))?;
        required("pubkey", value, |value| value.network_id(network))
    }

    /// The namespace; absent is zero.
    pub(crate) fn namespace(&self) -> Result<Namespace, Rejection> {
        optional("namespace", self.namespace, Value::namespace).map(Option::unwrap_or_default)
    }

    /// The fields of a signed request.
    pub(crate) fn auth(&self, pubkey: &NetworkId) -> Result<Auth, Rejection> {
        let signature = required("signature", self.signature, Value::signature)?;
        let pubkey_ed25519 = optional("pubkey_ed25519", self.pubkey_ed25519, |value| {
            let key = value.key()?;
            (pubkey.prefix() == Prefix::Standard.byte()).then_some(key)
        })?;
        // An empty token is no token.
        if self
            .subaccount
            .is_some_and(|token| token.text().as_deref() != Some(""))
        {
            return Err(Rejection::Subaccount);
        }
        Ok(Auth {
            pubkey_ed25519,
            signature,
        })
    }
}

type Named<'a> = (&'static str, Option<Value<'a>>);

/// The value under one of two names of a field, not both.
pub(crate) fn one_of<'a>(
    (first, a): Named<'a>,
    (second, b): Named<'a>,
) -> Result<Option<Value<'a>>, Rejection> {
    if a.is_some() && b.is_some() {
        return Err(Rejection::Exclusive { first, second });
    }
    Ok(a.or(b))
}

pub(crate) fn optional<'a, T>(
    field: &'static str,
    value: Option<Value<'a>>,
    read: impl FnOnce(Value<'a>) -> Option<T>,
) -> Result<Option<T>, Rejection> {
    value
        .map(|value| read(value).ok_or(Rejection::Invalid { field }))
        .transpose()
}

pub(crate) fn required<'a, T>(
    field: &'static str,
    value: Option<Value<'a>>,
    read: impl FnOnce(Value<'a>) -> Option<T>,
) -> Result<T, Rejection> {
    optional(field, value, read)?.ok_or(Rejection::Missing { field })
}

//! Fields of requests and replies, not yet looked at, and how they are taken out.

use session_core::{Network, NetworkId, Prefix};

use crate::value::Value;
use crate::{Auth, Namespace, Rejection, Subaccount};

/// Declares a struct of fields that are absent or undecoded, and its readers for both encodings.
/// JSON `null` is absent; unknown keys are ignored, repeated known keys are an error. Names stand
/// in the ascending order of their bytes, in which bt has them.
macro_rules! fields {
    ($(#[$doc:meta])* $vis:vis $name:ident { $($key:literal => $field:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Default, serde::Deserialize)]
        #[serde(bound(deserialize = "'de: 'a"))]
        $vis struct $name<'a> {
            $(#[serde(rename = $key)] pub(crate) $field: Option<$crate::value::Value<'a>>,)*
        }

        impl<'a> $name<'a> {
            /// Reads an object or dict; `None` when it is none, or malformed.
            pub(crate) fn read(object: $crate::value::Value<'a>) -> Option<Self> {
                match object.object()? {
                    $crate::value::Value::Json(text) => serde_json::from_str(text).ok(),
                    $crate::value::Value::Bt(dict) => {
                        Self::read_dict(dict, $crate::value::Value::Bt).ok()
                    }
                    $crate::value::Value::BtBase64(dict) => {
                        Self::read_dict(dict, $crate::value::Value::BtBase64).ok()
                    }
                }
            }

            fn read_dict(
                dict: &'a [u8],
                value: impl Fn(&'a [u8]) -> $crate::value::Value<'a>,
            ) -> Result<Self, session_bt::Error> {
                let mut dict = session_bt::DictReader::new(dict)?;
                let fields = Self { $($field: dict.raw_opt($key)?.map(&value),)* };
                dict.finish()?;
                Ok(fields)
            }
        }
    };
}

pub(crate) use fields;

fields! {
    /// Every parameter that some method has.
    pub(crate) Params {
        "before" => before,
        "data" => data,
        "else" => otherwise,
        "endpoint" => endpoint,
        "expiry" => expiry,
        "extend" => extend,
        "if" => condition,
        "lastHash" => last_hash_alias,
        "last_hash" => last_hash,
        "max_count" => max_count,
        "max_size" => max_size,
        "messages" => messages,
        "namespace" => namespace,
        "params" => params,
        "pubKey" => pubkey_alias,
        "pubkey" => pubkey,
        "pubkey_ed25519" => pubkey_ed25519,
        "requests" => requests,
        "required" => required,
        "revoke" => revoke,
        "shorten" => shorten,
        "sig_timestamp" => sig_timestamp,
        "signature" => signature,
        "subaccount" => subaccount,
        "subaccount_sig" => subaccount_sig,
        "then" => then,
        "timestamp" => timestamp,
        "ttl" => ttl,
        "unrevoke" => unrevoke,
    }
}

impl<'a> Params<'a> {
    /// The account, by either name of the field.
    pub(crate) fn pubkey_or_alias(&self, network: Network) -> Result<NetworkId, Rejection> {
        let value = one_of(("pubkey", self.pubkey), ("pubKey", self.pubkey_alias))?;
        Self::account(value, network)
    }

    /// The account, by the one name that most methods know.
    pub(crate) fn pubkey(&self, network: Network) -> Result<NetworkId, Rejection> {
        Self::account(self.pubkey, network)
    }

    fn account(value: Option<Value<'a>>, network: Network) -> Result<NetworkId, Rejection> {
        let field = "pubkey";
        let value = value.ok_or(Rejection::Missing { field })?;
        value.network_id(network).ok_or(Rejection::Account)
    }

    /// The namespace; absent is zero.
    pub(crate) fn namespace(&self) -> Result<Namespace, Rejection> {
        optional("namespace", self.namespace, Value::namespace).map(Option::unwrap_or_default)
    }

    /// The namespace, or `None` for all; absent is zero.
    pub(crate) fn namespaces(&self) -> Result<Option<Namespace>, Rejection> {
        optional("namespace", self.namespace, Value::namespaces)
            .map(|namespaces| namespaces.unwrap_or(Some(Namespace::DIRECT)))
    }

    /// The fields of a signed request.
    pub(crate) fn auth(&self, pubkey: &NetworkId) -> Result<Auth, Rejection> {
        let mut auth = self.account_auth(pubkey)?;
        // An empty token is no token.
        let token = self
            .subaccount
            .filter(|token| token.text().as_deref() != Some(""));
        if token.is_some() {
            auth.subaccount = Some(Subaccount::new(
                required("subaccount", token, Value::token)?,
                required("subaccount_sig", self.subaccount_sig, Value::signature)?,
            ));
        }
        Ok(auth)
    }

    /// The fields of a request that only the account itself may sign. Others are not looked at.
    pub(crate) fn account_auth(&self, pubkey: &NetworkId) -> Result<Auth, Rejection> {
        let pubkey_ed25519 = optional("pubkey_ed25519", self.pubkey_ed25519, |value| {
            let key = value.key()?;
            (pubkey.prefix() == Prefix::Standard.byte()).then_some(key)
        })?;
        Ok(Auth {
            pubkey_ed25519,
            signature: required("signature", self.signature, Value::signature)?,
            subaccount: None,
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

//! Who signs a request, and with which key.

use alloc::vec::Vec;

use session_core::{NetworkId, Prefix, UnixMillis};
use session_crypto::ed25519::{PublicKey, Signature, SigningKey};

use crate::payload::Payload;
use crate::write::ObjectWriter;
use crate::{Access, Error, Namespace, Subaccount, SubaccountKey, Token};

/// A key that signs requests.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Signer<'k> {
    /// The account's own key.
    Account(&'k SigningKey),
    /// A key that the account has given a token.
    Subaccount(&'k SubaccountKey),
}

impl<'k> From<&'k SigningKey> for Signer<'k> {
    fn from(key: &'k SigningKey) -> Self {
        Self::Account(key)
    }
}

impl<'k> From<&'k SubaccountKey> for Signer<'k> {
    fn from(key: &'k SubaccountKey) -> Self {
        Self::Subaccount(key)
    }
}

/// The fields that prove who made a request (spec 04 §4.1, §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Auth {
    /// The account's Ed25519 key as sent; only with prefix 05, whose id holds an X25519 key.
    pub pubkey_ed25519: Option<[u8; 32]>,
    /// Signature of the request's payload. Not verified by parsing.
    pub signature: Signature,
    /// The token of the subaccount that signed, if it was not the account itself.
    pub subaccount: Option<Subaccount>,
}

/// A signature that holds for a short time only, as `store` and `retrieve` have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedAt {
    /// When it was made. Nodes accept 60 s to either side (spec 04 §4.5).
    pub at: UnixMillis,
    /// The signature and its key.
    pub auth: Auth,
}

impl SignedAt {
    /// Signs a method with namespace and time for the account.
    ///
    /// # Errors
    /// As [`Auth::sign`].
    pub(crate) fn sign(
        pubkey: &NetworkId,
        method: &str,
        (namespace, needed): (Namespace, Access),
        at: UnixMillis,
        signer: Signer<'_>,
    ) -> Result<Self, Error> {
        let auth = Auth::sign(
            pubkey,
            &payload(method, namespace, at),
            Some(needed),
            signer,
        )?;
        Ok(Self { at, auth })
    }

    /// What is signed.
    pub(crate) fn payload(&self, method: &str, namespace: Namespace) -> Vec<u8> {
        payload(method, namespace, self.at)
    }
}

/// The payload of a method with namespace and time (spec 04 §4.2).
fn payload(method: &str, namespace: Namespace, at: UnixMillis) -> Vec<u8> {
    Payload::of(method)
        .namespaces(Some(namespace))
        .number(at.as_millis())
        .finish()
}

impl Auth {
    /// Signs `payload` for the account.
    ///
    /// # Errors
    /// [`Error::WrongKey`] when the key is not the account's, or is a subaccount's that may not do
    /// what is `needed`: no node would accept it.
    pub(crate) fn sign(
        pubkey: &NetworkId,
        payload: &[u8],
        needed: Option<Access>,
        signer: Signer<'_>,
    ) -> Result<Self, Error> {
        let (account, signature, subaccount) = match signer {
            Signer::Account(key) => (*key.public().as_bytes(), key.sign(payload), None),
            Signer::Subaccount(key) => (
                *key.account().as_bytes(),
                key.sign(payload),
                Some(key.subaccount()),
            ),
        };
        let standard = pubkey.prefix() == Prefix::Standard.byte();
        let auth = Self {
            pubkey_ed25519: standard.then_some(account),
            signature,
            subaccount,
        };
        // The account's own key is checked without the cost of verifying what was just signed.
        let fits = verification_key(pubkey, auth.pubkey_ed25519.as_ref())
            .is_some_and(|key| *key.as_bytes() == account);
        let allowed = auth.subaccount.is_none_or(|subaccount| {
            let access = subaccount.token.access();
            needed.is_some_and(|needed| access.allows(needed))
                && (subaccount.token.prefix() == pubkey.prefix()
                    || access.allows(Access::ANY_PREFIX))
        });
        if fits && allowed {
            Ok(auth)
        } else {
            Err(Error::WrongKey)
        }
    }

    /// Whether this is a signature of `payload` by the account, or by a subaccount that may do
    /// what is `needed` and is not revoked (spec 04 §4.4).
    pub(crate) fn verifies(
        &self,
        pubkey: &NetworkId,
        payload: &[u8],
        needed: Option<Access>,
        is_revoked: impl FnOnce(&Token) -> bool,
    ) -> bool {
        let Some(account) = verification_key(pubkey, self.pubkey_ed25519.as_ref()) else {
            return false;
        };
        let key = match (&self.subaccount, needed) {
            (Some(subaccount), Some(needed)) => {
                let revoked = is_revoked(&subaccount.token);
                subaccount.check(pubkey.prefix(), &account, needed, revoked)
            }
            _ => Ok(account),
        };
        key.is_ok_and(|key| key.verify(payload, &self.signature).is_ok())
    }

    /// Writes the account and its key.
    pub(crate) fn write_account(&self, pubkey: &NetworkId, params: &mut ObjectWriter<'_>) {
        params.hex("pubkey", pubkey.as_bytes());
        if let Some(key) = &self.pubkey_ed25519 {
            params.hex("pubkey_ed25519", key);
        }
    }

    /// Writes the signature and the token.
    pub(crate) fn write_signature(&self, params: &mut ObjectWriter<'_>) {
        params.base64("signature", self.signature.as_bytes());
        if let Some(Subaccount { token, signature }) = &self.subaccount {
            params
                .base64("subaccount", token.as_bytes())
                .base64("subaccount_sig", signature.as_bytes());
        }
    }
}

/// The key that an account's signatures verify with (spec 04 §4.1).
fn verification_key(pubkey: &NetworkId, pubkey_ed25519: Option<&[u8; 32]>) -> Option<PublicKey> {
    let Some(bytes) = pubkey_ed25519 else {
        return PublicKey::from_bytes(&pubkey.key_bytes()).ok();
    };
    let key = PublicKey::from_bytes(bytes).ok()?;
    let converted = key.to_x25519().ok()?;
    (*converted.as_bytes() == pubkey.key_bytes()).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(&[seed; 32])
    }

    fn id(prefix: u8, key: &[u8; 32]) -> NetworkId {
        let mut id = [prefix; 33];
        id[1..].copy_from_slice(key);
        id.into()
    }

    fn sign(account: &NetworkId, key: &SigningKey) -> Result<Auth, Error> {
        Auth::sign(account, b"payload", None, key.into())
    }

    fn verifies(auth: &Auth, account: &NetworkId, payload: &[u8]) -> bool {
        auth.verifies(account, payload, None, |_| panic!("no subaccount"))
    }

    #[test]
    fn only_the_key_of_the_account_signs() {
        let standard = id(5, key(1).to_x25519().public().as_bytes());
        let group = id(3, key(1).public().as_bytes());
        for account in [standard, group] {
            let auth = sign(&account, &key(1)).unwrap();
            assert_eq!(auth.pubkey_ed25519.is_some(), account == standard);
            assert!(verifies(&auth, &account, b"payload"));
            assert!(!verifies(&auth, &account, b"payloae"));
            assert_eq!(sign(&account, &key(2)), Err(Error::WrongKey));
        }
    }

    #[test]
    fn a_foreign_key_beside_the_account_is_refused() {
        let standard = id(5, key(1).to_x25519().public().as_bytes());
        let foreign = Auth {
            pubkey_ed25519: Some(*key(2).public().as_bytes()),
            signature: key(2).sign(b"payload"),
            subaccount: None,
        };
        assert!(!verifies(&foreign, &standard, b"payload"));
        let no_point = Auth {
            pubkey_ed25519: Some([0xff; 32]),
            ..foreign
        };
        assert!(!verifies(&no_point, &standard, b"payload"));
    }
}

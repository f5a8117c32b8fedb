//! Who signs a request, and with which key.

use alloc::string::String;
use core::fmt::Write;

use session_core::{NetworkId, Prefix, UnixMillis};
use session_crypto::ed25519::{PublicKey, Signature, SigningKey};

use crate::json::ObjectWriter;
use crate::{Error, Namespace};

/// The fields that prove who made a request (spec 04 §4.1, §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Auth {
    /// The account's Ed25519 key as sent; only with prefix 05, whose id holds an X25519 key.
    pub pubkey_ed25519: Option<[u8; 32]>,
    /// Signature of the request's payload. Not verified by parsing.
    pub signature: Signature,
}

/// A signature that holds for a short time only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signed {
    /// When it was made. Nodes accept 60 s to either side (spec 04 §4.5).
    pub at: UnixMillis,
    /// The signature and its key.
    pub auth: Auth,
}

impl Signed {
    /// Signs a method with namespace and time for the account.
    ///
    /// # Errors
    /// As [`Auth::sign`].
    pub(crate) fn sign(
        pubkey: &NetworkId,
        method: &str,
        namespace: Namespace,
        at: UnixMillis,
        key: &SigningKey,
    ) -> Result<Self, Error> {
        let auth = Auth::sign(pubkey, &payload(method, namespace, at), key)?;
        Ok(Self { at, auth })
    }

    /// What is signed.
    pub(crate) fn payload(&self, method: &str, namespace: Namespace) -> String {
        payload(method, namespace, self.at)
    }
}

/// The payload of a method with namespace and time (spec 04 §4.2).
fn payload(method: &str, namespace: Namespace, at: UnixMillis) -> String {
    let mut payload = String::from(method);
    payload.push_str(&namespace.signed_text());
    // Writing to a String cannot fail.
    let _ = write!(payload, "{at}");
    payload
}

impl Auth {
    /// Signs `payload` for the account.
    ///
    /// # Errors
    /// [`Error::WrongKey`] when the key is not the account's: no node would accept it.
    pub(crate) fn sign(pubkey: &NetworkId, payload: &str, key: &SigningKey) -> Result<Self, Error> {
        let pubkey_ed25519 =
            (pubkey.prefix() == Prefix::Standard.byte()).then(|| *key.public().as_bytes());
        if verification_key(pubkey, pubkey_ed25519.as_ref()).as_ref() != Some(key.public()) {
            return Err(Error::WrongKey);
        }
        Ok(Self {
            pubkey_ed25519,
            signature: key.sign(payload.as_bytes()),
        })
    }

    /// Whether this is the account's signature of `payload`.
    pub(crate) fn verifies(&self, pubkey: &NetworkId, payload: &str) -> bool {
        verification_key(pubkey, self.pubkey_ed25519.as_ref())
            .is_some_and(|key| key.verify(payload.as_bytes(), &self.signature).is_ok())
    }

    pub(crate) fn write_json(&self, params: &mut ObjectWriter<'_>) {
        if let Some(key) = &self.pubkey_ed25519 {
            params.hex("pubkey_ed25519", key);
        }
        params.base64("signature", self.signature.as_bytes());
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

    #[test]
    fn only_the_key_of_the_account_signs() {
        let standard = id(5, key(1).to_x25519().public().as_bytes());
        let group = id(3, key(1).public().as_bytes());
        for account in [standard, group] {
            let auth = Auth::sign(&account, "payload", &key(1)).unwrap();
            assert_eq!(auth.pubkey_ed25519.is_some(), account == standard);
            assert!(auth.verifies(&account, "payload"));
            assert!(!auth.verifies(&account, "payloae"));
            assert_eq!(
                Auth::sign(&account, "payload", &key(2)),
                Err(Error::WrongKey)
            );
        }
    }

    #[test]
    fn a_foreign_key_beside_the_account_is_refused() {
        let standard = id(5, key(1).to_x25519().public().as_bytes());
        let foreign = Auth {
            pubkey_ed25519: Some(*key(2).public().as_bytes()),
            signature: key(2).sign(b"payload"),
        };
        assert!(!foreign.verifies(&standard, "payload"));
        let no_point = Auth {
            pubkey_ed25519: Some([0xff; 32]),
            ..foreign
        };
        assert!(!no_point.verifies(&standard, "payload"));
    }
}

//! The protocol that the apps of April 2026 speak with their backend (spec 12 §6): proofs of
//! [`Format::A`](crate::pro::Format::A).
//!
//! Legacy: new code speaks what is in [`backend`](super). Signed are hashes, of parts with nothing
//! between them: payment id and order id of Google run together, so that (`ab`, `c`) and (`a`,
//! `bc`) have one signature.

use alloc::string::{String, ToString};
use core::fmt;

use serde_json::{Value, json};
use session_core::{UnixMillis, hex};
use session_crypto::{blake2b, ed25519};
use session_identity::pro::MasterKey;

mod reply;

pub use reply::{AccountReply, AccountStatus, Payment, PaymentStatus, ProofReply, Reply};

/// The only version of the protocol.
const VERSION: u8 = 0;

/// How a subscription was paid for.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Purchase<'a> {
    /// On Google Play.
    GooglePlay {
        /// The purchase token.
        token: &'a str,
        /// The order.
        order_id: &'a str,
    },
    /// In Apple's App Store.
    AppStore {
        /// The transaction.
        transaction_id: &'a str,
    },
    /// At Rangeproof. The names of its members in the body are not specified: the body has the
    /// number of the provider only, and no backend will take it.
    Rangeproof {
        /// The payment.
        payment_id: &'a str,
    },
}

impl<'a> Purchase<'a> {
    /// The provider's number, the payment's id, and Google's order.
    const fn parts(self) -> (u8, &'a str, &'a str) {
        match self {
            Self::GooglePlay { token, order_id } => (1, token, order_id),
            Self::AppStore { transaction_id } => (2, transaction_id, ""),
            Self::Rangeproof { payment_id } => (3, payment_id, ""),
        }
    }

    fn to_json(self) -> Value {
        let (provider, ..) = self.parts();
        match self {
            Self::GooglePlay { token, order_id } => json!({
                "provider": provider,
                "google_payment_token": token,
                "google_order_id": order_id,
            }),
            Self::AppStore { transaction_id } => json!({
                "provider": provider,
                "apple_tx_id": transaction_id,
            }),
            Self::Rangeproof { .. } => json!({"provider": provider}),
        }
    }
}

/// Shows the store only.
impl fmt::Debug for Purchase<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GooglePlay { .. } => "GooglePlay(..)",
            Self::AppStore { .. } => "AppStore(..)",
            Self::Rangeproof { .. } => "Rangeproof(..)",
        })
    }
}

/// A request: POST [`body`](Self::body) to `<base URL>/<endpoint>`, as `application/json`.
///
/// Where it is signed, the body has the account's Pro master key: send it to nobody else.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    endpoint: &'static str,
    hash: Option<[u8; 32]>,
    body: String,
}

impl Request {
    /// Reports a purchase, and asks for a proof that names `rotating_key`. Answered by a
    /// [`ProofReply`].
    #[must_use]
    pub fn add_payment(
        master: &MasterKey,
        rotating_key: &ed25519::SigningKey,
        purchase: Purchase<'_>,
    ) -> Self {
        let (provider, payment_id, order_id) = purchase.parts();
        let hash = hash(
            b"ProAddPayment___",
            master,
            &[
                rotating_key.public().as_bytes(),
                &[provider],
                payment_id.as_bytes(),
                order_id.as_bytes(),
            ],
        );
        let members = json!({"payment_tx": purchase.to_json()});
        Self::signed("add_pro_payment", hash, master, Some(rotating_key), members)
    }

    /// Asks for a proof that names `rotating_key`. Answered by a [`ProofReply`].
    #[must_use]
    pub fn proof(master: &MasterKey, rotating_key: &ed25519::SigningKey, now: UnixMillis) -> Self {
        let hash = hash(
            b"ProGenerateProof",
            master,
            &[
                rotating_key.public().as_bytes(),
                &now.as_millis().to_le_bytes(),
            ],
        );
        let members = json!({"unix_ts_ms": now.as_millis()});
        Self::signed(
            "generate_pro_proof",
            hash,
            master,
            Some(rotating_key),
            members,
        )
    }

    /// Asks for the account's state and up to `count` payments. Answered by an [`AccountReply`].
    #[must_use]
    pub fn account(master: &MasterKey, count: u32, now: UnixMillis) -> Self {
        let hash = hash(
            b"ProGetProDetReq_",
            master,
            &[&now.as_millis().to_le_bytes(), &count.to_le_bytes()],
        );
        let members = json!({"unix_ts_ms": now.as_millis(), "count": count});
        Self::signed("get_pro_details", hash, master, None, members)
    }

    /// Reports that the user has asked the store for the money back, at the time `requested`.
    #[must_use]
    pub fn refund_requested(
        master: &MasterKey,
        purchase: Purchase<'_>,
        requested: UnixMillis,
        now: UnixMillis,
    ) -> Self {
        let (provider, payment_id, order_id) = purchase.parts();
        let hash = hash(
            b"ProSetRefundReq_",
            master,
            &[
                &now.as_millis().to_le_bytes(),
                &requested.as_millis().to_le_bytes(),
                &[provider],
                payment_id.as_bytes(),
                order_id.as_bytes(),
            ],
        );
        let members = json!({
            "unix_ts_ms": now.as_millis(),
            "refund_requested_unix_ts_ms": requested.as_millis(),
            "payment_tx": purchase.to_json(),
        });
        Self::signed("set_payment_refund_requested", hash, master, None, members)
    }

    /// Asks for revocations. Tells nothing of the account. Answered by
    /// [`RevocationReply::read_legacy`](crate::pro::RevocationReply::read_legacy).
    #[must_use]
    pub fn revocations(ticket: u32) -> Self {
        Self {
            endpoint: "get_pro_revocations",
            hash: None,
            body: json!({"version": VERSION, "ticket": ticket}).to_string(),
        }
    }

    fn signed(
        endpoint: &'static str,
        hash: [u8; 32],
        master: &MasterKey,
        rotating_key: Option<&ed25519::SigningKey>,
        mut members: Value,
    ) -> Self {
        if let Some(members) = members.as_object_mut() {
            let mut insert = |name: &str, value: Value| members.insert(name.into(), value);
            insert("version", VERSION.into());
            for (key, public, signature) in [
                (Some(master.key()), "master_pkey", "master_sig"),
                (rotating_key, "rotating_pkey", "rotating_sig"),
            ] {
                if let Some(key) = key {
                    insert(public, hex::encode(key.public().as_bytes()).into());
                    insert(signature, super::request::signature(key, &hash).into());
                }
            }
        }
        Self {
            endpoint,
            hash: Some(hash),
            body: members.to_string(),
        }
    }

    /// What is appended to the backend's URL, behind a slash.
    #[must_use]
    pub const fn endpoint(&self) -> &'static str {
        self.endpoint
    }

    /// What the signatures in the body are over, if there are any.
    #[must_use]
    pub const fn hash(&self) -> Option<&[u8; 32]> {
        self.hash.as_ref()
    }

    /// The body, in JSON.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }
}

/// Shows the endpoint only.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

/// What is signed: the hash of version, master key and the other parts.
fn hash<const N: usize>(personal: &[u8; 16], master: &MasterKey, parts: &[&[u8]; N]) -> [u8; 32] {
    let mut all: alloc::vec::Vec<&[u8]> = alloc::vec![&[VERSION], master.key().public().as_bytes()];
    all.extend(parts);
    blake2b::hash_personal(personal, &all)
}

#[cfg(test)]
mod tests;

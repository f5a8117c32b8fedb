//! What clients ask the backend (spec 12 §5.1).

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use serde_json::{Value, json};
use session_core::{UnixMillis, hex};
use session_crypto::ed25519;
use session_identity::pro::MasterKey;

/// How far the time of a request may be off before the backend refuses it: 70 s.
pub const MAX_CLOCK_ERROR: Duration = Duration::from_secs(70);

/// A request: POST [`body`](Self::body) to `<base URL>/<endpoint>`, as `application/json`.
///
/// Where it is signed, the body has the account's Pro master key: send it to nobody else.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    endpoint: &'static str,
    body: String,
    signed: Option<Vec<u8>>,
}

impl Request {
    /// Asks for a proof that names `rotating_key`; it also claims payments that wait for the
    /// account. Normally that key is [`MasterKey::rotating_key`] of now, which all devices of the
    /// account share; any other works. Answered by a [`ProofReply`](super::ProofReply).
    #[must_use]
    pub fn proof(master: &MasterKey, rotating_key: &ed25519::SigningKey, now: UnixMillis) -> Self {
        let signed = signed_message(
            b"ProGenerateProof",
            &[
                Field::Raw(master.key().public().as_bytes()),
                Field::Raw(rotating_key.public().as_bytes()),
                Field::Integer(now.as_secs()),
            ],
        );
        let body = json!({
            "master_pkey": hex::encode(master.key().public().as_bytes()),
            "rotating_pkey": hex::encode(rotating_key.public().as_bytes()),
            "ts": now.as_secs(),
            "master_sig": signature(master.key(), &signed),
            "rotating_sig": signature(rotating_key, &signed),
        });
        Self::new("generate_pro_proof", &body, Some(signed))
    }

    /// Asks whether the account has a subscription. Answered by an
    /// [`AccountReply`](super::AccountReply).
    #[must_use]
    pub fn account(master: &MasterKey, now: UnixMillis) -> Self {
        let signed = signed_message(
            b"ProGetProStatus_",
            &[
                Field::Raw(master.key().public().as_bytes()),
                Field::Integer(now.as_secs()),
            ],
        );
        let body = json!({
            "master_pkey": hex::encode(master.key().public().as_bytes()),
            "master_sig": signature(master.key(), &signed),
            "ts": now.as_secs(),
        });
        Self::new("get_pro_status", &body, Some(signed))
    }

    /// Asks for up to `limit` payments of the account: the newest, or those behind the
    /// [`next_cursor`](super::PaymentsReply::next_cursor) of another page. Answered by a
    /// [`PaymentsReply`](super::PaymentsReply).
    #[must_use]
    pub fn payments(master: &MasterKey, limit: u32, cursor: Option<&str>, now: UnixMillis) -> Self {
        // No cursor is an empty one.
        let before = cursor.unwrap_or_default();
        let signed = signed_message(
            b"ProGetPayDetails",
            &[
                Field::Raw(master.key().public().as_bytes()),
                Field::Integer(now.as_secs()),
                Field::Integer(limit.into()),
                Field::Text(before),
            ],
        );
        let body = json!({
            "master_pkey": hex::encode(master.key().public().as_bytes()),
            "master_sig": signature(master.key(), &signed),
            "ts": now.as_secs(),
            "limit": limit,
            "before": before,
        });
        Self::new("get_payment_details", &body, Some(signed))
    }

    /// Asks for revocations, with the [`ticket`](crate::pro::Revocations::ticket) of what is
    /// known. Tells nothing of the account. Answered by a
    /// [`RevocationReply`](crate::pro::RevocationReply).
    #[must_use]
    pub fn revocations(ticket: u64) -> Self {
        Self::new("get_pro_revocations", &json!({"ticket": ticket}), None)
    }

    /// Asks which backend it is. The body is empty. Answered by a
    /// [`BackendInfo`](super::BackendInfo).
    #[must_use]
    pub const fn backend_info() -> Self {
        Self {
            endpoint: "status",
            body: String::new(),
            signed: None,
        }
    }

    fn new(endpoint: &'static str, body: &Value, signed: Option<Vec<u8>>) -> Self {
        Self {
            endpoint,
            body: body.to_string(),
            signed,
        }
    }

    /// What is appended to the backend's URL, behind a slash.
    #[must_use]
    pub const fn endpoint(&self) -> &'static str {
        self.endpoint
    }

    /// The body: JSON, or nothing.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// What the signatures in the body are over, if there are any.
    #[must_use]
    pub fn signed_bytes(&self) -> Option<&[u8]> {
        self.signed.as_deref()
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

pub(super) fn signature(key: &ed25519::SigningKey, message: &[u8]) -> String {
    hex::encode(key.sign(message).as_bytes())
}

/// A field of a signed message.
#[derive(Clone, Copy)]
enum Field<'a> {
    /// Bytes whose length is known.
    Raw(&'a [u8]),
    /// A number, in decimal.
    Integer(u64),
    /// A text.
    Text(&'a str),
}

/// Domain and fields, with a zero byte between neighbours whose length is not known (spec 12
/// §5.1).
fn signed_message(domain: &[u8; 16], fields: &[Field<'_>]) -> Vec<u8> {
    let mut message = domain.to_vec();
    let mut is_behind_variable = false;
    for field in fields {
        let is_variable = !matches!(field, Field::Raw(_));
        if is_behind_variable && is_variable {
            message.push(0);
        }
        is_behind_variable = is_variable;
        match field {
            Field::Raw(bytes) => message.extend_from_slice(bytes),
            Field::Integer(number) => message.extend_from_slice(number.to_string().as_bytes()),
            Field::Text(text) => message.extend_from_slice(text.as_bytes()),
        }
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use proptest::prelude::*;

    const NOW: UnixMillis = UnixMillis::from_millis(1_700_000_000_999);

    fn master() -> MasterKey {
        MasterKey::from_secret(&[1; 32]).unwrap()
    }

    fn member<'a>(body: &'a Value, name: &str) -> &'a str {
        body[name].as_str().unwrap()
    }

    fn verifies(request: &Request, key: &ed25519::SigningKey, by: &str) {
        let body: Value = serde_json::from_str(request.body()).unwrap();
        let signature = hex::decode_array("signature", member(&body, by)).unwrap();
        let signature = ed25519::Signature::from_bytes(signature);
        let signed = request.signed_bytes().unwrap();
        key.public().verify(signed, &signature).unwrap();
    }

    #[test]
    fn zero_bytes_stand_between_variable_fields_only() {
        use Field::{Integer, Raw, Text};
        let message = |fields: &[Field<'_>]| signed_message(&[b'd'; 16], fields)[16..].to_vec();
        assert_eq!(message(&[]), b"");
        assert_eq!(message(&[Raw(b"ab"), Raw(b"c")]), b"abc");
        assert_eq!(message(&[Raw(b"ab"), Integer(7), Raw(b"c")]), b"ab7c");
        assert_eq!(message(&[Integer(0), Integer(10)]), b"0\x0010");
        assert_eq!(message(&[Integer(1), Text(""), Text("x")]), b"1\0\0x");
        assert_eq!(message(&[Integer(1), Raw(b""), Integer(2)]), b"12");
    }

    proptest! {
        #[test]
        fn cursors_are_told_apart(limits: [u32; 2], cursors in ["[0-9]{0,3}", "[0-9]{0,3}"]) {
            let [one, two] = [0, 1]
                .map(|n| Request::payments(&master(), limits[n], Some(&cursors[n]), NOW));
            let same = limits[0] == limits[1] && cursors[0] == cursors[1];
            prop_assert_eq!(one.signed_bytes() == two.signed_bytes(), same);
        }

        #[test]
        fn any_cursor_is_carried(cursor: String) {
            let request = Request::payments(&master(), 5, Some(&cursor), NOW);
            let body: Value = serde_json::from_str(request.body()).unwrap();
            prop_assert_eq!(member(&body, "before"), cursor);
        }
    }

    #[test]
    fn requests_are_signed() {
        let (master, rotating) = (master(), ed25519::SigningKey::from_seed(&[2; 32]));
        let proof = Request::proof(&master, &rotating, NOW);
        verifies(&proof, master.key(), "master_sig");
        verifies(&proof, &rotating, "rotating_sig");
        let body: Value = serde_json::from_str(proof.body()).unwrap();
        assert_eq!(body["ts"], 1_700_000_000);
        verifies(&Request::account(&master, NOW), master.key(), "master_sig");
        let payments = Request::payments(&master, 10, None, NOW);
        verifies(&payments, master.key(), "master_sig");
        assert_eq!(payments.signed_bytes().unwrap().last(), Some(&0));
    }

    #[test]
    fn unsigned_requests_name_nobody() {
        let revocations = Request::revocations(7);
        assert_eq!(revocations.endpoint(), "get_pro_revocations");
        assert_eq!(revocations.body(), r#"{"ticket":7}"#);
        assert_eq!(revocations.signed_bytes(), None);
        let info = Request::backend_info();
        assert_eq!((info.endpoint(), info.body()), ("status", ""));
        assert_eq!(info.signed_bytes(), None);
    }

    #[test]
    fn debug_shows_the_endpoint_only() {
        let request = Request::account(&master(), NOW);
        let shown = format!("{request:?}");
        assert_eq!(shown, r#"Request { endpoint: "get_pro_status", .. }"#);
    }
}

//! `identity-sogs-*`, `identity-blind-version`: signed HTTP requests (spec 01 §8.6, §9).

use serde_json::{Value, json};
use session_core::UnixMillis;
use session_identity::community_auth::{self, HeaderTexts, Headers, Signer};
use session_identity::{Request, version_check};

use crate::blinding::{account, server};
use crate::case::{Accept, CaseError, Replay, Suite, bytes, hex, optional_bytes, text, unsigned};

pub(crate) const SUITES: &[(&str, Suite)] = &[
    ("identity-blind-version", blind_version),
    ("identity-sogs-auth", sogs_auth),
    ("identity-sogs-auth-verify", sogs_auth_verify),
];

/// The nonce of some apps is verified and never produced.
pub(crate) const ACCEPTED: &[(&str, &str, Accept)] =
    &[("identity-sogs-auth", "alt_signature", alternative_signature)];

/// Runs `with` on the request of a case.
fn with_request<T>(
    case: &Value,
    with: impl FnOnce(&Request<'_>) -> Result<T, CaseError>,
) -> Result<T, CaseError> {
    let body = optional_bytes(case, "body").unwrap_or_default();
    with(&Request::new(
        text(case, "method"),
        text(case, "path"),
        &body,
    )?)
}

fn seconds(case: &Value, field: &str) -> UnixMillis {
    UnixMillis::from_secs(unsigned(case, field))
}

fn blind_version(case: &Value) -> Result<Value, CaseError> {
    let key = account(case)?.version_check_key();
    let at = seconds(case, "timestamp");
    with_request(case, |request| {
        // What servers do not accept, requests with a body, the vectors have all the same.
        let signature = key.key().sign(&version_check::signed_bytes(request, at));
        if let Ok(signed) = key.sign(request, at) {
            assert_eq!(signed, signature);
        }
        Ok(json!({
            "derived_seed": hex(key.key().expose_seed()),
            "pk": hex(key.key().public().as_bytes()),
            "id": key.id().to_hex(),
            "to_sign": hex(version_check::signed_bytes(request, at)),
            "sig": hex(signature.as_bytes()),
        }))
    })
}

fn sogs_auth(case: &Value) -> Result<Value, CaseError> {
    let (account, server) = (account(case)?, server(case)?);
    let nonce = bytes(case, "nonce");
    let nonce = <[u8; 16]>::try_from(nonce).map_err(|_| CaseError::Failed("nonce".to_owned()))?;
    let at = seconds(case, "timestamp");
    let blinded = account.blind15(&server);
    let signer = match case["blinded"].as_bool().unwrap() {
        true => Signer::Blinded(&blinded),
        false => Signer::Unblinded(&account),
    };
    with_request(case, |request| {
        let to_sign = community_auth::signed_bytes(request, &server, &nonce, at);
        let headers = Headers::sign(request, signer, &server, at, &mut Replay(&nonce));
        let [pubkey, nonce, timestamp, signature] = headers.to_texts().map(|(_, value)| value);
        Ok(json!({
            "to_sign": hex(to_sign),
            "pubkey": pubkey,
            "nonce": nonce,
            "timestamp": timestamp,
            "signature": signature,
        }))
    })
}

fn alternative_signature(case: &Value, got: &Value, signature: &Value) -> Result<(), CaseError> {
    if case["blinded"] == false && signature.is_null() {
        return Ok(()); // there is only one rule
    }
    let mut headers = got.clone();
    headers["signature"] = signature.clone();
    with_request(case, |request| {
        let headers = parse(&headers)?;
        headers.verify(request, &server(case)?, seconds(case, "timestamp"), true)?;
        Ok(())
    })
}

fn sogs_auth_verify(case: &Value) -> Result<Value, CaseError> {
    let require_blinding = case["require_blind"].as_bool().unwrap();
    with_request(case, |request| {
        let headers = parse(&case["headers"])?;
        let now = seconds(case, "now");
        let user = headers.verify(request, &server(case)?, now, require_blinding)?;
        Ok(json!({"user": user.to_hex()}))
    })
}

fn parse(headers: &Value) -> Result<Headers, CaseError> {
    let texts = HeaderTexts {
        pubkey: headers["pubkey"].as_str(),
        nonce: headers["nonce"].as_str(),
        timestamp: headers["timestamp"].as_str(),
        signature: headers["signature"].as_str(),
    };
    Headers::parse(&texts)?.ok_or_else(|| CaseError::Failed("anonymous".to_owned()))
}

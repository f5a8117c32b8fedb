//! `identity-blind*`: blinded pairs, ids and signatures (spec 01 §8).

use serde_json::{Value, json};
use session_core::AccountId;
use session_crypto::blinding::SigningKey;
use session_crypto::ed25519::{PublicKey, Signature};
use session_crypto::hazmat::blinded_scalar;
use session_identity::Account;
use session_identity::blinding::{
    Blinded15, Blinded15Ids, Blinded25, ServerKey, blind15_id, blind25_id, matches, unblind15,
    unblind15_id,
};
use session_identity::conversion::account_id;

use crate::case::{Accept, CaseError, Suite, bytes, hex, text, unhex};

pub(crate) const SUITES: &[(&str, Suite)] = &[
    ("identity-blind15", |case| {
        let pair = blinded15(case)?;
        Ok(pair_out(pair.key(), pair.id()))
    }),
    ("identity-blind25", |case| {
        let pair = blinded25(case)?;
        Ok(pair_out(pair.key(), pair.id()))
    }),
    ("identity-blind15-id", ids15),
    ("identity-blind25-id", id25),
    ("identity-blind15-sign", |case| {
        Ok(signature_out(blinded15(case)?.key(), case))
    }),
    ("identity-blind25-sign", |case| {
        Ok(signature_out(blinded25(case)?.key(), case))
    }),
    ("identity-blind-match", blind_match),
    ("identity-blind15-unblind", unblind),
];

/// The nonce of some apps is verified and never produced.
pub(crate) const ACCEPTED: &[(&str, &str, Accept)] =
    &[("identity-blind15-sign", "alt_sig", |case, _, signature| {
        let signature = Signature::from_slice(&unhex(signature.as_str().unwrap()))?;
        let pair = blinded15(case)?;
        Ok(pair
            .key()
            .public()
            .verify(&bytes(case, "msg"), &signature)?)
    })];

pub(crate) fn account(case: &Value) -> Result<Account, CaseError> {
    Ok(Account::from_secret(&bytes(case, "sk"))?)
}

pub(crate) fn server(case: &Value) -> Result<ServerKey, CaseError> {
    Ok(ServerKey::from_slice(&bytes(case, "server_pk"))?)
}

fn id(case: &Value, field: &str) -> Result<AccountId, CaseError> {
    Ok(text(case, field).parse()?)
}

/// The pair, after a look at it from outside.
fn blinded15(case: &Value) -> Result<Blinded15, CaseError> {
    let (account, server) = (account(case)?, server(case)?);
    let pair = account.blind15(&server);
    assert_eq!(pair.id(), blind15_id(account.ed25519_key(), &server)?);
    assert!(matches(&account.id(), &pair.id(), &server)?);
    assert_eq!(unblind15_id(&pair.id(), &server)?, account.id());
    Ok(pair)
}

fn blinded25(case: &Value) -> Result<Blinded25, CaseError> {
    let (account, server) = (account(case)?, server(case)?);
    let pair = account.blind25(&server);
    assert_eq!(pair.id(), blind25_id(&account.id(), &server)?);
    assert!(matches(&account.id(), &pair.id(), &server)?);
    Ok(pair)
}

fn pair_out(pair: &SigningKey, id: AccountId) -> Value {
    json!({
        "k": hex(pair.factor().to_bytes()),
        "blinded_sk": hex(blinded_scalar(pair)),
        "blinded_pk": hex(pair.public().as_bytes()),
        "blinded_id": id.to_hex(),
    })
}

fn signature_out(pair: &SigningKey, case: &Value) -> Value {
    let public: &PublicKey = pair.public();
    let signature = pair.sign(&bytes(case, "msg"));
    json!({"blinded_pk": hex(public.as_bytes()), "sig": hex(signature.as_bytes())})
}

fn ids15(case: &Value) -> Result<Value, CaseError> {
    let ids = Blinded15Ids::new(&id(case, "account_id")?, &server(case)?)?;
    Ok(json!({
        "id_from_positive": ids.from_positive().to_hex(),
        "id_other": ids.other().to_hex(),
        "id_abs": ids.abs().to_hex(),
    }))
}

fn id25(case: &Value) -> Result<Value, CaseError> {
    let id = blind25_id(&id(case, "account_id")?, &server(case)?)?;
    Ok(json!({"id": id.to_hex()}))
}

fn blind_match(case: &Value) -> Result<Value, CaseError> {
    let (account, blinded) = (id(case, "account_id")?, id(case, "blinded_id")?);
    Ok(json!({"match": matches(&account, &blinded, &server(case)?)?}))
}

fn unblind(case: &Value) -> Result<Value, CaseError> {
    let key = unblind15(&id(case, "blinded_id")?, &server(case)?)?;
    Ok(json!({"ed25519_pk": hex(key.as_bytes()), "account_id": account_id(&key)?.to_hex()}))
}

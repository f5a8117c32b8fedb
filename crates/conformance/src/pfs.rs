//! `v2-*`: ML-KEM and the keys that are expanded from a seed (spec 06 §2, §3).

use serde_json::{Value, json};
use session_crypto::hazmat::{self, encapsulate_with, expanded_decapsulation_key};
use session_crypto::mlkem768::{DecapsulationKey, EncapsulationKey};
use session_crypto::sha3::sha3_256;
use session_pfs::{Error, KeyPair, KeySeed};

use crate::case::{CaseError, Suite, array, bytes, hex, text};

pub(crate) const SUITES: &[(&str, Suite)] =
    &[("v2-mlkem768", mlkem768), ("v2-key-expansion", expansion)];

/// The class of an error, by the names of spec 06 §12 and 07 §13.
pub(crate) fn refused(class: &str) -> CaseError {
    CaseError::Failed(class.to_owned())
}

/// The class of an error of `session-pfs`, where it does not depend on the suite.
pub(crate) fn class(error: Error) -> CaseError {
    refused(match error {
        Error::LowOrder { .. } => "low_order",
        Error::MlKemKey { .. } => "invalid_mlkem_key",
        Error::Recipient => "bad_session_id",
        Error::NoKey => "no_pfs_key",
        Error::Signature { .. } => "bad_signature",
        Error::Malformed { .. } | Error::Length { .. } => "malformed",
        other => return CaseError::Failed(other.to_string()),
    })
}

fn expanded_hash(key: &DecapsulationKey) -> String {
    hex(sha3_256(&[&*expanded_decapsulation_key(key)]))
}

fn mlkem768(case: &Value) -> Result<Value, CaseError> {
    let key = || -> Result<_, CaseError> {
        let seed = [array::<32>(case, "d")?, array(case, "z")?].concat();
        let seed: [u8; 64] = seed.try_into().expect("two halves");
        Ok(DecapsulationKey::from_seed(&seed))
    };
    match text(case, "op") {
        "keygen" => {
            let key = key()?;
            Ok(json!({
                "ek": hex(key.public().as_bytes()),
                "dk_sha3_256": expanded_hash(&key),
            }))
        }
        "encaps" => {
            let key = EncapsulationKey::from_slice(&bytes(case, "ek"))
                .map_err(|_| refused("invalid_mlkem_key"))?;
            let (ciphertext, shared) = encapsulate_with(&key, &array(case, "m")?);
            Ok(json!({"ct": hex(ciphertext), "ss": hex(shared.expose_bytes())}))
        }
        "decaps" => {
            let shared = key()?.decapsulate(&array(case, "ct")?);
            Ok(json!({"ss": hex(shared.expose_bytes())}))
        }
        op => Err(CaseError::Failed(format!("unknown op {op}"))),
    }
}

fn expansion(case: &Value) -> Result<Value, CaseError> {
    let seed = KeySeed::from_slice(&bytes(case, "seed")).map_err(|_| refused("bad_length"))?;
    let pair = match text(case, "domain") {
        "account" => KeyPair::of_account_key(&seed),
        _ => KeyPair::of_device_key(&seed),
    };
    Ok(json!({
        "x25519_secret": hex(pair.x25519().expose_bytes()),
        "x25519_public": hex(pair.x25519().public().as_bytes()),
        "mlkem_seed": hex(hazmat::mlkem_seed(pair.mlkem())),
        "mlkem_public": hex(pair.mlkem().public().as_bytes()),
        "mlkem_secret_sha3_256": expanded_hash(pair.mlkem()),
        "key_indicator": hex(pair.indicator().as_bytes()),
    }))
}

//! `v2-account-pubkey`, `v2-send-choice`: published keys, and what a sender makes of them (spec 06
//! §4, §8).

use serde_json::{Value, json};
use session_core::{AccountId, UnixMillis};
use session_identity::Account;
use session_pfs::recipients::{Encryption, FetchNeed, FetchOutcome, KeyState};
use session_pfs::{KeyPair, KeySeed, read_publication, write_publication};

use crate::case::{CaseError, Replay, Suite, array, bytes, hex, text, unsigned};
use crate::pfs::{class, refused};

pub(crate) const SUITES: &[(&str, Suite)] = &[
    ("v2-account-pubkey", account_pubkey),
    ("v2-send-choice", send_choice),
];

fn account_pubkey(case: &Value) -> Result<Value, CaseError> {
    match text(case, "op") {
        "build" => {
            let account = Account::from_secret(&bytes(case, "account_seed"))?;
            let seed = KeySeed::from_bytes(array(case, "account_key_seed")?);
            let keys = KeyPair::of_account_key(&seed).public();
            let random = bytes(case, "z");
            let message =
                write_publication(&account, &keys, &mut Replay(&random)).map_err(class)?;
            // The last value, before the end of the dict.
            let signature = &message[message.len() - 65..message.len() - 1];
            Ok(json!({"signature": hex(signature), "message": hex(&message)}))
        }
        "verify" => {
            let id: AccountId = text(case, "session_id").parse()?;
            let keys = read_publication(&id, &bytes(case, "message")).map_err(class)?;
            Ok(json!({
                "x25519_public": hex(keys.x25519().as_bytes()),
                "mlkem_public": hex(keys.mlkem().as_bytes()),
            }))
        }
        op => Err(refused(&format!("unknown op {op}"))),
    }
}

fn send_choice(case: &Value) -> Result<Value, CaseError> {
    let time = |field: &str| UnixMillis::from_secs(unsigned(case, field));
    let optional = |field: &str| (!case[field].is_null()).then(|| time(field));
    let outcome = match case["fetch_outcome"].as_str() {
        None => None,
        Some("keys") => Some(FetchOutcome::Keys),
        Some("not_found") => Some(FetchOutcome::NotFound),
        Some("failed") => Some(FetchOutcome::Failed),
        Some(outcome) => return Err(refused(&format!("unknown outcome {outcome}"))),
    };
    let transition = case["transition"].as_bool().expect("a flag");
    let state = KeyState::at(optional("fetched_at"), optional("nak_at"), time("now"));
    let choice = state.choice(outcome, transition);
    Ok(json!({
        "state": match state {
            KeyState::Fresh => "fresh",
            KeyState::Stale => "stale",
            KeyState::Expired => "expired",
            KeyState::Nak => "nak",
            KeyState::Unknown => "none",
            other => return Err(refused(&format!("{other:?}"))),
        },
        "fetch": match choice.fetch {
            FetchNeed::No => "none",
            FetchNeed::Background => "background",
            FetchNeed::Blocking => "blocking",
            other => return Err(refused(&format!("{other:?}"))),
        },
        "encrypt": match choice.encrypt {
            Encryption::Pfs => "v2-pfs",
            Encryption::WithoutPfs => "v2-nopfs",
            Encryption::V1 => "v1",
            Encryption::Wait => "wait",
            other => return Err(refused(&format!("{other:?}"))),
        },
    }))
}

//! `envelope-group-update-sig`: what a group's admins sign (spec 05 §11.4).

use serde_json::{Value, json};
use session_core::{AccountId, Prefix, UnixMillis};
use session_crypto::ed25519::SigningKey;
use session_envelope::group_update::{GroupInfoChange, GroupMemberChange, Statement};

use crate::case::{CaseError, Suite, bytes, hex, list, text, unsigned};

pub(crate) const SUITES: &[(&str, Suite)] = &[("envelope-group-update-sig", sign)];

fn sign(case: &Value) -> Result<Value, CaseError> {
    let key = SigningKey::from_secret(&bytes(case, "group_seed"))?;
    let sent = UnixMillis::from_millis(unsigned(case, "timestamp_ms"));
    let number = || i32::try_from(unsigned(case, "type"));
    let unknown = |_| CaseError::Failed("unknown type".to_owned());
    let texts = |field| -> Vec<String> {
        let texts = list(case, field).iter();
        texts
            .map(|text| text.as_str().unwrap().to_owned())
            .collect()
    };
    let (invitee, members, hashes): (AccountId, _, _);
    let statement = match text(case, "kind") {
        "invite" => {
            invitee = text(case, "member_session_id").parse()?;
            Statement::Invite(&invitee)
        }
        "info-change" => {
            Statement::InfoChange(GroupInfoChange::try_from(number()?).map_err(unknown)?)
        }
        "member-change" => {
            Statement::MemberChange(GroupMemberChange::try_from(number()?).map_err(unknown)?)
        }
        "delete-content" => {
            members = texts("member_session_ids");
            hashes = texts("message_hashes");
            Statement::DeleteContent {
                members: &members,
                hashes: &hashes,
            }
        }
        _ => return Err(CaseError::Skipped("kind")),
    };
    let signature = statement.sign(&key, sent);
    let group = AccountId::new(Prefix::Group, *key.public().as_bytes());
    statement.verify(&group, sent, &signature)?;
    Ok(json!({
        "signed_text": statement.text(sent),
        "signature": hex(signature.as_bytes()),
    }))
}

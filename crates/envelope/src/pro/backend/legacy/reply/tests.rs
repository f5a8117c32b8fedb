use super::*;
use alloc::format;
use alloc::string::ToString;
use session_core::hex;

use crate::pro::Format;

const INVALID: fn(&'static str) -> Error = |member| Error::BackendReply { member };

#[test]
fn proofs_become_credentials() {
    let backend = ed25519::SigningKey::from_seed(&[1; 32]);
    let rotating = ed25519::SigningKey::from_seed(&[2; 32]);
    let public = *rotating.public().as_bytes();
    let proof = Proof::issue(&backend, Format::A, [3; 32], public, 5_000);
    let body = format!(
        r#"{{"status":0,"result":{{"version":0,"expiry_unix_ts_ms":5000,"gen_index_hash":"{}",
        "rotating_pkey":"{}","sig":"{}"}}}}"#,
        hex::encode(&proof.revocation_tag),
        hex::encode(&public),
        hex::encode(proof.signature.as_bytes()),
    );
    let Reply::Ok(reply) = ProofReply::read(body.as_bytes()).unwrap() else {
        panic!("refused");
    };
    assert_eq!(*reply.proof(), proof);
    let backend = Backend::new(Format::A, backend.public().as_bytes()).unwrap();
    let now = UnixMillis::from_millis(5_000);
    let profile = ProfileFeatures::BADGE;
    let credential = reply
        .into_credential(&backend, rotating, profile, now)
        .unwrap();
    assert_eq!(*credential.proof(), proof);

    let other = body.replace("\"version\":0", "\"version\":1");
    assert_eq!(ProofReply::read(other.as_bytes()), Err(INVALID("version")));
}

#[test]
fn refusals() {
    let refused = ProofReply::read(br#"{"status":101,"errors":["no such payment"]}"#);
    let errors = ["no such payment".to_string()].to_vec();
    assert_eq!(
        refused,
        Ok(Reply::Refused {
            status: 101,
            errors
        })
    );
    for (body, member) in [
        ("{}", "status"),
        ("[0]", "reply"),
        (r#"{"status":"ok"}"#, "status"),
        (r#"{"status":0}"#, "result"),
        (r#"{"status":1}"#, "errors"),
        (r#"{"status":1,"errors":[1]}"#, "errors"),
    ] {
        assert_eq!(
            ProofReply::read(body.as_bytes()),
            Err(INVALID(member)),
            "{body}"
        );
    }
}

#[test]
fn revocations_expire_one_by_one() {
    let body = format!(
        r#"{{"status":0,"result":{{"version":0,"ticket":3,"retry_in_s":1,"items":[
        {{"gen_index_hash":"{}","expiry_unix_ts_ms":9,"effective_unix_ts_ms":7}}]}}}}"#,
        "ab".repeat(32)
    );
    let Reply::Ok(reply) = RevocationReply::read_legacy(body.as_bytes()).unwrap() else {
        panic!("refused");
    };
    assert_eq!((reply.ticket(), reply.retain_for()), (3, None));
    assert_eq!(reply.retry_in(), Duration::from_secs(60));
    let item = Revocation {
        tag: [0xab; 32],
        effective: UnixMillis::from_millis(7),
        keep_until: UnixMillis::from_millis(9),
    };
    assert_eq!(reply.items(), [item]);
}

#[test]
fn accounts() {
    let body = |status: u8, payment: u8, plan: u8| {
        format!(
            r#"{{"status":0,"result":{{"version":0,"status":{status},"auto_renewing":true,
            "expiry_unix_ts_ms":5,"grace_period_duration_ms":2,"refund_requested_unix_ts_ms":0,
            "error_report":0,"payments_total":1,
            "items":[{{"status":{payment},"plan":{plan},"more":[]}}]}}}}"#
        )
    };
    let Reply::Ok(reply) = AccountReply::read(body(1, 2, 3).as_bytes()).unwrap() else {
        panic!("refused");
    };
    assert_eq!(reply.status, AccountStatus::Active);
    assert_eq!(reply.grace_period, Duration::from_millis(2));
    let payment = Payment {
        status: PaymentStatus::Redeemed,
        months: 12,
    };
    assert_eq!(reply.items, [payment]);
    for (body, member) in [
        (body(3, 2, 3), "status"),
        (body(1, 1, 3), "status"),
        (body(1, 2, 4), "plan"),
    ] {
        assert_eq!(AccountReply::read(body.as_bytes()), Err(INVALID(member)));
    }
}

//! `pro-*`: Session Pro (spec 12).

use std::time::Duration;

use serde_json::{Value, json};
use session_core::UnixMillis;
use session_crypto::ed25519::{Signature, SigningKey};
use session_envelope::pro::backend::{
    AccountReply, Payment, PaymentsReply, Plan, PlanUnit, ProofReply, Refusal, Reply, Request,
    Subscription, legacy,
};
use session_envelope::pro::{
    Backend, Evaluation, Format, MessageFeatures, Proof, Revocation, RevocationReply, Revocations,
    Status, Verifier, text as pro_text,
};
use session_envelope::proto::ProProof;
use session_identity::Account;
use session_identity::pro::MasterKey;

use crate::case::{CaseError, Suite, array, bytes, hex, list, optional_bytes, text, unsigned};

pub(crate) const SUITES: &[(&str, Suite)] = &[
    ("pro-master-key", master_key),
    ("pro-rotating-seed", rotating_seed),
    ("pro-proof-message", proof_message),
    ("pro-proof-hash-v0", proof_hash),
    ("pro-proof-status", proof_status),
    ("pro-request", request),
    ("pro-request-legacy", legacy_request),
    ("pro-response", response),
    ("pro-plan-period", plan_period),
    ("pro-codepoints", code_points),
    ("pro-features", features),
    ("pro-revocation", revocation),
];

fn master_key(case: &Value) -> Result<Value, CaseError> {
    let account = Account::from_secret(&bytes(case, "account_seed"))?;
    let master = account.pro_master_key();
    Ok(json!({
        "master_seed": hex(master.key().expose_seed()),
        "master_pubkey": hex(master.key().public().as_bytes()),
    }))
}

fn rotating_seed(case: &Value) -> Result<Value, CaseError> {
    let now = UnixMillis::from_secs(unsigned(case, "now"));
    let rotating = MasterKey::from_secret(&bytes(case, "master_seed"))?.rotating_key(now);
    Ok(json!({
        "rotating_seed": hex(rotating.key().expose_seed()),
        "period_start": rotating.since().as_secs(),
    }))
}

fn issued(case: &Value, format: Format, tag: &str, expiry: &str) -> Result<Proof, CaseError> {
    let backend = SigningKey::from_secret(&bytes(case, "backend_seed"))?;
    let rotating_key = array(case, "rotating_pubkey")?;
    let (tag, expiry) = (array(case, tag)?, unsigned(case, expiry));
    Ok(Proof::issue(&backend, format, tag, rotating_key, expiry))
}

fn proof_message(case: &Value) -> Result<Value, CaseError> {
    let proof = issued(case, Format::B, "revocation_tag", "expiry_ts")?;
    Ok(json!({
        "message": hex(proof.signed_bytes(Format::B)),
        "sig": hex(proof.signature.as_bytes()),
    }))
}

fn proof_hash(case: &Value) -> Result<Value, CaseError> {
    if unsigned(case, "version") != 0 {
        return Err(CaseError::Failed("version".to_owned()));
    }
    let proof = issued(case, Format::A, "gen_index_hash", "expiry_ts_ms")?;
    Ok(json!({
        "hash": hex(proof.signed_bytes(Format::A)),
        "sig": hex(proof.signature.as_bytes()),
    }))
}

pub(crate) fn format(case: &Value, name: &str) -> Format {
    match text(case, name) {
        "A" => Format::A,
        "B" => Format::B,
        other => panic!("no format {other}"),
    }
}

fn status_name(status: Status) -> &'static str {
    match status {
        Status::Valid => "valid",
        Status::Expired => "expired",
        Status::InvalidBackendSignature => "invalid_backend_sig",
        Status::InvalidUserSignature => "invalid_user_sig",
        Status::NoProof => "invalid",
        _ => unreachable!("a status without a name"),
    }
}

fn proof_status(case: &Value) -> Result<Value, CaseError> {
    let format = format(case, "format");
    let backend = Backend::for_development(format, &array(case, "backend_pubkey")?)?;
    let proof = &case["proof"];
    let version = proof["version"].as_u64();
    let proof = Proof::from_proto(&ProProof {
        version: version.map(|version| u32::try_from(version).expect("a version")),
        revocation_tag: optional_bytes(proof, "revocation_tag"),
        rotating_public_key: optional_bytes(proof, "rotating_pubkey"),
        expiry_unix_ts: proof["expiry"].as_u64(),
        sig: optional_bytes(proof, "sig"),
    })?;
    let signature = optional_bytes(case, "user_sig");
    let signature = signature.map(|bytes| Signature::from_slice(&bytes));
    let signature = signature.transpose()?;
    let message = optional_bytes(case, "message").unwrap_or_default();
    let signed = signature.as_ref().map(|signature| (signature, &*message));
    let at = format.time(unsigned(case, "now"));
    let status = Verifier::new([backend]).status(&proof, signed, at)?;
    Ok(json!({"status": status_name(status)}))
}

/// The verifier of a suite that decodes messages.
pub(crate) fn verifier(case: &Value) -> Result<Verifier, CaseError> {
    let key = array(case, "pro_backend_pubkey")?;
    let backend = Backend::for_development(format(case, "pro_format"), &key)?;
    Ok(Verifier::new([backend]))
}

/// What such a suite says of Pro.
pub(crate) fn evaluation(evaluation: &Evaluation) -> Value {
    json!({
        "status": status_name(evaluation.status()),
        "msg_bitset": evaluation.claimed_message_features().bits(),
        "profile_bitset": evaluation.claimed_profile_features().bits(),
        "proof": evaluation.proof().map(|proof| json!({
            "revocation_tag": hex(proof.revocation_tag),
            "rotating_pubkey": hex(proof.rotating_key),
            "expiry": proof.expiry,
            "sig": hex(proof.signature.as_bytes()),
        })),
    })
}

fn request(case: &Value) -> Result<Value, CaseError> {
    let master = || MasterKey::from_secret(&bytes(case, "master_seed"));
    let now = || UnixMillis::from_secs(unsigned(case, "ts"));
    let endpoint = text(case, "endpoint");
    let request = match endpoint {
        "generate_pro_proof" => {
            let rotating = SigningKey::from_secret(&bytes(case, "rotating_seed"))?;
            Request::proof(&master()?, &rotating, now())
        }
        "get_pro_status" => Request::account(&master()?, now()),
        "get_payment_details" => {
            let limit = u32::try_from(unsigned(case, "limit"))?;
            Request::payments(&master()?, limit, Some(text(case, "before")), now())
        }
        "get_pro_revocations" => Request::revocations(unsigned(case, "ticket")),
        "status" => Request::backend_info(),
        other => panic!("no endpoint {other}"),
    };
    assert_eq!(request.endpoint(), endpoint);
    let body = match request.body() {
        "" => Value::Null,
        body => serde_json::from_str(body)?,
    };
    Ok(json!({"message": request.signed_bytes().map(hex), "body": body}))
}

fn legacy_request(case: &Value) -> Result<Value, CaseError> {
    if unsigned(case, "version") != 0 {
        return Err(CaseError::Failed("version".to_owned()));
    }
    let master = || MasterKey::from_secret(&bytes(case, "master_seed"));
    let rotating = || SigningKey::from_secret(&bytes(case, "rotating_seed"));
    let time = |name| UnixMillis::from_millis(unsigned(case, name));
    let purchase = || match unsigned(case, "provider") {
        1 => legacy::Purchase::GooglePlay {
            token: text(case, "payment_id"),
            order_id: text(case, "order_id"),
        },
        2 => legacy::Purchase::AppStore {
            transaction_id: text(case, "payment_id"),
        },
        3 => legacy::Purchase::Rangeproof {
            payment_id: text(case, "payment_id"),
        },
        other => panic!("no provider {other}"),
    };
    let endpoint = text(case, "endpoint");
    let request = match endpoint {
        "add_pro_payment" => legacy::Request::add_payment(&master()?, &rotating()?, purchase()),
        "generate_pro_proof" => {
            legacy::Request::proof(&master()?, &rotating()?, time("unix_ts_ms"))
        }
        "get_pro_details" => {
            let count = u32::try_from(unsigned(case, "count"))?;
            legacy::Request::account(&master()?, count, time("unix_ts_ms"))
        }
        "set_payment_refund_requested" => legacy::Request::refund_requested(
            &master()?,
            purchase(),
            time("refund_requested_unix_ts_ms"),
            time("unix_ts_ms"),
        ),
        other => panic!("no endpoint {other}"),
    };
    assert_eq!(request.endpoint(), endpoint);
    let body: Value = serde_json::from_str(request.body())?;
    Ok(json!({
        "hash": request.hash().map(hex),
        "master_sig": body["master_sig"],
        "rotating_sig": body["rotating_sig"],
    }))
}

fn response(case: &Value) -> Result<Value, CaseError> {
    let body = text(case, "json").as_bytes();
    let endpoint = text(case, "endpoint");
    match endpoint {
        "generate_pro_proof" => out(ProofReply::read(body)?, endpoint, proof_reply),
        "get_pro_status" => out(AccountReply::read(body)?, endpoint, account_reply),
        "get_payment_details" => out(PaymentsReply::read(body)?, endpoint, payments_reply),
        "get_pro_revocations" => {
            let reply = RevocationReply::read(body, UnixMillis::default())?;
            out(reply, endpoint, revocation_reply)
        }
        other => panic!("no endpoint {other}"),
    }
}

fn out<T>(reply: Reply<T>, endpoint: &str, result: fn(&T) -> Value) -> Result<Value, CaseError> {
    Ok(match reply {
        Reply::Ok(reply) => with(json!({"status": "ok"}), result(&reply)),
        Reply::Refused(refusal) => refused(&refusal, endpoint),
    })
}

/// One object of two.
fn with(mut object: Value, more: Value) -> Value {
    let Value::Object(more) = more else {
        panic!("no object");
    };
    object.as_object_mut().unwrap().extend(more);
    object
}

fn refused(refusal: &Refusal, endpoint: &str) -> Value {
    let status = if refusal.is_backend_fault() {
        "error"
    } else {
        "fail"
    };
    let object = json!({
        "status": status,
        "error_code": refusal.code().as_str(),
        "error": refusal.text(),
    });
    match refusal.subscription() {
        Some(subscribed) if endpoint == "generate_pro_proof" => {
            with(object, subscription(subscribed))
        }
        _ => object,
    }
}

fn subscription(subscription: &Subscription) -> Value {
    json!({
        "account_expiry_ts": subscription.expiry.map(UnixMillis::as_secs),
        "account_grace_period_duration": subscription.grace_period.as_secs(),
        "account_auto_renewing": subscription.auto_renewing,
    })
}

fn proof_reply(reply: &ProofReply) -> Value {
    let proof = reply.proof();
    let object = json!({
        "revocation_tag": hex(proof.revocation_tag),
        "rotating_pkey": hex(proof.rotating_key),
        "expiry_ts": proof.expiry,
        "sig": hex(proof.signature.as_bytes()),
    });
    with(object, subscription(reply.subscription()))
}

fn revocation_reply(reply: &RevocationReply) -> Value {
    let item = |item: &Revocation| {
        json!({
            "revocation_tag": hex(item.tag),
            "effective_ts": item.effective.as_secs(),
        })
    };
    json!({
        "ticket": reply.ticket(),
        "retry_in": reply.retry_in().as_secs(),
        "retain_for": reply.retain_for().map(|time| time.as_secs()),
        "items": reply.items().iter().map(item).collect::<Vec<_>>(),
    })
}

fn account_reply(reply: &AccountReply) -> Value {
    json!({
        "user_status": reply.status.as_str(),
        "auto_renewing": reply.auto_renewing,
        "expiry_ts": reply.expiry.as_secs(),
        "grace_period_duration": reply.grace_period.as_secs(),
        "latest_payment": reply.latest_payment.as_ref().map(payment),
    })
}

fn payments_reply(reply: &PaymentsReply) -> Value {
    json!({
        "payments_total": reply.total,
        "items": reply.items.iter().map(payment).collect::<Vec<_>>(),
        "next_cursor": reply.next_cursor,
    })
}

fn payment(payment: &Payment) -> Value {
    json!({
        "status": payment.status.as_str(),
        "plan": plan(payment.plan),
        "payment_provider": payment.provider.as_str(),
        "payment_id": payment.id,
        "auto_renewing": payment.auto_renewing,
        "purchased_ts_ms": payment.purchased.as_millis(),
        "expiry_ts": payment.expiry.as_secs(),
        "grace_period_duration": payment.grace_period.as_secs(),
        "platform_refund_expiry_ts": payment.platform_refund_expiry.as_secs(),
        "revoked_ts_ms": payment.revoked.as_millis(),
    })
}

fn plan(plan: Plan) -> Value {
    let (count, unit) = match plan {
        Plan::Lifetime => (0, "lifetime"),
        Plan::Every { count, unit } => {
            let unit = match unit {
                PlanUnit::Second => "second",
                PlanUnit::Day => "day",
                PlanUnit::Week => "week",
                PlanUnit::Month => "month",
                PlanUnit::Year => "year",
                _ => unreachable!("a unit without a name"),
            };
            (count, unit)
        }
        _ => unreachable!("a plan without a name"),
    };
    json!({"count": count, "unit": unit})
}

fn plan_period(case: &Value) -> Result<Value, CaseError> {
    Ok(plan(Plan::parse(text(case, "code"))?))
}

fn code_points(case: &Value) -> Result<Value, CaseError> {
    if let Some(utf8) = optional_bytes(case, "utf8") {
        return Ok(json!({"codepoints": pro_text::code_points_utf8(&utf8)?}));
    }
    let units = list(case, "utf16").iter();
    let units = units.map(|unit| u16::try_from(unit.as_u64().unwrap()).unwrap());
    let units: Vec<u16> = units.collect();
    let limit = usize::try_from(unsigned(case, "limit"))?;
    Ok(json!({
        "codepoints": pro_text::code_points_utf16(&units)?,
        "truncate_units": pro_text::truncated_len_utf16(&units, limit)?,
    }))
}

fn features(case: &Value) -> Result<Value, CaseError> {
    let code_points = usize::try_from(unsigned(case, "codepoints"))?;
    let features = MessageFeatures::of_text(code_points)?;
    Ok(json!({"msg_bitset": features.bits()}))
}

fn revocation(case: &Value) -> Result<Value, CaseError> {
    let now = UnixMillis::from_secs(unsigned(case, "now"));
    let items: Result<Vec<_>, CaseError> = list(case, "list")
        .iter()
        .map(|item| {
            let effective = UnixMillis::from_secs(unsigned(item, "effective_ts"));
            Ok((array(item, "revocation_tag")?, effective))
        })
        .collect();
    let day = Duration::from_secs(86_400);
    let reply = RevocationReply::of_format_b(1, day, day, items?, now);
    let mut revocations = Revocations::new();
    revocations.merge(&reply)?;
    let tag = array(case, "revocation_tag")?;
    Ok(json!({"revoked": revocations.is_revoked(&tag, now)}))
}

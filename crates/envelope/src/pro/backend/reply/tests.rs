use alloc::format;
use alloc::vec;

use proptest::prelude::*;
use serde_json::{Value, json};
use session_core::hex;
use session_crypto::ed25519::SigningKey;

use super::*;
use crate::pro::backend::{ErrorCode, PaymentProvider, PaymentStatus, Plan, PlanUnit, Refusal};
use crate::pro::{Format, Status};

const EXPIRY: u64 = 1_788_283_326;

fn invalid<T>(member: &'static str) -> Result<T, Error> {
    Err(Error::BackendReply { member })
}

fn keys() -> (SigningKey, SigningKey) {
    let key = |byte| SigningKey::from_seed(&[byte; 32]);
    (key(1), key(2))
}

fn ok(result: &Value) -> Value {
    json!({"status": "ok", "result": result})
}

fn proof_reply() -> Value {
    let (backend, rotating) = keys();
    let public = *rotating.public().as_bytes();
    let proof = Proof::issue(&backend, Format::B, [3; 32], public, EXPIRY);
    ok(&json!({
        "revocation_tag": hex::encode(&proof.revocation_tag),
        "rotating_pkey": hex::encode(&proof.rotating_key),
        "expiry_ts": proof.expiry,
        "sig": hex::encode(proof.signature.as_bytes()),
        "account_expiry_ts": EXPIRY - 60,
        "account_grace_period_duration": 600,
        "account_auto_renewing": true,
    }))
}

fn payment() -> Value {
    json!({
        "status": "redeemed", "plan": "12m", "payment_provider": "stf", "payment_id": "secret",
        "auto_renewing": true, "purchased_ts": 1_780_000_000.25, "expiry_ts": EXPIRY,
        "grace_period_duration": 1, "platform_refund_expiry_ts": 2, "revoked_ts": 0.0,
    })
}

fn account_reply() -> Value {
    ok(&json!({
        "user_status": "active", "auto_renewing": true, "expiry_ts": EXPIRY,
        "grace_period_duration": 7, "latest_payment": payment(),
    }))
}

fn payments_reply() -> Value {
    let items = [payment(), payment()];
    ok(&json!({"payments_total": 3, "items": items, "next_cursor": "abc"}))
}

fn revocations_reply() -> Value {
    let items = [json!({"revocation_tag": "ab".repeat(32), "effective_ts": 5})];
    ok(&json!({"ticket": 5, "retry_in": 3600, "retain_for": 86_401, "items": items}))
}

fn info_reply() -> Value {
    let key = "cd".repeat(32);
    ok(&json!({"version": "1.2", "timestamp": 1_780_000_000.5, "signing_pubkey": key}))
}

/// Whether a body is read, by name of the reply.
type Read = fn(&[u8]) -> Result<(), Error>;

fn replies() -> [(Value, Read); 5] {
    [
        (proof_reply(), |body| ProofReply::read(body).map(drop)),
        (account_reply(), |body| AccountReply::read(body).map(drop)),
        (payments_reply(), |body| PaymentsReply::read(body).map(drop)),
        (revocations_reply(), |body| {
            RevocationReply::read(body, UnixMillis::default()).map(drop)
        }),
        (info_reply(), |body| BackendInfo::read(body).map(drop)),
    ]
}

fn read<T>(reply: Result<Reply<T>, Error>) -> T {
    match reply.unwrap() {
        Reply::Ok(reply) => reply,
        Reply::Refused(refusal) => panic!("{refusal:?}"),
    }
}

fn refused(body: &Value) -> Refusal {
    match ProofReply::read(body.to_string().as_bytes()).unwrap() {
        Reply::Ok(reply) => panic!("{reply:?}"),
        Reply::Refused(refusal) => refusal,
    }
}

#[test]
fn proofs_become_credentials_after_the_checks() {
    let (backend, rotating) = keys();
    let body = proof_reply().to_string();
    let reply = || read(ProofReply::read(body.as_bytes()));
    let subscription = *reply().subscription();
    let paid = UnixMillis::from_secs(EXPIRY - 60);
    assert_eq!(subscription.expiry, Some(paid));
    assert_eq!(
        subscription.service_end(),
        Some(UnixMillis::from_secs(EXPIRY + 540))
    );
    assert!(subscription.auto_renewing);

    let known = Backend::new(Format::B, backend.public().as_bytes()).unwrap();
    let profile = ProfileFeatures::BADGE;
    let make = |known: &Backend, key: &SigningKey, now| {
        reply().into_credential(known, key.clone(), profile, UnixMillis::from_secs(now))
    };
    let credential = make(&known, &rotating, EXPIRY).unwrap();
    assert_eq!(credential.proof(), reply().proof());
    assert_eq!(credential.profile_features(), profile);
    let refused = |known: &Backend, key: &SigningKey, now| make(known, key, now).unwrap_err();
    let expired = Error::Proof(Status::Expired);
    assert_eq!(refused(&known, &rotating, EXPIRY + 1), expired);
    assert_eq!(refused(&known, &backend, EXPIRY), Error::RotatingKey);
    let foreign = Error::Proof(Status::InvalidBackendSignature);
    let other = Backend::new(Format::B, rotating.public().as_bytes()).unwrap();
    assert_eq!(refused(&other, &rotating, EXPIRY), foreign);
    let other = Backend::new(Format::A, backend.public().as_bytes()).unwrap();
    assert_eq!(refused(&other, &rotating, EXPIRY), foreign);
}

#[test]
fn accounts_and_payments() {
    let account = read(AccountReply::read(account_reply().to_string().as_bytes()));
    assert_eq!(account.status, UserStatus::Active);
    assert_eq!(account.grace_period, Duration::from_secs(7));
    let payment = account.latest_payment.unwrap();
    assert_eq!(payment.status, PaymentStatus::Redeemed);
    let plan = Plan::Every {
        count: 12,
        unit: PlanUnit::Month,
    };
    assert_eq!((payment.plan, &*payment.id), (plan, "secret"));
    assert_eq!(payment.provider, PaymentProvider::Stf);
    let purchased = UnixMillis::from_millis(1_780_000_000_250);
    assert_eq!(
        (payment.purchased, payment.revoked),
        (purchased, UnixMillis::default())
    );
    assert!(!format!("{payment:?}").contains("secret"));

    let page = read(PaymentsReply::read(payments_reply().to_string().as_bytes()));
    assert_eq!((page.total, page.items.len()), (3, 2));
    assert_eq!(page.next_cursor.as_deref(), Some("abc"));
    assert!(!format!("{page:?}").contains("abc"));

    let mut body = account_reply();
    body["result"]["latest_payment"] = Value::Null;
    let account = read(AccountReply::read(body.to_string().as_bytes()));
    assert_eq!(account.latest_payment, None);
    let mut body = payments_reply();
    body["result"]["next_cursor"] = Value::Null;
    let page = read(PaymentsReply::read(body.to_string().as_bytes()));
    assert_eq!(page.next_cursor, None);
}

#[test]
fn words_that_are_not_known_yet_are_kept() {
    let mut body = account_reply();
    body["result"]["user_status"] = "paused".into();
    let payment = &mut body["result"]["latest_payment"];
    payment["status"] = "pending".into();
    payment["payment_provider"] = "rangeproof".into();
    let account = read(AccountReply::read(body.to_string().as_bytes()));
    assert_eq!(account.status.as_str(), "paused");
    let payment = account.latest_payment.unwrap();
    assert_eq!(payment.status, PaymentStatus::Other("pending".into()));
    assert_eq!(payment.provider, PaymentProvider::Rangeproof);
    assert_eq!(payment.provider.to_string(), "rangeproof");
}

#[test]
fn backends_say_who_they_are() {
    let info = |body: Value| read(BackendInfo::read(body.to_string().as_bytes()));
    let text = info(info_reply());
    assert_eq!((&*text.version, text.signing_key), ("1.2", [0xcd; 32]));
    assert_eq!(text.time, UnixMillis::from_millis(1_780_000_000_500));
    let mut number = info_reply();
    number["result"]["version"] = 3.into();
    assert_eq!(info(number).version, "3");
}

#[test]
fn revocations_are_kept_from_now_on() {
    let body = revocations_reply().to_string();
    let now = UnixMillis::from_secs(1000);
    let reply = read(RevocationReply::read(body.as_bytes(), now));
    assert_eq!(reply.ticket(), 5);
    let [item] = reply.items() else { panic!() };
    assert_eq!(
        (item.tag, item.effective),
        ([0xab; 32], UnixMillis::from_secs(5))
    );
    assert_eq!(item.keep_until, UnixMillis::from_secs(87_401));
}

#[test]
fn refusals_say_whose_fault_it_is() {
    let body =
        |status: &str, code: &str| json!({"status": status, "error_code": code, "error": "t"});
    let stale = refused(&body("fail", "stale_request"));
    assert_eq!(stale.code(), &ErrorCode::StaleRequest);
    assert_eq!((stale.is_backend_fault(), stale.text()), (false, "t"));
    assert_eq!(stale.subscription(), None);
    let unknown = refused(&body("error", "fire"));
    assert_eq!(unknown.code().as_str(), "fire");
    assert!(unknown.is_backend_fault());

    let mut expired = body("fail", "subscription_expired");
    let bare = *refused(&expired).subscription().unwrap();
    assert_eq!((bare.expiry, bare.service_end()), (None, None));
    expired["account_expiry_ts"] = 9.into();
    let known = *refused(&expired).subscription().unwrap();
    assert_eq!(known.service_end(), Some(UnixMillis::from_secs(9)));
    expired["account_expiry_ts"] = "9".into();
    let text = expired.to_string();
    assert_eq!(
        ProofReply::read(text.as_bytes()),
        invalid("account_expiry_ts")
    );
}

#[test]
fn the_outer_object_is_checked() {
    for (body, member) in [
        ("<html>", "reply"),
        ("[]", "reply"),
        (r#"["ok",{}]"#, "reply"),
        ("{}", "status"),
        (r#"{"status":0,"result":{}}"#, "status"),
        (r#"{"status":"warn","result":{}}"#, "status"),
        (r#"{"status":"OK","result":{}}"#, "status"),
        (r#"{"status":"ok"}"#, "result"),
        (r#"{"status":"ok","result":[]}"#, "result"),
        (r#"{"status":"ok","status":"ok","result":{}}"#, "reply"),
        (r#"{"status":"fail","error":"x"}"#, "error_code"),
        (r#"{"status":"fail","error_code":"x"}"#, "error"),
        (
            r#"{"status":"error","error_code":5,"error":"x"}"#,
            "error_code",
        ),
    ] {
        assert_eq!(ProofReply::read(body.as_bytes()), invalid(member), "{body}");
    }
}

/// Every member, of the result and of what is in it, by pointer.
fn members(json: &Value, pointer: &str) -> Vec<String> {
    let inner = |(name, json): (String, &Value)| {
        let pointer = format!("{pointer}/{name}");
        let mut all = members(json, &pointer);
        all.push(pointer);
        all
    };
    match json {
        Value::Object(object) => {
            let members = object.iter().map(|(name, json)| (name.clone(), json));
            members.flat_map(inner).collect()
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items
                .flat_map(|(index, json)| inner((index.to_string(), json)))
                .collect()
        }
        _ => Vec::new(),
    }
}

fn remove(json: &mut Value, pointer: &str) -> bool {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match json.pointer_mut(parent) {
        Some(Value::Object(object)) => object.remove(name).is_some(),
        _ => false,
    }
}

#[test]
fn every_member_is_needed_but_those_with_a_default() {
    let defaults = ["account_grace_period_duration", "account_auto_renewing"];
    for (body, read) in replies() {
        read(body.to_string().as_bytes()).unwrap();
        for pointer in members(&body, "") {
            let name = pointer.rsplit('/').next().unwrap();
            let mut without = body.clone();
            if remove(&mut without, &pointer) {
                let result = read(without.to_string().as_bytes());
                assert_eq!(result.is_ok(), defaults.contains(&name), "{pointer}");
            }
            // A type that no member has.
            let mut wrong = body.clone();
            *wrong.pointer_mut(&pointer).unwrap() = json!([[]]);
            assert!(read(wrong.to_string().as_bytes()).is_err(), "{pointer}");
            // More members are no matter.
            let mut more = body.clone();
            if let Some(Value::Object(object)) = more.pointer_mut(&pointer) {
                object.insert("new".into(), json!([{}, null]));
                assert_eq!(read(more.to_string().as_bytes()), Ok(()), "{pointer}");
            }
        }
    }
}

#[test]
fn odd_numbers_are_errors_not_panics() {
    let numbers = [
        "-1",
        "1e999",
        "-0",
        "18446744073709551616",
        "1.5",
        "NaN",
        "1e-999",
        "9".repeat(400).leak(),
    ];
    for (body, read) in replies() {
        let text = body.to_string();
        for pointer in members(&body, "") {
            let member = body.pointer(&pointer).unwrap();
            if member.is_number() {
                for number in numbers {
                    let mut odd = body.clone();
                    *odd.pointer_mut(&pointer).unwrap() = "ODD".into();
                    let odd = odd.to_string().replace("\"ODD\"", number);
                    assert_ne!(odd, text);
                    let _ = read(odd.as_bytes());
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn damaged_replies_do_not_panic(
        which in 0..5usize,
        at: prop::sample::Index,
        byte: u8,
        cut: prop::sample::Index,
    ) {
        let (body, read) = replies()[which].clone();
        let mut body = body.to_string().into_bytes();
        let _ = read(&body[..cut.index(body.len())]);
        let index = at.index(body.len());
        body[index] = byte;
        let _ = read(&body);
    }

    #[test]
    fn any_bytes_are_a_reply_or_an_error(body: Vec<u8>) {
        for (_, read) in replies() {
            prop_assert!(read(&body).is_err());
        }
    }
}

#[test]
fn tiny_items_cost_little_memory() {
    let head = r#"{"status":"ok","result":{"ticket":1,"retry_in":1,"retain_for":1,"items":["#;
    let item = format!(
        r#"{{"revocation_tag":"{}","effective_ts":1}}"#,
        "00".repeat(32)
    );
    let bodies = [
        format!("{head}{}0]}}}}", "0,".repeat(50_000)),
        format!("{head}{}{{}}]}}}}", "{},".repeat(50_000)),
        format!("{head}{}", "[".repeat(100_000)),
        format!(r#"{{"status":"ok",{}"a":1}}"#, r#""a":1,"#.repeat(20_000)),
        format!("{head}{item}{}]}}}}", format!(",{item}").repeat(2_000)),
        vec!["["; 100_000].concat(),
    ];
    for body in bodies {
        let memory = allocation_counter::measure(|| {
            let _ = RevocationReply::read(body.as_bytes(), UnixMillis::default());
        });
        let len = u64::try_from(body.len()).unwrap();
        assert!(memory.bytes_max <= 3 * len, "{} of {len}", memory.bytes_max);
    }
}

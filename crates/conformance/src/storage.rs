//! Storage RPC (spec 04 §16).

use serde_json::{Map, Value, json};
use session_core::{AccountId, Network, NetworkId, Prefix, UnixMillis};
use session_crypto::ed25519::SigningKey;
use session_storage::{
    Class, Context, MessageHash, Namespace, Rejection, Request, Retrieve, RetrieveLimits, Signed,
    Store, StoreReply, Verdict, parse_bt, parse_json,
};

use crate::case::{CaseError, Suite, array, bytes, hex, list, text, unhex, unsigned};

pub(crate) const SUITES: &[(&str, Suite)] = &[
    ("storage-message-hash", message_hash),
    ("storage-namespace", namespace),
    ("storage-sign", sign),
    ("storage-request", request_json),
    ("storage-request-bt", request_bt),
    ("storage-auth", auth),
    ("storage-response-verify", response_verify),
    ("storage-retrieve", retrieve),
];

/// Methods of the protocol that later issues bring.
const LATER: &[&str] = &[
    "batch",
    "delete",
    "delete_all",
    "delete_before",
    "expire",
    "expire_all",
    "get_expiries",
    "ifelse",
    "oxend_request",
    "revoke_subaccount",
    "revoked_subaccounts",
    "sequence",
    "unrevoke_subaccount",
];

fn refused(rejection: &Rejection) -> CaseError {
    CaseError::Failed(format!("{} {rejection}", rejection.status()))
}

fn skip_later(method: &str) -> Result<(), CaseError> {
    if LATER.contains(&method) {
        return Err(CaseError::Skipped("method not in this slice"));
    }
    Ok(())
}

fn network(case: &Value) -> Network {
    match case["network"].as_str() {
        Some("mainnet") | None => Network::Mainnet,
        Some(_) => Network::Testnet,
    }
}

fn network_id(case: &Value) -> Result<NetworkId, CaseError> {
    Ok(NetworkId::parse(text(case, "pubkey"), network(case))?)
}

fn namespace_of(case: &Value) -> Result<Namespace, CaseError> {
    let number = case["namespace"]
        .as_i64()
        .ok_or_else(|| CaseError::Failed("namespace is no integer".to_owned()))?;
    Ok(Namespace::new(i16::try_from(number)?))
}

fn message_hash(case: &Value) -> Result<Value, CaseError> {
    if text(case, "variant") != "current" {
        return Err(CaseError::Skipped("retired hash form"));
    }
    let data = bytes(case, "data");
    let hash = MessageHash::of(&network_id(case)?, namespace_of(case)?, &data);
    Ok(json!({ "hash": hash.as_str() }))
}

fn namespace(case: &Value) -> Result<Value, CaseError> {
    let namespace = namespace_of(case)?;
    let class = namespace.class();
    Ok(json!({
        "public_inbox": class == Class::PublicInbox,
        "public_outbox": class == Class::PublicOutbox,
        "unrevocable": class == Class::Unrevocable,
        "store_needs_signature": namespace.store_needs_signature(),
        "retrieve_needs_signature": namespace.retrieve_needs_signature(),
        "store_subaccount_flags": namespace.store_access().bits(),
        "max_ttl_ms": u64::try_from(namespace.max_ttl().as_millis())?,
        "signed_text": namespace.signed_text(),
    }))
}

fn sign(case: &Value) -> Result<Value, CaseError> {
    let method = text(case, "method");
    skip_later(method)?;
    let key = SigningKey::from_seed(&array(case, "seed")?);
    let pubkey = match text(case, "account") {
        "05" => AccountId::new(Prefix::Standard, *key.to_x25519().public().as_bytes()),
        "03" => AccountId::new(Prefix::Group, *key.public().as_bytes()),
        other => return Err(CaseError::Failed(format!("account {other}"))),
    };
    let args = &case["args"];
    let namespace = namespace_of(args)?;
    let (payload, signed) = match method {
        "store" => {
            let at = UnixMillis::from_millis(unsigned(args, "sig_timestamp"));
            let ttl = session_storage::MIN_TTL;
            let store = Store::new(pubkey.into(), namespace, Vec::new(), at, ttl)?;
            let store = store.sign(&key, at)?;
            (store.payload(), store.signed)
        }
        "retrieve" => {
            let at = UnixMillis::from_millis(unsigned(args, "timestamp"));
            let retrieve = Retrieve::new(pubkey.into(), namespace).sign(&key, at)?;
            (retrieve.payload(), retrieve.signed)
        }
        other => return Err(CaseError::Failed(format!("method {other}"))),
    };
    let auth = signed.unwrap().auth;
    Ok(json!({
        "pubkey": pubkey.to_hex(),
        "pubkey_ed25519": auth.pubkey_ed25519.map(hex),
        "payload": hex(payload.unwrap()),
        "signature": hex(auth.signature.as_bytes()),
        "signature_b64": session_core::base64::encode(auth.signature.as_bytes()),
    }))
}

/// The method and parameters of a request text, as far as it is one.
fn outer(body: &str) -> (Value, Value) {
    let mut body: Map<String, Value> = serde_json::from_str(body).unwrap_or_default();
    let mut take = |field| body.remove(field).unwrap_or_default();
    (take("method"), take("params"))
}

fn request_json(case: &Value) -> Result<Value, CaseError> {
    let body = text(case, "body");
    let (method, params) = outer(body);
    skip_later(method.as_str().unwrap_or_default())?;
    let request =
        parse_json(body.as_bytes(), network(case)).map_err(|error| parse_error(&error, &params))?;
    Ok(normalized(&request))
}

fn request_bt(case: &Value) -> Result<Value, CaseError> {
    let method = text(case, "method");
    skip_later(method)?;
    let dict = bytes(case, "bt");
    let request = parse_bt(method, &dict, network(case))
        .map_err(|error| parse_error(&error, &Value::Null))?;
    Ok(normalized(&request))
}

/// A case that fails only because subaccounts are missing proves nothing, unless it is a 400 in
/// any case.
fn parse_error(error: &Rejection, params: &Value) -> CaseError {
    let plausible = params["subaccount_sig"].is_string() || params.is_null();
    match error {
        Rejection::Subaccount if plausible => CaseError::Skipped("subaccounts"),
        _ => refused(error),
    }
}

fn put_signed(fields: &mut Map<String, Value>, signed: &Signed, timestamp: &str) {
    fields.insert(timestamp.to_owned(), signed.at.as_millis().into());
    if let Some(key) = signed.auth.pubkey_ed25519 {
        fields.insert("pubkey_ed25519".to_owned(), hex(key).into());
    }
    let signature = hex(signed.auth.signature.as_bytes());
    fields.insert("signature".to_owned(), signature.into());
}

/// A parsed request as the vectors write it.
fn normalized(request: &Request<'_>) -> Value {
    let (fields, payload, forward) = match request {
        Request::Store(store) => {
            let mut fields = json!({
                "method": "store",
                "pubkey": store.pubkey.to_hex(),
                "namespace": store.namespace.number(),
                "timestamp": store.timestamp.as_millis(),
                "expiry": store.expiry.as_millis(),
                "data": hex(&store.data),
            });
            if let Some(signed) = &store.signed {
                put_signed(fields.as_object_mut().unwrap(), signed, "sig_timestamp");
            }
            let mut forward = Vec::new();
            store.write_bt(&mut forward);
            (fields, store.payload(), Some(forward))
        }
        Request::Retrieve(retrieve) => {
            let mut fields = json!({
                "method": "retrieve",
                "pubkey": retrieve.pubkey.to_hex(),
                "namespace": retrieve.namespace.number(),
            });
            let map = fields.as_object_mut().unwrap();
            if let Some(signed) = &retrieve.signed {
                put_signed(map, signed, "timestamp");
            }
            if let Some(hash) = retrieve.last_hash {
                map.insert("last_hash".to_owned(), hash.as_str().into());
            }
            for (key, limit) in [
                ("max_count", retrieve.max_count),
                ("max_size", retrieve.max_size),
            ] {
                if let Some(limit) = limit {
                    map.insert(key.to_owned(), limit.into());
                }
            }
            (fields, retrieve.payload(), None)
        }
        Request::GetSwarm(request) => {
            let fields = json!({ "method": "get_swarm", "pubkey": request.pubkey.to_hex() });
            (fields, None, None)
        }
        _ => (json!({ "method": "info" }), None, None),
    };
    let mut out = json!({ "request": fields });
    if let Some(payload) = payload {
        out["payload"] = hex(payload).into();
    }
    if let Some(forward) = forward {
        out["forward"] = hex(forward).into();
    }
    out
}

/// The status that a node gives to a request, and its text.
fn decide(body: &str, context: &Context, network: Network) -> Result<u16, Rejection> {
    match parse_json(body.as_bytes(), network)? {
        Request::Store(store) => store.authorize(context).map(drop)?,
        Request::Retrieve(retrieve) => retrieve.authorize(context).map(drop)?,
        _ => {}
    }
    Ok(session_storage::status::OK)
}

fn auth(case: &Value) -> Result<Value, CaseError> {
    let body = text(case, "body");
    let (method, params) = outer(body);
    skip_later(method.as_str().unwrap_or_default())?;
    if params["subaccount"].is_string() {
        return Err(CaseError::Skipped("subaccounts"));
    }
    let now = UnixMillis::from_millis(unsigned(case, "now"));
    let context = Context::new(now, case["in_swarm"] == true);
    let decision = decide(body, &context, network(case));
    let status = decision.unwrap_or_else(|rejection| rejection.status());
    Ok(json!({ "status": status }))
}

fn keys(members: &[Value]) -> Vec<[u8; 32]> {
    let key = |member: &Value| unhex(member.as_str().unwrap()).try_into();
    members.iter().map(|member| key(member).unwrap()).collect()
}

fn response_verify(case: &Value) -> Result<Value, CaseError> {
    skip_later(text(case, "method"))?;
    let body = json!({ "swarm": case["swarm"] }).to_string();
    // The cases do not say what was stored: any hash will do, as both verdicts on it are "ok".
    let expected = MessageHash::of(&network_id(case)?, Namespace::DIRECT, b"");
    let reply = StoreReply::parse(body.as_bytes(), &keys(list(case, "members")), &expected)?;
    let nodes: Map<String, Value> = reply
        .nodes
        .iter()
        .map(|(node, verdict)| (hex(node), verdict_out(verdict)))
        .collect();
    Ok(json!({ "nodes": nodes }))
}

fn verdict_out(verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Stored(item) | Verdict::OtherHash(item) => json!({
            "verdict": "ok",
            "hash": item.hash.as_str(),
            "already": item.already,
            "expiry": item.expiry.as_millis(),
        }),
        Verdict::Failed(failure) => {
            let mut out = json!({ "verdict": "failed" });
            for (key, set) in [
                ("timeout", failure.timeout),
                ("bad_peer_response", failure.bad_peer_response),
                ("query_failure", failure.query_failure),
            ] {
                if set {
                    out[key] = true.into();
                }
            }
            for (key, text) in [("code", &failure.code), ("reason", &failure.reason)] {
                if let Some(text) = text {
                    out[key] = text.as_str().into();
                }
            }
            out
        }
        Verdict::BadSignature => json!({ "verdict": "bad_signature" }),
        Verdict::NotAMember => json!({ "verdict": "not_a_member" }),
        _ => json!({ "verdict": "malformed" }),
    }
}

fn retrieve(case: &Value) -> Result<Value, CaseError> {
    let parameter = |key: &str| case[key].as_i64().map(i32::try_from).transpose();
    let limits = RetrieveLimits::new(parameter("max_count")?, parameter("max_size")?);
    let first = case["last_index"].as_u64().map_or(0, |index| index + 1);
    let after = usize::try_from(first)?;
    let lengths = list(case, "sizes")[after..]
        .iter()
        .map(|size| size.as_u64().unwrap() as usize);
    let page = limits.page(lengths);
    Ok(json!({
        "first": first,
        "count": page.count,
        "more": page.more,
        "size_limit": limits.size(),
        "count_limit": limits.count(),
    }))
}

//! Storage RPC (spec 04 §16).

use serde_json::{Map, Value, json};
use session_core::{AccountId, Network, NetworkId, Prefix, UnixMillis};
use session_crypto::ed25519::SigningKey;
use session_storage::{
    Auth, BatchReply, Body, Class, Context, Delete, DeleteAll, DeleteBefore, Deleted, Endpoint,
    Expire, ExpireAll, Expired, ExpiryMode, Form, GetExpiries, GetRevoked, MessageHash, Namespace,
    NetworkState, Order, Recursive, Rejection, Request, Retrieve, RetrieveLimits, Revoke, Signable,
    Store, Stored, Token, Unrevoke, Updated, Verdict, parse_bt, parse_json,
};

use crate::case::{CaseError, Suite, array, bytes, hex, list, text, unhex, unsigned};

pub(crate) const SUITES: &[(&str, Suite)] = &[
    ("storage-namespace", namespace),
    ("storage-sign", sign),
    ("storage-request", request_json),
    ("storage-request-bt", request_bt),
    ("storage-auth", auth),
    ("storage-response-verify", response_verify),
    ("storage-retrieve", retrieve),
    ("storage-batch", batch),
    ("storage-ifelse", if_else),
];

fn refused(rejection: &Rejection) -> CaseError {
    CaseError::Failed(format!("{} {rejection}", rejection.status()))
}

fn network(case: &Value) -> Network {
    match case["network"].as_str() {
        Some("mainnet") | None => Network::Mainnet,
        Some(_) => Network::Testnet,
    }
}

pub(crate) fn network_id(case: &Value) -> Result<NetworkId, CaseError> {
    Ok(NetworkId::parse(text(case, "pubkey"), network(case))?)
}

pub(crate) fn namespace_of(case: &Value) -> Result<Namespace, CaseError> {
    let number = case["namespace"]
        .as_i64()
        .ok_or_else(|| CaseError::Failed("namespace is no integer".to_owned()))?;
    Ok(Namespace::new(i16::try_from(number)?))
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

/// A namespace, or `None` for all.
fn namespaces_of(case: &Value) -> Result<Option<Namespace>, CaseError> {
    match case["namespace"].as_str() {
        Some("all") => Ok(None),
        _ => namespace_of(case).map(Some),
    }
}

fn time(case: &Value, field: &str) -> UnixMillis {
    UnixMillis::from_millis(unsigned(case, field))
}

fn hashes(case: &Value, field: &str) -> Result<Vec<MessageHash>, CaseError> {
    let hash = |hash: &Value| Ok(hash.as_str().unwrap_or_default().parse()?);
    list(case, field).iter().map(hash).collect()
}

fn tokens(case: &Value, field: &str) -> Result<Vec<Token>, CaseError> {
    list(case, field)
        .iter()
        .map(|token| {
            Ok(Token::from_bytes(
                unhex(token.as_str().unwrap()).as_slice().try_into()?,
            ))
        })
        .collect()
}

/// An `expire` from fields that are an integer or a list of them, and flags.
fn expire_of(pubkey: NetworkId, args: &Value) -> Result<Expire, CaseError> {
    let expiry = match args["expiry"].as_array() {
        Some(times) => times.iter().map(|time| time.as_u64().unwrap()).collect(),
        None => vec![unsigned(args, "expiry")],
    };
    let mode = match (&args["shorten"], &args["extend"]) {
        (Value::Bool(true), _) => ExpiryMode::Shorten,
        (_, Value::Bool(true)) => ExpiryMode::Extend,
        _ => ExpiryMode::Set,
    };
    let times = expiry.into_iter().map(UnixMillis::from_millis).collect();
    Ok(Expire::new(pubkey, hashes(args, "messages")?, times, mode)?)
}

fn signed<R: Signable>(request: R, key: &SigningKey) -> Result<(Vec<u8>, Auth), CaseError> {
    let request = request.sign(key)?;
    Ok((request.payload(), *request.auth()))
}

fn sign(case: &Value) -> Result<Value, CaseError> {
    let key = &SigningKey::from_seed(&array(case, "seed")?);
    let id = match text(case, "account") {
        "05" => AccountId::new(Prefix::Standard, *key.to_x25519().public().as_bytes()),
        "03" => AccountId::new(Prefix::Group, *key.public().as_bytes()),
        other => return Err(CaseError::Failed(format!("account {other}"))),
    };
    let args = &case["args"];
    let pubkey = NetworkId::from(id);
    let (payload, auth) = match text(case, "method") {
        Store::METHOD => {
            let (at, ttl) = (time(args, "sig_timestamp"), session_storage::MIN_TTL);
            let store = Store::new(pubkey, namespace_of(args)?, Vec::new(), at, ttl)?;
            let store = store.sign(key, at)?;
            (store.payload().unwrap(), store.signed.unwrap().auth)
        }
        Retrieve::METHOD => {
            let retrieve = Retrieve::new(pubkey, namespace_of(args)?);
            let retrieve = retrieve.sign(key, time(args, "timestamp"))?;
            (retrieve.payload().unwrap(), retrieve.signed.unwrap().auth)
        }
        Delete::METHOD => signed(Delete::new(pubkey, hashes(args, "messages")?)?, key)?,
        DeleteAll::METHOD => {
            let at = time(args, "timestamp");
            signed(DeleteAll::new(pubkey, namespaces_of(args)?, at), key)?
        }
        DeleteBefore::METHOD => {
            let before = time(args, "before");
            signed(DeleteBefore::new(pubkey, namespaces_of(args)?, before), key)?
        }
        Expire::METHOD => signed(expire_of(pubkey, args)?, key)?,
        ExpireAll::METHOD => {
            let expiry = time(args, "expiry");
            signed(ExpireAll::new(pubkey, namespaces_of(args)?, expiry), key)?
        }
        GetExpiries::METHOD => {
            let (messages, at) = (hashes(args, "messages")?, time(args, "timestamp"));
            signed(GetExpiries::new(pubkey, &messages, at)?, key)?
        }
        Revoke::METHOD => {
            let (tokens, at) = (tokens(args, "revoke")?, time(args, "timestamp"));
            signed(Revoke::new(pubkey, tokens, at)?, key)?
        }
        Unrevoke::METHOD => {
            let (tokens, at) = (tokens(args, "unrevoke")?, time(args, "timestamp"));
            signed(Unrevoke::new(pubkey, tokens, at), key)?
        }
        GetRevoked::METHOD => signed(GetRevoked::new(pubkey, time(args, "timestamp")), key)?,
        other => return Err(CaseError::Failed(format!("method {other}"))),
    };
    Ok(json!({
        "pubkey": id.to_hex(),
        "pubkey_ed25519": auth.pubkey_ed25519.map(hex),
        "payload": hex(payload),
        "signature": hex(auth.signature.as_bytes()),
        "signature_b64": session_core::base64::encode(auth.signature.as_bytes()),
    }))
}

fn request_json(case: &Value) -> Result<Value, CaseError> {
    let body = text(case, "body").as_bytes();
    let request = parse_json(body, network(case)).map_err(|error| refused(&error))?;
    Ok(normalized(&request))
}

fn request_bt(case: &Value) -> Result<Value, CaseError> {
    let dict = bytes(case, "bt");
    let request = parse_bt(text(case, "method"), &dict, network(case));
    Ok(normalized(&request.map_err(|error| refused(&error))?))
}

/// A parsed request as the vectors write it, with what is signed and what is forwarded.
fn normalized(request: &Request<'_>) -> Value {
    let mut out = json!({ "request": normalized_fields(request) });
    if let Some(payload) = payload(request) {
        out["payload"] = hex(payload).into();
    }
    if request.is_recursive() {
        let mut forward = Vec::new();
        match request.clone() {
            Request::Delete(request) => request.forwarded().write_bt(&mut forward),
            request => request.write_bt(&mut forward),
        }
        out["forward"] = hex(forward).into();
    }
    out
}

fn payload(request: &Request<'_>) -> Option<Vec<u8>> {
    match request {
        Request::Store(request) => request.payload(),
        Request::Retrieve(request) => request.payload(),
        Request::Delete(request) => Some(request.payload()),
        Request::DeleteAll(request) => Some(request.payload()),
        Request::DeleteBefore(request) => Some(request.payload()),
        Request::Expire(request) => Some(request.payload()),
        Request::ExpireAll(request) => Some(request.payload()),
        Request::GetExpiries(request) => Some(request.payload()),
        Request::Revoke(request) => Some(request.payload()),
        Request::Unrevoke(request) => Some(request.payload()),
        Request::GetRevoked(request) => Some(request.payload()),
        _ => None,
    }
}

/// The fields of a request: read back from what our writer makes of it, in the vectors' form.
fn normalized_fields(request: &Request<'_>) -> Value {
    match request {
        Request::Batch(batch) => {
            let requests: Vec<_> = batch.requests().iter().map(normalized_fields).collect();
            return json!({ "method": request.method(), "requests": requests });
        }
        Request::IfElse(if_else) => {
            let mut json = String::new();
            request.write_json(&mut json);
            let mut written: Value = serde_json::from_str(&json).unwrap();
            let mut out = json!({ "method": "ifelse", "if": written["params"]["if"].take() });
            let branches = [("then", if_else.then()), ("else", if_else.otherwise())];
            for (name, branch) in branches {
                if let Some(branch) = branch {
                    out[name] = normalized_fields(branch);
                }
            }
            return out;
        }
        _ => {}
    }
    let mut json = String::new();
    request.write_json(&mut json);
    let mut written: Value = serde_json::from_str(&json).unwrap();
    let mut fields = written["params"].take();
    fields["method"] = request.method().into();
    let unbase64 = |value: &mut Value| {
        let bytes = session_core::base64::decode("value", value.as_str().unwrap()).unwrap();
        *value = hex(bytes).into();
    };
    for name in ["data", "signature", "subaccount", "subaccount_sig"] {
        fields.get_mut(name).map(unbase64);
    }
    for name in ["revoke", "unrevoke"] {
        let tokens = fields.get_mut(name).and_then(Value::as_array_mut);
        tokens.into_iter().flatten().for_each(unbase64);
    }
    match request {
        Request::Store(_) | Request::Retrieve(_) if fields.get("namespace").is_none() => {
            fields["namespace"] = 0.into();
        }
        Request::Daemon(request) if request.params().is_none() => fields["params"] = Value::Null,
        Request::Delete(request) => fields["required"] = request.required.into(),
        Request::Expire(request) => {
            fields["shorten"] = (request.mode == ExpiryMode::Shorten).into();
            fields["extend"] = (request.mode == ExpiryMode::Extend).into();
            if !fields["expiry"].is_array() {
                fields["expiry"] = vec![fields["expiry"].take()].into();
            }
        }
        _ => {}
    }
    fields
}

/// The status that a node gives to a request.
fn decide(
    body: &str,
    context: &Context,
    is_revoked: impl Fn(&Token) -> bool,
    network: Network,
) -> Result<u16, Rejection> {
    let request = parse_json(body.as_bytes(), network)?;
    if context.forwarded && !request.is_recursive() {
        return Err(Rejection::NotForwardable);
    }
    match request {
        Request::Store(request) => request.authorize(context, is_revoked).map(drop)?,
        Request::Retrieve(request) => request.authorize(context, is_revoked).map(drop)?,
        Request::Delete(request) => request.authorize(context, is_revoked).map(drop)?,
        Request::DeleteAll(request) => request.authorize(context, is_revoked).map(drop)?,
        Request::DeleteBefore(request) => request.authorize(context, is_revoked).map(drop)?,
        Request::Expire(request) => request.authorize(context, is_revoked).map(drop)?,
        Request::ExpireAll(request) => request.authorize(context, is_revoked).map(drop)?,
        Request::GetExpiries(request) => request.authorize(context, is_revoked).map(drop)?,
        Request::Revoke(request) => request.authorize(context, is_revoked).map(drop)?,
        Request::Unrevoke(request) => request.authorize(context, is_revoked).map(drop)?,
        Request::GetRevoked(request) => request.authorize(context, is_revoked).map(drop)?,
        _ => {}
    }
    Ok(session_storage::status::OK)
}

fn auth(case: &Value) -> Result<Value, CaseError> {
    let now = time(case, "now");
    let in_swarm = case["in_swarm"] == true;
    let context = match case["forwarded"] == true {
        true => Context::forwarded(now, in_swarm),
        false => Context::new(now, in_swarm),
    };
    let revoked = tokens(case, "revoked")?;
    let is_revoked = |token: &Token| revoked.contains(token);
    let decision = decide(text(case, "body"), &context, is_revoked, network(case));
    let status = decision.unwrap_or_else(|rejection| rejection.status());
    Ok(json!({ "status": status }))
}

/// Which of the members' codes a batch or sequence has.
fn batch(case: &Value) -> Result<Value, CaseError> {
    let order = match text(case, "method") {
        "batch" => Order::Any,
        _ => Order::Sequence,
    };
    let mut results = Vec::new();
    for code in list(case, "codes") {
        let code = u16::try_from(code.as_u64().unwrap())?;
        results.push((code, Body::Text(String::new())));
        if !order.goes_on_after(code) {
            break;
        }
    }
    let Body::Json(written) = BatchReply::write(Form::Json, &results) else {
        return Err(CaseError::Failed("a batch reply is an object".to_owned()));
    };
    let reply = BatchReply::parse(written.as_bytes())?;
    let codes: Vec<_> = reply.results.iter().map(|result| result.status).collect();
    Ok(json!({ "status": 200, "executed": codes.len(), "results": codes }))
}

fn if_else(case: &Value) -> Result<Value, CaseError> {
    let info = json!({ "method": "info", "params": {} });
    let params = json!({ "if": case["if"], "then": info });
    let body = json!({ "method": "ifelse", "params": params }).to_string();
    let request = parse_json(body.as_bytes(), Network::Mainnet).map_err(|error| refused(&error))?;
    let Request::IfElse(request) = request else {
        return Err(CaseError::Failed("parsed as another method".to_owned()));
    };
    let numbers = |name: &str| {
        let numbers = list(&case["state"], name).iter();
        numbers
            .map(|number| number.as_u64().unwrap() as u16)
            .collect::<Vec<_>>()
    };
    let state = NetworkState {
        hard_fork: numbers("hf").try_into().unwrap(),
        version: numbers("v").try_into().unwrap(),
        height: unsigned(&case["state"], "height"),
    };
    Ok(json!({ "condition": request.condition().holds(&state) }))
}

fn keys(members: &[Value]) -> Vec<[u8; 32]> {
    let key = |member: &Value| unhex(member.as_str().unwrap()).try_into();
    members.iter().map(|member| key(member).unwrap()).collect()
}

fn response_verify(case: &Value) -> Result<Value, CaseError> {
    let (pubkey, args) = (network_id(case)?, &case["request"]);
    match text(case, "method") {
        Store::METHOD => {
            // The cases do not say what was stored: any message will do, as both verdicts on its
            // hash are "ok".
            let now = UnixMillis::from_secs(0);
            let ttl = session_storage::MIN_TTL;
            let store = Store::new(pubkey, Namespace::DIRECT, Vec::new(), now, ttl)?;
            verdicts(case, &store, |stored: &Stored| {
                json!({
                    "hash": stored.hash.as_str(),
                    "already": stored.already,
                    "expiry": stored.expiry.as_millis(),
                })
            })
        }
        Delete::METHOD => {
            let request = Delete::new(pubkey, hashes(args, "messages")?)?;
            verdicts(case, &request, deleted)
        }
        DeleteAll::METHOD => {
            let at = time(args, "timestamp");
            let request = DeleteAll::new(pubkey, namespaces_of(args)?, at);
            verdicts(case, &request, deleted)
        }
        DeleteBefore::METHOD => {
            let before = time(args, "before");
            let request = DeleteBefore::new(pubkey, namespaces_of(args)?, before);
            verdicts(case, &request, deleted)
        }
        Expire::METHOD => {
            let updated = |expired: &Expired| json!({ "updated": texts(&expired.updated) });
            verdicts(case, &expire_of(pubkey, args)?, updated)
        }
        ExpireAll::METHOD => {
            let request = ExpireAll::new(pubkey, namespaces_of(args)?, time(args, "expiry"));
            let updated = |updated: &Updated| json!({ "updated": texts(&updated.0.hashes()) });
            verdicts(case, &request, updated)
        }
        Revoke::METHOD => {
            let request = Revoke::new(pubkey, tokens(args, "revoke")?, time(args, "timestamp"))?;
            verdicts(case, &request, |_| json!({}))
        }
        Unrevoke::METHOD => {
            let request = Unrevoke::new(pubkey, tokens(args, "unrevoke")?, time(args, "timestamp"));
            verdicts(case, &request, |_| json!({}))
        }
        other => Err(CaseError::Failed(format!("method {other}"))),
    }
}

fn deleted(deleted: &Deleted) -> Value {
    json!({ "deleted": texts(&deleted.0.hashes()) })
}

fn texts(hashes: &[MessageHash]) -> Vec<&str> {
    hashes.iter().map(MessageHash::as_str).collect()
}

fn verdicts<R: Recursive>(
    case: &Value,
    request: &R,
    done: impl Fn(&R::Done) -> Value,
) -> Result<Value, CaseError>
where
    R::Done: Sized,
{
    let body = json!({ "swarm": case["swarm"] }).to_string();
    let reply = request.read_reply(body.as_bytes(), &keys(list(case, "members")))?;
    let nodes: Map<String, Value> = reply
        .nodes
        .iter()
        .map(|(node, verdict)| (hex(node), verdict_out(verdict, &done)))
        .collect();
    Ok(json!({ "nodes": nodes }))
}

fn verdict_out<T>(verdict: &Verdict<T>, done: impl Fn(&T) -> Value) -> Value {
    match verdict {
        Verdict::Done(item) | Verdict::Other(item) => {
            let mut out = done(item);
            out["verdict"] = "ok".into();
            out
        }
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

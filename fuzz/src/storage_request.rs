//! Requests to the storage, as nodes read them.

use session_bt::DictReader;
use session_core::{Network, UnixMillis};
use session_storage::{
    Context, Endpoint, MAX_DATA_LEN, Rejection, Request, Signable, parse_bt, parse_forwarded,
    parse_json, parse_json_params,
};

use crate::bytes::Bytes;
use crate::requests::OWNERS;

/// Every name of a method.
pub const METHODS: [&str; 19] = [
    "store",
    "retrieve",
    "delete",
    "delete_all",
    "delete_before",
    "expire",
    "expire_all",
    "get_expiries",
    "revoke_subaccount",
    "unrevoke_subaccount",
    "revoked_subaccounts",
    "get_swarm",
    "get_snodes_for_pubkey",
    "info",
    "active_nodes_bin",
    "oxend_request",
    "batch",
    "sequence",
    "ifelse",
];

/// Requests of all methods: as a whole in JSON, or parameters in JSON or bt, also of peers. What is
/// read is written and read the same, and has the same payload. Each is decided on at the time
/// that it names, so that its signature is looked at; what an account signs is accepted, and no
/// longer when a bit of the signature is another one.
pub fn storage_request(data: &[u8]) {
    let mut bytes = Bytes(data);
    let choices = bytes.byte();
    let network = if choices & 1 == 0 {
        Network::Mainnet
    } else {
        Network::Testnet
    };
    let in_swarm = choices & 2 == 0;
    let method = METHODS.get(usize::from(choices >> 2)).copied();
    let body = bytes.rest();

    let request = match method {
        None => parse_json(body, network),
        Some(method) if body.starts_with(b"d") => {
            let request = parse_bt(method, body, network);
            let forwarded = parse_forwarded(method, body, network);
            match &request {
                Ok(request) if !request.is_recursive() => {
                    assert_eq!(forwarded, Err(Rejection::NotForwardable));
                }
                _ => assert_eq!(forwarded, request),
            }
            request
        }
        Some(method) => parse_json_params(method, body, network),
    };
    match request {
        Ok(request) => {
            survives(&request, network);
            decide(request, network, in_swarm);
        }
        Err(rejection) => assert_eq!(rejection.status(), 400),
    }
}

/// Whatever is read can be written and read the same, in either form.
pub(crate) fn survives(request: &Request<'_>, network: Network) {
    let mut bt = Vec::new();
    request.write_bt(&mut bt);
    let again = parse_bt(request.method(), &bt, network).expect("as written");
    assert_eq!(again, *request);
    assert_eq!(payload(&again), payload(request));
    let mut json = String::new();
    request.write_json(&mut json);
    match parse_json(json.as_bytes(), network) {
        Ok(again) => {
            assert_eq!(again, *request);
            assert_eq!(payload(&again), payload(request));
        }
        Err(_) => assert!(has_seconds(request), "{json}"),
    }
}

/// What is signed.
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

/// Whether it has a time that JSON does not have, since it looks like seconds there.
fn has_seconds(request: &Request<'_>) -> bool {
    let time = match request {
        Request::Store(request) => {
            let signed = request.signed.map_or(request.expiry, |signed| signed.at);
            request.expiry.min(signed)
        }
        Request::Batch(batch) => return batch.requests().iter().any(has_seconds),
        Request::IfElse(request) => {
            let mut branches = request.then().into_iter().chain(request.otherwise());
            return branches.any(has_seconds);
        }
        other => match time_of(other) {
            Some(time) => time,
            None => return false,
        },
    };
    time < UnixMillis::from_secs(1_000_000)
}

/// The time that a node compares with its clock.
fn time_of(request: &Request<'_>) -> Option<UnixMillis> {
    Some(match request {
        Request::Store(request) => request.signed.map_or(request.timestamp, |signed| signed.at),
        Request::Retrieve(request) => request.signed?.at,
        Request::DeleteAll(request) => request.timestamp,
        Request::DeleteBefore(request) => request.before,
        Request::Expire(request) => *request.expiry.iter().min()?,
        Request::ExpireAll(request) => request.expiry,
        Request::GetExpiries(request) => request.timestamp,
        Request::Revoke(request) => request.timestamp,
        Request::Unrevoke(request) => request.timestamp,
        Request::GetRevoked(request) => request.timestamp,
        _ => return None,
    })
}

/// Whatever is no single request needs no leave.
fn authorize(request: Request<'_>, context: &Context) -> Result<(), Rejection> {
    match request {
        Request::Store(request) => request.authorize(context, |_| false).map(drop),
        Request::Retrieve(request) => request.authorize(context, |_| false).map(drop),
        Request::Delete(request) => request.authorize(context, |_| false).map(drop),
        Request::DeleteAll(request) => request.authorize(context, |_| false).map(drop),
        Request::DeleteBefore(request) => request.authorize(context, |_| false).map(drop),
        Request::Expire(request) => request.authorize(context, |_| false).map(drop),
        Request::ExpireAll(request) => request.authorize(context, |_| false).map(drop),
        Request::GetExpiries(request) => request.authorize(context, |_| false).map(drop),
        Request::Revoke(request) => request.authorize(context, |_| false).map(drop),
        Request::Unrevoke(request) => request.authorize(context, |_| false).map(drop),
        Request::GetRevoked(request) => request.authorize(context, |_| false).map(drop),
        _ => Ok(()),
    }
}

/// The same request as another account makes it, whose key is known. `None` for what nobody signs.
fn made_by_owner(request: Request<'_>, at: UnixMillis) -> Option<Request<'_>> {
    let owner = &OWNERS[1];
    macro_rules! signed {
        ($request:ident) => {{
            let mut request = $request.into_request();
            request.pubkey = owner.id;
            request.sign(&owner.key).expect("its key").into()
        }};
    }
    Some(match request {
        Request::Store(mut request) => {
            request.pubkey = owner.id;
            request.sign(&owner.key, at).expect("its key").into()
        }
        Request::Retrieve(mut request) => {
            request.pubkey = owner.id;
            request.sign(&owner.key, at).expect("its key").into()
        }
        Request::Delete(request) => signed!(request),
        Request::DeleteAll(request) => signed!(request),
        Request::DeleteBefore(request) => signed!(request),
        Request::Expire(request) => signed!(request),
        Request::ExpireAll(request) => signed!(request),
        Request::GetExpiries(request) => signed!(request),
        Request::Revoke(request) => signed!(request),
        Request::Unrevoke(request) => signed!(request),
        Request::GetRevoked(request) => signed!(request),
        _ => return None,
    })
}

fn decide(request: Request<'_>, network: Network, in_swarm: bool) {
    let request = match request {
        Request::Batch(batch) => {
            for request in batch.into_requests() {
                decide(request, network, in_swarm);
            }
            return;
        }
        request => request,
    };
    let now = time_of(&request).unwrap_or_default();
    let decision = authorize(request.clone(), &Context::new(now, in_swarm));
    let needs_leave = !matches!(
        request,
        Request::GetSwarm(_)
            | Request::Info(_)
            | Request::ActiveNodes(_)
            | Request::Daemon(_)
            | Request::IfElse(_)
    );
    assert_eq!(
        decision == Err(Rejection::WrongSwarm),
        needs_leave && !in_swarm
    );
    match &request {
        Request::Store(request) => {
            assert!(request.data.len() <= MAX_DATA_LEN);
            let signed = request.signed.is_some();
            assert!(decision.is_err() || signed || !request.namespace.store_needs_signature());
        }
        Request::Retrieve(request) => {
            let signed = request.signed.is_some();
            assert!(decision.is_err() || signed || !request.namespace.retrieve_needs_signature());
        }
        _ => {}
    }

    let context = Context::new(now, true);
    let Some(own) = made_by_owner(request, now) else {
        return;
    };
    let (mut is_looked_at, mut bt) = (true, Vec::new());
    own.write_bt(&mut bt);
    match authorize(own.clone(), &context) {
        Err(Rejection::Ttl | Rejection::Clock) if matches!(own, Request::Store(_)) => return,
        decision => assert_eq!(decision, Ok(())),
    }
    if let Request::Store(store) = &own {
        is_looked_at = store.namespace.store_needs_signature();
    }
    let mut dict = DictReader::new(&bt).expect("as written");
    let signature = dict.bytes("signature").expect("as signed");
    let at = dict.consumed().len() - 1 - usize::from(signature[0]) % signature.len();
    bt[at] ^= 1;
    let changed = parse_bt(own.method(), &bt, network).expect("nothing else has changed");
    let method = own.method();
    let expected = if is_looked_at {
        Err(Rejection::Signature { method })
    } else {
        Ok(())
    };
    assert_eq!(authorize(changed, &context), expected);
}

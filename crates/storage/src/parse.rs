//! From the bytes of a request to its typed form: the node's side.

use serde::Deserialize;
use session_core::Network;

use crate::params::Params;
use crate::value::Value;
use crate::{GetSwarm, Info, MAX_BODY_LEN, Rejection, Request, Retrieve, Store};

/// How much of an unknown method's name is quoted back, in characters.
const MAX_NAME_LEN: usize = 64;

/// The outer object of a request (spec 04 §2.1).
#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Envelope<'a> {
    method: Option<Value<'a>>,
    params: Option<Value<'a>>,
}

/// Reads a request as it comes over HTTPS or out of an onion: `{"method": text, "params":
/// object}` (spec 04 §2.1).
///
/// Nothing is verified yet. A repeated key is refused.
///
/// # Errors
/// A [`Rejection`] of status 400 or 413: the answer to give.
pub fn parse_json(body: &[u8], network: Network) -> Result<Request<'_>, Rejection> {
    if body.len() > MAX_BODY_LEN {
        return Err(Rejection::TooLarge);
    }
    let no_field = |field| Rejection::NoField { field };
    let body: Value<'_> = serde_json::from_slice(body).map_err(|_| Rejection::InvalidJson)?;
    let body = body.object().ok_or(no_field("method"))?;
    let envelope: Envelope<'_> = serde_json::from_str(body).map_err(|_| Rejection::InvalidJson)?;
    let method = envelope.method.and_then(Value::text);
    let method = method.ok_or(no_field("method"))?;
    let params = envelope.params.and_then(Value::object);
    let params = Params::from_json(params.ok_or(no_field("params"))?)?;
    request(&method, &params, network)
}

/// Reads the bt form of a request's parameters, as it comes over OMQ or QUIC (spec 04 §5.2).
///
/// Nothing is verified yet. Unsorted keys are refused.
///
/// # Errors
/// A [`Rejection`] of status 400 or 413: the answer to give.
pub fn parse_bt<'a>(
    method: &str,
    params: &'a [u8],
    network: Network,
) -> Result<Request<'a>, Rejection> {
    if params.len() > MAX_BODY_LEN {
        return Err(Rejection::TooLarge);
    }
    request(method, &Params::from_bt(params)?, network)
}

/// Reads what another member of the swarm forwarded: as [`parse_bt`], but only methods that are
/// forwarded at all (spec 03 §11).
///
/// Authorize the result as if it came from a client, and do not forward it again.
///
/// # Errors
/// As [`parse_bt`], and [`Rejection::NotForwardable`].
pub fn parse_forwarded<'a>(
    method: &str,
    params: &'a [u8],
    network: Network,
) -> Result<Request<'a>, Rejection> {
    parse_bt(method, params, network).and_then(|request| {
        if request.is_recursive() {
            Ok(request)
        } else {
            Err(Rejection::NotForwardable)
        }
    })
}

fn request<'a>(
    method: &str,
    params: &Params<'a>,
    network: Network,
) -> Result<Request<'a>, Rejection> {
    match method {
        Store::METHOD => Store::from_params(params, network).map(Request::Store),
        Retrieve::METHOD => Retrieve::from_params(params, network).map(Request::Retrieve),
        GetSwarm::METHOD | GetSwarm::ALIAS => {
            GetSwarm::from_params(params, network).map(Request::GetSwarm)
        }
        Info::METHOD => Ok(Request::Info(Info)),
        name => Err(Rejection::NoMethod {
            name: name.chars().take(MAX_NAME_LEN).collect(),
        }),
    }
}

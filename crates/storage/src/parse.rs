//! From the bytes of a request to its typed form: the node's side.

use alloc::vec::Vec;
use core::cell::Cell;

use session_core::Network;

use crate::endpoint::Signable;
use crate::params::{Params, fields, required};
use crate::request::{
    ActiveNodes, Batch, Condition, DaemonRequest, Delete, DeleteAll, DeleteBefore, Expire,
    ExpireAll, GetExpiries, GetRevoked, GetSwarm, IfElse, Info, Order, Request, Retrieve, Revoke,
    Store, Unrevoke,
};
use crate::value::Value;
use crate::{MAX_BATCH, MAX_BODY_LEN, MAX_CONDITIONS, Rejection};

/// How many bytes of conditional requests are read, one within another counted each time.
const MAX_EFFORT: usize = 2 * MAX_BODY_LEN;
/// How much of an unknown method's name is quoted back, in characters.
const MAX_NAME_LEN: usize = 64;

fields! {
    /// The outer object of a request (spec 04 §2.1).
    Outer {
        "method" => method,
        "params" => params,
    }
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
    let outer = Outer::read(body).ok_or(Rejection::InvalidJson)?;
    let method = outer.method.and_then(Value::text);
    let method = method.ok_or(no_field("method"))?;
    let params = outer.params.and_then(Value::object);
    let params = params.ok_or(no_field("params"))?;
    parse(&method, params, network)
}

/// Reads the parameters of a method in JSON, as they come over OMQ or QUIC (spec 04 §2.2).
///
/// Nothing is verified yet. A repeated key is refused.
///
/// # Errors
/// A [`Rejection`] of status 400 or 413: the answer to give.
pub fn parse_json_params<'a>(
    method: &str,
    params: &'a [u8],
    network: Network,
) -> Result<Request<'a>, Rejection> {
    if params.len() > MAX_BODY_LEN {
        return Err(Rejection::TooLarge);
    }
    let params: Value<'_> = serde_json::from_slice(params).map_err(|_| Rejection::InvalidBody)?;
    parse(method, params, network)
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
    parse(method, Value::Bt(params), network)
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

fn parse<'a>(method: &str, params: Value<'a>, network: Network) -> Result<Request<'a>, Rejection> {
    let parser = Parser {
        network,
        conditions: &Cell::new(MAX_CONDITIONS),
        effort: &Cell::new(MAX_EFFORT),
        in_batch: false,
    };
    parser.request(method, params)
}

#[derive(Clone, Copy)]
struct Parser<'p> {
    network: Network,
    /// How many more conditional requests there may be.
    conditions: &'p Cell<usize>,
    /// How many more bytes of conditional requests may be read. Each is read once more than the one
    /// that it stands in.
    effort: &'p Cell<usize>,
    /// Whether this is an element of a batch, where no other composite request may be.
    in_batch: bool,
}

impl Parser<'_> {
    fn request<'a>(self, method: &str, params: Value<'a>) -> Result<Request<'a>, Rejection> {
        let (network, params_len) = (self.network, params.len());
        let params = || Params::read(params).ok_or(Rejection::Malformed);
        Ok(match method {
            Store::METHOD => Store::from_params(&params()?, network)?.into(),
            Retrieve::METHOD => Retrieve::from_params(&params()?, network)?.into(),
            Delete::METHOD => Delete::from_params(&params()?, network)?.into(),
            DeleteAll::METHOD => DeleteAll::from_params(&params()?, network)?.into(),
            DeleteBefore::METHOD => DeleteBefore::from_params(&params()?, network)?.into(),
            Expire::METHOD => Expire::from_params(&params()?, network)?.into(),
            ExpireAll::METHOD => ExpireAll::from_params(&params()?, network)?.into(),
            GetExpiries::METHOD => GetExpiries::from_params(&params()?, network)?.into(),
            Revoke::METHOD => Revoke::from_params(&params()?, network)?.into(),
            Unrevoke::METHOD => Unrevoke::from_params(&params()?, network)?.into(),
            GetRevoked::METHOD => GetRevoked::from_params(&params()?, network)?.into(),
            GetSwarm::METHOD | GetSwarm::ALIAS => {
                GetSwarm::from_params(&params()?, network)?.into()
            }
            Info::METHOD => params().map(|_| Info)?.into(),
            ActiveNodes::METHOD => params().map(|_| ActiveNodes)?.into(),
            DaemonRequest::METHOD => DaemonRequest::from_params(&params()?)?.into(),
            "batch" | "sequence" | "ifelse" if self.in_batch => return Err(Rejection::Nested),
            "batch" => self.batch(Order::Any, &params()?)?.into(),
            "sequence" => self.batch(Order::Sequence, &params()?)?.into(),
            "ifelse" => {
                self.charge(params_len)?;
                self.if_else(&params()?)?.into()
            }
            name => {
                return Err(Rejection::NoMethod {
                    name: name.chars().take(MAX_NAME_LEN).collect(),
                });
            }
        })
    }

    fn batch<'a>(self, order: Order, params: &Params<'a>) -> Result<Batch<'a>, Rejection> {
        let field = "requests";
        let list = params
            .requests
            .filter(Value::is_list)
            .ok_or(Rejection::Missing { field })?;
        let parser = Self {
            in_batch: true,
            ..self
        };
        let mut requests = Vec::new();
        let mut refused = None;
        let whole = list.each(|request| {
            if requests.len() == MAX_BATCH {
                refused = Some(Rejection::TooManyRequests);
                return None;
            }
            match parser.nested(request) {
                Ok(request) => {
                    requests.push(request);
                    Some(())
                }
                Err(rejection) => {
                    refused = Some(rejection);
                    None
                }
            }
        });
        if let Some(rejection) = refused {
            return Err(rejection);
        }
        if whole.is_none() || requests.is_empty() {
            return Err(Rejection::Invalid { field });
        }
        Ok(Batch::of_checked(order, requests))
    }

    /// Takes the cost of a conditional request from what is left.
    fn charge(self, params_len: usize) -> Result<(), Rejection> {
        let conditions = self.conditions.get().checked_sub(1);
        let effort = self.effort.get().checked_sub(params_len);
        let (conditions, effort) = conditions.zip(effort).ok_or(Rejection::Nested)?;
        self.conditions.set(conditions);
        self.effort.set(effort);
        Ok(())
    }

    fn if_else<'a>(self, params: &Params<'a>) -> Result<IfElse<'a>, Rejection> {
        let field = "if";
        let condition = params.condition.ok_or(Rejection::Missing { field })?;
        let condition = Condition::read(condition)?;
        let branch = |value: Option<_>| value.map(|value| self.nested(value)).transpose();
        let (then, otherwise) = (branch(params.then)?, branch(params.otherwise)?);
        IfElse::new(condition, then, otherwise).map_err(|_| Rejection::NoBranch)
    }

    /// A request within another one.
    fn nested<'a>(self, request: Value<'a>) -> Result<Request<'a>, Rejection> {
        let field = "requests";
        let outer = Outer::read(request).ok_or(Rejection::Invalid { field })?;
        let method = required("method", outer.method, Value::text)?;
        let params = required("params", outer.params, Value::object)?;
        self.request(&method, params)
    }
}

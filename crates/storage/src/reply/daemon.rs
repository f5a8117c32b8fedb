//! The reply to `oxend_request` (spec 04 §6.15).

use alloc::borrow::Cow;

use super::{NodeState, ReplyBody};
use crate::params::fields;
use crate::value::{Value, is_json};
use crate::{Body, Error, Form};

/// What a node's daemon has answered. Nothing in it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DaemonReply<'a> {
    /// The answer: the text of one JSON value. For a list of nodes see `session-swarm`.
    pub result: Cow<'a, str>,
}

fields! {
    Fields {
        "result" => result,
    }
}

impl<'a> DaemonReply<'a> {
    /// The reply of a node. `result` is the text of one JSON value.
    ///
    /// # Errors
    /// [`Error::Malformed`] when it is not.
    pub fn write(form: Form, result: &str, state: &NodeState) -> Result<Body, Error> {
        if !is_json(result) {
            let what = "daemon answer";
            return Err(Error::Malformed { what });
        }
        Ok(Body::object(form, |out| {
            state.write_hf(out);
            out.raw_json("result", result);
            state.write_t(out);
        }))
    }

    /// Reads a reply.
    ///
    /// # Errors
    /// [`Error::TooLong`]; [`Error::Malformed`] when it is no object with a `result`.
    pub fn parse(body: impl Into<ReplyBody<'a>>) -> Result<Self, Error> {
        const WHAT: &str = "daemon reply";
        let malformed = Error::Malformed { what: WHAT };
        let fields = Fields::read(body.into().object(WHAT)?).ok_or(malformed)?;
        let result = match fields.result.ok_or(malformed)? {
            Value::Json(json) => Cow::Borrowed(json),
            value => value.text().ok_or(malformed)?,
        };
        Ok(Self { result })
    }
}

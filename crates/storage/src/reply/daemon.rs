//! The reply to `oxend_request` (spec 04 §6.15).

use core::fmt;

use super::{NodeState, ReplyBody};
use crate::params::fields;
use crate::value::{Value, json_value};
use crate::{Body, Error, Form};

/// What a node's daemon has answered. Nothing in it is signed.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DaemonReply<'a> {
    /// The answer: the text of one JSON value. For a list of nodes see `session-swarm`.
    pub result: &'a str,
}

/// Names the length of the answer instead of showing it.
impl fmt::Debug for DaemonReply<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DaemonReply({} bytes)", self.result.len())
    }
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
        let what = "daemon answer";
        let result = json_value(result).ok_or(Error::Malformed { what })?;
        Ok(Body::object(form, |out| {
            state.write_hf(out);
            out.raw_json("result", result);
            state.write_t(out);
        }))
    }

    /// Reads a reply.
    ///
    /// # Errors
    /// [`Error::TooLong`]; [`Error::Malformed`] when it is no object with a `result`, which `null`
    /// is not.
    pub fn parse(body: impl Into<ReplyBody<'a>>) -> Result<Self, Error> {
        const WHAT: &str = "daemon reply";
        let malformed = Error::Malformed { what: WHAT };
        let fields = Fields::read(body.into().object(WHAT)?).ok_or(malformed)?;
        let result = fields.result.and_then(Value::json);
        let result = result.filter(|json| *json != "null").ok_or(malformed)?;
        Ok(Self { result })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    const STATE: NodeState = NodeState::new(session_core::UnixMillis::from_secs(1), [21, 0]);

    #[test]
    fn answers_are_json_and_the_same_in_both_forms() {
        for form in [Form::Json, Form::Bt] {
            let body = DaemonReply::write(form, " {\"a\":[1]}\n", &STATE).unwrap();
            let body = body.into_bytes();
            assert_eq!(DaemonReply::parse(&body).unwrap().result, "{\"a\":[1]}");
            let what = "daemon answer";
            let error = DaemonReply::write(form, "{\"a\":", &STATE);
            assert_eq!(error, Err(Error::Malformed { what }));
        }
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let malformed = Error::Malformed {
            what: "daemon reply",
        };
        for result in ["null", " null ", "{", "", "5 5"] {
            let body = format!("d6:result{}:{result}e", result.len());
            assert_eq!(DaemonReply::parse(&body), Err(malformed), "{result}");
        }
        assert_eq!(DaemonReply::parse("{\"result\": null}"), Err(malformed));
    }
}

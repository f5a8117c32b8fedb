//! The reply to `ifelse` (spec 04 §6.14).

use super::{ReplyBody, SubReply, numbers};
use crate::params::fields;
use crate::value::Value;
use crate::{Body, Error, Form, NetworkState};

/// Which branch was taken, and the reply to it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct IfElseReply<'a> {
    /// Whether the condition held.
    pub condition: bool,
    /// What the condition was about, if the reply tells.
    pub state: Option<NetworkState>,
    /// The reply to the branch; `None` when there was no such branch.
    pub result: Option<SubReply<'a>>,
}

fields! {
    Fields {
        "condition" => condition,
        "height" => height,
        "hf" => hf,
        "result" => result,
        "v" => v,
    }
}

impl<'a> IfElseReply<'a> {
    /// The reply of a node: status code and body of the branch. In bt the body must have been
    /// written as [`Form::BtBase64`].
    #[must_use]
    pub fn write(
        form: Form,
        condition: bool,
        state: &NetworkState,
        result: Option<&(u16, Body)>,
    ) -> Body {
        Body::object(form, |out| {
            out.boolean("condition", condition)
                .integer("height", state.height)
                .integers("hf", state.hard_fork.into_iter());
            if let Some((status, body)) = result {
                out.object("result", |out| SubReply::write(*status, body, out));
            }
            out.integers("v", state.version.into_iter());
        })
    }

    /// Reads a reply.
    ///
    /// # Errors
    /// [`Error::TooLong`]; [`Error::Malformed`] when it is no object with a `condition`.
    pub fn parse(body: impl Into<ReplyBody<'a>>) -> Result<Self, Error> {
        const WHAT: &str = "ifelse reply";
        let malformed = Error::Malformed { what: WHAT };
        let fields = Fields::read(body.into().object(WHAT)?).ok_or(malformed)?;
        let state = || {
            Some(NetworkState {
                hard_fork: numbers(fields.hf)?,
                version: numbers(fields.v)?,
                height: fields.height?.integer()?,
            })
        };
        let result = fields
            .result
            .map(|result| SubReply::read(result).ok_or(malformed))
            .transpose()?;
        Ok(Self {
            condition: fields.condition.and_then(Value::boolean).ok_or(malformed)?,
            state: state(),
            result,
        })
    }
}

//! The reply to `revoked_subaccounts` (spec 04 §6.11).

use alloc::vec::Vec;

use super::{NodeState, ReplyBody};
use crate::params::fields;
use crate::value::Value;
use crate::{Body, Error, Form, Token};

/// Which tokens are revoked. Nothing in it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RevokedReply {
    /// The tokens, in the order of the reply.
    pub tokens: Vec<Token>,
}

fields! {
    Fields {
        "revoked_subaccounts" => revoked_subaccounts,
    }
}

impl RevokedReply {
    /// The reply of a node.
    #[must_use]
    pub fn write(form: Form, tokens: &[Token], state: &NodeState) -> Body {
        Body::object(form, |out| {
            state.write_hf(out);
            out.base64s("revoked_subaccounts", tokens.iter());
            state.write_t(out);
        })
    }

    /// Reads a reply.
    ///
    /// # Errors
    /// [`Error::TooLong`]; [`Error::Malformed`] when it is no object with a list
    /// `revoked_subaccounts` of tokens.
    pub fn parse<'a>(body: impl Into<ReplyBody<'a>>) -> Result<Self, Error> {
        const WHAT: &str = "revoked subaccounts";
        let malformed = Error::Malformed { what: WHAT };
        let fields = Fields::read(body.into().object(WHAT)?).ok_or(malformed)?;
        let list = fields.revoked_subaccounts.filter(Value::is_list);
        let tokens = list.and_then(|list| list.list(Value::token));
        let tokens = tokens.ok_or(malformed)?;
        Ok(Self { tokens })
    }
}

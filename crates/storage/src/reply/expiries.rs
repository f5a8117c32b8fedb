//! The reply to `get_expiries` (spec 04 §6.8).

use alloc::vec::Vec;

use session_core::UnixMillis;

use super::ReplyBody;
use super::done::{read_expiries, write_expiries};
use crate::params::fields;
use crate::{Body, Error, Form, MessageHash};

/// When messages expire. Nothing in it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExpiriesReply {
    /// The messages that the node has, ascending.
    pub expiries: Vec<(MessageHash, UnixMillis)>,
}

fields! {
    Fields {
        "expiries" => expiries,
    }
}

impl ExpiriesReply {
    /// The reply of a node.
    #[must_use]
    pub fn write(form: Form, expiries: &[(MessageHash, UnixMillis)]) -> Body {
        Body::object(form, |out| {
            out.object("expiries", |out| write_expiries(expiries, out));
        })
    }

    /// Reads a reply.
    ///
    /// # Errors
    /// [`Error::TooLong`]; [`Error::Malformed`] when it is no object with `expiries`.
    pub fn parse<'a>(body: impl Into<ReplyBody<'a>>) -> Result<Self, Error> {
        const WHAT: &str = "expiries reply";
        let malformed = Error::Malformed { what: WHAT };
        let fields = Fields::read(body.into().object(WHAT)?).ok_or(malformed)?;
        let expiries = fields.expiries.and_then(read_expiries).ok_or(malformed)?;
        Ok(Self { expiries })
    }
}

//! The reply to `info` (spec 04 §6.17).

use session_core::UnixMillis;

use super::{NodeState, ReplyBody, numbers};
use crate::params::fields;
use crate::value::Value;
use crate::{Body, Error, Form};

/// Version and clock of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InfoReply {
    /// The node's clock.
    pub timestamp: UnixMillis,
    /// Version of the node's software, if it was given.
    pub version: Option<[u16; 3]>,
    /// The network's hard fork, major and minor, if it was given.
    pub hard_fork: Option<[u16; 2]>,
}

fields! {
    Fields {
        "hf" => hf,
        "timestamp" => timestamp,
        "version" => version,
    }
}

impl InfoReply {
    /// The reply of a node.
    #[must_use]
    pub fn write(form: Form, version: [u16; 3], state: &NodeState) -> Body {
        Body::object(form, |out| {
            state.write_hf(out);
            state.write_t(out);
            out.time("timestamp", state.now)
                .integers("version", version.into_iter());
        })
    }

    /// Reads a reply.
    ///
    /// # Errors
    /// [`Error::TooLong`]; [`Error::Malformed`] when it is no object with a `timestamp`.
    pub fn parse<'a>(body: impl Into<ReplyBody<'a>>) -> Result<Self, Error> {
        const WHAT: &str = "info reply";
        let malformed = Error::Malformed { what: WHAT };
        let fields = Fields::read(body.into().object(WHAT)?).ok_or(malformed)?;
        Ok(Self {
            timestamp: fields.timestamp.and_then(Value::millis).ok_or(malformed)?,
            version: numbers(fields.version),
            hard_fork: numbers(fields.hf),
        })
    }
}

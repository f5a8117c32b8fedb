//! The reply to `info` (spec 04 §6.17).

use alloc::string::String;

use serde::Deserialize;
use session_core::UnixMillis;

use super::{NodeState, read, read_object};
use crate::Error;
use crate::json::ObjectWriter;
use crate::value::Value;

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

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Fields<'a> {
    timestamp: Option<Value<'a>>,
    version: Option<Value<'a>>,
    hf: Option<Value<'a>>,
}

impl InfoReply {
    /// Appends the reply of a node.
    pub fn write_json(out: &mut String, version: [u16; 3], state: &NodeState) {
        let [major, minor, patch] = version;
        let mut object = ObjectWriter::new(out);
        object
            .literal("version", format_args!("[{major},{minor},{patch}]"))
            .literal("timestamp", state.now);
        state.write_json(&mut object);
    }

    /// Reads a reply.
    ///
    /// # Errors
    /// [`Error::TooLong`]; [`Error::Malformed`] when it is no object with a `timestamp`.
    pub fn parse(body: &[u8]) -> Result<Self, Error> {
        const WHAT: &str = "info reply";
        let fields: Fields<'_> = read_object(WHAT, body)?;
        Ok(Self {
            timestamp: fields
                .timestamp
                .and_then(Value::millis)
                .ok_or(Error::Malformed { what: WHAT })?,
            version: read(fields.version),
            hard_fork: read(fields.hf),
        })
    }
}

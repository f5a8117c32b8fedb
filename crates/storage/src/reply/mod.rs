//! Bodies of replies, written by nodes and read by clients.

mod failure;
mod info;
mod retrieve;
mod store;
mod store_item;

pub use failure::Failure;
pub use info::InfoReply;
pub use retrieve::{Message, RetrieveReply};
pub use store::{StoreReply, Verdict, write_store_reply};
pub use store_item::{StoreItem, StoreOutcome};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use session_core::UnixMillis;

use crate::json::ObjectWriter;
use crate::value::Value;
use crate::{Error, MAX_BODY_LEN};

/// What a node says of itself at the top level of its replies (spec 04 §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeState {
    /// The node's clock.
    pub now: UnixMillis,
    /// The network's hard fork, major and minor.
    pub hard_fork: [u16; 2],
}

impl NodeState {
    /// A state.
    #[must_use]
    pub const fn new(now: UnixMillis, hard_fork: [u16; 2]) -> Self {
        Self { now, hard_fork }
    }

    /// Writes the fields `t` and `hf`.
    fn write_json(&self, object: &mut ObjectWriter<'_>) {
        let [major, minor] = self.hard_fork;
        object
            .literal("t", self.now)
            .literal("hf", format_args!("[{major},{minor}]"));
    }
}

/// The value of a JSON list or other simple type; `None` when it is of another type.
fn read<T: DeserializeOwned>(value: Option<Value<'_>>) -> Option<T> {
    match value? {
        Value::Json(text) => serde_json::from_str(text).ok(),
        Value::Bt(_) => None,
    }
}

/// Reads a reply body as an object.
///
/// # Errors
/// [`Error::TooLong`] over [`MAX_BODY_LEN`], [`Error::Malformed`].
fn read_object<'a, T: Deserialize<'a>>(what: &'static str, body: &'a [u8]) -> Result<T, Error> {
    if body.len() > MAX_BODY_LEN {
        return Err(Error::TooLong {
            what,
            limit: MAX_BODY_LEN,
            got: body.len(),
        });
    }
    let malformed = Error::Malformed { what };
    let body: Value<'_> = serde_json::from_slice(body).map_err(|_| malformed)?;
    serde_json::from_str(body.object().ok_or(malformed)?).map_err(|_| malformed)
}

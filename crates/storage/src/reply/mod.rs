//! Bodies of replies, written by nodes and read by clients.

mod batch;
mod collect;
mod confirmation;
mod daemon;
mod done;
mod expiries;
mod failure;
mod if_else;
mod info;
mod retrieve;
mod revoked;
mod swarm;

pub use batch::{BatchReply, SubReply};
pub use collect::Collector;
pub use confirmation::{Confirmation, Confirmed, Outcome, Recursive, peer_answer};
pub use daemon::DaemonReply;
pub use done::{Deleted, Expired, NewExpiry, Revoked, Stored, Touched, Unrevoked, Updated};
pub use expiries::ExpiriesReply;
pub use failure::Failure;
pub use if_else::IfElseReply;
pub use info::InfoReply;
pub use retrieve::{Message, RetrieveReply};
pub use revoked::RevokedReply;
pub use swarm::{SwarmReply, Verdict};

use alloc::borrow::Cow;
use core::fmt;

use session_core::UnixMillis;

use crate::value::Value;
use crate::write::ObjectWriter;
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

    /// Writes the field `hf`.
    pub(crate) fn write_hf(&self, object: &mut ObjectWriter<'_>) {
        object.integers("hf", self.hard_fork.into_iter());
    }

    /// Writes the field `t`.
    pub(crate) fn write_t(&self, object: &mut ObjectWriter<'_>) {
        object.time("t", self.now);
    }
}

/// A reply's body, to be read: the bytes of a whole one, JSON or bt by their first byte, or a
/// part of a [`BatchReply`] or [`IfElseReply`].
#[derive(Clone, Copy)]
pub struct ReplyBody<'a>(Source<'a>);

#[derive(Clone, Copy)]
enum Source<'a> {
    Whole(&'a [u8]),
    Part(Value<'a>),
}

/// Names the length of the body instead of showing it.
impl fmt::Debug for ReplyBody<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = match self.0 {
            Source::Whole(bytes) => bytes.len(),
            Source::Part(value) => value.len(),
        };
        write!(f, "ReplyBody({len} bytes)")
    }
}

impl<'a, B: AsRef<[u8]> + ?Sized> From<&'a B> for ReplyBody<'a> {
    fn from(bytes: &'a B) -> Self {
        Self(Source::Whole(bytes.as_ref()))
    }
}

impl<'a> ReplyBody<'a> {
    pub(crate) const fn part(value: Value<'a>) -> Self {
        Self(Source::Part(value))
    }

    /// The body as text, as refusals have it; `None` when it is none.
    #[must_use]
    pub fn text(&self) -> Option<Cow<'a, str>> {
        match self.0 {
            Source::Whole(bytes) => core::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Source::Part(value) => value.text(),
        }
    }

    /// The object that the body is.
    ///
    /// # Errors
    /// [`Error::TooLong`] over [`MAX_BODY_LEN`], [`Error::Malformed`].
    fn object(self, what: &'static str) -> Result<Value<'a>, Error> {
        let malformed = Error::Malformed { what };
        let value = match self.0 {
            Source::Part(value) => value,
            Source::Whole(bytes) if bytes.len() > MAX_BODY_LEN => {
                return Err(Error::TooLong {
                    what,
                    limit: MAX_BODY_LEN,
                    got: bytes.len(),
                });
            }
            Source::Whole(bytes) if bytes.starts_with(b"d") => Value::Bt(bytes),
            Source::Whole(bytes) => serde_json::from_slice(bytes).map_err(|_| malformed)?,
        };
        value.object().ok_or(malformed)
    }
}

/// A list of exactly so many numbers.
fn numbers<const N: usize>(value: Option<Value<'_>>) -> Option<[u16; N]> {
    let value = value.filter(Value::is_list)?;
    value.list_up_to(N, Value::integer)?.try_into().ok()
}

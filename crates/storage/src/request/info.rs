//! `info` (spec 04 §6.17).

use alloc::string::String;

use crate::json::write_request;

/// Asks a node for its version and clock. Answered by [`InfoReply`](crate::InfoReply).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "the endpoint has no parameters")]
pub struct Info;

impl Info {
    /// Name of the method.
    pub const METHOD: &'static str = "info";

    /// Appends the JSON request.
    pub fn write_json(&self, out: &mut String) {
        write_request(out, Self::METHOD, |_| ());
    }
}

//! Methods without parameters (spec 04 §6.17, §6.18).

use crate::endpoint::{Endpoint, sealed};
use crate::write::ObjectWriter;

/// Asks a node for its version and clock. Answered by [`InfoReply`](crate::InfoReply).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "the endpoint has no parameters")]
pub struct Info;

/// Asks for all nodes that are in a swarm, packed (spec 03 §7.3). Nodes up to 2.8.0 do not know
/// it. The answer is no object but bytes, through an onion request as base64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "the endpoint has no parameters")]
pub struct ActiveNodes;

impl Info {
    /// Name of the method.
    pub const METHOD: &'static str = "info";
}

impl ActiveNodes {
    /// Name of the method.
    pub const METHOD: &'static str = "active_nodes_bin";
}

impl sealed::Fields for Info {
    fn write_fields(&self, _: &mut ObjectWriter<'_>) {}
}

impl sealed::Fields for ActiveNodes {
    fn write_fields(&self, _: &mut ObjectWriter<'_>) {}
}

impl Endpoint for Info {
    fn method(&self) -> &'static str {
        Self::METHOD
    }
}

impl Endpoint for ActiveNodes {
    fn method(&self) -> &'static str {
        Self::METHOD
    }
}

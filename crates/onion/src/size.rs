//! Lengths that are known in advance (spec 02 §7). All of them saturate.
//!
//! Nothing is padded: who sees a request sees its length, and each node on the path sees it
//! shrink by a known constant.

use crate::{EncType, Server};

/// Length in bytes of the length field of a frame.
pub(crate) const FRAME_LEN: usize = 4;

/// What a layer for a node costs beside the ciphertext and the name of the hop type.
const RELAY_METADATA: usize = 179;
const OUTER_METADATA: usize = 98;
const FINAL_METADATA: usize = 14;

/// What each node of the path adds to a request, in bytes.
#[must_use]
pub const fn per_hop(enc_type: EncType) -> usize {
    FRAME_LEN
        .saturating_add(RELAY_METADATA)
        .saturating_add(enc_type.name().len())
        .saturating_add(enc_type.overhead())
}

/// Length in bytes of a request with `hops` path nodes and a payload for a node.
#[must_use]
pub const fn to_node(hops: usize, payload_len: usize, enc_type: EncType) -> usize {
    let innermost = FRAME_LEN
        .saturating_add(payload_len)
        .saturating_add(FINAL_METADATA)
        .saturating_add(enc_type.overhead());
    innermost
        .saturating_add(hops.saturating_mul(per_hop(enc_type)))
        .saturating_add(outermost(enc_type))
}

/// Length in bytes of a request with `hops` path nodes and a payload for a server.
#[must_use]
pub const fn to_server(
    hops: usize,
    server: &Server<'_>,
    payload_len: usize,
    enc_type: EncType,
) -> usize {
    let innermost = payload_len.saturating_add(enc_type.overhead());
    let hops = match hops.checked_sub(1) {
        None => 0,
        // The last node is told of the server instead of a next node.
        Some(others) => FRAME_LEN
            .saturating_add(server.metadata_len(enc_type))
            .saturating_add(enc_type.overhead())
            .saturating_add(others.saturating_mul(per_hop(enc_type))),
    };
    innermost
        .saturating_add(hops)
        .saturating_add(outermost(enc_type))
}

/// Length in bytes of a node's reply in base64 whose wrapped result has `inner_len` bytes:
/// `{"body":…,"status":…}`.
#[must_use]
pub const fn node_reply(inner_len: usize, enc_type: EncType) -> usize {
    session_core::base64::encoded_len(inner_len.saturating_add(enc_type.overhead()))
}

const fn outermost(enc_type: EncType) -> usize {
    FRAME_LEN
        .saturating_add(OUTER_METADATA)
        .saturating_add(enc_type.name().len())
}

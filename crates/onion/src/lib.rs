#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

mod at_server;
mod enc_type;
mod entry;
mod error;
#[cfg(feature = "hazmat")]
pub mod hazmat;
mod headers;
mod hop;
mod json;
mod layer;
mod metadata;
mod peel;
mod prepared;
mod proxy;
mod refusal;
mod reply;
mod request;
mod server;
pub mod size;
pub mod v3;
pub mod v4;

pub use at_server::{ServerRequest, ServerSealer, peel_at_server};
pub use enc_type::EncType;
pub use entry::{EntryError, uniform_batch_error};
pub use error::Error;
pub use hop::Hop;
pub use layer::{Layer, MAX_HOP_NO};
pub use peel::{Action, Final, Peeled, Relay, peel};
pub use prepared::EphemeralPool;
#[cfg(feature = "precomputed-tables")]
pub use prepared::{PreparedHop, PreparedPath};
pub use proxy::{Proxy, ProxyTarget, is_public_address};
pub use refusal::{Refusal, relayed_status};
pub use reply::{
    FromServer, Reply, ReplyBody, ReplyFormat, ReplyKey, ReplySealer, ReplyText, SealedBy,
};
pub use request::{Destination, MAX_REQUEST_LEN, Request, Route, build};
pub use server::{Endpoint, Protocol, Server};

// What the API names.
pub use session_crypto;

#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

mod enc_type;
mod error;
#[cfg(feature = "hazmat")]
pub mod hazmat;
mod hop;
mod layer;
mod metadata;
mod peel;
mod proxy;
mod reply;
mod request;

pub use enc_type::EncType;
pub use error::Error;
pub use hop::Hop;
pub use layer::{Layer, MAX_HOP_NO};
pub use peel::{Action, Final, Peeled, Relay, peel};
pub use proxy::{Proxy, ProxyTarget};
pub use reply::{Reply, ReplyBody, ReplyFormat, ReplyKey, ReplySealer, ReplyText, SealedBy};
pub use request::{MAX_REQUEST_LEN, Request, build, request_len};

// What the API names.
pub use session_crypto;

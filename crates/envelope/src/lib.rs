#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

pub mod content;
mod envelope;
mod error;
pub mod group_update;
#[cfg(feature = "hazmat")]
pub mod hazmat;
mod one_to_one;
mod opened;
pub mod padding;
pub mod pro;
mod pro_signature;
pub mod proto;
pub mod rules;
mod sender;

pub use content::{Content, Expiration};
pub use envelope::Outside;
pub use error::Error;
pub use one_to_one::{MAX_WIRE_LEN, open_one_to_one, seal_one_to_one};
pub use opened::Opened;
pub use sender::Sender;

// What the API names.
pub use session_core;
pub use session_crypto;
pub use session_identity;

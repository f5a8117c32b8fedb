#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

mod content;
mod error;
#[cfg(feature = "hazmat")]
pub mod hazmat;
mod one_to_one;
pub mod padding;
pub mod proto;

pub use content::{Content, Expiration};
pub use error::Error;
pub use one_to_one::{MAX_WIRE_LEN, Opened, Outside, open_one_to_one, seal_one_to_one};

// What the API names.
pub use session_core;
pub use session_crypto;
pub use session_identity;

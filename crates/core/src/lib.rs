#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod account_id;
pub mod base64;
mod error;
pub mod hex;
mod network_id;
mod time;

pub use account_id::{AccountId, Prefix, ShortId};
pub use error::Error;
pub use network_id::{Network, NetworkId};
pub use time::{Now, UnixMillis};

#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

mod account;
pub mod blinding;
pub mod community_auth;
pub mod conversion;
mod error;
pub mod mnemonic;
pub mod name;
pub mod pro;
mod seed;
mod signed_request;
pub mod version_check;

pub use account::Account;
pub use error::Error;
pub use seed::Seed;
pub use signed_request::Request;

// What the API names.
pub use session_core;
pub use session_crypto;

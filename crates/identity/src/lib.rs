#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

mod account;
mod error;
pub mod mnemonic;
mod seed;

pub use account::Account;
pub use error::Error;
pub use seed::Seed;

// What the API names.
pub use session_core;
pub use session_crypto;

#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

mod aead;
#[cfg(feature = "argon2")]
#[cfg_attr(docsrs, doc(cfg(feature = "argon2")))]
pub mod argon2id;
pub mod blake2b;
pub mod blinding;
pub mod ed25519;
mod error;
#[cfg(feature = "hazmat")]
pub mod hazmat;
pub mod hkdf;
pub mod mlkem768;
pub mod peer;
pub mod sealed_box;
mod secret;
pub mod secretbox;
pub mod sha3;
pub mod sha512;
pub mod x25519;
pub mod xchacha20;
pub mod xed25519;

pub use aead::{TAG_LEN, aes256gcm, xchacha20poly1305};
pub use error::Error;
pub use rand_core;
pub use secret::SymmetricKey;
pub use zeroize;

#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

mod buffer;
mod community;
mod compression;
pub mod content;
mod envelope;
mod error;
pub mod group;
pub mod group_update;
#[cfg(feature = "hazmat")]
pub mod hazmat;
mod inbox;
mod kick_notice;
pub mod legacy_config;
pub mod legacy_group;
pub mod multi;
mod one_to_one;
mod opened;
pub mod padding;
pub mod pro;
mod pro_signature;
pub mod proto;
mod push;
pub mod rules;
mod sender;
pub mod xchacha20;

pub use community::{Post, open_post, seal_post};
pub use content::{Content, Expiration};
pub use envelope::Outside;
pub use error::Error;
pub use group::{GroupOpener, open_group, seal_group};
pub use inbox::{Inbox, InboxMessage};
pub use kick_notice::KickNotice;
pub use one_to_one::{MAX_WIRE_LEN, open_one_to_one, seal_one_to_one};
pub use opened::Opened;
pub use push::open_push;
pub use sender::Sender;

// What the API names.
pub use session_core;
pub use session_crypto;
pub use session_identity;

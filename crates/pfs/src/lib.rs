#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

mod account_key;
mod account_keys;
mod device_group;
mod device_id;
mod device_record;
mod device_table;
pub mod devices;
mod error;
mod group_id;
#[cfg(feature = "hazmat")]
pub mod hazmat;
mod key_pair;
mod key_seed;
mod link_request;
mod message;
mod padding;
mod public_keys;
mod publication;
pub mod recipients;
pub mod sas;
mod saved_state;
mod unix_secs;

pub use account_key::AccountKey;
pub use account_keys::{AccountKeys, HeldKey, KeysMerged, OwnPublication, UnopenedMessages};
pub use device_group::{GroupMessage, MessageKind, Payload, seal_group_message};
pub use device_id::DeviceId;
pub use device_record::{DeviceInfo, DeviceRecord};
pub use device_table::{
    DeviceEntry, DeviceRow, DeviceState, DeviceTable, EntryMerged, OwedBroadcast,
};
pub use devices::Devices;
pub use error::Error;
pub use group_id::GroupId;
pub use key_pair::KeyPair;
pub use key_seed::KeySeed;
pub use link_request::LinkRequest;
pub use message::{
    MAX_MESSAGE_LEN, MIN_MESSAGE_LEN, MessageSize, MessageVersion, Opened, ProSignature, Sender,
    open, seal, seal_without_pfs,
};
pub use public_keys::{KeyIndicator, PublicKeys};
pub use publication::{
    PUBLICATION_LEN, PUBLICATION_NAMESPACE, PUBLICATION_TTL, newest_publication, read_publication,
    write_publication,
};
pub use recipients::RecipientKeys;

/// How deep what others send may be nested (spec 06 R17).
const MAX_DEPTH: usize = 32;

// What the API names.
pub use session_core;
pub use session_crypto;
pub use session_identity;

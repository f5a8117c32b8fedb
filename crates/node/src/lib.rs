#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

mod change;
mod composite;
mod config;
mod handover;
mod memory_store;
mod message;
mod monitor;
mod node;
mod onion;
mod pending;
mod replication;
mod rpc;
mod store;
#[cfg(any(test, feature = "store-tests"))]
pub mod store_tests;
mod swarm_body;

pub use config::Config;
pub use memory_store::{Full, MemoryStore};
pub use message::{
    Answer, ConnectionId, DaemonFailure, DaemonQuestion, Notify, NotifyCommand, Output, PeerReply,
    PeerRequest, RequestId, Ticket, Transmit, TransportFailure,
};
pub use node::Node;
pub use store::{
    Expiry, MessageStore, NewMessage, Place, REVOCATION_LIFE, Retrieved, Scanned, Selection, Stored,
};

// Of the storage RPC, what stores need.
pub use session_storage::{ExpiryMode, MAX_REVOKED};

// What the API names.
pub use session_core;
pub use session_crypto;
pub use session_storage;
pub use session_swarm;

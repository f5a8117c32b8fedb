#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

mod config;
mod memory_store;
mod message;
mod node;
mod pending;
mod rpc;
mod store;

pub use config::Config;
pub use memory_store::{Full, MemoryStore};
pub use message::{
    Answer, Output, PeerReply, PeerRequest, RequestId, Ticket, Transmit, TransportFailure,
};
pub use node::Node;
pub use store::{MessageStore, Retrieved, Stored};

// What the API names.
pub use session_core;
pub use session_crypto;
pub use session_storage;
pub use session_swarm;

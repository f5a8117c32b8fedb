#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

mod client;
mod config;
mod error;
mod hops;
mod mailbox;
mod message;
mod network;
mod request;

pub use client::Client;
pub use config::Config;
pub use error::{Error, Failure, Kind};
pub use message::{
    Event, MessageRef, Output, Received, RequestId, Response, Target, Transmit, TransportFailure,
};

// What the API names.
pub use session_core;
pub use session_crypto::rand_core;
pub use session_envelope;
pub use session_identity;
pub use session_onion;
pub use session_path;
pub use session_storage;
pub use session_swarm;

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

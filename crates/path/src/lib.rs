#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod choose;
mod error;
mod failure;
mod guard;
mod paths;
mod policy;
mod random;
mod select;
mod strikes;

pub use choose::{Candidate, choose_path};
pub use error::Error;
pub use failure::{Failure, Penalties, Provenance, classify};
pub use guard::Guard;
pub use paths::{Path, PathId, Paths};
pub use policy::{Policy, retry_delay};
pub use select::{Taken, select_nodes};
pub use strikes::Strikes;

// What the API names.
pub use rand_core;
pub use session_core;
pub use session_swarm;

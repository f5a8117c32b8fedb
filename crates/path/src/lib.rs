#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod blame;
mod build;
mod choose;
mod error;
mod failure;
mod guard;
mod path;
mod paths;
mod policy;
mod random;
mod select;
mod state;
mod strikes;

pub use choose::{Candidate, choose_path};
pub use error::Error;
pub use failure::{Failure, Penalties, Provenance, classify};
pub use guard::Guard;
pub use path::{Path, PathId};
pub use paths::Paths;
pub use policy::{Category, Policy, retry_delay};
pub use select::{Taken, select_nodes};
pub use strikes::Strikes;

// What the API names.
pub use rand_core;
pub use session_core;
pub use session_swarm;

#![doc = include_str!("../README.md")]

mod simulation;
mod testnet;
mod wire;

pub use simulation::{ClientId, Simulation};
pub use testnet::Testnet;
pub use wire::{Endpoint, Fate, Link};

/// The code of the workspace's README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct WorkspaceReadme;

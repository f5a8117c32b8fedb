//! Deterministic entry points, for known-answer tests and fuzzing.
//!
//! Randomness that is used twice reveals messages. May change in any release before 1.0.

mod devices;
mod group;
mod keys;
mod link;
mod message;

pub use devices::*;
pub use group::*;
pub use keys::*;
pub use link::*;
pub use message::*;

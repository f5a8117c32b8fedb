#![doc = include_str!("../README.md")]

mod change;
mod error;
mod open;
mod sql;
mod store;
mod value;

pub use error::Error;
pub use open::SqliteStore;

#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod cursor;
mod error;
mod int;
mod reader;
mod value;
mod writer;

pub use error::Error;
pub use int::{Int, Integer};
pub use reader::{DictReader, Entry, ListReader, Signed};
pub use value::Value;
pub use writer::{DictWriter, ListWriter};

/// Deepest nesting of lists and dicts that is read: spec 09 §1.2.
pub const MAX_DEPTH: usize = 64;

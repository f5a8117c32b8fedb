//! The network's protobuf messages, and reading them as the network does (spec 05a).
//!
//! The structs are prost's, with every field optional. prost alone would accept messages that all
//! peers refuse, and refuse some that they accept; so read with [`Message::from_wire`], which runs
//! [`sift`] first.

mod content;
mod data_message;
mod envelope;
mod group_update;
mod schema;
mod sift;
mod wire;

use alloc::borrow::Cow;
use alloc::vec::Vec;

use zeroize::Zeroizing;

pub use self::content::*;
pub use self::data_message::*;
pub use self::envelope::*;
pub use self::group_update::*;
pub use self::schema::{Field, Kind, Label, Schema};
pub use self::sift::{MAX_REPEATED, UnknownFields, canonical, sift};
pub use self::wire::{Fault, Record, Records, Value};

pub(crate) use self::sift::append_canonical;
pub(crate) use self::wire::{last_bytes, last_varint, varint_len, without_field};

use crate::Error;

/// A message of the schema in spec 05a §3.
pub trait Message: prost::Message + Default {
    /// What the message may hold.
    const SCHEMA: &'static Schema;

    /// Reads a message by the rules of the network (spec 05a §2). Unknown fields are dropped:
    /// keep the bytes where they matter, and see [`canonical`].
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::Missing`], [`Error::Text`].
    fn from_wire(wire: &[u8]) -> Result<Self, Error> {
        let copy;
        let sifted: &[u8] = match sift(Self::SCHEMA, wire)? {
            Cow::Borrowed(sifted) => sifted,
            // What people wrote is not left in memory.
            Cow::Owned(sifted) => {
                copy = Zeroizing::new(sifted);
                &copy
            }
        };
        Self::decode(sifted).map_err(|_| Error::Internal("sift let through what prost refuses"))
    }

    /// Writes the message in canonical form.
    fn to_wire(&self) -> Vec<u8> {
        self.encode_to_vec()
    }
}

/// Declares a message: the struct for prost, and beside every field what [`Schema`] says of it.
macro_rules! message {
    (
        $(#[$doc:meta])*
        $name:ident $text:literal {
            $($(#[$attribute:meta])* $field:ident: $type:ty => $schema:expr,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, prost::Message)]
        #[prost(skip_debug)]
        #[allow(clippy::exhaustive_structs, reason = "build it with `..Default::default()`")]
        pub struct $name {
            $($(#[$attribute])* pub $field: $type,)*
        }

        impl Message for $name {
            const SCHEMA: &'static super::Schema = &super::Schema::new($text, &[$($schema),*]);
        }

        /// Shows the type only: what people write does not belong in logs.
        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(concat!($text, "(..)"))
            }
        }
    };
}
use message;

#[cfg(test)]
mod tests;

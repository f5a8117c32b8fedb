//! Values of any shape.

use alloc::vec::Vec;

use crate::cursor::{Cursor, Kind};
use crate::writer::{write_bytes, write_integer};
use crate::{Error, Integer, MAX_DEPTH};

/// A decoded value that borrows its strings from the input.
///
/// Decoding accepts unsorted dicts and sorts them, and keeps the first of two equal keys
/// (spec 09 §1.2); encoding is canonical. A decoded value takes at most about 80 bytes of memory
/// for each byte of input, and usually less than the input.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(
    clippy::exhaustive_enums,
    reason = "bt-encoding has these four types and no others"
)]
pub enum Value<'a> {
    /// An integer.
    Int(Integer),
    /// A byte string.
    Bytes(&'a [u8]),
    /// A list.
    List(Vec<Value<'a>>),
    /// A dict. [`decode`](Self::decode) gives strictly ascending keys.
    Dict(Vec<(&'a [u8], Value<'a>)>),
}

impl<'a> Value<'a> {
    /// Decodes bytes that hold exactly one value.
    ///
    /// # Errors
    /// Malformed or trailing bytes, nesting deeper than [`MAX_DEPTH`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        // Refuses bad framing and bad depth before anything is allocated.
        let mut cursor = Cursor::new(bytes);
        cursor.skip_value(MAX_DEPTH)?;
        cursor.finish()?;
        Self::read(&mut Cursor::new(bytes), MAX_DEPTH)
    }

    fn read(cursor: &mut Cursor<'a>, depth_left: usize) -> Result<Self, Error> {
        match cursor.kind()? {
            Kind::Int => cursor.integer().map(Self::Int),
            Kind::Bytes => cursor.bytes().map(Self::Bytes),
            kind => {
                let depth_left = depth_left.checked_sub(1).ok_or(Error::Depth)?;
                cursor.open(kind)?;
                if kind == Kind::List {
                    let mut items = Vec::new();
                    while !cursor.close()? {
                        items.push(Self::read(cursor, depth_left)?);
                    }
                    return Ok(Self::List(items));
                }
                let mut entries = Vec::new();
                while !cursor.close()? {
                    let key = cursor.bytes()?;
                    entries.push((key, Self::read(cursor, depth_left)?));
                }
                // Stable, so that the first of equal keys stays in front and is the one kept.
                entries.sort_by_key(|(key, _)| *key);
                entries.dedup_by_key(|(key, _)| *key);
                Ok(Self::Dict(entries))
            }
        }
    }

    /// Appends the canonical encoding to `out`.
    ///
    /// # Errors
    /// [`Error::Order`] when a dict that did not come from [`decode`](Self::decode) has keys
    /// that are not strictly ascending.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            Self::Int(integer) => write_integer(out, *integer),
            Self::Bytes(bytes) => write_bytes(out, bytes),
            Self::List(items) => {
                out.push(b'l');
                items.iter().try_for_each(|item| item.encode(out))?;
                out.push(b'e');
            }
            Self::Dict(entries) => {
                if !entries.is_sorted_by(|(a, _), (b, _)| a < b) {
                    return Err(Error::Order);
                }
                out.push(b'd');
                for (key, value) in entries {
                    write_bytes(out, key);
                    value.encode(out)?;
                }
                out.push(b'e');
            }
        }
        Ok(())
    }
}

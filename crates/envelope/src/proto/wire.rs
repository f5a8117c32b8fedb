//! Protobuf records as they are on the wire, without a schema (spec 05a §2).

use alloc::vec::Vec;
use core::iter::FusedIterator;

use prost::encoding::encoded_len_varint;
use zeroize::Zeroizing;

/// How deep messages and groups may be nested.
pub(super) const MAX_DEPTH: u8 = 100;

/// Longest tag in bytes.
const MAX_TAG_LEN: usize = 5;

/// Why bytes are not a sequence of protobuf records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A field reaches beyond the end of its message.
    #[error("a field is cut off")]
    Truncated,
    /// A varint has more than ten bytes.
    #[error("a varint is too long")]
    Varint,
    /// A tag has more than 32 bits, field number 0 or a wire type that does not exist.
    #[error("a tag is not valid")]
    Tag,
    /// A group ends that did not begin.
    #[error("groups are not balanced")]
    Group,
    /// Messages and groups are nested more than 100 deep.
    #[error("nested too deep")]
    Depth,
}

/// What a record holds, by its wire type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "protobuf has no other wire types")]
pub enum Value<'a> {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 1.
    Fixed64(u64),
    /// Wire type 2: bytes, text, a message or packed numbers.
    Bytes(&'a [u8]),
    /// Wire types 3 to 4: a group, whose records are not looked at.
    Group,
    /// Wire type 5.
    Fixed32(u32),
}

/// A field of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record<'a> {
    /// The field number, not 0.
    pub number: u32,
    /// The value.
    pub value: Value<'a>,
    /// Tag and value as they are on the wire.
    pub raw: &'a [u8],
}

impl Record<'_> {
    /// Whether every varint in it is as prost writes it: no longer than it has to be, and without
    /// bits that do not fit.
    pub(super) fn is_minimal(&self) -> bool {
        let value = match self.value {
            // Ten bytes, and the last of them has room for a single bit.
            Value::Varint(value) if value >> 63 == 1 && self.raw.last() != Some(&1) => {
                return false;
            }
            Value::Varint(value) => encoded_len_varint(value),
            Value::Bytes(bytes) => {
                encoded_len_varint(varint_len(bytes.len())).saturating_add(bytes.len())
            }
            Value::Fixed64(_) => 8,
            Value::Fixed32(_) => 4,
            Value::Group => return false,
        };
        // The wire type does not change the length of the tag.
        let tag = encoded_len_varint(u64::from(self.number) << 3);
        self.raw.len() == tag.saturating_add(value)
    }
}

/// The records of a message, in order. Ends after the first fault.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    rest: &'a [u8],
    depth: u8,
}

impl<'a> Records<'a> {
    /// Reads a message that is not part of another.
    #[must_use]
    pub const fn new(wire: &'a [u8]) -> Self {
        Self::with_depth(wire, MAX_DEPTH)
    }

    /// Reads a message in which there may be `depth` levels more.
    pub(super) const fn with_depth(wire: &'a [u8], depth: u8) -> Self {
        Self { rest: wire, depth }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let record = match read_item(&mut self.rest, self.depth) {
            Ok(Item::Record(record)) => Ok(record),
            Ok(Item::EndGroup(_)) => Err(Fault::Group),
            Err(fault) => Err(fault),
        };
        if record.is_err() {
            self.rest = &[];
        }
        Some(record)
    }
}

impl FusedIterator for Records<'_> {}

enum Item<'a> {
    Record(Record<'a>),
    EndGroup(u32),
}

fn read_item<'a>(rest: &mut &'a [u8], depth: u8) -> Result<Item<'a>, Fault> {
    let start = *rest;
    let tag = read_varint(rest)?;
    if taken(start, rest).len() > MAX_TAG_LEN {
        return Err(Fault::Tag);
    }
    let tag = u32::try_from(tag).map_err(|_| Fault::Tag)?;
    let number = tag >> 3;
    if number == 0 {
        return Err(Fault::Tag);
    }
    let value = match tag & 7 {
        0 => Value::Varint(read_varint(rest)?),
        1 => Value::Fixed64(u64::from_le_bytes(read_array(rest)?)),
        2 => {
            let len = usize::try_from(read_varint(rest)?).map_err(|_| Fault::Truncated)?;
            let (bytes, tail) = rest.split_at_checked(len).ok_or(Fault::Truncated)?;
            *rest = tail;
            Value::Bytes(bytes)
        }
        3 => {
            skip_group(rest, number, depth.checked_sub(1).ok_or(Fault::Depth)?)?;
            Value::Group
        }
        4 => return Ok(Item::EndGroup(number)),
        5 => Value::Fixed32(u32::from_le_bytes(read_array(rest)?)),
        _ => return Err(Fault::Tag),
    };
    Ok(Item::Record(Record {
        number,
        value,
        raw: taken(start, rest),
    }))
}

/// Reads to the end of the group `number`. Recurses at most [`MAX_DEPTH`] deep.
fn skip_group(rest: &mut &[u8], number: u32, depth: u8) -> Result<(), Fault> {
    loop {
        match read_item(rest, depth)? {
            Item::Record(_) => {}
            Item::EndGroup(end) if end == number => return Ok(()),
            Item::EndGroup(_) => return Err(Fault::Group),
        }
    }
}

/// Reads a varint of up to ten bytes; what does not fit into 64 bits is lost, as in C++.
pub(super) fn read_varint(rest: &mut &[u8]) -> Result<u64, Fault> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, tail) = rest.split_first().ok_or(Fault::Truncated)?;
        *rest = tail;
        value |= u64::from(byte & 0x7f).wrapping_shl(shift);
        if *byte < 0x80 {
            return Ok(value);
        }
    }
    Err(Fault::Varint)
}

fn read_array<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Fault> {
    let (array, tail) = rest.split_first_chunk().ok_or(Fault::Truncated)?;
    *rest = tail;
    Ok(*array)
}

/// What was read of `start` when `rest` is left.
fn taken<'a>(start: &'a [u8], rest: &[u8]) -> &'a [u8] {
    let len = start.len().saturating_sub(rest.len());
    start.get(..len).unwrap_or(start)
}

/// A length as varints carry it; no length has more than 64 bits.
pub(crate) fn varint_len(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

/// A message that was read, without the records of a field that holds bytes, text or a message.
/// All others stay byte for byte.
pub(crate) fn without_field(message: &[u8], number: u32) -> Zeroizing<Vec<u8>> {
    let mut rest = Zeroizing::new(Vec::with_capacity(message.len()));
    // The message was read before: there are no faults.
    for record in Records::new(message).filter_map(Result::ok) {
        if record.number != number || !matches!(record.value, Value::Bytes(_)) {
            rest.extend_from_slice(record.raw);
        }
    }
    rest
}

/// The bytes of a singular field in a message that was sifted.
pub(crate) fn last_bytes(sifted: &[u8], number: u32) -> Option<&[u8]> {
    match last(sifted, number)? {
        Value::Bytes(bytes) => Some(bytes),
        _ => None,
    }
}

/// The number in a singular field of a message that was sifted.
pub(crate) fn last_varint(sifted: &[u8], number: u32) -> Option<u64> {
    match last(sifted, number)? {
        Value::Varint(value) => Some(value),
        _ => None,
    }
}

fn last(sifted: &[u8], number: u32) -> Option<Value<'_>> {
    let records = Records::new(sifted).filter_map(Result::ok);
    records
        .filter(|record| record.number == number)
        .last()
        .map(|record| record.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn read(wire: &[u8]) -> Result<Vec<(u32, Value<'_>)>, Fault> {
        Records::new(wire)
            .map(|record| record.map(|record| (record.number, record.value)))
            .collect()
    }

    fn groups(depth: usize) -> Vec<u8> {
        [vec![0x0b; depth], vec![0x0c; depth]].concat()
    }

    proptest! {
        #[test]
        fn raw_parts_are_the_whole(wire in prop::collection::vec(0u8..32, 0..40)) {
            let mut raw = Vec::new();
            for record in Records::new(&wire) {
                match record {
                    Ok(record) => raw.extend_from_slice(record.raw),
                    Err(_) => return Ok(()),
                }
            }
            prop_assert_eq!(raw, wire);
        }

        #[test]
        fn any_bytes_end(wire: Vec<u8>) {
            prop_assert!(Records::new(&wire).count() <= wire.len());
        }
    }

    #[test]
    fn wire_types() {
        let wire = [
            &[0x08, 0x96, 0x01, 0x12, 1, 7, 0x19][..],
            &[
                1, 0, 0, 0, 0, 0, 0, 0, 0x25, 2, 0, 0, 0, 0x2b, 0x08, 1, 0x2c,
            ],
        ];
        let expected = vec![
            (1, Value::Varint(150)),
            (2, Value::Bytes(&[7])),
            (3, Value::Fixed64(1)),
            (4, Value::Fixed32(2)),
            (5, Value::Group),
        ];
        assert_eq!(read(&wire.concat()), Ok(expected));
    }

    #[test]
    fn varints_as_in_cpp() {
        let ten = [&[0x08][..], &[0xff; 9], &[0x7f]].concat();
        assert_eq!(read(&ten), Ok(vec![(1, Value::Varint(u64::MAX))]));
        assert_eq!(
            read(&[0x08, 0x85, 0x80, 0]),
            Ok(vec![(1, Value::Varint(5))])
        );
        let eleven = [&[0x08][..], &[0x80; 10], &[0]].concat();
        assert_eq!(read(&eleven), Err(Fault::Varint));
        assert_eq!(read(&[0x08, 0x80]), Err(Fault::Truncated));
    }

    #[test]
    fn tags_that_are_not_valid() {
        for tag in [
            &[0x00][..],
            &[0x07],
            &[0x0e],
            &[0x0f],
            &[0x88, 0x80, 0x80, 0x80, 0x80, 0],
            &[0xf8, 0xff, 0xff, 0xff, 0x1f],
        ] {
            assert_eq!(read(&[tag, &[1]].concat()), Err(Fault::Tag), "{tag:?}");
        }
        let overlong = [0x88, 0x80, 0x80, 0x80, 0, 1];
        assert_eq!(read(&overlong), Ok(vec![(1, Value::Varint(1))]));
    }

    #[test]
    fn groups_balance_and_have_a_limit() {
        assert_eq!(read(&groups(100)), Ok(vec![(1, Value::Group)]));
        assert_eq!(read(&groups(101)), Err(Fault::Depth));
        assert_eq!(read(&[0x0c]), Err(Fault::Group));
        assert_eq!(read(&[0x0b, 0x14]), Err(Fault::Group));
        assert_eq!(read(&[0x0b]), Err(Fault::Truncated));
    }

    #[test]
    fn lengths_stay_inside() {
        assert_eq!(read(&[0x0a, 2, 0]), Err(Fault::Truncated));
        assert_eq!(read(&[0x09, 0]), Err(Fault::Truncated));
        let huge = [&[0x0a][..], &[0xff; 9], &[1]].concat();
        assert_eq!(read(&huge), Err(Fault::Truncated));
    }

    #[test]
    fn minimal_means_no_spare_bytes_or_bits() {
        let minimal = |wire: &[u8]| Records::new(wire).next().unwrap().unwrap().is_minimal();
        assert!(minimal(&[0x08, 5]) && minimal(&[0x0a, 1, 9]) && minimal(&[0x0d, 0, 0, 0, 0]));
        let mut ten = [&[0x08][..], &[0xff; 9], &[1]].concat();
        assert!(minimal(&ten));
        ten[10] = 3;
        assert!(!minimal(&ten));
        assert!(!minimal(&[0x08, 0x85, 0]));
        assert!(!minimal(&[0x88, 0, 5]));
        assert!(!minimal(&[0x0a, 0x81, 0, 9]));
    }
}

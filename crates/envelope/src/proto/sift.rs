//! Turns what the network accepts into what prost cannot misread (spec 05a §2).

use alloc::borrow::Cow;
use alloc::vec::Vec;

use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint};

use zeroize::Zeroizing;

use super::schema::{Field, Kind, Label, Schema};
use super::wire::{Fault, MAX_DEPTH, Record, Records, Value, read_varint, varint_len};
use crate::Error;

const MAX_VARINT_LEN: usize = 10;

/// How often a text or a message may be repeated. Two bytes on the wire are enough for one, and
/// become a hundred in memory; nothing that is sent comes near (spec 05 §13: bound work).
pub const MAX_REPEATED: usize = 4_096;

/// What becomes of the fields that the schema does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "kept or not")]
pub enum UnknownFields {
    /// They follow the known ones of their message, byte for byte.
    Keep,
    /// They are left out, at any depth.
    Drop,
}

/// Checks a message by the rules of the network and leaves only what the schema knows.
///
/// Nearly every message that is met is as its sender's library wrote it: then this borrows. Else
/// the result is the [`canonical`] form. Sifting twice changes nothing.
///
/// # Errors
/// [`Error::Malformed`], [`Error::Missing`], [`Error::Text`]; [`Error::TooMany`] above
/// [`MAX_REPEATED`].
pub fn sift<'a>(schema: &Schema, wire: &'a [u8]) -> Result<Cow<'a, [u8]>, Error> {
    if is_clean(schema, wire, MAX_DEPTH) {
        Ok(Cow::Borrowed(wire))
    } else {
        canonical(schema, wire, UnknownFields::Drop).map(Cow::Owned)
    }
}

/// Writes a message in canonical form: known fields ascending, each as short as it can be,
/// repeated numbers unpacked, duplicates resolved; then the unknown ones, if they are kept.
///
/// # Errors
/// As [`sift`].
pub fn canonical(schema: &Schema, wire: &[u8], unknown: UnknownFields) -> Result<Vec<u8>, Error> {
    // Only packed numbers grow, to twice their length.
    let mut out = Vec::with_capacity(wire.len());
    append_canonical(schema, wire, unknown, &mut out)?;
    Ok(out)
}

/// Appends the [`canonical`] form of a message.
pub(crate) fn append_canonical(
    schema: &Schema,
    wire: &[u8],
    unknown: UnknownFields,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    Writer { out, unknown }.message(schema, wire, MAX_DEPTH)
}

/// Whether prost reads this as the network does: only known fields of their own wire type, varints
/// minimal, no number packed, no submessage in parts, nothing required missing.
///
/// Never a verdict on the message: what is not clean goes through [`canonical`], which knows.
fn is_clean(schema: &Schema, wire: &[u8], depth: u8) -> bool {
    let bits = || (0..u32::BITS).map(|shift| 1u32.wrapping_shl(shift));
    let (mut seen, mut repeated) = (0, 0_usize);
    for record in Records::with_depth(wire, depth) {
        let Ok(record) = record else { return false };
        let mut fields = schema.fields().iter().zip(bits());
        let Some((field, bit)) = fields.find(|(field, _)| field.number == record.number) else {
            return false;
        };
        if !record.is_minimal() || field.accepts(schema.name(), record.value) != Ok(true) {
            return false;
        }
        match (field.kind, record.value) {
            (Kind::Message(inner), Value::Bytes(bytes)) => {
                let first = field.label == Label::Repeated || seen & bit == 0;
                let Some(depth) = depth.checked_sub(1) else {
                    return false;
                };
                if !first || !is_clean(inner, bytes, depth) {
                    return false;
                }
            }
            (kind, Value::Bytes(_)) if kind.is_varint() => return false,
            _ => {}
        }
        if field.label == Label::Repeated && matches!(record.value, Value::Bytes(_)) {
            repeated = repeated.saturating_add(1);
            if repeated > MAX_REPEATED {
                return false;
            }
        }
        seen |= bit;
    }
    let mut fields = schema.fields().iter().zip(bits());
    fields.all(|(field, bit)| field.label != Label::Required || seen & bit != 0)
}

/// Writes canonical form. Reads a message once for each of its fields instead of collecting its
/// records: their number is the sender's choice, that of the fields is not.
struct Writer<'o> {
    out: &'o mut Vec<u8>,
    unknown: UnknownFields,
}

impl Writer<'_> {
    fn message(&mut self, schema: &Schema, wire: &[u8], depth: u8) -> Result<(), Error> {
        for field in schema.fields() {
            self.field(schema, field, wire, depth)?;
        }
        // Also when nothing is kept: this is where the framing of all records is seen.
        for record in records(schema, wire, depth) {
            let record = record?;
            let known = schema.field_of(record.number, record.value)?.is_some();
            if !known && self.unknown == UnknownFields::Keep {
                self.out.extend_from_slice(record.raw);
            }
        }
        Ok(())
    }

    fn field(
        &mut self,
        schema: &Schema,
        field: &Field,
        wire: &[u8],
        depth: u8,
    ) -> Result<(), Error> {
        let mut scalar = None;
        let mut repeated = 0_usize;
        let mut part: Option<&[u8]> = None;
        let mut merged = Zeroizing::new(Vec::new());
        for record in records(schema, wire, depth) {
            let Record { number, value, .. } = record?;
            if number != field.number || !field.accepts(schema.name(), value)? {
                continue;
            }
            if field.label == Label::Repeated && matches!(value, Value::Bytes(_)) {
                repeated = repeated.saturating_add(1);
                if repeated > MAX_REPEATED {
                    return Err(Error::TooMany {
                        what: field.name,
                        limit: MAX_REPEATED,
                        got: repeated,
                    });
                }
            }
            match (field.label, field.kind, value) {
                (Label::Repeated, Kind::Message(inner), Value::Bytes(bytes)) => {
                    self.submessage(field, inner, bytes, depth)?;
                }
                (Label::Repeated, ..) => self.value(field, value),
                (_, Kind::Message(inner), Value::Bytes(bytes)) => {
                    // A part that is cut off must not be completed by the next one.
                    records(inner, bytes, depth).try_for_each(|part| part.map(drop))?;
                    if let Some(first) = part {
                        if merged.is_empty() {
                            merged.reserve_exact(wire.len());
                            merged.extend_from_slice(first);
                        }
                        merged.extend_from_slice(bytes);
                    }
                    part = Some(bytes);
                }
                _ => scalar = Some(value),
            }
        }
        match (field.kind, part, scalar) {
            (Kind::Message(inner), Some(bytes), _) => {
                let bytes = if merged.is_empty() { bytes } else { &merged };
                self.submessage(field, inner, bytes, depth)?;
            }
            (_, _, Some(value)) => self.value(field, value),
            _ if field.label == Label::Required => {
                return Err(Error::Missing {
                    message: schema.name(),
                    field: field.name,
                });
            }
            _ => {}
        }
        Ok(())
    }

    fn submessage(
        &mut self,
        field: &Field,
        schema: &Schema,
        wire: &[u8],
        depth: u8,
    ) -> Result<(), Error> {
        let depth = depth.checked_sub(1).ok_or(Error::Malformed {
            message: schema.name(),
            fault: Fault::Depth,
        })?;
        encode_key(field.number, WireType::LengthDelimited, self.out);
        let start = self.out.len();
        self.message(schema, wire, depth)?;
        // The length is known only now; it goes in front.
        let len = varint_len(self.out.len().saturating_sub(start));
        let mut prefix = [0; MAX_VARINT_LEN];
        encode_varint(len, &mut prefix.as_mut_slice());
        let prefix = prefix.into_iter().take(encoded_len_varint(len));
        self.out.splice(start..start, prefix);
        Ok(())
    }

    fn value(&mut self, field: &Field, value: Value<'_>) {
        match value {
            Value::Varint(value) => {
                encode_key(field.number, WireType::Varint, self.out);
                encode_varint(field.kind.normalize(value), self.out);
            }
            Value::Bytes(mut packed) if field.kind.is_varint() => {
                while let Ok(value) = read_varint(&mut packed) {
                    self.value(field, Value::Varint(value));
                }
            }
            Value::Bytes(bytes) => {
                encode_key(field.number, WireType::LengthDelimited, self.out);
                encode_varint(varint_len(bytes.len()), self.out);
                self.out.extend_from_slice(bytes);
            }
            Value::Fixed64(value) => {
                encode_key(field.number, WireType::SixtyFourBit, self.out);
                self.out.extend_from_slice(&value.to_le_bytes());
            }
            // No field of the schema has these.
            Value::Fixed32(_) | Value::Group => {}
        }
    }
}

fn records<'a>(
    schema: &Schema,
    wire: &'a [u8],
    depth: u8,
) -> impl Iterator<Item = Result<Record<'a>, Error>> {
    let message = schema.name();
    Records::with_depth(wire, depth)
        .map(move |record| record.map_err(|fault| Error::Malformed { message, fault }))
}

//! What a message may hold: the facts of spec 05a §3 that prost's attributes cannot say.

use super::wire::{Value, read_varint};
use crate::Error;

/// A message type.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    name: &'static str,
    fields: &'static [Field],
}

impl Schema {
    /// A message type. Fields come in ascending order.
    pub(super) const fn new(name: &'static str, fields: &'static [Field]) -> Self {
        Self { name, fields }
    }

    /// The name in the schema, such as `DataMessage.Quote`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The fields, in ascending order of their numbers.
    #[must_use]
    pub const fn fields(&self) -> &'static [Field] {
        self.fields
    }

    /// The field that a record stands for. `None` for unknown numbers, and for records that count
    /// as unknown: another wire type, an enum value that is not in the schema.
    ///
    /// # Errors
    /// [`Error::Text`]; [`Error::Malformed`] for packed numbers that are cut off.
    pub fn field_of(&self, number: u32, value: Value<'_>) -> Result<Option<&'static Field>, Error> {
        match self.fields.iter().find(|field| field.number == number) {
            Some(field) if field.accepts(self.name, value)? => Ok(Some(field)),
            _ => Ok(None),
        }
    }
}

/// A field of a message type.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Field {
    /// The number on the wire.
    pub number: u32,
    /// The name in the schema.
    pub name: &'static str,
    /// How often it occurs.
    pub label: Label,
    /// What it holds.
    pub kind: Kind,
}

/// How often a field occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "proto2 has no other labels")]
pub enum Label {
    /// Once.
    Required,
    /// Once or not at all.
    Optional,
    /// Any number of times.
    Repeated,
}

/// What a field holds.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Kind {
    /// A number that is not 0, or 0.
    Bool,
    /// Any bytes.
    Bytes,
    /// One of a closed set of numbers, which the function knows.
    Enum(fn(i32) -> bool),
    /// Eight bytes.
    Fixed64,
    /// A signed number, two's complement.
    Int64,
    /// Another message.
    Message(&'static Schema),
    /// UTF-8.
    String,
    /// The low 32 bits of a number.
    Uint32,
    /// A number.
    Uint64,
}

impl Kind {
    /// The value as canonical form has it.
    pub(super) const fn normalize(&self, value: u64) -> u64 {
        match self {
            Self::Bool => (value != 0) as u64,
            Self::Enum(_) | Self::Uint32 => value & 0xffff_ffff,
            _ => value,
        }
    }

    pub(super) const fn is_varint(&self) -> bool {
        matches!(
            self,
            Self::Bool | Self::Enum(_) | Self::Int64 | Self::Uint32 | Self::Uint64
        )
    }
}

impl Field {
    /// Whether a value is of this field's kind. Packed numbers are, if the field is repeated.
    pub(super) fn accepts(&self, message: &'static str, value: Value<'_>) -> Result<bool, Error> {
        match (self.kind, value) {
            (Kind::Enum(is_valid), Value::Varint(value)) => {
                let [a, b, c, d, ..] = value.to_le_bytes();
                Ok(is_valid(i32::from_le_bytes([a, b, c, d])))
            }
            (Kind::Bytes | Kind::Message(_), Value::Bytes(_))
            | (Kind::Fixed64, Value::Fixed64(_)) => Ok(true),
            (Kind::String, Value::Bytes(bytes)) => match core::str::from_utf8(bytes) {
                Ok(_) => Ok(true),
                Err(_) => Err(Error::Text {
                    message,
                    field: self.name,
                }),
            },
            (kind, Value::Varint(_)) => Ok(kind.is_varint()),
            (kind, Value::Bytes(mut packed))
                if kind.is_varint() && self.label == Label::Repeated =>
            {
                while !packed.is_empty() {
                    read_varint(&mut packed)
                        .map_err(|fault| Error::Malformed { message, fault })?;
                }
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}

/// A field that must be there.
pub(super) const fn required(number: u32, name: &'static str, kind: Kind) -> Field {
    field(number, name, Label::Required, kind)
}

/// A field that may be there.
pub(super) const fn optional(number: u32, name: &'static str, kind: Kind) -> Field {
    field(number, name, Label::Optional, kind)
}

/// A field that may be there more than once.
pub(super) const fn repeated(number: u32, name: &'static str, kind: Kind) -> Field {
    field(number, name, Label::Repeated, kind)
}

const fn field(number: u32, name: &'static str, label: Label, kind: Kind) -> Field {
    Field {
        number,
        name,
        label,
        kind,
    }
}

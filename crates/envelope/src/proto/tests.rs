use alloc::vec::Vec;

use proptest::prelude::*;
use prost::encoding::{WireType, encode_key, encode_varint};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::*;
use crate::Error;

/// Reads and writes a message.
type ThroughProst = fn(&[u8]) -> Result<Vec<u8>, Error>;

/// Every message of the schema.
fn all() -> Vec<(&'static Schema, ThroughProst)> {
    fn of<M: Message>() -> (&'static Schema, ThroughProst) {
        (M::SCHEMA, |wire| Ok(M::from_wire(wire)?.to_wire()))
    }
    [
        of::<WebSocketMessage>(),
        of::<WebSocketRequestMessage>(),
        of::<WebSocketResponseMessage>(),
        of::<Envelope>(),
        of::<Content>(),
        of::<CallMessage>(),
        of::<TypingMessage>(),
        of::<UnsendRequest>(),
        of::<MessageRequestResponse>(),
        of::<DataExtractionNotification>(),
        of::<ReceiptMessage>(),
        of::<SharedConfigMessage>(),
        of::<ProMessage>(),
        of::<ProProof>(),
        of::<KeyPair>(),
        of::<DataMessage>(),
        of::<LokiProfile>(),
        of::<Quote>(),
        of::<QuotedAttachment>(),
        of::<Preview>(),
        of::<Reaction>(),
        of::<OpenGroupInvitation>(),
        of::<AttachmentPointer>(),
        of::<GroupUpdateMessage>(),
        of::<GroupUpdateInviteMessage>(),
        of::<GroupUpdatePromoteMessage>(),
        of::<GroupUpdateInfoChangeMessage>(),
        of::<GroupUpdateMemberChangeMessage>(),
        of::<GroupUpdateMemberLeftMessage>(),
        of::<GroupUpdateMemberLeftNotificationMessage>(),
        of::<GroupUpdateInviteResponseMessage>(),
        of::<GroupUpdateDeleteMemberContentMessage>(),
    ]
    .into()
}

/// Writes messages that follow the schema more or less.
struct Maker {
    rng: ChaCha8Rng,
    /// One record in so many breaks some rule that parsers forgive.
    odd: u32,
}

impl Maker {
    fn one_in(&mut self, count: u32) -> bool {
        self.rng.next_u32().is_multiple_of(count)
    }

    fn message(&mut self, schema: &Schema) -> Vec<u8> {
        let mut out = Vec::new();
        for field in schema.fields() {
            let times = match field.label {
                Label::Required => 1,
                Label::Optional => self.rng.next_u32() % 2,
                Label::Repeated => self.rng.next_u32() % 3,
            };
            let again = u32::from(self.one_in(self.odd));
            for _ in 0..times + again {
                self.field(field, &mut out);
            }
        }
        if self.one_in(self.odd) {
            out.extend_from_slice(&[0xa2, 0x06, 2, 7, 7, 0xa3, 0x06, 0x08, 1, 0xa4, 0x06]);
        }
        out
    }

    fn field(&mut self, field: &Field, out: &mut Vec<u8>) {
        if self.one_in(self.odd) {
            encode_key(field.number, WireType::ThirtyTwoBit, out);
            out.extend_from_slice(&[1, 2, 3, 4]);
        }
        match field.kind {
            Kind::Message(inner) => {
                let bytes = self.message(inner);
                put_bytes(field.number, &bytes, out);
            }
            Kind::String => put_bytes(field.number, "añb".as_bytes(), out),
            Kind::Bytes => put_bytes(field.number, &[0, 0xff, 0x80], out),
            Kind::Fixed64 => {
                encode_key(field.number, WireType::SixtyFourBit, out);
                out.extend_from_slice(&self.rng.next_u64().to_le_bytes());
            }
            Kind::Enum(is_valid) => {
                let valid = (0..8).find(|value| is_valid(*value)).unwrap();
                let value = if self.one_in(self.odd) { 99 } else { valid };
                self.varint(field, value.try_into().unwrap(), out);
            }
            _ if field.label == Label::Repeated && self.one_in(self.odd) => {
                put_bytes(field.number, &[1, 0x80, 1], out);
            }
            Kind::Bool => self.varint(field, 1, out),
            Kind::Uint32 => {
                let value = self.rng.next_u32();
                self.varint(field, value.into(), out);
            }
            Kind::Int64 | Kind::Uint64 => {
                let value = self.rng.next_u64();
                self.varint(field, value, out);
            }
        }
    }

    fn varint(&mut self, field: &Field, value: u64, out: &mut Vec<u8>) {
        encode_key(field.number, WireType::Varint, out);
        encode_varint(value, out);
        if self.one_in(self.odd) {
            // Longer than it has to be, or with a bit too much.
            let last = out.last_mut().unwrap();
            if value >> 63 == 1 {
                *last |= 2;
            } else {
                *last |= 0x80;
                out.push(0);
            }
        }
    }
}

fn put_bytes(number: u32, bytes: &[u8], out: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(bytes.len().try_into().unwrap(), out);
    out.extend_from_slice(bytes);
}

fn make(schema: &Schema, seed: u64, odd: u32) -> Vec<u8> {
    let rng = ChaCha8Rng::seed_from_u64(seed);
    Maker { rng, odd }.message(schema)
}

/// What must hold of any bytes read as any message.
fn check(schema: &'static Schema, through_prost: ThroughProst, wire: &[u8]) {
    let sifted = match sift(schema, wire) {
        Ok(sifted) => sifted,
        Err(error) => {
            assert_eq!(through_prost(wire), Err(error));
            assert_eq!(canonical(schema, wire, UnknownFields::Keep), Err(error));
            return;
        }
    };
    let again = sift(schema, &sifted).unwrap();
    assert!(matches!(again, Cow::Borrowed(_)));
    assert_eq!(again, sifted);

    // prost never refuses what was sifted, and reads in it what the schema says.
    let known = canonical(schema, wire, UnknownFields::Drop).unwrap();
    assert_eq!(through_prost(wire).unwrap(), known, "{}", schema.name());
    let kept = canonical(schema, wire, UnknownFields::Keep).unwrap();
    assert_eq!(canonical(schema, &kept, UnknownFields::Keep).unwrap(), kept);
    assert_eq!(
        canonical(schema, &kept, UnknownFields::Drop).unwrap(),
        known
    );
}

proptest! {
    #[test]
    fn well_formed_messages_are_borrowed(seed: u64) {
        for (schema, through_prost) in all() {
            let wire = make(schema, seed, u32::MAX);
            prop_assert!(matches!(sift(schema, &wire), Ok(Cow::Borrowed(_))));
            check(schema, through_prost, &wire);
        }
    }

    #[test]
    fn odd_messages_are_read_alike(seed: u64, odd in 2u32..20) {
        for (schema, through_prost) in all() {
            check(schema, through_prost, &make(schema, seed, odd));
        }
    }

    #[test]
    fn changed_messages_never_surprise(seed: u64, flips: Vec<(usize, u8)>, cut: usize) {
        for (schema, through_prost) in all() {
            let mut wire = make(schema, seed, 9);
            let len = wire.len().max(1);
            wire.truncate(len - cut % len.min(4));
            for (at, byte) in flips.iter().take(4) {
                if let Some(place) = wire.get_mut(at % len) {
                    *place ^= byte;
                }
            }
            check(schema, through_prost, &wire);
        }
    }

    #[test]
    fn any_bytes_never_surprise(
        wire in prop::collection::vec(prop_oneof![0u8..0x30, any::<u8>()], 0..60)
    ) {
        for (schema, through_prost) in all() {
            check(schema, through_prost, &wire);
        }
    }
}

#[test]
fn fields_are_few_and_ascend() {
    for (schema, _) in all() {
        let fields = schema.fields();
        assert!(fields.len() <= 32, "is_clean has a bit for each");
        assert!(
            fields.is_sorted_by(|a, b| a.number < b.number),
            "{}",
            schema.name()
        );
    }
}

#[test]
fn errors_name_message_and_field() {
    let missing = |message, field| Some(Error::Missing { message, field });
    let envelope = |wire: &[u8]| Envelope::from_wire(wire).err();
    assert_eq!(envelope(&[0x08, 6]), missing("Envelope", "timestamp"));
    assert_eq!(
        envelope(&[0x08, 1, 0x28, 1]),
        missing("Envelope", "type"),
        "unknown type"
    );
    assert_eq!(
        Content::from_wire(&[0x0a, 2, 0x42, 0]).err(),
        missing("DataMessage.Quote", "id")
    );
    assert_eq!(
        Content::from_wire(&[0x0a, 3, 0x0a, 1, 0xff]),
        Err(Error::Text {
            message: "DataMessage",
            field: "body"
        })
    );
    assert_eq!(
        Content::from_wire(&[0x0a, 2, 0x0a, 1]),
        Err(Error::Malformed {
            message: "DataMessage",
            fault: Fault::Truncated
        })
    );
}

#[test]
fn parts_of_a_message_are_whole_each_and_complete_together() {
    // UnsendRequest in two parts: timestamp, then author.
    let parts = [0x4a, 2, 0x08, 5, 0x4a, 2, 0x12, 0];
    let content = Content::from_wire(&parts).unwrap();
    assert_eq!(content.unsend_request.unwrap().timestamp, Some(5));
    assert!(Content::from_wire(&parts[..4]).is_err());
    // A varint that is cut off must not go on in the next part.
    let cut = [0x4a, 2, 0x08, 0x85, 0x4a, 3, 0, 0x12, 0];
    assert!(Content::from_wire(&cut).is_err());
}

#[test]
fn texts_and_messages_are_not_repeated_without_end() {
    // Two empty attachments of a quote are four bytes.
    let quote = |count: usize| {
        let mut wire = alloc::vec![0x08, 1, 0x12, 0];
        wire.extend([0x22, 0].repeat(count));
        Quote::from_wire(&wire)
    };
    assert_eq!(quote(MAX_REPEATED).unwrap().attachments.len(), MAX_REPEATED);
    assert_eq!(
        quote(MAX_REPEATED + 1).err(),
        Some(Error::TooMany {
            what: "attachments",
            limit: MAX_REPEATED,
            got: MAX_REPEATED + 1,
        })
    );
    // Numbers are as long in memory as they may be on the wire.
    let receipt = [&[0x08, 1][..], &[0x10, 1].repeat(MAX_REPEATED + 1)].concat();
    assert!(ReceiptMessage::from_wire(&receipt).is_ok());
}

#[test]
fn nesting_counts_messages_and_groups() {
    let inside = |depth: usize| {
        let group = [alloc::vec![0x1b; depth], alloc::vec![0x1c; depth]].concat();
        let mut wire = Vec::new();
        put_bytes(1, &group, &mut wire);
        Content::from_wire(&wire).map(drop)
    };
    assert!(inside(99).is_ok());
    assert_eq!(
        inside(100),
        Err(Error::Malformed {
            message: "DataMessage",
            fault: Fault::Depth
        })
    );
}

//! Round trips, and hostile bytes.

use proptest::prelude::*;
use session_bt::{DictReader, Integer, ListReader, Value};

/// Owned shape of a value, from which a borrowed one is made.
#[derive(Clone, Debug)]
enum Shape {
    Int(i64),
    Big(u64),
    Bytes(Vec<u8>),
    List(Vec<Shape>),
    Dict(std::collections::BTreeMap<Vec<u8>, Shape>),
}

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Shape::Int),
        any::<u64>().prop_map(Shape::Big),
        any::<Vec<u8>>().prop_map(Shape::Bytes),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Shape::List),
            prop::collection::btree_map(any::<Vec<u8>>(), inner, 0..6).prop_map(Shape::Dict),
        ]
    })
}

fn borrow(shape: &Shape) -> Value<'_> {
    match shape {
        Shape::Int(int) => Value::Int(Integer::from(*int)),
        Shape::Big(int) => Value::Int(Integer::from(*int)),
        Shape::Bytes(bytes) => Value::Bytes(bytes),
        Shape::List(items) => Value::List(items.iter().map(borrow).collect()),
        Shape::Dict(entries) => Value::Dict(
            entries
                .iter()
                .map(|(key, value)| (key.as_slice(), borrow(value)))
                .collect(),
        ),
    }
}

proptest! {
    #[test]
    fn decode_inverts_encode(shape in shape()) {
        let value = borrow(&shape);
        let mut bytes = Vec::new();
        value.encode(&mut bytes).unwrap();
        prop_assert_eq!(Value::decode(&bytes), Ok(value));
        for end in 0..bytes.len() {
            prop_assert!(Value::decode(&bytes[..end]).is_err(), "a prefix is no value");
        }
    }

    #[test]
    fn what_is_accepted_has_one_canonical_form(bytes in "[dli0-9e:a\\-]{0,40}") {
        if let Ok(value) = Value::decode(bytes.as_bytes()) {
            let mut canonical = Vec::new();
            value.encode(&mut canonical).unwrap();
            prop_assert_eq!(Value::decode(&canonical), Ok(value));
            prop_assert!(canonical.len() <= bytes.len());
        }
    }

    #[test]
    fn readers_survive_anything(bytes: Vec<u8>, text in "[dl][dli0-9e:a\\-]{0,40}") {
        for input in [bytes.as_slice(), text.as_bytes()] {
            if let Ok(mut dict) = DictReader::new(input) {
                let _ = dict.raw_opt("a");
                prop_assert!(dict.consumed().len() <= input.len());
                let _ = dict.finish();
            }
            if let Ok(mut list) = ListReader::new(input) {
                while let Ok(Some(item)) = list.raw_opt() {
                    prop_assert!(Value::decode(item).is_ok(), "what is skipped is a value");
                }
            }
        }
    }
}

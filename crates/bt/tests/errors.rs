//! Every way in which bytes can be refused, by name.

#![allow(clippy::panic)]

use session_bt::{DictReader, DictWriter, Error, ListReader, ListWriter, Value};

fn refuse(bytes: &[u8]) -> Error {
    Value::decode(bytes)
        .err()
        .unwrap_or_else(|| panic!("accepted {bytes:?}"))
}

#[test]
fn malformed_values() {
    assert_eq!(refuse(b""), Error::Truncated { at: 0 });
    assert_eq!(refuse(b"i12"), Error::Truncated { at: 3 });
    assert_eq!(refuse(b"3:ab"), Error::Truncated { at: 2 });
    assert_eq!(refuse(b"i+1e"), Error::Unexpected { at: 1 });
    assert_eq!(refuse(b"e"), Error::Unexpected { at: 0 });
    assert_eq!(refuse(b"d1:ae"), Error::Unexpected { at: 4 });
    assert_eq!(refuse(b"di1e1:ae"), Error::Type { expected: "string" });
    assert_eq!(refuse(b"i18446744073709551616e"), Error::Range { at: 1 });
    assert_eq!(refuse(b"i-9223372036854775809e"), Error::Range { at: 0 });
    assert_eq!(refuse(b"i1ei2e"), Error::Trailing { at: 3 });
    assert_eq!(refuse(b"99999999999999999999:a"), Error::Range { at: 0 });
}

#[test]
fn depth_is_limited_at_64() {
    let nested = |depth: usize| [vec![b'l'; depth], vec![b'e'; depth]].concat();
    assert!(Value::decode(&nested(64)).is_ok());
    assert_eq!(refuse(&nested(65)), Error::Depth);
    assert_eq!(
        refuse(&vec![b'd'; 1_000_000]),
        Error::Type { expected: "string" }
    );
    assert_eq!(refuse(&vec![b'l'; 1_000_000]), Error::Depth);
}

#[test]
fn dict_layouts() {
    let mut dict = DictReader::new(b"d1:ai1e1:b1:xe").unwrap();
    assert_eq!(dict.bytes("a"), Err(Error::Type { expected: "string" }));
    assert_eq!(dict.int::<u8>("aa"), Err(Error::Missing { key: "aa" }));
    assert_eq!(dict.consumed(), b"d1:ai1e");
    assert_eq!(dict.bytes("b"), Ok(b"x".as_slice()));
    assert_eq!(dict.finish(), Ok(()));

    let mut dict = DictReader::new(b"d1:bi1e1:ai2ee").unwrap();
    assert_eq!(dict.int::<u8>("b"), Ok(1));
    assert_eq!(dict.int_opt::<u8>("c"), Err(Error::Order));

    let dict = DictReader::new(b"d1:ai1eeX").unwrap();
    assert_eq!(dict.finish(), Err(Error::Trailing { at: 8 }));
    let mut dict = DictReader::new(b"d1:ai256ee").unwrap();
    assert_eq!(dict.int::<u8>("a"), Err(Error::Range { at: 0 }));
    assert!(DictReader::new(b"le").is_err());
}

#[test]
fn a_signature_covers_unknown_keys_before_it() {
    let mut dict = DictReader::new(b"d1:a1:x1:m3:new1:~3:sige").unwrap();
    assert_eq!(dict.bytes("a"), Ok(b"x".as_slice()));
    let signed = dict.signature_opt("~").unwrap().unwrap();
    assert_eq!(signed, (b"sig".as_slice(), b"d1:a1:x1:m3:new".as_slice()));
    assert_eq!(dict.signature_opt("~~"), Ok(None));
    assert_eq!(dict.finish(), Ok(()));
}

#[test]
fn a_reader_gives_nothing_after_an_error() {
    let mut dict = DictReader::new(b"d1:b0:1:a1:c1:de").unwrap();
    assert_eq!(dict.bytes("b"), Ok(b"".as_slice()));
    assert_eq!(dict.bytes_opt("c"), Err(Error::Order));
    assert_eq!(dict.bytes_opt("d"), Err(Error::Order));
    assert_eq!(dict.finish(), Err(Error::Order));
}

#[test]
fn depth_counts_the_dict_that_is_read() {
    let nested = |depth: usize| {
        let lists = [vec![b'l'; depth], vec![b'e'; depth]].concat();
        [b"d1:a".as_slice(), &lists, b"e"].concat()
    };
    assert!(DictReader::new(&nested(63)).unwrap().raw("a").is_ok());
    assert_eq!(
        DictReader::new(&nested(64)).unwrap().raw("a"),
        Err(Error::Depth)
    );
}

#[test]
fn list_layouts() {
    let mut list = ListReader::new(b"l1:xi5ee").unwrap();
    assert_eq!(list.bytes(), Ok(b"x".as_slice()));
    assert_eq!(list.int::<i8>(), Ok(5));
    assert_eq!(list.bytes(), Err(Error::ListEnd));
    assert_eq!(list.finish(), Ok(()));
    let list = ListReader::new(b"li1ee").unwrap();
    assert_eq!(list.finish(), Err(Error::Trailing { at: 1 }));
}

#[test]
fn writers_refuse_disorder_and_close_what_they_open() {
    let mut out = Vec::new();
    let mut dict = DictWriter::new(&mut out);
    dict.int("b", 1u8).unwrap();
    assert_eq!(dict.int("b", 1u8).err(), Some(Error::Order));
    assert_eq!(dict.bytes("a", b"").err(), Some(Error::Order));
    dict.list("c").unwrap().bytes(b"x").int(-1i8);
    dict.dict("d").unwrap().int("z", true).unwrap();
    assert_eq!(dict.written(), b"d1:bi1e1:cl1:xi-1ee1:dd1:zi1ee");
    drop(dict);
    ListWriter::new(&mut out).finish();
    assert_eq!(out, b"d1:bi1e1:cl1:xi-1ee1:dd1:zi1eeele");

    let unsorted = Value::Dict(vec![(b"b", Value::Bytes(b"")), (b"a", Value::Bytes(b""))]);
    assert_eq!(unsorted.encode(&mut Vec::new()), Err(Error::Order));
}

#[test]
fn a_reader_may_allow_less_depth() {
    let dict = |depth: usize| [b"d1:al".repeat(depth / 2), b"ee".repeat(depth / 2)].concat();
    let read = |max| {
        DictReader::with_max_depth(&dict(8), max)
            .unwrap()
            .raw("a")
            .map(drop)
    };
    assert_eq!(read(8), Ok(()));
    assert_eq!(read(7), Err(Error::Depth));
    assert_eq!(read(0), Err(Error::Depth));
    assert_eq!(read(usize::MAX), Ok(()));
}

#[test]
fn only_one_whole_value_is_written_raw() {
    let mut out = Vec::new();
    let mut dict = DictWriter::new(&mut out);
    for (value, error) in [
        (&b""[..], Error::Truncated { at: 0 }),
        (b"i1ei2e", Error::Trailing { at: 3 }),
        (b"e", Error::Unexpected { at: 0 }),
        (b"li1e", Error::Truncated { at: 4 }),
    ] {
        assert_eq!(dict.raw("a", value).map(drop), Err(error));
    }
    dict.raw("b", b"d1:xlee").unwrap();
    assert_eq!(dict.raw("a", b"i1e").map(drop), Err(Error::Order));
    dict.raw_bytes(b"\xff", b"i1e").unwrap();
    dict.finish();
    assert_eq!(out, b"d1:bd1:xlee1:\xffi1ee");
}

#[test]
fn strings_are_filled_where_the_writer_says() {
    let mut out = b"before".to_vec();
    let mut dict = DictWriter::new(&mut out);
    dict.int_bytes(&[0xff], -7).unwrap();
    assert_eq!(dict.zeros("a", 1), Err(Error::Order));
    dict.finish();
    assert_eq!(out, b"befored1:\xffi-7ee");

    let mut dict = DictWriter::new(&mut out);
    let place = dict.zeros("a", 12).unwrap();
    assert_eq!(dict.zeros("b", 0).map(|place| place.len()), Ok(0));
    dict.finish();
    out[place].copy_from_slice(b"twelve bytes");
    assert!(out.ends_with(b"d1:a12:twelve bytes1:b0:e"));
}

/// Otherwise what stands behind broken bytes could pass for the rest of the list.
#[test]
fn a_list_reader_keeps_its_first_error() {
    let mut list = ListReader::new(b"l1:a-1:be").unwrap();
    assert_eq!(list.bytes(), Ok(&b"a"[..]));
    let unexpected = Err(Error::Unexpected { at: 4 });
    for _ in 0..3 {
        assert_eq!(list.raw_opt(), unexpected);
    }
    assert_eq!(list.finish(), Err(Error::Unexpected { at: 4 }));
}

use super::*;
use alloc::format;
use alloc::string::ToString;
use proptest::prelude::*;

fn member(json: &str) -> Member<'_> {
    Member::new("m", Some(serde_json::from_str(json).unwrap()))
}

const INVALID: Error = Error::BackendReply { member: "m" };

proptest! {
    #[test]
    fn milliseconds_are_exact(time in 0..=u64::MAX / 1000, millis in 0..1000u64, zeros in 0..30usize) {
        let number = format!("{time}.{millis:03}{}", "0".repeat(zeros));
        let expected = time.checked_mul(1000).unwrap().checked_add(millis);
        prop_assert_eq!(super::millis(&number), expected);
    }

    #[test]
    fn a_point_can_be_written_as_an_exponent(digits in 1..=u64::from(u32::MAX), shift in -12..12i32) {
        let exponent = format!("{digits}e{shift}");
        let length = usize::try_from(shift.abs()).unwrap();
        let plain = if shift < 0 {
            let text = format!("{digits:0>width$}", width = length + 1);
            let (whole, fraction) = text.split_at(text.len() - length);
            format!("{whole}.{fraction}")
        } else {
            format!("{digits}{}", "0".repeat(length))
        };
        prop_assert_eq!(millis(&exponent), millis(&plain));
    }

    #[test]
    fn any_number_is_a_time_or_an_error(number in "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,40})?([eE][+-]?[0-9]{1,30})?") {
        let _ = member(&number).decimal_time();
        let _ = member(&number).clamped(1, 2);
        let _ = member(&number).unsigned();
    }
}

#[test]
fn milliseconds_of_numbers() {
    for (number, expected) in [
        ("0", Some(0)),
        ("0.0", Some(0)),
        ("1780000000.25", Some(1_780_000_000_250)),
        ("1780000000.123", Some(1_780_000_000_123)),
        ("1.0005", Some(1_001)),
        ("1.00049999999999999999999999", Some(1_000)),
        ("0.9996", Some(1_000)),
        ("1.78e9", Some(1_780_000_000_000)),
        ("1780000000250E-3", Some(1_780_000_000_250)),
        ("18446744073709551.615", Some(u64::MAX)),
        ("18446744073709551.6155", None),
        ("18446744073709551.616", None),
        ("1e300", None),
        ("1e99999999999999999999999", None),
        ("0e99999999999999999999999", Some(0)),
        ("9e-99999999999999999999999", Some(0)),
        ("5e-4", Some(1)),
        ("5e-5", Some(0)),
        ("-1", None),
        ("\"1\"", None),
        ("null", None),
        ("true", None),
        ("[]", None),
    ] {
        let time = member(number).decimal_time();
        let expected = expected.map(UnixMillis::from_millis).ok_or(INVALID);
        assert_eq!(time, expected, "{number}");
    }
}

#[test]
fn integers() {
    for number in [
        "-1",
        "1.0",
        "1e3",
        "18446744073709551616",
        "\"1\"",
        "null",
        "{}",
    ] {
        assert_eq!(member(number).unsigned(), Err(INVALID), "{number}");
    }
    let most = u64::MAX.to_string();
    assert_eq!(member(&most).unsigned(), Ok(u64::MAX));
    for (number, expected) in [("-5", 60), ("60", 60), ("61", 61), (&*most, 100)] {
        assert_eq!(member(number).clamped(60, 100), Ok(expected));
    }
    assert_eq!(member("61.5").clamped(60, 100), Err(INVALID));
}

object! { Sample { a, b, } }

#[test]
fn members_that_are_there_twice() {
    assert_eq!(
        member("{\"a\":1,\"a\":1}").object::<Sample<'_>>().err(),
        Some(INVALID)
    );
    // Nobody asks for the other.
    let sample: Sample<'_> = member("{\"x\":1,\"x\":[{}],\"a\":2}").object().unwrap();
    assert_eq!(sample.a().unsigned(), Ok(2));
    assert_eq!(
        sample.b().unsigned(),
        Err(Error::BackendReply { member: "b" })
    );
    assert!(sample.b().if_present().is_none());
    assert!(sample.b().if_not_null().is_err());
}

#[test]
fn other_types_are_refused() {
    for json in ["[1,2]", "\"a\"", "1", "null"] {
        assert!(member(json).object::<Sample<'_>>().is_err(), "{json}");
    }
    for json in ["{}", "\"a\"", "1", "null"] {
        assert!(member(json).list(|_| Ok(())).is_err(), "{json}");
    }
    for json in ["{}", "1", "null", "[]", "\"\\ud800\""] {
        assert_eq!(member(json).string(), Err(INVALID), "{json}");
        assert_eq!(member(json).hex::<1>(), Err(INVALID), "{json}");
        assert_eq!(member(json).bool(), Err(INVALID), "{json}");
    }
    assert_eq!(member("\"0\"").hex::<1>(), Err(INVALID));
    assert_eq!(member("\"0x00\"").hex::<1>(), Err(INVALID));
    assert_eq!(member("\"aB\"").hex(), Ok([0xab]));
}

#[test]
fn lists_give_the_error_of_their_item() {
    let read = |item: Member<'_>| item.object::<Sample<'_>>()?.a().unsigned();
    assert_eq!(
        member("[{\"a\":1},{\"a\":2}]").list(read),
        Ok([1, 2].to_vec())
    );
    let error = Error::BackendReply { member: "a" };
    assert_eq!(member("[{\"a\":1},{\"b\":2}]").list(read), Err(error));
    assert_eq!(member("[]").list(read), Ok(Vec::new()));
}

#[test]
fn bodies_are_one_value() {
    for body in [&b""[..], b"<html>", b"{} {}", b"{\"a\":\xff}", b"\xff"] {
        let error = Error::BackendReply { member: "reply" };
        assert_eq!(Member::of_body(body).err(), Some(error));
    }
    assert!(
        Member::of_body(b" \n{} ")
            .unwrap()
            .object::<Sample<'_>>()
            .is_ok()
    );
}

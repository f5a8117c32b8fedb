//! Reading the backend's JSON. No tree is built of it: members are looked at one by one, and what
//! nobody asks for is skipped.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use serde::Deserializer;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde_json::value::RawValue;
use session_core::{UnixMillis, hex};

use crate::Error;

/// Declares an object by the members that are read of it. A member that is there twice makes the
/// object invalid, if it is one of these.
macro_rules! object {
    ($(#[$doc:meta])* $name:ident { $($member:ident,)* }) => {
        $(#[$doc])*
        #[derive(serde::Deserialize)]
        pub(super) struct $name<'a> {
            $(
                #[serde(borrow, default, deserialize_with = "crate::pro::backend::json::present")]
                $member: Option<&'a serde_json::value::RawValue>,
            )*
        }

        impl<'a> $name<'a> {
            $(
                pub(super) const fn $member(&self) -> crate::pro::backend::json::Member<'a> {
                    crate::pro::backend::json::Member::new(stringify!($member), self.$member)
                }
            )*
        }
    };
}
pub(super) use object;

/// Tells `null` from a member that is not there.
pub(super) fn present<'de, D: Deserializer<'de>>(
    json: D,
) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue as serde::Deserialize>::deserialize(json).map(Some)
}

/// A member of an object, not read yet. Every error names it.
#[derive(Clone, Copy)]
pub(super) struct Member<'a> {
    name: &'static str,
    json: Option<&'a RawValue>,
}

impl<'a> Member<'a> {
    pub(super) const fn new(name: &'static str, json: Option<&'a RawValue>) -> Self {
        Self { name, json }
    }

    /// A whole body.
    pub(super) fn of_body(body: &'a [u8]) -> Result<Self, Error> {
        let name = "reply";
        let json =
            serde_json::from_slice(body).map_err(|_| Error::BackendReply { member: name })?;
        Ok(Self::new(name, Some(json)))
    }

    pub(super) const fn invalid(self) -> Error {
        Error::BackendReply { member: self.name }
    }

    fn text_of(self) -> Result<&'a str, Error> {
        self.json.map(RawValue::get).ok_or(self.invalid())
    }

    /// The member if it is there.
    pub(super) fn if_present(self) -> Option<Self> {
        self.json.is_some().then_some(self)
    }

    /// The member if it is not `null`; it must be there.
    pub(super) fn if_not_null(self) -> Result<Option<Self>, Error> {
        Ok((self.text_of()? != "null").then_some(self))
    }

    /// An object.
    pub(super) fn object<T: serde::Deserialize<'a>>(self) -> Result<T, Error> {
        let json = self.text_of()?;
        // serde reads structs from arrays as well.
        if !json.starts_with('{') {
            return Err(self.invalid());
        }
        serde_json::from_str(json).map_err(|_| self.invalid())
    }

    /// An array, an item after the other.
    pub(super) fn list<T>(
        self,
        read: impl FnMut(Self) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut items = Items {
            member: self.name,
            read,
            error: self.invalid(),
        };
        let mut json = serde_json::Deserializer::from_str(self.text_of()?);
        json.deserialize_seq(&mut items).map_err(|_| items.error)
    }

    /// A text.
    pub(super) fn string(self) -> Result<String, Error> {
        serde_json::from_str(self.text_of()?).map_err(|_| self.invalid())
    }

    /// Bytes in hex.
    pub(super) fn hex<const N: usize>(self) -> Result<[u8; N], Error> {
        hex::decode_array(self.name, &self.string()?).map_err(|_| self.invalid())
    }

    pub(super) fn bool(self) -> Result<bool, Error> {
        serde_json::from_str(self.text_of()?).map_err(|_| self.invalid())
    }

    /// An integer, brought between two others.
    pub(super) fn clamped(self, least: u64, most: u64) -> Result<u64, Error> {
        let number: i128 = self.text_of()?.parse().map_err(|_| self.invalid())?;
        u64::try_from(number.clamp(least.into(), most.into())).map_err(|_| self.invalid())
    }

    /// An integer that is not negative.
    pub(super) fn unsigned(self) -> Result<u64, Error> {
        let number: i128 = self.text_of()?.parse().map_err(|_| self.invalid())?;
        u64::try_from(number).map_err(|_| self.invalid())
    }

    /// A time in whole seconds.
    pub(super) fn time(self) -> Result<UnixMillis, Error> {
        self.unsigned().map(UnixMillis::from_secs)
    }

    /// Whole seconds.
    pub(super) fn duration(self) -> Result<Duration, Error> {
        self.unsigned().map(Duration::from_secs)
    }

    /// A time in seconds with decimals, to the nearest millisecond. Half of one counts as a whole.
    pub(super) fn decimal_time(self) -> Result<UnixMillis, Error> {
        millis(self.text_of()?)
            .map(UnixMillis::from_millis)
            .ok_or(self.invalid())
    }
}

/// Milliseconds of a number in JSON that counts seconds. `None` if it is no number, negative or
/// too great. Binary fractions would not be exact.
fn millis(number: &str) -> Option<u64> {
    let (decimal, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
    let beyond = if exponent.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    };
    // How many digits are before the point once the seconds are milliseconds.
    let point = exponent
        .parse()
        .unwrap_or(beyond)
        .saturating_add(i64::try_from(whole.len()).ok()?)
        .saturating_add(3);

    let mut millis = 0_u64;
    let mut index = 0_i64;
    for digit in whole.chars().chain(fraction.chars()) {
        let digit = digit.to_digit(10)?;
        if index < point {
            millis = millis.checked_mul(10)?.checked_add(digit.into())?;
        } else if index == point && digit >= 5 {
            millis = millis.checked_add(1)?;
        }
        index = index.saturating_add(1);
    }
    // Zeros that are not written. What is not zero itself soon overflows.
    while index < point && millis != 0 {
        millis = millis.checked_mul(10)?;
        index = index.saturating_add(1);
    }
    Some(millis)
}

/// Reads the items of an array without keeping them.
struct Items<F> {
    member: &'static str,
    read: F,
    /// What was wrong.
    error: Error,
}

impl<'de, T, F: FnMut(Member<'de>) -> Result<T, Error>> Visitor<'de> for &mut Items<F> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut json: A) -> Result<Vec<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = json.next_element()? {
            match (self.read)(Member::new(self.member, Some(item))) {
                Ok(item) => items.push(item),
                Err(error) => {
                    self.error = error;
                    return Err(A::Error::custom("an item"));
                }
            }
        }
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
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
}

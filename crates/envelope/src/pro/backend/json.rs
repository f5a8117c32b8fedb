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
mod tests;

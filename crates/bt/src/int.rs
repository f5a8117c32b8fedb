//! Integers of the bt range, and the Rust types that can be read from and written as them.

use core::fmt;

mod sealed {
    pub trait Sealed {}
}

/// Rust integers (and `bool`, as 0 and 1) that have a bt form. Sealed.
pub trait Int: sealed::Sealed + Copy {
    /// The value as a bt integer.
    fn to_integer(self) -> Integer;
    /// The value of a bt integer, if it fits.
    fn from_integer(integer: Integer) -> Option<Self>;
}

/// An integer from -2^63 to 2^64-1, the bt range (spec 09 §1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Integer(i128);

impl Integer {
    /// The integer with this sign and magnitude, if it is in range. Minus zero is zero.
    pub(crate) fn new(negative: bool, magnitude: u64) -> Option<Self> {
        let value = i128::from(magnitude);
        if !negative {
            return Some(Self(value));
        }
        let value = value.checked_neg()?;
        (value >= i128::from(i64::MIN)).then_some(Self(value))
    }

    /// Reads this integer as a Rust type; `None` when it does not fit.
    #[must_use]
    pub fn get<I: Int>(self) -> Option<I> {
        I::from_integer(self)
    }
}

impl<I: Int> From<I> for Integer {
    fn from(value: I) -> Self {
        value.to_integer()
    }
}

impl fmt::Display for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

macro_rules! int {
    ($($type:ty),*) => {$(
        impl sealed::Sealed for $type {}

        impl Int for $type {
            fn to_integer(self) -> Integer {
                Integer(i128::from(self))
            }

            fn from_integer(integer: Integer) -> Option<Self> {
                Self::try_from(integer.0).ok()
            }
        }
    )*};
}

int!(u8, u16, u32, u64, i8, i16, i32, i64);

impl sealed::Sealed for bool {}

impl Int for bool {
    fn to_integer(self) -> Integer {
        Integer(i128::from(self))
    }

    /// Zero is false, one is true, nothing else is a bool.
    fn from_integer(integer: Integer) -> Option<Self> {
        match integer.0 {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

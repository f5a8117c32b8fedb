//! Billing periods (spec 12 §5.2).

use core::fmt;

use crate::Error;

/// What is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Plan {
    /// All time.
    Lifetime,
    /// A period at a time. `12m` is not `1y`: stores treat them differently.
    Every {
        /// How many units, from 1 to 2^31 - 1.
        count: u32,
        /// Of what.
        unit: PlanUnit,
    },
}

/// The unit of a billing period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PlanUnit {
    /// `s`, for tests.
    Second,
    /// `d`
    Day,
    /// `w`
    Week,
    /// `m`
    Month,
    /// `y`
    Year,
}

impl PlanUnit {
    const ALL: [(Self, char); 5] = [
        (Self::Second, 's'),
        (Self::Day, 'd'),
        (Self::Week, 'w'),
        (Self::Month, 'm'),
        (Self::Year, 'y'),
    ];
}

impl Plan {
    const LIFETIME: &str = "lifetime";

    /// Reads the code of a plan: `lifetime`, or a number without leading zeros and the letter of
    /// its unit.
    ///
    /// # Errors
    /// [`Error::BackendReply`].
    pub fn parse(code: &str) -> Result<Self, Error> {
        let invalid = Error::BackendReply { member: "plan" };
        if code == Self::LIFETIME {
            return Ok(Self::Lifetime);
        }
        let of_unit = |(unit, letter)| Some((code.strip_suffix(letter)?, unit));
        let (digits, unit) = PlanUnit::ALL.into_iter().find_map(of_unit).ok_or(invalid)?;
        // `parse` would take a plus sign.
        if !digits.starts_with(|first: char| matches!(first, '1'..='9')) {
            return Err(invalid);
        }
        let count: i32 = digits.parse().map_err(|_| invalid)?;
        Ok(Self::Every {
            count: count.unsigned_abs(),
            unit,
        })
    }
}

/// The code.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lifetime => f.write_str(Self::LIFETIME),
            Self::Every { count, unit } => {
                let letter = PlanUnit::ALL.iter().find(|(known, _)| known == unit);
                let letter = letter.map_or('?', |(_, letter)| *letter);
                write!(f, "{count}{letter}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn codes_come_back(count in 1..=i32::MAX, unit in 0..5usize) {
            let (unit, letter) = PlanUnit::ALL[unit];
            let plan = Plan::Every { count: count.unsigned_abs(), unit };
            prop_assert_eq!(plan.to_string(), count.to_string() + &letter.to_string());
            prop_assert_eq!(Plan::parse(&plan.to_string()), Ok(plan));
        }

        #[test]
        fn any_text_is_a_code_or_an_error(code in "[0-9+-]{0,12}[sdwmyx ]{0,2}|.*") {
            if let Ok(plan) = Plan::parse(&code) {
                prop_assert_eq!(plan.to_string(), code);
            }
        }
    }

    #[test]
    fn what_is_no_code() {
        for code in [
            "",
            "m",
            "0m",
            "01m",
            "+1m",
            "-1m",
            "1",
            "1M",
            "1x",
            "1y6m",
            "1 m",
            " 1m",
            "1m ",
            "1½m",
            "2147483648m",
            "Lifetime",
            "lifetimes",
            "1lifetime",
        ] {
            let error = Error::BackendReply { member: "plan" };
            assert_eq!(Plan::parse(code), Err(error), "{code}");
        }
        assert_eq!(Plan::parse("lifetime"), Ok(Plan::Lifetime));
        assert_eq!(Plan::Lifetime.to_string(), "lifetime");
        assert!(Plan::parse("2147483647m").is_ok());
    }
}

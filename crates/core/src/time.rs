//! Unix time in milliseconds, the unit of nearly every timestamp in the protocol.

use core::fmt;
use core::time::Duration;

/// Milliseconds since 1970-01-01 00:00:00 UTC.
///
/// The crates of this workspace have no clock: the caller passes the time in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(u64);

impl UnixMillis {
    /// A time given in milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// A time given in seconds, saturating.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0 / 1000
    }

    /// Later by `duration` (rounded down to milliseconds); `None` past the end of the range.
    #[must_use]
    pub fn checked_add(self, duration: Duration) -> Option<Self> {
        let millis = u64::try_from(duration.as_millis()).ok()?;
        self.0.checked_add(millis).map(Self)
    }

    /// Later by `duration`, or the end of the range.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        self.checked_add(duration).unwrap_or(Self(u64::MAX))
    }

    /// Earlier by `duration`, or the epoch.
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_sub(millis))
    }

    /// The distance between two times, whichever is later.
    #[must_use]
    pub const fn abs_diff(self, other: Self) -> Duration {
        Duration::from_millis(self.0.abs_diff(other.0))
    }
}

/// The number of milliseconds, as signed texts carry it.
impl fmt::Display for UnixMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The two clocks that a sans-IO state machine is told at every call.
///
/// `monotonic` drives deadlines and never goes back; its zero is the caller's choice. `unix`
/// goes into messages and signatures and may jump.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(
    clippy::exhaustive_structs,
    reason = "callers build it; there are two kinds of clock"
)]
pub struct Now {
    /// Time since some fixed point.
    pub monotonic: Duration,
    /// Wall clock.
    pub unix: UnixMillis,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_stays_in_range() {
        let end = UnixMillis::from_millis(u64::MAX);
        assert_eq!(end.checked_add(Duration::from_millis(1)), None);
        assert_eq!(end.saturating_add(Duration::from_millis(1)), end);
        assert_eq!(
            UnixMillis::default()
                .saturating_sub(Duration::from_secs(1))
                .as_millis(),
            0
        );
        assert_eq!(UnixMillis::from_secs(u64::MAX), end);
        let time = UnixMillis::from_millis(1_999);
        assert_eq!(time.as_secs(), 1);
        assert_eq!(
            time.abs_diff(UnixMillis::from_secs(3)),
            Duration::from_millis(1_001)
        );
    }
}

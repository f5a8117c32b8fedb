//! The constants of path building in one place (spec 02 §8.1).

use core::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What a path is used for. A path serves one category only, so that large transfers hold up
/// nothing else and nobody links the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Category {
    /// Requests to swarm members and communities.
    Standard,
    /// Uploads and downloads.
    File,
}

/// How paths are built, blamed and replaced. `Policy::default()` has the values of spec 02 §8.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// Nodes of a path, the guard included. Default 3.
    pub hops: u8,
    /// Paths of [`Category::Standard`] to have before requests share one that is busy. Default 2.
    pub min_standard_paths: u8,
    /// Paths of [`Category::File`] to have before requests share one that is busy. Default 2.
    pub min_file_paths: u8,
    /// Use the only path for everything, whatever the category and even if it holds the
    /// destination: for processes that live for one request. Default off.
    pub single_path: bool,
    /// Strikes at which a path is given up. Default 3.
    pub path_strike_threshold: u8,
    /// Strikes, or accusations, at which a node is not used. Default 3.
    pub node_strike_threshold: u8,
    /// How long a strike counts. Default 48 hours.
    pub strike_expiry: Duration,
    /// How long an accusation counts: what a text says that any node of the path can forge.
    /// Default 1 hour.
    pub accusation_expiry: Duration,
    /// Paths that fail in a row at which their guard rests whatever the failure; at twice as many
    /// it is dropped. Default 12: hostile nodes behind honest guards must not be able to make the
    /// client move on to their own.
    pub guard_failure_threshold: u8,
    /// Age at which a path is replaced by one with the same guard. Default 10 minutes.
    pub rotation: Duration,
    /// Age at which a guard is replaced. Default 10 days.
    pub guard_lifetime: Duration,
    /// How long a guard is passed over after too many of its paths failed, or after it could not be
    /// reached once; that doubles, up to an hour, while it goes on. Default 1 minute.
    pub guard_rest: Duration,
    /// Whether all paths together have at most one node in any IPv4 /24. Default on; turn it off
    /// on local test networks only.
    pub subnet_diversity: bool,
    /// Wait before the first retry. Default 200 ms.
    pub retry_base: Duration,
    /// Longest wait before a retry. Default 5 s.
    pub retry_max: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            hops: 3,
            min_standard_paths: 2,
            min_file_paths: 2,
            single_path: false,
            path_strike_threshold: 3,
            node_strike_threshold: 3,
            strike_expiry: HOUR.saturating_mul(48),
            accusation_expiry: HOUR,
            guard_failure_threshold: 12,
            rotation: MINUTE.saturating_mul(10),
            guard_lifetime: DAY.saturating_mul(10),
            guard_rest: MINUTE,
            subnet_diversity: true,
            retry_base: Duration::from_millis(200),
            retry_max: SECOND.saturating_mul(5),
        }
    }
}

/// Setters, for values that differ from the default.
macro_rules! setters {
    ($($setter:ident $field:ident $type:ty;)*) => {
        impl Policy {
            $(
                #[doc = concat!("The same policy with another [`Policy::", stringify!($field), "`].")]
                #[must_use]
                pub const fn $setter(mut self, $field: $type) -> Self {
                    self.$field = $field;
                    self
                }
            )*
        }
    };
}

setters! {
    with_hops hops u8;
    with_min_standard_paths min_standard_paths u8;
    with_min_file_paths min_file_paths u8;
    with_single_path single_path bool;
    with_path_strike_threshold path_strike_threshold u8;
    with_node_strike_threshold node_strike_threshold u8;
    with_strike_expiry strike_expiry Duration;
    with_accusation_expiry accusation_expiry Duration;
    with_guard_failure_threshold guard_failure_threshold u8;
    with_rotation rotation Duration;
    with_guard_lifetime guard_lifetime Duration;
    with_guard_rest guard_rest Duration;
    with_subnet_diversity subnet_diversity bool;
    with_retry_base retry_base Duration;
    with_retry_max retry_max Duration;
}

impl Policy {
    /// Paths of a category to have before requests share one that is busy.
    #[must_use]
    pub const fn min_paths(&self, category: Category) -> u8 {
        match category {
            Category::Standard => self.min_standard_paths,
            Category::File => self.min_file_paths,
        }
    }

    /// Guards that are enough: as many as there are paths when all is well.
    pub(crate) fn enough_guards(&self) -> usize {
        usize::from(self.min_standard_paths).saturating_add(self.min_file_paths.into())
    }

    /// New guards in 24 hours at most, while the known ones will do.
    pub(crate) fn guards_per_day(&self) -> usize {
        self.enough_guards().saturating_add(2)
    }

    /// Guards to remember at most. More than the paths that there can be, so that one is idle.
    pub(crate) fn max_guards(&self) -> usize {
        self.enough_guards().saturating_add(1).saturating_mul(2)
    }

    /// How long to wait before the next try after `failures` failures in a row.
    #[must_use]
    pub fn retry_delay(&self, failures: u32) -> Duration {
        retry_delay(self.retry_base, self.retry_max, failures)
    }
}

/// `base` after the first failure, doubled after every further one, at most `max`
/// (spec 02 §8.1).
#[must_use]
pub fn retry_delay(base: Duration, max: Duration, failures: u32) -> Duration {
    // 94 doublings take one nanosecond past the longest `Duration`.
    (1..failures.min(96))
        .fold(base, |delay, _| delay.saturating_mul(2))
        .min(max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_longest() {
        let delay = |failures| Policy::default().retry_delay(failures).as_millis();
        assert_eq!(
            [0, 1, 2, 5, 6, u32::MAX].map(delay),
            [200, 200, 400, 3200, 5000, 5000]
        );
        let tiny = Duration::from_nanos(1);
        assert_eq!(retry_delay(tiny, Duration::MAX, u32::MAX), Duration::MAX);
        assert_eq!(
            retry_delay(Duration::ZERO, MINUTE, u32::MAX),
            Duration::ZERO
        );
        assert_eq!(retry_delay(MINUTE, SECOND, 1), SECOND);
    }

    #[test]
    fn setters_set_their_field() {
        let policy = Policy::default().with_hops(2).with_guard_rest(DAY);
        assert_eq!((policy.hops, policy.guard_rest), (2, DAY));
        assert_eq!(
            policy.with_hops(3).with_guard_rest(MINUTE),
            Policy::default()
        );
    }
}

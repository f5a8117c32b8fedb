//! When to ask for the next proof (spec 12 §5.3).

use core::time::Duration;

use session_core::UnixMillis;
use session_identity::pro::ROTATION_SECS;

/// How long before the expiry of a proof the next one is asked for: an hour. The backend reckons
/// with that: asking earlier gives nothing better.
pub const RENEW_BEFORE: Duration = Duration::from_secs(3_600);

/// How long a renewal waits for the next rotating key.
const ROTATION_WAIT: Duration = Duration::from_secs(60);

/// How long the old proof must be good after such a wait.
const REMAINING: Duration = Duration::from_secs(300);

/// When to ask for the next proof, `now` or later, if the one that is held has this expiry.
///
/// That is [`RENEW_BEFORE`] the expiry. If the next rotating key is at most a minute away then, it
/// waits for that, so that the new proof names it, unless the old one would have less than five
/// minutes left.
#[must_use]
pub fn renewal_time(expiry: UnixMillis, now: UnixMillis) -> UnixMillis {
    let due = expiry.saturating_sub(RENEW_BEFORE).max(now);
    let into_week = due.as_secs() % ROTATION_SECS;
    let rotation = UnixMillis::from_secs(
        due.as_secs()
            .saturating_sub(into_week)
            .saturating_add(ROTATION_SECS),
    );
    let is_near = rotation <= due.saturating_add(ROTATION_WAIT);
    if is_near && rotation.saturating_add(REMAINING) <= expiry {
        rotation
    } else {
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WEEK: u64 = 2_900 * ROTATION_SECS;

    fn renewal(expiry: u64, now: u64) -> u64 {
        let time = renewal_time(UnixMillis::from_secs(expiry), UnixMillis::from_secs(now));
        assert_eq!(time.as_millis() % 1000, 0);
        time.as_secs()
    }

    #[test]
    fn an_hour_before_the_expiry() {
        assert_eq!(renewal(WEEK + 10_000, WEEK), WEEK + 6_400);
        // Late, and later than that.
        assert_eq!(renewal(WEEK + 10_000, WEEK + 7_000), WEEK + 7_000);
        assert_eq!(renewal(WEEK + 10_000, WEEK + 20_000), WEEK + 20_000);
        assert_eq!(renewal(0, 0), 0);
    }

    #[test]
    fn the_next_rotating_key_is_waited_for() {
        for (seconds, waits) in [(0, false), (1, true), (60, true), (61, false)] {
            let due = WEEK - seconds;
            let expected = if waits { WEEK } else { due };
            assert_eq!(renewal(due + 3_600, 5), expected, "{seconds}");
        }
    }

    #[test]
    fn not_if_the_old_proof_would_be_all_but_over() {
        assert_eq!(renewal(WEEK + 300, WEEK - 30), WEEK);
        assert_eq!(renewal(WEEK + 299, WEEK - 30), WEEK - 30);
    }

    proptest! {
        #[test]
        fn never_before_now_nor_a_minute_late(expiry: u64, now: u64) {
            let (expiry, now) = (UnixMillis::from_millis(expiry), UnixMillis::from_millis(now));
            let time = renewal_time(expiry, now);
            let due = expiry.saturating_sub(RENEW_BEFORE).max(now);
            prop_assert!(due <= time && time <= due.saturating_add(ROTATION_WAIT));
        }
    }
}

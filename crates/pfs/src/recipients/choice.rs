//! How old keys are, and what that means for a message: a pure function of times (spec 06 §8.1,
//! §8.2).

use core::time::Duration;

use session_core::UnixMillis;

const HOUR: Duration = Duration::from_secs(3600);

/// Younger keys need no look at the swarm.
const FRESH: Duration = HOUR.saturating_mul(24);

/// Older keys are not used. Their secret may have been erased, or be in the hands of a device that
/// was removed.
const USABLE: Duration = HOUR.saturating_mul(48);

/// How long the answer that there are no keys is believed.
const NAK: Duration = HOUR;

/// How far a time may be ahead of the clock before the clock counts as moved back (spec 06 R18).
const MAX_AHEAD: Duration = Duration::from_secs(5 * 60);

/// What is known of a contact's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyState {
    /// Fetched less than 24 hours ago.
    Fresh,
    /// Fetched at most 48 hours ago, or at a time that is more than 5 minutes ahead of the clock.
    Stale,
    /// Fetched longer ago: there are keys, but they are not used.
    Expired,
    /// There are none, the swarm said less than an hour ago.
    Nak,
    /// There are none, and it is time to ask.
    Unknown,
}

impl KeyState {
    /// The state at `now` of keys that were fetched at `fetched_at`, if there are any; the swarm
    /// said at `nak_at` that none are published.
    ///
    /// An answer from a time that is more than 5 minutes ahead of `now` does not count: else one
    /// that was given while the clock was wrong would hold for years.
    #[must_use]
    pub fn at(fetched_at: Option<UnixMillis>, nak_at: Option<UnixMillis>, now: UnixMillis) -> Self {
        match (fetched_at.map(|at| age(at, now)), nak_at) {
            (Some(None), _) => Self::Stale,
            (Some(Some(age)), _) if age < FRESH => Self::Fresh,
            (Some(Some(age)), _) if age <= USABLE => Self::Stale,
            (Some(_), _) => Self::Expired,
            (None, Some(at)) if age(at, now).is_some_and(|age| age < NAK) => Self::Nak,
            (None, _) => Self::Unknown,
        }
    }

    /// What to do with a message in this state. `outcome` is that of the fetch that the message
    /// waited for, `None` as long as there was none. With `transition`, messages to those who
    /// publish no keys are of v1: their devices may not read v2.
    #[must_use]
    pub const fn choice(self, outcome: Option<FetchOutcome>, transition: bool) -> Choice {
        let fallback = if transition {
            Encryption::V1
        } else {
            Encryption::WithoutPfs
        };
        let (fetch, encrypt) = match self {
            Self::Fresh => (FetchNeed::No, Encryption::Pfs),
            Self::Stale => (FetchNeed::Background, Encryption::Pfs),
            Self::Nak => (FetchNeed::No, fallback),
            Self::Expired | Self::Unknown => {
                let encrypt = match outcome {
                    None => Encryption::Wait,
                    Some(FetchOutcome::Keys) => Encryption::Pfs,
                    Some(FetchOutcome::NotFound | FetchOutcome::Failed) => fallback,
                };
                (FetchNeed::Blocking, encrypt)
            }
        };
        Choice { fetch, encrypt }
    }
}

/// How long ago `at` was; `None` when it is so far ahead that the clock was moved back.
fn age(at: UnixMillis, now: UnixMillis) -> Option<Duration> {
    if at <= now {
        return Some(now.abs_diff(at));
    }
    (at.abs_diff(now) <= MAX_AHEAD).then_some(Duration::ZERO)
}

/// How asking the swarm ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(
    clippy::exhaustive_enums,
    reason = "an answer has keys, or has none, or is none"
)]
pub enum FetchOutcome {
    /// With keys.
    Keys,
    /// With a good answer that holds no good keys.
    NotFound,
    /// Without a good answer. Says nothing of the contact.
    Failed,
}

/// What to do with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Choice {
    /// Whether to ask the swarm.
    pub fetch: FetchNeed,
    /// How to encrypt.
    pub encrypt: Encryption,
}

/// Whether to ask the swarm for keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FetchNeed {
    /// It is not needed.
    No,
    /// For later messages.
    Background,
    /// The message waits for the answer.
    Blocking,
}

/// How to encrypt a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encryption {
    /// v2 to the contact's keys.
    Pfs,
    /// v2 to the Account ID alone.
    WithoutPfs,
    /// v1.
    V1,
    /// Not yet.
    Wait,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_moved_back() {
        let at = UnixMillis::from_secs;
        let now = at(1_800_000_000);
        let ahead = |by: u64| Some(at(1_800_000_000 + by));
        assert_eq!(KeyState::at(ahead(300), None, now), KeyState::Fresh);
        assert_eq!(KeyState::at(ahead(301), None, now), KeyState::Stale);
        assert_eq!(KeyState::at(ahead(1 << 33), None, now), KeyState::Stale);
        assert_eq!(KeyState::at(None, ahead(300), now), KeyState::Nak);
        assert_eq!(KeyState::at(None, ahead(301), now), KeyState::Unknown);
    }

    #[test]
    fn times_at_the_ends_of_the_range() {
        let end = UnixMillis::from_millis(u64::MAX);
        let epoch = UnixMillis::default();
        assert_eq!(KeyState::at(Some(epoch), None, end), KeyState::Expired);
        assert_eq!(KeyState::at(Some(end), None, epoch), KeyState::Stale);
    }
}

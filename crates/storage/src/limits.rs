//! Sizes and times that nodes enforce, and how much one retrieve returns.

use core::time::Duration;

use crate::MessageHash;

/// Longest message in bytes (spec 04 §1).
pub const MAX_DATA_LEN: usize = 76_800;
/// Longest request or reply body in bytes (spec 04 §1).
pub const MAX_BODY_LEN: usize = 10 * 1024 * 1024;
/// Most requests in one batch or sequence (spec 04 §1).
pub const MAX_BATCH: usize = 20;
/// Most tokens that one request revokes, and that a node keeps for an account (spec 04 §1).
pub const MAX_REVOKED: usize = 50;
/// How many conditional requests a request is read with, in one another or in both branches of one.
/// The protocol has no limit; but of small requests in a tree of branches a node would hold many
/// times what they took on the wire.
pub const MAX_CONDITIONS: usize = 16;
/// Shortest time to live, itself allowed (spec 04 §1). The longest depends on the namespace.
pub const MIN_TTL: Duration = Duration::from_secs(10);
/// Greatest counted size of the messages in one retrieve reply (spec 04 §6.2).
pub const MAX_RETRIEVE_SIZE: u64 = 7_800_000;

/// How much one retrieve may return (spec 04 §6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetrieveLimits {
    size: u64,
    count: Option<u32>,
}

impl RetrieveLimits {
    /// The limits that the parameters `max_count` and `max_size` of a request mean.
    #[must_use]
    pub fn new(max_count: Option<i32>, max_size: Option<i32>) -> Self {
        // Zero counts as absent.
        let max_count = max_count.filter(|count| *count != 0);
        let size = match max_size.unwrap_or(0) {
            0 if max_count.is_some() => MAX_RETRIEVE_SIZE,
            0 => MAX_RETRIEVE_SIZE / 5,
            // A fraction; never a division by zero, as the value is negative.
            share @ ..0 => MAX_RETRIEVE_SIZE
                .checked_div(u64::from(share.unsigned_abs()))
                .unwrap_or(MAX_RETRIEVE_SIZE),
            size => u64::from(size.unsigned_abs()).min(MAX_RETRIEVE_SIZE),
        };
        Self {
            size,
            // A negative count is no limit.
            count: max_count.and_then(|count| u32::try_from(count).ok()),
        }
    }

    /// Greatest counted size of the messages together.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Greatest number of messages.
    #[must_use]
    pub const fn count(&self) -> Option<u32> {
        self.count
    }

    /// How many of the messages with these data lengths go into one reply, from the first. One
    /// always does.
    pub fn page(&self, lengths: impl IntoIterator<Item = usize>) -> Page {
        let mut page = Page {
            count: 0,
            more: false,
        };
        let mut size: u64 = 0;
        for length in lengths {
            size = size.saturating_add(counted_size(length));
            let full = self
                .count
                .is_some_and(|count| u32::try_from(page.count).is_ok_and(|taken| taken >= count));
            if full || (page.count > 0 && size > self.size) {
                page.more = true;
                break;
            }
            page.count = page.count.saturating_add(1);
        }
        page
    }
}

/// What one message adds to the size of a reply.
fn counted_size(data_len: usize) -> u64 {
    let data = u64::try_from(data_len).unwrap_or(u64::MAX);
    let text = data.saturating_mul(4) / 3;
    text.saturating_add(100)
        .saturating_add(MessageHash::LEN as u64)
}

/// The messages that fit into one reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// How many.
    pub count: usize,
    /// Whether a limit left messages out.
    pub more: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_of_the_parameters() {
        let size = |max_size| RetrieveLimits::new(None, Some(max_size)).size();
        assert_eq!(size(i32::MIN), 0);
        assert_eq!(size(-1), MAX_RETRIEVE_SIZE);
        assert_eq!(size(i32::MAX), MAX_RETRIEVE_SIZE);
        let negative_count = RetrieveLimits::new(Some(i32::MIN), None);
        assert_eq!(negative_count.count(), None);
        assert_eq!(negative_count.size(), MAX_RETRIEVE_SIZE);
    }

    #[test]
    fn the_first_message_always_fits() {
        let limits = RetrieveLimits::new(None, Some(i32::MIN));
        let page = limits.page([usize::MAX, 0]);
        assert_eq!((page.count, page.more), (1, true));
        let page = limits.page([usize::MAX]);
        assert_eq!((page.count, page.more), (1, false));
    }
}

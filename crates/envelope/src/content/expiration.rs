//! Disappearing messages (spec 05 §11.1).

use core::time::Duration;

use super::Content;
use crate::proto::{self, ExpirationType};

/// When a message disappears. The wire counts in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expiration {
    /// So long after it was read.
    AfterRead(Duration),
    /// So long after it was sent.
    AfterSend(Duration),
}

/// The bit of a data message that makes it an update of the conversation's timer.
pub(super) const TIMER_UPDATE: u32 = 2;

impl Content {
    /// Sets the timer of a conversation; `None` turns it off. The message itself disappears by
    /// the new setting.
    #[must_use]
    pub fn expiration_update(expiration: Option<Expiration>) -> Self {
        let content = Self::of_data(proto::DataMessage {
            flags: Some(TIMER_UPDATE),
            ..Default::default()
        });
        match expiration {
            Some(expiration) => content.with_expiration(expiration),
            None => content.merge(&fields(ExpirationType::Unknown, Duration::ZERO)),
        }
    }

    /// When the message disappears, if it does.
    #[must_use]
    pub fn expiration(&self) -> Option<Expiration> {
        let seconds = self
            .message
            .expiration_timer
            .filter(|seconds| *seconds != 0)?;
        let timer = Duration::from_secs(seconds.into());
        match self.message.expiration_type() {
            ExpirationType::DeleteAfterRead => Some(Expiration::AfterRead(timer)),
            ExpirationType::DeleteAfterSend => Some(Expiration::AfterSend(timer)),
            ExpirationType::Unknown => None,
        }
    }

    /// The same message, disappearing. Parts of a second are dropped, and the timer ends at
    /// `u32::MAX` seconds.
    #[must_use]
    pub fn with_expiration(self, expiration: Expiration) -> Self {
        self.merge(&match expiration {
            Expiration::AfterRead(timer) => fields(ExpirationType::DeleteAfterRead, timer),
            Expiration::AfterSend(timer) => fields(ExpirationType::DeleteAfterSend, timer),
        })
    }
}

fn fields(kind: ExpirationType, timer: Duration) -> proto::Content {
    proto::Content {
        expiration_type: Some(kind.into()),
        expiration_timer: Some(whole_seconds(timer)),
        ..Default::default()
    }
}

/// A timer as the wire has it.
pub(crate) fn whole_seconds(timer: Duration) -> u32 {
    u32::try_from(timer.as_secs()).unwrap_or(u32::MAX)
}

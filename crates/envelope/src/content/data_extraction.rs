//! Notices of screenshots and saved media (spec 05 §11.1).

use session_core::UnixMillis;

use super::Content;
use crate::proto::{self, DataExtractionType};

/// What the sender took out of the conversation. Between two people only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataExtraction {
    /// A screenshot.
    Screenshot,
    /// The media of the message of this time, if it is said.
    MediaSaved(Option<UnixMillis>),
}

impl DataExtraction {
    pub(super) fn read(notification: &proto::DataExtractionNotification) -> Self {
        match notification.kind() {
            DataExtractionType::Screenshot => Self::Screenshot,
            DataExtractionType::MediaSaved => {
                Self::MediaSaved(notification.timestamp.map(UnixMillis::from_millis))
            }
        }
    }
}

impl Content {
    /// Says that one took a screenshot or saved media.
    #[must_use]
    pub fn data_extraction(what: DataExtraction) -> Self {
        let (kind, timestamp) = match what {
            DataExtraction::Screenshot => (DataExtractionType::Screenshot, None),
            DataExtraction::MediaSaved(time) => (DataExtractionType::MediaSaved, time),
        };
        Self::made(proto::Content {
            data_extraction_notification: Some(proto::DataExtractionNotification {
                kind: Some(kind.into()),
                timestamp: timestamp.map(UnixMillis::as_millis),
            }),
            ..Default::default()
        })
    }
}

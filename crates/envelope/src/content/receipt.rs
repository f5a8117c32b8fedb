//! Read receipts (spec 05 §11.1).

use alloc::vec::Vec;

use session_core::UnixMillis;

use super::Content;
use crate::proto::{self, ReceiptType};

/// Messages of ours that the sender has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt<'a>(pub(super) &'a proto::ReceiptMessage);

impl<'a> Receipt<'a> {
    /// Times of the messages. None in a delivery receipt, which nobody sends.
    #[must_use]
    pub fn timestamps(self) -> impl ExactSizeIterator<Item = UnixMillis> + use<'a> {
        let timestamps: &[u64] = match self.0.kind() {
            ReceiptType::Read => &self.0.timestamp,
            ReceiptType::Delivery => &[],
        };
        timestamps
            .iter()
            .map(|millis| UnixMillis::from_millis(*millis))
    }
}

impl Content {
    /// Says that the messages of these times were read.
    #[must_use]
    pub fn read_receipt(timestamps: impl IntoIterator<Item = UnixMillis>) -> Self {
        let timestamps = timestamps.into_iter().map(UnixMillis::as_millis);
        Self::made(proto::Content {
            receipt_message: Some(proto::ReceiptMessage {
                kind: Some(ReceiptType::Read.into()),
                timestamp: timestamps.collect::<Vec<_>>(),
            }),
            ..Default::default()
        })
    }
}

//! Several requests in one: `batch` and `sequence` (spec 04 §6.12, §6.13).

use alloc::vec::Vec;

use super::Request;
use crate::endpoint::{Endpoint, sealed};
use crate::write::ObjectWriter;
use crate::{Error, MAX_BATCH, status};

/// How the requests of a [`Batch`] are carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "there are two methods")]
pub enum Order {
    /// `batch`: all of them, in any order.
    Any,
    /// `sequence`: one after another, up to the first one that fails.
    Sequence,
}

impl Order {
    /// Whether the request after one that was answered with this status is carried out.
    #[must_use]
    pub const fn goes_on_after(self, status: u16) -> bool {
        matches!(self, Self::Any) || status::is_success(status)
    }
}

/// Several requests in one. Answered by [`BatchReply`](crate::BatchReply).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch<'a> {
    order: Order,
    requests: Vec<Request<'a>>,
}

impl<'a> Batch<'a> {
    /// Puts requests together.
    ///
    /// # Errors
    /// [`Error::Empty`] without requests, [`Error::TooLong`] with more than [`MAX_BATCH`],
    /// [`Error::Nested`] when one of them is a batch or a conditional request itself.
    pub fn new(order: Order, requests: Vec<Request<'a>>) -> Result<Self, Error> {
        let what = "requests";
        if requests.is_empty() {
            return Err(Error::Empty { what });
        }
        if requests.len() > MAX_BATCH {
            return Err(Error::TooLong {
                what,
                limit: MAX_BATCH,
                got: requests.len(),
            });
        }
        if requests.iter().any(Request::is_composite) {
            return Err(Error::Nested);
        }
        Ok(Self { order, requests })
    }

    /// What the parser has checked.
    pub(crate) const fn of_checked(order: Order, requests: Vec<Request<'a>>) -> Self {
        Self { order, requests }
    }

    /// How they are carried out.
    #[must_use]
    pub const fn order(&self) -> Order {
        self.order
    }

    /// The requests, 1 to [`MAX_BATCH`], none of them a batch or conditional.
    #[must_use]
    pub fn requests(&self) -> &[Request<'a>] {
        &self.requests
    }

    /// The same batch, which owns its data.
    #[must_use]
    pub fn into_owned(self) -> Batch<'static> {
        Batch {
            order: self.order,
            requests: self.requests.into_iter().map(Request::into_owned).collect(),
        }
    }

    /// The requests.
    #[must_use]
    pub fn into_requests(self) -> Vec<Request<'a>> {
        self.requests
    }
}

impl sealed::Fields for Batch<'_> {
    fn write_fields(&self, out: &mut ObjectWriter<'_>) {
        out.objects("requests", &self.requests, |request, out| {
            request.write_nested(out);
        });
    }

    fn data_len(&self) -> usize {
        let lengths = self.requests.iter().map(sealed::Fields::data_len);
        lengths.fold(0, usize::saturating_add)
    }
}

impl Endpoint for Batch<'_> {
    fn method(&self) -> &'static str {
        match self.order {
            Order::Any => "batch",
            Order::Sequence => "sequence",
        }
    }
}

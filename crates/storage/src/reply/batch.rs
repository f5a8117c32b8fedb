//! The reply to `batch` and `sequence` (spec 04 §6.12, §6.13).

use alloc::vec::Vec;

use super::ReplyBody;
use crate::params::fields;
use crate::value::Value;
use crate::write::ObjectWriter;
use crate::{Body, Error, Form, MAX_BATCH};

/// The replies to the requests of a batch, in their order; a sequence that was broken off has
/// fewer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BatchReply<'a> {
    /// The replies, at most [`MAX_BATCH`].
    pub results: Vec<SubReply<'a>>,
}

/// The reply to one request of several.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SubReply<'a> {
    /// Its status code.
    pub status: u16,
    /// Its body, for the reader of the reply that was asked for.
    pub body: ReplyBody<'a>,
}

fields! {
    Fields {
        "results" => results,
    }
}

fields! {
    SubFields {
        "body" => body,
        "code" => code,
    }
}

impl<'a> SubReply<'a> {
    pub(super) fn read(value: Value<'a>) -> Option<Self> {
        let fields = SubFields::read(value)?;
        Some(Self {
            status: fields.code?.integer()?,
            // In bt the parts have base64 in place of raw bytes: spec 04 §5.2.
            body: ReplyBody::part(match fields.body? {
                Value::Bt(bytes) => Value::BtBase64(bytes),
                value => value,
            }),
        })
    }

    pub(super) fn write(status: u16, body: &Body, out: &mut ObjectWriter<'_>) {
        out.body("body", body).integer("code", status);
    }
}

impl<'a> BatchReply<'a> {
    /// The reply of a node: status code and body of each part. In bt these must have been written
    /// as [`Form::BtBase64`].
    #[must_use]
    pub fn write(form: Form, results: &[(u16, Body)]) -> Body {
        Body::object(form, |out| {
            out.objects("results", results, |(status, body), out| {
                SubReply::write(*status, body, out);
            });
        })
    }

    /// Reads a reply.
    ///
    /// # Errors
    /// [`Error::TooLong`], also with more than [`MAX_BATCH`] results; [`Error::Malformed`] when it
    /// is no object with a list of `results`.
    pub fn parse(body: impl Into<ReplyBody<'a>>) -> Result<Self, Error> {
        const WHAT: &str = "batch reply";
        let malformed = Error::Malformed { what: WHAT };
        let fields = Fields::read(body.into().object(WHAT)?).ok_or(malformed)?;
        let list = fields.results.filter(Value::is_list).ok_or(malformed)?;
        let mut results = Vec::new();
        let mut too_long = false;
        let whole = list.each(|item| {
            too_long = results.len() == MAX_BATCH;
            if too_long {
                return None;
            }
            results.push(SubReply::read(item)?);
            Some(())
        });
        if too_long {
            return Err(Error::TooLong {
                what: "results",
                limit: MAX_BATCH,
                got: MAX_BATCH.saturating_add(1),
            });
        }
        whole.ok_or(malformed)?;
        Ok(Self { results })
    }
}

//! Reading JSON from strangers piece by piece, without building trees.

use alloc::borrow::Cow;
use core::fmt;
use core::ops::Deref;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::Error;
use crate::limits::{MAX_JSON_LEN, MAX_RECORDS, at_most};

/// The text of a reply, if it is not too long.
pub(crate) fn text<'a>(what: &'static str, json: &'a [u8]) -> Result<&'a str, Error> {
    at_most(what, json.len(), MAX_JSON_LEN)?;
    core::str::from_utf8(json).map_err(|_| Error::Malformed { what })
}

/// Reads an object into a struct. Derived readers would take an array of the values, too.
pub(crate) fn object<'a, T: Deserialize<'a>>(
    what: &'static str,
    json: &'a str,
) -> Result<T, Error> {
    let malformed = Error::Malformed { what };
    if !json.trim_start().starts_with('{') {
        return Err(malformed);
    }
    serde_json::from_str(json).map_err(|_| malformed)
}

/// A block height. Nothing that matters is lost if it cannot be read.
pub(crate) fn height(json: &RawValue) -> Option<u64> {
    serde_json::from_str(json.get()).ok()
}

/// Hands every element of an array to `visit`, in order, at most [`MAX_RECORDS`] of them.
///
/// On an error `visit` may have seen the elements in front of it.
pub(crate) fn each<'a>(
    what: &'static str,
    array: &'a str,
    visit: impl FnMut(&'a str),
) -> Result<(), Error> {
    let malformed = Error::Malformed { what };
    let mut reader = serde_json::Deserializer::from_str(array);
    let count = elements(&mut reader, visit).map_err(|_| malformed)?;
    reader.end().map_err(|_| malformed)?;
    at_most(what, count, MAX_RECORDS)
}

/// The same where a reader has come to an array. Says how many elements there are: beyond
/// [`MAX_RECORDS`] the list is to be refused.
pub(crate) fn elements<'a, D: Deserializer<'a>>(
    reader: D,
    visit: impl FnMut(&'a str),
) -> Result<usize, D::Error> {
    reader.deserialize_seq(Elements(visit))
}

struct Elements<F>(F);

impl<'a, F: FnMut(&'a str)> Visitor<'a> for Elements<F> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'a>>(mut self, mut elements: A) -> Result<usize, A::Error> {
        let mut count = 0usize;
        while let Some(element) = elements.next_element::<&'a RawValue>()? {
            if count < MAX_RECORDS {
                self.0(element.get());
            }
            count = count.saturating_add(1);
        }
        Ok(count)
    }
}

/// A string that is borrowed unless it has escapes. (`Option<Cow<str>>` alone is always copied.)
#[derive(serde::Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

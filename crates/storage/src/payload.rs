//! Bytes to be signed, put together from typed parts (spec 04 §3.3, §4.2, §8).

use alloc::vec::Vec;
use core::fmt::{self, Write};

use session_core::UnixMillis;

use crate::{MessageHash, Namespace, Token};

/// A payload under construction. There is no separator between its parts.
#[derive(Debug)]
pub(crate) struct Payload(Vec<u8>);

impl Write for Payload {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

impl Payload {
    /// Starts with some text.
    pub(crate) fn of(text: &str) -> Self {
        Self(Vec::from(text))
    }

    pub(crate) fn text(mut self, text: &str) -> Self {
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    pub(crate) fn number(mut self, number: u64) -> Self {
        // Writing to a Vec cannot fail.
        let _ = write!(self, "{number}");
        self
    }

    pub(crate) fn times(self, times: &[UnixMillis]) -> Self {
        times
            .iter()
            .fold(self, |payload, time| payload.number(time.as_millis()))
    }

    /// A namespace in its signed form; `None` for all.
    pub(crate) fn namespaces(self, namespace: Option<Namespace>) -> Self {
        match namespace {
            Some(namespace) => self.text(&namespace.signed_text()),
            None => self.text("all"),
        }
    }

    pub(crate) fn hashes<'h>(self, hashes: impl IntoIterator<Item = &'h MessageHash>) -> Self {
        hashes
            .into_iter()
            .fold(self, |payload, hash| payload.text(hash.as_str()))
    }

    pub(crate) fn tokens(mut self, tokens: &[Token]) -> Self {
        for token in tokens {
            self.0.extend_from_slice(token.as_bytes());
        }
        self
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }
}

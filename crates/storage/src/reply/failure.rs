//! How a member of the swarm failed, as recursive replies tell it.

use alloc::format;
use alloc::string::String;

use super::confirmation::ItemFields;
use crate::value::Value;
use crate::write::ObjectWriter;

/// Why a member of the swarm did not carry out a request (spec 04 §7.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// It did not answer in time.
    pub timeout: bool,
    /// Its answer was not understood.
    pub bad_peer_response: bool,
    /// Its database failed.
    pub query_failure: bool,
    /// The status code of its refusal, as text, at most [`MAX_CODE_LEN`](Self::MAX_CODE_LEN)
    /// characters.
    pub code: Option<String>,
    /// Free text, at most [`MAX_REASON_LEN`](Self::MAX_REASON_LEN) characters. Written by the
    /// member: show it to nobody, match on nothing.
    pub reason: Option<String>,
}

impl Failure {
    /// How much of a code is kept, in characters.
    pub const MAX_CODE_LEN: usize = 8;
    /// How much of a reason is kept, in characters: one member's words must not make the reply
    /// of the whole swarm too long to read.
    pub const MAX_REASON_LEN: usize = 256;

    /// The member did not answer in time.
    #[must_use]
    pub fn timed_out() -> Self {
        Self {
            timeout: true,
            ..Self::default()
        }
    }

    /// The member's answer was not understood.
    #[must_use]
    pub fn bad_peer_response() -> Self {
        Self {
            bad_peer_response: true,
            ..Self::default()
        }
    }

    /// The member's database failed or is full.
    #[must_use]
    pub fn query_failed() -> Self {
        Self {
            query_failure: true,
            ..Self::default()
        }
    }

    /// The member refused with a status code.
    #[must_use]
    pub fn refused(code: u16, reason: &str) -> Self {
        Self {
            code: Some(format!("{code}")),
            reason: Some(shorten(reason, Self::MAX_REASON_LEN)),
            ..Self::default()
        }
    }

    pub(super) fn write(&self, item: &mut ObjectWriter<'_>) {
        item.flag("bad_peer_response", self.bad_peer_response);
        if let Some(code) = &self.code {
            item.text("code", code);
        }
        item.boolean("failed", true)
            .flag("query_failure", self.query_failure);
        if let Some(reason) = &self.reason {
            item.text("reason", reason);
        }
        item.flag("timeout", self.timeout);
    }

    /// The failure that an item reports, if it does. Whatever is not plainly false counts.
    pub(super) fn read(fields: &ItemFields<'_>) -> Option<Self> {
        let set = |flag: Option<Value<'_>>| flag.is_some_and(|flag| flag.boolean() != Some(false));
        let text = |value: Option<Value<'_>>, limit| Some(shorten(&value?.text()?, limit));
        set(fields.failed).then(|| Self {
            timeout: set(fields.timeout),
            bad_peer_response: set(fields.bad_peer_response),
            query_failure: set(fields.query_failure),
            code: text(fields.code, Self::MAX_CODE_LEN),
            reason: text(fields.reason, Self::MAX_REASON_LEN),
        })
    }
}

/// The first characters of a text.
fn shorten(text: &str, limit: usize) -> String {
    text.chars().take(limit).collect()
}

//! How a member of the swarm failed, as recursive replies tell it.

use alloc::format;
use alloc::string::String;

use session_bt::DictWriter;

use crate::json::ObjectWriter;

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

    pub(crate) fn write_json(&self, item: &mut ObjectWriter<'_>) {
        item.literal("failed", true);
        for (key, set) in self.flags() {
            if set {
                item.literal(key, true);
            }
        }
        for (key, text) in [("code", &self.code), ("reason", &self.reason)] {
            if let Some(text) = text {
                item.text(key, text);
            }
        }
    }

    pub(crate) fn try_write_bt(&self, dict: &mut DictWriter<'_>) -> Result<(), session_bt::Error> {
        let [bad_peer_response, query_failure, timeout] = self.flags();
        let flag = |dict: &mut DictWriter<'_>, (key, set): (&str, bool)| {
            if set {
                dict.int(key, true).map(drop)
            } else {
                Ok(())
            }
        };
        let text = |dict: &mut DictWriter<'_>, key: &str, text: &Option<String>| match text {
            Some(text) => dict.bytes(key, text.as_bytes()).map(drop),
            None => Ok(()),
        };
        // In the order of the keys' bytes.
        flag(dict, bad_peer_response)?;
        text(dict, "code", &self.code)?;
        flag(dict, ("failed", true))?;
        flag(dict, query_failure)?;
        text(dict, "reason", &self.reason)?;
        flag(dict, timeout)
    }

    fn flags(&self) -> [(&'static str, bool); 3] {
        [
            ("bad_peer_response", self.bad_peer_response),
            ("query_failure", self.query_failure),
            ("timeout", self.timeout),
        ]
    }
}

/// The first characters of a text.
pub(super) fn shorten(text: &str, limit: usize) -> String {
    text.chars().take(limit).collect()
}

//! Requests and replies on direct connections: the parts of an OMQ message, the body of a QUIC
//! stream (spec 04 §2.2, §2.3).
//!
//! A reply's body is checked to be whole JSON or bt, and not decoded: its bytes are for the reader
//! of the reply that was asked for.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde_json::value::RawValue;
use session_bt::{DictReader, ListReader};
use session_core::Network;

use crate::value::json_value;
use crate::{Body, Error, Form, Rejection, Request, parse_bt, parse_json_params, status};

/// What a reply says, by its encoding.
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(
    clippy::exhaustive_enums,
    reason = "whatever is neither JSON nor bt is raw"
)]
pub enum Content<'a> {
    /// The text of a JSON object or list.
    Json(&'a str),
    /// A bt dict or list.
    Bt(&'a [u8]),
    /// Anything else: text or binary data.
    Raw(&'a [u8]),
}

impl<'a> Content<'a> {
    /// Tells the encodings apart. Bytes that are JSON or bt in part only are raw.
    #[must_use]
    pub fn of(bytes: &'a [u8]) -> Self {
        match bytes.first() {
            Some(b'd' | b'l') if is_bt(bytes) => Self::Bt(bytes),
            _ => match core::str::from_utf8(bytes) {
                Ok(text) if is_container(text) && json_value(text).is_some() => Self::Json(text),
                _ => Self::Raw(bytes),
            },
        }
    }

    /// The bytes, as they stand in a reply with one of them only.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        match self {
            Self::Json(text) => text.as_bytes(),
            Self::Bt(bytes) | Self::Raw(bytes) => bytes,
        }
    }
}

/// Names the length of the body instead of showing it.
impl fmt::Debug for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoding = match self {
            Self::Json(_) => "Json",
            Self::Bt(_) => "Bt",
            Self::Raw(_) => "Raw",
        };
        write!(f, "{encoding}({} bytes)", self.as_bytes().len())
    }
}

/// A body that is about to be sent.
impl<'a> From<&'a Body> for Content<'a> {
    fn from(body: &'a Body) -> Self {
        match body {
            Body::Json(text) => Self::Json(text),
            Body::Bt(bytes) => Self::Bt(bytes),
            Body::Text(text) => Self::Raw(text.as_bytes()),
            Body::Raw(bytes) => Self::Raw(bytes),
        }
    }
}

fn is_bt(bytes: &[u8]) -> bool {
    let dict = DictReader::new(bytes).and_then(DictReader::finish);
    dict.or_else(|_| check_list(bytes)).is_ok()
}

fn check_list(bytes: &[u8]) -> Result<(), session_bt::Error> {
    let mut list = ListReader::new(bytes)?;
    while list.raw_opt()?.is_some() {}
    list.finish()
}

/// Whether JSON text would be an object or a list.
fn is_container(text: &str) -> bool {
    text.trim_ascii_start().starts_with(['{', '['])
}

/// A reply: a status and a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(
    clippy::exhaustive_structs,
    reason = "callers build it; replies have these two parts"
)]
pub struct Response<'a> {
    /// The status code (spec 04 §2.5).
    pub status: u16,
    /// The body.
    pub content: Content<'a>,
}

impl<'a> Response<'a> {
    /// Reads the parts of an OMQ reply: the body, with the status before it unless that is 200.
    ///
    /// # Errors
    /// [`Error::Malformed`] for any other form.
    pub fn from_omq(parts: &[&'a [u8]]) -> Result<Self, Error> {
        let malformed = Error::Malformed { what: "OMQ reply" };
        let (status, body) = match parts {
            [body] => (status::OK, body),
            [code, body] => (code_of(code).ok_or(malformed)?, body),
            _ => return Err(malformed),
        };
        Ok(Self {
            status,
            content: Content::of(body),
        })
    }

    /// Reads a QUIC reply and whether the stream flagged it as an error.
    ///
    /// # Errors
    /// [`Error::Malformed`] for an error without a status: it is one of the stream itself.
    pub fn from_quic(body: &'a [u8], is_error: bool) -> Result<Self, Error> {
        if !is_error {
            let inner = unwrap(body).and_then(|(code, content)| {
                let status = u16::try_from(code).ok()?;
                Some(Self { status, content })
            });
            return Ok(inner.unwrap_or(Self {
                status: status::OK,
                content: Content::of(body),
            }));
        }
        let status = body
            .split_at_checked(3)
            .filter(|(_, rest)| rest.first() == Some(&b' '));
        let status = status.and_then(|(digits, _)| code_of(digits));
        let blank = body.windows(2).position(|pair| pair == b"\n\n");
        let rest = blank.and_then(|at| body.get(at..)?.get(2..));
        let (Some(status), Some(rest)) = (status, rest) else {
            return Err(Error::Malformed { what: "QUIC reply" });
        };
        Ok(Self {
            status,
            // The outer number counts, whatever the inner one is.
            content: unwrap(rest).map_or(Content::of(rest), |(_, content)| content),
        })
    }

    /// The part that comes before the body in an OMQ reply, if there is one.
    #[must_use]
    pub fn omq_code(&self) -> Option<String> {
        (self.status != status::OK).then(|| format!("{}", self.status))
    }

    /// Appends the body of a QUIC reply, and says whether to flag it as an error. A raw body must
    /// not look like one that is wrapped, `[code,…]`: it would be read as that.
    pub fn write_quic(&self, out: &mut Vec<u8>) -> bool {
        let is_error = self.status != status::OK;
        if is_error {
            let line = format!("{} {}\n\n", self.status, status::reason(self.status));
            out.extend_from_slice(line.as_bytes());
        }
        let (open, close) = match self.content {
            Content::Json(_) => (format!("[{},", self.status), "]"),
            Content::Bt(_) => (format!("li{}e", self.status), "e"),
            Content::Raw(_) => (String::new(), ""),
        };
        out.extend_from_slice(open.as_bytes());
        out.extend_from_slice(self.content.as_bytes());
        out.extend_from_slice(close.as_bytes());
        is_error
    }
}

/// Three digits.
fn code_of(digits: &[u8]) -> Option<u16> {
    let is_code = digits.len() == 3 && digits.iter().all(u8::is_ascii_digit);
    let digits = core::str::from_utf8(digits).ok().filter(|_| is_code)?;
    digits.parse().ok()
}

/// Takes a body out of the list of two, `[code, body]`, that it may be wrapped in.
fn unwrap(bytes: &[u8]) -> Option<(i64, Content<'_>)> {
    if let Ok(text) = core::str::from_utf8(bytes)
        && let Ok((code, body)) = serde_json::from_str::<(i64, &RawValue)>(text)
    {
        let text = body.get();
        let content = if is_container(text) {
            Content::Json(text)
        } else {
            Content::Raw(text.as_bytes())
        };
        return Some((code, content));
    }
    let mut list = ListReader::new(bytes).ok()?;
    let (code, body) = (list.int().ok()?, list.raw_opt().ok()??);
    list.finish().ok()?;
    Some((code, Content::of(body)))
}

/// Reads an OMQ request for a method: no part, or one with the parameters in JSON or bt. The reply
/// has to have the same encoding.
///
/// # Errors
/// [`Rejection::Parts`], and those of [`parse_quic`]. [`Rejection::NoMethod`] is not answered
/// over OMQ.
pub fn parse_omq<'a>(
    method: &str,
    parts: &[&'a [u8]],
    network: Network,
) -> Result<(Request<'a>, Form), Rejection> {
    match parts {
        [] => parse_quic(method, b"", network),
        [body] => parse_quic(method, body, network),
        _ => Err(Rejection::Parts { got: parts.len() }),
    }
}

/// Reads a QUIC request for a method: the parameters in JSON or bt, or nothing where there are
/// none. The reply has to have the same encoding.
///
/// # Errors
/// Those of [`parse_json_params`] and [`parse_bt`]. Over QUIC the stream itself answers
/// [`Rejection::NoMethod`].
pub fn parse_quic<'a>(
    method: &str,
    body: &'a [u8],
    network: Network,
) -> Result<(Request<'a>, Form), Rejection> {
    if body.first() == Some(&b'd') {
        return Ok((parse_bt(method, body, network)?, Form::Bt));
    }
    let body = if body.is_empty() { b"{}" } else { body };
    Ok((parse_json_params(method, body, network)?, Form::Json))
}

/// What the names of OMQ requests start with. Over QUIC the name is the method alone.
const OMQ_CATEGORY: &str = "storage.";

/// The name of an OMQ request for a method.
#[must_use]
pub fn omq_name(method: &str) -> String {
    format!("{OMQ_CATEGORY}{method}")
}

/// The method that an OMQ request asks for. Requests of other names, and for methods that it does
/// not know, get no reply from a node.
#[must_use]
pub fn omq_method(name: &str) -> Option<&str> {
    name.strip_prefix(OMQ_CATEGORY)
}

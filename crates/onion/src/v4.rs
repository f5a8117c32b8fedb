//! Requests to servers and their replies in the fourth form: a bencoded list of JSON metadata and
//! a binary body (spec 02 §3.3, §6.2).

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use session_bt::ListReader;

pub use crate::headers::Headers;

use crate::Error;
use crate::headers::{find_header, push_headers, read_headers, set_header};
use crate::json::push_string;
use crate::metadata::{self, Metadata};

/// A request to a server. What both sides of the last layer speak about.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request<'a> {
    /// The HTTP method.
    pub method: Cow<'a, str>,
    /// The path, with the query if there is one. Starts with a slash.
    pub endpoint: Cow<'a, str>,
    /// The HTTP headers.
    pub headers: Headers<'a>,
    /// The body, of any bytes; `None` and an empty one are different on the wire.
    pub body: Option<&'a [u8]>,
}

impl<'a> Request<'a> {
    /// A request without headers and body. A slash is put in front of an endpoint that has none.
    #[must_use]
    pub fn new(method: &'a str, endpoint: &'a str) -> Self {
        let endpoint = if endpoint.starts_with('/') {
            Cow::Borrowed(endpoint)
        } else {
            Cow::Owned(["/", endpoint].concat())
        };
        Self {
            method: method.into(),
            endpoint,
            headers: Headers::new(),
            body: None,
        }
    }

    /// The same with one more header, in place of one of that name. Send no `User-Agent`: it tells
    /// apps apart.
    #[must_use]
    pub fn with_header(
        mut self,
        name: impl Into<Cow<'a, str>>,
        value: impl Into<Cow<'a, str>>,
    ) -> Self {
        set_header(&mut self.headers, name.into(), value.into());
        self
    }

    /// The same with a body, which may hold zero bytes. Say what it is, with a `Content-Type`.
    #[must_use]
    pub const fn with_body(mut self, body: &'a [u8]) -> Self {
        self.body = Some(body);
        self
    }

    /// The same with a body of JSON, and the header that says so.
    #[must_use]
    pub fn with_json(self, body: &'a str) -> Self {
        self.with_header("Content-Type", "application/json")
            .with_body(body.as_bytes())
    }

    /// The value of a header, whatever the case of its name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }

    /// The payload for [`build`](crate::build). Metadata is canonical JSON: keys in order, no
    /// spaces.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut json = Vec::new();
        json.extend_from_slice(br#"{"endpoint":"#);
        push_string(&self.endpoint, &mut json);
        json.extend_from_slice(br#","headers":"#);
        push_headers(&self.headers, &mut json);
        json.extend_from_slice(br#","method":"#);
        push_string(&self.method, &mut json);
        json.push(b'}');
        encode_list(&json, self.body)
    }

    /// Reads a payload at the server.
    ///
    /// # Errors
    /// [`Error::ServerForm`]; a server answers with [`Response::bad_request`].
    pub fn decode(payload: &'a [u8]) -> Result<Self, Error> {
        let (metadata, body) = decode_list(payload)?;
        let text = |member, key| metadata::required(member, key).map_err(|_| Error::ServerForm);
        let endpoint = text(metadata.endpoint, "endpoint")?;
        if !endpoint.starts_with('/') {
            return Err(Error::ServerForm);
        }
        Ok(Self {
            method: text(metadata.method, "method")?,
            endpoint,
            headers: read_headers(&metadata)?,
            body,
        })
    }
}

/// Without content: lengths only.
impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("v4::Request")
            .field("method", &self.method)
            .field("endpoint_len", &self.endpoint.len())
            .field("body_len", &self.body.map(<[u8]>::len))
            .finish_non_exhaustive()
    }
}

/// A server's answer.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response<'a> {
    /// The HTTP status. All are carried this way, errors too.
    pub code: u16,
    /// The HTTP headers; servers write names in lowercase.
    pub headers: Headers<'a>,
    /// The body, if there was one.
    pub body: Option<&'a [u8]>,
}

impl<'a> Response<'a> {
    /// An answer with a body and without headers.
    #[must_use]
    pub fn new(code: u16, body: &'a [u8]) -> Self {
        Self {
            code,
            headers: Headers::new(),
            body: Some(body),
        }
    }

    /// The same with one more header, in place of one of that name. Names become lowercase, and
    /// `content-length` is left out, as servers do.
    #[must_use]
    pub fn with_header(
        mut self,
        name: impl Into<Cow<'a, str>>,
        value: impl Into<Cow<'a, str>>,
    ) -> Self {
        let name = name.into().to_ascii_lowercase();
        if name != "content-length" {
            set_header(&mut self.headers, name.into(), value.into());
        }
        self
    }

    /// The value of a header, whatever the case of its name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }

    /// What servers answer to a payload that they cannot read.
    #[must_use]
    pub fn bad_request() -> Self {
        Self::new(400, b"Invalid v4 onion request")
            .with_header("content-type", "text/plain; charset=utf-8")
    }

    /// The plaintext of the reply: always two strings, the second empty where there is no body.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut json = alloc::format!(r#"{{"code":{},"headers":"#, self.code).into_bytes();
        push_headers(&self.headers, &mut json);
        json.push(b'}');
        encode_list(&json, Some(self.body.unwrap_or_default()))
    }

    /// Reads the plaintext of a reply.
    ///
    /// # Errors
    /// [`Error::ServerForm`].
    pub fn decode(plaintext: &'a [u8]) -> Result<Self, Error> {
        let (metadata, body) = decode_list(plaintext)?;
        let code = metadata.code.ok_or(Error::ServerForm)?;
        Ok(Self {
            code: serde_json::from_str(code.get()).map_err(|_| Error::ServerForm)?,
            headers: read_headers(&metadata)?,
            body,
        })
    }
}

/// Without content: lengths only.
impl fmt::Debug for Response<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("v4::Response")
            .field("code", &self.code)
            .field("body_len", &self.body.map(<[u8]>::len))
            .finish_non_exhaustive()
    }
}

fn encode_list(json: &[u8], body: Option<&[u8]>) -> Vec<u8> {
    let parts = [Some(json), body];
    let len = parts
        .iter()
        .flatten()
        .fold(2_usize, |len, part| len.saturating_add(part.len()));
    // Each part has a length of up to eight digits and a colon in front.
    let mut list = Vec::with_capacity(len.saturating_add(18));
    let mut writer = session_bt::ListWriter::new(&mut list);
    for part in parts.into_iter().flatten() {
        writer.bytes(part);
    }
    writer.finish();
    list
}

fn decode_list(list: &[u8]) -> Result<(Metadata<'_>, Option<&[u8]>), Error> {
    let mut reader = ListReader::new(list).map_err(|_| Error::ServerForm)?;
    let metadata = reader.bytes().map_err(|_| Error::ServerForm)?;
    let body = reader.bytes_opt().map_err(|_| Error::ServerForm)?;
    reader.finish().map_err(|_| Error::ServerForm)?;
    let metadata = Metadata::parse(metadata).map_err(|_| Error::ServerForm)?;
    Ok((metadata, body))
}

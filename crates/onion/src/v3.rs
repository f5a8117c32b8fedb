//! Requests to servers in the third form, which is JSON all through (spec 02 §3.3, §6.3). Old
//! servers and clients use it; new clients use [`v4`](crate::v4).

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

pub use crate::headers::Headers;

use crate::Error;
use crate::headers::{find_header, push_headers, read_headers, set_header};
use crate::json::push_string;
use crate::metadata::{self, Metadata};

/// A request to a server.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request<'a> {
    /// The HTTP method.
    pub method: Cow<'a, str>,
    /// The path. Without a slash in front, community servers take it for one below `/legacy/`, and
    /// file servers for one below `/`.
    pub endpoint: Cow<'a, str>,
    /// The HTTP headers.
    pub headers: Headers<'a>,
    /// The body, which is text here.
    pub body: Option<Cow<'a, str>>,
}

impl<'a> Request<'a> {
    /// A request without headers and body.
    #[must_use]
    pub fn new(method: &'a str, endpoint: &'a str) -> Self {
        Self {
            method: method.into(),
            endpoint: endpoint.into(),
            headers: Headers::new(),
            body: None,
        }
    }

    /// The same with one more header, in place of one of that name.
    #[must_use]
    pub fn with_header(
        mut self,
        name: impl Into<Cow<'a, str>>,
        value: impl Into<Cow<'a, str>>,
    ) -> Self {
        set_header(&mut self.headers, name.into(), value.into());
        self
    }

    /// The same with a body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Cow<'a, str>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// The value of a header, whatever the case of its name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }

    /// The payload for [`build`](crate::build), canonical JSON.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut json = Vec::new();
        json.push(b'{');
        if let Some(body) = &self.body {
            json.extend_from_slice(br#""body":"#);
            push_string(body, &mut json);
            json.push(b',');
        }
        json.extend_from_slice(br#""endpoint":"#);
        push_string(&self.endpoint, &mut json);
        json.extend_from_slice(br#","headers":"#);
        push_headers(&self.headers, &mut json);
        json.extend_from_slice(br#","method":"#);
        push_string(&self.method, &mut json);
        json.push(b'}');
        json
    }

    /// Reads a payload at the server. The body `null`, which old clients send with methods that
    /// have none, is none.
    ///
    /// # Errors
    /// [`Error::ServerForm`], also for another body with a method that has none.
    pub fn decode(payload: &'a [u8]) -> Result<Self, Error> {
        if payload.first() != Some(&b'{') {
            return Err(Error::ServerForm);
        }
        let object = Metadata::parse(payload).map_err(|_| Error::ServerForm)?;
        let text = |member, key| metadata::required(member, key).map_err(|_| Error::ServerForm);
        let method = text(object.method, "method")?;
        let body = object.body.map(|raw| text(Some(raw), "body")).transpose()?;
        let body = match &*method {
            "GET" | "HEAD" | "DELETE" | "OPTIONS" => match body.as_deref() {
                None | Some("null") => None,
                Some(_) => return Err(Error::ServerForm),
            },
            _ => body,
        };
        Ok(Self {
            method,
            endpoint: text(object.endpoint, "endpoint")?,
            headers: read_headers(&object)?,
            body,
        })
    }
}

/// Without content: lengths only.
impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("v3::Request")
            .field("method", &self.method)
            .field("endpoint_len", &self.endpoint.len())
            .field("body_len", &self.body.as_ref().map(|body| body.len()))
            .finish_non_exhaustive()
    }
}

/// A server's answer.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// The status that the answer names; servers name none in a success.
    pub status: Option<u16>,
    /// The whole answer, JSON.
    pub body: String,
}

impl Response {
    /// Reads the plaintext of a reply.
    ///
    /// # Errors
    /// [`Error::ServerForm`] for what is not JSON, or names a status that is none.
    pub(crate) fn decode(plaintext: &[u8]) -> Result<Self, Error> {
        let body = core::str::from_utf8(plaintext).map_err(|_| Error::ServerForm)?;
        serde_json::from_str::<serde::de::IgnoredAny>(body).map_err(|_| Error::ServerForm)?;
        // Values other than objects name no status.
        let object = Metadata::parse(plaintext).unwrap_or_default();
        let members = [object.status_code, object.status].into_iter().flatten();
        let status = members
            .map(|raw| serde_json::from_str::<Option<u16>>(raw.get()))
            .find(|status| !matches!(status, Ok(None)));
        let status = status.transpose().map_err(|_| Error::ServerForm)?;
        Ok(Self {
            status: status.flatten(),
            body: body.into(),
        })
    }
}

/// Without the body.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("v3::Response")
            .field("status", &self.status)
            .field("body_len", &self.body.len())
            .finish()
    }
}

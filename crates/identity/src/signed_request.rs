//! What the HTTP requests have in common that are signed for a server (spec 01 §8.6, §9.1).

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use session_core::UnixMillis;

use crate::Error;

/// An HTTP request that will be, or was, signed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    method: &'a str,
    path: &'a str,
    body: &'a [u8],
}

impl<'a> Request<'a> {
    /// Names the parts of a request. `method` is in capital letters; `path` starts with a slash
    /// and is percent-decoded, followed by `?` and the query as it is sent if there is one. A
    /// `body` of no bytes is none.
    ///
    /// The signed bytes have no separators: without these rules two requests could share them.
    ///
    /// # Errors
    /// [`Error::Method`], [`Error::Path`].
    pub fn new(method: &'a str, path: &'a str, body: &'a [u8]) -> Result<Self, Error> {
        if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(Error::Method);
        }
        let empty_query = matches!(path.split_once('?'), Some((_, "")));
        if !path.starts_with('/') || empty_query {
            return Err(Error::Path);
        }
        Ok(Self { method, path, body })
    }

    pub(crate) const fn body(&self) -> &'a [u8] {
        self.body
    }

    /// Appends the time in seconds, the method and the path.
    pub(crate) fn append_to(&self, at: UnixMillis, out: &mut Vec<u8>) {
        let seconds: String = at.as_secs().to_string();
        for part in [&seconds, self.method, self.path] {
            out.extend_from_slice(part.as_bytes());
        }
    }
}

/// Shows the method and lengths only: paths name rooms and users.
impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path_len", &self.path.len())
            .field("body_len", &self.body.len())
            .finish()
    }
}

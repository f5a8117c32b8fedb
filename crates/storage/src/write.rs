//! Output in both encodings from one description of the fields.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Display, Write};

use session_bt::{DictWriter, ListWriter};
use session_core::{base64, hex};

use crate::MessageHash;

/// The encoding of a request or reply (spec 04 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// JSON, with base64 and hex for bytes.
    Json,
    /// bt, with raw bytes.
    Bt,
    /// bt with base64 in place of raw data and signatures: how nodes answer the subrequests of a
    /// bt batch.
    BtBase64,
}

/// The body of a reply, as a node gives it (spec 04 §2).
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Body {
    /// Bare text.
    Text(String),
    /// The text of a JSON object.
    Json(String),
    /// A bt dict.
    Bt(Vec<u8>),
    /// Bytes, which are base64 text in onion requests and in batches.
    Raw(Vec<u8>),
}

/// Names the length of the body instead of showing it.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Text(_) => "Text",
            Self::Json(_) => "Json",
            Self::Bt(_) => "Bt",
            Self::Raw(_) => "Raw",
        };
        write!(f, "{name}({} bytes)", self.as_bytes().len())
    }
}

impl Body {
    /// The bytes to send.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) | Self::Json(text) => text.as_bytes(),
            Self::Bt(bytes) | Self::Raw(bytes) => bytes,
        }
    }

    /// The bytes to send.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Text(text) | Self::Json(text) => text.into_bytes(),
            Self::Bt(bytes) | Self::Raw(bytes) => bytes,
        }
    }

    /// Writes an object in this form.
    pub(crate) fn object(form: Form, write: impl FnOnce(&mut ObjectWriter<'_>)) -> Self {
        if form == Form::Json {
            let mut out = String::new();
            write(&mut ObjectWriter::json(&mut out));
            return Self::Json(out);
        }
        let mut out = Vec::new();
        let dict = DictWriter::new(&mut out);
        let base64 = form == Form::BtBase64;
        write(&mut ObjectWriter::Bt { dict, base64 });
        Self::Bt(out)
    }
}

/// Writes an object or dict; closed when dropped.
///
/// Fields must come in the ascending order of their names, which bt demands and JSON allows. Most
/// names are literals, so that a wrong order is found by the first test that writes it; whoever
/// writes other names sorts them.
#[derive(Debug)]
pub enum ObjectWriter<'b> {
    Json {
        out: &'b mut String,
        empty: bool,
    },
    Bt {
        dict: DictWriter<'b>,
        /// Whether data and signatures are written as base64.
        base64: bool,
    },
}

impl<'b> ObjectWriter<'b> {
    pub(crate) fn json(out: &'b mut String) -> Self {
        out.push('{');
        Self::Json { out, empty: true }
    }

    pub(crate) fn bt(out: &'b mut Vec<u8>) -> Self {
        let dict = DictWriter::new(out);
        let base64 = false;
        Self::Bt { dict, base64 }
    }

    /// Writes one field: a JSON value, or a bt entry under the same key.
    fn field(
        &mut self,
        key: &str,
        json: impl FnOnce(&mut String),
        bt: impl FnOnce(&mut DictWriter<'_>, bool) -> Result<(), session_bt::Error>,
    ) -> &mut Self {
        match self {
            Self::Json { out, empty } => {
                json_key(out, empty, key);
                json(out);
            }
            Self::Bt { dict, base64 } => {
                let written = bt(dict, *base64);
                debug_assert!(written.is_ok(), "{key} stands behind a greater key");
            }
        }
        self
    }

    pub(crate) fn integer<I: session_bt::Int + Display>(
        &mut self,
        key: &str,
        value: I,
    ) -> &mut Self {
        self.field(
            key,
            |out| write_display(out, value),
            |dict, _| dict.int(key, value).map(drop),
        )
    }

    pub(crate) fn time(&mut self, key: &str, time: session_core::UnixMillis) -> &mut Self {
        self.integer(key, time.as_millis())
    }

    /// `true` or 1, `false` or 0.
    pub(crate) fn boolean(&mut self, key: &str, value: bool) -> &mut Self {
        self.field(
            key,
            |out| write_display(out, value),
            |dict, _| dict.int(key, value).map(drop),
        )
    }

    /// A flag that is left out when it is not set.
    pub(crate) fn flag(&mut self, key: &str, set: bool) -> &mut Self {
        if set { self.boolean(key, true) } else { self }
    }

    pub(crate) fn text(&mut self, key: &str, text: &str) -> &mut Self {
        self.field(
            key,
            |out| quote(out, text),
            |dict, _| dict.bytes(key, text.as_bytes()).map(drop),
        )
    }

    /// Bytes that are hex in JSON: account ids and keys.
    pub(crate) fn hex(&mut self, key: &str, bytes: &[u8]) -> &mut Self {
        self.field(
            key,
            |out| quoted(out, |out| hex::encode_append(bytes, out)),
            |dict, _| dict.bytes(key, bytes).map(drop),
        )
    }

    /// Bytes that are base64 in JSON: data, signatures, tokens.
    pub(crate) fn base64(&mut self, key: &str, bytes: &[u8]) -> &mut Self {
        self.field(
            key,
            |out| quoted(out, |out| base64::encode_append(bytes, out)),
            |dict, base64| match base64 {
                true => dict.bytes(key, base64::encode(bytes).as_bytes()).map(drop),
                false => dict.bytes(key, bytes).map(drop),
            },
        )
    }

    pub(crate) fn hashes<'h>(
        &mut self,
        key: &str,
        hashes: impl Iterator<Item = &'h MessageHash>,
    ) -> &mut Self {
        self.texts(key, hashes.map(MessageHash::as_str))
    }

    pub(crate) fn texts<'t>(
        &mut self,
        key: &str,
        texts: impl Iterator<Item = &'t str>,
    ) -> &mut Self {
        self.list(key, texts, quote, |list, text| {
            list.bytes(text.as_bytes());
        })
    }

    /// A list of bytes that are base64 in JSON.
    pub(crate) fn base64s<'t, B: AsRef<[u8]> + 't>(
        &mut self,
        key: &str,
        items: impl Iterator<Item = &'t B>,
    ) -> &mut Self {
        let as_text = matches!(self, Self::Bt { base64: true, .. });
        self.list(
            key,
            items,
            |out, item| quoted(out, |out| base64::encode_append(item.as_ref(), out)),
            |list, item| {
                if as_text {
                    list.bytes(base64::encode(item.as_ref()).as_bytes());
                } else {
                    list.bytes(item.as_ref());
                }
            },
        )
    }

    pub(crate) fn integers<I: session_bt::Int + Display>(
        &mut self,
        key: &str,
        items: impl Iterator<Item = I>,
    ) -> &mut Self {
        self.list(
            key,
            items,
            |out, item| write_display(out, item),
            |list, item| {
                list.int(item);
            },
        )
    }

    fn list<T>(
        &mut self,
        key: &str,
        items: impl Iterator<Item = T>,
        mut json: impl FnMut(&mut String, T),
        mut bt: impl FnMut(&mut ListWriter<'_>, T),
    ) -> &mut Self {
        match self {
            Self::Json { out, empty } => {
                json_key(out, empty, key);
                out.push('[');
                for (index, item) in items.enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    json(out, item);
                }
                out.push(']');
            }
            Self::Bt { dict, .. } => match dict.list(key) {
                Ok(mut list) => items.for_each(|item| bt(&mut list, item)),
                Err(_) => debug_assert!(false, "{key} stands behind a greater key"),
            },
        }
        self
    }

    /// Something that is JSON in either form: in bt as a string.
    pub(crate) fn raw_json(&mut self, key: &str, json: &str) -> &mut Self {
        self.field(
            key,
            |out| out.push_str(json),
            |dict, _| dict.bytes(key, json.as_bytes()).map(drop),
        )
    }

    /// A body that is finished, in the form of this object.
    pub(crate) fn body(&mut self, key: &str, body: &Body) -> &mut Self {
        match (&mut *self, body) {
            (Self::Json { .. }, Body::Json(json)) => self.raw_json(key, json),
            (Self::Bt { dict, .. }, Body::Bt(bt)) => {
                let written = dict.raw(key, bt);
                debug_assert!(written.is_ok(), "{key} stands behind a greater key");
                self
            }
            (_, Body::Text(text) | Body::Json(text)) => self.text(key, text),
            (_, Body::Bt(bytes) | Body::Raw(bytes)) => self.text(key, &base64::encode(bytes)),
        }
    }

    /// An object within this one.
    pub(crate) fn object(&mut self, key: &str, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        match self {
            Self::Json { out, empty } => {
                json_key(out, empty, key);
                write(&mut ObjectWriter::json(out));
            }
            Self::Bt { dict, base64 } => match dict.dict(key) {
                Ok(dict) => write(&mut ObjectWriter::Bt {
                    dict,
                    base64: *base64,
                }),
                Err(_) => debug_assert!(false, "{key} stands behind a greater key"),
            },
        }
    }

    /// A list of objects.
    pub(crate) fn objects<T>(
        &mut self,
        key: &str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(T, &mut ObjectWriter<'_>),
    ) -> &mut Self {
        match self {
            Self::Json { out, empty } => {
                json_key(out, empty, key);
                out.push('[');
                for (index, item) in items.into_iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write(item, &mut ObjectWriter::json(out));
                }
                out.push(']');
            }
            Self::Bt { dict, base64 } => match dict.list(key) {
                Ok(mut list) => {
                    for item in items {
                        let dict = list.dict();
                        let base64 = *base64;
                        write(item, &mut ObjectWriter::Bt { dict, base64 });
                    }
                }
                Err(_) => debug_assert!(false, "{key} stands behind a greater key"),
            },
        }
        self
    }
}

impl Drop for ObjectWriter<'_> {
    fn drop(&mut self) {
        // A dict closes itself.
        if let Self::Json { out, .. } = self {
            out.push('}');
        }
    }
}

fn json_key(out: &mut String, empty: &mut bool, key: &str) {
    if !*empty {
        out.push(',');
    }
    *empty = false;
    out.push('"');
    out.push_str(key);
    out.push_str("\":");
}

fn quoted(out: &mut String, write: impl FnOnce(&mut String)) {
    out.push('"');
    write(out);
    out.push('"');
}

/// Appends text as JSON.
pub(crate) fn quote(out: &mut String, text: &str) {
    let plain = |byte: &u8| *byte >= 0x20 && !matches!(byte, b'"' | b'\\');
    if text.as_bytes().iter().all(plain) {
        quoted(out, |out| out.push_str(text));
    } else {
        // Never an error: text always has a JSON form.
        out.push_str(&serde_json::to_string(text).unwrap_or_default());
    }
}

fn write_display(out: &mut String, value: impl Display) {
    // Writing to a String cannot fail.
    let _: fmt::Result = write!(out, "{value}");
}

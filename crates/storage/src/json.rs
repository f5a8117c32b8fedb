//! JSON output, appended to the caller's buffer.

use alloc::string::String;
use core::fmt::{Display, Write};

use session_core::{base64, hex};

/// Writes an object; closed when dropped. Keys are literals that need no escaping.
#[derive(Debug)]
pub(crate) struct ObjectWriter<'b> {
    out: &'b mut String,
    empty: bool,
}

impl<'b> ObjectWriter<'b> {
    pub(crate) fn new(out: &'b mut String) -> Self {
        out.push('{');
        Self { out, empty: true }
    }

    fn key(&mut self, key: &str) {
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str("\":");
    }

    /// Something whose text form is JSON as it stands: a number or a bool.
    pub(crate) fn literal(&mut self, key: &str, value: impl Display) -> &mut Self {
        self.key(key);
        // Writing to a String cannot fail.
        let _ = write!(self.out, "{value}");
        self
    }

    /// Free text.
    pub(crate) fn text(&mut self, key: &str, text: &str) -> &mut Self {
        self.key(key);
        match serde_json::to_string(text) {
            Ok(quoted) => self.out.push_str(&quoted),
            // Not reached: text always has a JSON form.
            Err(_) => self.out.push_str("\"\""),
        }
        self
    }

    /// Text whose characters need no escaping.
    pub(crate) fn token(&mut self, key: &str, token: &str) -> &mut Self {
        self.quoted(key, |out| out.push_str(token))
    }

    pub(crate) fn hex(&mut self, key: &str, bytes: &[u8]) -> &mut Self {
        self.quoted(key, |out| hex::encode_append(bytes, out))
    }

    pub(crate) fn base64(&mut self, key: &str, bytes: &[u8]) -> &mut Self {
        self.quoted(key, |out| base64::encode_append(bytes, out))
    }

    fn quoted(&mut self, key: &str, write: impl FnOnce(&mut String)) -> &mut Self {
        self.key(key);
        self.out.push('"');
        write(self.out);
        self.out.push('"');
        self
    }

    /// An object, which is open until the returned writer is dropped.
    pub(crate) fn object(&mut self, key: &str) -> ObjectWriter<'_> {
        self.key(key);
        ObjectWriter::new(self.out)
    }

    /// A list of objects.
    pub(crate) fn objects<T>(
        &mut self,
        key: &str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(T, &mut ObjectWriter<'_>),
    ) -> &mut Self {
        self.key(key);
        self.out.push('[');
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            write(item, &mut ObjectWriter::new(self.out));
        }
        self.out.push(']');
        self
    }
}

impl Drop for ObjectWriter<'_> {
    fn drop(&mut self) {
        self.out.push('}');
    }
}

/// Opens a request body, lets `write` fill `params`, and closes it (spec 04 §2.1).
pub(crate) fn write_request(
    out: &mut String,
    method: &str,
    write: impl FnOnce(&mut ObjectWriter<'_>),
) {
    let mut request = ObjectWriter::new(out);
    request.token("method", method);
    write(&mut request.object("params"));
}

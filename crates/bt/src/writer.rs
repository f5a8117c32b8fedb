//! Canonical output, appended to the caller's buffer.

use alloc::vec::Vec;
use core::fmt::Write;
use core::ops::Range;

use crate::cursor::Cursor;
use crate::reader::INNER_DEPTH;
use crate::{Error, Int, Integer};

/// Adapts a byte buffer to formatted numbers.
struct Decimal<'b>(&'b mut Vec<u8>);

impl Write for Decimal<'_> {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

pub(crate) fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    // Writing to a Vec cannot fail.
    let _ = write!(Decimal(out), "{}:", bytes.len());
    out.extend_from_slice(bytes);
}

pub(crate) fn write_integer(out: &mut Vec<u8>, integer: Integer) {
    let _ = write!(Decimal(out), "i{integer}e");
}

/// Writes a dict. Closed by [`finish`](Self::finish) or when dropped.
#[derive(Debug)]
pub struct DictWriter<'b> {
    out: &'b mut Vec<u8>,
    start: usize,
    last_key: Option<Range<usize>>,
}

impl<'b> DictWriter<'b> {
    /// Opens a dict at the end of `out`.
    #[must_use]
    pub fn new(out: &'b mut Vec<u8>) -> Self {
        let start = out.len();
        out.push(b'd');
        Self {
            out,
            start,
            last_key: None,
        }
    }

    fn key(&mut self, key: &[u8]) -> Result<(), Error> {
        let last = self.last_key.clone().and_then(|range| self.out.get(range));
        if last.is_some_and(|last| key <= last) {
            return Err(Error::Order);
        }
        write_bytes(self.out, key);
        let end = self.out.len();
        self.last_key = Some(end.saturating_sub(key.len())..end);
        Ok(())
    }

    /// Appends a string.
    ///
    /// # Errors
    /// [`Error::Order`] when `key` is not greater than the key before; nothing is written then.
    pub fn bytes(&mut self, key: &str, value: &[u8]) -> Result<&mut Self, Error> {
        self.key(key.as_bytes())?;
        write_bytes(self.out, value);
        Ok(self)
    }

    /// Appends a string of `len` zeros for the caller to fill once the dict is written, and says
    /// where in the buffer it lies: what depends on later bytes needs no buffer of its own.
    ///
    /// # Errors
    /// [`Error::Order`].
    pub fn zeros(&mut self, key: &str, len: usize) -> Result<Range<usize>, Error> {
        self.key(key.as_bytes())?;
        // Writing to a Vec cannot fail.
        let _ = write!(Decimal(self.out), "{len}:");
        let start = self.out.len();
        let end = start.saturating_add(len);
        self.out.resize(end, 0);
        Ok(start..end)
    }

    /// Appends an integer.
    ///
    /// # Errors
    /// [`Error::Order`].
    pub fn int<I: Int>(&mut self, key: &str, value: I) -> Result<&mut Self, Error> {
        self.int_bytes(key.as_bytes(), value)
    }

    /// As [`int`](Self::int), under a key that need not be text.
    ///
    /// # Errors
    /// [`Error::Order`].
    pub fn int_bytes<I: Int>(&mut self, key: &[u8], value: I) -> Result<&mut Self, Error> {
        self.key(key)?;
        write_integer(self.out, value.to_integer());
        Ok(self)
    }

    /// Appends a value that is encoded already.
    ///
    /// # Errors
    /// [`Error::Order`], or what is wrong with `value` when it is not exactly one value.
    pub fn raw(&mut self, key: &str, value: &[u8]) -> Result<&mut Self, Error> {
        self.raw_bytes(key.as_bytes(), value)
    }

    /// As [`raw`](Self::raw), under a key that need not be text.
    ///
    /// # Errors
    /// As [`raw`](Self::raw).
    pub fn raw_bytes(&mut self, key: &[u8], value: &[u8]) -> Result<&mut Self, Error> {
        let mut cursor = Cursor::new(value);
        cursor.skip_value(INNER_DEPTH)?;
        cursor.finish()?;
        self.key(key)?;
        self.out.extend_from_slice(value);
        Ok(self)
    }

    /// Appends a list, which is open until the returned writer is dropped.
    ///
    /// # Errors
    /// [`Error::Order`].
    pub fn list(&mut self, key: &str) -> Result<ListWriter<'_>, Error> {
        self.key(key.as_bytes())?;
        Ok(ListWriter::new(self.out))
    }

    /// Appends a dict, which is open until the returned writer is dropped.
    ///
    /// # Errors
    /// [`Error::Order`].
    pub fn dict(&mut self, key: &str) -> Result<DictWriter<'_>, Error> {
        self.dict_bytes(key.as_bytes())
    }

    /// As [`dict`](Self::dict), under a key that need not be text.
    ///
    /// # Errors
    /// [`Error::Order`].
    pub fn dict_bytes(&mut self, key: &[u8]) -> Result<DictWriter<'_>, Error> {
        self.key(key)?;
        Ok(DictWriter::new(self.out))
    }

    /// Everything written so far, from the opening `d`: what a signature appended next signs.
    #[must_use]
    pub fn written(&self) -> &[u8] {
        self.out.get(self.start..).unwrap_or_default()
    }

    /// Closes the dict.
    pub fn finish(self) {}
}

impl Drop for DictWriter<'_> {
    fn drop(&mut self) {
        self.out.push(b'e');
    }
}

/// Writes a list. Closed by [`finish`](Self::finish) or when dropped.
#[derive(Debug)]
pub struct ListWriter<'b> {
    out: &'b mut Vec<u8>,
}

impl<'b> ListWriter<'b> {
    /// Opens a list at the end of `out`.
    #[must_use]
    pub fn new(out: &'b mut Vec<u8>) -> Self {
        out.push(b'l');
        Self { out }
    }

    /// Appends a string.
    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        write_bytes(self.out, value);
        self
    }

    /// Appends an integer.
    pub fn int<I: Int>(&mut self, value: I) -> &mut Self {
        write_integer(self.out, value.to_integer());
        self
    }

    /// Appends a list, which is open until the returned writer is dropped.
    pub fn list(&mut self) -> ListWriter<'_> {
        ListWriter::new(self.out)
    }

    /// Appends a dict, which is open until the returned writer is dropped.
    pub fn dict(&mut self) -> DictWriter<'_> {
        DictWriter::new(self.out)
    }

    /// Closes the list.
    pub fn finish(self) {}
}

impl Drop for ListWriter<'_> {
    fn drop(&mut self) {
        self.out.push(b'e');
    }
}

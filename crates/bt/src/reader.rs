//! Borrowed readers for fixed layouts.

use crate::cursor::{Cursor, Kind};
use crate::{Error, Int, MAX_DEPTH};

/// What may be nested inside the dict or list that is being read.
pub(crate) const INNER_DEPTH: usize = MAX_DEPTH - 1;

/// A dict entry: its key and the bytes of its value.
pub type Entry<'a> = (&'a [u8], &'a [u8]);

/// A signature and the bytes that it signs.
pub type Signed<'a> = (&'a [u8], &'a [u8]);

#[derive(Clone, Copy, Debug)]
struct Pending<'a> {
    /// Where the key's encoding starts.
    start: usize,
    key: &'a [u8],
    value: &'a [u8],
}

/// Reads a dict whose keys are known and asked for in ascending order.
///
/// Unknown keys are skipped; a key that is not greater than the one before it is an error
/// (spec 09 §1.2).
#[derive(Clone, Debug)]
pub struct DictReader<'a> {
    cursor: Cursor<'a>,
    /// How deep values may be nested.
    value_depth: usize,
    /// The entry that was read but not yet asked for.
    pending: Option<Pending<'a>>,
    last_key: Option<&'a [u8]>,
    closed: bool,
    /// The first error: a reader that has met one gives nothing more.
    failed: Option<Error>,
}

impl<'a> DictReader<'a> {
    /// Starts on bytes that hold one dict.
    ///
    /// # Errors
    /// [`Error::Type`] or [`Error::Truncated`] when no dict starts here.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Error> {
        Self::with_max_depth(bytes, MAX_DEPTH)
    }

    /// As [`new`](Self::new), with a limit below [`MAX_DEPTH`] on the nesting of lists and dicts,
    /// this dict included: for what will be put into another dict. Deeper values are
    /// [`Error::Depth`] when the reader meets them.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_max_depth(bytes: &'a [u8], max_depth: usize) -> Result<Self, Error> {
        let mut cursor = Cursor::new(bytes);
        cursor.open(Kind::Dict)?;
        Ok(Self {
            cursor,
            value_depth: max_depth.min(MAX_DEPTH).saturating_sub(1),
            pending: None,
            last_key: None,
            closed: false,
            failed: None,
        })
    }

    /// The next entry in the bytes, without taking it.
    fn peek(&mut self) -> Result<Option<Pending<'a>>, Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if self.pending.is_none() && !self.closed {
            self.pending = self
                .read_entry()
                .inspect_err(|error| self.failed = Some(*error))?;
            self.closed = self.pending.is_none();
        }
        Ok(self.pending)
    }

    fn read_entry(&mut self) -> Result<Option<Pending<'a>>, Error> {
        if self.cursor.close()? {
            return Ok(None);
        }
        let start = self.cursor.at();
        let key = self.cursor.bytes()?;
        if self.last_key.is_some_and(|last| key <= last) {
            return Err(Error::Order);
        }
        self.last_key = Some(key);
        let value = self.cursor.skip_value(self.value_depth)?;
        Ok(Some(Pending { start, key, value }))
    }

    /// The bytes of the value under `key`, whatever its type; `None` when absent.
    ///
    /// # Errors
    /// Malformed bytes or unsorted keys before `key`.
    pub fn raw_opt(&mut self, key: &'static str) -> Result<Option<&'a [u8]>, Error> {
        while let Some(entry) = self.peek()? {
            match entry.key.cmp(key.as_bytes()) {
                core::cmp::Ordering::Less => self.pending = None,
                core::cmp::Ordering::Equal => {
                    self.pending = None;
                    return Ok(Some(entry.value));
                }
                core::cmp::Ordering::Greater => break,
            }
        }
        Ok(None)
    }

    /// The bytes of the value under `key`, whatever its type.
    ///
    /// # Errors
    /// [`Error::Missing`], malformed bytes, unsorted keys.
    pub fn raw(&mut self, key: &'static str) -> Result<&'a [u8], Error> {
        self.raw_opt(key)?.ok_or(Error::Missing { key })
    }

    /// The string under `key`; `None` when absent.
    ///
    /// # Errors
    /// [`Error::Type`] when it is no string, malformed bytes, unsorted keys.
    pub fn bytes_opt(&mut self, key: &'static str) -> Result<Option<&'a [u8]>, Error> {
        self.raw_opt(key)?
            .map(|raw| Cursor::new(raw).bytes())
            .transpose()
    }

    /// The string under `key`.
    ///
    /// # Errors
    /// As [`bytes_opt`](Self::bytes_opt), and [`Error::Missing`].
    pub fn bytes(&mut self, key: &'static str) -> Result<&'a [u8], Error> {
        self.bytes_opt(key)?.ok_or(Error::Missing { key })
    }

    /// The integer under `key`; `None` when absent.
    ///
    /// # Errors
    /// [`Error::Type`] when it is no integer, [`Error::Range`] when it does not fit `I`,
    /// malformed bytes, unsorted keys.
    pub fn int_opt<I: Int>(&mut self, key: &'static str) -> Result<Option<I>, Error> {
        self.raw_opt(key)?.map(read_int).transpose()
    }

    /// The integer under `key`.
    ///
    /// # Errors
    /// As [`int_opt`](Self::int_opt), and [`Error::Missing`].
    pub fn int<I: Int>(&mut self, key: &'static str) -> Result<I, Error> {
        self.int_opt(key)?.ok_or(Error::Missing { key })
    }

    /// The next entry whatever its key, as key and raw value, for dicts with free keys.
    ///
    /// # Errors
    /// Malformed bytes, unsorted keys.
    pub fn next_entry(&mut self) -> Result<Option<Entry<'a>>, Error> {
        let entry = self.peek()?.map(|entry| (entry.key, entry.value));
        self.pending = None;
        Ok(entry)
    }

    /// The signature under `key`, and what it signs: everything from the opening `d` up to that
    /// key, with the unknown entries in between (spec 09 §1.2). `None` when absent.
    ///
    /// # Errors
    /// As [`bytes_opt`](Self::bytes_opt).
    pub fn signature_opt(&mut self, key: &'static str) -> Result<Option<Signed<'a>>, Error> {
        while let Some(entry) = self.peek()? {
            if entry.key >= key.as_bytes() {
                break;
            }
            self.pending = None;
        }
        let signed = self.consumed();
        let signature = self.bytes_opt(key)?;
        Ok(signature.map(|signature| (signature, signed)))
    }

    /// Everything from the opening `d` to the end of the last entry that was taken or skipped.
    #[must_use]
    pub fn consumed(&self) -> &'a [u8] {
        let end = self.pending.map_or(self.cursor.at(), |entry| entry.start);
        self.cursor.since(0).get(..end).unwrap_or_default()
    }

    /// Skips the entries that are left and demands that nothing follows the dict.
    ///
    /// # Errors
    /// [`Error::Trailing`], malformed bytes, unsorted keys.
    pub fn finish(mut self) -> Result<(), Error> {
        while self.next_entry()?.is_some() {}
        self.cursor.finish()
    }
}

/// Reads the items of a list in order.
#[derive(Clone, Debug)]
pub struct ListReader<'a> {
    cursor: Cursor<'a>,
    closed: bool,
    /// The first error: a reader that has met one gives nothing more.
    failed: Option<Error>,
}

impl<'a> ListReader<'a> {
    /// Starts on bytes that hold one list.
    ///
    /// # Errors
    /// [`Error::Type`] or [`Error::Truncated`] when no list starts here.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut cursor = Cursor::new(bytes);
        cursor.open(Kind::List)?;
        Ok(Self {
            cursor,
            closed: false,
            failed: None,
        })
    }

    /// The bytes of the next item, whatever its type; `None` at the end.
    ///
    /// # Errors
    /// Malformed bytes.
    pub fn raw_opt(&mut self) -> Result<Option<&'a [u8]>, Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.read_item()
            .inspect_err(|error| self.failed = Some(*error))
    }

    fn read_item(&mut self) -> Result<Option<&'a [u8]>, Error> {
        if self.closed || self.cursor.close()? {
            self.closed = true;
            return Ok(None);
        }
        self.cursor.skip_value(INNER_DEPTH).map(Some)
    }

    /// The next item, a string; `None` at the end.
    ///
    /// # Errors
    /// [`Error::Type`] when it is no string, malformed bytes.
    pub fn bytes_opt(&mut self) -> Result<Option<&'a [u8]>, Error> {
        self.raw_opt()?
            .map(|raw| Cursor::new(raw).bytes())
            .transpose()
    }

    /// The next item, a string.
    ///
    /// # Errors
    /// [`Error::ListEnd`] at the end; otherwise as [`bytes_opt`](Self::bytes_opt).
    pub fn bytes(&mut self) -> Result<&'a [u8], Error> {
        self.bytes_opt()?.ok_or(Error::ListEnd)
    }

    /// The next item, an integer; `None` at the end.
    ///
    /// # Errors
    /// [`Error::Type`], [`Error::Range`], malformed bytes.
    pub fn int_opt<I: Int>(&mut self) -> Result<Option<I>, Error> {
        self.raw_opt()?.map(read_int).transpose()
    }

    /// The next item, an integer.
    ///
    /// # Errors
    /// [`Error::ListEnd`] at the end; otherwise as [`int_opt`](Self::int_opt).
    pub fn int<I: Int>(&mut self) -> Result<I, Error> {
        self.int_opt()?.ok_or(Error::ListEnd)
    }

    /// Demands that no item is left and that nothing follows the list.
    ///
    /// # Errors
    /// [`Error::Trailing`], malformed bytes.
    pub fn finish(mut self) -> Result<(), Error> {
        let at = self.cursor.at();
        if self.raw_opt()?.is_some() {
            return Err(Error::Trailing { at });
        }
        self.cursor.finish()
    }
}

fn read_int<I: Int>(raw: &[u8]) -> Result<I, Error> {
    Cursor::new(raw)
        .integer()?
        .get()
        .ok_or(Error::Range { at: 0 })
}

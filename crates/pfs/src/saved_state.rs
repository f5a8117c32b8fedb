//! Reading what was saved. Numbers are big-endian; byte strings of varying length stand behind
//! their length in 4 bytes.

use alloc::vec::Vec;

use session_core::UnixMillis;

use crate::Error;

/// What is left to read, and the name of the object for errors.
pub(crate) struct Input<'a> {
    what: &'static str,
    bytes: &'a [u8],
}

impl<'a> Input<'a> {
    /// Starts behind the version, which must be this one.
    ///
    /// # Errors
    /// [`Error::Version`]; [`Error::Malformed`] when there is nothing.
    pub(crate) fn new(what: &'static str, version: u8, bytes: &'a [u8]) -> Result<Self, Error> {
        let mut input = Self { what, bytes };
        if input.byte()? == version {
            Ok(input)
        } else {
            Err(Error::Version { what })
        }
    }

    /// The error of bytes that were never written.
    pub(crate) const fn malformed(&self) -> Error {
        Error::Malformed { what: self.what }
    }

    /// The next bytes, as many as the type says.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], Error> {
        let (taken, rest) = self
            .bytes
            .split_first_chunk()
            .ok_or_else(|| self.malformed())?;
        self.bytes = rest;
        Ok(taken)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Error> {
        self.array().copied().map(u8::from_be_bytes)
    }

    /// A count of two bytes, at most `most`.
    pub(crate) fn count(&mut self, most: usize) -> Result<usize, Error> {
        let count = usize::from(u16::from_be_bytes(*self.array()?));
        if count > most {
            return Err(self.malformed());
        }
        Ok(count)
    }

    /// A time in Unix seconds.
    pub(crate) fn int(&mut self) -> Result<i64, Error> {
        self.array().copied().map(i64::from_be_bytes)
    }

    /// A time in Unix milliseconds.
    pub(crate) fn time(&mut self) -> Result<UnixMillis, Error> {
        let millis = self.array().copied().map(u64::from_be_bytes)?;
        Ok(UnixMillis::from_millis(millis))
    }

    /// One byte, 0 or 1.
    pub(crate) fn flag(&mut self) -> Result<bool, Error> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.malformed()),
        }
    }

    /// A flag, and when it is set what it announces.
    pub(crate) fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        self.flag()?.then(|| read(self)).transpose()
    }

    /// A count, at most `most`, and as many items.
    pub(crate) fn list<T>(
        &mut self,
        most: usize,
        mut read: impl FnMut(&mut Self) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        (0..self.count(most)?).map(|_| read(self)).collect()
    }

    /// Bytes behind their length.
    pub(crate) fn string(&mut self) -> Result<&'a [u8], Error> {
        let len = u32::from_be_bytes(*self.array()?);
        let split = usize::try_from(len)
            .ok()
            .and_then(|len| self.bytes.split_at_checked(len));
        let (taken, rest) = split.ok_or_else(|| self.malformed())?;
        self.bytes = rest;
        Ok(taken)
    }

    /// Demands that nothing is left.
    pub(crate) fn finish(self) -> Result<(), Error> {
        if self.bytes.is_empty() {
            Ok(())
        } else {
            Err(self.malformed())
        }
    }
}

/// A count as [`Input::count`] reads it; bounded far below what two bytes hold.
pub(crate) fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend(u16::try_from(count).unwrap_or(u16::MAX).to_be_bytes());
}

/// A time as [`Input::time`] reads it.
pub(crate) fn put_time(out: &mut Vec<u8>, time: UnixMillis) {
    out.extend(time.as_millis().to_be_bytes());
}

/// What [`Input::option`] reads.
pub(crate) fn put_option<T>(
    out: &mut Vec<u8>,
    value: Option<T>,
    write: impl FnOnce(&mut Vec<u8>, T),
) {
    out.push(value.is_some().into());
    if let Some(value) = value {
        write(out, value);
    }
}

/// What [`Input::list`] reads.
pub(crate) fn put_list<T>(out: &mut Vec<u8>, items: &[T], mut write: impl FnMut(&mut Vec<u8>, &T)) {
    put_count(out, items.len());
    items.iter().for_each(|item| write(out, item));
}

/// Bytes as [`Input::string`] reads them; never 4 GiB long.
pub(crate) fn put_string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(bytes);
}

//! The one place that walks bt bytes: tokens, and skipping whole values.

use crate::{Error, Integer};

/// A position in borrowed bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    input: &'a [u8],
    at: usize,
}

/// What starts at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Int,
    Bytes,
    List,
    Dict,
    End,
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(input: &'a [u8]) -> Self {
        Self { input, at: 0 }
    }

    /// Bytes read so far.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// The input from `start` up to here.
    pub(crate) fn since(&self, start: usize) -> &'a [u8] {
        self.input.get(start..self.at).unwrap_or_default()
    }

    /// Ends the reading: nothing may be left.
    pub(crate) const fn finish(&self) -> Result<(), Error> {
        if self.at == self.input.len() {
            Ok(())
        } else {
            Err(Error::Trailing { at: self.at })
        }
    }

    fn peek(&self) -> Result<u8, Error> {
        self.input
            .get(self.at)
            .copied()
            .ok_or(Error::Truncated { at: self.at })
    }

    /// Moves past one byte that `peek` has shown.
    fn advance(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    pub(crate) fn kind(&self) -> Result<Kind, Error> {
        match self.peek()? {
            b'i' => Ok(Kind::Int),
            b'0'..=b'9' => Ok(Kind::Bytes),
            b'l' => Ok(Kind::List),
            b'd' => Ok(Kind::Dict),
            b'e' => Ok(Kind::End),
            _ => Err(Error::Unexpected { at: self.at }),
        }
    }

    /// Moves past the first byte of a list or dict.
    pub(crate) fn open(&mut self, kind: Kind) -> Result<(), Error> {
        if self.kind()? == kind {
            self.advance();
            Ok(())
        } else {
            let expected = if kind == Kind::Dict { "dict" } else { "list" };
            Err(Error::Type { expected })
        }
    }

    /// Moves past the `e` of a list or dict, if it is next.
    pub(crate) fn close(&mut self) -> Result<bool, Error> {
        let end = self.peek()? == b'e';
        if end {
            self.advance();
        }
        Ok(end)
    }

    /// Digits up to `end`, which is moved past. At least one digit.
    fn digits(&mut self, end: u8) -> Result<u64, Error> {
        let start = self.at;
        let mut value: u64 = 0;
        loop {
            let byte = self.peek()?;
            if byte == end && self.at > start {
                self.advance();
                return Ok(value);
            }
            let digit = match byte {
                b'0'..=b'9' => u64::from(byte.saturating_sub(b'0')),
                _ => return Err(Error::Unexpected { at: self.at }),
            };
            value = value
                .checked_mul(10)
                .and_then(|tens| tens.checked_add(digit))
                .ok_or(Error::Range { at: start })?;
            self.advance();
        }
    }

    pub(crate) fn integer(&mut self) -> Result<Integer, Error> {
        if self.kind()? != Kind::Int {
            return Err(Error::Type {
                expected: "integer",
            });
        }
        let start = self.at;
        self.advance();
        let negative = self.peek()? == b'-';
        if negative {
            self.advance();
        }
        Integer::new(negative, self.digits(b'e')?).ok_or(Error::Range { at: start })
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Error> {
        if self.kind()? != Kind::Bytes {
            return Err(Error::Type { expected: "string" });
        }
        let length = self.digits(b':')?;
        let end = usize::try_from(length)
            .ok()
            .and_then(|length| self.at.checked_add(length))
            .ok_or(Error::Truncated { at: self.at })?;
        let bytes = self
            .input
            .get(self.at..end)
            .ok_or(Error::Truncated { at: self.at })?;
        self.at = end;
        Ok(bytes)
    }

    /// Moves past one whole value, nested at most `max_depth` deep, and returns its bytes. Dict keys
    /// must be strings; their order is not looked at.
    pub(crate) fn skip_value(&mut self, max_depth: usize) -> Result<&'a [u8], Error> {
        let start = self.at;
        // One bit a level: set when the level is a dict, whose items come in pairs.
        let mut dicts: u64 = 0;
        let mut depth = 0;
        loop {
            match self.kind()? {
                Kind::End if depth == 0 => return Err(Error::Unexpected { at: self.at }),
                Kind::End => {
                    self.advance();
                    dicts >>= 1;
                    depth = usize::saturating_sub(depth, 1);
                }
                Kind::Int => {
                    self.integer()?;
                }
                Kind::Bytes => {
                    self.bytes()?;
                }
                kind @ (Kind::List | Kind::Dict) => {
                    if depth == max_depth {
                        return Err(Error::Depth);
                    }
                    self.advance();
                    depth = usize::saturating_add(depth, 1);
                    dicts = (dicts << 1) | u64::from(kind == Kind::Dict);
                }
            }
            if depth == 0 {
                return Ok(self.since(start));
            }
            // Inside a dict, a key comes before each value.
            if dicts & 1 == 1 && self.kind()? != Kind::End {
                self.bytes()?;
                if self.kind()? == Kind::End {
                    return Err(Error::Unexpected { at: self.at });
                }
            }
        }
    }
}

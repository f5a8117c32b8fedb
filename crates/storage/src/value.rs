//! One undecoded field of a request or reply, in either encoding.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use session_bt as bt;
use session_core::{Network, NetworkId, UnixMillis, base64, hex};
use session_crypto::ed25519::Signature;

use crate::{MAX_DATA_LEN, MessageHash, Namespace, Token};

/// Smaller JSON times are taken for seconds and refused (spec 04 §5.1).
const MIN_TIME: u64 = 1_000_000_000;

/// A field as it came. Reading it as a type gives `None` when it is of another type.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    /// The text of one valid JSON value, without white space around it.
    Json(&'a str),
    /// The bytes of one well-framed bt value.
    Bt(&'a [u8]),
    /// The same, with base64 in place of raw data and signatures
    /// ([`Form::BtBase64`](crate::Form::BtBase64)).
    BtBase64(&'a [u8]),
}

/// Shows the elements of a JSON array to a function until it returns `false`.
struct Elements<F>(F);

impl<'de, F: FnMut(Value<'de>) -> bool> Visitor<'de> for Elements<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        while let Some(element) = elements.next_element()? {
            if !(self.0)(element) {
                return Err(A::Error::custom("an element of another type"));
            }
        }
        Ok(())
    }
}

/// Shows the entries of a JSON object to a function until it returns `false`.
struct Entries<F>(F);

impl<'de, F: FnMut(&str, Value<'de>) -> bool> Visitor<'de> for Entries<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<(), A::Error> {
        while let Some((key, value)) = entries.next_entry::<Value<'de>, Value<'de>>()? {
            // Names are always text, though perhaps with escapes that are none.
            let key = key.text().ok_or_else(|| A::Error::custom("a name"))?;
            if !(self.0)(&key, value) {
                return Err(A::Error::custom("an entry of another type"));
            }
        }
        Ok(())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Value<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&'a RawValue>::deserialize(deserializer).map(|raw| Self::Json(raw.get()))
    }
}

impl<'a> Value<'a> {
    /// A bt integer or string. Lists and dicts are not decoded: that would cost memory.
    fn scalar(bytes: &'a [u8]) -> Option<bt::Value<'a>> {
        let is_container = matches!(bytes.first(), Some(b'l' | b'd'));
        (!is_container).then(|| bt::Value::decode(bytes).ok())?
    }

    /// The bytes of a bt string.
    fn bytes(bytes: &'a [u8]) -> Option<&'a [u8]> {
        match Self::scalar(bytes)? {
            bt::Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Json(raw) => {
                let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
                if inner.contains('\\') {
                    serde_json::from_str::<String>(raw).ok().map(Cow::Owned)
                } else {
                    Some(Cow::Borrowed(inner))
                }
            }
            Self::Bt(raw) | Self::BtBase64(raw) => core::str::from_utf8(Self::bytes(raw)?)
                .ok()
                .map(Cow::Borrowed),
        }
    }

    /// JSON of any type, which bt has as a string.
    pub(crate) fn json(self) -> Option<&'a str> {
        match self {
            Self::Json(json) => Some(json),
            Self::Bt(raw) | Self::BtBase64(raw) => {
                json_value(core::str::from_utf8(Self::bytes(raw)?).ok()?)
            }
        }
    }

    /// The object or dict, if it is one. Derived readers would also take a list for a struct.
    pub(crate) fn object(self) -> Option<Self> {
        match self {
            Self::Json(raw) => raw.starts_with('{').then_some(self),
            Self::Bt(raw) | Self::BtBase64(raw) => raw.starts_with(b"d").then_some(self),
        }
    }

    /// Length in bytes, as it came.
    pub(crate) const fn len(&self) -> usize {
        match self {
            Self::Json(raw) => raw.len(),
            Self::Bt(raw) | Self::BtBase64(raw) => raw.len(),
        }
    }

    pub(crate) fn is_list(&self) -> bool {
        match self {
            Self::Json(raw) => raw.starts_with('['),
            Self::Bt(raw) | Self::BtBase64(raw) => raw.starts_with(b"l"),
        }
    }

    /// Shows every element of a list to `visit`, until that gives `None`; a value that is no list
    /// is the only element.
    pub(crate) fn each(self, mut visit: impl FnMut(Self) -> Option<()>) -> Option<()> {
        match self {
            Self::Json(raw) if self.is_list() => {
                let mut whole = Some(());
                let elements = Elements(|element| {
                    whole = visit(element);
                    whole.is_some()
                });
                let read = serde_json::Deserializer::from_str(raw).deserialize_seq(elements);
                read.ok()?;
                whole
            }
            Self::Bt(raw) | Self::BtBase64(raw) if self.is_list() => {
                let mut list = bt::ListReader::new(raw).ok()?;
                while let Some(element) = list.raw_opt().ok()? {
                    visit(self.sibling(element))?;
                }
                Some(())
            }
            single => visit(single),
        }
    }

    /// The elements of a list, all of one type; a value that is no list is the only element.
    pub(crate) fn list<T>(self, read: impl FnMut(Self) -> Option<T>) -> Option<Vec<T>> {
        self.list_up_to(usize::MAX, read)
    }

    /// As [`list`](Self::list), but `None` when there are more. For numbers, of which a hostile
    /// list may hold many more than are of use.
    pub(crate) fn list_up_to<T>(
        self,
        limit: usize,
        mut read: impl FnMut(Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let mut list = Vec::new();
        self.each(|element| {
            if list.len() == limit {
                return None;
            }
            list.push(read(element)?);
            Some(())
        })?;
        Some(list)
    }

    /// Shows every entry of an object to `visit`, until that gives `None`.
    pub(crate) fn entries(self, mut visit: impl FnMut(&str, Self) -> Option<()>) -> Option<()> {
        match self {
            Self::Json(raw) => {
                let mut whole = Some(());
                let entries = Entries(|key: &str, value| {
                    whole = visit(key, value);
                    whole.is_some()
                });
                let read = serde_json::Deserializer::from_str(raw).deserialize_map(entries);
                read.ok()?;
                whole
            }
            Self::Bt(raw) | Self::BtBase64(raw) => {
                let mut dict = bt::DictReader::new(raw).ok()?;
                while let Some((key, value)) = dict.next_entry().ok()? {
                    visit(core::str::from_utf8(key).ok()?, self.sibling(value))?;
                }
                Some(())
            }
        }
    }

    /// Another value of the same message.
    fn sibling(self, raw: &'a [u8]) -> Self {
        match self {
            Self::BtBase64(_) => Self::BtBase64(raw),
            _ => Self::Bt(raw),
        }
    }

    /// An integer. A JSON number with fraction or exponent is none.
    pub(crate) fn integer<I: FromStr + bt::Int>(self) -> Option<I> {
        match self {
            Self::Json(raw) => raw.parse().ok(),
            Self::Bt(raw) | Self::BtBase64(raw) => match Self::scalar(raw)? {
                bt::Value::Int(integer) => integer.get(),
                _ => None,
            },
        }
    }

    /// `true` or 1, `false` or 0: items that came over the peer link have integers.
    pub(crate) fn boolean(self) -> Option<bool> {
        match self {
            Self::Json("true") => Some(true),
            Self::Json("false") => Some(false),
            _ => match self.integer::<u8>()? {
                0 => Some(false),
                1 => Some(true),
                _ => None,
            },
        }
    }

    /// A flag of a request: JSON `true` or `false`, in bt 1 or 0.
    pub(crate) fn flag(self) -> Option<bool> {
        match self {
            Self::Json("true") => Some(true),
            Self::Json("false") => Some(false),
            Self::Json(_) => None,
            _ => self.boolean(),
        }
    }

    /// Any integer as milliseconds.
    pub(crate) fn millis(self) -> Option<UnixMillis> {
        self.integer().map(UnixMillis::from_millis)
    }

    /// A time in a request.
    pub(crate) fn time(self) -> Option<UnixMillis> {
        self.millis()
            .filter(|time| !matches!(self, Self::Json(_)) || time.as_millis() >= MIN_TIME)
    }

    /// An integer that JSON may also give as digits in text: `timestamp` and `ttl` of a store.
    pub(crate) fn number_or_digits(self) -> Option<u64> {
        if let (Self::Json(_), Some(text)) = (self, self.text()) {
            let only_digits = text.bytes().all(|byte| byte.is_ascii_digit());
            return only_digits.then(|| text.parse().ok())?;
        }
        self.integer()
    }

    pub(crate) fn namespace(self) -> Option<Namespace> {
        self.integer().map(Namespace::new)
    }

    /// A namespace, or `None` for all of them.
    pub(crate) fn namespaces(self) -> Option<Option<Namespace>> {
        if self.text().as_deref() == Some("all") {
            return Some(None);
        }
        self.namespace().map(Some)
    }

    /// An account: raw bytes, also in JSON where they happen to be text, or hex.
    pub(crate) fn network_id(self, network: Network) -> Option<NetworkId> {
        let text = self.text();
        let raw = match self {
            Self::Bt(raw) | Self::BtBase64(raw) => Self::bytes(raw)?,
            Self::Json(_) => text.as_ref()?.as_bytes(),
        };
        NetworkId::from_slice(raw, network)
            .or_else(|_| NetworkId::parse(&text.unwrap_or_default(), network))
            .ok()
    }

    /// An Ed25519 key: hex, or 32 raw bytes in bt.
    pub(crate) fn key(self) -> Option<[u8; 32]> {
        if let Self::Bt(raw) = self
            && let Ok(key) = Self::bytes(raw)?.try_into()
        {
            return Some(key);
        }
        hex::decode_array("key", &self.text()?).ok()
    }

    /// A signature: base64, or 64 raw bytes in bt.
    pub(crate) fn signature(self) -> Option<Signature> {
        let bytes = match self {
            Self::Bt(raw) => Self::bytes(raw)?.try_into().ok()?,
            _ => base64::decode_array("signature", &self.text()?).ok()?,
        };
        Some(Signature::from_bytes(bytes))
    }

    /// A subaccount's token: base64 or hex, or 36 raw bytes in bt.
    pub(crate) fn token(self) -> Option<Token> {
        match self {
            Self::Bt(raw) => Some(Token::from_bytes(Self::bytes(raw)?.try_into().ok()?)),
            _ => Token::from_text(&self.text()?),
        }
    }

    /// A message: base64, or raw bytes in bt. Length is checked before anything is allocated.
    pub(crate) fn data(self) -> Option<Cow<'a, [u8]>> {
        match self {
            Self::Bt(raw) => Self::bytes(raw)
                .filter(|data| data.len() <= MAX_DATA_LEN)
                .map(Cow::Borrowed),
            _ => {
                let text = self
                    .text()
                    .filter(|text| text.len() <= base64::encoded_len(MAX_DATA_LEN))?;
                base64::decode("data", &text).ok().map(Cow::Owned)
            }
        }
    }

    pub(crate) fn hash(self) -> Option<MessageHash> {
        self.text()?.parse().ok()
    }
}

/// The one JSON value that a text is, without white space around it; `None` when it is none.
pub(crate) fn json_value(text: &str) -> Option<&str> {
    let raw: &RawValue = serde_json::from_str(text).ok()?;
    Some(raw.get())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn json(text: &str) -> Value<'_> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn integers_are_written_as_integers() {
        assert_eq!(json(" 5 ").integer(), Some(5u8));
        for text in ["5.0", "5e0", "\"5\"", "true", "null", "[5]", "300", "-1"] {
            assert_eq!(json(text).integer::<u8>(), None, "{text}");
        }
        assert_eq!(Value::Bt(b"i-3e").integer(), Some(-3i16));
        assert_eq!(Value::Bt(b"1:5").integer::<u8>(), None);
        assert_eq!(Value::Bt(b"li5ee").integer::<u8>(), None);
    }

    #[test]
    fn json_times_below_the_limit_are_seconds() {
        assert_eq!(json("999999999").time(), None);
        assert_eq!(json("1000000000").time(), json("1000000000").millis());
        assert!(Value::Bt(b"i844e").time().is_some());
        assert_eq!(json("-1000000000").time(), None);
    }

    #[test]
    fn digits_in_text_only_in_json() {
        assert_eq!(json("\"12\"").number_or_digits(), Some(12));
        assert_eq!(json("12").number_or_digits(), Some(12));
        for text in ["\"\"", "\"+1\"", "\" 1\"", "\"-1\"", "-1", "true", "1.0"] {
            assert_eq!(json(text).number_or_digits(), None, "{text}");
        }
        assert_eq!(Value::Bt(b"2:12").number_or_digits(), None);
        assert_eq!(Value::Bt(b"i12e").number_or_digits(), Some(12));
    }

    #[test]
    fn escaped_base64_is_read() {
        assert_eq!(
            json(r#""\/\u002f8=""#).data().as_deref(),
            Some(&[255, 255][..])
        );
        assert!(matches!(json(r#""""#).text(), Some(Cow::Borrowed(""))));
        assert_eq!(json(r#""\ud800""#).text(), None);
    }

    #[test]
    fn data_has_a_greatest_length() {
        let fits = alloc::format!("\"{}\"", base64::encode(&[0; MAX_DATA_LEN]));
        assert_eq!(
            json(&fits).data().map(|data| data.len()),
            Some(MAX_DATA_LEN)
        );
        let long = alloc::format!("\"{}\"", base64::encode(&[0; MAX_DATA_LEN + 1]));
        assert!(json(&long).data().is_none());
    }

    proptest! {
        #[test]
        fn text_is_what_serde_reads(text: String) {
            let quoted = serde_json::to_string(&text).unwrap();
            let read = json(&quoted).text();
            prop_assert_eq!(read.as_deref(), Some(text.as_str()));
        }
    }
}

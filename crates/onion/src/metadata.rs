//! The JSON behind a blob: known keys picked out unparsed, the rest skipped (spec 02 §2.1).

use alloc::borrow::Cow;
use core::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use session_core::hex;

use crate::{EncType, Error};

/// The keys that any class of metadata, a reply, or the JSON of a server can have.
#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Name {
    Base64,
    Body,
    Code,
    Destination,
    EncType,
    Endpoint,
    EphemeralKey,
    Headers,
    HopNo,
    Host,
    Json,
    Method,
    Port,
    Protocol,
    Result,
    Results,
    Status,
    StatusCode,
    Target,
    #[serde(other)]
    Unknown,
}

/// A JSON object's known members, each still unparsed. Of equal keys the last one counts, as in
/// the reference parser.
#[derive(Debug, Default)]
pub(crate) struct Metadata<'a> {
    pub(crate) base64: Member<'a>,
    pub(crate) body: Member<'a>,
    pub(crate) code: Member<'a>,
    pub(crate) destination: Member<'a>,
    pub(crate) enc_type: Member<'a>,
    pub(crate) endpoint: Member<'a>,
    pub(crate) ephemeral_key: Member<'a>,
    pub(crate) headers: Member<'a>,
    pub(crate) hop_no: Member<'a>,
    pub(crate) host: Member<'a>,
    pub(crate) json: Member<'a>,
    pub(crate) method: Member<'a>,
    pub(crate) port: Member<'a>,
    pub(crate) protocol: Member<'a>,
    pub(crate) result: Member<'a>,
    pub(crate) results: Member<'a>,
    pub(crate) status: Member<'a>,
    pub(crate) status_code: Member<'a>,
    pub(crate) target: Member<'a>,
}

/// The text of a member's value, if the member is there.
pub(crate) type Member<'a> = Option<&'a RawValue>;

impl<'a> Metadata<'a> {
    /// Parses bytes that must hold exactly one JSON object.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let text = core::str::from_utf8(bytes).map_err(|_| Error::NotJson)?;
        // The reference parser tolerates a byte order mark.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        serde_json::from_str(text).map_err(|_| Error::NotJson)
    }

    /// `enc_type`, or what absent means.
    pub(crate) fn read_enc_type(&self) -> Result<EncType, Error> {
        self.enc_type.map_or(Ok(EncType::WHEN_ABSENT), |raw| {
            EncType::parse(&string(raw, "enc_type")?)
        })
    }
}

impl<'de> Deserialize<'de> for Metadata<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Metadata<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Metadata<'de>, A::Error> {
                let mut found = Metadata::default();
                while let Some(key) = map.next_key()? {
                    let member = match key {
                        Name::Base64 => &mut found.base64,
                        Name::Body => &mut found.body,
                        Name::Code => &mut found.code,
                        Name::Destination => &mut found.destination,
                        Name::EncType => &mut found.enc_type,
                        Name::Endpoint => &mut found.endpoint,
                        Name::EphemeralKey => &mut found.ephemeral_key,
                        Name::Headers => &mut found.headers,
                        Name::HopNo => &mut found.hop_no,
                        Name::Host => &mut found.host,
                        Name::Json => &mut found.json,
                        Name::Method => &mut found.method,
                        Name::Port => &mut found.port,
                        Name::Protocol => &mut found.protocol,
                        Name::Result => &mut found.result,
                        Name::Results => &mut found.results,
                        Name::Status => &mut found.status,
                        Name::StatusCode => &mut found.status_code,
                        Name::Target => &mut found.target,
                        Name::Unknown => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    *member = Some(map.next_value()?);
                }
                Ok(found)
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads a value as a string.
pub(crate) fn string<'a>(raw: &'a RawValue, key: &'static str) -> Result<Cow<'a, str>, Error> {
    // It was valid JSON: a string without escapes is what stands between the quotation marks.
    if let Some(text) = raw.get().strip_prefix('"')
        && let Some(text) = text.strip_suffix('"')
        && !text.contains('\\')
    {
        return Ok(text.into());
    }
    serde_json::from_str::<Text<'a>>(raw.get())
        .map(|text| text.0)
        .map_err(|_| Error::Metadata {
            key,
            expected: "a string",
        })
}

/// Reads a value that must be there as a string.
pub(crate) fn required<'a>(member: Member<'a>, key: &'static str) -> Result<Cow<'a, str>, Error> {
    string(member.ok_or(Error::Missing { key })?, key)
}

/// Reads a value that must be there as 64 hex digits.
pub(crate) fn required_key(member: Member<'_>, key: &'static str) -> Result<[u8; 32], Error> {
    hex::decode_array(key, &required(member, key)?).map_err(|_| Error::Metadata {
        key,
        expected: "64 hex digits",
    })
}

/// Reads a value as any type, or takes the default when it is absent.
pub(crate) fn optional<'a, T: Deserialize<'a>>(
    member: Member<'a>,
    key: &'static str,
    expected: &'static str,
    default: T,
) -> Result<T, Error> {
    member.map_or(Ok(default), |raw| {
        serde_json::from_str(raw.get()).map_err(|_| Error::Metadata { key, expected })
    })
}

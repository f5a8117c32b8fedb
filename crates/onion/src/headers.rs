//! HTTP headers, as both forms of requests to servers carry them: a JSON object of texts.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::Error;
use crate::json::push_string;
use crate::metadata::Metadata;

/// Header names and values. Names are kept as they were written; their case means nothing.
pub type Headers<'a> = BTreeMap<Cow<'a, str>, Cow<'a, str>>;

/// Puts a header in place of one whose name differs in case only.
pub(crate) fn set_header<'a>(headers: &mut Headers<'a>, name: Cow<'a, str>, value: Cow<'a, str>) {
    headers.retain(|known, _| !known.eq_ignore_ascii_case(&name));
    headers.insert(name, value);
}

pub(crate) fn find_header<'a>(headers: &'a Headers<'_>, name: &str) -> Option<&'a str> {
    let mut headers = headers.iter();
    headers
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| &**value)
}

pub(crate) fn push_headers(headers: &Headers<'_>, json: &mut Vec<u8>) {
    json.push(b'{');
    for (place, (name, value)) in headers.iter().enumerate() {
        if place > 0 {
            json.push(b',');
        }
        push_string(name, json);
        json.push(b':');
        push_string(value, json);
    }
    json.push(b'}');
}

pub(crate) fn read_headers<'a>(metadata: &Metadata<'a>) -> Result<Headers<'a>, Error> {
    metadata.headers.map_or(Ok(Headers::new()), |raw| {
        serde_json::from_str(raw.get()).map_err(|_| Error::ServerForm)
    })
}

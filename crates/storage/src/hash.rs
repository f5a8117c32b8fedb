//! The hash that names a stored message.

use alloc::format;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use session_core::{NetworkId, UnixMillis, base64, hex};
use session_crypto::{blake2b, sha512};

use crate::{Error, Namespace};

/// The hash of a stored message, as 43 characters of unpadded base64 (spec 04 §9).
///
/// It depends on account, namespace and data only: the same data sent twice to one mailbox is
/// one message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageHash([u8; Self::LEN]);

impl MessageHash {
    /// Length in characters.
    pub const LEN: usize = 43;

    /// The hash that `data` has in a mailbox.
    #[must_use]
    pub fn of(pubkey: &NetworkId, namespace: Namespace, data: &[u8]) -> Self {
        let number = namespace.signed_text();
        Self::of_digest(&blake2b::hash(&[
            pubkey.as_bytes(),
            number.as_bytes(),
            data,
        ]))
    }

    /// The hash that nodes of hard forks 19.0 to 19.2 gave. Only for ids stored in those days: the
    /// same data sent twice was two messages.
    #[must_use]
    pub fn timed(
        pubkey: &NetworkId,
        namespace: Namespace,
        timestamp: UnixMillis,
        expiry: UnixMillis,
        data: &[u8],
    ) -> Self {
        let (times, number) = (format!("{timestamp}{expiry}"), namespace.signed_text());
        Self::of_digest(&blake2b::hash(&[
            times.as_bytes(),
            pubkey.as_bytes(),
            number.as_bytes(),
            data,
        ]))
    }

    fn of_digest(digest: &[u8; 32]) -> Self {
        let mut text = [0; Self::LEN];
        // 32 bytes are always 43 characters.
        if let Ok(characters) = base64::encode_unpadded(digest).as_bytes().try_into() {
            text = characters;
        }
        Self(text)
    }

    /// The 43 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only base64 characters get in.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// The hash of a message before hard fork 19, when there were no namespaces: 128 hex digits. Only
/// for ids stored in those days.
#[must_use]
pub fn sha512_message_hash(
    pubkey: &NetworkId,
    timestamp: UnixMillis,
    ttl: Duration,
    data: &[u8],
) -> String {
    let head = format!("{timestamp}{}{}", ttl.as_millis(), pubkey.to_hex());
    let data = base64::encode(data);
    hex::encode(&sha512::hash(&[head.as_bytes(), data.as_bytes()]))
}

impl FromStr for MessageHash {
    type Err = Error;

    /// Exactly 43 characters of the standard base64 alphabet.
    fn from_str(text: &str) -> Result<Self, Error> {
        let malformed = Error::Malformed {
            what: "message hash",
        };
        let characters: [u8; Self::LEN] = text.as_bytes().try_into().map_err(|_| malformed)?;
        let in_alphabet = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        if characters.iter().all(in_alphabet) {
            Ok(Self(characters))
        } else {
            Err(malformed)
        }
    }
}

impl fmt::Display for MessageHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Shortened: hashes identify messages and must not reach logs whole.
impl fmt::Debug for MessageHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = self.as_str().get(..6).unwrap_or_default();
        write!(f, "MessageHash({short}…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn text_round_trips_and_nothing_else_is_accepted() {
        let hash = MessageHash::of(&[5; 33].into(), Namespace::DIRECT, b"data");
        let text = hash.to_string();
        assert_eq!(text.parse(), Ok(hash));
        assert_eq!(
            format!("{hash:?}").len(),
            "MessageHash(".len() + 6 + "…)".len()
        );
        let malformed = Err(Error::Malformed {
            what: "message hash",
        });
        assert_eq!(text[1..].parse::<MessageHash>(), malformed);
        assert_eq!((text.clone() + "=").parse::<MessageHash>(), malformed);
        assert_eq!(
            ("-".to_string() + &text[1..]).parse::<MessageHash>(),
            malformed
        );
    }

    #[test]
    fn account_namespace_and_data_all_count() {
        let hash = |prefix, number, data: &[u8]| {
            MessageHash::of(&[prefix; 33].into(), Namespace::new(number), data)
        };
        let reference = hash(5, 1, b"2d");
        assert_ne!(reference, hash(3, 1, b"2d"));
        assert_ne!(reference, hash(5, 2, b"2d"));
        assert_ne!(reference, hash(5, 1, b"3d"));
        assert_eq!(reference, hash(5, 12, b"d"), "no separator, as specified");
    }

    #[test]
    fn times_counted_in_the_retired_forms() {
        let time = UnixMillis::from_millis;
        let timed = |timestamp, expiry| {
            let pubkey = [5; 33].into();
            MessageHash::timed(
                &pubkey,
                Namespace::DIRECT,
                time(timestamp),
                time(expiry),
                b"d",
            )
        };
        assert_ne!(timed(1, 2), timed(1, 3));
        assert_ne!(timed(1, 2), timed(2, 2));
        assert_ne!(
            timed(1, 2),
            MessageHash::of(&[5; 33].into(), Namespace::DIRECT, b"d")
        );
        let sha512 = |timestamp, ttl| {
            sha512_message_hash(
                &[5; 33].into(),
                time(timestamp),
                Duration::from_millis(ttl),
                b"d",
            )
        };
        assert_eq!(sha512(1, 2).len(), 128);
        assert_ne!(sha512(1, 2), sha512(1, 3));
        assert_ne!(sha512(1, 2), sha512(2, 2));
    }
}

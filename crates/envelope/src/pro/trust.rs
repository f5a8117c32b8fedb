//! Whose proofs count: formats, backends, and the keys that were published (spec 12 §1).

use session_core::UnixMillis;
use session_crypto::{ed25519, x25519};

use crate::Error;

/// How a proof is signed and how its numbers count. No proof says which it is of: it is of the
/// one in which its signature verifies.
///
/// The letters are those of the specification. More may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// November 2025 to mid 2026: version 0, the backend signs a hash, times in milliseconds.
    A,
    /// Since July 2026: no version, the backend signs the fields, times in seconds.
    B,
}

impl Format {
    /// A time in the unit of the format: seconds, rounded down, in B; milliseconds in A.
    #[must_use]
    pub const fn count(self, time: UnixMillis) -> u64 {
        match self {
            Self::A => time.as_millis(),
            Self::B => time.as_secs(),
        }
    }

    /// A number in the unit of the format, as a time. Saturates.
    #[must_use]
    pub const fn time(self, count: u64) -> UnixMillis {
        match self {
            Self::A => UnixMillis::from_millis(count),
            Self::B => UnixMillis::from_secs(count),
        }
    }
}

/// A backend whose proofs count, and the format that it signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backend {
    format: Format,
    key: ed25519::PublicKey,
    onion_key: x25519::PublicKey,
}

impl Backend {
    /// Takes the backend's Ed25519 key from the app's configuration.
    ///
    /// # Errors
    /// [`Error::BackendKey`] when the bytes are no key, and for the key of
    /// [`Deployment::DEVELOPMENT`]: its secret is public, so that anybody can sign proofs with it.
    pub fn new(format: Format, key: &[u8; 32]) -> Result<Self, Error> {
        if *key == Deployment::DEVELOPMENT.signing_key {
            return Err(Error::BackendKey);
        }
        Self::for_development(format, key)
    }

    /// As [`new`](Self::new), but takes the public development key as well: a choice for tests and
    /// test builds, which has to stand in the code that makes it.
    ///
    /// # Errors
    /// [`Error::BackendKey`] when the bytes are no key.
    pub fn for_development(format: Format, key: &[u8; 32]) -> Result<Self, Error> {
        let key = ed25519::PublicKey::from_bytes(key).map_err(|_| Error::BackendKey)?;
        let onion_key = key.to_x25519().map_err(|_| Error::BackendKey)?;
        Ok(Self {
            format,
            key,
            onion_key,
        })
    }

    /// The format of its proofs.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The key that signs its proofs.
    #[must_use]
    pub const fn key(&self) -> &ed25519::PublicKey {
        &self.key
    }

    /// The same key converted, which onion requests to the backend are sealed to.
    #[must_use]
    pub const fn onion_key(&self) -> &x25519::PublicKey {
        &self.onion_key
    }
}

/// A backend as it was published (spec 12 §1.1). Data to configure a [`Backend`] from, trusted by
/// nothing here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deployment {
    /// The Ed25519 key that signs proofs.
    pub signing_key: [u8; 32],
    /// The X25519 key for onion requests: the other one, converted.
    pub onion_key: [u8; 32],
    /// What endpoints are appended to, behind a slash.
    pub url: &'static str,
}

impl Deployment {
    /// The one of mid 2026. It was published as a test deployment that is expected to stay.
    pub const CURRENT: Self = Self {
        signing_key: [
            0x47, 0x9f, 0xfc, 0xa8, 0xbc, 0xec, 0x7b, 0x4a, 0x0f, 0x0f, 0x7a, 0xfe, 0x48, 0xb8,
            0xa6, 0xd1, 0x56, 0x35, 0xa8, 0xc7, 0xff, 0x15, 0xad, 0x16, 0xad, 0xd0, 0x57, 0x52,
            0xc1, 0x94, 0x14, 0xd4,
        ],
        onion_key: [
            0xce, 0x5a, 0x75, 0xf6, 0x4b, 0x6c, 0x43, 0xdb, 0x6c, 0x13, 0x74, 0xd3, 0x62, 0xc3,
            0xea, 0x9d, 0x85, 0x95, 0x1c, 0x4f, 0x42, 0xa3, 0xd0, 0x4c, 0xf9, 0x4f, 0x87, 0x82,
            0x2d, 0x4f, 0x80, 0x3b,
        ],
        url: "https://pro.session.codes",
    };

    /// The one that the apps of April 2026 have. Its secret key is public knowledge: 32 bytes of
    /// `cd`.
    pub const DEVELOPMENT: Self = Self {
        signing_key: [
            0xfc, 0x94, 0x77, 0x30, 0xf4, 0x9e, 0xb0, 0x14, 0x27, 0xa6, 0x6e, 0x05, 0x07, 0x33,
            0x29, 0x4d, 0x9e, 0x52, 0x0e, 0x54, 0x5c, 0x7a, 0x27, 0x12, 0x5a, 0x78, 0x06, 0x34,
            0xe0, 0x86, 0x0a, 0x27,
        ],
        onion_key: [
            0x92, 0x0b, 0x81, 0xe9, 0xbf, 0x1a, 0x06, 0xe7, 0x08, 0x14, 0x43, 0x26, 0x68, 0xc6,
            0x14, 0x87, 0xd6, 0xfd, 0xbe, 0x13, 0xfa, 0xae, 0xe3, 0xb0, 0x9e, 0xbc, 0x56, 0x22,
            0x30, 0x61, 0xf1, 0x40,
        ],
        url: "https://pro-backend-dev.getsession.org",
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_keys_belong_together() {
        for deployment in [Deployment::CURRENT, Deployment::DEVELOPMENT] {
            let backend = Backend::for_development(Format::B, &deployment.signing_key).unwrap();
            assert_eq!(backend.key().as_bytes(), &deployment.signing_key);
            assert_eq!(backend.onion_key().as_bytes(), &deployment.onion_key);
        }
        let known = ed25519::SigningKey::from_seed(&[0xcd; 32]);
        let development = Deployment::DEVELOPMENT.signing_key;
        assert_eq!(known.public().as_bytes(), &development);
    }

    #[test]
    fn the_development_key_has_to_be_asked_for() {
        for format in [Format::A, Format::B] {
            let development = Deployment::DEVELOPMENT.signing_key;
            assert_eq!(Backend::new(format, &development), Err(Error::BackendKey));
            assert!(Backend::for_development(format, &development).is_ok());
            let current = Backend::new(format, &Deployment::CURRENT.signing_key).unwrap();
            assert_eq!(current.format(), format);
        }
    }

    #[test]
    fn keys_of_low_or_mixed_order_are_none() {
        let mut identity = [0; 32];
        identity[0] = 1;
        for key in [[0; 32], [0xff; 32], identity] {
            assert_eq!(Backend::new(Format::B, &key), Err(Error::BackendKey));
            let asked_for = Backend::for_development(Format::B, &key);
            assert_eq!(asked_for, Err(Error::BackendKey));
        }
    }

    #[test]
    fn units() {
        let time = UnixMillis::from_millis(1_999);
        assert_eq!(Format::A.count(time), 1_999);
        assert_eq!(Format::B.count(time), 1);
        assert_eq!(Format::A.time(5), UnixMillis::from_millis(5));
        assert_eq!(Format::B.time(5), UnixMillis::from_secs(5));
        assert_eq!(Format::B.time(u64::MAX), UnixMillis::from_millis(u64::MAX));
    }
}

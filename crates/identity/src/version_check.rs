//! The key by which apps ask the file server for their newest version (spec 01 §8.6).
//!
//! It is the same towards every server and on every platform: what is signed with it can be
//! linked, but not to the Account ID.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use session_core::{AccountId, Prefix, UnixMillis, base64};
use session_crypto::ed25519::{Signature, SigningKey};
use zeroize::ZeroizeOnDrop;

use crate::{Account, Error, Request};

/// Name of the header with the id that signed.
pub const PUBKEY: &str = "X-FS-Pubkey";
/// Name of the header with the time of signing in seconds.
pub const TIMESTAMP: &str = "X-FS-Timestamp";
/// Name of the header with the signature.
pub const SIGNATURE: &str = "X-FS-Signature";

/// The pair of prefix `07` that belongs to an account. Zeroized on drop.
#[derive(Clone)]
pub struct VersionCheckKey(SigningKey);

impl Account {
    /// The account's version-check key.
    #[must_use]
    pub fn version_check_key(&self) -> VersionCheckKey {
        VersionCheckKey(self.expose_signing_key().subkey(b"VersionCheckKey_sig"))
    }
}

impl VersionCheckKey {
    /// The id that the server sees, prefix `07`.
    #[must_use]
    pub fn id(&self) -> AccountId {
        AccountId::new(Prefix::VersionBlinded, *self.0.public().as_bytes())
    }

    /// The pair itself.
    #[must_use]
    pub const fn key(&self) -> &SigningKey {
        &self.0
    }

    /// Signs a request at the time `now`, such as `GET /session_version?platform=desktop` or
    /// `GET /info`.
    ///
    /// There is no nonce: servers accept a repetition for a day.
    ///
    /// # Errors
    /// [`Error::Body`] for a request with a body. Servers verify the hash of it, apps sign the
    /// body itself, which nothing separates from the path.
    pub fn sign(&self, request: &Request<'_>, now: UnixMillis) -> Result<Signature, Error> {
        if request.body().is_empty() {
            Ok(self.0.sign(&signed_bytes(request, now)))
        } else {
            Err(Error::Body)
        }
    }

    /// [`sign`](Self::sign), as names and values of the three headers.
    ///
    /// # Errors
    /// As [`sign`](Self::sign).
    pub fn sign_headers(
        &self,
        request: &Request<'_>,
        now: UnixMillis,
    ) -> Result<[(&'static str, String); 3], Error> {
        let signature = self.sign(request, now)?;
        Ok([
            (PUBKEY, self.id().to_hex()),
            (TIMESTAMP, now.as_secs().to_string()),
            (SIGNATURE, base64::encode(signature.as_bytes())),
        ])
    }
}

/// The bytes that a request's signature covers, as the apps put them together: a body as it is.
#[must_use]
pub fn signed_bytes(request: &Request<'_>, at: UnixMillis) -> Vec<u8> {
    let mut message = Vec::new();
    request.append_to(at, &mut message);
    message.extend_from_slice(request.body());
    message
}

/// Shows the shortened id only.
impl fmt::Debug for VersionCheckKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VersionCheckKey({})", self.id().short())
    }
}

impl ZeroizeOnDrop for VersionCheckKey {}

//! Authentication of requests to community servers: four headers, of which one is a signature
//! (spec 01 §9).
//!
//! ```
//! use session_identity::blinding::ServerKey;
//! use session_identity::community_auth::{Headers, Signer};
//! use session_identity::session_core::UnixMillis;
//! use session_identity::{Account, Request};
//! # use session_crypto::rand_core::SeedableRng;
//! # let mut rng = rand_chacha::ChaCha20Rng::from_seed([7; 32]); // use your system's RNG
//!
//! let account = Account::generate(&mut rng);
//! let server = ServerKey::from_bytes([0xab; 32]); // from the join URL
//! let blinded = account.blind15(&server);         // keep it: it is the same for every request
//!
//! let request = Request::new("GET", "/room/lobby/messages/recent?limit=25", b"")?;
//! let now = UnixMillis::from_secs(1_700_000_000);
//! let headers = Headers::sign(&request, Signer::Blinded(&blinded), &server, now, &mut rng);
//! for (name, value) in headers.to_texts() {
//!     println!("{name}: {value}");
//! }
//!
//! // The server's side.
//! let user = headers.verify(&request, &server, now, true)?;
//! assert_eq!(user, blinded.id());
//! # Ok::<(), session_identity::Error>(())
//! ```

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use session_core::{AccountId, Prefix, UnixMillis, base64, hex};
use session_crypto::blake2b;
use session_crypto::ed25519::Signature;
use session_crypto::rand_core::CryptoRng;

use crate::blinding::{Blinded15, ServerKey};
use crate::conversion::{account_id, ed25519_key};
use crate::{Account, Error, Request};

/// Name of the header with the id that signed. Header names do not depend on case.
pub const PUBKEY: &str = "X-SOGS-Pubkey";
/// Name of the header with the nonce.
pub const NONCE: &str = "X-SOGS-Nonce";
/// Name of the header with the time of signing in seconds.
pub const TIMESTAMP: &str = "X-SOGS-Timestamp";
/// Name of the header with the signature.
pub const SIGNATURE: &str = "X-SOGS-Signature";

/// Length of the nonce in bytes.
pub const NONCE_LEN: usize = 16;

/// How far the time of signing may be from the server's clock, in seconds, either way.
pub const CLOCK_WINDOW_SECS: u64 = 86_400;

/// Who signs a request.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_enums, reason = "the protocol has these two")]
pub enum Signer<'a> {
    /// The account's blinded pair on the server: when the server's capabilities list `blind`.
    Blinded(&'a Blinded15),
    /// The account itself, which tells the server the Account ID. Never use it for a server that
    /// has once asked for blinded ids: its operator could unmask users by asking no longer.
    Unblinded(&'a Account),
}

/// The headers of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Headers {
    id: AccountId,
    nonce: [u8; NONCE_LEN],
    at: UnixMillis,
    signature: Signature,
}

/// The headers as they were received; `None` for those that were not.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::exhaustive_structs, reason = "the protocol has these four")]
pub struct HeaderTexts<'a> {
    /// The value of [`PUBKEY`].
    pub pubkey: Option<&'a str>,
    /// The value of [`NONCE`].
    pub nonce: Option<&'a str>,
    /// The value of [`TIMESTAMP`].
    pub timestamp: Option<&'a str>,
    /// The value of [`SIGNATURE`].
    pub signature: Option<&'a str>,
}

impl Headers {
    /// Signs a request at the time `now`. Draws the nonce, 16 bytes, from `rng`. Of a batch only
    /// the outer request is signed.
    #[must_use]
    pub fn sign<R: CryptoRng + ?Sized>(
        request: &Request<'_>,
        signer: Signer<'_>,
        server: &ServerKey,
        now: UnixMillis,
        rng: &mut R,
    ) -> Self {
        let mut nonce = [0; NONCE_LEN];
        rng.fill_bytes(&mut nonce);
        let message = signed_bytes(request, server, &nonce, now);
        let (id, signature) = match signer {
            Signer::Blinded(pair) => (pair.id(), pair.sign(&message)),
            Signer::Unblinded(account) => (
                AccountId::new(Prefix::Unblinded, *account.ed25519_key().as_bytes()),
                account.expose_signing_key().sign(&message),
            ),
        };
        Self {
            id,
            nonce,
            at: now,
            signature,
        }
    }

    /// Names and values of the headers, as the apps write them.
    #[must_use]
    pub fn to_texts(&self) -> [(&'static str, String); 4] {
        [
            (PUBKEY, self.id.to_hex()),
            (NONCE, base64::encode(&self.nonce)),
            (TIMESTAMP, self.at.as_secs().to_string()),
            (SIGNATURE, base64::encode(self.signature.as_bytes())),
        ]
    }

    /// Reads headers as a server does: the id, nonce and signature in hex or in base64 with or
    /// without padding. `None` when none of the four is there: the request is anonymous.
    ///
    /// # Errors
    /// [`Error::MissingHeader`] when a header is missing or empty, [`Error::HeaderForm`],
    /// [`Error::WrongPrefix`] unless the id has prefix 00 or 15.
    pub fn parse(texts: &HeaderTexts<'_>) -> Result<Option<Self>, Error> {
        let HeaderTexts {
            pubkey,
            nonce,
            timestamp,
            signature,
        } = *texts;
        if [pubkey, nonce, timestamp, signature] == [None; 4] {
            return Ok(None);
        }
        let present = |header, text: Option<_>| {
            text.filter(|text: &&str| !text.is_empty())
                .ok_or(Error::MissingHeader { header })
        };
        let pubkey = present(PUBKEY, pubkey)?;
        let nonce = present(NONCE, nonce)?;
        let timestamp = present(TIMESTAMP, timestamp)?;
        let signature = present(SIGNATURE, signature)?;

        let [prefix, key @ ..] = hex_or_base64::<{ AccountId::LEN }>(PUBKEY, pubkey)?;
        let prefix = match prefix {
            0x00 => Prefix::Unblinded,
            0x15 => Prefix::Blinded15,
            got => {
                return Err(Error::WrongPrefix {
                    expected: Prefix::Blinded15.byte(),
                    got,
                });
            }
        };
        let seconds = timestamp
            .parse()
            .map_err(|_| Error::HeaderForm { header: TIMESTAMP })?;
        Ok(Some(Self {
            id: AccountId::new(prefix, key),
            nonce: hex_or_base64(NONCE, nonce)?,
            at: UnixMillis::from_secs(seconds),
            signature: Signature::from_bytes(hex_or_base64(SIGNATURE, signature)?),
        }))
    }

    /// The nonce. A server refuses one that the user has used before; it must remember them for
    /// [`CLOCK_WINDOW_SECS`] after the request's time.
    #[must_use]
    pub const fn nonce(&self) -> &[u8; NONCE_LEN] {
        &self.nonce
    }

    /// Checks the headers of a received request and returns the id under which the server files
    /// the user: the blinded id, or the Account ID of one who was not blinded.
    ///
    /// Whether the user is banned, and whether the [`nonce`](Self::nonce) is new, is up to the
    /// caller.
    ///
    /// # Errors
    /// In this order: [`Error::InvalidPoint`], [`Error::BlindingRequired`], [`Error::Clock`],
    /// [`Error::Signature`].
    pub fn verify(
        &self,
        request: &Request<'_>,
        server: &ServerKey,
        now: UnixMillis,
        require_blinding: bool,
    ) -> Result<AccountId, Error> {
        let key = ed25519_key(&self.id, self.id.prefix())?;
        // It is the id itself that has to be valid, also where the user stays blinded.
        let unblinded = account_id(&key)?;
        let user = match self.id.prefix() {
            Prefix::Blinded15 => self.id,
            _ if require_blinding => return Err(Error::BlindingRequired),
            _ => unblinded,
        };
        if self.at.as_secs().abs_diff(now.as_secs()) > CLOCK_WINDOW_SECS {
            return Err(Error::Clock);
        }
        let message = signed_bytes(request, server, &self.nonce, self.at);
        key.verify(&message, &self.signature)
            .map_err(|_| Error::Signature)?;
        Ok(user)
    }
}

/// The bytes that a request's signature covers (spec 01 §9.1).
#[must_use]
pub fn signed_bytes(
    request: &Request<'_>,
    server: &ServerKey,
    nonce: &[u8; NONCE_LEN],
    at: UnixMillis,
) -> Vec<u8> {
    let mut message = [server.as_bytes().as_slice(), nonce].concat();
    request.append_to(at, &mut message);
    if !request.body().is_empty() {
        message.extend_from_slice(&blake2b::hash::<64>(&[request.body()]));
    }
    message
}

/// Hex when the text has the length of it, else base64 (spec 01 §9.3).
fn hex_or_base64<const N: usize>(header: &'static str, text: &str) -> Result<[u8; N], Error> {
    let bytes = if text.len() == N.saturating_mul(2) {
        hex::decode_array(header, text)
    } else {
        base64::decode_array(header, text)
    };
    bytes.map_err(|_| Error::HeaderForm { header })
}

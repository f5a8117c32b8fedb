//! Authentication of requests to community servers: four headers, of which one is a signature
//! (spec 01 §9).
//!
//! ```
//! use session_identity::blinding::ServerKey;
//! use session_identity::community_auth::{HeaderTexts, Headers, Signer};
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
//! let received = headers.to_texts();
//! let received = received.iter().map(|(name, value)| (*name, &**value));
//! let headers = Headers::parse(&HeaderTexts::from_pairs(received))?.expect("not anonymous");
//! let user = headers.verify(&request, &server, now, true)?;
//! assert_eq!(user, blinded.id());
//! # Ok::<(), session_identity::Error>(())
//! ```

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

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
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Headers {
    id: AccountId,
    nonce: [u8; NONCE_LEN],
    at: UnixMillis,
    signature: Signature,
}

/// The headers as they were received; `None` for those that were not.
#[derive(Clone, Copy, Default)]
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

impl<'a> HeaderTexts<'a> {
    /// Picks the four out of the headers of a request, whatever the case of their names.
    pub fn from_pairs(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut texts = Self::default();
        for (name, value) in headers {
            let places = [
                (PUBKEY, &mut texts.pubkey),
                (NONCE, &mut texts.nonce),
                (TIMESTAMP, &mut texts.timestamp),
                (SIGNATURE, &mut texts.signature),
            ];
            for (_, place) in places
                .into_iter()
                .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            {
                *place = Some(value);
            }
        }
        texts
    }
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
        // Fractions of a second are neither sent nor signed.
        let at = UnixMillis::from_secs(now.as_secs());
        let message = signed_bytes(request, server, &nonce, at);
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
            at,
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
        // Only the text that was signed: no sign, no leading zeros.
        let at = timestamp.parse().map(UnixMillis::from_secs);
        let at = at
            .ok()
            .filter(|at| at.as_secs().to_string() == timestamp)
            .ok_or(Error::HeaderForm { header: TIMESTAMP })?;
        Ok(Some(Self {
            id: AccountId::new(prefix, key),
            nonce: hex_or_base64(NONCE, nonce)?,
            at,
            signature: Signature::from_bytes(hex_or_base64(SIGNATURE, signature)?),
        }))
    }

    /// The id that the headers claim, with prefix 00 or 15.
    #[must_use]
    pub const fn id(&self) -> AccountId {
        self.id
    }

    /// The nonce. A server refuses one that the user has sent before, and remembers them until
    /// [`CLOCK_WINDOW_SECS`] after [`signed_at`](Self::signed_at).
    #[must_use]
    pub const fn nonce(&self) -> &[u8; NONCE_LEN] {
        &self.nonce
    }

    /// When the request was signed, by the sender's clock; whole seconds.
    #[must_use]
    pub const fn signed_at(&self) -> UnixMillis {
        self.at
    }

    /// Checks the headers of a received request and returns the id under which the server files
    /// the user. [`check_sender`](Self::check_sender) and then
    /// [`verify_signature`](Self::verify_signature): known servers look in between whether the
    /// user is banned and whether the nonce is new.
    ///
    /// # Errors
    /// Those of the two.
    pub fn verify(
        &self,
        request: &Request<'_>,
        server: &ServerKey,
        now: UnixMillis,
        require_blinding: bool,
    ) -> Result<AccountId, Error> {
        let user = self.check_sender(now, require_blinding)?;
        self.verify_signature(request, server)?;
        Ok(user)
    }

    /// The first half of what a server checks. Gives the id of the user who claims to have signed:
    /// the blinded id, or the Account ID of one who was not blinded.
    ///
    /// # Errors
    /// In this order: [`Error::InvalidPoint`], [`Error::BlindingRequired`], [`Error::Clock`].
    pub fn check_sender(
        &self,
        now: UnixMillis,
        require_blinding: bool,
    ) -> Result<AccountId, Error> {
        let key = ed25519_key(&self.id, self.id.prefix())?;
        // It is the key itself that has to be valid, also where the user stays blinded.
        let unblinded = account_id(&key)?;
        let user = match self.id.prefix() {
            Prefix::Blinded15 => self.id,
            _ if require_blinding => return Err(Error::BlindingRequired),
            _ => unblinded,
        };
        if self.at.as_secs().abs_diff(now.as_secs()) > CLOCK_WINDOW_SECS {
            return Err(Error::Clock);
        }
        Ok(user)
    }

    /// The second half: whether the holder of [`id`](Self::id) signed this request.
    ///
    /// # Errors
    /// [`Error::InvalidPoint`], [`Error::Signature`].
    pub fn verify_signature(&self, request: &Request<'_>, server: &ServerKey) -> Result<(), Error> {
        let key = ed25519_key(&self.id, self.id.prefix())?;
        let message = signed_bytes(request, server, &self.nonce, self.at);
        key.verify(&message, &self.signature)
            .map_err(|_| Error::Signature)
    }
}

/// Shows the shortened id only.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Headers({})", self.id.short())
    }
}

/// Shows which of them are there.
impl fmt::Debug for HeaderTexts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeaderTexts")
            .field("pubkey", &self.pubkey.is_some())
            .field("nonce", &self.nonce.is_some())
            .field("timestamp", &self.timestamp.is_some())
            .field("signature", &self.signature.is_some())
            .finish()
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

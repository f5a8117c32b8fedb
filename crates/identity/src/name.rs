//! Names that stand for Account IDs, and the network's records of them (spec 01 §12).
//!
//! A record is encrypted with a key that is made of the name alone. That hides names from those
//! who read the chain, and nothing more: whoever guesses a name can read its record and also
//! forge one. Ask three different nodes, compare what their records say, and show the user the
//! Account ID.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use session_core::{AccountId, Prefix, base64, hex};
use session_crypto::rand_core::CryptoRng;
use session_crypto::{SymmetricKey, TAG_LEN, blake2b, xchacha20poly1305};
#[cfg(feature = "old-names")]
use session_crypto::{argon2id::NameRecordMemory, secretbox};

use crate::Error;

/// Longest name in bytes.
pub const MAX_LEN: usize = 64;

/// A name in its normal form: 1 to 64 lowercase ASCII letters, digits, underscores and, but for
/// the first and the last place, hyphens.
///
/// Names of other scripts have to be brought into their `xn--` form (IDNA) before.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// Reads a name of either case.
    ///
    /// # Errors
    /// [`Error::NameLength`], [`Error::NameCharacters`]. An Account ID is too long to be a name.
    pub fn new(text: &str) -> Result<Self, Error> {
        let got = text.len();
        if got == 0 || got > MAX_LEN {
            return Err(Error::NameLength { got });
        }
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if !text.bytes().all(inner) || text.starts_with('-') || text.ends_with('-') {
            return Err(Error::NameCharacters);
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// The normal form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What nodes are asked for: `name_hash` of the endpoint `ons_resolve`.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        blake2b::hash(&[self.0.as_bytes()])
    }

    /// [`hash`](Self::hash) in base64, as it is sent.
    #[must_use]
    pub fn hash_base64(&self) -> String {
        base64::encode(&self.hash())
    }

    /// The key of the name's record. It is as secret as the name.
    #[must_use]
    pub fn record_key(&self) -> SymmetricKey {
        SymmetricKey::from_bytes(blake2b::hash_domain(&self.hash(), &[self.0.as_bytes()]))
    }
}

impl FromStr for Name {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::new(text)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Shows the length only: whom somebody looks up must not reach logs.
impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({} bytes)", self.0.len())
    }
}

/// A node's answer to a look-up: the encrypted Account ID.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Record {
    encrypted_value: [u8; Self::LEN],
    nonce: Option<[u8; Self::NONCE_LEN]>,
}

impl Record {
    /// Length of the encrypted value in bytes.
    pub const LEN: usize = 49;

    /// Length of the nonce in bytes.
    pub const NONCE_LEN: usize = xchacha20poly1305::NONCE_LEN;

    /// Takes an encrypted value and its nonce, which records of the old form do not have.
    ///
    /// # Errors
    /// [`Error::RecordLength`], [`Error::RecordNonceLength`].
    pub fn new(encrypted_value: &[u8], nonce: Option<&[u8]>) -> Result<Self, Error> {
        let got = encrypted_value.len();
        let encrypted_value = encrypted_value
            .try_into()
            .map_err(|_| Error::RecordLength { got })?;
        let nonce = nonce.map(|nonce| {
            let got = nonce.len();
            nonce
                .try_into()
                .map_err(|_| Error::RecordNonceLength { got })
        });
        Ok(Self {
            encrypted_value,
            nonce: nonce.transpose()?,
        })
    }

    /// Takes the fields `encrypted_value` and `nonce` of a node's answer, in hex.
    ///
    /// # Errors
    /// [`Error::RecordText`]; and as [`new`](Self::new).
    pub fn from_hex(encrypted_value: &str, nonce: Option<&str>) -> Result<Self, Error> {
        let decode = |text| hex::decode("name record", text).map_err(|_| Error::RecordText);
        let nonce = nonce.map(decode).transpose()?;
        Self::new(&decode(encrypted_value)?, nonce.as_deref())
    }

    /// Encrypts the record of a name, in the new form. Draws the nonce, 24 bytes, from `rng`.
    ///
    /// # Errors
    /// [`Error::NotAnAccountId`] unless the id has prefix 05.
    pub fn seal<R: CryptoRng + ?Sized>(
        name: &Name,
        id: &AccountId,
        rng: &mut R,
    ) -> Result<Self, Error> {
        if id.prefix() != Prefix::Standard {
            return Err(Error::NotAnAccountId);
        }
        let mut nonce = [0; Self::NONCE_LEN];
        rng.fill_bytes(&mut nonce);
        let mut encrypted_value = [0; Self::LEN];
        if let Some((body, tag)) = encrypted_value.split_first_chunk_mut() {
            *body = id.to_bytes();
            let sealed = xchacha20poly1305::seal_in_place(&name.record_key(), &nonce, body);
            // The cipher's limit is far beyond 33 bytes.
            tag.copy_from_slice(&sealed.map_err(|_| Error::Decrypt)?);
        }
        Ok(Self {
            encrypted_value,
            nonce: Some(nonce),
        })
    }

    /// The encrypted value.
    #[must_use]
    pub const fn encrypted_value(&self) -> &[u8; Self::LEN] {
        &self.encrypted_value
    }

    /// The nonce, which records of the old form do not have.
    #[must_use]
    pub const fn nonce(&self) -> Option<&[u8; Self::NONCE_LEN]> {
        self.nonce.as_ref()
    }

    /// Decrypts a record of the new form.
    ///
    /// # Errors
    /// [`Error::OldRecord`] when there is no nonce; [`Error::Decrypt`];
    /// [`Error::NotAnAccountId`].
    pub fn open(&self, name: &Name) -> Result<AccountId, Error> {
        let nonce = self.nonce.ok_or(Error::OldRecord)?;
        let mut value = self.encrypted_value;
        let (body, tag) = value
            .split_last_chunk_mut::<TAG_LEN>()
            .ok_or(Error::Decrypt)?;
        xchacha20poly1305::open_in_place(&name.record_key(), &nonce, body, tag)
            .map_err(|_| Error::Decrypt)?;
        standard_id(body)
    }

    /// Decrypts a record of either form. One of the old form takes about half a second, and a
    /// node can force that by leaving the nonce out: decide first whether names that old matter.
    ///
    /// `memory` is what the password hash works in; with one of it, one hash runs at a time.
    ///
    /// # Errors
    /// [`Error::Decrypt`], [`Error::NotAnAccountId`].
    #[cfg(feature = "old-names")]
    #[cfg_attr(docsrs, doc(cfg(feature = "old-names")))]
    pub fn open_any(&self, name: &Name, memory: &mut NameRecordMemory) -> Result<AccountId, Error> {
        if self.nonce.is_some() {
            return self.open(name);
        }
        let mut value = self.encrypted_value;
        let (tag, body) = value
            .split_first_chunk_mut::<TAG_LEN>()
            .ok_or(Error::Decrypt)?;
        memory
            .derive(name.0.as_bytes(), &[0; 16])
            .and_then(|key| {
                let key = SymmetricKey::from_bytes(*key);
                secretbox::open_in_place(&key, &[0; 24], body, tag)
            })
            .map_err(|_| Error::Decrypt)?;
        standard_id(body)
    }
}

/// The decrypted Account ID.
fn standard_id(plaintext: &[u8]) -> Result<AccountId, Error> {
    AccountId::try_from(plaintext)
        .ok()
        .filter(|id| id.prefix() == Prefix::Standard)
        .ok_or(Error::NotAnAccountId)
}

/// Shows the form only.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.nonce {
            Some(_) => "Record(new form)",
            None => "Record(old form)",
        })
    }
}

//! What stands around the ciphertext of a message (spec 06 §5.1).

use alloc::vec::Vec;
use core::mem;

use session_crypto::rand_core::CryptoRng;
use session_crypto::{TAG_LEN, mlkem768, x25519};
use zeroize::Zeroizing;

use super::secrets::{MessageKey, mask};
use super::size::MIN_MESSAGE_LEN;
use super::{MessageVersion, WHAT, check_len};
use crate::{Error, KeyIndicator, PublicKeys};

const VERSION: [u8; 2] = [0, 2];

const HEADER_LEN: usize =
    VERSION.len() + KeyIndicator::LEN + x25519::PublicKey::LEN + mlkem768::CIPHERTEXT_LEN;

/// What a message has besides its padded plaintext.
pub(crate) const OVERHEAD: usize = HEADER_LEN + TAG_LEN;

/// The header of a message that is being made, and the key of what comes behind it.
pub(crate) struct Outer {
    /// Masked, or random.
    indicator: [u8; 2],
    ephemeral: x25519::PublicKey,
    ciphertext: [u8; mlkem768::CIPHERTEXT_LEN],
    key: MessageKey,
}

impl Outer {
    pub(crate) fn forward_secret<R: CryptoRng + ?Sized>(
        to: &x25519::PublicKey,
        keys: &PublicKeys,
        rng: &mut R,
    ) -> Result<Self, Error> {
        let secret = x25519::SecretKey::generate(rng);
        let (ciphertext, mlkem) = keys.mlkem().encapsulate(rng);
        let dh = recipient_dh(&secret, to)?;
        let x25519 = secret
            .diffie_hellman(keys.x25519())
            .map_err(|_| Error::LowOrder {
                what: "account key",
            })?;
        let ephemeral = *secret.public();
        Ok(Self {
            indicator: mask(&dh, &ephemeral, to, *keys.indicator().as_bytes()),
            ephemeral,
            ciphertext,
            key: MessageKey::forward_secret(&mlkem, &x25519, &ephemeral, keys.x25519()),
        })
    }

    pub(crate) fn without_pfs<R: CryptoRng + ?Sized>(
        to: &x25519::PublicKey,
        rng: &mut R,
    ) -> Result<Self, Error> {
        let secret = x25519::SecretKey::generate(rng);
        let mut indicator = [0; KeyIndicator::LEN];
        rng.fill_bytes(&mut indicator);
        let filler = mlkem768::decoy_ciphertext(rng);
        Self::without_pfs_with(to, &secret, indicator, filler)
    }

    pub(crate) fn without_pfs_with(
        to: &x25519::PublicKey,
        secret: &x25519::SecretKey,
        indicator: [u8; 2],
        filler: [u8; mlkem768::CIPHERTEXT_LEN],
    ) -> Result<Self, Error> {
        let dh = recipient_dh(secret, to)?;
        Ok(Self {
            indicator,
            ephemeral: *secret.public(),
            ciphertext: filler,
            key: MessageKey::without_pfs(&dh, to, secret.public()),
        })
    }

    /// The message around what `inner` appends, padded to `padded_len` bytes.
    pub(crate) fn wrap(
        &self,
        padded_len: usize,
        inner: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>,
    ) -> Result<Vec<u8>, Error> {
        let len = padded_len.saturating_add(OVERHEAD);
        let mut out = Zeroizing::new(Vec::with_capacity(len));
        out.extend_from_slice(&VERSION);
        out.extend_from_slice(&self.indicator);
        out.extend_from_slice(self.ephemeral.as_bytes());
        out.extend_from_slice(&self.ciphertext);
        inner(&mut out)?;
        out.resize(len.saturating_sub(TAG_LEN), 0);
        let tag = self
            .key
            .seal(out.get_mut(HEADER_LEN..).unwrap_or_default())?;
        out.extend_from_slice(&tag);
        Ok(mem::take(&mut *out))
    }
}

pub(crate) fn recipient_dh(
    secret: &x25519::SecretKey,
    to: &x25519::PublicKey,
) -> Result<x25519::SharedSecret, Error> {
    secret
        .diffie_hellman(to)
        .map_err(|_| Error::LowOrder { what: "recipient" })
}

/// The parts of a message that was received, none of which is known to be true.
pub(crate) struct Sealed<'m> {
    pub(crate) indicator: [u8; 2],
    pub(crate) ephemeral: x25519::PublicKey,
    pub(crate) ciphertext: &'m [u8; mlkem768::CIPHERTEXT_LEN],
    pub(crate) body: &'m [u8],
    pub(crate) tag: &'m [u8; TAG_LEN],
}

impl<'m> Sealed<'m> {
    pub(crate) fn read(wire: &'m [u8]) -> Result<Self, Error> {
        let malformed = Error::Malformed { what: WHAT };
        match MessageVersion::of(wire)? {
            MessageVersion::V2 => {}
            MessageVersion::Unknown => return Err(Error::Version { what: WHAT }),
            MessageVersion::V1 => return Err(malformed),
        }
        check_len(WHAT, wire.len())?;
        if wire.len() < MIN_MESSAGE_LEN {
            return Err(Error::Length {
                what: WHAT,
                expected: MIN_MESSAGE_LEN,
                got: wire.len(),
            });
        }
        Self::split(wire).ok_or(malformed)
    }

    fn split(wire: &'m [u8]) -> Option<Self> {
        let (_version, rest) = wire.split_first_chunk::<{ VERSION.len() }>()?;
        let (indicator, rest) = rest.split_first_chunk()?;
        let (ephemeral, rest) = rest.split_first_chunk()?;
        let (ciphertext, rest) = rest.split_first_chunk()?;
        let (body, tag) = rest.split_last_chunk()?;
        Some(Self {
            indicator: *indicator,
            ephemeral: x25519::PublicKey::from_bytes(*ephemeral),
            ciphertext,
            body,
            tag,
        })
    }
}

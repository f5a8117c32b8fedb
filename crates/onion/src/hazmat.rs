//! Keys of single layers, for known-answer tests and fuzzing.
//!
//! Nothing here is needed to build, peel or answer requests. May change in any release before
//! 1.0. To fix ephemeral keys and nonces, pass an RNG that replays them: the order in which they
//! are drawn is part of the crate's documentation.

use alloc::vec::Vec;

use session_crypto::SymmetricKey;
use session_crypto::rand_core::CryptoRng;
use session_crypto::x25519::{PublicKey, SecretKey, SharedSecret};

use crate::hop::{self, Recipient};
use crate::{Action, EncType, Error, ReplyKey, ReplySealer, peel};

/// What both ends of one layer share (spec 02 §1.2).
#[derive(Clone, Debug)]
pub struct LayerSecret(hop::LayerSecret);

impl LayerSecret {
    /// On the side that made the ephemeral key.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] when `server` is of low order.
    pub fn for_client(ephemeral: &SecretKey, server: &PublicKey) -> Result<Self, Error> {
        hop::LayerSecret::for_client(ephemeral, Recipient::Server(server)).map(Self)
    }

    /// On the side that has the long-term key.
    ///
    /// # Errors
    /// [`Error::Decrypt`] when `client` is of low order.
    pub fn for_server(secret: &SecretKey, client: &PublicKey) -> Result<Self, Error> {
        hop::LayerSecret::for_server(secret, client).map(Self)
    }

    /// The Diffie-Hellman result.
    #[must_use]
    pub const fn shared(&self) -> &SharedSecret {
        self.0.shared()
    }

    /// The cipher key, one for both directions.
    #[must_use]
    pub fn key(&self, enc_type: EncType) -> SymmetricKey {
        self.0.key(enc_type)
    }
}

/// Encrypts `plaintext` for one layer: `nonce ‖ ciphertext ‖ tag`, the nonce drawn from `rng`.
///
/// # Errors
/// [`Error::Frame`] when the cipher cannot take the length.
pub fn seal_layer<R: CryptoRng + ?Sized>(
    secret: &LayerSecret,
    enc_type: EncType,
    plaintext: &[u8],
    rng: &mut R,
) -> Result<Vec<u8>, Error> {
    let mut out = alloc::vec![0; enc_type.nonce_len()];
    out.extend_from_slice(plaintext);
    enc_type.seal(&secret.key(enc_type), &mut out, 0, rng)?;
    Ok(out)
}

/// Decrypts one layer in place.
///
/// # Errors
/// [`Error::Decrypt`].
pub fn open_layer<'a>(
    secret: &LayerSecret,
    enc_type: EncType,
    ciphertext: &'a mut [u8],
) -> Result<&'a mut [u8], Error> {
    enc_type.open(&secret.key(enc_type), ciphertext)
}

/// Decides what a node does with a decrypted layer (spec 02 §2.4).
#[must_use]
pub fn classify(plaintext: &[u8], hop_no: u32) -> Action<'_> {
    peel::classify(plaintext, hop_no)
}

/// The key that opens replies sealed under `destination`'s layer.
#[must_use]
pub fn reply_key(
    enc_type: EncType,
    destination: LayerSecret,
    last_hop: Option<LayerSecret>,
) -> ReplyKey {
    ReplyKey::new(enc_type, destination.0, last_hop.map(|layer| layer.0), None)
}

/// The key that seals replies under a node's layer.
#[must_use]
pub fn reply_sealer(enc_type: EncType, layer: LayerSecret) -> ReplySealer {
    ReplySealer::new(enc_type, layer.0)
}

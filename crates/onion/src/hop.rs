//! A node as an encryption peer, and the keys that a layer shares with it (spec 02 §1.2).

use core::fmt;

use session_crypto::x25519::{PublicKey, SecretKey, SharedSecret};
use session_crypto::{SymmetricKey, blake2b, ed25519, hkdf};

use crate::{EncType, Error};

/// A node that a request passes or ends at: the Ed25519 key that routes and the X25519 key that
/// encrypts.
///
/// The second is always converted from the first (spec 02 §3.2), so that a node list cannot name
/// one node and encrypt to another. Conversion costs about one scalar multiplication: keep hops.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hop {
    ed25519: [u8; 32],
    x25519: PublicKey,
}

impl fmt::Debug for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, ..] = self.ed25519;
        write!(f, "Hop({first:02x}{second:02x}…)")
    }
}

impl Hop {
    /// The hop with this identity key.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] when the key is not in the prime-order subgroup.
    pub fn new(key: &ed25519::PublicKey) -> Result<Self, Error> {
        Ok(Self {
            ed25519: *key.as_bytes(),
            x25519: key.to_x25519().map_err(|_| Error::InvalidKey)?,
        })
    }

    /// The identity key's bytes, as a node list has them.
    #[must_use]
    pub const fn ed25519(&self) -> &[u8; 32] {
        &self.ed25519
    }

    /// The encryption key. A list that gives another one for this node is wrong: drop the node.
    #[must_use]
    pub const fn x25519(&self) -> &PublicKey {
        &self.x25519
    }
}

/// What both ends of one layer share. C made the ephemeral key, S has the long-term key.
#[derive(Clone, Debug)]
pub(crate) struct LayerSecret {
    shared: SharedSecret,
    client: PublicKey,
    server: PublicKey,
}

impl LayerSecret {
    /// On the side that made the ephemeral key.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] when `server` is of low order.
    pub(crate) fn for_client(ephemeral: &SecretKey, server: &PublicKey) -> Result<Self, Error> {
        Ok(Self {
            shared: ephemeral
                .diffie_hellman(server)
                .map_err(|_| Error::InvalidKey)?,
            client: *ephemeral.public(),
            server: *server,
        })
    }

    /// On the side that has the long-term key.
    ///
    /// # Errors
    /// [`Error::Decrypt`] when `client` is of low order: to the peer this is a bad ciphertext.
    pub(crate) fn for_server(secret: &SecretKey, client: &PublicKey) -> Result<Self, Error> {
        Ok(Self {
            shared: secret.diffie_hellman(client).map_err(|_| Error::Decrypt)?,
            client: *client,
            server: *secret.public(),
        })
    }

    /// The cipher key, one for both directions (spec 02 §1.2).
    pub(crate) fn key(&self, enc_type: EncType) -> SymmetricKey {
        match enc_type {
            EncType::XChaCha20 => SymmetricKey::from_bytes(blake2b::hash(&[
                self.shared.expose_bytes(),
                self.client.as_bytes(),
                self.server.as_bytes(),
            ])),
            EncType::AesGcm => hkdf::extract(b"LOKI", self.shared.expose_bytes()),
        }
    }

    #[cfg(feature = "hazmat")]
    pub(crate) const fn shared(&self) -> &SharedSecret {
        &self.shared
    }
}

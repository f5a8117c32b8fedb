//! A node as an encryption peer, and the keys that a layer shares with it (spec 02 §1.2).

use core::fmt;

use session_crypto::peer::Peer;
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
    peer: Peer,
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
            peer: Peer::new(key).map_err(|_| Error::InvalidKey)?,
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
        self.peer.public()
    }

    pub(crate) const fn peer(&self) -> &Peer {
        &self.peer
    }
}

/// Whom a layer is sealed to, and so how the shared secret is computed.
#[derive(Clone, Copy)]
pub(crate) enum Recipient<'a> {
    /// A node.
    Node(&'a Peer),
    /// A node for which there is a table.
    #[cfg(feature = "precomputed-tables")]
    Prepared(&'a session_crypto::peer::PeerTable),
    /// A server, of which only the X25519 key is known.
    Server(&'a PublicKey),
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
    /// [`Error::InvalidKey`] when a server's key is of low order.
    pub(crate) fn for_client(ephemeral: &SecretKey, to: Recipient<'_>) -> Result<Self, Error> {
        let (shared, server) = match to {
            Recipient::Node(peer) => (peer.diffie_hellman(ephemeral), peer.public()),
            #[cfg(feature = "precomputed-tables")]
            Recipient::Prepared(table) => (table.diffie_hellman(ephemeral), table.public()),
            Recipient::Server(key) => {
                let shared = ephemeral.diffie_hellman(key);
                (shared.map_err(|_| Error::InvalidKey)?, key)
            }
        };
        Ok(Self {
            shared,
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

    /// The ephemeral key's public half.
    pub(crate) const fn client(&self) -> &PublicKey {
        &self.client
    }

    #[cfg(feature = "hazmat")]
    pub(crate) const fn shared(&self) -> &SharedSecret {
        &self.shared
    }
}

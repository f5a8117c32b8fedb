//! Building requests: one allocation of the final size, the payload written once, the layers
//! sealed in place from the inside outwards (spec 02 §3, §11).

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use session_core::hex;
use session_crypto::rand_core::CryptoRng;
use session_crypto::x25519::{PublicKey, SecretKey};

use crate::hop::{LayerSecret, Recipient};
use crate::reply::{ExpectedReply, ReplyForm};
use crate::size::{self, FRAME_LEN};
use crate::{EncType, EphemeralPool, Error, Hop, ReplyKey, Server};
#[cfg(feature = "precomputed-tables")]
use crate::{PreparedHop, PreparedPath};

/// The longest request that nodes accept, in bytes (spec 02 §5.5): over HTTPS, and from each other.
/// An entry node that is spoken to over QUIC takes 10,000,000 with the framing of the stream.
pub const MAX_REQUEST_LEN: usize = 10_485_760;

const FINAL_METADATA: &[u8] = br#"{"headers":""}"#;

/// A request, and the key to its answer.
#[non_exhaustive]
pub struct Request {
    /// The bytes to post to the entry node's `/onion_req/v2`. Never send them a second time:
    /// build anew for a retry.
    pub body: Vec<u8>,
    /// Opens the answer.
    pub reply: ReplyKey,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("body_len", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// What a request ends at.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Destination<'a> {
    /// A node, which is given storage RPC's JSON.
    Node(&'a Hop),
    /// The same, with a table.
    #[cfg(feature = "precomputed-tables")]
    Prepared(&'a PreparedHop),
    /// A server, which is given what [`v4`](crate::v4) or [`v3`](crate::v3) encodes.
    Server(&'a Server<'a>),
}

impl<'a> Destination<'a> {
    fn recipient(&self) -> Recipient<'a> {
        match *self {
            Self::Node(hop) => Recipient::Node(hop.peer()),
            #[cfg(feature = "precomputed-tables")]
            Self::Prepared(hop) => Recipient::Prepared(hop.table()),
            Self::Server(server) => Recipient::Server(server.key()),
        }
    }

    fn reply_form(&self) -> ReplyForm {
        match self {
            Self::Server(server) => server.endpoint().reply_form(),
            _ => ReplyForm::Node,
        }
    }

    /// Length in bytes of a request to here that passes `hops` nodes (spec 02 §7), saturating.
    #[must_use]
    pub const fn request_len(&self, hops: usize, payload_len: usize, enc_type: EncType) -> usize {
        match *self {
            Self::Server(server) => size::to_server(hops, server, payload_len, enc_type),
            _ => size::to_node(hops, payload_len, enc_type),
        }
    }
}

impl<'a> From<&'a Hop> for Destination<'a> {
    fn from(hop: &'a Hop) -> Self {
        Self::Node(hop)
    }
}

#[cfg(feature = "precomputed-tables")]
impl<'a> From<&'a PreparedHop> for Destination<'a> {
    fn from(hop: &'a PreparedHop) -> Self {
        Self::Prepared(hop)
    }
}

impl<'a> From<&'a Server<'a>> for Destination<'a> {
    fn from(server: &'a Server<'a>) -> Self {
        Self::Server(server)
    }
}

/// Builds a request that passes `path`, entry node first, to `destination`: a [`Hop`], a
/// [`Server`], or another [`Destination`]. [`Route`] has more ways.
///
/// # Errors
/// As [`Route::build`].
pub fn build<'a, R: CryptoRng + ?Sized>(
    path: &[Hop],
    destination: impl Into<Destination<'a>>,
    payload: &[u8],
    enc_type: EncType,
    rng: &mut R,
) -> Result<Request, Error> {
    Route::new(path)
        .with_enc_type(enc_type)
        .build(destination, payload, rng)
}

/// How requests travel: the nodes of a path, the hop type, and keys made in advance.
///
/// Any number of path nodes can be passed, none too; three is the network's default, and nodes
/// refuse a request that more than [`MAX_HOP_NO`](crate::MAX_HOP_NO) + 1 of them would handle.
/// Whether they are distinct is the caller's policy.
///
/// All ways give the same bytes for the same randomness, which is drawn layer by layer, the
/// destination's first and the entry node's last: the 32 secret bytes of the ephemeral key, unless
/// it comes out of a pool, then the nonce.
#[derive(Debug)]
pub struct Route<'a> {
    path: PathNodes<'a>,
    enc_type: EncType,
    pool: Option<&'a mut EphemeralPool>,
}

#[derive(Clone, Copy, Debug)]
enum PathNodes<'a> {
    Hops(&'a [Hop]),
    #[cfg(feature = "precomputed-tables")]
    Prepared(&'a PreparedPath),
}

impl<'a> PathNodes<'a> {
    fn len(&self) -> usize {
        match self {
            Self::Hops(hops) => hops.len(),
            #[cfg(feature = "precomputed-tables")]
            Self::Prepared(path) => path.hops().len(),
        }
    }

    /// The identity key and the recipient of the node at a place.
    fn get(&self, place: usize) -> Option<(&'a [u8; 32], Recipient<'a>)> {
        match *self {
            Self::Hops(hops) => hops
                .get(place)
                .map(|hop| (hop.ed25519(), Recipient::Node(hop.peer()))),
            #[cfg(feature = "precomputed-tables")]
            Self::Prepared(path) => path
                .hops()
                .get(place)
                .map(|hop| (hop.ed25519(), Recipient::Prepared(hop.table()))),
        }
    }
}

impl<'a> Route<'a> {
    /// Over these nodes, entry node first, with hop type `xchacha20`.
    #[must_use]
    pub const fn new(path: &'a [Hop]) -> Self {
        Self::over(PathNodes::Hops(path))
    }

    /// Over the nodes of a path that has its tables.
    #[cfg(feature = "precomputed-tables")]
    #[must_use]
    pub const fn prepared(path: &'a PreparedPath) -> Self {
        Self::over(PathNodes::Prepared(path))
    }

    const fn over(path: PathNodes<'a>) -> Self {
        Self {
            path,
            enc_type: EncType::XChaCha20,
            pool: None,
        }
    }

    /// The same with another hop type, for all layers.
    #[must_use]
    pub const fn with_enc_type(mut self, enc_type: EncType) -> Self {
        self.enc_type = enc_type;
        self
    }

    /// The same with ephemeral keys out of a pool, as long as it has some.
    #[must_use]
    pub const fn with_pool(mut self, pool: &'a mut EphemeralPool) -> Self {
        self.pool = Some(pool);
        self
    }

    /// Builds a request in a buffer of its own.
    ///
    /// # Errors
    /// [`Error::TooLong`]; [`Error::InvalidKey`] for a server whose key is of low order. A
    /// [`Hop`] cannot hold a key that encryption would refuse.
    pub fn build<'d, R: CryptoRng + ?Sized>(
        &mut self,
        destination: impl Into<Destination<'d>>,
        payload: &[u8],
        rng: &mut R,
    ) -> Result<Request, Error> {
        let destination = destination.into();
        let len = self.request_len(&destination, payload.len())?;
        let mut body = Vec::with_capacity(len);
        let reply = self.append(destination, payload, &mut body, rng)?;
        Ok(Request { body, reply })
    }

    /// Builds a request at the end of `out`, which grows at most once, and returns the key to
    /// its answer.
    ///
    /// # Errors
    /// As [`build`](Self::build); `out` holds what it held before then.
    pub fn append<'d, R: CryptoRng + ?Sized>(
        &mut self,
        destination: impl Into<Destination<'d>>,
        payload: &[u8],
        out: &mut Vec<u8>,
        rng: &mut R,
    ) -> Result<ReplyKey, Error> {
        let destination = destination.into();
        let start = out.len();
        let len = self.request_len(&destination, payload.len())?;
        out.reserve(len);
        let reply = self.write(&destination, payload, out, rng);
        match reply {
            Ok(_) => debug_assert_eq!(
                out.len().saturating_sub(start),
                len,
                "the size is known in advance"
            ),
            Err(_) => out.truncate(start),
        }
        reply
    }

    fn request_len(&self, to: &Destination<'_>, payload_len: usize) -> Result<usize, Error> {
        let len = to.request_len(self.path.len(), payload_len, self.enc_type);
        check_len(len).map(|()| len)
    }

    fn write<R: CryptoRng + ?Sized>(
        &mut self,
        destination: &Destination<'_>,
        payload: &[u8],
        body: &mut Vec<u8>,
        rng: &mut R,
    ) -> Result<ReplyKey, Error> {
        let enc_type = self.enc_type;
        // Each layer stands behind a length and a nonce; a node's payload behind one more length.
        let layer_prefix = FRAME_LEN.saturating_add(enc_type.nonce_len());
        let outer_layers = self.path.len().saturating_mul(layer_prefix);
        let mut blob_at = body
            .len()
            .saturating_add(outer_layers)
            .saturating_add(FRAME_LEN);
        let plaintext_at = blob_at.saturating_add(enc_type.nonce_len());
        // Before anything is written: a server's key can be refused.
        let destination_layer = self.new_layer(destination.recipient(), rng)?;
        if let Destination::Server(_) = destination {
            body.resize(plaintext_at, 0);
            body.extend_from_slice(payload);
        } else {
            let payload_at = plaintext_at.saturating_add(FRAME_LEN);
            body.resize(payload_at, 0);
            body.extend_from_slice(payload);
            put_len(body, payload_at);
            body.extend_from_slice(FINAL_METADATA);
        }

        // Outwards: the destination's layer first, the entry node's last.
        let mut inner_key = self.seal(&destination_layer, body, blob_at, rng)?;
        let sent = body.get(blob_at..).and_then(<[u8]>::first_chunk).copied();
        let mut last_hop = None;
        let mut next = None;
        for place in (0..self.path.len()).rev() {
            let Some((ed25519, recipient)) = self.path.get(place) else {
                break;
            };
            let inner_key_hex = hex::encode_key(inner_key.as_bytes());
            match (next, destination) {
                (Some(node), _) => put_relay_metadata(body, node, &inner_key_hex, enc_type),
                (None, Destination::Server(server)) => {
                    server.put_metadata(body, &inner_key_hex, enc_type);
                }
                (None, Destination::Node(hop)) => {
                    put_relay_metadata(body, hop.ed25519(), &inner_key_hex, enc_type);
                }
                #[cfg(feature = "precomputed-tables")]
                (None, Destination::Prepared(hop)) => {
                    put_relay_metadata(body, hop.ed25519(), &inner_key_hex, enc_type);
                }
            }
            blob_at = blob_at.saturating_sub(layer_prefix);
            let layer = self.new_layer(recipient, rng)?;
            inner_key = self.seal(&layer, body, blob_at, rng)?;
            last_hop.get_or_insert(layer);
            next = Some(ed25519);
        }
        put_outer_metadata(body, &hex::encode_key(inner_key.as_bytes()), enc_type);
        let expected = ExpectedReply {
            form: destination.reply_form(),
            sent: sent.unwrap_or_default(),
        };
        Ok(ReplyKey::new(
            enc_type,
            destination_layer,
            last_hop,
            Some(expected),
        ))
    }

    /// What this end of a layer knows, with a key that was not used before.
    fn new_layer<R: CryptoRng + ?Sized>(
        &mut self,
        to: Recipient<'_>,
        rng: &mut R,
    ) -> Result<LayerSecret, Error> {
        let pooled: Option<Box<SecretKey>> = self.pool.as_mut().and_then(|pool| pool.take());
        match pooled {
            Some(key) => LayerSecret::for_client(&key, to),
            None => LayerSecret::for_client(&SecretKey::generate(rng), to),
        }
    }

    /// Encrypts what follows the nonce at `blob_at` to the end, writes the length of the result in
    /// front of it, and gives the key that the reader of the layer has to be told.
    fn seal<R: CryptoRng + ?Sized>(
        &self,
        layer: &LayerSecret,
        body: &mut Vec<u8>,
        blob_at: usize,
        rng: &mut R,
    ) -> Result<PublicKey, Error> {
        let key = layer.key(self.enc_type);
        self.enc_type.seal(&key, body, blob_at, rng)?;
        put_len(body, blob_at);
        Ok(*layer.client())
    }
}

/// Refuses what is longer than nodes accept.
pub(crate) const fn check_len(len: usize) -> Result<(), Error> {
    if len > MAX_REQUEST_LEN {
        return Err(Error::TooLong {
            len,
            max: MAX_REQUEST_LEN,
        });
    }
    Ok(())
}

/// Writes the length of everything from `blob_at` into the field in front of it.
fn put_len(body: &mut [u8], blob_at: usize) {
    // At most MAX_REQUEST_LEN, which fits.
    let len = u32::try_from(body.len().saturating_sub(blob_at)).unwrap_or(u32::MAX);
    if let Some(field) = body.get_mut(blob_at.saturating_sub(FRAME_LEN)..blob_at) {
        field.copy_from_slice(&len.to_le_bytes());
    }
}

fn put_relay_metadata(body: &mut Vec<u8>, next: &[u8; 32], ephemeral_key: &[u8; 64], enc: EncType) {
    body.extend_from_slice(br#"{"destination":""#);
    body.extend_from_slice(&hex::encode_key(next));
    body.extend_from_slice(br#"","enc_type":""#);
    put_enc_type_and_key(body, ephemeral_key, enc);
}

fn put_outer_metadata(body: &mut Vec<u8>, ephemeral_key: &[u8; 64], enc: EncType) {
    body.extend_from_slice(br#"{"enc_type":""#);
    put_enc_type_and_key(body, ephemeral_key, enc);
}

fn put_enc_type_and_key(body: &mut Vec<u8>, ephemeral_key: &[u8; 64], enc: EncType) {
    body.extend_from_slice(enc.name().as_bytes());
    body.extend_from_slice(br#"","ephemeral_key":""#);
    body.extend_from_slice(ephemeral_key);
    body.extend_from_slice(br#""}"#);
}

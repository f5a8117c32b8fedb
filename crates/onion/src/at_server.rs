//! The server's part: decrypt the last layer, answer under it (spec 02 §6).

use alloc::vec::Vec;
use core::fmt;

use session_core::base64;
use session_crypto::rand_core::CryptoRng;
use session_crypto::x25519::SecretKey;

use crate::hop::LayerSecret;
use crate::{EncType, Error, Layer};

/// A request that has reached a server, decrypted and authenticated.
#[non_exhaustive]
pub struct ServerRequest<'a> {
    /// What [`v4::Request`](crate::v4::Request) or [`v3::Request`](crate::v3::Request) decodes, by
    /// the route that it was posted to.
    pub payload: &'a mut [u8],
    /// Seals the answer.
    pub reply: ServerSealer,
}

/// Without the payload, which is a client's content.
impl fmt::Debug for ServerRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerRequest")
            .field("payload_len", &self.payload.len())
            .field("reply", &self.reply)
            .finish()
    }
}

/// Decrypts what a node has posted to a server's route, in place, with the server's X25519 key.
/// [`Layer::parse_at_server`] reads the layer out of the body.
///
/// # Errors
/// [`Error::Decrypt`]; a server answers 400, unencrypted.
pub fn peel_at_server<'a>(
    server: &SecretKey,
    layer: Layer<'a>,
) -> Result<ServerRequest<'a>, Error> {
    let secret = LayerSecret::for_server(server, &layer.ephemeral_key)?;
    let payload = layer
        .enc_type
        .open(&secret.key(layer.enc_type), layer.ciphertext)?;
    Ok(ServerRequest {
        payload,
        reply: ServerSealer {
            enc_type: layer.enc_type,
            layer: secret,
        },
    })
}

/// Seals a server's answer under the layer that it peeled.
#[derive(Clone, Debug)]
pub struct ServerSealer {
    enc_type: EncType,
    layer: LayerSecret,
}

impl ServerSealer {
    /// Encrypts an encoded [`v4::Response`](crate::v4::Response). The result is sent as it is,
    /// with status 200.
    ///
    /// # Errors
    /// [`Error::Frame`] for more than the cipher can take, which is above 60 GiB.
    pub fn seal_v4<R: CryptoRng + ?Sized>(
        &self,
        response: &[u8],
        rng: &mut R,
    ) -> Result<Vec<u8>, Error> {
        let len = response.len().saturating_add(self.enc_type.overhead());
        let mut sealed = Vec::with_capacity(len);
        sealed.resize(self.enc_type.nonce_len(), 0);
        sealed.extend_from_slice(response);
        let key = self.layer.key(self.enc_type);
        self.enc_type.seal(&key, &mut sealed, 0, rng)?;
        Ok(sealed)
    }

    /// Encrypts the JSON of a v3 response: what the request gave if it succeeded, else
    /// `{"status_code":…}`. The result is base64 text, sent with status 200.
    ///
    /// # Errors
    /// As [`seal_v4`](Self::seal_v4).
    pub fn seal_v3<R: CryptoRng + ?Sized>(
        &self,
        response: &str,
        rng: &mut R,
    ) -> Result<Vec<u8>, Error> {
        let sealed = self.seal_v4(response.as_bytes(), rng)?;
        Ok(base64::encode(&sealed).into_bytes())
    }
}

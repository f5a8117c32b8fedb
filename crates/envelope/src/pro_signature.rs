//! What an observer sees of Session Pro (spec 05 §1.3).

use session_crypto::ed25519;
use session_crypto::rand_core::CryptoRng;

use crate::Error;
use crate::error::sized;
use crate::pro::Credential;

/// What stands beside a message where the signature of a rotating key would.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[cfg_attr(not(feature = "hazmat"), allow(unreachable_pub))]
pub enum ProSignature<'a> {
    /// The signature of this rotating key.
    By(&'a ed25519::SigningKey),
    /// This.
    Given(ed25519::Signature),
}

impl<'a> ProSignature<'a> {
    /// By the credential if there is one, else a decoy: an observer must not see the difference
    /// (spec 05 §1.3).
    pub(crate) fn of<R: CryptoRng + ?Sized>(pro: Option<&'a Credential>, rng: &mut R) -> Self {
        match pro {
            Some(credential) => Self::By(credential.rotating_key()),
            None => Self::Given(ed25519::decoy_signature(rng)),
        }
    }

    /// The signature over what the message has.
    pub(crate) fn sign(&self, signed: &[u8]) -> ed25519::Signature {
        match self {
            Self::By(key) => key.sign(signed),
            Self::Given(signature) => *signature,
        }
    }
}

/// Reads what stands there in a message.
pub(crate) fn read(bytes: &[u8]) -> Result<ed25519::Signature, Error> {
    sized("Pro signature", bytes).map(|bytes| ed25519::Signature::from_bytes(*bytes))
}

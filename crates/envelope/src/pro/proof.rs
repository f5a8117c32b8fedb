//! The backend's word that a rotating key is entitled to Pro (spec 12 §2).

use session_crypto::ed25519;

use crate::Error;
use crate::proto::ProProof;

/// A proof as it travels, which nobody has verified. It names no account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proof {
    /// Format A has 0, format B none; see [`Format`](super::Format).
    pub version: Option<u32>,
    /// Names the entitlement in revocation lists. In format A the generation index hash.
    pub revocation_tag: [u8; 32],
    /// The Ed25519 key that signs messages; not known to be a point.
    pub rotating_key: [u8; 32],
    /// Until when the proof holds, inclusive: in seconds in format B, in milliseconds in A.
    pub expiry: u64,
    /// The backend's signature.
    pub signature: ed25519::Signature,
}

impl Proof {
    /// Reads the proof of a message.
    ///
    /// # Errors
    /// [`Error::Missing`] or [`Error::Length`] for a field.
    pub fn from_proto(proof: &ProProof) -> Result<Self, Error> {
        const MESSAGE: &str = "ProProof";
        Ok(Self {
            version: proof.version,
            revocation_tag: array("revocation tag", proof.revocation_tag.as_deref())?,
            rotating_key: array("rotating key", proof.rotating_public_key.as_deref())?,
            expiry: proof.expiry_unix_ts.ok_or(Error::Missing {
                message: MESSAGE,
                field: "expiryUnixTs",
            })?,
            signature: ed25519::Signature::from_bytes(array(
                "Pro proof signature",
                proof.sig.as_deref(),
            )?),
        })
    }

    /// The proof as messages carry it.
    #[must_use]
    pub fn to_proto(&self) -> ProProof {
        ProProof {
            version: self.version,
            revocation_tag: Some(self.revocation_tag.to_vec()),
            rotating_public_key: Some(self.rotating_key.to_vec()),
            expiry_unix_ts: Some(self.expiry),
            sig: Some(self.signature.as_bytes().to_vec()),
        }
    }
}

fn array<const N: usize>(what: &'static str, bytes: Option<&[u8]>) -> Result<[u8; N], Error> {
    let bytes = bytes.unwrap_or_default();
    bytes.try_into().map_err(|_| Error::Length {
        what,
        expected: N,
        got: bytes.len(),
    })
}

//! The backend's word that a rotating key is entitled to Pro (spec 12 §2).

use core::fmt;

use alloc::string::ToString;
use alloc::vec::Vec;

use session_core::UnixMillis;
use session_crypto::{blake2b, ed25519};

use super::{Backend, Format};
use crate::Error;
use crate::error::sized;
use crate::proto::ProProof;

/// The only version that format A has.
const VERSION_A: u32 = 0;

/// A proof as it travels, which nobody has verified. It names no account.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proof {
    /// Format A has 0, format B none; see [`Format`].
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

/// Shows neither the tag nor the key: they tell who has sent two messages.
impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proof")
            .field("version", &self.version)
            .field("expiry", &self.expiry)
            .finish_non_exhaustive()
    }
}

impl Proof {
    /// Signs a proof, as a backend does. `expiry` is in the unit of the format.
    #[must_use]
    pub fn issue(
        backend: &ed25519::SigningKey,
        format: Format,
        revocation_tag: [u8; 32],
        rotating_key: [u8; 32],
        expiry: u64,
    ) -> Self {
        let mut proof = Self {
            version: match format {
                Format::A => Some(VERSION_A),
                Format::B => None,
            },
            revocation_tag,
            rotating_key,
            expiry,
            signature: ed25519::Signature::from_bytes([0; ed25519::Signature::LEN]),
        };
        proof.signature = backend.sign(&proof.signed_bytes(format));
        proof
    }

    /// What the backend signs: up to 100 bytes in format B, a hash of 32 bytes in A.
    #[must_use]
    pub fn signed_bytes(&self, format: Format) -> Vec<u8> {
        match format {
            Format::A => {
                // The version in full is 0: anything else is not of this format.
                let parts: [&[u8]; 4] = [
                    &[0],
                    &self.revocation_tag,
                    &self.rotating_key,
                    &self.expiry.to_le_bytes(),
                ];
                let hash: [u8; 32] = blake2b::hash_personal(b"ProProof________", &parts);
                hash.to_vec()
            }
            Format::B => {
                let expiry = self.expiry.to_string();
                [
                    &b"ProProof_v0_____"[..],
                    &self.revocation_tag,
                    &self.rotating_key,
                    expiry.as_bytes(),
                ]
                .concat()
            }
        }
    }

    /// Whether the proof can be of a format: A demands version 0, B looks at no version.
    #[must_use]
    pub fn is_of(&self, format: Format) -> bool {
        match format {
            Format::A => self.version == Some(VERSION_A),
            Format::B => true,
        }
    }

    /// Whether the backend signed it, in its format. Says nothing about the time.
    #[must_use]
    pub fn is_signed_by(&self, backend: &Backend) -> bool {
        let format = backend.format();
        self.is_of(format)
            && backend
                .key()
                .verify(&self.signed_bytes(format), &self.signature)
                .is_ok()
    }

    /// Whether the proof has expired at a time. Format B compares whole seconds, A milliseconds;
    /// the moment of expiry itself is still good.
    #[must_use]
    pub const fn is_expired(&self, format: Format, at: UnixMillis) -> bool {
        format.count(at) > self.expiry
    }

    /// Reads the proof of a message.
    ///
    /// # Errors
    /// [`Error::Missing`] or [`Error::Length`] for a field.
    pub fn from_proto(proof: &ProProof) -> Result<Self, Error> {
        const MESSAGE: &str = "ProProof";
        Ok(Self {
            version: proof.version,
            revocation_tag: *sized("revocation tag", proof.revocation_tag())?,
            rotating_key: *sized("rotating key", proof.rotating_public_key())?,
            expiry: proof.expiry_unix_ts.ok_or(Error::Missing {
                message: MESSAGE,
                field: "expiryUnixTs",
            })?,
            signature: ed25519::Signature::from_bytes(*sized("Pro proof signature", proof.sig())?),
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn backend(seed: u8, format: Format) -> (ed25519::SigningKey, Backend) {
        let key = ed25519::SigningKey::from_seed(&[seed; 32]);
        let backend = Backend::new(format, key.public().as_bytes()).unwrap();
        (key, backend)
    }

    proptest! {
        #[test]
        fn proofs_verify_as_they_were_issued(tag: [u8; 32], rotating: [u8; 32], expiry: u64) {
            for (format, other) in [(Format::A, Format::B), (Format::B, Format::A)] {
                let (key, known) = backend(1, format);
                let proof = Proof::issue(&key, format, tag, rotating, expiry);
                prop_assert!(proof.is_signed_by(&known));
                prop_assert!(!proof.is_signed_by(&backend(1, other).1));
                prop_assert!(!proof.is_signed_by(&backend(2, format).1));
                prop_assert_eq!(Proof::from_proto(&proof.to_proto()), Ok(proof));
            }
        }

        #[test]
        fn every_field_is_signed(field in 0..4, index in 0..32usize, bit in 0..8u32) {
            for format in [Format::A, Format::B] {
                let (key, known) = backend(1, format);
                let mut proof = Proof::issue(&key, format, [1; 32], [2; 32], 3);
                match field {
                    0 => proof.revocation_tag[index] ^= 1 << bit,
                    1 => proof.rotating_key[index] ^= 1 << bit,
                    2 => proof.expiry ^= 1 << index,
                    _ => {
                        let mut bytes = *proof.signature.as_bytes();
                        bytes[index * 2] ^= 1 << bit;
                        proof.signature = ed25519::Signature::from_bytes(bytes);
                    }
                }
                prop_assert!(!proof.is_signed_by(&known));
            }
        }
    }

    #[test]
    fn versions_matter_in_format_a_only() {
        for version in [None, Some(0), Some(1), Some(256), Some(u32::MAX)] {
            let (key, known) = backend(1, Format::A);
            let mut proof = Proof::issue(&key, Format::A, [1; 32], [2; 32], 3);
            assert_eq!(proof.version, Some(0));
            proof.version = version;
            assert_eq!(proof.is_signed_by(&known), version == Some(0));

            let (key, known) = backend(1, Format::B);
            let mut proof = Proof::issue(&key, Format::B, [1; 32], [2; 32], 3);
            assert_eq!(proof.version, None);
            proof.version = version;
            assert!(proof.is_signed_by(&known));
        }
    }

    #[test]
    fn the_moment_of_expiry_is_good() {
        let key = backend(1, Format::B).0;
        let seconds = Proof::issue(&key, Format::B, [1; 32], [2; 32], 5);
        let millis = Proof::issue(&key, Format::A, [1; 32], [2; 32], 5_999);
        for (at, expired) in [(4_000, false), (5_999, false), (6_000, true)] {
            let at = UnixMillis::from_millis(at);
            assert_eq!(seconds.is_expired(Format::B, at), expired);
            assert_eq!(millis.is_expired(Format::A, at), expired);
        }
    }

    #[test]
    fn incomplete_proofs_are_none() {
        let good = Proof::issue(&backend(1, Format::A).0, Format::A, [1; 32], [2; 32], 3);
        let length = |what, expected, got| {
            Err(Error::Length {
                what,
                expected,
                got,
            })
        };
        let mut proto = good.to_proto();
        proto.revocation_tag = Some([1; 31].to_vec());
        assert_eq!(Proof::from_proto(&proto), length("revocation tag", 32, 31));
        let mut proto = good.to_proto();
        proto.rotating_public_key = None;
        assert_eq!(Proof::from_proto(&proto), length("rotating key", 32, 0));
        let mut proto = good.to_proto();
        proto.sig = Some([1; 65].to_vec());
        assert_eq!(
            Proof::from_proto(&proto),
            length("Pro proof signature", 64, 65)
        );
        let mut proto = good.to_proto();
        proto.expiry_unix_ts = None;
        assert_eq!(
            Proof::from_proto(&proto),
            Err(Error::Missing {
                message: "ProProof",
                field: "expiryUnixTs"
            })
        );
    }
}

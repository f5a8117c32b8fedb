//! Evaluating claims (spec 12 §4).

use alloc::vec::Vec;

use session_core::UnixMillis;
use session_crypto::ed25519;

use super::cache::Cache;
use super::{Backend, Claim, Evaluation, Format, Proof, Status};
use crate::Error;

/// Knows which backends count, and remembers which proofs they have signed.
///
/// Verifying costs two Ed25519 verifications for the first message with a proof, and one for
/// those that follow. Bogus proofs cost one for each backend.
///
/// ```
/// use session_core::UnixMillis;
/// use session_crypto::ed25519::SigningKey;
/// use session_envelope::pro::{Backend, Format, Proof, Status, Verifier};
///
/// let backend_key = SigningKey::from_seed(&[7; 32]);
/// let rotating_key = SigningKey::from_seed(&[8; 32]);
/// let expiry = 1_800_000_000;
/// let proof = Proof::issue(
///     &backend_key,
///     Format::B,
///     [1; 32],
///     *rotating_key.public().as_bytes(),
///     expiry,
/// );
///
/// let mut verifier = Verifier::new([Backend::new(Format::B, backend_key.public().as_bytes())?]);
/// let signature = rotating_key.sign(b"message");
/// let mut status =
///     |at| verifier.status(&proof, Some((&signature, b"message")), UnixMillis::from_secs(at));
/// assert_eq!(status(expiry)?, Status::Valid);
/// assert_eq!(status(expiry + 1)?, Status::Expired);
/// assert_eq!((verifier.cache_misses(), verifier.cache_hits()), (1, 1));
/// # Ok::<(), session_envelope::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Verifier {
    backends: Vec<Backend>,
    cache: Cache,
}

impl Verifier {
    /// How many good proofs [`new`](Self::new) remembers, and as many bad ones.
    pub const DEFAULT_CACHE_LEN: usize = 256;

    /// Takes the backends that count, the likeliest first. Without any, no proof is valid.
    #[must_use]
    pub fn new(backends: impl IntoIterator<Item = Backend>) -> Self {
        Self::with_cache_len(backends, Self::DEFAULT_CACHE_LEN)
    }

    /// The most that [`with_cache_len`](Self::with_cache_len) remembers of each.
    pub const MAX_CACHE_LEN: usize = 65_536;

    /// As [`new`](Self::new), remembering so many good proofs, and as many bad ones: 64 bytes a
    /// number, taken now. 0 remembers none. They are searched one after the other, which up to
    /// some thousands costs less than what it saves.
    #[must_use]
    pub fn with_cache_len(backends: impl IntoIterator<Item = Backend>, len: usize) -> Self {
        Self {
            backends: backends.into_iter().collect(),
            cache: Cache::new(len.min(Self::MAX_CACHE_LEN)),
        }
    }

    /// The backends that count.
    #[must_use]
    pub fn backends(&self) -> &[Backend] {
        &self.backends
    }

    /// How often a backend's signature was known already.
    #[must_use]
    pub const fn cache_hits(&self) -> u64 {
        self.cache.hits
    }

    /// How often a backend's signature had to be verified.
    #[must_use]
    pub const fn cache_misses(&self) -> u64 {
        self.cache.misses
    }

    /// Evaluates what a message claims, at a time: for messages to people and groups the signed
    /// one ([`Opened::pro`](crate::Opened::pro) does it), in communities the network's time now.
    ///
    /// # Errors
    /// [`Error::Missing`], when all backends that count are of format A, for a claim without a
    /// proof, or a proof whose version is not 0: drop the message (spec 12 §4.2).
    pub fn evaluate(&mut self, claim: &Claim, at: UnixMillis) -> Result<Evaluation, Error> {
        let (status, format) = match claim.proof() {
            Some(proof) => {
                let signed = (claim.signature(), claim.signed_bytes());
                self.judge(proof, Some(signed), at)?
            }
            None if self.is_format_a_only() => {
                return Err(Error::Missing {
                    message: "ProMessage",
                    field: "proof",
                });
            }
            None => (Status::NoProof, None),
        };
        Ok(Evaluation {
            status,
            format,
            proof: claim.proof().copied(),
            profile: claim.profile_features(),
            message: claim.message_features(),
        })
    }

    /// Whether a proof holds at a time, and if something is said to be signed by its rotating key,
    /// whether that is so. The first of these to fail decides: a backend's signature, the rotating
    /// key's, the time (spec 12 §4.1).
    ///
    /// # Errors
    /// [`Error::Missing`], when all backends that count are of format A, for a version that is
    /// not 0.
    pub fn status(
        &mut self,
        proof: &Proof,
        signed: Option<(&ed25519::Signature, &[u8])>,
        at: UnixMillis,
    ) -> Result<Status, Error> {
        self.judge(proof, signed, at).map(|(status, _)| status)
    }

    fn judge(
        &mut self,
        proof: &Proof,
        signed: Option<(&ed25519::Signature, &[u8])>,
        at: UnixMillis,
    ) -> Result<(Status, Option<Format>), Error> {
        // With format B among the backends it is a proof that no backend has signed.
        if self.is_format_a_only() && !proof.is_of(Format::A) {
            return Err(Error::Missing {
                message: "ProProof",
                field: "version",
            });
        }
        let Self { backends, cache } = self;
        let Some(backend) = backends
            .iter()
            .find(|backend| cache.is_signed_by(proof, backend))
        else {
            return Ok((Status::InvalidBackendSignature, None));
        };
        let format = backend.format();
        let status = if !signed.is_none_or(|signed| is_signed_by_rotating_key(proof, signed)) {
            Status::InvalidUserSignature
        } else if proof.is_expired(format, at) {
            Status::Expired
        } else {
            Status::Valid
        };
        Ok((status, Some(format)))
    }

    fn is_format_a_only(&self) -> bool {
        let mut formats = self.backends.iter().map(Backend::format);
        !self.backends.is_empty() && formats.all(|format| format == Format::A)
    }
}

fn is_signed_by_rotating_key(
    proof: &Proof,
    (signature, bytes): (&ed25519::Signature, &[u8]),
) -> bool {
    ed25519::PublicKey::from_bytes(&proof.rotating_key)
        .is_ok_and(|key| key.verify(bytes, signature).is_ok())
}

#[cfg(test)]
mod tests;

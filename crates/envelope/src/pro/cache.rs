//! Backend signatures that were verified lately (spec 12 §7).

use alloc::vec::Vec;

use session_crypto::blake2b;

use super::{Backend, Format, Proof};

/// What verification said of the latest proofs. Its memory is taken once and never grows.
///
/// Good and bad proofs have rooms of their own: whoever floods us with bogus proofs cannot push
/// the good ones out, since those only the backend can make.
#[derive(Clone, Debug)]
pub(super) struct Cache {
    good: Recent,
    bad: Recent,
    pub(super) hits: u64,
    pub(super) misses: u64,
}

impl Cache {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            good: Recent::new(capacity),
            bad: Recent::new(capacity),
            hits: 0,
            misses: 0,
        }
    }

    /// [`Proof::is_signed_by`], remembered.
    pub(super) fn is_signed_by(&mut self, proof: &Proof, backend: &Backend) -> bool {
        let digest = digest(proof, backend);
        for (known, verdict) in [(&self.good, true), (&self.bad, false)] {
            if known.contains(&digest) {
                self.hits = self.hits.saturating_add(1);
                return verdict;
            }
        }
        self.misses = self.misses.saturating_add(1);
        let verdict = proof.is_signed_by(backend);
        let known = if verdict {
            &mut self.good
        } else {
            &mut self.bad
        };
        known.insert(digest);
        verdict
    }
}

/// Stands for all that the verdict depends on. Every part is of one length, so that no two inputs
/// run together the same. Of the version only [`Proof::is_of`] matters.
fn digest(proof: &Proof, backend: &Backend) -> [u8; 32] {
    let format: u8 = match backend.format() {
        Format::A => b'A',
        Format::B => b'B',
    };
    blake2b::hash(&[
        &[format, u8::from(proof.is_of(backend.format()))],
        backend.key().as_bytes(),
        &proof.revocation_tag,
        &proof.rotating_key,
        &proof.expiry.to_le_bytes(),
        proof.signature.as_bytes(),
    ])
}

/// The last digests, of which the oldest makes room.
#[derive(Clone, Debug)]
struct Recent {
    digests: Vec<[u8; 32]>,
    capacity: usize,
    /// Where the next one goes once all places are taken.
    oldest: usize,
}

impl Recent {
    fn new(capacity: usize) -> Self {
        Self {
            digests: Vec::with_capacity(capacity),
            capacity,
            oldest: 0,
        }
    }

    fn contains(&self, digest: &[u8; 32]) -> bool {
        self.digests.contains(digest)
    }

    fn insert(&mut self, digest: [u8; 32]) {
        if self.digests.len() < self.capacity {
            self.digests.push(digest);
        } else if let Some(place) = self.digests.get_mut(self.oldest) {
            *place = digest;
            let next = self.oldest.saturating_add(1);
            self.oldest = if next == self.capacity { 0 } else { next };
        }
    }
}

//! SHA-512.

use sha2::{Digest, Sha512};

/// Hashes the concatenation of `parts`.
#[must_use]
pub fn hash(parts: &[&[u8]]) -> [u8; 64] {
    let mut hash = Sha512::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}

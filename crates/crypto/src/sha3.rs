//! SHA3-256 and SHAKE256 (FIPS 202), which protocol v2 derives its keys with (spec 06 §2).

use sha3::Digest;
use shake::digest::{ExtendableOutput, Update, XofReader};
use zeroize::Zeroizing;

/// SHA3-256 of the concatenation of `parts`.
#[must_use]
pub fn sha3_256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = sha3::Sha3_256::new();
    parts
        .iter()
        .for_each(|part| Digest::update(&mut hash, part));
    hash.finalize().into()
}

/// The first `N` bytes of SHAKE256 of the concatenation of `parts`.
#[must_use]
pub fn shake256<const N: usize>(parts: &[&[u8]]) -> Zeroizing<[u8; N]> {
    let mut hash = shake::Shake256::default();
    parts.iter().for_each(|part| hash.update(part));
    let mut out = Zeroizing::new([0; N]);
    hash.finalize_xof().read(out.as_mut());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 202 examples for the empty message.
    #[test]
    fn empty_message() {
        assert_eq!(sha3_256(&[])[..4], [0xa7, 0xff, 0xc6, 0xf8]);
        assert_eq!(shake256::<4>(&[])[..], [0x46, 0xb9, 0xdd, 0x2b]);
        assert_eq!(sha3_256(&[b"ab", b"c"]), sha3_256(&[b"abc"]));
        assert_eq!(shake256::<9>(&[b"ab", b"c"]), shake256(&[b"abc"]));
    }
}

//! The extract half of HKDF (RFC 5869) with SHA-256; the network uses no expand step.

use sha2::Sha256;

use crate::SymmetricKey;

/// HKDF-Extract, which is HMAC-SHA-256 with `salt` as its key.
#[must_use]
pub fn extract(salt: &[u8], input_key_material: &[u8]) -> SymmetricKey {
    let (key, _) = hkdf::Hkdf::<Sha256>::extract(Some(salt), input_key_material);
    SymmetricKey::from_bytes(key.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_5869_case_1() {
        let salt = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
        let key = extract(&salt, &[0x0b; 22]);
        assert_eq!(
            key.expose_bytes()[..8],
            [0x07, 0x77, 0x09, 0x36, 0x2c, 0x2e, 0x32, 0xdf]
        );
    }
}

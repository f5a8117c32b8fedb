//! Payloads of push notifications (spec 05 §12).

use alloc::vec::Vec;

use session_crypto::SymmetricKey;
use zeroize::Zeroizing;

use crate::{Error, padding, xchacha20};

/// Decrypts the payload of a push notification. `key` is the one that was given to the push server
/// on registration. What comes out is a bt list, without the zeros that follow it.
///
/// # Errors
/// [`Error::Length`] below [`xchacha20::OVERHEAD`] bytes, [`Error::Decrypt`].
pub fn open_push(key: &SymmetricKey, payload: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut plaintext = xchacha20::decrypt(key, payload)?;
    let len = padding::without_zeros(&plaintext).len();
    plaintext.truncate(len);
    Ok(plaintext)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use session_crypto::rand_core::SeedableRng;

    #[test]
    fn zeros_at_the_end_are_padding() {
        let key = SymmetricKey::from_bytes([1; 32]);
        let mut rng = ChaCha20Rng::from_seed([9; 32]);
        let mut open = |plaintext: &[u8]| {
            let payload = xchacha20::encrypt(&key, plaintext, &mut rng).unwrap();
            open_push(&key, &payload).unwrap().to_vec()
        };
        assert_eq!(open(b"l1:ae"), b"l1:ae");
        assert_eq!(open(b"l1:\0e\0\0\0"), b"l1:\0e");
        assert_eq!(open(&[0; 3]), [0; 3]);
        assert_eq!(open(b""), b"");
        let other = SymmetricKey::from_bytes([2; 32]);
        let payload = xchacha20::encrypt(&key, b"le", &mut rng).unwrap();
        assert_eq!(open_push(&other, &payload), Err(Error::Decrypt));
        assert!(matches!(
            open_push(&key, &payload[..39]),
            Err(Error::Length { .. })
        ));
    }
}

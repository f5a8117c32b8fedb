//! Why a key, a signature or a ciphertext was refused.

/// What was wrong with a key, a signature or a ciphertext.
///
/// Decryption failures carry no detail, and nothing here carries key material.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A key, signature or ciphertext has an impossible length.
    #[error("{what}: expected {expected} bytes, got {got}")]
    Length {
        /// The object.
        what: &'static str,
        /// The length that it must have, or the least that it may have.
        expected: usize,
        /// The length that it had.
        got: usize,
    },
    /// The bytes are no acceptable Ed25519 public key: not canonical, not on the curve or of
    /// small order, or, where a conversion needs it, not in the prime-order subgroup.
    #[error("Ed25519 public key: invalid point")]
    InvalidPoint,
    /// The bytes are no scalar other than zero below the group order.
    #[error("invalid scalar")]
    InvalidScalar,
    /// The public half of a 64-byte Ed25519 secret key does not belong to its seed.
    #[error("Ed25519 secret key: public half mismatch")]
    PublicHalfMismatch,
    /// The signature does not verify.
    #[error("signature does not verify")]
    Signature,
    /// The peer's X25519 key is of low order: the shared secret would be zero.
    #[error("X25519 public key of low order")]
    LowOrder,
    /// A coefficient of an ML-KEM public key is not below the modulus.
    #[error("ML-KEM public key: not below the modulus")]
    MlKemKey,
    /// Decryption failed: wrong key or changed ciphertext.
    #[error("decryption failed")]
    Decrypt,
    /// The plaintext is longer than the cipher can take.
    #[error("plaintext too long for the cipher")]
    TooLong,
    /// There is not enough memory for the password hash.
    #[error("out of memory")]
    OutOfMemory,
}

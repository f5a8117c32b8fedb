//! Signatures by X25519 keys (spec 01 §5.3).

#![allow(clippy::indexing_slicing)]

use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use session_crypto::ed25519::{self, Signature};
use session_crypto::x25519::{PublicKey, SecretKey};
use session_crypto::{Error, xed25519};

fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

/// The point `R` of a signature, which the nonce determines.
fn r_of(signature: &Signature) -> &[u8] {
    &signature.as_bytes()[..32]
}

/// The secret bytes as X25519 uses them.
fn clamped(mut secret: [u8; 32]) -> [u8; 32] {
    secret[0] &= 0xf8;
    secret[31] = secret[31] & 0x7f | 0x40;
    secret
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_secret_signs(secret: [u8; 32], other: [u8; 32], message: Vec<u8>, random: [u8; 32]) {
        prop_assume!(clamped(secret) != clamped(other));
        let key = SecretKey::from_bytes(&secret);
        let mut rng = ChaCha20Rng::from_seed(random);
        let signature = xed25519::sign(&key, &message, &mut rng);
        prop_assert_eq!(xed25519::verify(key.public(), &message, &signature), Ok(()));
        let stranger = SecretKey::from_bytes(&other);
        prop_assert_eq!(
            xed25519::verify(stranger.public(), &message, &signature),
            Err(Error::Signature)
        );
    }

    #[test]
    fn any_change_is_refused(
        secret: [u8; 32],
        message in prop::collection::vec(any::<u8>(), 1..100),
        bit in 0usize..512,
        at: prop::sample::Index,
    ) {
        let key = SecretKey::from_bytes(&secret);
        let signature = xed25519::sign(&key, &message, &mut rng(1));
        let mut bytes = *signature.as_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(
            xed25519::verify(key.public(), &message, &Signature::from_bytes(bytes)),
            Err(Error::Signature)
        );
        let mut changed = message.clone();
        changed[at.index(message.len())] ^= 0x20;
        for other in [&changed[..], &message[1..], &[&message[..], &[0]].concat()] {
            prop_assert_eq!(
                xed25519::verify(key.public(), other, &signature),
                Err(Error::Signature)
            );
        }
    }

    #[test]
    fn clamping_makes_no_difference(secret: [u8; 32], message: Vec<u8>) {
        let sign = |secret| xed25519::sign(&SecretKey::from_bytes(secret), &message, &mut rng(2));
        prop_assert_eq!(sign(&secret), sign(&clamped(secret)));
    }

    /// Both signers stand for the key with sign bit 0: half of all Ed25519 keys are that key, and
    /// the other half are its negative.
    #[test]
    fn the_sign_of_the_ed25519_key_decides(seed: [u8; 32], message: Vec<u8>) {
        let key = ed25519::SigningKey::from_seed(&seed);
        let pair = key.to_x25519();
        let positive = key.public().as_bytes()[31] & 0x80 == 0;

        let plain = key.sign(&message);
        prop_assert_eq!(xed25519::verify(pair.public(), &message, &plain).is_ok(), positive);
        let converted = xed25519::sign(&pair, &message, &mut rng(3));
        prop_assert_eq!(key.public().verify(&message, &converted).is_ok(), positive);
        let alternative = pair.public().to_ed25519_positive().unwrap();
        prop_assert_eq!(alternative.verify(&message, &converted), Ok(()));
    }

    #[test]
    fn no_nonce_is_used_twice(secret: [u8; 32], other: [u8; 32], message: Vec<u8>) {
        prop_assume!(clamped(secret) != clamped(other));
        let key = SecretKey::from_bytes(&secret);
        let signature = xed25519::sign(&key, &message, &mut rng(4));
        prop_assert_eq!(signature, xed25519::sign(&key, &message, &mut rng(4)));

        let other_random = xed25519::sign(&key, &message, &mut rng(5));
        // As from a broken generator: the same random bytes as before.
        let other_message = xed25519::sign(&key, &[&message[..], &[0]].concat(), &mut rng(4));
        let other_key = xed25519::sign(&SecretKey::from_bytes(&other), &message, &mut rng(4));
        for signed_else in [other_random, other_message, other_key] {
            prop_assert_ne!(r_of(&signature), r_of(&signed_else));
        }
    }

    #[test]
    fn any_bytes_are_a_verdict(key: [u8; 32], message: Vec<u8>, low: [u8; 32], high: [u8; 32]) {
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&low);
        signature[32..].copy_from_slice(&high);
        let key = PublicKey::from_bytes(key);
        prop_assert!(xed25519::verify(&key, &message, &Signature::from_bytes(signature)).is_err());
    }
}

#[test]
fn extreme_secrets_sign() {
    for secret in [[0; 32], [0xff; 32], [0x80; 32]] {
        let key = SecretKey::from_bytes(&secret);
        let signature = xed25519::sign(&key, b"", &mut rng(6));
        assert_eq!(xed25519::verify(key.public(), b"", &signature), Ok(()));
    }
}

/// Signal puts the sign of the Ed25519 key there, and its verifiers take it out.
#[test]
fn a_sign_bit_in_the_signature_is_refused() {
    let key = SecretKey::from_bytes(&[7; 32]);
    let mut bytes = *xed25519::sign(&key, b"m", &mut rng(7)).as_bytes();
    assert_eq!(bytes[63] & 0x80, 0);
    bytes[63] |= 0x80;
    assert_eq!(
        xed25519::verify(key.public(), b"m", &Signature::from_bytes(bytes)),
        Err(Error::Signature)
    );
}

/// X25519 does not look at the top bit of a key (RFC 7748, section 5).
#[test]
fn the_top_bit_of_the_key_is_ignored() {
    let key = SecretKey::from_bytes(&[8; 32]);
    let signature = xed25519::sign(&key, b"m", &mut rng(8));
    let mut bytes = *key.public().as_bytes();
    bytes[31] |= 0x80;
    let same = PublicKey::from_bytes(bytes);
    assert_eq!(xed25519::verify(&same, b"m", &signature), Ok(()));
}

#[test]
fn keys_that_stand_for_no_ed25519_key_are_refused() {
    let number = |u: u8| {
        let mut bytes = [0; 32];
        bytes[0] = u;
        bytes
    };
    // p + n for a small n, where p ends in ed.
    let beyond_p = |n: u8| {
        let mut bytes = [0xff; 32];
        bytes[0] = 0xed_u8.wrapping_add(n);
        bytes[31] = 0x7f;
        bytes
    };
    let mut refused = vec![
        ("0", number(0)),
        ("1", number(1)),
        ("-1", beyond_p(0xff)),
        ("p", beyond_p(0)),
        ("p + 1", beyond_p(1)),
        // u^3 + 486662 u^2 + u is no square for this one.
        ("the twist", number(2)),
    ];
    for torsion in &EIGHT_TORSION {
        refused.push(("low order", torsion.to_montgomery().to_bytes()));
    }
    for torsion in &EIGHT_TORSION[1..] {
        let mixed = ED25519_BASEPOINT_POINT + torsion;
        refused.push(("mixed order", mixed.to_montgomery().to_bytes()));
    }
    let signature = xed25519::sign(&SecretKey::from_bytes(&[9; 32]), b"m", &mut rng(9));
    for (what, bytes) in refused {
        let key = PublicKey::from_bytes(bytes);
        assert_eq!(
            key.to_ed25519_positive(),
            Err(Error::InvalidPoint),
            "{what}"
        );
        assert_eq!(
            xed25519::verify(&key, b"m", &signature),
            Err(Error::InvalidPoint),
            "{what}"
        );
    }
    // What the mixed ones differ from by the torsion only.
    let base = PublicKey::from_bytes(ED25519_BASEPOINT_POINT.to_montgomery().to_bytes());
    assert!(base.to_ed25519_positive().is_ok());
}

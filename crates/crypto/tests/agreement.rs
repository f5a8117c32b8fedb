//! Keys that two blinded ids agree on (spec 05 §7.1).

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used
)]

use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::scalar::{Scalar, clamp_integer};
use proptest::prelude::*;
use session_crypto::blinding::{AgreementKey, SigningKey};
use session_crypto::ed25519::{self, PublicKey};
use session_crypto::zeroize::ZeroizeOnDrop;
use session_crypto::{Error, blake2b};
use sha2::{Digest, Sha512};

fn pairs(seed: &[u8; 32], server: &[u8; 32]) -> [SigningKey; 2] {
    let key = ed25519::SigningKey::from_seed(seed);
    let account = *key.to_x25519().public();
    [
        SigningKey::form15(&key, server),
        SigningKey::form25(&key, &account, server),
    ]
}

fn keys(seed: &[u8; 32], server: &[u8; 32]) -> [AgreementKey; 2] {
    pairs(seed, server).map(|pair| AgreementKey::new(&pair))
}

/// The account's scalar as libsodium has it: clamped, not reduced.
fn clamped(seed: &[u8; 32]) -> Scalar {
    let expanded = Sha512::digest(seed);
    let bytes = clamp_integer(expanded[..32].try_into().unwrap());
    Scalar::from_bytes_mod_order(bytes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn both_sides_have_one_key(alice: [u8; 32], bob: [u8; 32], server: [u8; 32]) {
        prop_assume!(alice != bob);
        for (a, b) in keys(&alice, &server).into_iter().zip(keys(&bob, &server)) {
            let there = a.key_to(b.public()).unwrap();
            prop_assert_eq!(&b.key_from(a.public()).unwrap(), &there);
            let back = b.key_to(a.public()).unwrap();
            prop_assert_eq!(&a.key_from(b.public()).unwrap(), &back);
            prop_assert_ne!(there, back, "the sender is hashed first");
        }
    }

    #[test]
    fn keys_are_as_in_the_spec(alice: [u8; 32], bob: [u8; 32], server: [u8; 32]) {
        let (own, others) = (pairs(&alice, &server), pairs(&bob, &server));
        let a = clamped(&alice);
        let k25 = Scalar::from_canonical_bytes(own[1].factor().to_bytes()).unwrap();
        for ((pair, other), multiplier) in own.iter().zip(&others).zip([a, a * k25]) {
            let other = other.public();
            let point = CompressedEdwardsY(*other.as_bytes()).decompress().unwrap();
            let product = (multiplier * point).compress();
            let parts: [&[u8]; 3] =
                [product.as_bytes(), pair.public().as_bytes(), other.as_bytes()];
            let expected: [u8; 32] = blake2b::hash(&parts);
            let key = AgreementKey::new(pair).key_to(other).unwrap();
            prop_assert_eq!(key.expose_bytes(), &expected);
        }
    }

    #[test]
    fn nobody_else_has_the_key(seeds: [[u8; 32]; 3], server: [u8; 32]) {
        prop_assume!(seeds[0] != seeds[2] && seeds[1] != seeds[2] && seeds[0] != seeds[1]);
        let mut elsewhere = server;
        elsewhere[0] ^= 1;
        let [[a15, a25], [b15, b25], [c15, c25]] = seeds.map(|seed| keys(&seed, &server));
        for (a, b, c) in [(&a15, &b15, &c15), (&a25, &b25, &c25)] {
            let key = a.key_to(b.public()).unwrap();
            prop_assert_ne!(&c.key_from(a.public()).unwrap(), &key);
            prop_assert_ne!(&c.key_to(b.public()).unwrap(), &key);
        }
        // The forms do not mix.
        prop_assert_ne!(a15.key_to(b25.public()), b25.key_from(a15.public()));
        // What is sent to an id here is not for the same account's id elsewhere.
        let [there15, there25] = keys(&seeds[1], &elsewhere);
        for (a, b, there) in [(&a15, &b15, &there15), (&a25, &b25, &there25)] {
            prop_assert_ne!(a.key_to(b.public()), there.key_from(a.public()));
        }
    }
}

#[test]
fn keys_outside_the_subgroup_are_refused() {
    for own in keys(&[1; 32], &[2; 32]) {
        for torsion in &EIGHT_TORSION[1..] {
            let point = ED25519_BASEPOINT_POINT + torsion;
            let key = PublicKey::from_bytes(point.compress().as_bytes()).unwrap();
            assert_eq!(own.key_to(&key), Err(Error::InvalidPoint));
            assert_eq!(own.key_from(&key), Err(Error::InvalidPoint));
        }
        let base = PublicKey::from_bytes(ED25519_BASEPOINT_POINT.compress().as_bytes()).unwrap();
        assert!(own.key_to(&base).is_ok());
    }
}

#[test]
fn secrets_do_not_print_and_are_erased() {
    const fn check<T: ZeroizeOnDrop>() {}
    const { check::<AgreementKey>() }
    let [form15, form25] = keys(&[3; 32], &[4; 32]);
    assert_eq!(format!("{form15:?}"), "blinding::AgreementKey(..)");
    assert_eq!(form15, form15.clone());
    assert_ne!(form15, form25);
}

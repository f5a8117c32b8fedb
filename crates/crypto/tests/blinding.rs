//! Blinded keys (spec 01 §8, 04 §4.6), and the attack that their nonce rule is there to prevent.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used
)]

use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use proptest::prelude::*;
use session_crypto::Error;
use session_crypto::blinding::{Factor, MemberFactor, MemberKey, SigningKey};
use session_crypto::ed25519::{self, PublicKey, Signature};
use session_crypto::x25519;
use session_crypto::zeroize::ZeroizeOnDrop;
use sha2::{Digest, Sha512};

fn is_negative(key: &PublicKey) -> bool {
    key.as_bytes()[31] & 0x80 != 0
}

/// The account with sign bit 0 and the one with sign bit 1 that come first after `seed`.
fn accounts_of_both_signs(mut seed: [u8; 32]) -> [ed25519::SigningKey; 2] {
    [false, true].map(|negative| {
        loop {
            seed[0] = seed[0].wrapping_add(1);
            let key = ed25519::SigningKey::from_seed(&seed);
            if is_negative(key.public()) == negative {
                break key;
            }
        }
    })
}

/// The factor and the pair of form 25.
fn form25(key: &ed25519::SigningKey, server: &[u8; 32]) -> (Factor, SigningKey) {
    let account = *key.to_x25519().public();
    let pair = SigningKey::form25(key, &account, server);
    (Factor::of_account(&account, server), pair)
}

fn scalar(factor: &Factor) -> Scalar {
    Scalar::from_canonical_bytes(factor.to_bytes()).unwrap()
}

fn with_flipped_sign(key: &PublicKey) -> PublicKey {
    let mut bytes = *key.as_bytes();
    bytes[31] ^= 0x80;
    PublicKey::from_bytes(&bytes).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn unblinding_inverts_blinding(seed: [u8; 32], server: [u8; 32]) {
        let key = ed25519::SigningKey::from_seed(&seed);
        let public = key.public();
        for factor in [Factor::of_server(&server), form25(&key, &server).0] {
            let blinded = factor.blind(public).unwrap();
            prop_assert_ne!(&blinded, public);
            prop_assert_eq!(factor.unblind(&blinded), Ok(*public));
            prop_assert_eq!(factor.blind(&factor.unblind(public).unwrap()), Ok(*public));

            let point = CompressedEdwardsY(*public.as_bytes()).decompress().unwrap();
            let product = (point * scalar(&factor)).compress();
            prop_assert_eq!(blinded.as_bytes(), product.as_bytes());
        }
    }

    #[test]
    fn pairs_are_blinded_accounts_of_either_sign(seed: [u8; 32], server: [u8; 32]) {
        for key in accounts_of_both_signs(seed) {
            let account = *key.to_x25519().public();

            let factor = Factor::of_server(&server);
            let pair = SigningKey::form15(&key, &server);
            prop_assert_eq!(pair.factor(), &factor);
            prop_assert_eq!(factor.blind(key.public()), Ok(*pair.public()));
            let from_account = factor.blind_account(&account).unwrap();
            if is_negative(key.public()) {
                prop_assert_eq!(&with_flipped_sign(&from_account), pair.public());
            } else {
                prop_assert_eq!(&from_account, pair.public());
            }

            let (factor, pair) = form25(&key, &server);
            prop_assert_eq!(factor.blind_account(&account), Ok(*pair.public()));
            prop_assert_eq!(pair.factor().blind(key.public()), Ok(*pair.public()));
            if is_negative(key.public()) {
                prop_assert_eq!(scalar(pair.factor()), -scalar(&factor));
            } else {
                prop_assert_eq!(pair.factor(), &factor);
            }
        }
    }

    #[test]
    fn factors_depend_on_what_they_should(
        seed: [u8; 32],
        other: [u8; 32],
        server: [u8; 32],
        flip in 0usize..32,
    ) {
        let account = |seed| *x25519::SecretKey::from_bytes(seed).public();
        prop_assume!(account(&seed) != account(&other));
        let mut elsewhere = server;
        elsewhere[flip] ^= 1;
        let here = Factor::of_account(&account(&seed), &server);
        prop_assert_ne!(here, Factor::of_account(&account(&other), &server));
        prop_assert_ne!(here, Factor::of_account(&account(&seed), &elsewhere));
        prop_assert_ne!(here, Factor::of_server(&server));
        prop_assert_ne!(Factor::of_server(&server), Factor::of_server(&elsewhere));
    }

    #[test]
    fn members_have_the_keys_that_the_group_knows(
        seed: [u8; 32],
        group: [u8; 32],
        message: Vec<u8>,
    ) {
        let admin = ed25519::SigningKey::from_seed(&group);
        let mut elsewhere = group;
        elsewhere[0] ^= 1;
        let other = ed25519::SigningKey::from_seed(&elsewhere);
        for key in accounts_of_both_signs(seed) {
            let account = *key.to_x25519().public();
            let factor = MemberFactor::of(&admin, &account);
            let pair = MemberKey::new(&key, &factor);
            prop_assert_eq!(factor.public_key(&account), Ok(*pair.public()));
            prop_assert_eq!(&MemberFactor::from_bytes(factor.expose_bytes()).unwrap(), &factor);

            let signature = pair.sign(&message);
            prop_assert_eq!(pair.public().verify(&message, &signature), Ok(()));
            prop_assert!(key.public().verify(&message, &signature).is_err());
            prop_assert_ne!(signature, MemberKey::new(&other, &factor).sign(&message));

            let not_here = MemberFactor::of(&other, &account);
            prop_assert_ne!(&not_here, &factor);
            prop_assert_ne!(&MemberKey::new(&key, &not_here), &pair);
        }
    }

    #[test]
    fn signatures_verify_under_the_blinded_key_only(
        seed: [u8; 32],
        server: [u8; 32],
        message in prop::collection::vec(any::<u8>(), 1..100),
        bit in 0usize..512,
        at: prop::sample::Index,
    ) {
        let key = ed25519::SigningKey::from_seed(&seed);
        let mut elsewhere = server;
        elsewhere[0] ^= 1;
        let forms = |server| [
            SigningKey::form15(&key, server),
            form25(&key, server).1,
        ];
        let pairs: Vec<_> = forms(&server).into_iter().chain(forms(&elsewhere)).collect();
        for pair in &pairs {
            let signature = pair.sign(&message);
            prop_assert_eq!(signature, pair.clone().sign(&message));
            let keys = pairs.iter().map(|pair| *pair.public());
            for public in keys.chain([*key.public(), with_flipped_sign(pair.public())]) {
                let own = public == *pair.public();
                prop_assert_eq!(public.verify(&message, &signature).is_ok(), own);
            }

            let mut bytes = *signature.as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let changed = Signature::from_bytes(bytes);
            prop_assert_eq!(pair.public().verify(&message, &changed), Err(Error::Signature));
            let mut changed = message.clone();
            changed[at.index(message.len())] ^= 0x20;
            prop_assert_eq!(pair.public().verify(&changed, &signature), Err(Error::Signature));
        }
    }

    #[test]
    fn any_key_is_blinded_or_refused(bytes: [u8; 32], server: [u8; 32]) {
        let factor = Factor::of_server(&server);
        if let Ok(key) = PublicKey::from_bytes(&bytes) {
            prop_assert_eq!(factor.blind(&key).is_ok(), key.to_x25519().is_ok());
        }
        let account = x25519::PublicKey::from_bytes(bytes);
        let convertible = account.to_ed25519_positive().is_ok();
        prop_assert_eq!(factor.blind_account(&account).is_ok(), convertible);
        let member = MemberFactor::of(&ed25519::SigningKey::from_seed(&server), &account);
        prop_assert_eq!(member.public_key(&account).is_ok(), convertible);
    }
}

/// Points of the curve, none of them of small order, that are not in the prime-order subgroup.
#[test]
fn keys_of_mixed_order_are_refused() {
    let factor = Factor::of_server(&[1; 32]);
    for torsion in &EIGHT_TORSION[1..] {
        let point = ED25519_BASEPOINT_POINT + torsion;
        let key = PublicKey::from_bytes(point.compress().as_bytes()).unwrap();
        assert_eq!(factor.blind(&key), Err(Error::InvalidPoint));
        assert_eq!(factor.unblind(&key), Err(Error::InvalidPoint));
        let account = x25519::PublicKey::from_bytes(point.to_montgomery().to_bytes());
        assert_eq!(factor.blind_account(&account), Err(Error::InvalidPoint));
    }
    let base = PublicKey::from_bytes(ED25519_BASEPOINT_POINT.compress().as_bytes()).unwrap();
    assert!(factor.blind(&base).is_ok());
}

#[test]
fn keys_of_small_order_are_refused() {
    let factor = Factor::of_server(&[1; 32]);
    for point in EIGHT_TORSION {
        assert_eq!(
            PublicKey::from_bytes(point.compress().as_bytes()),
            Err(Error::InvalidPoint)
        );
        let account = x25519::PublicKey::from_bytes(point.to_montgomery().to_bytes());
        assert_eq!(factor.blind_account(&account), Err(Error::InvalidPoint));
    }
}

/// L, which is the least number that is no canonical scalar.
const GROUP_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

#[test]
fn factors_of_members_are_canonical_and_not_zero() {
    let mut largest = GROUP_ORDER;
    largest[0] -= 1;
    assert!(MemberFactor::from_bytes(&largest).is_ok());
    for bytes in [[0; 32], GROUP_ORDER, [0xff; 32]] {
        assert_eq!(MemberFactor::from_bytes(&bytes), Err(Error::InvalidScalar));
    }
}

#[cfg(feature = "hazmat")]
#[test]
fn the_secret_is_a_plain_scalar() {
    for key in accounts_of_both_signs([3; 32]) {
        let form15 = SigningKey::form15(&key, &[4; 32]);
        for pair in [form15, form25(&key, &[4; 32]).1] {
            let secret = session_crypto::hazmat::blinded_scalar(&pair);
            let secret = Scalar::from_canonical_bytes(*secret).unwrap();
            let public = EdwardsPoint::mul_base(&secret).compress();
            assert_eq!(public.as_bytes(), pair.public().as_bytes());
        }
    }
}

#[test]
fn secrets_do_not_print_and_are_erased() {
    const fn assert<T: ZeroizeOnDrop>() {}
    const { assert::<SigningKey>() }
    const { assert::<MemberKey>() }
    const { assert::<MemberFactor>() }
    let key = ed25519::SigningKey::from_seed(&[5; 32]);
    let (_, pair) = form25(&key, &[6; 32]);
    assert_eq!(format!("{pair:?}"), "blinding::SigningKey(..)");
    let factor = MemberFactor::of(&key, key.to_x25519().public());
    assert_eq!(format!("{factor:?}"), "blinding::MemberFactor(..)");
    let member = MemberKey::new(&key, &factor);
    assert_eq!(format!("{member:?}"), "blinding::MemberKey(..)");
}

/// Signatures by the rule of some apps (spec 01 §8.2): the nonce key is the one that Ed25519
/// itself uses. They verify like any other, and nobody may ever make them.
fn sign_as_some_apps(key: &ed25519::SigningKey, pair: &SigningKey, message: &[u8]) -> Signature {
    let expanded = Sha512::digest(key.expose_seed());
    let a = curve25519_dalek::scalar::clamp_integer(expanded[..32].try_into().unwrap());
    let secret = scalar(pair.factor()) * Scalar::from_bytes_mod_order(a);
    let nonce = hash_to_scalar(&[&expanded[32..], pair.public().as_bytes(), message]);
    let point = EdwardsPoint::mul_base(&nonce).compress().to_bytes();
    let challenge = hash_to_scalar(&[&point, pair.public().as_bytes(), message]);
    let mut bytes = [0; 64];
    bytes[..32].copy_from_slice(&point);
    bytes[32..].copy_from_slice((nonce + challenge * secret).as_bytes());
    Signature::from_bytes(bytes)
}

fn hash_to_scalar(parts: &[&[u8]]) -> Scalar {
    let hash = parts.iter().fold(Sha512::new(), Digest::chain_update);
    Scalar::from_bytes_mod_order_wide(&hash.finalize().into())
}

/// What somebody computes who has seen the account's plain signature of `kA || M` and its blinded
/// signature of `M`. Everything else that goes in is public.
///
/// With one nonce in both, `S = r + c·a` and `S' = r + c'·k·a` are two equations for two unknowns.
fn solve_for_the_account_secret(
    account: &PublicKey,
    factor: &Factor,
    blinded: &PublicKey,
    message: &[u8],
    plain_signature: &Signature,
    blinded_signature: &Signature,
) -> Scalar {
    let parts = |signature: &Signature| {
        let (point, s) = signature.as_bytes().split_at(32);
        let s = Scalar::from_canonical_bytes(s.try_into().unwrap()).unwrap();
        (point.to_vec(), s)
    };
    let (point, s) = parts(plain_signature);
    let challenge = hash_to_scalar(&[&point, account.as_bytes(), blinded.as_bytes(), message]);
    let (point, blinded_s) = parts(blinded_signature);
    let blinded_challenge = hash_to_scalar(&[&point, blinded.as_bytes(), message]);
    (s - blinded_s) * (challenge - blinded_challenge * scalar(factor)).invert()
}

/// Why there is another nonce rule for form 15, and why no API signs chosen bytes with the
/// account's key: some apps make the blinded signatures that this needs.
#[test]
fn a_shared_nonce_gives_the_account_away() {
    for key in accounts_of_both_signs([7; 32]) {
        let message = b"GET/room/lobby";
        let pair = SigningKey::form15(&key, &[8; 32]);
        let plain = key.sign(&[&pair.public().as_bytes()[..], message].concat());
        let attack = |blinded: &Signature| {
            assert_eq!(pair.public().verify(message, blinded), Ok(()));
            let secret = solve_for_the_account_secret(
                key.public(),
                pair.factor(),
                pair.public(),
                message,
                &plain,
                blinded,
            );
            EdwardsPoint::mul_base(&secret).compress().to_bytes() == *key.public().as_bytes()
        };
        assert!(attack(&sign_as_some_apps(&key, &pair, message)));
        assert!(!attack(&pair.sign(message)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Two signatures with one nonce, by keys whose quotient is known, are two equations for two
    /// unknowns: over one message the account's pairs must not share a nonce either.
    #[test]
    fn no_nonce_is_shared(seed: [u8; 32], server: [u8; 32], message: Vec<u8>) {
        fn r(signature: &Signature) -> [u8; 32] {
            *signature.as_bytes().first_chunk().unwrap()
        }
        let key = ed25519::SigningKey::from_seed(&seed);
        let mut elsewhere = server;
        elsewhere[0] ^= 1;
        let pairs = [server, elsewhere].map(|server| {
            let form15 = SigningKey::form15(&key, &server);
            [form15, form25(&key, &server).1]
        });
        let mut seen = vec![r(&key.sign(&message))];
        for pair in pairs.as_flattened() {
            let prefixed = [&pair.public().as_bytes()[..], &message].concat();
            seen.push(r(&key.sign(&prefixed)));
            seen.push(r(&pair.sign(&message)));
            seen.push(r(&pair.sign(&prefixed)));
        }
        for group in [server, elsewhere] {
            let group = ed25519::SigningKey::from_seed(&group);
            let factor = MemberFactor::of(&group, key.to_x25519().public());
            seen.push(r(&MemberKey::new(&key, &factor).sign(&message)));
        }
        // The rule to stay away from would have been noticed.
        let apps = sign_as_some_apps(&key, &pairs[0][0], &message);
        prop_assert!(seen.contains(&r(&apps)));
        seen.sort_unstable();
        seen.dedup();
        prop_assert_eq!(seen.len(), 1 + 4 * 3 + 2);
    }
}

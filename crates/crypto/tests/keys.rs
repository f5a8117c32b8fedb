//! Key and signature rules of spec 01, and the hygiene of secret types.

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use session_crypto::zeroize::ZeroizeOnDrop;
use session_crypto::{Error, SymmetricKey, blake2b, ed25519, sealed_box, x25519};

/// The order-8 point with both sign bits, the two order-4 points, -1, 1, and y = p + 1.
const WEAK: [&str; 6] = [
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

fn bytes32(hex: &str) -> [u8; 32] {
    core::array::from_fn(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap_or_default())
}

#[test]
fn weak_and_non_canonical_keys_are_refused() {
    for key in WEAK {
        assert_eq!(
            ed25519::PublicKey::from_bytes(&bytes32(key)),
            Err(Error::InvalidPoint),
            "{key}"
        );
    }
    // y = p + 3: on the curve when reduced, but not canonical.
    let mut bytes = [0xff; 32];
    bytes[0] = 0xf0;
    bytes[31] = 0x7f;
    assert_eq!(
        ed25519::PublicKey::from_bytes(&bytes),
        Err(Error::InvalidPoint)
    );
    assert!(matches!(
        ed25519::PublicKey::from_slice(&[1; 31]),
        Err(Error::Length { got: 31, .. })
    ));
}

#[test]
fn secret_forms() {
    let key = ed25519::SigningKey::from_seed(&[3; 32]);
    let mut secret = [[3; 32], *key.public().as_bytes()].concat();
    assert_eq!(ed25519::SigningKey::from_secret(&secret).as_ref(), Ok(&key));
    assert_eq!(
        ed25519::SigningKey::from_secret(&[3; 32]).as_ref(),
        Ok(&key)
    );
    secret[40] ^= 1;
    assert_eq!(
        ed25519::SigningKey::from_secret(&secret),
        Err(Error::PublicHalfMismatch)
    );
    assert!(matches!(
        ed25519::SigningKey::from_secret(&[3; 33]),
        Err(Error::Length { got: 33, .. })
    ));
}

#[test]
fn low_order_peers_are_refused() {
    let key = x25519::SecretKey::from_bytes(&[9; 32]);
    for point in [[0; 32], bytes32(WEAK[4]), bytes32(WEAK[3])] {
        let peer = x25519::PublicKey::from_bytes(point);
        assert_eq!(key.diffie_hellman(&peer).err(), Some(Error::LowOrder));
        let mut out = vec![1];
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        assert_eq!(
            sealed_box::seal(&peer, b"x", &mut out, &mut rng),
            Err(Error::LowOrder)
        );
        assert_eq!(out, [1]);
    }
}

#[test]
fn secrets_print_as_their_names() {
    let key = ed25519::SigningKey::from_seed(&[0xab; 32]);
    let mailbox = key.to_x25519();
    let shared = mailbox.diffie_hellman(mailbox.public()).unwrap();
    for text in [
        format!("{key:?}"),
        format!("{mailbox:?}"),
        format!("{shared:?}"),
        format!("{:?}", SymmetricKey::from_bytes([0xab; 32])),
    ] {
        assert!(text.ends_with("(..)"), "{text}");
    }
}

#[test]
fn secrets_are_zeroized_on_drop() {
    fn assert<T: ZeroizeOnDrop>() {}
    assert::<ed25519::SigningKey>();
    assert::<x25519::SecretKey>();
    assert::<x25519::SharedSecret>();
    assert::<SymmetricKey>();
}

#[test]
fn blake2b_keys_are_bounded() {
    assert!(blake2b::hash_keyed::<32>(&[1; 64], &[b"x"]).is_ok());
    assert!(matches!(
        blake2b::hash_keyed::<32>(&[1; 65], &[b"x"]),
        Err(Error::Length { got: 65, .. })
    ));
    assert_eq!(
        blake2b::hash_keyed(&[], &[b"a", b"b"]),
        Ok(blake2b::hash::<32>(&[b"ab"]))
    );
    // RFC 7693, appendix A.
    assert_eq!(
        blake2b::hash::<64>(&[b"abc"])[..4],
        [0xba, 0x80, 0xa5, 0x3f]
    );
}

proptest! {
    #[test]
    fn signatures_verify_and_mutations_do_not(seed: [u8; 32], message: Vec<u8>, flip in 0usize..64) {
        let key = ed25519::SigningKey::from_seed(&seed);
        let signature = key.sign(&message);
        prop_assert_eq!(key.public().verify(&message, &signature), Ok(()));
        let mut bytes = *signature.as_bytes();
        bytes[flip] ^= 1;
        prop_assert_eq!(
            key.public().verify(&message, &ed25519::Signature::from_bytes(bytes)),
            Err(Error::Signature)
        );
    }

    #[test]
    fn conversions_agree(seed: [u8; 32]) {
        let key = ed25519::SigningKey::from_seed(&seed);
        let public = key.public().to_x25519().unwrap();
        let pair = key.to_x25519();
        prop_assert_eq!(pair.public(), &public);
        let recomputed = x25519::SecretKey::from_bytes(pair.expose_bytes());
        prop_assert_eq!(recomputed.public(), &public);
        let positive = public.to_ed25519_positive().unwrap();
        prop_assert_eq!(positive.as_bytes()[..31].to_vec(), key.public().as_bytes()[..31].to_vec());
        prop_assert_eq!(positive.as_bytes()[31], key.public().as_bytes()[31] & 0x7f);
    }

    #[test]
    fn any_key_bytes_give_a_key_or_an_error(bytes: [u8; 32]) {
        if let Ok(key) = ed25519::PublicKey::from_bytes(&bytes) {
            prop_assert_eq!(key.as_bytes(), &bytes);
            let _ = key.to_x25519();
        }
        let _ = x25519::PublicKey::from_bytes(bytes).to_ed25519_positive();
    }

    #[test]
    fn sealed_boxes_open_for_the_recipient_only(
        seed: [u8; 32], other: [u8; 32], message: Vec<u8>, flip: usize,
    ) {
        prop_assume!(seed != other);
        let mut rng = ChaCha20Rng::from_seed(seed);
        let key = x25519::SecretKey::generate(&mut rng);
        let mut sealed = b"kept".to_vec();
        sealed_box::seal(key.public(), &message, &mut sealed, &mut rng).unwrap();
        let sealed = sealed.strip_prefix(b"kept").unwrap();
        prop_assert_eq!(sealed.len(), message.len() + sealed_box::OVERHEAD);

        let mut copy = sealed.to_vec();
        prop_assert_eq!(sealed_box::open_in_place(&key, &mut copy).unwrap(), &message);
        let stranger = x25519::SecretKey::generate(&mut ChaCha20Rng::from_seed(other));
        let mut copy = sealed.to_vec();
        let opened = sealed_box::open_in_place(&stranger, &mut copy);
        prop_assert_eq!(opened, Err(Error::Decrypt));
        let mut changed = sealed.to_vec();
        changed[flip % sealed.len()] ^= 0x40;
        prop_assert!(sealed_box::open_in_place(&key, &mut changed).is_err());
        let mut short = sealed[..sealed.len().min(sealed_box::OVERHEAD - 1)].to_vec();
        let too_short = sealed_box::open_in_place(&key, &mut short);
        prop_assert!(matches!(too_short, Err(Error::Length { .. })), "{:?}", too_short);
    }
}

#[test]
fn decoys_look_like_signatures_and_verify_under_no_key() {
    let mut rng = ChaCha20Rng::from_seed([5; 32]);
    let decoy = ed25519::decoy_signature(&mut rng);
    assert_ne!(decoy, ed25519::decoy_signature(&mut rng));
    let (point, scalar) = decoy.as_bytes().split_at(32);
    let point = ed25519::PublicKey::from_slice(point).unwrap();
    assert!(point.to_x25519().is_ok(), "in the prime-order subgroup");
    assert!(scalar[31] <= 0x10, "reduced");
    let key = ed25519::SigningKey::generate(&mut rng);
    assert_eq!(key.public().verify(b"", &decoy), Err(Error::Signature));
}

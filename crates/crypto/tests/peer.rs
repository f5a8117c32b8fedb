//! Diffie-Hellman on the Edwards curve, with and without a table, is X25519.

#![allow(clippy::unwrap_used)]

use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use proptest::prelude::*;
use session_crypto::peer::Peer;
#[cfg(feature = "precomputed-tables")]
use session_crypto::peer::PeerTable;
use session_crypto::x25519::SecretKey;
use session_crypto::{Error, ed25519};

fn key(seed: [u8; 32]) -> ed25519::SigningKey {
    ed25519::SigningKey::from_seed(&seed)
}

/// All ways from these secret bytes to a shared secret with `peer`, and what RFC 7748 says.
fn assert_ways_agree(secret: [u8; 32], node: &ed25519::SigningKey) {
    let peer = Peer::new(node.public()).unwrap();
    assert_eq!(Ok(*peer.public()), node.public().to_x25519());

    let secret_key = SecretKey::from_bytes(&secret);
    let expected = x25519_dalek::x25519(secret, *peer.public().as_bytes());
    assert_ne!(expected, [0; 32]);
    let from_other_side = node.to_x25519().diffie_hellman(secret_key.public());
    assert_eq!(from_other_side.unwrap().expose_bytes(), &expected);
    assert_eq!(peer.diffie_hellman(&secret_key).expose_bytes(), &expected);
    #[cfg(feature = "precomputed-tables")]
    {
        let table = PeerTable::new(&peer);
        assert_eq!(table.public(), peer.public());
        assert_eq!(table.diffie_hellman(&secret_key).expose_bytes(), &expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_secret_with_any_peer(secret: [u8; 32], seed: [u8; 32]) {
        assert_ways_agree(secret, &key(seed));
    }

    #[test]
    fn secrets_count_as_clamped(secret: [u8; 32], seed: [u8; 32]) {
        let mut clamped = secret;
        clamped[0] &= 0xf8;
        clamped[31] = (clamped[31] & 0x7f) | 0x40;
        let peer = Peer::new(key(seed).public()).unwrap();
        let shared = |bytes| *peer.diffie_hellman(&SecretKey::from_bytes(bytes)).expose_bytes();
        prop_assert_eq!(shared(&secret), shared(&clamped));
    }

    #[test]
    fn another_secret_gives_another_result(one: [u8; 32], flip in 1usize..31, seed: [u8; 32]) {
        let mut other = one;
        other[flip] ^= 1;
        let peer = Peer::new(key(seed).public()).unwrap();
        let shared = |bytes| *peer.diffie_hellman(&SecretKey::from_bytes(bytes)).expose_bytes();
        prop_assert_ne!(shared(&one), shared(&other));
    }
}

#[test]
fn secrets_at_the_edges() {
    // Zero, all ones, and the smallest and largest clamped numbers.
    let mut smallest = [0; 32];
    smallest[31] = 0x40;
    let mut largest = [0xff; 32];
    largest[0] = 0xf8;
    largest[31] = 0x7f;
    for secret in [[0; 32], [0xff; 32], smallest, largest] {
        for seed in 0..4 {
            assert_ways_agree(secret, &key([seed; 32]));
        }
    }
}

#[test]
fn keys_outside_the_prime_order_subgroup_are_refused() {
    let good = key([7; 32]);
    let point = CompressedEdwardsY(*good.public().as_bytes())
        .decompress()
        .unwrap();
    let peer_of = |point: EdwardsPoint| {
        // Points of small order are refused already here.
        ed25519::PublicKey::from_bytes(&point.compress().0).and_then(|key| Peer::new(&key))
    };
    assert!(peer_of(point).is_ok());
    let [identity, torsion @ ..] = EIGHT_TORSION;
    assert_eq!(peer_of(identity), Err(Error::InvalidPoint));
    for torsion in torsion {
        assert_eq!(peer_of(torsion), Err(Error::InvalidPoint));
        assert_eq!(peer_of(point + torsion), Err(Error::InvalidPoint));
    }
}

#[test]
fn debug_shows_the_start_of_the_public_key_and_no_more() {
    let peer = Peer::new(key([7; 32]).public()).unwrap();
    let [first, second, ..] = peer.public().as_bytes();
    let start = format!("({first:02x}{second:02x}…)");
    assert_eq!(format!("{peer:?}"), format!("Peer{start}"));
    #[cfg(feature = "precomputed-tables")]
    assert_eq!(
        format!("{:?}", PeerTable::new(&peer)),
        format!("PeerTable{start}")
    );
    let shared = peer.diffie_hellman(&SecretKey::from_bytes(&[9; 32]));
    assert_eq!(format!("{shared:?}"), "SharedSecret(..)");
}

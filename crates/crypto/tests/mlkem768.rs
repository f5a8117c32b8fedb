//! ML-KEM-768: what is made for a key opens with it, and nothing else does.

use rand_chacha::ChaCha20Rng;
use session_crypto::Error;
use session_crypto::mlkem768::{
    CIPHERTEXT_LEN, DecapsulationKey, EncapsulationKey, decoy_ciphertext,
};
use session_crypto::rand_core::SeedableRng;

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([1; 32])
}

#[test]
fn a_secret_reaches_the_holder_of_the_key() {
    let key = DecapsulationKey::from_seed(&[3; 64]);
    let public = EncapsulationKey::from_slice(key.public().as_bytes()).unwrap();
    assert_eq!(&public, key.public());
    let (ciphertext, sent) = public.encapsulate(&mut rng());
    assert_eq!(
        key.decapsulate(&ciphertext).expose_bytes(),
        sent.expose_bytes()
    );
    let other = DecapsulationKey::from_seed(&[4; 64]);
    assert_ne!(
        other.decapsulate(&ciphertext).expose_bytes(),
        sent.expose_bytes()
    );
}

#[test]
fn a_changed_ciphertext_gives_another_secret_and_no_error() {
    let key = DecapsulationKey::from_seed(&[3; 64]);
    let (ciphertext, sent) = key.public().encapsulate(&mut rng());
    for at in [0, 500, CIPHERTEXT_LEN - 1] {
        let mut changed = ciphertext;
        changed[at] ^= 1;
        let secret = key.decapsulate(&changed);
        assert_ne!(secret.expose_bytes(), sent.expose_bytes());
        // The same one whenever it is asked: it depends on the key and the ciphertext only.
        assert_eq!(
            secret.expose_bytes(),
            key.decapsulate(&changed).expose_bytes()
        );
    }
}

#[test]
fn keys_beyond_the_modulus_and_of_other_lengths_are_refused() {
    let mut bytes = *DecapsulationKey::from_seed(&[3; 64]).public().as_bytes();
    // The first two coefficients become 4095.
    bytes[..3].fill(0xff);
    assert_eq!(
        EncapsulationKey::from_bytes(&bytes).unwrap_err(),
        Error::MlKemKey
    );
    assert_eq!(
        EncapsulationKey::from_slice(&bytes[1..]).unwrap_err(),
        Error::Length {
            what: "ML-KEM-768 public key",
            expected: 1184,
            got: 1183
        }
    );
}

#[test]
fn decoys_are_never_the_same() {
    let mut rng = rng();
    assert_ne!(decoy_ciphertext(&mut rng), decoy_ciphertext(&mut rng));
}

#[test]
fn debug_shows_no_secrets() {
    let key = DecapsulationKey::from_seed(&[3; 64]);
    let (_, secret) = key.public().encapsulate(&mut rng());
    assert_eq!(format!("{key:?}"), "mlkem768::DecapsulationKey(..)");
    assert_eq!(format!("{secret:?}"), "mlkem768::SharedSecret(..)");
}

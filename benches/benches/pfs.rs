//! Messages of protocol v2, and the keys that they are sealed to.

use criterion::{BenchmarkId, Criterion, Throughput};
use session_crypto::blake2b::{hash, hash_keyed_personal};
use session_crypto::ed25519::PublicKey;
use session_crypto::x25519::SecretKey;
use session_crypto::{SymmetricKey, mlkem768, xchacha20poly1305};
use session_pfs::{KeyPair, KeySeed, MessageSize, open, seal, seal_without_pfs};

/// An account key, for each number another.
fn pair(number: u8) -> KeyPair {
    KeyPair::of_account_key(&KeySeed::from_bytes([number; KeySeed::LEN]))
}

/// What the protocol asks of the ciphers, on as many bytes: content is signed, so hashed, and the
/// padded dict is encrypted.
fn message(c: &mut Criterion) {
    let mut group = c.benchmark_group("pfs");
    let mut rng = benches::rng();
    let (from, to) = (benches::account(1), benches::account(2));
    let (id, pair) = (to.id(), pair(3));
    let keys = pair.public();
    let key = SymmetricKey::from_bytes([4; SymmetricKey::LEN]);
    let nonce = [5; xchacha20poly1305::NONCE_LEN];
    for len in [100, 2 * 1024, 60 * 1024] {
        let content = vec![7; len];
        let padded = vec![7; MessageSize::of(len, false).padded()];
        let sign = |content: &[u8]| {
            let hash: [u8; 64] = hash_keyed_personal(&id.to_bytes(), &[0; 16], &[content]);
            from.expose_signing_key().sign(&hash)
        };
        let signature = sign(&content);
        let verify = || {
            let hash: [u8; 64] = hash_keyed_personal(&id.to_bytes(), &[0; 16], &[&content]);
            // The sender's key comes in the message, as bytes.
            let key = PublicKey::from_bytes(from.ed25519_key().as_bytes()).expect("a key");
            key.verify(&hash, &signature).expect("as signed");
            key.to_x25519()
        };
        let mut sealed = padded.clone();
        let tag =
            xchacha20poly1305::seal_in_place(&key, &nonce, &mut sealed).expect("not too long");
        let decrypt = || {
            let mut buffer = sealed.clone();
            xchacha20poly1305::open_in_place(&key, &nonce, &mut buffer, &tag).expect("as sealed");
            buffer
        };
        let encrypt = || {
            let mut buffer = padded.clone();
            let tag = xchacha20poly1305::seal_in_place(&key, &nonce, &mut buffer);
            (buffer, tag)
        };
        let wire = seal(&from, &id, &keys, &content, &mut rng).expect("a good recipient");
        let fallback = seal_without_pfs(&from, &id, &content, &mut rng).expect("as before");
        let (ciphertext, _) = keys.mlkem().encapsulate(&mut rng);

        group.throughput(Throughput::Bytes(u64::try_from(len).expect("small")));
        group.bench_function(BenchmarkId::new("seal", len), |b| {
            b.iter(|| seal(&from, &id, &keys, &content, &mut rng).expect("as before"));
        });
        group.bench_function(BenchmarkId::new("seal, primitives", len), |b| {
            b.iter(|| {
                let ephemeral = SecretKey::generate(&mut rng);
                let kiss = ephemeral.diffie_hellman(to.x25519_key().public());
                let shared = ephemeral.diffie_hellman(keys.x25519());
                let kem = keys.mlkem().encapsulate(&mut rng);
                (kiss, shared, kem, sign(&content), encrypt())
            });
        });
        group.bench_function(BenchmarkId::new("open", len), |b| {
            b.iter(|| open(&to, [&pair], &wire).expect("as sealed"));
        });
        group.bench_function(BenchmarkId::new("open, primitives", len), |b| {
            b.iter(|| {
                let kiss = to.x25519_key().diffie_hellman(keys.x25519());
                let shared = pair.x25519().diffie_hellman(keys.x25519());
                let kem = pair.mlkem().decapsulate(&ciphertext);
                (kiss, shared, kem, decrypt(), verify())
            });
        });
        group.bench_function(BenchmarkId::new("seal without PFS", len), |b| {
            b.iter(|| seal_without_pfs(&from, &id, &content, &mut rng).expect("as before"));
        });
        group.bench_function(BenchmarkId::new("seal without PFS, primitives", len), |b| {
            b.iter(|| {
                let ephemeral = SecretKey::generate(&mut rng);
                let shared = ephemeral.diffie_hellman(to.x25519_key().public());
                let filler = mlkem768::decoy_ciphertext(&mut rng);
                (shared, filler, sign(&content), encrypt())
            });
        });
        group.bench_function(BenchmarkId::new("open without PFS", len), |b| {
            b.iter(|| open(&to, [&pair], &fallback).expect("as sealed"));
        });
        group.bench_function(BenchmarkId::new("open without PFS, primitives", len), |b| {
            b.iter(|| {
                let shared = to.x25519_key().diffie_hellman(keys.x25519());
                (shared, decrypt(), verify())
            });
        });
        let opened = open(&to, [&pair], &wire).expect("as sealed");
        group.bench_function(BenchmarkId::new("replay id", len), |b| {
            b.iter(|| opened.replay_id());
        });
        group.bench_function(BenchmarkId::new("replay id, primitives", len), |b| {
            b.iter(|| hash::<32>(&[&content]));
        });
    }
    group.finish();
}

/// One key in use and 32 rotated ones: only the right one may cost anything.
fn held_keys(c: &mut Criterion) {
    let mut group = c.benchmark_group("pfs, held keys");
    let mut rng = benches::rng();
    let (from, to) = (benches::account(1), benches::account(2));
    let pairs: Vec<KeyPair> = (0..33).map(pair).collect();
    let oldest = pairs.last().expect("33 keys").public();
    let wire = seal(&from, &to.id(), &oldest, &[7; 100], &mut rng).expect("a good recipient");
    let unknown = seal(&from, &to.id(), &pair(200).public(), &[7; 100], &mut rng);
    let unknown = unknown.expect("as before");
    group.bench_function("open with the only one", |b| {
        b.iter(|| open(&to, &pairs[32..], &wire).expect("as sealed"));
    });
    group.bench_function("open with the last of 33", |b| {
        b.iter(|| open(&to, &pairs, &wire).expect("as sealed"));
    });
    group.bench_function("refuse with 33", |b| {
        b.iter(|| open(&to, &pairs, &unknown).expect_err("another key"));
    });
    group.finish();
}

/// What is done once for each key that is held.
fn key_pair(c: &mut Criterion) {
    let mut group = c.benchmark_group("pfs, key pair");
    let seed = KeySeed::from_bytes([3; KeySeed::LEN]);
    group.bench_function("expand", |b| b.iter(|| KeyPair::of_account_key(&seed)));
    group.bench_function("expand, primitives", |b| {
        b.iter(|| {
            let mlkem = mlkem768::DecapsulationKey::from_seed(&[3; 64]);
            (mlkem, SecretKey::from_bytes(&[3; 32]))
        });
    });
    group.finish();
}

fn main() {
    benches::run(&[message, held_keys, key_pair]);
}

//! Keys, recovery passwords, blinding and signatures. A name that starts with "primitive" is the
//! curve arithmetic and hashing that the ones beside it cannot do without.

use std::hint::black_box;

use criterion::Criterion;
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use session_core::AccountId;
use session_crypto::ed25519::Signature;
use session_crypto::xed25519;
use session_identity::blinding::{ServerKey, blind25_id, matches, unblind15_id};
use session_identity::mnemonic::{Language, detect};
use session_identity::{Account, Seed};
use sha2::{Digest, Sha512};

const SERVER: ServerKey = ServerKey::from_bytes([9; 32]);
const MESSAGE: &[u8] = &[0x5a; 200];

fn scalar() -> Scalar {
    Scalar::from_bytes_mod_order([7; 32])
}

fn account(c: &mut Criterion) {
    let mut group = c.benchmark_group("account");
    let seed = Seed::from([7; 32]);
    group.bench_function("from seed", |b| {
        b.iter(|| Account::from_seed(black_box(&seed)))
    });
    group.bench_function("primitive: base point product, SHA-512, conversion", |b| {
        let scalar = scalar();
        b.iter(|| {
            let point = EdwardsPoint::mul_base(black_box(&scalar));
            let hash = Sha512::digest(black_box([7; 32]));
            (point.compress(), hash, point.to_montgomery())
        });
    });
    group.finish();
}

fn mnemonic(c: &mut Criterion) {
    let mut group = c.benchmark_group("mnemonic");
    let seed = Seed::generate(&mut benches::rng());
    for language in [Language::English, Language::Japanese] {
        let name = language.english_name();
        let words = seed.to_mnemonic(language);
        group.bench_function(format!("encode 13 words, {name}"), |b| {
            b.iter(|| black_box(&seed).to_mnemonic(language));
        });
        group.bench_function(format!("decode 13 words, {name}"), |b| {
            b.iter(|| Seed::from_mnemonic(language, black_box(&words)));
        });
        group.bench_function(format!("detect among 12 languages, {name}"), |b| {
            b.iter(|| detect(Language::ALL, black_box(&words)));
        });
    }
    group.finish();
}

fn blinding(c: &mut Criterion) {
    let mut group = c.benchmark_group("blinding");
    let account = benches::account(1);
    let (pair15, pair25) = (account.blind15(&SERVER), account.blind25(&SERVER));
    group.bench_function("key pair, form 15", |b| {
        b.iter(|| black_box(&account).blind15(&SERVER));
    });
    group.bench_function("key pair, form 25", |b| {
        b.iter(|| black_box(&account).blind25(&SERVER));
    });
    group.bench_function("sign 200 B, form 15", |b| {
        b.iter(|| pair15.sign(black_box(MESSAGE)));
    });
    group.bench_function("sign 200 B, form 25", |b| {
        b.iter(|| pair25.sign(black_box(MESSAGE)));
    });
    group.bench_function("primitive: base point product", |b| {
        let scalar = scalar();
        b.iter(|| EdwardsPoint::mul_base(black_box(&scalar)).compress());
    });

    let (id, id15): (AccountId, AccountId) = (account.id(), pair15.id());
    group.bench_function("id of an Account ID, form 25", |b| {
        b.iter(|| blind25_id(black_box(&id), &SERVER));
    });
    group.bench_function("match an id, form 15", |b| {
        b.iter(|| matches(black_box(&id), &id15, &SERVER));
    });
    group.bench_function("unblind an id, form 15", |b| {
        b.iter(|| unblind15_id(black_box(&id15), &SERVER));
    });
    group.bench_function("primitive: point product", |b| {
        let (point, scalar) = (EdwardsPoint::mul_base(&scalar()), scalar());
        b.iter(|| black_box(&point) * black_box(&scalar));
    });
    group.finish();
}

fn signatures(c: &mut Criterion) {
    let mut group = c.benchmark_group("signature");
    let account = benches::account(1);
    let key = account.ed25519_key();
    let signature = account.expose_signing_key().sign(MESSAGE);
    group.bench_function("verify 200 B", |b| {
        b.iter(|| key.verify(black_box(MESSAGE), &signature));
    });
    group.bench_function("primitive: verify_strict", |b| {
        let key = ed25519_dalek::VerifyingKey::from_bytes(key.as_bytes()).expect("our own key");
        let signature = ed25519_dalek::Signature::from_bytes(signature.as_bytes());
        b.iter(|| key.verify_strict(black_box(MESSAGE), &signature));
    });

    let key = account.x25519_key();
    let signature: Signature = xed25519::sign(key, MESSAGE, &mut benches::rng());
    group.bench_function("XEd25519 sign 200 B", |b| {
        let mut rng = benches::rng();
        b.iter(|| xed25519::sign(key, black_box(MESSAGE), &mut rng));
    });
    group.bench_function("XEd25519 verify 200 B", |b| {
        b.iter(|| xed25519::verify(key.public(), black_box(MESSAGE), &signature));
    });
    group.finish();
}

fn main() {
    benches::run(&[account, mnemonic, blinding, signatures]);
}

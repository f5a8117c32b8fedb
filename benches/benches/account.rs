//! Keys and recovery passwords.

use std::hint::black_box;

use criterion::Criterion;
use session_crypto::x25519::SecretKey;
use session_identity::{Account, Seed};

fn account(c: &mut Criterion) {
    let mut group = c.benchmark_group("account");
    let seed = Seed::from([7; 32]);
    group.bench_function("from seed", |b| {
        b.iter(|| Account::from_seed(black_box(&seed)))
    });
    let bytes = [7; 32];
    group.bench_function("primitive: base point multiplication", |b| {
        b.iter(|| SecretKey::from_bytes(black_box(&bytes)));
    });
    group.finish();
}

fn mnemonic(c: &mut Criterion) {
    let mut group = c.benchmark_group("mnemonic");
    let seed = Seed::generate(&mut benches::rng());
    let words = seed.to_mnemonic();
    group.bench_function("encode 13 words", |b| {
        b.iter(|| black_box(&seed).to_mnemonic())
    });
    group.bench_function("decode 13 words", |b| {
        b.iter(|| Seed::from_mnemonic(black_box(&words)))
    });
    group.finish();
}

fn main() {
    benches::run(&[account, mnemonic]);
}

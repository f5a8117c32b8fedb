//! One-to-one messages.

use criterion::{BenchmarkId, Criterion, Throughput};
use session_crypto::sealed_box;
use session_envelope::{Content, open_one_to_one, seal_one_to_one};

fn one_to_one(c: &mut Criterion) {
    let mut group = c.benchmark_group("one-to-one");
    let mut rng = benches::rng();
    let (from, to) = (benches::account(1), benches::account(2));
    for len in [100, 6 * 1024] {
        group.throughput(Throughput::Bytes(len));
        let text = "x".repeat(usize::try_from(len).expect("small"));
        let content = Content::text(text.clone());
        group.bench_function(BenchmarkId::new("seal", len), |b| {
            b.iter(|| seal_one_to_one(&from, &to.id(), &content, benches::now(), &mut rng));
        });
        // The decoy signature is one more base point multiplication.
        group.bench_function(BenchmarkId::new("seal, primitives", len), |b| {
            let recipient = to.x25519_key().public();
            b.iter(|| {
                let signature = from.expose_signing_key().sign(text.as_bytes());
                let decoy = session_crypto::ed25519::decoy_signature(&mut rng);
                let mut out = Vec::new();
                sealed_box::seal(recipient, text.as_bytes(), &mut out, &mut rng)
                    .expect("a good recipient");
                (signature, decoy, out)
            });
        });
        let wire = seal_one_to_one(&from, &to.id(), &content, benches::now(), &mut rng)
            .expect("a good recipient");
        group.bench_function(BenchmarkId::new("open", len), |b| {
            b.iter(|| open_one_to_one(&to, &wire));
        });
        let mut sealed = Vec::new();
        sealed_box::seal(
            to.x25519_key().public(),
            text.as_bytes(),
            &mut sealed,
            &mut rng,
        )
        .expect("a good recipient");
        let signature = from.expose_signing_key().sign(text.as_bytes());
        group.bench_function(BenchmarkId::new("open, primitives", len), |b| {
            b.iter(|| {
                let mut sealed = sealed.clone();
                let opened = sealed_box::open_in_place(to.x25519_key(), &mut sealed);
                let key = from.ed25519_key();
                let valid = key.verify(opened.expect("as sealed"), &signature);
                (valid, key.to_x25519())
            });
        });
    }
    group.finish();
}

fn main() {
    benches::run(&[one_to_one]);
}

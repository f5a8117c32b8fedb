//! Requests over three hops to a node, beside the cryptography that they cannot do without.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use session_crypto::ed25519::SigningKey;
use session_crypto::x25519::SecretKey;
use session_crypto::{SymmetricKey, aes256gcm, xchacha20poly1305};
use session_onion::{EncType, Hop, Layer, ReplyBody, ReplyFormat, build, peel};

const SIZES: [usize; 4] = [200, 2 * 1024, 50 * 1024, 1024 * 1024];
const ENC_TYPES: [EncType; 2] = [EncType::XChaCha20, EncType::AesGcm];

fn keys() -> [SigningKey; 4] {
    [1, 2, 3, 4].map(|byte| SigningKey::from_seed(&[byte; 32]))
}

fn hops() -> [Hop; 4] {
    keys().map(|key| Hop::new(key.public()).expect("a good key"))
}

fn aead(enc_type: EncType, buffer: &mut [u8]) -> [u8; 16] {
    let key = SymmetricKey::from_bytes([1; 32]);
    match enc_type {
        EncType::XChaCha20 => xchacha20poly1305::seal_in_place(&key, &[2; 24], buffer),
        EncType::AesGcm => aes256gcm::seal_in_place(&key, &[2; 12], buffer),
    }
    .expect("short")
}

/// Calls `bench` for every cipher and size, with a name for both.
fn each(
    c: &mut Criterion,
    name: &str,
    mut bench: impl FnMut(
        &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
        EncType,
        usize,
    ),
) {
    let mut group = c.benchmark_group(name);
    for enc_type in ENC_TYPES {
        for size in SIZES {
            group.throughput(Throughput::Bytes(u64::try_from(size).expect("small")));
            bench(&mut group, enc_type, size);
        }
    }
    group.finish();
}

fn id(what: &str, enc_type: EncType, size: usize) -> BenchmarkId {
    BenchmarkId::new(format!("{what}, {}", enc_type.name()), size)
}

fn building(c: &mut Criterion) {
    let [path @ .., destination] = hops();
    let mut rng = benches::rng();
    each(c, "onion build", |group, enc_type, size| {
        let payload = vec![b'x'; size];
        group.bench_function(id("build", enc_type, size), |b| {
            b.iter(|| build(&path, &destination, &payload, enc_type, &mut rng));
        });
        group.bench_function(id("primitives", enc_type, size), |b| {
            let mut buffer = payload.clone();
            b.iter(|| {
                for hop in hops_of(&path, &destination) {
                    let secret = SecretKey::generate(&mut rng);
                    secret.diffie_hellman(hop.x25519()).expect("a good key");
                    aead(enc_type, &mut buffer);
                }
            });
        });
    });
}

fn hops_of<'a>(path: &'a [Hop], destination: &'a Hop) -> impl Iterator<Item = &'a Hop> {
    path.iter().chain([destination])
}

fn peeling(c: &mut Criterion) {
    let [path @ .., destination] = hops();
    let entry = keys()[0].to_x25519();
    let mut rng = benches::rng();
    each(c, "onion peel", |group, enc_type, size| {
        let payload = vec![b'x'; size];
        let request = build(&path, &destination, &payload, enc_type, &mut rng).expect("short");
        group.bench_function(id("parse and peel", enc_type, size), |b| {
            b.iter_batched_ref(
                || request.body.clone(),
                |body| {
                    let layer = Layer::parse_outer(body).expect("as built");
                    drop(peel(&entry, layer).expect("as built"));
                },
                BatchSize::LargeInput,
            );
        });
        group.bench_function(id("primitives", enc_type, size), |b| {
            b.iter_batched_ref(
                || request.body.clone(),
                |body| {
                    entry.diffie_hellman(path[1].x25519()).expect("a good key");
                    aead(enc_type, body)
                },
                BatchSize::LargeInput,
            );
        });
    });
}

fn replying(c: &mut Criterion) {
    let [.., destination] = hops();
    let [.., key] = keys().map(|key| key.to_x25519());
    let mut rng = benches::rng();
    each(c, "onion reply", |group, enc_type, size| {
        let text = "x".repeat(size);
        let mut request = build(&[], &destination, b"{}", enc_type, &mut rng).expect("short");
        let layer = Layer::parse_outer(&mut request.body).expect("as built");
        let sealer = peel(&key, layer).expect("as built").reply;
        let format = ReplyFormat::default();
        group.bench_function(id("seal", enc_type, size), |b| {
            b.iter(|| sealer.seal(200, ReplyBody::Text(&text), format, &mut rng));
        });
        let sealed = sealer
            .seal(200, ReplyBody::Text(&text), format, &mut rng)
            .expect("text");
        group.bench_function(id("open", enc_type, size), |b| {
            b.iter(|| request.reply.open(&sealed));
        });
        group.bench_function(id("primitive: AEAD", enc_type, size), |b| {
            let mut buffer = text.clone().into_bytes();
            b.iter(|| aead(enc_type, &mut buffer));
        });
    });
}

fn primitives(c: &mut Criterion) {
    let mut group = c.benchmark_group("primitives");
    let secret = SecretKey::from_bytes(&[5; 32]);
    let [hop, ..] = hops();
    group.bench_function("X25519 key pair", |b| {
        b.iter(|| SecretKey::from_bytes(&[5; 32]))
    });
    group.bench_function("X25519 shared secret", |b| {
        b.iter(|| secret.diffie_hellman(hop.x25519()));
    });
    let [key, ..] = keys();
    group.bench_function("hop from Ed25519 key", |b| {
        b.iter(|| Hop::new(key.public()))
    });
    group.finish();
}

fn main() {
    benches::run(&[primitives, building, peeling, replying]);
}

//! Requests over three hops to a node, beside the cryptography that they cannot do without, in
//! the same run: "primitives" are key pairs, shared secrets and ciphers, and nothing else.

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, BenchmarkId, Criterion, Throughput};
use session_crypto::ed25519::SigningKey;
use session_crypto::peer::{Peer, PeerTable};
use session_crypto::x25519::SecretKey;
use session_crypto::{SymmetricKey, aes256gcm, xchacha20poly1305};
use session_onion::{
    Destination, EncType, EphemeralPool, Hop, Layer, PreparedHop, PreparedPath, Protocol,
    ReplyBody, ReplyFormat, Route, Server, build, peel, peel_at_server, v4,
};

const SIZES: [usize; 5] = [200, 2 * 1024, 50 * 1024, 1024 * 1024, 10_000_000];
const ENC_TYPES: [EncType; 2] = [EncType::XChaCha20, EncType::AesGcm];

fn keys<const N: usize>() -> [SigningKey; N] {
    core::array::from_fn(|index| {
        SigningKey::from_seed(&[u8::try_from(index).expect("few") + 1; 32])
    })
}

fn hops<const N: usize>() -> [Hop; N] {
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

/// Calls `bench` for every cipher and size.
fn each(
    c: &mut Criterion,
    name: &str,
    mut bench: impl FnMut(&mut BenchmarkGroup<'_, WallTime>, EncType, usize),
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

/// Building with `N` - 1 hops: plain, with tables, and with tables and keys made in advance; each
/// in a buffer that is kept, and the first also in one of its own.
fn building_through<const N: usize>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    enc_type: EncType,
    size: usize,
) {
    let hops = hops::<N>();
    let (destination, path) = hops.split_last().expect("at least one");
    let peers = keys::<N>().map(|key| Peer::new(key.public()).expect("a good key"));
    let tables: Vec<_> = peers.iter().map(PeerTable::new).collect();
    let (prepared, end) = (PreparedPath::new(path), PreparedHop::new(destination));
    let payload = vec![b'x'; size];
    let mut out = Vec::new();
    let mut rng = benches::rng();

    let id = |what: &str| id(&format!("{what}, {} hops", N - 1), enc_type, size);
    group.bench_function(id("build"), |b| {
        b.iter(|| build(path, destination, &payload, enc_type, &mut rng));
    });
    let mut append = |what: &str, route: Route<'_>, to: Destination<'_>| {
        let mut route = route.with_enc_type(enc_type);
        group.bench_function(id(what), |b| {
            b.iter(|| {
                out.clear();
                route.append(to, &payload, &mut out, &mut rng)
            });
        });
    };
    append("plain", Route::new(path), destination.into());
    append("prepared", Route::prepared(&prepared), (&end).into());
    group.bench_function(id("pooled"), |b| {
        let mut pool = EphemeralPool::new(N);
        b.iter_batched(
            || pool_of(N),
            |filled| {
                pool = filled;
                out.clear();
                let route = Route::prepared(&prepared).with_enc_type(enc_type);
                let mut route = route.with_pool(&mut pool);
                // Dropped here, as in the others.
                drop(route.append(&end, &payload, &mut out, &mut rng));
            },
            BatchSize::SmallInput,
        );
    });

    let mut buffer = payload.clone();
    group.bench_function(id("primitives, ladder"), |b| {
        b.iter(|| {
            for hop in &hops {
                let secret = SecretKey::generate(&mut rng);
                black_box(secret.diffie_hellman(hop.x25519()).expect("a good key"));
                aead(enc_type, &mut buffer);
            }
        });
    });
    group.bench_function(id("primitives, Edwards"), |b| {
        b.iter(|| {
            for peer in &peers {
                black_box(peer.diffie_hellman(&SecretKey::generate(&mut rng)));
                aead(enc_type, &mut buffer);
            }
        });
    });
    group.bench_function(id("primitives, tables"), |b| {
        b.iter(|| {
            for table in &tables {
                black_box(table.diffie_hellman(&SecretKey::generate(&mut rng)));
                aead(enc_type, &mut buffer);
            }
        });
    });
    group.bench_function(id("primitives, tables and ready keys"), |b| {
        let secret = SecretKey::generate(&mut rng);
        b.iter(|| {
            for table in &tables {
                black_box(table.diffie_hellman(&secret));
                aead(enc_type, &mut buffer);
            }
        });
    });
}

fn pool_of(capacity: usize) -> EphemeralPool {
    let mut pool = EphemeralPool::new(capacity);
    pool.fill(&mut benches::rng());
    pool
}

fn building(c: &mut Criterion) {
    each(c, "onion build", |group, enc_type, size| {
        building_through::<2>(group, enc_type, size);
        building_through::<4>(group, enc_type, size);
        building_through::<10>(group, enc_type, size);
    });
}

fn peeling(c: &mut Criterion) {
    let [path @ .., destination] = hops::<4>();
    let entry = keys::<1>()[0].to_x25519();
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
    let [destination] = hops();
    let [key] = keys().map(|key| key.to_x25519());
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

/// A server's request and its answer: the key of a server has no Ed25519 form.
fn servers(c: &mut Criterion) {
    let path = hops::<3>();
    let [key] = keys().map(|key| key.to_x25519());
    let server =
        Server::new(*key.public(), Protocol::Https, "open.getsession.org").expect("a host");
    let mut rng = benches::rng();
    each(c, "onion server", |group, enc_type, size| {
        let payload = vec![b'x'; size];
        group.bench_function(id("build, 3 hops", enc_type, size), |b| {
            b.iter(|| build(&path, &server, &payload, enc_type, &mut rng));
        });
        let mut request = build(&[], &server, &payload, enc_type, &mut rng).expect("short");
        group.bench_function(id("parse and peel", enc_type, size), |b| {
            b.iter_batched_ref(
                || request.body.clone(),
                |body| {
                    let layer = Layer::parse_at_server(body).expect("as built");
                    drop(peel_at_server(&key, layer).expect("as built"));
                },
                BatchSize::LargeInput,
            );
        });
        let layer = Layer::parse_at_server(&mut request.body).expect("as built");
        let sealer = peel_at_server(&key, layer).expect("as built").reply;
        let response = v4::Response::new(200, &payload).encode();
        group.bench_function(id("seal v4", enc_type, size), |b| {
            b.iter(|| sealer.seal_v4(&response, &mut rng));
        });
        let sealed = sealer.seal_v4(&response, &mut rng).expect("short");
        group.bench_function(id("open v4", enc_type, size), |b| {
            b.iter_batched_ref(
                || sealed.clone(),
                |sealed| request.reply.open_v4(sealed).is_ok(),
                BatchSize::LargeInput,
            );
        });
        group.bench_function(id("primitive: AEAD", enc_type, size), |b| {
            let mut buffer = payload.clone();
            b.iter(|| aead(enc_type, &mut buffer));
        });
    });
}

fn primitives(c: &mut Criterion) {
    let mut group = c.benchmark_group("primitives");
    let secret = SecretKey::from_bytes(&[5; 32]);
    let [hop] = hops();
    group.bench_function("X25519 key pair", |b| {
        b.iter(|| SecretKey::from_bytes(&[5; 32]))
    });
    group.bench_function("X25519 shared secret", |b| {
        b.iter(|| secret.diffie_hellman(hop.x25519()));
    });
    let [key] = keys();
    let peer = Peer::new(keys::<1>()[0].public()).expect("a good key");
    let table = PeerTable::new(&peer);
    group.bench_function("shared secret, Edwards", |b| {
        b.iter(|| peer.diffie_hellman(&secret));
    });
    group.bench_function("shared secret, table", |b| {
        b.iter(|| table.diffie_hellman(&secret));
    });
    group.bench_function("table", |b| b.iter(|| PeerTable::new(&peer)));
    group.bench_function("hop from Ed25519 key", |b| {
        b.iter(|| Hop::new(key.public()))
    });
    group.finish();
}

fn main() {
    benches::run(&[primitives, building, peeling, replying, servers]);
}

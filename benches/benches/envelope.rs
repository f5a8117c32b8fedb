//! One-to-one messages, and messages of groups.

use criterion::{BenchmarkId, Criterion, Throughput};
use session_core::{AccountId, Prefix};
use session_crypto::rand_core::Rng;
use session_crypto::{SymmetricKey, ed25519, sealed_box, xchacha20poly1305};
use session_envelope::proto::{self, DataMessage, Preview};
use session_envelope::{
    Content, GroupOpener, open_group, open_one_to_one, seal_group, seal_one_to_one,
};

fn one_to_one(c: &mut Criterion) {
    let mut group = c.benchmark_group("one-to-one");
    let mut rng = benches::rng();
    let (from, to) = (benches::account(1), benches::account(2));
    for len in [100, 6 * 1024] {
        group.throughput(Throughput::Bytes(len));
        let text = "x".repeat(usize::try_from(len).expect("small"));
        let content = content(text.len(), false);
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

/// A content of about so many bytes, more than a text may have: random letters and digits, which
/// get a quarter shorter when they are compressed, or words.
fn content(len: usize, words: bool) -> Content {
    let mut rng = benches::rng();
    let title: String = if words {
        (0..len / 5)
            .map(|_| ["some ", "more ", "kind ", "word "][rng.next_u32() as usize % 4])
            .collect()
    } else {
        (0..len)
            .map(|_| char::from(b"0123456789abcdefghijklmnopqrstuv"[rng.next_u32() as usize % 32]))
            .collect()
    };
    let preview = Preview {
        url: Some(String::new()),
        title: Some(title),
        ..Default::default()
    };
    let data = DataMessage {
        preview: vec![preview],
        ..Default::default()
    };
    Content::from_proto(proto::Content {
        data_message: Some(data),
        ..Default::default()
    })
    .expect("complete")
}

fn group(c: &mut Criterion) {
    let mut bench = c.benchmark_group("group");
    let mut rng = benches::rng();
    let (from, me) = (benches::account(1), benches::account(2).id());
    let group = AccountId::new(Prefix::Group, [3; 32]);
    let keys = [SymmetricKey::from_bytes([1; 32])];
    let now = benches::now();
    for (len, words) in [
        (100, false),
        (2_000, false),
        (60_000, false),
        (60_000, true),
    ] {
        let content = content(len, words);
        let kind = if words { "words" } else { "random" };
        let id = |what: &str| BenchmarkId::new(format!("{what}, {kind}"), len);
        bench.throughput(Throughput::Bytes(len as u64));
        bench.bench_function(id("seal"), |b| {
            b.iter(|| seal_group(&from, &group, &keys[0], &content, now, &mut rng));
        });
        bench.bench_function(id("compress"), |b| {
            b.iter(|| {
                ruzstd::encoding::compress_to_vec(
                    content.as_bytes(),
                    ruzstd::encoding::CompressionLevel::Fastest,
                )
            });
        });
        let wire =
            seal_group(&from, &group, &keys[0], &content, now, &mut rng).expect("short enough");
        // What is signed and encrypted has about the length of the message that is stored.
        let stored = wire.clone();
        bench.bench_function(id("seal, primitives"), |b| {
            b.iter(|| {
                let signature = from.expose_signing_key().sign(&stored);
                let decoy = ed25519::decoy_signature(&mut rng);
                let mut buffer = stored.clone();
                let tag = xchacha20poly1305::seal_in_place(&keys[0], &[5; 24], &mut buffer);
                (signature, decoy, buffer, tag)
            });
        });
        bench.bench_function(id("open"), |b| {
            b.iter(|| open_group(&me, &group, &keys, &wire));
        });
        let signature = from.expose_signing_key().sign(&stored);
        let mut encrypted = stored.clone();
        let tag = xchacha20poly1305::seal_in_place(&keys[0], &[5; 24], &mut encrypted)
            .expect("short enough");
        bench.bench_function(id("open, primitives"), |b| {
            b.iter(|| {
                let mut buffer = encrypted.clone();
                xchacha20poly1305::open_in_place(&keys[0], &[5; 24], &mut buffer, &tag)
                    .expect("as encrypted");
                let key = ed25519::PublicKey::from_bytes(from.ed25519_key().as_bytes());
                let key = key.expect("a key");
                (key.verify(&buffer, &signature), key.to_x25519(), buffer)
            });
        });
        let frame = ruzstd::encoding::compress_to_vec(
            content.as_bytes(),
            ruzstd::encoding::CompressionLevel::Fastest,
        );
        let mut plain = Vec::with_capacity(2 * len + 1000);
        bench.bench_function(id("decompress"), |b| {
            b.iter(|| {
                plain.clear();
                ruzstd::decoding::FrameDecoder::new().decode_all_to_vec(&frame, &mut plain)
            });
        });
    }

    let messages: Vec<_> = (0..100)
        .map(|_| {
            let content = content(300, false);
            seal_group(&from, &group, &keys[0], &content, now, &mut rng).expect("short enough")
        })
        .collect();
    for count in [1, 10, 100] {
        bench.throughput(Throughput::Elements(count as u64));
        bench.bench_function(BenchmarkId::new("poll", count), |b| {
            b.iter(|| {
                let mut opener = GroupOpener::new(&group, &keys).expect("a group");
                for wire in &messages[..count] {
                    std::hint::black_box(opener.open(&me, wire).expect("as sealed"));
                }
            });
        });
    }
    bench.finish();
}

fn main() {
    benches::run(&[one_to_one, group]);
}

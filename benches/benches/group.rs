//! Messages of groups.

use criterion::{BenchmarkId, Criterion, Throughput};
use ruzstd::encoding::CompressionLevel;
use session_core::{AccountId, Prefix};
use session_crypto::rand_core::Rng;
use session_crypto::{SymmetricKey, ed25519, xchacha20poly1305};
use session_envelope::hazmat::{ProSignature, group_envelope};
use session_envelope::proto::{self, DataMessage, Preview};
use session_envelope::{Content, GroupOpener, open_group, seal_group};

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

fn messages(c: &mut Criterion) {
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
        // What is compressed, if it has 256 bytes.
        let decoy = ed25519::decoy_signature(&mut rng);
        let envelope = group_envelope(content.as_bytes(), now, &ProSignature::Given(decoy));
        let envelope = envelope.expect("bytes");
        let compress = || ruzstd::encoding::compress_to_vec(&**envelope, CompressionLevel::Fastest);
        bench.bench_function(id("compress"), |b| b.iter(compress));
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
        let frame = compress();
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
    benches::run(&[messages]);
}

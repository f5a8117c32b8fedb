//! One-to-one messages.

use criterion::{BenchmarkId, Criterion, Throughput};
use session_crypto::ed25519::PublicKey;
use session_crypto::sealed_box;
use session_envelope::proto::{self, DataMessage, Preview};
use session_envelope::{Content, open_one_to_one, padding, seal_one_to_one};

/// A message of little more than `len` bytes. Texts are not that long, titles may be.
fn content(len: usize) -> Content {
    let preview = Preview {
        url: Some("https://example.org/".to_owned()),
        title: Some("x".repeat(len)),
        ..Default::default()
    };
    let data_message = DataMessage {
        preview: vec![preview],
        ..Default::default()
    };
    let content = proto::Content {
        data_message: Some(data_message),
        ..Default::default()
    };
    Content::from_proto(content).expect("complete")
}

/// What the protocol asks of the ciphers, on the very bytes: every byte is padded, signed, sealed.
fn one_to_one(c: &mut Criterion) {
    let mut group = c.benchmark_group("one-to-one");
    let mut rng = benches::rng();
    let (from, to) = (benches::account(1), benches::account(2));
    let recipient = to.x25519_key().public();
    for len in [100, 2 * 1024, 60 * 1024] {
        let content = content(len);
        let now = benches::now();
        let wire =
            seal_one_to_one(&from, &to.id(), &content, now, &mut rng).expect("a good recipient");
        let received = open_one_to_one(&to, &wire).expect("as sealed");
        let padded_len = padding::padded_len(received.content().as_bytes().len());
        // Message and recipient's key, or message, key and signature.
        let signed = vec![0; padded_len + 64];
        let inner = vec![0; padded_len + 96];

        group.throughput(Throughput::Bytes(u64::try_from(len).expect("small")));
        group.bench_function(BenchmarkId::new("seal", len), |b| {
            b.iter(|| {
                seal_one_to_one(&from, &to.id(), &content, now, &mut rng).expect("as before")
            });
        });
        // The decoy signature is one more base point multiplication.
        group.bench_function(BenchmarkId::new("seal, primitives", len), |b| {
            b.iter(|| {
                let signature = from.expose_signing_key().sign(&signed);
                let decoy = session_crypto::ed25519::decoy_signature(&mut rng);
                let mut out = Vec::new();
                sealed_box::seal(recipient, &inner, &mut out, &mut rng).expect("as before");
                (signature, decoy, out)
            });
        });
        group.bench_function(BenchmarkId::new("open", len), |b| {
            b.iter(|| open_one_to_one(&to, &wire).expect("as sealed"));
        });
        let mut sealed = Vec::new();
        sealed_box::seal(recipient, &inner, &mut sealed, &mut rng).expect("as before");
        let signature = from.expose_signing_key().sign(&signed);
        let key_bytes = *from.ed25519_key().as_bytes();
        group.bench_function(BenchmarkId::new("open, primitives", len), |b| {
            b.iter(|| {
                let mut sealed = sealed.clone();
                sealed_box::open_in_place(to.x25519_key(), &mut sealed).expect("as sealed");
                // The sender's key comes in the message, as bytes.
                let key = PublicKey::from_bytes(&key_bytes).expect("a key");
                key.verify(&signed, &signature).expect("as signed");
                (sealed, key.to_x25519())
            });
        });
    }
    group.finish();
}

fn main() {
    benches::run(&[one_to_one]);
}

//! Posts in communities, and messages to blinded ids.

use criterion::{BenchmarkId, Criterion};
use session_crypto::blinding::AgreementKey;
use session_crypto::ed25519::{PublicKey, Signature, SigningKey};
use session_crypto::{SymmetricKey, xchacha20poly1305};
use session_envelope::pro::{Credential, ProfileFeatures, Proof};
use session_envelope::proto::ProProof;
use session_envelope::{Content, Inbox, open_post, seal_post};
use session_identity::blinding::{ServerKey, matches};
use session_identity::conversion::account_id;

fn inbox(c: &mut Criterion) {
    let mut group = c.benchmark_group("inbox");
    let mut rng = benches::rng();
    let server = ServerKey::from_bytes([7; 32]);
    let accounts = [1, 2].map(benches::account);
    group.bench_function("new", |b| b.iter(|| Inbox::new(&accounts[0], &server)));

    let [alice, bob] = accounts.each_ref().map(|one| Inbox::new(one, &server));
    let content = Content::text("x".repeat(100));
    for (form, from, to) in [
        (15, alice.id15(), bob.id15()),
        (25, alice.id25(), bob.id25()),
    ] {
        let own = match form {
            15 => AgreementKey::new(accounts[0].blind15(&server).key()),
            _ => AgreementKey::new(accounts[0].blind25(&server).key()),
        };
        group.bench_function(BenchmarkId::new("seal", form), |b| {
            b.iter(|| alice.seal(&to, &content, benches::now(), None, &mut rng));
        });
        let to_key = PublicKey::from_bytes(to.key_bytes()).expect("a key");
        group.bench_function(BenchmarkId::new("seal, primitives", form), |b| {
            b.iter(|| {
                let key = own.key_to(&to_key).expect("a good key");
                let mut buffer = vec![0; 192];
                let tag = xchacha20poly1305::seal_in_place(&key, &[1; 24], &mut buffer);
                (buffer, tag)
            });
        });

        let sealed = alice
            .seal(&to, &content, benches::now(), None, &mut rng)
            .expect("a good recipient");
        group.bench_function(BenchmarkId::new("open", form), |b| {
            b.iter(|| bob.open(&from, &to, &sealed));
        });
        // The key of both, decryption, and the id of the key inside.
        let key = SymmetricKey::from_bytes([1; 32]);
        let mut ciphertext = vec![0; 192];
        let tag = xchacha20poly1305::seal_in_place(&key, &[1; 24], &mut ciphertext)
            .expect("a short message");
        group.bench_function(BenchmarkId::new("open, primitives", form), |b| {
            b.iter(|| {
                let shared = own.key_to(&to_key);
                let mut buffer = ciphertext.clone();
                let opened = xchacha20poly1305::open_in_place(&key, &[1; 24], &mut buffer, &tag);
                let id = account_id(accounts[0].ed25519_key()).expect("a good key");
                (shared, opened, matches(&id, &from, &server))
            });
        });
    }
    group.finish();
}

fn community(c: &mut Criterion) {
    let mut group = c.benchmark_group("community");
    let content = Content::text("x".repeat(100));
    let credential = credential();
    for (name, pro) in [("plain", None), ("pro", Some(&credential))] {
        group.bench_function(BenchmarkId::new("seal", name), |b| {
            b.iter(|| seal_post(&content, benches::now(), pro));
        });
        let data = seal_post(&content, benches::now(), pro).expect("a short text");
        // Nothing is verified here: a claim is evaluated apart.
        group.bench_function(BenchmarkId::new("open", name), |b| {
            b.iter(|| open_post(&data));
        });
    }
    group.finish();
}

fn credential() -> Credential {
    let key = SigningKey::from_seed(&[1; 32]);
    let proof = ProProof {
        version: None,
        revocation_tag: Some(vec![1; 32]),
        rotating_public_key: Some(key.public().as_bytes().to_vec()),
        expiry_unix_ts: Some(2_000_000_000),
        sig: Some(Signature::from_bytes([2; 64]).as_bytes().to_vec()),
    };
    let proof = Proof::from_proto(&proof).expect("a good proof");
    Credential::new(proof, key, ProfileFeatures::BADGE).expect("the key of the proof")
}

fn main() {
    benches::run(&[inbox, community]);
}

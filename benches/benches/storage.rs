//! The storage RPC. A name that starts with "primitive" is what the ones beside it cannot do
//! without: the same signatures, hashes and base64 of the same bytes, by the crates that make them.

use std::hint::black_box;
use std::time::Duration;

use blake2::Blake2b;
use blake2::digest::Digest;
use blake2::digest::consts::U32;
use criterion::{BenchmarkGroup, Criterion, measurement::WallTime};
use ed25519_dalek::{Signature, Signer as _, SigningKey as RawKey, VerifyingKey};
use serde::de::IgnoredAny;
use session_core::{Network, NetworkId, Prefix, base64};
use session_crypto::ed25519::SigningKey;
use session_storage::{
    Access, Batch, Collector, Context, Delete, Deleted, Endpoint, Form, Message, MessageHash,
    Namespace, NodeState, Order, Recursive, Request, Retrieve, RetrieveReply, Signable, Signed,
    Signer, Store, Stored, Subaccount, SubaccountKey, Touched, parse_bt, parse_json,
};

const SEED: [u8; 32] = [1; 32];
const NAMESPACE: Namespace = Namespace::USER_PROFILE;

/// A group: its key is in its id, so that verifying needs no conversion.
fn group() -> NetworkId {
    let mut id = [Prefix::Group.byte(); 33];
    id[1..].copy_from_slice(key().public().as_bytes());
    id.into()
}

fn key() -> SigningKey {
    SigningKey::from_seed(&SEED)
}

/// Signed by the group itself.
fn store(len: usize) -> Store<'static> {
    Store::new(
        group(),
        NAMESPACE,
        vec![7; len],
        benches::now(),
        Duration::from_secs(3600),
    )
    .and_then(|store| store.sign(&key(), benches::now()))
    .expect("a short message and the group's key")
}

fn retrieve<'k>(account: NetworkId, signer: impl Into<Signer<'k>>) -> Retrieve {
    let retrieve = Retrieve::new(account, NAMESPACE);
    let retrieve = retrieve.sign(signer, benches::now());
    retrieve.expect("the account's key")
}

fn hashes(count: u8) -> Vec<MessageHash> {
    (0..count)
        .map(|number| MessageHash::of(&group(), NAMESPACE, &[number]))
        .collect()
}

fn delete() -> Signed<Delete> {
    let delete = Delete::new(group(), hashes(100)).and_then(|delete| delete.sign(&key()));
    delete.expect("100 messages and the group's key")
}

fn requests() -> [(&'static str, Request<'static>); 4] {
    let retrieves = vec![retrieve(group(), &key()).into(); 20];
    let batch = Batch::new(Order::Any, retrieves).expect("20 requests");
    [
        ("a store of 6 KiB", store(6 * 1024).into()),
        ("a retrieve", retrieve(group(), &key()).into()),
        ("a delete of 100 messages", delete().into()),
        ("a batch of 20 retrieves", batch.into()),
    ]
}

fn parse(c: &mut Criterion) {
    let mut group = c.benchmark_group("storage parse");
    for (name, request) in requests() {
        let (mut json, mut bt) = (String::new(), Vec::new());
        request.write_json(&mut json);
        request.write_bt(&mut bt);
        group.bench_function(format!("{name}, JSON"), |b| {
            b.iter(|| parse_json(black_box(json.as_bytes()), Network::Mainnet).is_ok());
        });
        group.bench_function(format!("primitive: {name}, a walk through the JSON"), |b| {
            b.iter(|| serde_json::from_slice::<IgnoredAny>(black_box(json.as_bytes())).is_ok());
        });
        group.bench_function(format!("{name}, bt"), |b| {
            b.iter(|| parse_bt(request.method(), black_box(&bt), Network::Mainnet).is_ok());
        });
    }
    group.finish();
}

fn write(c: &mut Criterion) {
    let mut group = c.benchmark_group("storage write");
    for (name, request) in requests() {
        group.bench_function(format!("{name}, JSON"), |b| {
            b.iter(|| {
                let mut json = String::new();
                black_box(&request).write_json(&mut json);
                json
            });
        });
        group.bench_function(format!("{name}, bt"), |b| {
            b.iter(|| {
                let mut bt = Vec::new();
                black_box(&request).write_bt(&mut bt);
                bt
            });
        });
    }
    let data = vec![7; 6 * 1024];
    group.bench_function("primitive: 6 KiB to base64", |b| {
        b.iter(|| base64::encode(black_box(&data)));
    });
    group.finish();
}

fn raw_signature(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, payload: &[u8]) {
    let key = RawKey::from_bytes(&SEED);
    group.bench_function(format!("primitive: {name}, Ed25519"), |b| {
        b.iter(|| key.sign(black_box(payload)));
    });
}

/// As often as there are signatures: decode the key, verify.
fn raw_verifications(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    signed: &[([u8; 32], &[u8], [u8; 64])],
) {
    group.bench_function(format!("primitive: {name}, Ed25519"), |b| {
        b.iter(|| {
            for (key, payload, signature) in black_box(signed) {
                let key = VerifyingKey::from_bytes(key).expect("a key");
                let signature = Signature::from_bytes(signature);
                assert!(key.verify_strict(payload, &signature).is_ok());
            }
        });
    });
}

fn sign(c: &mut Criterion) {
    let mut group = c.benchmark_group("storage sign");
    let (key, now) = (key(), benches::now());
    let unsigned = store(6 * 1024);
    let name = "a store of 6 KiB";
    group.bench_function(name, |b| {
        let clone = || unsigned.clone();
        let sign = |store: Store<'static>| store.sign(&key, now);
        b.iter_batched(clone, sign, criterion::BatchSize::SmallInput);
    });
    let payload = unsigned.payload().expect("signed");
    raw_signature(&mut group, name, &payload);
    let unsigned = delete().into_request();
    let name = "a delete of 100 messages";
    group.bench_function(name, |b| {
        let clone = || unsigned.clone();
        let sign = |delete: Delete| delete.sign(&key);
        b.iter_batched(clone, sign, criterion::BatchSize::SmallInput);
    });
    raw_signature(&mut group, name, &unsigned.payload());
    group.finish();
}

fn verify(c: &mut Criterion) {
    let mut group = c.benchmark_group("storage verify");
    let context = Context::new(benches::now(), true);
    let public = *key().public().as_bytes();

    let request = store(6 * 1024);
    let name = "a store of 6 KiB";
    group.bench_function(name, |b| {
        let clone = || request.clone();
        let check = |store: Store<'static>| assert!(store.authorize(&context, |_| false).is_ok());
        b.iter_batched(clone, check, criterion::BatchSize::SmallInput);
    });
    let payload = request.payload().expect("signed");
    let signature = *request.signed.expect("signed").auth.signature.as_bytes();
    raw_verifications(&mut group, name, &[(public, &payload, signature)]);

    let request = delete();
    let name = "a delete of 100 messages";
    group.bench_function(name, |b| {
        let clone = || request.clone();
        let check = |delete: Signed<Delete>| {
            assert!(delete.authorize(&context, |_| false).is_ok());
        };
        b.iter_batched(clone, check, criterion::BatchSize::SmallInput);
    });
    let (payload, signature) = (request.payload(), *request.auth().signature.as_bytes());
    raw_verifications(&mut group, name, &[(public, &payload, signature)]);

    let person = benches::account(1);
    let id = person.id().into();
    let by_person = retrieve(id, person.expose_signing_key());
    group.bench_function("a retrieve of a person, whose key is converted", |b| {
        b.iter(|| assert!(by_person.authorize(&context, |_| false).is_ok()));
    });
    group.bench_function("primitive: decode a key and convert it", |b| {
        let key = *person.expose_signing_key().public().as_bytes();
        b.iter(|| VerifyingKey::from_bytes(black_box(&key)).map(|key| key.to_montgomery()));
    });

    let member = SigningKey::from_seed(&[2; 32]);
    let access = Access::READ | Access::WRITE;
    let subaccount = Subaccount::issue(&key(), Prefix::Group, access, member.public());
    let signer = SubaccountKey::new(member.clone(), key().public(), subaccount);
    let by_member = retrieve(self::group(), &signer.expect("the token's key"));
    let name = "a retrieve of a subaccount";
    group.bench_function(name, |b| {
        b.iter(|| assert!(by_member.authorize(&context, |_| false).is_ok()));
    });
    let payload = by_member.payload().expect("signed");
    let signature = by_member.signed.expect("signed").auth.signature;
    let signed: [([u8; 32], &[u8], [u8; 64]); 2] = [
        (
            public,
            subaccount.token.as_bytes(),
            *subaccount.signature.as_bytes(),
        ),
        (*member.public().as_bytes(), &payload, *signature.as_bytes()),
    ];
    raw_verifications(&mut group, name, &signed);
    group.finish();
}

fn hash(c: &mut Criterion) {
    let mut group = c.benchmark_group("storage hash");
    let (account, data) = (self::group(), vec![7; 6 * 1024]);
    group.bench_function("a message of 6 KiB", |b| {
        b.iter(|| MessageHash::of(black_box(&account), NAMESPACE, black_box(&data)));
    });
    group.bench_function("primitive: a message of 6 KiB, BLAKE2b", |b| {
        b.iter(|| {
            Blake2b::<U32>::new()
                .chain_update(account.as_bytes())
                .chain_update(b"2")
                .chain_update(black_box(&data))
                .finalize()
        });
    });
    group.finish();
}

fn swarm_replies(c: &mut Criterion) {
    let mut group = c.benchmark_group("storage swarm reply");
    let store = store(6 * 1024);
    let stored = Stored {
        hash: store.hash(),
        expiry: store.expiry,
        already: false,
    };
    let payload = stored.hash.as_str().as_bytes();
    swarm_reply(&mut group, "to a store", &store, &stored, payload);
    let delete = delete().into_request();
    let deleted = Deleted(Touched::of_hashes(hashes(100)));
    let account = self::group().to_hex();
    let requested = delete.messages.iter().map(MessageHash::as_str);
    let hashes = deleted.0.hashes();
    let texts = requested.chain(hashes.iter().map(MessageHash::as_str));
    let payload: String = core::iter::once(account.as_str()).chain(texts).collect();
    let name = "to a delete of 100 messages";
    swarm_reply(&mut group, name, &delete, &deleted, payload.as_bytes());
    group.finish();
}

/// What seven members have done, written by one of them, read and verified by the client.
fn swarm_reply<R>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    request: &R,
    done: &R::Done,
    payload: &[u8],
) where
    R: Recursive<Done: Clone>,
{
    let state = NodeState::new(benches::now(), [21, 0]);
    let keys: Vec<_> = (1..=7)
        .map(|byte| SigningKey::from_seed(&[byte; 32]))
        .collect();
    let members: Vec<_> = keys.iter().map(|key| *key.public().as_bytes()).collect();
    let items: Vec<_> = keys
        .iter()
        .map(|key| request.confirm(done.clone(), Network::Mainnet, key))
        .collect();
    let signatures = items.iter().map(|item| *item.signature.as_bytes());
    let signed: Vec<_> = members
        .iter()
        .zip(signatures)
        .map(|(member, signature)| (*member, payload, signature))
        .collect();
    let items: Vec<_> = items.into_iter().map(Ok).collect();
    for (form, form_name) in [(Form::Json, "JSON"), (Form::Bt, "bt")] {
        let mut collector = Collector::new(request, form);
        for (member, item) in members.iter().zip(&items) {
            collector.add_own(*member, item, benches::now());
        }
        let body = collector.finish(&state).1.into_bytes();
        group.bench_function(format!("{name}, 7 members, {form_name}"), |b| {
            b.iter(|| {
                let reply = request.read_reply(black_box(&body), &members);
                assert_eq!(reply.expect("as written").done().count(), members.len());
            });
        });
    }
    raw_verifications(group, &format!("{name}, 7 members"), &signed);
}

fn retrieve_replies(c: &mut Criterion) {
    let mut group = c.benchmark_group("storage retrieve reply");
    let state = NodeState::new(benches::now(), [21, 0]);
    let data = vec![7; 2 * 1024];
    let messages: Vec<_> = hashes(100)
        .into_iter()
        .map(|hash| Message::new(hash, benches::now(), benches::now(), &*data))
        .collect();
    for (form, name) in [(Form::Json, "JSON"), (Form::Bt, "bt")] {
        group.bench_function(format!("write 100 messages of 2 KiB, {name}"), |b| {
            b.iter(|| RetrieveReply::write(form, black_box(&messages), false, &state));
        });
        let body = RetrieveReply::write(form, &messages, false, &state).into_bytes();
        group.bench_function(format!("read 100 messages of 2 KiB, {name}"), |b| {
            b.iter(|| RetrieveReply::parse(black_box(&body)));
        });
    }
    let text = base64::encode(&data);
    group.bench_function("primitive: 100 times 2 KiB to base64", |b| {
        b.iter(|| {
            let mut out = String::with_capacity(100 * text.len());
            for _ in 0..100 {
                base64::encode_append(black_box(&data), &mut out);
            }
            out
        });
    });
    group.bench_function("primitive: 100 times 2 KiB from base64", |b| {
        b.iter(|| (0..100).all(|_| base64::decode("data", black_box(&text)).is_ok()));
    });
    group.finish();
}

fn main() {
    benches::run(&[
        parse,
        write,
        sign,
        verify,
        hash,
        swarm_replies,
        retrieve_replies,
    ]);
}

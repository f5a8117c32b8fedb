//! What clients and nodes read: bt-encoding, requests, replies.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use session_bt::{DictReader, Value};
use session_core::Network;
use session_crypto::ed25519::SigningKey;
use session_storage::{
    Context, Namespace, NodeState, Request, Retrieve, Store, StoreItem, StoreReply, parse_json,
    write_store_reply,
};

fn bytes(input: &[u8]) -> Throughput {
    Throughput::Bytes(u64::try_from(input.len()).expect("small"))
}

fn bt(c: &mut Criterion) {
    let mut group = c.benchmark_group("bt");
    let mut dict = Vec::new();
    message(Namespace::DIRECT).write_bt(&mut dict);
    group.throughput(bytes(&dict));
    group.bench_function("read two fields of a store of 6 KiB", |b| {
        b.iter(|| {
            let mut reader = DictReader::new(black_box(&dict))?;
            let data = reader.bytes("data")?.len();
            let timestamp = reader.int::<u64>("timestamp")?;
            reader.finish().map(|()| (data, timestamp))
        });
    });
    let mut entries: Vec<_> = (0..1000u32).map(u32::to_be_bytes).collect();
    entries.sort_unstable();
    let tree = Value::Dict(
        entries
            .iter()
            .map(|key| (key.as_slice(), Value::List(vec![Value::Bytes(key); 2])))
            .collect(),
    );
    let mut encoded = Vec::new();
    tree.encode(&mut encoded).expect("sorted");
    group.throughput(bytes(&encoded));
    group.bench_function("decode a dict of 1000 lists", |b| {
        b.iter(|| Value::decode(black_box(&encoded)));
    });
    group.finish();
}

/// 6 KiB to store, from the account itself.
fn message(namespace: Namespace) -> Store<'static> {
    let account = benches::account(1);
    let ttl = Duration::from_secs(14 * 24 * 3600);
    Store::new(
        account.id().into(),
        namespace,
        vec![7; 6 * 1024],
        benches::now(),
        ttl,
    )
    .and_then(|store| store.sign(account.expose_signing_key(), benches::now()))
    .expect("a short message and the account's key")
}

fn storage(c: &mut Criterion) {
    let mut group = c.benchmark_group("storage");
    let context = Context::new(benches::now(), true);
    let mut authorize = |name: &str, json: &str| {
        group.bench_function(name, |b| {
            b.iter(|| {
                match parse_json(black_box(json.as_bytes()), Network::Mainnet).expect("as written")
                {
                    Request::Store(store) => store.authorize(&context).map(drop),
                    Request::Retrieve(retrieve) => retrieve.authorize(&context).map(drop),
                    _ => Ok(()),
                }
                .expect("as signed");
            });
        });
    };
    let mut json = String::new();
    let mut unsigned = message(Namespace::DIRECT);
    unsigned.signed = None;
    unsigned.write_json(&mut json);
    authorize("parse and authorize a store of 6 KiB, unsigned", &json);
    json.clear();
    message(Namespace::new(2)).write_json(&mut json);
    authorize("parse and authorize a store of 6 KiB, signed", &json);
    json.clear();
    let account = benches::account(1);
    Retrieve::new(account.id().into(), Namespace::DIRECT)
        .sign(account.expose_signing_key(), benches::now())
        .expect("the account's key")
        .write_json(&mut json);
    authorize("parse and authorize a retrieve", &json);

    let keys: Vec<_> = (1..=7)
        .map(|byte| SigningKey::from_seed(&[byte; 32]))
        .collect();
    let members: Vec<_> = keys.iter().map(|key| *key.public().as_bytes()).collect();
    let hash = message(Namespace::DIRECT).hash();
    let outcomes: Vec<_> = keys
        .iter()
        .map(|key| {
            (
                *key.public().as_bytes(),
                Ok(StoreItem::sign(hash, benches::now(), false, key)),
            )
        })
        .collect();
    let mut reply = String::new();
    let state = NodeState::new(benches::now(), [21, 0]);
    write_store_reply(&mut reply, &members[0], &outcomes, &state);
    group.bench_function("verify the reply to a store, 7 members", |b| {
        b.iter(|| StoreReply::parse(black_box(reply.as_bytes()), &members, &hash));
    });
    let (text, signature) = ("x".repeat(43), keys[0].sign(&[b'x'; 43]));
    group.bench_function("primitive: decode a key and verify one signature", |b| {
        b.iter(|| {
            let key = session_crypto::ed25519::PublicKey::from_bytes(black_box(&members[0]));
            key.map(|key| key.verify(text.as_bytes(), &signature))
        });
    });
    group.finish();
}

fn main() {
    benches::run(&[bt, storage]);
}

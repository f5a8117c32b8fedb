//! bt-encoding, as nodes read it.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use session_bt::{DictReader, Value};
use session_storage::{Endpoint, Namespace, Store};

fn bytes(input: &[u8]) -> Throughput {
    Throughput::Bytes(u64::try_from(input.len()).expect("small"))
}

fn bt(c: &mut Criterion) {
    let mut group = c.benchmark_group("bt");
    let (account, hour) = (benches::account(1).id().into(), Duration::from_secs(3600));
    let data = vec![7; 6 * 1024];
    let store = Store::new(account, Namespace::DIRECT, data, benches::now(), hour);
    let mut dict = Vec::new();
    store.expect("for an hour").write_bt(&mut dict);
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

fn main() {
    benches::run(&[bt]);
}

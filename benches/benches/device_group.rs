//! What linked devices send each other, beside what the protocol asks of the ciphers.

use criterion::{BatchSize, BenchmarkId, Criterion};
use rand_chacha::ChaCha20Rng;
use session_core::UnixMillis;
use session_crypto::argon2id::LinkRequestMemory;
use session_crypto::mlkem768::decoy_ciphertext;
use session_crypto::{SymmetricKey, x25519, xchacha20poly1305};
use session_identity::Account;
use session_pfs::{
    AccountKeys, DeviceEntry, DeviceId, DeviceInfo, DeviceRecord, DeviceState, DeviceTable,
    GroupId, GroupMessage, KeyPair, KeySeed, LinkRequest, seal_group_message,
};

const GROUP: GroupId = GroupId::from_bytes(*b"a group!");
const NOW: i64 = 1_790_000_000;

struct Device {
    id: DeviceId,
    keys: KeyPair,
    record: DeviceRecord,
}

fn device(rng: &mut ChaCha20Rng) -> Device {
    let keys = KeyPair::of_device_key(&KeySeed::generate(rng));
    let info = DeviceInfo::new("A device with a name of 28 b", "i", 2_025_000);
    Device {
        id: DeviceId::generate(rng),
        record: DeviceRecord::new(&keys.public(), 1, NOW, &info).expect("numbered from 1"),
        keys,
    }
}

/// The table of some devices, and account keys of 16 days.
fn tables(devices: &[Device], rng: &mut ChaCha20Rng) -> (DeviceTable, AccountKeys) {
    let own = &devices[0];
    let mut table = DeviceTable::new(own.id, DeviceState::Registered, own.record.clone());
    for device in &devices[1..] {
        table.merge(device.id, DeviceEntry::Record(device.record.clone()), NOW);
    }
    let mut keys = AccountKeys::new();
    for rotation in 0..33 {
        let at = UnixMillis::from_secs(NOW.cast_unsigned() - (32 - rotation) * 12 * 60 * 60);
        keys.rotate(at, rng);
    }
    (table, keys)
}

/// Encapsulations and agreements for each device, decoys, the payload's cipher, a signature.
fn seal_primitives(
    account: &Account,
    devices: &[Device],
    payload: &mut [u8],
    rest: &[u8],
    rng: &mut ChaCha20Rng,
) {
    let ephemeral = x25519::SecretKey::generate(rng);
    for device in devices {
        let sealed = device.keys.mlkem().public().encapsulate(rng);
        let agreed = ephemeral.diffie_hellman(device.keys.x25519().public());
        std::hint::black_box((sealed, agreed.expect("a good key")));
    }
    for _ in devices.len()..devices.len().next_multiple_of(4) {
        std::hint::black_box(decoy_ciphertext(rng));
    }
    let key = SymmetricKey::from_bytes([7; 32]);
    let tag = xchacha20poly1305::seal_in_place(&key, &[7; 24], payload).expect("short");
    std::hint::black_box((tag, account.expose_signing_key().sign(rest)));
}

fn group_messages(c: &mut Criterion) {
    let mut group = c.benchmark_group("device-group");
    let mut rng = benches::rng();
    let account = benches::account(1);
    for count in [1, 2, 4, 8, 16] {
        let devices: Vec<_> = (0..count).map(|_| device(&mut rng)).collect();
        let (table, keys) = tables(&devices, &mut rng);
        let message = seal_group_message(&account, &GROUP, &table, &keys, &mut rng)
            .expect("a key and not too many devices");

        group.bench_function(BenchmarkId::new("seal", count), |b| {
            b.iter(|| {
                seal_group_message(&account, &GROUP, &table, &keys, &mut rng).expect("as before")
            });
        });
        // Slots come in fours; the rest is the payload but for some 400 bytes.
        let slots = devices.len().next_multiple_of(4);
        let mut payload = vec![0; message.len() - slots * (1088 + 34) - 400];
        group.bench_function(BenchmarkId::new("seal, primitives", count), |b| {
            b.iter(|| seal_primitives(&account, &devices, &mut payload, &message, &mut rng));
        });

        // Who has the first slot, and who has the last that is taken.
        let read = GroupMessage::read(&account, &message).expect("as sealed");
        let slot_of = |device: &&Device| {
            let opened = session_pfs::hazmat::open_group_payload(&read, [&device.keys]);
            opened.expect("as sealed").0
        };
        let first = devices.iter().min_by_key(slot_of).expect("some");
        let last = devices.iter().max_by_key(slot_of).expect("some");
        for (name, device) in [("open, first slot", first), ("open, last slot", last)] {
            group.bench_function(BenchmarkId::new(name, count), |b| {
                b.iter(|| {
                    let read = GroupMessage::read(&account, &message).expect("as sealed");
                    read.open([&device.keys]).expect("as sealed")
                });
            });
        }
        // No public key is checked but for the records: those are not in here.
        let signature = account.expose_signing_key().sign(&message);
        let ciphertext = [7; 1088];
        let ephemeral = *read.ephemeral();
        let key = SymmetricKey::from_bytes([7; 32]);
        let tag = xchacha20poly1305::seal_in_place(&key, &[7; 24], &mut payload).expect("short");
        group.bench_function(BenchmarkId::new("open, primitives", count), |b| {
            b.iter_batched_ref(
                || payload.clone(),
                |payload| {
                    account
                        .ed25519_key()
                        .verify(&message, &signature)
                        .expect("as signed");
                    let agreed = first.keys.x25519().diffie_hellman(&ephemeral);
                    let shared = first.keys.mlkem().decapsulate(&ciphertext);
                    xchacha20poly1305::open_in_place(&key, &[7; 24], payload, &tag)
                        .expect("as sealed");
                    (agreed, shared)
                },
                BatchSize::SmallInput,
            );
        });
        let stranger = device(&mut rng);
        group.bench_function(BenchmarkId::new("not for us", count), |b| {
            b.iter(|| read.open([&stranger.keys]).expect_err("no member"));
        });
        group.bench_function(BenchmarkId::new("decode records", count), |b| {
            b.iter(|| {
                for device in &devices {
                    std::hint::black_box(DeviceRecord::decode(device.record.as_bytes()))
                        .expect("as encoded");
                }
            });
        });
    }
    group.finish();
}

fn link_requests(c: &mut Criterion) {
    let mut group = c.benchmark_group("link-request");
    let mut rng = benches::rng();
    let account = benches::account(1);
    let device = device(&mut rng);
    let (_, keys) = tables(std::slice::from_ref(&device), &mut rng);
    let pair = keys.active().expect("rotated").pair().clone();
    let link = pair.x25519().public();

    group.bench_function("new and seal", |b| {
        b.iter(|| {
            LinkRequest::new(&account, device.id, device.record.clone())
                .and_then(|request| request.seal(&account, link, &mut rng))
                .expect("a good key")
        });
    });
    let request =
        LinkRequest::new(&account, device.id, device.record.clone()).expect("a short record");
    let message = request.seal(&account, link, &mut rng).expect("a good key");
    let key = SymmetricKey::from_bytes([7; 32]);
    let mut plaintext = vec![7; request.as_bytes().len()];
    group.bench_function("new and seal, primitives", |b| {
        b.iter(|| {
            let signature = account.expose_signing_key().sign(&plaintext);
            let ephemeral = x25519::SecretKey::generate(&mut rng);
            let own = ephemeral.diffie_hellman(account.x25519_key().public());
            let agreed = ephemeral.diffie_hellman(link);
            let tag = xchacha20poly1305::seal_in_place(&key, &[7; 24], &mut plaintext);
            (signature, own, agreed, tag)
        });
    });
    group.bench_function("open", |b| {
        b.iter(|| LinkRequest::open(&account, keys.pairs(), &message).expect("as sealed"));
    });
    let signature = account.expose_signing_key().sign(&plaintext);
    group.bench_function("open, primitives", |b| {
        b.iter(|| {
            let own = account.x25519_key().diffie_hellman(link);
            let agreed = pair.x25519().diffie_hellman(link);
            let mut opened = plaintext.clone();
            let tag = xchacha20poly1305::seal_in_place(&key, &[7; 24], &mut opened);
            account
                .ed25519_key()
                .verify(&plaintext, &signature)
                .expect("as signed");
            (own, agreed, tag)
        });
    });
    let mut memory = LinkRequestMemory::allocate().expect("16 MiB");
    group.bench_function("sas", |b| {
        b.iter(|| request.sas(&mut memory).expect("short"));
    });
    group.bench_function("sas, primitives", |b| {
        b.iter(|| {
            memory
                .derive::<16>(request.as_bytes(), &[7; 16])
                .expect("short")
        });
    });
    group.finish();
}

fn main() {
    benches::run(&[group_messages, link_requests]);
}

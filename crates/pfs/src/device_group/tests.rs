use super::outer::removed_entry;
use super::payload::{Contents, buffer};
use super::seal::{Plan, permutation};
use super::size::{padded_len, slots};
use super::slot::Slot;
use super::*;
use crate::{
    AccountKey, AccountKeys, DeviceEntry, DeviceInfo, DeviceRecord, DeviceState, DeviceTable,
    KeySeed, PublicKeys,
};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use session_bt::{DictReader, DictWriter};
use session_core::UnixMillis;
use session_crypto::mlkem768;

const NOW: i64 = 1_790_000_000;
const GROUP: GroupId = GroupId::from_bytes(*b"a group!");

fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

struct Device {
    id: DeviceId,
    keys: KeyPair,
    record: DeviceRecord,
}

fn device(rng: &mut ChaCha20Rng) -> Device {
    let keys = KeyPair::of_device_key(&KeySeed::generate(rng));
    let info = DeviceInfo::new("A device with a name of 28 b", "i", 2_025_000);
    let record = DeviceRecord::new(&keys.public(), 1, NOW, &info).unwrap();
    Device {
        id: DeviceId::generate(rng),
        keys,
        record,
    }
}

/// A group as one of its devices knows it.
struct Group {
    account: Account,
    devices: Vec<Device>,
    table: DeviceTable,
    keys: AccountKeys,
    rng: ChaCha20Rng,
}

fn group(devices: usize) -> Group {
    let mut rng = rng(7);
    let account = Account::generate(&mut rng);
    let devices: Vec<_> = (0..devices).map(|_| device(&mut rng)).collect();
    let own = &devices[0];
    let mut table = DeviceTable::new(own.id, DeviceState::Registered, own.record.clone());
    for other in &devices[1..] {
        table.merge(other.id, DeviceEntry::Record(other.record.clone()), NOW);
    }
    let mut keys = AccountKeys::new();
    keys.rotate(UnixMillis::from_secs(NOW.cast_unsigned()), &mut rng);
    Group {
        account,
        devices,
        table,
        keys,
        rng,
    }
}

impl Group {
    fn seal(&mut self) -> Vec<u8> {
        seal_group_message(
            &self.account,
            &GROUP,
            &self.table,
            &self.keys,
            &mut self.rng,
        )
        .unwrap()
    }

    /// Seals these bytes for the first device, and opens them there.
    fn pass(&mut self, payload: &[u8]) -> Result<(usize, Payload), Error> {
        let message = self.seal_bytes(payload);
        GroupMessage::read(&self.account, &message)?.open([&self.devices[0].keys])
    }

    fn seal_bytes(&mut self, payload: &[u8]) -> Vec<u8> {
        let mut copy = zeroize::Zeroizing::new(buffer(payload.len()));
        copy.extend_from_slice(payload);
        let keys = self.devices[0].keys.public();
        let link = x25519::PublicKey::from_bytes([9; 32]);
        let plan = Plan {
            account: &self.account,
            group: &GROUP,
            link: &link,
            recipients: vec![Some(&keys)],
            removed: Vec::new(),
        };
        plan.seal(copy, &mut self.rng, permutation, mlkem768::decoy_ciphertext)
            .unwrap()
    }

    fn signed(&self, message: &[u8]) -> Vec<u8> {
        signed(&self.account, message)
    }
}

/// A message with the signature that it ought to have.
fn signed(account: &Account, message: &[u8]) -> Vec<u8> {
    let body = &message[..message.len() - 71];
    let signature = account.expose_signing_key().sign(body);
    [body, b"1:~64:", signature.as_bytes(), b"e"].concat()
}

/// A message of these fields, signed.
fn message(account: &Account, fields: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut dict = DictWriter::new(&mut out);
    for (key, value) in fields {
        dict.bytes(key, value).unwrap();
    }
    dict.bytes("~", &[0; 64]).unwrap();
    dict.finish();
    signed(account, &out)
}

/// Where the value of a field lies.
fn field(message: &[u8], key: &'static str) -> core::ops::Range<usize> {
    let mut dict = DictReader::new(message).unwrap();
    let value = dict.bytes(key).unwrap();
    let end = dict.consumed().len();
    end - value.len()..end
}

#[test]
fn every_device_opens_what_one_has_sealed() {
    for count in 1..=9 {
        let mut group = group(count);
        let bytes = group.seal();
        // Spec 07 §5.2, with one account key only.
        let len = match count {
            1..=4 => 13_393,
            5..=6 => 17_881,
            7..=8 => 24_282,
            _ => 28_771,
        };
        assert_eq!(bytes.len(), len, "{count}");
        assert_eq!(bytes.capacity(), len, "one allocation");

        let message = GroupMessage::read(&group.account, &bytes).unwrap();
        assert_eq!(message.group_id(&group.account), Some(GROUP));
        let active = group.keys.active().unwrap();
        assert_eq!(message.link_x25519(), Some(active.pair().x25519().public()));
        let other = device(&mut group.rng).keys;
        let mut slots = Vec::new();
        for device in &group.devices {
            let unsealed = message.unseal([&device.keys]).unwrap();
            slots.push(unsealed.slot);
            // The second of the keys that the device holds.
            let (key, payload) = message.open([&other, &device.keys]).unwrap();
            assert_eq!(key, 1);
            assert_eq!(payload.keys, [active.key().clone()]);
            let mut expected: Vec<_> = group
                .devices
                .iter()
                .map(|device| (device.id, DeviceEntry::Record(device.record.clone())))
                .collect();
            expected.sort_by_key(|(id, _)| *id);
            assert_eq!(payload.devices, expected);
        }
        slots.sort_unstable();
        slots.dedup();
        assert_eq!(slots.len(), count, "a slot each");
    }
}

#[test]
fn two_messages_have_nothing_in_common() {
    let mut group = group(1);
    let (first, second) = (group.seal(), group.seal());
    for key in ["@", "A", "C", "K", "d", "~"] {
        assert_ne!(first[field(&first, key)], second[field(&second, key)]);
    }
}

#[test]
fn who_is_no_member_learns_nothing() {
    let mut group = group(2);
    let bytes = group.seal();
    let message = GroupMessage::read(&group.account, &bytes).unwrap();
    let refused = Error::NotForUs { what: NAME };
    let other = device(&mut group.rng).keys;
    assert_eq!(message.open([&other]), Err(refused));
    assert_eq!(message.open([]), Err(refused));
    // So many keys are not held.
    let mut keys = vec![&other; 31];
    keys.push(&group.devices[0].keys);
    assert_eq!(message.open(keys.iter().copied()).unwrap().0, 31);
    keys.insert(0, &other);
    assert_eq!(message.open(keys), Err(refused));

    let account = Account::generate(&mut group.rng);
    assert_ne!(message.group_id(&account), Some(GROUP));
    assert_eq!(
        GroupMessage::read(&account, &bytes).map(drop),
        Err(Error::Signature { what: NAME })
    );
    let shown = format!("{message:?}");
    assert!(shown.starts_with("GroupMessage { ephemeral: x25519::PublicKey("));
    assert!(shown.ends_with("slots: 4, .. }"), "{shown}");
}

#[test]
fn a_removed_device_finds_itself_named() {
    let mut group = group(4);
    let [removed, left] = [1, 2].map(|at| group.devices[at].id);
    group.table.merge(removed, DeviceEntry::Removed(NOW), NOW);
    group.table.merge(left, DeviceEntry::Left(NOW - 5), NOW);
    let bytes = group.seal();
    assert_eq!(bytes.len(), 13_463);
    let message = GroupMessage::read(&group.account, &bytes).unwrap();
    assert!(message.names_removed(&group.account, &removed));
    for at in [0, 2, 3] {
        assert!(!message.names_removed(&group.account, &group.devices[at].id));
    }
    let other = Account::generate(&mut group.rng);
    assert!(!message.names_removed(&other, &removed));
    // Neither can open it any more, and the members know.
    for at in [1, 2] {
        assert!(message.open([&group.devices[at].keys]).is_err());
    }
    let (_, payload) = message.open([&group.devices[3].keys]).unwrap();
    let entry = |id| payload.devices.iter().find(|(of, _)| *of == id).unwrap();
    assert_eq!(entry(removed).1, DeviceEntry::Removed(NOW));
    assert_eq!(entry(left).1, DeviceEntry::Left(NOW - 5));

    // The list cut off in the middle names nobody, and opens nevertheless.
    let at = field(&bytes, "k").start;
    let mut ragged = bytes.clone();
    ragged.remove(at);
    ragged[at - 2] = b'3';
    let ragged = group.signed(&ragged);
    let message = GroupMessage::read(&group.account, &ragged).unwrap();
    assert!(!message.names_removed(&group.account, &removed));
    assert!(message.open([&group.devices[3].keys]).is_ok());
}

/// All values of [`super::outer::removed_entry`] are in places that chance has chosen.
#[test]
fn removed_devices_are_named_in_any_of_the_places() {
    let mut group = group(1);
    let id = DeviceId::from_bytes([9; 32]);
    group.table.merge(id, DeviceEntry::Removed(NOW), NOW);
    let mut seen = [0; 4];
    for _ in 0..40 {
        let bytes = group.seal();
        let message = GroupMessage::read(&group.account, &bytes).unwrap();
        let entry = removed_entry(&group.account, message.ephemeral(), &id);
        let places = bytes[field(&bytes, "k")].chunks(16).collect::<Vec<_>>();
        assert_eq!(places.len(), 4);
        seen[places.iter().position(|place| *place == entry).unwrap()] += 1;
    }
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
}

#[test]
fn unusable_keys_do_not_stop_the_others() {
    let mut group = group(3);
    // A record whose ML-KEM key is beyond the modulus, as only a broken device would write it.
    let encoded = group.devices[1].record.as_bytes();
    let at = field(encoded, "M");
    let mut encoded = encoded.to_vec();
    encoded[at].fill(0xff);
    let record = DeviceRecord::decode(&encoded).unwrap();
    assert_eq!(record.keys(), None);
    let id = group.devices[1].id;
    let payload = Payload::new(
        vec![(id, DeviceEntry::Record(record.clone()))],
        vec![group.keys.active().unwrap().key().clone()],
    );
    let contents = Contents::of_payload(&payload);
    assert_eq!(contents.recipients(), [None]);
    let good = group.devices[0].keys.public();
    let plan = Plan {
        account: &group.account,
        group: &GROUP,
        link: good.x25519(),
        recipients: vec![None, Some(&good)],
        removed: Vec::new(),
    };
    let mut decoys = 0;
    let bytes = plan
        .seal(
            contents.encode().unwrap(),
            &mut group.rng,
            |_, len| (0..len).collect(),
            |rng| {
                decoys += 1;
                mlkem768::decoy_ciphertext(rng)
            },
        )
        .unwrap();
    assert_eq!(decoys, 3);
    let message = GroupMessage::read(&group.account, &bytes).unwrap();
    let unsealed = message.unseal([&group.devices[0].keys]).unwrap();
    assert_eq!(unsealed.slot, 1);
    // Whoever merges it decides what to do with the record.
    assert_eq!(Payload::parse(&unsealed.payload), Ok(payload));
}

/// A slot with the right hint and a wrong key must not keep the device from finding its own.
#[test]
fn a_false_hint_is_passed_over() {
    let mut group = group(1);
    let keys = group.devices[0].keys.clone();
    loop {
        let bytes = group.seal();
        let message = GroupMessage::read(&group.account, &bytes).unwrap();
        let slot = message.unseal([&keys]).unwrap().slot;
        if slot == 0 {
            continue;
        }
        let forged = Slot {
            ephemeral: message.ephemeral(),
            ciphertext: &message.ciphertexts[0],
            x25519: keys.x25519().public(),
            mlkem: keys.mlkem().public(),
        };
        let mut entry = [0; 34];
        entry[..2].copy_from_slice(&forged.index(&[0; 32]));
        let at = field(&bytes, "K").start;
        let mut changed = bytes.clone();
        changed[at..at + 34].copy_from_slice(&entry);
        let changed = group.signed(&changed);
        let message = GroupMessage::read(&group.account, &changed).unwrap();
        assert_eq!(message.unseal([&keys]).unwrap().slot, slot);
        break;
    }
}

#[test]
fn what_is_changed_and_signed_again_does_not_open() {
    let mut group = group(4);
    let bytes = group.seal();
    let keys = group.devices[0].keys.clone();
    let message = GroupMessage::read(&group.account, &bytes).unwrap();
    let slot = message.unseal([&keys]).unwrap().slot;
    let (c, k) = (field(&bytes, "C").start, field(&bytes, "K").start);
    for at in [
        field(&bytes, "A").start,
        c + slot * 1088 + 500,
        c + (slot + 1) % 4 * 1088,
        k + slot * 34,
        k + slot * 34 + 20,
        field(&bytes, "d").start,
        field(&bytes, "d").end - 1,
    ] {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let changed = group.signed(&changed);
        let message = GroupMessage::read(&group.account, &changed).unwrap();
        assert_eq!(
            message.open([&keys]),
            Err(Error::NotForUs { what: NAME }),
            "at {at}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_byte_can_be_changed(at: proptest::sample::Index, with in 1..=u8::MAX) {
        let mut group = group(1);
        let mut bytes = group.seal();
        let at = at.index(bytes.len());
        bytes[at] ^= with;
        let error = GroupMessage::read(&group.account, &bytes).map(drop).unwrap_err();
        let expected = [
            Error::Signature { what: NAME },
            MALFORMED,
            Error::Version { what: NAME },
        ];
        prop_assert!(expected.contains(&error), "{error} at {at}");
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>, cut: proptest::sample::Index) {
        let mut group = group(1);
        let _ = MessageKind::of(&bytes);
        prop_assert!(GroupMessage::read(&group.account, &bytes).is_err());
        let sealed = group.seal();
        let sealed = &sealed[..cut.index(sealed.len())];
        prop_assert!(GroupMessage::read(&group.account, sealed).is_err());
    }

    #[test]
    fn payloads_read_as_they_were_written(
        times in proptest::collection::vec((any::<[u8; 32]>(), any::<bool>(), 1..i64::MAX), 0..40),
        keys in proptest::collection::vec((any::<[u8; 32]>(), any::<i64>(), any::<Option<i64>>()), 0..9),
        padding in 0..100_usize,
    ) {
        let devices: BTreeMap<_, _> = times.into_iter().map(|(id, left, at)| {
            let entry = if left { DeviceEntry::Left(at) } else { DeviceEntry::Removed(at) };
            (DeviceId::from_bytes(id), entry)
        }).collect();
        let keys = keys.into_iter().map(|(seed, created, rotated)| {
            AccountKey::new(KeySeed::from_bytes(seed), created, rotated)
        });
        let payload = Payload::new(devices.into_iter().collect(), keys.collect());
        let written = Contents::of_payload(&payload).encode().unwrap();
        // One allocation, long enough for all that follows.
        prop_assert_eq!(written.capacity(), padded_len(written.len()) + 16);
        let mut padded = written.to_vec();
        padded.resize(written.len() + padding, 0);
        prop_assert_eq!(Payload::parse(&padded), Ok(payload));
    }
}

#[test]
fn payloads_are_strict() {
    let id = [7; 32];
    let payload = |device: &[u8], id: &[u8]| {
        let mut out = Vec::new();
        let mut dict = DictWriter::new(&mut out);
        dict.dict("D").unwrap().raw_bytes(id, device).unwrap();
        dict.list("K").unwrap().finish();
        dict.finish();
        out
    };
    let entry = |device: &[u8]| Payload::parse(&payload(device, &id)).map(|all| all.devices);
    let id = DeviceId::from_bytes(id);
    assert_eq!(entry(b"i1e"), Ok(vec![(id, DeviceEntry::Removed(1))]));
    assert_eq!(entry(b"i-9e"), Ok(vec![(id, DeviceEntry::Left(9))]));
    let most = DeviceEntry::Left(i64::MAX);
    assert_eq!(entry(b"i-9223372036854775807e"), Ok(vec![(id, most)]));
    for device in [
        &b"i0e"[..],
        b"i-0e",
        b"i-9223372036854775808e",
        b"i9223372036854775808e",
        b"2:i1",
        b"le",
        b"de",
    ] {
        assert_eq!(
            entry(device).map_err(|error| matches!(error, Error::Malformed { .. })),
            Err(true),
            "{device:?}"
        );
    }
    for id in [&[7; 31][..], &[7; 33]] {
        assert!(Payload::parse(&payload(b"i1e", id)).is_err());
    }

    let (seed, d) = ("s".repeat(32), "1:Dde");
    let parse = |text: &str| Payload::parse(text.as_bytes());
    let keys = |text: &str| parse(text).map(|payload| payload.keys);
    let key = AccountKey::new(KeySeed::from_bytes([b's'; 32]), -3, Some(4));
    let text = format!("d{d}1:Kld1:ci-3e1:ri4e1:s32:{seed}eee");
    assert_eq!(keys(&text), Ok(vec![key.clone()]));
    // What is unknown is skipped, and what follows is not looked at.
    let text = format!("d1:Ale{d}1:J1:x1:Kld1:ci-3e1:di0e1:ri4e1:s32:{seed}1:tleee\0broken");
    assert_eq!(keys(&text), Ok(vec![key]));
    for text in [
        "",
        "de",
        "d1:Kle",
        "d1:Kle1:Ddee",
        "d1:Dlee",
        &format!("d{d}e"),
        &format!("d{d}1:Kdee"),
        &format!("d{d}1:Kli1eee"),
        &format!("d{d}1:Kld1:s32:{seed}eee"),
        &format!("d{d}1:Kld1:ci1eeee"),
        &format!("d{d}1:Kld1:c1:11:s32:{seed}eee"),
        &format!("d{d}1:Kld1:ci1e1:r1:21:s32:{seed}eee"),
        &format!("d{d}1:Kld1:ci1e1:s33:{seed}xeee"),
        &format!("d{d}1:Kld1:s32:{seed}1:ci1eeee"),
        &format!("d{d}1:Kld1:ci1e1:s32:{seed}e"),
    ] {
        assert_eq!(
            parse(text).map_err(|error| matches!(error, Error::Malformed { .. })),
            Err(true),
            "{text}"
        );
    }
    // Twice the same device, or not in order.
    for (first, second) in [(7, 7), (7, 6)] {
        let (a, b) = ([first; 32], [second; 32]);
        let text = [b"d1:Dd32:", &a[..], b"i1e32:", &b, b"i1ee1:Klee"].concat();
        assert!(Payload::parse(&text).is_err());
    }
}

#[test]
fn what_is_inside_is_refused_as_malformed() {
    let mut group = group(1);
    assert_eq!(group.pass(b"d1:Dde1:Klee").map(|(key, _)| key), Ok(0));
    for payload in [&b""[..], b"d1:Ddee", b"1:x"] {
        let refused = group.pass(payload).unwrap_err();
        assert!(matches!(refused, Error::Malformed { .. }), "{refused}");
    }
}

/// The oldest departures are left out where they would make the message longer.
#[test]
fn only_as_many_departures_as_fit() {
    let mut group = group(2);
    let without = group.seal().len();
    for at in 0..200_u8 {
        let mut id = [0; 32];
        group.rng.fill_bytes(&mut id);
        let time = NOW - i64::from(at);
        let entry = match at % 2 {
            0 => DeviceEntry::Left(time),
            _ => DeviceEntry::Removed(time),
        };
        group.table.merge(DeviceId::from_bytes(id), entry, NOW);
    }
    let bytes = group.seal();
    let message = GroupMessage::read(&group.account, &bytes).unwrap();
    let unsealed = message.unseal([&group.devices[1].keys]).unwrap();
    let payload = Payload::parse(&unsealed.payload).unwrap();
    let mut times: Vec<_> = payload
        .devices
        .iter()
        .filter_map(|(_, entry)| match entry {
            DeviceEntry::Left(at) | DeviceEntry::Removed(at) => Some(NOW - at),
            _ => None,
        })
        .collect();
    times.sort_unstable();
    let kept = i64::try_from(times.len()).unwrap();
    assert_eq!(times, (0..kept).collect::<Vec<_>>(), "the latest");
    // 35 for the id, and 12 or 13 for the time.
    assert!(unsealed.payload.len() <= 8_700);
    assert!(unsealed.payload.len() + 35 + 13 > 8_700);
    let removed = slots(times.len() / 2) * 16;
    assert_eq!(
        bytes.len(),
        without + 3 + format!("{removed}").len() + 1 + removed
    );
    assert_eq!(group.table.rows().count(), 202, "the table forgets nobody");
}

#[test]
fn refused_before_anything_is_done() {
    let mut few = group(1);
    let empty = AccountKeys::new();
    let refused = seal_group_message(&few.account, &GROUP, &few.table, &empty, &mut few.rng);
    assert_eq!(refused, Err(Error::NoActiveKey));

    let mut most = 0;
    let table = {
        let mut table = few.table.clone();
        let record = &few.devices[0].record;
        for at in 2..60 {
            let entry = DeviceEntry::Record(record.clone());
            table.merge(DeviceId::from_bytes([at; 32]), entry, NOW);
            let mut rng = rng(at);
            match seal_group_message(&few.account, &GROUP, &table, &few.keys, &mut rng) {
                Ok(message) => {
                    most = usize::from(at);
                    assert!(GroupMessage::read(&few.account, &message).is_ok());
                }
                Err(error) => {
                    assert!(matches!(
                        error,
                        Error::Length { what: NAME, expected: 76_800, got } if got > 76_800
                    ));
                    // Nothing was drawn.
                    assert_eq!(rng.next_u64(), self::rng(at).next_u64());
                    break;
                }
            }
        }
        table
    };
    assert_eq!(most, 28);
    assert_eq!(table.rows().count(), most + 1);
}

#[test]
fn messages_are_strict() {
    let group = group(1);
    let account = &group.account;
    let read = |bytes: &[u8]| GroupMessage::read(account, bytes).map(drop);
    let zeros = [0; 2 * 1088];
    let full: [(&str, &[u8]); 8] = [
        ("", b"G"),
        ("@", &zeros[..8]),
        ("A", &zeros[..32]),
        ("C", &zeros[..1088]),
        ("K", &zeros[..34]),
        ("X", &zeros[..32]),
        ("d", &zeros[..17]),
        ("k", &zeros[..16]),
    ];
    let with = |key: &str, value: &[u8]| {
        let fields = full.map(|(k, v)| if k == key { (k, value) } else { (k, v) });
        read(&message(account, &fields))
    };
    let without = |keys: &[&str]| {
        let fields = full.into_iter().filter(|(key, _)| !keys.contains(key));
        read(&message(account, &fields.collect::<Vec<_>>()))
    };
    assert_eq!(without(&[]), Ok(()));
    assert_eq!(with("", b"L"), Err(Error::Version { what: NAME }));
    assert_eq!(with("", b""), Err(Error::Version { what: NAME }));
    for key in ["", "A", "C", "K", "X", "d"] {
        assert_eq!(without(&[key]), Err(MALFORMED), "{key}");
    }
    assert_eq!(without(&["k"]), Ok(()));
    assert_eq!(without(&["@", "X"]), Ok(()), "as the oldest devices write");
    for (key, lengths) in [
        ("@", &[0, 7, 9][..]),
        ("A", &[0, 31, 33]),
        ("C", &[0, 1087, 1089, 2176]),
        ("K", &[0, 33, 35, 68]),
        ("X", &[0, 31, 33]),
        ("d", &[0, 16]),
    ] {
        for len in lengths {
            assert_eq!(with(key, &zeros[..*len]), Err(MALFORMED), "{key} {len}");
        }
    }
    assert_eq!(with("k", &zeros[..17]), Ok(()));
    // No slots: for nobody.
    let none = full.map(|(k, v)| {
        if "CK".contains(k) && !k.is_empty() {
            (k, &zeros[..0])
        } else {
            (k, v)
        }
    });
    let none = message(account, &none);
    let none = GroupMessage::read(account, &none).unwrap();
    let keys = [&group.devices[0].keys];
    assert_eq!(none.open(keys), Err(Error::NotForUs { what: NAME }));

    let good = message(account, &full);
    for more in [&b"\0"[..], b"e", b"de"] {
        assert_eq!(read(&[&good, more].concat()), Err(MALFORMED));
    }
    let (open, _) = good.split_at(good.len() - 1);
    assert_eq!(read(&[open, b"2:~x0:e"].concat()), Err(MALFORMED));
    // Unknown fields are signed too.
    let mut longer = full.to_vec();
    longer.insert(3, ("B", b"unknown"));
    longer.push(("z", b"unknown"));
    assert_eq!(read(&message(account, &longer)), Ok(()));
    let short = [&open[..open.len() - 67], b"63:", &zeros[..63], b"e"].concat();
    assert_eq!(read(&short), Err(MALFORMED));
    let too_long = vec![b'd'; 76_801];
    let refused = Error::Length {
        what: NAME,
        expected: 76_800,
        got: 76_801,
    };
    assert_eq!(read(&too_long), Err(refused));
}

#[test]
fn kinds_are_told_by_the_first_field() {
    for (bytes, kind) in [
        (&b"d0:1:Ge"[..], MessageKind::Group),
        (b"d0:1:G", MessageKind::Group),
        (b"d0:1:Le", MessageKind::LinkRequest),
        (b"d0:1:He", MessageKind::Unknown),
        (b"d0:2:GGe", MessageKind::Unknown),
        (b"d0:i1ee", MessageKind::Unknown),
        (b"d1:A0:e", MessageKind::Unknown),
        (b"de", MessageKind::Unknown),
        (b"0:", MessageKind::Unknown),
        (b"", MessageKind::Unknown),
    ] {
        assert_eq!(MessageKind::of(bytes), kind, "{bytes:?}");
    }
}

/// Each of the 24 orders of four slots, 1,000 times of 24,000. The bounds are beyond six standard
/// deviations.
#[test]
fn slots_are_in_any_order() {
    let mut rng = rng(3);
    let mut seen: BTreeMap<Vec<usize>, u32> = BTreeMap::new();
    for _ in 0..24_000 {
        *seen.entry(permutation(&mut rng, 4)).or_default() += 1;
    }
    assert_eq!(seen.len(), 24);
    assert!(seen.values().all(|count| (800..1_200).contains(count)));
    assert!(permutation(&mut rng, 0).is_empty());
    let mut all = permutation(&mut rng, 68);
    all.sort_unstable();
    assert_eq!(all, (0..68).collect::<Vec<_>>());
}

#[test]
fn slots_that_do_not_exist_are_a_fault() {
    let group = group(1);
    let keys: PublicKeys = group.devices[0].keys.public();
    let plan = Plan {
        account: &group.account,
        group: &GROUP,
        link: keys.x25519(),
        recipients: vec![Some(&keys)],
        removed: Vec::new(),
    };
    let refused = plan.seal(
        zeroize::Zeroizing::new(buffer(0)),
        &mut rng(1),
        |_, len| vec![len],
        mlkem768::decoy_ciphertext,
    );
    assert!(matches!(refused, Err(Error::Internal(_))));
}

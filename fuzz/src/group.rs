//! Messages of groups, and for several recipients.

use std::sync::LazyLock;

use rand_chacha::ChaCha20Rng;
use session_core::{AccountId, Prefix, UnixMillis};
use session_crypto::rand_core::SeedableRng;
use session_crypto::{SymmetricKey, ed25519, x25519};
use session_envelope::hazmat::{GroupData, ProSignature, encrypt_group_with, group_envelope};
use session_envelope::multi::{self, Domain};
use session_envelope::{Content, Error, GroupOpener, KickNotice, group, xchacha20};

use crate::bytes::Bytes;
use crate::network::ACCOUNTS;

const GROUP: AccountId = AccountId::new(Prefix::Group, [3; 32]);

const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

static KEYS: LazyLock<[SymmetricKey; 2]> =
    LazyLock::new(|| [2, 1].map(|byte| SymmetricKey::from_bytes([byte; 32])));

/// A message that was compressed.
static HELLO: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let [_, key] = &*KEYS;
    group::encrypt(&ACCOUNTS[0], &GROUP, key, &[b'a'; 300], 0, &mut rng()).expect("short")
});

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([9; 32])
}

/// Messages of a group, broken at each layer in turn: the harness signs and encrypts the fuzzer's
/// bytes.
pub fn group_open(data: &[u8]) {
    let mut bytes = Bytes(data);
    let choices = bytes.byte();
    let [from, me, _] = &*ACCOUNTS;
    let [_, key] = &*KEYS;
    let mut opener = GroupOpener::new(&GROUP, &*KEYS).expect("a group");
    let encrypt = |data: &[u8]| {
        let padding = u16::from(choices >> 4);
        group::encrypt(from, &GROUP, key, data, padding, &mut rng())
    };
    let encrypt_with = |data| {
        let padding = u16::from(choices >> 4);
        encrypt_group_with(from, &GROUP, key, data, padding, &[5; 24]).expect("a group")
    };
    let encrypt_raw =
        |dict: &[u8]| xchacha20::encrypt(key, dict, &mut rng()).expect("not 60 GiB long");

    // Whatever follows, the buffers have been used before.
    let hello = opener.decrypt(&HELLO).expect("as sent");
    assert_eq!(hello.plaintext, [b'a'; 300]);

    match choices % 6 {
        // A content.
        0 => {
            let content = bytes.rest();
            let sent = UnixMillis::from_secs(1_800_000_000);
            let decoy = ProSignature::Given(ed25519::Signature::from_bytes([0; 64]));
            let envelope = group_envelope(content, sent, &decoy).expect("infallible");
            let opened = opener.open(&me.id(), &encrypt(&envelope).expect("short"));
            match (opened, Content::from_bytes(content.to_vec())) {
                (Ok(opened), Ok(content)) => {
                    assert_eq!(opened.sender(), from.id());
                    assert_eq!(opened.sender_key(), from.ed25519_key());
                    assert_eq!(opened.timestamp(), sent);
                    assert_eq!(opened.content(), &content);
                    assert_eq!(opened.key_index(), Some(1));
                    let _ = opened.check();
                }
                // Then there is something to evaluate at a time that is not there.
                (Err(error), Ok(content)) => {
                    assert!(content.proto().pro_message.is_some(), "{error}")
                }
                (opened, content) => assert_eq!(opened.err(), content.err()),
            }
        }
        // Bytes, often enough to be compressed; and changed bytes.
        1 => {
            let (times, at, mask) = (bytes.byte(), bytes.u16(), bytes.byte());
            let plaintext = bytes.rest().repeat(times.into());
            match encrypt(&plaintext) {
                Ok(mut ciphertext) => {
                    let decrypted = opener.decrypt(&ciphertext).expect("as sent");
                    assert_eq!(decrypted.plaintext, plaintext);
                    assert_eq!(decrypted.sender, from.id());
                    let at = usize::from(at) % ciphertext.len();
                    ciphertext[at] ^= mask.max(1);
                    assert_eq!(opener.decrypt(&ciphertext), Err(Error::Decrypt));
                }
                Err(error) => {
                    let len = plaintext.len();
                    assert!(matches!(error, Error::Length { .. }));
                    assert!(len == 0 || len > group::MAX_PLAINTEXT_LEN);
                }
            }
        }
        // Frames.
        2 => frames(
            &mut opener,
            &encrypt_with(GroupData::Compressed(bytes.rest())),
        ),
        3 => {
            let frame = [&MAGIC, bytes.rest()].concat();
            frames(&mut opener, &encrypt_with(GroupData::Compressed(&frame)));
        }
        // A dict of the right pieces, in the fuzzer's order.
        4 => pieces(&mut opener, &mut bytes, encrypt_raw),
        // What nobody signed, encrypted or not.
        _ => {
            let data = bytes.rest();
            assert!(opener.decrypt(data).is_err());
            assert!(opener.decrypt(&encrypt_raw(data)).is_err());
            assert!(opener.open(&me.id(), data).is_err());
        }
    }

    let hello = opener.decrypt(&HELLO).expect("as sent");
    assert_eq!(hello.plaintext, [b'a'; 300]);
}

fn frames(opener: &mut GroupOpener<'_>, ciphertext: &[u8]) {
    match opener.decrypt(ciphertext) {
        Ok(decrypted) => assert!(decrypted.plaintext.len() <= group::MAX_PLAINTEXT_LEN),
        Err(error) => assert!(matches!(
            error,
            Error::Encoding { .. } | Error::Length { .. }
        )),
    }
}

fn pieces(
    opener: &mut GroupOpener<'_>,
    bytes: &mut Bytes<'_>,
    encrypt_raw: impl Fn(&[u8]) -> Vec<u8>,
) {
    let author = ACCOUNTS[0].expose_signing_key();
    let count = usize::from(bytes.byte() % 8);
    let order: Vec<usize> = bytes
        .take(count)
        .iter()
        .map(|at| usize::from(at % 7))
        .collect();
    let data = bytes.piece();
    let after = bytes.rest();
    let signature = author.sign(&[data, GROUP.key_bytes()].concat());
    let string = |key: &str, value: &[u8]| {
        let header = format!("1:{key}{}:", value.len());
        [header.as_bytes(), value].concat()
    };
    let pieces = [
        b"0:i1e".to_vec(),
        string("a", author.public().as_bytes()),
        string("b", b"unknown"),
        string("d", data),
        string("s", signature.as_bytes()),
        string("z", data),
        string("~", b"unknown"),
    ];
    let mut dict = b"d".to_vec();
    for at in &order {
        dict.extend_from_slice(&pieces[*at]);
    }
    dict.push(b'e');
    dict.extend_from_slice(after);

    let has = |at| order.contains(&at);
    let valid = order.is_sorted_by(|before, after| before < after)
        && after.iter().all(|byte| *byte == 0)
        && has(0)
        && has(1)
        && has(4)
        && has(3) != has(5)
        && !data.is_empty();
    match opener.decrypt(&encrypt_raw(&dict)) {
        Ok(decrypted) => {
            assert!(valid);
            assert_eq!(decrypted.sender, ACCOUNTS[0].id());
            assert!(has(5) || decrypted.plaintext == data);
        }
        // No data that are compressed, for all that is known here.
        Err(_) => assert!(!valid || has(5)),
    }
}

/// Messages for several recipients: each reads its own and nobody else's.
pub fn multi(data: &[u8]) {
    let mut bytes = Bytes(data);
    let choices = bytes.byte();
    let [from, ..] = &*ACCOUNTS;
    let from = from.x25519_key();
    let name = bytes.piece();
    let domain = Domain::new(name);
    if choices & 1 == 1 {
        return broken_multi(bytes.rest());
    }
    let recipients: Vec<_> = (10..10 + (choices >> 1) % 4)
        .map(|byte| x25519::SecretKey::from_bytes(&[byte; 32]))
        .collect();
    let padding = u16::from(choices >> 4);
    let to: Vec<_> = recipients
        .iter()
        .map(|key| (*key.public(), bytes.piece()))
        .collect();
    let (at, mask) = (bytes.u16(), bytes.byte());
    let mut encoded = multi::encrypt(from, &to, domain, padding, &mut rng()).expect("good keys");
    for (me, (_, message)) in recipients.iter().zip(&to) {
        let read = |name: &[u8]| multi::decrypt(me, from.public(), Domain::new(name), &encoded);
        assert_eq!(&**read(name).expect("as sent"), *message);
        if name.len() < 64 {
            assert_eq!(read(&[name, b"?"].concat()), Err(Error::Decrypt));
        }
    }
    assert_eq!(
        multi::decrypt(from, from.public(), domain, &encoded),
        Err(Error::Decrypt)
    );

    // A changed byte takes messages away and makes none.
    let at = usize::from(at) % encoded.len();
    encoded[at] ^= mask.max(1);
    for (me, (_, message)) in recipients.iter().zip(&to) {
        if let Ok(read) = multi::decrypt(me, from.public(), domain, &encoded) {
            assert_eq!(&**read, *message);
        }
    }
}

/// Bytes that nobody encrypted, and a notice with bytes that nobody would write.
fn broken_multi(data: &[u8]) {
    let [_, me, _] = &*ACCOUNTS;
    let group = ed25519::SigningKey::from_seed(&[4; 32]);
    let id = AccountId::new(Prefix::Group, *group.public().as_bytes());
    let group = group.to_x25519();
    let key = me.x25519_key();
    assert!(multi::decrypt(key, group.public(), Domain::KICKED, data).is_err());
    assert!(KickNotice::open(me, &id, 0, data).is_err());

    let message = [key.public().as_bytes(), data].concat();
    let to = [(*key.public(), message.as_slice())];
    let encoded = multi::encrypt(&group, &to, Domain::KICKED, 0, &mut rng()).expect("a good key");
    match KickNotice::open(me, &id, 1, &encoded) {
        Ok(notice) => {
            let digits = std::str::from_utf8(data).expect("digits");
            let digits = match digits.trim_start_matches('0') {
                "" => "0",
                digits => digits,
            };
            assert_eq!(notice.generation().to_string(), digits);
        }
        Err(Error::Outdated) => assert!(data.iter().all(|byte| *byte == b'0')),
        Err(error) => assert!(matches!(error, Error::Encoding { .. })),
    }
}

use alloc::vec;

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use session_crypto::rand_core::SeedableRng;
use session_identity::Seed;

use super::*;
use crate::{KeyPair, KeySeed};

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([7; 32])
}

fn account(number: u8) -> Account {
    Account::from_seed(&Seed::from([number; 32]))
}

fn keys(number: u8) -> PublicKeys {
    KeyPair::of_account_key(&KeySeed::from_bytes([number; 32])).public()
}

fn publication(number: u8) -> Vec<u8> {
    write_publication(&account(1), &keys(number), &mut rng()).unwrap()
}

fn read(bytes: &[u8]) -> Result<PublicKeys, Error> {
    read_publication(&account(1).id(), bytes)
}

/// A dict with these entries and the account's signature.
fn signed(before: &[(&str, &[u8])], after: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut dict = DictWriter::new(&mut out);
    for (key, value) in before {
        dict.bytes(key, value).unwrap();
    }
    let signature = xed25519::sign(account(1).x25519_key(), dict.written(), &mut rng());
    dict.bytes("~", signature.as_bytes()).unwrap();
    for (key, value) in after {
        dict.bytes(key, value).unwrap();
    }
    dict.finish();
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn what_is_written_is_read(seed: [u8; 32], key: [u8; 32], random: [u8; 32]) {
        let account = Account::from_seed(&Seed::from(seed));
        let keys = KeyPair::of_account_key(&KeySeed::from_bytes(key)).public();
        let mut rng = ChaCha20Rng::from_seed(random);
        let message = write_publication(&account, &keys, &mut rng).unwrap();
        prop_assert_eq!(message.len(), PUBLICATION_LEN);
        prop_assert_eq!(read_publication(&account.id(), &message), Ok(keys));
    }

    #[test]
    fn any_bytes_give_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(read(&bytes).is_err());
    }
}

#[test]
fn no_changed_byte_is_accepted() {
    let message = publication(1);
    for at in 0..message.len() {
        for mask in [1, 0x80] {
            let mut message = message.clone();
            message[at] ^= mask;
            assert!(read(&message).is_err(), "byte {at}");
        }
    }
    for len in 0..message.len() {
        assert!(read(&message[..len]).is_err(), "{len} bytes");
    }
    assert!(read(&[&*message, b"e"].concat()).is_err());
}

#[test]
fn unknown_keys_are_ignored() {
    let good = keys(1);
    let (m, x) = (
        good.mlkem().as_bytes().as_slice(),
        good.x25519().as_bytes().as_slice(),
    );
    let before = [
        ("A", b"a".as_slice()),
        ("M", m),
        ("N", b"n"),
        ("X", x),
        ("Y", b"y"),
    ];
    let message = signed(&before, &[("~~", b"unsigned")]);
    assert_eq!(read(&message), Ok(good.clone()));
    // Those before the signature are signed.
    let at = message.windows(6).position(|it| it == b"1:Y1:y").unwrap();
    let mut changed = message.clone();
    changed[at + 5] = b'z';
    assert_eq!(read(&changed), Err(Error::Signature { what: WHAT }));
}

#[test]
fn every_error() {
    let good = keys(1);
    let (m, x) = (
        good.mlkem().as_bytes().as_slice(),
        good.x25519().as_bytes().as_slice(),
    );
    let malformed = Err(Error::Malformed { what: WHAT });
    assert_eq!(read(b""), malformed);
    assert_eq!(read(b"le"), malformed);
    assert_eq!(read(&signed(&[("X", x)], &[])), malformed);
    assert_eq!(read(&signed(&[("M", m)], &[])), malformed);
    // In the wrong order they are missing; bytes after the dict; no signature.
    assert_eq!(read(&signed(&[("M", m)], &[("~X", x)])), malformed);
    assert_eq!(read(&[publication(1), vec![b'e']].concat()), malformed);
    assert_eq!(read(b"d1:M0:e"), malformed);
    let mut unsigned = Vec::new();
    DictWriter::new(&mut unsigned)
        .bytes("M", m)
        .unwrap()
        .bytes("X", x)
        .unwrap();
    assert_eq!(read(&unsigned), malformed);

    let length = |expected, got| {
        Err(Error::Length {
            what: WHAT,
            expected,
            got,
        })
    };
    let of = |m, x| read(&signed(&[("M", m), ("X", x)], &[]));
    assert_eq!(of(&m[1..], x), length(1184, 1183));
    assert_eq!(of(m, &x[1..]), length(32, 31));
    let short = [&unsigned[..unsigned.len() - 1], b"1:~63:", &[0; 63], b"e"].concat();
    assert_eq!(read(&short), length(64, 63));

    let signature = Err(Error::Signature { what: WHAT });
    assert_eq!(
        read_publication(&account(2).id(), &publication(1)),
        signature
    );
    // A plain signature by the account's Ed25519 key, in a case where its sign bit is set.
    let negative = (1..)
        .map(account)
        .find(|account| account.ed25519_key().as_bytes()[31] & 0x80 != 0)
        .unwrap();
    let body = &unsigned[..unsigned.len() - 1];
    let plain = negative.expose_signing_key().sign(body);
    let plain = [body, b"1:~64:", plain.as_bytes(), b"e"].concat();
    assert_eq!(read_publication(&negative.id(), &plain), signature);
    // An id that stands for no Ed25519 key.
    let none = AccountId::new(Prefix::Standard, [0; 32]);
    assert_eq!(read_publication(&none, &publication(1)), signature);

    assert_eq!(of(m, &[0; 32]), Err(Error::LowOrder { what: WHAT }));
    assert_eq!(of(&[0xff; 1184], x), Err(Error::MlKemKey { what: WHAT }));

    let group = AccountId::new(Prefix::Group, *account(1).id().key_bytes());
    assert_eq!(
        read_publication(&group, &publication(1)),
        Err(Error::Recipient)
    );
}

#[test]
fn the_newest_good_one_counts() {
    let id = account(1).id();
    let at = UnixMillis::from_millis;
    let newest =
        |messages: &[(&[u8], UnixMillis)]| newest_publication(&id, messages.iter().copied());
    let (one, two, bad) = (publication(1), publication(2), b"bad".as_slice());
    assert_eq!(newest(&[]), None);
    assert_eq!(newest(&[(bad, at(1))]), None);
    assert_eq!(newest(&[(&one, at(2)), (&two, at(1))]), Some(keys(1)));
    assert_eq!(newest(&[(&one, at(1)), (&two, at(1))]), Some(keys(2)));
    assert_eq!(newest(&[(&one, at(1)), (bad, at(3))]), Some(keys(1)));

    // An answer is not a way to make a client work.
    let mut flood = vec![(one.as_slice(), at(1))];
    flood.resize(MAX_MESSAGES, (bad, at(2)));
    assert_eq!(newest(&flood), Some(keys(1)));
    flood.push((bad, at(2)));
    assert_eq!(newest(&flood), None);
}

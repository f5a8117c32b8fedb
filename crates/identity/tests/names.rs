//! Names and their records (spec 01 §12).

#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use session_crypto::xchacha20poly1305;
use session_identity::Error;
use session_identity::name::{MAX_LEN, Name, Record};
use session_identity::session_core::{AccountId, Prefix, base64, hex};

/// The rule as the specification writes it, after lowercasing.
const NORMAL: &str = "[a-z0-9_]([a-z0-9_-]{0,62}[a-z0-9_])?";

const ID: AccountId = AccountId::new(Prefix::Standard, [0x5a; 32]);

/// The account that has the name `test` in published records.
const TEST_ID: &str = "05d2ad010eeb72d72e561d9de7bd7b6989af77dcabffa03a5111a6c859ae5c3a72";

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([1; 32])
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

/// A record of any plaintext, where [`Record::seal`] takes Account IDs only.
fn forge(name: &Name, mut plaintext: [u8; 33]) -> Record {
    let nonce = [7; Record::NONCE_LEN];
    let tag = xchacha20poly1305::seal_in_place(&name.record_key(), &nonce, &mut plaintext).unwrap();
    Record::new(&[&plaintext[..], &tag].concat(), Some(&nonce)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn valid_names_have_a_normal_form(text in NORMAL, upper: u64) {
        let typed: String = text
            .chars()
            .zip(0..)
            .map(|(c, at)| if upper >> at & 1 == 1 { c.to_ascii_uppercase() } else { c })
            .collect();
        let name = Name::new(&typed).unwrap();
        prop_assert_eq!(name.as_str(), &text);
        prop_assert_eq!(name.to_string(), text.clone());
        prop_assert_eq!(typed.parse(), Ok(name.clone()));
        prop_assert_eq!(&Name::new(&text).unwrap(), &name);
        prop_assert_eq!(base64::decode("hash", &name.hash_base64()), Ok(name.hash().to_vec()));
    }

    #[test]
    fn any_text_is_a_name_or_an_error(text in "\\PC{0,70}") {
        let end = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let inner = |c: char| end(c) || c == '-';
        let expected = if text.is_empty() || text.len() > 64 {
            Err(Error::NameLength { got: text.len() })
        } else if text.chars().all(inner) && text.starts_with(end) && text.ends_with(end) {
            Ok(text.to_ascii_lowercase())
        } else {
            Err(Error::NameCharacters)
        };
        prop_assert_eq!(Name::new(&text).map(|name| name.to_string()), expected);
    }

    #[test]
    fn records_round_trip(text in NORMAL, key: [u8; 32], random: [u8; 32]) {
        let name = name(&text);
        let id = AccountId::new(Prefix::Standard, key);
        let mut rng = ChaCha20Rng::from_seed(random);
        let record = Record::seal(&name, &id, &mut rng).unwrap();
        prop_assert_eq!(record.open(&name), Ok(id));
        prop_assert_ne!(record, Record::seal(&name, &id, &mut rng).unwrap(), "another nonce");

        let nonce = hex::encode(record.nonce().unwrap());
        let value = hex::encode(record.encrypted_value());
        prop_assert_eq!(Record::from_hex(&value, Some(&nonce)), Ok(record));
        let (value, nonce) = (value.to_uppercase(), nonce.to_uppercase());
        prop_assert_eq!(Record::from_hex(&value, Some(&nonce)), Ok(record));
    }

    #[test]
    fn records_are_for_one_name_only(text in NORMAL, other in NORMAL) {
        prop_assume!(text != other);
        let record = Record::seal(&name(&text), &ID, &mut rng()).unwrap();
        prop_assert_eq!(record.open(&name(&other)), Err(Error::Decrypt));
        prop_assert_ne!(name(&text).hash(), name(&other).hash());
    }

    #[test]
    fn any_bytes_are_a_record_or_an_error(
        value in prop::collection::vec(any::<u8>(), 47..51),
        nonce in prop::option::of(prop::collection::vec(any::<u8>(), 23..26)),
        text in "[0-9a-g]{96,100}",
    ) {
        let expected = match (value.len(), nonce.as_ref().map(Vec::len)) {
            (49, None | Some(24)) => Ok(()),
            (49, Some(got)) => Err(Error::RecordNonceLength { got }),
            (got, _) => Err(Error::RecordLength { got }),
        };
        let record = Record::new(&value, nonce.as_deref());
        prop_assert_eq!(record.map(|_| ()), expected);
        if let Ok(record) = record {
            let refused = if nonce.is_some() { Error::Decrypt } else { Error::OldRecord };
            prop_assert_eq!(record.open(&name("anyone")), Err(refused));
        }
        let _ = Record::from_hex(&text, None);
    }
}

/// Of the network's own tests.
#[test]
fn published_names() {
    let jagerman = name("jagerman");
    assert_eq!(
        jagerman.hash_base64(),
        "yB7mbm2q1MaczqNZCYguH+71z5jooEMeXA0sncfni+g="
    );
    let value = "3575802dd9bfea72672a208840f37ca289ceade5d3ffacabe2d231f109d204329fc33e28c331580d\
                 9a8c9b8a64cacfec97";
    let nonce = "00112233445566778899aabbccddeeff00ffeeddccbbaa99";
    let record = Record::from_hex(value, Some(nonce)).unwrap();
    assert_eq!(record.open(&name("test")), Ok(TEST_ID.parse().unwrap()));
    assert_eq!(record.open(&jagerman), Err(Error::Decrypt));
}

#[test]
fn names_that_are_none() {
    let long = "a".repeat(65);
    let account_id = "05".repeat(33);
    for text in ["", &long, &account_id] {
        assert_eq!(Name::new(text), Err(Error::NameLength { got: text.len() }));
    }
    for text in [
        "-", "-a", "a-", "-a-", "a b", " a", "a\n", "a.loki", "bär", "ß", "a\0", "@a", "ａ",
    ] {
        assert_eq!(Name::new(text), Err(Error::NameCharacters), "{text:?}");
    }
    assert_eq!(MAX_LEN, 64);
    for text in [
        "a",
        "_",
        "0",
        "__",
        "a--b",
        "xn--br-via",
        &"a".repeat(64),
        &"A".repeat(64),
    ] {
        assert!(Name::new(text).is_ok(), "{text}");
    }
}

#[test]
fn any_changed_bit_is_noticed() {
    let alice = name("alice");
    let record = Record::seal(&alice, &ID, &mut rng()).unwrap();
    let nonce = *record.nonce().unwrap();
    for bit in 0..8 * Record::LEN {
        let mut value = *record.encrypted_value();
        value[bit / 8] ^= 1 << (bit % 8);
        let changed = Record::new(&value, Some(&nonce)).unwrap();
        assert_eq!(changed.open(&alice), Err(Error::Decrypt), "bit {bit}");
    }
    for bit in 0..8 * Record::NONCE_LEN {
        let mut nonce = nonce;
        nonce[bit / 8] ^= 1 << (bit % 8);
        let changed = Record::new(record.encrypted_value(), Some(&nonce)).unwrap();
        assert_eq!(changed.open(&alice), Err(Error::Decrypt), "bit {bit}");
    }
}

#[test]
fn only_account_ids_have_names() {
    let alice = name("alice");
    for prefix in 0..=255 {
        let mut plaintext = [0x5a; 33];
        plaintext[0] = prefix;
        let opened = forge(&alice, plaintext).open(&alice);
        match AccountId::try_from(plaintext) {
            Ok(id) if prefix == 0x05 => {
                assert_eq!(opened, Ok(id));
                assert!(Record::seal(&alice, &id, &mut rng()).is_ok());
            }
            Ok(id) => {
                assert_eq!(opened, Err(Error::NotAnAccountId));
                assert_eq!(
                    Record::seal(&alice, &id, &mut rng()),
                    Err(Error::NotAnAccountId)
                );
            }
            Err(_) => assert_eq!(opened, Err(Error::NotAnAccountId)),
        }
    }
}

#[test]
fn record_lengths_and_texts() {
    for got in [0, 33, 48, 50, 73] {
        let value = &[1; 73][..got];
        assert_eq!(
            Record::new(value, None),
            Err(Error::RecordLength { got }),
            "also without a nonce"
        );
        assert_eq!(
            Record::from_hex(&hex::encode(value), Some(&"00".repeat(24))),
            Err(Error::RecordLength { got })
        );
    }
    for got in [0, 12, 23, 25] {
        assert_eq!(
            Record::new(&[1; 49], Some(&[1; 25][..got])),
            Err(Error::RecordNonceLength { got })
        );
    }
    let value = "ab".repeat(49);
    for text in [&value[1..], &"xy".repeat(49), "é"] {
        assert_eq!(Record::from_hex(text, None), Err(Error::RecordText));
        assert_eq!(Record::from_hex(&value, Some(text)), Err(Error::RecordText));
    }
    assert!(Record::from_hex(&value, None).is_ok());
}

/// Whatever features there are: the costly form is never opened by chance.
#[test]
fn old_records_are_not_opened_unasked() {
    let record = Record::new(&[1; 49], None).unwrap();
    assert_eq!(record.nonce(), None);
    assert_eq!(record.open(&name("alice")), Err(Error::OldRecord));
}

/// The costly test: a hash takes 256 MiB and its time.
#[cfg(feature = "old-names")]
#[test]
fn old_records_are_opened_when_asked() {
    use session_crypto::SymmetricKey;
    use session_crypto::argon2id::NameRecordMemory;
    use session_crypto::secretbox;

    let test = name("Test");
    let mut memory = NameRecordMemory::allocate().unwrap();
    let published = "dbd4bc89bd2c9e5322fd9f4cadcaa66a0c38f15d0c927a86cc36e895fe1f3c532a3958d97256\
                     3f52ca858e94eec22dc360";
    let old = Record::from_hex(published, None).unwrap();
    assert_eq!(old.open(&test), Err(Error::OldRecord));
    assert_eq!(
        old.open_any(&test, &mut memory),
        Ok(TEST_ID.parse().unwrap())
    );

    let key = SymmetricKey::from_bytes(*memory.derive(b"test", &[0; 16]).unwrap());
    let mut body = AccountId::new(Prefix::Group, [1; 32]).to_bytes();
    let tag = secretbox::seal_in_place(&key, &[0; 24], &mut body);
    let group = Record::new(&[&tag[..], &body].concat(), None).unwrap();
    assert_eq!(
        group.open_any(&test, &mut memory),
        Err(Error::NotAnAccountId)
    );

    // A nonce says that the record is of the new form, whatever it is.
    let new = Record::seal(&test, &ID, &mut rng()).unwrap();
    assert_eq!(new.open_any(&test, &mut memory), Ok(ID));
    let disguised = Record::new(old.encrypted_value(), Some(&[0; 24])).unwrap();
    assert_eq!(disguised.open_any(&test, &mut memory), Err(Error::Decrypt));
}

#[test]
fn logs_do_not_show_names() {
    let alice = name("alice");
    assert_eq!(format!("{alice:?}"), "Name(5 bytes)");
    let record = Record::seal(&alice, &ID, &mut rng()).unwrap();
    assert_eq!(format!("{record:?}"), "Record(new form)");
    let old = Record::new(record.encrypted_value(), None).unwrap();
    assert_eq!(format!("{old:?}"), "Record(old form)");
}

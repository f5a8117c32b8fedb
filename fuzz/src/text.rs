//! Identifiers, recovery passwords and bt-encoding.

use session_bt::{DictReader, DictWriter, Error as BtError, ListReader, Value};
use session_core::{AccountId, Network, NetworkId, Prefix};
use session_crypto::ed25519::PublicKey;
use session_identity::conversion::{account_id as account_id_of, positive_ed25519_key, x25519_key};
use session_identity::mnemonic::{self, Language};
use session_identity::{Error, Seed};

use crate::bytes::Bytes;

/// Account and network IDs from text and from bytes: what is read is written the same, and its key
/// is converted there and back.
pub fn account_id(data: &[u8]) {
    if let Ok(id) = AccountId::try_from(data) {
        assert_eq!(id.to_bytes(), data);
        assert_eq!(id.to_hex().parse(), Ok(id));
        assert_eq!(AccountId::try_from(NetworkId::from(id)), Ok(id));
        conversions(&id);
    }
    for network in [Network::Mainnet, Network::Testnet] {
        if let Ok(id) = NetworkId::from_slice(data, network) {
            assert!(id.as_bytes().ends_with(data));
        }
    }
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    if let Ok(id) = text.parse::<AccountId>() {
        assert_eq!(id.to_hex(), text.to_ascii_lowercase());
        conversions(&id);
    }
    for network in [Network::Mainnet, Network::Testnet] {
        if let Ok(id) = NetworkId::parse(text, network) {
            assert!(id.to_hex().ends_with(&text.to_ascii_lowercase()));
        }
    }
}

fn conversions(id: &AccountId) {
    match positive_ed25519_key(id) {
        Ok(key) => {
            assert_eq!(key.as_bytes()[31] >> 7, 0);
            // Two texts of one u-coordinate are one key, but two Account IDs.
            let canonical = account_id_of(&key).expect("it is in the subgroup");
            let reduced = reduced(*id.key_bytes());
            assert_eq!(canonical, AccountId::new(Prefix::Standard, reduced));
            assert_eq!(positive_ed25519_key(&canonical), Ok(key));
        }
        Err(error) => assert_eq!(x25519_key(id).err().unwrap_or(Error::InvalidPoint), error),
    }
    if let Ok(key) = PublicKey::from_bytes(id.key_bytes())
        && let Ok(id) = account_id_of(&key)
    {
        let mut bytes = *key.as_bytes();
        bytes[31] &= 0x7f;
        assert!(positive_ed25519_key(&id).is_ok_and(|key| *key.as_bytes() == bytes));
    }
}

/// The number below 2^255 - 19 that X25519 takes these bytes for.
fn reduced(mut bytes: [u8; 32]) -> [u8; 32] {
    bytes[31] &= 0x7f;
    if let [low @ 0xed..=0xff, middle @ .., 0x7f] = bytes
        && middle == [0xff; 30]
    {
        bytes = [0; 32];
        bytes[0] = low - 0xed;
    }
    bytes
}

/// Recovery passwords of all languages and QR texts: what is read is written and read the same,
/// and the language is found. The first byte picks one language, or to find it.
pub fn mnemonic(data: &[u8]) {
    let mut bytes = Bytes(data);
    let language = Language::ALL.get(usize::from(bytes.byte()) % (Language::ALL.len() + 1));
    let data = bytes.rest();
    if let Some(language) = language {
        words(*language, data);
    } else if let Ok(text) = core::str::from_utf8(data)
        && has_words_of_a_seed(text)
    {
        detection(text);
    }
}

fn has_words_of_a_seed(text: &str) -> bool {
    matches!(text.split_whitespace().count(), 12 | 13 | 24 | 25)
}

fn words(language: Language, data: &[u8]) {
    // Every word costs a walk through the whole list: not more of them than a seed has.
    if data.len() <= Seed::LEN
        && let Ok(words) = mnemonic::encode(language, data, true)
    {
        let read = |words: &str| mnemonic::decode(language, words).expect("it was encoded");
        assert_eq!(**read(&words), *data);
        let prefix = |word: &str| word.chars().take(language.prefix_len()).collect();
        let prefixes: Vec<String> = words.split(' ').map(prefix).collect();
        assert_eq!(**read(&prefixes.join("\u{3000}")), *data);
        assert_eq!(**read(&prefixes[..prefixes.len() - 1].join("\n")), *data);
    }
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    let decoded = mnemonic::decode(language, text);
    if let Ok(read) = &decoded {
        let words = mnemonic::encode(language, read, true).expect("it was decoded");
        assert_eq!(mnemonic::decode(language, &words).as_ref(), Ok(read));
    }
    match Seed::from_mnemonic(language, text) {
        Ok(seed) => {
            let words = seed.to_mnemonic(language);
            assert_eq!(Seed::from_mnemonic(language, &words), Ok(seed));
        }
        Err(error) if has_words_of_a_seed(text) => assert_eq!(decoded, Err(error)),
        Err(error) => assert!(matches!(error, Error::WordCount { .. })),
    }
    if let Ok(seed) = Seed::from_hex(text) {
        assert_eq!(Seed::from_hex(&seed.to_hex()), Ok(seed));
    }
}

fn detection(text: &str) {
    let read = |language: &Language| (*language, mnemonic::decode(*language, text).err());
    let all: Vec<_> = Language::ALL.iter().map(read).collect();
    let readers: Vec<_> = all.iter().filter(|(_, error)| error.is_none()).collect();
    let found = mnemonic::detect(Language::ALL, text);
    match readers[..] {
        [(only, _)] => assert_eq!(found, Ok(*only)),
        [] => assert!(all.iter().any(|(_, error)| *error == found.err())),
        _ => assert_eq!(found, Err(Error::UnclearLanguage)),
    }
}

/// bt-encoding: decode, encode, decode gives the same, the readers see what the tree has, and what
/// is put into a dict as it is can be read there.
pub fn bt(data: &[u8]) {
    let value = Value::decode(data);
    in_a_dict(data, value.as_ref());
    let Ok(value) = value else {
        return;
    };
    let mut encoded = Vec::new();
    value.encode(&mut encoded).expect("decoding sorts");
    assert!(encoded.len() <= data.len());
    assert_eq!(Value::decode(&encoded).as_ref(), Ok(&value));
    match &value {
        Value::Dict(entries) => {
            let mut reader = DictReader::new(&encoded).expect("a dict");
            for (key, value) in entries {
                let (found, raw) = reader.next_entry().expect("canonical").expect("an entry");
                assert_eq!((found, Value::decode(raw).as_ref()), (*key, Ok(value)));
            }
            assert_eq!(reader.next_entry(), Ok(None));
            assert_eq!(reader.finish(), Ok(()));
        }
        Value::List(items) => {
            let mut reader = ListReader::new(&encoded).expect("a list");
            for item in items {
                integers(&reader, item);
                let raw = reader.raw_opt().expect("canonical").expect("an item");
                assert_eq!(Value::decode(raw).as_ref(), Ok(item));
            }
            assert_eq!(reader.int_opt::<i64>(), Ok(None));
            assert_eq!(reader.int::<i64>(), Err(BtError::ListEnd));
            assert_eq!(reader.finish(), Ok(()));
        }
        _ => {}
    }
}

/// The next item of a list, if it is an integer, as types of different ranges.
fn integers(reader: &ListReader<'_>, item: &Value<'_>) {
    let small = reader.clone().int_opt::<i8>();
    let great = reader.clone().int_opt::<u64>();
    if let Value::Int(integer) = item {
        assert_eq!(small.ok(), integer.get().map(Some));
        assert_eq!(great.ok(), integer.get().map(Some));
    } else {
        assert!(matches!(small, Err(BtError::Type { .. })));
        assert!(matches!(great, Err(BtError::Type { .. })));
    }
}

/// Only whole values become entries, and none that would lie too deep. The order of keys is not
/// looked at.
fn in_a_dict(data: &[u8], value: Result<&Value<'_>, &BtError>) {
    let mut out = Vec::new();
    let mut dict = DictWriter::new(&mut out);
    let written = dict.raw("k", data).map(drop);
    dict.finish();
    match written {
        Ok(()) => {
            let expected = value.map(|value| Value::Dict(vec![(&b"k"[..], value.clone())]));
            assert_eq!(
                Value::decode(&out).as_ref(),
                expected.as_ref().map_err(|error| *error)
            );
            assert!(matches!(value, Ok(_) | Err(BtError::Order)));
        }
        Err(error) => {
            assert_eq!(out, b"de");
            assert!(error == BtError::Depth || value == Err(&error));
        }
    }
}

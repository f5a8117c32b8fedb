//! Identifiers, recovery passwords and bt-encoding.

use session_bt::{DictReader, ListReader, Value};
use session_core::{AccountId, Network, NetworkId};
use session_identity::Seed;
use session_identity::mnemonic::{self, Language};

/// Account and network IDs from text and from bytes: what is read is written the same.
pub fn account_id(data: &[u8]) {
    if let Ok(id) = AccountId::try_from(data) {
        assert_eq!(id.to_bytes(), data);
        assert_eq!(id.to_hex().parse(), Ok(id));
        assert_eq!(AccountId::try_from(NetworkId::from(id)), Ok(id));
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
    }
    for network in [Network::Mainnet, Network::Testnet] {
        if let Ok(id) = NetworkId::parse(text, network) {
            assert!(id.to_hex().ends_with(&text.to_ascii_lowercase()));
        }
    }
}

/// Recovery passwords and QR texts: what is read is written and read the same.
pub fn mnemonic(data: &[u8]) {
    let language = Language::English;
    // Every word costs a constant-time walk through the list: not more of them than a seed has.
    if data.len() <= Seed::LEN
        && let Ok(words) = mnemonic::encode(language, data, true)
    {
        let read = mnemonic::decode(language, &words);
        assert!(read.is_ok_and(|read| *read == data));
    }
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    if let Ok(read) = mnemonic::decode(language, text) {
        let words = mnemonic::encode(language, &read, true).expect("it was decoded");
        assert_eq!(mnemonic::decode(language, &words), Ok(read));
    }
    if let Ok(seed) = Seed::from_mnemonic(text) {
        let read = Seed::from_mnemonic(&seed.to_mnemonic());
        assert!(read.is_ok_and(|read| read.expose_bytes() == seed.expose_bytes()));
    }
    if let Ok(seed) = Seed::from_hex(text) {
        let read = Seed::from_hex(&seed.to_hex());
        assert!(read.is_ok_and(|read| read.expose_bytes() == seed.expose_bytes()));
    }
}

/// bt-encoding: decode, encode, decode gives the same, and the readers see what the tree has.
pub fn bt(data: &[u8]) {
    let Ok(value) = Value::decode(data) else {
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
                let raw = reader.raw_opt().expect("canonical").expect("an item");
                assert_eq!(Value::decode(raw).as_ref(), Ok(item));
            }
            assert_eq!(reader.finish(), Ok(()));
        }
        _ => {}
    }
}

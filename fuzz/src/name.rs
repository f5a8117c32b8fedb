//! Names and their records.

use data_encoding::HEXLOWER_PERMISSIVE as HEX;
use session_core::{AccountId, Prefix};
use session_crypto::xchacha20poly1305;
use session_identity::Error;
use session_identity::name::{MAX_LEN, Name, Record};

use crate::bytes::Bytes;
use crate::network::rng;

/// A name, a node's answer to it as bytes and as text, and the same bytes sealed under the name:
/// only what was sealed opens, and only as it was sealed. The costly old form is never opened.
pub fn ons_record(data: &[u8]) {
    let mut bytes = Bytes(data);
    let (flip, has_nonce) = (bytes.u16(), bytes.flag());
    let Ok(text) = core::str::from_utf8(bytes.piece()) else {
        return;
    };
    let (value, nonce) = (bytes.piece(), bytes.piece());
    let record = received(value, has_nonce.then_some(nonce));
    let Ok(name) = Name::new(text) else {
        return;
    };
    check_name(&name, text);
    if let Ok(record) = record {
        match record.open(&name) {
            Ok(id) => opens(&name, &record, &id),
            Err(Error::OldRecord) => assert_eq!(record.nonce(), None),
            Err(error) => assert!(matches!(error, Error::Decrypt | Error::NotAnAccountId)),
        }
    }
    sealed(&name, Bytes(value).array(), Bytes(nonce).array(), flip);
}

fn received(value: &[u8], nonce: Option<&[u8]>) -> Result<Record, Error> {
    if let Ok(value) = core::str::from_utf8(value)
        && let Ok(nonce) = nonce.map(core::str::from_utf8).transpose()
    {
        let decode = |text: &str| HEX.decode(text.as_bytes()).map_err(|_| Error::RecordText);
        let decoded = decode(value)
            .and_then(|value| Ok((value, nonce.map(decode).transpose()?)))
            .and_then(|(value, nonce)| Record::new(&value, nonce.as_deref()));
        assert_eq!(Record::from_hex(value, nonce), decoded);
    }
    let record = Record::new(value, nonce);
    let nonce_fits = nonce.is_none_or(|nonce| nonce.len() == Record::NONCE_LEN);
    assert_eq!(record.is_ok(), value.len() == Record::LEN && nonce_fits);
    let hex_nonce = nonce.map(|nonce| HEX.encode(nonce));
    assert_eq!(
        Record::from_hex(&HEX.encode(value), hex_nonce.as_deref()),
        record
    );
    record
}

fn check_name(name: &Name, text: &str) {
    assert_eq!(name.as_str(), text.to_ascii_lowercase());
    assert!((1..=MAX_LEN).contains(&name.as_str().len()));
    assert_eq!(Name::new(name.as_str()).as_ref(), Ok(name));
    assert_eq!(text.to_ascii_uppercase().parse().as_ref(), Ok(name));
    assert!(name.to_string().parse::<AccountId>().is_err());
}

/// A record opens to an Account ID under its name, and under no other.
fn opens(name: &Name, record: &Record, id: &AccountId) {
    assert_eq!(id.prefix(), Prefix::Standard);
    assert_eq!(record.open(name).as_ref(), Ok(id));
    let other = match name.as_str() {
        "a" => "b",
        _ => "a",
    };
    let other = other.parse().expect("a name");
    assert_eq!(record.open(&other), Err(Error::Decrypt));
}

fn sealed(name: &Name, plaintext: [u8; 33], nonce: [u8; Record::NONCE_LEN], flip: u16) {
    let mut body = plaintext;
    let tag = xchacha20poly1305::seal_in_place(&name.record_key(), &nonce, &mut body)
        .expect("it is short");
    let value = [&body[..], &tag].concat();
    let record = Record::new(&value, Some(&nonce)).expect("lengths fit");
    match record.open(name) {
        Ok(id) => {
            assert_eq!(id.to_bytes(), plaintext);
            opens(name, &record, &id);
        }
        Err(error) => {
            assert_eq!(error, Error::NotAnAccountId);
            assert_ne!(plaintext[0], Prefix::Standard.byte());
        }
    }
    let mut flipped = [&value[..], &nonce].concat();
    let at = usize::from(flip) % (8 * flipped.len());
    flipped[at / 8] ^= 1 << (at % 8);
    let (value, nonce) = flipped.split_at(Record::LEN);
    let open = |nonce| Record::new(value, nonce).and_then(|record| record.open(name));
    assert_eq!(open(Some(nonce)), Err(Error::Decrypt));
    assert_eq!(open(None), Err(Error::OldRecord));

    if let Ok(id) = AccountId::try_from(plaintext) {
        match Record::seal(name, &id, &mut rng()) {
            Ok(record) => opens(name, &record, &id),
            Err(error) => {
                assert_eq!(error, Error::NotAnAccountId);
                assert_ne!(id.prefix(), Prefix::Standard);
            }
        }
    }
}

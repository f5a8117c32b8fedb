use alloc::vec;

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use session_bt::DictWriter;
use session_crypto::rand_core::SeedableRng;
use session_crypto::x25519::{PublicKey, SecretKey};

use super::*;

const DOMAIN: Domain<'static> = Domain(b"test");

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([9; 32])
}

fn key(byte: u8) -> SecretKey {
    SecretKey::from_bytes(&[byte; 32])
}

fn to_all<'a>(keys: &[SecretKey], message: &'a [u8]) -> Vec<(PublicKey, &'a [u8])> {
    keys.iter().map(|key| (*key.public(), message)).collect()
}

fn items(encoded: &[u8]) -> Vec<&[u8]> {
    let mut dict = DictReader::new(encoded).unwrap();
    let mut list = ListReader::new(dict.raw("e").unwrap()).unwrap();
    core::iter::from_fn(|| list.bytes_opt().unwrap()).collect()
}

/// Items in a message that is otherwise as it must be.
fn with_items(nonce: &[u8], items: &[&[u8]]) -> Vec<u8> {
    let mut encoded = vec![];
    let mut dict = DictWriter::new(&mut encoded);
    dict.bytes("#", nonce).unwrap();
    let mut list = dict.list("e").unwrap();
    for item in items {
        list.bytes(item);
    }
    list.finish();
    dict.finish();
    encoded
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn everybody_reads_the_own_message(
        messages in prop::collection::vec(any::<Vec<u8>>(), 0..8),
        padding in 0u16..5,
        domain: Vec<u8>,
    ) {
        let from = key(200);
        let keys: Vec<_> = (1..=8).map(key).collect();
        let to: Vec<_> = keys
            .iter()
            .zip(&messages)
            .map(|(key, message)| (*key.public(), message.as_slice()))
            .collect();
        let domain = Domain::new(&domain);
        let encoded = encrypt(&from, &to, domain, padding, &mut rng()).unwrap();
        let read = |me: &SecretKey| decrypt(me, from.public(), domain, &encoded);
        for (me, message) in keys.iter().zip(&messages) {
            let decrypted = read(me).unwrap();
            prop_assert_eq!(&**decrypted, message.as_slice());
        }
        prop_assert_eq!(read(&key(9)), Err(Error::Decrypt));
        prop_assert_eq!(read(&from), Err(Error::Decrypt));

        let items = items(&encoded);
        prop_assert_eq!(items.len() % usize::from(padding.max(1)), 0);
        prop_assert!(items.len() < messages.len() + usize::from(padding.max(1)));
        let random = items.iter().skip(messages.len());
        prop_assert!(random.clone().all(|item| item.len() == messages[0].len() + TAG_LEN));
    }

    #[test]
    fn changed_messages_are_not_read(at: usize, mask in 1u8..) {
        let to = to_all(&[key(1)], b"message");
        let mut encoded = encrypt(&key(2), &to, DOMAIN, 0, &mut rng()).unwrap();
        let at = at % encoded.len();
        encoded[at] ^= mask;
        prop_assert!(decrypt(&key(1), key(2).public(), DOMAIN, &encoded).is_err());
    }

    #[test]
    fn any_bytes_give_an_error(encoded: Vec<u8>) {
        prop_assert!(decrypt(&key(1), key(2).public(), DOMAIN, &encoded).is_err());
    }
}

#[test]
fn sender_and_domain_belong_to_the_key() {
    let to = to_all(&[key(1)], b"message");
    let encoded = encrypt(&key(2), &to, DOMAIN, 0, &mut rng()).unwrap();
    let read = |from: &SecretKey, domain| decrypt(&key(1), from.public(), domain, &encoded);
    assert!(read(&key(2), DOMAIN).is_ok());
    assert_eq!(read(&key(3), DOMAIN), Err(Error::Decrypt));
    for domain in [Domain::KICKED, Domain::GROUP_KEY, Domain::new(b"")] {
        assert_eq!(read(&key(2), domain), Err(Error::Decrypt));
    }
}

#[test]
fn domains_end_after_64_bytes() {
    assert_eq!(Domain::new(&[7; 65]), Domain::new(&[7; 64]));
    assert_ne!(Domain::new(&[7; 64]), Domain::new(&[7; 63]));
}

#[test]
fn keys_of_low_order_are_refused() {
    let zero = PublicKey::from_bytes([0; 32]);
    let to = [(*key(1).public(), &b"a"[..]), (zero, b"a")];
    let encrypted = encrypt(&key(2), &to, DOMAIN, 0, &mut rng());
    assert_eq!(encrypted, Err(Error::Recipient));
    let encoded = encrypt(&key(2), &to[..1], DOMAIN, 0, &mut rng()).unwrap();
    let decrypted = decrypt(&key(1), &zero, DOMAIN, &encoded);
    assert_eq!(decrypted, Err(Error::Decrypt));
}

#[test]
fn what_does_not_open_is_passed_over() {
    let to = to_all(&[key(1)], b"message");
    let encoded = encrypt(&key(2), &to, DOMAIN, 0, &mut rng()).unwrap();
    let nonce = DictReader::new(&encoded).unwrap().bytes("#").unwrap();
    let item = items(&encoded)[0];
    let read = |encoded: &[u8]| decrypt(&key(1), key(2).public(), DOMAIN, encoded);
    let padded = with_items(nonce, &[b"", &[1; 15], &[1; 16], &[1; 200], item]);
    assert_eq!(&**read(&padded).unwrap(), b"message");
    assert_eq!(read(&with_items(nonce, &[])), Err(Error::Decrypt));
    assert_eq!(
        read(&with_items(&nonce[1..], &[item])),
        Err(Error::Length {
            what: "nonce of a multi-recipient message",
            expected: 24,
            got: 23
        })
    );
    let trailing = [&encoded[..], b"e"].concat();
    for broken in [&b""[..], b"de", b"d1:#24:e", b"d1:eleee", &trailing] {
        assert!(matches!(read(broken), Err(Error::Encoding { .. })));
    }
    let no_string = [&b"d1:#24:"[..], nonce, b"1:eli1eee"].concat();
    assert!(matches!(read(&no_string), Err(Error::Encoding { .. })));
}

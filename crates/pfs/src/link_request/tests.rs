use super::*;
use crate::{DeviceInfo, KeySeed};
use alloc::format;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

struct Link {
    account: Account,
    /// Active and rotated account keys of the group.
    keys: [KeyPair; 3],
    request: LinkRequest,
    rng: ChaCha20Rng,
}

fn link() -> Link {
    let mut rng = ChaCha20Rng::from_seed([5; 32]);
    let account = Account::generate(&mut rng);
    let keys = core::array::from_fn(|_| KeyPair::of_account_key(&KeySeed::generate(&mut rng)));
    let device = KeyPair::of_device_key(&KeySeed::generate(&mut rng));
    let info = DeviceInfo::new("A device with a name of 28 b", "i", 2_025_000);
    let record = DeviceRecord::new(&device.public(), 1, 1_790_000_000, &info).unwrap();
    let id = DeviceId::generate(&mut rng);
    let request = LinkRequest::new(&account, id, record).unwrap();
    Link {
        account,
        keys,
        request,
        rng,
    }
}

impl Link {
    fn seal(&mut self, key: usize) -> Vec<u8> {
        let link = self.keys[key].x25519().public();
        self.request
            .seal(&self.account, link, &mut self.rng)
            .unwrap()
    }

    fn open(&self, bytes: &[u8]) -> Result<(LinkRequest, usize), Error> {
        LinkRequest::open(&self.account, &self.keys, bytes)
    }

    /// Seals these bytes, and opens them.
    fn pass(&mut self, plaintext: &[u8]) -> Result<(LinkRequest, usize), Error> {
        self.request.plaintext = Zeroizing::new(plaintext.to_vec());
        let bytes = self.seal(0);
        self.open(&bytes)
    }

    fn signed(&self, body: &[u8]) -> Vec<u8> {
        let signature = self.account.expose_signing_key().sign(body);
        [body, b"1:~64:", signature.as_bytes(), b"e"].concat()
    }
}

const NOT_FOR_US: Error = Error::NotForUs { what: NAME };

#[test]
fn the_group_opens_what_a_device_has_sealed() {
    let mut link = link();
    for key in 0..3 {
        let bytes = link.seal(key);
        // Spec 07 §7.2.
        assert_eq!(
            bytes.len(),
            1_494 - 1_305 + link.request.record.as_bytes().len()
        );
        let (request, index) = link.open(&bytes).unwrap();
        assert_eq!(index, key, "rotated ones too");
        assert_eq!(request, link.request);
        assert_eq!(request.device(), link.request.device());
        assert_eq!(request.record(), link.request.record());
        assert_eq!(
            LinkRequest::from_bytes(&link.account, request.as_bytes()),
            Ok(request)
        );
    }
    let shown = format!("{:?}", link.request);
    assert_eq!(
        shown,
        format!("LinkRequest {{ device: {:?}, .. }}", link.request.device)
    );
}

#[test]
fn both_devices_show_the_same_emoji() {
    let mut link = link();
    let mut memory = LinkRequestMemory::allocate().unwrap();
    let bytes = link.seal(1);
    let sas = link.request.sas(&mut memory).unwrap();
    let (received, _) = link.open(&bytes).unwrap();
    assert_eq!(received.sas(&mut memory), Ok(sas));
    // Another request of the same device shows others.
    let record = link.request.record().with_seqno(2).unwrap();
    let next = LinkRequest::new(&link.account, *link.request.device(), record).unwrap();
    assert_ne!(next, link.request);
    assert_ne!(next.sas(&mut memory).unwrap().short(), sas.short());
}

#[test]
fn nobody_else_opens_it() {
    let mut link = link();
    let bytes = link.seal(0);
    let account = &link.account;
    let open = |keys: &[KeyPair]| LinkRequest::open(account, keys, &bytes).map(drop);
    assert_eq!(open(&link.keys[..1]), Ok(()));
    assert_eq!(open(&link.keys[1..]), Err(NOT_FOR_US), "another group");
    assert_eq!(open(&[]), Err(NOT_FOR_US));
    let other = Account::generate(&mut link.rng);
    let refused = LinkRequest::open(&other, &link.keys, &bytes).map(drop);
    assert_eq!(refused, Err(NOT_FOR_US), "another account");

    // A key that the hint is for and the rest is not.
    let mut changed = bytes.clone();
    let at = changed.len() - 3;
    let [first, second] = [0, 1].map(|key| link.keys[key].x25519().public().as_bytes());
    for byte in 0..2 {
        changed[at + byte] ^= first[byte] ^ second[byte];
    }
    assert_eq!(link.open(&changed), Err(NOT_FOR_US));
}

#[test]
fn keys_of_low_order() {
    let mut link = link();
    for byte in [0, 1] {
        let mut key = [0; 32];
        key[0] = byte;
        let key = x25519::PublicKey::from_bytes(key);
        let refused = link.request.seal(&link.account, &key, &mut link.rng);
        assert_eq!(refused, Err(Error::LowOrder { what: NAME }));
        let mut bytes = link.seal(0);
        bytes[12..44].copy_from_slice(key.as_bytes());
        assert_eq!(link.open(&bytes), Err(NOT_FOR_US));
    }
}

#[test]
fn layouts() {
    let link = link();
    let open = |bytes: &[u8]| link.open(bytes).map(drop);
    let malformed = Err(MALFORMED);
    let message = |kind: &str, ephemeral: usize, sealed: usize, indicator: usize| {
        let zeros = alloc::vec![0; 200];
        let mut out = Vec::new();
        let mut dict = DictWriter::new(&mut out);
        dict.bytes("", kind.as_bytes()).unwrap();
        dict.bytes("E", &[&[9], &zeros[..ephemeral]].concat()[1..])
            .unwrap();
        dict.bytes("L", &zeros[..sealed]).unwrap();
        dict.bytes("i", &zeros[..indicator]).unwrap();
        dict.finish();
        open(&out)
    };
    assert_eq!(message("L", 32, 99, 2), Err(NOT_FOR_US));
    assert_eq!(message("L", 32, 15, 2), Err(NOT_FOR_US));
    assert_eq!(message("G", 32, 99, 2), Err(Error::Version { what: NAME }));
    for (ephemeral, indicator) in [(31, 2), (33, 2), (32, 1), (32, 3), (32, 0)] {
        assert_eq!(message("L", ephemeral, 99, indicator), malformed);
    }
    for bytes in [&b""[..], b"de", b"d0:1:Le", b"d0:1:L1:E32:", b"le"] {
        assert_eq!(open(bytes), malformed);
    }
    let refused = Error::Length {
        what: NAME,
        expected: 76_800,
        got: 76_801,
    };
    assert_eq!(open(&alloc::vec![b'd'; 76_801]), Err(refused));
}

#[test]
fn what_is_inside_is_checked() {
    let mut link = link();
    let record = link.request.record().as_bytes().to_vec();
    let id = [b"d1:I32:", &[7; 32][..]].concat();
    let good = [&id, &b"1:i"[..], &record].concat();
    let signed = link.signed(&good);
    let (request, _) = link.pass(&signed).unwrap();
    assert_eq!(request.device().as_bytes(), &[7; 32]);

    // Unknown fields are signed too; what follows is not looked at, and shown differently.
    for unknown in [
        [&good, &b"1:j0:"[..]].concat(),
        [b"d1:A0:", &good[1..]].concat(),
    ] {
        let signed = link.signed(&unknown);
        assert!(link.pass(&signed).is_ok());
    }
    let longer = [&signed, &b"more"[..]].concat();
    let (longer, _) = link.pass(&longer).unwrap();
    assert_ne!(longer, request);

    for at in [8, good.len() - 2, signed.len() - 20] {
        let mut changed = signed.clone();
        changed[at] ^= 1;
        let refused = link.pass(&changed).map(drop);
        assert!(
            [Err(Error::Signature { what: NAME }), Err(MALFORMED)].contains(&refused),
            "{refused:?}"
        );
    }
    let other = Account::generate(&mut link.rng);
    let mut forged = good.clone();
    forged.extend(b"1:~64:");
    forged.extend(other.expose_signing_key().sign(&good).as_bytes());
    forged.push(b'e');
    let refused = link.pass(&forged).map(drop);
    assert_eq!(refused, Err(Error::Signature { what: NAME }));

    let no_record = [&id, &b"1:ii1e"[..]].concat();
    let short_id = [b"d1:I31:", &[7; 31][..], b"1:i", &record].concat();
    for body in [&id, &no_record, &short_id, &[b"d", &good[39..]].concat()] {
        let signed = link.signed(body);
        assert_eq!(link.pass(&signed).map(drop), Err(MALFORMED));
    }
    let unsigned = [&good, &b"e"[..]].concat();
    let short = [&good, &b"1:~63:"[..], &[0; 63], b"e"].concat();
    for plaintext in [&b""[..], b"de", &unsigned, &short] {
        assert_eq!(link.pass(plaintext).map(drop), Err(MALFORMED));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_byte_of_the_message_can_be_changed(at: proptest::sample::Index, with in 1..=u8::MAX) {
        let mut link = link();
        let mut bytes = link.seal(0);
        let at = at.index(bytes.len());
        bytes[at] ^= with;
        // The marks of bt-encoding have more than one way to be wrong, and the closing one is not
        // looked at.
        match link.open(&bytes) {
            Ok((request, _)) => {
                prop_assert!(at == bytes.len() - 1);
                prop_assert_eq!(request, link.request);
            }
            Err(error) => {
                let expected = [NOT_FOR_US, MALFORMED, Error::Version { what: NAME }];
                prop_assert!(expected.contains(&error), "{}", error);
            }
        }
    }

    #[test]
    fn any_bytes_are_refused(bytes: Vec<u8>) {
        let mut link = link();
        prop_assert!(link.open(&bytes).is_err());
        prop_assert!(link.pass(&bytes).is_err());
        let account = Account::generate(&mut link.rng);
        prop_assert!(LinkRequest::from_bytes(&account, &bytes).is_err());
    }
}

//! Messages of an account's devices to each other.

use std::sync::LazyLock;

use rand_chacha::ChaCha20Rng;
use session_crypto::rand_core::SeedableRng;
use session_crypto::x25519;
use session_identity::Account;
use session_pfs::hazmat::{
    open_group_payload, padded_payload_len, parse_group_payload, seal_group_payload,
    write_group_payload,
};
use session_pfs::{
    DeviceId, Error, GroupId, GroupMessage, KeyPair, KeySeed, MessageKind, Payload, PublicKeys,
};

use crate::bytes::Bytes;
use crate::network::ACCOUNTS;

const GROUP: GroupId = GroupId::from_bytes(*b"a group!");
const LINK: x25519::PublicKey = x25519::PublicKey::from_bytes([9; 32]);

/// So many have a slot; the last one has none.
const DEVICES: usize = 5;

static DEVICE_KEYS: LazyLock<[KeyPair; DEVICES + 1]> = LazyLock::new(|| {
    core::array::from_fn(|at| {
        let byte = u8::try_from(at).expect("few");
        KeyPair::of_device_key(&KeySeed::from_bytes([byte; 32]))
    })
});

static PUBLIC: LazyLock<[PublicKeys; DEVICES]> =
    LazyLock::new(|| core::array::from_fn(|at| DEVICE_KEYS[at].public()));

/// Two devices that are gone, one account key.
const PAYLOAD: &[u8] = b"d1:Dd32:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaai9e32:bbbbbbbbbbbbbbbbbbbbbbbb\
bbbbbbbbi-7ee1:Kld1:ci5e1:s32:ssssssssssssssssssssssssssssssssee";

static SEALED: LazyLock<Vec<u8>> = LazyLock::new(|| seal(2, PAYLOAD).expect("short"));

fn seal(devices: usize, payload: &[u8]) -> Result<Vec<u8>, Error> {
    let recipients: Vec<_> = PUBLIC.iter().take(devices).map(Some).collect();
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    seal_group_payload(&ACCOUNTS[0], &GROUP, &LINK, &recipients, payload, &mut rng)
}

/// A message with the signature of an account behind its fields.
fn signed(account: &Account, body: &[u8]) -> Vec<u8> {
    let signature = account.expose_signing_key().sign(body);
    [body, b"1:~64:", signature.as_bytes(), b"e"].concat()
}

/// What reads says so much of, is of no more devices and keys than there are bytes for, and is
/// written to what reads the same.
fn check_payload(payload: &Payload, len: usize) {
    assert!(payload.devices.len() <= len / 38);
    assert!(payload.keys.len() <= len / 46);
    assert!(payload.devices.is_sorted_by(|(a, _), (b, _)| a < b));
    let written = write_group_payload(payload).expect("ascending");
    assert_eq!(parse_group_payload(&written).as_ref(), Ok(payload));
}

/// Group messages, broken at each layer in turn: the harness signs and encrypts the fuzzer's bytes.
pub fn device_group(data: &[u8]) {
    let mut bytes = Bytes(data);
    let choice = bytes.byte();
    let [account, other, _] = &*ACCOUNTS;
    match choice % 4 {
        // Nobody signed it.
        0 => {
            let message = bytes.rest();
            let _ = MessageKind::of(message);
            assert!(GroupMessage::read(account, message).is_err());
        }
        // Fields.
        1 => {
            let message = signed(account, bytes.rest());
            let Ok(read) = GroupMessage::read(account, &message) else {
                return;
            };
            assert_eq!(MessageKind::of(&message), MessageKind::Group);
            assert_eq!(
                GroupMessage::read(other, &message).err(),
                Some(Error::Signature {
                    what: "group message"
                })
            );
            // Nobody has encrypted anything.
            assert!(matches!(
                read.open(&*DEVICE_KEYS),
                Err(Error::NotForUs { .. })
            ));
            assert!(!read.names_removed(account, &DeviceId::from_bytes([1; 32])));
            assert!(read.group_id(account).is_none() || read.link_x25519().is_some());
        }
        // A payload, for some devices.
        2 => {
            let devices = usize::from(bytes.byte()) % (DEVICES + 1);
            let payload = bytes.rest();
            let Ok(message) = seal(devices, payload) else {
                assert!(padded_payload_len(payload.len()) > 50_000);
                return;
            };
            assert_eq!(message.len(), message.capacity());
            let read = GroupMessage::read(account, &message).expect("as sealed");
            assert_eq!(read.group_id(account), Some(GROUP));
            assert_eq!(read.link_x25519(), Some(&LINK));
            let end = payload.iter().rposition(|byte| *byte != 0);
            let unpadded = &payload[..end.map_or(0, |last| last + 1)];
            let expected = parse_group_payload(unpadded);
            if let Ok(expected) = &expected {
                check_payload(expected, unpadded.len());
            }
            // One of them, and one who is not.
            let stranger = &DEVICE_KEYS[DEVICES];
            let member = usize::from(choice >> 4).checked_rem(devices);
            if let Some(keys) = member.map(|at| &DEVICE_KEYS[at]) {
                let (_, key, opened) =
                    open_group_payload(&read, [stranger, keys]).expect("as sealed");
                assert_eq!((key, &**opened), (1, unpadded));
                let opened = read.open([keys]);
                assert_eq!(opened, expected.map(|payload| (0, payload)));
            }
            let refused = read.open(&DEVICE_KEYS[devices..]);
            assert!(matches!(refused, Err(Error::NotForUs { .. })));
        }
        // Changed, and signed again or not.
        _ => {
            let mut message = SEALED.clone();
            let sign = bytes.flag();
            while !bytes.is_empty() {
                let at = usize::from(bytes.u16()) % message.len();
                message[at] ^= bytes.byte();
            }
            let changed = message != *SEALED;
            if sign {
                let body = message.len() - 71;
                message = signed(account, &message[..body]);
            }
            match GroupMessage::read(account, &message) {
                Ok(read) => {
                    assert!(sign || !changed);
                    // What everybody sees can be changed by who has the account's key; what is
                    // encrypted cannot.
                    match read.open(&DEVICE_KEYS[..2]) {
                        Ok((_, payload)) => {
                            assert_eq!(Ok(payload), parse_group_payload(PAYLOAD));
                        }
                        Err(error) => {
                            assert!(
                                changed && matches!(error, Error::NotForUs { .. }),
                                "{error}"
                            );
                        }
                    }
                }
                Err(_) => assert!(changed),
            }
        }
    }
}

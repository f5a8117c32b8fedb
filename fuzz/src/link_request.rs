//! Requests of new devices to be linked.

use std::sync::LazyLock;

use rand_chacha::ChaCha20Rng;
use session_crypto::rand_core::SeedableRng;
use session_identity::Account;
use session_pfs::hazmat::seal_link_plaintext;
use session_pfs::{
    DeviceId, DeviceInfo, DeviceRecord, Error, KeyPair, KeySeed, LinkRequest, MessageKind,
};

use crate::bytes::Bytes;
use crate::network::ACCOUNTS;

/// The group's account keys.
static KEYS: LazyLock<[KeyPair; 3]> = LazyLock::new(|| {
    [1, 2, 3].map(|byte| KeyPair::of_account_key(&KeySeed::from_bytes([byte; 32])))
});

static REQUEST: LazyLock<LinkRequest> = LazyLock::new(|| {
    let keys = KeyPair::of_device_key(&KeySeed::from_bytes([4; 32])).public();
    let info = DeviceInfo::new("Kitchen", "d", 2_025_000);
    let record = DeviceRecord::new(&keys, 1, 1_790_000_000, &info).expect("numbered from 1");
    LinkRequest::new(&ACCOUNTS[0], DeviceId::from_bytes([5; 32]), record).expect("short")
});

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([9; 32])
}

/// Seals a plaintext and opens it: it is either the request that was sealed, or refused for what
/// it says.
fn pass(account: &Account, key: usize, plaintext: &[u8]) {
    let link = KEYS[key].x25519().public();
    let message = seal_link_plaintext(account, link, plaintext, &mut rng()).expect("a good key");
    assert_eq!(MessageKind::of(&message), MessageKind::LinkRequest);
    let opened = LinkRequest::open(account, &*KEYS, &message);
    if message.len() > 76_800 {
        assert!(matches!(opened, Err(Error::Length { .. })));
        return;
    }
    let stored = LinkRequest::from_bytes(account, plaintext);
    assert_eq!(opened, stored.map(|request| (request, key)));
    if let Ok((request, _)) = opened {
        assert_eq!(request.as_bytes(), plaintext);
        let record = request.record().as_bytes();
        assert!(plaintext.windows(record.len()).any(|bytes| bytes == record));
    }
    let others = KEYS.iter().filter(|pair| pair.x25519().public() != link);
    assert!(matches!(
        LinkRequest::open(account, others, &message),
        Err(Error::NotForUs { .. })
    ));
}

/// Link requests, broken at each layer in turn: the harness signs and encrypts the fuzzer's bytes.
pub fn link_request(data: &[u8]) {
    let mut bytes = Bytes(data);
    let choice = bytes.byte();
    let key = usize::from(choice >> 4) % KEYS.len();
    let [account, ..] = &*ACCOUNTS;
    match choice % 5 {
        // As it comes.
        0 => {
            let message = bytes.rest();
            let _ = MessageKind::of(message);
            assert!(LinkRequest::open(account, &*KEYS, message).is_err());
        }
        // A plaintext.
        1 => pass(account, key, bytes.rest()),
        // Signed fields, and what comes behind them.
        2 => {
            let (behind, body) = (bytes.piece(), bytes.rest());
            let signature = account.expose_signing_key().sign(body);
            let plaintext = [body, b"1:~64:", signature.as_bytes(), b"e", behind].concat();
            pass(account, key, &plaintext);
        }
        // The request of a device.
        3 => {
            let device = DeviceId::from_bytes(bytes.array());
            let Ok(record) = DeviceRecord::decode(bytes.rest()) else {
                return;
            };
            let request = LinkRequest::new(account, device, record).expect("a record");
            let link = KEYS[key].x25519().public();
            let message = request.seal(account, link, &mut rng()).expect("a good key");
            match LinkRequest::open(account, &*KEYS, &message) {
                Ok(opened) => assert_eq!(opened, (request, key)),
                Err(error) => assert!(message.len() > 76_800, "{error}"),
            }
        }
        // Changed.
        _ => {
            let link = KEYS[key].x25519().public();
            let mut message = REQUEST.seal(account, link, &mut rng()).expect("a good key");
            let sealed = message.clone();
            while !bytes.is_empty() {
                let at = usize::from(bytes.u16()) % message.len();
                message[at] ^= bytes.byte();
            }
            match LinkRequest::open(account, &*KEYS, &message) {
                Ok(opened) => assert_eq!(opened, (REQUEST.clone(), key)),
                Err(_) => assert_ne!(message, sealed),
            }
        }
    }
}

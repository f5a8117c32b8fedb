//! Messages of protocol v2.

use std::sync::LazyLock;

use rand_chacha::ChaCha8Rng;
use session_bt::Value;
use session_crypto::ed25519::SigningKey;
use session_crypto::rand_core::SeedableRng;
use session_pfs::hazmat::{seal_inner, signed_hash};
use session_pfs::{
    Error, KeyPair, KeySeed, MAX_MESSAGE_LEN, MIN_MESSAGE_LEN, MessageSize, MessageVersion, Opened,
    Sender, open, seal, seal_without_pfs,
};

use crate::bytes::Bytes;
use crate::network::ACCOUNTS;

static KEYS: LazyLock<[KeyPair; 2]> = LazyLock::new(|| {
    [1, 2].map(|byte| KeyPair::of_account_key(&KeySeed::from_bytes([byte; KeySeed::LEN])))
});

static ROTATING_KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::from_seed(&[9; 32]));

/// Messages that are broken at each layer in turn: the harness signs and seals the fuzzer's bytes.
pub fn v2_message(data: &[u8]) {
    let mut bytes = Bytes(data);
    let choices = bytes.byte();
    let forward_secret = choices & 1 == 0;
    match choices >> 1 {
        0 => content(bytes.rest(), forward_secret),
        layer @ (1 | 2) => dict(bytes, forward_secret, layer == 2),
        // A dict that nobody signed.
        3 => {
            let opened = open_inner(bytes.rest(), forward_secret);
            assert!(matches!(
                opened,
                None | Some(Err(Error::Malformed { .. } | Error::Signature { .. }))
            ));
        }
        4 => unsealed(bytes.rest()),
        _ => changed(bytes, forward_secret),
    }
}

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::from_seed([5; 32])
}

/// Opens with two keys, of which messages are sealed to the second.
fn opened(wire: &[u8]) -> Result<Opened, Error> {
    open(&ACCOUNTS[1], &*KEYS, wire)
}

fn sealed(content: &[u8], forward_secret: bool, pro: bool) -> Result<Vec<u8>, Error> {
    let [from, me, _] = &*ACCOUNTS;
    let from = Sender::new(from);
    let from = if pro {
        from.with_pro(&ROTATING_KEY)
    } else {
        from
    };
    if forward_secret {
        seal(from, &me.id(), &KEYS[1].public(), content, &mut rng())
    } else {
        seal_without_pfs(from, &me.id(), content, &mut rng())
    }
}

/// `None` for a dict that is too long.
fn open_inner(inner: &[u8], forward_secret: bool) -> Option<Result<Opened, Error>> {
    let keys = KEYS[1].public();
    let keys = forward_secret.then_some(&keys);
    let wire = seal_inner(&ACCOUNTS[1].id(), keys, inner, &mut rng()).ok()?;
    Some(opened(&wire))
}

/// What is sealed opens, and has the length that was announced.
fn content(content: &[u8], forward_secret: bool) {
    for pro in [false, true] {
        let len = MessageSize::of(content.len(), pro).message();
        match sealed(content, forward_secret, pro) {
            Ok(wire) => {
                assert_eq!(wire.len(), len);
                let message = opened(&wire).expect("as sealed");
                assert_eq!(message.content(), content);
                assert_eq!(message.sender(), ACCOUNTS[0].id());
                assert_eq!(message.key_index(), forward_secret.then_some(1));
                assert_eq!(message.pro_signature().is_some(), pro);
            }
            Err(error) => {
                assert!(len > MAX_MESSAGE_LEN);
                assert!(matches!(error, Error::Length { got, .. } if got == len));
            }
        }
    }
}

/// A dict with the fuzzer's entries before, between and after those that are known, rightly signed.
fn dict(mut bytes: Bytes<'_>, forward_secret: bool, pro: bool) {
    let [from, me, _] = &*ACCOUNTS;
    let content = bytes.piece();
    let entries: [_; 5] = core::array::from_fn(|_| bytes.piece());
    let string = |key: &str, value: &[u8]| {
        let head = format!("{}:{key}{}:", key.len(), value.len());
        [head.as_bytes(), value].concat()
    };
    let mut dict = [
        b"d",
        entries[0],
        &string("S", from.ed25519_key().as_bytes()),
        entries[1],
        &string("c", content),
        entries[2],
    ]
    .concat();
    let hash = signed_hash(&me.id(), &dict);
    let signature = from.expose_signing_key().sign(&hash);
    let signed_len = dict.len();
    dict.extend(string("~", signature.as_bytes()));
    dict.extend_from_slice(entries[3]);
    let pro_signed_len = dict.len();
    if pro {
        dict.extend(string("~P", ROTATING_KEY.sign(&dict).as_bytes()));
    }
    dict.extend_from_slice(entries[4]);
    dict.push(b'e');

    let Some(opened) = open_inner(&dict, forward_secret) else {
        return;
    };
    let message = match opened {
        Ok(message) => message,
        Err(error) => {
            assert!(matches!(
                error,
                Error::Malformed { .. } | Error::Signature { .. }
            ));
            // Without entries of the fuzzer's there is nothing to refuse.
            assert!(entries.iter().any(|entry| !entry.is_empty()));
            return;
        }
    };
    assert_eq!(message.sender(), from.id());
    // An independent reader finds the same.
    let Ok(Value::Dict(read)) = Value::decode(&dict) else {
        panic!("not a dict");
    };
    let content = read.iter().find(|(key, _)| *key == b"c");
    let content = content.map(|(_, value)| value);
    assert_eq!(content, Some(&Value::Bytes(message.content())));
    let id: [u8; 32] = session_crypto::blake2b::hash(&[&dict[..signed_len]]);
    assert_eq!(message.replay_id(), id);
    if let Some(signature) = message.pro_signature() {
        assert!(dict.starts_with(signature.signed_bytes()));
        if entries[3].is_empty() && entries[4].is_empty() {
            assert!(pro);
            assert_eq!(signature.signed_bytes().len(), pro_signed_len);
            let verified = ROTATING_KEY
                .public()
                .verify(signature.signed_bytes(), signature.signature());
            assert!(verified.is_ok());
        }
    }
    let content = message.content().to_vec();
    assert_eq!(*message.into_content(), content);
}

/// Bytes that nobody sealed.
fn unsealed(wire: &[u8]) {
    let error = opened(wire).expect_err("nobody sealed it");
    match MessageVersion::of(wire) {
        Ok(MessageVersion::Unknown) => assert!(matches!(error, Error::Version { .. })),
        Ok(MessageVersion::V2) if (MIN_MESSAGE_LEN..=MAX_MESSAGE_LEN).contains(&wire.len()) => {
            assert!(matches!(error, Error::NoKey | Error::LowOrder { .. }));
        }
        Ok(MessageVersion::V2) => assert!(matches!(error, Error::Length { .. })),
        _ => assert!(matches!(error, Error::Malformed { .. })),
    }
}

/// The fuzzer's bytes in place of some of a message: what opens is what was sent.
fn changed(mut bytes: Bytes<'_>, forward_secret: bool) {
    let wire = sealed(b"content", forward_secret, false).expect("short");
    let sent = opened(&wire).expect("as sealed");
    let at = usize::from(bytes.u16()) % wire.len();
    let mut changed = wire.clone();
    for (byte, change) in changed[at..].iter_mut().zip(bytes.rest()) {
        *byte ^= change;
    }
    let same = |part: core::ops::Range<usize>| changed[part.clone()] == wire[part];
    match opened(&changed) {
        Ok(message) => {
            assert_eq!(message, sent);
            // Nobody vouches for indicator and filler of a message without forward secrecy.
            assert!(same(0..2) && same(4..36) && same(1124..wire.len()));
            assert!(!forward_secret || changed == wire);
        }
        Err(_) => assert!(changed != wire),
    }
}

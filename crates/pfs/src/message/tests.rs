use core::convert::Infallible;

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use session_bt::DictWriter;
use session_core::Prefix;
use session_crypto::rand_core::{Rng, SeedableRng, TryCryptoRng, TryRng};
use session_crypto::{ed25519, mlkem768};
use session_identity::Seed;

use super::inner::signed_hash;
use super::*;
use crate::KeySeed;

const INDICATOR_AT: core::ops::Range<usize> = 2..4;
const CIPHERTEXT_AT: core::ops::Range<usize> = 36..1124;
const MALFORMED: Error = Error::Malformed { what: "message" };
const FORGED: Error = Error::Signature { what: "message" };

fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

fn account(byte: u8) -> Account {
    Account::from_seed(&Seed::from([byte; 32]))
}

fn pair(byte: u8) -> KeyPair {
    KeyPair::of_account_key(&KeySeed::from_bytes([byte; 32]))
}

fn rotating_key() -> ed25519::SigningKey {
    ed25519::SigningKey::from_seed(&[9; 32])
}

/// Seals bytes that need not be a signed dict.
fn seal_bytes(to: &Account, keys: Option<&PublicKeys>, inner: &[u8]) -> Vec<u8> {
    let key = *to.x25519_key().public();
    let outer = match keys {
        Some(keys) => Outer::forward_secret(&key, keys, &mut rng(1)),
        None => Outer::without_pfs(&key, &mut rng(1)),
    };
    let padded_len = inner.len().max(396);
    let inner = |out: &mut Vec<u8>| {
        out.extend_from_slice(inner);
        Ok(())
    };
    outer.unwrap().wrap(padded_len, inner).unwrap()
}

/// The dict inside a message.
fn dict<'a>(from: impl Into<Sender<'a>>, to: &AccountId, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write_inner(from.into(), to, content, &mut out).unwrap();
    out
}

/// A dict, signed by `from` for `to`, with entries before, between and after the signatures.
fn dict_with_unknown_keys(from: &Account, to: &AccountId) -> (Vec<u8>, usize, usize) {
    let mut out = Vec::new();
    let mut dict = DictWriter::new(&mut out);
    dict.int("A", 1).unwrap();
    dict.bytes("S", from.ed25519_key().as_bytes()).unwrap();
    dict.bytes("a", b"between").unwrap();
    dict.bytes("c", b"content").unwrap();
    dict.list("x").unwrap().bytes(b"item");
    let signed_len = dict.written().len();
    let hash = signed_hash(to, dict.written());
    let signature = from.expose_signing_key().sign(&hash);
    dict.bytes("~", signature.as_bytes()).unwrap();
    dict.int("~A", 5).unwrap();
    let pro_len = dict.written().len();
    let signature = rotating_key().sign(dict.written());
    dict.bytes("~P", signature.as_bytes()).unwrap();
    dict.int("~Z", 6).unwrap();
    dict.finish();
    (out, signed_len, pro_len)
}

/// Hands out random bytes and keeps them.
struct Tape {
    rng: ChaCha20Rng,
    drawn: Vec<u8>,
}

impl TryRng for Tape {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        unimplemented!("only bytes are drawn")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        unimplemented!("only bytes are drawn")
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        self.rng.fill_bytes(out);
        self.drawn.extend_from_slice(out);
        Ok(())
    }
}

impl TryCryptoRng for Tape {}

fn tape() -> Tape {
    Tape {
        rng: rng(3),
        drawn: Vec::new(),
    }
}

fn ephemeral_of(wire: &[u8]) -> &[u8] {
    &wire[4..36]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_sealed_opens(
        content in prop::collection::vec(any::<u8>(), 0..3000),
        pro: bool,
        forward_secret: bool,
        position in 0..3usize,
        seed: u8,
    ) {
        let (from, to) = (account(1), account(2));
        let mut keys = vec![pair(10), pair(11)];
        keys.insert(position, pair(12));
        let rotating = rotating_key();
        let sender = Sender::new(&from);
        let sender = if pro { sender.with_pro(&rotating) } else { sender };
        let wire = if forward_secret {
            seal(sender, &to.id(), &pair(12).public(), &content, &mut rng(seed))
        } else {
            seal_without_pfs(sender, &to.id(), &content, &mut rng(seed))
        }
        .unwrap();

        prop_assert_eq!(MessageVersion::of(&wire), Ok(MessageVersion::V2));
        let size = MessageSize::of(content.len(), pro);
        prop_assert_eq!(wire.len(), size.message());
        let opened = open(&to, &keys, &wire).unwrap();
        prop_assert_eq!(opened.content(), &*content);
        prop_assert_eq!(opened.sender(), from.id());
        prop_assert_eq!(opened.sender_key(), from.ed25519_key());
        prop_assert_eq!(opened.is_forward_secret(), forward_secret);
        prop_assert_eq!(opened.key_index(), forward_secret.then_some(position));
        prop_assert_eq!(dict(sender, &to.id(), &content).len(), size.inner());
        match opened.pro_signature() {
            Some(signature) => {
                prop_assert!(pro);
                let verified = rotating
                    .public()
                    .verify(signature.signed_bytes(), signature.signature());
                prop_assert_eq!(verified, Ok(()));
            }
            None => prop_assert!(!pro),
        }
        prop_assert_eq!(&**opened.into_content(), &*content);
    }

    #[test]
    fn changed_messages_do_not_open(at: prop::sample::Index, flip in 1..=255u8, grow: bool) {
        let (from, to, key) = (account(1), account(2), pair(3));
        let content = b"content";
        let sealed = [
            (true, seal(&from, &to.id(), &key.public(), content, &mut rng(1)).unwrap()),
            (false, seal_without_pfs(&from, &to.id(), content, &mut rng(1)).unwrap()),
        ];
        for (forward_secret, wire) in sealed {
            let sent = open(&to, [&key], &wire).unwrap();
            let mut changed = wire.clone();
            let at = at.index(wire.len());
            changed[at] ^= flip;
            let opened = open(&to, [&key], &changed);
            let unused = INDICATOR_AT.contains(&at) || CIPHERTEXT_AT.contains(&at);
            match at {
                0 => prop_assert_eq!(opened, Err(MALFORMED)),
                1 => prop_assert_eq!(opened, Err(Error::Version { what: "message" })),
                // Nobody vouches for what the recipient does not need.
                _ if unused && !forward_secret => prop_assert_eq!(opened, Ok(sent)),
                _ => prop_assert_eq!(opened, Err(Error::NoKey)),
            }

            let mut changed = wire;
            if grow {
                changed.push(flip);
            } else {
                changed.resize(2000, flip);
            }
            prop_assert_eq!(open(&to, [&key], &changed), Err(Error::NoKey));
        }
    }

    #[test]
    fn any_bytes_inside(inner in prop::collection::vec(any::<u8>(), 0..600)) {
        let (to, key) = (account(2), pair(3));
        for keys in [Some(&key.public()), None] {
            let opened = open(&to, [&key], &seal_bytes(&to, keys, &inner));
            prop_assert_eq!(opened, Err(MALFORMED));
        }
    }
}

#[test]
fn only_the_recipient_with_the_key_opens() {
    let (from, to, key) = (account(1), account(2), pair(3));
    let wire = seal(&from, &to.id(), &key.public(), b"", &mut rng(1)).unwrap();
    assert!(open(&to, [&key], &wire).is_ok());
    assert_eq!(open(&to, [&pair(4)], &wire), Err(Error::NoKey));
    assert_eq!(open(&to, [], &wire), Err(Error::NoKey));
    assert_eq!(open(&from, [&key], &wire), Err(Error::NoKey));
    let wire = seal_without_pfs(&from, &to.id(), b"", &mut rng(1)).unwrap();
    assert!(open(&to, [], &wire).is_ok());
    assert_eq!(open(&from, [&key], &wire), Err(Error::NoKey));
}

#[test]
fn oneself_is_a_recipient() {
    let (me, key) = (account(1), pair(3));
    let wire = seal(&me, &me.id(), &key.public(), b"note", &mut rng(1)).unwrap();
    assert_eq!(open(&me, [&key], &wire).unwrap().sender(), me.id());
}

#[test]
fn randomness_is_drawn_in_the_documented_order() {
    let (from, to, key) = (account(1), account(2).id(), pair(3));
    let mut tape_1 = tape();
    let wire = seal(&from, &to, &key.public(), b"", &mut tape_1).unwrap();
    let (secret, encapsulation) = tape_1.drawn.split_at(32);
    let secret = x25519::SecretKey::from_bytes(secret.try_into().unwrap());
    assert_eq!(ephemeral_of(&wire), secret.public().as_bytes());
    let mut replay = tape();
    replay.fill_bytes(&mut [0; 32]);
    let (ciphertext, _) = key.public().mlkem().encapsulate(&mut replay);
    assert_eq!(wire[CIPHERTEXT_AT], ciphertext);
    assert_eq!(&replay.drawn[32..], encapsulation);

    let mut tape_2 = tape();
    let wire = seal_without_pfs(&from, &to, b"", &mut tape_2).unwrap();
    assert_eq!(tape_2.drawn.len(), 130);
    let secret = x25519::SecretKey::from_bytes(tape_2.drawn[..32].try_into().unwrap());
    assert_eq!(ephemeral_of(&wire), secret.public().as_bytes());
    assert_eq!(wire[INDICATOR_AT], tape_2.drawn[32..34]);
    let mut replay = rng(3);
    replay.fill_bytes(&mut [0; 34]);
    assert_eq!(wire[CIPHERTEXT_AT], mlkem768::decoy_ciphertext(&mut replay));
}

/// The table of spec 06 §7.
#[test]
fn lengths_of_the_spec() {
    let table = [
        (279, 208, 1536),
        (535, 464, 1792),
        (791, 720, 2048),
        (1046, 976, 2304),
        (1302, 1231, 2560),
        (1558, 1487, 2816),
        (75_541, 75_470, 76_800),
    ];
    for (without, with_pro, message) in table {
        for (len, pro) in [(without, false), (with_pro, true)] {
            assert_eq!(MessageSize::of(len, pro).message(), message);
            assert_eq!(MessageSize::of(len + 1, pro).message(), message + 256);
        }
    }
    assert_eq!(MessageSize::of(0, false).inner(), 115);
    assert_eq!(MessageSize::of(0, false).message(), MIN_MESSAGE_LEN);
    assert_eq!(MessageSize::of(usize::MAX, true).message(), usize::MAX);
}

#[test]
fn lengths_are_checked_before_anything_is_done() {
    let (from, to, key) = (account(1), account(2), pair(3));
    let too_long = |got| Error::Length {
        what: "message",
        expected: MAX_MESSAGE_LEN,
        got,
    };
    let keys = key.public();
    let longest = vec![7; 75_541];
    let wire = seal(&from, &to.id(), &keys, &longest, &mut rng(1)).unwrap();
    assert_eq!(wire.len(), MAX_MESSAGE_LEN);
    assert_eq!(open(&to, [&key], &wire).unwrap().content(), longest);

    // Nothing is drawn.
    let mut tape = tape();
    let content = vec![7; 75_542];
    let sealed = seal(&from, &to.id(), &keys, &content, &mut tape);
    assert_eq!(sealed, Err(too_long(77_056)));
    let rotating = rotating_key();
    let sender = Sender::new(&from).with_pro(&rotating);
    let sealed = seal_without_pfs(sender, &to.id(), &longest, &mut tape);
    assert_eq!(sealed, Err(too_long(77_056)));
    assert_eq!(tape.drawn, []);

    let wire = [wire, vec![0]].concat();
    let mut looked_at = 0;
    let keys = [&key].into_iter().inspect(|_| looked_at += 1);
    assert_eq!(open(&to, keys, &wire), Err(too_long(MAX_MESSAGE_LEN + 1)));
    assert_eq!(looked_at, 0);
    let opened = open(&to, [&key], &wire[..1535]);
    let too_short = Error::Length {
        what: "message",
        expected: MIN_MESSAGE_LEN,
        got: 1535,
    };
    assert_eq!(opened, Err(too_short));
}

#[test]
fn versions() {
    assert_eq!(MessageVersion::of(&[]), Err(MALFORMED));
    for (wire, version) in [
        (&[0][..], MessageVersion::Unknown),
        (&[0, 1, 2], MessageVersion::Unknown),
        (&[0, 3], MessageVersion::Unknown),
        (&[0, 2], MessageVersion::V2),
        (&[8, 1], MessageVersion::V1),
    ] {
        assert_eq!(MessageVersion::of(wire), Ok(version));
    }
    let me = account(1);
    assert_eq!(open(&me, [], &[]), Err(MALFORMED));
    assert_eq!(open(&me, [], &[8, 1]), Err(MALFORMED));
    let unknown = Error::Version { what: "message" };
    assert_eq!(open(&me, [], &[0]), Err(unknown));
}

#[test]
fn recipients_that_are_none() {
    let (from, keys) = (account(1), pair(3).public());
    let mut tape = tape();
    let group = AccountId::new(Prefix::Group, [4; 32]);
    let sealed = seal(&from, &group, &keys, b"", &mut tape);
    assert_eq!(sealed, Err(Error::Recipient));
    let sealed = seal_without_pfs(&from, &group, b"", &mut tape);
    assert_eq!(sealed, Err(Error::Recipient));
    assert_eq!(tape.drawn, []);

    let low = AccountId::new(Prefix::Standard, [0; 32]);
    let error = Error::LowOrder { what: "recipient" };
    assert_eq!(seal(&from, &low, &keys, b"", &mut tape), Err(error));
    let sealed = seal_without_pfs(&from, &low, b"", &mut tape);
    assert_eq!(sealed, Err(error));
}

#[test]
fn ephemeral_key_of_low_order() {
    let to = account(2);
    let mut wire = seal_without_pfs(&account(1), &to.id(), b"", &mut rng(1)).unwrap();
    for low in [[0; 32], {
        let mut one = [0; 32];
        one[0] = 1;
        one
    }] {
        wire[4..36].copy_from_slice(&low);
        let error = Error::LowOrder { what: "message" };
        assert_eq!(open(&to, [], &wire), Err(error));
    }
}

/// The indicator is a hint that anybody may give.
#[test]
fn fallback_that_is_marked_with_a_key_that_is_held() {
    let (from, to, key) = (account(1), account(2), pair(3));
    let secret = x25519::SecretKey::from_bytes(&[5; 32]);
    let public = *to.x25519_key().public();
    let dh = secret.diffie_hellman(&public).unwrap();
    let indicator = mask(&dh, secret.public(), &public, *key.indicator().as_bytes());
    let wire = seal_with((&from).into(), &to.id(), b"text", |to| {
        Outer::without_pfs_with(to, &secret, indicator, [0; 1088])
    })
    .unwrap();
    let opened = open(&to, [&key], &wire).unwrap();
    assert_eq!((opened.content(), opened.key_index()), (&b"text"[..], None));
}

#[test]
fn unknown_keys_are_signed_and_skipped() {
    let (from, to, key) = (account(1), account(2), pair(3));
    let (dict, signed_len, pro_len) = dict_with_unknown_keys(&from, &to.id());
    let keys = key.public();
    let opened = open(&to, [&key], &seal_bytes(&to, Some(&keys), &dict)).unwrap();
    assert_eq!(opened.content(), b"content");
    let pro = opened.pro_signature().unwrap();
    assert_eq!(pro.signed_bytes(), &dict[..pro_len]);
    let verified = rotating_key()
        .public()
        .verify(pro.signed_bytes(), pro.signature());
    assert_eq!(verified, Ok(()));
    let id: [u8; 32] = session_crypto::blake2b::hash(&[&dict[..signed_len]]);
    assert_eq!(opened.replay_id(), id);
    assert_eq!(&**opened.into_content(), b"content");
}

#[test]
fn copies_have_one_replay_id() {
    let (from, to, key) = (account(1), account(2), pair(3));
    let seal = |content, seed| {
        let wire = seal(&from, &to.id(), &key.public(), content, &mut rng(seed)).unwrap();
        open(&to, [&key], &wire).unwrap()
    };
    let sent = seal(b"content", 1);
    assert_ne!(sent.replay_id(), seal(b"contenu", 1).replay_id());
    assert_eq!(sent.replay_id(), seal(b"content", 2).replay_id());
    // Who saw the dict seals it again, in either form.
    let dict = dict(&from, &to.id(), b"content");
    for keys in [Some(&key.public()), None] {
        let again = open(&to, [&key], &seal_bytes(&to, keys, &dict)).unwrap();
        assert_eq!(again.replay_id(), sent.replay_id());
        assert_eq!(again.sender(), sent.sender());
    }
}

/// What is final once the tag was right, whatever other key there is.
#[test]
fn dicts_that_are_refused() {
    let (from, to, other, key) = (account(1), account(2), account(4), pair(3));
    let good = dict(&from, &to.id(), b"content");
    let keys = key.public();
    for keys in [Some(&keys), None] {
        let open_inner = |inner: &[u8]| open(&to, [&key], &seal_bytes(&to, keys, inner));
        assert!(open_inner(&good).is_ok());
        assert_eq!(
            open_inner(&dict(&from, &other.id(), b"content")),
            Err(FORGED)
        );
        assert_eq!(open_inner(b""), Err(MALFORMED));
        assert_eq!(open_inner(&good[..good.len() - 1]), Err(MALFORMED));
        assert_eq!(open_inner(&[&good, &b"e"[..]].concat()), Err(MALFORMED));
        for at in 0..good.len() {
            let mut changed = good.clone();
            changed[at] ^= 1;
            assert!(
                matches!(open_inner(&changed), Err(MALFORMED | FORGED)),
                "{at}"
            );
        }
        // A Pro signature of another length.
        let mut short = good.clone();
        short.pop();
        short.extend_from_slice(b"2:~P1:xe");
        assert_eq!(open_inner(&short), Err(MALFORMED));
        // One of the right length need not verify.
        short.truncate(good.len() - 1);
        short.extend_from_slice(b"2:~P64:");
        short.extend_from_slice(&[8; 64]);
        short.push(b'e');
        assert!(open_inner(&short).unwrap().pro_signature().is_some());
    }
}

#[test]
fn nothing_secret_is_shown() {
    let (from, to) = (account(1), account(2));
    let rotating = rotating_key();
    let sender = Sender::new(&from).with_pro(&rotating);
    let wire = seal_without_pfs(sender, &to.id(), b"hidden", &mut rng(1)).unwrap();
    let opened = open(&to, [], &wire).unwrap();
    let shown = format!("{opened:?}{:?}{sender:?}", opened.pro_signature());
    assert!(
        !shown.contains("hidden") && !shown.contains("104, 105"),
        "{shown}"
    );
    assert!(shown.contains("key_index: None"), "{shown}");
}

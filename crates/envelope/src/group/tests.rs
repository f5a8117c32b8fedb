use alloc::format;
use alloc::string::String;
use alloc::vec;

use allocation_counter::measure;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use session_crypto::rand_core::{Rng, SeedableRng};
use session_identity::{Account, Seed};

use super::*;
use crate::MAX_WIRE_LEN;
use crate::pro::{Credential, ProfileFeatures, Proof};

const SENT: UnixMillis = UnixMillis::from_millis(1_755_166_437_229);
const GROUP: AccountId = AccountId::new(Prefix::Group, [3; 32]);
const NONCE: [u8; 24] = [5; 24];
const STEP: usize = PADDING as usize;

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([9; 32])
}

fn alice() -> Account {
    Account::from_seed(&Seed::from([1; 32]))
}

fn bob() -> Account {
    Account::from_seed(&Seed::from([2; 32]))
}

fn key(byte: u8) -> SymmetricKey {
    SymmetricKey::from_bytes([byte; 32])
}

fn seal(content: &Content) -> Vec<u8> {
    seal_group(&alice(), &GROUP, &key(1), content, SENT, &mut rng()).unwrap()
}

fn open(wire: &[u8]) -> Result<Opened, Error> {
    open_group(&bob().id(), &GROUP, &[key(1)], wire)
}

fn decrypted(ciphertext: &[u8]) -> Result<Vec<u8>, Error> {
    let mut opener = GroupOpener::new(&GROUP, core::slice::from_ref(&GROUP_KEY))?;
    opener
        .decrypt(ciphertext)
        .map(|decrypted| decrypted.plaintext.to_vec())
}

static GROUP_KEY: SymmetricKey = SymmetricKey::from_bytes([1; 32]);

/// A content that no compressor makes shorter, in a field that nobody knows.
fn random_content(len: usize) -> Content {
    let mut bytes = vec![0xba, 0x3e, 0, 0, 0];
    prost::encoding::encode_varint(len as u64, &mut &mut bytes[2..]);
    let header_len = 2 + prost::encoding::encoded_len_varint(len as u64);
    bytes.resize(header_len + len, 0);
    rng().fill_bytes(&mut bytes[header_len..]);
    Content::from_bytes(bytes).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_sealed_opens(body in "\\PC{0,300}", millis in 1u64.., seed: [u8; 32], at in 0usize..4) {
        let sent = UnixMillis::from_millis(millis);
        let mut rng = ChaCha20Rng::from_seed(seed);
        let content = Content::text(&body);
        let wire = seal_group(&alice(), &GROUP, &key(1), &content, sent, &mut rng).unwrap();
        prop_assert_eq!(wire.len(), wire.capacity(), "allocated once, and exactly");
        prop_assert_eq!(wire.len() % STEP, 0);

        let mut keys = vec![key(2), key(3), key(4)];
        prop_assert_eq!(open_group(&bob().id(), &GROUP, &keys, &wire), Err(Error::Decrypt));
        keys.insert(at, key(1));
        let opened = open_group(&bob().id(), &GROUP, &keys, &wire).unwrap();
        prop_assert_eq!(opened.check(), Ok(()));
        prop_assert_eq!(opened.key_index(), Some(at));
        prop_assert_eq!(opened.sender(), alice().id());
        prop_assert_eq!(*opened.sender_key(), *alice().ed25519_key());
        prop_assert_eq!(opened.timestamp(), sent);
        prop_assert_eq!(opened.content().sig_timestamp(), Some(sent));
        prop_assert_eq!(opened.content().body(), Some(&*body));
        prop_assert!(opened.outside().pro_signature.is_some(), "a decoy");
        prop_assert_eq!(opened.pro_claim(), None);

        let other = AccountId::new(Prefix::Group, [4; 32]);
        prop_assert_eq!(open_group(&bob().id(), &other, &keys, &wire), Err(Error::Signature));
    }

    #[test]
    fn changes_are_refused(at: usize, mask in 1u8..) {
        let mut wire = seal(&Content::text("hello"));
        let at = at % wire.len();
        wire[at] ^= mask;
        prop_assert_eq!(open(&wire), Err(Error::Decrypt));
    }

    #[test]
    fn any_bytes_give_an_error(wire: Vec<u8>, inside: Vec<u8>) {
        prop_assert!(open(&wire).is_err());
        prop_assert!(open(&xchacha20::encrypt(&key(1), &inside, &mut rng()).unwrap()).is_err());
    }

    #[test]
    fn bytes_round_trip(
        plaintext in prop::collection::vec(prop_oneof![Just(0), any::<u8>()], 1..600),
        repeated in 1usize..20,
        padding in 0u16..300,
    ) {
        let plaintext = plaintext.repeat(repeated);
        let wire = encrypt(&alice(), &GROUP, &key(1), &plaintext, padding, &mut rng()).unwrap();
        prop_assert_eq!(wire.len(), wire.capacity());
        prop_assert_eq!(wire.len() % usize::from(padding.max(1)), 0);
        prop_assert_eq!(decrypted(&wire), Ok(plaintext));
    }
}

#[test]
fn truncated_messages_are_refused() {
    let wire = seal(&Content::text("hello"));
    for len in 0..xchacha20::OVERHEAD {
        assert!(matches!(open(&wire[..len]), Err(Error::Length { .. })));
    }
    for len in xchacha20::OVERHEAD..wire.len() {
        assert_eq!(open(&wire[..len]), Err(Error::Decrypt), "{len}");
    }
}

#[test]
fn long_messages_are_compressed() {
    let len = |body: String| seal(&Content::text(body)).len();
    assert_eq!(len("x".repeat(1900)), 512);
    let open = open(&seal(&Content::text("x".repeat(1900)))).unwrap();
    assert_eq!(open.content().body(), Some(&*"x".repeat(1900)));
}

#[test]
fn groups_have_their_prefix() {
    for prefix in [Prefix::Standard, Prefix::Blinded15, Prefix::Unblinded] {
        let id = AccountId::new(prefix, [3; 32]);
        let content = Content::text("");
        assert_eq!(
            seal_group(&alice(), &id, &key(1), &content, SENT, &mut rng()),
            Err(Error::Recipient)
        );
        let encrypted = encrypt(&alice(), &id, &key(1), b"a", 0, &mut rng());
        assert_eq!(encrypted, Err(Error::Recipient));
        let opened = open_group(&bob().id(), &id, &[key(1)], &[0; 100]);
        assert_eq!(opened, Err(Error::Recipient));
    }
}

#[test]
fn keys_are_of_32_bytes_or_half_of_64() {
    assert_eq!(key_from_bytes(&[1; 32]), Ok(key(1)));
    let long = [[1; 32], [2; 32]].concat();
    assert_eq!(key_from_bytes(&long), Ok(key(1)));
    for len in [0, 31, 33, 63] {
        let wrong = Error::Length {
            what: "group key",
            expected: 32,
            got: len,
        };
        assert_eq!(key_from_bytes(&long[..len]), Err(wrong));
    }
}

#[test]
fn lengths_have_limits() {
    let fits = (MAX_WIRE_LEN / STEP * STEP) - 1_000;
    assert_eq!(seal(&random_content(fits)).len() % STEP, 0);
    let too_long = random_content(MAX_WIRE_LEN);
    let sealed = seal_group(&alice(), &GROUP, &key(1), &too_long, SENT, &mut rng());
    assert!(matches!(
        sealed,
        Err(Error::Length {
            what: "message",
            expected: MAX_WIRE_LEN,
            ..
        })
    ));
    let zero = UnixMillis::from_millis(0);
    let sealed = seal_group(
        &alice(),
        &GROUP,
        &key(1),
        &Content::text(""),
        zero,
        &mut rng(),
    );
    assert_eq!(sealed, Err(Error::Timestamp));

    let encrypted =
        |plaintext: &[u8]| encrypt(&alice(), &GROUP, &key(1), plaintext, u16::MAX, &mut rng());
    let longest = vec![7; MAX_PLAINTEXT_LEN + 1];
    assert!(matches!(
        encrypted(&longest),
        Err(Error::Length {
            expected: MAX_PLAINTEXT_LEN,
            ..
        })
    ));
    assert!(matches!(
        encrypted(&[]),
        Err(Error::Length { expected: 1, .. })
    ));
    let wire = encrypted(&longest[1..]).unwrap();
    assert_eq!(decrypted(&wire).unwrap(), longest[1..]);
}

#[test]
fn a_rotating_key_signs_the_content() {
    let rotating = ed25519::SigningKey::from_seed(&[7; 32]);
    let proof = Proof {
        version: None,
        revocation_tag: [8; 32],
        rotating_key: *rotating.public().as_bytes(),
        expiry: 1_800_000_000,
        signature: ed25519::Signature::from_bytes([6; 64]),
    };
    let pro = Credential::new(proof, rotating.clone(), ProfileFeatures::BADGE).unwrap();
    let alice = alice();
    let from = Sender::with_pro(&alice, &pro);
    let content = Content::text("hello");
    let wire = seal_group(from, &GROUP, &key(1), &content, SENT, &mut rng()).unwrap();
    let opened = open(&wire).unwrap();
    let claim = opened.pro_claim().unwrap();
    assert_eq!(claim.proof(), Some(&proof));
    assert_eq!(claim.signed_bytes(), opened.content().as_bytes());
    let signed = claim.signed_bytes();
    assert_eq!(rotating.public().verify(signed, claim.signature()), Ok(()));
}

#[test]
fn envelopes_are_checked() {
    let missing = |message, field| Err(Error::Missing { message, field });
    let open_bytes = |plaintext: &[u8]| {
        let mut data = Zeroizing::new(plaintext.to_vec());
        data.reserve(32);
        let payload = Payload::plain(data);
        let wire = write_ciphertext(&alice(), GROUP.key_bytes(), &key(1), payload, 0, &NONCE);
        open(&wire.unwrap())
    };
    assert_eq!(open_bytes(&[0x28, 5]), missing("Envelope", "type"));
    assert_eq!(open_bytes(&[0x08, 7]), missing("Envelope", "timestamp"));
    assert_eq!(
        open_bytes(&[0x08, 7, 0x28, 5]),
        missing("Envelope", "content")
    );
    assert!(matches!(open_bytes(b"no"), Err(Error::Malformed { .. })));
    // Padding is not taken off: it makes the content unreadable.
    let padded = [0x08, 7, 0x28, 5, 0x42, 2, 0x80, 0];
    assert!(matches!(open_bytes(&padded), Err(Error::Malformed { .. })));
    let bare = open_bytes(&[0x08, 6, 0x28, 5, 0x42, 0]).unwrap();
    assert_eq!(bare.content().as_bytes(), b"");
    assert_eq!(bare.outside().pro_signature, None);
    assert_eq!(bare.outside().source_device, None);
    assert_eq!(bare.check(), Ok(()));
}

#[test]
fn an_opener_opens_message_after_message() {
    let keys = [key(2), key(1)];
    let mut opener = GroupOpener::new(&GROUP, &keys).unwrap();
    let bodies = [
        "long and long and long ".repeat(50),
        "short".into(),
        "".into(),
    ];
    let me = bob().id();
    for body in bodies.iter().chain(&bodies) {
        assert_eq!(opener.open(&me, &[0; 60]), Err(Error::Decrypt));
        let opened = opener.open(&me, &seal(&Content::text(body))).unwrap();
        assert_eq!(opened.content().body(), Some(&**body));
        assert_eq!(opened.key_index(), Some(1));
    }
}

#[test]
fn a_poll_reuses_the_buffers() {
    let wire = seal(&random_content(1000));
    let compressed = seal(&Content::text("x".repeat(1900)));
    let keys = [key(2), key(1)];
    let me = bob().id();
    let mut opener = GroupOpener::new(&GROUP, &keys).unwrap();
    let first = measure(|| drop(opener.open(&me, &wire).unwrap()));
    assert!(first.count_total > 0);
    // The bytes of the content are all that a message needs; this one has no known fields.
    let hundred = measure(|| {
        for _ in 0..100 {
            drop(opener.open(&me, &wire).unwrap());
        }
    });
    assert_eq!(hundred.count_total, 100 * (first.count_total - 1));
    let mut allocated = |wire: &[u8], times| {
        measure(|| {
            for _ in 0..times {
                opener.decrypt(wire).unwrap();
            }
        })
    };
    assert_eq!(allocated(&wire, 100).count_total, 0);
    // Decompression needs tables of its own, but no buffer for what comes out.
    allocated(&compressed, 1);
    let (one, hundred) = (allocated(&compressed, 1), allocated(&compressed, 100));
    assert!(one.count_total > 0);
    assert_eq!(hundred.bytes_total, 100 * one.bytes_total);
    assert_eq!(hundred.bytes_current, 0);
}

#[test]
fn debug_is_redacted() {
    let wire = encrypt(&alice(), &GROUP, &key(1), b"secret", 0, &mut rng()).unwrap();
    let keys = [key(1)];
    let mut opener = GroupOpener::new(&GROUP, &keys).unwrap();
    let decrypted = format!("{:?}", opener.decrypt(&wire).unwrap());
    let id = alice().id();
    assert_eq!(
        decrypted,
        format!("Decrypted {{ sender: {id:?}, key_index: 0, .. }}")
    );
    assert_eq!(format!("{opener:?}"), "GroupOpener { keys: 1, .. }");
}

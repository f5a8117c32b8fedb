use alloc::format;

use proptest::prelude::*;
use session_core::{AccountId, Prefix};
use session_identity::Seed;

use super::*;

const KINDS: [Kind; 4] = [
    Kind::UserProfile,
    Kind::Contacts,
    Kind::ConvoInfoVolatile,
    Kind::UserGroups,
];

fn account(byte: u8) -> Account {
    Account::from_seed(&Seed::from([byte; 32]))
}

/// The wrapper around any message, sealed by any account, with a type of the outermost layer.
fn wrapper(from: &Account, kind: Option<i32>, message: &[u8]) -> Vec<u8> {
    let to = account(1);
    let sealed = seal_deterministic(from, to.x25519_key().public(), message).unwrap();
    let envelope = Envelope {
        kind: Some(EnvelopeType::SessionMessage.into()),
        timestamp: Some(1),
        content: Some(sealed),
        ..Default::default()
    };
    let outer = WebSocketMessage {
        kind,
        request: Some(WebSocketRequestMessage {
            body: Some(envelope.to_wire()),
            ..Default::default()
        }),
        ..Default::default()
    };
    outer.to_wire()
}

fn open(wire: &[u8]) -> Result<Unwrapped, Error> {
    unwrap(&account(1), Kind::Contacts, wire)
}

fn message(padding: &[u8]) -> Vec<u8> {
    let config = SharedConfigMessage {
        kind: Some(Kind::Contacts.into()),
        seqno: Some(-3),
        data: Some(b"data".to_vec()),
    };
    let content = proto::Content {
        shared_config_message: Some(config),
        ..Default::default()
    };
    [&content.to_wire(), padding].concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_is_wrapped_unwraps(seed: [u8; 32], kind in 0usize..4, seqno: i64, data: Vec<u8>) {
        let me = Account::from_seed(&Seed::from(seed));
        let kind = KINDS[kind];
        let wire = wrap(&me, kind, seqno, &data).unwrap();
        prop_assert_eq!(&wrap(&me, kind, seqno, &data).unwrap(), &wire);
        let config = unwrap(&me, kind, &wire).unwrap();
        prop_assert_eq!(&*config.data, &data);
        prop_assert_eq!(config.seqno, seqno);
        for other in KINDS.into_iter().filter(|other| *other != kind) {
            prop_assert_eq!(unwrap(&me, other, &wire), Err(Error::ConfigKind));
        }
        prop_assert_eq!(unwrap(&account(2), kind, &wire), Err(Error::Decrypt));
    }

    #[test]
    fn changes_never_reach_the_config(at: usize, mask in 1u8..) {
        let mut wire = wrap(&account(1), Kind::Contacts, 5, b"data").unwrap();
        let original = open(&wire);
        let at = at % wire.len();
        wire[at] ^= mask;
        let changed = open(&wire);
        prop_assert!(changed.is_err() || changed == original);
    }

    #[test]
    fn any_bytes_give_an_error(wire: Vec<u8>) {
        prop_assert!(open(&wire).is_err());
    }
}

#[test]
fn namespaces_are_those_of_user_configs() {
    let kinds = (-1..8).map(kind_of_namespace);
    let expected = [None; 3]
        .into_iter()
        .chain(KINDS.map(Some))
        .chain([None; 2]);
    assert!(kinds.eq(expected));
}

#[test]
fn different_messages_have_different_ephemeral_keys() {
    let me = account(1);
    let seal = |to: &Account, message: &[u8]| {
        let sealed = seal_deterministic(&me, to.x25519_key().public(), message).unwrap();
        <[u8; 32]>::try_from(&sealed[..32]).unwrap()
    };
    assert_eq!(seal(&me, b"a"), seal(&me, b"a"));
    assert_ne!(seal(&me, b"a"), seal(&me, b"b"));
    assert_ne!(seal(&me, b"a"), seal(&account(2), b"a"));
    let nobody = AccountId::new(Prefix::Standard, [0; 32]);
    let nobody = x25519::PublicKey::from_bytes(*nobody.key_bytes());
    assert_eq!(
        seal_deterministic(&me, &nobody, b"a"),
        Err(Error::Recipient)
    );
}

#[test]
fn errors_in_the_order_of_the_spec() {
    let missing = |message, field| Err(Error::Missing { message, field });
    let good = message(&[0x80]);
    let wire = wrapper(&account(1), Some(1), &good);
    assert!(open(&wire).is_ok());
    // The low 32 bits count, and the last of two.
    assert!(open(&[&wire[..], &[0x08, 0x81, 0x80, 0x80, 0x80, 0x10]].concat()).is_ok());
    assert!(matches!(open(&[0xff]), Err(Error::Malformed { .. })));
    for kind in [None, Some(0), Some(2)] {
        let wire = wrapper(&account(2), kind, b"");
        assert_eq!(open(&wire), missing("WebSocketMessage", "request"));
    }
    assert_eq!(open(&[0x08, 1]), missing("WebSocketMessage", "request"));
    assert_eq!(
        open(&[0x08, 1, 0x12, 0]),
        missing("WebSocketRequestMessage", "body")
    );
    assert_eq!(
        open(&[0x08, 1, 0x12, 2, 0x1a, 0]),
        missing("Envelope", "type")
    );
    assert_eq!(
        open(&[0x08, 1, 0x12, 6, 0x1a, 4, 0x08, 6, 0x28, 1]),
        missing("Envelope", "content")
    );
    let stranger = wrapper(&account(2), Some(1), b"");
    assert_eq!(open(&stranger), Err(Error::NotFromSelf));

    let from_self = |message: &[u8]| open(&wrapper(&account(1), Some(1), message));
    for padding in [&[][..], &[0], &[0x80, 1], &[0x81]] {
        let message = message(padding);
        assert_eq!(from_self(&message), missing("Content", "padding"));
    }
    assert_eq!(from_self(b""), missing("Content", "padding"));
    assert_eq!(from_self(&[0; 5]), missing("Content", "padding"));
    assert!(matches!(
        from_self(&[0xff, 0x80]),
        Err(Error::Malformed { .. })
    ));
    assert_eq!(
        from_self(&[0x80]),
        missing("Content", "sharedConfigMessage")
    );
    // One terminator is taken off, and any number of zeros.
    let config = from_self(&message(&[0x80])).unwrap();
    assert_eq!(config, from_self(&message(&[0x80, 0, 0, 0])).unwrap());
    assert_eq!((&**config.data, config.seqno), (&b"data"[..], -3));
    assert_eq!(
        unwrap(
            &account(1),
            Kind::UserGroups,
            &wrapper(&account(1), Some(1), &good)
        ),
        Err(Error::ConfigKind)
    );
}

#[test]
fn debug_is_redacted() {
    let config = open(&wrapper(&account(1), Some(1), &message(&[0x80]))).unwrap();
    assert_eq!(format!("{config:?}"), "Unwrapped { seqno: -3, .. }");
}

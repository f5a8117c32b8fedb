use alloc::string::{String, ToString};
use alloc::vec;

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use session_core::Prefix;
use session_crypto::rand_core::SeedableRng;
use session_identity::Seed;

use super::*;
use crate::content::Member;
use crate::group_update::{GroupUpdate, Info};
use crate::proto::{
    self, CallMessage, CallType, DataExtractionNotification, DataMessage, GroupUpdateInviteMessage,
    GroupUpdateMemberLeftMessage, GroupUpdateMessage, MessageRequestResponse, Preview,
    ReceiptMessage, TypingMessage,
};
use crate::rules::MessageKey;

const SENT: UnixMillis = UnixMillis::from_millis(1_755_166_437_229);

fn account(byte: u8) -> Account {
    Account::from_seed(&Seed::from([byte; 32]))
}

fn alice() -> Account {
    account(1)
}

fn bob() -> Account {
    account(2)
}

fn seal(from: &Account, to: &Account, content: &Content) -> Vec<u8> {
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    seal_one_to_one(from, &to.id(), content, SENT, &mut rng).unwrap()
}

fn hello() -> Vec<u8> {
    seal(&alice(), &bob(), &Content::text("hello"))
}

/// Takes the envelope out of wire bytes, changes it and puts it back.
fn with_envelope(wire: &[u8], change: impl FnOnce(&mut Envelope)) -> Vec<u8> {
    let mut outer = WebSocketMessage::from_wire(wire).unwrap();
    let body = &mut outer.request.as_mut().unwrap().body;
    let mut envelope = Envelope::from_wire(body.as_ref().unwrap()).unwrap();
    change(&mut envelope);
    *body = Some(envelope.to_wire());
    outer.to_wire()
}

fn open(wire: &[u8]) -> Result<Opened, Error> {
    open_one_to_one(&bob(), wire)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_sealed_opens(body in "\\PC{0,300}", millis in 1u64.., seed: [u8; 32]) {
        let mut rng = ChaCha20Rng::from_seed(seed);
        let sent = UnixMillis::from_millis(millis);
        let wire =
            seal_one_to_one(&alice(), &bob().id(), &Content::text(&body), sent, &mut rng).unwrap();
        prop_assert_eq!(wire.len(), wire.capacity(), "allocated once, and exactly");
        let opened = open(&wire).unwrap();
        prop_assert_eq!(opened.check(), Ok(()));
        prop_assert_eq!(opened.sender(), alice().id());
        prop_assert_eq!(*opened.sender_key(), *alice().ed25519_key());
        prop_assert_eq!(opened.timestamp(), sent);
        prop_assert_eq!(opened.message_key(), MessageKey::new(alice().id(), sent));
        prop_assert!(!opened.is_from_self());
        prop_assert_eq!(opened.content().sig_timestamp(), Some(sent));
        prop_assert_eq!(opened.content().body(), Some(&*body));
        prop_assert_eq!(open_one_to_one(&alice(), &wire), Err(Error::Decrypt));
    }

    #[test]
    fn changes_never_reach_sender_or_content(at: usize, mask in 1u8..) {
        let mut wire = hello();
        let original = open(&wire).unwrap();
        let at = at % wire.len();
        wire[at] ^= mask;
        if let Ok(opened) = open(&wire) {
            prop_assert_eq!(opened.sender(), original.sender());
            prop_assert_eq!(opened.content(), original.content());
        }
    }

    #[test]
    fn changes_inside_the_sealed_box_are_refused(at: usize, mask in 1u8..) {
        let changed = with_envelope(&hello(), |envelope| {
            let sealed = envelope.content.as_mut().unwrap();
            let at = at % sealed.len();
            sealed[at] ^= mask;
        });
        // The top bit of an X25519 key does not count, but the box is bound to all its bytes.
        prop_assert_eq!(open(&changed), Err(Error::Decrypt));
    }

    #[test]
    fn any_bytes_give_an_error(wire: Vec<u8>) {
        prop_assert!(open(&wire).is_err());
    }
}

#[test]
fn truncated_messages_are_refused() {
    let wire = hello();
    // The last two bytes are the request id, which nobody needs; but lengths around it do not fit.
    for len in 0..wire.len() {
        assert!(open(&wire[..len]).is_err(), "{len}");
    }
}

#[test]
fn wire_has_the_layout_of_the_spec() {
    let wire = hello();
    assert_eq!(wire[..3], [0x08, 1, 0x12]);
    assert_eq!(wire[wire.len() - 2..], [0x20, 0]);
    assert_eq!(WebSocketMessage::from_wire(&wire).unwrap().to_wire(), wire);
    assert_eq!(with_envelope(&wire, |_| {}), wire);
    let opened = open(&wire).unwrap();
    assert_eq!(opened.outside().source_device, Some(1));
    assert_eq!(opened.outside().source, None);
    assert!(opened.outside().pro_signature.is_some(), "a decoy");
}

#[test]
fn recipients_are_persons_with_a_real_key() {
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    for id in [
        AccountId::new(Prefix::Group, *bob().id().key_bytes()),
        AccountId::new(Prefix::Blinded15, *bob().id().key_bytes()),
        AccountId::new(Prefix::Standard, [0; 32]),
    ] {
        let sealed = seal_one_to_one(&alice(), &id, &Content::text(""), SENT, &mut rng);
        assert_eq!(sealed, Err(Error::Recipient));
    }
}

#[test]
fn missing_layers_are_named() {
    let missing = |message, field| Err(Error::Missing { message, field });
    assert_eq!(open(&[]), missing("WebSocketMessage", "request"));
    assert_eq!(open(&[0x12, 0]), missing("WebSocketRequestMessage", "body"));
    assert_eq!(open(&[0x12, 2, 0x1a, 0]), missing("Envelope", "type"));
    let without = with_envelope(&hello(), |envelope| envelope.content = None);
    assert_eq!(open(&without), missing("Envelope", "content"));
    let short = with_envelope(&hello(), |envelope| {
        envelope.content = Some(vec![0; OVERHEAD - 1]);
    });
    // Whatever is too short for a box, or for what is in it.
    assert!(matches!(open(&short), Err(Error::Decrypt)));
    let empty = with_envelope(&hello(), |envelope| envelope.content = Some(vec![]));
    assert_eq!(
        open(&empty),
        Err(Error::Length {
            what: "sealed message",
            expected: OVERHEAD,
            got: 0
        })
    );
}

#[test]
fn a_box_without_key_and_signature_is_refused() {
    let mut sealed = Vec::new();
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    let to = *bob().x25519_key().public();
    sealed_box::seal(&to, &[0; INNER_OVERHEAD - 1], &mut sealed, &mut rng).unwrap();
    assert!(matches!(
        open_message(bob().x25519_key(), &sealed),
        Err(Error::Length { .. })
    ));
}

#[test]
fn signatures_are_bound_to_sender_and_recipient() {
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    let to = *bob().x25519_key().public();
    let mut reseal = |inner: &[u8]| {
        let mut sealed = Vec::new();
        sealed_box::seal(&to, inner, &mut sealed, &mut rng).unwrap();
        open_message(bob().x25519_key(), &sealed).map(|(message, ..)| message)
    };
    let mut inner = b"message".to_vec();
    sign(&alice(), &to, &mut inner);
    assert_eq!(**reseal(&inner).unwrap(), *b"message");

    let mut for_another = b"message".to_vec();
    sign(&alice(), account(3).x25519_key().public(), &mut for_another);
    assert_eq!(reseal(&for_another), Err(Error::Signature));
    let mut by_another = inner.clone();
    by_another[7..39].copy_from_slice(account(3).ed25519_key().as_bytes());
    assert_eq!(reseal(&by_another), Err(Error::Signature));
    inner[0] ^= 1;
    assert_eq!(reseal(&inner), Err(Error::Signature));
}

#[test]
fn sources_are_ids_or_empty() {
    let with_source = |source: &str| {
        open(&with_envelope(&hello(), |envelope| {
            envelope.source = Some(source.to_string());
        }))
    };
    assert_eq!(with_source("").unwrap().outside().source, None);
    let id = alice().id().to_hex();
    let opened = with_source(&id).unwrap();
    assert_eq!(opened.outside().source, Some(alice().id().into()));
    for source in [&id[2..], &id[..65], &"z".repeat(66), "é"] {
        assert_eq!(with_source(source), Err(Error::Source), "{source}");
    }
}

#[test]
fn pro_signatures_have_their_length() {
    let with_signature = |signature| {
        open(&with_envelope(&hello(), |envelope| {
            envelope.pro_sig = signature;
        }))
    };
    let without = with_signature(None).unwrap();
    assert_eq!(without.outside().pro_signature, None);
    assert!(matches!(
        with_signature(Some(vec![1; 63])),
        Err(Error::Length {
            expected: 64,
            got: 63,
            ..
        })
    ));
}

#[test]
fn the_time_outside_must_be_the_signed_one() {
    let me = bob().id();
    let other = with_envelope(&hello(), |envelope| {
        envelope.timestamp = Some(SENT.as_millis() + 1);
    });
    assert_eq!(open(&other).unwrap().check(), Err(Error::Timestamp));

    // Old clients sign no time.
    let unsigned = |sent| {
        let seal = |to: &_, inner: &[u8], out: &mut Vec<u8>| {
            sealed_box::seal(to, inner, out, &mut ChaCha20Rng::from_seed([9; 32]))
        };
        let signature = ed25519::Signature::from_bytes([0; 64]);
        let wire = write_wire(
            &alice(),
            &me,
            Zeroizing::default(),
            sent,
            seal,
            &ProSignature::Given(signature),
        )
        .unwrap();
        open(&wire).unwrap().check()
    };
    assert_eq!(unsigned(SENT), Ok(()));
    assert_eq!(unsigned(UnixMillis::from_millis(0)), Err(Error::Timestamp));
}

#[test]
fn sync_copies_come_from_oneself() {
    let copy = Content::text("hello").with_sync_target(&account(3).id());
    let from_self = open(&seal(&bob(), &bob(), &copy)).unwrap();
    assert_eq!(from_self.check(), Ok(()));
    assert!(from_self.is_from_self());
    let from_alice = open(&seal(&alice(), &bob(), &copy)).unwrap();
    assert_eq!(from_alice.check(), Err(Error::NotFromSelf));
}

#[test]
fn control_messages_that_only_others_send() {
    let call = |kind: CallType| proto::Content {
        call_message: Some(CallMessage {
            kind: Some(kind.into()),
            uuid: Some(String::new()),
            ..Default::default()
        }),
        ..Default::default()
    };
    let group = |update| proto::Content {
        data_message: Some(DataMessage {
            group_update_message: Some(update),
            ..Default::default()
        }),
        ..Default::default()
    };
    let refused = [
        call(CallType::Offer),
        proto::Content {
            receipt_message: Some(ReceiptMessage {
                kind: Some(1),
                ..Default::default()
            }),
            ..Default::default()
        },
        proto::Content {
            typing_message: Some(TypingMessage {
                timestamp: Some(1),
                action: Some(0),
            }),
            ..Default::default()
        },
        proto::Content {
            data_extraction_notification: Some(DataExtractionNotification {
                kind: Some(1),
                timestamp: None,
            }),
            ..Default::default()
        },
        proto::Content {
            message_request_response: Some(MessageRequestResponse {
                is_approved: Some(true),
                ..Default::default()
            }),
            ..Default::default()
        },
        group(GroupUpdateMessage {
            invite_message: Some(GroupUpdateInviteMessage {
                group_session_id: Some(String::new()),
                name: Some(String::new()),
                member_auth_data: Some(vec![]),
                admin_signature: Some(vec![]),
            }),
            ..Default::default()
        }),
    ];
    let allowed = [
        call(CallType::Answer),
        call(CallType::EndCall),
        group(GroupUpdateMessage {
            member_left_message: Some(GroupUpdateMemberLeftMessage {}),
            ..Default::default()
        }),
    ];
    let check = |from: &Account, message: &proto::Content| {
        let content = Content::from_proto(message.clone()).unwrap();
        let wire = seal(from, &bob(), &content);
        open(&wire).unwrap().check()
    };
    for message in &refused {
        assert_eq!(check(&bob(), message), Err(Error::FromSelf));
        assert_eq!(check(&alice(), message), Ok(()));
    }
    for message in &allowed {
        assert_eq!(check(&bob(), message), Ok(()));
    }
}

#[test]
fn no_message_is_dated_zero() {
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    let zero = UnixMillis::from_millis(0);
    let sealed = seal_one_to_one(&alice(), &bob().id(), &Content::text(""), zero, &mut rng);
    assert_eq!(sealed, Err(Error::Timestamp));
}

#[test]
fn messages_end_at_what_a_swarm_stores() {
    let sealed_len = |title_len: usize| {
        let preview = Preview {
            url: Some(String::new()),
            title: Some("x".repeat(title_len)),
            ..Default::default()
        };
        let content = proto::Content {
            data_message: Some(DataMessage {
                preview: vec![preview],
                ..Default::default()
            }),
            ..Default::default()
        };
        let content = Content::from_proto(content).unwrap();
        let mut rng = ChaCha20Rng::from_seed([9; 32]);
        let sealed = seal_one_to_one(&alice(), &bob().id(), &content, SENT, &mut rng);
        sealed.map(|wire| wire.len())
    };
    // Lengths go in steps of the padding, so the last one that fits is at most a step below.
    let lens = (MAX_WIRE_LEN - 600..MAX_WIRE_LEN).map(sealed_len);
    let lens: Vec<_> = lens.take_while(Result::is_ok).flatten().collect();
    let longest = *lens.last().unwrap();
    assert!(longest <= MAX_WIRE_LEN && longest + padding::STEP > MAX_WIRE_LEN);
    let refused = sealed_len(MAX_WIRE_LEN - 600 + lens.len());
    assert_eq!(
        refused,
        Err(Error::Length {
            what: "message",
            expected: MAX_WIRE_LEN,
            got: longest + padding::STEP,
        })
    );
}

#[test]
fn old_clients_sign_group_updates_for_the_time_outside() {
    let key = ed25519::SigningKey::from_seed(&[7; 32]);
    let group = AccountId::new(Prefix::Group, *key.public().as_bytes());
    let mut change = Content::group_info_change(&key, Info::Picture, SENT)
        .proto()
        .clone();
    change.sig_timestamp = None;
    let seal = |to: &_, inner: &[u8], out: &mut Vec<u8>| {
        sealed_box::seal(to, inner, out, &mut ChaCha20Rng::from_seed([9; 32]))
    };
    let signature = ed25519::Signature::from_bytes([0; 64]);
    let wire = write_wire(
        &alice(),
        &bob().id(),
        Zeroizing::new(change.to_wire()),
        SENT,
        seal,
        &ProSignature::Given(signature),
    )
    .unwrap();
    let opened = open(&wire).unwrap();
    let verdict = |member| match member {
        Some(Member::GroupUpdate(GroupUpdate::InfoChange(change))) => change.verify(&group),
        other => panic!("{other:?}"),
    };
    assert_eq!(verdict(opened.members().next()), Ok(()));
    assert_eq!(verdict(opened.content().kind()), Err(Error::Timestamp));
}

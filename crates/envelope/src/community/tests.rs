use alloc::string::ToString;
use alloc::vec;
use core::time::Duration;

use proptest::prelude::*;
use session_core::{AccountId, Prefix};

use super::*;
use crate::pro::{ProfileFeatures, Proof};
use crate::proto::{DataMessage, EnvelopeType, ReceiptMessage};
use crate::rules::MAX_POSTED_DIFFERENCE;

const SENT: UnixMillis = UnixMillis::from_millis(1_755_166_437_229);

/// A credential whose profile uses these features.
pub(crate) fn credential(profile: ProfileFeatures) -> Credential {
    let key = ed25519::SigningKey::from_seed(&[7; 32]);
    let proof = Proof {
        version: None,
        revocation_tag: [1; 32],
        rotating_key: *key.public().as_bytes(),
        expiry: 2_000_000_000,
        signature: ed25519::Signature::from_bytes([2; 64]),
    };
    Credential::new(proof, key, profile).unwrap()
}

fn badge() -> Credential {
    credential(ProfileFeatures::BADGE)
}

/// Whether the rotating key has signed what the claim says that it has.
pub(crate) fn is_signed(claim: &Claim) -> bool {
    let key = badge();
    let public = key.rotating_key().public();
    public
        .verify(claim.signed_bytes(), claim.signature())
        .is_ok()
}

fn hello(pro: Option<&Credential>) -> Vec<u8> {
    seal_post(&Content::text("hello"), SENT, pro).unwrap()
}

fn signature_field(signature: &[u8]) -> Vec<u8> {
    let len = u8::try_from(signature.len()).unwrap();
    [&[0x8a, 1, len], signature].concat()
}

/// An envelope around the post, changed.
fn in_envelope(body: &[u8], change: impl FnOnce(&mut Envelope)) -> Vec<u8> {
    let mut envelope = Envelope {
        kind: Some(EnvelopeType::SessionMessage.into()),
        timestamp: Some(7),
        content: Some(body.to_vec()),
        ..Default::default()
    };
    change(&mut envelope);
    envelope.to_wire()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_posted_opens(body in "\\PC{0,400}", millis in 1u64.., pro: bool) {
        let sent = UnixMillis::from_millis(millis);
        let credential = badge();
        let credential = pro.then_some(&credential);
        let data = seal_post(&Content::text(&body), sent, credential).unwrap();
        prop_assert_eq!(data.len() % padding::STEP, 0);
        prop_assert_eq!(data.len(), data.capacity(), "allocated exactly");

        let post = open_post(&data).unwrap();
        prop_assert_eq!(post.check(sent), Ok(()));
        prop_assert_eq!(post.content().body(), Some(&*body));
        prop_assert_eq!(post.content().sig_timestamp(), Some(sent));
        prop_assert_eq!(post.content().as_bytes(), padding::unpad(&data));
        prop_assert_eq!(post.envelope_time(), None);
        prop_assert_eq!(post.pro_signature().is_some(), pro);
        prop_assert_eq!(post.pro_claim().is_some(), pro);
        prop_assert!(post.pro_claim().is_none_or(is_signed));
    }

    #[test]
    fn changes_to_a_signed_post_show(at: usize, mask in 1u8..) {
        let mut data = hello(Some(&badge()));
        let original = open_post(&data).unwrap();
        let at = at % data.len();
        data[at] ^= mask;
        let Ok(post) = open_post(&data) else { return Ok(()) };
        // What is in the padding does not count; any other change loses the proof or its signer.
        if post.content() != original.content() {
            let signed = post.pro_claim().is_some_and(|claim| {
                claim.proof() == original.pro_claim().unwrap().proof() && is_signed(claim)
            });
            prop_assert!(!signed);
        }
    }

    #[test]
    fn any_bytes_are_a_post_or_an_error(data: Vec<u8>) {
        if let Ok(post) = open_post(&data) {
            prop_assert!(post.content().as_bytes().len() <= data.len());
        }
    }

    #[test]
    fn messages_are_no_envelopes(body in "\\PC{0,40}") {
        let data = hello(None);
        prop_assert!(sift(Envelope::SCHEMA, &data).is_err());
        let content = Content::text(body);
        prop_assert!(sift(Envelope::SCHEMA, content.as_bytes()).is_err());
    }

    #[test]
    fn nothing_but_the_signature_is_removed(
        before in prop::collection::vec(record(), 0..4),
        after in prop::collection::vec(record(), 0..4),
    ) {
        let (before, after) = (before.concat(), after.concat());
        let signed = [&*before, &*after].concat();
        let content = [&*before, &signature_field(&[9; 64]), &*after].concat();
        prop_assert_eq!(&**unsigned(&content), &*signed);
        prop_assert_eq!(&**unsigned(&signed), &*signed);
    }
}

/// Records that are no signature: known, unknown, overlong, and some with its number.
fn record() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(vec![0x78, 5]),
        Just(vec![0x78, 0x85, 0]),
        Just(vec![0x0a, 3, 0x0a, 1, b'a']),
        Just(vec![0x3a, 1, 9]),
        Just(vec![0x88, 1, 4]),
        Just(vec![0x8b, 1, 0x08, 1, 0x8c, 1]),
        Just(vec![0x8d, 1, 0, 0, 0, 0]),
    ]
}

#[test]
fn long_texts_take_pro_and_are_signed() {
    let content = Content::text("x".repeat(2001));
    assert!(matches!(
        seal_post(&content, SENT, None),
        Err(Error::TextTooLong { limit: 2000, .. })
    ));
    let plain = credential(ProfileFeatures::default());
    let post = open_post(&seal_post(&content, SENT, Some(&plain)).unwrap()).unwrap();
    assert!(post.pro_claim().is_some_and(is_signed));
    // Where nothing is used nothing is claimed.
    let post = open_post(&hello(Some(&plain))).unwrap();
    assert_eq!((post.pro_signature(), post.pro_claim()), (None, None));
}

#[test]
fn a_signed_post_has_the_layout_of_the_spec() {
    // Field 7 is unknown: the signature goes in front of it.
    let content = [Content::text("a").as_bytes(), &[0x3a, 1, 9]].concat();
    let content = Content::from_bytes(content).unwrap();
    let data = seal_post(&content, SENT, Some(&badge())).unwrap();
    let post = open_post(&data).unwrap();
    let field = signature_field(post.pro_signature().unwrap().as_bytes());
    assert!(
        post.content()
            .as_bytes()
            .ends_with(&[&*field, &[0x3a, 1, 9]].concat())
    );

    let claim = post.pro_claim().unwrap();
    assert_eq!(claim.signed_bytes().len() % padding::STEP, 0);
    let (sent, _) = content.to_send(SENT, Some(&badge())).unwrap();
    assert_eq!(padding::unpad(claim.signed_bytes()), &**sent);
    assert_eq!(field.len(), SIGNATURE_FIELD_LEN);
}

#[test]
fn posts_that_are_not_canonical_keep_their_signature() {
    // The time in front of the text, its varint too long, and a field that is not known.
    let pro = badge();
    let claimed = pro.message(Default::default()).unwrap();
    let pro_message = proto::Content {
        pro_message: Some(claimed),
        ..Default::default()
    };
    let (head, tail) = ([0x78, 0x85, 0], [0x3a, 1, 9, 0x0a, 2, 0x0a, 0, 0x3a, 1, 9]);
    let signed = [&head[..], &pro_message.to_wire(), &tail].concat();
    let signature = pro.rotating_key().sign(&padded(&signed));
    let field = signature_field(signature.as_bytes());
    let posted = [&head[..], &pro_message.to_wire(), &field, &tail].concat();

    for data in [&*padded(&posted), &posted] {
        let post = open_post(data).unwrap();
        assert_eq!(post.content().as_bytes(), posted);
        assert_eq!(*post.pro_claim().unwrap().signed_bytes(), **padded(&signed));
        assert!(is_signed(post.pro_claim().unwrap()));
    }
}

#[test]
fn a_signature_alone_claims_nothing() {
    let data = [0x0a, 0];
    let data = [&data[..], &signature_field(&[9; 64])].concat();
    let post = open_post(&data).unwrap();
    assert_eq!(post.pro_signature().unwrap().as_bytes(), &[9; 64]);
    assert_eq!(post.pro_claim(), None);
    assert_eq!(post.content().as_bytes(), data);

    // And a claim without one is none.
    let message = proto::Content {
        pro_message: Some(badge().message(Default::default()).unwrap()),
        ..Default::default()
    };
    let post = open_post(&message.to_wire()).unwrap();
    assert_eq!((post.pro_signature(), post.pro_claim()), (None, None));
}

#[test]
fn posts_in_envelopes() {
    let plain = in_envelope(&hello(None), |_| {});
    let post = open_post(&plain).unwrap();
    assert_eq!(post.content().body(), Some("hello"));
    assert_eq!(post.envelope_time(), Some(UnixMillis::from_millis(7)));
    assert_eq!((post.pro_signature(), post.pro_claim()), (None, None));

    let empty = open_post(&in_envelope(&[], |envelope| envelope.content = None)).unwrap();
    assert_eq!(empty.content().as_bytes(), b"");

    // The envelope's signature is over the body, whether that is padded or not.
    let pro = badge();
    let (bytes, _) = Content::text("hello").to_send(SENT, Some(&pro)).unwrap();
    for body in [&bytes, &padded(&bytes)] {
        let signature = pro.rotating_key().sign(body);
        let data = in_envelope(body, |envelope| {
            envelope.pro_sig = Some(signature.as_bytes().to_vec());
        });
        let post = open_post(&data).unwrap();
        let claim = post.pro_claim().unwrap();
        assert_eq!(claim.signed_bytes(), &***body);
        assert!(is_signed(claim));
    }

    // A signature inside is taken, but then it is not over what it must be over.
    let post = open_post(&in_envelope(&hello(Some(&pro)), |_| {})).unwrap();
    assert!(!is_signed(post.pro_claim().unwrap()));
    let both = in_envelope(&hello(Some(&pro)), |envelope| {
        envelope.pro_sig = Some(vec![9; 64]);
    });
    assert_eq!(open_post(&both), Err(Error::ProSignatures));
}

#[test]
fn signatures_have_their_length() {
    let wrong = |got| {
        Err(Error::Length {
            what: "Pro signature",
            expected: 64,
            got,
        })
    };
    for len in [0, 63, 65] {
        assert_eq!(
            open_post(&padded(&signature_field(&vec![9; len]))),
            wrong(len)
        );
        let outside = in_envelope(&[], |envelope| envelope.pro_sig = Some(vec![9; len]));
        assert_eq!(open_post(&outside), wrong(len));
    }
}

#[test]
fn sources_have_one_of_three_lengths() {
    for len in [0, 33, 66] {
        let data = in_envelope(&[], |envelope| envelope.source = Some("x".repeat(len)));
        assert!(open_post(&data).is_ok(), "{len}");
    }
    for len in [1, 32, 64, 65, 67] {
        let data = in_envelope(&[], |envelope| envelope.source = Some("x".repeat(len)));
        assert_eq!(open_post(&data), Err(Error::Source), "{len}");
    }
    // The bytes of an id are no text.
    let source = |bytes: &[u8]| [&[0x12, u8::try_from(bytes.len()).unwrap()], bytes].concat();
    let envelope = in_envelope(&hello(None), |_| {});
    let post = open_post(&[&*source(&[0xff; 33]), &*envelope].concat()).unwrap();
    assert_eq!(post.content().body(), Some("hello"));
    assert!(post.envelope_time().is_some());
    let data = [envelope, source(&[0xff; 32])].concat();
    assert_eq!(open_post(&data), Err(Error::Source));
}

#[test]
fn posts_are_no_control_messages() {
    let check = |content: &Content| open_post(&padded(content.as_bytes())).unwrap().check(SENT);
    let visible = Content::text("hello");
    let merged = |other: &Content| {
        Content::from_bytes([visible.as_bytes(), other.as_bytes()].concat()).unwrap()
    };
    assert_eq!(check(&visible), Ok(()));
    let author = AccountId::new(Prefix::Standard, [7; 32]);
    for control in [
        Content::read_receipt([SENT]),
        Content::unsend(SENT, &author),
        Content::expiration_update(None),
    ] {
        assert_eq!(check(&merged(&control)), Err(Error::ControlMessage));
    }
    assert_eq!(
        check(&Content::group_member_left()),
        Err(Error::ControlMessage)
    );
}

#[test]
fn what_is_neither_message_nor_envelope() {
    assert!(matches!(open_post(&[0xff]), Err(Error::Malformed { .. })));
    let garbage = in_envelope(&[0xff; 3], |_| {});
    assert!(matches!(open_post(&garbage), Err(Error::Malformed { .. })));
    // An envelope without its type is a message with unknown fields.
    let data = in_envelope(&hello(None), |envelope| envelope.kind = None);
    assert!(open_post(&data).is_err());
    assert_eq!(open_post(&[]).unwrap().content().as_bytes(), b"");
    let malformed = proto::Content {
        pro_message: Some(proto::ProMessage {
            proof: Some(proto::ProProof::default()),
            ..Default::default()
        }),
        ..Default::default()
    };
    let data = [malformed.to_wire(), signature_field(&[9; 64])].concat();
    assert!(matches!(open_post(&data), Err(Error::Length { .. })));
}

#[test]
fn received_posts_are_not_passed_on_signed() {
    let received = open_post(&hello(Some(&badge()))).unwrap().into_content();
    for pro in [None, Some(&badge())] {
        assert_eq!(seal_post(&received, SENT, pro), Err(Error::ProSignatures));
    }
    let zero = UnixMillis::from_millis(0);
    let content = Content::text("");
    assert_eq!(seal_post(&content, zero, None), Err(Error::Timestamp));
}

#[test]
fn what_receivers_check() {
    let post = open_post(&hello(None)).unwrap();
    for (posted, result) in [
        (SENT, Ok(())),
        (SENT.saturating_add(MAX_POSTED_DIFFERENCE), Ok(())),
        (SENT.saturating_sub(MAX_POSTED_DIFFERENCE), Ok(())),
        (
            SENT.saturating_add(MAX_POSTED_DIFFERENCE + Duration::from_millis(1)),
            Err(Error::Timestamp),
        ),
        (
            SENT.saturating_sub(MAX_POSTED_DIFFERENCE + Duration::from_millis(1)),
            Err(Error::Timestamp),
        ),
    ] {
        assert_eq!(post.check(posted), result);
    }
    let check =
        |message: &proto::Content| open_post(&padded(&message.to_wire())).unwrap().check(SENT);
    let data = |data_message| proto::Content {
        data_message: Some(data_message),
        ..Default::default()
    };
    assert_eq!(check(&data(DataMessage::default())), Ok(()), "no time");
    let friend = AccountId::new(Prefix::Standard, [7; 32]);
    assert_eq!(
        check(&data(DataMessage {
            sync_target: Some(friend.to_string()),
            ..Default::default()
        })),
        Err(Error::NotFromSelf)
    );
    assert_eq!(
        check(&proto::Content {
            receipt_message: Some(ReceiptMessage {
                kind: Some(1),
                ..Default::default()
            }),
            ..Default::default()
        }),
        Err(Error::Missing {
            message: "Content",
            field: "dataMessage"
        })
    );
}

#[test]
fn memory_is_a_small_multiple_of_the_post() {
    let pro_message = proto::Content {
        pro_message: Some(badge().message(Default::default()).unwrap()),
        ..Default::default()
    };
    // Many signatures, of which the last counts; and many fields that nobody knows.
    for filler in [signature_field(&[9; 64]), vec![0x3a, 0]] {
        let data = [
            &*pro_message.to_wire(),
            &filler.repeat(1000),
            &signature_field(&[9; 64]),
        ];
        for data in [
            padded(&data.concat()).to_vec(),
            in_envelope(&data.concat(), |_| {}),
        ] {
            let mut post = None;
            let used = allocation_counter::measure(|| post = open_post(&data).ok());
            assert!(post.unwrap().pro_claim().is_some());
            let limit = u64::try_from(6 * data.len()).unwrap();
            assert!(used.bytes_max < limit, "{} of {limit}", used.bytes_max);
        }
    }
}

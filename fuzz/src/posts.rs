//! Posts in communities.

use session_core::UnixMillis;
use session_crypto::ed25519::SigningKey;
use session_envelope::hazmat::sign_post;
use session_envelope::pro::{Claim, Credential, ProfileFeatures, Proof};
use session_envelope::proto::{
    self, Envelope, EnvelopeType, Message, ProMessage, ProProof, Records, UnknownFields, Value,
    canonical,
};
use session_envelope::{Content, Error, Post, open_post, padding, seal_post};

use crate::bytes::Bytes;

const SENT: UnixMillis = UnixMillis::from_secs(1_800_000_000);

/// Posts of any bytes, and posts that the harness builds around the fuzzer's bytes: what a
/// rotating key has signed verifies after its signature is taken out, and nothing else does.
pub fn community(data: &[u8]) {
    let mut bytes = Bytes(data);
    match bytes.byte() % 6 {
        0 => any_post(bytes.rest()),
        1 => signed_post(bytes.rest()),
        2 => {
            let (before, after) = (bytes.piece(), bytes.rest());
            signature_between(before, after);
        }
        3 => enveloped_post(bytes.rest()),
        4 => sealed_post(&String::from_utf8_lossy(bytes.rest())),
        _ => changed_post(&mut bytes),
    }
}

fn rotating_key() -> SigningKey {
    SigningKey::from_seed(&[8; 32])
}

fn proof() -> ProProof {
    ProProof {
        revocation_tag: Some(vec![1; 32]),
        rotating_public_key: Some(rotating_key().public().as_bytes().to_vec()),
        expiry_unix_ts: Some(2_000_000_000),
        sig: Some(vec![2; 64]),
        ..Default::default()
    }
}

fn credential() -> Credential {
    let proof = Proof::from_proto(&proof()).expect("a good proof");
    Credential::new(proof, rotating_key(), ProfileFeatures::BADGE).expect("the key of the proof")
}

/// A claim of Pro in front of more of the message.
fn with_claim(rest: &[u8]) -> Vec<u8> {
    let message = proto::Content {
        pro_message: Some(ProMessage {
            proof: Some(proof()),
            ..Default::default()
        }),
        ..Default::default()
    };
    [&message.to_wire(), rest].concat()
}

fn signature_field(signature: &[u8; 64]) -> Vec<u8> {
    [&[0x8a, 1, 64], &signature[..]].concat()
}

fn padded(message: &[u8]) -> Vec<u8> {
    let mut buffer = message.to_vec();
    padding::pad(&mut buffer);
    buffer
}

fn is_signature(number: u32, value: Value<'_>) -> bool {
    number == 17 && matches!(value, Value::Bytes(_))
}

fn is_signed(content: &[u8]) -> bool {
    Records::new(content)
        .filter_map(Result::ok)
        .any(|record| is_signature(record.number, record.value))
}

/// Whether the rotating key has signed what the claim says.
fn verifies(claim: &Claim) -> bool {
    let key = rotating_key();
    key.public()
        .verify(claim.signed_bytes(), claim.signature())
        .is_ok()
}

fn any_post(data: &[u8]) {
    let Ok(post) = open_post(data) else {
        let is_envelope = Envelope::from_wire(data).is_ok();
        assert!(
            is_envelope
                || Content::from_bytes(padding::unpad(data).to_vec()).is_err()
                || signed_wrongly(data)
        );
        return;
    };
    let _ = post.check(SENT);
    let content = post.content().as_bytes();
    if post.envelope_time().is_some() {
        let envelope = Envelope::from_wire(data).expect("it was one");
        let body = envelope.content.unwrap_or_default();
        assert_eq!(content, padding::unpad(&body));
        assert!(
            post.pro_claim()
                .is_none_or(|claim| claim.signed_bytes() == body)
        );
        return;
    }
    assert_eq!(content, padding::unpad(data));
    if let Some(claim) = post.pro_claim() {
        // All records but the signatures, in their order.
        let mut left = claim.signed_bytes();
        assert_eq!(left.len() % padding::STEP, 0);
        for record in Records::new(content).map(|record| record.expect("it was read")) {
            if !is_signature(record.number, record.value) {
                left = left.strip_prefix(record.raw).expect("it was kept");
            }
        }
        assert_eq!(left, &padded(&[])[..left.len()]);
    }
}

/// A message that cannot be a post because of Pro.
fn signed_wrongly(data: &[u8]) -> bool {
    let content = Content::from_bytes(padding::unpad(data).to_vec()).expect("a message");
    let content = content.proto();
    let signature = content.pro_sig_for_community_message_only.as_ref();
    let proof = content
        .pro_message
        .as_ref()
        .and_then(|pro| pro.proof.as_ref());
    signature.is_some_and(|signature| {
        signature.len() != 64 || proof.is_some_and(|proof| Proof::from_proto(proof).is_err())
    })
}

/// Signs any message.
fn signed_post(data: &[u8]) {
    let data = &with_claim(data);
    let post = match sign_post(data, &rotating_key()) {
        Ok(data) => open_post(&data),
        Err(Error::ProSignatures) => return assert!(is_signed(data)),
        Err(error) => {
            return assert_eq!(Content::from_bytes(data.clone()).err(), Some(error));
        }
    };
    let signed = canonical(proto::Content::SCHEMA, data, UnknownFields::Keep).expect("it was read");
    let post = match post {
        Ok(post) => post,
        // The bytes may have changed the proof.
        Err(error) => {
            return assert!(matches!(
                error,
                Error::Length { .. } | Error::Missing { .. }
            ));
        }
    };
    let claim = post.pro_claim().expect("there is one");
    assert_eq!(claim.signed_bytes(), padded(&signed));
    assert_eq!(verifies_for(&post), *data == signed);
}

/// Whether the claim verifies under the harness's key, which the bytes may have replaced.
fn verifies_for(post: &Post) -> bool {
    post.pro_claim().is_some_and(verifies)
}

/// A signature among any records, none of them canonical perhaps.
fn signature_between(before: &[u8], after: &[u8]) {
    let before = with_claim(before);
    // Two halves of a record are no records.
    if Records::new(&before).any(|record| record.is_err()) || is_signed(&before) || is_signed(after)
    {
        return;
    }
    let signed = [&*before, after].concat();
    let signature = rotating_key().sign(&padded(&signed));
    let content = [&*before, &signature_field(signature.as_bytes()), after].concat();
    if let Ok(post) = open_post(&padded(&content)) {
        assert_eq!(post.content().as_bytes(), content);
        assert_eq!(post.pro_signature(), Some(&signature));
        assert!(verifies_for(&post));
    }
}

fn enveloped_post(body: &[u8]) {
    let signature = rotating_key().sign(body);
    let envelope = Envelope {
        kind: Some(EnvelopeType::SessionMessage.into()),
        timestamp: Some(5),
        content: Some(body.to_vec()),
        pro_sig: Some(signature.as_bytes().to_vec()),
        ..Default::default()
    };
    match open_post(&envelope.to_wire()) {
        Ok(post) => {
            assert_eq!(post.envelope_time(), Some(UnixMillis::from_millis(5)));
            assert_eq!(post.content().as_bytes(), padding::unpad(body));
            assert_eq!(post.pro_signature(), Some(&signature));
            assert!(post.pro_claim().is_none_or(verifies));
        }
        Err(Error::ProSignatures) => assert!(is_signed(body)),
        Err(_) => {}
    }
}

fn sealed_post(text: &str) {
    let content = Content::text(text);
    let credential = credential();
    for pro in [None, Some(&credential)] {
        match seal_post(&content, SENT, pro) {
            Ok(data) => {
                assert_eq!(data.len() % padding::STEP, 0);
                let post = open_post(&data).expect("as sealed");
                assert_eq!(post.check(SENT), Ok(()));
                assert_eq!(post.content().body(), Some(text));
                assert_eq!(post.content().sig_timestamp(), Some(SENT));
                assert_eq!(verifies_for(&post), pro.is_some());
            }
            Err(error) => assert!(matches!(error, Error::TextTooLong { .. })),
        }
    }
}

/// A signed post of which some bytes were exchanged.
fn changed_post(bytes: &mut Bytes<'_>) {
    let content = Content::text("some text");
    let mut data = seal_post(&content, SENT, Some(&credential())).expect("a short text");
    let original = open_post(&data).expect("as sealed");
    let at = usize::from(bytes.u16()) % data.len();
    let patch = bytes.rest();
    for (byte, patch) in data.iter_mut().skip(at).zip(patch) {
        *byte = *patch;
    }
    let Ok(post) = open_post(&data) else { return };
    if let (Some(claim), Some(before)) = (post.pro_claim(), original.pro_claim())
        && claim.signed_bytes() != before.signed_bytes()
    {
        assert!(!verifies(claim));
    }
}

//! Protobuf messages and sealed messages.

use std::borrow::Cow;

use session_core::UnixMillis;
use session_crypto::ed25519::Signature;
use session_crypto::hazmat::seal_with_ephemeral;
use session_crypto::x25519::SecretKey;
use session_envelope::hazmat::{ProSignature, open_message, seal_message, seal_one_to_one_with};
use session_envelope::proto::{
    self, Envelope, Message, UnknownFields, WebSocketMessage, canonical, sift,
};
use session_envelope::{Content, Error, open_one_to_one};

use crate::bytes::Bytes;
use crate::network::ACCOUNTS;

/// The messages of the schema: sifting twice is sifting once, and prost reads what sifting leaves.
pub fn proto_sift(data: &[u8]) {
    message::<proto::Content>(data);
    message::<Envelope>(data);
    message::<WebSocketMessage>(data);
}

fn message<M: Message + PartialEq>(wire: &[u8]) {
    let read = M::from_wire(wire);
    match sift(M::SCHEMA, wire) {
        Ok(sifted) => {
            assert!(
                matches!(sift(M::SCHEMA, &sifted), Ok(Cow::Borrowed(again)) if again == &*sifted)
            );
            let read = read.expect("prost reads what sift leaves");
            let written = read.to_wire();
            assert!(M::from_wire(&written).is_ok_and(|again| again == read));
        }
        Err(error) => assert_eq!(read.err(), Some(error)),
    }
    for unknown in [UnknownFields::Keep, UnknownFields::Drop] {
        let once = canonical(M::SCHEMA, wire, unknown);
        assert_eq!(once.is_ok(), sift(M::SCHEMA, wire).is_ok());
        if let Ok(once) = once {
            assert!(once.len() <= 2 * wire.len());
            assert_eq!(canonical(M::SCHEMA, &once, unknown), Ok(once));
        }
    }
}

/// Sealed messages, broken at each layer in turn: the harness seals the fuzzer's bytes.
pub fn envelope_open(data: &[u8]) {
    let mut bytes = Bytes(data);
    let choices = bytes.byte();
    let data = bytes.rest();
    let [from, me, _] = &*ACCOUNTS;
    let ephemeral = SecretKey::from_bytes(&[3; 32]);
    let sent = UnixMillis::from_secs(1_800_000_000);
    let pro_signature = ProSignature::Given(Signature::from_bytes([0; 64]));
    let seal = |content: &[u8]| {
        seal_one_to_one_with(from, &me.id(), content, sent, &ephemeral, &pro_signature)
            .expect("a good recipient")
    };
    match choices % 5 {
        // A content that is signed and sealed.
        0 => {
            let opened = open_one_to_one(me, &seal(data));
            match (opened, Content::from_bytes(data.to_vec())) {
                (Ok(opened), Ok(content)) => {
                    assert_eq!(opened.sender(), from.id());
                    assert_eq!(opened.sender_key(), from.ed25519_key());
                    assert_eq!(opened.timestamp(), sent);
                    assert_eq!(opened.content(), &content);
                    let _ = opened.check();
                }
                (opened, content) => assert_eq!(opened.err(), content.err()),
            }
        }
        // Signed and sealed bytes without padding.
        1 => {
            let sealed = seal_message(from, &me.id(), data, &ephemeral).expect("a good recipient");
            let (message, key, sender) = open_message(me, &sealed).expect("as sealed");
            assert_eq!(*message, data);
            assert_eq!((key, sender), (*from.ed25519_key(), from.id()));
        }
        // Sealed bytes that nobody signed.
        2 => {
            let mut sealed = Vec::new();
            seal_with_ephemeral(&ephemeral, me.x25519_key().public(), data, &mut sealed)
                .expect("a good recipient");
            let opened = open_message(me, &sealed);
            assert!(matches!(
                opened,
                Err(Error::Length { .. } | Error::Signature)
            ));
        }
        // Bytes around a sealed message: more fields may change the outside, not the sender.
        3 => {
            let mut wire = seal(b"");
            wire.extend_from_slice(data);
            if let Ok(opened) = open_one_to_one(me, &wire) {
                assert_eq!(opened.sender(), from.id());
            }
        }
        // Bytes that nobody sealed.
        _ => assert!(open_one_to_one(me, data).is_err()),
    }
}

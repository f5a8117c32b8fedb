use alloc::string::String;
use alloc::vec::Vec;

use session_core::UnixMillis;
use session_identity::{Account, Seed};

use super::*;
use crate::legacy_config::seal_deterministic;
use crate::proto::{Envelope, EnvelopeType, Message, WebSocketMessage, WebSocketRequestMessage};
use crate::{Content, padding};

fn account(byte: u8) -> Account {
    Account::from_seed(&Seed::from([byte; 32]))
}

fn group() -> AccountId {
    AccountId::new(Prefix::Standard, [0xab; 32])
}

fn keys() -> [x25519::SecretKey; 2] {
    [11, 12].map(|byte| x25519::SecretKey::from_bytes(&[byte; 32]))
}

fn wire(source: Option<String>) -> Vec<u8> {
    let mut message = Content::text("hello").as_bytes().to_vec();
    padding::pad(&mut message);
    let sealed = seal_deterministic(&account(1), keys()[0].public(), &message).unwrap();
    let envelope = Envelope {
        kind: Some(EnvelopeType::ClosedGroupMessage.into()),
        source,
        timestamp: Some(7),
        content: Some(sealed),
        ..Default::default()
    };
    let outer = WebSocketMessage {
        kind: Some(1),
        request: Some(WebSocketRequestMessage {
            body: Some(envelope.to_wire()),
            ..Default::default()
        }),
        ..Default::default()
    };
    outer.to_wire()
}

#[test]
fn any_of_the_groups_keys_opens() {
    let [key, other] = keys();
    let wire = wire(Some(group().to_hex()));
    for keys in [&[&key][..], &[&other, &key], &[&key, &other]] {
        let message = open(&account(2).id(), keys.iter().copied(), &wire).unwrap();
        assert_eq!(message.group(), group());
        let opened = message.opened();
        assert_eq!(opened.sender(), account(1).id());
        assert_eq!(opened.timestamp(), UnixMillis::from_millis(7));
        assert_eq!(opened.content().body(), Some("hello"));
        assert_eq!(opened.check(), Ok(()));
        assert_eq!(message.clone().into_opened(), *opened);
    }
    let me = account(2).id();
    assert_eq!(open(&me, [&other], &wire), Err(Error::Decrypt));
    assert_eq!(open(&me, [], &wire), Err(Error::Decrypt));
}

#[test]
fn the_group_is_named_by_an_id_of_its_kind() {
    let open = |source| open(&account(2).id(), &keys(), &wire(source)).map(drop);
    assert_eq!(open(Some(group().to_hex())), Ok(()));
    assert_eq!(open(None), Err(Error::Source));
    assert_eq!(open(Some(String::new())), Err(Error::Source));
    assert_eq!(open(Some("05".repeat(32))), Err(Error::Source));
    let new = AccountId::new(Prefix::Group, [0xab; 32]);
    assert_eq!(open(Some(new.to_hex())), Err(Error::Source));
}

#[test]
fn signatures_are_for_the_groups_key() {
    let [key, _] = keys();
    let message = Content::text("hello");
    let signed_for_another = crate::one_to_one::signed(
        &account(1),
        account(3).x25519_key().public(),
        message.as_bytes(),
    );
    let mut sealed = Vec::new();
    let seed = [1; 32];
    session_crypto::sealed_box::seal_from_seed(
        &seed,
        key.public(),
        &signed_for_another,
        &mut sealed,
    )
    .unwrap();
    let opened = crate::one_to_one::open_message(&key, &sealed);
    assert_eq!(opened.map(drop), Err(Error::Signature));
}

use alloc::format;
use alloc::string::ToString;
use core::time::Duration;

use session_core::Prefix;

use super::*;

mod attachment;
mod member;
mod visible;

const SENT: UnixMillis = UnixMillis::from_millis(1_755_166_437_229);

#[test]
fn what_is_set_is_read() {
    let friend = AccountId::new(Prefix::Standard, [7; 32]);
    let expiration = Expiration::AfterSend(Duration::from_secs(60));
    let content = Content::text("hi")
        .with_sync_target(&friend)
        .with_expiration(expiration);
    let received = Content::from_bytes(content.to_send(SENT, None).unwrap().0).unwrap();
    for content in [&content, &received] {
        assert_eq!(content.body(), Some("hi"));
        assert_eq!(content.sync_target(), Some(&*friend.to_string()));
        assert_eq!(content.expiration(), Some(expiration));
    }
    assert_eq!(content.sig_timestamp(), None);
    assert_eq!(received.sig_timestamp(), Some(SENT));
    assert_eq!(received.proto().to_wire(), received.as_bytes());
}

#[test]
fn unknown_fields_survive_changes_at_any_depth() {
    // Field 7 of Content, then field 999 of DataMessage.
    let bytes = [0x3a, 1, 9, 0x0a, 7, 0x0a, 1, b'a', 0xba, 0x3e, 1, 8];
    let content = Content::from_bytes(bytes.to_vec()).unwrap();
    assert_eq!(content.as_bytes(), bytes);
    assert_eq!(content.body(), Some("a"));
    let changed = content.merge(Content::text("b").proto());
    assert_eq!(changed.body(), Some("b"));
    let sent = changed.to_send(UnixMillis::from_millis(5), None).unwrap().0;
    assert_eq!(
        **sent,
        [
            0x0a, 7, 0x0a, 1, b'b', 0xba, 0x3e, 1, 8, 0x78, 5, 0x3a, 1, 9
        ]
    );
}

#[test]
fn timers_that_are_off() {
    let with = |kind, timer| {
        let message = proto::Content {
            expiration_type: kind,
            expiration_timer: timer,
            ..Default::default()
        };
        Content::from_proto(message).unwrap().expiration()
    };
    assert_eq!(with(None, Some(5)), None);
    assert_eq!(with(Some(0), Some(5)), None);
    assert_eq!(with(Some(1), None), None);
    assert_eq!(with(Some(1), Some(0)), None);
    let timer = Duration::from_secs(5);
    assert_eq!(with(Some(1), Some(5)), Some(Expiration::AfterRead(timer)));
    let longest = Content::text("").with_expiration(Expiration::AfterRead(Duration::MAX));
    assert_eq!(longest.proto().expiration_timer, Some(u32::MAX));
}

#[test]
fn a_time_of_zero_is_none() {
    let message = proto::Content {
        sig_timestamp: Some(0),
        ..Default::default()
    };
    assert_eq!(Content::from_proto(message).unwrap().sig_timestamp(), None);
}

#[test]
fn incomplete_messages_are_not_made() {
    let data = proto::DataMessage {
        quote: Some(proto::Quote::default()),
        ..Default::default()
    };
    let message = proto::Content {
        data_message: Some(data),
        ..Default::default()
    };
    assert_eq!(
        Content::from_proto(message),
        Err(Error::Missing {
            message: "DataMessage.Quote",
            field: "id"
        })
    );
}

#[test]
fn debug_is_redacted() {
    let content = Content::text("secret");
    assert_eq!(format!("{content:?}"), "Content(..)");
    assert_eq!(format!("{:?}", content.proto()), "Content(..)");
}

#[test]
fn claimed_features_are_raw() {
    let content = |pro_message| {
        Content::from_proto(proto::Content {
            pro_message,
            ..Default::default()
        })
        .unwrap()
    };
    let claimed = content(Some(proto::ProMessage {
        profile_bitset: Some(1 << 40 | 1),
        msg_bitset: Some(1),
        ..Default::default()
    }));
    assert_eq!(claimed.claimed_profile_features().bits(), 1 << 40 | 1);
    assert_eq!(
        claimed.claimed_message_features(),
        MessageFeatures::LONG_TEXT
    );
    assert!(content(None).claimed_profile_features().is_empty());
    assert!(content(None).claimed_message_features().is_empty());
}

#[test]
fn what_is_passed_on_does_not_claim_what_its_author_claimed() {
    let claimed = Content::from_proto(proto::Content {
        pro_message: Some(proto::ProMessage {
            msg_bitset: Some(1),
            ..Default::default()
        }),
        ..Content::text("hi").proto().clone()
    });
    let sent = claimed.unwrap().to_send(SENT, None).unwrap().0;
    let sent = Content::from_bytes(sent).unwrap();
    assert_eq!(sent.proto().pro_message, None);
    assert_eq!(
        (sent.body(), sent.sig_timestamp()),
        (Some("hi"), Some(SENT))
    );
}

#[test]
fn bytes_and_fields_say_the_same() {
    let odd = proto::Content {
        expiration_type: Some(99),
        ..Default::default()
    };
    let content = Content::from_proto(odd).unwrap();
    assert_eq!(content.proto().expiration_type, None);
}

#[test]
fn only_data_messages_name_their_conversation() {
    let friend = AccountId::new(Prefix::Standard, [7; 32]);
    let answer = Content::call("uuid", CallType::Answer, Some("sdp"));
    let copy = answer.clone().with_sync_target(&friend);
    assert_eq!(copy, answer);
    assert!(matches!(copy.kind(), Some(Member::Call(_))));
}

#[test]
fn typing_takes_the_time_of_sending() {
    let typing = |content: &Content| match content.kind() {
        Some(Member::Typing(typing)) => (typing.action, typing.timestamp),
        other => panic!("{other:?}"),
    };
    let content = Content::typing(TypingAction::Stopped);
    assert_eq!(
        typing(&content),
        (TypingAction::Stopped, UnixMillis::default())
    );
    let sent = Content::from_bytes(content.to_send(SENT, None).unwrap().0).unwrap();
    assert_eq!(typing(&sent), (TypingAction::Stopped, SENT));
}

#[test]
fn a_seed_does_not_outlive_its_message() {
    let key = session_crypto::ed25519::SigningKey::from_seed(&[7; 32]);
    let mut content = Content::group_promote(&key, "name");
    assert_eq!(
        content.seed_of_group().map(|seed| &**seed),
        Some(&[7; 32][..])
    );
    assert!(Content::text("").seed_of_group().is_none());
}

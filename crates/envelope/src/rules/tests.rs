use alloc::vec::Vec;

use proptest::prelude::*;
use session_core::Prefix;
use session_crypto::ed25519::SigningKey;

use super::*;
use crate::content::{DataExtraction, TypingAction};
use crate::group_update::{AUTH_DATA_LEN, GroupMemberChange, Info};
use crate::proto;

const SENT: UnixMillis = UnixMillis::from_millis(1_758_068_785_391);

fn id(byte: u8) -> AccountId {
    AccountId::new(Prefix::Standard, [byte; 32])
}

/// The table of §11.1: message, TTL in seconds, allowed from self, allowed from blocked.
fn table() -> Vec<(Content, u64, bool, bool)> {
    const DAYS: u64 = 14 * 24 * 60 * 60;
    let key = SigningKey::from_seed(&[7; 32]);
    let call = |kind| Content::call("u", kind, None);
    [
        (Content::text("a"), DAYS, true, false),
        (Content::expiration_update(None), DAYS, true, false),
        (
            Content::group_invite(&key, &id(1), "", &[0; AUTH_DATA_LEN], SENT),
            DAYS,
            false,
            false,
        ),
        (Content::group_promote(&key, ""), DAYS, false, true),
        (Content::group_invite_accepted(), DAYS, false, true),
        (
            Content::group_info_change(&key, Info::Picture, SENT),
            DAYS,
            true,
            true,
        ),
        (
            Content::group_member_change(&key, GroupMemberChange::Added, &[], false, SENT),
            DAYS,
            true,
            true,
        ),
        (Content::group_delete_own(&[]), DAYS, true, true),
        (Content::group_member_left(), DAYS, true, true),
        (Content::group_member_left_notification(), DAYS, true, true),
        (Content::read_receipt([SENT]), DAYS, false, false),
        (Content::typing(TypingAction::Started), 20, false, false),
        (call(CallType::PreOffer), 300, false, false),
        (call(CallType::Offer), 300, false, false),
        (call(CallType::Answer), 300, true, false),
        (call(CallType::ProvisionalAnswer), 300, false, false),
        (Content::ice_candidates("u", &[]), 300, false, false),
        (call(CallType::EndCall), 300, true, false),
        (
            Content::data_extraction(DataExtraction::Screenshot),
            DAYS,
            false,
            false,
        ),
        (Content::unsend(SENT, &id(1)), DAYS, true, false),
        (Content::request_accepted(), DAYS, false, false),
    ]
    .into()
}

#[test]
fn the_table_of_members() {
    for (content, seconds, from_self, from_blocked) in table() {
        let member = content.kind().unwrap();
        let seconds = Duration::from_secs(seconds);
        assert_eq!(default_ttl(&member), seconds, "{member:?}");
        assert_eq!(ttl(&content), seconds, "{member:?}");
        assert_eq!(is_allowed_from_self(&member), from_self, "{member:?}");
        assert_eq!(is_allowed_from_blocked(&member), from_blocked, "{member:?}");

        let expected = if from_self {
            Ok(())
        } else {
            Err(Error::FromSelf)
        };
        assert_eq!(check_swarm_message(&content, SENT, true), expected);
        assert_eq!(check_swarm_message(&content, SENT, false), Ok(()));
    }
}

#[test]
fn timers_and_swarms() {
    let timer = Duration::from_secs(60);
    let text = || Content::text("a");
    let after_send = text().with_expiration(Expiration::AfterSend(timer));
    assert_eq!(ttl(&after_send), timer);
    let after_read = text().with_expiration(Expiration::AfterRead(timer));
    assert_eq!(ttl(&after_read), DEFAULT_TTL);
    let nothing = Content::from_bytes(Vec::new()).unwrap();
    assert_eq!(ttl(&nothing), DEFAULT_TTL);
}

#[test]
fn every_member_of_a_message_counts() {
    let message = proto::Content {
        receipt_message: Content::read_receipt([SENT])
            .proto()
            .receipt_message
            .clone(),
        ..Content::text("a").proto().clone()
    };
    let content = Content::from_proto(message).unwrap();
    assert_eq!(
        check_swarm_message(&content, SENT, true),
        Err(Error::FromSelf)
    );
}

#[test]
fn sync_copies() {
    let copy = Content::text("a").with_sync_target(&id(1));
    assert_eq!(check_swarm_message(&copy, SENT, true), Ok(()));
    assert_eq!(
        check_swarm_message(&copy, SENT, false),
        Err(Error::NotFromSelf)
    );
}

fn millis(millis: u64) -> UnixMillis {
    UnixMillis::from_millis(millis)
}

#[test]
fn times_at_the_limits() {
    const LIMIT: u64 = 21_600_000;
    let sent = SENT.as_millis();
    for (signed, swarm, community) in [
        (None, true, true),
        (Some(0), true, true),
        (Some(sent), true, true),
        (Some(sent + 1), false, true),
        (Some(sent - 1), false, true),
        (Some(sent + LIMIT), false, true),
        (Some(sent - LIMIT), false, true),
        (Some(sent + LIMIT + 1), false, false),
        (Some(sent - LIMIT - 1), false, false),
        (Some(u64::MAX), false, false),
        (Some(1), false, false),
    ] {
        let signed = signed.map(millis);
        let verdict = |is_good| {
            if is_good {
                Ok(())
            } else {
                Err(Error::Timestamp)
            }
        };
        assert_eq!(check_signed_time(signed, SENT), verdict(swarm));
        assert_eq!(check_posted_time(signed, SENT), verdict(community));
    }
    for signed in [None, Some(millis(0)), Some(millis(1))] {
        assert_eq!(check_signed_time(signed, millis(0)), Err(Error::Timestamp));
        assert_eq!(check_posted_time(signed, millis(0)), Err(Error::Timestamp));
    }
}

#[test]
fn typing_indicators_of_another_time() {
    let content = Content::typing(TypingAction::Started);
    let (bytes, _) = content.to_send(SENT, None).unwrap();
    let content = Content::from_bytes(bytes).unwrap();
    let Some(Member::Typing(typing)) = content.kind() else {
        panic!("no typing indicator");
    };
    assert_eq!(check_typing(&typing, SENT), Ok(()));
    assert_eq!(check_typing(&typing, millis(1)), Err(Error::Timestamp));
}

#[test]
fn who_may_unsend() {
    let (me, friend, other) = (id(1), id(2), id(3));
    let may = |content: &Content, sender| {
        let Some(Member::Unsend(request)) = content.kind() else {
            panic!("no request");
        };
        may_unsend(&request, sender, &me)
    };
    let of_friend = Content::unsend(SENT, &friend);
    assert!(may(&of_friend, &friend));
    assert!(may(&of_friend, &me));
    assert!(!may(&of_friend, &other));
    // A contact must not delete our messages on our device.
    let ours = Content::unsend(SENT, &me);
    assert!(!may(&ours, &friend));
    assert!(may(&ours, &me));
    assert!(!may(&Content::unsend(millis(0), &friend), &friend));
    let nobody = Content::from_proto(proto::Content {
        unsend_request: Some(proto::UnsendRequest {
            timestamp: Some(1),
            author: Some("nobody".into()),
        }),
        ..Default::default()
    })
    .unwrap();
    assert!(!may(&nobody, &friend));
    assert!(may(&nobody, &me));
}

#[test]
fn what_a_group_deleted() {
    assert!(!is_deleted_before(SENT, None));
    assert!(!is_deleted_before(SENT, Some(millis(SENT.as_millis() - 1))));
    assert!(is_deleted_before(SENT, Some(SENT)));
    assert!(is_deleted_before(SENT, Some(millis(u64::MAX))));
}

proptest! {
    #[test]
    fn disappearing(sent: u64, read: Option<u64>, timer: u32) {
        let (sent, read) = (millis(sent), read.map(millis));
        let duration = Duration::from_secs(timer.into());
        let after = |time: UnixMillis| millis(time.as_millis().saturating_add(u64::from(timer) * 1000));
        prop_assert_eq!(expires_at(Expiration::AfterSend(duration), sent, read), Some(after(sent)));
        prop_assert_eq!(expires_at(Expiration::AfterRead(duration), sent, read), read.map(after));
    }
}

#[test]
fn keys_of_messages() {
    let key = MessageKey::new(id(1), SENT);
    assert_eq!(key, MessageKey::new(id(1), SENT));
    assert_ne!(key, MessageKey::new(id(2), SENT));
    assert_ne!(key, MessageKey::new(id(1), millis(1)));
}

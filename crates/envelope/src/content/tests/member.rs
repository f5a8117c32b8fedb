use alloc::format;
use alloc::string::{String, ToString};
use core::time::Duration;

use session_core::Prefix;

use super::super::*;
use crate::group_update::GroupUpdate;

const TIME: UnixMillis = UnixMillis::from_millis(1_700_000_000_123);

fn id(byte: u8) -> AccountId {
    AccountId::new(Prefix::Standard, [byte; 32])
}

fn only(content: &Content) -> Member<'_> {
    let mut members = content.members();
    let member = members.next().unwrap();
    assert_eq!(members.next(), None);
    assert_eq!(content.kind(), Some(member));
    member
}

#[test]
fn receipts() {
    let times = [
        TIME,
        UnixMillis::from_millis(0),
        UnixMillis::from_millis(u64::MAX),
    ];
    let content = Content::read_receipt(times);
    let Member::Receipt(receipt) = only(&content) else {
        panic!("no receipt");
    };
    assert!(receipt.timestamps().eq(times));
    let mut delivery = content.proto().clone();
    delivery.receipt_message.as_mut().unwrap().kind = Some(0);
    let delivery = Content::from_proto(delivery).unwrap();
    let Member::Receipt(receipt) = only(&delivery) else {
        panic!("no receipt");
    };
    assert_eq!(receipt.timestamps().len(), 0);
}

#[test]
fn calls() {
    use CallType::*;
    for kind in [Offer, Answer, ProvisionalAnswer, EndCall, PreOffer] {
        for sdp in [Some("v=0"), None] {
            let content = Content::call("6e1b", kind, sdp);
            let Member::Call(call) = only(&content) else {
                panic!("no call");
            };
            assert_eq!((call.kind(), call.uuid()), (kind, "6e1b"));
            assert!(call.sdps().eq(sdp));
            assert_eq!(call.ice_candidates().next(), None);
        }
    }
    let candidates = [
        IceCandidate::new("candidate:1", 0, "audio"),
        IceCandidate::new("candidate:2", 1, "video"),
    ];
    let content = Content::ice_candidates("6e1b", &candidates);
    let Member::Call(call) = only(&content) else {
        panic!("no call");
    };
    assert_eq!((call.kind(), call.uuid()), (IceCandidates, "6e1b"));
    assert!(call.ice_candidates().eq(candidates));
    // Lists of unequal length.
    let mut short = content.proto().clone();
    short.call_message.as_mut().unwrap().sdp_mids.pop();
    let short = Content::from_proto(short).unwrap();
    let Member::Call(call) = only(&short) else {
        panic!("no call");
    };
    assert!(call.ice_candidates().eq(candidates[..1].iter().copied()));
}

#[test]
fn small_control_messages() {
    for what in [
        DataExtraction::Screenshot,
        DataExtraction::MediaSaved(Some(TIME)),
        DataExtraction::MediaSaved(None),
    ] {
        let content = Content::data_extraction(what);
        assert_eq!(only(&content), Member::DataExtraction(what));
    }
    let content = Content::unsend(TIME, &id(3));
    let Member::Unsend(request) = only(&content) else {
        panic!("no unsend request");
    };
    assert_eq!((request.timestamp, request.author), (TIME, id(3).into()));
    let Member::RequestResponse(response) = only(&Content::request_accepted()) else {
        panic!("no response");
    };
    assert!(response.is_approved);
    for expiration in [
        Some(Expiration::AfterRead(Duration::from_secs(5))),
        Some(Expiration::AfterSend(Duration::from_secs(u32::MAX.into()))),
        None,
    ] {
        let content = Content::expiration_update(expiration);
        assert_eq!(only(&content), Member::ExpirationUpdate(expiration));
        assert_eq!(content.expiration(), expiration);
        assert!(
            content.proto().expiration_timer.is_some(),
            "off is said too"
        );
    }
}

#[test]
fn an_empty_message_is_nothing() {
    assert_eq!(Content::from_bytes(Vec::new()).unwrap().kind(), None);
}

/// All members in one message, backwards.
fn everything() -> Content {
    let content = Content::call("u", CallType::EndCall, None);
    [
        Content::text("hello"),
        Content::request_accepted(),
        Content::unsend(TIME, &id(3)),
        Content::data_extraction(DataExtraction::Screenshot),
        Content::group_member_left(),
        Content::group_invite_accepted(),
        Content::typing(TypingAction::Started),
        Content::read_receipt([TIME]),
    ]
    .iter()
    .fold(content, |content, more| content.merge(more.proto()))
}

fn names(content: &Content) -> Vec<String> {
    let name = |member: Member<'_>| {
        let text = format!("{member:?}");
        let end = text.find(['(', ' ']).unwrap_or(text.len());
        match member {
            Member::GroupUpdate(update) => match update {
                GroupUpdate::MemberLeft => "left".to_string(),
                GroupUpdate::InviteResponse { is_approved: true } => "response".to_string(),
                other => panic!("{other:?}"),
            },
            _ => text[..end].to_string(),
        }
    };
    content.members().map(name).collect()
}

#[test]
fn members_come_in_the_order_of_ios() {
    let first = ["Receipt", "Typing", "left", "response", "DataExtraction"];
    let last = ["Unsend", "RequestResponse", "Visible", "Call"];
    assert_eq!(names(&everything()), [&first[..], &last].concat());

    // A timer update hides text, and comes before a request to unsend.
    let timer = Content::expiration_update(None);
    let content = everything().merge(timer.proto());
    let middle = ["ExpirationUpdate", "Unsend", "RequestResponse", "Call"];
    assert_eq!(names(&content), [&first[..], &middle].concat());
}

#[test]
fn group_updates_are_visible_only_with_something_to_see() {
    assert_eq!(names(&Content::group_member_left()), ["left"]);
    let with_profile = Content::group_member_left().with_profile(&Profile::new("Bob", 1));
    assert_eq!(names(&with_profile), ["left"]);
    let with_text = with_profile.merge(Content::text("bye").proto());
    assert_eq!(names(&with_text), ["left", "Visible"]);
    // An invalid message is one all the same.
    assert_eq!(names(&Content::without_text()), ["Visible"]);
}

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use proptest::prelude::*;
use session_core::{AccountId, Prefix};
use session_crypto::ed25519::SigningKey;

use super::*;
use crate::Error;
use crate::content::Member;
use crate::pro::Credential;

const SENT: UnixMillis = UnixMillis::from_millis(1_758_068_785_391);
const NO_PRO: Option<&Credential> = None;

fn key(byte: u8) -> SigningKey {
    SigningKey::from_seed(&[byte; 32])
}

fn group() -> AccountId {
    AccountId::new(Prefix::Group, *key(7).public().as_bytes())
}

fn id(byte: u8) -> AccountId {
    AccountId::new(Prefix::Standard, [byte; 32])
}

fn update(content: &Content) -> GroupUpdate<'_> {
    match content.kind() {
        Some(Member::GroupUpdate(update)) => update,
        other => panic!("{other:?}"),
    }
}

/// Verifies what is signed, as the member `id(3)`.
fn verify(content: &Content) -> Result<(), Error> {
    match update(content) {
        GroupUpdate::Invite(invite) => invite.verify(&id(3)).map(|found| {
            assert_eq!(found, group());
        }),
        GroupUpdate::InfoChange(change) => change.verify(&group()),
        GroupUpdate::MemberChange(change) => change.verify(&group()),
        GroupUpdate::DeleteContent(delete) => delete.authorize(&group(), &id(9)).map(drop),
        other => panic!("{other:?}"),
    }
}

fn signed(key: &SigningKey) -> [Content; 7] {
    let members = [id(3), id(4)];
    let change = |kind| Content::group_member_change(key, kind, &members, true, SENT);
    [
        Content::group_invite(key, &id(3), "Climbers", &[5; AUTH_DATA_LEN], SENT),
        Content::group_info_change(key, Info::Name("Climbers"), SENT),
        Content::group_info_change(key, Info::Picture, SENT),
        Content::group_info_change(key, Info::Timer(Duration::from_secs(60)), SENT),
        change(GroupMemberChange::Added),
        change(GroupMemberChange::Removed),
        Content::group_delete_content(key, &members, &["hash1", "hash2"], SENT),
    ]
}

/// The same message with another update in it.
fn with_update(content: &Content, change: impl FnOnce(&mut proto::GroupUpdateMessage)) -> Content {
    let mut message = content.proto().clone();
    let data = message.data_message.as_mut().unwrap();
    change(data.group_update_message.as_mut().unwrap());
    Content::from_proto(message).unwrap()
}

fn set_signature(update: &mut proto::GroupUpdateMessage, signature: &[u8]) {
    let signature = Some(signature.to_vec());
    if let Some(invite) = &mut update.invite_message {
        invite.admin_signature = signature;
    } else if let Some(change) = &mut update.info_change_message {
        change.admin_signature = signature;
    } else if let Some(change) = &mut update.member_change_message {
        change.admin_signature = signature;
    } else if let Some(delete) = &mut update.delete_member_content {
        delete.admin_signature = signature;
    }
}

#[test]
fn what_is_signed_verifies_also_after_sending() {
    for content in signed(&key(7)) {
        assert_eq!(verify(&content), Ok(()));
        let bytes = content.to_send(SENT, NO_PRO).unwrap().0;
        let received = Content::from_bytes(bytes).unwrap();
        assert_eq!(verify(&received), Ok(()));
        assert_eq!(update(&received), update(&content));
    }
}

#[test]
fn signed_updates_cannot_be_sent_at_another_time() {
    let later = UnixMillis::from_millis(SENT.as_millis() + 1);
    for content in signed(&key(7)) {
        assert_eq!(content.to_send(later, NO_PRO).err(), Some(Error::Timestamp));
    }
    for content in [
        Content::group_delete_own(&["hash"]),
        Content::group_member_left(),
        Content::group_promote(&key(7), "Climbers"),
    ] {
        assert!(content.to_send(later, NO_PRO).is_ok());
    }
}

#[test]
fn another_time_key_or_signature_is_refused() {
    for (good, bad) in signed(&key(7)).iter().zip(&signed(&key(8))) {
        let mut later = good.proto().clone();
        later.sig_timestamp = Some(SENT.as_millis() + 1);
        let later = Content::from_proto(later).unwrap();
        assert_eq!(verify(&later), Err(Error::Signature));
        let mut timeless = good.proto().clone();
        timeless.sig_timestamp = None;
        let timeless = Content::from_proto(timeless).unwrap();
        assert_eq!(verify(&timeless), Err(Error::Timestamp));

        for signature in [&[][..], &[1; 63], &[1; 64]] {
            let forged = with_update(good, |update| set_signature(update, signature));
            assert_eq!(verify(&forged), Err(Error::Signature));
        }
        match update(bad) {
            // The invitation names its group; with another key it is another group's.
            GroupUpdate::Invite(invite) => assert_ne!(invite.verify(&id(3)), Ok(group())),
            _ => assert_eq!(verify(bad), Err(Error::Signature)),
        }
    }
}

#[test]
fn messages_of_old_clients_take_the_time_outside() {
    let mut old = signed(&key(7))[1].proto().clone();
    old.sig_timestamp = None;
    let old = Content::from_proto(old).unwrap();
    let Some(Member::GroupUpdate(GroupUpdate::InfoChange(change))) =
        old.members_at(Some(SENT)).next()
    else {
        panic!("no change");
    };
    assert_eq!(change.verify(&group()), Ok(()));
}

#[test]
fn ids_of_other_kinds_are_no_groups() {
    let [invite, change, ..] = signed(&key(7));
    let GroupUpdate::InfoChange(change) = update(&change) else {
        panic!("no change");
    };
    let person = AccountId::new(Prefix::Standard, *key(7).public().as_bytes());
    assert_eq!(change.verify(&person), Err(Error::GroupId));
    // No point of the curve.
    let no_key = AccountId::new(Prefix::Group, [2; 32]);
    assert_eq!(change.verify(&no_key), Err(Error::GroupId));
    for text in [person.to_hex(), String::from("03"), no_key.to_hex()] {
        let invite = with_update(&invite, |update| {
            update.invite_message.as_mut().unwrap().group_session_id = Some(text);
        });
        assert_eq!(verify(&invite), Err(Error::GroupId));
    }
}

#[test]
fn invitations_are_for_one() {
    let [invite, ..] = signed(&key(7));
    let GroupUpdate::Invite(view) = update(&invite) else {
        panic!("no invitation");
    };
    assert_eq!(view.verify(&id(3)), Ok(group()));
    assert_eq!(view.verify(&id(4)), Err(Error::Signature));
    assert_eq!(view.name(), "Climbers");
    assert_eq!(view.auth_data(), Ok(&[5; 100]));
    let short = with_update(&invite, |update| {
        update.invite_message.as_mut().unwrap().member_auth_data = Some(vec![5; 99]);
    });
    let GroupUpdate::Invite(view) = update(&short) else {
        panic!("no invitation");
    };
    assert_eq!(
        view.auth_data(),
        Err(Error::Length {
            what: "group credentials",
            expected: 100,
            got: 99
        })
    );
}

#[test]
fn changes_of_info() {
    for info in [
        Info::Name("Climbers"),
        Info::Name(""),
        Info::Picture,
        Info::Timer(Duration::ZERO),
        Info::Timer(Duration::from_secs(u32::MAX.into())),
    ] {
        let content = Content::group_info_change(&key(7), info, SENT);
        let GroupUpdate::InfoChange(change) = update(&content) else {
            panic!("no change");
        };
        assert_eq!(change.info(), info);
    }
    assert_eq!(format!("{:?}", Info::Name("secret")), "Info(..)");
}

#[test]
fn only_people_are_members() {
    let members = [id(3), group(), AccountId::new(Prefix::Blinded15, [1; 32])];
    let kinds = [
        (GroupMemberChange::Added, true),
        (GroupMemberChange::Removed, false),
        (GroupMemberChange::Promoted, false),
    ];
    for (kind, history_shared) in kinds {
        let content = Content::group_member_change(&key(7), kind, &members, true, SENT);
        let content = with_update(&content, |update| {
            let change = update.member_change_message.as_mut().unwrap();
            change.member_session_ids.push(String::from("nobody"));
        });
        // The members are not signed.
        assert_eq!(verify(&content), Ok(()));
        let GroupUpdate::MemberChange(change) = update(&content) else {
            panic!("no change");
        };
        assert_eq!(
            (change.kind(), change.history_shared()),
            (kind, history_shared)
        );
        assert!(change.members().eq([id(3)]));
    }
}

#[test]
fn a_promotion_gives_the_group() {
    let content = Content::group_promote(&key(7), "Climbers");
    let GroupUpdate::Promote(promote) = update(&content) else {
        panic!("no promotion");
    };
    assert_eq!(promote.group_id(), Ok(group()));
    assert_eq!(promote.group_key(), Ok(key(7)));
    assert_eq!(promote.name(), "Climbers");
    let short = with_update(&content, |update| {
        update.promote_message.as_mut().unwrap().group_identity_seed = Some(vec![7; 31]);
    });
    let GroupUpdate::Promote(promote) = update(&short) else {
        panic!("no promotion");
    };
    assert_eq!(
        promote.group_id(),
        Err(Error::Length {
            what: "group seed",
            expected: 32,
            got: 31
        })
    );
}

#[test]
fn updates_without_content() {
    assert_eq!(
        update(&Content::group_member_left()),
        GroupUpdate::MemberLeft
    );
    let notification = Content::group_member_left_notification();
    assert_eq!(update(&notification), GroupUpdate::MemberLeftNotification);
    let accepted = GroupUpdate::InviteResponse { is_approved: true };
    assert_eq!(update(&Content::group_invite_accepted()), accepted);
}

fn deletion(content: &Content) -> Deletion<'_> {
    let GroupUpdate::DeleteContent(delete) = update(content) else {
        panic!("no deletion");
    };
    delete.authorize(&group(), &id(3)).unwrap()
}

const BEFORE: UnixMillis = UnixMillis::from_millis(SENT.as_millis() - 1);

#[test]
fn members_delete_what_is_theirs() {
    // Bound to no time; members that it names do not count.
    let content = Content::group_delete_own(&["one", "two"]);
    let content = with_update(&content, |update| {
        let delete = update.delete_member_content.as_mut().unwrap();
        delete.member_session_ids = vec![id(3).to_hex(), id(4).to_hex()];
    });
    let content = Content::from_bytes(content.to_send(SENT, NO_PRO).unwrap().0).unwrap();
    let deletion = deletion(&content);
    assert!(!deletion.is_by_admin());
    assert_eq!(deletion.before(), SENT);
    assert_eq!(deletion.members().next(), None);
    assert!(deletion.hashes().eq(["one", "two"]));
    assert!(deletion.covers(&id(3), BEFORE, "one"));
    assert!(!deletion.covers(&id(3), SENT, "one"), "not sent before");
    assert!(!deletion.covers(&id(3), BEFORE, "three"), "not listed");
    assert!(!deletion.covers(&id(4), BEFORE, "one"), "somebody else's");
}

#[test]
fn admins_delete_what_they_list() {
    let content = Content::group_delete_content(&key(7), &[id(4), id(5)], &["one"], SENT);
    let deletion = deletion(&content);
    assert!(deletion.is_by_admin());
    assert!(deletion.members().eq([id(4), id(5)]));
    assert!(deletion.covers(&id(4), BEFORE, "any"));
    assert!(deletion.covers(&id(5), BEFORE, "one"));
    assert!(deletion.covers(&id(6), BEFORE, "one"));
    assert!(!deletion.covers(&id(6), BEFORE, "any"));
    assert!(
        !deletion.covers(&id(3), BEFORE, "any"),
        "not for its sender"
    );
    assert!(!deletion.covers(&id(4), SENT, "any"), "not sent before");
    assert!(!format!("{deletion:?}").contains("one"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Members and hashes are signed in their order, and nothing can be moved between them.
    #[test]
    fn lists_of_deletions_are_signed(
        members in proptest::collection::vec(1u8..9, 0..4),
        hashes in proptest::collection::vec("[a-z]{3}", 1..4),
        other in "[a-z]{3}",
        at: usize,
    ) {
        let members: Vec<_> = members.into_iter().map(id).collect();
        let listed: Vec<_> = hashes.iter().map(|hash| &**hash).collect();
        let content = Content::group_delete_content(&key(7), &members, &listed, SENT);
        prop_assert_eq!(verify(&content), Ok(()));
        prop_assume!(!hashes.contains(&other));
        let changed = with_update(&content, |update| {
            let delete = update.delete_member_content.as_mut().unwrap();
            let at = at % delete.message_hashes.len();
            delete.message_hashes[at] = other;
        });
        prop_assert_eq!(verify(&changed), Err(Error::Signature));
    }
}

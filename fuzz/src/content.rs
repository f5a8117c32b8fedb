//! Messages in types of their own.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use session_core::{AccountId, Prefix, UnixMillis};
use session_crypto::ed25519::SigningKey;
use session_envelope::content::{
    Attachment, Call, CallType, DataExtraction, Expiration, FileUrl, IceCandidate, Invitation,
    Member, Picture, Preview, Profile, Quote, Reaction, ReactionAction, TypingAction, Visible,
};
use session_envelope::group_update::{
    AUTH_DATA_LEN, DeleteContent, GroupMemberChange, GroupUpdate, Info,
};
use session_envelope::{Content, Error, open_one_to_one, rules, seal_one_to_one};

use crate::network::ACCOUNTS;

const SENT: UnixMillis = UnixMillis::from_millis(1_758_068_785_391);

fn group_key() -> SigningKey {
    SigningKey::from_seed(&[7; 32])
}

fn group() -> AccountId {
    AccountId::new(Prefix::Group, *group_key().public().as_bytes())
}

fn member(byte: u8) -> AccountId {
    AccountId::new(Prefix::Standard, [byte; 32])
}

/// Any bytes as a message: what is read and made again says the same.
pub fn content(data: &[u8]) {
    let Ok(content) = Content::from_bytes(data.to_vec()) else {
        return;
    };
    assert_eq!(content.as_bytes(), data);
    let members: Vec<_> = content.members().collect();
    assert_eq!(content.kind(), members.first().copied());
    assert!(members.len() <= 8 + 8, "one each, and eight updates");
    for member in &members {
        again(&content, member);
    }
    if let Some(profile) = content.profile() {
        let made = Content::without_text().with_profile(&profile);
        assert_eq!(made.profile(), Some(profile));
        let made = Content::request_accepted().with_profile(&profile);
        assert_eq!(made.profile(), Some(profile));
    }
    if let Some(expiration) = content.expiration() {
        let made = Content::text("").with_expiration(expiration);
        assert_eq!(made.expiration(), Some(expiration));
    }
    rules_of(&content, &members);
    sent(&content);
}

/// Makes what was read.
fn again(content: &Content, member: &Member<'_>) {
    let made = match *member {
        Member::Receipt(receipt) => {
            let made = Content::read_receipt(receipt.timestamps());
            let Some(Member::Receipt(again)) = made.kind() else {
                panic!("made as a receipt");
            };
            return assert!(again.timestamps().eq(receipt.timestamps()));
        }
        Member::Typing(typing) => {
            let made = Content::typing(typing.action);
            let Some(Member::Typing(again)) = made.kind() else {
                panic!("made as a typing indicator");
            };
            return assert_eq!(again.action, typing.action);
        }
        Member::GroupUpdate(update) => return group_update(content, update),
        Member::Visible(message) => return visible(content, message),
        Member::Call(step) => return call(step),
        Member::Unsend(request) => match request.author.id() {
            Some(author) => Content::unsend(request.timestamp, &author),
            None => return,
        },
        Member::DataExtraction(what) => Content::data_extraction(what),
        Member::ExpirationUpdate(expiration) => Content::expiration_update(expiration),
        Member::RequestResponse(response) if response.is_approved => Content::request_accepted(),
        _ => return,
    };
    assert_eq!(made.kind(), Some(*member));
}

fn visible(content: &Content, message: Visible<'_>) {
    let text = content.body();
    let mut made = text.map_or_else(Content::without_text, Content::text);
    for attachment in message.attachments() {
        let _ = attachment.encryption();
        made = made.with_attachment(&attachment);
    }
    if let Some(quote) = message.quote() {
        made = made.with_quote(quote);
    }
    if let Some(preview) = message.preview() {
        assert!(text.is_some_and(|text| text.contains(preview.url)));
        made = made.with_preview(&preview);
    }
    made = made.with_blocks_community_message_requests(message.blocks_community_message_requests());
    let Some(Member::Visible(again)) = made.kind() else {
        panic!("made as visible");
    };
    assert_eq!(again.text(), message.text());
    assert!(again.attachments().eq(message.attachments()));
    assert_eq!(again.quote(), message.quote());
    assert_eq!(again.preview(), message.preview());
    if let Some(text) = message.text() {
        assert_eq!(message.text_up_to(usize::MAX), Some(text));
        assert!(
            message
                .text_up_to(5)
                .is_some_and(|cut| text.starts_with(cut))
        );
    }
    if let Some(reaction) = message.reaction() {
        let made = Content::reaction(&reaction);
        assert!(
            matches!(made.kind(), Some(Member::Visible(it)) if it.reaction() == Some(reaction))
        );
    }
    if let Some(invitation) = message.invitation() {
        let made = Content::invitation(&invitation);
        let kind = made.kind();
        assert!(matches!(kind, Some(Member::Visible(it)) if it.invitation() == Some(invitation)));
    }
}

fn call(step: Call<'_>) {
    let made = match step.kind() {
        CallType::IceCandidates => {
            let candidates: Vec<_> = step.ice_candidates().collect();
            Content::ice_candidates(step.uuid(), &candidates)
        }
        kind => Content::call(step.uuid(), kind, step.sdps().next()),
    };
    let Some(Member::Call(again)) = made.kind() else {
        panic!("made as a call");
    };
    assert_eq!((again.kind(), again.uuid()), (step.kind(), step.uuid()));
    match step.kind() {
        CallType::IceCandidates => assert!(again.ice_candidates().eq(step.ice_candidates())),
        _ => assert_eq!(again.sdps().next(), step.sdps().next()),
    }
}

fn group_update(content: &Content, update: GroupUpdate<'_>) {
    let (key, group) = (group_key(), group());
    let made = match update {
        GroupUpdate::Invite(invite) => {
            let _ = invite.verify(&member(1));
            let auth_data = invite.auth_data().unwrap_or(&[0; AUTH_DATA_LEN]);
            let made = Content::group_invite(&key, &member(1), invite.name(), auth_data, SENT);
            let Some(Member::GroupUpdate(GroupUpdate::Invite(again))) = made.kind() else {
                panic!("made as an invitation");
            };
            assert_eq!(again.verify(&member(1)), Ok(group));
            assert!(again.verify(&member(2)).is_err());
            assert_eq!(again.name(), invite.name());
            return assert_eq!(again.auth_data(), Ok(auth_data));
        }
        GroupUpdate::InfoChange(change) => {
            let _ = change.verify(&group);
            let made = Content::group_info_change(&key, change.info(), SENT);
            let Some(Member::GroupUpdate(GroupUpdate::InfoChange(again))) = made.kind() else {
                panic!("made as a change");
            };
            assert_eq!(again.verify(&group), Ok(()));
            return assert_eq!(again.info(), change.info());
        }
        GroupUpdate::MemberChange(change) => {
            let _ = change.verify(&group);
            let members: Vec<_> = change.members().collect();
            let shared = change.history_shared();
            let made = Content::group_member_change(&key, change.kind(), &members, shared, SENT);
            let Some(Member::GroupUpdate(GroupUpdate::MemberChange(again))) = made.kind() else {
                panic!("made as a change");
            };
            assert_eq!(again.verify(&group), Ok(()));
            assert_eq!(again.kind(), change.kind());
            return assert!(again.members().eq(change.members()));
        }
        GroupUpdate::Promote(promote) => {
            let Ok(key) = promote.group_key() else {
                return;
            };
            Content::group_promote(&key, promote.name())
        }
        GroupUpdate::DeleteContent(delete) => return delete_content(content, delete),
        GroupUpdate::MemberLeft => Content::group_member_left(),
        GroupUpdate::MemberLeftNotification => Content::group_member_left_notification(),
        GroupUpdate::InviteResponse { is_approved: true } => Content::group_invite_accepted(),
        _ => return,
    };
    assert_eq!(made.kind(), Some(Member::GroupUpdate(update)));
}

fn delete_content(content: &Content, delete: DeleteContent<'_>) {
    let (author, other) = (member(1), member(2));
    let Ok(deletion) = delete.authorize(&group(), &author) else {
        return;
    };
    assert_eq!(content.sig_timestamp(), Some(deletion.before()));
    let hashes: Vec<_> = deletion.hashes().collect();
    let members: Vec<_> = deletion.members().collect();
    assert!(deletion.is_by_admin() || members.is_empty());
    let before = UnixMillis::from_millis(deletion.before().as_millis() - 1);
    for hash in &hashes {
        assert!(deletion.covers(&author, before, hash));
        assert_eq!(
            deletion.covers(&other, before, hash),
            deletion.is_by_admin()
        );
        assert!(!deletion.covers(&author, deletion.before(), hash));
    }
    for id in &members {
        assert!(deletion.covers(id, before, ""));
    }
    let made = Content::group_delete_content(&group_key(), &members, &hashes, SENT);
    let Some(Member::GroupUpdate(GroupUpdate::DeleteContent(again))) = made.kind() else {
        panic!("made as a deletion");
    };
    let again = again.authorize(&group(), &other).expect("signed");
    assert!(again.is_by_admin());
    assert!(again.members().eq(members) && again.hashes().eq(hashes));
}

fn rules_of(content: &Content, members: &[Member<'_>]) {
    let time = content.sig_timestamp().unwrap_or(SENT);
    let from_self = rules::check_swarm_message(content, time, true);
    assert_eq!(
        from_self.is_ok(),
        members.iter().all(rules::is_allowed_from_self)
    );
    let from_other = rules::check_swarm_message(content, time, false);
    assert_eq!(from_other.is_ok(), content.sync_target().is_none());
    assert_eq!(
        rules::check_posted_time(content.sig_timestamp(), time),
        Ok(())
    );
    match content.expiration() {
        Some(Expiration::AfterSend(timer)) => assert_eq!(rules::ttl(content), timer),
        _ => assert!(rules::ttl(content) <= rules::DEFAULT_TTL),
    }
}

/// What can be sent arrives, with the time of sending wherever there is one.
fn sent(content: &Content) {
    let from = &ACCOUNTS[0];
    let mut rng = ChaCha8Rng::from_seed([3; 32]);
    let wire = seal_one_to_one(from, &from.id(), content, SENT, &mut rng);
    let wire = match wire {
        Ok(wire) => wire,
        // Signed for another time, too long or too much.
        Err(
            Error::Timestamp
            | Error::TextTooLong { .. }
            | Error::TooMany { .. }
            | Error::Length { .. },
        ) => return,
        Err(error) => panic!("{error}"),
    };
    let Ok(opened) = open_one_to_one(from, &wire) else {
        // A Session Pro message that was not ours to send.
        return assert!(content.proto().pro_message.is_some());
    };
    assert_eq!(opened.timestamp(), SENT);
    assert_eq!(opened.content().sig_timestamp(), Some(SENT));
    assert_eq!(opened.members().count(), content.members().count());
    for (after, before) in opened.members().zip(content.members()) {
        match (after, before) {
            (Member::Typing(after), Member::Typing(before)) => {
                assert_eq!(rules::check_typing(&after, SENT), Ok(()));
                assert_eq!(after.action, before.action);
            }
            // They know the time of their message.
            (Member::GroupUpdate(_), Member::GroupUpdate(_)) => {}
            _ => assert_eq!(after, before),
        }
    }
}

/// A message of every kind.
#[must_use]
pub fn content_seeds() -> Vec<Vec<u8>> {
    let key = group_key();
    let id = member(1);
    let url = FileUrl::new("http://files.example/file/77#p=00&d");
    let mut picture = Attachment::new(url, 9);
    picture.key = Some(&[1; 32]);
    let mut preview = Preview::new("https://a.example");
    (preview.title, preview.image) = (Some("t"), Some(picture));
    let mut profile = Profile::new("n", 5);
    profile.picture = Some(Picture::new(url, &[2; 32]));
    let timer = Expiration::AfterSend(core::time::Duration::from_secs(60));
    let emoji = Reaction::new(SENT, id, "e", ReactionAction::React);
    let change = GroupMemberChange::Added;
    let room = Invitation::new("https://c.example/r?public_key=", "r");
    [
        Content::text("https://a.example")
            .with_attachment(&picture)
            .with_preview(&preview)
            .with_quote(Quote::new(SENT, id))
            .with_profile(&profile)
            .with_blocks_community_message_requests(true),
        Content::text("a")
            .with_sync_target(&id)
            .with_expiration(timer),
        Content::reaction(&emoji),
        Content::invitation(&room),
        Content::expiration_update(Some(timer)),
        Content::expiration_update(None),
        Content::read_receipt([SENT, SENT]),
        Content::typing(TypingAction::Started),
        Content::data_extraction(DataExtraction::MediaSaved(Some(SENT))),
        Content::unsend(SENT, &id),
        Content::request_accepted().with_profile(&profile),
        Content::call("u", CallType::Offer, Some("v=0")),
        Content::ice_candidates("u", &[IceCandidate::new("c", 1, "m")]),
        Content::group_invite(&key, &id, "g", &[4; AUTH_DATA_LEN], SENT),
        Content::group_info_change(&key, Info::Name("g"), SENT),
        Content::group_member_change(&key, change, &[id], true, SENT),
        Content::group_promote(&key, "g"),
        Content::group_member_left(),
        Content::group_member_left_notification(),
        Content::group_invite_accepted(),
        Content::group_delete_own(&["h"]),
        Content::group_delete_content(&key, &[id], &["h"], SENT),
    ]
    .map(|content| content.as_bytes().to_vec())
    .to_vec()
}

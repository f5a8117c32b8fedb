use alloc::format;
use alloc::string::ToString;

use session_core::Prefix;

use super::super::*;

const TIME: UnixMillis = UnixMillis::from_millis(1_700_000_000_123);

fn id(byte: u8) -> AccountId {
    AccountId::new(Prefix::Standard, [byte; 32])
}

fn visible(content: &Content) -> Visible<'_> {
    match content.kind() {
        Some(Member::Visible(visible)) => visible,
        other => panic!("{other:?}"),
    }
}

fn of_data(data: proto::DataMessage) -> Content {
    Content::from_proto(proto::Content {
        data_message: Some(data),
        ..Default::default()
    })
    .unwrap()
}

#[test]
fn a_message_with_everything() {
    let image = Attachment::new(FileUrl::new("http://h/file/9#d"), 7);
    let mut preview = Preview::new("https://example.com/a");
    (preview.title, preview.image) = (Some("A page"), Some(image));
    let quote = Quote::new(TIME, id(3));
    let mut profile = Profile::new("Alice", 1_700_000_000);
    profile.picture = Some(Picture::new(FileUrl::new("http://h/file/8"), &[5; 32]));
    let content = Content::text("look: https://example.com/a")
        .with_attachment(&image)
        .with_quote(quote)
        .with_preview(&preview)
        .with_profile(&profile)
        .with_blocks_community_message_requests(true);
    let received = Content::from_bytes(content.as_bytes().to_vec()).unwrap();
    assert_eq!(received, content);
    let message = visible(&received);
    assert!(message.is_valid());
    assert_eq!(message.text(), Some("look: https://example.com/a"));
    assert_eq!(message.attachments().collect::<Vec<_>>(), [image]);
    assert_eq!(message.quote(), Some(quote));
    assert_eq!(message.preview(), Some(preview));
    assert_eq!(received.profile(), Some(profile));
    assert!(message.blocks_community_message_requests());
    assert_eq!(message.reaction(), None);
    assert_eq!(message.invitation(), None);
    // What peers no longer send is not sent.
    let sent_quote = received
        .proto()
        .data_message
        .as_ref()
        .unwrap()
        .quote
        .as_ref();
    assert_eq!(sent_quote.unwrap().text, None);
    assert!(!visible(&Content::text("")).blocks_community_message_requests());
}

#[test]
fn reactions_and_invitations() {
    for action in [ReactionAction::React, ReactionAction::Remove] {
        let reaction = Reaction::new(TIME, id(3), "🎉", action);
        let content = Content::reaction(&reaction);
        assert_eq!(visible(&content).reaction(), Some(reaction));
        assert!(visible(&content).is_valid());
    }
    let invitation = Invitation::new("https://c.example/room?public_key=00", "Room");
    let content = Content::invitation(&invitation);
    assert_eq!(visible(&content).invitation(), Some(invitation));
    assert!(visible(&content).is_valid());
    for (url, name) in [("", "Room"), ("https://c.example", "")] {
        let content = Content::invitation(&Invitation::new(url, name));
        assert_eq!(visible(&content).invitation(), None);
        assert!(!visible(&content).is_valid());
    }
}

#[test]
fn what_is_valid() {
    let is_valid = |content: &Content| visible(content).is_valid();
    assert!(is_valid(&Content::text("a")));
    assert!(!is_valid(&Content::text("")));
    assert!(!is_valid(&Content::text(" \n\t\u{3000}")));
    assert!(!is_valid(&Content::without_text()));
    assert!(is_valid(
        &Content::without_text().with_attachment(&Attachment::default())
    ));
    // Not on their own.
    assert!(!is_valid(
        &Content::without_text().with_quote(Quote::new(TIME, id(3)))
    ));
    assert!(!is_valid(
        &Content::without_text().with_profile(&Profile::new("Alice", 1))
    ));
    let with_flags = |flags| {
        of_data(proto::DataMessage {
            body: Some("a".to_string()),
            flags: Some(flags),
            ..Default::default()
        })
    };
    assert!(is_valid(&with_flags(0)));
    assert!(!is_valid(&with_flags(1)));
}

#[test]
fn texts_are_cut_by_code_points() {
    let content = Content::text("aé🎉");
    let message = visible(&content);
    assert_eq!(message.text_up_to(0), Some(""));
    assert_eq!(message.text_up_to(2), Some("aé"));
    assert_eq!(message.text_up_to(3), Some("aé🎉"));
    assert_eq!(message.text_up_to(usize::MAX), Some("aé🎉"));
    assert_eq!(visible(&Content::text(" ")).text_up_to(5), None);
    assert_eq!(Content::text(" ").body(), Some(" "));
}

#[test]
fn previews_that_count() {
    let preview = |url, title, body| {
        let mut preview = Preview::new(url);
        preview.title = title;
        let content = Content::text(body).with_preview(&preview);
        visible(&content).preview().is_some()
    };
    let (url, title) = ("https://example.com", Some("t"));
    assert!(preview(url, title, "see https://example.com!"));
    assert!(preview("HTTP://a", title, "HTTP://a"));
    assert!(!preview(url, None, "see https://example.com!"));
    assert!(!preview(url, title, "see https://example.org!"));
    for url in [
        "",
        "https://",
        "ftp://a",
        "javascript:alert(1)",
        "https://a b",
    ] {
        assert!(!preview(url, title, url), "{url}");
    }
    // Only the first is looked at.
    let mut good = Preview::new(url);
    good.title = title;
    let content = Content::text(url)
        .with_preview(&Preview::new("https://example.org"))
        .with_preview(&good);
    assert_eq!(visible(&content).preview(), None);
}

#[test]
fn profiles() {
    let none = Profile::default();
    let content = Content::request_accepted().with_profile(&Profile::new("Bob", 7));
    assert_eq!(content.proto().data_message, None);
    assert_eq!(content.profile(), Some(Profile::new("Bob", 7)));
    assert_eq!(Content::text("").profile(), None);
    assert_eq!(Content::text("").with_profile(&none).profile(), Some(none));
    assert!(Profile::new("", 7).is_newer_than(6));
    assert!(!Profile::new("", 7).is_newer_than(7));
    assert!(!none.is_newer_than(0));

    // A picture without a key that fits is none.
    let picture = |url: &str, key: Option<usize>| {
        of_data(proto::DataMessage {
            profile_key: key.map(|len| [1; 64][..len].to_vec()),
            profile: Some(proto::LokiProfile {
                profile_picture: Some(url.to_string()),
                ..Default::default()
            }),
            ..Default::default()
        })
        .profile()
        .unwrap()
        .picture
        .is_some()
    };
    assert!(picture("http://h/file/1", Some(32)));
    assert!(!picture("http://h/file/1", Some(64)));
    assert!(!picture("http://h/file/1", None));
    assert!(!picture("", Some(32)));
}

#[test]
fn authors_that_are_no_ids() {
    let upper = id(0xab).to_hex().to_uppercase();
    assert_eq!(Author::from(&*upper), Author::Id(id(0xab)));
    assert_eq!(Author::from(&*upper).to_string(), id(0xab).to_hex());
    let nobody = Author::from("nobody");
    assert_eq!((nobody, nobody.id()), (Author::Text("nobody"), None));
    let content = Content::text("a").with_quote(Quote::new(TIME, nobody));
    assert_eq!(visible(&content).quote().unwrap().author, nobody);
}

#[test]
fn debug_shows_no_content() {
    let image = Attachment::new(FileUrl::new("http://secret/1"), 7);
    let mut preview = Preview::new("http://secret/");
    preview.image = Some(image);
    let content = Content::text("http://secret/").with_preview(&preview);
    let texts = [
        format!("{:?}", content.kind()),
        format!("{preview:?} {image:?} {:?}", image.url),
        format!("{:?}", Author::Text("secret")),
        format!("{:?}", Profile::new("secret", 1)),
        format!(
            "{:?}",
            Reaction::new(TIME, id(0xab), "secret", ReactionAction::React)
        ),
        format!("{:?}", Quote::new(TIME, id(0xab))),
        format!("{:?}", Invitation::new("secret", "secret")),
        format!("{:?}", IceCandidate::new("secret", 1, "secret")),
    ];
    for text in texts {
        assert!(!text.contains("secret"), "{text}");
        assert!(!text.contains("ababab"), "{text}");
    }
}

use alloc::string::String;
use core::num::NonZeroU32;

use proptest::prelude::*;

use super::super::*;
use crate::Error;

const URL: &str = "http://files.example/file/1234567890";
const SENT: UnixMillis = UnixMillis::from_millis(5);

fn only(content: &Content) -> Attachment<'_> {
    let Some(Member::Visible(visible)) = content.kind() else {
        panic!("no visible message");
    };
    assert_eq!(visible.attachments().len(), 1);
    visible.attachments().next().unwrap()
}

proptest! {
    #[test]
    fn what_is_made_is_read(
        key in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..70)),
        digest in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40)),
        texts: [Option<String>; 3],
        url: Option<String>,
        size: Option<u32>,
        is_voice_message: bool,
        width: u32,
        height: u32,
    ) {
        let [content_type, file_name, caption] = &texts;
        let attachment = Attachment {
            url: url.as_deref().map(FileUrl::new),
            key: key.as_deref(),
            digest: digest.as_deref(),
            size,
            content_type: content_type.as_deref(),
            file_name: file_name.as_deref(),
            caption: caption.as_deref(),
            is_voice_message,
            width: NonZeroU32::new(width),
            height: NonZeroU32::new(height),
        };
        let content = Content::without_text().with_attachment(&attachment);
        prop_assert_eq!(only(&content), attachment);
        let sent = Content::from_bytes(content.to_send(SENT, None).unwrap().0).unwrap();
        prop_assert_eq!(only(&sent), attachment);
    }

    #[test]
    fn any_url_is_looked_at(url in "\\PC{0,60}|(https?://)?[a-z./?#=&0-9]{0,40}") {
        let url = FileUrl::new(&url);
        if let Some(id) = url.file_id() {
            prop_assert!(url.as_str().contains(id));
            prop_assert!(!id.contains(['/', '?', '#']));
        } else {
            prop_assert_eq!(url.file_number(), 0);
        }
        let _ = (url.server_key(), url.is_deterministic());
    }
}

#[test]
fn ids_of_files() {
    let id = |url| FileUrl::new(url).file_id();
    let number = |url| FileUrl::new(url).file_number();
    assert_eq!(id(URL), Some("1234567890"));
    assert_eq!(number(URL), 1_234_567_890);
    assert_eq!(id("http://h/file/abc/?x=/1#d&p=/2"), Some("abc"));
    assert_eq!(number("http://h/file/abc"), 0);
    assert_eq!(number("http://h/file/+5"), 0);
    assert_eq!(number("http://h/file/007"), 7);
    assert_eq!(number("http://h/file/18446744073709551615"), u64::MAX);
    assert_eq!(number("http://h/file/18446744073709551616"), 0);
    // A host is no path.
    assert_eq!(id("http://123"), None);
    assert_eq!(id("http://h/"), None);
    assert_eq!(id(""), None);
    assert_eq!(number("123"), 123);
}

#[test]
fn parameters_of_files() {
    let key = "0a".repeat(32);
    let with = |fragment: &str| alloc::format!("{URL}#{fragment}");
    let server_key = |fragment: &str| FileUrl::new(&with(fragment)).server_key();
    assert_eq!(server_key(&alloc::format!("p={key}")), Some([10; 32]));
    let upper = key.to_uppercase();
    assert_eq!(server_key(&alloc::format!("d&p={upper}")), Some([10; 32]));
    assert_eq!(server_key(&alloc::format!("p={key}0")), None);
    assert_eq!(server_key(&alloc::format!("xp={key}")), None);
    assert_eq!(server_key("d"), None);
    assert_eq!(
        FileUrl::new(&alloc::format!("{URL}?p={key}")).server_key(),
        None
    );

    let is_deterministic = |fragment| FileUrl::new(&with(fragment)).is_deterministic();
    assert!(is_deterministic("d"));
    assert!(is_deterministic("x&d="));
    assert!(!is_deterministic("d=1"));
    assert!(!is_deterministic("dd"));
    assert!(!FileUrl::new(URL).is_deterministic());
}

#[test]
fn pointers_carry_the_number_of_their_file() {
    let content = Content::without_text().with_attachment(&Attachment::new(FileUrl::new(URL), 9));
    let data = content.proto().data_message.as_ref().unwrap();
    assert_eq!(data.attachments[0].id, Some(1_234_567_890));
    assert_eq!(data.attachments[0].size, Some(9));
    assert_eq!(data.attachments[0].flags, None);
}

#[test]
fn schemes_of_encryption() {
    let stream = alloc::format!("{URL}#d");
    let with = |url, key: Option<&'static [u8]>, digest: Option<&'static [u8]>| {
        let mut attachment = Attachment::new(FileUrl::new(url), 1);
        (attachment.key, attachment.digest) = (key, digest);
        attachment.encryption()
    };
    let (long, short) = (&[1; 64][..], &[2; 32][..]);
    assert!(matches!(
        with(URL, Some(long), Some(short)),
        Ok(Some(Encryption::Legacy {
            key: [1, ..],
            digest: [2, ..]
        }))
    ));
    assert!(matches!(
        with(&stream, Some(short), None),
        Ok(Some(Encryption::Deterministic { key: [2, ..] }))
    ));
    assert!(matches!(with(URL, None, None), Ok(None)));
    assert!(matches!(with(&stream, None, None), Ok(None)));

    let length = |what, expected, got| Error::Length {
        what,
        expected,
        got,
    };
    let key = "attachment key";
    assert_eq!(
        with(URL, Some(short), None).err(),
        Some(length(key, 64, 32))
    );
    assert_eq!(
        with(&stream, Some(long), None).err(),
        Some(length(key, 32, 64))
    );
    assert_eq!(
        with(URL, Some(long), Some(long)).err(),
        Some(length("attachment digest", 32, 64))
    );
    assert_eq!(
        with(URL, Some(long), None).err(),
        Some(Error::Missing {
            message: "AttachmentPointer",
            field: "digest"
        })
    );
}

#[test]
fn no_more_than_others_take() {
    let attachment = Attachment::new(FileUrl::new(URL), 1);
    let most = (0..MAX_ATTACHMENTS).fold(Content::without_text(), |content, _| {
        content.with_attachment(&attachment)
    });
    assert!(most.to_send(SENT, None).is_ok());
    let more = most.with_attachment(&attachment);
    assert_eq!(
        more.to_send(SENT, None).err(),
        Some(Error::TooMany {
            what: "attachments",
            limit: 32,
            got: 33
        })
    );
    let Some(Member::Visible(visible)) = more.kind() else {
        panic!("no visible message");
    };
    assert!(!visible.is_valid());
}

//! Messages to blinded ids.

use std::sync::LazyLock;

use session_core::{AccountId, Prefix, UnixMillis};
use session_crypto::blinding::AgreementKey;
use session_crypto::ed25519::PublicKey;
use session_crypto::xchacha20poly1305;
use session_envelope::hazmat::{open_inbox_message, seal_inbox_message};
use session_envelope::{Content, Error, Inbox, Post, open_post, padding};
use session_identity::Account;
use session_identity::blinding::ServerKey;

use crate::bytes::Bytes;
use crate::network::ACCOUNTS;

static SERVER: ServerKey = ServerKey::from_bytes([7; 32]);
static INBOXES: LazyLock<[Inbox; 3]> = LazyLock::new(|| {
    ACCOUNTS
        .each_ref()
        .map(|account| Inbox::new(account, &SERVER))
});

const SENT: UnixMillis = UnixMillis::from_secs(1_800_000_000);
/// What sealing adds: version, sender's key, tag, nonce.
const OVERHEAD: usize = 1 + 32 + 16 + 24;

/// Sealed messages, which the harness makes and breaks, and bytes that nobody sealed.
pub fn inbox_open(data: &[u8]) {
    let mut bytes = Bytes(data);
    let choices = bytes.byte();
    let [alice, bob, carol] = &*INBOXES;
    let id = if choices & 1 == 0 {
        Inbox::id15
    } else {
        Inbox::id25
    };
    let (from, to) = (id(alice), id(bob));
    let sealed = |message: &[u8]| {
        seal_inbox_message(alice, &to, message, &[9; 24]).expect("a good recipient")
    };
    match choices / 2 % 6 {
        // What is sealed opens, for both and nobody else.
        0 => {
            let message = bytes.rest();
            let sealed = sealed(message);
            assert_eq!(sealed.len(), message.len() + OVERHEAD);
            for reader in [alice, bob] {
                let (opened, key, sender) =
                    open_inbox_message(reader, &from, &to, &sealed).expect("as sealed");
                assert_eq!(*opened, message);
                assert_eq!(
                    (key, sender),
                    (*ACCOUNTS[0].ed25519_key(), ACCOUNTS[0].id())
                );
                let post = open_post(message).map(Post::into_content);
                let opened = reader.open(&from, &to, &sealed);
                let content = Content::from_bytes(padding::unpad(message).to_vec());
                match opened {
                    Ok(opened) => {
                        assert_eq!(Ok(opened.content().clone()), content);
                        let _ = opened.check(SENT);
                    }
                    Err(error) => assert!(content.is_err() || post.err() == Some(error)),
                }
            }
            assert_eq!(carol.open(&from, &to, &sealed), Err(Error::Decrypt));
        }
        // Changes are refused.
        1 => {
            let at = usize::from(bytes.u16());
            let patch = bytes.rest();
            let original = sealed(b"some text");
            let mut changed = original.clone();
            let at = at % changed.len();
            for (byte, patch) in changed.iter_mut().skip(at).zip(patch) {
                *byte = *patch;
            }
            let opened = open_inbox_message(bob, &from, &to, &changed);
            if changed == original {
                assert!(opened.is_ok());
            } else {
                assert!(matches!(
                    opened,
                    Err(Error::Decrypt | Error::Version { .. })
                ));
            }
        }
        // As are other lengths.
        2 => {
            let mut changed = sealed(b"some text");
            let len = usize::from(bytes.byte()) % changed.len();
            changed.truncate(len);
            changed.extend_from_slice(bytes.rest());
            if changed != sealed(b"some text") {
                assert!(open_inbox_message(bob, &from, &to, &changed).is_err());
            }
        }
        // An inside that somebody made who has the key: the sender is the key at its end.
        3 => inside(&ACCOUNTS[0], &from, &to, bytes.rest()),
        // Ids that the server made up.
        4 => {
            let mut id = || AccountId::try_from(bytes.array::<33>()).unwrap_or(from);
            let (sender, recipient) = (id(), id());
            let sealed = sealed(b"some text");
            let opened = open_inbox_message(bob, &sender, &recipient, &sealed);
            if (sender, recipient) != (from, to) {
                assert!(opened.is_err());
            }
        }
        // Bytes that nobody sealed.
        _ => {
            let opened = open_inbox_message(bob, &from, &to, bytes.rest());
            assert!(matches!(
                opened,
                Err(Error::Length { .. } | Error::Version { .. } | Error::Decrypt)
            ));
        }
    }
}

fn inside(sender: &Account, from: &AccountId, to: &AccountId, inner: &[u8]) {
    let own = match from.prefix() {
        Prefix::Blinded15 => AgreementKey::new(sender.blind15(&SERVER).key()),
        _ => AgreementKey::new(sender.blind25(&SERVER).key()),
    };
    let to_key = PublicKey::from_bytes(to.key_bytes()).expect("a key");
    let key = own.key_to(&to_key).expect("a good key");
    let mut body = inner.to_vec();
    let tag = xchacha20poly1305::seal_in_place(&key, &[9; 24], &mut body).expect("short");
    let sealed = [&[0], &*body, &tag, &[9; 24]].concat();
    let opened = open_inbox_message(&INBOXES[1], from, to, &sealed);
    match inner.split_last_chunk() {
        None => assert!(matches!(opened, Err(Error::Length { .. }))),
        Some((message, key)) => {
            // Form 15 does not tell a key from its negative.
            let mut negative = *sender.ed25519_key().as_bytes();
            negative[31] ^= 0x80;
            let own = [sender.ed25519_key().as_bytes(), &negative].contains(&key);
            match opened {
                Ok((opened, opened_key, id)) => {
                    assert!(own);
                    assert_eq!((&**opened, opened_key.as_bytes()), (message, key));
                    assert_eq!(id, sender.id());
                }
                Err(error) => {
                    assert_eq!(error, Error::Sender);
                    assert!(!own);
                }
            }
        }
    }
}

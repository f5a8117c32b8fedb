use alloc::format;

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use session_crypto::rand_core::SeedableRng;
use session_identity::Seed;

use super::*;
use crate::community::tests::{credential, is_signed};
use crate::pro::ProfileFeatures;
use crate::proto::{self, ReceiptMessage};

const SENT: UnixMillis = UnixMillis::from_millis(1_755_166_437_229);
const SERVER: ServerKey = ServerKey::from_bytes([5; 32]);

fn account(byte: u8) -> Account {
    Account::from_seed(&Seed::from([byte; 32]))
}

fn inbox(byte: u8) -> Inbox {
    Inbox::new(&account(byte), &SERVER)
}

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([9; 32])
}

/// Both forms of the ids of two accounts.
fn ids(from: &Inbox, to: &Inbox) -> [(AccountId, AccountId); 2] {
    [(from.id15(), to.id15()), (from.id25(), to.id25())]
}

fn seal(from: &Inbox, to: &AccountId, content: &Content) -> Vec<u8> {
    from.seal(to, content, SENT, None, &mut rng()).unwrap()
}

fn with_flipped_sign(id: &AccountId) -> AccountId {
    let mut key = *id.key_bytes();
    key[31] ^= 0x80;
    AccountId::new(id.prefix(), key)
}

/// Encrypts any inside with a key that the receiver will compute too.
fn encrypt(receiver: &Inbox, sender: &AccountId, inner: &[u8]) -> Vec<u8> {
    let own = receiver.agreement_key(sender).unwrap();
    let key = own.key_from(&blinded_key(sender).unwrap()).unwrap();
    let mut inner = inner.to_vec();
    let nonce = [3; NONCE_LEN];
    let tag = xchacha20poly1305::seal_in_place(&key, &nonce, &mut inner).unwrap();
    [&[VERSION][..], &inner, &tag, &nonce].concat()
}

#[test]
fn envelopes_are_read_as_in_posts() {
    let (alice, bob) = (inbox(1), inbox(2));
    let content = Content::text("hello");
    // Field 8 behind type and timestamp.
    let len = u8::try_from(content.as_bytes().len()).unwrap();
    let envelope = [&[0x08, 6, 0x28, 5, 0x42, len], content.as_bytes()].concat();
    let sealed = alice.seal_message(&bob.id15(), &envelope, &[3; NONCE_LEN]);
    let opened = bob
        .open(&alice.id15(), &bob.id15(), &sealed.unwrap())
        .unwrap();
    assert_eq!(opened.content(), &content);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn what_is_sealed_opens_on_both_sides(
        body in "\\PC{0,300}",
        seeds: [[u8; 32]; 2],
        server: [u8; 32],
        millis in 1u64..,
    ) {
        let server = ServerKey::from_bytes(server);
        let accounts = seeds.map(|seed| Account::from_seed(&Seed::from(seed)));
        let [alice, bob] = accounts.each_ref().map(|account| Inbox::new(account, &server));
        let sent = UnixMillis::from_millis(millis);
        for (from, to) in ids(&alice, &bob) {
            let content = Content::text(&body);
            let sealed = alice.seal(&to, &content, sent, None, &mut rng()).unwrap();
            prop_assert_eq!(sealed.len(), sealed.capacity(), "allocated once, and exactly");
            for reader in [&alice, &bob] {
                let opened = reader.open(&from, &to, &sealed).unwrap();
                prop_assert_eq!(opened.sender(), accounts[0].id());
                prop_assert_eq!(opened.sender_key(), accounts[0].ed25519_key());
                prop_assert_eq!(opened.content().body(), Some(&*body));
                prop_assert_eq!(opened.check(sent), Ok(()));
                prop_assert_eq!(opened.pro_claim(), None);
            }
        }
    }

    #[test]
    fn changes_are_refused(at: usize, mask in 1u8.., form in 0usize..2) {
        let [alice, bob] = [1, 2].map(inbox);
        let (from, to) = ids(&alice, &bob)[form];
        let mut sealed = seal(&alice, &to, &Content::text("hello"));
        let at = at % sealed.len();
        sealed[at] ^= mask;
        let version = Error::Version { what: "inbox message" };
        let expected = if at == 0 { version } else { Error::Decrypt };
        prop_assert_eq!(bob.open(&from, &to, &sealed), Err(expected));
        prop_assert_eq!(alice.open(&from, &to, &sealed), Err(expected));
    }

    #[test]
    fn any_bytes_and_ids_give_an_error(sealed: Vec<u8>, sender: [u8; 32], recipient: [u8; 32]) {
        let bob = inbox(2);
        for prefix in [Prefix::Blinded15, Prefix::Blinded25, Prefix::Standard] {
            let [sender, recipient] = [sender, recipient].map(|key| AccountId::new(prefix, key));
            prop_assert!(bob.open(&sender, &recipient, &sealed).is_err());
        }
    }
}

#[test]
fn ids_are_those_of_the_account() {
    let inbox = inbox(1);
    assert_eq!(inbox.id15(), account(1).blind15(&SERVER).id());
    assert_eq!(inbox.id25(), account(1).blind25(&SERVER).id());
}

#[test]
fn nobody_else_reads_a_message() {
    let [alice, bob, carol] = [1, 2, 3].map(inbox);
    let elsewhere = Inbox::new(&account(2), &ServerKey::from_bytes([6; 32]));
    for ((from, to), (other, _)) in ids(&alice, &bob).into_iter().zip(ids(&carol, &bob)) {
        let sealed = seal(&alice, &to, &Content::text("hello"));
        assert_eq!(carol.open(&from, &to, &sealed), Err(Error::Decrypt));
        assert_eq!(elsewhere.open(&from, &to, &sealed), Err(Error::Decrypt));
        assert_eq!(bob.open(&other, &to, &sealed), Err(Error::Decrypt));
        assert_eq!(bob.open(&from, &other, &sealed), Err(Error::Decrypt));
        assert_eq!(bob.open(&to, &from, &sealed), Err(Error::Decrypt));
        assert_eq!(alice.open(&from, &other, &sealed), Err(Error::Decrypt));
    }
}

#[test]
fn a_message_to_oneself() {
    let alice = inbox(1);
    for (from, to) in ids(&alice, &alice) {
        let sealed = seal(&alice, &to, &Content::text("note"));
        assert_eq!(
            alice.open(&from, &to, &sealed).unwrap().sender(),
            account(1).id()
        );
    }
}

#[test]
fn truncated_messages_are_refused() {
    let [alice, bob] = [1, 2].map(inbox);
    let sealed = seal(&alice, &bob.id15(), &Content::text("hello"));
    for len in 0..sealed.len() {
        let expected = match len {
            0..41 => OUTER_OVERHEAD,
            41..73 => OVERHEAD,
            _ => 0,
        };
        let error = bob.open(&alice.id15(), &bob.id15(), &sealed[..len]);
        match expected {
            0 => assert_eq!(error, Err(Error::Decrypt), "{len}"),
            expected => assert_eq!(
                error,
                Err(Error::Length {
                    what: "inbox message",
                    expected,
                    got: len
                })
            ),
        }
    }
    // Not even a message is needed.
    let empty = encrypt(&bob, &alice.id15(), account(1).ed25519_key().as_bytes());
    let opened = bob.open(&alice.id15(), &bob.id15(), &empty).unwrap();
    assert_eq!(opened.content().as_bytes(), b"");
}

#[test]
fn ids_are_blinded_and_of_one_form() {
    let [alice, bob] = [1, 2].map(inbox);
    let content = Content::text("hello");
    let refused = |to| {
        let sealed = alice.seal(&to, &content, SENT, None, &mut rng());
        assert_eq!(sealed, Err(Error::Recipient));
    };
    refused(account(2).id());
    // The identity: of small order.
    let mut identity = [0; 32];
    identity[0] = 1;
    for prefix in [Prefix::Blinded15, Prefix::Blinded25] {
        refused(AccountId::new(prefix, identity));
    }

    let sealed = seal(&alice, &bob.id15(), &content);
    let open = |sender, recipient| bob.open(&sender, &recipient, &sealed).map(drop);
    assert_eq!(open(alice.id15(), bob.id25()), Err(Error::Sender));
    assert_eq!(open(alice.id15(), account(2).id()), Err(Error::Recipient));
    let nobody = AccountId::new(Prefix::Blinded15, identity);
    assert_eq!(open(nobody, bob.id15()), Err(Error::Sender));
    assert_eq!(open(bob.id15(), nobody), Err(Error::Recipient));
}

#[test]
fn senders_are_those_of_the_key_inside() {
    let [alice, bob, mallory] = [1, 2, 3].map(inbox);
    let inner = |account: &Account| account.ed25519_key().as_bytes().to_vec();
    for (sender, to) in ids(&mallory, &bob) {
        let open = |inner: &[u8]| bob.open(&sender, &to, &encrypt(&bob, &sender, inner));
        let opened = open(&inner(&account(3))).unwrap();
        assert_eq!(opened.sender(), account(3).id());
        assert_eq!(open(&inner(&account(1))), Err(Error::Sender));
        // No key, and none that converts.
        for key in [[0xff; 32], [2; 32], [0; 32]] {
            assert_eq!(open(&key), Err(Error::Sender));
        }
    }

    // Form 15: the id with the other sign belongs to the account as well. Form 25: it does not.
    for ((sender, to), accepted) in ids(&alice, &bob).into_iter().zip([true, false]) {
        let flipped = with_flipped_sign(&sender);
        let sealed = encrypt(&bob, &flipped, &inner(&account(1)));
        let sender = bob
            .open(&flipped, &to, &sealed)
            .map(|opened| opened.sender());
        let expected = accepted.then(|| account(1).id()).ok_or(Error::Sender);
        assert_eq!(sender, expected);
    }
}

#[test]
fn pro_is_signed_as_in_posts() {
    let [alice, bob] = [1, 2].map(inbox);
    let pro = credential(ProfileFeatures::BADGE);
    let content = Content::text("hello");
    let sealed = alice
        .seal(&bob.id15(), &content, SENT, Some(&pro), &mut rng())
        .unwrap();
    let opened = bob.open(&alice.id15(), &bob.id15(), &sealed).unwrap();
    assert!(opened.pro_claim().is_some_and(is_signed));
    assert_eq!(
        alice.seal(&bob.id15(), &opened.into_content(), SENT, None, &mut rng()),
        Err(Error::ProSignatures)
    );
}

#[test]
fn what_receivers_check() {
    let [alice, bob] = [1, 2].map(inbox);
    let (from, to) = (alice.id15(), bob.id15());
    let open = |reader: &Inbox, content: &Content| {
        let sealed = seal(&alice, &to, content);
        reader.open(&from, &to, &sealed).unwrap()
    };
    let opened = open(&bob, &Content::text("hello"));
    let later = UnixMillis::from_millis(SENT.as_millis() + 21_600_001);
    assert_eq!(opened.check(later), Err(Error::Timestamp));
    let copy = Content::text("hello").with_sync_target(&account(3).id());
    assert_eq!(open(&bob, &copy).check(SENT), Err(Error::NotFromSelf));
    assert_eq!(open(&alice, &copy).check(SENT), Ok(()));
    let receipt = proto::Content {
        receipt_message: Some(ReceiptMessage {
            kind: Some(1),
            ..Default::default()
        }),
        ..Default::default()
    };
    let receipt = Content::from_proto(receipt).unwrap();
    assert_eq!(open(&bob, &receipt).check(SENT), Ok(()));
    assert_eq!(open(&alice, &receipt).check(SENT), Err(Error::FromSelf));
}

#[test]
fn secrets_do_not_print_and_are_erased() {
    const fn check<T: ZeroizeOnDrop>() {}
    // `Inbox` only says so: this does it.
    const { check::<AgreementKey>() }
    let shown = format!("{:?}", inbox(1));
    assert_eq!(shown, format!("Inbox({})", inbox(1).id15().short()));
    let opened = InboxMessage {
        sender: account(1).id(),
        from_self: false,
        sender_key: *account(1).ed25519_key(),
        post: Post::new(Content::text("secret").as_bytes(), None).unwrap(),
    };
    assert!(!format!("{opened:?}").contains("secret"));
}

//! Replies: what nodes write is what clients and peers read, and lies are told apart.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use proptest::prelude::*;
use session_core::{NetworkId, UnixMillis};
use session_crypto::ed25519::SigningKey;
use session_storage::{
    Error, Failure, InfoReply, MAX_BODY_LEN, Message, MessageHash, Namespace, NodeState,
    RetrieveReply, StoreItem, StoreOutcome, StoreReply, Verdict, write_store_reply,
};

const NOW: UnixMillis = UnixMillis::from_secs(1_800_000_000);
const STATE: NodeState = NodeState::new(NOW, [21, 3]);

fn node(seed: u8) -> (SigningKey, [u8; 32]) {
    let key = SigningKey::from_seed(&[seed; 32]);
    let public = *key.public().as_bytes();
    (key, public)
}

fn hash(data: &[u8]) -> MessageHash {
    MessageHash::of(&NetworkId::from([5; 33]), Namespace::DIRECT, data)
}

fn item(seed: u8, already: bool) -> StoreItem {
    StoreItem::sign(hash(b"data"), NOW, already, &node(seed).0)
}

fn failures() -> impl Strategy<Value = Failure> {
    let code = proptest::option::of("\\PC{0,8}");
    let reason = proptest::option::of("\\PC{0,20}");
    (any::<[bool; 3]>(), code, reason).prop_map(|(flags, code, reason)| {
        let mut failure = Failure::default();
        [
            failure.timeout,
            failure.bad_peer_response,
            failure.query_failure,
        ] = flags;
        failure.code = code;
        failure.reason = reason;
        failure
    })
}

fn outcomes() -> impl Strategy<Value = StoreOutcome> {
    prop_oneof![
        any::<bool>().prop_map(|already| Ok(item(1, already))),
        failures().prop_map(Err),
    ]
}

proptest! {
    #[test]
    fn items_survive_the_peer_link(outcome in outcomes()) {
        let mut dict = Vec::new();
        StoreItem::write_bt(&outcome, &mut dict);
        prop_assert_eq!(StoreItem::read_bt(&dict), outcome);
    }

    #[test]
    fn items_survive_the_reply(outcome in outcomes()) {
        let (_, public) = node(1);
        let mut body = String::new();
        let outcomes = [(public, outcome.clone())];
        let status = write_store_reply(&mut body, &public, &outcomes, &STATE);
        prop_assert_eq!(status == 200, outcome.is_ok());
        let reply = StoreReply::parse(body.as_bytes(), &[public], &hash(b"data")).unwrap();
        let verdict = match outcome {
            Ok(item) => Verdict::Stored(item),
            Err(failure) => Verdict::Failed(failure),
        };
        prop_assert_eq!(&reply.nodes[&public], &verdict);
        prop_assert_eq!((reply.now, reply.hard_fork), (Some(NOW), Some([21, 3])));
    }

    #[test]
    fn messages_survive_the_reply(data in proptest::collection::vec(any::<Vec<u8>>(), 0..4), more: bool) {
        let messages: Vec<Message<'_>> = data
            .iter()
            .map(|data| Message::new(hash(data), NOW, NOW, data))
            .collect();
        let mut body = String::new();
        RetrieveReply::write_json(&mut body, &messages, more, &STATE);
        let reply = RetrieveReply::parse(body.as_bytes()).unwrap();
        prop_assert_eq!(reply.messages, messages);
        prop_assert_eq!((reply.more, reply.unreadable), (more, 0));
        prop_assert_eq!((reply.now, reply.hard_fork), (Some(NOW), Some([21, 3])));
    }

    #[test]
    fn any_bytes_give_a_reply_or_an_error(bytes: Vec<u8>, text in r#"[{}\[\]":,a-z0-9]{0,60}"#) {
        for input in [bytes.as_slice(), text.as_bytes()] {
            let _ = RetrieveReply::parse(input);
            let _ = InfoReply::parse(input);
            let _ = StoreReply::parse(input, &[], &hash(b""));
            prop_assert!(StoreItem::read_bt(input).is_err());
        }
    }

    #[test]
    fn a_changed_item_is_never_believed(at: prop::sample::Index, flip in 1u8..) {
        let (_, public) = node(1);
        let mut dict = Vec::new();
        StoreItem::write_bt(&Ok(item(1, false)), &mut dict);
        let at = at.index(dict.len());
        dict[at] ^= flip;
        if let Ok(changed) = StoreItem::read_bt(&dict) {
            // Expiry is not signed.
            let same = changed.hash == item(1, false).hash;
            prop_assert!(!changed.verifies(&public) || same);
        }
    }
}

#[test]
fn verdicts_by_name() {
    let (own, foreign, stranger) = (node(1).1, node(2).1, node(3).1);
    let outcomes = [
        (own, Ok(item(1, false))),
        // Copied from the first: a lie.
        (foreign, Ok(item(1, false))),
        (stranger, Ok(item(3, false))),
    ];
    let mut body = String::new();
    write_store_reply(&mut body, &own, &outcomes, &STATE);
    let members = [own, foreign];
    let reply = StoreReply::parse(body.as_bytes(), &members, &hash(b"data")).unwrap();
    assert_eq!(reply.nodes[&own], Verdict::Stored(item(1, false)));
    assert_eq!(reply.nodes[&foreign], Verdict::BadSignature);
    assert_eq!(reply.nodes[&stranger], Verdict::NotAMember);
    assert_eq!(reply.stored(), 1);
    let reply = StoreReply::parse(body.as_bytes(), &members, &hash(b"other")).unwrap();
    assert_eq!(reply.nodes[&own], Verdict::OtherHash(item(1, false)));
    assert_eq!(reply.stored(), 0);
}

#[test]
fn of_repeated_items_the_first_counts_and_odd_keys_are_ignored() {
    let (_, public) = node(1);
    let key = session_core::hex::encode(&public);
    let body = format!(r#"{{"swarm":{{"x":1,"\u0041":{{}},"{key}":[],"{key}":{{"failed":1}}}}}}"#);
    let reply = StoreReply::parse(body.as_bytes(), &[public], &hash(b"data")).unwrap();
    assert_eq!(reply.nodes.len(), 1);
    assert_eq!(reply.nodes[&public], Verdict::Malformed);
    assert_eq!((reply.now, reply.hard_fork), (None, None));
}

#[test]
fn what_is_not_plainly_false_has_failed() {
    let (_, public) = node(1);
    let key = session_core::hex::encode(&public);
    for (failed, expected) in [("\"x\"", true), ("[]", true), ("1", true), ("0", false)] {
        let body = format!(r#"{{"swarm":{{"{key}":{{"failed":{failed}}}}}}}"#);
        let reply = StoreReply::parse(body.as_bytes(), &[public], &hash(b"data")).unwrap();
        let got = matches!(reply.nodes[&public], Verdict::Failed(_));
        assert_eq!(got, expected, "{failed}");
    }
}

#[test]
fn one_bad_message_does_not_hide_the_others() {
    let good = hash(b"a");
    let body = format!(
        r#"{{"messages":[{{"hash":"short"}},5,{{"hash":"{good}","timestamp":1,"expiration":2,"data":"YQ=="}},
        {{"hash":"{good}","timestamp":1,"expiration":2,"data":"="}}]}}"#
    );
    let reply = RetrieveReply::parse(body.as_bytes()).unwrap();
    let lengths: Vec<usize> = reply.messages.iter().map(|m| m.data.len()).collect();
    // The last is how deployed nodes write an empty message.
    assert_eq!((lengths.as_slice(), reply.unreadable), (&[1, 0][..], 2));
    assert!(!reply.more);
}

#[test]
fn information_survives() {
    let mut body = String::new();
    InfoReply::write_json(&mut body, [2, 11, 4], &STATE);
    let reply = InfoReply::parse(body.as_bytes()).unwrap();
    assert_eq!(reply.timestamp, NOW);
    assert_eq!(reply.version, Some([2, 11, 4]));
    assert_eq!(reply.hard_fork, Some([21, 3]));
}

#[test]
fn errors_by_name() {
    let malformed = |what| Error::Malformed { what };
    for body in [&b"{}"[..], b"[5,null,null]", b"{\"timestamp\":\"5\"}", b"{"] {
        assert_eq!(InfoReply::parse(body), Err(malformed("info reply")));
    }
    assert_eq!(
        RetrieveReply::parse(b"{\"more\":true}"),
        Err(malformed("retrieve reply"))
    );
    let parse = |body: &[u8]| StoreReply::parse(body, &[], &hash(b""));
    assert_eq!(parse(b"{}"), Err(malformed("store reply")));
    assert_eq!(parse(b"{\"swarm\":[]}"), Err(malformed("store reply")));
    assert!(matches!(
        parse(&vec![b' '; MAX_BODY_LEN + 1]),
        Err(Error::TooLong { .. })
    ));
}

/// Otherwise one member could make the reply of its whole swarm too long to be read.
#[test]
fn what_a_member_says_of_its_failure_is_cut() {
    let failure = Failure::refused(500, &"\u{1}".repeat(2_000_000));
    assert_eq!(
        failure.reason.as_ref().unwrap().len(),
        Failure::MAX_REASON_LEN
    );
    let mut long = Failure::default();
    long.reason = Some("x".repeat(100_000));
    long.code = Some("y".repeat(100_000));
    let mut bt = Vec::new();
    StoreItem::write_bt(&Err(long), &mut bt);
    let Err(read) = StoreItem::read_bt(&bt) else {
        panic!("a failure was read as a success");
    };
    assert_eq!(read.reason.unwrap().len(), Failure::MAX_REASON_LEN);
    assert_eq!(read.code.unwrap().len(), Failure::MAX_CODE_LEN);
}

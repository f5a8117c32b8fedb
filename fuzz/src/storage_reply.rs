//! Replies of the storage, as clients read them.

use std::time::Duration;

use session_core::{Network, UnixMillis, base64};
use session_crypto::ed25519::SigningKey;
use session_storage::{
    BatchReply, Body, Collector, DaemonReply, Delete, DeleteAll, DeleteBefore, Expire, ExpireAll,
    ExpiriesReply, ExpiryMode, Failure, Form, InfoReply, MAX_DATA_LEN, Message, MessageHash,
    Namespace, NodeState, ReplyBody, RetrieveReply, Revoke, RevokedReply, Store, Token, Unrevoke,
    Verdict, peer_answer,
};

use crate::bytes::Bytes;
use crate::confirmations::Kind;
use crate::network::{MEMBERS, Member};

const FORMS: [Form; 3] = [Form::Json, Form::Bt, Form::BtBase64];
const NOW: UnixMillis = UnixMillis::from_secs(1_800_000_000);
const STATE: NodeState = NodeState::new(NOW, [21, 0]);

/// The members of the swarm that was asked.
fn members() -> &'static [Member] {
    &MEMBERS[..4]
}

fn keys() -> Vec<[u8; 32]> {
    let members = members().iter();
    members
        .map(|member| *member.record.key.as_bytes())
        .collect()
}

/// Calls a function with a request of one of the eight kinds that all members carry out.
macro_rules! of_kind {
    ($kind:expr, $function:ident $(, $argument:expr)*) => {{
        let (account, messages) = ([5; 33].into(), vec![hash(1), hash(2)]);
        match $kind % 8 {
            0 => {
                let ttl = Duration::from_secs(60);
                let store = Store::new(account, Namespace::DIRECT, b"message", NOW, ttl);
                $function(&store.expect("for a minute") $(, $argument)*)
            }
            1 => {
                let request = Delete::new(account, messages).expect("of two messages");
                $function(&request $(, $argument)*)
            }
            2 => $function(&DeleteAll::new(account, None, NOW) $(, $argument)*),
            3 => {
                let namespace = Some(Namespace::GROUP_KEYS);
                $function(&DeleteBefore::new(account, namespace, NOW) $(, $argument)*)
            }
            4 => {
                let request = Expire::new(account, messages, vec![NOW], ExpiryMode::Extend);
                $function(&request.expect("of two messages") $(, $argument)*)
            }
            5 => $function(&ExpireAll::new(account, None, NOW) $(, $argument)*),
            6 => {
                let request = Revoke::new(account, vec![Token::from_bytes([3; 36])], NOW);
                $function(&request.expect("of one token") $(, $argument)*)
            }
            _ => {
                let tokens = vec![Token::from_bytes([3; 36])];
                $function(&Unrevoke::new(account, tokens, NOW) $(, $argument)*)
            }
        }
    }};
}

fn hash(number: u8) -> MessageHash {
    MessageHash::of(&[5; 33].into(), Namespace::DIRECT, &[number])
}

/// Replies of all kinds in all forms; the first byte says which. What is read is written and read
/// the same. Of members only what they have signed is believed, and what they have signed is.
pub fn storage_reply(data: &[u8]) {
    let mut bytes = Bytes(data);
    let kind = bytes.byte();
    match kind % 32 {
        0..=7 => of_kind!(kind, received, bytes.rest()),
        8..=15 => of_kind!(kind, of_members, &mut bytes),
        16..=23 => of_kind!(kind, of_peer, bytes.rest()),
        24 => retrieved(bytes.rest()),
        25 => expiries(bytes.rest()),
        26 => revoked(bytes.rest()),
        27 => of_daemon(bytes.rest()),
        28 => info(bytes.rest()),
        _ => {}
    }
}

/// The reply in each form, as the client finds it: what has base64 in bt is a part of a batch.
fn in_each_form(write: impl Fn(Form) -> Body, mut read: impl FnMut(ReplyBody<'_>)) {
    for form in FORMS {
        let body = write(form);
        if form == Form::BtBase64 {
            let batch = BatchReply::write(Form::Bt, &[(200, body)]).into_bytes();
            let batch = BatchReply::parse(&batch).expect("as written");
            read(batch.results[0].body);
        } else {
            read((&body.into_bytes()).into());
        }
    }
}

/// What one member says, and what the client is to think of it.
struct Said<T> {
    member: &'static Member,
    /// Whose key signs it.
    signer: &'static SigningKey,
    outcome: Result<T, Failure>,
    verdict: Verdict<T>,
}

/// Any bytes.
fn received<K: Kind>(request: &K, body: &[u8]) {
    let keys = keys();
    let Ok(reply) = request.read_reply(body, &keys) else {
        return;
    };
    let text = unescaped(body);
    let mut said = Vec::new();
    for (node, verdict) in reply.nodes {
        let Some(index) = keys.iter().position(|key| *key == node) else {
            assert_eq!(verdict, Verdict::NotAMember);
            continue;
        };
        let member = &members()[index];
        let outcome = match &verdict {
            Verdict::Done(done) | Verdict::Other(done) => {
                // There is one signature only of what was read, and the reply has it.
                let signature = member.key.sign(&request.signed(done));
                let base64 = base64::encode(signature.as_bytes());
                let has = |part: &[u8]| text.windows(part.len()).any(|window| window == part);
                // The last character has bits that do not count.
                assert!(has(&base64.as_bytes()[..85]) || has(signature.as_bytes()));
                Ok(done.clone())
            }
            Verdict::Failed(failure) => Err(failure.clone()),
            _ => continue,
        };
        said.push(Said {
            member,
            signer: &member.key,
            outcome,
            verdict,
        });
    }
    is_read_as_written(request, &said);
}

/// What each member says, made of the fuzzer's bytes: true, false, or signed by another one.
fn of_members<K: Kind>(request: &K, bytes: &mut Bytes<'_>) {
    let mut said = Vec::new();
    for (member, other) in members().iter().zip(members().iter().rev()) {
        let how = bytes.byte() % 4;
        if how == 0 {
            continue;
        }
        let (outcome, verdict) = if how == 1 {
            let reason = String::from_utf8_lossy(bytes.piece());
            let failure = Failure::refused(bytes.u16(), &reason);
            (Err(failure.clone()), Verdict::Failed(failure))
        } else {
            let done = request.done(bytes);
            let verdict = match done.clone() {
                _ if how == 2 => Verdict::BadSignature,
                done if request.is_answer(&done) => Verdict::Done(done),
                done => Verdict::Other(done),
            };
            (Ok(done), verdict)
        };
        let signer = if how == 2 { &other.key } else { &member.key };
        said.push(Said {
            member,
            signer,
            outcome,
            verdict,
        });
    }
    is_read_as_written(request, &said);
}

fn is_read_as_written<K: Kind>(request: &K, said: &[Said<K::Done>]) {
    let write = |form| {
        let mut collector = Collector::new(request, form);
        for (index, said) in said.iter().enumerate() {
            let node = *said.member.record.key.as_bytes();
            let outcome = said.outcome.clone().map(|done| {
                let payload = request.signed(&done);
                let item = request.confirm(done, Network::Mainnet, said.signer);
                assert_eq!(
                    said.signer.public().verify(&payload, &item.signature),
                    Ok(())
                );
                item
            });
            if index % 2 == 0 {
                collector.add_own(node, &outcome, NOW);
            } else {
                collector.add_peer(node, &peer_answer(&outcome));
            }
        }
        let (status, body) = collector.finish(&STATE);
        assert_eq!(status == 500, said.iter().all(|said| said.outcome.is_err()));
        body
    };
    in_each_form(write, |body| {
        let reply = request.read_reply(body, &keys()).expect("as written");
        assert_eq!((reply.now, reply.hard_fork), (Some(NOW), Some([21, 0])));
        assert_eq!(reply.nodes.len(), said.len());
        for said in said {
            let node = said.member.record.key.as_bytes();
            assert_eq!(reply.nodes.get(node), Some(&said.verdict));
        }
    });
}

/// What a peer answers: any bytes. It is passed on as an item that clients can read.
fn of_peer<K: Kind>(request: &K, answer: &[u8]) {
    let node = keys()[0];
    let mut verdicts = Vec::new();
    let write = |form| {
        let mut collector = Collector::new(request, form);
        collector.add_peer(node, answer);
        collector.finish(&STATE).1
    };
    in_each_form(write, |body| {
        let reply = request.read_reply(body, &keys()).expect("as written");
        verdicts.push(reply.nodes.get(&node).cloned().expect("its item"));
    });
    assert!(verdicts.iter().all(|verdict| *verdict == verdicts[0]));
    assert!(!matches!(
        verdicts[0],
        Verdict::Malformed | Verdict::NotAMember
    ));
}

/// The escapes undone that base64 may be written with.
fn unescaped(body: &[u8]) -> Vec<u8> {
    let (mut text, mut rest) = (Vec::new(), body);
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'\\', [b'/', after @ ..]) => {
                text.push(b'/');
                rest = after;
            }
            (b'\\', [b'u', b'0', b'0', high, low, after @ ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16).unwrap_or_default();
                text.extend(u8::try_from(digit(high) * 16 + digit(low)));
                rest = after;
            }
            _ => text.push(*byte),
        }
    }
    text
}

fn retrieved(body: &[u8]) {
    let Ok(reply) = RetrieveReply::parse(body) else {
        return;
    };
    let messages = &reply.messages;
    assert!(
        messages
            .iter()
            .all(|message| message.data.len() <= MAX_DATA_LEN)
    );
    let write = |form| RetrieveReply::write(form, messages, reply.more, &STATE);
    in_each_form(write, |body| {
        let again = RetrieveReply::parse(body).expect("as written");
        assert_eq!((&again.messages, again.unreadable), (messages, 0));
        assert_eq!((again.more, again.now), (reply.more, Some(NOW)));
    });
}

fn expiries(body: &[u8]) {
    let Ok(reply) = ExpiriesReply::parse(body) else {
        return;
    };
    assert!(reply.expiries.is_sorted_by(|(a, _), (b, _)| a < b));
    let write = |form| ExpiriesReply::write(form, &reply.expiries);
    in_each_form(write, |body| {
        assert_eq!(ExpiriesReply::parse(body).as_ref(), Ok(&reply));
    });
}

fn revoked(body: &[u8]) {
    let Ok(reply) = RevokedReply::parse(body) else {
        return;
    };
    let write = |form| RevokedReply::write(form, &reply.tokens, &STATE);
    in_each_form(write, |body| {
        assert_eq!(RevokedReply::parse(body).as_ref(), Ok(&reply));
    });
}

fn of_daemon(body: &[u8]) {
    let Ok(reply) = DaemonReply::parse(body) else {
        return;
    };
    let write = |form| DaemonReply::write(form, reply.result, &STATE).expect("it is JSON");
    in_each_form(write, |body| {
        assert_eq!(DaemonReply::parse(body).as_ref(), Ok(&reply));
    });
}

fn info(body: &[u8]) {
    let Ok(reply) = InfoReply::parse(body) else {
        return;
    };
    let version = reply.version.unwrap_or_default();
    let state = NodeState::new(reply.timestamp, reply.hard_fork.unwrap_or_default());
    in_each_form(
        |form| InfoReply::write(form, version, &state),
        |body| {
            let again = InfoReply::parse(body).expect("as written");
            assert_eq!(again.timestamp, reply.timestamp);
            assert_eq!(again.version, Some(version));
            assert_eq!(again.hard_fork, Some(state.hard_fork));
        },
    );
}

/// True replies of all kinds, as seeds for [`storage_reply`].
pub fn reply_seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for kind in 0..8u8 {
        of_kind!(kind, true_replies, kind, &mut seeds);
    }
    // Three members say something, of whom one lies.
    seeds.push(
        [
            &[9, 3][..],
            &[2; 12],
            &[2],
            &[1; 12],
            &[1, 0, 2, b'n', b'o'],
        ]
        .concat(),
    );
    let message = Message::new(hash(1), NOW, NOW, b"message".as_slice());
    for form in [Form::Json, Form::Bt] {
        let daemon = DaemonReply::write(form, r#"{"a":[1]}"#, &STATE).expect("it is JSON");
        let replies = [
            RetrieveReply::write(form, [&message], true, &STATE),
            ExpiriesReply::write(form, &[(hash(1), NOW)]),
            RevokedReply::write(form, &[Token::from_bytes([3; 36])], &STATE),
            daemon,
            InfoReply::write(form, [2, 11, 3], &STATE),
        ];
        let replies = (24..).zip(replies);
        seeds.extend(replies.map(|(kind, body)| [&[kind], &*body.into_bytes()].concat()));
    }
    seeds
}

fn true_replies<K: Kind>(request: &K, kind: u8, seeds: &mut Vec<Vec<u8>>) {
    let mut bytes = Bytes(&[0, 2, 1, 1, 2, 0, 0, 1, 0, 1, 0, 0, 2, 1, 1, 0, 1, 0, 2]);
    let done = request.done(&mut bytes);
    // Not more seeds than there may be.
    let form = FORMS[usize::from(kind) % 2];
    let mut collector = Collector::new(request, form);
    for member in &members()[..2] {
        let item = request.confirm(done.clone(), Network::Mainnet, &member.key);
        let node = *member.record.key.as_bytes();
        collector.add_own(node, &Ok(item), NOW);
    }
    collector.add_failure(keys()[2], &Failure::refused(500, "no"));
    let (_, body) = collector.finish(&STATE);
    seeds.push([&[kind], &*body.into_bytes()].concat());
    let item = request.confirm(done, Network::Mainnet, &members()[0].key);
    seeds.push([&[16 + kind], &*peer_answer(&Ok(item))].concat());
}

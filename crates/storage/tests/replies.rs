//! Replies: what nodes write is what clients read, in every form and place, and lies are told
//! apart.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

mod samples;

use std::collections::BTreeMap;

use proptest::prelude::*;
use samples::*;
use session_core::{Network, NetworkId, UnixMillis, hex};
use session_storage::*;

const STATE: NodeState = NodeState::new(NOW, [21, 3]);
const NETWORK: NetworkState = NetworkState {
    hard_fork: [21, 3],
    version: [2, 11, 4],
    height: 1_000_000,
};

fn node(seed: u8) -> [u8; 32] {
    *key(seed).public().as_bytes()
}

/// Shows a reply to a reader wherever one can stand: alone, and within batches and conditional
/// requests of both encodings.
fn everywhere(write: impl Fn(Form) -> Body, mut read: impl FnMut(ReplyBody<'_>)) {
    for form in [Form::Json, Form::Bt] {
        read((&write(form).into_bytes()).into());
    }
    for (outer, inner) in [(Form::Json, Form::Json), (Form::Bt, Form::BtBase64)] {
        let results = || [(401, Body::Text("no".into())), (200, write(inner))];
        let batch = BatchReply::write(outer, &results()).into_bytes();
        let batch = BatchReply::parse(&batch).unwrap();
        assert_eq!(
            (batch.results[0].status, batch.results[1].status),
            (401, 200)
        );
        assert_eq!(batch.results[0].body.text().as_deref(), Some("no"));
        read(batch.results[1].body);

        let branch = |body| IfElseReply::write(outer, true, &NETWORK, Some(&(200, body)));
        let alone = branch(write(inner)).into_bytes();
        read(IfElseReply::parse(&alone).unwrap().result.unwrap().body);
        let batch = branch(BatchReply::write(inner, &results())).into_bytes();
        let batch = IfElseReply::parse(&batch).unwrap().result.unwrap();
        let batch = BatchReply::parse(batch.body).unwrap();
        read(batch.results[1].body);
    }
}

/// What of a member's words is signed.
type Content<T> = fn(&T) -> Vec<String>;

fn texts(hashes: &[MessageHash]) -> Vec<String> {
    hashes.iter().map(MessageHash::to_string).collect()
}

/// What is done with every request of a recursive method.
trait Visit {
    fn visit<R>(&mut self, request: &R, done: R::Done, content: Content<R::Done>)
    where
        R: Recursive + Clone,
        R::Done: Clone + PartialEq + core::fmt::Debug;
}

fn visit_all(visit: &mut impl Visit) {
    let (a, b) = (hash(b"a"), hash(b"b"));
    let sorted = Touched::of_hashes(vec![b, a]);
    let by_namespace = || {
        let namespaces = [-21, 0, 2, 10].map(Namespace::new);
        Touched::new(
            None,
            namespaces
                .map(|namespace| (namespace, hash(&namespace.number().to_be_bytes())))
                .into(),
        )
    };
    let (pubkey, namespace) = (group(), Some(Namespace::DIRECT));
    let deleted: Content<Deleted> = |deleted| texts(&deleted.0.hashes());
    let updated: Content<Updated> = |updated| texts(&updated.0.hashes());
    // What is missing is signed as what is empty.
    let expired: Content<Expired> = |expired| {
        let unchanged = expired.unchanged.iter().flatten();
        let unchanged = unchanged.map(|(hash, time)| format!("{hash} {time:?}"));
        let times = format!("{:?}", expired.expiry);
        let updated = texts(&expired.updated);
        updated
            .into_iter()
            .chain([times])
            .chain(unchanged)
            .collect()
    };
    let stored: Content<Stored> = |stored| vec![stored.hash.to_string()];

    let store = Store::new(pubkey, Namespace::DIRECT, b"a", NOW, seconds(60)).unwrap();
    for already in [false, true] {
        let done = Stored {
            hash: store.hash(),
            expiry: NOW,
            already,
        };
        visit.visit(&store, done, stored);
        visit.visit(&store.hash(), done, stored);
    }
    let delete = Delete::new(pubkey, vec![b, a]).unwrap();
    visit.visit(&delete, Deleted(sorted.clone()), deleted);
    visit.visit(&delete, Deleted(Touched::of_hashes(Vec::new())), deleted);
    visit.visit(
        &DeleteAll::new(pubkey, namespace, NOW),
        Deleted(sorted.clone()),
        deleted,
    );
    visit.visit(
        &DeleteAll::new(pubkey, None, NOW),
        Deleted(by_namespace()),
        deleted,
    );
    visit.visit(
        &DeleteAll::new(pubkey, None, NOW),
        Deleted(Touched::new(None, Vec::new())),
        deleted,
    );
    visit.visit(
        &DeleteBefore::new(pubkey, namespace, NOW),
        Deleted(sorted.clone()),
        deleted,
    );
    visit.visit(
        &ExpireAll::new(pubkey, namespace, NOW),
        Updated(sorted),
        updated,
    );
    visit.visit(
        &ExpireAll::new(pubkey, None, NOW),
        Updated(by_namespace()),
        updated,
    );
    for (times, mode) in [
        (vec![NOW], ExpiryMode::Set),
        (vec![NOW], ExpiryMode::Extend),
        (vec![NOW, NOW.saturating_add(MILLI)], ExpiryMode::Shorten),
    ] {
        let mut hashes = [a, b];
        hashes.sort();
        let expire = Expire::new(pubkey, vec![b, a], times, mode).unwrap();
        for changed in [true, false] {
            let touched = [(hashes[0], NOW, true), (hashes[1], NOW, changed)];
            visit.visit(&expire, expire.done(NOW, &touched), expired);
        }
    }
    let tokens = vec![Token::from_bytes([3; 36])];
    let revoke = Revoke::new(pubkey, tokens.clone(), NOW).unwrap();
    visit.visit(&revoke, Revoked, |_| Vec::new());
    let unrevoke = Unrevoke::new(pubkey, tokens, NOW);
    visit.visit(&unrevoke, Unrevoked { count: 3 }, |_| Vec::new());
}

fn confirmed<R: Recursive>(request: &R, done: R::Done, seed: u8) -> Outcome<R::Done> {
    Ok(request.confirm(done, Network::Mainnet, &key(seed)))
}

/// Own item, a peer's and a failure.
struct RoundTrip(usize);

impl Visit for RoundTrip {
    fn visit<R>(&mut self, request: &R, done: R::Done, _: Content<R::Done>)
    where
        R: Recursive + Clone,
        R::Done: Clone + PartialEq + core::fmt::Debug,
    {
        let members = [node(1), node(2), node(3)];
        let write = |form| {
            let mut collector = Collector::new(request, form);
            collector.add_peer(node(2), &peer_answer(&confirmed(request, done.clone(), 2)));
            collector.add_failure(node(3), &Failure::timed_out());
            collector.add_own(node(1), &confirmed(request, done.clone(), 1), NOW);
            let (status, body) = collector.finish(&STATE);
            assert_eq!(status, 200);
            body
        };
        everywhere(write, |body| {
            let reply = request.read_reply(body, &members).unwrap();
            assert_eq!((reply.now, reply.hard_fork), (Some(NOW), Some([21, 3])));
            let expected = BTreeMap::from([
                (node(1), Verdict::Done(done.clone())),
                (node(2), Verdict::Done(done.clone())),
                (node(3), Verdict::Failed(Failure::timed_out())),
            ]);
            assert_eq!(reply.nodes, expected);
            let done: Vec<_> = reply.done().map(|(node, _)| *node).collect();
            assert_eq!(done.len(), 2);
            self.0 += 1;
        });
    }
}

#[test]
fn confirmations_survive_every_form_and_place() {
    let mut visit = RoundTrip(0);
    visit_all(&mut visit);
    assert_eq!(visit.0, 20 * 8);
}

/// Verdicts on an item that was changed, either at a peer or in the finished reply.
struct Flip {
    /// Where, and which bits.
    change: Option<(prop::sample::Index, u8)>,
    believed: usize,
}

impl Flip {
    fn apply(&self, bytes: &mut [u8]) {
        if let Some((at, flip)) = &self.change {
            bytes[at.index(bytes.len())] ^= flip;
        }
    }
}

impl Visit for Flip {
    fn visit<R>(&mut self, request: &R, done: R::Done, content: Content<R::Done>)
    where
        R: Recursive + Clone,
        R::Done: Clone + PartialEq + core::fmt::Debug,
    {
        let answer = peer_answer(&confirmed(request, done.clone(), 1));
        let write = |answer: &[u8], form| {
            let mut collector = Collector::new(request, form);
            collector.add_peer(node(1), answer);
            collector.finish(&STATE).1.into_bytes()
        };
        let mut replies = Vec::new();
        for form in [Form::Json, Form::Bt] {
            let mut changed = answer.clone();
            self.apply(&mut changed);
            replies.push(write(&changed, form));
            let mut changed = write(&answer, form);
            self.apply(&mut changed);
            replies.push(changed);
        }
        for reply in replies {
            let Ok(reply) = request.read_reply(&reply, &[node(1)]) else {
                continue;
            };
            for (node, believed) in reply.done() {
                assert_eq!(*node, self::node(1));
                assert_eq!(content(believed), content(&done));
                self.believed += 1;
            }
        }
    }
}

fn expiries() -> impl Strategy<Value = Vec<(MessageHash, UnixMillis)>> {
    let entry = (any::<[u8; 4]>(), any::<u64>());
    proptest::collection::btree_map(any::<[u8; 4]>(), entry, 0..6).prop_map(|map| {
        let mut expiries: Vec<_> = map
            .into_iter()
            .map(|(data, (_, time))| (hash(&data), UnixMillis::from_millis(time)))
            .collect();
        expiries.sort();
        expiries
    })
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

fn touched() -> impl Strategy<Value = (Option<Namespace>, Touched)> {
    let entry = (any::<i16>(), any::<[u8; 2]>());
    (any::<bool>(), proptest::collection::btree_set(entry, 0..8)).prop_map(|(all, entries)| {
        let namespace = (!all).then_some(Namespace::CONTACTS);
        let mut entries: Vec<_> = entries
            .into_iter()
            .map(|(number, data)| (Namespace::new(number), hash(&data)))
            .collect();
        entries.sort();
        (namespace, Touched::new(namespace, entries))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_changed_item_is_never_believed(at: prop::sample::Index, flip in 1u8..) {
        visit_all(&mut Flip { change: Some((at, flip)), believed: 0 });
    }

    #[test]
    fn failures_survive_every_form_and_place(failure in failures()) {
        let write = |form| {
            let mut collector = Collector::new(&hash(b""), form);
            collector.add_failure(node(1), &failure);
            let own: Outcome<Stored> = Err(failure.clone());
            collector.add_own(node(2), &own, NOW);
            collector.add_peer(node(3), &peer_answer(&own));
            let (status, body) = collector.finish(&STATE);
            assert_eq!(status, 500);
            body
        };
        everywhere(write, |body| {
            let reply = hash(b"").read_reply(body, &[node(1), node(2), node(3)]).unwrap();
            assert_eq!(reply.nodes.len(), 3);
            for verdict in reply.nodes.into_values() {
                assert_eq!(verdict, Verdict::Failed(failure.clone()));
            }
        });
    }

    #[test]
    fn touched_messages_survive((namespace, touched) in touched()) {
        let request = DeleteAll::new(group(), namespace, NOW);
        let done = Deleted(touched.clone());
        let write = |form| {
            let mut collector = Collector::new(&request, form);
            collector.add_peer(node(1), &peer_answer(&confirmed(&request, done.clone(), 1)));
            collector.finish(&STATE).1
        };
        everywhere(write, |body| {
            let reply = request.read_reply(body, &[node(1)]).unwrap();
            assert_eq!(reply.nodes[&node(1)], Verdict::Done(done.clone()));
        });
        prop_assert!(touched.hashes().is_sorted());
        prop_assert_eq!(touched.is_empty(), touched.hashes().is_empty());
    }

    #[test]
    fn messages_survive(data in proptest::collection::vec(any::<Vec<u8>>(), 0..4), more: bool) {
        let messages: Vec<Message<'_>> = data
            .iter()
            .map(|data| Message::new(hash(data), NOW, NOW.saturating_add(MILLI), data))
            .collect();
        everywhere(|form| RetrieveReply::write(form, &messages, more, &STATE), |body| {
            let reply = RetrieveReply::parse(body).unwrap();
            assert_eq!(reply.messages, messages);
            assert_eq!((reply.more, reply.unreadable), (more, 0));
            assert_eq!((reply.now, reply.hard_fork), (Some(NOW), Some([21, 3])));
        });
    }

    #[test]
    fn expiries_survive(expiries in expiries()) {
        everywhere(|form| ExpiriesReply::write(form, &expiries), |body| {
            assert_eq!(ExpiriesReply::parse(body).unwrap().expiries, expiries);
        });
    }

    #[test]
    fn revoked_tokens_survive(tokens in proptest::collection::vec(any::<[u8; 32]>(), 0..5)) {
        let tokens: Vec<_> = tokens
            .into_iter()
            .map(|key| {
                let mut bytes = [0xfb; 36];
                bytes[4..].copy_from_slice(&key);
                Token::from_bytes(bytes)
            })
            .collect();
        everywhere(|form| RevokedReply::write(form, &tokens, &STATE), |body| {
            assert_eq!(RevokedReply::parse(body).unwrap().tokens, tokens);
        });
    }

    #[test]
    fn the_daemons_answer_survives(text: String, number: i64) {
        let answer = serde_json::to_string(&(text, [Some(number), None])).unwrap();
        everywhere(|form| DaemonReply::write(form, &answer, &STATE).unwrap(), |body| {
            assert_eq!(DaemonReply::parse(body).unwrap().result, answer.as_str());
        });
    }

    #[test]
    fn conditions_and_texts_survive(condition: bool, text: String, status: u16) {
        for form in [Form::Json, Form::Bt] {
            let result = (status, Body::Text(text.clone()));
            for result in [None, Some(&result)] {
                let body = IfElseReply::write(form, condition, &NETWORK, result).into_bytes();
                let reply = IfElseReply::parse(&body).unwrap();
                prop_assert_eq!((reply.condition, reply.state), (condition, Some(NETWORK)));
                let read = reply.result.map(|result| {
                    (result.status, result.body.text().unwrap().into_owned())
                });
                prop_assert_eq!(read, result.map(|_| (status, text.clone())));
            }
        }
    }

    #[test]
    fn any_bytes_give_a_reply_or_an_error(
        bytes: Vec<u8>,
        text in r#"[{}\[\]":,a-z0-9]{0,60}"#,
        dict in r#"d([0-9]:[a-z]{1,4}|[0-9i:edl]){0,20}e?"#,
    ) {
        for input in [bytes.as_slice(), text.as_bytes(), dict.as_bytes()] {
            read_all(input);
        }
    }

    #[test]
    fn damaged_replies_do_not_panic(
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        for mut body in every_reply() {
            for (at, byte) in &damage {
                let at = at.index(body.len());
                body[at] = *byte;
            }
            read_all(&body);
        }
    }
}

/// Reads bytes as every kind of reply, and as what a peer answers.
fn read_all(input: &[u8]) {
    let batch = BatchReply::parse(input);
    let parts = batch.into_iter().flat_map(|batch| batch.results);
    let branch = IfElseReply::parse(input)
        .ok()
        .and_then(|reply| reply.result);
    let parts = parts.chain(branch).map(|part| part.body);
    for body in parts.chain([input.into()]) {
        let _ = body.text();
        let _ = RetrieveReply::parse(body);
        let _ = ExpiriesReply::parse(body);
        let _ = RevokedReply::parse(body);
        let _ = InfoReply::parse(body);
        let _ = DaemonReply::parse(body);
        visit_all(&mut Read(body, input));
    }
}

/// Reads a reply to each request, and an answer of a peer.
struct Read<'a>(ReplyBody<'a>, &'a [u8]);

impl Visit for Read<'_> {
    fn visit<R>(&mut self, request: &R, _: R::Done, _: Content<R::Done>)
    where
        R: Recursive + Clone,
        R::Done: Clone + PartialEq + core::fmt::Debug,
    {
        let _ = request.read_reply(self.0, &[node(1)]);
        let mut collector = Collector::new(request, Form::Json);
        collector.add_peer(node(1), self.1);
        let (_, body) = collector.finish(&STATE);
        assert!(request.read_reply(&body.into_bytes(), &[node(1)]).is_ok());
    }
}

/// A reply of every kind in both encodings.
fn every_reply() -> Vec<Vec<u8>> {
    let messages = [Message::new(hash(b"a"), NOW, NOW, b"a")];
    let store = |form| {
        let mut collector = Collector::new(&hash(b"a"), form);
        let done = Stored {
            hash: hash(b"a"),
            expiry: NOW,
            already: true,
        };
        collector.add_own(node(1), &confirmed(&hash(b"a"), done, 1), NOW);
        collector.finish(&STATE).1
    };
    let write = |form, inner| {
        [
            RetrieveReply::write(form, &messages, true, &STATE),
            ExpiriesReply::write(form, &[(hash(b"a"), NOW)]),
            RevokedReply::write(form, &[Token::from_bytes([3; 36])], &STATE),
            InfoReply::write(form, [2, 11, 4], &STATE),
            DaemonReply::write(form, "{}", &STATE).unwrap(),
            store(form),
            BatchReply::write(form, &[(200, store(inner)), (200, store(inner))]),
            IfElseReply::write(form, true, &NETWORK, Some(&(200, store(inner)))),
        ]
    };
    [(Form::Json, Form::Json), (Form::Bt, Form::BtBase64)]
        .into_iter()
        .flat_map(|(form, inner)| write(form, inner))
        .map(Body::into_bytes)
        .collect()
}

#[test]
fn unchanged_items_are_believed() {
    let mut unchanged = Flip {
        change: None,
        believed: 0,
    };
    visit_all(&mut unchanged);
    assert_eq!(unchanged.believed, 20 * 4);
}

#[test]
fn information_survives() {
    everywhere(
        |form| InfoReply::write(form, [2, 11, 4], &STATE),
        |body| {
            let reply = InfoReply::parse(body).unwrap();
            assert_eq!(reply.timestamp, NOW);
            assert_eq!(reply.version, Some([2, 11, 4]));
            assert_eq!(reply.hard_fork, Some([21, 3]));
        },
    );
}

#[test]
fn bytes_and_foreign_forms_are_text_in_a_batch() {
    let results = [
        (200, Body::Raw(vec![255, 0])),
        (200, Body::Bt(b"de".to_vec())),
        (200, Body::Json("{}".into())),
    ];
    let text = |form, index: usize| {
        let body = BatchReply::write(form, &results).into_bytes();
        let reply = BatchReply::parse(&body).unwrap();
        reply.results[index]
            .body
            .text()
            .map(|text| text.into_owned())
    };
    for form in [Form::Json, Form::Bt] {
        assert_eq!(text(form, 0).as_deref(), Some("/wA="));
    }
    assert_eq!(text(Form::Json, 1).as_deref(), Some("ZGU="));
    assert_eq!(text(Form::Bt, 1), None);
    assert_eq!(text(Form::Json, 2), None);
    assert_eq!(text(Form::Bt, 2).as_deref(), Some("{}"));
    assert_eq!(format!("{:?}", results[0].1), "Raw(2 bytes)");
}

#[test]
fn verdicts_by_name() {
    let (own, foreign, stranger, absent) = (node(1), node(2), node(3), node(4));
    let message = hash(b"data");
    let stored = |hash| Stored {
        hash,
        expiry: NOW,
        already: false,
    };
    let by_first = confirmed(&message, stored(message), 1);
    let mut collector = Collector::new(&message, Form::Json);
    collector.add_own(own, &by_first, NOW);
    // Copied from the first: a lie.
    collector.add_peer(foreign, &peer_answer(&by_first));
    collector.add_peer(
        stranger,
        &peer_answer(&confirmed(&message, stored(message), 3)),
    );
    let body = collector.finish(&STATE).1.into_bytes();
    let members = [own, foreign, absent];
    let reply = message.read_reply(&body, &members).unwrap();
    assert_eq!(reply.nodes[&own], Verdict::Done(stored(message)));
    assert_eq!(reply.nodes[&foreign], Verdict::BadSignature);
    assert_eq!(reply.nodes[&stranger], Verdict::NotAMember);
    assert_eq!(reply.nodes.get(&absent), None);
    assert_eq!(reply.done().count(), 1);
    let other = hash(b"other").read_reply(&body, &members).unwrap();
    assert_eq!(other.nodes[&own], Verdict::Other(stored(message)));
    assert_eq!(other.done().count(), 0);
    // By the message as by its hash.
    let store = Store::new(person(), Namespace::DIRECT, b"data", NOW, seconds(60)).unwrap();
    assert_eq!(store.hash(), message);
    assert_eq!(store.read_reply(&body, &members), Ok(reply));
}

#[test]
fn what_one_request_was_answered_with_answers_no_other() {
    let (a, b) = (hash(b"a"), hash(b"b"));
    let touched = || Touched::of_hashes(vec![a]);
    let by = |outcome: &Outcome<Deleted>| {
        let mut collector = Collector::new(&DeleteAll::new(group(), None, NOW), Form::Json);
        collector.add_peer(node(1), &peer_answer(outcome));
        collector.finish(&STATE).1.into_bytes()
    };
    let deleted = || Deleted(touched());
    let later = NOW.saturating_add(MILLI);
    let namespace = Some(Namespace::DIRECT);
    let all = DeleteAll::new(group(), namespace, NOW);
    let delete = Delete::new(group(), vec![a, b]).unwrap();
    let of_all = by(&confirmed(&all, deleted(), 1));
    let of_delete = by(&confirmed(&delete, deleted(), 1));
    fn verdict<R: Recursive>(request: &R, body: &[u8]) -> Verdict<R::Done> {
        let reply = request.read_reply(body, &[node(1)]).unwrap();
        reply.nodes.into_values().next().unwrap()
    }
    assert_eq!(verdict(&all, &of_all), Verdict::Done(deleted()));
    assert_eq!(verdict(&delete, &of_delete), Verdict::Done(deleted()));
    assert_eq!(verdict(&delete, &of_all), Verdict::BadSignature);
    assert_eq!(verdict(&all, &of_delete), Verdict::BadSignature);
    // Another time, account, or order.
    let other = DeleteAll::new(group(), namespace, later);
    assert_eq!(verdict(&other, &of_all), Verdict::BadSignature);
    let other = DeleteAll::new(person(), namespace, NOW);
    assert_eq!(verdict(&other, &of_all), Verdict::BadSignature);
    let other = Delete::new(group(), vec![b, a]).unwrap();
    assert_eq!(verdict(&other, &of_delete), Verdict::BadSignature);
    // Fields of other methods are missing here.
    let expire_all = ExpireAll::new(group(), namespace, NOW);
    assert_eq!(verdict(&expire_all, &of_all), Verdict::Malformed);
    assert_eq!(verdict(&a, &of_all), Verdict::Malformed);
    let revoke = Revoke::new(group(), Vec::new(), NOW).unwrap();
    assert_eq!(verdict(&revoke, &of_all), Verdict::BadSignature);
    let expire = Expire::new(group(), vec![a], vec![NOW], ExpiryMode::Set).unwrap();
    assert_eq!(verdict(&expire, &of_all), Verdict::Malformed);
    // What is signed names neither method nor namespace (spec 04 §8): these cannot be told apart.
    let before = DeleteBefore::new(group(), None, NOW);
    assert_eq!(verdict(&before, &of_all), Verdict::Done(deleted()));
}

/// Nodes of the test networks sign it as 64 digits, others as 66: either is the same account.
#[test]
fn accounts_with_prefix_zero_have_two_texts() {
    for (prefix, differs) in [(0, true), (3, false), (5, false)] {
        let account = NetworkId::from([prefix; 33]);
        let request = DeleteAll::new(account, None, NOW);
        let done = || Deleted(Touched::new(None, Vec::new()));
        let [main, test] = [Network::Mainnet, Network::Testnet]
            .map(|network| request.confirm(done(), network, &key(1)));
        assert_eq!(main.signature != test.signature, differs);
        for item in [main, test] {
            assert!(request.verifies(&node(1), &item));
            assert!(!request.verifies(&node(2), &item));
            assert!(!request.verifies(&[0xff; 32], &item));
        }
    }
}

#[test]
fn the_status_says_whether_anybody_did_it() {
    let (a, b) = (hash(b"a"), hash(b"b"));
    let failure = Failure::query_failed();
    for required in [false, true] {
        let mut delete = Delete::new(group(), vec![a, b]).unwrap();
        delete.required = required;
        let outcome = |hashes: &[MessageHash], seed| {
            let done = Deleted(Touched::of_hashes(hashes.to_vec()));
            peer_answer(&confirmed(&delete, done, seed))
        };
        let status = |first: Option<&[MessageHash]>, second: Option<&[MessageHash]>| {
            let mut collector = Collector::new(&delete, Form::Json);
            for (hashes, seed) in [(first, 1), (second, 2)] {
                match hashes {
                    Some(hashes) => collector.add_peer(node(seed), &outcome(hashes, seed)),
                    None => collector.add_failure(node(seed), &failure),
                }
            }
            let (status, body) = collector.finish(&STATE);
            // Items are there whatever the status.
            let reply = delete.read_reply(&body.into_bytes(), &[node(1), node(2)]);
            assert_eq!(reply.unwrap().nodes.len(), 2);
            status
        };
        let nothing = if required { 404 } else { 200 };
        assert_eq!(status(Some(&[]), Some(&[])), nothing);
        assert_eq!(status(Some(&[]), None), nothing);
        assert_eq!(status(Some(&[]), Some(&[a])), 200);
        assert_eq!(status(Some(&[a]), None), 200);
        assert_eq!(status(None, None), 500);
    }
    let (status, body) = Collector::new(&a, Form::Json).finish(&STATE);
    assert_eq!(status, 500);
    let text = String::from_utf8(body.into_bytes()).unwrap();
    assert_eq!(text, r#"{"hf":[21,3],"swarm":{},"t":1800000000000}"#);
}

#[test]
fn items_stand_in_the_order_of_their_keys() {
    let (message, other) = (hash(b"a"), hash(b"b"));
    let stored = |hash| Stored {
        hash,
        expiry: NOW,
        already: true,
    };
    let mut seeds: Vec<u8> = (1..8).collect();
    seeds.sort_by_key(|seed| core::cmp::Reverse(node(*seed)));
    let (first, last) = (seeds[6], seeds[0]);
    for form in [Form::Json, Form::Bt] {
        let mut collector = Collector::new(&message, form);
        for seed in &seeds[..6] {
            collector.add_failure(node(*seed), &Failure::timed_out());
        }
        // The first of all claims to have stored something else.
        collector.add_peer(
            node(first),
            &peer_answer(&confirmed(&other, stored(other), first)),
        );
        let body = collector.clone().finish(&STATE).1.into_bytes();
        let position = |text: &str| {
            let mut windows = body.windows(text.len());
            windows.position(|window| window == text.as_bytes())
        };
        let positions: Vec<_> = seeds
            .iter()
            .rev()
            .map(|seed| position(&hex::encode(&node(*seed))).unwrap())
            .collect();
        assert!(positions.is_sorted());
        // Yet the reply names what was asked for.
        assert!(position(message.as_str()) < position(other.as_str()));
    }
    // Only the entry node's own item of a store has a time.
    let mut collector = Collector::new(&message, Form::Json);
    collector.add_own(
        node(first),
        &confirmed(&message, stored(message), first),
        NOW,
    );
    collector.add_peer(
        node(last),
        &peer_answer(&confirmed(&message, stored(message), last)),
    );
    let text = String::from_utf8(collector.finish(&STATE).1.into_bytes()).unwrap();
    assert_eq!(text.matches(r#""t":"#).count(), 2);
    assert!(text.starts_with(&format!(r#"{{"hash":"{message}","hf":[21,3],"swarm":{{"#)));
}

/// Neither what is no item nor what is far too long leaves the member's own part of the reply.
#[test]
fn a_lying_peer_spoils_its_own_item_only() {
    let request = DeleteAll::new(group(), Some(Namespace::DIRECT), NOW);
    let deleted = |count: u32| {
        let hashes = (0..count).map(|number| format!("{number:043}").parse().unwrap());
        Deleted(Touched::of_hashes(hashes.collect()))
    };
    let good = peer_answer(&confirmed(&request, deleted(1), 2));
    let mut trailing = good.clone();
    trailing.push(b'e');
    // Longer than a whole reply may be.
    let huge = peer_answer(&confirmed(&request, deleted(240_000), 3));
    assert!(huge.len() > MAX_BODY_LEN);
    let mut long_failure = Failure::default();
    long_failure.reason = Some("\u{1}".repeat(MAX_BODY_LEN));
    let long_failure = peer_answer::<Deleted>(&Err(long_failure));
    let json = br#"{"deleted":[],"signature":""}"#;
    let short = b"d7:deletedle9:signature3:abce";
    let mistyped = [&b"d7:deletedi5e9:signature64:"[..], &[0; 64], b"e"].concat();
    for form in [Form::Json, Form::Bt] {
        for answer in [
            &b""[..],
            b"le",
            b"de",
            b"5",
            json,
            short,
            &trailing,
            &mistyped,
            &huge,
        ] {
            let mut collector = Collector::new(&request, form);
            collector.add_own(node(1), &confirmed(&request, deleted(1), 1), NOW);
            collector.add_peer(node(2), &good);
            collector.add_peer(node(3), answer);
            let (status, body) = collector.finish(&STATE);
            assert_eq!(status, 200);
            let body = body.into_bytes();
            let reply = request
                .read_reply(&body, &[node(1), node(2), node(3)])
                .unwrap();
            assert_eq!(reply.done().count(), 2);
            let bad = Verdict::Failed(Failure::bad_peer_response());
            assert_eq!(reply.nodes[&node(3)], bad);
        }
        let mut collector = Collector::new(&request, form);
        collector.add_peer(node(3), &long_failure);
        let body = collector.finish(&STATE).1.into_bytes();
        assert!(body.len() < 4096);
        let reply = request.read_reply(&body, &[node(3)]).unwrap();
        let Verdict::Failed(failure) = &reply.nodes[&node(3)] else {
            panic!("a failure was read as a success");
        };
        assert_eq!(
            failure.reason.as_ref().unwrap().len(),
            Failure::MAX_REASON_LEN
        );
    }
    // Of several long answers the longest goes first, and the own one not at all.
    let mut collector = Collector::new(&request, Form::Json);
    collector.add_own(node(1), &confirmed(&request, deleted(100_000), 1), NOW);
    collector.add_peer(
        node(2),
        &peer_answer(&confirmed(&request, deleted(60_000), 2)),
    );
    collector.add_peer(
        node(3),
        &peer_answer(&confirmed(&request, deleted(90_000), 3)),
    );
    let body = collector.finish(&STATE).1.into_bytes();
    let reply = request
        .read_reply(&body, &[node(1), node(2), node(3)])
        .unwrap();
    let done: Vec<_> = reply.done().map(|(node, _)| *node).collect();
    assert_eq!(done.len(), 2);
    assert!(!done.contains(&node(3)));
}

#[test]
fn what_a_member_says_of_its_failure_is_cut() {
    let failure = Failure::refused(500, &"\u{1}".repeat(2_000_000));
    assert_eq!(failure.code.as_deref(), Some("500"));
    let reason = failure.reason.unwrap();
    assert_eq!(reason.len(), Failure::MAX_REASON_LEN);
    let mut long = Failure::default();
    long.reason = Some("x".repeat(100_000));
    long.code = Some("y".repeat(100_000));
    let mut collector = Collector::new(&hash(b""), Form::Json);
    collector.add_failure(node(1), &long);
    let body = collector.finish(&STATE).1.into_bytes();
    let reply = hash(b"").read_reply(&body, &[node(1)]).unwrap();
    let Verdict::Failed(read) = &reply.nodes[&node(1)] else {
        panic!("a failure was read as a success");
    };
    assert_eq!(read.reason.as_ref().unwrap().len(), Failure::MAX_REASON_LEN);
    assert_eq!(read.code.as_ref().unwrap().len(), Failure::MAX_CODE_LEN);
}

#[test]
fn of_repeated_items_the_first_counts_and_odd_keys_are_ignored() {
    let key = hex::encode(&node(1));
    let body = format!(r#"{{"swarm":{{"x":1,"\u0041":{{}},"{key}":[],"{key}":{{"failed":1}}}}}}"#);
    let reply = hash(b"data").read_reply(&body, &[node(1)]).unwrap();
    assert_eq!(reply.nodes.len(), 1);
    assert_eq!(reply.nodes[&node(1)], Verdict::Malformed);
    assert_eq!((reply.now, reply.hard_fork), (None, None));
}

#[test]
fn what_is_not_plainly_false_has_failed() {
    let key = hex::encode(&node(1));
    for (failed, expected) in [
        ("\"x\"", true),
        ("[]", true),
        ("1", true),
        ("true", true),
        ("\"false\"", true),
        ("0", false),
        ("false", false),
        ("null", false),
    ] {
        let body = format!(r#"{{"swarm":{{"{key}":{{"failed":{failed}}}}}}}"#);
        let reply = hash(b"data").read_reply(&body, &[node(1)]).unwrap();
        let got = matches!(reply.nodes[&node(1)], Verdict::Failed(_));
        assert_eq!(got, expected, "{failed}");
    }
}

/// Deployed nodes add it to failed items of a required deletion (spec 04 §6.3).
#[test]
fn null_beside_a_failure_is_nothing() {
    let key = hex::encode(&node(1));
    let item = r#"{"deleted":null,"failed":true,"timeout":true}"#;
    let body = format!(r#"{{"swarm":{{"{key}":{item}}}}}"#);
    let request = Delete::new(group(), vec![hash(b"a")]).unwrap();
    let reply = request.read_reply(&body, &[node(1)]).unwrap();
    assert_eq!(reply.nodes[&node(1)], Verdict::Failed(Failure::timed_out()));
}

#[test]
fn one_bad_message_does_not_hide_the_others() {
    let good = hash(b"a");
    let body = format!(
        r#"{{"messages":[{{"hash":"short"}},5,{{"hash":"{good}","timestamp":1,"expiration":2,"data":"YQ=="}},
        {{"hash":"{good}","timestamp":1,"expiration":2,"data":"="}}]}}"#
    );
    let reply = RetrieveReply::parse(&body).unwrap();
    let lengths: Vec<usize> = reply.messages.iter().map(|m| m.data.len()).collect();
    // The last is how deployed nodes write an empty message.
    assert_eq!((lengths.as_slice(), reply.unreadable), (&[1, 0][..], 2));
    assert!(!reply.more);
}

#[test]
fn errors_by_name() {
    let malformed = |what| Error::Malformed { what };
    let long = vec![b' '; MAX_BODY_LEN + 1];
    let too_long = |what| Error::TooLong {
        what,
        limit: MAX_BODY_LEN,
        got: MAX_BODY_LEN + 1,
    };
    let none: &[&str] = &[];
    type Read = fn(&[u8]) -> Result<(), Error>;
    let cases: [(&'static str, Read, &[&str]); 8] = [
        (
            "retrieve reply",
            |b| RetrieveReply::parse(b).map(drop),
            &[r#"{"messages":{}}"#],
        ),
        (
            "expiries reply",
            |b| ExpiriesReply::parse(b).map(drop),
            &[
                r#"{"expiries":[]}"#,
                r#"{"expiries":{"short":5}}"#,
                "d8:expiriesd1:xi5eee",
            ],
        ),
        (
            "revoked subaccounts",
            |b| RevokedReply::parse(b).map(drop),
            &[
                r#"{"revoked_subaccounts":{}}"#,
                r#"{"revoked_subaccounts":["x"]}"#,
                r#"{"revoked_subaccounts":"x"}"#,
            ],
        ),
        (
            "info reply",
            |b| InfoReply::parse(b).map(drop),
            &[r#"{"timestamp":"5"}"#],
        ),
        (
            "daemon reply",
            |b| DaemonReply::parse(b).map(drop),
            &["d6:resultlee"],
        ),
        (
            "batch reply",
            |b| BatchReply::parse(b).map(drop),
            &[
                r#"{"results":{}}"#,
                r#"{"results":[5]}"#,
                r#"{"results":[{"code":"200","body":5}]}"#,
                r#"{"results":[{"code":200}]}"#,
            ],
        ),
        (
            "ifelse reply",
            |b| IfElseReply::parse(b).map(drop),
            &[r#"{"condition":"x"}"#, r#"{"condition":true,"result":5}"#],
        ),
        (
            "swarm reply",
            |b| hash(b"").read_reply(b, &[]).map(drop),
            &[r#"{"swarm":[]}"#, r#"{"swarm":5}"#, "d5:swarmlee"],
        ),
    ];
    for (what, read, more) in cases {
        assert_eq!(read(&long), Err(too_long(what)));
        let common = [
            "",
            "{",
            "5",
            "[]",
            "{}",
            "de",
            "d",
            "[5,null,null]",
            "di5ee",
        ];
        for body in common.into_iter().chain(none.iter().chain(more).copied()) {
            assert_eq!(read(body.as_bytes()), Err(malformed(what)), "{body}");
        }
    }
    let result = (200, Body::Text(String::new()));
    for form in [Form::Json, Form::Bt] {
        let body = BatchReply::write(form, &vec![result.clone(); 21]).into_bytes();
        let expected = Error::TooLong {
            what: "results",
            limit: 20,
            got: 21,
        };
        assert_eq!(BatchReply::parse(&body).err(), Some(expected));
    }
    let no_json = DaemonReply::write(Form::Json, "{", &STATE);
    assert_eq!(no_json.err(), Some(malformed("daemon answer")));
}

#[test]
fn debug_shows_no_content() {
    let message = Message::new(hash(b"a"), NOW, NOW, b"secret data");
    let page = RetrieveReply::write(Form::Json, [&message], false, &STATE);
    let batch = BatchReply::write(Form::Json, &[(200, page)]).into_bytes();
    let daemon = DaemonReply::write(Form::Json, r#""a name""#, &STATE).unwrap();
    let daemon = daemon.into_bytes();
    let request = DaemonRequest::new(DaemonEndpoint::OnsResolve, Some(r#""a name""#)).unwrap();
    for shown in [
        format!("{:?}", BatchReply::parse(&batch).unwrap()),
        format!("{:?}", ReplyBody::from(&batch)),
        format!("{:?}", DaemonReply::parse(&daemon).unwrap()),
        format!("{request:?}"),
    ] {
        for content in [hash(b"a").as_str(), "c2VjcmV0", "messages", "a name"] {
            assert!(!shown.contains(content), "{shown}");
        }
    }
}

/// As storage server 2.8.0 writes it, also where bt has base64.
#[test]
fn an_empty_message_is_read_in_every_part() {
    let good = hash(b"");
    let json =
        format!(r#"{{"messages":[{{"data":"=","expiration":2,"hash":"{good}","timestamp":1}}]}}"#);
    let bt = format!("d8:messagesld4:data1:=10:expirationi2e4:hash43:{good}9:timestampi1eeee");
    let in_bt_batch = format!("d7:resultsld4:body{bt}4:codei200eeee");
    let in_bt_batch = BatchReply::parse(&in_bt_batch).unwrap().results[0].body;
    for body in [ReplyBody::from(&json), in_bt_batch] {
        let reply = RetrieveReply::parse(body).unwrap();
        assert_eq!((reply.messages.len(), reply.unreadable), (1, 0));
        assert!(reply.messages[0].data.is_empty());
    }
    // In plain bt it is a message of one byte.
    assert_eq!(&*RetrieveReply::parse(&bt).unwrap().messages[0].data, b"=");
}

/// A member signs what it likes; only what can be an answer counts as done.
#[test]
fn what_was_not_asked_for_is_not_done() {
    let (a, b, foreign) = (hash(b"a"), hash(b"b"), hash(b"foreign"));
    let judge = |request: &Expire, updated: Vec<MessageHash>, expiry, unchanged| {
        let expired = Expired {
            updated,
            expiry,
            unchanged,
        };
        let mut collector = Collector::new(request, Form::Json);
        collector.add_own(node(1), &confirmed(request, expired, 1), NOW);
        let (_, body) = collector.finish(&STATE);
        let reply = request.read_reply(&body.into_bytes(), &[node(1)]).unwrap();
        matches!(reply.nodes[&node(1)], Verdict::Done(_))
    };
    let expire = |times: &[UnixMillis]| {
        Expire::new(group(), vec![a, b], times.to_vec(), ExpiryMode::Extend).unwrap()
    };
    let (one, several) = (expire(&[NOW]), expire(&[NOW, NOW]));
    let later = UnixMillis::from_millis(NOW.as_millis() + 1);
    let each = |times: &[UnixMillis]| NewExpiry::Each(times.to_vec());
    let mut both = vec![a, b];
    both.sort_unstable();
    assert!(judge(&one, both.clone(), NewExpiry::One(NOW), None));
    assert!(judge(
        &one,
        vec![],
        NewExpiry::One(UnixMillis::default()),
        None
    ));
    assert!(judge(
        &several,
        vec![a],
        each(&[NOW]),
        Some(vec![(b, later)])
    ));
    assert!(
        !judge(&one, both.clone(), NewExpiry::One(later), None),
        "for longer"
    );
    assert!(!judge(&one, vec![a], each(&[NOW]), None), "a list for one");
    assert!(
        !judge(&several, vec![a], NewExpiry::One(NOW), None),
        "one for a list"
    );
    assert!(!judge(&several, both, each(&[NOW]), None), "too few times");
    assert!(
        !judge(&one, vec![foreign], NewExpiry::One(NOW), None),
        "another message"
    );
    let kept = Some(vec![(foreign, NOW)]);
    assert!(
        !judge(&one, vec![a], NewExpiry::One(NOW), kept),
        "kept another"
    );

    let delete = Delete::new(group(), vec![a]).unwrap();
    for (hash, done) in [(a, true), (foreign, false)] {
        let deleted = Deleted(Touched::Hashes(vec![hash]));
        let mut collector = Collector::new(&delete, Form::Json);
        collector.add_own(node(1), &confirmed(&delete, deleted, 1), NOW);
        let (_, body) = collector.finish(&STATE);
        let reply = delete.read_reply(&body.into_bytes(), &[node(1)]).unwrap();
        assert_eq!(reply.done().count() == 1, done);
    }
}

/// Stores and nodes of others may not keep their lists in order.
#[test]
fn writers_need_no_order() {
    let mut hashes = [hash(b"a"), hash(b"b"), hash(b"c")];
    hashes.sort_unstable();
    let [first, second, third] = hashes;
    let unsorted = vec![(third, NOW), (first, NOW), (second, NOW), (first, NOW)];
    let request = Expire::new(group(), hashes.to_vec(), vec![NOW], ExpiryMode::Shorten).unwrap();
    for form in [Form::Json, Form::Bt] {
        let reply = ExpiriesReply::write(form, &unsorted).into_bytes();
        let reply = ExpiriesReply::parse(&reply).unwrap();
        let read: Vec<_> = reply.expiries.iter().map(|(hash, _)| *hash).collect();
        assert_eq!(read, hashes);

        let expired = Expired {
            updated: vec![],
            expiry: NewExpiry::One(NOW),
            unchanged: Some(unsorted.clone()),
        };
        let mut collector = Collector::new(&request, form);
        collector.add_failure(node(1), &Failure::timed_out());
        collector.add_own(node(1), &confirmed(&request, expired, 1), NOW);
        let (status, body) = collector.finish(&STATE);
        let reply = request.read_reply(&body.into_bytes(), &[node(1)]).unwrap();
        assert_eq!((status, reply.nodes.len()), (200, 1), "what was said last");
        assert_eq!(reply.done().count(), 1);
    }
}

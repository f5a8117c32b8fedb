//! Subscriptions and notifications: what one side writes the other reads, and what a node refuses.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use proptest::prelude::*;
use session_bt::{DictReader, DictWriter};
use session_core::{AccountId, NetworkId, Prefix, UnixMillis};
use session_crypto::ed25519::SigningKey;
use session_storage::monitor::{
    Ended, MAX_SUBSCRIPTIONS, Notification, OtherSwarm, Refusal, Reply, Subscribe, Subscription,
    answer, parse_replies, write_list,
};
use session_storage::{
    Access, Error, MAX_DATA_LEN, MessageHash, Namespace, Subaccount, SubaccountKey,
};

const NOW: UnixMillis = UnixMillis::from_secs(1_800_000_000);

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn account(key: &SigningKey) -> NetworkId {
    AccountId::new(Prefix::Standard, *key.to_x25519().public().as_bytes()).into()
}

fn group(key: &SigningKey) -> NetworkId {
    AccountId::new(Prefix::Group, *key.public().as_bytes()).into()
}

fn subscription(pubkey: NetworkId) -> Subscription {
    Subscription::new(pubkey, [Namespace::new(11), Namespace::DIRECT], true).unwrap()
}

fn dict(subscribe: &Subscribe) -> Vec<u8> {
    let mut out = Vec::new();
    subscribe.write_bt(&mut out);
    out
}

/// A dict for the account of key 1, signed now.
fn standard() -> Vec<u8> {
    let subscription = subscription(account(&key(1)));
    dict(&subscription.sign(&key(1), NOW).unwrap())
}

/// What a node takes, and what it answers.
fn ask(body: &[u8], now: UnixMillis) -> (Vec<Subscription>, Vec<u8>) {
    let (mut taken, mut out) = (Vec::new(), Vec::new());
    answer(body, now, &mut out, |subscription| {
        taken.push(subscription);
        Ok(())
    });
    (taken, out)
}

fn refusal(body: &[u8]) -> Option<Refusal> {
    let (taken, out) = ask(body, NOW);
    match Reply::parse(&out).unwrap() {
        Reply::Refused {
            refusal,
            instead: None,
        } => {
            assert_eq!(taken, []);
            Some(refusal.unwrap())
        }
        _ => None,
    }
}

/// The dict with other values under some keys; an empty value takes the key out.
fn with(dict: &[u8], changes: &[(&'static str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = DictWriter::new(&mut out);
    for key in ["P", "S", "T", "d", "n", "p", "s", "t"] {
        let own = DictReader::new(dict).unwrap().raw_opt(key).unwrap();
        let change = changes.iter().find(|(changed, _)| *changed == key);
        let value = change.map_or(own, |(_, value)| Some(*value));
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            writer.raw(key, value).unwrap();
        }
    }
    writer.finish();
    out
}

fn text(bytes: &[u8]) -> Vec<u8> {
    [bytes.len().to_string().as_bytes(), b":", bytes].concat()
}

#[test]
fn accounts_groups_and_subaccounts_subscribe() {
    let access = Access::READ;
    let subaccount = |account: &SigningKey, prefix| {
        let token = Subaccount::issue(account, prefix, access, key(2).public());
        SubaccountKey::new(key(2), account.public(), token).unwrap()
    };
    let owner = key(1);
    let (of_account, of_group) = (
        subaccount(&owner, Prefix::Standard),
        subaccount(&owner, Prefix::Group),
    );
    let own = subscription(account(&owner));
    let its = subscription(group(&owner));
    let signed = [
        own.clone().sign(&owner, NOW).unwrap(),
        own.clone().sign(&of_account, NOW).unwrap(),
        its.clone().sign(&owner, NOW).unwrap(),
        its.clone().sign(&of_group, NOW).unwrap(),
    ];
    for (subscribe, expected) in signed.iter().zip([&own, &own, &its, &its]) {
        let (taken, out) = ask(&dict(subscribe), NOW);
        assert_eq!(taken.first(), Some(expected));
        assert_eq!(taken.len(), 1);
        assert_eq!(out, b"d7:successi1ee");
    }
    let mut list = Vec::new();
    write_list(&signed, &mut list);
    let (taken, out) = ask(&list, NOW);
    assert_eq!(taken, [own.clone(), own.clone(), its.clone(), its.clone()]);
    assert_eq!(parse_replies(&out, 4), Ok(vec![Reply::Subscribed; 4]));

    assert_eq!(own.sign(&key(2), NOW), Err(Error::WrongKey));
    let token = Subaccount::issue(&owner, Prefix::Group, Access::WRITE, key(2).public());
    let writer = SubaccountKey::new(key(2), owner.public(), token).unwrap();
    assert_eq!(its.sign(&writer, NOW), Err(Error::WrongKey));
}

#[test]
fn namespaces_are_sorted_and_needed() {
    let numbers = [5, -3, 5, 0].map(Namespace::new);
    let mut subscription = Subscription::new([3; 33].into(), numbers, false).unwrap();
    assert_eq!(subscription.namespaces(), [-3, 0, 5].map(Namespace::new));
    assert!(subscription.covers(Namespace::DIRECT) && !subscription.covers(Namespace::new(1)));
    let later = Subscription::new([3; 33].into(), [1, 0].map(Namespace::new), true).unwrap();
    subscription.merge(later);
    assert_eq!(subscription.namespaces(), [-3, 0, 1, 5].map(Namespace::new));
    assert!(subscription.want_data);
    assert!(Subscription::new([3; 33].into(), [], true).is_err());
}

#[test]
fn refusals_by_name() {
    let good = standard();
    let check = |changes: &[(&'static str, &[u8])], expected| {
        assert_eq!(refusal(&with(&good, changes)), expected, "{changes:?}");
    };
    check(&[], None);

    let p = text(group(&key(1)).as_bytes());
    for changes in [
        &[("P", &b"i1e"[..])][..],
        &[("P", b"")],
        &[("p", &p)],
        &[("S", &text(&[0; 64]))],
        &[("d", b"i2e")],
        &[("d", b"1:1")],
        &[("n", b"")],
        &[("n", b"le")],
        &[("n", b"i0e")],
        &[("n", b"l1:0e")],
        &[("n", b"li32768ee")],
        &[("s", b"")],
        &[("t", b"")],
        &[("t", b"i9223372036854775808e")],
    ] {
        check(changes, Some(Refusal::Arguments));
    }
    for changes in [
        &[("P", &text(&[1; 31])[..])][..],
        &[("P", &text(&[2; 32]))],
        &[("P", b""), ("p", b"2:xx")],
        &[("S", &text(&[0; 63]))],
        &[("S", &text(&[0; 64])), ("T", &text(&[0; 35]))],
    ] {
        check(changes, Some(Refusal::Key));
    }
    check(&[("n", b"li2ei0ee")], Some(Refusal::Namespaces));
    check(&[("n", b"li2ei2ee")], Some(Refusal::Namespaces));
    for changes in [
        &[("d", &b""[..])][..],
        &[("n", b"li0ei2ee")],
        &[("s", &text(&[0; 63]))],
        &[("s", &text(&[0; 64]))],
        &[("t", b"i1800000001e")],
        &[("P", &text(key(2).public().as_bytes()))],
        &[("S", &text(&[0; 64])), ("T", &text(&[0; 36]))],
    ] {
        check(changes, Some(Refusal::Signature));
    }
    // A token alone is not looked at.
    check(&[("T", b"i1e")], None);
    for body in [&b""[..], b"x", b"i1e", b"le0", b"d", b"d1:n"] {
        assert_eq!(refusal(body), Some(Refusal::Arguments), "{body:?}");
    }
    assert_eq!(
        refusal(&[&good[..], b"x"].concat()),
        Some(Refusal::Arguments)
    );
}

#[test]
fn refusals_in_the_order_of_the_keys() {
    let good = standard();
    let faults: [(&'static str, &[u8], Refusal); 7] = [
        ("P", b"0:", Refusal::Key),
        ("d", b"le", Refusal::Arguments),
        ("n", b"li1ei0ee", Refusal::Namespaces),
        ("p", b"le", Refusal::Arguments),
        ("s", b"0:", Refusal::Signature),
        ("t", b"le", Refusal::Arguments),
        ("t", b"i0e", Refusal::Time),
    ];
    for (index, (.., expected)) in faults.iter().enumerate() {
        let changes: Vec<_> = faults[index..]
            .iter()
            .map(|(key, value, _)| (*key, *value))
            .collect();
        assert_eq!(refusal(&with(&good, &changes)), Some(*expected), "{index}");
    }
    // The time comes before the point and the signature.
    let late = [("P", &text(&[2; 32])[..]), ("t", b"i0e")];
    assert_eq!(refusal(&with(&good, &late)), Some(Refusal::Time));
}

#[test]
fn edges_of_the_window_are_inside() {
    let signed_at = NOW.as_secs();
    let body = standard();
    let taken = |secs: u64| ask(&body, UnixMillis::from_secs(secs)).0.len() == 1;
    assert!(taken(signed_at + 14 * 86_400));
    assert!(!taken(signed_at + 14 * 86_400 + 1));
    assert!(taken(signed_at - 86_400));
    assert!(!taken(signed_at - 86_401));
}

#[test]
fn other_swarms_are_named() {
    let other = OtherSwarm {
        snodes: b"le"[..].into(),
        swarm: b"1:7"[..].into(),
    };
    for instead in [None, Some(other.clone())] {
        let mut out = Vec::new();
        answer(&standard(), NOW, &mut out, |_| Err(instead.clone()));
        let refusal = Some(Refusal::WrongSwarm);
        assert_eq!(Reply::parse(&out), Ok(Reply::Refused { refusal, instead }));
    }
    let ended = Ended {
        pubkey: [3; 33].into(),
        instead: Some(other),
    };
    let mut out = Vec::new();
    ended.write_bt(&mut out);
    assert_eq!(Ended::parse(&out), Ok(ended));
}

#[test]
fn lists_are_bounded_and_answered_whole_or_not_at_all() {
    let good = standard();
    let list = |count: usize, tail: &[u8]| [b"l", &*good.repeat(count), tail].concat();
    let (taken, out) = ask(&list(2, b"i1ee"), NOW);
    assert_eq!(taken.len(), 2);
    let refused = Reply::Refused {
        refusal: Some(Refusal::Arguments),
        instead: None,
    };
    let expected = vec![Reply::Subscribed, Reply::Subscribed, refused];
    assert_eq!(parse_replies(&out, 3), Ok(expected));
    for count in [2, 4] {
        assert!(parse_replies(&out, count).is_err());
    }
    assert_eq!(ask(b"le", NOW), (vec![], b"le".to_vec()));

    for tail in [&b""[..], b"x", b"d1:ne", b"ee"] {
        assert_eq!(refusal(&list(1, tail)), Some(Refusal::Arguments));
    }
    let empty = |count| [&b"l"[..], &b"de".repeat(count), b"e"].concat();
    let (_, out) = ask(&empty(MAX_SUBSCRIPTIONS), NOW);
    assert!(parse_replies(&out, MAX_SUBSCRIPTIONS).is_ok());
    let many = empty(MAX_SUBSCRIPTIONS + 1);
    assert_eq!(refusal(&many), Some(Refusal::Arguments));
}

#[test]
fn replies_are_read_liberally() {
    let refused = |refusal| Reply::Refused {
        refusal,
        instead: None,
    };
    for (body, expected) in [
        (&b"d7:successi1ee"[..], Some(Reply::Subscribed)),
        // Two dicts: what deployed nodes send for a key of impossible length.
        (
            b"d7:errcodei2e5:error1:xed7:errcodei5ee",
            Some(refused(Some(Refusal::Key))),
        ),
        (b"d7:errcodei99ee", Some(refused(None))),
        (
            b"d7:errcodei6e6:snodeslee",
            Some(refused(Some(Refusal::WrongSwarm))),
        ),
        (b"d7:successi0ee", None),
        (b"de", None),
        (b"d7:successi1e", None),
        (b"", None),
        (b"le", None),
    ] {
        assert_eq!(Reply::parse(body).ok(), expected, "{body:?}");
    }
}

fn hash(data: &[u8]) -> MessageHash {
    MessageHash::of(&[5; 33].into(), Namespace::DIRECT, data)
}

#[test]
fn notifications_have_all_their_fields() {
    let data = vec![7; MAX_DATA_LEN + 1];
    let mut notification = Notification {
        pubkey: [3; 33].into(),
        hash: hash(b""),
        namespace: Namespace::new(-21),
        timestamp: NOW,
        expiry: NOW,
        data: Some(&data[1..]),
    };
    let dict = |notification: &Notification<'_>| {
        let mut out = Vec::new();
        notification.write_bt(&mut out);
        out
    };
    assert_eq!(Notification::parse(&dict(&notification)), Ok(notification));
    assert!(!format!("{notification:?}").contains("7, 7"));
    notification.data = Some(&data);
    assert!(Notification::parse(&dict(&notification)).is_err());
    notification.data = None;
    let good = dict(&notification);
    assert_eq!(Notification::parse(&good), Ok(notification));
    for end in 0..good.len() {
        assert!(Notification::parse(&good[..end]).is_err());
    }
    assert!(Notification::parse(&[&good[..], b"e"].concat()).is_err());
    let at = good.iter().position(|byte| *byte == b'h').unwrap();
    let short = [&good[..at], b"h2:ab", &good[at + 47..]].concat();
    assert!(Notification::parse(&short).is_err());
}

proptest! {
    #[test]
    fn any_bytes_are_answered(body: Vec<u8>) {
        let (taken, out) = ask(&body, NOW);
        prop_assert_eq!(taken, []);
        prop_assert!(out.starts_with(b"d") || out.starts_with(b"l"));
        let _ = Notification::parse(&body);
        let _ = Ended::parse(&body);
        let _ = Reply::parse(&body);
        let _ = parse_replies(&body, 1);
    }

    #[test]
    fn no_change_of_a_byte_subscribes_to_something_else(
        at: prop::sample::Index,
        flip in 1u8..,
    ) {
        let mut body = standard();
        let expected = ask(&body, NOW).0;
        let at = at.index(body.len());
        body[at] ^= flip;
        let taken = ask(&body, NOW).0;
        // A changed byte of an unknown key, or a leading zero, may leave the meaning as it was.
        prop_assert!(taken.is_empty() || taken == expected);
    }

    #[test]
    fn notifications_are_read_as_written(
        pubkey: [u8; 33],
        numbers: (i16, u64, u64),
        data: Option<Vec<u8>>,
    ) {
        let (number, timestamp, expiry) = numbers;
        let pubkey = NetworkId::from(pubkey);
        let notification = Notification {
            pubkey,
            hash: hash(pubkey.as_bytes()),
            namespace: Namespace::new(number),
            timestamp: UnixMillis::from_millis(timestamp),
            expiry: UnixMillis::from_millis(expiry),
            data: data.as_deref(),
        };
        let mut out = Vec::new();
        notification.write_bt(&mut out);
        prop_assert_eq!(Notification::parse(&out), Ok(notification));
    }
}

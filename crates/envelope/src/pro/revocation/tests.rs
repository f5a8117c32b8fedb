use alloc::vec;

use proptest::prelude::*;

use super::*;

const DAY: Duration = Duration::from_secs(86_400);

fn at(seconds: u64) -> UnixMillis {
    UnixMillis::from_secs(seconds)
}

/// A reply of format B, received in this second.
fn reply(ticket: u64, items: &[(u8, u64)], received: u64) -> RevocationReply {
    let items = items.iter().map(|(tag, from)| ([*tag; 32], at(*from)));
    RevocationReply::of_format_b(ticket, DAY, DAY, items, at(received))
}

fn list(items: &[(u8, u64)], received: u64) -> Revocations {
    let mut list = Revocations::new();
    list.merge(&reply(1, items, received)).unwrap();
    list
}

#[test]
fn times_are_clamped() {
    for (seconds, retry, retain) in [
        (0, 60, 86_400),
        (61, 61, 86_400),
        (86_401, 86_401, 86_401),
        (172_801, 172_800, 172_801),
        (u64::MAX, 172_800, 31_536_000),
    ] {
        let time = Duration::from_secs(seconds);
        let reply = RevocationReply::of_format_b(1, time, time, [], at(0));
        assert_eq!(reply.retry_in(), Duration::from_secs(retry));
        assert_eq!(reply.retain_for(), Some(Duration::from_secs(retain)));
        let reply = RevocationReply::of_format_a(1, time, Vec::new());
        assert_eq!(reply.retry_in(), Duration::from_secs(retry));
        assert_eq!(reply.retain_for(), None);
    }
}

#[test]
fn revoked_from_then_on() {
    let list = list(&[(1, 100), (2, 200)], 0);
    for (tag, now, revoked) in [
        (1, 99, false),
        (1, 100, true),
        (1, u64::MAX, true),
        (2, 199, false),
        (2, 200, true),
        (3, u64::MAX, false),
    ] {
        assert_eq!(list.is_revoked(&[tag; 32], at(now)), revoked, "{tag} {now}");
    }
    // To the millisecond.
    let just_before = UnixMillis::from_millis(99_999);
    assert!(!list.is_revoked(&[1; 32], just_before));
    let mut near = [1; 32];
    near[31] = 0;
    assert!(!list.is_revoked(&near, at(u64::MAX)));
}

#[test]
fn no_items_change_nothing() {
    let before = list(&[(1, 100)], 0);
    let mut after = before.clone();
    after.merge(&reply(1, &[], 50)).unwrap();
    assert_eq!(after, before);
}

#[test]
fn what_was_known_stays_and_what_is_new_is_added() {
    let mut list = list(&[(2, 100), (4, 100)], 0);
    list.merge(&reply(9, &[(3, 7), (1, 8), (2, 150)], 50))
        .unwrap();
    assert_eq!(list.ticket(), 9);
    let entries = list.entries().iter();
    let entries: Vec<_> = entries
        .map(|entry| (entry.tag[0], entry.effective, entry.keep_until))
        .collect();
    let (old, new) = (at(86_400), at(86_450));
    // The third has another time, and is kept since it was first seen.
    assert_eq!(
        entries,
        [
            (1, at(8), new),
            (2, at(150), old),
            (3, at(7), new),
            (4, at(100), old)
        ]
    );
}

#[test]
fn a_tag_that_is_listed_twice_is_revoked_as_soon_as_one_says() {
    let list = list(&[(1, 100), (1, 50), (1, 70)], 0);
    assert_eq!(list.entries().len(), 1);
    assert!(list.is_revoked(&[1; 32], at(50)));
}

#[test]
fn entries_are_dropped_in_time() {
    let mut b = list(&[(1, 5)], 100);
    b.prune(at(86_500));
    assert_eq!(b.entries().len(), 1);
    b.prune(UnixMillis::from_millis(86_500_001));
    assert_eq!(b.entries(), []);
    assert_eq!(b.ticket(), 1);

    // In format A each has its own time, which the backend can change.
    let entry = |keep_until| Revocation {
        tag: [1; 32],
        effective: at(0),
        keep_until: UnixMillis::from_millis(keep_until),
    };
    let mut a = Revocations::new();
    for keep_until in [10, 20] {
        let items = vec![entry(keep_until)];
        a.merge(&RevocationReply::of_format_a(2, DAY, items))
            .unwrap();
    }
    a.prune(UnixMillis::from_millis(20));
    assert_eq!(a.entries(), [entry(20)]);
    a.prune(UnixMillis::from_millis(21));
    assert_eq!(a.entries(), []);
}

#[test]
fn lists_are_stored_and_restored() {
    let list = list(&[(3, 1), (1, 2), (2, 3)], 4);
    let restored = Revocations::restore(list.ticket(), list.entries().iter().copied());
    assert_eq!(restored, Ok(list));
}

#[test]
fn lists_do_not_grow_without_end() {
    let item = |number: usize| {
        let mut tag = [0; 32];
        tag[..8].copy_from_slice(&number.to_be_bytes());
        (tag, at(0))
    };
    let of = |range: core::ops::Range<usize>| {
        RevocationReply::of_format_b(1, DAY, DAY, range.map(item), at(0))
    };
    let mut list = Revocations::new();
    list.merge(&of(0..Revocations::MAX_LEN)).unwrap();
    let full = list.clone();
    let too_long = Error::Length {
        what: "revocation list",
        expected: Revocations::MAX_LEN,
        got: Revocations::MAX_LEN + 1,
    };
    let one_more = of(1..Revocations::MAX_LEN + 1);
    assert_eq!(list.merge(&one_more), Err(too_long));
    assert_eq!(list, full);
    // What is known is no more than there was.
    assert_eq!(list.merge(&of(5..9)), Ok(()));
    list.prune(at(u64::MAX));
    assert_eq!(list.merge(&one_more), Ok(()));
}

proptest! {
    #[test]
    fn lists_are_as_if_looked_through(
        replies in proptest::collection::vec(
            proptest::collection::vec((0..6u8, 0..20u64), 0..6), 0..5),
        now in 0..20u64,
    ) {
        let mut list = Revocations::new();
        for (index, items) in replies.iter().enumerate() {
            list.merge(&reply(index as u64, items, 0)).unwrap();
            prop_assert!(list.entries().is_sorted_by(|a, b| a.tag < b.tag));
        }
        for tag in 0..6 {
            // The last reply with the tag counts, and in it the earliest time.
            let of_tag = |items: &Vec<(u8, u64)>| {
                items.iter().filter(|item| item.0 == tag).map(|item| item.1).min()
            };
            let effective = replies.iter().rev().find_map(of_tag);
            let expected = effective.is_some_and(|effective| now >= effective);
            prop_assert_eq!(list.is_revoked(&[tag; 32], at(now)), expected);
        }
    }
}

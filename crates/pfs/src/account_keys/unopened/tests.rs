use alloc::format;
use alloc::string::ToString;
use alloc::vec;

use proptest::prelude::*;

use super::*;

const NOW: UnixMillis = UnixMillis::from_secs(1_790_000_000);
const HOUR: Duration = Duration::from_secs(3600);

fn later(hours: u32) -> UnixMillis {
    NOW.saturating_add(HOUR * hours)
}

/// Messages of these hashes, kept for so many hours.
fn kept(messages: &[(&str, u32)]) -> UnopenedMessages {
    let mut unopened = UnopenedMessages::new();
    for (hash, hours) in messages {
        unopened.keep(hash.as_bytes(), hash, later(*hours), NOW, 0);
    }
    unopened
}

fn hashes(unopened: &UnopenedMessages) -> Vec<&str> {
    unopened.messages.iter().map(|kept| &*kept.hash).collect()
}

#[test]
fn what_would_expire_first_is_first() {
    let unopened = kept(&[("b", 2), ("c", 3), ("a", 1)]);
    assert_eq!(hashes(&unopened), ["a", "b", "c"]);
    assert_eq!(unopened.next_deadline(), Some(later(1)));
    assert_eq!((unopened.len(), unopened.is_empty()), (3, false));
}

#[test]
fn messages_expire_as_in_the_swarm_and_after_fourteen_days() {
    let mut unopened = kept(&[("a", 1), ("b", 15 * 24)]);
    assert!(!unopened.prune(later(1).saturating_sub(Duration::from_millis(1))));
    assert!(unopened.prune(later(1)));
    assert_eq!(hashes(&unopened), ["b"]);
    assert_eq!(unopened.next_deadline(), Some(later(14 * 24)));
    assert!(unopened.prune(later(14 * 24)));
    assert_eq!(unopened.next_deadline(), None);
    // What has expired is not kept at all.
    unopened.keep(b"c", "c", NOW, NOW, 0);
    assert!(unopened.is_empty());
}

#[test]
fn a_message_is_kept_once() {
    assert_eq!(kept(&[("a", 1), ("a", 2)]).len(), 1);
}

#[test]
fn each_is_tried_once_whenever_keys_were_learned() {
    let mut unopened = kept(&[("a", 1), ("b", 2)]);
    let tries = |unopened: &mut UnopenedMessages, learned| {
        let mut tries = Vec::new();
        let done = unopened.retry_with::<()>(learned, NOW, |wire| {
            tries.push(String::from_utf8(wire.to_vec()).unwrap());
            Err(Error::NoKey)
        });
        assert!(done.is_empty());
        tries
    };
    assert!(tries(&mut unopened, 0).is_empty());
    assert_eq!(tries(&mut unopened, 1), ["a", "b"]);
    assert!(tries(&mut unopened, 1).is_empty());
    unopened.keep(b"c", "c", later(3), NOW, 1);
    assert!(tries(&mut unopened, 1).is_empty());
    assert_eq!(tries(&mut unopened, 2), ["a", "b", "c"]);
    // And after a restart, since a later release may read them.
    let mut saved = Vec::new();
    unopened.write(&mut saved);
    let mut unopened = UnopenedMessages::read(&saved).unwrap();
    assert_eq!(tries(&mut unopened, 0), ["a", "b", "c"]);
    assert!(tries(&mut unopened, 0).is_empty());
}

#[test]
fn what_is_done_with_is_given_back_and_forgotten() {
    let mut unopened = kept(&[
        ("no key", 1),
        ("version", 1),
        ("opens", 1),
        ("broken", 1),
        ("late", 0),
    ]);
    let broken = Error::Malformed { what: "message" };
    let done = unopened.retry_with(1, NOW, |wire| match wire {
        b"no key" => Err(Error::NoKey),
        b"version" => Err(Error::Version { what: "message" }),
        b"opens" => Ok(wire.len()),
        _ => Err(broken),
    });
    let expected = [
        ("opens".to_string(), Ok(5)),
        ("broken".to_string(), Err(broken)),
    ];
    assert_eq!(done, expected);
    assert_eq!(hashes(&unopened), ["no key", "version"]);
    // Expired ones are not tried.
    let done = unopened.retry_with(2, later(1), |_| Ok(()));
    assert!(done.is_empty() && unopened.is_empty());
}

#[test]
fn only_what_may_open_later_is_kept() {
    assert!(may_open_later(Error::NoKey));
    assert!(may_open_later(Error::Version { what: "message" }));
    assert!(!may_open_later(Error::Malformed { what: "message" }));
    assert!(!may_open_later(Error::LowOrder { what: "message" }));
}

#[test]
fn the_number_of_messages_is_bounded() {
    let mut unopened = UnopenedMessages::new();
    for number in 0..300 {
        let hash = format!("{number:03}");
        unopened.keep(b"", &hash, later(301 - number), NOW, 0);
    }
    assert_eq!(unopened.len(), UnopenedMessages::MAX_MESSAGES);
    // Later ones had less time left.
    assert!(hashes(&unopened).contains(&"000"));
    assert!(!hashes(&unopened).contains(&"256"));
}

#[test]
fn the_number_of_bytes_is_bounded() {
    let mut unopened = UnopenedMessages::new();
    let half = vec![0; UnopenedMessages::MAX_BYTES / 2 - 1];
    for (hash, hours) in [("a", 1), ("b", 2), ("c", 3)] {
        unopened.keep(&half, hash, later(hours), NOW, 0);
    }
    assert_eq!(hashes(&unopened), ["b", "c"]);
    let whole = vec![0; UnopenedMessages::MAX_BYTES];
    unopened.keep(&whole, "d", later(4), NOW, 0);
    assert_eq!(hashes(&unopened), ["b", "c"]);
    unopened.keep(&whole[1..], "d", later(4), NOW, 0);
    assert_eq!(hashes(&unopened), ["d"]);
}

#[test]
fn saved_bytes_are_as_documented() {
    let unopened = kept(&[("hash", 1)]);
    let mut out = Vec::new();
    unopened.write(&mut out);
    let pinned = [
        &[1, 0, 1][..],
        &later(1).as_millis().to_be_bytes(),
        &[0, 0, 0, 4],
        b"hash",
        &[0, 0, 0, 4],
        b"hash",
    ]
    .concat();
    assert_eq!(out, pinned);
    let malformed = Error::Malformed {
        what: "saved messages",
    };
    for end in 0..out.len() {
        assert_eq!(UnopenedMessages::read(&out[..end]).unwrap_err(), malformed);
    }
    for (at, byte) in [(1, 2), (2, 0), (15, 0xff)] {
        let mut out = out.clone();
        out[at] = byte;
        assert_eq!(UnopenedMessages::read(&out).unwrap_err(), malformed);
    }
    out[0] = 2;
    assert_eq!(
        UnopenedMessages::read(&out).unwrap_err(),
        Error::Version {
            what: "saved messages"
        }
    );
    let mut unordered = Vec::new();
    let mut unopened = kept(&[("a", 1), ("b", 2)]);
    unopened.messages.reverse();
    unopened.write(&mut unordered);
    assert_eq!(UnopenedMessages::read(&unordered).unwrap_err(), malformed);
}

#[test]
fn debug_shows_the_number_only() {
    assert_eq!(
        format!("{:?}", kept(&[("a", 1)])),
        "UnopenedMessages { len: 1, .. }"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn bounds_hold_whatever_comes(
        messages in prop::collection::vec((0..400_000_usize, 0..400_u32, 0..40_u8), 0..60),
    ) {
        let mut unopened = UnopenedMessages::new();
        for (len, hours, hash) in messages {
            unopened.keep(&vec![0; len], &format!("{hash}"), later(hours), NOW, 0);
            let bytes: usize = unopened.messages.iter().map(Unopened::len).sum();
            prop_assert!(bytes <= UnopenedMessages::MAX_BYTES);
            prop_assert!(unopened.messages.is_sorted_by_key(|kept| kept.until));
        }
        let mut saved = Vec::new();
        unopened.write(&mut saved);
        let read = UnopenedMessages::read(&saved).unwrap();
        prop_assert_eq!(hashes(&read), hashes(&unopened));
    }
}

//! A node's decision on a request: every check, its status, and the order of the checks.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use core::time::Duration;

use session_core::{NetworkId, UnixMillis};
use session_crypto::ed25519::SigningKey;
use session_storage::{
    Context, Error, MAX_DATA_LEN, MIN_TTL, Namespace, Rejection, Retrieve, Store,
};

const NOW: UnixMillis = UnixMillis::from_secs(1_800_000_000);
const HERE: Context = Context::new(NOW, true);
const MILLI: Duration = Duration::from_millis(1);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn key() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

fn group() -> NetworkId {
    let mut id = [3; 33];
    id[1..].copy_from_slice(key().public().as_bytes());
    id.into()
}

fn store(namespace: Namespace) -> Store<'static> {
    Store::new(group(), namespace, b"data", NOW, seconds(3600)).unwrap()
}

fn decide(store: Store<'_>, context: Context) -> Option<(u16, Rejection)> {
    let rejection = store.authorize(&context).err()?;
    Some((rejection.status(), rejection))
}

#[test]
fn stores_by_the_order_of_the_checks() {
    let method = Store::METHOD;
    let elsewhere = Context::new(NOW, false);
    let mut bad = store(Namespace::GROUP_KEYS);
    bad.timestamp = NOW.saturating_add(seconds(11));
    bad.expiry = bad.timestamp;
    let wrong_swarm = Some((421, Rejection::WrongSwarm));
    assert_eq!(decide(bad.clone(), elsewhere), wrong_swarm);
    assert_eq!(decide(bad.clone(), HERE), Some((403, Rejection::Ttl)));
    bad.expiry = bad.timestamp.saturating_add(MIN_TTL);
    assert_eq!(decide(bad.clone(), HERE), Some((406, Rejection::Clock)));
    bad.timestamp = NOW;
    let unsigned = Some((401, Rejection::Unsigned { method }));
    assert_eq!(decide(bad.clone(), HERE), unsigned);
    let late = NOW.saturating_sub(seconds(60) + MILLI);
    let mut bad = bad.sign(&key(), late).unwrap();
    bad.namespace = Namespace::GROUP_INFO;
    let clock = Some((406, Rejection::SignatureClock { method }));
    assert_eq!(decide(bad.clone(), HERE), clock);
    if let Some(signed) = &mut bad.signed {
        signed.at = NOW;
    }
    let signature = Some((401, Rejection::Signature { method }));
    assert_eq!(decide(bad.clone(), HERE), signature);
    assert_eq!(decide(bad.sign(&key(), NOW).unwrap(), HERE), None);
}

#[test]
fn edges_of_the_windows_are_inside() {
    for (offset, inside) in [(seconds(60), true), (seconds(60) + MILLI, false)] {
        for at in [NOW.saturating_add(offset), NOW.saturating_sub(offset)] {
            let store = store(Namespace::GROUP_KEYS).sign(&key(), at).unwrap();
            assert_eq!(store.authorize(&HERE).is_ok(), inside);
            let retrieve = Retrieve::new(group(), Namespace::GROUP_KEYS);
            let retrieve = retrieve.sign(&key(), at).unwrap();
            assert_eq!(retrieve.authorize(&HERE).is_ok(), inside);
        }
    }
    for (offset, inside) in [(seconds(10), true), (seconds(10) + MILLI, false)] {
        let mut ahead = store(Namespace::DIRECT);
        ahead.timestamp = NOW.saturating_add(offset);
        assert_eq!(ahead.authorize(&HERE).is_ok(), inside);
        let mut expired = store(Namespace::DIRECT);
        expired.expiry = NOW.saturating_sub(offset);
        expired.timestamp = expired.expiry.saturating_sub(MIN_TTL);
        assert_eq!(expired.authorize(&HERE).is_ok(), inside);
    }
}

#[test]
fn signatures_in_a_public_inbox_are_not_looked_at() {
    let mut store = store(Namespace::DIRECT).sign(&key(), NOW).unwrap();
    store.pubkey = [5; 33].into();
    assert!(store.authorize(&HERE).is_ok());
}

#[test]
fn retrieves_are_signed_unless_open() {
    let method = Retrieve::METHOD;
    let decide = |retrieve: Retrieve, context| {
        let rejection = retrieve.authorize(&context).err()?;
        Some((rejection.status(), rejection))
    };
    let open = Retrieve::new(group(), Namespace::ACCOUNT_KEYS);
    assert_eq!(decide(open, HERE), None);
    assert_eq!(
        decide(open, Context::new(NOW, false)),
        Some((421, Rejection::WrongSwarm))
    );
    let closed = Retrieve::new(group(), Namespace::DIRECT);
    assert_eq!(
        decide(closed, HERE),
        Some((401, Rejection::Unsigned { method }))
    );
    // Where a signature is given it must be good, also in an open namespace.
    let mut open = open.sign(&key(), NOW).unwrap();
    assert_eq!(decide(open, HERE), None);
    open.namespace = Namespace::LEGACY_GROUP;
    assert_eq!(
        decide(open, HERE),
        Some((401, Rejection::Signature { method }))
    );
}

#[test]
fn clients_do_not_make_what_nodes_refuse() {
    let make = |namespace, length: usize, ttl| {
        Store::new(group(), namespace, vec![0; length], NOW, ttl).map(drop)
    };
    let day = seconds(86_400);
    assert_eq!(make(Namespace::DIRECT, MAX_DATA_LEN, 14 * day), Ok(()));
    assert_eq!(make(Namespace::CONTACTS, 0, 30 * day), Ok(()));
    assert_eq!(make(Namespace::CONTACTS, 0, MIN_TTL), Ok(()));
    for (namespace, ttl) in [
        (Namespace::DIRECT, 14 * day + MILLI),
        (Namespace::CONTACTS, 30 * day + MILLI),
        (Namespace::CONTACTS, MIN_TTL - MILLI),
        (Namespace::CONTACTS, Duration::MAX),
    ] {
        assert_eq!(make(namespace, 0, ttl), Err(Error::Ttl));
    }
    assert!(matches!(
        make(Namespace::DIRECT, MAX_DATA_LEN + 1, day),
        Err(Error::TooLong { got: 76_801, .. })
    ));
    let foreign = SigningKey::from_seed(&[2; 32]);
    assert_eq!(
        store(Namespace::DIRECT).sign(&foreign, NOW),
        Err(Error::WrongKey)
    );
}

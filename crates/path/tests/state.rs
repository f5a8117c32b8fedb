//! What is saved, and what is read again.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

mod network;

use network::{START, after, choose, key, pool, rng};
use proptest::prelude::*;
use session_path::{Error, Failure, Paths, Policy};

/// Two guards, the first with a failed path, and strikes: three of node 4.
fn paths() -> Paths {
    let (pool, mut rng) = (pool(40), rng(1));
    let mut paths = Paths::new(Policy::default());
    let first = choose(&mut paths, &pool, 0, &mut rng);
    let second = choose(&mut paths, &pool, 5, &mut rng);
    paths.failed(first.id(), Failure::EdgeNotReady, after(7));
    let destination = Some(key(4));
    let failure = Failure::UnparseableData { destination };
    paths.failed(second.id(), failure, after(8));
    paths
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn restore(bytes: &[u8], secs: u64) -> Result<Paths, Error> {
    Paths::restore(Policy::default(), bytes, after(secs))
}

/// Whoever changes the format breaks the state of all who have saved one: then it needs a new
/// version, and this file goes on being read.
#[test]
fn version_1_is_written_and_read_for_ever() {
    let saved = unhex(include_str!("saved-state-1.hex"));
    assert_eq!(paths().save(), saved);

    let restored = restore(&saved, 100).unwrap();
    let (before, after_all) = (paths(), restored.guards());
    assert_eq!(after_all.len(), 2);
    for (known, old) in after_all.iter().zip(before.guards()) {
        let (key, since, failures) = (old.key, old.since, old.failures);
        assert_eq!(
            (known.key, known.since, known.failures),
            (key, since, failures)
        );
    }
    assert_eq!(after_all[0].failures, 1);
    assert!(restored.strikes().is_struck_out(&key(4), after(100)));
    assert!(
        !restored
            .strikes()
            .is_struck_out(&key(4), after(48 * 3600 + 8))
    );
    assert!(restored.active().is_empty());
    assert_eq!(restored.save(), saved);
}

#[test]
fn restored_guards_are_used_again() {
    let (pool, mut rng) = (pool(40), rng(2));
    let mut restored = restore(&paths().save(), 100).unwrap();
    let guard = restored.guards()[0].key;
    assert!(
        restored
            .choose(
                &session_swarm::Pool::default(),
                session_path::Category::Standard,
                None,
                after(100),
                &mut rng
            )
            .is_err()
    );
    assert_eq!(
        restored.guards().len(),
        2,
        "not forgotten before the list is there"
    );
    let path = choose(&mut restored, &pool, 100, &mut rng);
    assert_eq!(path.nodes()[0].key, guard);
    assert!(!path.contains(&key(4)));
}

#[test]
fn guards_from_ahead_are_young_and_old_strikes_left_out() {
    let saved = paths().save();
    let earlier = START.saturating_sub(core::time::Duration::from_secs(1000));
    let restored = Paths::restore(Policy::default(), &saved, earlier).unwrap();
    assert!(restored.guards().iter().all(|guard| guard.since == earlier));
    assert!(restored.strikes().is_struck_out(&key(4), earlier));
    assert!(
        !restored
            .strikes()
            .is_struck_out(&key(4), after(48 * 3600 + 8))
    );
    let much_later = restore(&saved, 48 * 3600 + 8).unwrap();
    assert_eq!(much_later.save().len(), 3 + 2 * 43 + (2 + 2 * 8) + 2);
}

#[test]
fn guards_beyond_the_policys_number_are_left_out() {
    let policy = Policy::default()
        .with_min_standard_paths(0)
        .with_min_file_paths(0);
    let mut saved = vec![1, 0, 9];
    for number in 0..9 {
        saved.extend([number; 32]);
        saved.extend(START.as_millis().to_be_bytes());
        saved.extend([0; 3]);
    }
    saved.extend([0; 4]);
    let restored = Paths::restore(policy, &saved, START).unwrap();
    let guards: Vec<_> = restored.guards().iter().map(|guard| guard.key).collect();
    assert_eq!(guards, [key(0), key(1)]);
}

#[test]
fn what_is_never_written_is_refused() {
    let error = |bytes: &[u8]| restore(bytes, 100).err();
    let saved = paths().save();
    for len in 0..saved.len() {
        assert_eq!(error(&saved[..len]), Some(Error::State), "{len}");
    }
    let longer = [&saved[..], &[0]].concat();
    assert_eq!(error(&longer), Some(Error::State));
    for version in [0, 2, 255] {
        let mut other = saved.clone();
        other[0] = version;
        assert_eq!(error(&other), Some(Error::StateVersion { version }));
    }
    let guard = [&[3; 32][..], &[0; 11]].concat();
    let same_guard_twice = [&[1, 0, 2][..], &guard, &guard, &[0; 4]].concat();
    assert_eq!(error(&same_guard_twice), Some(Error::State));
    let strikes =
        |key: u8, count: u8| [&[key; 32][..], &[count], &vec![0; 8 * usize::from(count)]].concat();
    let with = |nodes: &[Vec<u8>]| {
        let count = u16::try_from(nodes.len()).unwrap().to_be_bytes();
        [&[1, 0, 0, 0, 0][..], &count, &nodes.concat()].concat()
    };
    assert_eq!(error(&with(&[strikes(1, 1), strikes(2, 255)])), None);
    assert_eq!(
        error(&with(&[strikes(1, 1), strikes(1, 1)])),
        Some(Error::State)
    );
    assert_eq!(
        error(&with(&[strikes(2, 1), strikes(1, 1)])),
        Some(Error::State)
    );
    assert_eq!(error(&with(&[strikes(1, 0)])), Some(Error::State));
    let many: Vec<_> = (0..4097u16)
        .map(|number| {
            let mut node = strikes(0, 1);
            node[..2].copy_from_slice(&number.to_be_bytes());
            node
        })
        .collect();
    assert_eq!(error(&with(&many[..4096])), None);
    assert_eq!(error(&with(&many)), Some(Error::State));
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_written_again(
        bytes: Vec<u8>,
        at in 0usize..300,
        to: u8,
        secs in 0u64..1_000_000,
    ) {
        let _ = restore(&bytes, secs);
        let mut saved = paths().save();
        if let Some(byte) = saved.get_mut(at) {
            *byte = to;
        }
        if let Ok(restored) = restore(&saved, secs) {
            let again = restored.save();
            let twice = restore(&again, secs).unwrap();
            prop_assert_eq!(twice.save(), again);
        }
    }
}

//! The list of account keys.

use rand_chacha::ChaCha8Rng;
use session_core::UnixMillis;
use session_crypto::rand_core::SeedableRng;
use session_pfs::{AccountKey, AccountKeys, DeviceId, KeySeed, UnopenedMessages};

use crate::bytes::Bytes;

const NOW: i64 = 1_790_000_000;
const DAY: i64 = 24 * 3600;

/// Lists as they are saved, and lists that rotate and merge anything.
pub fn account_keys(data: &[u8]) {
    let mut bytes = Bytes(data);
    match bytes.byte() % 3 {
        0 => {
            // Few keys, since expanding them takes time.
            let saved = bytes.take(500);
            if let Ok(keys) = AccountKeys::read(saved) {
                check(&keys);
                assert_eq!(written(&keys), saved);
            }
        }
        1 => {
            let saved = bytes.rest();
            if let Ok(messages) = UnopenedMessages::read(saved) {
                let mut out = Vec::new();
                messages.write(&mut out);
                assert_eq!(out, saved);
            }
        }
        _ => steps(bytes),
    }
}

fn written(keys: &AccountKeys) -> Vec<u8> {
    let mut out = Vec::new();
    keys.write(&mut out);
    out
}

fn told(keys: &AccountKeys) -> Vec<AccountKey> {
    keys.iter().map(|held| held.key().clone()).collect()
}

fn check(keys: &AccountKeys) {
    let told = told(keys);
    assert!(told.len() <= 128);
    // The active one first, then by rotation.
    assert!(told.iter().skip(1).all(|key| key.rotated.is_some()));
    assert!(
        told.iter()
            .skip(1)
            .is_sorted_by(|a, b| a.rotated >= b.rotated)
    );
    assert!(keys.active().is_none_or(|held| held.key() == &told[0]));
    assert_eq!(keys.distribution_owed(), !keys.undistributed().is_empty());
}

fn time(secs: i64) -> UnixMillis {
    UnixMillis::from_secs(u64::try_from(secs).expect("after 1970"))
}

/// Any of few keys with any times around now.
fn key(bytes: &mut Bytes<'_>) -> AccountKey {
    let (seed, created, rotated) = (bytes.byte(), bytes.byte(), bytes.byte());
    let at = |byte: u8| match byte {
        255 => i64::MAX,
        254 => i64::MIN,
        byte => NOW + (i64::from(byte) - 100) * DAY / 4,
    };
    let rotated = (rotated & 1 == 1).then(|| at(rotated));
    AccountKey::new(KeySeed::from_bytes([seed % 5; 32]), at(created), rotated)
}

fn steps(mut bytes: Bytes<'_>) {
    let mut devices = [AccountKeys::new(), AccountKeys::new()];
    let mut now = NOW;
    let mut rng = ChaCha8Rng::from_seed([5; 32]);
    let mut steps = 0;
    while !bytes.is_empty() && steps < 24 {
        steps += 1;
        let choice = bytes.byte();
        let [keys, other] = if choice & 1 == 0 {
            let [a, b] = &mut devices;
            [a, b]
        } else {
            let [a, b] = &mut devices;
            [b, a]
        };
        match choice >> 1 & 7 {
            0 => {
                let latest = keys.iter().map(|held| held.key().created).max();
                keys.rotate(time(now), &mut rng);
                let active = keys.active().expect("just made");
                assert!(active.key().created >= now && !active.is_distributed());
                assert!(latest.is_none_or(|latest| latest <= active.key().created));
            }
            1 => {
                let owed = keys.undistributed();
                keys.mark_distributed(&owed);
                assert!(!keys.distribution_owed());
            }
            2 => now += DAY,
            3 => {
                let pruned = keys.prune(time(now));
                assert!(!keys.prune(time(now)));
                assert!(!pruned || keys.next_deadline().is_none_or(|next| next > time(now)));
            }
            4 => {
                let read = AccountKeys::read(&written(keys)).expect("as written");
                assert_eq!(written(&read), written(keys));
                *keys = read;
            }
            5 => {
                keys.merge(told(other), time(now));
                // Once more changes nothing.
                let before = written(keys);
                keys.merge(told(other), time(now));
                assert_eq!(written(keys), before);
            }
            _ => {
                let incoming: Vec<_> = (0..=choice >> 6).map(|_| key(&mut bytes)).collect();
                let held = keys.iter().count();
                let merged = keys.merge(incoming, time(now));
                assert!(keys.iter().count() <= held + merged.added);
            }
        }
        check(keys);
        if let (Some(due), Some(active)) = (
            keys.rotation_due(&DeviceId::from_bytes([1; 32]), choice.into()),
            keys.active(),
        ) {
            // However far ahead the key is dated.
            let made = active.key().created.clamp(0, now);
            assert!(due <= time(made + 13 * 3600));
        }
    }
}

/// Saved lists and messages, and steps.
#[must_use]
pub fn account_keys_seeds() -> Vec<Vec<u8>> {
    let mut rng = ChaCha8Rng::from_seed([6; 32]);
    let mut keys = AccountKeys::new();
    keys.set_publishing(true);
    for later in [0, 1, 2] {
        keys.rotate(time(NOW + later), &mut rng);
    }
    vec![
        [vec![0], written(&keys)].concat(),
        [
            &[1, 1, 0, 1, 0, 0, 1, 0xa0, 0, 0, 0, 0, 0, 0, 0, 4][..],
            b"hash",
            &[0, 0, 0, 2, 0, 2],
        ]
        .concat(),
        vec![2, 0, 1, 0, 2, 10, 11, 8, 4, 6, 9],
        vec![
            2, 12, 1, 100, 0, 12, 2, 101, 3, 13, 1, 100, 99, 11, 10, 4, 6,
        ],
        vec![
            2, 0xcc, 1, 255, 0, 2, 254, 1, 3, 100, 255, 4, 90, 80, 0, 1, 11,
        ],
    ]
}

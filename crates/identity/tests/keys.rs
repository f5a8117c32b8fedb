//! Accounts, conversions, and the keys that derive from an account for one purpose each.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used
)]

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use session_crypto::ed25519::{PublicKey, Signature, SigningKey};
use session_crypto::x25519;
use session_crypto::zeroize::ZeroizeOnDrop;
use session_identity::conversion::{account_id, positive_ed25519_key, x25519_key};
use session_identity::pro::{MasterKey, ROTATION_SECS, RotatingKey};
use session_identity::session_core::{AccountId, Prefix, UnixMillis, base64};
use session_identity::version_check::{self, VersionCheckKey, signed_bytes};
use session_identity::{Account, Error, Request, Seed};

fn account(seed: [u8; 32]) -> Account {
    Account::from_seed(&Seed::from(seed))
}

/// A secret key as apps store it.
fn long_form(key: &SigningKey) -> Vec<u8> {
    [&key.expose_seed()[..], key.public().as_bytes()].concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn both_forms_of_a_secret_give_the_account(
        seed: [u8; 32],
        flip in 32usize..64,
        bit in 0u32..8,
    ) {
        let account = account(seed);
        let mut secret = long_form(account.expose_signing_key());
        prop_assert_eq!(Account::from_secret(&seed), Ok(account.clone()));
        prop_assert_eq!(Account::from_secret(&secret), Ok(account.clone()));
        prop_assert_eq!(account.seed(), Seed::from(seed));

        secret[flip] ^= 1 << bit;
        prop_assert_eq!(Account::from_secret(&secret), Err(Error::PublicHalfMismatch));
        prop_assert_eq!(MasterKey::from_secret(&secret), Err(Error::PublicHalfMismatch));
        secret[flip] ^= 1 << bit;
        secret[flip - 32] ^= 1 << bit;
        prop_assert_eq!(Account::from_secret(&secret), Err(Error::PublicHalfMismatch));
    }

    #[test]
    fn conversions_agree(seed: [u8; 32]) {
        let account = account(seed);
        let id = account.id();
        prop_assert_eq!(id.prefix(), Prefix::Standard);
        prop_assert_eq!(account_id(account.ed25519_key()), Ok(id));
        prop_assert_eq!(x25519_key(&id), Ok(*account.x25519_key().public()));

        let positive = positive_ed25519_key(&id).unwrap();
        let mut own = *account.ed25519_key().as_bytes();
        own[31] &= 0x7f;
        prop_assert_eq!(positive.as_bytes(), &own);
        own[31] |= 0x80;
        let negative = PublicKey::from_bytes(&own).unwrap();
        for key in [positive, negative] {
            prop_assert_eq!(account_id(&key), Ok(id));
        }
    }

    #[test]
    fn any_id_converts_both_ways_or_not_at_all(key: [u8; 32]) {
        let id = AccountId::new(Prefix::Standard, key);
        prop_assert_eq!(x25519_key(&id), Ok(x25519::PublicKey::from_bytes(key)));
        match positive_ed25519_key(&id) {
            Ok(converted) => {
                let back = account_id(&converted).unwrap();
                let mut expected = key;
                expected[31] &= 0x7f;
                prop_assert_eq!(back.key_bytes(), &expected);
            }
            Err(error) => prop_assert_eq!(error, Error::InvalidPoint),
        }
    }

    #[test]
    fn rotating_keys_are_those_of_their_week(
        seed: [u8; 32],
        week in 0u64..5_000,
        at in 0..ROTATION_SECS * 1000,
    ) {
        let master = account(seed).pro_master_key();
        let start = week * ROTATION_SECS;
        let millis = |millis| master.rotating_key(UnixMillis::from_millis(millis));
        let key = millis(start * 1000 + at);
        prop_assert_eq!(key.since(), UnixMillis::from_secs(start));
        prop_assert_eq!(&key, &millis(start * 1000), "the first instant");
        let end = (start + ROTATION_SECS) * 1000;
        prop_assert_eq!(&key, &millis(end - 1), "the last instant");
        let next = millis(end);
        prop_assert_ne!(key.key(), next.key());
        prop_assert_eq!(next.since(), UnixMillis::from_millis(end));
    }

    #[test]
    fn every_purpose_has_its_own_key(seed: [u8; 32], other: [u8; 32]) {
        prop_assume!(seed != other);
        let week = UnixMillis::from_secs(1_700_000_000);
        let mut keys = Vec::new();
        for account in [account(seed), account(other)] {
            let master = account.pro_master_key();
            prop_assert_eq!(MasterKey::from_secret(master.key().expose_seed()), Ok(master.clone()));
            let again = MasterKey::from_secret(&long_form(master.key())).unwrap();
            prop_assert_eq!(again.rotating_key(week), master.rotating_key(week));
            for key in [
                account.expose_signing_key(),
                master.key(),
                master.rotating_key(week).key(),
                account.version_check_key().key(),
            ] {
                keys.push(*key.public().as_bytes());
            }
        }
        keys.sort_unstable();
        keys.dedup();
        prop_assert_eq!(keys.len(), 8);
    }

    #[test]
    fn version_checks_verify_under_the_id(
        seed: [u8; 32],
        secs in 0u64..u64::MAX / 1000,
        bit in 0usize..512,
    ) {
        let key = account(seed).version_check_key();
        let id = key.id();
        prop_assert_eq!(id.prefix(), Prefix::VersionBlinded);
        let public = PublicKey::from_bytes(id.key_bytes()).unwrap();
        prop_assert_eq!(&public, key.key().public());

        let request = Request::new("GET", "/session_version?platform=desktop", b"").unwrap();
        let now = UnixMillis::from_secs(secs);
        let message = signed_bytes(&request, now);
        prop_assert_eq!(
            &message,
            &format!("{secs}GET/session_version?platform=desktop").into_bytes()
        );
        let signature = key.sign(&request, now).unwrap();
        prop_assert_eq!(public.verify(&message, &signature), Ok(()));
        let mut changed = *signature.as_bytes();
        changed[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(public.verify(&message, &Signature::from_bytes(changed)).is_err());
        let own = account(seed);
        prop_assert!(own.ed25519_key().verify(&message, &signature).is_err());

        prop_assert_eq!(
            key.sign_headers(&request, now),
            Ok([
                ("X-FS-Pubkey", id.to_string()),
                ("X-FS-Timestamp", secs.to_string()),
                ("X-FS-Signature", base64::encode(signature.as_bytes())),
            ])
        );
        let with_body = Request::new("GET", "/session_version", b"?platform=desktop").unwrap();
        prop_assert_eq!(key.sign(&with_body, now), Err(Error::Body));
        prop_assert_eq!(key.sign_headers(&with_body, now), Err(Error::Body));
    }
}

#[test]
fn secrets_of_other_lengths_are_refused() {
    for got in [0, 16, 31, 33, 63, 65, 96] {
        let secret = &[1; 96][..got];
        let refused = Error::SecretKeyLength { got };
        assert_eq!(Account::from_secret(secret), Err(refused));
        assert_eq!(MasterKey::from_secret(secret), Err(refused));
    }
}

#[test]
fn only_account_ids_convert() {
    for prefix in [
        Prefix::Unblinded,
        Prefix::Group,
        Prefix::VersionBlinded,
        Prefix::Blinded15,
        Prefix::Blinded25,
        Prefix::CommunitySystem,
    ] {
        let id = AccountId::new(prefix, *account([1; 32]).id().key_bytes());
        let refused = Error::WrongPrefix {
            expected: 0x05,
            got: prefix.byte(),
        };
        assert_eq!(x25519_key(&id), Err(refused));
        assert_eq!(positive_ed25519_key(&id), Err(refused));
    }
    // The base point plus the point of order 2: it verifies signatures, but belongs to no account.
    let mixed = PublicKey::from_slice(&[&[0x95][..], &[0x99; 31]].concat()).unwrap();
    assert_eq!(account_id(&mixed), Err(Error::InvalidPoint));
    let id = "0512c7711cc7711cc7711cc7711cc7711cc7711cc7711cc7711cc7711cc7711c47";
    assert_eq!(
        positive_ed25519_key(&id.parse().unwrap()),
        Err(Error::InvalidPoint)
    );
    for u in [0, 1, 2] {
        let mut key = [0; 32];
        key[0] = u;
        assert_eq!(
            positive_ed25519_key(&AccountId::new(Prefix::Standard, key)),
            Err(Error::InvalidPoint)
        );
    }
}

#[test]
fn fresh_accounts_differ_and_have_short_seeds() {
    let mut rng = ChaCha20Rng::from_seed([2; 32]);
    let account = Account::generate(&mut rng);
    assert_eq!(account.seed().expose_bytes()[16..], [0; 16]);
    assert_ne!(account.seed().expose_bytes()[..16], [0; 16]);
    assert_ne!(account.id(), Account::generate(&mut rng).id());
    let restored =
        Account::from_seed(&Seed::from_bytes(&account.seed().expose_bytes()[..16]).unwrap());
    assert_eq!(restored, account);
}

#[test]
fn a_version_check_covers_the_whole_request() {
    let now = UnixMillis::from_secs(1_700_000_000);
    let bytes = |method, path, body: &'static [u8], now| {
        signed_bytes(&Request::new(method, path, body).unwrap(), now)
    };
    assert_eq!(
        bytes("POST", "/info?a=b", b"body", now),
        b"1700000000POST/info?a=bbody"
    );
    let original = bytes("GET", "/info", b"", now);
    for other in [
        bytes("POST", "/info", b"", now),
        bytes("GET", "/info?a", b"", now),
        bytes("GET", "/info", b"b", now),
        bytes("GET", "/info", b"", UnixMillis::from_secs(1_700_000_001)),
    ] {
        assert_ne!(original, other);
    }
    assert_eq!(
        [
            version_check::PUBKEY,
            version_check::TIMESTAMP,
            version_check::SIGNATURE
        ],
        ["X-FS-Pubkey", "X-FS-Timestamp", "X-FS-Signature"]
    );
}

#[test]
fn the_last_week_has_a_key() {
    let master = account([3; 32]).pro_master_key();
    let end = UnixMillis::from_millis(u64::MAX);
    let key = master.rotating_key(end);
    assert!(key.since() <= end);
    assert!(key.since().as_secs().is_multiple_of(ROTATION_SECS));
}

#[test]
fn logs_show_little_and_secrets_are_erased() {
    const fn assert<T: ZeroizeOnDrop>() {}
    const { assert::<Account>() }
    const { assert::<MasterKey>() }
    const { assert::<RotatingKey>() }
    const { assert::<VersionCheckKey>() }
    let account = account([4; 32]);
    let key = account.version_check_key();
    assert_eq!(
        format!("{key:?}"),
        format!("VersionCheckKey({})", key.id().short())
    );
    let master = account.pro_master_key();
    assert_eq!(format!("{master:?}"), "MasterKey(..)");
    let rotating = master.rotating_key(UnixMillis::default());
    assert_eq!(format!("{rotating:?}"), "RotatingKey(..)");
}

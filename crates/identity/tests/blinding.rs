//! Ids on community servers (spec 01 §8).

#![allow(clippy::indexing_slicing)]

use proptest::prelude::*;
use session_crypto::ed25519::PublicKey;
use session_crypto::zeroize::ZeroizeOnDrop;
use session_identity::blinding::{
    Blinded15, Blinded15Ids, Blinded25, ServerKey, blind15_id, blind25_id, matches, unblind15,
    unblind15_id,
};
use session_identity::conversion::account_id;
use session_identity::session_core::{AccountId, Prefix};
use session_identity::{Account, Error, Seed};

const SERVER: ServerKey = ServerKey::from_bytes([0xab; 32]);

/// The accounts with sign bit 0 and 1 in their Ed25519 keys that come first after `seed`.
fn accounts_of_both_signs(mut seed: [u8; 32]) -> [Account; 2] {
    [0, 0x80].map(|sign| {
        loop {
            seed[0] = seed[0].wrapping_add(1);
            let account = Account::from_seed(&Seed::from(seed));
            if account.ed25519_key().as_bytes()[31] & 0x80 == sign {
                break account;
            }
        }
    })
}

fn with_flipped_sign(id: &AccountId) -> AccountId {
    let mut key = *id.key_bytes();
    key[31] ^= 0x80;
    AccountId::new(id.prefix(), key)
}

fn with_prefix(prefix: Prefix, id: &AccountId) -> AccountId {
    AccountId::new(prefix, *id.key_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn pairs_have_the_ids_that_others_compute(seed: [u8; 32], server: [u8; 32]) {
        let server = ServerKey::from_bytes(server);
        for account in accounts_of_both_signs(seed) {
            let id = account.id();
            let blinded = account.blind15(&server).id();
            prop_assert_eq!(blinded.prefix(), Prefix::Blinded15);
            prop_assert_eq!(blind15_id(account.ed25519_key(), &server), Ok(blinded));

            let ids = Blinded15Ids::new(&id, &server).unwrap();
            prop_assert_eq!(ids.other(), &with_flipped_sign(ids.from_positive()));
            let negative = account.ed25519_key().as_bytes()[31] & 0x80 != 0;
            let own = if negative { ids.other() } else { ids.from_positive() };
            prop_assert_eq!(own, &blinded);
            prop_assert_eq!(ids.abs().key_bytes()[31] & 0x80, 0);
            prop_assert!(ids.contains(ids.abs()));
            prop_assert!(ids.contains(&blinded));
            prop_assert!(!ids.contains(&with_prefix(Prefix::Blinded25, &blinded)));

            let blinded = account.blind25(&server).id();
            prop_assert_eq!(blinded.prefix(), Prefix::Blinded25);
            prop_assert_eq!(blind25_id(&id, &server), Ok(blinded));
        }
    }

    #[test]
    fn form_15_unblinds_to_the_account(seed: [u8; 32], server: [u8; 32]) {
        let server = ServerKey::from_bytes(server);
        for account in accounts_of_both_signs(seed) {
            let blinded = account.blind15(&server).id();
            prop_assert_eq!(unblind15(&blinded, &server), Ok(*account.ed25519_key()));
            prop_assert_eq!(unblind15_id(&blinded, &server), Ok(account.id()));
            // The negative of the key belongs to the same Account ID.
            let flipped = with_flipped_sign(&blinded);
            prop_assert_eq!(unblind15_id(&flipped, &server), Ok(account.id()));
            let elsewhere = unblind15_id(&blinded, &SERVER).unwrap();
            prop_assert_eq!(elsewhere == account.id(), server == SERVER);
        }
    }

    #[test]
    fn matching_goes_by_account_server_and_sign(seed: [u8; 32], server: [u8; 32]) {
        let server = ServerKey::from_bytes(server);
        prop_assume!(server != SERVER);
        let accounts = accounts_of_both_signs(seed);
        for (at, account) in accounts.iter().enumerate() {
            let form15 = account.blind15(&server).id();
            let form25 = account.blind25(&server).id();
            for (blinded, sign_matters) in [(form15, false), (form25, true)] {
                prop_assert_eq!(matches(&account.id(), &blinded, &server), Ok(true));
                let flipped = with_flipped_sign(&blinded);
                prop_assert_eq!(matches(&account.id(), &flipped, &server), Ok(!sign_matters));
                let stranger = accounts[at ^ 1].id();
                prop_assert_eq!(matches(&stranger, &blinded, &server), Ok(false));
                prop_assert_eq!(matches(&account.id(), &blinded, &SERVER), Ok(false));
            }
            // The key of one form is not that of the other.
            for swapped in [
                with_prefix(Prefix::Blinded25, &form15),
                with_prefix(Prefix::Blinded15, &form25),
            ] {
                prop_assert_eq!(matches(&account.id(), &swapped, &server), Ok(false));
            }
        }
    }

    #[test]
    fn signatures_verify_under_the_key_in_the_id(seed: [u8; 32], message: Vec<u8>) {
        for account in accounts_of_both_signs(seed) {
            let (form15, form25) = (account.blind15(&SERVER), account.blind25(&SERVER));
            let keys = [
                PublicKey::from_bytes(form15.id().key_bytes()).unwrap(),
                PublicKey::from_bytes(form25.id().key_bytes()).unwrap(),
                *account.ed25519_key(),
            ];
            let signatures = [form15.sign(&message), form25.sign(&message)];
            for (own, signature) in signatures.iter().enumerate() {
                for (at, key) in keys.iter().enumerate() {
                    prop_assert_eq!(key.verify(&message, signature).is_ok(), at == own);
                }
            }
            prop_assert_eq!(form15.key().sign(&message), form15.sign(&message));
            prop_assert_eq!(form25.key().sign(&message), form25.sign(&message));
        }
    }

    #[test]
    fn any_key_bytes_are_an_answer(key: [u8; 32], server: [u8; 32]) {
        let server = ServerKey::from_bytes(server);
        let account = AccountId::new(Prefix::Standard, key);
        // Half of all X25519 keys, and more of them, belong to no account.
        let ids = Blinded15Ids::new(&account, &server);
        let id = blind25_id(&account, &server);
        prop_assert_eq!(ids.is_ok(), id.is_ok());
        for prefix in [Prefix::Blinded15, Prefix::Blinded25] {
            let blinded = AccountId::new(prefix, key);
            prop_assert_eq!(matches(&account, &blinded, &server), id.map(|_| false));
        }
        let blinded = AccountId::new(Prefix::Blinded15, key);
        if let Ok(account) = unblind15_id(&blinded, &server) {
            prop_assert_eq!(matches(&account, &blinded, &server), Ok(true));
        }
    }

    #[test]
    fn server_keys_round_trip(bytes: [u8; 32]) {
        let key = ServerKey::from_bytes(bytes);
        prop_assert_eq!(ServerKey::from_slice(key.as_bytes()), Ok(key));
        let text = key.to_string();
        prop_assert_eq!(text.parse(), Ok(key));
        prop_assert_eq!(text.to_uppercase().parse(), Ok(key));
    }
}

#[test]
fn ids_of_other_kinds_are_refused() {
    let account = Account::from_seed(&Seed::from([1; 32]));
    let blinded = account.blind15(&SERVER).id();
    for prefix in [
        Prefix::Unblinded,
        Prefix::Group,
        Prefix::VersionBlinded,
        Prefix::Blinded15,
        Prefix::Blinded25,
        Prefix::CommunitySystem,
    ] {
        let other = with_prefix(prefix, &account.id());
        let refused = Error::WrongPrefix {
            expected: 0x05,
            got: prefix.byte(),
        };
        assert_eq!(Blinded15Ids::new(&other, &SERVER), Err(refused));
        assert_eq!(blind25_id(&other, &SERVER), Err(refused));
        assert_eq!(matches(&other, &blinded, &SERVER), Err(refused));
    }
    for prefix in [
        Prefix::Unblinded,
        Prefix::Group,
        Prefix::Standard,
        Prefix::VersionBlinded,
        Prefix::CommunitySystem,
    ] {
        let other = with_prefix(prefix, &blinded);
        let refused = Error::WrongPrefix {
            expected: 0x15,
            got: prefix.byte(),
        };
        assert_eq!(matches(&account.id(), &other, &SERVER), Err(refused));
        assert_eq!(unblind15(&other, &SERVER), Err(refused));
    }
    // Ids of form 25 can be tested, and not turned back.
    let form25 = account.blind25(&SERVER).id();
    let refused = Error::WrongPrefix {
        expected: 0x15,
        got: 0x25,
    };
    assert_eq!(unblind15_id(&form25, &SERVER), Err(refused));
}

#[test]
fn keys_that_are_no_valid_points_are_refused() {
    // The base point plus the point of order 2, in both encodings.
    let edwards = [&[0x95][..], &[0x99; 31]].concat();
    let montgomery = "12c7711cc7711cc7711cc7711cc7711cc7711cc7711cc7711cc7711cc7711c47";
    let mixed = PublicKey::from_slice(&edwards).unwrap();
    assert_eq!(blind15_id(&mixed, &SERVER), Err(Error::InvalidPoint));

    let mut minus_one = [0xff; 32];
    (minus_one[0], minus_one[31]) = (0xec, 0x7f);
    let small = [0, 1, 2].map(|u| {
        let mut key = [0; 32];
        key[0] = u;
        key
    });
    let small = small.map(|key| AccountId::new(Prefix::Standard, key));
    let others = [
        AccountId::new(Prefix::Standard, minus_one),
        format!("05{montgomery}").parse().unwrap(),
    ];
    for account in small.into_iter().chain(others) {
        assert_eq!(
            Blinded15Ids::new(&account, &SERVER),
            Err(Error::InvalidPoint)
        );
        assert_eq!(blind25_id(&account, &SERVER), Err(Error::InvalidPoint));
        let blinded = AccountId::new(Prefix::Blinded15, [1; 32]);
        assert_eq!(
            matches(&account, &blinded, &SERVER),
            Err(Error::InvalidPoint)
        );
    }

    let mixed: [u8; 32] = edwards.try_into().unwrap();
    for key in [mixed, minus_one, [0; 32], [0xff; 32], [2; 32]] {
        let blinded = AccountId::new(Prefix::Blinded15, key);
        assert_eq!(unblind15(&blinded, &SERVER), Err(Error::InvalidPoint));
        assert_eq!(unblind15_id(&blinded, &SERVER), Err(Error::InvalidPoint));
    }
}

#[test]
fn server_key_errors() {
    for got in [0, 31, 33, 64] {
        assert_eq!(
            ServerKey::from_slice(&[1; 64][..got]),
            Err(Error::ServerKeyLength { got })
        );
    }
    let digits = "ab".repeat(32);
    let with_a_letter = format!("{}g", &digits[1..]);
    let prefixed = format!("0x{digits}");
    let spaced = format!(" {digits}");
    let account_id = "05".repeat(33);
    let two_bytes_a_letter = "é".repeat(32);
    for text in [
        "",
        &digits[1..],
        &with_a_letter,
        &prefixed,
        &spaced,
        &account_id,
        &two_bytes_a_letter,
    ] {
        assert_eq!(text.parse::<ServerKey>(), Err(Error::ServerKeyText));
    }
}

#[test]
fn logs_show_little_and_secrets_are_erased() {
    const fn assert<T: ZeroizeOnDrop>() {}
    const { assert::<Blinded15>() }
    const { assert::<Blinded25>() }
    let account = Account::from_seed(&Seed::from([1; 32]));
    let (form15, form25) = (account.blind15(&SERVER), account.blind25(&SERVER));
    assert_eq!(
        format!("{form15:?}"),
        format!("Blinded15({})", form15.id().short())
    );
    assert_eq!(
        format!("{form25:?}"),
        format!("Blinded25({})", form25.id().short())
    );
    assert_eq!(format!("{SERVER:?}"), "ServerKey(abab…)");
    assert_eq!(account_id(account.ed25519_key()), Ok(account.id()));
}

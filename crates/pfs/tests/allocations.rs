//! How often sealing and opening allocate, and how much.

#![allow(clippy::arithmetic_side_effects, clippy::unwrap_used)]

use allocation_counter::measure;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use session_pfs::session_crypto::mlkem768::decoy_ciphertext;
use session_pfs::session_identity::{Account, Seed};
use session_pfs::{KeyPair, KeySeed, MessageSize, Sender, open, seal, seal_without_pfs};

const LENS: [usize; 5] = [0, 279, 280, 2_000, 60_000];

fn account(byte: u8) -> Account {
    Account::from_seed(&Seed::from([byte; 32]))
}

fn pair() -> KeyPair {
    KeyPair::of_account_key(&KeySeed::from_bytes([3; 32]))
}

#[test]
fn sealing_allocates_the_message() {
    let (from, to, keys) = (account(1), account(2).id(), pair().public());
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    let rotating_key = from.expose_signing_key().subkey(b"rotating");
    for sender in [
        Sender::new(&from),
        Sender::new(&from).with_pro(&rotating_key),
    ] {
        for len in LENS {
            let content = vec![7; len];
            let size = MessageSize::of(len, sender.pro().is_some()).message();
            let size = u64::try_from(size).unwrap();
            let counted = measure(|| drop(seal(sender, &to, &keys, &content, &mut rng).unwrap()));
            assert_eq!(
                (counted.count_total, counted.bytes_total),
                (1, size),
                "{len}"
            );

            // The library boxes the parts of the key that the filler is made with.
            let filler = measure(|| assert_ne!(decoy_ciphertext(&mut rng), [0; 1088]));
            let counted =
                measure(|| drop(seal_without_pfs(sender, &to, &content, &mut rng).unwrap()));
            assert_eq!(counted.count_total, filler.count_total + 1, "{len}");
            assert_eq!(counted.bytes_total, filler.bytes_total + size, "{len}");
        }
    }
}

#[test]
fn opening_copies_the_ciphertext_once() {
    let (from, to, pair) = (account(1), account(2), pair());
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    for len in LENS {
        let content = vec![7; len];
        let padded = u64::try_from(MessageSize::of(len, false).padded()).unwrap();
        let wires = [
            seal(&from, &to.id(), &pair.public(), &content, &mut rng).unwrap(),
            seal_without_pfs(&from, &to.id(), &content, &mut rng).unwrap(),
        ];
        for wire in wires {
            let counted = measure(|| {
                let opened = open(&to, [&pair], &wire).unwrap();
                assert_eq!(opened.into_content().len(), len);
            });
            assert_eq!(
                (counted.count_total, counted.bytes_total),
                (1, padded),
                "{len}"
            );
            // One for somebody else costs no more.
            let counted = measure(|| assert!(open(&from, [&pair], &wire).is_err()));
            assert_eq!(
                (counted.count_total, counted.bytes_total),
                (1, padded),
                "{len}"
            );
        }
    }
}

/// What is refused by its first bytes or its length costs nothing.
#[test]
fn other_bytes_are_not_copied() {
    let me = account(1);
    for wire in [
        vec![0, 3],
        vec![0, 2],
        [vec![0, 2], vec![0; 76_800]].concat(),
    ] {
        let counted = measure(|| assert!(open(&me, [], &wire).is_err()));
        assert_eq!(counted.count_total, 0);
    }
}

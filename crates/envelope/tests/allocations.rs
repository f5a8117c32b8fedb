//! How often sealing and opening allocate, and how much.

#![allow(clippy::arithmetic_side_effects, clippy::unwrap_used)]

use allocation_counter::measure;
use rand_chacha::ChaCha20Rng;
use session_core::UnixMillis;
use session_crypto::rand_core::SeedableRng;
use session_envelope::proto::{self, DataMessage, Preview};
use session_envelope::{Content, open_one_to_one, seal_one_to_one};
use session_identity::{Account, Seed};

const SENT: UnixMillis = UnixMillis::from_millis(1_755_166_437_229);

fn account(byte: u8) -> Account {
    Account::from_seed(&Seed::from([byte; 32]))
}

/// A message of a little more than `len` bytes.
fn content(len: usize) -> Content {
    let preview = Preview {
        url: Some("x".repeat(len)),
        ..Default::default()
    };
    let data_message = DataMessage {
        preview: vec![preview],
        ..Default::default()
    };
    let content = proto::Content {
        data_message: Some(data_message),
        ..Default::default()
    };
    Content::from_proto(content).unwrap()
}

#[test]
fn sealing_allocates_thrice() {
    let (from, to) = (account(1), account(2).id());
    // All lengths of a step of the padding, too.
    for len in (1..180).chain([2_000, 60_000]) {
        let content = content(len);
        let mut rng = ChaCha20Rng::from_seed([9; 32]);
        let mut sealed_len = 0;
        let counted = measure(|| {
            let sealed = seal_one_to_one(&from, &to, &content, SENT, &mut rng).unwrap();
            sealed_len = sealed.len();
        });
        // The message with its time, its canonical form that is padded and signed, the wire.
        assert_eq!(counted.count_total, 3, "{len}");
        let limit = 3 * u64::try_from(sealed_len).unwrap();
        assert!(counted.bytes_max <= limit, "{len}: {}", counted.bytes_max);
    }
}

#[test]
fn opening_copies_the_message_once() {
    let (from, to) = (account(1), account(2));
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    for len in [1, 100, 2_000, 60_000] {
        let sealed = seal_one_to_one(&from, &to.id(), &content(len), SENT, &mut rng).unwrap();
        let counted = measure(|| drop(open_one_to_one(&to, &sealed).unwrap()));
        // The message; and of the typed form its text and the list that the text is in.
        assert_eq!(counted.count_total, 3, "{len}");
        let limit = 2 * u64::try_from(sealed.len()).unwrap() + 1_000;
        assert!(counted.bytes_max <= limit, "{len}: {}", counted.bytes_max);

        // A message for somebody else costs the copy and nothing more.
        let counted = measure(|| assert!(open_one_to_one(&from, &sealed).is_err()));
        assert_eq!(counted.count_total, 1, "{len}");
    }
}

//! What a hostile phrase costs, and known answers that are long.

#![allow(clippy::unwrap_used)]

use session_identity::Seed;
use session_identity::mnemonic::Language;

#[cfg(feature = "languages")]
#[test]
fn a_flood_of_accents_takes_no_memory() {
    use session_identity::mnemonic::{MAX_DATA_LEN, decode, detect};

    let flood = ["a", &"\u{301}".repeat(100_000), " b c"].concat();
    for language in Language::ALL.iter().copied() {
        let counted = allocation_counter::measure(|| {
            assert!(decode(language, &flood).is_err());
        });
        assert!(counted.bytes_max < 4096, "{language:?}: {counted:?}");
    }
    let novel = "abbey ".repeat(100_000);
    let counted = allocation_counter::measure(|| {
        assert!(detect(Language::ALL, &novel).is_err());
    });
    assert!(counted.bytes_max < u64::try_from(100 * MAX_DATA_LEN).unwrap());
}

#[test]
fn a_long_seed_is_25_words() {
    let seed = Seed::from([0xff; 32]);
    let words = seed.to_mnemonic(Language::English);
    // Eight times the three words of the largest number; all keys are the same three.
    let triples = ["foamy", "solved", "soggy"].repeat(8);
    let (last, others) = words.rsplit_once(' ').map(|(a, b)| (b, a)).unwrap();
    assert_eq!(others, triples.join(" "));
    // CRC-32 of 8 times "foasolsog" is 0x0a4b7759: 17 modulo 24 (and 5 modulo 12).
    assert_eq!(last, "soggy");
    assert_eq!(Seed::from_mnemonic(Language::English, &words), Ok(seed));
}

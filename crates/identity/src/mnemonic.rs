//! Bytes as words that can be written down, and back (spec 01 §6).
//!
//! Three words of a list of 1626 stand for four bytes; one more word is a checksum. This is the
//! codec for any number of bytes: for accounts see [`Seed`](crate::Seed).

mod checksum;
mod language;

use alloc::string::String;
use alloc::vec::Vec;

use zeroize::Zeroizing;

pub use self::language::Language;

use self::checksum::Crc32;
use self::language::{COUNT, MAX_WORD_LEN};
use crate::Error;

/// Longest data in bytes. Looking a word up takes time, since it touches the whole list however
/// soon the word is found: a limit keeps a pasted novel from taking minutes.
pub const MAX_DATA_LEN: usize = 1024;

/// Writes `data` as words with single spaces between them, three words for four bytes, and the
/// checksum word if it is asked for.
///
/// # Errors
/// [`Error::DataLength`] when `data` is empty, longer than [`MAX_DATA_LEN`], or its length no
/// multiple of four.
pub fn encode(language: Language, data: &[u8], checksum: bool) -> Result<Zeroizing<String>, Error> {
    match data.as_chunks() {
        (groups @ [_, ..], []) if data.len() <= MAX_DATA_LEN => {
            Ok(write(language, groups, checksum))
        }
        _ => Err(Error::DataLength { got: data.len() }),
    }
}

/// [`encode`] for data of a suitable length.
pub(crate) fn write(language: Language, groups: &[[u8; 4]], checksum: bool) -> Zeroizing<String> {
    let count = groups.len().saturating_mul(3);
    let mut indices = Zeroizing::new(Vec::with_capacity(count));
    // All of it at once: a text that grows leaves copies of the secret behind.
    let capacity = count
        .saturating_add(1)
        .saturating_mul(MAX_WORD_LEN.saturating_add(1));
    let mut words = Zeroizing::new(String::with_capacity(capacity));
    let mut crc = Crc32::default();

    for group in groups {
        for index in split(u32::from_le_bytes(*group)) {
            if !words.is_empty() {
                words.push(' ');
            }
            let word = language.word_at(index);
            word.push_to(&mut words);
            crc.update(&language.key(word.letters()));
            indices.push(index);
        }
    }
    if checksum && let Some(index) = crc.choose(count).and_then(|at| indices.get(at)) {
        words.push(' ');
        language.word_at(*index).push_to(&mut words);
    }
    words
}

/// Reads words separated by white space: three for four bytes, and optionally the checksum word.
///
/// Only the first letters of a word count (three in English), and case does not.
///
/// # Errors
/// [`Error::WordCount`] unless there are 3n or 3n + 1 words with n > 0, and no more than
/// [`MAX_DATA_LEN`] bytes need; [`Error::UnknownWord`],
/// [`Error::Overflow`], [`Error::Checksum`].
pub fn decode(language: Language, words: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    let got = words.split_whitespace().count();
    let groups = got / 3;
    if groups == 0 || got % 3 == 2 || groups.saturating_mul(4) > MAX_DATA_LEN {
        return Err(Error::WordCount { got });
    }

    let mut indices = Zeroizing::new(Vec::with_capacity(got));
    let mut data = Zeroizing::new(Vec::with_capacity(groups.saturating_mul(4)));
    let mut crc = Crc32::default();
    for (word, position) in words.split_whitespace().zip(1..) {
        let key = Zeroizing::new(language.key(word.chars()));
        let index = language
            .index_of(&key)
            .ok_or(Error::UnknownWord { position })?;
        indices.push(index);
        if position <= groups.saturating_mul(3) {
            crc.update(&key);
        }
    }

    let (triples, rest) = indices.as_chunks();
    for (triple, position) in triples.iter().zip((1..).step_by(3)) {
        let value = join(*triple).ok_or(Error::Overflow { position })?;
        data.extend_from_slice(&value.to_le_bytes());
    }
    if let Some(last) = rest.first() {
        let expected = crc.choose(groups.saturating_mul(3));
        if expected.and_then(|at| indices.get(at)) != Some(last) {
            return Err(Error::Checksum);
        }
    }
    Ok(data)
}

/// The three words of a number.
fn split(value: u32) -> [u32; 3] {
    let first = value % COUNT;
    let second = (value / COUNT).wrapping_add(first) % COUNT;
    let third = (value / (COUNT * COUNT)).wrapping_add(second) % COUNT;
    [first, second, third]
}

/// The number of three words, all below [`COUNT`]; `None` above 32 bits.
fn join([first, second, third]: [u32; 3]) -> Option<u32> {
    let after = |word: u32, previous: u32| {
        u64::from(COUNT.wrapping_add(word).wrapping_sub(previous) % COUNT)
    };
    let high = u64::from(COUNT).wrapping_mul(after(third, second));
    let middle = after(second, first).wrapping_add(high);
    let value = u64::from(COUNT)
        .wrapping_mul(middle)
        .wrapping_add(first.into());
    u32::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    const ENGLISH: Language = Language::English;
    const WORDS: &str = "amaze buffet cake entrance symptoms tiger lamb maze nestle python dusted \
                         faxed faxed";

    proptest! {
        // Every word scans the whole list: slow without optimisation.
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn decode_inverts_encode(
            groups in prop::collection::vec(any::<[u8; 4]>(), 1..9),
            checksum: bool,
        ) {
            let data = groups.concat();
            let words = encode(ENGLISH, &data, checksum).unwrap();
            prop_assert_eq!(words.split(' ').count(), groups.len() * 3 + usize::from(checksum));
            prop_assert_eq!(&**decode(ENGLISH, &words).unwrap(), &data);
        }

        #[test]
        fn a_wrong_word_never_gives_the_same_data(
            data: [u8; 16],
            at in 0usize..12,
            other in 0..COUNT,
        ) {
            let words = encode(ENGLISH, &data, true).unwrap();
            let mut words: Vec<&str> = words.split(' ').collect();
            let other = Zeroizing::new(ENGLISH.word_at(other).letters().collect::<String>());
            prop_assume!(words[at] != *other);
            words[at] = &other;
            match decode(ENGLISH, &words.join(" ")) {
                Ok(got) => prop_assert_ne!(&**got, data),
                Err(error) => {
                    let expected = matches!(error, Error::Checksum | Error::Overflow { .. });
                    prop_assert!(expected, "{error}");
                }
            }
        }

        #[test]
        fn split_and_join_agree(value: u32) {
            prop_assert_eq!(join(split(value)), Some(value));
        }

        #[test]
        fn any_text_gives_data_or_an_error(text in "[a-c \\PC]{0,60}") {
            let _ = decode(ENGLISH, &text);
        }
    }

    #[test]
    fn example_of_the_spec() {
        let data: Vec<u8> = (0..16).collect();
        assert_eq!(**encode(ENGLISH, &data, true).unwrap(), *WORDS);
        assert_eq!(**decode(ENGLISH, WORDS).unwrap(), data);
        let spaced = WORDS.to_uppercase().replace(' ', "\n\t\u{3000}");
        assert_eq!(**decode(ENGLISH, &spaced).unwrap(), data);
    }

    #[test]
    fn the_length_is_bounded_both_ways() {
        let longest = [0; MAX_DATA_LEN];
        let words = encode(ENGLISH, &longest, true).unwrap();
        assert_eq!(**decode(ENGLISH, &words).unwrap(), longest);
        let longer = [0; MAX_DATA_LEN + 4];
        let refused = encode(ENGLISH, &longer, true);
        assert_eq!(refused, Err(Error::DataLength { got: longer.len() }));
        let novel = "abbey ".repeat(300_000);
        assert_eq!(
            decode(ENGLISH, &novel),
            Err(Error::WordCount { got: 300_000 })
        );
    }

    #[test]
    fn errors_name_the_position_from_one() {
        for got in [0, 1, 2, 5, 14] {
            let words = "abbey ".repeat(got);
            assert_eq!(decode(ENGLISH, &words), Err(Error::WordCount { got }));
        }
        assert_eq!(
            decode(ENGLISH, &WORDS.replace("tiger", "qqq")),
            Err(Error::UnknownWord { position: 6 })
        );
        assert_eq!(
            decode(ENGLISH, &WORDS.replace("faxed faxed", "faxed qqq")),
            Err(Error::UnknownWord { position: 13 })
        );
        assert_eq!(
            decode(ENGLISH, "abbey abbey abbey abbey abbey zoom"),
            Err(Error::Overflow { position: 4 })
        );
        for last in ["amaze", "abbey"] {
            let words = WORDS.replace("faxed faxed", &["faxed ", last].concat());
            assert_eq!(decode(ENGLISH, &words), Err(Error::Checksum));
        }
    }

    #[test]
    fn data_must_be_groups_of_four() {
        for got in [0, 1, 3, 15, 17] {
            assert_eq!(
                encode(ENGLISH, &[0; 17][..got], true),
                Err(Error::DataLength { got })
            );
        }
    }

    #[test]
    fn largest_number_is_the_last_without_overflow() {
        let [first, second, third] = split(u32::MAX);
        assert_eq!(join([first, second, third]), Some(u32::MAX));
        // One more: carry the same distances to the next first word.
        let next = [first + 1, second + 1, third + 1].map(|word| word % COUNT);
        assert_eq!(join(next), None);
    }
}

//! A word of a list: its number, its spelling, and the letters by which it is known (spec 01
//! §6.2).
//!
//! Words that are typed or shown are secret. To find one, go through [`Language::entries`] to the
//! end, compare every entry with what is wanted and choose without branching. For that, all parts
//! of an entry are numbers and have the same size for every word.

use alloc::string::String;
use core::iter;

#[cfg(feature = "languages")]
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::language::{Language, MAX_WORD_LEN};

/// Up to four letters, each as four bytes: its UTF-8 form, filled up with [`FILL`]. So is the
/// place of letters that are missing.
pub(super) type Letters = [u64; 2];

/// No byte of any UTF-8 text.
pub(super) const FILL: u8 = 0xff;

/// No letters at all: no word of a list has so few.
const NO_LETTERS: Letters = [u64::MAX; 2];

/// A word as the list spells it, in UTF-8, filled up with zeros.
pub(super) type Spelling = [u64; 3];

const _: () = assert!(MAX_WORD_LEN <= size_of::<Spelling>());

/// A word of a list.
pub(super) struct Entry {
    pub(super) index: u32,
    pub(super) spelling: Spelling,
    /// The letters that tell it from the others, in lower case.
    pub(super) key: Letters,
    /// The letters that the checksum is computed over: those of the key, but for `ß`.
    pub(super) checked: Letters,
}

impl Language {
    /// The list.
    pub(super) fn entries(self) -> impl Iterator<Item = Entry> {
        self.words().zip(0..).map(move |(word, index)| {
            let letters = word.chars().map(lower);
            let key = pack(letters.clone().take(self.prefix_len()));
            let checked = if word.contains('ß') {
                pack(letters.flat_map(spread).take(self.prefix_len()))
            } else {
                key
            };
            Entry {
                index,
                spelling: spelling(word),
                key,
                checked,
            }
        })
    }

    /// The key of a word that was typed, which might be in the list.
    pub(super) fn key(self, word: &str) -> Letters {
        match self {
            // Of composing accents, which this list has none of, what is left without Unicode
            // tables: an accent behind the last letter that counts would make another letter of
            // it. That all accents do so, and İ is a letter of its own, is stricter than NFC.
            Self::English => {
                let mut letters = word.chars();
                let key = pack(letters.by_ref().take(self.prefix_len()).map(lower));
                if letters.next().is_some_and(is_accent) {
                    NO_LETTERS
                } else {
                    key
                }
            }
            #[cfg(feature = "languages")]
            _ => {
                // To compose a letter takes all its accents in memory: `stream_safe` breaks them
                // up after thirty.
                let composed = word.stream_safe().nfc();
                pack(composed.take(self.prefix_len()).map(lower))
            }
        }
    }
}

/// The lower case of a letter as one letter, whatever the locale.
fn lower(letter: char) -> char {
    letter.to_lowercase().next().unwrap_or(letter)
}

/// The letters that the checksum takes for one.
fn spread(letter: char) -> impl Iterator<Item = char> {
    let (letter, count) = if letter == 'ß' {
        ('s', 2)
    } else {
        (letter, 1)
    };
    iter::repeat_n(letter, count)
}

/// Whether a character is an accent that composes with the letter before it.
const fn is_accent(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}')
}

fn pack(letters: impl Iterator<Item = char>) -> Letters {
    let mut bytes = [[FILL; 8]; 2];
    let (places, _) = bytes.as_flattened_mut().as_chunks_mut::<4>();
    for (place, letter) in places.iter_mut().zip(letters) {
        letter.encode_utf8(place);
    }
    bytes.map(u64::from_be_bytes)
}

fn spelling(word: &str) -> Spelling {
    let mut bytes = [[0; 8]; 3];
    if let Some(start) = bytes.as_flattened_mut().get_mut(..word.len()) {
        start.copy_from_slice(word.as_bytes());
    }
    bytes.map(u64::from_be_bytes)
}

/// Appends a word to a text.
pub(super) fn push(spelling: &Spelling, text: &mut String) {
    let bytes = Zeroizing::new(spelling.map(u64::to_be_bytes));
    let word = str::from_utf8(bytes.as_flattened()).unwrap_or_default();
    text.push_str(word.trim_end_matches('\0'));
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use alloc::format;
    use alloc::string::ToString;

    #[test]
    fn every_word_has_a_key_of_its_own_and_its_spelling() {
        for language in Language::KNOWN {
            let mut keys = BTreeSet::new();
            for (entry, word) in language.entries().zip(language.words()) {
                assert_eq!(language.key(word), entry.key, "{word}");
                let capitals = word.replace('ß', "ẞ").to_uppercase();
                assert_eq!(language.key(&capitals), entry.key, "{word}");
                assert_ne!(entry.key, NO_LETTERS);
                assert!(keys.insert(entry.key), "{word}");
                let mut text = "_".to_string();
                push(&entry.spelling, &mut text);
                assert_eq!(text.strip_prefix('_'), Some(word));
            }
        }
    }

    #[test]
    fn english_words_are_known_by_three_letters() {
        let english = Language::English;
        let key = english.key("abbey");
        for word in ["ABBEY", "aBb", "abbot", "abbeÿ", "abbe\u{301}y"] {
            assert_eq!(english.key(word), key, "{word}");
        }
        for word in [
            "",
            "ab",
            "äbbey",
            "ab\0",
            "\0ab",
            "a\u{301}bbey",
            "abb\u{301}ey",
        ] {
            assert_ne!(english.key(word), key, "{word}");
        }
        for accent in ['\u{300}', '\u{301}', '\u{308}', '\u{36f}'] {
            assert_eq!(english.key(&format!("abb{accent}ey")), NO_LETTERS);
        }
        // Not of ASCII, but their lower case is.
        assert_eq!(english.key("\u{212a}ic"), english.key("kic"));
        assert_eq!(english.key("\u{130}ce"), english.key("ice"));
    }

    #[cfg(feature = "languages")]
    #[test]
    fn accents_are_composed_and_count() {
        let key = |word| Language::Russian.key(word);
        assert_eq!(key("таи\u{306}на"), key("тайна"));
        assert_ne!(key("таина"), key("тайна"));
        let key = |word| Language::Spanish.key(word);
        assert_eq!(key("a\u{301}baco"), key("ábaco"));
        assert_eq!(key("A\u{301}BACO"), key("ábaco"));
        assert_ne!(key("ave"), key("ave\0"));
        assert_ne!(key("ave"), key("avena"));
        assert_ne!(key("a\u{320}baco"), key("abaco"));
        let flood = ["aba", &"\u{301}".repeat(10_000), "co"].concat();
        assert_ne!(key(&flood), key("abaco"));
    }

    #[cfg(feature = "languages")]
    #[test]
    fn sharp_s_is_spread_for_the_checksum_only() {
        let spread: BTreeSet<_> = Language::ALL
            .iter()
            .flat_map(|language| language.words().zip(language.entries()))
            .filter(|(_, entry)| entry.key != entry.checked)
            .map(|(word, entry)| (word, entry.checked))
            .collect();
        let expected = [
            ("Floß", "flos"),
            ("Fußbad", "fuss"),
            ("Maßanzug", "mass"),
            ("Maßkrug", "mass"),
            ("Weißbier", "weis"),
        ];
        let expected = expected.map(|(word, letters)| (word, pack(letters.chars())));
        assert_eq!(spread, expected.into_iter().collect());
    }
}

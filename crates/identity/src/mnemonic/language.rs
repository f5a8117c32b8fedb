//! The word lists, and how a word is found in one (spec 01 §6.2, §6.3).
//!
//! Words and their numbers are secret. Both directions therefore look at every word of the list,
//! whichever is wanted, and choose without branching.

use alloc::string::String;

use subtle::{ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

/// Number of words in every list.
pub(super) const COUNT: u32 = 1626;

/// Longest word of any list, in code points.
const MAX_LETTERS: usize = 12;

/// Longest word of any list, in bytes.
pub(super) const MAX_WORD_LEN: usize = 12;

/// The letters by which a word is known, folded to lower case, filled up with zeros.
pub(super) type Key = [u32; 4];

/// The language of a word list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Language {
    /// The only language that all apps read.
    #[default]
    English,
}

impl Language {
    /// The list, one word a line.
    const fn words(self) -> &'static str {
        match self {
            Self::English => include_str!("english.txt"),
        }
    }

    /// How many letters tell the words of the list apart.
    const fn prefix_len(self) -> usize {
        match self {
            Self::English => 3,
        }
    }

    /// The key of a word. Letters are folded one by one, whatever the locale.
    ///
    /// The spec composes accents (NFC) before. In a list of plain ASCII that can only unmake a
    /// match, when an accent follows the last letter that counts: such a word has no key.
    pub(super) fn key(self, mut word: impl Iterator<Item = char>) -> Key {
        let mut key = Key::default();
        for (place, letter) in key.iter_mut().zip(word.by_ref().take(self.prefix_len())) {
            *place = letter.to_lowercase().next().unwrap_or(letter).into();
        }
        if word.next().is_some_and(is_combining) {
            return Key::default();
        }
        key
    }

    /// The number of the word with this key.
    pub(super) fn index_of(self, key: &Key) -> Option<u32> {
        let mut found = COUNT;
        for (word, index) in self.words().lines().zip(0..) {
            let same = self.key(word.chars()).ct_eq(key);
            found.conditional_assign(&index, same);
        }
        (found != COUNT).then_some(found)
    }

    /// The word with this number.
    pub(super) fn word_at(self, index: u32) -> Word {
        let mut letters = Zeroizing::new([0; MAX_LETTERS]);
        for (word, here) in self.words().lines().zip(0..) {
            let same = index.ct_eq(&here);
            for (place, letter) in letters.iter_mut().zip(word.chars()) {
                place.conditional_assign(&letter.into(), same);
            }
        }
        Word(letters)
    }
}

/// Whether a character is an accent that composes with the letter before it.
const fn is_combining(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}')
}

/// A word out of a list.
pub(super) struct Word(Zeroizing<[u32; MAX_LETTERS]>);

impl Word {
    pub(super) fn letters(&self) -> impl Iterator<Item = char> {
        let letters = self.0.iter().copied().filter_map(char::from_u32);
        letters.take_while(|letter| *letter != '\0')
    }

    pub(super) fn push_to(&self, text: &mut String) {
        text.extend(self.letters());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use sha2::{Digest, Sha256};

    const ALL: [(Language, &str); 1] = [(
        Language::English,
        "eaa6bce7dd92f4d6dd74f224264e0ef4ad21095d68ec77616b26ceb599baf4f7",
    )];

    #[test]
    fn lists_are_those_of_the_spec() {
        for (language, hash) in ALL {
            let got = Sha256::digest(language.words());
            assert_eq!(session_core::hex::encode(&got), hash, "{language:?}");
        }
    }

    #[test]
    fn every_word_is_found_by_its_key_and_by_its_number() {
        for (language, _) in ALL {
            let mut keys = BTreeSet::new();
            for (word, index) in language.words().lines().zip(0..) {
                assert!(word.chars().count() <= MAX_LETTERS && word.len() <= MAX_WORD_LEN);
                let key = language.key(word.chars());
                assert_eq!(language.index_of(&key), Some(index), "{word}");
                assert!(language.word_at(index).letters().eq(word.chars()), "{word}");
                keys.insert(key);
            }
            assert_eq!(keys.len(), usize::try_from(COUNT).unwrap(), "{language:?}");
        }
    }

    #[test]
    fn case_and_later_letters_do_not_matter() {
        let english = Language::English;
        for text in ["abbey", "ABBEY", "aBb", "abbot"] {
            assert_eq!(english.index_of(&english.key(text.chars())), Some(0));
        }
        for text in ["ab", "", "äbbey", "ab\0", "abb\u{301}ey"] {
            assert_eq!(english.index_of(&english.key(text.chars())), None, "{text}");
        }
    }
}

//! Bytes as words that can be written down, and back (spec 01 §6).
//!
//! Three words of a list of 1626 stand for four bytes; one more word is a checksum. This is the
//! codec for any number of bytes: for accounts see [`Seed`](crate::Seed).
//!
//! Words are known by their first letters ([`Language::prefix_len`]): the letters that follow,
//! case and the Unicode form of accents (NFC or NFD) do not matter. No English word has an accent:
//! one straight after the letters that count makes a word unknown.
//!
//! Words are found and chosen by a pass over the whole list, which does not depend on them. Letters
//! beyond ASCII, in the other languages, go through tables of Unicode before that, and who can
//! watch the processor's cache might learn something of them.

mod checksum;
mod entry;
mod language;

use alloc::string::String;
use alloc::vec::Vec;

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::{Zeroize, Zeroizing};

pub use self::language::Language;

use self::checksum::Crc32;
use self::entry::{Letters, Spelling};
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
    #[derive(Zeroize)]
    struct Word {
        index: u32,
        spelling: Spelling,
        checked: Letters,
    }

    let count = groups.len().saturating_mul(3);
    let mut words = Zeroizing::new(Vec::with_capacity(count));
    for group in groups {
        words.extend(split(u32::from_le_bytes(*group)).map(|index| Word {
            index,
            spelling: Spelling::default(),
            checked: Letters::default(),
        }));
    }
    for entry in language.entries() {
        for word in words.iter_mut() {
            let same = word.index.ct_eq(&entry.index);
            word.spelling.conditional_assign(&entry.spelling, same);
            word.checked.conditional_assign(&entry.checked, same);
        }
    }

    // All of it at once: a text that grows leaves copies of the secret behind.
    let capacity = count
        .saturating_add(1)
        .saturating_mul(MAX_WORD_LEN.saturating_add(1));
    let mut text = Zeroizing::new(String::with_capacity(capacity));
    let mut crc = Crc32::default();
    for word in words.iter() {
        if !text.is_empty() {
            text.push(' ');
        }
        entry::push(&word.spelling, &mut text);
        crc.update(word.checked);
    }
    if checksum {
        let last = Zeroizing::new(crc.choose(words.iter().map(|word| word.spelling)));
        text.push(' ');
        entry::push(&last, &mut text);
    }
    text
}

/// Reads words separated by white space: three for four bytes, and optionally the checksum word.
///
/// # Errors
/// [`Error::WordCount`] unless there are 3n or 3n + 1 words with n > 0, and no more than
/// [`MAX_DATA_LEN`] bytes need; [`Error::UnknownWord`], [`Error::Overflow`] (each for the first
/// place that is wrong), [`Error::Checksum`].
pub fn decode(language: Language, words: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    #[derive(Zeroize)]
    struct Word {
        key: Letters,
        index: u32,
        checked: Letters,
    }

    let got = words.split_whitespace().count();
    let groups = got / 3;
    if groups == 0 || got % 3 == 2 || groups.saturating_mul(4) > MAX_DATA_LEN {
        return Err(Error::WordCount { got });
    }
    let mut typed = Zeroizing::new(Vec::with_capacity(got));
    typed.extend(words.split_whitespace().map(|word| Word {
        key: language.key(word),
        index: COUNT,
        checked: Letters::default(),
    }));
    for entry in language.entries() {
        for word in typed.iter_mut() {
            let same = word.key.ct_eq(&entry.key);
            word.index.conditional_assign(&entry.index, same);
            word.checked.conditional_assign(&entry.checked, same);
        }
    }
    if let Some((_, position)) = typed.iter().zip(1..).find(|(word, _)| word.index == COUNT) {
        return Err(Error::UnknownWord { position });
    }

    let (triples, rest) = typed.as_chunks();
    let mut data = Zeroizing::new(Vec::with_capacity(groups.saturating_mul(4)));
    let mut crc = Crc32::default();
    for (triple, position) in triples.iter().zip((1..).step_by(3)) {
        let value = join(triple.each_ref().map(|word| word.index));
        data.extend(value.ok_or(Error::Overflow { position })?.to_le_bytes());
        for word in triple {
            crc.update(word.checked);
        }
    }
    if let [last] = rest {
        let words = triples.as_flattened().iter();
        let expected = crc.choose(words.map(|word| word.index));
        if !bool::from(expected.ct_eq(&last.index)) {
            return Err(Error::Checksum);
        }
    }
    Ok(data)
}

/// Finds the one language out of `among` in which [`decode`] can read `words`.
///
/// The letters that count are often those of words in other lists too. Of 12 random words in
/// Italian, the worst, 8 in 100 phrases can be read in another language (other data!), of 13 words
/// with a checksum fewer than 1. Between languages whose words are known by equally many letters,
/// such as English and Esperanto (1 in 800), the checksum tells nothing. So `among` has to have the
/// right language in it, and after restoring an account show its Account ID.
///
/// # Errors
/// If none can read them: the error of the language in which [`decode`] came furthest.
/// [`Error::UnclearLanguage`] if several can, or `among` is empty.
pub fn detect(among: &[Language], words: &str) -> Result<Language, Error> {
    let mut found = None;
    let mut furthest = Error::UnclearLanguage;
    for language in among.iter().copied() {
        match decode(language, words) {
            Ok(_) if found.is_some_and(|other| other != language) => {
                return Err(Error::UnclearLanguage);
            }
            Ok(_) => found = Some(language),
            Err(error) if progress(error) > progress(furthest) => furthest = error,
            Err(_) => {}
        }
    }
    found.ok_or(furthest)
}

/// How far [`decode`] came.
const fn progress(error: Error) -> (u8, usize) {
    match error {
        Error::WordCount { .. } => (1, 0),
        Error::UnknownWord { position } => (2, position),
        Error::Overflow { position } => (3, position),
        Error::Checksum => (4, 0),
        _ => (0, 0),
    }
}

/// The three words of a number.
fn split(value: u32) -> [u32; 3] {
    let (value, first) = divide(value, COUNT);
    let (value, second) = divide(value, COUNT);
    let (_, third) = divide(value, COUNT);
    let second = add(second, first);
    [first, second, add(third, second)]
}

/// The number of three words, all below [`COUNT`]; `None` above 32 bits.
fn join([first, second, third]: [u32; 3]) -> Option<u32> {
    let after = |word: u32, previous: u32| u64::from(add(word, COUNT.wrapping_sub(previous)));
    let high = u64::from(COUNT).wrapping_mul(after(third, second));
    let middle = after(second, first).wrapping_add(high);
    let value = u64::from(COUNT)
        .wrapping_mul(middle)
        .wrapping_add(first.into());
    u32::try_from(value).ok()
}

/// Adds two numbers of up to [`COUNT`], the sum below it.
fn add(one: u32, other: u32) -> u32 {
    divide(one.wrapping_add(other), COUNT).1
}

/// Quotient and remainder, bit by bit: how long a processor divides can depend on the number,
/// which is secret here. Nothing is divided by zero.
fn divide(value: u32, by: u32) -> (u32, u32) {
    let (mut quotient, mut remainder) = (0_u32, 0_u64);
    for place in (0..u32::BITS).rev() {
        remainder = (remainder << 1) | u64::from((value >> place) & 1);
        let (less, borrow) = remainder.overflowing_sub(by.into());
        let fits = !Choice::from(u8::from(borrow));
        remainder.conditional_assign(&less, fits);
        quotient = (quotient << 1) | u32::from(fits.unwrap_u8());
    }
    // Below a divisor of 32 bits.
    (quotient, u32::try_from(remainder).unwrap_or_default())
}

#[cfg(test)]
mod tests;

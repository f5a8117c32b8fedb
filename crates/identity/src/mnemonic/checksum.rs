//! The checksum of a list of words: CRC-32 over their keys (spec 01 §6.1).

use subtle::{ConditionallySelectable, ConstantTimeEq};

use super::divide;
use super::entry::{FILL, Letters};

/// CRC-32/ISO-HDLC, bit by bit: a table would be read at secret places.
pub(super) struct Crc32(u32);

impl Default for Crc32 {
    fn default() -> Self {
        Self(u32::MAX)
    }
}

impl Crc32 {
    /// Takes in the letters of the next word.
    pub(super) fn update(&mut self, letters: Letters) {
        for byte in letters.map(u64::to_be_bytes).as_flattened() {
            let mut next = self.0 ^ u32::from(*byte);
            for _ in 0..8 {
                let carry = 0u32.wrapping_sub(next & 1);
                next = (next >> 1) ^ (0xedb8_8320 & carry);
            }
            self.0.conditional_assign(&next, !byte.ct_eq(&FILL));
        }
    }

    const fn value(&self) -> u32 {
        !self.0
    }

    /// Which of the words is the checksum word: one of those that were taken in.
    pub(super) fn choose<T>(&self, words: impl ExactSizeIterator<Item = T>) -> T
    where
        T: ConditionallySelectable + Default,
    {
        let count = u32::try_from(words.len()).unwrap_or(u32::MAX);
        let (_, chosen) = divide(self.value(), count);
        words.zip(0u32..).fold(T::default(), |found, (word, at)| {
            T::conditional_select(&found, &word, at.ct_eq(&chosen))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The CRC of four letters of ASCII a word; `_` for none.
    fn crc(words: &[[u8; 4]]) -> Crc32 {
        let mut crc = Crc32::default();
        for word in words {
            let letters = word.map(|letter| match letter {
                b'_' => [FILL; 4],
                letter => [letter, FILL, FILL, FILL],
            });
            let (lanes, _) = letters.as_flattened().as_chunks();
            crc.update([0, 1].map(|at: usize| u64::from_be_bytes(lanes[at])));
        }
        crc
    }

    #[test]
    fn check_value() {
        assert_eq!(crc(&[*b"1234", *b"5678", *b"___9"]).value(), 0xcbf4_3926);
    }

    #[test]
    fn example_of_the_spec() {
        let text = *b"_ama_buf_cak_ent_sym_tig_lam_maz_nes_pyt_dus_fax";
        let (words, _) = text.as_chunks();
        let crc = crc(words);
        assert_eq!(crc.value(), 1_574_048_207);
        assert_eq!(crc.choose(0u32..12), 11);
    }
}

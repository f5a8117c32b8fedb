//! The secret from which all keys of an account derive (spec 01 §3.1).

use alloc::string::String;
use core::fmt;

use session_core::hex;
use session_crypto::rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::Error;
use crate::mnemonic::{self, Language};

/// The account's secret. Zeroized on drop, compared in constant time.
///
/// A seed of 16 bytes is the same as these 16 bytes followed by 16 zero bytes: that is how it is
/// kept, and how it is told apart when it is written down.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Seed([u8; Self::LEN]);

impl Seed {
    /// Length in bytes of the padded form.
    pub const LEN: usize = 32;

    /// Length in bytes of the short form.
    pub const SHORT_LEN: usize = 16;

    /// Makes a seed of 16 random bytes, the kind that all apps make and can restore.
    #[must_use]
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut seed = Self([0; Self::LEN]);
        if let Some((random, _zeros)) = seed.0.split_at_mut_checked(Self::SHORT_LEN) {
            rng.fill_bytes(random);
        }
        seed
    }

    /// Makes a seed of 32 random bytes. No official app can restore an account made of it.
    #[must_use]
    pub fn generate_256<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut seed = Self([0; Self::LEN]);
        rng.fill_bytes(&mut seed.0);
        seed
    }

    /// Takes a seed of 16 or 32 bytes.
    ///
    /// # Errors
    /// [`Error::SeedLength`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut seed = Self([0; Self::LEN]);
        match (bytes.len(), seed.0.get_mut(..bytes.len())) {
            (Self::SHORT_LEN | Self::LEN, Some(start)) => start.copy_from_slice(bytes),
            (got, _) => return Err(Error::SeedLength { got }),
        }
        Ok(seed)
    }

    /// The 32 bytes, zero-padded if the seed is short.
    #[must_use]
    pub const fn expose_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// The bytes that have to be written down: 16, or 32 if the last 16 are not all zero. Which
    /// of the two it is, is not secret; it is found in constant time.
    fn significant_bytes(&self) -> &[u8] {
        match self.0.split_at_checked(Self::SHORT_LEN) {
            Some((short, tail)) if bool::from(tail.ct_eq(&[0; Self::SHORT_LEN])) => short,
            _ => &self.0,
        }
    }

    /// Reads a recovery password: 12 or 24 words, and optionally the checksum word (spec 01
    /// §6.4). Case and the kind of white space do not matter.
    ///
    /// # Errors
    /// [`Error::WordCount`], [`Error::UnknownWord`], [`Error::Overflow`], [`Error::Checksum`].
    pub fn from_mnemonic(language: Language, words: &str) -> Result<Self, Error> {
        match words.split_whitespace().count() {
            12 | 13 | 24 | 25 => Self::from_bytes(&mnemonic::decode(language, words)?),
            got => Err(Error::WordCount { got }),
        }
    }

    /// Writes the recovery password: 13 words, or 25 for a 32-byte seed. The official apps read
    /// English only.
    #[must_use]
    pub fn to_mnemonic(&self, language: Language) -> Zeroizing<String> {
        let (groups, _) = self.significant_bytes().as_chunks();
        mnemonic::write(language, groups, true)
    }

    /// Reads the text of a recovery QR code: 32 or 64 hexadecimal digits (spec 01 §7). The 66
    /// digits of an Account ID are refused.
    ///
    /// # Errors
    /// [`Error::SeedText`].
    pub fn from_hex(text: &str) -> Result<Self, Error> {
        // Straight into what erases itself, also after a mistyped digit.
        let mut seed = Self([0; Self::LEN]);
        match (text.len() / 2, seed.0.get_mut(..text.len() / 2)) {
            (Self::SHORT_LEN | Self::LEN, Some(start)) => {
                hex::decode_into("seed", text, start).map_err(|_| Error::SeedText)?;
            }
            _ => return Err(Error::SeedText),
        }
        Ok(seed)
    }

    /// Writes the text of a recovery QR code: 32 lowercase digits, or 64 for a 32-byte seed.
    #[must_use]
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.significant_bytes()))
    }
}

/// Takes the padded form.
impl From<[u8; 32]> for Seed {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl PartialEq for Seed {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Seed {}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use proptest::prelude::*;
    use rand_chacha::ChaCha20Rng;
    use session_crypto::rand_core::SeedableRng;

    const ENGLISH: Language = Language::English;
    const PHRASE: &str = "virtual rounded dating itself sober fleet adrenalin puzzled wept rural \
                          axis fictional fleet";

    proptest! {
        // Every phrase goes through the whole list: slow without optimisation.
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn both_lengths_round_trip_in_every_form(short: [u8; 16], long: [u8; 32]) {
            for (bytes, words) in [(&short[..], 13), (&long[..], 25)] {
                let seed = Seed::from_bytes(bytes).unwrap();
                prop_assert_eq!(&seed.expose_bytes()[..bytes.len()], bytes);
                let phrase = seed.to_mnemonic(ENGLISH);
                prop_assert_eq!(phrase.split(' ').count(), words);
                prop_assert_eq!(Seed::from_mnemonic(ENGLISH, &phrase), Ok(seed.clone()));
                let text = seed.to_hex();
                prop_assert_eq!(text.len(), 2 * bytes.len());
                prop_assert_eq!(Seed::from_hex(&text), Ok(seed));
            }
        }

        #[test]
        fn any_text_gives_a_seed_or_an_error(text in "\\PC{0,200}") {
            let _ = Seed::from_mnemonic(ENGLISH, &text);
            let _ = Seed::from_hex(&text);
        }
    }

    #[test]
    fn published_phrase() {
        let seed = Seed::from_mnemonic(ENGLISH, PHRASE).unwrap();
        assert_eq!(*seed.to_hex(), "7728d972721b98816a328c46c1995135");
        assert_eq!(*seed.to_mnemonic(ENGLISH), PHRASE);
    }

    #[cfg(feature = "languages")]
    #[test]
    fn other_languages_name_the_same_seed() {
        let phrase = "atleta guerra obrero maldad polen caldo fiar culebra relieve lanza barro cal \
                      atleta";
        let seed = Seed::from_mnemonic(Language::Spanish, phrase).unwrap();
        assert_eq!(*seed.to_hex(), "4c269d4462b2934a82dd2aad155ccb0d");
        assert_eq!(*seed.to_mnemonic(Language::Spanish), phrase);
        for language in Language::ALL.iter().copied() {
            let phrase = seed.to_mnemonic(language);
            assert_eq!(Seed::from_mnemonic(language, &phrase), Ok(seed.clone()));
        }
    }

    #[test]
    fn padded_and_short_form_are_the_same_seed() {
        let mut padded = [0; 32];
        padded[..16].fill(7);
        let seed = Seed::from_bytes(&padded).unwrap();
        assert_eq!(Seed::from_bytes(&[7; 16]), Ok(seed.clone()));
        assert_eq!(seed.to_hex().len(), 32);
        let long = mnemonic::encode(ENGLISH, &padded, true).unwrap();
        assert_eq!(long.split(' ').count(), 25);
        assert_eq!(Seed::from_mnemonic(ENGLISH, &long), Ok(seed));
    }

    #[test]
    fn generated_seeds_have_their_length() {
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        let short = Seed::generate(&mut rng);
        assert_eq!(short.to_hex().len(), 32);
        assert_ne!(short, Seed::generate(&mut rng));
        assert_eq!(Seed::generate_256(&mut rng).to_hex().len(), 64);
    }

    #[test]
    fn other_lengths_are_refused() {
        for got in [0, 15, 17, 31, 33, 64] {
            let bytes = &[1; 64][..got];
            assert_eq!(Seed::from_bytes(bytes), Err(Error::SeedLength { got }));
        }
        let account_id = "ab".repeat(33);
        for text in [
            "",
            "ab",
            "abc",
            &account_id,
            &"zz".repeat(16),
            &"a".repeat(33),
        ] {
            assert_eq!(Seed::from_hex(text), Err(Error::SeedText));
        }
        for got in [0, 3, 11, 14, 15, 16, 23, 26, 27, 28] {
            let phrase = "abbey ".repeat(got);
            assert_eq!(
                Seed::from_mnemonic(ENGLISH, &phrase),
                Err(Error::WordCount { got })
            );
        }
    }

    #[test]
    fn debug_is_redacted() {
        assert_eq!(format!("{:?}", Seed([0xab; 32])), "Seed(..)");
    }
}

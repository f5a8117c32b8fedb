//! The languages of the word lists (spec 01 §6.3).

/// Number of words in every list.
pub(super) const COUNT: u32 = 1626;

/// Longest word of any list, in bytes.
pub(super) const MAX_WORD_LEN: usize = 21;

/// The language of a word list (spec 01 §6.3).
///
/// A phrase does not say what language it is in: ask the user, or see
/// [`detect`](super::detect). All languages but English come with the feature `languages`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Language {
    /// English, the only language that all apps read.
    #[default]
    English,
    /// Simplified Chinese: every word is one character.
    #[cfg(feature = "languages")]
    ChineseSimplified,
    /// Dutch.
    #[cfg(feature = "languages")]
    Dutch,
    /// Esperanto.
    #[cfg(feature = "languages")]
    Esperanto,
    /// French.
    #[cfg(feature = "languages")]
    French,
    /// German. `ß` is no `ss`, which can make another word: write it, or its capital `ẞ`.
    #[cfg(feature = "languages")]
    German,
    /// Italian.
    #[cfg(feature = "languages")]
    Italian,
    /// Japanese, in hiragana.
    #[cfg(feature = "languages")]
    Japanese,
    /// Lojban.
    #[cfg(feature = "languages")]
    Lojban,
    /// Portuguese.
    #[cfg(feature = "languages")]
    Portuguese,
    /// Russian.
    #[cfg(feature = "languages")]
    Russian,
    /// Spanish.
    #[cfg(feature = "languages")]
    Spanish,
}

/// What there is to know about a language.
struct List {
    english_name: &'static str,
    native_name: &'static str,
    prefix_len: usize,
    text: &'static str,
}

impl Language {
    /// All languages: English, then the others in the order of their English names.
    #[cfg(feature = "languages")]
    pub const ALL: &'static [Self] = &[
        Self::English,
        Self::ChineseSimplified,
        Self::Dutch,
        Self::Esperanto,
        Self::French,
        Self::German,
        Self::Italian,
        Self::Japanese,
        Self::Lojban,
        Self::Portuguese,
        Self::Russian,
        Self::Spanish,
    ];

    /// The languages of this build.
    #[cfg(feature = "languages")]
    pub(super) const KNOWN: &[Self] = Self::ALL;
    /// The languages of this build.
    #[cfg(not(feature = "languages"))]
    pub(super) const KNOWN: &[Self] = &[Self::English];

    /// Finds a language by its English or its native name, spelled exactly as
    /// [`english_name`](Self::english_name) and [`native_name`](Self::native_name) spell it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let mut known = Self::KNOWN.iter().copied();
        known.find(|language| [language.english_name(), language.native_name()].contains(&name))
    }

    /// The name of the language in English, for example `German`.
    #[must_use]
    pub const fn english_name(self) -> &'static str {
        self.list().english_name
    }

    /// The name of the language in itself, for example `Deutsch`.
    #[must_use]
    pub const fn native_name(self) -> &'static str {
        self.list().native_name
    }

    /// How many letters (code points) tell the words of the list apart: 1, 3 or 4. What follows
    /// them is ignored when words are read. The Monero tools count 4 in Esperanto and Russian,
    /// where Session counts 3.
    #[must_use]
    pub const fn prefix_len(self) -> usize {
        self.list().prefix_len
    }

    /// The 1626 words in the order of their numbers, to complete words while they are typed.
    ///
    /// Do not search for a secret word in a way that stops where it is: [`decode`](super::decode)
    /// and [`encode`](super::encode) always go through the whole list.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        self.list().text.lines()
    }

    const fn list(self) -> &'static List {
        macro_rules! list {
            ($english_name:literal, $native_name:literal, $prefix_len:literal, $file:literal) => {
                &List {
                    english_name: $english_name,
                    native_name: $native_name,
                    prefix_len: $prefix_len,
                    text: include_str!(concat!("words/", $file, ".txt")),
                }
            };
        }
        match self {
            Self::English => list!("English", "English", 3, "english"),
            #[cfg(feature = "languages")]
            Self::ChineseSimplified => {
                list!(
                    "Chinese (simplified)",
                    "简体中文 (中国)",
                    1,
                    "chinese_simplified"
                )
            }
            #[cfg(feature = "languages")]
            Self::Dutch => list!("Dutch", "Nederlands", 4, "dutch"),
            #[cfg(feature = "languages")]
            Self::Esperanto => list!("Esperanto", "Esperanto", 3, "esperanto"),
            #[cfg(feature = "languages")]
            Self::French => list!("French", "Français", 4, "french"),
            #[cfg(feature = "languages")]
            Self::German => list!("German", "Deutsch", 4, "german"),
            #[cfg(feature = "languages")]
            Self::Italian => list!("Italian", "Italiano", 4, "italian"),
            #[cfg(feature = "languages")]
            Self::Japanese => list!("Japanese", "日本語", 3, "japanese"),
            #[cfg(feature = "languages")]
            Self::Lojban => list!("Lojban", "Lojban", 4, "lojban"),
            #[cfg(feature = "languages")]
            Self::Portuguese => list!("Portuguese", "Português", 4, "portuguese"),
            #[cfg(feature = "languages")]
            Self::Russian => list!("Russian", "русский язык", 3, "russian"),
            #[cfg(feature = "languages")]
            Self::Spanish => list!("Spanish", "Español", 4, "spanish"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    /// Language, letters that count, first word, last word, SHA-256 of the list (spec 01 §6.3).
    type Row = (Language, usize, &'static str, &'static str, &'static str);

    const ENGLISH: Row = (
        Language::English,
        3,
        "abbey",
        "zoom",
        "eaa6bce7dd92f4d6dd74f224264e0ef4ad21095d68ec77616b26ceb599baf4f7",
    );

    fn check((language, prefix_len, first, last, hash): Row) {
        let hashed = Sha256::digest(language.list().text);
        assert_eq!(session_core::hex::encode(&hashed), hash, "{language:?}");
        assert_eq!(language.prefix_len(), prefix_len);
        assert_eq!(language.words().next(), Some(first));
        assert_eq!(language.words().last(), Some(last));
        assert_eq!(language.words().count(), usize::try_from(COUNT).unwrap());
        assert!(language.words().all(|word| word.len() <= MAX_WORD_LEN));
        assert_eq!(Language::from_name(language.english_name()), Some(language));
        assert_eq!(Language::from_name(language.native_name()), Some(language));
    }

    #[test]
    fn the_english_list_is_that_of_the_spec() {
        check(ENGLISH);
        assert_eq!(Language::default(), Language::English);
        for other in ["", "english", "English ", "Klingon"] {
            assert_eq!(Language::from_name(other), None);
        }
    }

    #[cfg(feature = "languages")]
    #[test]
    fn all_lists_are_those_of_the_spec() {
        #[rustfmt::skip]
        let rows: [Row; 12] = [
            ENGLISH,
            (Language::ChineseSimplified, 1, "的", "貌", "d0b846b2036f55182892d98c2410996c399ed3aee5be2d6cbfaf594e599dd522"),
            (Language::Dutch, 4, "aalglad", "zworen", "9b2005b2c4d95360361949c7f5b43ef6a021d3ce31f01f6101a24d93540e790a"),
            (Language::Esperanto, 3, "abako", "zumilo", "aa53b9b2af6586e8df69bcf04b17af4f06cac9e7ad20420d45b265f9aa18b32d"),
            (Language::French, 4, "abandon", "zoom", "b17376bb1341cc32b8a7088d23c0dba3b25743c167f4e4f3d8062946ffd93e87"),
            (Language::German, 4, "Abakus", "Zyklop", "e1e6653cf418e0a392a5cd34160a8cdacb5dfce8edbac0e124fba8d7daff1f69"),
            (Language::Italian, 4, "abbinare", "zucchero", "aea041cbb43e8e3b817b48b64001df3e28949002d99c920a8a46231319bcc121"),
            (Language::Japanese, 3, "あいこくしん", "ひしょ", "0e879f11f3806e6b25738598cfec6f372364af7fb8c59b4874d7a406f6b0fee7"),
            (Language::Lojban, 4, "backi", "snaxa'a", "19c3f71b26c808bbe9ed7ab944ac1c8b1f11307f96d27d01874c093520c972f9"),
            (Language::Portuguese, 4, "abaular", "zumbi", "9099aaa5470c568ca91f0040222760af55720ddc3f3a6f9e1736d4c2dd9247da"),
            (Language::Russian, 3, "абажур", "ящик", "fd225689dda9d342acae6bd58ecbdba3274ded07d89936ce979a95f6d60c64ea"),
            (Language::Spanish, 4, "ábaco", "rito", "05da8a20ae4a5af8fc1bd02d20d1282cf72ce1a6c98b9be60b1eff4c79d424fb"),
        ];
        assert_eq!(rows.map(|(language, ..)| language), Language::ALL);
        for row in rows {
            check(row);
        }
        assert_eq!(Language::from_name("Deutsch"), Some(Language::German));
        assert_eq!(Language::from_name("Russian"), Some(Language::Russian));
        assert_eq!(Language::from_name("русский язык"), Some(Language::Russian));
        assert_eq!(Language::from_name("русский"), None);
    }
}

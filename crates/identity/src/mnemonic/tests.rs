use super::*;
use alloc::format;
use proptest::prelude::*;

const ENGLISH: Language = Language::English;
const WORDS: &str = "amaze buffet cake entrance symptoms tiger lamb maze nestle python dusted \
                     faxed faxed";

fn any_language() -> impl Strategy<Value = Language> {
    prop::sample::select(Language::KNOWN)
}

proptest! {
    // Every phrase goes through the whole list: slow without optimisation.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn decode_inverts_encode(
        language in any_language(),
        groups in prop::collection::vec(any::<[u8; 4]>(), 1..9),
        checksum: bool,
    ) {
        let data = groups.concat();
        let words = encode(language, &data, checksum).unwrap();
        prop_assert_eq!(words.split(' ').count(), groups.len() * 3 + usize::from(checksum));
        prop_assert_eq!(&**decode(language, &words).unwrap(), &data);
        // Some capital of every letter: that of `ß` would be two.
        let capitals = words.replace('ß', "ẞ").to_uppercase();
        prop_assert_eq!(&**decode(language, &capitals).unwrap(), &data);
        let letters = language.prefix_len();
        let short = words.split(' ').map(|word| word.chars().take(letters).collect::<String>());
        let short = short.collect::<Vec<_>>().join("\u{3000}");
        prop_assert_eq!(&**decode(language, &short).unwrap(), &data);
    }

    #[test]
    fn a_wrong_word_never_gives_the_same_data(
        language in any_language(),
        data: [u8; 16],
        at in 0usize..13,
        other in any::<prop::sample::Index>(),
    ) {
        let words = encode(language, &data, true).unwrap();
        let mut words: Vec<&str> = words.split(' ').collect();
        let list: Vec<&str> = language.words().collect();
        let other = *other.get(&list);
        prop_assume!(words[at] != other);
        words[at] = other;
        match decode(language, &words.join(" ")) {
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
    fn any_text_gives_data_or_an_error(
        language in any_language(),
        text in "[a-c \u{300}-\u{303}\\PC]{0,60}",
    ) {
        let _ = decode(language, &text);
        let _ = detect(&[language], &text);
    }
}

#[test]
fn example_of_the_spec() {
    let data: Vec<u8> = (0..16).collect();
    assert_eq!(**encode(ENGLISH, &data, true).unwrap(), *WORDS);
    assert_eq!(**decode(ENGLISH, WORDS).unwrap(), data);
    let spaced = WORDS
        .to_uppercase()
        .replace(' ', "\r\n\t\u{a0}\u{2003}\u{3000}");
    let spaced = ["\u{2028}", &spaced, "\n"].concat();
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
        decode(
            ENGLISH,
            &WORDS.replace("tiger", "qqq").replace("dusted", "q")
        ),
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
        let error = decode(ENGLISH, &words).unwrap_err();
        assert_eq!(error, Error::Checksum);
        assert!(!format!("{error} {error:?}").contains(last));
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

#[test]
fn detection_without_a_result_says_why() {
    assert_eq!(detect(&[], WORDS), Err(Error::UnclearLanguage));
    assert_eq!(detect(&[ENGLISH], WORDS), Ok(ENGLISH));
    assert_eq!(detect(&[ENGLISH, ENGLISH], WORDS), Ok(ENGLISH));
    for (words, error) in [
        ("abbey", Error::WordCount { got: 1 }),
        ("abbey qqq zoom", Error::UnknownWord { position: 2 }),
        ("abbey abbey zoom", Error::Overflow { position: 1 }),
        ("abbey abbey abbey zoom", Error::Checksum),
    ] {
        assert_eq!(detect(&[ENGLISH], words), Err(error));
    }
}

#[cfg(feature = "languages")]
mod languages {
    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn a_phrase_is_never_taken_for_another_language(
            language in any_language(),
            data: [u8; 16],
        ) {
            let words = encode(language, &data, true).unwrap();
            let found = detect(Language::ALL, &words);
            prop_assert!(
                found == Ok(language) || found == Err(Error::UnclearLanguage),
                "{found:?}",
            );
        }
    }

    #[test]
    fn the_language_that_came_furthest_gives_the_error() {
        let among = [Language::Russian, Language::French, ENGLISH];
        for (words, error) in [
            ("abbey amaze qqq", Error::UnknownWord { position: 3 }),
            ("abbey abbey zoom", Error::Overflow { position: 1 }),
            ("abbey abbey abbey zoom", Error::Checksum),
            ("abandon zoom", Error::WordCount { got: 2 }),
        ] {
            assert_eq!(detect(&among, words), Err(error), "{words}");
        }
        let both = "zoom zoom zoom";
        let found = [ENGLISH, Language::French].map(|language| decode(language, both));
        assert!(found.iter().all(Result::is_ok));
        assert_eq!(detect(&among, both), Err(Error::UnclearLanguage));
    }

    #[test]
    fn accents_may_be_decomposed() {
        use unicode_normalization::UnicodeNormalization;
        let data: Vec<u8> = (0..24u8).map(|at| at.wrapping_mul(67)).collect();
        for language in Language::ALL.iter().copied() {
            let words = encode(language, &data, true).unwrap();
            let decomposed: String = words.nfd().collect();
            if language == Language::Japanese {
                assert_ne!(*words, decomposed);
            }
            assert_eq!(**decode(language, &decomposed).unwrap(), *data);
        }
    }

    #[test]
    fn short_spanish_words() {
        let data = decode(Language::Spanish, "ave boa cal").unwrap();
        assert_eq!(**data, [0x09, 0x92, 0x3f, 0x0a]);
    }

    #[test]
    fn sharp_s_is_found_as_itself_and_checked_as_two_letters() {
        let read = |words: &str| decode(Language::German, words);
        assert_ne!(read("Floskel Abakus Abakus"), read("Floß Abakus Abakus"));
        assert_eq!(read("FLOẞ ABAKUS ABAKUS"), read("Floß Abakus Abakus"));
        // Computed outside of this crate. With `ß` as itself the last word is `Weißbier`.
        let data = [0x1b, 0x3a, 0xe0, 0x41, 0xfa, 0x0a, 0x37, 0x52];
        let words = "Floß Fußbad Maßanzug Weißbier Maßkrug Abakus Floß";
        assert_eq!(**encode(Language::German, &data, true).unwrap(), *words);
        assert_eq!(**read(words).unwrap(), data);
    }
}

//! Emoji that two people, or two screens, compare (spec 07 §10).
//!
//! Compare and send [indices](Emoji::index), never glyphs: fonts differ. Say the names, translated,
//! for those who cannot see the pictures.

mod emoji;

use core::fmt;

use session_crypto::argon2id::LinkRequestMemory;
use session_crypto::blake2b;

pub use emoji::Emoji;

use crate::{Error, GroupId};

/// Length of a seed in bytes.
const SEED_LEN: usize = 16;

/// The pictures of a seed in their order: 6 bits each from the low end, 21 before only zeros come.
fn pictures(seed: &[u8; SEED_LEN]) -> impl FnMut() -> Emoji {
    let mut bits = u128::from_le_bytes(*seed);
    move || {
        let [low, ..] = bits.to_le_bytes();
        bits >>= 6;
        Emoji::of_bits(low)
    }
}

/// What the screens of both devices show when one asks to be linked. The user compares all that
/// either shows: 7 pictures, or 21 for who wants to be surer. There are never fewer than 7: these
/// are 42 bits, behind 16 MiB of Argon2id (spec 07 D14).
///
/// The request's own device computes it from what it sent and the other from what it received. It
/// is no secret. It is to be shown anew when the request is replaced: an old one must not stay on
/// the screen.
///
/// ```
/// use session_pfs::sas::Sas;
/// let sas = Sas::from_bytes(*b"what was derived");
/// assert_eq!(sas.to_string(), "🏆 👓 🔥 🍎 🚲 🐱 🏁");
/// assert_eq!(sas.short().map(|emoji| emoji.name())[0], "Trophy");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Sas([u8; SEED_LEN]);

impl Sas {
    /// Takes the 16 bytes of [`as_bytes`](Self::as_bytes).
    #[must_use]
    pub const fn from_bytes(seed: [u8; SEED_LEN]) -> Self {
        Self(seed)
    }

    /// The 16 bytes, to be stored.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; SEED_LEN] {
        &self.0
    }

    /// The emoji of a link request's signed plaintext. Verify its signature first (spec 07 D15).
    pub(crate) fn of_plaintext(
        plaintext: &[u8],
        memory: &mut LinkRequestMemory,
    ) -> Result<Self, Error> {
        memory
            .derive(plaintext, &salt(plaintext))
            .map(|seed| Self(*seed))
            .map_err(|_| Error::Internal("Argon2id"))
    }

    /// The short form.
    #[must_use]
    pub fn short(&self) -> [Emoji; 7] {
        let mut next = pictures(&self.0);
        core::array::from_fn(|_| next())
    }

    /// The long form: three lines, the first of which is the short form.
    #[must_use]
    pub fn lines(&self) -> [[Emoji; 7]; 3] {
        let mut next = pictures(&self.0);
        core::array::from_fn(|_| core::array::from_fn(|_| next()))
    }

    /// The indices of the long form.
    #[must_use]
    pub fn indices(&self) -> [u8; 21] {
        let mut next = pictures(&self.0);
        core::array::from_fn(|_| next().index())
    }
}

/// The short form with spaces; with `{:#}` the long form in three lines.
impl fmt::Display for Sas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            return spaced(&self.short(), f);
        }
        let [first, second, third] = self.lines();
        spaced(&first, f)?;
        f.write_str("\n")?;
        spaced(&second, f)?;
        f.write_str("\n")?;
        spaced(&third, f)
    }
}

impl fmt::Debug for Sas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sas(..)")
    }
}

/// The salt of a link request's hash.
pub(crate) fn salt(plaintext: &[u8]) -> [u8; 16] {
    blake2b::hash_personal(b"SessionLinkEmoji", &[plaintext])
}

/// What a group is told from another by, beside [the time of its creation](GroupId::created): a
/// name in pictures, no security check (spec 07 §5.4).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct GroupSas([u8; SEED_LEN]);

impl GroupSas {
    /// The pictures of a group.
    #[must_use]
    pub fn of(group: &GroupId) -> Self {
        Self(blake2b::hash_personal(
            b"SessionDvGrp_SAS",
            &[group.as_bytes()],
        ))
    }

    /// The 16 bytes that they are made of.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; SEED_LEN] {
        &self.0
    }

    /// The pictures.
    #[must_use]
    pub fn emoji(&self) -> [Emoji; 4] {
        let mut next = pictures(&self.0);
        core::array::from_fn(|_| next())
    }
}

/// The pictures with spaces.
impl fmt::Display for GroupSas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        spaced(&self.emoji(), f)
    }
}

impl fmt::Debug for GroupSas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GroupSas({self})")
    }
}

fn spaced(emoji: &[Emoji], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (at, emoji) in emoji.iter().enumerate() {
        if at > 0 {
            f.write_str(" ")?;
        }
        f.write_str(emoji.glyph())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use alloc::format;
    use alloc::string::ToString;
    use proptest::prelude::*;

    proptest! {
        /// The bits, taken one by one from the low end.
        #[test]
        fn six_bits_each(seed: [u8; 16]) {
            let bit = |at: usize| seed[at / 8] >> (at % 8) & 1;
            let expected: [u8; 21] = core::array::from_fn(|k| {
                (0..6).map(|b| bit(6 * k + b) << b).sum()
            });
            let sas = Sas::from_bytes(seed);
            prop_assert_eq!(sas.indices(), expected);
            let lines = sas.lines().as_flattened().iter().map(Emoji::index).collect::<alloc::vec::Vec<_>>();
            prop_assert_eq!(&lines[..], &expected[..]);
            prop_assert_eq!(sas.short(), sas.lines()[0]);
            prop_assert_eq!(Sas::from_bytes(*sas.as_bytes()), sas);
            // The two highest bits are not shown, and still differ.
            let mut other = seed;
            other[15] ^= 0x80;
            prop_assert_eq!(Sas::from_bytes(other).indices(), expected);
            prop_assert_ne!(Sas::from_bytes(other), sas);
        }
    }

    #[test]
    fn sixty_four_different_pictures() {
        let all: alloc::vec::Vec<_> = (0..=u8::MAX).filter_map(Emoji::from_index).collect();
        assert_eq!(all.len(), 64);
        let glyphs: BTreeSet<_> = all.iter().map(Emoji::glyph).collect();
        let names: BTreeSet<_> = all.iter().map(Emoji::name).collect();
        assert_eq!((glyphs.len(), names.len()), (64, 64));
        let in_colour: alloc::vec::Vec<_> = all
            .iter()
            .filter(|emoji| emoji.glyph().ends_with('\u{fe0f}'))
            .map(Emoji::index)
            .collect();
        assert_eq!(in_colour, [21, 29, 37, 43, 45, 49, 53]);
        for emoji in all {
            let scalars = 1 + usize::from(in_colour.contains(&emoji.index()));
            assert_eq!(emoji.glyph().chars().count(), scalars);
        }
    }

    #[test]
    fn shown() {
        let sas = Sas::from_bytes([0; 16]);
        assert_eq!(sas.to_string(), "🐶 🐶 🐶 🐶 🐶 🐶 🐶");
        let lines = format!("{sas:#}");
        assert_eq!(lines.lines().count(), 3);
        assert!(lines.lines().all(|line| line == sas.to_string()));
        assert_eq!(format!("{sas:?}"), "Sas(..)");
        assert_eq!(format!("{:?}", sas.short()[0]), "Dog");
        assert_eq!(sas.short()[0].to_string(), "🐶");
        let group = GroupSas::of(&GroupId::from_bytes([1; 8]));
        assert_eq!(group.to_string().split(' ').count(), 4);
        assert_eq!(format!("{group:?}"), format!("GroupSas({group})"));
        assert_ne!(group, GroupSas::of(&GroupId::from_bytes([2; 8])));
    }
}

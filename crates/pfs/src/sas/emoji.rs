//! The 64 pictures (spec 07 §10).

use core::fmt;

/// One of 64 pictures.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Emoji(u8);

impl Emoji {
    /// How many there are.
    pub const COUNT: u8 = 64;

    /// The picture of an index below [`COUNT`](Self::COUNT).
    #[must_use]
    pub const fn from_index(index: u8) -> Option<Self> {
        if index < Self::COUNT {
            Some(Self(index))
        } else {
            None
        }
    }

    /// The picture of the lower six bits.
    pub(super) const fn of_bits(bits: u8) -> Self {
        Self(bits & 0x3f)
    }

    /// Which of the 64 it is, from 0.
    #[must_use]
    pub const fn index(&self) -> u8 {
        self.0
    }

    /// The picture: one Unicode scalar, or one followed by U+FE0F, which asks for colour.
    #[must_use]
    pub fn glyph(&self) -> &'static str {
        self.entry().0
    }

    /// The English name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.entry().1
    }

    fn entry(&self) -> &'static (&'static str, &'static str) {
        TABLE.get(usize::from(self.0)).unwrap_or(&("", ""))
    }
}

/// The glyph.
impl fmt::Display for Emoji {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.glyph())
    }
}

/// The name.
impl fmt::Debug for Emoji {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Glyph and English name by index. What is drawn in black without U+FE0F is spelled out.
const TABLE: [(&str, &str); Emoji::COUNT as usize] = [
    ("🐶", "Dog"),
    ("🐱", "Cat"),
    ("🦁", "Lion"),
    ("🐎", "Horse"),
    ("🦄", "Unicorn"),
    ("🐷", "Pig"),
    ("🐘", "Elephant"),
    ("🐰", "Rabbit"),
    ("🐼", "Panda"),
    ("🐓", "Rooster"),
    ("🐧", "Penguin"),
    ("🐢", "Turtle"),
    ("🐟", "Fish"),
    ("🐙", "Octopus"),
    ("🦋", "Butterfly"),
    ("🌷", "Flower"),
    ("🌳", "Tree"),
    ("🌵", "Cactus"),
    ("🍄", "Mushroom"),
    ("🌏", "Globe"),
    ("🌙", "Moon"),
    ("\u{2601}\u{fe0f}", "Cloud"),
    ("🔥", "Fire"),
    ("🍌", "Banana"),
    ("🍎", "Apple"),
    ("🍓", "Strawberry"),
    ("🌽", "Corn"),
    ("🍕", "Pizza"),
    ("🎂", "Cake"),
    ("\u{2764}\u{fe0f}", "Heart"),
    ("😀", "Smiley"),
    ("🤖", "Robot"),
    ("🎩", "Hat"),
    ("👓", "Glasses"),
    ("🔧", "Spanner"),
    ("🎅", "Santa"),
    ("👍", "Thumbs Up"),
    ("\u{2602}\u{fe0f}", "Umbrella"),
    ("⌛", "Hourglass"),
    ("⏰", "Clock"),
    ("🎁", "Gift"),
    ("💡", "Light Bulb"),
    ("📕", "Book"),
    ("\u{270f}\u{fe0f}", "Pencil"),
    ("📎", "Paperclip"),
    ("\u{2702}\u{fe0f}", "Scissors"),
    ("🔒", "Lock"),
    ("🔑", "Key"),
    ("🔨", "Hammer"),
    ("\u{260e}\u{fe0f}", "Telephone"),
    ("🏁", "Flag"),
    ("🚂", "Train"),
    ("🚲", "Bicycle"),
    ("\u{2708}\u{fe0f}", "Aeroplane"),
    ("🚀", "Rocket"),
    ("🏆", "Trophy"),
    ("⚽", "Ball"),
    ("🎸", "Guitar"),
    ("🎺", "Trumpet"),
    ("🔔", "Bell"),
    ("⚓", "Anchor"),
    ("🎧", "Headphones"),
    ("📁", "Folder"),
    ("📌", "Pin"),
];

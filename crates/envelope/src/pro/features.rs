//! Features that messages and profiles use (spec 12 §3).

use crate::Error;

/// The longest text without Pro, in Unicode code points.
pub const TEXT_LIMIT: usize = 2_000;

/// The longest text with Pro, in Unicode code points.
pub const LONG_TEXT_LIMIT: usize = 10_000;

/// How many conversations can be pinned without Pro.
pub const PINNED_LIMIT: usize = 5;

macro_rules! features {
    ($(#[$doc:meta])* $name:ident { $($(#[$constant_doc:meta])* $constant:ident = $bit:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub struct $name(u64);

        impl $name {
            $($(#[$constant_doc])* pub const $constant: Self = Self(1 << $bit);)*

            /// Takes the bits of the wire. Unknown ones are kept.
            #[must_use]
            pub const fn from_bits(bits: u64) -> Self {
                Self(bits)
            }

            /// The bits of the wire.
            #[must_use]
            pub const fn bits(self) -> u64 {
                self.0
            }

            /// Whether all features of `other` are among these.
            #[must_use]
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// These and those.
            #[must_use]
            pub const fn union(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// Whether there are none, known or unknown.
            #[must_use]
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }
        }
    };
}

features! {
    /// What a message uses.
    MessageFeatures {
        /// Up to 10 000 code points of text.
        LONG_TEXT = 0,
    }
}

features! {
    /// What a sender's profile uses.
    ProfileFeatures {
        /// Show the Pro badge.
        BADGE = 0,
        /// An animated display picture.
        ANIMATED_PICTURE = 1,
    }
}

impl MessageFeatures {
    /// What a text of so many Unicode code points uses (spec 12 §3.1).
    ///
    /// # Errors
    /// [`Error::TextTooLong`] above [`LONG_TEXT_LIMIT`].
    pub const fn of_text(code_points: usize) -> Result<Self, Error> {
        if code_points <= TEXT_LIMIT {
            Ok(Self(0))
        } else if code_points <= LONG_TEXT_LIMIT {
            Ok(Self::LONG_TEXT)
        } else {
            Err(Error::TextTooLong {
                limit: LONG_TEXT_LIMIT,
                got: code_points,
            })
        }
    }
}

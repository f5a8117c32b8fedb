//! One entry of the list of account keys.

use crate::KeySeed;

/// An account key as devices tell it to each other (spec 06 §3, 07 §4).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountKey {
    /// What the key pairs are expanded from.
    pub seed: KeySeed,
    /// When it was made, in Unix seconds.
    pub created: i64,
    /// When another key took its place, in Unix seconds; `None` for the active key.
    pub rotated: Option<i64>,
}

impl AccountKey {
    /// A key with its times.
    #[must_use]
    pub const fn new(seed: KeySeed, created: i64, rotated: Option<i64>) -> Self {
        Self {
            seed,
            created,
            rotated,
        }
    }
}

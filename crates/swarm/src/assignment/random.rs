//! The generator that all daemons draw from (spec 03 §12.1).

use core::fmt;

const LEN: usize = 312;
/// How far apart the two words are that make a new one.
const DISTANCE: usize = 156;
const LOW_BITS: u64 = (1 << 31) - 1;

/// `mt19937_64` of the C++ standard. Every draw is known to whoever knows the seed, a block hash:
/// nothing for secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Mt19937_64 {
    state: [u64; LEN],
    /// The word that is replaced and given out next.
    at: usize,
}

impl Mt19937_64 {
    /// The generator in its first state for this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut state = [0; LEN];
        let mut word = seed;
        for (index, place) in (0u64..).zip(&mut state) {
            if index > 0 {
                word = (word ^ (word >> 62))
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(index);
            }
            *place = word;
        }
        Self { state, at: 0 }
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        // The standard renews all words at once; one at a time they come out the same.
        let joined = (self.word(0) & !LOW_BITS) | (self.word(1) & LOW_BITS);
        let twist = if joined & 1 == 0 {
            0
        } else {
            0xb502_6f5a_a966_19e9
        };
        let mut word = self.word(DISTANCE) ^ (joined >> 1) ^ twist;
        if let Some(place) = self.state.get_mut(self.at) {
            *place = word;
        }
        self.at = self.at.wrapping_add(1) % LEN;

        word ^= (word >> 29) & 0x5555_5555_5555_5555;
        word ^= (word << 17) & 0x71d6_7fff_eda6_0000;
        word ^= (word << 37) & 0xfff7_eee0_0000_0000;
        word ^ (word >> 43)
    }

    /// A number below `n`, each as likely as the others; 0 if `n` is 0.
    pub fn uniform(&mut self, n: u64) -> u64 {
        let Some(rest) = u64::MAX.checked_rem(n) else {
            return 0;
        };
        let limit = u64::MAX.wrapping_sub(rest);
        // At least half of all draws are below the limit.
        let drawn = loop {
            let drawn = self.next_u64();
            if drawn < limit {
                break drawn;
            }
        };
        limit
            .checked_div(n)
            .and_then(|share| drawn.checked_div(share))
            .unwrap_or_default()
    }

    /// The word `ahead` of the one that is replaced next.
    fn word(&self, ahead: usize) -> u64 {
        let at = self.at.wrapping_add(ahead) % LEN;
        self.state.get(at).copied().unwrap_or_default()
    }
}

/// Two and a half kilobytes that say nothing.
impl fmt::Debug for Mt19937_64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mt19937_64").finish_non_exhaustive()
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "tests may overflow")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_standard_names_the_10000th_draw() {
        let mut random = Mt19937_64::new(5489);
        for _ in 1..10_000 {
            random.next_u64();
        }
        assert_eq!(random.next_u64(), 9_981_545_732_273_789_042);
    }

    #[test]
    fn bounds_at_the_edges() {
        let mut random = Mt19937_64::new(1);
        assert_eq!((random.uniform(0), random.uniform(1)), (0, 0));
        // All draws but one are below this limit, and stand for themselves.
        assert_eq!(random.clone().uniform(u64::MAX), random.next_u64());
    }

    proptest! {
        #[test]
        fn draws_are_below_the_bound(seed: u64, n in 1u64..) {
            prop_assert!(Mt19937_64::new(seed).uniform(n) < n);
        }

        #[test]
        fn draws_of_few_reach_all(seed: u64, n in 1u64..8) {
            let mut random = Mt19937_64::new(seed);
            let mut seen = 0u64;
            for _ in 0..1000 {
                seen |= 1 << random.uniform(n);
            }
            prop_assert_eq!(seen, (1 << n) - 1);
        }
    }
}

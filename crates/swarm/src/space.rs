//! The ring of 64-bit positions that swarms and accounts lie on (spec 03 §1, §3).

use core::fmt;
use core::str::FromStr;

use session_core::NetworkId;

use crate::Error;

/// The id of a swarm, which is also its position on the ring.
///
/// Text form: lowercase hex without leading zeros, as in the member `swarm` of JSON replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SwarmId(u64);

impl SwarmId {
    /// "In no swarm": a new, decommissioned or part-staked node. Never a real swarm.
    pub const INVALID: Self = Self(u64::MAX);
    /// The largest id of a real swarm.
    pub const MAX: Self = Self(u64::MAX - 1);

    /// The swarm with this id; 2^64 − 1 gives [`SwarmId::INVALID`].
    #[must_use]
    pub const fn new(id: u64) -> Self {
        Self(id)
    }

    /// The id as a number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Whether this can be a real swarm, that is, whether it is not [`SwarmId::INVALID`].
    #[must_use]
    pub const fn is_valid(self) -> bool {
        self.0 != Self::INVALID.0
    }
}

impl fmt::Display for SwarmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::LowerHex::fmt(&self.0, f)
    }
}

impl FromStr for SwarmId {
    type Err = Error;

    /// Hex of either case, with or without leading zeros; no sign, no `0x`.
    fn from_str(text: &str) -> Result<Self, Error> {
        const MALFORMED: Error = Error::Malformed { what: "swarm id" };
        // `from_str_radix` alone would take a sign.
        if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(MALFORMED);
        }
        u64::from_str_radix(text, 16)
            .map(Self)
            .map_err(|_| MALFORMED)
    }
}

/// Where an account lies on the ring (spec 03 §3): the four big-endian words of its key, xored.
///
/// The prefix plays no part: two ids with the same key share a swarm. Any `u64` is a position,
/// 2^64 − 1 included.
#[must_use]
pub fn position(id: &NetworkId) -> u64 {
    let key = id.key_bytes();
    let (words, _) = key.as_chunks::<8>();
    words
        .iter()
        .fold(0, |position, word| position ^ u64::from_be_bytes(*word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_round_trips(id: u64) {
            let id = SwarmId::new(id);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            prop_assert_eq!(id.to_string().to_uppercase().parse(), Ok(id));
        }

        #[test]
        fn the_prefix_plays_no_part(bytes: [u8; 32], prefix: u8) {
            let mut id = [0; 33];
            id[1..].copy_from_slice(&bytes);
            let plain = position(&NetworkId::from(id));
            id[0] = prefix;
            prop_assert_eq!(position(&NetworkId::from(id)), plain);
        }
    }

    #[test]
    fn only_hex_is_an_id() {
        for text in ["", "+1", "-1", "0x1", "xyz", " 1", "10000000000000000"] {
            let id = text.parse::<SwarmId>();
            assert_eq!(id, Err(Error::Malformed { what: "swarm id" }), "{text}");
        }
        assert_eq!("0000000000000000000a".parse(), Ok(SwarmId::new(10)));
        assert_eq!("ffffffffffffffff".parse(), Ok(SwarmId::INVALID));
        assert!(SwarmId::MAX.is_valid() && !SwarmId::INVALID.is_valid());
    }
}

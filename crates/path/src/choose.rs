//! Which of the paths carries a request (spec 02 §8.4).

use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::Policy;
use crate::random::one_of;

/// What matters about a path when a request looks for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "the three inputs of the rule")]
pub struct Candidate {
    /// Requests that are under way on it.
    pub active_requests: u32,
    /// Its strikes.
    pub strikes: u8,
    /// Whether the destination of the request is one of its nodes.
    pub holds_destination: bool,
}

/// The index of the path to use; `None` if one must be built first.
///
/// The least busy of the paths that are below the strike threshold and do not hold the
/// destination, at random among equals; a busy one only if there are `min_paths` paths already.
/// With [`Policy::single_path`] it is the first path, whatever its state.
#[must_use]
pub fn choose_path<R: CryptoRng + ?Sized>(
    paths: &[Candidate],
    min_paths: u8,
    policy: &Policy,
    rng: &mut R,
) -> Option<usize> {
    if policy.single_path {
        return (!paths.is_empty()).then_some(0);
    }
    let usable =
        |path: &Candidate| path.strikes < policy.path_strike_threshold && !path.holds_destination;
    let least = paths
        .iter()
        .filter(|path| usable(path))
        .map(|path| path.active_requests)
        .min()?;
    if least > 0 && paths.len() < min_paths.into() {
        return None;
    }
    let equals: Vec<usize> = paths
        .iter()
        .enumerate()
        .filter(|(_, path)| usable(path) && path.active_requests == least)
        .map(|(index, _)| index)
        .collect();
    one_of(&equals, rng)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha8Rng;
    use rand_core::SeedableRng;

    #[test]
    fn equals_share_the_load() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let path = |active_requests, strikes| Candidate {
            active_requests,
            strikes,
            holds_destination: false,
        };
        let paths = [path(1, 0), path(2, 0), path(1, 2), path(0, 3)];
        let mut counts = [0; 4];
        for _ in 0..1000 {
            counts[choose_path(&paths, 2, &Policy::default(), &mut rng).unwrap()] += 1;
        }
        assert_eq!((counts[1], counts[3]), (0, 0));
        assert!(counts[0] > 400 && counts[2] > 400, "{counts:?}");
    }
}

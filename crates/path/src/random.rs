//! Choices that nobody can predict.

use alloc::collections::BTreeMap;

use rand_core::CryptoRng;

/// A number below `bound`, or 0 if that is 0; one draw.
///
/// No number is favoured by more than `bound` in 2^64, far below what anyone can observe.
pub(crate) fn below<R: CryptoRng + ?Sized>(bound: usize, rng: &mut R) -> usize {
    let wide = u128::from(rng.next_u64()).saturating_mul(bound as u128) >> 64;
    usize::try_from(wide).unwrap_or(0)
}

/// One of `items`, each as likely as any other; `None` if there are none.
pub(crate) fn one_of<T: Copy, R: CryptoRng + ?Sized>(items: &[T], rng: &mut R) -> Option<T> {
    items.get(below(items.len(), rng)).copied()
}

/// All `items` in random order. Costs only as much as is read of it.
pub(crate) fn shuffled<'a, T, R: CryptoRng + ?Sized>(
    items: &'a [T],
    rng: &mut R,
) -> impl Iterator<Item = &'a T> {
    // A Fisher-Yates shuffle of the indices that stores only those that are not in their place.
    let mut moved = BTreeMap::new();
    let mut left = items.len();
    core::iter::from_fn(move || {
        let last = left.checked_sub(1)?;
        let at = below(left, rng);
        let index = moved.get(&at).copied().unwrap_or(at);
        let index_of_last = moved.remove(&last).unwrap_or(last);
        if at != last {
            moved.insert(at, index_of_last);
        }
        left = last;
        items.get(index)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use rand_chacha::ChaCha8Rng;
    use rand_core::SeedableRng;

    #[test]
    fn a_shuffle_has_every_item_once_in_every_place() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut counts = [[0u32; 4]; 4];
        for _ in 0..8000 {
            let order: Vec<usize> = shuffled(&[0, 1, 2, 3], &mut rng).copied().collect();
            assert_eq!(order.iter().sum::<usize>(), 6);
            for (place, item) in order.into_iter().enumerate() {
                counts[place][item] += 1;
            }
        }
        assert!(
            counts
                .iter()
                .flatten()
                .all(|count| (1700..2300).contains(count))
        );
    }

    #[test]
    fn nothing_to_choose_from() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        assert_eq!(one_of::<u8, _>(&[], &mut rng), None);
        assert_eq!(shuffled::<u8, _>(&[], &mut rng).next(), None);
    }
}

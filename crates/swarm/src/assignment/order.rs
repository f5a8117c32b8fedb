//! The order of swarms by size, ties included (spec 03 §12.2).
//!
//! The daemon sorts with the unstable sort of the GNU C++ library and then draws an index. All
//! daemons must get the same swarm, so here is that sort, step by step.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "indices at or below the length of the slice that they are for"
)]

use alloc::vec::Vec;

/// Runs up to this length are left to the last pass.
const SHORT: usize = 16;

/// A swarm in the order of sizes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Entry {
    pub(super) size: usize,
    /// Its place among the ids.
    pub(super) rank: usize,
}

/// The ranks of swarms in the order of their sizes, smallest first, as the daemon sees them.
///
/// A swarm's rank is its place among the ids; `sizes` are in that order. Swarms of one size are
/// in the order of ids only where there are at most 16 swarms.
#[must_use]
pub fn ranks_by_size(sizes: &[usize]) -> Vec<usize> {
    let mut entries = entries(sizes.iter().copied());
    sort(&mut entries);
    entries.iter().map(|entry| entry.rank).collect()
}

/// Swarms of these sizes, in the order of their ids.
pub(super) fn entries(sizes: impl Iterator<Item = usize>) -> Vec<Entry> {
    let entry = |(rank, size)| Entry { size, rank };
    sizes.enumerate().map(entry).collect()
}

/// Puts swarms, given in the order of their ids, in the order of their sizes.
pub(super) fn sort(entries: &mut [Entry]) {
    let depth = entries.len().checked_ilog2().unwrap_or_default() * 2;
    introsort(entries, depth);
    // What the library does by insertion. Every stable sort gives the same.
    entries.sort_by_key(|entry| entry.size);
}

/// Parts into runs of up to [`SHORT`] entries, each run above the one before it; parts that are
/// still longer after `depth` divisions are sorted at once.
fn introsort(mut entries: &mut [Entry], mut depth: u32) {
    while entries.len() > SHORT {
        if depth == 0 {
            return heap_sort(entries);
        }
        depth -= 1;
        let cut = divide(entries);
        let (lower, upper) = entries.split_at_mut(cut);
        introsort(upper, depth);
        entries = lower;
    }
}

/// Brings smaller entries before larger ones and says where the larger ones begin. The measure is
/// the median of three entries, which ends up first.
fn divide(entries: &mut [Entry]) -> usize {
    let (low, middle, high) = (1, entries.len() / 2, entries.len() - 1);
    let [a, b, c] = [low, middle, high].map(|at| size(entries, at));
    let median = match (a < b, b < c, a < c) {
        (true, true, _) | (false, false, false) => middle,
        (true, false, true) | (false, true, false) => high,
        (true, false, false) | (false, _, true) => low,
    };
    entries.swap(0, median);
    let pivot = size(entries, 0);
    let (mut left, mut right) = (1, entries.len());
    loop {
        // An entry that is not smaller, and one that is not larger, are there: of the three, the
        // other two.
        while size(entries, left) < pivot {
            left += 1;
        }
        right -= 1;
        while pivot < size(entries, right) {
            right -= 1;
        }
        if left >= right {
            return left;
        }
        entries.swap(left, right);
        left += 1;
    }
}

/// Only input made for it comes here. (It is the order of ties that sorts differ in.)
fn heap_sort(entries: &mut [Entry]) {
    for top in (0..entries.len() / 2).rev() {
        sift(entries, top);
    }
    for end in (1..entries.len()).rev() {
        entries.swap(0, end);
        if let Some(heap) = entries.get_mut(..end) {
            sift(heap, 0);
        }
    }
}

/// Moves the entry at `top` down to the end of the path of larger children, and from there up to
/// where it belongs.
fn sift(heap: &mut [Entry], top: usize) {
    let mut at = top;
    loop {
        let (left, right) = (2 * at + 1, 2 * at + 2);
        let child = if right < heap.len() && size(heap, right) >= size(heap, left) {
            right
        } else if left < heap.len() {
            left
        } else {
            break;
        };
        heap.swap(at, child);
        at = child;
    }
    while at > top {
        let parent = (at - 1) / 2;
        if size(heap, parent) >= size(heap, at) {
            break;
        }
        heap.swap(at, parent);
        at = parent;
    }
}

fn size(entries: &[Entry], at: usize) -> usize {
    entries.get(at).map_or(usize::MAX, |entry| entry.size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// Every median of three is the second smallest of what is left (McIlroy's adversary), so that
    /// after all divisions 40 entries remain. The order is that of `std::sort`, GCC 12.
    const KILLER: [usize; 64] = [
        28, 1, 29, 3, 31, 5, 29, 7, 30, 9, 29, 11, 32, 13, 28, 15, 30, 17, 28, 19, 31, 21, 24, 23,
        31, 31, 30, 30, 30, 29, 29, 28, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 28, 27, 27, 27,
        27, 26, 26, 26, 26, 25, 26, 25, 25, 25, 25, 24, 24, 24, 24, 27,
    ];
    const KILLER_ORDER: [usize; 64] = [
        32, 1, 33, 3, 34, 5, 35, 7, 36, 9, 37, 11, 38, 13, 39, 15, 40, 17, 41, 19, 42, 21, 43, 23,
        22, 59, 61, 62, 60, 57, 58, 56, 55, 53, 49, 51, 50, 52, 54, 63, 45, 46, 47, 48, 14, 31, 18,
        0, 44, 2, 6, 29, 10, 30, 16, 27, 28, 8, 26, 20, 25, 4, 24, 12,
    ];

    #[test]
    fn deep_divisions_end_in_a_heap() {
        assert_eq!(ranks_by_size(&KILLER), KILLER_ORDER);
    }

    proptest! {
        #[test]
        fn the_order_is_a_permutation_sorted_by_size(sizes in vec(0usize..12, 0..200)) {
            let ranks = ranks_by_size(&sizes);
            prop_assert!(ranks.iter().is_sorted_by_key(|&rank| sizes[rank]));
            let mut all = ranks;
            all.sort_unstable();
            prop_assert!(all.into_iter().eq(0..sizes.len()));
        }

        #[test]
        fn few_swarms_keep_the_order_of_ids(sizes in vec(0usize..4, 0..=16)) {
            let mut stable: Vec<_> = (0..sizes.len()).collect();
            stable.sort_by_key(|&rank| sizes[rank]);
            prop_assert_eq!(ranks_by_size(&sizes), stable);
        }

        #[test]
        fn a_heap_sorts(sizes in vec(0usize..50, 0..60)) {
            let mut entries = entries(sizes.iter().copied());
            heap_sort(&mut entries);
            let mut sorted = sizes;
            sorted.sort_unstable();
            prop_assert!(entries.iter().map(|entry| entry.size).eq(sorted));
        }
    }
}

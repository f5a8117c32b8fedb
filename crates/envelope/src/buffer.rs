//! Vectors that hold secrets while they grow.

use alloc::vec::Vec;

use zeroize::Zeroizing;

/// As [`Vec::reserve`], without leaving a copy behind.
pub(crate) fn reserve(buffer: &mut Zeroizing<Vec<u8>>, additional: usize) {
    let needed = buffer.len().saturating_add(additional);
    if needed > buffer.capacity() {
        // Doubled at least, if there is something to copy: many small steps take linear time.
        let capacity = needed.max(buffer.len().saturating_mul(2));
        let mut grown = Zeroizing::new(Vec::with_capacity(capacity));
        grown.extend_from_slice(buffer);
        *buffer = grown;
    }
}

//! The smallest allocator: hands out pieces of a static block and takes none back.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicUsize, Ordering};

const SIZE: usize = 64 * 1024;

/// A block, and how much of it is used.
pub(crate) struct Bump {
    block: UnsafeCell<[u8; SIZE]>,
    used: AtomicUsize,
}

// SAFETY: the block is only reached through `alloc`, whose atomic counter gives no byte out twice.
unsafe impl Sync for Bump {}

impl Bump {
    pub(crate) const fn new() -> Self {
        Self {
            block: UnsafeCell::new([0; SIZE]),
            used: AtomicUsize::new(0),
        }
    }
}

// SAFETY: every piece lies inside the block, is aligned as asked and overlaps no other.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let block = self.block.get().cast::<u8>();
        let reserve = |used: usize| {
            let address = block.addr().checked_add(used)?;
            let padding = address.checked_next_multiple_of(layout.align())? - address;
            let end = used.checked_add(padding)?.checked_add(layout.size())?;
            (end <= SIZE).then_some(end)
        };
        match self
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, reserve)
        {
            // SAFETY: the piece ends at an offset that was checked to be inside the block.
            Ok(used) => unsafe { block.add(reserve(used).unwrap_or(SIZE) - layout.size()) },
            Err(_) => null_mut(),
        }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

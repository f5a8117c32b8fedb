//! Names every published crate in a program that has its own panic handler. A crate that links
//! `std` brings a second one, and the build fails: `cargo check` is the whole test.

#![no_std]
#![no_main]

extern crate alloc;

mod bump;

use core::panic::PanicInfo;

use session_bt as _;
use session_client as _;
use session_core as _;
use session_crypto as _;
use session_envelope as _;
use session_identity as _;
use session_node as _;
use session_onion as _;
use session_path as _;
use session_pfs as _;
use session_storage as _;
use session_swarm as _;

#[global_allocator]
static ALLOCATOR: bump::Bump = bump::Bump::new();

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}

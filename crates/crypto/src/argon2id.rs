//! Argon2id 1.3 in one lane, at the two costs that the protocol names: old name records (spec 01
//! §12.3) and the emoji that users compare when they link a device (spec 07 §10).
//!
//! The costs are in the types: nothing that is received can raise them.

use alloc::vec::Vec;
use core::fmt;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::Error;

const LANES: u32 = 1;

/// What a hash of `PASSES` passes over `KIB` KiB works in, to be used again for the next one. One
/// hash at a time: who wants two at once has to allocate twice. Zeroized on drop.
pub struct Memory<const PASSES: u32, const KIB: u32>(Vec<Block>);

/// Three passes over 256 MiB, about half a second: old name records.
pub type NameRecordMemory = Memory<3, 262_144>;

/// Two passes over 16 MiB: what is compared when a device is linked.
pub type LinkRequestMemory = Memory<2, 16_384>;

impl<const PASSES: u32, const KIB: u32> Memory<PASSES, KIB> {
    /// Allocates it.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn allocate() -> Result<Self, Error> {
        let len = usize::try_from(KIB).map_err(|_| Error::OutOfMemory)?;
        let mut blocks = Vec::new();
        blocks
            .try_reserve_exact(len)
            .map_err(|_| Error::OutOfMemory)?;
        blocks.resize(len, Block::new());
        Ok(Self(blocks))
    }

    /// Derives `N` bytes, from 4, from a password and a 16-byte salt.
    ///
    /// # Errors
    /// [`Error::TooLong`] for a password of 4 GiB and more.
    pub fn derive<const N: usize>(
        &mut self,
        password: &[u8],
        salt: &[u8; 16],
    ) -> Result<Zeroizing<[u8; N]>, Error> {
        const { assert!(N >= Params::MIN_OUTPUT_LEN) };
        let mut out = Zeroizing::new([0; N]);
        Params::new(KIB, PASSES, LANES, Some(N))
            .map(|params| Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
            .and_then(|hash| {
                hash.hash_password_into_with_memory(password, salt, out.as_mut(), &mut self.0)
            })
            .map_err(|_| Error::TooLong)?;
        Ok(out)
    }
}

impl<const PASSES: u32, const KIB: u32> fmt::Debug for Memory<PASSES, KIB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("argon2id::Memory(..)")
    }
}

impl<const PASSES: u32, const KIB: u32> Drop for Memory<PASSES, KIB> {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(Zeroize::zeroize);
    }
}

impl<const PASSES: u32, const KIB: u32> ZeroizeOnDrop for Memory<PASSES, KIB> {}

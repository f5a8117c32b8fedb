//! The password hash of the name service's old records (spec 01 §12.3): Argon2id 1.3 with three
//! passes over 256 MiB in one lane.
//!
//! It takes about half a second. The parameters are fixed: nothing that is received can raise
//! them.

use alloc::vec::Vec;
use core::fmt;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{Error, SymmetricKey};

const PASSES: u32 = 3;
const MEMORY_KIB: u32 = 262_144;
const LANES: u32 = 1;

/// The 256 MiB that a hash works in, to be used again for the next one. One hash at a time: who
/// wants two at once has to allocate twice. Zeroized on drop.
pub struct Memory(Vec<Block>);

impl Memory {
    /// Allocates it.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn allocate() -> Result<Self, Error> {
        let blocks = usize::try_from(MEMORY_KIB).map_err(|_| Error::OutOfMemory)?;
        let mut memory = Vec::new();
        memory
            .try_reserve_exact(blocks)
            .map_err(|_| Error::OutOfMemory)?;
        memory.resize(blocks, Block::new());
        Ok(Self(memory))
    }

    /// Derives a key from a password and a 16-byte salt.
    ///
    /// # Errors
    /// [`Error::TooLong`] for a password of 4 GiB and more.
    pub fn derive(&mut self, password: &[u8], salt: &[u8; 16]) -> Result<SymmetricKey, Error> {
        let mut key = Zeroizing::new([0; SymmetricKey::LEN]);
        Params::new(MEMORY_KIB, PASSES, LANES, Some(SymmetricKey::LEN))
            .map(|params| Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
            .and_then(|hash| {
                hash.hash_password_into_with_memory(password, salt, key.as_mut(), &mut self.0)
            })
            .map_err(|_| Error::TooLong)?;
        Ok(SymmetricKey::from_bytes(*key))
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("argon2id::Memory(..)")
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(Zeroize::zeroize);
    }
}

impl ZeroizeOnDrop for Memory {}

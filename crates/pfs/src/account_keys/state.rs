//! What outlives the process.
//!
//! ```text
//! state   = version options count *key   version = 1, one byte
//! options = one byte: 1 keys are published
//! key     = seed created seen flags [rotated]    in the order in which keys are tried
//! flags   = one byte: 1 distributed, 2 published, 4 rotated follows
//! seed    = 32 bytes; count = two bytes; created, seen, rotated = 8 bytes of Unix seconds;
//!           all big-endian
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::{AccountKeys, HeldKey, MAX_KEYS};
use crate::saved_state::{Input, put_count};
use crate::{AccountKey, Error, KeySeed};

const VERSION: u8 = 1;
const WHAT: &str = "saved account keys";

const PUBLISHING: u8 = 1;

const DISTRIBUTED: u8 = 1;
const PUBLISHED: u8 = 2;
const ROTATED: u8 = 4;

impl AccountKeys {
    /// Appends the list to `out`, for [`read`](Self::read): at most 7,300 bytes. They hold the
    /// secrets: use a `Zeroizing` buffer, save them encrypted and leave them out of backups (spec
    /// 06 R13). An empty buffer is not moved while it is written to.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.reserve(self.keys.len().saturating_mul(57).saturating_add(4));
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        out.extend([VERSION, flag(self.publishing, PUBLISHING)]);
        put_count(out, self.keys.len());
        for held in self.iter() {
            out.extend_from_slice(held.key.seed.expose_bytes());
            out.extend(held.key.created.to_be_bytes());
            out.extend(held.seen.to_be_bytes());
            out.push(
                flag(held.distributed, DISTRIBUTED)
                    | flag(held.published, PUBLISHED)
                    | flag(held.key.rotated.is_some(), ROTATED),
            );
            out.extend(held.key.rotated.iter().flat_map(|time| time.to_be_bytes()));
        }
    }

    /// What [`write`](Self::write) wrote, and nothing else. Expands every key: as much work as
    /// opening that many messages.
    ///
    /// # Errors
    /// [`Error::Version`], [`Error::Malformed`].
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        let mut input = Input::new(WHAT, VERSION, bytes)?;
        let options = input.byte()?;
        if options > PUBLISHING {
            return Err(input.malformed());
        }
        let mut keys = Self {
            publishing: options & PUBLISHING != 0,
            ..Self::default()
        };
        for place in 0..input.count(MAX_KEYS)? {
            let held = read_key(&mut input)?;
            let in_order = keys
                .keys
                .last()
                .is_none_or(|last| last.order(&held) == Ordering::Less);
            // A seed that comes twice with other times is not looked for: it would do no harm.
            if !in_order || (place > 0 && held.key.rotated.is_none()) {
                return Err(input.malformed());
            }
            keys.keys.push(held);
        }
        input.finish()?;
        Ok(keys)
    }
}

fn read_key(input: &mut Input<'_>) -> Result<Box<HeldKey>, Error> {
    let seed = KeySeed::from_bytes(*input.array()?);
    let (created, seen) = (input.int()?, input.int()?);
    let flags = input.byte()?;
    if flags > DISTRIBUTED | PUBLISHED | ROTATED {
        return Err(input.malformed());
    }
    let rotated = (flags & ROTATED != 0).then(|| input.int()).transpose()?;
    let mut held = HeldKey::new(AccountKey::new(seed, created, rotated), seen);
    held.distributed = flags & DISTRIBUTED != 0;
    held.published = flags & PUBLISHED != 0;
    Ok(held)
}

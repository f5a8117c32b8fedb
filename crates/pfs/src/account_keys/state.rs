//! What outlives the process.
//!
//! ```text
//! state   = version options count *key count *erased
//! version = 1, one byte
//! options = one byte: 1 keys are published
//! key     = seed created seen flags [rotated]    in the order in which keys are tried
//! flags   = one byte: 1 distributed, 2 published, 4 rotated follows
//! erased  = X time                       ascending by time
//! X, seed = 32 bytes; count = two bytes; created, seen, rotated, time = 8 bytes of Unix seconds;
//!           all big-endian
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cmp::Ordering;

use session_crypto::x25519;

use super::{AccountKeys, ErasedKey, HeldKey, MAX_ERASED, MAX_KEYS};
use crate::saved_state::{Input, put_count, put_list};
use crate::{AccountKey, Error, KeySeed};

const VERSION: u8 = 1;
const WHAT: &str = "saved account keys";

const PUBLISHING: u8 = 1;

const DISTRIBUTED: u8 = 1;
const PUBLISHED: u8 = 2;
const ROTATED: u8 = 4;

impl AccountKeys {
    /// Appends the list to `out`, for [`read`](Self::read): at most 17,600 bytes. They hold the
    /// secrets: use a `Zeroizing` buffer, save them encrypted and leave them out of backups (spec
    /// 06 R13). An empty buffer is not moved while it is written to.
    pub fn write(&self, out: &mut Vec<u8>) {
        let erased = self.erased.len().saturating_mul(40);
        let keys = self.keys.len().saturating_mul(57);
        out.reserve(keys.saturating_add(erased).saturating_add(6));
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
        put_list(out, &self.erased, |out, erased| {
            out.extend_from_slice(erased.x25519.as_bytes());
            out.extend(erased.at.to_be_bytes());
        });
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
        keys.erased = input.list(MAX_ERASED, |input| {
            Ok(ErasedKey {
                x25519: x25519::PublicKey::from_bytes(*input.array()?),
                at: input.int()?,
            })
        })?;
        if !keys.erased.is_sorted_by_key(|erased| erased.at) {
            return Err(input.malformed());
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

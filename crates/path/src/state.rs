//! What outlives the process: guards and strikes.
//!
//! ```text
//! state   = version guards births strikes    version = 1, one byte
//! guards  = count *(key since failures built wasted)
//!                                            in the order in which they were chosen
//! births  = count *time                      of guards chosen lately, also of some that are gone
//! strikes = count *(key n n*time)            ascending by key; times too; n from 1, one byte
//! count   = two bytes, key = 32 bytes, since, time = 8 bytes of Unix milliseconds; failures,
//!           built, wasted = one byte; all big-endian
//! ```

use alloc::vec::Vec;

use session_core::UnixMillis;
use session_swarm::NodeKey;

use crate::strikes::MAX_NODES;
use crate::{Error, Guard, Paths, Policy};

const VERSION: u8 = 1;

impl Paths {
    /// Guards with their age and failures, and strikes, for [`restore`](Self::restore).
    ///
    /// Paths are not saved: their ids mean nothing after a restart. Nor are accusations: they
    /// expire soon, and anybody may have forged them. Whoever reads the state learns which
    /// nodes know the client's address. At most 230 KiB with the default policy.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        let mut out = Vec::from([VERSION]);
        let guards = self.guards();
        out.extend(count(guards.len()));
        for guard in guards {
            out.extend(guard.key.as_bytes());
            out.extend(guard.since.as_millis().to_be_bytes());
            out.extend([guard.failures, guard.built, guard.wasted]);
        }
        out.extend(count(self.guards.births().len()));
        for time in self.guards.births() {
            out.extend(time.as_millis().to_be_bytes());
        }
        let strikes = self.strikes.newest();
        out.extend(count(strikes.len()));
        for (node, times) in strikes {
            out.extend(node.as_bytes());
            out.push(u8::try_from(times.len()).unwrap_or(u8::MAX));
            for time in times {
                out.extend(time.as_millis().to_be_bytes());
            }
        }
        out
    }

    /// What [`save`](Self::save) wrote. Guards from times ahead of `now` are as old as if chosen
    /// now; strikes that do not count any more are left out, and so are guards beyond the number
    /// that `policy` allows.
    ///
    /// # Errors
    /// [`Error::StateVersion`], [`Error::State`]. Start with [`Paths::new`] then.
    pub fn restore(policy: Policy, bytes: &[u8], now: UnixMillis) -> Result<Self, Error> {
        let mut paths = Self::new(policy);
        let mut input = Input(bytes);
        let version = input.byte()?;
        if version != VERSION {
            return Err(Error::StateVersion { version });
        }
        for place in 0..input.count()? {
            let (key, since) = (input.key()?, input.time()?.min(now));
            let mut guard = Guard::new(key, since);
            guard.failures = input.byte()?;
            (guard.built, guard.wasted) = (input.byte()?, input.byte()?);
            if place < policy.max_guards() && !paths.guards.restore(guard) {
                return Err(Error::State);
            }
        }
        for _ in 0..input.count()? {
            let time = input.time()?;
            paths.guards.add_birth(time, &policy);
        }
        let nodes = input.count()?;
        if nodes > MAX_NODES {
            return Err(Error::State);
        }
        let mut last = None;
        for _ in 0..nodes {
            let key = input.key()?;
            let times = input.byte()?;
            if times == 0 || last >= Some(key) {
                return Err(Error::State);
            }
            last = Some(key);
            let needed = paths.strikes.needed();
            for left in (1..=times).rev() {
                let time = input.time()?;
                // More than that another policy may have saved.
                if left <= needed {
                    paths.strikes.recall(key, time, now);
                }
            }
        }
        if !input.0.is_empty() {
            return Err(Error::State);
        }
        Ok(paths)
    }
}

/// The number of guards and of nodes with strikes is bounded far below what two bytes hold.
fn count(len: usize) -> [u8; 2] {
    u16::try_from(len).unwrap_or(u16::MAX).to_be_bytes()
}

/// What is left to read.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Error::State)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn byte(&mut self) -> Result<u8, Error> {
        self.take().map(u8::from_be_bytes)
    }

    fn count(&mut self) -> Result<usize, Error> {
        self.take().map(|bytes| u16::from_be_bytes(bytes).into())
    }

    fn key(&mut self) -> Result<NodeKey, Error> {
        self.take::<32>().map(NodeKey::from)
    }

    fn time(&mut self) -> Result<UnixMillis, Error> {
        self.take()
            .map(|bytes| UnixMillis::from_millis(u64::from_be_bytes(bytes)))
    }
}

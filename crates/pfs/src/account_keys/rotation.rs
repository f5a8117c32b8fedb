//! When a device rotates the account key (spec 07 §9.1). Each device waits for another time, so
//! that mostly one of them does it, and so that the time when it happens does not tell how many
//! there are.

use core::time::Duration;

use session_core::UnixMillis;
use session_crypto::blake2b;

use super::AccountKeys;
use crate::unix_secs::from_secs;
use crate::{DeviceId, KeySeed};

const FIRST: Duration = Duration::from_secs(11 * 3600);
const SPREAD_SECS: f64 = 7200.0;

impl AccountKeys {
    /// When this device, one of `devices` members, rotates the active key if no other did before:
    /// 11 to 13 hours after it was made, or after it was first seen here if that is earlier (spec
    /// 07 D8). `None` without an active key. Ask again whenever the active key or the number of
    /// members changes.
    #[must_use]
    pub fn rotation_due(&self, device: &DeviceId, devices: usize) -> Option<UnixMillis> {
        let active = self.active()?;
        let made = from_secs(active.key.created.min(active.seen));
        let draw = draw(&active.key.seed, device);
        Some(
            made.saturating_add(FIRST)
                .saturating_add(spread(draw, devices)),
        )
    }
}

/// What the device draws for a key: the same one whenever it asks. A fraction of 2^64.
pub(crate) fn draw(seed: &KeySeed, device: &DeviceId) -> u64 {
    u64::from_le_bytes(blake2b::hash_keyed_personal(
        seed.expose_bytes(),
        b"SessionAccKeyRot",
        &[device.as_bytes()],
    ))
}

/// Two hours times `1 - u^devices` with `u` from 0 to 1, both included.
fn spread(draw: u64, devices: usize) -> Duration {
    // 2^64; the nearest double to the draw may be as much.
    let unit = draw as f64 / 18_446_744_073_709_551_616.0;
    // Neither negative nor too long.
    Duration::try_from_secs_f64(SPREAD_SECS * (1.0 - power(unit, devices))).unwrap_or_default()
}

/// `base` to the `exponent`, by squaring.
fn power(mut base: f64, mut exponent: usize) -> f64 {
    let mut result = 1.0;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result *= base;
        }
        base *= base;
        exponent >>= 1;
    }
    result
}

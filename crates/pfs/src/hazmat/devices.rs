//! The secrets of a device, as a thief finds them.

use alloc::vec::Vec;

use crate::{Devices, KeySeed};

/// The seeds of this device's own keys, the one in use first.
#[must_use]
pub fn device_key_seeds(devices: &Devices) -> Vec<KeySeed> {
    devices.device_key_seeds().cloned().collect()
}

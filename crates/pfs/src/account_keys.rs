//! stub
use crate::{AccountKey, DeviceId, Error, KeyPair, KeySeed, Opened};
use alloc::vec::Vec;
use session_core::UnixMillis;
use session_crypto::rand_core::CryptoRng;
use session_identity::Account;

/// stub
#[derive(Debug, Default)]
pub struct AccountKeys(Vec<HeldKey>);

/// stub
#[derive(Debug)]
pub struct HeldKey {
    key: AccountKey,
    pair: KeyPair,
}

/// stub
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeysMerged {
    /// Keys that were not held.
    pub added: usize,
    /// One is dated more than 10 minutes ahead (spec 07 D1).
    pub ahead: bool,
    /// Another key is active than before.
    pub active_changed: bool,
}

impl HeldKey {
    /// stub
    pub fn key(&self) -> &AccountKey {
        &self.key
    }
    /// stub
    pub fn pair(&self) -> &KeyPair {
        &self.pair
    }
}

impl AccountKeys {
    /// stub
    pub fn new() -> Self {
        Self::default()
    }
    /// stub: active first, then most recently rotated
    pub fn iter(&self) -> impl Iterator<Item = &HeldKey> {
        self.0.iter()
    }
    /// stub
    pub fn pairs(&self) -> impl Iterator<Item = &KeyPair> {
        self.0.iter().map(|held| &held.pair)
    }
    /// stub
    pub fn active(&self) -> Option<&HeldKey> {
        todo!()
    }
    /// stub
    pub fn merge(&mut self, _: Vec<AccountKey>, _: UnixMillis) -> KeysMerged {
        todo!()
    }
    /// stub
    pub fn rotate<R: CryptoRng + ?Sized>(&mut self, _: UnixMillis, _: &mut R) {
        todo!()
    }
    /// stub: whether any was erased
    pub fn prune(&mut self, _: UnixMillis) -> bool {
        todo!()
    }
    /// stub
    pub fn rotation_due(&self, _: &DeviceId, _devices: usize) -> Option<UnixMillis> {
        todo!()
    }
    /// stub
    pub fn clear(&mut self) {
        todo!()
    }
    /// stub
    pub fn distribution_owed(&self) -> bool {
        todo!()
    }
    /// stub
    pub fn undistributed(&self) -> Vec<KeySeed> {
        todo!()
    }
    /// stub
    pub fn mark_distributed(&mut self, _: &[KeySeed]) {
        todo!()
    }
    /// stub
    pub fn publishing(&self) -> bool {
        todo!()
    }
    /// stub
    pub fn set_publishing(&mut self, _: bool) {
        todo!()
    }
    /// stub: the message to store, when publishing is on, the active key is distributed and not yet seen on the swarm
    pub fn publication<R: CryptoRng + ?Sized>(
        &self,
        _: &Account,
        _: &mut R,
    ) -> Option<(KeySeed, Vec<u8>)> {
        todo!()
    }
    /// stub
    pub fn mark_published(&mut self, _: &KeySeed) {
        todo!()
    }
    /// stub
    pub fn open(&self, _: &Account, _: &[u8]) -> Result<Opened, Error> {
        todo!()
    }
    /// stub
    pub fn write(&self, _: &mut Vec<u8>) {
        todo!()
    }
    /// stub
    pub fn read(_: &[u8]) -> Result<Self, Error> {
        todo!()
    }
}

//! stub
use crate::{Error, PublicKeys};
use alloc::string::String;
use alloc::vec::Vec;
use session_crypto::x25519;

/// stub
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceInfo {
    description: String,
    kind: String,
    version: i64,
}

/// stub
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRecord {
    seqno: i64,
}

impl DeviceRecord {
    /// stub: a record of one's own; seqno from 1, at in Unix seconds
    pub fn new(
        _keys: &PublicKeys,
        _seqno: i64,
        _at: i64,
        _info: &DeviceInfo,
    ) -> Result<Self, Error> {
        todo!()
    }
    /// stub: with other seqno / time / keys / info, keeping what this code does not know
    pub fn with(
        &self,
        _keys: &PublicKeys,
        _seqno: i64,
        _at: i64,
        _info: &DeviceInfo,
    ) -> Result<Self, Error> {
        todo!()
    }
    /// stub: the same record under another seqno (acceptance of a replacement)
    pub fn with_seqno(&self, _seqno: i64) -> Result<Self, Error> {
        todo!()
    }
    /// stub
    pub fn decode(_: &[u8]) -> Result<Self, Error> {
        todo!()
    }
    /// stub
    pub fn as_bytes(&self) -> &[u8] {
        todo!()
    }
    /// stub
    pub fn digest(&self) -> [u8; 8] {
        todo!()
    }
    /// stub
    pub fn seqno(&self) -> i64 {
        self.seqno
    }
    /// stub: Unix seconds
    pub fn at(&self) -> i64 {
        todo!()
    }
    /// stub
    pub fn info(&self) -> &DeviceInfo {
        todo!()
    }
    /// stub: None when they cannot be encrypted to
    pub fn keys(&self) -> Option<&PublicKeys> {
        todo!()
    }
    /// stub
    pub fn x25519(&self) -> &x25519::PublicKey {
        todo!()
    }
    /// stub
    pub fn mlkem_bytes(&self) -> &[u8] {
        todo!()
    }
    /// stub: key and bt value of what this code does not know
    pub fn extra(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        [].into_iter()
    }
}

impl DeviceInfo {
    /// stub
    pub fn new(_description: &str, _kind: &str, _version: i64) -> Self {
        todo!()
    }
    /// stub
    pub fn description(&self) -> &str {
        &self.description
    }
    /// stub
    pub fn kind(&self) -> &str {
        &self.kind
    }
    /// stub
    pub fn version(&self) -> i64 {
        self.version
    }
    /// stub
    pub fn unused(_: Vec<u8>) {}
}

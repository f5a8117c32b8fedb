//! stub
use crate::sas::Sas;
use crate::{DeviceId, DeviceRecord, Error, KeyPair};
use alloc::vec::Vec;
use session_crypto::argon2id::LinkRequestMemory;
use session_crypto::rand_core::CryptoRng;
use session_crypto::x25519;
use session_identity::Account;

/// stub
#[derive(Clone, Debug)]
pub struct LinkRequest {
    device: DeviceId,
    record: DeviceRecord,
}

impl LinkRequest {
    /// stub
    pub fn new(_: &Account, _: DeviceId, _: DeviceRecord) -> Result<Self, Error> {
        todo!()
    }
    /// stub
    pub fn seal<R: CryptoRng + ?Sized>(
        &self,
        _: &Account,
        _link: &x25519::PublicKey,
        _: &mut R,
    ) -> Result<Vec<u8>, Error> {
        todo!()
    }
    /// stub: with the index of the account key that opened it
    pub fn open<'k>(
        _: &Account,
        _: impl IntoIterator<Item = &'k KeyPair>,
        _: &[u8],
    ) -> Result<(Self, usize), Error> {
        todo!()
    }
    /// stub
    pub fn device(&self) -> &DeviceId {
        &self.device
    }
    /// stub
    pub fn record(&self) -> &DeviceRecord {
        &self.record
    }
    /// stub
    pub fn sas(&self, _: &mut LinkRequestMemory) -> Result<Sas, Error> {
        todo!()
    }
}

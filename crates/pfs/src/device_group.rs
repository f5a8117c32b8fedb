//! stub
use crate::{AccountKey, AccountKeys, DeviceEntry, DeviceId, DeviceTable, Error, GroupId, KeyPair};
use alloc::vec::Vec;
use session_crypto::rand_core::CryptoRng;
use session_crypto::x25519;
use session_identity::Account;

/// stub
#[derive(Debug)]
pub struct GroupMessage<'m> {
    bytes: &'m [u8],
}

/// stub
#[derive(Debug)]
#[non_exhaustive]
pub struct Payload {
    /// What the message says of each device, ascending by id.
    pub devices: Vec<(DeviceId, DeviceEntry)>,
    /// Account keys in the order of the message.
    pub keys: Vec<AccountKey>,
}

/// stub
pub fn seal_group_message<R: CryptoRng + ?Sized>(
    _: &Account,
    _: &GroupId,
    _: &DeviceTable,
    _: &AccountKeys,
    _: &mut R,
) -> Result<Vec<u8>, Error> {
    todo!()
}

impl<'m> GroupMessage<'m> {
    /// stub: parses and verifies
    pub fn read(_: &Account, bytes: &'m [u8]) -> Result<Self, Error> {
        Ok(Self { bytes })
    }
    /// stub
    pub fn ephemeral(&self) -> &x25519::PublicKey {
        todo!()
    }
    /// stub
    pub fn link_x25519(&self) -> Option<&x25519::PublicKey> {
        todo!()
    }
    /// stub
    pub fn group_id(&self, _: &Account) -> Option<GroupId> {
        todo!()
    }
    /// stub
    pub fn names_removed(&self, _: &Account, _: &DeviceId) -> bool {
        todo!()
    }
    /// stub: index of the device key used, and the payload
    pub fn open<'k>(
        &self,
        _: impl IntoIterator<Item = &'k KeyPair>,
    ) -> Result<(usize, Payload), Error> {
        let _ = self.bytes;
        todo!()
    }
}

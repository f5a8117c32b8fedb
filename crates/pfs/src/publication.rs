//! stub
use crate::{Error, PublicKeys};
use alloc::vec::Vec;
use session_core::AccountId;
use session_crypto::rand_core::CryptoRng;
use session_identity::Account;

/// stub
pub fn write_publication<R: CryptoRng + ?Sized>(
    _: &Account,
    _: &PublicKeys,
    _: &mut R,
) -> Result<Vec<u8>, Error> {
    todo!()
}
/// stub
pub fn read_publication(_: &AccountId, _: &[u8]) -> Result<PublicKeys, Error> {
    todo!()
}

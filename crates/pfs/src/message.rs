//! stub
use crate::{Error, KeyPair, PublicKeys};
use alloc::vec::Vec;
use session_core::AccountId;
use session_crypto::{ed25519, rand_core::CryptoRng};
use session_identity::Account;

/// stub
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    account: &'a Account,
    pro: Option<&'a ed25519::SigningKey>,
}

/// stub
#[derive(Debug)]
pub struct Opened;

/// stub
pub fn seal<'a, R: CryptoRng + ?Sized>(
    _: impl Into<Sender<'a>>,
    _: &AccountId,
    _: &PublicKeys,
    _content: &[u8],
    _: &mut R,
) -> Result<Vec<u8>, Error> {
    todo!()
}
/// stub
pub fn seal_without_pfs<'a, R: CryptoRng + ?Sized>(
    _: impl Into<Sender<'a>>,
    _: &AccountId,
    _content: &[u8],
    _: &mut R,
) -> Result<Vec<u8>, Error> {
    todo!()
}
/// stub
pub fn open<'k>(
    _: &Account,
    _: impl IntoIterator<Item = &'k KeyPair>,
    _: &[u8],
) -> Result<Opened, Error> {
    todo!()
}
impl Sender<'_> {
    #[allow(dead_code)]
    fn stub(self) {
        let _ = (self.account, self.pro);
    }
}

//! From keys to Account IDs and back (spec 01 §4).

use session_core::{AccountId, Prefix};
use session_crypto::{ed25519, x25519};

use crate::Error;

/// The Account ID of an Ed25519 key.
///
/// # Errors
/// [`Error::InvalidPoint`] for a key outside the prime-order subgroup.
pub fn account_id(key: &ed25519::PublicKey) -> Result<AccountId, Error> {
    let key = key.to_x25519().map_err(|_| Error::InvalidPoint)?;
    Ok(AccountId::new(Prefix::Standard, *key.as_bytes()))
}

/// The X25519 key in an Account ID. Any 32 bytes are one; those of low order fail when used.
///
/// # Errors
/// [`Error::WrongPrefix`] unless the prefix is 05.
pub fn x25519_key(id: &AccountId) -> Result<x25519::PublicKey, Error> {
    let id = require(id, Prefix::Standard)?;
    Ok(x25519::PublicKey::from_bytes(*id.key_bytes()))
}

/// The Ed25519 key with sign bit 0 that belongs to an Account ID, its "positive alternative".
///
/// Half of all accounts have the negative of it. The Account ID does not tell: never take this
/// for the key that an account signs with.
///
/// # Errors
/// [`Error::WrongPrefix`] unless the prefix is 05; [`Error::InvalidPoint`] when there is none in
/// the prime-order subgroup.
pub fn positive_ed25519_key(id: &AccountId) -> Result<ed25519::PublicKey, Error> {
    let key = x25519_key(id)?.to_ed25519_positive();
    key.map_err(|_| Error::InvalidPoint)
}

/// The Ed25519 key in an identifier of a kind that has one.
pub(crate) fn ed25519_key(id: &AccountId, prefix: Prefix) -> Result<ed25519::PublicKey, Error> {
    let id = require(id, prefix)?;
    ed25519::PublicKey::from_bytes(id.key_bytes()).map_err(|_| Error::InvalidPoint)
}

fn require(id: &AccountId, prefix: Prefix) -> Result<AccountId, Error> {
    id.require(prefix).map_err(|_| Error::WrongPrefix {
        expected: prefix.byte(),
        got: id.prefix().byte(),
    })
}

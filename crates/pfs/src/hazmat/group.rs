//! Group messages.

use alloc::vec::Vec;

use session_crypto::mlkem768::{self, CIPHERTEXT_LEN};
use session_crypto::rand_core::CryptoRng;
use session_crypto::x25519;
use session_identity::Account;
use zeroize::Zeroizing;

use crate::device_group::{self, Contents, Outer, Plan, buffer};
use crate::{AccountKey, DeviceId, Error, GroupId, GroupMessage, KeyPair, Payload, PublicKeys};

/// As [`seal_group_message`](crate::seal_group_message), of a payload's content, whose first
/// account key has to be the active one. `order` gives the slots in the order in which devices,
/// then decoys fill them, of as many as it is asked for: first those of all devices, then those of
/// the removed ones. `decoy` gives ciphertexts that nobody can open.
///
/// # Errors
/// As [`seal_group_message`](crate::seal_group_message); [`Error::Malformed`] when the devices are
/// not ascending by id, [`Error::Internal`] when `order` gives slots that do not exist.
pub fn seal_group_message_with<R: CryptoRng + ?Sized>(
    account: &Account,
    group: &GroupId,
    payload: &Payload,
    rng: &mut R,
    mut order: impl FnMut(usize) -> Vec<usize>,
    mut decoy: impl FnMut() -> [u8; CIPHERTEXT_LEN],
) -> Result<Vec<u8>, Error> {
    let active: &AccountKey = payload.keys.first().ok_or(Error::NoActiveKey)?;
    let link = KeyPair::of_account_key(&active.seed);
    let contents = Contents::of_payload(payload).prune();
    let plan = Plan {
        account,
        group,
        link: link.x25519().public(),
        recipients: contents.recipients(),
        removed: contents.removed(),
    };
    plan.seal(contents.encode()?, rng, |_, len| order(len), |_| decoy())
}

/// Seals bytes that need not be a payload, for devices that need not be in it, `None` for one that
/// cannot be encrypted to.
///
/// # Errors
/// [`Error::Length`] when the message would be longer than 76,800 bytes.
pub fn seal_group_payload<R: CryptoRng + ?Sized>(
    account: &Account,
    group: &GroupId,
    link: &x25519::PublicKey,
    recipients: &[Option<&PublicKeys>],
    payload: &[u8],
    rng: &mut R,
) -> Result<Vec<u8>, Error> {
    let mut copy = Zeroizing::new(buffer(payload.len()));
    copy.extend_from_slice(payload);
    let plan = Plan {
        account,
        group,
        link,
        recipients: recipients.to_vec(),
        removed: Vec::new(),
    };
    plan.seal(
        copy,
        rng,
        device_group::permutation,
        mlkem768::decoy_ciphertext,
    )
}

/// Decrypts a message's payload: the index of the slot, that of the device key, and the bytes
/// without padding.
///
/// # Errors
/// [`Error::NotForUs`].
pub fn open_group_payload<'k>(
    message: &GroupMessage<'_>,
    keys: impl IntoIterator<Item = &'k KeyPair>,
) -> Result<(usize, usize, Zeroizing<Vec<u8>>), Error> {
    let unsealed = message.unseal(keys)?;
    Ok((unsealed.slot, unsealed.key, unsealed.payload))
}

/// Reads a payload with or without padding (spec 07 §4).
///
/// # Errors
/// [`Error::Malformed`].
pub fn parse_group_payload(bytes: &[u8]) -> Result<Payload, Error> {
    Payload::parse(bytes)
}

/// Writes a payload without padding, with all who are gone.
///
/// # Errors
/// [`Error::Malformed`] when the devices are not ascending by id.
pub fn write_group_payload(payload: &Payload) -> Result<Zeroizing<Vec<u8>>, Error> {
    Contents::of_payload(payload).encode()
}

/// The length of a payload of `len` bytes with its padding.
#[must_use]
pub fn padded_payload_len(len: usize) -> usize {
    device_group::padded_len(len)
}

/// The id of a group as a message with this key has it (spec 07 §5.4).
#[must_use]
pub fn encrypted_group_id(
    account: &Account,
    ephemeral: &x25519::PublicKey,
    group: &GroupId,
) -> [u8; 8] {
    device_group::group_id(account, ephemeral, group.as_bytes())
}

/// What stands for a removed device in a message with this key (spec 07 §5.5).
#[must_use]
pub fn removed_entry(
    account: &Account,
    ephemeral: &x25519::PublicKey,
    device: &DeviceId,
) -> [u8; 16] {
    device_group::removed_entry(account, ephemeral, device)
}

/// [`GroupMessage::names_removed`] of a message that need not be signed nor have slots.
///
/// # Errors
/// [`Error::Malformed`], [`Error::Version`].
pub fn names_removed(account: &Account, message: &[u8], device: &DeviceId) -> Result<bool, Error> {
    Ok(Outer::parse(message)?.names_removed(account, device))
}

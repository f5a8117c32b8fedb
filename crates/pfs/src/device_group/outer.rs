//! The dict that everybody sees, and what the root seed opens in it (spec 07 §5.3 to §5.5).

use session_bt::DictReader;
use session_crypto::{SymmetricKey, blake2b, ed25519, x25519, xchacha20};
use session_identity::Account;

use super::NAME;
use crate::error::Named;
use crate::{DeviceId, Error, GroupId, MAX_DEPTH};

/// Lengths in bytes: of the encrypted id of the group, of an entry for a removed device, and of
/// the signature.
pub(super) const GROUP_LEN: usize = GroupId::LEN;
pub(super) const REMOVED_LEN: usize = 16;
pub(super) const SIGNATURE_LEN: usize = ed25519::Signature::LEN;

const MALFORMED: Error = Error::Malformed { what: NAME };

/// What a message of the devices' namespace is, by its type field alone: nothing is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MessageKind {
    /// For [`GroupMessage::read`](crate::GroupMessage::read).
    Group,
    /// For [`LinkRequest::open`](crate::LinkRequest::open).
    LinkRequest,
    /// Of a later version, or broken.
    Unknown,
}

impl MessageKind {
    /// Looks at the beginning of a message.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        match DictReader::with_max_depth(bytes, MAX_DEPTH).and_then(|mut dict| dict.bytes("")) {
            Ok(b"G") => Self::Group,
            Ok(b"L") => Self::LinkRequest,
            _ => Self::Unknown,
        }
    }
}

/// The fields of a message as they stand there. What is `None` is absent.
#[derive(Clone)]
pub(crate) struct Outer<'m> {
    pub(super) group: Option<&'m [u8; GROUP_LEN]>,
    pub(super) ephemeral: x25519::PublicKey,
    pub(super) ciphertexts: Option<&'m [u8]>,
    pub(super) keys: Option<&'m [u8]>,
    pub(super) link: Option<x25519::PublicKey>,
    pub(super) payload: Option<&'m [u8]>,
    removed: &'m [[u8; REMOVED_LEN]],
    signed: &'m [u8],
    signature: ed25519::Signature,
    rest: DictReader<'m>,
}

impl<'m> Outer<'m> {
    pub(crate) fn parse(bytes: &'m [u8]) -> Result<Self, Error> {
        let mut dict = DictReader::with_max_depth(bytes, MAX_DEPTH).named(NAME)?;
        if dict.bytes("").named(NAME)? != b"G" {
            return Err(Error::Version { what: NAME });
        }
        let group = dict.bytes_opt("@").named(NAME)?.map(fixed).transpose()?;
        let ephemeral = x25519::PublicKey::from_bytes(*fixed(dict.bytes("A").named(NAME)?)?);
        let ciphertexts = dict.bytes_opt("C").named(NAME)?;
        let keys = dict.bytes_opt("K").named(NAME)?;
        let link = dict.bytes_opt("X").named(NAME)?.map(fixed).transpose()?;
        let payload = dict.bytes_opt("d").named(NAME)?;
        // A list that does not come out even is none: that is no reason to lose the message.
        let removed = match dict.bytes_opt("k").ok().flatten().map(<[u8]>::as_chunks) {
            Some((removed, [])) => removed,
            _ => &[],
        };
        let (signature, signed) = dict.signature_opt("~").named(NAME)?.ok_or(MALFORMED)?;
        Ok(Self {
            group,
            ephemeral,
            ciphertexts,
            keys,
            link: link.copied().map(x25519::PublicKey::from_bytes),
            payload,
            removed,
            signed,
            signature: ed25519::Signature::from_bytes(*fixed(signature)?),
            rest: dict,
        })
    }

    /// Checks that the account's key signed all fields, and that nothing follows the signature.
    pub(super) fn verify(&mut self, key: &ed25519::PublicKey) -> Result<(), Error> {
        key.verify(self.signed, &self.signature)
            .map_err(|_| Error::Signature { what: NAME })?;
        if self.rest.next_entry().named(NAME)?.is_some() {
            return Err(MALFORMED);
        }
        self.rest.clone().finish().named(NAME)
    }

    /// Whether `device` is among the removed ones.
    pub(crate) fn names_removed(&self, account: &Account, device: &DeviceId) -> bool {
        // Most messages name nobody.
        !self.removed.is_empty()
            && self
                .removed
                .contains(&removed_entry(account, &self.ephemeral, device))
    }
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<&[u8; N], Error> {
    bytes.try_into().map_err(|_| MALFORMED)
}

fn root(account: &Account) -> &[u8; 32] {
    account.expose_signing_key().expose_seed()
}

/// Encrypts a group's id, or decrypts it: for those who have the account's seed.
pub(crate) fn group_id(
    account: &Account,
    ephemeral: &x25519::PublicKey,
    id: &[u8; GROUP_LEN],
) -> [u8; GROUP_LEN] {
    let key = blake2b::hash_personal(b"SessionDvGrpID_K", &[root(account)]);
    let nonce = blake2b::hash_personal(b"SessionDvGrpID_N", &[ephemeral.as_bytes()]);
    let mut id = *id;
    xchacha20::apply(&SymmetricKey::from_bytes(key), &nonce, &mut id);
    id
}

/// What stands for a removed device in a message: only who has the account's seed can tell.
pub(crate) fn removed_entry(
    account: &Account,
    ephemeral: &x25519::PublicKey,
    device: &DeviceId,
) -> [u8; REMOVED_LEN] {
    blake2b::hash_keyed_personal(
        ephemeral.as_bytes(),
        b"SessionDevKicked",
        &[root(account), device.as_bytes()],
    )
}

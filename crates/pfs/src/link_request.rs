//! Requests of a new device to be let into a group (spec 07 §7.1 to §7.3).

#[cfg(test)]
mod tests;

use alloc::vec::Vec;
use core::fmt;

use session_bt::{DictReader, DictWriter};
use session_crypto::argon2id::LinkRequestMemory;
use session_crypto::rand_core::CryptoRng;
use session_crypto::{TAG_LEN, blake2b, ed25519, x25519};
use session_identity::Account;
use zeroize::Zeroizing;

use crate::error::Named;
use crate::message::check_len;
use crate::message::secrets::{MessageKey, mask_as};
use crate::sas::Sas;
use crate::{DeviceId, DeviceRecord, Error, KeyPair, MAX_DEPTH};

const NAME: &str = "link request";
const MALFORMED: Error = Error::Malformed { what: NAME };

/// Length of the hint in bytes.
const INDICATOR_LEN: usize = 2;

/// A request whose signature is verified, or was made here.
///
/// The signature shows that the device has the account's seed. That the user wants it is for the
/// user to say, who compares the [`sas`](Self::sas) on both screens.
///
/// Requests are equal when their signed bytes are.
///
/// ```
/// use session_pfs::session_crypto::argon2id::LinkRequestMemory;
/// use session_pfs::{DeviceId, DeviceInfo, DeviceRecord, KeyPair, KeySeed, LinkRequest};
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # use session_pfs::session_identity::Account;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut rng = ChaCha20Rng::from_seed([1; 32]);
/// # let account = Account::generate(&mut rng);
/// # let active = KeyPair::of_account_key(&KeySeed::generate(&mut rng));
/// // The new device knows the group's key from a message that it cannot open.
/// let keys = KeyPair::of_device_key(&KeySeed::generate(&mut rng)).public();
/// let info = DeviceInfo::new("Kitchen", "d", 0);
/// let record = DeviceRecord::new(&keys, 1, 1_790_000_000, &info)?;
/// let request = LinkRequest::new(&account, DeviceId::generate(&mut rng), record)?;
/// let stored = request.seal(&account, active.x25519().public(), &mut rng)?;
///
/// // A member holds the account keys.
/// let (received, _) = LinkRequest::open(&account, [&active], &stored)?;
/// let mut memory = LinkRequestMemory::allocate()?;
/// // The user sees the same on both screens.
/// assert_eq!(received.sas(&mut memory)?, request.sas(&mut memory)?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct LinkRequest {
    device: DeviceId,
    record: DeviceRecord,
    /// What is encrypted, signature included. Holds public keys that only the group is to know.
    plaintext: Zeroizing<Vec<u8>>,
}

impl LinkRequest {
    /// Signs the request of a device. The record's time has to be later than in its requests
    /// before: a request is known by it.
    ///
    /// # Errors
    /// None that depends on the input.
    pub fn new(account: &Account, device: DeviceId, record: DeviceRecord) -> Result<Self, Error> {
        // Marks, keys and numbers take less than 64 bytes.
        let len = [record.as_bytes().len(), DeviceId::LEN, 64, 64];
        let len = len.into_iter().fold(0, usize::saturating_add);
        let mut plaintext = Zeroizing::new(Vec::with_capacity(len));
        let mut dict = DictWriter::new(&mut plaintext);
        dict.bytes("I", device.as_bytes()).named(NAME)?;
        dict.raw("i", record.as_bytes()).named(NAME)?;
        let signature = account.expose_signing_key().sign(dict.written());
        dict.bytes("~", signature.as_bytes()).named(NAME)?;
        dict.finish();
        Ok(Self {
            device,
            record,
            plaintext,
        })
    }

    /// Reads what [`as_bytes`](Self::as_bytes) gives, and verifies that the account's key signed
    /// it. What follows the signature is not looked at.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::Signature`].
    pub fn from_bytes(account: &Account, bytes: &[u8]) -> Result<Self, Error> {
        Self::from_plaintext(account, Zeroizing::new(bytes.to_vec()))
    }

    fn from_plaintext(account: &Account, plaintext: Zeroizing<Vec<u8>>) -> Result<Self, Error> {
        let mut dict = DictReader::with_max_depth(&plaintext, MAX_DEPTH).named(NAME)?;
        let device = DeviceId::from_slice(dict.bytes("I").named(NAME)?).map_err(|_| MALFORMED)?;
        let record = DeviceRecord::decode(dict.raw("i").named(NAME)?).map_err(|_| MALFORMED)?;
        let (signature, signed) = dict.signature_opt("~").named(NAME)?.ok_or(MALFORMED)?;
        let signature = ed25519::Signature::from_slice(signature).map_err(|_| MALFORMED)?;
        account
            .ed25519_key()
            .verify(signed, &signature)
            .map_err(|_| Error::Signature { what: NAME })?;
        Ok(Self {
            device,
            record,
            plaintext,
        })
    }

    /// Encrypts the request to a group, whose key is in its latest message
    /// ([`link_x25519`](crate::GroupMessage::link_x25519)): the message to store in the devices'
    /// namespace, with a lifetime of 10 minutes. Draws 32 bytes from `rng`.
    ///
    /// # Errors
    /// [`Error::LowOrder`] when no group has such a key.
    pub fn seal<R: CryptoRng + ?Sized>(
        &self,
        account: &Account,
        link: &x25519::PublicKey,
        rng: &mut R,
    ) -> Result<Vec<u8>, Error> {
        seal(account, link, &self.plaintext, rng)
    }

    /// Decrypts a request with the pairs of the group's account keys, rotated ones too, and
    /// verifies its signature. Returns the index of the pair that opened it. What follows the last
    /// known field is not looked at.
    ///
    /// # Errors
    /// [`Error::NotForUs`] when none opens it, whatever the reason: it is for another group, which
    /// is nothing to tell the user. [`Error::Version`] for another type of message,
    /// [`Error::Length`] beyond 76,800 bytes, [`Error::Malformed`], [`Error::Signature`].
    pub fn open<'k>(
        account: &Account,
        keys: impl IntoIterator<Item = &'k KeyPair>,
        bytes: &[u8],
    ) -> Result<(Self, usize), Error> {
        check_len(NAME, bytes.len())?;
        let mut dict = DictReader::with_max_depth(bytes, MAX_DEPTH).named(NAME)?;
        if dict.bytes("").named(NAME)? != b"L" {
            return Err(Error::Version { what: NAME });
        }
        let ephemeral = dict.bytes("E").named(NAME)?;
        let ephemeral = ephemeral.try_into().map_err(|_| MALFORMED)?;
        let ephemeral = x25519::PublicKey::from_bytes(ephemeral);
        let body = dict.bytes("L").named(NAME)?;
        let marked: [u8; INDICATOR_LEN] = dict
            .bytes("i")
            .named(NAME)?
            .try_into()
            .map_err(|_| MALFORMED)?;

        let refused = Error::NotForUs { what: NAME };
        let (text, tag) = body.split_last_chunk().ok_or(refused)?;
        let own = account.x25519_key();
        let agreed = own.diffie_hellman(&ephemeral).map_err(|_| refused)?;
        // Copied for the first key that may be it, and as it was after a wrong one.
        let mut plaintext = Zeroizing::new(Vec::new());
        for (number, pair) in keys.into_iter().enumerate() {
            let link = pair.x25519().public();
            if indicator(&agreed, &ephemeral, own.public(), link) != marked {
                continue;
            }
            let Ok(agreed) = pair.x25519().diffie_hellman(&ephemeral) else {
                continue;
            };
            let key = request_key(&agreed, &ephemeral, link);
            if plaintext.is_empty() {
                plaintext.extend_from_slice(text);
            }
            if key.open(&mut plaintext, tag) {
                return Ok((Self::from_plaintext(account, plaintext)?, number));
            }
        }
        Err(refused)
    }

    /// The device that asks.
    #[must_use]
    pub const fn device(&self) -> &DeviceId {
        &self.device
    }

    /// What it says of itself.
    #[must_use]
    pub const fn record(&self) -> &DeviceRecord {
        &self.record
    }

    /// The signed bytes, to be stored: [`from_bytes`](Self::from_bytes) reads them. They hold
    /// public keys that only the group is to know.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.plaintext
    }

    /// The emoji that both devices show. Takes some tens of milliseconds: compute at most 4 for
    /// what one fetch brought (spec 07 D15).
    ///
    /// # Errors
    /// None that depends on the input.
    pub fn sas(&self, memory: &mut LinkRequestMemory) -> Result<Sas, Error> {
        Sas::of_plaintext(&self.plaintext, memory)
    }
}

impl PartialEq for LinkRequest {
    fn eq(&self, other: &Self) -> bool {
        self.plaintext == other.plaintext
    }
}

impl Eq for LinkRequest {}

impl fmt::Debug for LinkRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkRequest")
            .field("device", &self.device)
            .finish_non_exhaustive()
    }
}

/// Encrypts a plaintext to a group.
pub(crate) fn seal<R: CryptoRng + ?Sized>(
    account: &Account,
    link: &x25519::PublicKey,
    plaintext: &[u8],
    rng: &mut R,
) -> Result<Vec<u8>, Error> {
    let ephemeral = x25519::SecretKey::generate(rng);
    let low_order = |_| Error::LowOrder { what: NAME };
    let own = account.x25519_key().public();
    let agreed = ephemeral.diffie_hellman(own).map_err(low_order)?;
    let indicator = indicator(&agreed, ephemeral.public(), own, link);
    let agreed = ephemeral.diffie_hellman(link).map_err(low_order)?;
    let key = request_key(&agreed, ephemeral.public(), link);

    // Marks, keys and numbers take less than 32 bytes.
    let len = [plaintext.len(), TAG_LEN, 32, INDICATOR_LEN, 32];
    let mut out = Vec::with_capacity(len.into_iter().fold(0, usize::saturating_add));
    let mut body = Zeroizing::new(Vec::with_capacity(plaintext.len().saturating_add(TAG_LEN)));
    body.extend_from_slice(plaintext);
    let tag = key.seal(&mut body)?;
    body.extend_from_slice(&tag);
    let mut dict = DictWriter::new(&mut out);
    dict.bytes("", b"L").named(NAME)?;
    dict.bytes("E", ephemeral.public().as_bytes()).named(NAME)?;
    dict.bytes("L", &body).named(NAME)?;
    dict.bytes("i", &indicator).named(NAME)?;
    dict.finish();
    Ok(out)
}

/// Which account key a request is for, masked for all who have not the account's seed. Masking
/// twice gives what was masked.
fn indicator(
    agreed: &x25519::SharedSecret,
    ephemeral: &x25519::PublicKey,
    account: &x25519::PublicKey,
    link: &x25519::PublicKey,
) -> [u8; INDICATOR_LEN] {
    let [first, second, ..] = *link.as_bytes();
    let indicator = [first, second];
    mask_as(b"SessionDvGrpKISS", agreed, ephemeral, account, indicator)
}

fn request_key(
    agreed: &x25519::SharedSecret,
    ephemeral: &x25519::PublicKey,
    link: &x25519::PublicKey,
) -> MessageKey {
    let both = Zeroizing::new(blake2b::hash_personal(
        b"SessionDvGrpLink",
        &[agreed.expose_bytes(), ephemeral.as_bytes(), link.as_bytes()],
    ));
    MessageKey::from_bytes(&both)
}

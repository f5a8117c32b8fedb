//! The message in which an account publishes the keys that others encrypt to (spec 06 §4).
//!
//! It lies in a namespace that only the account may store to, that everybody may read, and that
//! holds one message. It has no number and no time: any copy that the account ever signed still
//! verifies. [`RecipientKeys`](crate::RecipientKeys) keeps nodes from making use of that.

use alloc::vec::Vec;
use core::time::Duration;

use session_bt::{DictReader, DictWriter};
use session_core::{AccountId, Prefix, UnixMillis};
use session_crypto::rand_core::CryptoRng;
use session_crypto::{ed25519, x25519, xed25519};
use session_identity::Account;

use crate::error::Named;
use crate::{Error, MAX_DEPTH, PublicKeys};

/// The namespace of published keys. To store there takes the account's signature, to retrieve does
/// not.
pub const PUBLICATION_NAMESPACE: i16 = -21;

/// How long published keys live in the swarm: the longest time that nodes allow, 30 days.
pub const PUBLICATION_TTL: Duration = Duration::from_secs(30 * 24 * 3600);

/// Length in bytes of what [`write_publication`] gives.
pub const PUBLICATION_LEN: usize = 1302;

const WHAT: &str = "publication";

/// Most messages of one answer that are looked at. The namespace holds one; each costs about as
/// much as a signature.
const MAX_MESSAGES: usize = 16;

/// Writes the message that publishes `keys` for `account`, signed by its X25519 key (spec 06 §4.2).
/// Draws 64 bytes from `rng`.
///
/// Whoever sees it sends messages that v1 cannot read: publish when every device of the account
/// has the key, and not before (spec 06 §8.3, R14).
///
/// # Errors
/// [`Error::Internal`] only.
///
/// ```
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// use session_identity::Account;
/// use session_pfs::{KeyPair, KeySeed, read_publication, write_publication};
///
/// # let rng = &mut ChaCha20Rng::from_seed([1; 32]);
/// let account = Account::generate(rng);
/// let keys = KeyPair::of_account_key(&KeySeed::generate(rng)).public();
/// let message = write_publication(&account, &keys, rng)?;
/// assert_eq!(read_publication(&account.id(), &message)?, keys);
/// # Ok::<(), session_pfs::Error>(())
/// ```
pub fn write_publication<R: CryptoRng + ?Sized>(
    account: &Account,
    keys: &PublicKeys,
    rng: &mut R,
) -> Result<Vec<u8>, Error> {
    const ORDER: Error = Error::Internal("publication: order of keys");
    let mut out = Vec::with_capacity(PUBLICATION_LEN);
    let mut dict = DictWriter::new(&mut out);
    dict.bytes("M", keys.mlkem().as_bytes())
        .and_then(|dict| dict.bytes("X", keys.x25519().as_bytes()))
        .map_err(|_| ORDER)?;
    // Never the account's plain Ed25519 signature: under the other sign of the key, and with a
    // nonce of the same bytes, the two would give the secret away (spec 06 R4).
    let signature = xed25519::sign(account.x25519_key(), dict.written(), rng);
    dict.bytes("~", signature.as_bytes()).map_err(|_| ORDER)?;
    dict.finish();
    Ok(out)
}

/// Reads the keys that `account` publishes: checks the signature, then that messages can be
/// encrypted to the keys (spec 06 §4.3, R1, R2). Ignores unknown keys of the dict.
///
/// # Errors
/// [`Error::Recipient`] when `account` is none, [`Error::Malformed`], [`Error::Length`],
/// [`Error::Signature`], [`Error::LowOrder`], [`Error::MlKemKey`]. Whichever it is, such a message
/// counts as absent.
pub fn read_publication(account: &AccountId, bytes: &[u8]) -> Result<PublicKeys, Error> {
    let signer = account
        .require(Prefix::Standard)
        .map(|id| x25519::PublicKey::from_bytes(*id.key_bytes()))
        .map_err(|_| Error::Recipient)?;
    let mut dict = DictReader::with_max_depth(bytes, MAX_DEPTH).named(WHAT)?;
    let mlkem = dict.bytes("M").named(WHAT)?;
    let x25519 = fixed(dict.bytes("X").named(WHAT)?)?;
    let signature = dict.signature_opt("~").named(WHAT)?;
    let (signature, signed) = signature.ok_or(Error::Malformed { what: WHAT })?;
    let signature = ed25519::Signature::from_bytes(fixed(signature)?);
    dict.finish().named(WHAT)?;
    xed25519::verify(&signer, signed, &signature).map_err(|_| Error::Signature { what: WHAT })?;
    PublicKeys::new(WHAT, x25519::PublicKey::from_bytes(x25519), mlkem)
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Error> {
    bytes.try_into().map_err(|_| Error::Length {
        what: WHAT,
        expected: N,
        got: bytes.len(),
    })
}

/// The keys of the newest good publication in an answer of the swarm, by the time at which it was
/// stored there; of equal times the last (spec 06 §4.3, R11). Bad ones are skipped, and so is
/// whatever comes behind the 16 newest. `None` when there is no good one.
///
/// The time is what the node says: it decides within its own answer only.
pub fn newest_publication<'m>(
    account: &AccountId,
    messages: impl IntoIterator<Item = (&'m [u8], UnixMillis)>,
) -> Option<PublicKeys> {
    let mut messages: Vec<_> = messages.into_iter().collect();
    // Stable: equal times keep their order.
    messages.sort_by_key(|(_, stored)| *stored);
    messages
        .into_iter()
        .rev()
        .take(MAX_MESSAGES)
        .find_map(|(message, _)| read_publication(account, message).ok())
}

#[cfg(test)]
mod tests;

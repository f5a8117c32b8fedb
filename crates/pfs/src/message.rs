//! Messages of protocol v2 between two people, and to oneself (spec 06 §5, §6).
//!
//! A message that is [sealed](seal()) to an account key is forward-secret: once the seed of that
//! key is erased, the account's long-term key does not open it. For a recipient who publishes no
//! account key there is [`seal_without_pfs`], of the same form and length. [`open`] reads both.

pub(crate) mod inner;
mod opened;
pub(crate) mod outer;
pub(crate) mod secrets;
mod sender;
mod size;

use alloc::vec::Vec;

use session_core::AccountId;
use session_crypto::rand_core::CryptoRng;
use session_crypto::x25519;
use session_identity::Account;
use session_identity::conversion::x25519_key;
use zeroize::Zeroizing;

pub use opened::{Opened, ProSignature};
pub use sender::Sender;
pub use size::{MAX_MESSAGE_LEN, MIN_MESSAGE_LEN, MessageSize};

use crate::{Error, KeyIndicator, KeyPair, PublicKeys};
use inner::write_inner;
use outer::{Outer, Sealed};
use secrets::{MessageKey, mask};

/// The name of the object in errors.
pub(crate) const WHAT: &str = "message";

/// Which protocol a message from a swarm is of, by its first bytes (spec 06 §5.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageVersion {
    /// Protobuf, which `session-envelope` reads.
    V1,
    /// What [`open`] reads.
    V2,
    /// A version still to come: keep the bytes.
    Unknown,
}

impl MessageVersion {
    /// Looks at the first two bytes.
    ///
    /// # Errors
    /// [`Error::Malformed`] when there are no bytes.
    pub const fn of(wire: &[u8]) -> Result<Self, Error> {
        Ok(match wire {
            [] => return Err(Error::Malformed { what: WHAT }),
            [0, 2, ..] => Self::V2,
            [0, ..] => Self::Unknown,
            _ => Self::V1,
        })
    }
}

/// Seals `content`, a serialized `Content` with its `sigTimestamp` set, to the account key that
/// `to` has published, ready to be stored in the swarm of `to` (spec 06 §5.2). The length of the
/// result is [`MessageSize::message`].
///
/// Draws 64 bytes: the ephemeral X25519 secret, then the 32 of the ML-KEM encapsulation.
///
/// # Errors
/// [`Error::Recipient`] unless `to` has the prefix 05; [`Error::Length`] for what would be more
/// than [`MAX_MESSAGE_LEN`] bytes; [`Error::LowOrder`] for a recipient's id of low order.
///
/// ```
/// use session_pfs::{KeyPair, KeySeed, open, seal};
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # use session_pfs::session_identity::Account;
/// # let mut rng = ChaCha20Rng::from_seed([7; 32]); // In an app: the system's generator.
/// let (alice, bob) = (Account::generate(&mut rng), Account::generate(&mut rng));
/// // Bob's devices share a key, of which he publishes the public halves.
/// let key = KeyPair::of_account_key(&KeySeed::generate(&mut rng));
///
/// let wire = seal(&alice, &bob.id(), &key.public(), b"content", &mut rng)?;
/// let opened = open(&bob, [&key], &wire)?;
/// assert_eq!(opened.content(), b"content");
/// assert_eq!(opened.sender(), alice.id());
/// assert!(opened.is_forward_secret());
/// # Ok::<(), session_pfs::Error>(())
/// ```
pub fn seal<'a, R: CryptoRng + ?Sized>(
    from: impl Into<Sender<'a>>,
    to: &AccountId,
    keys: &PublicKeys,
    content: &[u8],
    rng: &mut R,
) -> Result<Vec<u8>, Error> {
    seal_with(from.into(), to, content, |to| {
        Outer::forward_secret(to, keys, rng)
    })
}

/// As [`seal()`], for a recipient who publishes no account key: whoever gets the recipient's
/// long-term key later can read the message (spec 06 §6). Nobody else can tell the two kinds apart.
///
/// Draws 130 bytes: the ephemeral X25519 secret (32), the indicator (2), then what the decoy of
/// an ML-KEM ciphertext is made from (96).
///
/// # Errors
/// As [`seal()`].
///
/// ```
/// use session_pfs::{open, seal_without_pfs};
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # use session_pfs::session_identity::Account;
/// # let mut rng = ChaCha20Rng::from_seed([7; 32]); // In an app: the system's generator.
/// let (alice, bob) = (Account::generate(&mut rng), Account::generate(&mut rng));
///
/// let wire = seal_without_pfs(&alice, &bob.id(), b"content", &mut rng)?;
/// let opened = open(&bob, [], &wire)?;
/// assert_eq!(opened.content(), b"content");
/// assert!(!opened.is_forward_secret());
/// # Ok::<(), session_pfs::Error>(())
/// ```
pub fn seal_without_pfs<'a, R: CryptoRng + ?Sized>(
    from: impl Into<Sender<'a>>,
    to: &AccountId,
    content: &[u8],
    rng: &mut R,
) -> Result<Vec<u8>, Error> {
    seal_with(from.into(), to, content, |to| Outer::without_pfs(to, rng))
}

/// Seals under what `outer` makes for the recipient's key.
pub(crate) fn seal_with(
    from: Sender<'_>,
    to: &AccountId,
    content: &[u8],
    outer: impl FnOnce(&x25519::PublicKey) -> Result<Outer, Error>,
) -> Result<Vec<u8>, Error> {
    let key = recipient_key(to)?;
    let size = MessageSize::of(content.len(), from.pro().is_some());
    check_len(WHAT, size.message())?;
    outer(&key)?.wrap(size.padded(), |out| write_inner(from, to, content, out))
}

/// The key of a person's id.
pub(crate) fn recipient_key(id: &AccountId) -> Result<x25519::PublicKey, Error> {
    x25519_key(id).map_err(|_| Error::Recipient)
}

/// Refuses what no swarm stores.
pub(crate) const fn check_len(what: &'static str, got: usize) -> Result<(), Error> {
    if got <= MAX_MESSAGE_LEN {
        return Ok(());
    }
    Err(Error::Length {
        what,
        expected: MAX_MESSAGE_LEN,
        got,
    })
}

/// Opens a message from one's own swarm. `keys` are the account keys that are held, without expired
/// ones, in the order in which they are tried: the active one first, then the most recently rotated
/// (spec 06 §5.5). Only those are tried that the message is marked with.
///
/// The sender is certain, its time is not, and the message may be a copy of one that was opened
/// before: compare [`Opened::replay_id`].
///
/// # Errors
/// [`Error::Version`]: keep the bytes. [`Error::NoKey`]: keep them and try again once after each
/// change of the keys that are held, until they expire. What fails with one of the others is not a
/// message: [`Error::Length`], [`Error::Malformed`], also for a message of protocol v1,
/// [`Error::LowOrder`], [`Error::Signature`]. Nobody but the user may learn which.
pub fn open<'k>(
    me: &Account,
    keys: impl IntoIterator<Item = &'k KeyPair>,
    wire: &[u8],
) -> Result<Opened, Error> {
    let sealed = Sealed::read(wire)?;
    let ephemeral = &sealed.ephemeral;
    let (indicator, dh) = unmask(me, ephemeral, sealed.indicator)?;

    // A tag that is wrong leaves the buffer as it is.
    let mut buffer = Zeroizing::new(sealed.body.to_vec());
    for (index, pair) in keys.into_iter().enumerate() {
        if pair.indicator() != indicator {
            continue;
        }
        let mlkem = pair.mlkem().decapsulate(sealed.ciphertext);
        let x25519 = pair.x25519().diffie_hellman(ephemeral).map_err(low_order)?;
        let key = MessageKey::forward_secret(&mlkem, &x25519, ephemeral, pair.x25519().public());
        if key.open(&mut buffer, sealed.tag) {
            return Opened::read(&me.id(), buffer, Some(index));
        }
    }
    let key = MessageKey::without_pfs(&dh, me.x25519_key().public(), ephemeral);
    if key.open(&mut buffer, sealed.tag) {
        return Opened::read(&me.id(), buffer, None);
    }
    Err(Error::NoKey)
}

/// The indicator that a message is marked with, and the shared secret that hides it, which is that
/// of a message without forward secrecy as well.
pub(crate) fn unmask(
    me: &Account,
    ephemeral: &x25519::PublicKey,
    masked: [u8; KeyIndicator::LEN],
) -> Result<(KeyIndicator, x25519::SharedSecret), Error> {
    let own = me.x25519_key();
    let dh = own.diffie_hellman(ephemeral).map_err(low_order)?;
    let indicator = mask(&dh, ephemeral, own.public(), masked);
    Ok((KeyIndicator::from_bytes(indicator), dh))
}

/// A message with an ephemeral key of low order.
fn low_order(_: session_crypto::Error) -> Error {
    Error::LowOrder { what: WHAT }
}

#[cfg(test)]
mod tests;

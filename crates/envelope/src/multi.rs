//! Messages for several recipients at once, without protobuf or signature (spec 05 §8): a bt dict
//! with a nonce and one ciphertext for each of them. It does not say who they are.
//!
//! The keys are X25519. Ed25519 keys convert: `SigningKey::to_x25519` and `PublicKey::to_x25519`
//! of [`session_crypto::ed25519`]. A recipient can make what the others take for the sender's
//! only for itself: each ciphertext has its own key, which sender and recipient know.

use alloc::vec::Vec;

use session_bt::{DictReader, DictWriter, ListReader};
use session_crypto::rand_core::CryptoRng;
use session_crypto::{SymmetricKey, TAG_LEN, blake2b, x25519, xchacha20poly1305};
use zeroize::Zeroizing;

use crate::Error;
use crate::error::sized;
use crate::xchacha20::{self, NONCE_LEN};

// Keys of the dict.
const NONCE: &str = "#";
const ITEMS: &str = "e";

/// What a message is for. Messages of one domain do not open in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Domain<'a>(&'a [u8]);

impl<'a> Domain<'a> {
    /// That members were removed from a group, see [`KickNotice`](crate::KickNotice).
    pub const KICKED: Domain<'static> = Domain(b"SessionGroupKickedMessage");

    /// Keys of a group, for each of its members.
    pub const GROUP_KEY: Domain<'static> = Domain(b"SessionGroupKeyMemberKey");

    /// A domain by its name, of which the first 64 bytes count. The name may be empty.
    #[must_use]
    pub fn new(name: &'a [u8]) -> Self {
        Self(name.get(..blake2b::MAX_KEY_LEN).unwrap_or(name))
    }

    /// The key that sender and recipient share.
    fn key(
        self,
        shared: &x25519::SharedSecret,
        from: &x25519::PublicKey,
        to: &x25519::PublicKey,
    ) -> Result<SymmetricKey, Error> {
        let parts: [&[u8]; 3] = [shared.expose_bytes(), from.as_bytes(), to.as_bytes()];
        blake2b::hash_keyed(self.0, &parts)
            .map(SymmetricKey::from_bytes)
            .map_err(|_| Error::Internal("domain too long"))
    }
}

/// Encrypts a message for each recipient; the messages may be the same. `padding` hides how many
/// they are: their number grows to a multiple of it with random items as long as the first, unless
/// it is 0 or 1.
///
/// Draws the nonce from `rng`, then the random items.
///
/// ```
/// use session_envelope::multi::{Domain, decrypt, encrypt};
/// use session_envelope::session_crypto::x25519::SecretKey;
/// # use session_crypto::rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::from_seed([7; 32]); // use your system's RNG
///
/// let [from, alice, bob] = [(); 3].map(|()| SecretKey::generate(&mut rng));
/// let to = [&alice, &bob].map(|key| (*key.public(), &b"hello"[..]));
/// let encoded = encrypt(&from, &to, Domain::new(b"greeting"), 0, &mut rng)?;
///
/// let message = decrypt(&bob, from.public(), Domain::new(b"greeting"), &encoded)?;
/// assert_eq!(**message, *b"hello");
/// # Ok::<(), session_envelope::Error>(())
/// ```
///
/// # Errors
/// [`Error::Recipient`] for a key of low order.
pub fn encrypt<R: CryptoRng + ?Sized>(
    from: &x25519::SecretKey,
    to: &[(x25519::PublicKey, &[u8])],
    domain: Domain<'_>,
    padding: u16,
    rng: &mut R,
) -> Result<Vec<u8>, Error> {
    let nonce = xchacha20::nonce(rng);
    let longest = to.iter().map(|(_, message)| message.len()).max();
    let capacity = longest.unwrap_or(0).saturating_add(TAG_LEN);
    let mut item = Zeroizing::new(Vec::with_capacity(capacity));
    let mut encoded = Vec::new();

    let mut dict = DictWriter::new(&mut encoded);
    let unordered = |_| Error::Internal("keys of a dict out of order");
    dict.bytes(NONCE, &nonce).map_err(unordered)?;
    let mut items = dict.list(ITEMS).map_err(unordered)?;
    for (recipient, message) in to {
        let shared = from
            .diffie_hellman(recipient)
            .map_err(|_| Error::Recipient)?;
        let key = domain.key(&shared, from.public(), recipient)?;
        item.clear();
        item.extend_from_slice(message);
        let tag = xchacha20poly1305::seal_in_place(&key, &nonce, &mut item)
            .map_err(|_| Error::Internal("plaintext too long for the cipher"))?;
        item.extend_from_slice(&tag);
        items.bytes(&item);
    }
    let first_len = to.first().map_or(0, |(_, message)| message.len());
    let count = to.len();
    let padded_count = count.checked_next_multiple_of(padding.into());
    let padded_count = padded_count.unwrap_or(count);
    for _ in count..padded_count {
        item.resize(first_len.saturating_add(TAG_LEN), 0);
        rng.fill_bytes(&mut item);
        items.bytes(&item);
    }
    items.finish();
    dict.finish();
    Ok(encoded)
}

/// Decrypts what is for oneself: every item is tried, the first that opens is it.
///
/// # Errors
/// [`Error::Encoding`], [`Error::Length`] for a nonce that is not 24 bytes; [`Error::Decrypt`]
/// when there is nothing for this key.
pub fn decrypt(
    me: &x25519::SecretKey,
    from: &x25519::PublicKey,
    domain: Domain<'_>,
    encoded: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Error> {
    const WHAT: &str = "multi-recipient message";
    let malformed = |_| Error::Encoding { what: WHAT };
    let mut dict = DictReader::new(encoded).map_err(malformed)?;
    let nonce = dict.bytes(NONCE).map_err(malformed)?;
    let nonce: &[u8; NONCE_LEN] = sized("nonce of a multi-recipient message", nonce)?;
    let items = dict.raw(ITEMS).map_err(malformed)?;
    dict.finish().map_err(malformed)?;

    // A key of low order has no shared secret with anybody.
    let shared = me.diffie_hellman(from).map_err(|_| Error::Decrypt)?;
    let key = domain.key(&shared, from, me.public())?;
    let mut message = Zeroizing::new(Vec::new());
    let mut items = ListReader::new(items).map_err(malformed)?;
    while let Some(item) = items.bytes_opt().map_err(malformed)? {
        // Shorter than a tag: random, or for nobody.
        let Some((ciphertext, tag)) = item.split_last_chunk() else {
            continue;
        };
        message.clear();
        message.extend_from_slice(ciphertext);
        if xchacha20poly1305::open_in_place(&key, nonce, &mut message, tag).is_ok() {
            return Ok(message);
        }
    }
    Err(Error::Decrypt)
}

#[cfg(test)]
mod tests;

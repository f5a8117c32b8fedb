//! Messages to the blinded ids of a community server (spec 05 §7).

use alloc::vec::Vec;
use core::{fmt, mem};

use session_core::{AccountId, Prefix, UnixMillis};
use session_crypto::blinding::AgreementKey;
use session_crypto::rand_core::CryptoRng;
use session_crypto::xchacha20poly1305::{self, NONCE_LEN};
use session_crypto::{TAG_LEN, ed25519};
use session_identity::Account;
use session_identity::blinding::{ServerKey, matches};
use session_identity::conversion::account_id;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::community::{Post, open_post, to_post};
use crate::pro::{Claim, Credential};
use crate::rules::{check_posted_time, check_sender};
use crate::{Content, Error, xchacha20};

/// The first byte of a sealed message.
const VERSION: u8 = 0;

/// Bytes that are there before decryption: version, tag, nonce.
const OUTER_OVERHEAD: usize = 1 + TAG_LEN + NONCE_LEN;

/// Bytes that sealing adds to a padded message: those, and the sender's key.
const OVERHEAD: usize = OUTER_OVERHEAD + ed25519::PublicKey::LEN;

/// The inbox and the outbox of an account on a community server. Secrets are zeroized on drop.
///
/// To make it costs a base point product for each of the two forms of blinded ids: keep it.
///
/// ```
/// use session_core::UnixMillis;
/// use session_envelope::{Content, Inbox};
/// use session_identity::{Account, blinding::ServerKey};
/// # use session_crypto::rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::from_seed([7; 32]); // use your system's RNG
///
/// let server = ServerKey::from_bytes([1; 32]);
/// let account = Account::generate(&mut rng);
/// let (alice, bob) = (Inbox::new(&account, &server), Inbox::new(&Account::generate(&mut rng), &server));
/// let now = UnixMillis::from_millis(1_755_166_437_229);
/// let sealed = alice.seal(&bob.id15(), &Content::text("hello"), now, None, &mut rng)?;
///
/// // The ids and the time are as the server reports them.
/// let opened = bob.open(&alice.id15(), &bob.id15(), &sealed)?;
/// opened.check(now)?;
/// assert_eq!(opened.sender(), account.id());
/// assert_eq!(opened.content().body(), Some("hello"));
/// # Ok::<(), session_envelope::Error>(())
/// ```
#[derive(Clone)]
pub struct Inbox {
    account: AccountId,
    key: ed25519::PublicKey,
    server: ServerKey,
    form15: AgreementKey,
    form25: AgreementKey,
}

impl Inbox {
    /// The inbox of this account on the server with this key.
    #[must_use]
    pub fn new(account: &Account, server: &ServerKey) -> Self {
        Self {
            account: account.id(),
            key: *account.ed25519_key(),
            server: *server,
            form15: AgreementKey::new(account.blind15(server).key()),
            form25: AgreementKey::new(account.blind25(server).key()),
        }
    }

    /// The account's id of form 15 on the server.
    #[must_use]
    pub fn id15(&self) -> AccountId {
        AccountId::new(Prefix::Blinded15, *self.form15.public().as_bytes())
    }

    /// The account's id of form 25 on the server.
    #[must_use]
    pub fn id25(&self) -> AccountId {
        AccountId::new(Prefix::Blinded25, *self.form25.public().as_bytes())
    }

    /// Seals a message to a blinded id of either form, from the account's id of the same form.
    /// `sent` is the network's time, and goes into the message as its signed time. The credential
    /// is used as in [`seal_post`](crate::seal_post), but only the recipient sees it.
    ///
    /// Not all apps read form 25 (spec 05 §7.3).
    ///
    /// # Errors
    /// [`Error::Recipient`] for an id of another kind, or without a valid key;
    /// [`Error::Timestamp`], [`Error::TextTooLong`] and [`Error::ProSignatures`] as in
    /// [`seal_post`](crate::seal_post).
    pub fn seal<R: CryptoRng + ?Sized>(
        &self,
        to: &AccountId,
        content: &Content,
        sent: UnixMillis,
        pro: Option<&Credential>,
        rng: &mut R,
    ) -> Result<Vec<u8>, Error> {
        let nonce = xchacha20::nonce(rng);
        self.seal_message(to, &to_post(content, sent, pro)?, &nonce)
    }

    /// Seals a padded message (spec 05 §7.2).
    pub(crate) fn seal_message(
        &self,
        to: &AccountId,
        message: &[u8],
        nonce: &[u8; NONCE_LEN],
    ) -> Result<Vec<u8>, Error> {
        let own = self.agreement_key(to).ok_or(Error::Recipient)?;
        let key = blinded_key(to).and_then(|to| own.key_to(&to).ok());
        let key = key.ok_or(Error::Recipient)?;

        let len = message.len().saturating_add(OVERHEAD);
        let mut wire = Zeroizing::new(Vec::with_capacity(len));
        wire.push(VERSION);
        wire.extend_from_slice(message);
        wire.extend_from_slice(self.key.as_bytes());
        let inner = wire.get_mut(1..).unwrap_or_default();
        let tag = xchacha20poly1305::seal_in_place(&key, nonce, inner)
            .map_err(|_| Error::Internal("message too long for the cipher"))?;
        wire.extend_from_slice(&tag);
        wire.extend_from_slice(nonce);
        Ok(mem::take(&mut *wire))
    }

    /// Opens a message from the inbox or the outbox, with both ids as the server reports them.
    ///
    /// The sender is certain to the account, though not to others: there is no signature. What
    /// the message claims is not checked before [`InboxMessage::check`].
    ///
    /// # Errors
    /// [`Error::Length`]; [`Error::Recipient`] when the recipient's id is no blinded one;
    /// [`Error::Version`]; [`Error::Sender`] for a sender's id of another form than the
    /// recipient's, without a valid key, or not of the key in the message; [`Error::Decrypt`];
    /// for the message the errors of [`open_post`](crate::open_post).
    pub fn open(
        &self,
        sender: &AccountId,
        recipient: &AccountId,
        sealed: &[u8],
    ) -> Result<InboxMessage, Error> {
        let (message, sender_key, sender) = self.open_message(sender, recipient, sealed)?;
        Ok(InboxMessage {
            sender,
            from_self: sender == self.account,
            sender_key,
            post: open_post(&message)?,
        })
    }

    /// Opens a sealed message, and makes certain who sent it: the padded message, the sender's key
    /// and id (spec 05 §7.3).
    pub(crate) fn open_message(
        &self,
        sender: &AccountId,
        recipient: &AccountId,
        sealed: &[u8],
    ) -> Result<(Zeroizing<Vec<u8>>, ed25519::PublicKey, AccountId), Error> {
        let too_short = |expected| Error::Length {
            what: "inbox message",
            expected,
            got: sealed.len(),
        };
        let (rest, nonce) = sealed.split_last_chunk().ok_or(too_short(OUTER_OVERHEAD))?;
        let (rest, tag) = rest.split_last_chunk().ok_or(too_short(OUTER_OVERHEAD))?;
        let (version, inner) = rest.split_first().ok_or(too_short(OUTER_OVERHEAD))?;
        let own = self.agreement_key(recipient).ok_or(Error::Recipient)?;
        if sender.prefix() != recipient.prefix() {
            return Err(Error::Sender);
        }
        if *version != VERSION {
            return Err(Error::Version {
                what: "inbox message",
            });
        }
        if inner.len() < ed25519::PublicKey::LEN {
            return Err(too_short(OVERHEAD));
        }

        let own_key = own.public().as_bytes();
        let key = if sender.key_bytes() == own_key {
            let to = blinded_key(recipient).ok_or(Error::Recipient)?;
            own.key_to(&to).map_err(|_| Error::Recipient)?
        } else if recipient.key_bytes() == own_key {
            let from = blinded_key(sender).ok_or(Error::Sender)?;
            own.key_from(&from).map_err(|_| Error::Sender)?
        } else {
            return Err(Error::Decrypt);
        };
        let mut message = Zeroizing::new(inner.to_vec());
        xchacha20poly1305::open_in_place(&key, nonce, &mut message, tag)
            .map_err(|_| Error::Decrypt)?;

        let (body, key) = message.split_last_chunk().ok_or(too_short(OVERHEAD))?;
        let message_len = body.len();
        let key = ed25519::PublicKey::from_bytes(key).map_err(|_| Error::Sender)?;
        let account = account_id(&key).map_err(|_| Error::Sender)?;
        // In form 15 the id with the other sign is theirs as well.
        if matches(&account, sender, &self.server) != Ok(true) {
            return Err(Error::Sender);
        }
        message.truncate(message_len);
        Ok((message, key, account))
    }

    /// The key of the form that a blinded id has.
    fn agreement_key(&self, id: &AccountId) -> Option<&AgreementKey> {
        match id.prefix() {
            Prefix::Blinded15 => Some(&self.form15),
            Prefix::Blinded25 => Some(&self.form25),
            _ => None,
        }
    }
}

/// Shows a shortened blinded id only: the Account ID beside it would say whose it is.
impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inbox({})", self.id15().short())
    }
}

impl ZeroizeOnDrop for Inbox {}

fn blinded_key(id: &AccountId) -> Option<ed25519::PublicKey> {
    ed25519::PublicKey::from_bytes(id.key_bytes()).ok()
}

/// A message from an inbox or outbox, whose sender is certain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxMessage {
    sender: AccountId,
    from_self: bool,
    sender_key: ed25519::PublicKey,
    post: Post,
}

impl InboxMessage {
    /// Who sealed the message, by the id with prefix 05 that the blinded id hides: authenticated.
    #[must_use]
    pub const fn sender(&self) -> AccountId {
        self.sender
    }

    /// The sender's Ed25519 key, which converts to the key in [`sender`](Self::sender). In form
    /// 15 it may be the negative of the account's true key.
    #[must_use]
    pub const fn sender_key(&self) -> &ed25519::PublicKey {
        &self.sender_key
    }

    /// What the sender said.
    #[must_use]
    pub const fn content(&self) -> &Content {
        self.post.content()
    }

    /// As [`content`](Self::content), given away.
    #[must_use]
    pub fn into_content(self) -> Content {
        self.post.into_content()
    }

    /// The Session Pro features that the sender claims, to be evaluated at the time that the
    /// server gives (spec 12 §4.3).
    #[must_use]
    pub const fn pro_claim(&self) -> Option<&Claim> {
        self.post.pro_claim()
    }

    /// The checks that receivers owe (spec 05 §11.2): drop the message when they fail. `posted` is
    /// the time that the server gives, its seconds times 1000, rounded down.
    ///
    /// # Errors
    /// [`Error::Timestamp`] for a signed time more than six hours from `posted`; old clients sign
    /// no time. [`Error::NotFromSelf`] for somebody else's sync copy; [`Error::FromSelf`] for
    /// control messages from oneself that only others may send.
    pub fn check(&self, posted: UnixMillis) -> Result<(), Error> {
        check_posted_time(self.content().sig_timestamp(), posted)?;
        check_sender(self.content(), self.from_self)
    }
}

#[cfg(test)]
mod tests;

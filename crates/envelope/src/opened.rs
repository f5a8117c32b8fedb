//! What comes out of an envelope whose sender is certain (spec 05 §4, §11.2).

use session_core::{AccountId, UnixMillis};
use session_crypto::ed25519;

use crate::content::Member;
use crate::envelope::Outside;
use crate::pro::Claim;
use crate::rules::{self, MessageKey};
use crate::{Content, Error};

/// What decryption and verification have given.
pub(crate) struct Inside {
    pub(crate) sender: AccountId,
    pub(crate) sender_key: ed25519::PublicKey,
    pub(crate) content: Content,
}

/// A message whose sender is certain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    sender: AccountId,
    from_self: bool,
    sender_key: ed25519::PublicKey,
    content: Content,
    outside: Outside,
    pro_claim: Option<Claim>,
}

impl Opened {
    /// Puts the layers together. The rotating key signs `signed`, or the content itself.
    pub(crate) fn new(
        me: &AccountId,
        inside: Inside,
        outside: Outside,
        signed: Option<&[u8]>,
    ) -> Result<Self, Error> {
        let Inside {
            sender,
            sender_key,
            content,
        } = inside;
        let pro_message = content.proto().pro_message.as_ref();
        let pro_claim = match outside.pro_signature.zip(pro_message) {
            // Without a signed time there is nothing to hold the proof against (spec 12 §4.2).
            Some(_) if content.sig_timestamp().is_none() => return Err(Error::Timestamp),
            Some((signature, message)) => {
                let signed = signed.unwrap_or(content.as_bytes());
                Some(Claim::new(message, signature, signed)?)
            }
            None => None,
        };
        Ok(Self {
            from_self: sender == *me,
            sender,
            sender_key,
            content,
            outside,
            pro_claim,
        })
    }

    /// Who sealed the message: authenticated.
    #[must_use]
    pub const fn sender(&self) -> AccountId {
        self.sender
    }

    /// The sender's Ed25519 key, which converts to the key in [`sender`](Self::sender).
    #[must_use]
    pub const fn sender_key(&self) -> &ed25519::PublicKey {
        &self.sender_key
    }

    /// What the sender said, and signed.
    #[must_use]
    pub const fn content(&self) -> &Content {
        &self.content
    }

    /// As [`content`](Self::content), given away.
    #[must_use]
    pub fn into_content(self) -> Content {
        self.content
    }

    /// The time of the message. Authenticated once [`check`](Self::check) has passed, except from
    /// old clients, which sign no time.
    #[must_use]
    pub const fn timestamp(&self) -> UnixMillis {
        self.outside.timestamp
    }

    /// All that the message says, as [`Content::members`]. Signatures of group updates are held
    /// against the time of the message also where old clients signed none.
    pub fn members(&self) -> impl Iterator<Item = Member<'_>> {
        let signed = self.content.sig_timestamp();
        self.content.members_at(signed.or(Some(self.timestamp())))
    }

    /// Tells the message from all others of its sender.
    #[must_use]
    pub const fn message_key(&self) -> MessageKey {
        MessageKey::new(self.sender, self.timestamp())
    }

    /// Whether oneself sent the message, from this or another device.
    #[must_use]
    pub const fn is_from_self(&self) -> bool {
        self.from_self
    }

    /// What stood around the sealed message.
    #[must_use]
    pub const fn outside(&self) -> &Outside {
        &self.outside
    }

    /// The Session Pro features that the sender claims, to be evaluated at
    /// [`sig_timestamp`](Content::sig_timestamp) (spec 12 §4.2).
    #[must_use]
    pub const fn pro_claim(&self) -> Option<&Claim> {
        self.pro_claim.as_ref()
    }

    /// The checks that receivers owe (spec 05 §11.2, 1 to 4): drop the message when they fail.
    ///
    /// # Errors
    /// [`Error::Timestamp`] for a time of zero, or one that is not the signed time;
    /// [`Error::NotFromSelf`] for somebody else's sync copy; [`Error::FromSelf`] for control
    /// messages from oneself that only others may send.
    pub fn check(&self) -> Result<(), Error> {
        rules::check_swarm_message(&self.content, self.timestamp(), self.from_self)
    }
}
